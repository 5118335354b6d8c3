//! Which mailer the configuration asks for.

use std::sync::Arc;

use async_trait::async_trait;
use platform::messages::{Mail, MailError, Mailer};

use crate::config;
use crate::trouble::Result;

pub fn from(_config: &config::Mail) -> Result<Arc<dyn Mailer>> {
    Ok(Arc::new(NoMailer))
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
