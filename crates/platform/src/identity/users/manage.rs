//! What is done to a user by those who manage it (K1.4b).

use ::store::{Filter, Sql, Tx, args};
use kernel::{Fault, Word};

use super::list::{UserView, find};
use super::model::{UsersError, disabled, enabled, may_disable};
use super::scope::restrict;
use crate::identity::{Permission, Principal, Role, UserId, UserState, session, tries};
use crate::messages::{self, templates};
use crate::{Cx, Result, audit};

/// A user whom one manages, as a use case needs it.
#[derive(Debug, Clone)]
pub struct Managed {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    pub state: UserState,
}

/// A user whom `manager` manages, its row locked until the transaction ends. Who is not its own is not there.
pub async fn managed(tx: &mut Tx, manager: &Principal, id: UserId) -> Result<Managed> {
    let mut conditions = Filter::new();
    restrict(manager, &mut conditions);
    conditions.and("u.id = ?", id);
    let sql = format!("SELECT u.id, u.name, u.role, u.state FROM users u WHERE {}{}", conditions.sql(), tx.for_update());
    let user = tx
        .opt(&sql, conditions.args(), |row| {
            Ok(Managed { id: row.get("id")?, name: row.get("name")?, role: row.word("role")?, state: row.word("state")? })
        })
        .await?;
    user.ok_or_else(Fault::not_found)
}

/// Nobody signs in as this user any more, and its sessions end at once. Doing it twice is fine.
pub async fn disable(cx: &Cx, id: UserId) -> Result<UserView> {
    let manager = cx.require(Permission::UsersManage)?;
    let mut tx = cx.db.begin().await?;
    // Before the user itself, and in one order, so that two admins who disable each other wait in line.
    let super_admins = if manager.role == Role::SuperAdmin { active_super_admins(&mut tx).await? } else { Vec::new() };
    may_disable(manager.id, id, &super_admins)?;
    let target = managed(&mut tx, manager, id).await?;
    if let Some(state) = disabled(target.state) {
        set_state(&mut tx, id, state).await?;
        session::end_all(&mut tx, cx, id, None).await?;
        let hub = cx.hub.clone();
        tx.on_commit(move || hub.wake(id));
        record(&mut tx, cx, &audit::USER_DISABLED, &target).await?;
    }
    finish(tx, cx, manager, id).await
}

/// The user may sign in again. Doing it twice is fine.
pub async fn enable(cx: &Cx, id: UserId) -> Result<UserView> {
    let manager = cx.require(Permission::UsersManage)?;
    let mut tx = cx.db.begin().await?;
    let target = managed(&mut tx, manager, id).await?;
    if let Some(state) = enabled(target.state) {
        set_state(&mut tx, id, state).await?;
        record(&mut tx, cx, &audit::USER_ENABLED, &target).await?;
    }
    finish(tx, cx, manager, id).await
}

/// Ends a lock-out early and forgets the failures before it.
pub async fn unlock(cx: &Cx, id: UserId) -> Result<UserView> {
    let manager = cx.require(Permission::UsersManage)?;
    let mut tx = cx.db.begin().await?;
    let target = managed(&mut tx, manager, id).await?;
    if tries::forgive(&mut tx, id).await? {
        record(&mut tx, cx, &audit::USER_UNLOCKED, &target).await?;
    }
    finish(tx, cx, manager, id).await
}

/// For somebody who lost the second factor: it is removed, and all sessions end. Super admins only, and not for
/// themselves: that takes the password and a code.
pub async fn reset_second_factor(cx: &Cx, id: UserId) -> Result<UserView> {
    let manager = cx.require(Permission::UsersManage)?;
    if manager.role != Role::SuperAdmin {
        return Err(Fault::forbidden());
    }
    if manager.id == id {
        return Err(UsersError::Oneself.into());
    }
    let mut tx = cx.db.begin().await?;
    let target = managed(&mut tx, manager, id).await?;
    let sql = "UPDATE users SET totp_secret = NULL, totp_enabled_at = NULL, totp_last_step = 0 WHERE id = $1 AND totp_secret IS NOT NULL";
    if tx.exec(sql, args![id]).await? == 1 {
        tx.exec("DELETE FROM recovery_codes WHERE user_id = $1", args![id]).await?;
        session::end_all(&mut tx, cx, id, None).await?;
        let told = [("name", target.name.clone())];
        messages::tell(&mut tx, cx, id, &templates::SECOND_FACTOR_RESET, &told, None).await?;
        record(&mut tx, cx, &audit::SECOND_FACTOR_RESET, &target).await?;
    }
    finish(tx, cx, manager, id).await
}

/// Whom this manager has made is not its own to manage any more, and is left to super admins: it does not work any more where they do. The caller
/// has looked whether that may be.
pub async fn let_go(tx: &mut Tx, cx: &Cx, manager: UserId, users: &[UserId]) -> Result<()> {
    let sql = "UPDATE users SET superior_id = NULL WHERE id = $1 AND superior_id = $2 RETURNING name";
    for id in users {
        let name: Option<String> = tx.opt(sql, args![*id, manager], |row| row.get("name")).await?;
        if let Some(name) = name {
            audit::record(tx, cx, &audit::USER_LET_GO, Some((*id).into()), &serde_json::json!({"name": name})).await?;
        }
    }
    Ok(())
}

async fn active_super_admins(tx: &mut Tx) -> Result<Vec<UserId>> {
    let sql = format!("SELECT id FROM users WHERE role = $1 AND state = 'active' ORDER BY id{}", tx.for_update());
    Ok(tx.all(&sql, args![Role::SuperAdmin.as_str()], |row| row.get("id")).await?)
}

async fn set_state(tx: &mut Tx, id: UserId, state: UserState) -> Result<()> {
    tx.exec("UPDATE users SET state = $1 WHERE id = $2", args![state.as_str(), id]).await?;
    Ok(())
}

async fn record(tx: &mut Tx, cx: &Cx, action: &audit::Action, target: &Managed) -> Result<()> {
    audit::record(tx, cx, action, Some(target.id.into()), &serde_json::json!({"name": target.name})).await
}

/// Answers the user as it stands now, and commits.
pub(super) async fn finish(mut tx: Tx, cx: &Cx, manager: &Principal, id: UserId) -> Result<UserView> {
    let user = find(&mut tx, cx, manager, id).await?;
    tx.commit().await?;
    Ok(user)
}
