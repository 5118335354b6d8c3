//! The line and the stand-ins behind it, as a program on the other side sees them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::time::Duration;

use kernel::Stopwatch;
use sandbox::{Hook, Line, Mailbox, State};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const SOON: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(20);
const CALL: &[u8] = b"POST /hook HTTP/1.1\r\nHost: x\r\nWebhook-Id: evt_1\r\nContent-Length: 2\r\n\r\n{}";

async fn line_to_a_hook() -> (Hook, Line) {
    let hook = Hook::open().await.unwrap();
    let line = Line::to(hook.address()).await.unwrap();
    (hook, line)
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut piece = [0; 200];
    let length = timeout(LONGEST, stream.read(&mut piece)).await.unwrap().unwrap_or(0);
    String::from_utf8_lossy(&piece[..length]).into_owned()
}

#[tokio::test]
async fn a_whole_line_passes_everything_on() {
    let (hook, line) = line_to_a_hook().await;
    let mut stream = TcpStream::connect(line.address()).await.unwrap();
    stream.write_all(CALL).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 204"));
    assert_eq!(hook.calls()[0].header("webhook-id"), Some("evt_1"));
    assert_eq!(hook.calls()[0].body, "{}");
}

#[tokio::test]
async fn a_silent_line_holds_what_is_said_until_it_is_whole_again() {
    let (hook, line) = line_to_a_hook().await;
    let mut old = TcpStream::connect(line.address()).await.unwrap();
    old.write_all(CALL).await.unwrap();
    assert!(!answer(&mut old).await.is_empty());
    line.set(State::Silent);
    old.write_all(CALL).await.unwrap();
    let mut new = TcpStream::connect(line.address()).await.unwrap();
    new.write_all(CALL).await.unwrap();
    assert!(timeout(SOON, old.read_u8()).await.is_err(), "no answer, and no end either");
    assert_eq!(hook.calls().len(), 1);
    line.set(State::Whole);
    assert!(answer(&mut old).await.starts_with("HTTP/1.1 204"));
    assert!(answer(&mut new).await.starts_with("HTTP/1.1 204"));
}

#[tokio::test]
async fn a_cut_line_ends_old_connections_and_new_ones() {
    let (hook, line) = line_to_a_hook().await;
    let mut old = TcpStream::connect(line.address()).await.unwrap();
    old.write_all(CALL).await.unwrap();
    assert!(!answer(&mut old).await.is_empty());
    line.set(State::Cut);
    assert_eq!(answer(&mut old).await, "");
    let mut new = TcpStream::connect(line.address()).await.unwrap();
    let _ = new.write_all(CALL).await;
    assert_eq!(answer(&mut new).await, "");
    assert_eq!(hook.calls().len(), 1);
}

#[tokio::test]
async fn a_slow_line_is_late_by_as_much_as_was_asked_in_each_direction() {
    let (_hook, line) = line_to_a_hook().await;
    line.set(State::Slow(Duration::from_millis(50)));
    let mut stream = TcpStream::connect(line.address()).await.unwrap();
    let watch = Stopwatch::start();
    stream.write_all(CALL).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 204"));
    assert!(watch.elapsed() >= Duration::from_millis(100), "{:?}", watch.elapsed());
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_sent() {
    let mailbox = Mailbox::open().await.unwrap();
    let mut stream = TcpStream::connect(mailbox.address()).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("220"));
    for said in ["EHLO me\r\n", "MAIL FROM:<a@example.com>\r\n", "RCPT TO:<b@example.com>\r\n", "DATA\r\n"] {
        stream.write_all(said.as_bytes()).await.unwrap();
        assert!(answer(&mut stream).await.starts_with(['2', '3']), "{said}");
    }
    assert_eq!(mailbox.letters(), [], "not before its end");
    stream.write_all(b"Message-ID: <7@example.com>\r\n\r\nhello\r\n..\r\n.\r\n").await.unwrap();
    assert!(answer(&mut stream).await.starts_with("250"));
    let letters = mailbox.letters();
    assert_eq!(letters[0].to, ["b@example.com"]);
    assert_eq!(letters[0].header("message-id"), Some("<7@example.com>"));
    assert_eq!(letters[0].body(), "hello\n.\n");
}
