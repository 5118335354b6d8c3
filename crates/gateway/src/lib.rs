//! The outside world: mail by SMTP, callbacks and text messages by HTTP, devices by MQTT and by Modbus. What leaves here was decided elsewhere, and written down as a job.
//!
//! **Invariant**: no SQL and no rule in here; where a callback may go is `licensing::callbacks::target`'s to say.

mod alipay;
mod aliyun;
mod http;
mod modbus;
mod mqtt;
mod networks;
mod rsa;
mod sms;
mod smtp;
mod tencent;
mod unclear;
mod webhook;
mod wechat;
mod wechat_login;
mod yuan;

pub use alipay::{Alipay, AlipayFreeze};
pub use aliyun::{AliyunConfig, AliyunSms};
pub use modbus::Modbus;
pub use mqtt::{Ear, Listening, Mqtt, MqttConfig};
pub use networks::Networks;
pub use sms::{SmsSetupError, SmsTemplates};
pub use smtp::{SmtpConfig, SmtpError, SmtpMailer, SmtpSecurity};
pub use tencent::{TencentConfig, TencentSms};
pub use webhook::{Names, WebhookSender, WebhookSetupError};
pub use wechat::WechatPay;
pub use wechat_login::{WechatAppConfig, WechatLogin, WechatLoginConfig};
