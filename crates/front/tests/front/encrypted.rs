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
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{LONG, Running, ask, rest, short, start};

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

/// With its length in two bytes before it.
fn sized(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

/// A ClientHello (RFC 5246, 7.4.1.2) in a record: of a client that speaks no later version than this, and these suites.
fn hello(version: [u8; 2], suites: &[u16]) -> Vec<u8> {
    let extension = |kind: u16, body: &[u8]| [&kind.to_be_bytes()[..], &sized(body)[..]].concat();
    let suites: Vec<u8> = suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    let extensions = [
        // Groups: P-256 and X25519. Points: uncompressed. Signatures: ECDSA with P-256 and SHA-256.
        extension(10, &sized(&[0, 23, 0, 29])),
        extension(11, &[1, 0]),
        extension(13, &sized(&[4, 3])),
    ]
    .concat();
    // 32 bytes of chance, no session to resume, no compression.
    let body = [&version[..], &[7_u8; 32][..], &[0_u8][..], &sized(&suites)[..], &[1_u8, 0][..], &sized(&extensions)[..]].concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let message = [&[1_u8][..], &length[1..], &body[..]].concat();
    [&[22_u8, 3, 1][..], &sized(&message)[..]].concat()
}

/// The kind of the record that answers, and the first two bytes in it. After an alert nothing more comes.
async fn answered(server: &Running, hello: &[u8]) -> (u8, [u8; 2]) {
    let mut stream = server.connect().await;
    stream.write_all(hello).await.unwrap();
    let mut first = [0; 7];
    tokio::time::timeout(LONG, stream.read_exact(&mut first)).await.expect("an answer").unwrap();
    if first[0] == 21 {
        assert_eq!(rest(&mut stream).await, "");
    }
    (first[0], [first[5], first[6]])
}

#[tokio::test]
async fn no_version_before_1_2_is_spoken_and_no_weak_suite() {
    const TLS_1_2: [u8; 2] = [3, 3];
    // ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    const GOOD: u16 = 0xC02B;
    // RSA without forward secrecy, with AES (CBC and GCM), 3DES, RC4 and no cipher at all; DHE; ECDHE with CBC; nobody's key.
    const WEAK: [u16; 10] = [0x002F, 0x0035, 0x009C, 0x000A, 0x0005, 0x0002, 0x0033, 0xC009, 0xC00A, 0xC018];
    const PROTOCOL_VERSION: u8 = 70;
    const HANDSHAKE_FAILURE: u8 = 40;
    let pair = Pair::new();
    let server = start(Limits::default(), Some(Arc::new(Tls::open(pair.files()).unwrap()))).await;
    // A ServerHello: it is for nothing else that the others are refused.
    assert_eq!(answered(&server, &hello(TLS_1_2, &[GOOD])).await, (22, [2, 0]));
    assert_eq!(answered(&server, &hello(TLS_1_2, &[&WEAK[..], &[GOOD][..]].concat())).await, (22, [2, 0]));
    for minor in [0, 1, 2] {
        let old = [&WEAK[..], &[GOOD][..]].concat();
        assert_eq!(answered(&server, &hello([3, minor], &old)).await, (21, [2, PROTOCOL_VERSION]), "3.{minor}");
    }
    for weak in WEAK {
        assert_eq!(answered(&server, &hello(TLS_1_2, &[weak])).await, (21, [2, HANDSHAKE_FAILURE]), "{weak:#06x}");
    }
    assert_eq!(answered(&server, &hello(TLS_1_2, &WEAK)).await, (21, [2, HANDSHAKE_FAILURE]));
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
