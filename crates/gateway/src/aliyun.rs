//! Text messages by Aliyun's SMS service (`SendSms` and `QuerySendDetails`, 2017-05-25), signed by `ACS3-HMAC-SHA256`.

use async_trait::async_trait;
use kernel::{Clock, HOUR, Random, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use platform::messages::{Delivery, SentSms, Sms, SmsError, SmsKind, SmsReason, Texter};
use reqwest::Client;
use ring::{digest, hmac};
use serde::Deserialize;

use crate::sms::{SmsSetupError, SmsTemplates, no_answer, service};

#[derive(Clone)]
pub struct AliyunConfig {
    /// Without a slash at the end.
    pub endpoint: String,
    pub access_key: String,
    pub secret: String,
    /// As it was reviewed.
    pub sign_name: String,
    /// `SMS_` and digits.
    pub templates: SmsTemplates,
}

pub struct AliyunSms {
    client: Client,
    config: AliyunConfig,
    host: String,
    clock: Clock,
    random: Random,
}

/// RFC 3986: letters, digits and these stand for themselves.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const ALGORITHM: &str = "ACS3-HMAC-SHA256";

impl AliyunSms {
    /// # Errors
    /// When the endpoint is no address.
    pub fn new(config: AliyunConfig, clock: Clock, random: Random) -> Result<Self, SmsSetupError> {
        let (client, host) = service(&config.endpoint)?;
        Ok(Self { client, config, host, clock, random })
    }

    /// What the service answers to a request: a status, and a text.
    async fn ask(&self, action: &str, pairs: &[(&str, &str)]) -> Result<(u16, String), SmsError> {
        let query = query(pairs);
        let headers = headers(&self.host, action, "2017-05-25", self.clock.now(), &hex::encode(self.random.bytes::<16>()));
        let authorization = authorization(&self.config.access_key, &self.config.secret, "POST", &query, &headers);
        let mut request = self.client.post(format!("{}/?{query}", self.config.endpoint)).header("authorization", authorization);
        for (name, value) in headers.iter().filter(|(name, _)| *name != "host") {
            request = request.header(*name, value);
        }
        let response = request.send().await.map_err(no_answer)?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(no_answer)?;
        Ok((status, text))
    }

    /// What the service calls a text that it has taken, by its answer. Pure.
    ///
    /// # Errors
    /// Where it has not taken it, or the answer cannot be read.
    pub fn sent(status: u16, text: &str) -> Result<String, SmsError> {
        Ok(read(status, text)?.biz_id)
    }

    /// How it went with a text, by the answer to that question. Pure.
    ///
    /// # Errors
    /// Where the question is refused, or the answer cannot be read.
    pub fn delivered(status: u16, text: &str) -> Result<Delivery, SmsError> {
        Ok(match read(status, text)?.details.all.into_iter().next() {
            Some(Detail { send_status: 3, .. }) => Delivery::Delivered,
            Some(Detail { send_status: 2, err_code }) => Delivery::Failed(err_code),
            Some(_) | None => Delivery::OnItsWay,
        })
    }
}

/// An answer that refuses nothing.
fn read(status: u16, text: &str) -> Result<Answer, SmsError> {
    match serde_json::from_str::<Answer>(text) {
        Ok(answer) if answer.code == "OK" => Ok(answer),
        Ok(answer) => Err(refused(&answer.code, &answer.message)),
        Err(_) => Err(SmsError::Later(SmsReason::Unreadable.of_status(status))),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    biz_id: String,
    #[serde(default, rename = "SmsSendDetailDTOs")]
    details: Details,
}

#[derive(Deserialize, Default)]
struct Details {
    #[serde(default, rename = "SmsSendDetailDTO")]
    all: Vec<Detail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Detail {
    send_status: i64,
    #[serde(default)]
    err_code: String,
}

#[async_trait]
impl Texter for AliyunSms {
    fn offers(&self, kind: SmsKind) -> bool {
        !self.config.templates.of(kind).is_empty()
    }

    async fn send(&self, sms: &Sms) -> Result<String, SmsError> {
        let params: serde_json::Map<String, serde_json::Value> =
            sms.params.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let params = serde_json::Value::Object(params).to_string();
        let asked = [
            ("PhoneNumbers", sms.to.as_str()),
            ("SignName", &self.config.sign_name),
            ("TemplateCode", self.config.templates.of(sms.kind)),
            ("TemplateParam", &params),
            ("OutId", &sms.id),
        ];
        let (status, text) = self.ask("SendSms", &asked).await?;
        Self::sent(status, &text)
    }

    async fn delivery(&self, sent: &SentSms) -> Result<Delivery, SmsError> {
        let day = day(sent.at);
        let asked =
            [("PhoneNumber", sent.to.as_str()), ("BizId", &sent.called), ("SendDate", &day), ("PageSize", "1"), ("CurrentPage", "1")];
        let (status, text) = self.ask("QuerySendDetails", &asked).await?;
        Self::delivered(status, &text)
    }
}

/// The provider's day, which is China's: `20261128`.
fn day(at: Timestamp) -> String {
    at.plus_micros(8 * HOUR).to_string().chars().take(10).filter(|c| *c != '-').collect()
}

/// What is worth trying again, and what is not.
fn refused(code: &str, message: &str) -> SmsError {
    let why = format!("{code}: {message}");
    match code {
        "isv.MOBILE_NUMBER_ILLEGAL"
        | "isv.SMS_TEMPLATE_ILLEGAL"
        | "isv.SMS_SIGNATURE_ILLEGAL"
        | "isv.TEMPLATE_MISSING_PARAMETERS"
        | "isv.INVALID_PARAMETERS"
        | "isv.INVALID_JSON_PARAM"
        | "isv.PARAM_LENGTH_LIMIT"
        | "isv.BUSINESS_LIMIT_CONTROL" => SmsError::Never(why),
        _ => SmsError::Later(why),
    }
}

fn query(pairs: &[(&str, &str)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, KEPT).to_string();
    let mut pairs: Vec<(String, String)> = pairs.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    pairs.sort_unstable();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// The headers that are signed, in their order, of a request without a body.
fn headers(host: &str, action: &str, version: &str, now: Timestamp, nonce: &str) -> [(&'static str, String); 6] {
    [
        ("host", host.to_owned()),
        ("x-acs-action", action.to_owned()),
        ("x-acs-content-sha256", sha256("")),
        ("x-acs-date", Timestamp::from_unix(now.unix()).to_string()),
        ("x-acs-signature-nonce", nonce.to_owned()),
        ("x-acs-version", version.to_owned()),
    ]
}

fn authorization(key: &str, secret: &str, method: &str, query: &str, headers: &[(&'static str, String)]) -> String {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let canonical = format!("{method}\n/\n{query}\n{lines}\n{names}\n{}", sha256(""));
    let text = format!("{ALGORITHM}\n{}", sha256(&canonical));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), text.as_bytes());
    format!("{ALGORITHM} Credential={key},SignedHeaders={names},Signature={}", hex::encode(signature))
}

fn sha256(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example on Aliyun's page about signatures.
    #[test]
    fn k12_2_the_vendors_example_is_signed_as_the_vendor_does() {
        let query = query(&[("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"), ("RegionId", "cn-shanghai")]);
        let at = "2023-10-26T10:22:32Z".parse().unwrap();
        let headers = headers("ecs.cn-shanghai.aliyuncs.com", "RunInstances", "2014-05-26", at, "3156853299f313e23d1673dc12e1703d");
        let authorization = authorization("YourAccessKeyId", "YourAccessKeySecret", "POST", &query, &headers);
        assert!(authorization.ends_with("Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"), "{authorization}");
    }

    #[test]
    fn k12_2_the_providers_day_is_chinas() {
        assert_eq!(["2026-11-27T15:59:59Z", "2026-11-27T16:00:00Z"].map(|at| day(at.parse().unwrap())), ["20261127", "20261128"]);
    }

    #[test]
    fn k12_2_what_is_not_plain_is_encoded_as_rfc_3986_says() {
        assert_eq!(query(&[("b", "球 +*~"), ("a", "{\"x\":\"1\"}")]), "a=%7B%22x%22%3A%221%22%7D&b=%E7%90%83%20%2B%2A~");
    }
}
