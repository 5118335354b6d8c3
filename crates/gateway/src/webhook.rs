//! Callbacks by HTTP. The address that was looked at is the address that is connected to: the client asks [`Checked`] for it,
//! and nobody else; nothing is kept open from one attempt to the next, redirects are not followed, and proxies named in the
//! environment are not used.

use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::Stopwatch;
use licensing::callbacks::target::{check_url, is_public};
use licensing::callbacks::{DeliveryTrouble, Post, WebhookAnswer, WebhookError};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, redirect, retry};

/// From looking up the name to the last byte that is read.
const TIMEOUT: Duration = Duration::from_secs(15);
/// What is read of an answer.
const EXCERPT: usize = 2_048;

pub struct WebhookSender {
    client: Client,
    private: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("callbacks cannot be sent: {0}")]
pub struct WebhookSetupError(#[from] reqwest::Error);

/// Who knows the addresses of names.
#[derive(Debug, Clone, Default)]
pub enum Names {
    #[default]
    System,
    /// These and no others: for tests.
    Fixed(HashMap<String, Vec<IpAddr>>),
}

impl Names {
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()),
            Self::Fixed(known) => known.get(name).cloned().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such name")),
        }
    }
}

impl WebhookSender {
    /// `private`: callbacks may go to any address (`Install::private_callbacks`).
    pub fn new(private: bool) -> Result<Self, WebhookSetupError> {
        Self::with_names(private, Names::System)
    }

    pub fn with_names(private: bool, names: Names) -> Result<Self, WebhookSetupError> {
        // The first wins; another part of the program may have installed the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let names = Arc::new(Checked { names, private });
        let client = builder(&names).build().or_else(|error| {
            tracing::warn!(%error, "this machine knows no certificate authorities: callbacks by https will fail");
            builder(&names).tls_certs_only([]).build()
        })?;
        Ok(Self { client, private })
    }

    async fn send(&self, url: &str, headers: &[(&'static str, String)], body: &str) -> Result<(u16, String), (DeliveryTrouble, String)> {
        let url = check_url(url, self.private).map_err(|refusal| (refusal.trouble(), String::new()))?;
        let mut request = self.client.post(url).header("content-type", "application/json").body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.map_err(|error| explain(&error))?;
        Ok((response.status().as_u16(), excerpt(response).await))
    }
}

fn builder(names: &Arc<Checked>) -> reqwest::ClientBuilder {
    Client::builder()
        .dns_resolver(Arc::clone(names))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .pool_max_idle_per_host(0)
        .timeout(TIMEOUT)
        .user_agent(concat!("Cuekey/", env!("CARGO_PKG_VERSION")))
}

#[async_trait]
impl Post for WebhookSender {
    async fn post(&self, url: &str, headers: &[(&'static str, String)], body: &str) -> Result<WebhookAnswer, WebhookError> {
        let watch = Stopwatch::start();
        let sent = self.send(url, headers, body).await;
        let duration_ms = i64::try_from(watch.elapsed().as_millis()).unwrap_or(i64::MAX);
        match sent {
            Ok((status, body_excerpt)) => Ok(WebhookAnswer { status, body_excerpt, duration_ms }),
            Err((trouble, detail)) => Err(WebhookError { trouble, detail, duration_ms }),
        }
    }
}

/// The beginning of an answer. When the rest does not come, what came has to do: the status is known.
async fn excerpt(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < EXCERPT
        && let Ok(Some(chunk)) = response.chunk().await
    {
        bytes.extend_from_slice(&chunk[..chunk.len().min(EXCERPT - bytes.len())]);
    }
    // A character that was cut in two at the end is left out; anything else that is no UTF-8 is shown as such.
    let whole = match std::str::from_utf8(&bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    };
    String::from_utf8_lossy(&bytes[..whole]).into_owned()
}

/// What went wrong, without the URL (its query may hold a secret), down to the cause.
fn explain(error: &reqwest::Error) -> (DeliveryTrouble, String) {
    if error.is_timeout() {
        return (DeliveryTrouble::Timeout, format!("{} s", TIMEOUT.as_secs()));
    }
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
        if let Some(forbidden) = cause.downcast_ref::<Forbidden>() {
            return (DeliveryTrouble::PrivateAddress, forbidden.to_string());
        }
    }
    let trouble = if error.is_connect() { DeliveryTrouble::NoConnection } else { DeliveryTrouble::NoAnswer };
    (trouble, cause.to_string())
}

/// The name stands for an address that callbacks may not go to.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {address}")]
struct Forbidden {
    name: String,
    address: IpAddr,
}

/// Looks names up, and answers only with addresses that may be connected to. One that may not spoils them all: a name that
/// is both inside and outside is somebody's trick.
struct Checked {
    names: Names,
    private: bool,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, private) = (self.names.clone(), self.private);
        Box::pin(async move {
            let addresses = names.look_up(name.as_str()).await?;
            if let Some(address) = addresses.iter().copied().find(|address| !private && !is_public(*address)) {
                return Err(Forbidden { name: name.as_str().to_owned(), address }.into());
            }
            // Port 0 stands for the URL's.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
