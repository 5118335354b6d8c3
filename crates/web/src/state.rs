//! What every handler can reach.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use licensing::Licensing;
use platform::Platform;
use tokio::sync::watch;
use venue::Venue;

use crate::browser::Hsts;

/// Behind one pointer: it is cloned several times for each request.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

pub struct Parts {
    pub platform: Arc<Platform>,
    pub licensing: Arc<Licensing>,
    pub venue: Arc<Venue>,
    pub http: HttpConfig,
    /// Turns true when the program is to stop: what would stay open ends.
    pub stop: watch::Receiver<bool>,
}

impl AppState {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for AppState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

#[derive(Debug, Clone, Default)]
pub struct HttpConfig {
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The console is reached by https (or on loopback): its cookie is `__Host-` and `Secure`.
    pub secure: bool,
    /// What browsers are told over https.
    pub hsts: Hsts,
    /// The folder of the files by which WeChat sees that this domain is ours.
    pub proofs: Option<PathBuf>,
}

impl axum::extract::FromRef<AppState> for Arc<Platform> {
    fn from_ref(state: &AppState) -> Self {
        Arc::clone(&state.platform)
    }
}
