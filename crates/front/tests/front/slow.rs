//! Slow and greedy clients, while others are served.

use front::Limits;
use kernel::Stopwatch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{LONG, SHORT, ask, rest, short, start};

#[tokio::test]
async fn slow_heads_end_within_the_limit_and_others_are_served_meanwhile() {
    let server = start(short(), None).await;
    let watch = Stopwatch::start();
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = server.connect().await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: test\r\nX: ").await.unwrap();
        slow.push(stream);
    }
    // One that sends a byte again and again gains nothing by it.
    let mut dribbling = server.connect().await;
    dribbling.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
    while dribbling.write_all(b"y").await.is_ok() {
        assert!(server.is_served().await);
        assert!(watch.elapsed() < LONG, "it goes on");
    }
    for stream in &mut slow {
        assert_eq!(rest(stream).await, "");
    }
    assert!(watch.elapsed() >= SHORT, "they had their time");
    assert!(server.is_served().await);
}

#[tokio::test]
async fn a_slow_body_is_refused_within_the_limit() {
    let server = start(short(), None).await;
    let mut stream = server.connect().await;
    let answer = ask(&mut stream, "POST /length HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\nx").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    // One whose body arrives in pieces, but in time.
    let mut stream = server.connect().await;
    stream.write_all(b"POST /length HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 3\r\n\r\na").await.unwrap();
    assert!(server.is_served().await);
    assert!(ask(&mut stream, "bc").await.ends_with("\r\n\r\n3"));
}

#[tokio::test]
async fn a_connection_that_is_not_used_any_more_ends_and_one_in_use_does_not() {
    let server = start(short(), None).await;
    let mut stream = server.connect().await;
    let mut buffer = [0; 512];
    let watch = Stopwatch::start();
    while watch.elapsed() < SHORT * 4 {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
        assert!(stream.read(&mut buffer).await.unwrap() > 0, "cut while in use");
    }
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(rest(&mut server.connect().await).await, "", "nor one that was never used");
}

#[tokio::test]
async fn a_long_answer_is_not_cut() {
    let server = start(short(), None).await;
    let mut stream = server.connect().await;
    let answer = ask(&mut stream, "GET /events HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").await;
    assert_eq!(answer.matches("tick ").count(), 8, "{answer}");
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let mut server = start(short(), None).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
    tokio::time::timeout(LONG, server.given_up.recv()).await.expect("it is given up");
    // One who takes it gets it for longer than that.
    let mut stream = server.connect().await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
    let (mut buffer, watch) = (vec![0; 65_536], Stopwatch::start());
    while watch.elapsed() < SHORT * 4 {
        assert!(stream.read(&mut buffer).await.unwrap() > 0, "cut while it was taken");
    }
}

#[tokio::test]
async fn large_heads_are_refused() {
    let server = start(Limits::default(), None).await;
    let head = |name: usize, value: usize| {
        format!("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{}\r\n", format!("X: {}\r\n", "y".repeat(value)).repeat(name))
    };
    for (head, status) in [(head(1, 40_000), "431"), (head(200, 1), "431"), (head(50, 500), "200")] {
        let answer = ask(&mut server.connect().await, &head).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{answer}");
    }
}

#[tokio::test]
async fn connections_are_bounded_for_each_address_and_in_all() {
    for limits in [Limits { per_address: 3, ..Limits::default() }, Limits { at_once: 3, ..Limits::default() }] {
        let server = start(limits, None).await;
        let mut kept = Vec::new();
        for _ in 0..3 {
            let mut stream = server.connect().await;
            stream.write_all(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
            assert!(stream.read(&mut [0; 512]).await.unwrap() > 0);
            kept.push(stream);
        }
        assert_eq!(rest(&mut server.connect().await).await, "", "one too many");
        kept.pop();
        let watch = Stopwatch::start();
        while !served_or_refused(&server).await {
            assert!(watch.elapsed() < LONG, "the place is not given back");
        }
    }
}

/// Like `is_served`, for a connection that may be closed before the request is written.
async fn served_or_refused(server: &crate::support::Running) -> bool {
    let mut stream = server.connect().await;
    let sent = stream.write_all(b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").await;
    sent.is_ok() && rest(&mut stream).await.ends_with("hello")
}

#[tokio::test]
async fn stopping_answers_what_was_begun_and_waits_for_nothing_else() {
    let server = start(Limits::default(), None).await;
    let unused = server.connect().await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
    assert!(idle.read(&mut [0; 512]).await.unwrap() > 0);
    let mut half = server.connect().await;
    half.write_all(b"GET / HTTP/1.1\r\nHost: test\r\n").await.unwrap();
    assert!(server.is_served().await);
    let watch = Stopwatch::start();
    server.stop.send(true).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    assert!(ask(&mut half, "\r\n").await.ends_with("hello"));
    tokio::time::timeout(LONG, server.done).await.expect("it ends").unwrap();
    assert!(watch.elapsed() < Limits::default().header, "it did not wait for the unused one");
    drop(unused);
}
