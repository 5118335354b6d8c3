//! Another address for a user: the one before was mistyped, or its mailbox is lost (K1.4b).
//!
//! Whoever reads a user's mail can reset its password, and so is that user. So who has made a user mends its address until it has a password of its
//! own; from then on the user does, by that password, or who runs the installation.
//!
//! **Invariant**: whoever reads what was mailed to the address before does not get in by it: its links are void, and so is a first password.

use ::store::{Sql, Tx, args};
use kernel::{Fault, Lang, Word, text};
use serde::Deserialize;

use super::first_password::FirstPassword;
use super::list::{UserView, find};
use super::manage::{finish, managed};
use super::model::may_change_email;
use crate::asked::ADDRESSES;
use crate::identity::account::{self, Me, me};
use crate::identity::email_token::{self, LinkPurpose};
use crate::identity::{AccountError, Permission, UserId, UserState, naming, session, sign_up};
use crate::messages::{self, templates};
use crate::{Cx, Result, audit};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailChange {
    pub email: String,
    /// The asker's own. Needed where one changes one's own address, by which the password can be reset.
    pub password: Option<String>,
}

/// Gives a user another address, and tells both. Who has not changed the first password yet is mailed another one, as when it was created; who has
/// not proved the address, another link. Password and sessions of everybody else stay. The same address again changes nothing.
pub async fn change_email(cx: &Cx, id: UserId, ask: &EmailChange) -> Result<UserView> {
    let manager = cx.require(Permission::UsersManage)?;
    let email = clean(&ask.email)?;
    let due = find(&mut cx.db.read(), cx, manager, id).await?.first_sign_in_due;
    may_change_email(manager.role, due)?;
    if manager.id == id {
        let password = ask.password.as_deref().ok_or_else(|| Fault::field("password", "REQUIRED", "请填写", "This is needed"))?;
        change_own(cx, &email, password).await?;
        return find(&mut cx.db.read(), cx, manager, id).await;
    }
    let fresh = if due { Some(FirstPassword::make(cx).await?) } else { None };

    let mut tx = cx.db.begin().await?;
    let user = managed(&mut tx, manager, id).await?;
    let before = Before::read(&mut tx, id).await?;
    // It may have been changed by its user meanwhile, is never due again then, and the address is the user's own.
    may_change_email(manager.role, before.first_sign_in_due)?;
    if before.email == email {
        return finish(tx, cx, manager, id).await;
    }
    ADDRESSES.take_in(&mut tx, cx).await?;
    replace(&mut tx, cx, id, &email).await?;
    let mut told = vec![("name", user.name.clone()), ("by", manager.name.clone()), ("changed_at", cx.now().to_string())];
    messages::mail(&mut tx, cx, &before.email, before.lang, &templates::EMAIL_LEFT, &told).await?;
    let fresh = fresh.filter(|_| before.first_sign_in_due);
    match (&fresh, user.state) {
        (Some(password), _) => {
            renew(&mut tx, cx, id, &password.hash).await?;
            password.mail(&mut tx, cx, manager, &user.name, &email, before.lang).await?;
        }
        (None, UserState::Pending) => sign_up::send_link(&mut tx, cx, id, &user.name, &email, before.lang).await?,
        (None, UserState::Active | UserState::Disabled) => {
            told.push(("email", email.clone()));
            messages::tell(&mut tx, cx, id, &templates::EMAIL_CHANGED, &told, None).await?;
        }
    }
    record(&mut tx, cx, id, &user.name, (&before.email, &email), fresh.is_some()).await?;
    finish(tx, cx, manager, id).await
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnEmailChange {
    pub email: String,
    pub password: String,
}

/// Changes one's own address, and tells both. Password and sessions stay. The same address again changes nothing.
pub async fn change_own_email(cx: &Cx, ask: &OwnEmailChange) -> Result<Me> {
    change_own(cx, &clean(&ask.email)?, &ask.password).await?;
    me(cx).await
}

async fn change_own(cx: &Cx, email: &str, password: &str) -> Result<()> {
    let user = cx.user()?;
    let proved = account::prove(cx, "password", password).await?;

    let mut tx = cx.db.begin().await?;
    email_token::hold(&mut tx, user.id).await?;
    let before = Before::read(&mut tx, user.id).await?;
    if before.password_hash != proved {
        return Err(AccountError::ChangedMeanwhile.into());
    }
    if before.email == email {
        return Ok(());
    }
    ADDRESSES.take_in(&mut tx, cx).await?;
    replace(&mut tx, cx, user.id, email).await?;
    let told = [("name", user.name.clone()), ("email", email.to_owned()), ("changed_at", cx.now().to_string())];
    messages::mail(&mut tx, cx, &before.email, before.lang, &templates::OWN_EMAIL_LEFT, &told).await?;
    messages::tell(&mut tx, cx, user.id, &templates::OWN_EMAIL_CHANGED, &told, None).await?;
    record(&mut tx, cx, user.id, &user.name, (&before.email, email), false).await?;
    Ok(tx.commit().await?)
}

fn clean(email: &str) -> Result<String> {
    naming::clean_email(email).map_err(|(code, zh, en)| Fault::field("email", code, zh, en))
}

/// Writes the address, and voids what was mailed to the one before.
async fn replace(tx: &mut Tx, cx: &Cx, id: UserId, email: &str) -> Result<()> {
    if !set(tx, id, email).await? {
        return Err(Fault::field("email", "EMAIL_TAKEN", "该邮箱已被使用", "This address is taken"));
    }
    for purpose in LinkPurpose::ALL {
        email_token::void(tx, cx, id, *purpose).await?;
    }
    Ok(())
}

async fn record(tx: &mut Tx, cx: &Cx, id: UserId, name: &str, (old, new): (&str, &str), first_password_mailed: bool) -> Result<()> {
    let change = serde_json::json!({"old": old, "new": new});
    let detail = serde_json::json!({"name": name, "email": change, "first_password_mailed": first_password_mailed});
    audit::record(tx, cx, &audit::USER_EMAIL_CHANGED, Some(id.into()), &detail).await
}

/// How it stands until now.
struct Before {
    email: String,
    lang: Lang,
    password_hash: String,
    first_sign_in_due: bool,
}

impl Before {
    async fn read(tx: &mut Tx, id: UserId) -> Result<Self> {
        let sql = "SELECT email, language, password_hash, must_change_password FROM users WHERE id = $1";
        let read = tx.one(sql, args![id], |row| {
            Ok(Self {
                email: row.get("email")?,
                lang: Lang::from_header(&row.get::<String>("language")?),
                password_hash: row.get("password_hash")?,
                first_sign_in_due: row.get("must_change_password")?,
            })
        });
        Ok(read.await?)
    }
}

/// False where somebody else has the address, in whatever spelling.
async fn set(tx: &mut Tx, id: UserId, email: &str) -> Result<bool> {
    let sql = "UPDATE users SET email = $1, email_key = $2 \
               WHERE id = $3 AND NOT EXISTS (SELECT 1 FROM users o WHERE o.email_key = $2 AND o.id <> $3)";
    match tx.exec(sql, args![email, text::fold(email), id]).await {
        // Somebody was quicker.
        Err(::store::Error::Unique(_)) => Ok(false),
        written => Ok(written? == 1),
    }
}

/// Puts another first password in place of the one that went to the wrong address, where somebody may have come in by it.
async fn renew(tx: &mut Tx, cx: &Cx, id: UserId, hash: &str) -> Result<()> {
    let sql = "UPDATE users SET password_hash = $1, first_password_at = $2 WHERE id = $3";
    tx.exec(sql, args![hash, cx.now(), id]).await?;
    session::end_all(tx, cx, id, None).await?;
    Ok(())
}
