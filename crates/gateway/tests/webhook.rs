//! K8.2: where callbacks go and where they do not, against real sockets on the loopback address.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gateway::{Names, WebhookSender};
use licensing::callbacks::{DeliveryTrouble, Post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Answers each connection with these bytes. Counts connections.
async fn server(answer: &'static [u8]) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut request = [0; 4_096];
                let _ = socket.read(&mut request).await;
                let _ = socket.write_all(answer).await;
            });
        }
    });
    (port, connections)
}

fn names(name: &str, addresses: &[&str]) -> Names {
    let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
    Names::Fixed(HashMap::from([(name.to_owned(), addresses)]))
}

#[tokio::test]
async fn k8_2_a_name_that_stands_for_an_inner_address_is_refused_and_not_connected_to() {
    let (port, connections) = server(b"HTTP/1.1 204 No Content\r\n\r\n").await;
    let url = format!("http://hooks.example:{port}/");
    for addresses in [vec!["127.0.0.1"], vec!["8.8.8.8", "127.0.0.1"], vec!["::ffff:127.0.0.1"], vec!["10.0.0.1"], vec!["fd00::1"]] {
        let sender = WebhookSender::with_names(false, names("hooks.example", &addresses)).unwrap();
        let refused = sender.post(&url, &[], "{}").await.unwrap_err();
        assert_eq!(refused.trouble, DeliveryTrouble::PrivateAddress, "{refused:?}");
        assert!(refused.detail.starts_with("hooks.example: "), "{refused:?}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
    // The same name, where the installation allows it: what was looked up is what is connected to.
    let sender = WebhookSender::with_names(true, names("hooks.example", &["127.0.0.1"])).unwrap();
    assert_eq!(sender.post(&url, &[], "{}").await.unwrap().status, 204);
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn k8_2_a_name_of_this_machine_is_refused_by_the_systems_own_resolver() {
    let (port, connections) = server(b"HTTP/1.1 204 No Content\r\n\r\n").await;
    let sender = WebhookSender::new(false).unwrap();
    for host in ["localhost", "localhost.", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1", "2130706433"] {
        let refused = sender.post(&format!("http://{host}:{port}/"), &[], "{}").await.unwrap_err();
        assert_eq!(refused.trouble, DeliveryTrouble::PrivateAddress, "{host}: {refused:?}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn k8_2_an_answer_is_read_to_2_kib_and_a_redirect_is_not_followed() {
    let sender = WebhookSender::new(true).unwrap();
    let (elsewhere, followed) = server(b"HTTP/1.1 200 OK\r\n\r\n").await;
    let redirect: &'static str =
        format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:{elsewhere}/\r\ncontent-length: 0\r\n\r\n").leak();
    let (port, _) = server(redirect.as_bytes()).await;
    assert_eq!(sender.post(&format!("http://127.0.0.1:{port}/"), &[], "{}").await.unwrap().status, 307);
    assert_eq!(followed.load(Ordering::SeqCst), 0);

    let endless: &'static str = format!("HTTP/1.1 200 OK\r\n\r\n{}", "号".repeat(1_000_000)).leak();
    let (port, _) = server(endless.as_bytes()).await;
    let answer = sender.post(&format!("http://127.0.0.1:{port}/"), &[], "{}").await.unwrap();
    assert_eq!(answer.body_excerpt, "号".repeat(682));

    // Cut short, or no text at all: the status is what counts.
    let (port, _) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n\xff\xfeabc").await;
    let answer = sender.post(&format!("http://127.0.0.1:{port}/"), &[], "{}").await.unwrap();
    assert_eq!((answer.status, answer.body_excerpt.as_str()), (200, "\u{fffd}\u{fffd}abc"));
}

#[tokio::test]
async fn k8_2_trouble_is_a_word_and_its_detail_is_without_the_urls_secrets() {
    let sender = WebhookSender::with_names(true, names("known.example", &["127.0.0.1"])).unwrap();
    let (port, connections) = server(b"SMTP ready when you are\r\n").await;
    for (url, what) in [
        ("http://127.0.0.1:1/?token=secret".to_owned(), DeliveryTrouble::NoConnection),
        ("http://unknown.example/?token=secret".to_owned(), DeliveryTrouble::NoConnection),
        (format!("https://known.example:{port}/?token=secret"), DeliveryTrouble::NoConnection),
        (format!("http://127.0.0.1:{port}/?token=secret"), DeliveryTrouble::NoAnswer),
    ] {
        let error = sender.post(&url, &[], "{}").await.unwrap_err();
        assert_eq!(error.trouble, what, "{error:?}");
        assert!(!error.detail.is_empty() && !error.detail.contains("secret"), "{url}: {error:?}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 2, "each attempt is one connection");
    let refused = sender.post("http://user:password@known.example/", &[], "{}").await.unwrap_err();
    assert_eq!((refused.trouble, refused.detail.as_str()), (DeliveryTrouble::BadAddress, ""));
}
