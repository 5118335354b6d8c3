//! A listener with a few routes, and a client that writes bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use front::tls::Tls;
use front::{Front, Limits};
use futures_util::StreamExt;
use kernel::Clock;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Everything ends soon after this.
pub const SHORT: Duration = Duration::from_millis(300);
/// Longer than any limit here takes, on a busy machine too.
pub const LONG: Duration = Duration::from_secs(20);

pub fn short() -> Limits {
    Limits { header: SHORT, body: SHORT, idle: SHORT, stall: SHORT, ..Limits::default() }
}

pub struct Running {
    pub address: SocketAddr,
    pub stop: watch::Sender<bool>,
    pub done: JoinHandle<()>,
    /// Told when an answer without end was given up.
    pub given_up: mpsc::UnboundedReceiver<()>,
    /// How many bytes of bodies have come to `/told`.
    pub arrived: watch::Receiver<usize>,
}

pub async fn start(limits: Limits, tls: Option<Arc<Tls>>) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = watch::channel(false);
    let (gone, given_up) = mpsc::unbounded_channel();
    let (arriving, arrived) = watch::channel(0);
    let router = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/length", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/told", post(move |body: Body| told(body, arriving.clone())))
        .route("/events", get(|| async { Body::from_stream(events()) }))
        .route("/endless", get(move || std::future::ready(Body::from_stream(endless(gone.clone())))));
    let front = Front { name: "test", limits, tls, trusted: Vec::new(), clock: Clock::System };
    let done = tokio::spawn(front.serve(listener, router, stopping));
    Running { address, stop, done, given_up, arrived }
}

/// How long the body is, or how it is to be refused: code and seconds.
async fn told(body: Body, arriving: watch::Sender<usize>) -> String {
    let (mut pieces, mut length) = (body.into_data_stream(), 0);
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => {
                length += piece.len();
                arriving.send_modify(|arrived| *arrived += piece.len());
            }
            Err(error) => return refusal(&error),
        }
    }
    length.to_string()
}

fn refusal(error: &(dyn std::error::Error + 'static)) -> String {
    match (error.downcast_ref::<kernel::Fault>(), error.source()) {
        (Some(fault), _) => format!("{} {}", fault.code, fault.retry_after.unwrap_or_default()),
        (None, Some(source)) => refusal(source),
        (None, None) => error.to_string(),
    }
}

type Piece = Result<Bytes, std::convert::Infallible>;

/// A few events with pauses, together longer than any limit.
fn events() -> impl futures_util::Stream<Item = Piece> + Send {
    futures_util::stream::unfold(0, |sent| async move {
        if sent == 8 {
            return None;
        }
        Clock::System.sleep(SHORT / 2).await;
        Some((Ok(Bytes::from_static(b"tick ")), sent + 1))
    })
}

/// Says when it is dropped.
struct Teller(mpsc::UnboundedSender<()>);

impl Drop for Teller {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

fn endless(gone: mpsc::UnboundedSender<()>) -> impl futures_util::Stream<Item = Piece> + Send {
    futures_util::stream::unfold(Teller(gone), |teller| async move { Some((Ok(Bytes::from_static(&[b'x'; 65_536])), teller)) })
}

impl Running {
    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// An ordinary request on a connection of its own.
    pub async fn is_served(&self) -> bool {
        let mut stream = self.connect().await;
        ask(&mut stream, "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").await.ends_with("hello")
    }
}

/// Sends, and reads until the other side closes.
pub async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    rest(stream).await
}

/// What comes until the other side closes, which it must.
pub async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(LONG, stream.read_to_end(&mut bytes)).await.expect("the connection is closed");
    // A reset says as well that it is over.
    let _ = read;
    String::from_utf8_lossy(&bytes).into_owned()
}
