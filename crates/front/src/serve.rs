//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tower::Service;

use crate::arriving::{Arriving, Leaving};
use crate::limits::Stage;
use crate::places::{Busy, Conn, Place};
use crate::tls::{self, Tls};
use crate::wire::Wire;

/// A request's line and headers together; more is refused with 431.
const HEAD: usize = 32 * 1024;
const HEADERS: usize = 100;
/// Requests at once on a connection of HTTP/2. A browser's pages share one.
const STREAMS: u32 = 128;
/// What is taken of a connection before anybody asks for it: over HTTP/1.1, and over HTTP/2 of one stream and of all. Nobody sends us
/// much, and what lies there is not counted.
const READ_AHEAD: usize = 64 * 1024;
const STREAM_AHEAD: u32 = 64 * 1024;
const STREAMS_AHEAD: u32 = 256 * 1024;
/// HTTP/2 asks whether the other side is still there.
const PING: Duration = Duration::from_secs(20);

/// What answers requests, as axum's router does.
pub trait Answers: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static {}

impl<S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static> Answers for S {}

pub(crate) struct Connection<S> {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    pub place: Place,
    pub body_limit: Duration,
    pub service: S,
    pub tls: Option<Arc<Tls>>,
}

/// Answers requests until the other side has had enough, or it is time to stop.
pub(crate) async fn converse<S: Answers>(connection: Connection<S>, stopping: watch::Receiver<bool>) {
    let Connection { stream, peer, place, body_limit, service, tls } = connection;
    let conn = Arc::clone(&place.conn);
    let desk = Desk { conn: Arc::clone(&conn), peer, body_limit, service };
    let wire = Wire { stream, conn: Arc::clone(&conn), heads: true };
    match tls {
        None => first(wire, desk, stopping).await,
        Some(tls) => secretly(wire, desk, &tls, stopping).await,
    }
    drop(place);
}

async fn secretly<S: Answers>(mut wire: Wire, desk: Desk<S>, tls: &Tls, mut stopping: watch::Receiver<bool>) {
    let conn = Arc::clone(&desk.conn);
    let shaken = async {
        if !tls::is_handshake(&wire.stream).await {
            // What was sent is read, or closing would take the answer back.
            let _ = wire.read(&mut [0; 4096]).await;
            let _ = wire.write_all(tls::NOT_TLS).await;
            let _ = wire.shutdown().await;
            return None;
        }
        tls.acceptor().accept(wire).await.inspect_err(|error| tracing::debug!(%error, "no handshake")).ok()
    };
    let shaken = tokio::select! {
        biased;
        shaken = shaken => shaken,
        _ = stopping.wait_for(|stop| *stop) => None,
    };
    let Some(mut stream) = shaken else { return };
    if stream.get_ref().1.alpn_protocol() == Some(tls::HTTP_2) {
        stream.get_mut().0.heads = false;
        conn.begin(Stage::Idle);
        second(stream, desk, stopping).await;
    } else {
        conn.begin(Stage::Fresh);
        first(stream, desk, stopping).await;
    }
}

/// HTTP/1.1.
async fn first<S: Answers>(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, desk: Desk<S>, stopping: watch::Receiver<bool>) {
    let conn = Arc::clone(&desk.conn);
    // Time is kept by the marks; hyper's own timer would cost an allocation for each request.
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(None).max_header_size(HEAD).max_headers(HEADERS).max_buf_size(READ_AHEAD);
    let serving = pin!(builder.serve_connection(TokioIo::new(io), desk));
    finish(serving, http1::Connection::graceful_shutdown, &conn, stopping).await;
}

/// HTTP/2.
async fn second<S: Answers>(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, desk: Desk<S>, stopping: watch::Receiver<bool>) {
    let conn = Arc::clone(&desk.conn);
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).keep_alive_interval(PING).keep_alive_timeout(PING);
    builder.max_concurrent_streams(STREAMS).max_header_list_size(u32::try_from(HEAD).unwrap_or(u32::MAX));
    builder.initial_stream_window_size(STREAM_AHEAD).initial_connection_window_size(STREAMS_AHEAD);
    let serving = pin!(builder.serve_connection(TokioIo::new(io), desk));
    finish(serving, http2::Connection::graceful_shutdown, &conn, stopping).await;
}

/// Goes on until the connection ends by itself; from the stop on, only until what was begun is answered.
async fn finish<C: Future<Output = hyper::Result<()>>>(
    mut serving: Pin<&mut C>,
    wind_up: impl FnOnce(Pin<&mut C>),
    conn: &Conn,
    mut stopping: watch::Receiver<bool>,
) {
    let ended = tokio::select! {
        biased;
        ended = serving.as_mut() => Some(ended),
        _ = stopping.wait_for(|stop| *stop) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        // Browsers open connections in advance: there is nothing on this one to be answered.
        None if conn.stage() == Stage::Fresh => return,
        None => {
            wind_up(serving.as_mut());
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

/// Where a connection's requests are handed on.
#[derive(Clone)]
struct Desk<S> {
    conn: Arc<Conn>,
    peer: SocketAddr,
    body_limit: Duration,
    service: S,
}

impl<S: Answers> hyper::service::Service<Request<Incoming>> for Desk<S> {
    type Response = Response<Leaving>;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn call(&self, request: Request<Incoming>) -> Answering<S::Future> {
        let busy = Busy::new(&self.conn);
        let mut request = request.map(|body| Arriving::body(body, self.body_limit, &self.conn));
        request.extensions_mut().insert(ConnectInfo(self.peer));
        Answering { inner: self.service.clone().call(request), busy: Some(busy) }
    }
}

pin_project_lite::pin_project! {
    /// An answer on its way: what is made of the request, and the mark that somebody waits for it.
    struct Answering<F> {
        #[pin]
        inner: F,
        busy: Option<Busy>,
    }
}

impl<F: Future<Output = Result<Response<Body>, Infallible>>> Future for Answering<F> {
    type Output = Result<Response<Leaving>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Ok(response) = ready!(this.inner.poll(cx));
        let busy = this.busy.take();
        Poll::Ready(Ok(response.map(|inner| Leaving { inner, busy })))
    }
}
