//! Looking at deliveries: super admins, who set callbacks up.

use kernel::{Fault, Page, PageAsk, Word};
use platform::figures::MOST_WAITING;
use platform::identity::Permission;
use platform::{Cx, Result};
use store::{Index, Look, Of, Row, Sql, args};

use super::model::{Attempt, Delivery, DeliveryDetail, DeliveryEvent, DeliveryFilter, DeliveryId, DeliveryState};
use crate::projects::ProjectRef;

const COLUMNS: &str = "SELECT d.id, d.event_id, d.event, d.url, d.state, d.attempts, d.last_status, d.last_error, d.next_attempt_at, d.created_at, \
                       p.id AS project_id, p.name AS project_name, d.payload FROM deliveries d JOIN projects p ON p.id = d.project_id";

const LIST: Index = Index { name: "deliveries_list", columns: &["project_id", "state", "event"] };
const PROJECTS: &str = "SELECT id AS v0 FROM projects";

/// Newest first.
pub async fn list(cx: &Cx, filter: &DeliveryFilter, ask: &PageAsk) -> Result<Page<Delivery>> {
    cx.require(Permission::CallbacksManage)?;
    let mut sql = cx.db.read();
    let mut look = Look::new("deliveries", "id");
    let states = DeliveryState::texts(filter.state);
    let events = DeliveryEvent::texts(filter.event);
    if let Some(project) = filter.project {
        look.by(&LIST).along("project_id", project).words("state", &states).words("event", &events);
    } else if (filter.state.is_some() || filter.event.is_some())
        && store::few(&mut sql, PROJECTS, args![], states.len() * events.len()).await?
    {
        look.by(&LIST).words("state", &states).words("event", &events).among(&[("project_id", Of::Uuid)], PROJECTS);
    } else {
        // All of them, or so many projects that every row is looked at.
        look.rest_some("d.state = ?", filter.state.map(Word::as_str)).rest_some("d.event = ?", filter.event.map(Word::as_str));
    }
    Ok(look.page(&mut sql, COLUMNS, "d.id", ask, read, |delivery| delivery.id.uuid()).await?)
}

/// One, with what was sent and how each attempt went.
pub async fn get(cx: &Cx, id: DeliveryId) -> Result<DeliveryDetail> {
    cx.require(Permission::CallbacksManage)?;
    let sql = format!("{COLUMNS} WHERE d.id = $1");
    let found = cx.db.read().opt(&sql, args![id], |row| Ok((read(row)?, row.get::<String>("payload")?))).await?;
    let (delivery, payload) = found.ok_or_else(Fault::not_found)?;
    let sql =
        "SELECT at, status, error, detail, duration_ms, response FROM delivery_attempts WHERE delivery_id = $1 ORDER BY id DESC LIMIT 100";
    let attempts = cx.db.read().all(sql, args![id], read_attempt).await?;
    Ok(DeliveryDetail { delivery, payload, attempts })
}

fn read_attempt(row: &Row) -> store::Result<Attempt> {
    Ok(Attempt {
        at: row.get("at")?,
        status: row.get("status")?,
        error: row.opt_word("error")?,
        detail: row.get("detail")?,
        duration_ms: row.get("duration_ms")?,
        response: row.get("response")?,
    })
}

/// As it is now, within a transaction or outside.
pub(super) async fn one(sql: &mut impl Sql, id: DeliveryId) -> Result<Delivery> {
    let query = format!("{COLUMNS} WHERE d.id = $1");
    sql.opt(&query, args![id], read).await?.ok_or_else(Fault::not_found)
}

/// How many were given up and not dismissed since, trials aside: for the home page. Counts no further than [`MOST_WAITING`].
pub async fn failing(sql: &mut impl Sql) -> store::Result<i64> {
    let failed = format!("SELECT 1 AS one FROM deliveries WHERE state = 'failed' AND event <> 'test' LIMIT {MOST_WAITING}");
    sql.one(&format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM ({failed}) d"), args![], |row| row.get("n")).await
}

fn read(row: &Row) -> store::Result<Delivery> {
    Ok(Delivery {
        id: row.get("id")?,
        project: ProjectRef { id: row.get("project_id")?, name: row.get("project_name")? },
        event_id: row.get("event_id")?,
        event: row.word("event")?,
        url: row.get("url")?,
        state: row.word("state")?,
        attempts: row.get("attempts")?,
        last_status: row.get("last_status")?,
        last_error: row.opt_word("last_error")?,
        next_attempt_at: row.get("next_attempt_at")?,
        created_at: row.get("created_at")?,
    })
}
