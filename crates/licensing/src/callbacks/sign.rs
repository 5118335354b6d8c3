//! Signing by Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.payload`, with a secret that both sides know.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::{HOUR, Random, Timestamp};
use platform::vault::{CannotOpen, Purpose, Vault};
use ring::hmac;
use serde::{Deserialize, Serialize};

pub(crate) const SEALED: Purpose = Purpose("callback secret");
const PREFIX: &str = "whsec_";
/// After a rotation the secret before signs too, so that the owner's server can be changed in peace.
const OVERLAP: i64 = 24 * HOUR;

/// What a project's callbacks are signed with; at rest it is sealed.
#[derive(Serialize, Deserialize)]
pub struct Secrets {
    current: String,
    previous: Option<Previous>,
}

#[derive(Serialize, Deserialize)]
struct Previous {
    secret: String,
    /// In microseconds.
    until: i64,
}

impl Secrets {
    pub fn first(random: &Random) -> Self {
        Self { current: make(random), previous: None }
    }

    pub fn rotated(self, random: &Random, now: Timestamp) -> Self {
        let previous = Previous { secret: self.current, until: now.plus_micros(OVERLAP).micros() };
        Self { current: make(random), previous: Some(previous) }
    }

    /// To be shown once.
    pub fn current(&self) -> &str {
        &self.current
    }

    /// The headers of one attempt.
    pub fn headers(&self, id: &str, now: Timestamp, body: &str) -> [(&'static str, String); 3] {
        let time = now.unix().to_string();
        let signed = format!("{id}.{time}.{body}");
        let mut signatures = sign(&self.current, &signed);
        if let Some(previous) = self.previous.as_ref().filter(|previous| now.micros() < previous.until) {
            signatures.push(' ');
            signatures.push_str(&sign(&previous.secret, &signed));
        }
        [("webhook-id", id.to_owned()), ("webhook-timestamp", time), ("webhook-signature", signatures)]
    }

    pub fn seal(&self, vault: &Vault) -> Vec<u8> {
        let plain = serde_json::to_vec(self).expect("text and numbers can be written as JSON");
        vault.seal(SEALED, &plain)
    }

    pub fn open(vault: &Vault, sealed: &[u8]) -> Result<Self, CannotOpen> {
        serde_json::from_slice(&vault.open(SEALED, sealed)?).map_err(|_| CannotOpen)
    }
}

fn make(random: &Random) -> String {
    format!("{PREFIX}{}", STANDARD.encode(random.bytes::<32>()))
}

fn sign(secret: &str, text: &str) -> String {
    let key = STANDARD.decode(secret.trim_start_matches(PREFIX)).expect("made by `make`");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), text.as_bytes());
    format!("v1,{}", STANDARD.encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Clock, SECOND};
    use standardwebhooks::Webhook;
    use zeroize::Zeroizing;

    fn map(headers: &[(&'static str, String)]) -> http::HeaderMap {
        headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn k8_2_the_published_library_verifies_what_is_signed_and_nothing_else() {
        let random = Random::seeded(1);
        let now = Clock::System.now();
        let secrets = Secrets::first(&random);
        let webhook = Webhook::new(secrets.current()).unwrap();
        let body = r#"{"type":"test","data":{"名称":"卡密"}}"#;
        let headers = map(&secrets.headers("evt_1", now, body));
        webhook.verify(body.as_bytes(), &headers).unwrap();
        assert!(webhook.verify(b"{}", &headers).is_err());
        let mut other = headers.clone();
        other.insert("webhook-id", "evt_2".parse().unwrap());
        assert!(webhook.verify(body.as_bytes(), &other).is_err());
        assert!(Webhook::new(Secrets::first(&random).current()).unwrap().verify(body.as_bytes(), &headers).is_err());
    }

    #[test]
    fn k8_2_both_secrets_are_good_while_one_is_replaced_and_then_the_new_one() {
        let random = Random::seeded(2);
        let now = Clock::System.now();
        let old = Secrets::first(&random);
        let old_webhook = Webhook::new(old.current()).unwrap();
        let made = now.plus_micros(-OVERLAP + SECOND);
        let secrets = old.rotated(&random, made);
        let webhook = Webhook::new(secrets.current()).unwrap();
        let during = map(&secrets.headers("evt_1", now, "{}"));
        old_webhook.verify(b"{}", &during).unwrap();
        webhook.verify(b"{}", &during).unwrap();
        let after = map(&secrets.headers("evt_1", now.plus_seconds(2), "{}"));
        assert!(old_webhook.verify(b"{}", &after).is_err());
        webhook.verify(b"{}", &after).unwrap();
    }

    #[test]
    fn k8_2_the_secret_before_signs_for_a_day_and_the_one_before_that_no_more() {
        let random = Random::seeded(3);
        let made = Timestamp::from_unix(1_800_000_000);
        let signatures = |secrets: &Secrets, at: Timestamp| secrets.headers("evt_1", at, "{}")[2].1.split(' ').count();
        let first = Secrets::first(&random);
        assert_eq!(signatures(&first, made), 1);
        let second = first.rotated(&random, made);
        let end = made.plus_seconds(86_400);
        assert_eq!([made, end.plus_micros(-1), end, end.plus_micros(1)].map(|at| signatures(&second, at)), [2, 2, 1, 1]);
        let third = second.rotated(&random, made.plus_seconds(60));
        assert_eq!([made.plus_seconds(60), end].map(|at| signatures(&third, at)), [2, 2], "from its own rotation on");
    }

    #[test]
    fn k8_2_secrets_are_sealed_and_sign_the_same_when_they_are_opened() {
        let random = Random::seeded(4);
        let (vault, now) = (Vault::new(&Zeroizing::new([7; 32]), random.clone()), Timestamp::from_unix(1_800_000_000));
        let secrets = Secrets::first(&random).rotated(&random, now);
        let mut sealed = secrets.seal(&vault);
        let opened = Secrets::open(&vault, &sealed).unwrap();
        assert!(opened.current().starts_with("whsec_") && opened.current() == secrets.current());
        assert_eq!(opened.headers("evt_1", now, "{}"), secrets.headers("evt_1", now, "{}"));
        sealed[20] ^= 1;
        assert!(Secrets::open(&vault, &sealed).is_err());
        assert!(Secrets::open(&vault, &vault.seal(SEALED, b"no JSON")).is_err());
    }
}
