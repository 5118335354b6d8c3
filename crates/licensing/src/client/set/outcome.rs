//! What is decided of a set, without a database: verdicts and answers, what others hear of it, and what is written of keys.

use std::collections::HashMap;

use kernel::{Fault, Kind, Timestamp};
use store::{Change, Insert, Update, Write, args};
use uuid::Uuid;

use super::{Allowances, Answer, Ask, Counted, Decision, Endpoint, KeyAnswer, KeyDetails, Set, UNREADABLE, distinct};
use crate::client::admit::{nonce_reused, over, too_many};
use crate::client::load::{Found, Loaded};
use crate::events::Happened;
use crate::keys::bound;
use crate::keys::verdict::{self, Code};
use crate::projects::CallbackEvent;

/// What was decided of a set.
pub(super) struct Outcome {
    verdicts: Vec<Option<verdict::Verdict>>,
    pub(super) answers: Vec<Answer>,
}

impl Outcome {
    pub(super) fn of(set: &Set<'_>, loaded: &mut Loaded, allowances: &[Counted], now: Timestamp) -> Self {
        let verdicts = verdicts(set, loaded, allowances, now);
        let answers = answers(set, &verdicts, &loaded.keys, allowances, now);
        Self { verdicts, answers }
    }

    /// The look-ups of keys that a verdict binds, in order and once each.
    pub(super) fn binding(&self, set: &Set<'_>) -> Vec<Uuid> {
        let binding = self.verdicts.iter().zip(&set.lookups).filter(|(verdict, _)| verdict.is_some_and(|verdict| verdict.binds));
        distinct(binding.filter_map(|(_, lookup)| *lookup))
    }

    pub(super) fn decisions(self, allowances: &Allowances) -> Vec<Decision> {
        self.answers.into_iter().zip(allowances).map(|(answer, allowance)| Decision { answer, allowance: allowance.ok() }).collect()
    }
}

/// Each in turn; what one binds, the next finds bound. The keys are changed accordingly.
fn verdicts(
    Set { asks, lookups, zone, .. }: &Set<'_>,
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
            verdict::bind(&mut key.candidate, &ask.device.id, &ask.device.name, now, zone);
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
            devices: if ask.endpoint == Endpoint::Query { key.candidate.bound.clone() } else { Vec::new() },
        });
        Ok(KeyAnswer { code: verdict.code, first_use: verdict.first_use, key, now })
    };
    asks.iter().enumerate().map(answer).collect()
}

/// What others may want to know of a set.
pub(super) fn happened(Set { asks, lookups, .. }: &Set<'_>, Loaded { keys, projects }: &Loaded, answers: &[Answer]) -> Vec<Happened> {
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
pub(super) fn callback_of(answer: &KeyAnswer, wants: &[CallbackEvent]) -> Option<CallbackEvent> {
    let events: &[CallbackEvent] = match (answer.code, answer.first_use) {
        (Code::Valid, true) => &[CallbackEvent::KeyActivated, CallbackEvent::KeyVerified],
        (Code::Valid, false) => &[CallbackEvent::KeyVerified],
        _ => &[CallbackEvent::KeyRefused],
    };
    events.iter().copied().find(|event| wants.contains(event))
}

/// What is written of keys that were bound.
pub(super) fn bindings(keys: &HashMap<Uuid, Found>, now: Timestamp) -> Vec<Write<'static>> {
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
        .filter_map(|key| Some((key.before.as_ref()?, &key.bound)))
        .map(|(before, bound)| args![before.facts.disabled_at, before.facts.unbinds, bound.as_str()]);
    let new = changed.iter().flat_map(|key| {
        let known = key.before.as_ref().map_or(0, |before| before.bound.len());
        key.candidate.bound.iter().skip(known).map(|device| args![device.id.as_str(), key.id])
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
            columns: &["device_id", "key_id"],
            rows: new.collect(),
            tail: "ON CONFLICT DO NOTHING",
        }),
    ]
}
