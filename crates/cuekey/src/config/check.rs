//! What a configuration may not say.

use axum::http::Uri;

use super::{Config, SmsProvider};
use crate::trouble::{Result, Trouble};

impl Config {
    /// What no type can say. Each refusal names its key.
    pub(super) fn check(&self) -> Result<()> {
        if !self.server.public_url.is_empty() && !is_base_url(&self.server.public_url) {
            return Err(wrong(
                "server.public_url",
                "应为 https://域名，不带路径",
                "must be like https://cuekey.example.com, without a path",
            ));
        }
        self.tls.check()?;
        // The cookie is `Secure`, and https asked for from then on, where the address says so.
        if self.tls.files().is_some() && self.server.public_url.starts_with("http://") {
            return Err(wrong(
                "server.public_url",
                "应以 https:// 开头：已设置 tls.certificate，用户以 https 访问",
                "must begin with https://: tls.certificate is set, so people come by https",
            ));
        }
        self.connections.check()?;
        if !(1..=1000).contains(&self.database.connections) {
            return Err(wrong("database.connections", "应在 1 到 1000 之间", "must be from 1 to 1000"));
        }
        if !(1..=256).contains(&self.jobs.workers) {
            return Err(wrong("jobs.workers", "应在 1 到 256 之间", "must be from 1 to 256"));
        }
        if !self.mail.host.is_empty() && !self.mail.from.contains('@') {
            return Err(wrong("mail.from", "设置了 mail.host 时须填写发件人地址", "must be the sender's address when mail.host is set"));
        }
        if self.sms.provider != SmsProvider::None {
            let tencent = self.sms.provider == SmsProvider::Tencent;
            for (key, value) in [
                ("sms.app_id", if tencent { self.sms.app_id.as_str() } else { "-" }),
                ("sms.region", if tencent { self.sms.region.as_str() } else { "-" }),
                ("sms.access_key", self.sms.access_key.as_str()),
                ("sms.secret", self.sms.secret.as_str()),
                ("sms.sign_name", self.sms.sign_name.as_str()),
                ("sms.code_template", self.sms.code_template.as_str()),
            ] {
                if value.is_empty() {
                    return Err(wrong(key, "设置了 sms.provider 时须填写", "is needed when sms.provider is set"));
                }
            }
        }
        for (app, id, secret) in
            [("web", &self.wechat.web_app_id, &self.wechat.web_secret), ("mini", &self.wechat.mini_app_id, &self.wechat.mini_secret)]
        {
            if id.is_empty() != secret.is_empty() {
                let key = format!("wechat.{app}_{}", if id.is_empty() { "app_id" } else { "secret" });
                return Err(wrong(&key, "应用 ID 与密钥须同时填写", "an app's id and its secret are needed together"));
            }
        }
        for (key, address) in [
            ("payments.wechat", &self.payments.wechat),
            ("payments.alipay", &self.payments.alipay),
            ("wechat.endpoint", &self.wechat.endpoint),
            ("wechat.authorize", &self.wechat.authorize),
        ] {
            if !address.parse::<Uri>().is_ok_and(|uri| uri.host().is_some() && uri.query().is_none()) {
                return Err(wrong(key, "应为 https:// 开头的地址", "must be an address that begins with https://"));
            }
        }
        if let Err(error) = self.log.level.parse::<tracing_subscriber::filter::Targets>() {
            return Err(wrong("log.level", &format!("无法识别（{error}）"), &format!("is not understood ({error})")));
        }
        Ok(())
    }
}

/// Its scheme in small letters: others look at how it begins.
fn is_base_url(text: &str) -> bool {
    text.parse::<Uri>().is_ok_and(|uri| {
        ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
            && uri.host().is_some_and(|host| !host.is_empty())
            && matches!(uri.path(), "" | "/")
            && uri.query().is_none()
    })
}

pub(super) fn wrong(key: &str, zh: &str, en: &str) -> Trouble {
    Trouble::setup(format!("配置项 {key} {zh}"), format!("configuration: {key} {en}"))
}
