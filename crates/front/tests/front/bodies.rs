//! Bodies that are held open: how much of them there may be, and that what goes makes room.

use front::Limits;
use kernel::Stopwatch;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{LONG, Running, ask, rest, start};

fn head(length: usize) -> String {
    format!("POST /told HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")
}

/// A body that lacks its last byte; the others have arrived.
async fn hold(server: &Running, bytes: usize) -> TcpStream {
    let mut arrived = server.arrived.clone();
    let all = *arrived.borrow() + bytes;
    let mut stream = server.connect().await;
    stream.write_all(head(bytes + 1).as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; bytes]).await.unwrap();
    tokio::time::timeout(LONG, arrived.wait_for(|arrived| *arrived >= all)).await.expect("it arrives").unwrap();
    stream
}

/// What is said to a whole body of so many bytes.
async fn whole(server: &Running, bytes: usize) -> String {
    let mut stream = server.connect().await;
    stream.write_all(head(bytes).as_bytes()).await.unwrap();
    // Whoever refuses it may be gone before it has been sent.
    let _ = stream.write_all(&vec![b'x'; bytes]).await;
    let answer = rest(&mut stream).await;
    answer.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned()
}

/// Asks again and again until `said` is the answer to such a body: a listener notices in its own time that somebody has gone.
async fn until(server: &Running, bytes: usize, said: &str) {
    let watch = Stopwatch::start();
    while whole(server, bytes).await != said {
        assert!(watch.elapsed() < LONG, "{said} is never said to {bytes} bytes");
    }
}

#[tokio::test]
async fn bodies_on_their_way_have_a_bound_and_what_goes_makes_room() {
    for (limits, said) in [
        (Limits { bodies_per_address: 200_000, ..Limits::default() }, "RATE_LIMITED 1"),
        (Limits { bodies: 200_000, ..Limits::default() }, "BUSY 1"),
    ] {
        let server = start(limits, None).await;
        until(&server, 150_000, "150000").await;
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(hold(&server, 40_000).await);
        }
        until(&server, 50_000, said).await;
        assert!(server.is_served().await, "what brings no body is served");
        // One ends well, and the others go away.
        let mut first = held.remove(0);
        assert!(ask(&mut first, "x").await.ends_with("\r\n\r\n40001"));
        until(&server, 50_000, "50000").await;
        drop(held);
        until(&server, 150_000, "150000").await;
    }
}

#[tokio::test]
async fn a_body_in_crumbs_counts_for_what_it_costs() {
    let server = start(Limits { bodies_per_address: 100_000, ..Limits::default() }, None).await;
    let chunked = |crumbs: usize| {
        let head = "POST /told HTTP/1.1\r\nHost: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
        format!("{head}{}0\r\n\r\n", "1\r\nx\r\n".repeat(crumbs))
    };
    assert!(ask(&mut server.connect().await, &chunked(1_000)).await.ends_with("\r\n\r\n1000"));
    let mut stream = server.connect().await;
    let _ = stream.write_all(chunked(4_000).as_bytes()).await;
    let refused = rest(&mut stream).await;
    assert!(refused.ends_with("\r\n\r\nRATE_LIMITED 1"), "{refused}");
    assert_eq!(whole(&server, 50_000).await, "50000");
}
