//! Which jobs are due, in statements that read the head of an index: those of before are kept for days, and nobody who looks may pass by them all.
//!
//! One statement for both sorts (`queued AND … OR running AND …`) was answered by PostgreSQL with a scan of the whole table, several times a second
//! and worker: it takes one due job in many for likely, and finds none.

/// Jobs that may be taken.
pub(super) struct Due {
    pub state: &'static str,
    /// From when on.
    column: &'static str,
    order: &'static str,
}

/// Those whose worker fell silent first: they have waited for longest.
pub(super) const DUE: [Due; 2] =
    [Due { state: "running", column: "lease_until", order: "lease_until" }, Due { state: "queued", column: "run_at", order: "run_at, id" }];

/// Of a crew (`$2`), the states in which some are due now (`$1`).
pub(super) fn look() -> String {
    let first = |Due { state, column, .. }: &Due| {
        format!(
            "SELECT '{state}' AS state FROM (SELECT {column} AS due_at FROM jobs WHERE state = '{state}' AND crew = $2 ORDER BY {column} LIMIT 1) AS {state}_first \
             WHERE due_at <= $1"
        )
    };
    DUE.each_ref().map(first).join(" UNION ALL ")
}

impl Due {
    /// Takes at most `$3` of a crew's (`$2`) that are due now (`$1`), until `$4`, by the token `$5`, for the process `$6`. `skip`: how those are left out that another
    /// takes at this moment.
    pub fn take(&self, skip: &str) -> String {
        let Self { state, column, order } = self;
        format!(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1, lease_until = $4, lease_token = $5, worker = $6 WHERE id IN \
             (SELECT id FROM jobs WHERE state = '{state}' AND crew = $2 AND {column} <= $1 ORDER BY {order} LIMIT $3{skip}) \
             RETURNING id, kind, payload, attempts, max_attempts"
        )
    }
}

/// All of these statements, for those who read their plans.
#[cfg(feature = "testing")]
pub fn statements() -> Vec<String> {
    let take = DUE.iter().map(|due| due.take(""));
    std::iter::once(look()).chain(take).collect()
}
