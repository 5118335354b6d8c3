//! Texts to phones in a test: the demo's mailbox, or a provider's stand-in with the test's own clock.

use std::sync::OnceLock;

use async_trait::async_trait;
pub use gateway::SmsTemplates;
use gateway::{AliyunConfig, AliyunSms};
use platform::messages::{DatabaseMailbox, Delivery, SentSms, Sms, SmsError, SmsKind, Texter};

use crate::TestServer;

/// The way to phones: the mailbox, until a test asks for another.
pub(crate) struct Switch {
    pub mailbox: DatabaseMailbox,
    pub way: OnceLock<AliyunSms>,
}

impl Switch {
    fn way(&self) -> &dyn Texter {
        self.way.get().map_or(&self.mailbox, |way| way)
    }
}

#[async_trait]
impl Texter for Switch {
    fn offers(&self, kind: SmsKind) -> bool {
        self.way().offers(kind)
    }

    async fn send(&self, sms: &Sms) -> Result<String, SmsError> {
        self.way().send(sms).await
    }

    async fn delivery(&self, sent: &SentSms) -> Result<Delivery, SmsError> {
        self.way().delivery(sent).await
    }
}

/// What texts are signed with.
pub const SIGN_NAME: &str = "球厅";

/// Aliyun's stand-in, from now on, with these templates.
pub async fn open(server: &TestServer, templates: SmsTemplates) -> sandbox::AliyunSms {
    let service = sandbox::AliyunSms::open_by("LTAI-test", "a secret", server.clock.clone()).await.expect("a port is free");
    let config = AliyunConfig {
        endpoint: service.endpoint(),
        access_key: "LTAI-test".into(),
        secret: "a secret".into(),
        sign_name: SIGN_NAME.into(),
        templates,
    };
    let way = AliyunSms::new(config, server.clock.clone(), server.platform.random.clone()).expect("an address");
    assert!(server.texter.way.set(way).is_ok(), "opened once");
    service
}
