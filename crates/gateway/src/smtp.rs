//! Mail by SMTP: a connection for each mail, so that nothing stale is held and nothing has to be put away at the end.

use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncTransport, Tokio1Executor};
use platform::messages::{Mail, MailError, Mailer};

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// Begins in the clear and must change to TLS before anything is said (port 587).
    StartTls,
    /// TLS from the first byte (port 465).
    Tls,
    /// Not at all: for a mail server on the same machine.
    Plain,
}

/// Where mail goes.
#[derive(Clone)]
pub struct SmtpConfig {
    pub host: String,
    pub port: u16,
    pub security: SmtpSecurity,
    pub user: Option<String>,
    pub password: Option<String>,
    /// The address that mail comes from.
    pub from: String,
    /// For each step of the conversation.
    pub timeout: Duration,
    /// Certificates (PEM) to trust besides the public ones: of a mail server of one's own.
    pub extra_roots: Option<Vec<u8>>,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    #[error("the mail's sender {0:?} is not an e-mail address")]
    From(String),
    #[error("a mail user without a password, or a password without a user")]
    HalfCredentials,
    #[error("no certificate (PEM) among those to trust for the mail server")]
    NoCertificate,
    #[error("TLS for the mail server: {0}")]
    Tls(#[from] lettre::transport::smtp::Error),
}

const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
    described: String,
}

impl SmtpMailer {
    /// Connects only when there is something to send.
    pub fn new(config: &SmtpConfig) -> Result<Self, SmtpError> {
        let from: Address = config.from.parse().map_err(|_| SmtpError::From(config.from.clone()))?;
        let tls = match config.security {
            SmtpSecurity::Plain => Tls::None,
            SmtpSecurity::StartTls => Tls::Required(tls_parameters(config)?),
            SmtpSecurity::Tls => Tls::Wrapper(tls_parameters(config)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls)
            .timeout(Some(config.timeout))
            .hello_name(ClientId::Domain(from.domain().to_owned()));
        match (&config.user, &config.password) {
            (Some(user), Some(password)) => builder = builder.credentials(Credentials::new(user.clone(), password.clone())),
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => return Err(SmtpError::HalfCredentials),
        }
        let described = format!("SMTP {}:{} ({:?}), from {from}", config.host, config.port, config.security);
        Ok(Self { transport: builder.build(), from, described })
    }

    fn message(&self, mail: &Mail) -> Result<Message, MailError> {
        // A line break in a header begins another header.
        for (what, text) in
            [("recipient", &mail.to), ("sender's name", &mail.from_name), ("subject", &mail.subject), ("id", &mail.message_id)]
        {
            if text.chars().any(char::is_control) {
                return Err(MailError::Never(format!("the mail's {what} holds control characters")));
            }
        }
        let to: Address = mail.to.parse().map_err(|_| MailError::Never("the recipient is not an e-mail address".into()))?;
        // So that no machine answers a machine (RFC 3834).
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into());
        Message::builder()
            .from(Mailbox::new(Some(mail.from_name.clone()), self.from.clone()))
            .to(Mailbox::new(None, to))
            .subject(&mail.subject)
            .message_id(Some(format!("<{}@{}>", mail.message_id, self.from.domain())))
            .raw_header(automatic)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| MailError::Never(error.to_string()))
    }
}

fn tls_parameters(config: &SmtpConfig) -> Result<TlsParameters, SmtpError> {
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(pem) = &config.extra_roots {
        // Anything else would be passed over in silence.
        if !pem.windows(CERTIFICATE.len()).any(|part| part == CERTIFICATE) {
            return Err(SmtpError::NoCertificate);
        }
        builder = builder.add_root_certificate(Certificate::from_pem(pem)?);
    }
    Ok(builder.build()?)
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = self.message(mail)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if refused_for_good(&error) => Err(MailError::Never(error.to_string())),
            Err(error) => Err(MailError::Later(error.to_string())),
        }
    }

    fn describe(&self) -> String {
        self.described.clone()
    }
}

/// Whether it is this mail that the server will never take. What is wrong with our own credentials can be mended, and then
/// the mail goes.
fn refused_for_good(error: &lettre::transport::smtp::Error) -> bool {
    let code = error.status().map(u16::from);
    error.is_permanent() && !matches!(code, Some(530 | 534 | 535 | 538))
}
