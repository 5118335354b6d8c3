//! What every handler can reach.

use std::net::IpAddr;
use std::sync::Arc;

use licensing::Licensing;
use platform::Platform;
use tokio::sync::watch;

use crate::browser::Hsts;

#[derive(Clone)]
pub struct AppState {
    pub platform: Arc<Platform>,
    pub licensing: Arc<Licensing>,
    pub http: Arc<HttpConfig>,
    /// Turns true when the program is to stop: what would stay open ends.
    pub stop: watch::Receiver<bool>,
}

#[derive(Debug, Clone, Default)]
pub struct HttpConfig {
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The console is reached by https (or on loopback): its cookie is `__Host-` and `Secure`.
    pub secure: bool,
    /// What browsers are told over https.
    pub hsts: Hsts,
}

impl axum::extract::FromRef<AppState> for Arc<Platform> {
    fn from_ref(state: &AppState) -> Self {
        Arc::clone(&state.platform)
    }
}
