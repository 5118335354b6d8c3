//! TLS: both versions of HTTP, certificates that change, and those who do not speak it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use front::Limits;
use front::tls::{Files, Tls};
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{LONG, ask, rest, short, start};

struct Pair {
    folder: tempfile::TempDir,
    made: rcgen::CertifiedKey<rcgen::KeyPair>,
}

impl Pair {
    fn new() -> Self {
        let pair = Self { folder: tempfile::tempdir().unwrap(), made: make() };
        pair.write();
        pair
    }

    fn write(&self) {
        std::fs::write(self.files().certificate, self.made.cert.pem()).unwrap();
        std::fs::write(self.files().key, self.made.signing_key.serialize_pem()).unwrap();
    }

    fn files(&self) -> Files {
        Files { certificate: self.folder.path().join("cert.pem"), key: self.folder.path().join("key.pem") }
    }

    fn certificate(&self) -> CertificateDer<'static> {
        self.made.cert.der().clone()
    }
}

fn make() -> rcgen::CertifiedKey<rcgen::KeyPair> {
    rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

async fn connect(address: std::net::SocketAddr, trusted: CertificateDer<'static>, alpn: &[&[u8]]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

const GET: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn http_1_1_and_http_2_are_spoken_over_tls() {
    let pair = Pair::new();
    let server = start(Limits::default(), Some(Arc::new(Tls::open(pair.files()).unwrap()))).await;
    let mut first = connect(server.address, pair.certificate(), &[b"http/1.1"]).await.unwrap();
    assert!(ask(&mut first, GET).await.ends_with("hello"));

    let second = connect(server.address, pair.certificate(), &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(second.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let handshake = hyper::client::conn::http2::handshake::<_, _, Empty<bytes::Bytes>>(TokioExecutor::new(), TokioIo::new(second));
    let (mut sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    for path in ["/", "/events"] {
        let request = hyper::Request::get(format!("https://localhost{path}")).body(Empty::new()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, hyper::Version::HTTP_2));
        assert!(!answer.into_body().collect().await.unwrap().to_bytes().is_empty());
    }
}

#[tokio::test]
async fn an_idle_connection_of_http_2_ends() {
    let pair = Pair::new();
    let server = start(short(), Some(Arc::new(Tls::open(pair.files()).unwrap()))).await;
    let second = connect(server.address, pair.certificate(), &[b"h2"]).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake::<_, _, Empty<bytes::Bytes>>(TokioExecutor::new(), TokioIo::new(second));
    let (mut sender, connection) = handshake.await.unwrap();
    let connection = tokio::spawn(connection);
    // Longer than the idle bound, and not cut, since it is being answered.
    let request = hyper::Request::get("https://localhost/events").body(Empty::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    assert_eq!(answer.len(), 8 * "tick ".len());
    let _ = tokio::time::timeout(LONG, connection).await.expect("it is closed");
}

type Sender = hyper::client::conn::http2::SendRequest<Body>;

/// What is said to a body.
async fn told(mut sender: Sender, body: Body) -> String {
    let request = hyper::Request::post("https://localhost/told").body(body).unwrap();
    let answer = sender.send_request(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn the_streams_of_one_connection_have_the_room_of_their_address_together() {
    let pair = Pair::new();
    let limits = Limits { bodies_per_address: 200_000, ..Limits::default() };
    let mut server = start(limits, Some(Arc::new(Tls::open(pair.files()).unwrap()))).await;
    let second = connect(server.address, pair.certificate(), &[b"h2"]).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake::<_, _, Body>(TokioExecutor::new(), TokioIo::new(second));
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let bytes = |length: usize| Bytes::from(vec![b'x'; length]);
    let mut held = Vec::new();
    for n in 1..=4 {
        let begun = stream::once(std::future::ready(Ok::<_, Infallible>(bytes(40_000))));
        held.push(tokio::spawn(told(sender.clone(), Body::from_stream(begun.chain(stream::pending())))));
        tokio::time::timeout(LONG, server.arrived.wait_for(|arrived| *arrived >= n * 40_000)).await.expect("it arrives").unwrap();
    }
    assert_eq!(told(sender.clone(), Body::from(bytes(50_000))).await, "RATE_LIMITED 1");
    for one in held {
        one.abort();
    }
    let watch = kernel::Stopwatch::start();
    while told(sender.clone(), Body::from(bytes(150_000))).await != "150000" {
        assert!(watch.elapsed() < LONG, "the room is not given back");
    }
}

#[tokio::test]
async fn a_changed_certificate_is_offered_without_a_restart() {
    let mut pair = Pair::new();
    let tls = Arc::new(Tls::open(pair.files()).unwrap());
    let server = start(Limits::default(), Some(Arc::clone(&tls))).await;
    let old = pair.certificate();
    assert!(connect(server.address, old.clone(), &[]).await.is_ok());
    pair.made = make();
    pair.write();
    assert_eq!(tls.look(), Ok(true));
    assert!(connect(server.address, old, &[]).await.is_err(), "the old one is not offered any more");
    let mut stream = connect(server.address, pair.certificate(), &[]).await.unwrap();
    assert!(ask(&mut stream, GET).await.ends_with("hello"));
}

#[tokio::test]
async fn plain_http_is_told_so_and_slow_handshakes_end() {
    let pair = Pair::new();
    let server = start(short(), Some(Arc::new(Tls::open(pair.files()).unwrap()))).await;
    let answer = ask(&mut server.connect().await, GET).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("https://"), "{answer}");
    assert_eq!(rest(&mut server.connect().await).await, "");
    let half = ask(&mut server.connect().await, "\u{16}\u{3}\u{1}").await;
    assert_eq!(half, "");
}
