//! Jobs as an operator looks at them: lists of them, and starting one that was given up again, or dismissing it.

use kernel::{DAY, Timestamp, Word};
use serde::Serialize;

use super::{JobId, JobState};
use crate::{Db, Index, Look, Of, Result, Row, Sql, Sweep, Tx, args};

/// A job as an operator sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Job)]
pub struct JobView {
    pub id: JobId,
    pub kind: String,
    pub state: JobState,
    pub attempts: i64,
    pub run_at: Timestamp,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

impl JobView {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            kind: row.get("kind")?,
            state: row.word("state")?,
            attempts: row.get("attempts")?,
            run_at: row.get("run_at")?,
            last_error: row.get("last_error")?,
            created_at: row.get("created_at")?,
            finished_at: row.get("finished_at")?,
        })
    }
}

const VIEW: &str = "SELECT id, kind, state, attempts, run_at, last_error, created_at, finished_at FROM jobs";

/// What was done is seen for three days.
pub const DONE: Sweep = Sweep::by_time("jobs", "id", "finished_at", 3 * DAY).only("state = 'done'");

/// What was dismissed, for as long after that.
pub const DISMISSED: Sweep = Sweep::by_time("jobs", "id", "finished_at", 3 * DAY).only("state = 'dismissed'");

const LIST: Index = Index { name: "jobs_list", columns: &["kind", "state"] };

/// Which kinds there are: a step in the index for each.
const KINDS: &str = "WITH RECURSIVE kinds (v0) AS (SELECT (SELECT MIN(kind) FROM jobs) UNION ALL \
                     SELECT (SELECT MIN(j.kind) FROM jobs j WHERE j.kind > k.v0) FROM kinds k WHERE k.v0 IS NOT NULL) \
                     SELECT v0 FROM kinds WHERE v0 IS NOT NULL";

/// Newest first, of one state and kind or of all.
pub async fn list(db: &Db, state: Option<JobState>, kind: Option<&str>, ask: &kernel::PageAsk) -> Result<kernel::Page<JobView>> {
    let mut look = Look::new("jobs", "id");
    if state.is_some() || kind.is_some() {
        look.by(&LIST).words("state", &JobState::texts(state));
        match kind {
            Some(kind) => look.along("kind", kind),
            None => look.among(&[("kind", Of::Text)], KINDS),
        };
    }
    look.page(&mut db.read(), VIEW, "id", ask, JobView::read, |job| job.id.uuid()).await
}

pub async fn find(sql: &mut impl Sql, id: JobId) -> Result<Option<JobView>> {
    sql.opt(&format!("{VIEW} WHERE id = $1"), args![id], JobView::read).await
}

/// Starts a given-up job again, with all its attempts. False when it is not given up.
pub async fn retry(tx: &mut Tx, db: &Db, id: JobId, now: Timestamp) -> Result<bool> {
    let sql =
        "UPDATE jobs SET state = 'queued', run_at = $1, decided_at = $1, attempts = 0, finished_at = NULL WHERE id = $2 AND state = 'dead'";
    let changed = tx.exec(sql, args![now, id]).await?;
    let db = db.clone();
    tx.on_commit(move || db.wake_jobs());
    Ok(changed == 1)
}

/// Nothing is to be done about a job that was given up: it counts no more, and is swept in time. False when it is not given up.
pub async fn dismiss(tx: &mut Tx, id: JobId, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE jobs SET state = 'dismissed', finished_at = $1 WHERE id = $2 AND state = 'dead'";
    Ok(tx.exec(sql, args![now, id]).await? == 1)
}
