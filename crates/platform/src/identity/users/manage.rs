//! What is done to a user by those who manage it (K1.4b).

use ::store::{Filter, Sql, Tx, args};
use kernel::{Fault, Word};

use super::list::{UserView, find};
use super::made::{made_by, tell_left};
use super::model::{Standing, UsersError, disabled, enabled, may_disable};
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
    /// A super admin has disabled it.
    pub disabled_above: bool,
}

impl Managed {
    const fn standing(&self) -> Standing {
        Standing { state: self.state, above: self.disabled_above }
    }
}

/// A user whom `manager` manages, its row locked until the transaction ends. Who is not its own is not there.
pub async fn managed(tx: &mut Tx, manager: &Principal, id: UserId) -> Result<Managed> {
    let mut conditions = Filter::new();
    restrict(manager, &mut conditions);
    conditions.and("u.id = ?", id);
    let sql = format!(
        "SELECT u.id, u.name, u.role, u.state, (SELECT d.role FROM users d WHERE d.id = u.disabled_by) AS disabled_by_role \
         FROM users u WHERE {}{}",
        conditions.sql(),
        tx.for_update()
    );
    let user = tx
        .opt(&sql, conditions.args(), |row| {
            Ok(Managed {
                id: row.get("id")?,
                name: row.get("name")?,
                role: row.word("role")?,
                state: row.word("state")?,
                disabled_above: row.opt_word("disabled_by_role")? == Some(Role::SuperAdmin),
            })
        })
        .await?;
    user.ok_or_else(Fault::not_found)
}

/// Nobody signs in as this user any more, and its sessions end at once. Doing it twice is fine; what another has disabled a super admin takes over.
/// Where it is a manager of halls, super admins are told whom it has made and leaves to them.
pub async fn disable(cx: &Cx, id: UserId) -> Result<UserView> {
    let manager = cx.require(Permission::UsersManage)?;
    let mut tx = cx.db.begin().await?;
    // Before the user itself, and in one order, so that two admins who disable each other wait in line.
    let super_admins = if manager.role == Role::SuperAdmin { active_super_admins(&mut tx).await? } else { Vec::new() };
    may_disable(manager.id, id, &super_admins)?;
    let target = managed(&mut tx, manager, id).await?;
    if let Some(standing) = disabled(target.standing(), manager.role) {
        set_state(&mut tx, id, standing.state, Some(manager.id)).await?;
        session::end_all(&mut tx, cx, id, None).await?;
        let hub = cx.hub.clone();
        tx.on_commit(move || hub.wake(id));
        record(&mut tx, cx, &audit::USER_DISABLED, &target).await?;
        if target.role == Role::VenueManager && target.state != UserState::Disabled {
            let made = made_by(&mut tx, id).await?.into_iter();
            let left: Vec<String> = made.filter(|made| made.managed && made.comes_in()).map(|made| made.name).collect();
            tell_left(&mut tx, cx, &templates::MANAGER_DISABLED, &target.name, None, &left).await?;
        }
    }
    finish(tx, cx, manager, id).await
}

/// The user may sign in again. Doing it twice is fine. Whom a super admin has disabled nobody else enables.
pub async fn enable(cx: &Cx, id: UserId) -> Result<UserView> {
    let manager = cx.require(Permission::UsersManage)?;
    let mut tx = cx.db.begin().await?;
    let target = managed(&mut tx, manager, id).await?;
    if let Some(standing) = enabled(target.standing(), manager.role)? {
        set_state(&mut tx, id, standing.state, None).await?;
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

async fn active_super_admins(tx: &mut Tx) -> Result<Vec<UserId>> {
    let sql = format!("SELECT id FROM users WHERE role = $1 AND state = 'active' ORDER BY id{}", tx.for_update());
    Ok(tx.all(&sql, args![Role::SuperAdmin.as_str()], |row| row.get("id")).await?)
}

/// `by` disables it, if it is disabled.
async fn set_state(tx: &mut Tx, id: UserId, state: UserState, by: Option<UserId>) -> Result<()> {
    tx.exec("UPDATE users SET state = $1, disabled_by = $2 WHERE id = $3", args![state.as_str(), by, id]).await?;
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
