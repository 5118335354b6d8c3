//! An admin creates a user (K1.4a).

use ::store::{Sql, Tx, args};
use kernel::{Fault, Fields, Quota, text};

use super::first_password::FirstPassword;
use super::list::{UserView, find};
use super::model::{creatable, superior_for};
use crate::asked::USERS;
use crate::idempotency::IdempotencyKey;
use crate::identity::{NewUserRow, Permission, Principal, Role, UserId, UserState, insert_user, naming};
use crate::quota::{QuotaSource, amount_or_none};
use crate::{Cx, Result, audit, ledger};

#[derive(Debug, Clone)]
pub struct NewUser {
    pub name: String,
    pub email: String,
    pub role: Role,
    /// Taken from an agent admin's own; issued by the system where a super admin creates.
    pub initial_quota: Quota,
}

/// What the form says, once it is in order.
struct Checked {
    name: String,
    email: String,
    role: Role,
    initial_quota: Option<Quota>,
}

/// Creates a user, active at once, with its initial quota; a first password goes out by mail and must be changed. Not for managers: whom they make works
/// in a hall from the start, and halls are not known here ([`Prepared`]).
pub async fn create(cx: &Cx, ask: &NewUser, key: &IdempotencyKey) -> Result<UserView> {
    let creator = cx.require(Permission::UsersManage)?;
    if creator.role == Role::VenueManager {
        return Err(Fault::forbidden());
    }
    let new = Prepared::of(cx, ask, Fields::default()).await?;

    let mut tx = cx.db.begin().await?;
    if let Some(first) = key.seen(&mut tx, cx, creator.id.uuid()).await? {
        return Ok(first);
    }
    let user = new.write(&mut tx, cx).await?;
    key.answer(&mut tx, creator.id.uuid(), &user).await?;
    tx.commit().await?;
    Ok(user)
}

/// A user who is in order, and not written yet: what is slow was done before any transaction.
pub struct Prepared {
    new: Checked,
    password: FirstPassword,
}

impl Prepared {
    /// `fields` says what else is wrong with what was entered, so that all of it is told at once.
    pub async fn of(cx: &Cx, ask: &NewUser, fields: Fields) -> Result<Self> {
        let new = check(cx.require(Permission::UsersManage)?, ask, fields)?;
        let password = FirstPassword::make(cx).await?;
        Ok(Self { new, password })
    }

    /// Writes the user in the caller's transaction, which is not to be committed where this refuses.
    pub async fn write(&self, tx: &mut Tx, cx: &Cx) -> Result<UserView> {
        let creator = cx.require(Permission::UsersManage)?;
        let Self { new, password } = self;
        // Who runs the installation may set all of it up at once.
        if creator.role != Role::SuperAdmin {
            USERS.take_in(tx, cx).await?;
        }
        let row = NewUserRow {
            name: &new.name,
            email: &new.email,
            role: new.role,
            state: UserState::Active,
            password_hash: &password.hash,
            must_change_password: true,
            language: cx.lang,
            superior: superior_for(creator),
        };
        let Some(id) = insert_user(tx, cx, &row).await? else {
            return Err(taken(tx, new).await?.fault());
        };
        if let Some(amount) = new.initial_quota {
            give_initial(tx, cx, creator, id, amount).await?;
        }
        password.mail(tx, cx, creator, &new.name, &new.email, cx.lang).await?;
        let initial_quota = new.initial_quota.unwrap_or(Quota::ZERO);
        let detail = serde_json::json!({"name": new.name, "role": new.role, "initial_quota": initial_quota});
        audit::record(tx, cx, &audit::USER_CREATED, Some(id.into()), &detail).await?;
        find(tx, cx, creator, id).await
    }
}

fn check(creator: &Principal, ask: &NewUser, mut fields: Fields) -> Result<Checked> {
    let name = fields.take("name", naming::clean_name(&ask.name));
    let email = fields.take("email", naming::clean_email(&ask.email));
    let initial_quota = fields.take("initial_quota", amount_or_none(ask.initial_quota));
    if !creatable(creator.role).contains(&ask.role) {
        fields.add("role", "ROLE_NOT_ALLOWED", "您不能创建此角色的用户", "You may not create users of this role");
    } else if initial_quota.flatten().is_some() && !ask.role.holds_quota() {
        fields.add("initial_quota", "HOLDS_NO_QUOTA", "此角色没有额度账户", "Users of this role hold no quota");
    }
    match (name, email, initial_quota) {
        (Some(name), Some(email), Some(initial_quota)) if fields.is_empty() => Ok(Checked { name, email, role: ask.role, initial_quota }),
        _ => Err(fields.fault()),
    }
}

async fn give_initial(tx: &mut Tx, cx: &Cx, creator: &Principal, to: UserId, amount: Quota) -> Result<()> {
    let order = ledger::Move {
        debit: QuotaSource::of(creator)?.account(),
        credit: ledger::quota_account(to),
        amount: amount.into(),
        kind: ledger::EntryKind::Initial,
        memo: String::new(),
        reference: None,
    };
    ledger::transfer(tx, cx, &order).await?;
    Ok(())
}

/// Which of the two is somebody else's already: both, where both are.
async fn taken(tx: &mut Tx, new: &Checked) -> Result<Fields> {
    let (name_key, email_key) = (text::fold(&new.name), text::fold(&new.email));
    let sql = "SELECT name_key, email_key FROM users WHERE name_key = $1 OR email_key = $2";
    let others = tx
        .all(sql, args![name_key.as_str(), email_key.as_str()], |row| {
            Ok((row.get::<String>("name_key")? == name_key, row.get::<String>("email_key")? == email_key))
        })
        .await?;
    let mut fields = Fields::default();
    if others.iter().any(|(name, _)| *name) {
        fields.add("name", "NAME_TAKEN", "该用户名已被使用", "This name is taken");
    }
    if others.iter().any(|(_, email)| *email) {
        fields.add("email", "EMAIL_TAKEN", "该邮箱已被使用", "This address is taken");
    }
    Ok(fields)
}
