//! Projects as the client API needs them, in memory: secrets opened, keys parsed.
//!
//! An entry is good as long as the topic `projects` has not moved; whoever changes a project, its secrets or its ban moves
//! it. What a verdict depends on (is the project active, how many seats) is read again in the deciding transaction.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use kernel::{Fault, Timestamp};
use platform::identity::UserId;
use platform::{Platform, Result};
use ring::signature::{Ed25519KeyPair, KeyPair};
use ring::{digest, hmac};
use store::{Sql, args, topics};

use super::limit::{Allowance, Limiter, Limits};
use crate::projects::{ProjectId, RESPONSE_SEED, SECRET, TOPIC};

/// A project whose program is calling.
pub struct CallerProject {
    pub id: ProjectId,
    pub name: String,
    pub owner: UserId,
    secret: hmac::Key,
    /// Good until then, during a rotation.
    previous: Option<(hmac::Key, Timestamp)>,
    response: Ed25519KeyPair,
    pub rate_per_minute: i64,
    /// When it was last banned for a while, and until when.
    pub(super) banned_at: Option<Timestamp>,
    pub(super) banned_until: Option<Timestamp>,
    /// Its rate, once it has been asked for.
    pub(super) limiter: OnceLock<Arc<Limiter>>,
}

impl CallerProject {
    /// Whether `signature` (`v1=` and lowercase hex) is that of `canonical`. In constant time.
    pub fn signed(&self, canonical: &[u8], signature: &str, now: Timestamp) -> bool {
        let Some(tag) = signature.strip_prefix("v1=").filter(|hex| hex.len() == 64 && !hex.bytes().any(|byte| byte.is_ascii_uppercase()))
        else {
            return false;
        };
        let Ok(tag) = hex::decode(tag) else { return false };
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until);
        hmac::verify(&self.secret, canonical, &tag).is_ok() || previous.is_some_and(|(key, _)| hmac::verify(key, canonical, &tag).is_ok())
    }

    /// Counts one call against the rate.
    pub(super) fn count(&self, limits: &Limits) -> Allowance {
        limits.call(self.limiter.get_or_init(|| limits.of(self.id, self.rate_per_minute, self.banned_at)), self.rate_per_minute)
    }

    /// Signs an answer: the values of `Cuekey-Response-Timestamp` and `Cuekey-Response-Signature`.
    pub fn sign(&self, nonce: &str, status: u16, now: Timestamp, body: &[u8]) -> (String, String) {
        let timestamp = now.unix().to_string();
        let canonical = response_canonical(nonce, status, &timestamp, body);
        let signature = self.response.sign(canonical.as_bytes());
        (timestamp, format!("v1={}", data_encoding::BASE64.encode(signature.as_ref())))
    }

    pub fn response_public_key(&self) -> String {
        data_encoding::BASE64.encode(self.response.public_key().as_ref())
    }
}

/// The six lines that a request's signature covers.
pub fn request_canonical(method: &str, target: &str, timestamp: &str, nonce: &str, body: &[u8]) -> String {
    format!("cuekey-request-v1\n{method}\n{target}\n{timestamp}\n{nonce}\n{}", sha256_hex(body))
}

/// The five lines that an answer's signature covers.
pub fn response_canonical(nonce: &str, status: u16, timestamp: &str, body: &[u8]) -> String {
    format!("cuekey-response-v1\n{nonce}\n{status:03}\n{timestamp}\n{}", sha256_hex(body))
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

/// All projects that call, found by their API key.
#[derive(Default)]
pub struct Projects {
    known: RwLock<Known>,
    /// Keys that no project has, until one changes. Anybody can send these, so their number is bounded.
    unknown: Mutex<HashSet<String>>,
}

#[derive(Default)]
struct Known {
    /// The topic's number that these were loaded under.
    number: Option<i64>,
    projects: HashMap<String, Arc<CallerProject>>,
}

/// How many unknown keys are remembered.
const UNKNOWN: usize = 10_000;

impl Projects {
    pub fn new() -> Self {
        Self::default()
    }

    /// The project of an API key.
    pub async fn find(&self, platform: &Platform, api_key: &str) -> Result<Option<Arc<CallerProject>>> {
        let number = topics::number(&platform.db, TOPIC);
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if known.number == Some(number) {
                if let Some(project) = known.projects.get(api_key) {
                    return Ok(Some(Arc::clone(project)));
                }
                if self.unknown.lock().unwrap_or_else(PoisonError::into_inner).contains(api_key) {
                    return Ok(None);
                }
            }
        }
        // In a box: seldom needed, and it would make every request's future large.
        let project = Box::pin(load(platform, api_key)).await?.map(Arc::new);
        // If a project changed while this was read, it may be old already: it serves this request, and is not kept.
        if topics::number(&platform.db, TOPIC) == number {
            self.keep(number, api_key, project.as_ref());
        }
        Ok(project)
    }

    fn keep(&self, number: i64, api_key: &str, project: Option<&Arc<CallerProject>>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if known.number != Some(number) {
            *known = Known { number: Some(number), projects: HashMap::new() };
            unknown.clear();
        }
        match project {
            Some(project) => {
                known.projects.insert(api_key.to_owned(), Arc::clone(project));
            }
            None => {
                if unknown.len() >= UNKNOWN {
                    unknown.clear();
                }
                unknown.insert(api_key.to_owned());
            }
        }
    }
}

async fn load(platform: &Platform, api_key: &str) -> Result<Option<CallerProject>> {
    let sql = "SELECT id, name, owner_id, secret, previous_secret, previous_secret_until, response_seed, rate_per_minute, last_ban_at, banned_until \
               FROM projects WHERE api_key = $1";
    let row = platform
        .db
        .read()
        .opt(sql, args![api_key], |row| {
            Ok((
                (row.get::<ProjectId>("id")?, row.get::<String>("name")?, row.get::<UserId>("owner_id")?),
                (
                    row.get::<Vec<u8>>("secret")?,
                    row.get::<Option<Vec<u8>>>("previous_secret")?,
                    row.get::<Option<Timestamp>>("previous_secret_until")?,
                ),
                (row.get::<Vec<u8>>("response_seed")?, row.get::<i64>("rate_per_minute")?),
                (row.get::<Option<Timestamp>>("last_ban_at")?, row.get::<Option<Timestamp>>("banned_until")?),
            ))
        })
        .await?;
    let Some(((id, name, owner), (secret, previous, previous_until), (seed, rate_per_minute), (banned_at, banned_until))) = row else {
        return Ok(None);
    };
    let key = |sealed: &[u8]| -> Result<hmac::Key> {
        let secret = platform.vault.open(SECRET, sealed)?;
        Ok(hmac::Key::new(hmac::HMAC_SHA256, &secret))
    };
    let previous = match (previous, previous_until) {
        (Some(sealed), Some(until)) => Some((key(&sealed)?, until)),
        _ => None,
    };
    let seed = platform.vault.open(RESPONSE_SEED, &seed)?;
    let response = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| Fault::internal("a project's response key is damaged"))?;
    Ok(Some(CallerProject {
        id,
        name,
        owner,
        secret: key(&secret)?,
        previous,
        response,
        rate_per_minute,
        banned_at,
        banned_until,
        limiter: OnceLock::new(),
    }))
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::Value;

    use super::*;

    pub fn project(secret: &str, seed: &[u8]) -> CallerProject {
        CallerProject {
            id: ProjectId::from_uuid(Default::default()),
            name: String::new(),
            owner: UserId::from_uuid(Default::default()),
            secret: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
            previous: None,
            response: Ed25519KeyPair::from_seed_unchecked(seed).unwrap(),
            rate_per_minute: 1,
            banned_at: None,
            banned_until: None,
            limiter: OnceLock::new(),
        }
    }

    fn text<'a>(value: &'a Value, name: &str) -> &'a str {
        value[name].as_str().unwrap()
    }

    #[test]
    fn k8_1_the_contracts_vectors_are_signed_and_verified_alike() {
        let vectors: Value = serde_json::from_str(include_str!("../../../sdk/tests/client-vectors.json")).unwrap();
        let seed = hex::decode(text(&vectors, "response_private_seed_hex")).unwrap();
        let now = Timestamp::from_unix(0);
        let requests = vectors["requests"].as_array().unwrap();
        for request in requests {
            let timestamp = request["timestamp"].to_string();
            let canonical = request_canonical(
                text(request, "method"),
                text(request, "target"),
                &timestamp,
                text(request, "nonce"),
                text(request, "body").as_bytes(),
            );
            assert_eq!(canonical, text(request, "canonical"));
            let project = project(text(request, "secret"), &seed);
            assert!(project.signed(canonical.as_bytes(), text(request, "signature"), now));
            assert!(!project.signed(canonical.as_bytes(), &text(request, "signature").to_uppercase(), now), "lowercase hex only");
            assert!(!project.signed(format!("{canonical} ").as_bytes(), text(request, "signature"), now));
        }
        let responses = vectors["responses"].as_array().unwrap();
        for response in responses {
            let project = project("", &seed);
            assert_eq!(project.response_public_key(), text(&vectors, "response_public_key"));
            let status = u16::try_from(response["status"].as_i64().unwrap()).unwrap();
            let at = Timestamp::from_unix(response["timestamp"].as_i64().unwrap());
            let signed = project.sign(text(response, "request_nonce"), status, at, text(response, "body").as_bytes());
            assert_eq!(signed, (response["timestamp"].to_string(), text(response, "signature").to_owned()));
        }
        assert!(requests.len() >= 4 && responses.len() >= 4);
    }
}
