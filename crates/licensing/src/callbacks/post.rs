//! How callbacks leave the process: `gateway` does it in service.

use async_trait::async_trait;

/// What the owner's server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAnswer {
    pub status: u16,
    /// The first 2 KiB.
    pub body_excerpt: String,
    pub duration_ms: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookErrorKind {
    /// The address is not one that callbacks may go to. It was not connected to.
    Target,
    /// The name is not known, nobody listens, TLS failed, or the answer did not come in time.
    Connection,
}

/// Why there was no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookError {
    pub kind: WebhookErrorKind,
    /// For the owner to read.
    pub text: String,
    pub duration_ms: i64,
}

#[async_trait]
pub trait Post: Send + Sync {
    /// One request, once: no redirects, no repetition.
    async fn post(&self, url: &str, headers: &[(&'static str, String)], body: &str) -> Result<WebhookAnswer, WebhookError>;
}
