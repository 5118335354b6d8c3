//! Whom the broker asks, and what it is answered.

use async_trait::async_trait;

/// Decides who may connect and what they may use. It is asked at each connect; the answer holds for that connection.
#[async_trait]
pub trait Doorkeeper: Send + Sync + 'static {
    /// What this client may do; `None` refuses it, with "bad user name or password". It runs on the runtime that called
    /// [`Broker::start`](crate::Broker::start). A client that has named no id comes with a random one; one that has named no user is refused
    /// unasked.
    async fn admit(&self, client_id: &str, user: Option<&str>, password: Option<&[u8]>) -> Option<Rights>;
}

/// What a connection may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rights {
    /// Everything. For our own gateway.
    All,
    /// For a device: two lists of topic filters, such as `tele/lamp7/#`.
    ///
    /// Whoever writes a filter with a name in it sees to it that the name holds no `/`, `+` or `#`.
    Topics {
        /// Topics of messages, and of the will.
        may_publish: Vec<String>,
        /// Each filter that is subscribed to must lie within one of these.
        may_subscribe: Vec<String>,
    },
}
