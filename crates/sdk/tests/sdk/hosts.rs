//! Several hosts: the first that gives an answer of the project's own.

use std::io::{Read, Write};
use std::net::TcpListener;

use cuekey_sdk::{Error, Verdict};

use super::support::{NOW, Project, device, nobody, serve, unsigned, valid, verdict};

fn honest(project: &std::sync::Arc<Project>) -> String {
    let project = project.clone();
    serve(move |seen| project.answer(seen, valid))
}

async fn ask(project: &Project, hosts: &[String]) -> Result<Verdict, Error> {
    let client = project.builder(hosts).build().expect("the settings are right");
    client.verify("7K2M9", &device()).await
}

/// A server that takes the request and hangs up in the middle of its answer.
fn hangs_up() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let _ = socket.read(&mut request);
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"valid\":true,");
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn k8_1_the_next_host_is_asked_when_one_is_down_or_not_ours() {
    let project = Project::new();
    let block_page = serve(|_| unsigned(200, "<html>This site is blocked</html>"));
    let other_installation = serve(|_| unsigned(401, r#"{"code":"API_KEY_UNKNOWN"}"#));
    for first in [nobody(), hangs_up(), block_page, other_installation] {
        let verdict = ask(&project, &[first, nobody(), honest(&project)]).await.unwrap();
        assert!(verdict.is_valid());
    }
}

#[tokio::test]
async fn k8_1_without_any_answer_the_error_is_one_of_transport() {
    let project = Project::new();
    for host in [nobody(), hangs_up()] {
        let error = ask(&project, std::slice::from_ref(&host)).await.unwrap_err();
        assert!(matches!(&error, Error::Transport { host: named, .. } if *named == host), "{error:?}");
        assert_eq!(error.code(), "TRANSPORT");
    }
}

#[tokio::test]
async fn k8_1_a_forgery_is_told_even_if_the_other_hosts_are_down() {
    let project = Project::new();
    let forging = serve(|_| unsigned(200, &verdict("VALID", "continue")));
    let error = ask(&project, &[nobody(), forging.clone(), nobody()]).await.unwrap_err();
    assert!(matches!(&error, Error::Forged { host, .. } if *host == forging), "{error:?}");
}

#[tokio::test]
async fn k8_1_a_genuine_refusal_is_final() {
    let project = Project::new();
    let signing = project.clone();
    let banned = serve(move |seen| signing.signer.answer(seen.nonce(), 403, NOW, r#"{"code":"TEMPORARILY_BANNED"}"#));
    let error = ask(&project, &[banned, honest(&project)]).await.unwrap_err();
    assert_eq!(error.code(), "TEMPORARILY_BANNED");
}
