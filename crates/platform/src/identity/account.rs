//! One's own account 我的账号: who one is, what one may, one's language and password.

use ::store::{Sql, Tx, args};
use kernel::{Fault, Lang, Timestamp, Word};
use serde::{Deserialize, Serialize};

use super::email_token::{self, LinkPurpose};
use super::{AccountError, Permission, Role, UserId, UserRef, naming, policy, session};
use crate::allowance::Allowance;
use crate::messages::{tell, templates, unread};
use crate::settings::defs;
use crate::{Cx, Result, audit};

/// Passwords asked for again from somebody who is signed in: a stolen session must not guess on.
pub(super) const PROOFS: Allowance = Allowance { name: "password-proof", window_seconds: 900, most: 10 };

/// What anybody may know of this installation before signing in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicConfig {
    pub site_name: String,
    pub sign_up_open: bool,
    pub demo: bool,
    pub time_zone: String,
    pub password_min_length: i64,
    pub version: String,
}

pub fn public_config(cx: &Cx) -> PublicConfig {
    PublicConfig {
        site_name: cx.settings.get(defs::SITE_NAME),
        sign_up_open: cx.settings.get(defs::SIGN_UP_OPEN),
        demo: cx.install.demo,
        time_zone: cx.settings.get(defs::TIME_ZONE),
        password_min_length: cx.settings.get(defs::PASSWORD_MIN_LENGTH),
        version: cx.install.version.to_owned(),
    }
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Me {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// Where in the console this role begins (K1.2c).
    pub home: String,
    pub language: Lang,
    /// Nothing else is answered before the first password was changed (K1.4a).
    pub must_change_password: bool,
    pub second_factor: SecondFactorState,
    pub permissions: Vec<Permission>,
    pub unread: i64,
    pub superior: Option<UserRef>,
    pub created_at: Timestamp,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SecondFactorState {
    pub enabled: bool,
    /// The role needs one: nothing else is answered before it is set up.
    pub required: bool,
}

pub async fn me(cx: &Cx) -> Result<Me> {
    let user = cx.user()?;
    let unread = unread(cx).await?;
    let required = cx.settings.get(defs::SECOND_FACTOR_ROLES).iter().any(|role| role == user.role.as_str());
    let sql = "SELECT u.name, u.email, u.language, u.must_change_password, u.totp_enabled_at, u.created_at, u.superior_id, s.name AS superior_name \
               FROM users u LEFT JOIN users s ON s.id = u.superior_id WHERE u.id = $1";
    let me = cx
        .db
        .read()
        .one(sql, args![user.id], |row| {
            Ok(Me {
                id: user.id,
                name: row.get("name")?,
                email: row.get("email")?,
                role: user.role,
                home: user.role.home().into(),
                language: Lang::from_header(&row.get::<String>("language")?),
                must_change_password: row.get("must_change_password")?,
                second_factor: SecondFactorState { enabled: row.get::<Option<Timestamp>>("totp_enabled_at")?.is_some(), required },
                permissions: user.role.permissions().to_vec(),
                unread,
                superior: UserRef::from_row(row, "superior_id", "superior_name")?,
                created_at: row.get("created_at")?,
            })
        })
        .await?;
    Ok(me)
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeChange {
    pub language: Option<Lang>,
}

pub async fn change_me(cx: &Cx, change: &MeChange) -> Result<Me> {
    if let Some(language) = change.language {
        let user = cx.user()?.id;
        let mut tx = cx.db.begin().await?;
        tx.exec("UPDATE users SET language = $1 WHERE id = $2", args![language.as_str(), user]).await?;
        audit::record(&mut tx, cx, &audit::PROFILE_CHANGED, Some(user.into()), &serde_json::json!({"language": language})).await?;
        tx.commit().await?;
    }
    me(cx).await
}

pub(super) fn shortest_password(cx: &Cx) -> usize {
    usize::try_from(cx.settings.get(defs::PASSWORD_MIN_LENGTH)).unwrap_or(10)
}

/// Proves once more that it is the user who asks. Answers the hash that matched, to be compared again in the transaction.
pub(super) async fn prove(cx: &Cx, field: &str, password: &str) -> Result<String> {
    let user = cx.user()?;
    PROOFS.take(cx, &user.id.to_string()).await?;
    let sql = "SELECT password_hash FROM users WHERE id = $1";
    let stored: String = cx.db.read().one(sql, args![user.id], |row| row.get("password_hash")).await?;
    if cx.passwords.verify(password, Some(&stored)).await? {
        Ok(stored)
    } else {
        Err(Fault::field(field, "PASSWORD_WRONG", "密码不正确", "This is not your password"))
    }
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    pub current: String,
    pub password: String,
}

/// Changes one's own password: ends all other sessions, and says so by e-mail (K1.3b).
pub async fn change_password(cx: &Cx, ask: &PasswordChange) -> Result<()> {
    let user = cx.user()?;
    let sql = "SELECT email FROM users WHERE id = $1";
    let email: String = cx.db.read().one(sql, args![user.id], |row| row.get("email")).await?;
    let refused = |(code, zh, en): naming::Refused| Fault::field("password", code, zh, en);
    policy::password(&ask.password, shortest_password(cx), &user.name, &email).map_err(refused)?;
    let proved = prove(cx, "current", &ask.current).await?;
    if ask.password == ask.current {
        return Err(refused(("PASSWORD_SAME", "新密码不能与原密码相同".into(), "The new password must be another one".into())));
    }
    let hash = cx.passwords.hash(&ask.password, &cx.random).await?;

    let mut tx = cx.db.begin().await?;
    let sql = "UPDATE users SET password_hash = $1, must_change_password = FALSE WHERE id = $2 AND password_hash = $3";
    if tx.exec(sql, args![hash, user.id, proved]).await? == 0 {
        return Err(AccountError::ChangedMeanwhile.into());
    }
    let ended = session::end_all(&mut tx, cx, user.id, Some(user.session)).await?;
    email_token::void(&mut tx, cx, user.id, LinkPurpose::Reset).await?;
    audit::record(&mut tx, cx, &audit::PASSWORD_CHANGED, Some(user.id.into()), &serde_json::json!({"sessions_ended": ended})).await?;
    announce_password(&mut tx, cx, user.id, &user.name).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn announce_password(tx: &mut Tx, cx: &Cx, user: UserId, name: &str) -> Result<()> {
    let params = [("name", name.to_owned()), ("changed_at", cx.now().to_string())];
    tell(tx, cx, user, &templates::PASSWORD_CHANGED, &params, None).await
}

/// Ends the session that asks.
pub async fn sign_out(cx: &Cx) -> Result<()> {
    let user = cx.user()?;
    let mut tx = cx.db.begin().await?;
    session::end(&mut tx, cx, user.id, user.session).await?;
    audit::record(&mut tx, cx, &audit::SIGNED_OUT, Some(user.session.into()), &serde_json::json!({})).await?;
    Ok(tx.commit().await?)
}

/// Ends one of one's own sessions.
pub async fn end_session(cx: &Cx, id: super::SessionId) -> Result<()> {
    let user = cx.user()?;
    let mut tx = cx.db.begin().await?;
    if !session::end(&mut tx, cx, user.id, id).await? {
        return Err(Fault::not_found());
    }
    audit::record(&mut tx, cx, &audit::SESSIONS_ENDED, Some(id.into()), &serde_json::json!({"count": 1})).await?;
    Ok(tx.commit().await?)
}

/// Ends all of one's sessions but the one that asks.
pub async fn end_other_sessions(cx: &Cx) -> Result<()> {
    let user = cx.user()?;
    let mut tx = cx.db.begin().await?;
    let ended = session::end_all(&mut tx, cx, user.id, Some(user.session)).await?;
    audit::record(&mut tx, cx, &audit::SESSIONS_ENDED, Some(user.id.into()), &serde_json::json!({"count": ended})).await?;
    Ok(tx.commit().await?)
}
