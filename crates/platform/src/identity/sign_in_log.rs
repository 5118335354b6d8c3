//! The sign-in log 登录日志: each try, within what the reader may see (K6.3).

use ::store::{Filter, Row, Sql};
use kernel::{Page, PageAsk, Timestamp, Word};
use serde::Serialize;

use super::{Permission, UserId, UserRef};
use crate::{Cx, Result};

kernel::id!(SignInId, SignInEntity, "sgn");

kernel::words! {
    /// How a try to sign in ended.
    pub enum SignInResult {
        Ok = "ok",
        Wrong = "wrong",
        Locked = "locked",
        Captcha = "captcha",
        SecondFactor = "second_factor",
        Disabled = "disabled",
        NotVerified = "not_verified",
        /// Not looked at: too many failures from that address.
        Limited = "limited",
    }
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SignInEntry {
    pub id: SignInId,
    pub at: Timestamp,
    /// As it was typed.
    pub name: String,
    /// Absent where nobody has that name.
    pub user: Option<UserRef>,
    pub result: SignInResult,
    pub address: String,
    pub agent: String,
}

#[derive(Debug, Default)]
pub struct SignInFilter {
    pub user: Option<UserId>,
    pub result: Option<SignInResult>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// Newest first. An agent sees its own tries; an agent admin also its agents'; a super admin all, those under unknown names too.
pub async fn list(cx: &Cx, filter: &SignInFilter, ask: &PageAsk) -> Result<Page<SignInEntry>> {
    let user = cx.require(Permission::LogsView)?;
    let mut conditions = Filter::new();
    user.scope().restrict(&mut conditions, "s.user_id");
    conditions.and_some("s.user_id = ?", filter.user).and_some("s.result = ?", filter.result.map(Word::as_str));
    conditions.and_some("s.at >= ?", filter.from).and_some("s.at < ?", filter.to).and("s.id < ?", ask.before());
    let limit = conditions.arg(ask.fetch());
    let sql = format!(
        "SELECT s.id, s.at, s.name, s.user_id, u.name AS user_name, s.result, s.address, s.agent \
         FROM sign_ins s LEFT JOIN users u ON u.id = s.user_id WHERE {} ORDER BY s.id DESC LIMIT {limit}",
        conditions.sql()
    );
    let rows = cx.db.read().all(&sql, conditions.args(), read).await?;
    Ok(Page::cut(rows, ask, |entry| entry.id.uuid()))
}

fn read(row: &Row) -> ::store::Result<SignInEntry> {
    Ok(SignInEntry {
        id: row.get("id")?,
        at: row.get("at")?,
        name: row.get("name")?,
        user: UserRef::from_row(row, "user_id", "user_name")?,
        result: row.word("result")?,
        address: row.get("address")?,
        agent: row.get("agent")?,
    })
}
