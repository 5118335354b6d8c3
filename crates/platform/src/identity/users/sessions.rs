//! Ending others' sessions: of one user, or of everybody at once where something got out that should not have.

use kernel::Fault;
use serde::{Deserialize, Serialize};

use super::list::{UserView, find};
use super::manage::managed;
use super::model::UsersError;
use crate::identity::{Permission, Role, UserId, account, session};
use crate::{Cx, Result, audit};

/// Ends all sessions of a user, who may sign in again. Not one's own: those stand on one's own page, which keeps the one that asks.
pub async fn end_sessions(cx: &Cx, id: UserId) -> Result<UserView> {
    let manager = cx.require(Permission::UsersManage)?;
    if manager.id == id {
        return Err(UsersError::Oneself.into());
    }
    let mut tx = cx.db.begin().await?;
    let target = managed(&mut tx, manager, id).await?;
    let ended = session::end_all(&mut tx, cx, id, None).await?;
    if ended > 0 {
        let detail = serde_json::json!({"name": target.name, "count": ended});
        audit::record(&mut tx, cx, &audit::USER_SESSIONS_ENDED, Some(id.into()), &detail).await?;
    }
    let user = find(&mut tx, cx, manager, id).await?;
    tx.commit().await?;
    Ok(user)
}

/// That it is the user who asks, and not somebody at a desk that was left.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordProof {
    /// The asker's own.
    pub password: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SessionsEnded {
    pub ended: i64,
}

/// Ends the sessions of all users but the one that asks, the asker's others too. Super admins only, by their password: it
/// throws everybody out in the middle of their work.
pub async fn end_everybodys_sessions(cx: &Cx, ask: &PasswordProof) -> Result<SessionsEnded> {
    let asker = cx.require(Permission::UsersManage)?;
    if asker.role != Role::SuperAdmin {
        return Err(Fault::forbidden());
    }
    account::prove(cx, "password", &ask.password).await?;
    let mut tx = cx.db.begin().await?;
    let ended = session::end_everybodys(&mut tx, cx, asker.session).await?;
    audit::record(&mut tx, cx, &audit::EVERYBODYS_SESSIONS_ENDED, None, &serde_json::json!({"count": ended})).await?;
    tx.commit().await?;
    Ok(SessionsEnded { ended: i64::try_from(ended).unwrap_or(i64::MAX) })
}
