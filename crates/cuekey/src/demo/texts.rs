//! A stand-in of Aliyun's SMS service, to which the program sends texts as to the real one. What it takes is shown beside the demo's mail, and
//! reaches no phone.

use std::time::Duration;

use kernel::{Clock, Random, Word as _};
use platform::messages::{DatabaseMailbox, Sms, SmsKind, Texter};
use sandbox::{AliyunSms, Text};
use serde_json::Value;

use crate::config::{Config, SmsProvider};
use crate::trouble::{Result, Trouble};

const KEY: &str = "LTAI0000000000000001";
const PAUSE: Duration = Duration::from_secs(1);

pub struct Texts {
    service: AliyunSms,
    secret: String,
}

impl Texts {
    pub async fn open() -> Result<Self> {
        // Its port is open to whoever is on this machine: nobody else is to put something into the mailbox.
        let secret = Random::system().secret::<24>("");
        let service = AliyunSms::open(KEY, &secret).await.map_err(|error| {
            Trouble::setup(format!("无法启动模拟短信服务：{error}"), format!("no stand-in for texts can be started: {error}"))
        })?;
        Ok(Self { service, secret })
    }

    /// The configuration, by which texts are sent to it.
    pub fn known_to(&self, mut config: Config) -> Config {
        let sms = &mut config.sms;
        sms.provider = SmsProvider::Aliyun;
        sms.endpoint = self.service.endpoint();
        sms.access_key = KEY.into();
        sms.secret.clone_from(&self.secret);
        sms.sign_name = "演示球厅".into();
        sms.code_template = template(SmsKind::Code).into();
        sms.light_failed_template = template(SmsKind::LightFailed).into();
        sms.ending_template = template(SmsKind::Ending).into();
        sms.phone_left_template = template(SmsKind::PhoneLeft).into();
        config
    }

    /// Shows what it takes. Ends with the program.
    pub async fn deliver(self, mailbox: DatabaseMailbox) {
        let mut known = 0;
        while let Some(texts) = self.service.after(known).await {
            for text in texts {
                known += 1;
                let Some(sms) = read(text) else { continue };
                while let Err(error) = Texter::send(&mailbox, &sms).await {
                    tracing::warn!(%error, "a text cannot be shown in the demo's mailbox yet");
                    Clock::System.sleep(PAUSE).await;
                }
            }
        }
    }
}

/// What the reviewed template of each kind is called there.
const fn template(kind: SmsKind) -> &'static str {
    match kind {
        SmsKind::Code => "SMS_1",
        SmsKind::LightFailed => "SMS_2",
        SmsKind::Ending => "SMS_3",
        SmsKind::PhoneLeft => "SMS_4",
    }
}

/// A text as it was sent; none: by no template of ours. Pure.
fn read(text: Text) -> Option<Sms> {
    let kind = SmsKind::ALL.iter().copied().find(|kind| template(*kind) == text.template)?;
    let Value::Object(params) = text.params else { return None };
    let said = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let params = params.into_iter().map(|(name, value)| (name, said(value))).collect();
    Some(Sms { id: text.out_id, to: text.phone, kind, params })
}

#[cfg(test)]
mod tests {
    use kernel::Timestamp;
    use serde_json::json;

    use super::*;

    fn text(template: &str) -> Text {
        Text {
            phone: "13800138000".into(),
            sign_name: "演示球厅".into(),
            template: template.into(),
            params: json!({"code": "012345"}),
            out_id: "txt_1".into(),
            called: "1^0".into(),
            at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn each_kind_has_a_template_of_its_own_by_which_it_is_known_again() {
        for kind in SmsKind::ALL {
            let sms = read(text(template(*kind))).unwrap();
            assert_eq!((sms.kind, sms.id.as_str(), sms.to.as_str()), (*kind, "txt_1", "13800138000"));
            assert_eq!(sms.params, [("code".to_owned(), "012345".to_owned())], "zeros in front are kept");
        }
        assert!(read(text("SMS_9")).is_none());
    }

    #[tokio::test]
    async fn v2_1_the_demos_texts_go_to_the_stand_in_and_all_kinds_are_offered() {
        let config = Texts::open().await.unwrap().known_to(Config::default());
        assert!(config.sms.provider == SmsProvider::Aliyun && config.sms.endpoint.starts_with("http://127.0.0.1:"));
        let sms = &config.sms;
        for template in [&sms.code_template, &sms.light_failed_template, &sms.ending_template, &sms.phone_left_template] {
            assert!(template.starts_with("SMS_"), "{template}");
        }
    }
}
