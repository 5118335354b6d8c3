//! How batches come along, for live pages.

use kernel::Timestamp;
use platform::{Cx, Result};
use serde::Serialize;
use store::{Row, Sql, args};

use super::model::{BatchId, BatchState};

/// As much of a batch as changes while it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BatchProgress {
    pub id: BatchId,
    pub made: i64,
    pub count: i64,
    pub state: BatchState,
}

impl BatchProgress {
    pub fn under_way(&self) -> bool {
        matches!(self.state, BatchState::Generating | BatchState::Cancelling)
    }
}

/// The asker's own batches that are being made or taken back, and those that ended after `since`.
pub async fn progress(cx: &Cx, since: Timestamp) -> Result<Vec<BatchProgress>> {
    // Each half has an index.
    let sql = "SELECT id, made, count, state FROM (SELECT id, made, count, state FROM batches WHERE state IN ('generating', 'cancelling') AND agent_id = $1 \
               UNION SELECT id, made, count, state FROM batches WHERE agent_id = $1 AND finished_at IS NOT NULL AND finished_at > $2) b ORDER BY id DESC LIMIT 50";
    Ok(cx.db.read().all(sql, args![cx.user()?.id, since], read).await?)
}

fn read(row: &Row) -> store::Result<BatchProgress> {
    Ok(BatchProgress { id: row.get("id")?, made: row.get("made")?, count: row.get("count")?, state: row.word("state")? })
}

#[cfg(test)]
mod tests {
    use kernel::Word;

    use super::*;

    #[test]
    fn k3_1a_a_batch_is_under_way_while_it_is_made_or_taken_back() {
        let under_way = |state: &BatchState| {
            let id = BatchId::from_uuid(Default::default());
            BatchProgress { id, made: 1, count: 2, state: *state }.under_way()
        };
        let found: Vec<_> = BatchState::ALL.iter().filter(|state| under_way(state)).collect();
        assert_eq!(found, [&BatchState::Generating, &BatchState::Cancelling]);
    }
}
