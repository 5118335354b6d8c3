//! Deciding a set of requests in one transaction: one look-up of all their keys, one pure verdict each, and one statement that
//! writes all that follows. The same code serves both databases.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::{Fault, Kind, Timestamp};
use platform::Platform;
use store::{Insert, Tx, Update, Write, args, write_all};

use super::admit::{nonce_reused, too_many};
use super::limit::{Allowance, Limits};
use super::load::{self, BoundDevice, Found, Loaded};
use super::log;
use super::nonces::{self, Nonces};
use super::project::CallerProject;
use crate::batches::BatchId;
use crate::events::{self, Happened};
use crate::keys::verdict::{self, Code};
use crate::keys::{KeyId, KeyState, KeyText, bound, lookup, no_lookup};
use crate::projects::{CallbackEvent, ProjectId};

kernel::id!(CallId, CallEntity, "cal");

kernel::words! {
    pub enum Endpoint {
        Verify = "verify",
        Query = "query",
        Time = "time",
        /// No endpoint of the contract.
        Other = "other",
    }
}

/// The device that a program runs on, as it names it.
#[derive(Debug, Clone, Default)]
pub struct Device {
    pub id: String,
    pub name: String,
}

/// One admitted request, waiting to be decided.
pub struct Ask {
    pub project: Arc<CallerProject>,
    pub nonce: String,
    pub endpoint: Endpoint,
    /// `None` where the text is not a key: then it is not looked for.
    pub key: Option<KeyText>,
    /// The last characters of what was sent as a key.
    pub hint: String,
    pub device: Device,
    pub address: String,
    /// Status and code for the log, where the request asks nothing that can be decided (an unreadable body, an unknown
    /// path): its nonce is used up and it counts against the rate all the same.
    pub unreadable: Option<(i64, &'static str)>,
}

/// The code by which the caller of [`decide`] knows that an unreadable request passed nonce and rate.
pub const UNREADABLE: &str = "UNREADABLE";

/// What became of it.
pub type Answer = Result<KeyAnswer, Fault>;

/// An answer, and what is left of the rate where it was counted: a request that was sent again is not.
pub struct Decision {
    pub answer: Answer,
    pub allowance: Option<Allowance>,
}

#[derive(Debug, Clone)]
pub struct KeyAnswer {
    pub code: Code,
    pub first_use: bool,
    /// Absent where there is no such key in the caller's project.
    pub key: Option<KeyDetails>,
    pub now: Timestamp,
}

#[derive(Debug, Clone)]
pub struct KeyDetails {
    pub id: KeyId,
    pub batch: BatchId,
    pub state: KeyState,
    pub activated_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    /// Id, name, and since when; only where they were asked for.
    pub devices: Vec<(String, String, Timestamp)>,
}

/// What it takes to decide.
#[derive(Clone)]
pub struct Desk {
    pub platform: Arc<Platform>,
    pub limits: Arc<Limits>,
    pub nonces: Arc<Nonces>,
    /// Which of the day's counts are its.
    pub part: i64,
}

impl Desk {
    /// Decides all of `asks`, in their order. One transaction, which may have begun already; on an error nothing of it has
    /// happened. Where more wait it begins the next.
    pub async fn decide(&self, asks: &[Ask], begun: Option<Tx>, more: impl Fn() -> bool) -> store::Result<(Vec<Decision>, Option<Tx>)> {
        let platform = self.platform.as_ref();
        // Hashing needs no turn of the writer.
        let lookups: Vec<Option<Vec<u8>>> = asks.iter().map(|ask| look_up(platform, ask)).collect();
        let hashes = nonces::hashes(asks);
        let mut tx = match begun {
            Some(tx) => tx,
            None => platform.db.begin().await?,
        };
        let now = platform.clock.now();
        let (brought, claim) = self.nonces.claim(hashes, now, &platform.random);
        let projects: Vec<ProjectId> = distinct(asks.iter().map(|ask| ask.project.id));
        let (written, mut loaded) = load::load(&mut tx, brought, &distinct(lookups.iter().flatten().map(Vec::as_slice)), &projects).await?;
        let taken = claim.settle(&mut tx, written).await?;
        let count = |(ask, fresh): (&Ask, &bool)| fresh.then(|| ask.project.count(&self.limits));
        let allowances: Vec<Option<Allowance>> = asks.iter().zip(&taken.fresh).map(count).collect();
        let admitted = |n: usize| allowances[n].is_some_and(|allowance| allowance.allowed);

        let asked: Vec<&[u8]> =
            (0..asks.len()).filter(|n| asks[*n].endpoint == Endpoint::Query).filter_map(|n| lookups[n].as_deref()).collect();
        load::devices(&mut tx, &mut loaded.keys, &asked).await?;
        let mut verdicts = Decided::all(asks, &lookups, &mut loaded, &admitted, now);
        let binding = verdicts.binding(&lookups);
        // A seat is taken only on a locked row: elsewhere somebody may be taking it at this moment. So these keys are read again
        // as they are now, which also forgets what was just decided of them.
        if !binding.is_empty() && !tx.for_update().is_empty() {
            load::lock(&mut tx, &binding, &mut loaded).await?;
            load::devices(&mut tx, &mut loaded.keys, &asked).await?;
            verdicts = Decided::all(asks, &lookups, &mut loaded, &admitted, now);
        }
        let answers = verdicts.answers(asks, &lookups, &loaded.keys, &allowances, now);
        let mut writes = bindings(&loaded.keys, now);
        writes.extend(log::writes(platform, self.part, asks, &log::found(asks, &lookups, &loaded.keys), &answers, now)?);
        write_all(&mut tx, writes).await?;
        let happened = verdicts.happened(asks, &lookups, &loaded, &answers);
        events::tell(&mut tx, platform, happened, now).await?;
        let next = if more() {
            tx.commit_and_begin().await?
        } else {
            tx.commit().await?;
            None
        };
        taken.keep();
        Ok((answers.into_iter().zip(allowances).map(|(answer, allowance)| Decision { answer, allowance }).collect(), next))
    }
}

/// In order, and once each.
fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// By what a key is looked for. What is no key is looked for too, and never found: a mistyped key takes as long as an unknown one.
fn look_up(platform: &Platform, ask: &Ask) -> Option<Vec<u8>> {
    match ask.endpoint {
        Endpoint::Verify | Endpoint::Query if ask.unreadable.is_none() => Some(
            ask.key.map_or_else(|| no_lookup(&platform.vault, ask.nonce.as_bytes()), |key| lookup(&platform.vault, ask.project.id, key)),
        ),
        Endpoint::Verify | Endpoint::Query | Endpoint::Time | Endpoint::Other => None,
    }
}

/// The verdicts of a set.
struct Decided(Vec<Option<verdict::Verdict>>);

impl Decided {
    /// Each in turn; what one binds, the next finds bound. `keys` are changed accordingly.
    fn all(
        asks: &[Ask],
        lookups: &[Option<Vec<u8>>],
        Loaded { keys, projects }: &mut Loaded,
        admitted: &impl Fn(usize) -> bool,
        now: Timestamp,
    ) -> Self {
        let decide = |(n, ask): (usize, &Ask)| {
            if !admitted(n) || ask.endpoint == Endpoint::Time || ask.unreadable.is_some() {
                return None;
            }
            let project = projects.get(&ask.project.id)?;
            // A key of another project looks like none.
            let found = lookups[n].as_ref().and_then(|lookup| keys.get_mut(lookup)).filter(|key| key.project == ask.project.id);
            if ask.endpoint == Endpoint::Query {
                let code = if found.is_some() { Code::Valid } else { Code::NotFound };
                return Some(verdict::Verdict { code, binds: false, first_use: false });
            }
            let verdict = verdict::decide(found.as_ref().map(|key| &key.candidate), project.active, project.seats, &ask.device.id, now);
            if let Some(key) = found.filter(|_| verdict.binds) {
                verdict::bind(&mut key.candidate, &ask.device.id, now);
                key.devices.push(BoundDevice { id: ask.device.id.clone(), name: ask.device.name.clone(), bound_at: now });
                key.changed = true;
            }
            Some(verdict)
        };
        Self(asks.iter().enumerate().map(decide).collect())
    }

    /// The look-ups of keys that a verdict binds, in order and once each.
    fn binding<'a>(&self, lookups: &'a [Option<Vec<u8>>]) -> Vec<&'a [u8]> {
        let binding = self.0.iter().enumerate().filter(|(_, verdict)| verdict.is_some_and(|verdict| verdict.binds));
        distinct(binding.filter_map(|(n, _)| lookups[n].as_deref()))
    }

    fn answers(
        &self,
        asks: &[Ask],
        lookups: &[Option<Vec<u8>>],
        keys: &HashMap<Vec<u8>, Found>,
        allowances: &[Option<Allowance>],
        now: Timestamp,
    ) -> Vec<Answer> {
        let answer = |(n, ask): (usize, &Ask)| {
            let Some(allowance) = allowances[n] else { return Err(nonce_reused()) };
            if !allowance.allowed {
                return Err(too_many(allowance.retry_after));
            }
            if ask.unreadable.is_some() {
                return Err(Fault::new(Kind::Invalid, UNREADABLE, "请求内容无效", "The request cannot be read"));
            }
            let verdict = self.0[n].unwrap_or(verdict::Verdict { code: Code::Valid, binds: false, first_use: false });
            let found = lookups[n].as_ref().and_then(|lookup| keys.get(lookup)).filter(|key| key.project == ask.project.id);
            let key = found.filter(|_| verdict.code != Code::NotFound).map(|key| KeyDetails {
                id: key.id,
                batch: key.batch,
                state: key.candidate.facts.state(now),
                activated_at: key.candidate.facts.activated_at,
                expires_at: key.candidate.facts.expires_at,
                devices: if ask.endpoint == Endpoint::Query { key.bound_devices() } else { Vec::new() },
            });
            Ok(KeyAnswer { code: verdict.code, first_use: verdict.first_use, key, now })
        };
        asks.iter().enumerate().map(answer).collect()
    }

    /// What others may want to know of this set.
    fn happened(&self, asks: &[Ask], lookups: &[Option<Vec<u8>>], Loaded { keys, projects }: &Loaded, answers: &[Answer]) -> Vec<Happened> {
        let happened = asks.iter().enumerate().filter(|(_, ask)| ask.endpoint == Endpoint::Verify).filter_map(|(n, ask)| {
            let answer = answers[n].as_ref().ok()?;
            let wants = projects.get(&ask.project.id).map(|project| project.wants.as_slice()).unwrap_or_default();
            let event = callback_of(answer, wants);
            if event.is_none() && !answer.first_use {
                return None;
            }
            let found = lookups[n].as_ref().and_then(|lookup| keys.get(lookup)).filter(|key| key.project == ask.project.id);
            Some(Happened {
                project: ask.project.id,
                project_name: ask.project.name.clone(),
                event,
                code: answer.code,
                first_use: answer.first_use,
                key: found.map(|key| (key.id, key.agent)),
                hint: ask.hint.clone(),
                device: ask.device.clone(),
                expires_at: answer.key.as_ref().and_then(|key| key.expires_at),
            })
        });
        happened.collect()
    }
}

/// Which event a verification is, if the owner wants to hear of it.
fn callback_of(answer: &KeyAnswer, wants: &[CallbackEvent]) -> Option<CallbackEvent> {
    let events: &[CallbackEvent] = match (answer.code, answer.first_use) {
        (Code::Valid, true) => &[CallbackEvent::KeyActivated, CallbackEvent::KeyVerified],
        (Code::Valid, false) => &[CallbackEvent::KeyVerified],
        _ => &[CallbackEvent::KeyRefused],
    };
    events.iter().copied().find(|event| wants.contains(event))
}

/// What is written of keys that were bound.
fn bindings(keys: &HashMap<Vec<u8>, Found>, now: Timestamp) -> Vec<Write<'static>> {
    let mut changed: Vec<&Found> = keys.values().filter(|key| key.changed).collect();
    changed.sort_unstable_by_key(|key| key.id);
    let rows = changed.iter().map(|key| {
        let facts = &key.candidate.facts;
        args![
            key.id,
            kernel::Word::as_str(facts.state(now)),
            facts.activated_at,
            facts.expires_at,
            facts.devices,
            bound::write(&key.candidate.bound)
        ]
    });
    let new = changed.iter().flat_map(|key| {
        key.devices
            .iter()
            .filter(|device| device.bound_at == now)
            .map(|device| args![key.id, device.id.as_str(), device.name.as_str(), now])
    });
    vec![
        Write::Update(Update {
            table: "keys",
            columns: &["id", "state", "activated_at", "expires_at", "devices", "bound"],
            rows: rows.collect(),
        }),
        Write::Insert(Insert {
            table: "key_devices",
            columns: &["key_id", "device_id", "device_name", "bound_at"],
            rows: new.collect(),
            tail: "ON CONFLICT DO NOTHING",
        }),
    ]
}
