//! Deciding a set of requests: one look-up of all their keys, one pure verdict each, and one statement that writes all that follows if
//! what it rests on is still so; where it is not, the same in a transaction. One code serves both databases.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::{Fault, Kind, Timestamp};
use platform::Platform;
use store::{Change, Direct, Insert, Update, Write, args, write_all};
use uuid::Uuid;

use super::admit::{nonce_reused, over, too_many};
use super::limit::{Allowance, Limits};
use super::load::{self, BoundDevice, Found, Loaded};
use super::log;
use super::nonces::{self, Claim, Nonces};
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
    /// The time in its signature, Unix seconds.
    pub signed_at: i64,
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
    /// Decides all of `asks`, in their order, and writes what follows; on an error nothing of it has happened. `tell` is told each
    /// time that they are decided, before that is written: what it is told last holds, once this is done.
    pub async fn decide(&self, asks: &[Ask], direct: &mut Direct, mut tell: impl FnMut(Vec<Decision>) + Send) -> store::Result<()> {
        self.nonces.look(&self.platform).await?;
        let set = Set::of(&self.platform, asks);
        match self.at_once(&set, direct, &mut tell).await? {
            AtOnce::Decided => Ok(()),
            AtOnce::InTheWay(counted) => self.in_turn(&set, counted, tell).await,
        }
    }

    /// Reads everything, decides, and writes everything if it still is as it was read.
    async fn at_once(&self, set: &Set<'_>, direct: &mut Direct, mut tell: impl FnMut(Vec<Decision>) + Send) -> store::Result<AtOnce> {
        let platform = self.platform.as_ref();
        let now = platform.clock.now();
        let mut claim = self.nonces.claim(set.asks, &set.hashes, now, &platform.random);
        let mut loaded = load::load(direct, &set.asked(), &set.projects).await?;
        let allowances = self.count(set, &claim);
        load::devices(direct, &mut loaded.keys, &set.queried()).await?;
        let outcome = Outcome::of(set, &mut loaded, &allowances, now);
        let mut told = events::tell(platform, happened(set, &loaded, &outcome.answers), now)?;
        let mut writes = std::mem::take(&mut told.writes);
        writes.push(Write::Insert(std::mem::take(&mut claim.rows)));
        writes.extend(self.writes(set, &loaded, &outcome, &allowances, now)?);
        tell(outcome.decisions(&allowances));
        if !direct.write(writes).await? {
            return Ok(AtOnce::InTheWay(allowances));
        }
        claim.keep();
        told.wake(platform);
        Ok(AtOnce::Decided)
    }

    /// The same in a transaction that looks for itself: nonces first, then the keys, those that are bound under a lock. All were
    /// `counted` already; what was sent before is told so.
    async fn in_turn(&self, set: &Set<'_>, counted: Allowances, mut tell: impl FnMut(Vec<Decision>) + Send) -> store::Result<()> {
        let platform = self.platform.as_ref();
        let mut tx = platform.db.begin().await?;
        let now = platform.clock.now();
        let mut claim = self.nonces.claim(set.asks, &set.hashes, now, &platform.random);
        claim.take(&mut tx, &set.hashes).await?;
        let mut loaded = load::load(&mut tx, &set.asked(), &set.projects).await?;
        let allowances = self.recount(set, counted, &claim);
        load::devices(&mut tx, &mut loaded.keys, &set.queried()).await?;
        let mut outcome = Outcome::of(set, &mut loaded, &allowances, now);
        let binding = outcome.binding(set);
        // A seat is taken only on a locked row: elsewhere somebody may be taking it at this moment. So these keys are read again
        // as they are now, which also forgets what was just decided of them.
        if !binding.is_empty() && !tx.for_update().is_empty() {
            load::lock(&mut tx, &binding, &mut loaded).await?;
            load::devices(&mut tx, &mut loaded.keys, &set.queried()).await?;
            outcome = Outcome::of(set, &mut loaded, &allowances, now);
        }
        let mut told = events::tell(platform, happened(set, &loaded, &outcome.answers), now)?;
        let mut writes = std::mem::take(&mut told.writes);
        writes.extend(self.writes(set, &loaded, &outcome, &allowances, now)?);
        tell(outcome.decisions(&allowances));
        write_all(&mut tx, writes).await?;
        tx.commit().await?;
        claim.keep();
        told.wake(platform);
        Ok(())
    }

    /// Counts the fresh ones on their projects' limits.
    fn count(&self, set: &Set<'_>, claim: &Claim) -> Allowances {
        let count = |((ask, fresh), over): ((&Ask, &bool), &bool)| match fresh {
            true => Ok(ask.project.count(&self.limits)),
            false => Err(self.again(ask, *over)),
        };
        set.asks.iter().zip(&claim.fresh).zip(&claim.over).map(count).collect()
    }

    /// Those that were `counted`, where more turn out to have been sent before.
    fn recount(&self, set: &Set<'_>, counted: Allowances, claim: &Claim) -> Allowances {
        let recount = |(((ask, counted), fresh), over): (((&Ask, Counted), &bool), &bool)| match counted {
            Ok(_) if !fresh => Err(self.again(ask, *over)),
            counted => counted,
        };
        set.asks.iter().zip(counted).zip(&claim.fresh).zip(&claim.over).map(recount).collect()
    }

    fn again(&self, ask: &Ask, over: bool) -> Again {
        Again { over, logged: self.limits.repeat(ask.project.id) }
    }

    /// What is written of the keys and of the calls.
    fn writes(
        &self,
        set: &Set<'_>,
        loaded: &Loaded,
        outcome: &Outcome,
        allowances: &[Counted],
        now: Timestamp,
    ) -> store::Result<Vec<Write<'static>>> {
        let mut writes = bindings(&loaded.keys, now);
        let found = log::found(set.asks, &set.lookups, &loaded.keys);
        let calls = set.asks.iter().zip(&found).zip(&outcome.answers).zip(allowances).map(|(((ask, found), answer), counted)| log::Call {
            ask,
            found: *found,
            answer,
            only_counted: counted.is_err_and(|again| !again.logged),
        });
        writes.extend(log::writes(&self.platform, self.part, calls, now)?);
        Ok(writes)
    }
}

/// What came of trying to decide at once.
enum AtOnce {
    Decided,
    /// Somebody else has changed a key or brought a nonce. Nothing is written; what was counted.
    InTheWay(Allowances),
}

/// What is left to a request's project, where the request is new.
type Counted = Result<Allowance, Again>;
type Allowances = Vec<Counted>;

/// A request that is not new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Again {
    /// Whether it is refused for its time, since nobody can tell; otherwise it was sent before.
    over: bool,
    /// Whether it has a line in the log.
    logged: bool,
}

/// The requests of a set, and what they ask for.
struct Set<'a> {
    asks: &'a [Ask],
    /// Of their keys.
    lookups: Vec<Option<Uuid>>,
    /// Of their nonces.
    hashes: Vec<u64>,
    projects: Vec<ProjectId>,
}

impl<'a> Set<'a> {
    fn of(platform: &Platform, asks: &'a [Ask]) -> Self {
        let lookups = asks.iter().map(|ask| look_up(platform, ask)).collect();
        Self { asks, lookups, hashes: nonces::hashes(asks), projects: distinct(asks.iter().map(|ask| ask.project.id)) }
    }

    /// All keys' look-ups.
    fn asked(&self) -> Vec<Uuid> {
        distinct(self.lookups.iter().flatten().copied())
    }

    /// Those of keys whose devices are asked for.
    fn queried(&self) -> Vec<Uuid> {
        let queries = self.asks.iter().zip(&self.lookups).filter(|(ask, _)| ask.endpoint == Endpoint::Query);
        queries.filter_map(|(_, lookup)| *lookup).collect()
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
fn look_up(platform: &Platform, ask: &Ask) -> Option<Uuid> {
    match ask.endpoint {
        Endpoint::Verify | Endpoint::Query if ask.unreadable.is_none() => Some(
            ask.key.map_or_else(|| no_lookup(&platform.vault, ask.nonce.as_bytes()), |key| lookup(&platform.vault, ask.project.id, key)),
        ),
        Endpoint::Verify | Endpoint::Query | Endpoint::Time | Endpoint::Other => None,
    }
}

/// What was decided of a set.
struct Outcome {
    verdicts: Vec<Option<verdict::Verdict>>,
    answers: Vec<Answer>,
}

impl Outcome {
    fn of(set: &Set<'_>, loaded: &mut Loaded, allowances: &[Counted], now: Timestamp) -> Self {
        let verdicts = verdicts(set, loaded, allowances, now);
        let answers = answers(set, &verdicts, &loaded.keys, allowances, now);
        Self { verdicts, answers }
    }

    /// The look-ups of keys that a verdict binds, in order and once each.
    fn binding(&self, set: &Set<'_>) -> Vec<Uuid> {
        let binding = self.verdicts.iter().zip(&set.lookups).filter(|(verdict, _)| verdict.is_some_and(|verdict| verdict.binds));
        distinct(binding.filter_map(|(_, lookup)| *lookup))
    }

    fn decisions(self, allowances: &Allowances) -> Vec<Decision> {
        self.answers.into_iter().zip(allowances).map(|(answer, allowance)| Decision { answer, allowance: allowance.ok() }).collect()
    }
}

/// Each in turn; what one binds, the next finds bound. The keys are changed accordingly.
fn verdicts(
    Set { asks, lookups, .. }: &Set<'_>,
    Loaded { keys, projects }: &mut Loaded,
    allowances: &[Counted],
    now: Timestamp,
) -> Vec<Option<verdict::Verdict>> {
    let decide = |(n, ask): (usize, &Ask)| {
        if !allowances[n].is_ok_and(|allowance| allowance.allowed) || ask.endpoint == Endpoint::Time || ask.unreadable.is_some() {
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
            key.before.get_or_insert_with(|| key.candidate.clone());
            verdict::bind(&mut key.candidate, &ask.device.id, now);
            key.devices.push(BoundDevice { id: ask.device.id.clone(), name: ask.device.name.clone(), bound_at: now });
        }
        Some(verdict)
    };
    asks.iter().enumerate().map(decide).collect()
}

fn answers(
    Set { asks, lookups, .. }: &Set<'_>,
    verdicts: &[Option<verdict::Verdict>],
    keys: &HashMap<Uuid, Found>,
    allowances: &[Counted],
    now: Timestamp,
) -> Vec<Answer> {
    let answer = |(n, ask): (usize, &Ask)| {
        let allowance = allowances[n].map_err(|again| if again.over { over() } else { nonce_reused() })?;
        if !allowance.allowed {
            return Err(too_many(allowance.retry_after));
        }
        if ask.unreadable.is_some() {
            return Err(Fault::new(Kind::Invalid, UNREADABLE, "请求内容无效", "The request cannot be read"));
        }
        let verdict = verdicts[n].unwrap_or(verdict::Verdict { code: Code::Valid, binds: false, first_use: false });
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

/// What others may want to know of a set.
fn happened(Set { asks, lookups, .. }: &Set<'_>, Loaded { keys, projects }: &Loaded, answers: &[Answer]) -> Vec<Happened> {
    let happened = asks.iter().enumerate().filter(|(_, ask)| ask.endpoint == Endpoint::Verify).filter_map(|(n, ask)| {
        let answer = answers[n].as_ref().ok()?;
        let call = projects.get(&ask.project.id).and_then(|project| Some((callback_of(answer, &project.wants)?, project.url.clone()?)));
        if call.is_none() && !answer.first_use {
            return None;
        }
        let found = lookups[n].as_ref().and_then(|lookup| keys.get(lookup)).filter(|key| key.project == ask.project.id);
        Some(Happened {
            project: ask.project.id,
            project_name: ask.project.name.clone(),
            call,
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
fn bindings(keys: &HashMap<Uuid, Found>, now: Timestamp) -> Vec<Write<'static>> {
    let mut changed: Vec<&Found> = keys.values().filter(|key| key.before.is_some()).collect();
    // In one order, so that two sets do not wait for each other.
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
    let was = changed
        .iter()
        .filter_map(|key| key.before.as_ref())
        .map(|before| args![before.facts.disabled_at, before.facts.unbinds, bound::write(&before.bound)]);
    let new = changed.iter().flat_map(|key| {
        key.devices
            .iter()
            .filter(|device| device.bound_at == now)
            .map(|device| args![key.id, device.id.as_str(), device.name.as_str(), now])
    });
    vec![
        Write::Change(Change {
            update: Update {
                table: "keys",
                columns: &["id", "state", "activated_at", "expires_at", "devices", "bound"],
                rows: rows.collect(),
            },
            // Whatever else a verdict depends on changes with one of these.
            were: &["disabled_at", "unbinds", "bound"],
            was: was.collect(),
        }),
        Write::Insert(Insert {
            table: "key_devices",
            columns: &["key_id", "device_id", "device_name", "bound_at"],
            rows: new.collect(),
            tail: "ON CONFLICT DO NOTHING",
        }),
    ]
}

#[cfg(test)]
pub(super) mod tests;
