//! The log of a set: what passed is packed ([`super::passed`]), everything else has a row of its own, and the day's counts.

use std::collections::HashMap;

use kernel::Timestamp;
use platform::Platform;
use platform::identity::UserId;
use platform::settings::defs;
use store::{Insert, Write, args};
use uuid::Uuid;

use super::load::{self, Found};
use super::passed::{self, Passed};
use super::set::{Answer, Ask, CallId, Endpoint, UNREADABLE};
use crate::keys::verdict::Code;
use crate::projects::ProjectId;

pub(super) const TABLE: &str = "client_calls";
pub(super) const COLUMNS: [&str; 14] = [
    "id",
    "at",
    "project_id",
    "endpoint",
    "status",
    "code",
    "refused",
    "first_use",
    "key_id",
    "agent_id",
    "key_hint",
    "device_id",
    "device_name",
    "address",
];

/// The key that each asks about, if its own project has it.
pub(super) fn found<'a>(asks: &[Ask], lookups: &[Option<Uuid>], keys: &'a HashMap<Uuid, Found>) -> Vec<Option<&'a Found>> {
    let find = |(ask, lookup): (&Ask, &Option<Uuid>)| keys.get(lookup.as_ref()?).filter(|key| key.project == ask.project.id);
    asks.iter().zip(lookups).map(find).collect()
}

/// Status, code, and whether it is the key's first use.
fn outcome(ask: &Ask, answer: &Answer) -> (i64, &'static str, bool) {
    match answer {
        Ok(answer) if ask.endpoint == Endpoint::Query && answer.code == Code::NotFound => (404, kernel::Word::as_str(answer.code), false),
        Ok(answer) => (200, kernel::Word::as_str(answer.code), answer.first_use),
        Err(fault) if fault.code == UNREADABLE => ask.unreadable.map_or((422, fault.code, false), |(status, code)| (status, code, false)),
        Err(fault) if fault.retry_after.is_some() => (429, fault.code, false),
        Err(fault) => (401, fault.code, false),
    }
}

/// A request, the key that it asks about, and what came of it.
pub(super) struct Call<'a> {
    pub ask: &'a Ask,
    pub found: Option<&'a Found>,
    pub answer: &'a Answer,
    /// It has no line of its own.
    pub only_counted: bool,
}

/// What is written of a set's requests. `part`: whose counts are added to.
pub(super) fn writes<'a>(
    platform: &Platform,
    part: i64,
    calls: impl Iterator<Item = Call<'a>>,
    now: Timestamp,
) -> store::Result<Vec<Write<'static>>> {
    let mut counts: HashMap<(ProjectId, UserId), (i64, i64)> = HashMap::new();
    let mut passed: HashMap<ProjectId, Vec<Passed<'_>>> = HashMap::new();
    let mut rows = Vec::new();
    for (n, Call { ask, found, answer, only_counted }) in calls.enumerate() {
        let (status, code, first_use) = outcome(ask, answer);
        let refused = code != passed::CODE;
        if ask.endpoint == Endpoint::Verify && ask.unreadable.is_none() {
            let agent = found.map_or(UserId::from_uuid(Uuid::nil()), |key| key.agent);
            let (accepted, refusals) = counts.entry((ask.project.id, agent)).or_default();
            *(if refused { refusals } else { accepted }) += 1;
        }
        if let (Endpoint::Verify, false, false, Some(key)) = (ask.endpoint, refused, first_use, found) {
            passed.entry(ask.project.id).or_default().push(Passed {
                key: key.id.uuid().into_bytes(),
                agent: key.agent.uuid().into_bytes(),
                key_hint: &ask.hint,
                device_id: &ask.device.id,
                device_name: &ask.device.name,
                address: &ask.address,
            });
            continue;
        }
        if only_counted {
            continue;
        }
        // Ids follow the order of the set, so that the log's order is its key.
        let id = CallId::new(now.plus_micros(i64::try_from(n).unwrap_or(0) / 16), &platform.random);
        rows.push(args![
            id,
            now,
            ask.project.id,
            kernel::Word::as_str(ask.endpoint),
            status,
            code,
            refused,
            first_use,
            found.map(|key| key.id),
            found.map(|key| key.agent),
            ask.hint.as_str(),
            ask.device.id.as_str(),
            ask.device.name.as_str(),
            ask.address.as_str(),
        ]);
    }
    let rows = Insert { table: TABLE, columns: &COLUMNS, rows, tail: "" };
    let counts = load::counts(now.day_in(&platform.settings.get(defs::TIME_ZONE)), part, counts);
    Ok([rows, passed::rows(passed, now, &platform.random)?, counts].map(Write::Insert).into())
}

#[cfg(test)]
mod tests {
    use kernel::Fault;

    use super::*;
    use crate::client::admit::{nonce_reused, too_many};
    use crate::client::set::{self, KeyAnswer};

    fn ask(endpoint: Endpoint, unreadable: Option<(i64, &'static str)>) -> Ask {
        Ask { unreadable, ..set::tests::ask(endpoint, "") }
    }

    fn decided(code: Code, first_use: bool) -> Answer {
        Ok(KeyAnswer { code, first_use, key: None, now: Timestamp::from_unix(0) })
    }

    #[test]
    fn k3_2c_a_decided_call_is_logged_by_its_verdict_and_a_query_of_no_key_as_not_found() {
        let (verify, query) = (ask(Endpoint::Verify, None), ask(Endpoint::Query, None));
        for (ask, code, first_use, logged) in [
            (&verify, Code::Valid, true, (200, "VALID", true)),
            (&verify, Code::Valid, false, (200, "VALID", false)),
            (&verify, Code::Expired, false, (200, "EXPIRED", false)),
            (&verify, Code::NotFound, false, (200, "NOT_FOUND", false)),
            (&query, Code::Valid, false, (200, "VALID", false)),
            (&query, Code::NotFound, false, (404, "NOT_FOUND", false)),
        ] {
            assert_eq!(outcome(ask, &decided(code, first_use)), logged, "{} {code}", ask.endpoint);
        }
    }

    #[test]
    fn k8_3_a_call_that_was_not_decided_is_logged_with_the_status_of_its_answer() {
        let unreadable = || Err(Fault::new(kernel::Kind::Invalid, UNREADABLE, "", ""));
        let large = ask(Endpoint::Verify, Some((413, "BODY_TOO_LARGE")));
        let plain = ask(Endpoint::Verify, None);
        assert_eq!(outcome(&large, &unreadable()), (413, "BODY_TOO_LARGE", false), "what was wrong with it");
        assert_eq!(outcome(&plain, &unreadable()), (422, "UNREADABLE", false));
        assert_eq!(outcome(&large, &Err(too_many(3))), (429, "RATE_LIMITED", false), "it was not looked into");
        assert_eq!(outcome(&large, &Err(nonce_reused())), (401, "NONCE_REUSED", false));
    }
}
