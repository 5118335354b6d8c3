//! Which mailer the configuration asks for.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gateway::{SmtpConfig, SmtpMailer, SmtpSecurity};
use platform::messages::{Mail, MailError, Mailer};

use crate::config::{self, MailTls};
use crate::trouble::{Result, Trouble};

/// For each step of a conversation with the mail server.
const PATIENCE: Duration = Duration::from_secs(20);

pub fn from(config: &config::Mail) -> Result<Arc<dyn Mailer>> {
    if config.host.is_empty() {
        return Ok(Arc::new(NoMailer));
    }
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let smtp = SmtpConfig {
        host: config.host.clone(),
        port: config.port,
        security: match config.tls {
            MailTls::Starttls => SmtpSecurity::StartTls,
            MailTls::Tls => SmtpSecurity::Tls,
            MailTls::None => SmtpSecurity::Plain,
        },
        user: some(&config.user),
        password: some(&config.password),
        from: config.from.clone(),
        timeout: PATIENCE,
        extra_roots: roots(config)?,
    };
    let mailer = SmtpMailer::new(&smtp).map_err(|error| {
        Trouble::setup(format!("邮件配置 [mail] 有误：{error}"), format!("the configuration of mail, [mail], is wrong: {error}"))
    })?;
    Ok(Arc::new(mailer))
}

fn roots(config: &config::Mail) -> Result<Option<Vec<u8>>> {
    if config.ca_file.as_os_str().is_empty() {
        return Ok(None);
    }
    std::fs::read(&config.ca_file).map(Some).map_err(|error| {
        let shown = config.ca_file.display();
        Trouble::setup(format!("无法读取 mail.ca_file {shown}：{error}"), format!("mail.ca_file {shown} cannot be read: {error}"))
    })
}

/// No server is configured: mail waits as jobs, and goes out when there is one.
struct NoMailer;

#[async_trait]
impl Mailer for NoMailer {
    async fn send(&self, _mail: &Mail) -> std::result::Result<(), MailError> {
        Err(MailError::Later("no SMTP server is configured (mail.host)".into()))
    }

    fn describe(&self) -> String {
        "no SMTP server is configured: mail is not sent".into()
    }
}
