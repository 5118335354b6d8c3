//! Forgotten passwords 找回密码 (K1.3): a link by e-mail, good once and for an hour; a newer one makes older ones useless.

use ::store::jobs::{Job, Outcome};
use ::store::{Sql, args};
use kernel::{Fault, Lang};
use serde::Deserialize;
use store::jobs::JobKind;

use super::email_token::{self, LinkPurpose};
use super::later::{Later, outcome};
use super::sign_up::MailAsk;
use super::{AccountError, UserId, account, policy, session, tries};
use crate::messages::{mail, templates};
use crate::{Cx, Result, audit};

pub const RESET_JOB: JobKind = JobKind::new("account.reset");

/// Asks for a link. Whether anybody has this address does not show: neither in the answer nor in the work before it.
pub async fn forgot(cx: &Cx, ask: &MailAsk) -> Result<()> {
    ask.put_off(cx, RESET_JOB).await
}

pub(crate) async fn reset_job(cx: Cx, job: Job) -> Outcome {
    match Later::read(cx, &job) {
        Ok((later, cx)) => outcome(send_link(&cx, &later.about).await),
        Err(outcome) => outcome,
    }
}

async fn send_link(cx: &Cx, email_key: &str) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    // Held, so that of two links made at once the later one voids the earlier.
    let sql = format!("SELECT id, name, email, language FROM users WHERE email_key = $1 AND state = 'active'{}", tx.for_update());
    let found = tx
        .opt(&sql, args![email_key], |row| {
            Ok((row.get::<UserId>("id")?, row.get::<String>("name")?, row.get::<String>("email")?, row.get::<String>("language")?))
        })
        .await?;
    if let Some((user, name, email, language)) = found {
        email_token::void(&mut tx, cx, user, LinkPurpose::Reset).await?;
        let url = email_token::link(&mut tx, cx, user, LinkPurpose::Reset).await?;
        audit::record(&mut tx, cx, &audit::PASSWORD_RESET_ASKED, Some(user.into()), &serde_json::json!({"name": name})).await?;
        let params = [("name", name), ("url", url)];
        mail(&mut tx, cx, &email, Lang::from_header(&language), &templates::RESET_PASSWORD, &params).await?;
    }
    Ok(tx.commit().await?)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordReset {
    pub token: String,
    pub password: String,
}

/// Sets a new password by a link: ends all sessions, lifts a lock, and says so by e-mail (K1.3b). A second factor stays.
pub async fn reset(cx: &Cx, ask: &PasswordReset) -> Result<()> {
    let user = email_token::look(cx, &ask.token, LinkPurpose::Reset).await?;
    let sql = "SELECT name, email FROM users WHERE id = $1 AND state = 'active'";
    let known = cx.db.read().opt(sql, args![user], |row| Ok((row.get::<String>("name")?, row.get::<String>("email")?))).await?;
    let (name, email) = known.ok_or(AccountError::TokenInvalid)?;
    let shortest = account::shortest_password(cx);
    policy::password(&ask.password, shortest, &name, &email).map_err(|(code, zh, en)| Fault::field("password", code, zh, en))?;
    let hash = cx.passwords.hash(&ask.password, &cx.random).await?;

    let mut tx = cx.db.begin().await?;
    email_token::hold(&mut tx, user).await?;
    email_token::use_up(&mut tx, cx, &ask.token, LinkPurpose::Reset).await?;
    let sql = "UPDATE users SET password_hash = $1, must_change_password = FALSE WHERE id = $2 AND state = 'active'";
    if tx.exec(sql, args![hash, user]).await? == 0 {
        return Err(AccountError::TokenInvalid.into());
    }
    tries::forgive(&mut tx, user).await?;
    email_token::void(&mut tx, cx, user, LinkPurpose::Reset).await?;
    let ended = session::end_all(&mut tx, cx, user, None).await?;
    let detail = serde_json::json!({"name": name, "sessions_ended": ended});
    audit::record(&mut tx, cx, &audit::PASSWORD_RESET, Some(user.into()), &detail).await?;
    account::announce_password(&mut tx, cx, user, &name).await?;
    Ok(tx.commit().await?)
}
