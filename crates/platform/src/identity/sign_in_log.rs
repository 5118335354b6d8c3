//! The sign-in log 登录日志: each try, within what the reader may see (K6.3).
//!
//! A line's `user_id` is a user's only where there is such a user: a name that nobody has gets an id too, so that a try with it writes what
//! any other does (`Try::log`).

use ::store::{Index, Look, Row};
use kernel::{Page, PageAsk, Timestamp, Word};
use serde::Serialize;

use super::{Permission, Scope, UserId, UserRef};
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
        /// The right one, and it was mailed too long ago.
        FirstPasswordOld = "first_password_old",
        /// Not looked at: too many failures from that address, and no captcha, or a wrong one.
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
    /// How many tries this stands for: its own and, where none was looked at, those before it from that address that have no line.
    pub tries: i64,
}

#[derive(Debug, Default)]
pub struct SignInFilter {
    pub user: Option<UserId>,
    pub result: Option<SignInResult>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

const BY_USER: Index = Index { name: "sign_ins_user", columns: &["user_id", "result"] };
const BY_RESULT: Index = Index { name: "sign_ins_result", columns: &["result"] };

/// Newest first. An agent sees its own tries; an agent admin also its agents'; a super admin all, those under unknown names too.
pub async fn list(cx: &Cx, filter: &SignInFilter, ask: &PageAsk) -> Result<Page<SignInEntry>> {
    let scope = cx.require(Permission::LogsView)?.scope();
    let mut sql = cx.db.read();
    let mut look = Look::new("sign_ins", "id");
    let results = SignInResult::texts(filter.result);
    let by_user = filter.user.is_some() || (scope != Scope::All && scope.few(&mut sql, results.len()).await?);
    if by_user {
        look.by(&BY_USER).words("result", &results);
    } else if let Some(result) = filter.result {
        look.by(&BY_RESULT).along("result", result.as_str());
    }
    match filter.user {
        Some(user) if !scope.sees(&mut sql, user).await? => return Ok(Page::empty()),
        Some(user) => {
            look.along("user_id", user);
        }
        None if by_user => scope.look(&mut look, "user_id"),
        None => scope.rest(&mut look, "s.user_id"),
    }
    look.span("s.at", filter.from, filter.to);
    let select = "SELECT s.id, s.at, s.name, u.id AS user_id, u.name AS user_name, s.result, s.address, s.agent, s.tries \
                  FROM sign_ins s LEFT JOIN users u ON u.id = s.user_id";
    Ok(look.page(&mut sql, select, "s.id", ask, read, |entry| entry.id.uuid()).await?)
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
        tries: row.get("tries")?,
    })
}
