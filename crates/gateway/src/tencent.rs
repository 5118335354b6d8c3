//! Text messages by Tencent Cloud's SMS service (`SendSms` and `PullSmsSendStatusByPhoneNumber`, 2021-01-11), signed by `TC3-HMAC-SHA256`.

use async_trait::async_trait;
use kernel::{Clock, MINUTE, Timestamp};
use platform::messages::{Delivery, SentSms, Sms, SmsError, SmsKind, SmsReason, Texter};
use reqwest::Client;
use ring::{digest, hmac};
use serde::Deserialize;
use serde_json::json;

use crate::sms::{SmsSetupError, SmsTemplates, no_answer, service};

#[derive(Clone)]
pub struct TencentConfig {
    /// Without a slash at the end.
    pub endpoint: String,
    /// `ap-guangzhou`, for instance.
    pub region: String,
    pub secret_id: String,
    pub secret_key: String,
    /// Of the application there: 1400…
    pub app_id: String,
    /// As it was reviewed.
    pub sign_name: String,
    /// Digits. Their variables stand in the order in which [`SmsKind`] names them.
    pub templates: SmsTemplates,
}

pub struct TencentSms {
    client: Client,
    config: TencentConfig,
    host: String,
    clock: Clock,
}

const ALGORITHM: &str = "TC3-HMAC-SHA256";
const SERVICE: &str = "sms";
const TYPE: &str = "application/json; charset=utf-8";

impl TencentSms {
    /// # Errors
    /// When the endpoint is no address.
    pub fn new(config: TencentConfig, clock: Clock) -> Result<Self, SmsSetupError> {
        let (client, host) = service(&config.endpoint)?;
        Ok(Self { client, config, host, clock })
    }

    /// What the service answers to a request: a status, and a text.
    async fn ask(&self, action: &str, body: &serde_json::Value) -> Result<(u16, String), SmsError> {
        let body = body.to_string();
        let now = self.clock.now();
        let authorization = authorization(&self.config.secret_id, &self.config.secret_key, SERVICE, &self.host, now, &body);
        let request = self.client.post(&self.config.endpoint).header("authorization", authorization).header("content-type", TYPE);
        let request = request
            .header("x-tc-action", action)
            .header("x-tc-version", "2021-01-11")
            .header("x-tc-region", &self.config.region)
            .header("x-tc-timestamp", now.unix().to_string());
        let response = request.body(body).send().await.map_err(no_answer)?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(no_answer)?;
        Ok((status, text))
    }

    /// What the service calls a text that it has taken, by its answer. Pure.
    ///
    /// # Errors
    /// Where it has not taken it, or the answer cannot be read.
    pub fn sent(status: u16, text: &str) -> Result<String, SmsError> {
        // How it went with the number stands within an answer that is fine as a whole.
        match read(status, text)?.send_status_set.into_iter().next() {
            Some(sent) if sent.said.code == "Ok" => Ok(sent.serial_no),
            Some(sent) => Err(refused(&sent.said)),
            None => Err(SmsError::Later(SmsReason::Unreadable.of_status(status))),
        }
    }

    /// How it went with the text of this number, by the answer to a question about its phone. Pure.
    ///
    /// # Errors
    /// Where the question is refused, or the answer cannot be read.
    pub fn delivered(status: u16, text: &str, serial_no: &str) -> Result<Delivery, SmsError> {
        let reports = read(status, text)?.pull_sms_send_status_set;
        Ok(match reports.into_iter().find(|report| report.serial_no == serial_no) {
            Some(report) if report.report_status == "SUCCESS" => Delivery::Delivered,
            Some(report) if report.report_status == "FAIL" => Delivery::Failed(report.description),
            // It reports what is decided alone.
            Some(_) | None => Delivery::OnItsWay,
        })
    }
}

/// An answer that is not refused as a whole.
fn read(status: u16, text: &str) -> Result<Answer, SmsError> {
    match serde_json::from_str(text) {
        Ok(Envelope { response: Answer { error: Some(said), .. } }) => Err(refused(&said)),
        Ok(Envelope { response }) => Ok(response),
        Err(_) => Err(SmsError::Later(SmsReason::Unreadable.of_status(status))),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    response: Answer,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    error: Option<Said>,
    #[serde(default)]
    send_status_set: Vec<Sent>,
    #[serde(default)]
    pull_sms_send_status_set: Vec<Report>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Said {
    code: String,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sent {
    #[serde(default)]
    serial_no: String,
    #[serde(flatten)]
    said: Said,
}

/// How it went with a text, as the carrier says.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Report {
    serial_no: String,
    report_status: String,
    #[serde(default)]
    description: String,
}

#[async_trait]
impl Texter for TencentSms {
    fn offers(&self, kind: SmsKind) -> bool {
        !self.config.templates.of(kind).is_empty()
    }

    async fn send(&self, sms: &Sms) -> Result<String, SmsError> {
        let params: Vec<&str> = sms.params.iter().map(|(_, value)| value.as_str()).collect();
        let body = json!({
            "PhoneNumberSet": [format!("+86{}", sms.to)],
            "SmsSdkAppId": self.config.app_id,
            "SignName": self.config.sign_name,
            "TemplateId": self.config.templates.of(sms.kind),
            "TemplateParamSet": params,
            "SessionContext": sms.id,
        });
        let (status, text) = self.ask("SendSms", &body).await?;
        Self::sent(status, &text)
    }

    async fn delivery(&self, sent: &SentSms) -> Result<Delivery, SmsError> {
        let body = json!({
            "PhoneNumber": format!("+86{}", sent.to),
            "SmsSdkAppId": self.config.app_id,
            // Its clock may be behind.
            "BeginTime": sent.at.plus_micros(-10 * MINUTE).unix(),
            "Offset": 0,
            "Limit": 100,
        });
        let (status, text) = self.ask("PullSmsSendStatusByPhoneNumber", &body).await?;
        Self::delivered(status, &text, &sent.called)
    }
}

/// What is worth trying again, and what is not.
fn refused(said: &Said) -> SmsError {
    let why = format!("{}: {}", said.code, said.message);
    let never =
        ["FailedOperation.", "InvalidParameter", "InvalidParameterValue.", "LimitExceeded.", "MissingParameter", "UnsupportedOperation."];
    // The package is used up, or a number of the day is reached for all: somebody may mend that.
    let mendable = ["FailedOperation.InsufficientBalanceInSmsPackage", "LimitExceeded.AppDailyLimit"];
    if never.iter().any(|begins| said.code.starts_with(begins)) && !mendable.contains(&said.code.as_str()) {
        SmsError::Never(why)
    } else {
        SmsError::Later(why)
    }
}

fn authorization(id: &str, key: &str, service: &str, host: &str, now: Timestamp, body: &str) -> String {
    let names = "content-type;host";
    let canonical = format!("POST\n/\n\ncontent-type:{TYPE}\nhost:{host}\n\n{names}\n{}", sha256(body));
    let day: String = Timestamp::from_unix(now.unix()).to_string().chars().take(10).collect();
    let scope = format!("{day}/{service}/tc3_request");
    let text = format!("{ALGORITHM}\n{}\n{scope}\n{}", now.unix(), sha256(&canonical));
    let derived = [day.as_str(), service, "tc3_request"].iter().fold(format!("TC3{key}").into_bytes(), |key, part| sign(&key, part));
    format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={}", hex::encode(sign(&derived, &text)))
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn sha256(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example on Tencent's page about signatures.
    #[test]
    fn k12_2_the_vendors_example_is_signed_as_the_vendor_does() {
        let body = r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
        let at = Timestamp::from_unix(1_551_113_065);
        let authorization = authorization(
            "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
            "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
            "cvm",
            "cvm.tencentcloudapi.com",
            at,
            body,
        );
        assert!(authorization.contains("/2019-02-25/cvm/tc3_request, "), "{authorization}");
        assert!(authorization.ends_with("Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"), "{authorization}");
    }
}
