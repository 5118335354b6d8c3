//! Figures of the platform's tables for the home page. Each count is bounded: one that has reached its bound may be more, and is shown so.

use kernel::Word;
use store::{Filter, Sql};

use crate::identity::{Permission, Principal, Role};
use crate::quota::withdrawal::WithdrawalState;

pub const MOST_USERS: i64 = 100_000;
/// Of all that waits for somebody, whatever it is.
pub const MOST_WAITING: i64 = 1_000;

/// How many users the asker manages; `None` for those who manage none.
pub async fn users(sql: &mut impl Sql, user: &Principal) -> store::Result<Option<i64>> {
    if !user.role.may(Permission::UsersManage) {
        return Ok(None);
    }
    let mut filter = Filter::new();
    if user.role != Role::SuperAdmin {
        filter.and("superior_id = ?", user.id);
    }
    count(sql, "users", filter, MOST_USERS).await.map(Some)
}

/// Withdrawals that wait: for who reviews, those to decide or to pay; for others, their own.
pub async fn pending_withdrawals(sql: &mut impl Sql, user: &Principal) -> store::Result<i64> {
    let mut filter = Filter::new();
    let waiting: Vec<String> = WithdrawalState::ALL.iter().filter(|state| state.waits()).map(|state| filter.arg(state.as_str())).collect();
    filter.and_plain(&format!("state IN ({})", waiting.join(", ")));
    if !user.role.may(Permission::WithdrawalsReview) {
        filter.and("agent_id = ?", user.id);
    } else if user.role != Role::SuperAdmin {
        filter.and("reviewer_id = ?", user.id);
    }
    count(sql, "withdrawals", filter, MOST_WAITING).await
}

async fn count(sql: &mut impl Sql, table: &str, mut filter: Filter, most: i64) -> store::Result<i64> {
    let limit = filter.arg(most);
    let query =
        format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT 1 AS one FROM {table} WHERE {} LIMIT {limit}) counted", filter.sql());
    sql.one(&query, filter.args(), |row| row.get("n")).await
}
