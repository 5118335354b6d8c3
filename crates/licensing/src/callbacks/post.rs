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

kernel::words! {
    /// Why there was no answer.
    pub enum DeliveryTrouble {
        /// The project has no address any more.
        NoAddress = "no_address",
        /// It is no address that a callback could go to.
        BadAddress = "bad_address",
        /// It stands for one within a network, where callbacks may not go.
        PrivateAddress = "private_address",
        /// The name is not known, nobody listens, or TLS failed.
        NoConnection = "no_connection",
        Timeout = "timeout",
        /// The connection ended without one, or with something else.
        NoAnswer = "no_answer",
    }
}

impl DeliveryTrouble {
    pub const fn kind(self) -> WebhookErrorKind {
        match self {
            Self::NoAddress | Self::BadAddress | Self::PrivateAddress => WebhookErrorKind::Target,
            Self::NoConnection | Self::Timeout | Self::NoAnswer => WebhookErrorKind::Connection,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookError {
    /// For the owner to read.
    pub trouble: DeliveryTrouble,
    /// For whoever looks into it: an address, or what this machine's network has said. May be empty.
    pub detail: String,
    pub duration_ms: i64,
}

#[async_trait]
pub trait Post: Send + Sync {
    /// One request, once: no redirects, no repetition.
    async fn post(&self, url: &str, headers: &[(&'static str, String)], body: &str) -> Result<WebhookAnswer, WebhookError>;
}
