//! Deciding a set of requests: one look-up of all their keys, one pure verdict each, and one statement that writes all that follows if
//! what it rests on is still so; where it is not, the same in a transaction. One code serves both databases.

mod ask;
mod outcome;

use std::sync::Arc;

use kernel::Timestamp;
use platform::Platform;
use platform::settings::defs;
use store::{Direct, Write, write_all};
use uuid::Uuid;

pub use ask::{Answer, Ask, CallEntity, CallId, Decision, Device, Endpoint, KeyAnswer, KeyDetails, UNREADABLE};

use self::outcome::{Outcome, bindings, happened};
use super::limit::{Allowance, Limits};
use super::load::{self, Loaded};
use super::log;
use super::nonces::{self, Claim, Nonces};
use crate::events;
use crate::keys::{lookup, no_lookup};
use crate::projects::ProjectId;

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
        let mut outcome = Outcome::of(set, &mut loaded, &allowances, now);
        let binding = outcome.binding(set);
        // A seat is taken only on a locked row: elsewhere somebody may be taking it at this moment. So these keys are read again
        // as they are now, which also forgets what was just decided of them.
        if !binding.is_empty() && !tx.for_update().is_empty() {
            load::lock(&mut tx, &binding, &mut loaded).await?;
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
    /// Where months are counted. Known without asking: what comes of it is written with the key, and nobody works it out again.
    zone: String,
}

impl<'a> Set<'a> {
    fn of(platform: &Platform, asks: &'a [Ask]) -> Self {
        let lookups = asks.iter().map(|ask| look_up(platform, ask)).collect();
        let projects = distinct(asks.iter().map(|ask| ask.project.id));
        Self { asks, lookups, hashes: nonces::hashes(asks), projects, zone: platform.settings.get(defs::TIME_ZONE) }
    }

    /// All keys' look-ups.
    fn asked(&self) -> Vec<Uuid> {
        distinct(self.lookups.iter().flatten().copied())
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

#[cfg(test)]
pub(super) mod tests;
