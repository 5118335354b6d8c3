//! Who is let in, close by: keys, times and signatures against a database. Whole requests are tested in `web`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kernel::{HOUR, Kind, SECOND, Timestamp};
use platform::identity::Role;
use platform::testing::Bench;
use ring::hmac;
use store::{args, on_both};

use super::admit::{Admitted, Refusal, Request, admit, nonce_reused, too_many};
use super::limit::Limits;
use super::nonces::Nonces;
use super::project::{Projects, request_canonical, response_canonical};
use crate::projects::{self, NewProject, ProjectCreated};

const NONCE: &str = "0123456789abcdef";

struct Door {
    bench: Bench,
    projects: Projects,
    limits: Limits,
    nonces: Nonces,
    made: ProjectCreated,
}

/// What a program sends, before it is spoilt.
#[derive(Clone)]
struct Call {
    key: String,
    secret: String,
    timestamp: String,
    nonce: String,
    address: String,
}

async fn root(bench: &Bench) -> platform::Cx {
    let (root, _) = bench.user(Role::SuperAdmin, "root").await;
    bench.visitor().as_user(root)
}

impl Door {
    async fn new(db: store::testing::TestDb) -> (Self, platform::Cx) {
        let bench = Bench::on(db).await;
        let cx = root(&bench).await;
        let form: NewProject = serde_json::from_str(r#"{"name": "Demo"}"#).unwrap();
        let made = projects::create(&cx, form, None).await.unwrap();
        let limits = Limits::new(bench.clock.clone());
        let nonces = Nonces::load(&bench.platform).await.unwrap();
        (Self { bench, projects: Projects::new(), limits, nonces, made }, cx)
    }

    fn call(&self) -> Call {
        let timestamp = self.bench.clock.now().unix().to_string();
        let (key, secret) = (self.made.project.api_key.clone(), self.made.secret.clone());
        Call { key, secret, timestamp, nonce: NONCE.into(), address: "198.51.100.7".into() }
    }

    async fn send(&self, call: &Call) -> Result<Admitted, Refusal> {
        let canonical = request_canonical("POST", "/client/v1/keys/verify?x=1", &call.timestamp, &call.nonce, b"{}");
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, call.secret.as_bytes()), canonical.as_bytes());
        let signature = format!("v1={}", hex::encode(tag.as_ref()));
        let request = Request {
            method: "POST",
            target: "/client/v1/keys/verify?x=1",
            key: &call.key,
            timestamp: &call.timestamp,
            nonce: &call.nonce,
            signature: &signature,
            body: b"{}",
            address: &call.address,
        };
        admit(&self.bench.platform, &self.projects, &self.limits, &self.nonces, &request).await
    }

    /// The code of the refusal, and whether the project signs it.
    async fn refused(&self, call: &Call) -> (&'static str, bool) {
        let refusal = self.send(call).await.err().unwrap();
        assert!(matches!(refusal.fault.kind, Kind::Unauthenticated | Kind::Limited | Kind::Forbidden));
        (refusal.fault.code, refusal.project.is_some())
    }
}

on_both! { &crate::migrations();
    async fn k8_1_a_request_that_its_project_has_signed_comes_in(db) {
        let (door, _) = Door::new(db).await;
        let call = door.call();
        let admitted = door.send(&call).await.ok().unwrap();
        assert_eq!((admitted.project.id, admitted.project.name.as_str(), admitted.nonce.as_str()), (door.made.project.id, "Demo", NONCE));
        assert_eq!((admitted.signed_at.to_string(), admitted.project.rate_per_minute), (call.timestamp.clone(), 600));
        assert_eq!(admitted.project.response_public_key(), door.made.project.response_public_key);
        let again = door.send(&call).await.ok().unwrap();
        assert!(Arc::ptr_eq(&admitted.project, &again.project), "it is remembered");
    }

    async fn k8_1_what_is_wrong_is_named_in_the_contracts_order(db) {
        let (door, _) = Door::new(db).await;
        let good = door.call();
        for key in ["", "pk_unknown", &"k".repeat(65)] {
            assert_eq!(door.refused(&Call { key: key.into(), timestamp: "x".into(), ..good.clone() }).await, ("API_KEY_UNKNOWN", false));
        }
        let now = door.bench.clock.now().unix();
        for late in [now - 302, now + 302] {
            assert_eq!(door.refused(&Call { timestamp: late.to_string(), secret: "x".into(), ..good.clone() }).await, ("TIMESTAMP_SKEWED", true));
        }
        for near in [now - 299, now + 299] {
            assert!(door.send(&Call { timestamp: near.to_string(), ..good.clone() }).await.is_ok());
        }
        assert_eq!(door.refused(&Call { secret: "sk_wrong".into(), nonce: "x".into(), ..good.clone() }).await, ("SIGNATURE_INVALID", true));
        for nonce in ["short", &"n".repeat(65), "0123456789abcde."] {
            assert_eq!(door.refused(&Call { nonce: nonce.into(), ..good.clone() }).await, ("NONCE_INVALID", true));
        }
        assert!(door.send(&Call { nonce: "AZaz09-_AZaz09-_".repeat(4), ..good }).await.is_ok());
    }

    async fn k8_1_whichever_byte_is_whichever_other_and_whichever_neighbours_are_exchanged_a_request_is_refused(db) {
        let (door, _) = Door::new(db).await;
        let call = door.call();
        let (target, body) = ("/client/v1/keys/verify?x=1", br#"{"key":"7K2M9-QX4TD","device":{"id":"a"}}"#);
        let canonical = request_canonical("POST", target, &call.timestamp, &call.nonce, body);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, call.secret.as_bytes()), canonical.as_bytes());
        let signature = format!("v1={}", hex::encode(tag.as_ref()));
        let right: [&[u8]; 7] = [
            b"POST", target.as_bytes(), call.key.as_bytes(), call.timestamp.as_bytes(), call.nonce.as_bytes(), signature.as_bytes(), body,
        ];
        let sent = AtomicU32::new(0);
        // All but the body is text here. What is no byte of ASCII is another character.
        let refusal = async |parts: [&[u8]; 7]| {
            let text = |part: usize| parts[part].iter().map(|byte| char::from(*byte)).collect::<String>();
            let [method, target, key, timestamp, nonce, signature] = [0, 1, 2, 3, 4, 5].map(text);
            // Each from an address of its own: failures are counted by address.
            let [a, b, c, d] = sent.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            let address = format!("{}.{b}.{c}.{d}", 10 + a);
            let request = Request {
                method: &method, target: &target, key: &key, timestamp: &timestamp, nonce: &nonce, signature: &signature, body: parts[6], address: &address,
            };
            admit(&door.bench.platform, &door.projects, &door.limits, &door.nonces, &request).await.err().map(|refusal| refusal.fault.code)
        };
        assert_eq!(refusal(right).await, None);
        let mut taken = Vec::new();
        for part in 0..right.len() {
            let codes: &[&str] = match part {
                2 => &["API_KEY_UNKNOWN"],
                3 => &["TIMESTAMP_SKEWED", "SIGNATURE_INVALID"],
                _ => &["SIGNATURE_INVALID"],
            };
            let mut altered = right[part].to_vec();
            for at in 0..altered.len() {
                let was = altered[at];
                // No header carries a zero, and no text of PostgreSQL does.
                for other in (u8::from(part == 2)..=u8::MAX).filter(|other| *other != was) {
                    altered[at] = other;
                    let mut parts = right;
                    parts[part] = &altered;
                    let code = refusal(parts).await;
                    if code.is_none_or(|code| !codes.contains(&code)) {
                        taken.push((part, at, other, code));
                    }
                }
                altered[at] = was;
                if at > 0 && altered[at - 1] != was {
                    altered.swap(at - 1, at);
                    let mut parts = right;
                    parts[part] = &altered;
                    let code = refusal(parts).await;
                    if code.is_none_or(|code| !codes.contains(&code)) {
                        taken.push((part, at, was, code));
                    }
                    altered.swap(at - 1, at);
                }
            }
        }
        assert!(taken.is_empty(), "part, place, byte, code: {taken:?}");
        let length: usize = right.iter().map(|part| part.len()).sum();
        assert!(sent.load(Ordering::Relaxed) as usize > length * 255 && length > 150, "{length} bytes");
        assert_eq!(refusal(right).await, None);
    }

    async fn an_address_that_fails_too_often_is_told_to_wait_and_a_right_signature_passes_all_the_same(db) {
        let (door, _) = Door::new(db).await;
        let good = door.call();
        let unknown = Call { key: "pk_unknown".into(), ..good.clone() };
        let forged = Call { secret: "sk_wrong".into(), ..good.clone() };
        for _ in 0..30 {
            assert_eq!(door.refused(&unknown).await.0, "API_KEY_UNKNOWN");
            assert_eq!(door.refused(&forged).await.0, "SIGNATURE_INVALID");
        }
        assert_eq!((door.refused(&unknown).await, door.refused(&forged).await), (("RATE_LIMITED", false), ("RATE_LIMITED", true)));
        let reasons = [door.send(&unknown).await.err().unwrap().reason, door.send(&forged).await.err().unwrap().reason];
        assert_eq!(reasons, ["API_KEY_UNKNOWN", "SIGNATURE_INVALID"], "the log has what was wrong");
        assert!(door.send(&good).await.is_ok());
        assert_eq!(door.refused(&Call { address: "203.0.113.9".into(), ..forged }).await.0, "SIGNATURE_INVALID");
    }

    async fn a_banned_project_is_refused_until_its_ban_is_over(db) {
        let (door, _) = Door::new(db).await;
        let until = door.bench.clock.now().plus_seconds(60);
        door.bench.exec("UPDATE projects SET banned_until = $1", args![until]).await;
        let refusal = door.send(&Call { secret: "sk_wrong".into(), ..door.call() }).await.err().unwrap();
        assert_eq!((refusal.fault.code, refusal.fault.retry_after, refusal.project.is_some()), ("TEMPORARILY_BANNED", Some(60), true));
        let call = door.call();
        door.bench.next_look(until.plus_micros(-1));
        assert_eq!(door.refused(&call).await.0, "TEMPORARILY_BANNED");
        door.bench.next_look(until);
        assert!(door.send(&call).await.is_ok());
    }

    async fn k8_1_a_ban_that_was_spoken_while_the_clock_was_ahead_is_over_when_it_is_set_back(db) {
        let (door, _) = Door::new(db).await;
        let ahead = door.bench.clock.now().plus_seconds(3_600);
        let sql = "UPDATE projects SET last_ban_at = $1, banned_until = $2";
        door.bench.exec(sql, args![ahead, ahead.plus_seconds(60)]).await;
        assert!(door.send(&door.call()).await.is_ok());
    }

    async fn k8_1_a_ban_that_another_process_spoke_whose_clock_is_minutes_ahead_is_kept(db) {
        let (door, _) = Door::new(db).await;
        let ahead = door.bench.clock.now().plus_seconds(240);
        let sql = "UPDATE projects SET last_ban_at = $1, banned_until = $2";
        door.bench.exec(sql, args![ahead, ahead.plus_seconds(60)]).await;
        assert_eq!(door.refused(&door.call()).await.0, "TEMPORARILY_BANNED");
    }

    async fn k2_1_during_a_rotation_both_secrets_are_good_and_then_the_new_one_only(db) {
        let (door, cx) = Door::new(db).await;
        assert!(door.send(&door.call()).await.is_ok(), "the project is remembered now");
        let rotated = projects::rotate_secret(&cx, door.made.project.id, 2).await.unwrap();
        let until = rotated.previous_valid_until.unwrap();
        assert_ne!(rotated.secret, door.made.secret);
        for secret in [&door.made.secret, &rotated.secret] {
            assert!(door.send(&Call { secret: secret.clone(), ..door.call() }).await.is_ok(), "the change was noticed");
        }
        door.bench.clock.step(2 * HOUR - 10 * SECOND);
        let old = door.call();
        door.bench.next_look(until.plus_micros(-1));
        assert!(door.send(&old).await.is_ok());
        door.bench.next_look(until);
        assert_eq!(door.refused(&old).await.0, "SIGNATURE_INVALID");
        assert!(door.send(&Call { secret: rotated.secret, ..old }).await.is_ok());
    }

    async fn an_unknown_key_is_looked_for_again_once_projects_have_changed(db) {
        let (door, cx) = Door::new(db).await;
        let call = Call { key: "pk_later".into(), ..door.call() };
        assert_eq!(door.refused(&call).await.0, "API_KEY_UNKNOWN");
        door.bench.exec("UPDATE projects SET api_key = 'pk_later'", args![]).await;
        assert_eq!(door.refused(&call).await.0, "API_KEY_UNKNOWN", "remembered until something is said to have changed");
        let form: NewProject = serde_json::from_str(r#"{"name": "Another"}"#).unwrap();
        projects::create(&cx, form, None).await.unwrap();
        assert!(door.send(&call).await.is_ok());
        assert_eq!(door.refused(&door.call()).await.0, "API_KEY_UNKNOWN", "the old one is gone");
    }
}

#[test]
fn only_one_spelling_of_a_signature_is_right() {
    let project = super::project::tests::project("secret", &[7; 32]);
    let canonical = request_canonical("GET", "/", "1", NONCE, b"");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"secret"), canonical.as_bytes());
    let right = format!("v1={}", hex::encode(tag.as_ref()));
    let signed = |signature: &str| project.signed(canonical.as_bytes(), signature, Timestamp::from_unix(0));
    assert!(signed(&right));
    let loud = format!("v1={}", right[3..].to_uppercase());
    let (short, long) = (&right[..right.len() - 2], format!("{right}00"));
    for wrong in ["", "v1=", &right[3..], &right.replace("v1", "v2"), &loud, &right.replace("v1=", "v1= "), short, &long] {
        assert!(!signed(wrong), "{wrong}");
    }
}

#[test]
fn a_canonical_text_is_its_lines_and_a_hash() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(request_canonical("GET", "/a?b", "1", "n", b""), format!("cuekey-request-v1\nGET\n/a?b\n1\nn\n{empty}"));
    assert_eq!(response_canonical("n", 7, "1", b""), format!("cuekey-response-v1\nn\n007\n1\n{empty}"));
}

#[test]
fn refusals_that_others_give_too() {
    let (used, many) = (nonce_reused(), too_many(7));
    assert_eq!((used.kind, used.code, used.retry_after), (Kind::Unauthenticated, "NONCE_REUSED", None));
    assert_eq!((many.kind, many.code, many.retry_after), (Kind::Limited, "RATE_LIMITED", Some(7)));
}
