//! No altered answer is believed: at the gate by the thousand, and over real HTTP.

use std::env;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use cuekey_sdk::envelope::Answer;
use cuekey_sdk::forge::{self, Alteration, Forger, Genuine, Signer};
use cuekey_sdk::{Error, Forgery};

use super::support::{self, NOW, Project, device, serve, unsigned, valid, verdict};
use super::vectors::Vectors;

fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

/// The vectors' answers, and ones like those of a running server; clocks at both ends of the window.
fn genuine() -> Vec<Genuine> {
    let vectors = Vectors::load();
    let key = vectors.key();
    let of_vectors =
        vectors.responses.iter().map(|v| Genuine { nonce: v.request_nonce.clone(), now: v.timestamp, answer: v.answer(), key });
    let signer = vectors.signer();
    let mine = [
        (200, verdict("VALID", "continue"), 300),
        (200, verdict("NOT_FOUND", "exit"), -300),
        (401, r#"{"code":"TIMESTAMP_SKEWED","unix":1795248000}"#.to_owned(), 0),
    ];
    let of_server = mine.iter().map(|(status, body, ahead)| {
        let nonce = "Zm9yZ2VkLW5vbmNl_-0".to_owned();
        Genuine { answer: signer.answer(&nonce, *status, NOW, body.as_bytes()), nonce, now: NOW + ahead, key }
    });
    of_vectors.chain(of_server).collect()
}

/// A million, in two halves at once. `CUEKEY_FORGED` says how many instead, `CUEKEY_SEED` which.
#[test]
fn k8_1_no_forged_answer_is_believed() {
    let (count, seed) = (number("CUEKEY_FORGED", 1_000_000), number("CUEKEY_SEED", 1));
    let halves = [(seed, count / 2), (seed.wrapping_add(1 << 32), count - count / 2)];
    std::thread::scope(|scope| {
        for (seed, count) in halves {
            scope.spawn(move || half(seed, count));
        }
    });
}

fn half(seed: u64, count: u64) {
    let report = forge::run(&genuine(), seed, count);
    println!("seed {seed}, {count} forged, {} different: {:?}\n{:?}", report.distinct, report.presented, report.refused);
    assert!(report.believed.is_empty(), "seed {seed}: {:#?}", report.believed.first());
    assert_eq!(report.refused.values().sum::<u64>(), count, "seed {seed}");
    assert!(report.distinct >= count / 10 * 9, "seed {seed}: only {} of {count} are different", report.distinct);
    if count >= 20_000 {
        for kind in Alteration::ALL {
            assert!(report.presented.get(&kind).is_some_and(|&n| n > 100), "seed {seed}: hardly any {kind:?}");
        }
    }
}

/// Not drawn but gone through: every byte of every part that is signed, in every bit, left out and doubled.
#[test]
fn k8_1_no_single_byte_of_an_answer_can_be_changed() {
    let mut presented = 0;
    for original in genuine() {
        let refused = |answer: Answer, what: &str| {
            let believed = answer.clone().authenticate(&original.key, &original.nonce, original.now);
            assert!(believed.is_err(), "{what}: {answer:?}");
        };
        for bytes in changes(&original.answer.body) {
            refused(Answer { body: bytes, ..original.answer.clone() }, "body");
            presented += 1;
        }
        for at in 0..original.answer.headers.len() {
            let (name, value) = &original.answer.headers[at];
            if !name.starts_with("cuekey-") {
                continue;
            }
            for bytes in changes(value) {
                let mut answer = original.answer.clone();
                answer.headers[at].1 = bytes;
                refused(answer, name);
                presented += 1;
            }
        }
        for status in (100..600).filter(|status| *status != original.answer.status) {
            refused(Answer { status, ..original.answer.clone() }, "status");
            presented += 1;
        }
        for nonce in changes(original.nonce.as_bytes()).into_iter().filter_map(|bytes| String::from_utf8(bytes).ok()) {
            assert!(original.answer.clone().authenticate(&original.key, &nonce, original.now).is_err(), "nonce {nonce}");
            presented += 1;
        }
    }
    assert!(presented > 10_000, "{presented}");
}

fn changes(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for at in 0..bytes.len() {
        let mut with = |new: &[u8]| all.push([&bytes[..at], new, &bytes[at + 1..]].concat());
        (0..8).for_each(|bit| with(&[bytes[at] ^ (1 << bit)]));
        with(b"");
        with(&[bytes[at], bytes[at]]);
    }
    all.retain(|changed| changed != bytes);
    all
}

#[test]
fn k8_1_the_same_seed_draws_the_same_forgeries() {
    let genuine = &genuine()[4];
    let draw = |seed| Forger::new(genuine, seed).take(50).map(|forged| forged.answer).collect::<Vec<_>>();
    assert_eq!(draw(5), draw(5));
    assert_ne!(draw(5), draw(6));
}

#[test]
#[should_panic(expected = "not genuine")]
fn k8_1_the_kit_does_not_start_from_a_forgery() {
    let mut original = genuine().remove(0);
    original.answer.body.push(b' ');
    Forger::new(&original, 1);
}

#[test]
fn k8_1_a_headers_name_in_another_case_is_no_forgery() {
    let mut original = genuine().remove(0);
    for (name, _) in &mut original.answer.headers {
        name.make_ascii_uppercase();
    }
    assert!(original.answer.authenticate(&original.key, &original.nonce, original.now).is_ok());
}

/// A server that alters its own project's answers, each in another way.
#[tokio::test]
async fn k8_1_no_forged_answer_is_believed_over_http() {
    let project = Project::new();
    let (signing, seed) = (project.clone(), AtomicU64::new(0));
    let made = Arc::new(Mutex::new(Vec::new()));
    let log = made.clone();
    let host = serve(move |seen| {
        let genuine = Genuine {
            nonce: seen.nonce().to_owned(),
            now: NOW,
            answer: signing.sign(seen, 200, &verdict("VALID", "continue")),
            key: signing.signer.public_key(),
        };
        let altered = |forged: &forge::Forged| forged.nonce == genuine.nonce && forged.now == NOW;
        let fits = |forged: &forge::Forged| altered(forged) && support::sendable(&forged.answer).is_some();
        let seed = seed.fetch_add(1, Ordering::SeqCst);
        let forged = Forger::new(&genuine, seed).find(fits).expect("it draws for ever");
        log.lock().expect("nobody panics here").push(forged.alteration);
        forged.answer
    });
    let client = project.client(&host);
    for seed in 0..500 {
        let answer = client.verify("7K2M9", &device()).await;
        assert!(matches!(answer, Err(Error::Forged { .. })), "seed {seed}: {answer:?}");
    }
    let made: std::collections::HashSet<_> = made.lock().unwrap().drain(..).collect();
    // All but those which are about the client's own nonce and clock.
    assert_eq!(made.len(), Alteration::ALL.len() - 3, "{made:?}");
}

async fn refused_as_forged(behave: impl Fn(&support::Seen) -> Answer + Send + Sync + 'static) -> Forgery {
    let project = Project::new();
    let client = project.client(&serve(behave));
    match client.verify("7K2M9", &device()).await {
        Err(Error::Forged { why, .. }) => why,
        other => panic!("not refused as forged: {other:?}"),
    }
}

#[tokio::test]
async fn k8_1_an_unsigned_verdict_is_refused() {
    refused_as_forged(|_| unsigned(200, &verdict("VALID", "continue"))).await;
}

#[tokio::test]
async fn k8_1_another_projects_answer_is_refused() {
    let other = Signer::from_seed(&[8; 32]);
    refused_as_forged(move |seen| other.answer(seen.nonce(), 200, NOW, verdict("VALID", "continue"))).await;
}

#[tokio::test]
async fn k8_1_an_old_answer_and_one_from_the_future_are_refused() {
    for age in [301, -301, 86_400] {
        let project = Project::new();
        refused_as_forged(move |seen| project.signer.answer(seen.nonce(), 200, NOW - age, verdict("VALID", "continue"))).await;
    }
}

#[tokio::test]
async fn k8_1_a_redirect_is_not_followed() {
    let project = Project::new();
    let honest = serve({
        let project = project.clone();
        move |seen| project.answer(seen, valid)
    });
    refused_as_forged(move |_| {
        let mut answer = unsigned(307, "");
        answer.headers.push(("location".into(), format!("{honest}/client/v1/keys/verify").into_bytes()));
        answer
    })
    .await;
}

#[tokio::test]
async fn k8_1_an_endless_body_is_not_read_to_its_end() {
    let why = refused_as_forged(|_| unsigned(200, &" ".repeat(3 << 20))).await;
    assert!(matches!(why, Forgery::BodyTooLong { .. }), "{why:?}");
}

/// A genuine answer, kept and played back to the next request.
#[tokio::test]
async fn k8_1_a_replayed_answer_is_refused() {
    let project = Project::new();
    let (first, kept) = (AtomicBool::new(true), Mutex::new(None));
    let signing = project.clone();
    let host = serve(move |seen| {
        let mut kept = kept.lock().expect("nobody panics here");
        if first.swap(false, Ordering::SeqCst) {
            *kept = Some(signing.answer(seen, valid));
        }
        kept.clone().expect("kept at the first request")
    });
    let client = project.client(&host);
    assert!(client.verify("7K2M9", &device()).await.unwrap().is_valid());
    let replayed = client.verify("7K2M9", &device()).await;
    assert!(matches!(replayed, Err(Error::Forged { .. })), "{replayed:?}");
}

/// The server has no key to sign this with, so anybody can say it: a hint, whatever else the body claims.
#[tokio::test]
async fn k8_1_an_unknown_api_key_is_never_a_verdict() {
    for body in [
        r#"{"code":"API_KEY_UNKNOWN","message":"no such key"}"#.to_owned(),
        verdict("VALID", "continue").replace(r#""code":"VALID""#, r#""code":"API_KEY_UNKNOWN""#),
    ] {
        let project = Project::new();
        let client = project.client(&serve(move |_| unsigned(401, &body)));
        let answer = client.verify("7K2M9", &device()).await;
        assert!(matches!(answer, Err(Error::ApiKeyUnknown { .. })), "{answer:?}");
    }
    refused_as_forged(|_| unsigned(200, r#"{"code":"API_KEY_UNKNOWN"}"#)).await;
    refused_as_forged(|_| unsigned(401, r#"{"code":"TEMPORARILY_BANNED"}"#)).await;
    // With only half of what a signature takes it is not even a hint.
    refused_as_forged(|_| {
        let mut answer = unsigned(401, r#"{"code":"API_KEY_UNKNOWN"}"#);
        answer.headers.push(("cuekey-response-timestamp".into(), NOW.to_string().into_bytes()));
        answer
    })
    .await;
}
