//! What an honest server says, and how it arrives.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cuekey_sdk::{Action, Client, Code, Device, Error, Timestamp};

use super::support::{API_KEY, NOW, PUBLIC_KEY, Project, SECRET, Seen, device, serve, valid, verdict};

/// A client of a server that checks each request, then says this.
fn asking(answer: impl Fn(&Seen) -> (u16, String) + Send + Sync + 'static) -> Client {
    let project = Project::new();
    let client_of = project.clone();
    client_of.client(&serve(move |seen| project.answer(seen, &answer)))
}

#[tokio::test]
async fn k8_2_a_good_key_tells_its_remaining_validity() {
    let verdict = asking(valid).verify("7k2m9-qx4td", &device()).await.unwrap();
    assert!(verdict.is_valid());
    assert_eq!((&verdict.code, &verdict.action), (&Code::Valid, &Action::Continue));
    let key = verdict.key.unwrap();
    assert_eq!(key.remaining_seconds, Some(2_592_000));
    assert_eq!(key.expires_at, Some("2026-12-21T08:00:00Z".parse::<Timestamp>().unwrap()));
    assert!(key.first_use);
}

#[tokio::test]
async fn k8_2_a_bad_key_tells_why() {
    for (word, action, code, what_to_do) in [
        ("NOT_FOUND", "exit", Code::NotFound, Action::Exit),
        ("PROJECT_DISABLED", "exit", Code::ProjectDisabled, Action::Exit),
        ("DISABLED", "exit", Code::Disabled, Action::Exit),
        ("EXPIRED", "renew", Code::Expired, Action::Renew),
        ("DEVICE_MISMATCH", "contact", Code::DeviceMismatch, Action::Contact),
        ("FROM_A_LATER_SERVER", "dance", Code::Other("FROM_A_LATER_SERVER".into()), Action::Other("dance".into())),
    ] {
        let verdict = asking(move |_| (200, verdict(word, action))).verify("7K2M9", &device()).await.unwrap();
        assert!(!verdict.is_valid());
        assert_eq!(verdict.key.is_none(), code == Code::NotFound);
        assert_eq!((verdict.code, verdict.action), (code, what_to_do));
    }
}

#[tokio::test]
async fn k8_1_a_request_says_what_was_asked_under_a_fresh_nonce() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let client = asking(move |seen| {
        let body = String::from_utf8_lossy(&seen.body).into_owned();
        log.lock().expect("nobody panics here").push((seen.target.clone(), seen.nonce().to_owned(), body));
        valid(seen)
    });
    client.verify(" 7k2m9–qx4td ", &device().named("front desk")).await.unwrap();
    client.verify("7K2M9", &Device::own("d").unwrap()).await.unwrap();
    let seen = seen.lock().unwrap();
    let bodies: Vec<_> = seen.iter().map(|(_, _, body)| &**body).collect();
    assert_eq!(
        bodies,
        [r#"{"key":"7K2M9QX4TD","device":{"id":"a1b2c3d4e5f60718","name":"front desk"}}"#, r#"{"key":"7K2M9","device":{"id":"d"}}"#,]
    );
    assert!(seen.iter().all(|(target, nonce, _)| target == "/client/v1/keys/verify" && nonce.len() == 32));
    assert_ne!(seen[0].1, seen[1].1);
}

#[tokio::test]
async fn k8_3_a_query_tells_state_and_devices_or_that_there_is_no_such_key() {
    let client = asking(|seen| {
        assert_eq!(seen.target, "/client/v1/keys/query");
        let known = seen.body.as_ref() == br#"{"key":"7K2M9"}"#;
        let record = r#"{"key":{"id":"key_1","state":"active","activated_at":"2026-11-21T08:00:00Z","expires_at":null,
            "project":{"id":"prj_1","name":"店"},"batch":"bat_1",
            "devices":[{"id":"d1","name":"front desk","bound_at":"2026-11-21T08:00:00Z"},"d2"]}}"#;
        if known { (200, record.into()) } else { (404, r#"{"code":"NOT_FOUND","message":"no"}"#.into()) }
    });
    let key = client.query("7k2m9").await.unwrap().unwrap();
    assert_eq!((&*key.state, key.expires_at), ("active", None));
    assert_eq!(key.project.unwrap().name.as_deref(), Some("店"));
    assert_eq!(key.batch.unwrap().id, "bat_1");
    assert_eq!(key.devices.iter().map(|device| &*device.id).collect::<Vec<_>>(), ["d1", "d2"]);
    assert_eq!(client.query("other").await.unwrap(), None);
    let elsewhere = asking(|_| (410, r#"{"code":"NOT_FOUND"}"#.into()));
    assert!(matches!(elsewhere.query("7K2M9").await, Err(Error::Refused(_))), "only a 404 says that there is no such key");
}

#[tokio::test]
async fn k8_1_time_is_told_and_adopted() {
    let client = asking(|seen| {
        assert_eq!((seen.method.as_str(), &*seen.target), ("GET", "/client/v1/time"));
        (200, format!(r#"{{"server_time":"2026-11-21T08:00:00Z","unix":{}}}"#, NOW + 42))
    });
    assert_eq!(client.clock_offset_seconds(), 0);
    assert_eq!(client.time().await.unwrap().unix, NOW + 42);
    assert_eq!(client.clock_offset_seconds(), 42);
}

#[tokio::test]
async fn k8_1_a_refused_request_tells_its_code_and_how_long_to_wait() {
    for (status, code, wait) in [(429, "RATE_LIMITED", Some(30)), (403, "TEMPORARILY_BANNED", Some(600)), (401, "NONCE_REUSED", None)] {
        let project = Project::new();
        let client_of = project.clone();
        let client = client_of.client(&serve(move |seen| {
            let mut answer = project.sign(seen, status, &format!(r#"{{"code":"{code}","message":"慢一点"}}"#));
            answer.headers.extend(wait.map(|seconds: u64| ("retry-after".to_owned(), seconds.to_string().into_bytes())));
            answer
        }));
        let Err(Error::Refused(refusal)) = client.verify("7K2M9", &device()).await else { panic!("not refused") };
        assert_eq!((refusal.status, &*refusal.code, refusal.message.as_deref()), (status, code, Some("慢一点")));
        assert_eq!(refusal.retry_after, wait.map(Duration::from_secs));
    }
}

#[tokio::test]
async fn k8_1_a_wrong_secret_is_told_by_the_server_itself() {
    let project = Project::new();
    let key = PUBLIC_KEY;
    let host = serve(move |seen| project.answer(seen, valid));
    let client = Client::builder([&*host], API_KEY, "sk_wrong", key).clock(|| NOW).build().unwrap();
    let error = client.verify("7K2M9", &device()).await.unwrap_err();
    assert_eq!(error.code(), "SIGNATURE_INVALID");

    let client = Client::builder([&*host], "pk_unknown", SECRET, key).clock(|| NOW).build().unwrap();
    let error = client.verify("7K2M9", &device()).await.unwrap_err();
    assert_eq!(error.code(), "API_KEY_UNKNOWN");
}

/// Signed, and still not a verdict.
#[tokio::test]
async fn k8_2_an_answer_that_contradicts_itself_is_no_verdict() {
    for body in [
        verdict("EXPIRED", "renew").replace(r#""valid":false"#, r#""valid":true"#),
        verdict("VALID", "continue").replace(r#""valid":true"#, r#""valid":false"#),
        r#"{"code":"VALID"}"#.to_owned(),
        r#"{"valid":true}"#.to_owned(),
        "<html>".to_owned(),
        String::new(),
    ] {
        let answer = asking(move |_| (200, body.clone())).verify("7K2M9", &device()).await;
        assert!(matches!(answer, Err(Error::Unreadable { status: 200, .. })), "{answer:?}");
    }
    // A verdict's body under another status is not one.
    let answer = asking(|_| (500, verdict("VALID", "continue"))).verify("7K2M9", &device()).await;
    assert!(matches!(answer, Err(Error::Refused(_))), "{answer:?}");
}

#[test]
fn k8_1_settings_that_cannot_work_are_refused_at_once() {
    let key = PUBLIC_KEY;
    let host = "https://keys.example.com";
    for (hosts, api_key, public_key) in [
        (vec![], API_KEY, key),
        (vec!["keys.example.com"], API_KEY, key),
        (vec!["ftp://keys.example.com"], API_KEY, key),
        (vec!["https://keys.example.com/prefix"], API_KEY, key),
        (vec!["https://user:password@keys.example.com"], API_KEY, key),
        (vec![host], SECRET, key),
        (vec![host], "pk_new\nline", key),
        (vec![host], API_KEY, SECRET),
        (vec![host], API_KEY, "AAAA"),
    ] {
        let built = Client::builder(hosts, api_key, SECRET, public_key).build();
        assert_eq!(built.unwrap_err().code(), "CONFIGURATION");
    }
    let client = Client::builder([host, "http://127.0.0.1:8080/"], API_KEY, SECRET, key).build().unwrap();
    assert!(!format!("{client:?}").contains("loopback"), "secrets are not for logs");
}
