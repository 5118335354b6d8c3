//! The configuration: built-in defaults, a file, the environment, and flags, in that order of rising precedence.
//!
//! `config.default.toml` is what `cuekey config` prints, and the reference; a test holds it to [`Config::default`].

mod environment;
mod listener;
mod load;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use axum::http::Uri;
use serde::{Deserialize, Serialize};

use crate::trouble::{Result, Trouble};

pub use listener::{Connections, Tls};
pub use load::{Flags, load};

/// The commented default file.
pub const DEFAULT_FILE: &str = include_str!("../../config.default.toml");

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub tls: Tls,
    pub connections: Connections,
    pub data: Data,
    pub database: Database,
    pub mail: Mail,
    pub sms: Sms,
    pub mqtt: Mqtt,
    pub payments: Payments,
    pub wechat: Wechat,
    pub jobs: Jobs,
    pub callbacks: Callbacks,
    pub log: Log,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub public_url: String,
    pub trusted_proxies: Vec<IpAddr>,
    pub hsts_subdomains: bool,
    #[serde(with = "perhaps")]
    pub metrics_listen: Option<SocketAddr>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    pub folder: PathBuf,
    pub master_key_file: PathBuf,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: String,
    pub connections: u32,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub host: String,
    pub port: u16,
    pub tls: MailTls,
    pub user: String,
    pub password: String,
    pub from: String,
    pub ca_file: PathBuf,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    pub provider: SmsProvider,
    /// Empty: the provider's own.
    pub endpoint: String,
    /// Tencent alone.
    pub region: String,
    /// Tencent alone: the application there.
    pub app_id: String,
    pub access_key: String,
    pub secret: String,
    pub sign_name: String,
    pub code_template: String,
    /// Of notices; empty: these are not sent.
    pub light_failed_template: String,
    pub ending_template: String,
    pub phone_left_template: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsProvider {
    None,
    Aliyun,
    Tencent,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mqtt {
    #[serde(with = "perhaps")]
    pub listen: Option<SocketAddr>,
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payments {
    pub wechat: String,
    pub alipay: String,
}

/// Signing in by WeChat.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wechat {
    pub endpoint: String,
    pub authorize: String,
    pub web_app_id: String,
    pub web_secret: String,
    pub mini_app_id: String,
    pub mini_secret: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    Starttls,
    Tls,
    None,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    pub workers: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callbacks {
    pub allow_private_addresses: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    pub level: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7300)),
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            hsts_subdomains: false,
            metrics_listen: Some(SocketAddr::from(([127, 0, 0, 1], 7301))),
        }
    }
}

impl Default for Data {
    fn default() -> Self {
        Self { folder: "./data".into(), master_key_file: PathBuf::new() }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { url: String::new(), connections: 16 }
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 587,
            tls: MailTls::Starttls,
            user: String::new(),
            password: String::new(),
            from: String::new(),
            ca_file: PathBuf::new(),
        }
    }
}

impl Default for Sms {
    fn default() -> Self {
        Self {
            provider: SmsProvider::None,
            endpoint: String::new(),
            region: "ap-guangzhou".into(),
            app_id: String::new(),
            access_key: String::new(),
            secret: String::new(),
            sign_name: String::new(),
            code_template: String::new(),
            light_failed_template: String::new(),
            ending_template: String::new(),
            phone_left_template: String::new(),
        }
    }
}

impl Default for Mqtt {
    fn default() -> Self {
        Self { listen: None, host: String::new(), port: 1883, user: String::new(), password: String::new() }
    }
}

impl Default for Payments {
    fn default() -> Self {
        Self { wechat: "https://api.mch.weixin.qq.com".into(), alipay: "https://openapi.alipay.com/gateway.do".into() }
    }
}

impl Default for Wechat {
    fn default() -> Self {
        Self {
            endpoint: "https://api.weixin.qq.com".into(),
            authorize: "https://open.weixin.qq.com/connect/oauth2/authorize".into(),
            web_app_id: String::new(),
            web_secret: String::new(),
            mini_app_id: String::new(),
            mini_secret: String::new(),
        }
    }
}

impl Default for Jobs {
    fn default() -> Self {
        Self { workers: 4 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".into() }
    }
}

// They hold passwords, and a configuration ends in logs sooner or later.
impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("connections", &self.connections).finish_non_exhaustive()
    }
}
impl std::fmt::Debug for Sms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sms").field("provider", &self.provider).field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
impl std::fmt::Debug for Wechat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wechat").field("web_app_id", &self.web_app_id).field("mini_app_id", &self.mini_app_id).finish_non_exhaustive()
    }
}
impl std::fmt::Debug for Mqtt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mqtt").field("listen", &self.listen).field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}
impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("host", &self.host).field("port", &self.port).field("from", &self.from).finish_non_exhaustive()
    }
}

impl Config {
    /// What no type can say. Each refusal names its key.
    fn check(&self) -> Result<()> {
        if !self.server.public_url.is_empty() && !is_base_url(&self.server.public_url) {
            return Err(wrong(
                "server.public_url",
                "应为 https://域名，不带路径",
                "must be like https://cuekey.example.com, without a path",
            ));
        }
        self.tls.check()?;
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

    /// Where the console is reached, given where it really listens. Without a slash at the end.
    pub fn public_url(&self, listening: SocketAddr) -> String {
        match self.server.public_url.trim_end_matches('/') {
            "" if self.tls.files().is_some() => format!("https://{listening}"),
            "" => format!("http://{listening}"),
            url => url.to_owned(),
        }
    }
}

/// Whether browsers keep what goes there from others' eyes: https, or this machine.
pub fn is_private(public_url: &str) -> bool {
    let Ok(uri) = public_url.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    uri.scheme_str() == Some("https") || host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn is_base_url(text: &str) -> bool {
    text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && matches!(uri.path(), "" | "/")
            && uri.query().is_none()
    })
}

fn wrong(key: &str, zh: &str, en: &str) -> Trouble {
    Trouble::setup(format!("配置项 {key} {zh}"), format!("configuration: {key} {en}"))
}

/// An address, or an empty text for none.
mod perhaps {
    use std::net::SocketAddr;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &Option<SocketAddr>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(address) => serializer.collect_str(address),
            None => serializer.serialize_str(""),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(D::Error::custom) }
    }
}
