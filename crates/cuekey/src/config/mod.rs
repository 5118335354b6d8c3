//! The configuration: built-in defaults, a file, the environment, and flags, in that order of rising precedence.
//!
//! `config.default.toml` is what `cuekey config` prints, and the reference; a test holds it to [`Config::default`].

mod check;
mod environment;
mod listener;
mod load;
mod perhaps;
mod secrets;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use axum::http::Uri;
use serde::{Deserialize, Serialize};

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

impl Config {
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
