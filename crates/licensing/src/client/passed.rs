//! Calls that passed, packed: one row for all of a set's and a project's, since they are by far the most, and are looked for
//! by project and time only. A row each, with what indexes it has, cost as much as all else that a verification writes.
//!
//! A call's id is its row's, with the call's place in the last two bytes: so calls page by id wherever they are kept.

use std::collections::HashMap;

use kernel::{Cursor, PageAsk, Timestamp};
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::{Index, Insert, Look, Row, ToValue, all_in, args};
use uuid::Uuid;

use super::calls::{CallFilter, ClientCall};
use super::set::{CallId, Endpoint};
use crate::keys::KeyId;
use crate::projects::{ProjectId, ProjectRef};

pub(super) const CODE: &str = "VALID";
const STATUS: i64 = 200;

/// A call that passed, as it is packed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed<'a> {
    pub key: [u8; 16],
    pub agent: [u8; 16],
    pub key_hint: &'a str,
    pub device_id: &'a str,
    pub device_name: &'a str,
    pub address: &'a str,
}

/// The calls of a packed row.
pub fn unpack(calls: &[u8]) -> store::Result<Vec<Passed<'_>>> {
    postcard::from_bytes(calls).map_err(|error| store::Error::Internal(format!("a row of the call log cannot be read: {error}")))
}

fn pack(calls: &[Passed<'_>]) -> store::Result<Vec<u8>> {
    postcard::to_stdvec(calls).map_err(|error| store::Error::Internal(error.to_string()))
}

/// The rows of a set's.
pub(super) fn rows(calls: HashMap<ProjectId, Vec<Passed<'_>>>, now: Timestamp, random: &kernel::Random) -> store::Result<Insert<'static>> {
    let mut rows = Vec::with_capacity(calls.len());
    for (project, calls) in calls {
        for part in calls.chunks(usize::from(u16::MAX)) {
            let id = with_place(random.uuid_v7(now), 0);
            rows.push(args![id, now, project, i64::try_from(part.len()).unwrap_or(i64::MAX), pack(part)?]);
        }
    }
    Ok(Insert { table: "passed_calls", columns: &["id", "at", "project_id", "calls", "packed"], rows, tail: "" })
}

/// The id of the call at `place` of a row.
fn with_place(row: Uuid, place: u16) -> Uuid {
    let mut bytes = row.into_bytes();
    bytes[14..].copy_from_slice(&place.to_be_bytes());
    Uuid::from_bytes(bytes)
}

/// The row of a call, and its place there.
fn row_and_place(call: Uuid) -> (Uuid, u16) {
    let bytes = call.as_bytes();
    (with_place(call, 0), u16::from_be_bytes([bytes[14], bytes[15]]))
}

/// Whether what is asked for could be here.
fn may_hold(asked: &CallFilter) -> bool {
    asked.key.is_none()
        && asked.device.is_none()
        && !asked.only_refused
        && asked.code.as_deref().is_none_or(|code| code == CODE)
        && asked.endpoint.is_none_or(|endpoint| endpoint == Endpoint::Verify)
}

const BY_PROJECT: Index = Index { name: "passed_calls_project", columns: &["project_id"] };

/// As many of a page's as are here, newest first; for whoever may see all calls.
pub(super) async fn page(cx: &Cx, asked: &CallFilter, ask: &PageAsk) -> Result<Vec<ClientCall>> {
    if !may_hold(asked) {
        return Ok(Vec::new());
    }
    let before = ask.before();
    let (last_row, last_place) = row_and_place(before);
    let mut look = Look::new("passed_calls", "id");
    if let Some(project) = asked.project {
        look.by(&BY_PROJECT).along("project_id", project);
    }
    look.span("c.at", asked.from, asked.to);
    let mut sql = cx.db.read();
    // First how many are where: the calls themselves are long. The row in which the page begins is among them.
    let rows = PageAsk { after: Some(Cursor(Uuid::from_u128(last_row.as_u128().saturating_add(1)))), limit: ask.fetch() + 1 };
    let select = "SELECT c.id, c.calls FROM passed_calls c";
    let counted = look.page(&mut sql, select, "c.id", &rows, |row| Ok((row.get("id")?, row.get("calls")?)), |(id, _)| *id).await?;
    let counted: Vec<(Uuid, i64)> = counted.items;
    let (mut rows, mut have) = (Vec::new(), 0);
    for (row, calls) in counted {
        if have >= ask.fetch() {
            break;
        }
        have += if row == last_row { calls.min(i64::from(last_place)) } else { calls };
        rows.push(row.to_value());
    }
    let mut found: Vec<ClientCall> = all_in(&mut sql, SELECT, "", rows, read).await?.into_iter().flatten().collect();
    found.retain(|call| call.id.uuid() < before);
    Ok(found)
}

/// The call of this id, if it passed.
pub(super) async fn find(cx: &Cx, id: CallId) -> Result<Option<ClientCall>> {
    let (row, place) = row_and_place(id.uuid());
    let calls = all_in(&mut cx.db.read(), SELECT, "", vec![row.to_value()], read).await?;
    Ok(calls.into_iter().flatten().nth(usize::from(place)))
}

const SELECT: &str = "SELECT c.id, c.at, c.project_id, p.name AS project_name, c.packed FROM passed_calls c JOIN projects p ON p.id = c.project_id WHERE c.id IN";

fn read(row: &Row) -> store::Result<Vec<ClientCall>> {
    let (id, at): (Uuid, Timestamp) = (row.get("id")?, row.get("at")?);
    let project = ProjectRef { id: row.get("project_id")?, name: row.get("project_name")? };
    let packed: Vec<u8> = row.get("packed")?;
    let call = |(place, passed): (u16, Passed<'_>)| ClientCall {
        id: CallId::from_uuid(with_place(id, place)),
        at,
        project: project.clone(),
        endpoint: Endpoint::Verify,
        status: STATUS,
        code: CODE.to_owned(),
        key_id: Some(KeyId::from_uuid(Uuid::from_bytes(passed.key))),
        key_hint: passed.key_hint.to_owned(),
        device_id: passed.device_id.to_owned(),
        device_name: passed.device_name.to_owned(),
        address: passed.address.to_owned(),
        first_use: false,
    };
    Ok((0..).zip(unpack(&packed)?).map(call).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(calls in proptest::collection::vec((any::<[u8; 16]>(), any::<[u8; 16]>(), ".{0,5}", ".{0,20}", ".{0,9}", ".{0,9}"), 0..20)) {
            let calls: Vec<Passed<'_>> = calls.iter().map(|(key, agent, key_hint, device_id, device_name, address)| Passed { key: *key, agent: *agent, key_hint, device_id, device_name, address }).collect();
            let packed = pack(&calls).unwrap();
            prop_assert_eq!(unpack(&packed).unwrap(), calls);
        }

        #[test]
        fn what_is_damaged_is_refused_or_read(bytes: Vec<u8>) {
            let _ = unpack(&bytes);
        }

        #[test]
        fn a_call_is_found_again_by_its_id(row: u128, place: u16) {
            let row = with_place(Uuid::from_u128(row), 0);
            prop_assert_eq!(row_and_place(with_place(row, place)), (row, place));
        }
    }

    #[test]
    fn k3_2c_calls_that_passed_are_looked_for_unless_what_is_asked_for_cannot_be_among_them() {
        let asked = CallFilter::default;
        let here = [
            asked(),
            CallFilter { code: Some("VALID".into()), ..asked() },
            CallFilter { endpoint: Some(Endpoint::Verify), ..asked() },
            CallFilter { project: Some(ProjectId::from_uuid(Uuid::nil())), from: Some(Timestamp::from_unix(0)), ..asked() },
        ];
        assert!(here.iter().all(may_hold));
        let elsewhere = [
            CallFilter { code: Some("EXPIRED".into()), ..asked() },
            CallFilter { endpoint: Some(Endpoint::Query), ..asked() },
            CallFilter { endpoint: Some(Endpoint::Time), ..asked() },
            CallFilter { key: Some("4RTD2".into()), ..asked() },
            CallFilter { device: Some("d".into()), ..asked() },
            CallFilter { only_refused: true, ..asked() },
        ];
        assert!(!elsewhere.iter().any(may_hold));
    }
}
