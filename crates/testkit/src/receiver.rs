//! A project owner's server: takes callbacks over real HTTP, on the loopback address, and remembers them.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;

/// One request, as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Received {
    /// A header that there must be.
    ///
    /// # Panics
    /// When there is none of this name.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_else(|| panic!("the header {name}"))
    }
}

#[derive(Clone)]
pub struct Receiver {
    shared: Arc<Mutex<Shared>>,
    port: u16,
}

struct Shared {
    answer: (StatusCode, HeaderMap, Vec<u8>),
    received: Vec<Received>,
}

impl Receiver {
    /// Listens, and answers 204 to everything until told otherwise. Ends with the test.
    ///
    /// # Panics
    /// When the loopback address cannot be listened on.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Shared { answer: (StatusCode::NO_CONTENT, HeaderMap::new(), Vec::new()), received: Vec::new() };
        let receiver = Self { shared: Arc::new(Mutex::new(shared)), port };
        let router = Router::new().fallback(take).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// What it answers from now on.
    ///
    /// # Panics
    /// When that is no status.
    pub fn answer(&self, status: u16, headers: &[(&'static str, &'static str)], body: impl Into<Vec<u8>>) {
        let status = StatusCode::from_u16(status).expect("a status");
        let headers = headers.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect();
        self.lock().answer = (status, headers, body.into());
    }

    /// Everything that has arrived, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.lock().received.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn take(State(receiver): State<Receiver>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    let mut shared = receiver.lock();
    shared.received.push(Received { path: parts.uri.path().to_owned(), headers: parts.headers, body });
    shared.answer.clone().into_response()
}
