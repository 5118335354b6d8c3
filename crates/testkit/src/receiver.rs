//! A project owner's server: takes callbacks over real HTTP, on the loopback address, and remembers them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use http_body_util::BodyExt;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

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
    scheme: &'static str,
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
        let (listener, receiver) = Self::listen("http").await;
        let router = receiver.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    /// The same over TLS, with a certificate for the loopback address that nobody vouches for.
    ///
    /// # Panics
    /// When the loopback address cannot be listened on.
    pub async fn encrypted() -> Self {
        let (listener, receiver) = Self::listen("https").await;
        let encrypted = Encrypted { listener, acceptor: TlsAcceptor::from(Arc::new(nobody_vouches_for())) };
        let router = receiver.router();
        tokio::spawn(async move { axum::serve(encrypted, router).await });
        receiver
    }

    async fn listen(scheme: &'static str) -> (TcpListener, Self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Shared { answer: (StatusCode::NO_CONTENT, HeaderMap::new(), Vec::new()), received: Vec::new() };
        (listener, Self { shared: Arc::new(Mutex::new(shared)), scheme, port })
    }

    fn router(&self) -> Router {
        Router::new().fallback(take).with_state(self.clone())
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}/hook", self.scheme, self.port)
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

/// Whoever does not believe the certificate is gone before anything is asked.
struct Encrypted {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Encrypted {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

fn nobody_vouches_for() -> ServerConfig {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("ring knows them").with_no_client_auth();
    builder.with_single_cert(vec![made.cert.der().clone()], key.into()).expect("they belong together")
}

async fn take(State(receiver): State<Receiver>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    let mut shared = receiver.lock();
    shared.received.push(Received { path: parts.uri.path().to_owned(), headers: parts.headers, body });
    shared.answer.clone().into_response()
}
