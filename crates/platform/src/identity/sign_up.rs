//! Signing up 注册 (K1.1): agents only, not active before they followed the link in an e-mail.

use ::store::jobs::{Job, Outcome};
use ::store::{Sql, Tx, args};
use kernel::{Fault, Fields, Lang, text};
use serde::Deserialize;
use store::jobs::JobKind;

use super::email_token::{self, LinkPurpose};
use super::later::{Later, outcome};
use super::{AccountError, CaptchaAnswer, NewUserRow, Role, UserId, UserState, captcha, insert_user, naming, policy};
use crate::allowance::{self, Allowance};
use crate::messages::{mail, templates};
use crate::settings::defs;
use crate::{Actor, Cx, Result, audit};

pub const RESEND_JOB: JobKind = JobKind::new("account.resend");

const SIGN_UPS: Allowance = Allowance { name: "sign-up", window_seconds: 3_600, most: 20 };
/// Mails that strangers can cause: by the address that asks, and by the one that is written to.
pub(super) const MAILS_ASKED: Allowance = Allowance { name: "mail-asked", window_seconds: 3_600, most: 20 };
pub(super) const MAILS_SENT: Allowance = Allowance { name: "mail-sent", window_seconds: 3_600, most: 5 };

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    pub name: String,
    pub email: String,
    pub password: String,
    /// Always needed.
    pub captcha: Option<CaptchaAnswer>,
}

/// Name, address and password in their accepted form, or everything that is wrong with them.
pub fn check(cx: &Cx, name: &str, email: &str, password: &str) -> Result<(String, String)> {
    let mut fields = Fields::default();
    let shortest = usize::try_from(cx.settings.get(defs::PASSWORD_MIN_LENGTH)).unwrap_or(10);
    let good_name = fields.take("name", naming::clean_name(name));
    let good_email = fields.take("email", naming::clean_email(email));
    // Compared with what was typed, so that a bad name does not hide a bad password.
    let typed = |text: &str| text.chars().take(320).collect::<String>();
    fields.take("password", policy::password(password, shortest, &typed(name), &typed(email)));
    match (good_name, good_email) {
        (Some(name), Some(email)) if fields.is_empty() => Ok((name, email)),
        _ => Err(fields.fault()),
    }
}

/// Which of the two are taken, as refusals of a form.
pub async fn check_free(sql: &mut impl Sql, name: &str, email: &str) -> Result<()> {
    let (name_key, email_key) = (text::fold(name), text::fold(email));
    let query = "SELECT name_key, email_key FROM users WHERE name_key = $1 OR email_key = $2";
    let taken = sql
        .all(query, args![name_key.as_str(), email_key.as_str()], |row| {
            Ok((row.get::<String>("name_key")?, row.get::<String>("email_key")?))
        })
        .await?;
    let mut fields = Fields::default();
    if taken.iter().any(|(name, _)| *name == name_key) {
        fields.add("name", "NAME_TAKEN", "该用户名已被使用", "This name is taken");
    }
    if taken.iter().any(|(_, email)| *email == email_key) {
        fields.add("email", "EMAIL_TAKEN", "该邮箱已被使用", "This address is taken");
    }
    fields.check()
}

/// Creates an agent that waits for its address to be verified (K1.1a).
///
/// A form has to say that a name or an address is taken (K1.1b), so sign-up tells who has an account here; it does so only
/// behind a solved captcha, and to one address so many times an hour. Elsewhere nothing tells.
pub async fn sign_up(cx: &Cx, ask: &SignUp) -> Result<()> {
    if !cx.settings.get(defs::SIGN_UP_OPEN) {
        return Err(AccountError::SignUpClosed.into());
    }
    let (name, email) = check(cx, &ask.name, &ask.email, &ask.password)?;
    SIGN_UPS.take(cx, &allowance::address(cx)).await?;
    captcha::demand(cx, ask.captcha.as_ref()).await?;
    check_free(&mut cx.db.read(), &name, &email).await?;
    let password_hash = cx.passwords.hash(&ask.password, &cx.random).await?;

    let mut tx = cx.db.begin().await?;
    let row = NewUserRow {
        name: &name,
        email: &email,
        role: Role::Agent,
        state: UserState::Pending,
        password_hash: &password_hash,
        must_change_password: false,
        language: cx.lang,
        superior: None,
    };
    let Some(user) = insert_user(&mut tx, cx, &row).await? else {
        // Somebody was quicker.
        check_free(&mut tx, &name, &email).await?;
        return Err(AccountError::ChangedMeanwhile.into());
    };
    send_link(&mut tx, cx, user, &name, &email, cx.lang).await?;
    audit::record(&mut tx, cx, &audit::SIGNED_UP, Some(user.into()), &serde_json::json!({"name": name})).await?;
    Ok(tx.commit().await?)
}

/// Mails a link that proves the address.
pub(super) async fn send_link(tx: &mut Tx, cx: &Cx, user: UserId, name: &str, email: &str, lang: Lang) -> Result<()> {
    let url = email_token::link(tx, cx, user, LinkPurpose::Verify).await?;
    mail(tx, cx, email, lang, &templates::VERIFY_EMAIL, &[("name", name.to_owned()), ("url", url)]).await
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailAsk {
    pub email: String,
    pub captcha: Option<CaptchaAnswer>,
}

impl MailAsk {
    /// Writes a job about this address, behind limits and a captcha: the same work and the same answer whoever has it.
    pub(super) async fn put_off(&self, cx: &Cx, job: JobKind) -> Result<()> {
        let email = naming::clean_email(&self.email).map_err(|(code, zh, en)| Fault::field("email", code, zh, en))?;
        let about = text::fold(&email);
        MAILS_ASKED.take(cx, &allowance::address(cx)).await?;
        captcha::demand(cx, self.captcha.as_ref()).await?;
        MAILS_SENT.take(cx, &format!("{} {about}", job.name)).await?;
        let mut tx = cx.db.begin().await?;
        Later::enqueue(&mut tx, cx, job, about).await?;
        Ok(tx.commit().await?)
    }
}

/// Sends the verification link again (K1.1c); older links stay good.
pub async fn resend(cx: &Cx, ask: &MailAsk) -> Result<()> {
    ask.put_off(cx, RESEND_JOB).await
}

pub(crate) async fn resend_job(cx: Cx, job: Job) -> Outcome {
    match Later::read(cx, &job) {
        Ok((later, cx)) => outcome(send_again(&cx, &later.about).await),
        Err(outcome) => outcome,
    }
}

async fn send_again(cx: &Cx, email_key: &str) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    // Held, so that no link goes to an address that is being changed.
    let sql = format!("SELECT id, name, email, language FROM users WHERE email_key = $1 AND state = 'pending'{}", tx.for_update());
    let waiting = tx
        .opt(&sql, args![email_key], |row| {
            Ok((row.get::<UserId>("id")?, row.get::<String>("name")?, row.get::<String>("email")?, row.get::<String>("language")?))
        })
        .await?;
    if let Some((user, name, email, language)) = waiting {
        send_link(&mut tx, cx, user, &name, &email, Lang::from_header(&language)).await?;
    }
    Ok(tx.commit().await?)
}

/// Activates the account whose link was followed; answers its name, for the sign-in page.
pub async fn verify(cx: &Cx, token: &str) -> Result<String> {
    let user = email_token::look(cx, token, LinkPurpose::Verify).await?;
    let mut tx = cx.db.begin().await?;
    email_token::hold(&mut tx, user).await?;
    email_token::use_up(&mut tx, cx, token, LinkPurpose::Verify).await?;
    let activated = tx.exec("UPDATE users SET state = 'active' WHERE id = $1 AND state = 'pending'", args![user]).await?;
    // A second link of an account that is active already does no harm; a disabled account stays disabled.
    let sql = "SELECT name FROM users WHERE id = $1 AND state = 'active'";
    let name: String = tx.opt(sql, args![user], |row| row.get("name")).await?.ok_or(AccountError::TokenInvalid)?;
    if activated == 1 {
        audit::record(&mut tx, cx, &audit::EMAIL_VERIFIED, Some(user.into()), &serde_json::json!({"name": name})).await?;
    }
    tx.commit().await?;
    Ok(name)
}

/// The first super admin 超级管理员, made by whoever installs: never by sign-up. Same rules for name, address and password.
pub async fn create_super_admin(cx: &Cx, name: &str, email: &str, password: &str) -> Result<UserId> {
    if !matches!(cx.actor, Actor::System) {
        return Err(Fault::forbidden());
    }
    let (name, email) = check(cx, name, email, password)?;
    check_free(&mut cx.db.read(), &name, &email).await?;
    let password_hash = cx.passwords.hash(password, &cx.random).await?;

    let mut tx = cx.db.begin().await?;
    let row = NewUserRow {
        name: &name,
        email: &email,
        role: Role::SuperAdmin,
        state: UserState::Active,
        password_hash: &password_hash,
        must_change_password: false,
        language: cx.lang,
        superior: None,
    };
    let Some(user) = insert_user(&mut tx, cx, &row).await? else {
        check_free(&mut tx, &name, &email).await?;
        return Err(AccountError::ChangedMeanwhile.into());
    };
    let detail = serde_json::json!({"name": name, "role": Role::SuperAdmin});
    audit::record(&mut tx, cx, &audit::USER_CREATED, Some(user.into()), &detail).await?;
    tx.commit().await?;
    Ok(user)
}
