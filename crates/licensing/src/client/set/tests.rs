//! What is decided of requests that came together, and who is told.

use std::collections::HashMap;

use platform::identity::UserId;

use super::outcome::callback_of;
use super::*;
use crate::batches::BatchId;
use crate::client::load::{Found, ProjectNow};
use crate::client::project::tests::project;
use crate::keys::verdict::{Candidate, Code};
use crate::keys::{Facts, KeyDevice, KeyId, KeyState, Validity};
use crate::projects::{CallbackEvent, ValidityUnit};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
/// The place of the one key there is.
const KEY: Uuid = Uuid::from_u128(1);
const ROOM: Counted = Ok(Allowance { allowed: true, per_minute: 60, remaining: 1, retry_after: 0 });
const NO_ROOM: Counted = Ok(Allowance { allowed: false, per_minute: 60, remaining: 0, retry_after: 7 });

pub(in crate::client) fn ask(endpoint: Endpoint, device: &str) -> Ask {
    Ask {
        project: Arc::new(project("secret", &[7; 32])),
        nonce: String::new(),
        endpoint,
        key: None,
        hint: String::new(),
        device: Device { id: device.into(), name: String::new() },
        address: String::new(),
        signed_at: NOW.unix(),
        unreadable: None,
    }
}

/// A new key that is good for a day, in a project with one seat a key.
fn loaded() -> Loaded {
    let candidate = Candidate { facts: Facts::default(), validity: Validity { unit: ValidityUnit::Day, count: 1 }, bound: Vec::new() };
    let found = Found {
        id: KeyId::from_uuid(KEY),
        project: ask(Endpoint::Verify, "").project.id,
        batch: BatchId::from_uuid(Uuid::nil()),
        agent: UserId::from_uuid(Uuid::nil()),
        candidate,
        bound: String::new(),
        before: None,
    };
    let now = ProjectNow { active: true, seats: 1, wants: Vec::new(), url: Some("https://owner.example/hook".into()) };
    Loaded { projects: HashMap::from([(found.project, now)]), keys: HashMap::from([(KEY, found)]) }
}

/// Requests that all ask for that key.
fn set(asks: &[Ask]) -> Set<'_> {
    Set {
        asks,
        lookups: vec![Some(KEY); asks.len()],
        hashes: vec![0; asks.len()],
        projects: distinct(asks.iter().map(|ask| ask.project.id)),
        zone: "Asia/Shanghai".into(),
    }
}

/// Code, and whether it was the first use; or the code of the refusal.
fn told(answer: &Answer) -> Result<(Code, bool), &'static str> {
    answer.as_ref().map(|answer| (answer.code, answer.first_use)).map_err(|fault| fault.code)
}

#[test]
fn k3_2a_of_devices_that_come_together_for_one_seat_the_first_has_it() {
    let asks = [ask(Endpoint::Verify, "a"), ask(Endpoint::Verify, "b"), ask(Endpoint::Verify, "a")];
    let (set, mut loaded) = (set(&asks), loaded());
    let outcome = Outcome::of(&set, &mut loaded, &[ROOM; 3], NOW);
    let answers: Vec<_> = outcome.answers.iter().map(told).collect();
    assert_eq!(answers, [Ok((Code::Valid, true)), Ok((Code::DeviceMismatch, false)), Ok((Code::Valid, false))]);
    assert_eq!(outcome.binding(&set), [KEY], "once");
    let key = &loaded.keys[&KEY];
    assert_eq!((key.candidate.facts.devices, key.candidate.facts.expires_at), (1, Some(NOW.plus_seconds(86_400))));
    assert_eq!(key.before.as_ref().map(|before| before.facts), Some(Facts::default()), "as it was read");
    let details = outcome.answers[1].as_ref().unwrap().key.as_ref().unwrap();
    assert_eq!((details.id, details.state, details.activated_at), (key.id, KeyState::Active, Some(NOW)));
    assert!(details.devices.is_empty(), "a verification does not tell whose the other devices are");
}

#[test]
fn k3_2b_a_month_begun_by_a_set_is_one_of_the_calendar_where_the_installation_is() {
    let asks = [ask(Endpoint::Verify, "a")];
    let ends = |at: &str, zone: &str| {
        let at: Timestamp = at.parse().unwrap();
        let (set, mut loaded) = (Set { zone: zone.into(), ..set(&asks) }, loaded());
        loaded.keys.get_mut(&KEY).unwrap().candidate.validity = Validity { unit: ValidityUnit::Month, count: 1 };
        let outcome = Outcome::of(&set, &mut loaded, &[ROOM], at);
        outcome.answers[0].as_ref().unwrap().key.as_ref().unwrap().expires_at.unwrap().to_string()
    };
    assert_eq!(ends("2027-02-28T23:00:00Z", "Asia/Shanghai"), "2027-03-31T23:00:00Z");
    assert_eq!(ends("2027-02-28T23:00:00Z", "UTC"), "2027-03-28T23:00:00Z");
}

#[test]
fn k8_1_what_is_over_the_limit_or_sent_again_or_unreadable_changes_nothing() {
    let unreadable = Ask { unreadable: Some((422, "INVALID")), ..ask(Endpoint::Verify, "c") };
    let asks = [ask(Endpoint::Verify, "a"), ask(Endpoint::Verify, "b"), unreadable, ask(Endpoint::Verify, "d")];
    let (set, mut loaded) = (set(&asks), loaded());
    let allowances = vec![NO_ROOM, Err(Again { over: false, logged: true }), ROOM, Err(Again { over: true, logged: true })];
    let outcome = Outcome::of(&set, &mut loaded, &allowances, NOW);
    let answers: Vec<_> = outcome.answers.iter().map(told).collect();
    assert_eq!(answers, [Err("RATE_LIMITED"), Err("NONCE_REUSED"), Err(UNREADABLE), Err("TIMESTAMP_SKEWED")]);
    assert_eq!(outcome.answers[0].as_ref().unwrap_err().retry_after, Some(7));
    assert!(outcome.binding(&set).is_empty() && loaded.keys[&KEY].before.is_none());
    assert_eq!(loaded.keys[&KEY].candidate.facts, Facts::default());
    let left: Vec<_> = outcome.decisions(&allowances).into_iter().map(|decision| decision.allowance).collect();
    assert_eq!(left, [NO_ROOM.ok(), None, ROOM.ok(), None], "what was sent again is not counted");
}

#[test]
fn k8_3_a_query_binds_nothing_and_tells_the_devices_and_the_time_is_told_to_anybody() {
    let asks = [ask(Endpoint::Verify, "a"), ask(Endpoint::Query, ""), ask(Endpoint::Time, "")];
    let (mut set, mut loaded) = (set(&asks), loaded());
    set.lookups[2] = None;
    let outcome = Outcome::of(&set, &mut loaded, &[ROOM; 3], NOW);
    let answers: Vec<_> = outcome.answers.iter().map(told).collect();
    assert_eq!(answers, [Ok((Code::Valid, true)), Ok((Code::Valid, false)), Ok((Code::Valid, false))]);
    let keys: Vec<_> = outcome.answers.iter().map(|answer| answer.as_ref().unwrap().key.as_ref()).collect();
    assert_eq!(keys[1].unwrap().devices, [KeyDevice { id: "a".into(), name: String::new(), bound_at: NOW }]);
    assert!(keys[2].is_none());
    assert_eq!(set.asked(), [KEY]);
}

#[test]
fn k8_3_a_key_of_another_project_looks_like_none() {
    let asks = [ask(Endpoint::Verify, "a"), ask(Endpoint::Query, "a")];
    let (set, mut loaded) = (set(&asks), loaded());
    loaded.keys.get_mut(&KEY).unwrap().project = ProjectId::from_uuid(Uuid::from_u128(9));
    let outcome = Outcome::of(&set, &mut loaded, &[ROOM; 2], NOW);
    for answer in &outcome.answers {
        let answer = answer.as_ref().unwrap();
        assert_eq!((answer.code, answer.key.is_none()), (Code::NotFound, true));
    }
    assert!(outcome.binding(&set).is_empty() && loaded.keys[&KEY].before.is_none());
}

#[test]
fn k3_2a_a_project_that_is_switched_off_or_has_more_seats_now_is_judged_as_it_is_now() {
    let asks = [ask(Endpoint::Verify, "a"), ask(Endpoint::Verify, "b")];
    let judged = |active: bool, seats: i64| {
        let (set, mut loaded) = (set(&asks), loaded());
        loaded.projects.values_mut().for_each(|project| (project.active, project.seats) = (active, seats));
        let outcome = Outcome::of(&set, &mut loaded, &[ROOM; 2], NOW);
        outcome.answers.iter().map(|answer| told(answer).unwrap().0).collect::<Vec<_>>()
    };
    assert_eq!(judged(false, 2), [Code::ProjectDisabled; 2]);
    assert_eq!(judged(true, 1), [Code::Valid, Code::DeviceMismatch]);
    assert_eq!(judged(true, 2), [Code::Valid; 2]);
}

#[test]
fn k3_2c_an_owner_is_called_for_what_it_asked_for_and_of_a_first_use_but_once() {
    use CallbackEvent::{KeyActivated, KeyRefused, KeyVerified};
    let event = |code, first_use, wants: &[CallbackEvent]| callback_of(&KeyAnswer { code, first_use, key: None, now: NOW }, wants);
    let all = [KeyVerified, KeyRefused, KeyActivated];
    assert_eq!(event(Code::Valid, true, &all), Some(KeyActivated));
    assert_eq!(event(Code::Valid, true, &[KeyVerified]), Some(KeyVerified), "where activations are not asked for");
    assert_eq!((event(Code::Valid, false, &all), event(Code::Valid, false, &[KeyActivated])), (Some(KeyVerified), None));
    for code in [Code::NotFound, Code::ProjectDisabled, Code::Disabled, Code::Expired, Code::DeviceMismatch] {
        assert_eq!((event(code, false, &all), event(code, false, &[KeyVerified, KeyActivated])), (Some(KeyRefused), None), "{code}");
    }
    assert_eq!(event(Code::Valid, true, &[]), None);
}

#[test]
fn k3_2c_others_hear_of_verifications_that_they_asked_for_and_of_each_first_use() {
    let asks = [ask(Endpoint::Verify, "a"), ask(Endpoint::Verify, "a"), ask(Endpoint::Verify, "b"), ask(Endpoint::Query, "a")];
    let heard = |wants: Vec<CallbackEvent>, url: Option<&str>| {
        let (set, mut loaded) = (set(&asks), loaded());
        for project in loaded.projects.values_mut() {
            (project.wants, project.url) = (wants.clone(), url.map(str::to_owned));
        }
        let outcome = Outcome::of(&set, &mut loaded, &[ROOM; 4], NOW);
        let happened = happened(&set, &loaded, &outcome.answers);
        assert!(
            happened.iter().all(|one| one.key.map(|(key, _)| key.uuid()) == Some(KEY) && one.expires_at == Some(NOW.plus_seconds(86_400)))
        );
        happened.into_iter().map(|one| (one.call.map(|(event, _)| event), one.first_use)).collect::<Vec<_>>()
    };
    let url = Some("https://owner.example/hook");
    assert_eq!(heard(Vec::new(), url), [(None, true)], "the agent hears of the first use");
    assert_eq!(heard(vec![CallbackEvent::KeyRefused], None), [(None, true)], "nobody is called where there is no address");
    let (activated, refused) = (CallbackEvent::KeyActivated, CallbackEvent::KeyRefused);
    assert_eq!(heard(vec![activated, refused], url), [(Some(activated), true), (Some(refused), false)]);
    let verified = CallbackEvent::KeyVerified;
    assert_eq!(heard(vec![verified], url), [(Some(verified), true), (Some(verified), false)]);
}
