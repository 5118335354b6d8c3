//! A kit that alters genuine answers, to prove that none of what it makes is believed.
//!
//! Behind the feature `testkit`. [`Forger`] draws altered answers from a seed, [`run`] puts them before the gate in
//! [`crate::envelope`]. What must always hold: each [`Forged`] differs from the genuine answer in a way that a
//! right client refuses, so a single one that is believed is a defect.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::envelope::{Answer, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use crate::sign::{self, ResponseKey};
use crate::{Forgery, canonical};

mod alter;
pub use alter::Alteration;

/// A project's private key for answers, as the server holds it.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// The key of this 32-byte seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(seed).expect("every 32 bytes are a seed"))
    }

    /// What clients check with.
    pub fn public_key(&self) -> ResponseKey {
        let bytes = self.0.public_key().as_ref().try_into().expect("an Ed25519 public key has 32 bytes");
        ResponseKey::from_bytes(bytes)
    }

    /// The value of `Cuekey-Response-Signature`.
    pub fn sign(&self, nonce: &str, status: u16, timestamp: i64, body: &[u8]) -> String {
        let text = canonical::response(nonce, status, timestamp, body);
        sign::write_signature(self.0.sign(text.as_bytes()).as_ref())
    }

    /// A whole answer as the server would send it.
    pub fn answer(&self, nonce: &str, status: u16, timestamp: i64, body: impl Into<Vec<u8>>) -> Answer {
        let body = body.into();
        let signature = self.sign(nonce, status, timestamp, &body);
        let headers = vec![
            ("content-type".to_owned(), b"application/json".to_vec()),
            (TIMESTAMP_HEADER.to_owned(), timestamp.to_string().into_bytes()),
            (SIGNATURE_HEADER.to_owned(), signature.into_bytes()),
        ];
        Answer { status, headers, body }
    }
}

/// A genuine answer and what it takes to believe it.
#[derive(Clone, Debug)]
pub struct Genuine {
    /// The request's.
    pub nonce: String,
    /// A time at which the answer is fresh, in Unix seconds.
    pub now: i64,
    pub answer: Answer,
    pub key: ResponseKey,
}

/// An altered answer, or a genuine one presented where it does not belong.
#[derive(Clone, Debug)]
pub struct Forged {
    pub alteration: Alteration,
    /// The nonce of the request that it pretends to answer.
    pub nonce: String,
    /// The client's clock at that moment, in Unix seconds.
    pub now: i64,
    pub answer: Answer,
}

/// Draws forged answers without end. The same seed draws the same ones.
pub struct Forger<'a> {
    genuine: &'a Genuine,
    random: ChaCha8Rng,
    /// Another project's key.
    stranger: Signer,
}

impl<'a> Forger<'a> {
    /// # Panics
    /// If `genuine` is not believed as it stands: refusing what is altered would then prove nothing.
    pub fn new(genuine: &'a Genuine, seed: u64) -> Self {
        let believed = genuine.answer.clone().authenticate(&genuine.key, &genuine.nonce, genuine.now);
        assert!(believed.is_ok(), "not genuine: {believed:?}");
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut stranger = [0; 32];
        random.fill_bytes(&mut stranger);
        Self { genuine, random, stranger: Signer::from_seed(&stranger) }
    }

    fn presented_as_genuine(&self, forged: &Forged) -> bool {
        forged.nonce == self.genuine.nonce && forged.now == self.genuine.now && forged.answer == self.genuine.answer
    }
}

impl Iterator for Forger<'_> {
    type Item = Forged;

    fn next(&mut self) -> Option<Forged> {
        loop {
            let forged = alter::draw(self.genuine, &self.stranger, &mut self.random);
            // Some draws change nothing, such as the letter case of a body without letters.
            if !self.presented_as_genuine(&forged) {
                return Some(forged);
            }
        }
    }
}

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many were no repetition of another.
    pub distinct: u64,
    /// How many of each alteration were presented; of one that is altered in several ways, one of these.
    pub presented: BTreeMap<Alteration, u64>,
    /// How many were refused for each reason, by the reason's name.
    pub refused: BTreeMap<&'static str, u64>,
    /// Those that were believed: each one a defect.
    pub believed: Vec<Forged>,
}

/// Presents `count` forged answers, drawn from `seed` and spread evenly over `genuine`.
///
/// # Panics
/// If one of `genuine` is not.
pub fn run(genuine: &[Genuine], seed: u64, count: u64) -> Report {
    let mut report = Report::default();
    let share = |index: usize| {
        let (index, parts) = (index as u64, genuine.len() as u64);
        count / parts + u64::from(index < count % parts)
    };
    let mut seen = HashSet::new();
    for (index, original) in genuine.iter().enumerate() {
        let mut forger = Forger::new(original, seed.wrapping_add(index as u64));
        for _ in 0..share(index) {
            let forged = forger.next().expect("draws without end");
            *report.presented.entry(forged.alteration).or_default() += 1;
            seen.insert(hash(index, &forged));
            match forged.answer.clone().authenticate(&original.key, &forged.nonce, forged.now) {
                Ok(_) => report.believed.push(forged),
                Err(why) => *report.refused.entry(reason(&why)).or_default() += 1,
            }
        }
    }
    report.distinct = seen.len() as u64;
    report
}

/// What tells it from others: two that share it are taken for one, which makes them fewer, and never more.
fn hash(index: usize, Forged { nonce, now, answer, .. }: &Forged) -> u64 {
    let mut hasher = DefaultHasher::new();
    (index, nonce, now, answer.status, &answer.headers, &answer.body).hash(&mut hasher);
    hasher.finish()
}

fn reason(why: &Forgery) -> &'static str {
    match why {
        Forgery::HeaderMissing { .. } => "header missing",
        Forgery::HeaderRepeated { .. } => "header repeated",
        Forgery::TimestampMalformed => "timestamp malformed",
        Forgery::SignatureMalformed => "signature malformed",
        Forgery::SignatureWrong => "signature wrong",
        Forgery::OutsideWindow { .. } => "outside window",
        Forgery::BodyTooLong { .. } => "body too long",
    }
}
