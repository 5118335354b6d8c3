//! The outside world: mail by SMTP, callbacks and text messages by HTTP, devices by MQTT and by Modbus. What leaves here was decided elsewhere, and written down as a job.
//!
//! **Invariant**: no SQL and no rule in here; where a callback may go is `licensing::callbacks::target`'s to say.

mod aliyun;
mod modbus;
mod mqtt;
mod smtp;
mod webhook;

pub use aliyun::{AliyunConfig, AliyunSms, SmsSetupError};
pub use modbus::Modbus;
pub use mqtt::{Listening, Mqtt, MqttConfig};
pub use smtp::{SmtpConfig, SmtpError, SmtpMailer, SmtpSecurity};
pub use webhook::{Names, WebhookSender, WebhookSetupError};
