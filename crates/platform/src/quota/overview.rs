//! How a user's quota stands, and its statement.

use kernel::{Fault, Page, PageAsk, Quota};
use serde::Serialize;
use store::{Filter, Sql};

use crate::identity::{Permission, Principal, UserId};
use crate::ledger::{self, StatementFilter, StatementLine};
use crate::settings::defs;
use crate::{Cx, Result};

#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub struct QuotaOverview {
    pub available: Quota,
    /// Frozen 冻结.
    pub held: Quota,
    pub total: Quota,
    /// A transfer must be more than this.
    pub transfer_minimum: Quota,
    /// A withdrawal must be more than this.
    pub withdrawal_minimum: Quota,
}

/// The asker's own. All zero for those who hold none.
pub async fn overview(cx: &Cx) -> Result<QuotaOverview> {
    let user = cx.require(Permission::QuotaView)?;
    let account = ledger::account_of(&mut cx.db.read(), user.id).await?;
    Ok(QuotaOverview {
        available: account.map_or(Quota::ZERO, |account| account.available().quota()),
        held: account.map_or(Quota::ZERO, |account| account.held.quota()),
        total: account.map_or(Quota::ZERO, |account| account.posted.quota()),
        transfer_minimum: Quota::new(cx.settings.get(defs::TRANSFER_MINIMUM)),
        withdrawal_minimum: Quota::new(cx.settings.get(defs::WITHDRAWAL_MINIMUM)),
    })
}

/// The asker's own statement, or that of `user`, where that is one whom the asker may see.
pub async fn statement(cx: &Cx, user: Option<UserId>, filter: &StatementFilter, ask: &PageAsk) -> Result<Page<StatementLine>> {
    let asker = cx.require(Permission::QuotaView)?;
    let whose = user.unwrap_or(asker.id);
    let mut sql = cx.db.read();
    if whose != asker.id {
        seen_by(&mut sql, asker, whose).await?;
    }
    Ok(ledger::statement(&mut sql, ledger::quota_account(whose), filter, ask).await?)
}

async fn seen_by(sql: &mut impl Sql, asker: &Principal, user: UserId) -> Result<()> {
    let mut conditions = Filter::new();
    conditions.and("id = ?", user);
    asker.scope().restrict(&mut conditions, "id");
    let query = format!("SELECT id FROM users WHERE {}", conditions.sql());
    let found = sql.opt(&query, conditions.args(), |row| row.get::<UserId>("id")).await?;
    found.map(|_| ()).ok_or_else(Fault::not_found)
}
