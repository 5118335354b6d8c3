//! Signing in 登录 (K1.2): name, password, and where they are due a captcha and a second-factor code.
//!
//! **Invariant**: a try is counted as a failure before its password is looked at, in a transaction that decides by the count;
//! only a right password takes it back. However many tries come at once, no more are looked at than may fail.
//! **Invariant**: nothing before the password check depends on whether the name is known, nor does what follows a wrong one.
//! **Invariant**: from an address that has failed too often, nothing is written of a name before a captcha is solved, and of what is
//! refused there so much a minute ([`super::flood`]).

use ::store::jobs::{Job, Outcome};
use ::store::{Sql, Tx, args};
use kernel::{DAY, Fault, Timestamp};
use serde::Deserialize;
use store::jobs::JobKind;
use zeroize::Zeroizing;

use super::later::{Later, outcome};
use super::lockout::Gate;
use super::sign_in_log::SignInResult;
use super::tries::{self, Known, Try, Typed};
use super::{AccountError, CaptchaAnswer, Principal, SessionId, UserId, UserState, captcha, second_factor, session};
use crate::allowance::{self, Allowance};
use crate::messages::{tell, templates};
use crate::{Cx, Result, audit};

pub const LOCKED_JOB: JobKind = JobKind::new("account.locked");

/// Tries from one address that did not succeed, whatever the names. Beyond it each needs a captcha: many people may share an
/// address, and one of them must not keep the others out.
const FAILED: Allowance = Allowance { name: "sign-in-failed", window_seconds: 900, most: 100 };

/// How long a password is good that lies in a letter and was not changed yet. Afterwards a link to one's address helps.
const FIRST_PASSWORD: i64 = 7 * DAY;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub name: String,
    pub password: String,
    /// Needed after failures in a row; the refusal before says so.
    pub captcha: Option<CaptchaAnswer>,
    /// A code of the second factor, or one of the recovery codes.
    pub totp: Option<String>,
}

/// A new session. The token is told once.
pub struct Started {
    pub token: Zeroizing<String>,
    pub principal: Principal,
}

pub async fn sign_in(cx: &Cx, ask: &SignIn) -> Result<Started> {
    // First of all: who cannot be looked at must not cost a transaction either.
    let place = cx.passwords.place(&cx.clock).await?;
    let typed = Typed::new(&ask.name);
    let over = FAILED.check(&mut cx.db.read(), cx, &allowance::address(cx)).await.is_err();
    let solved = match &ask.captcha {
        Some(answer) if over => used_up(cx, answer).await?,
        Some(_) | None => false,
    };
    if over && !solved {
        // Its place is for others meanwhile.
        drop(place);
        let refusal = if ask.captcha.is_some() { AccountError::CaptchaWrong } else { AccountError::CaptchaRequired };
        return Err(unseen(cx, &typed, refusal).await?);
    }
    let counted = admit(cx, typed, ask.captcha.as_ref(), solved).await?;

    let stored = counted.user.as_ref().map(|user| user.password_hash.as_str());
    let right = match cx.passwords.verify_at(place, &ask.password, stored).await {
        Ok(right) => right,
        Err(fault) => {
            // Not looked at, so it is no failure.
            let mut tx = cx.db.begin().await?;
            counted.give_back(&mut tx).await?;
            tx.commit().await?;
            return Err(fault);
        }
    };
    match counted.user.as_ref().filter(|_| right).cloned() {
        None => Err(failed(cx, &counted, SignInResult::Wrong).await?),
        Some(user) => match user.state {
            UserState::Active => finish(cx, &counted, user, ask.totp.as_deref()).await,
            UserState::Pending => Err(turned_away(cx, &counted, SignInResult::NotVerified, AccountError::NotVerified).await?),
            UserState::Disabled => Err(turned_away(cx, &counted, SignInResult::Disabled, AccountError::Disabled).await?),
        },
    }
}

/// Uses a captcha up, and answers whether it was solved.
async fn used_up(cx: &Cx, answer: &CaptchaAnswer) -> Result<bool> {
    let mut tx = cx.db.begin().await?;
    let solved = captcha::use_up(&mut tx, cx, answer).await?;
    tx.commit().await?;
    Ok(solved)
}

/// Refuses a try without a look at name or password: counted at once, kept a while, and in the log with the others like it.
async fn unseen(cx: &Cx, typed: &Typed, refusal: AccountError) -> Result<Fault> {
    let due = cx.flood.count(cx, &typed.shown);
    cx.passwords.keep(&cx.clock).await;
    due.write(cx).await?;
    Ok(refusal.into())
}

/// Counts the try and lets it through, or refuses it for want of a captcha or because of a lock. `solved`: its captcha has been used up
/// already, and was right.
async fn admit(cx: &Cx, typed: Typed, answer: Option<&CaptchaAnswer>, solved: bool) -> Result<Try> {
    let rules = tries::rules(cx);
    let mut tx = cx.db.begin().await?;
    let mut this = Try::begin(&mut tx, cx, typed).await?;
    let now = cx.now();
    let (result, refusal) = match (this.record.gate(&rules, now), answer) {
        (Gate::Locked(seconds), _) => (SignInResult::Locked, Some(AccountError::Locked { seconds })),
        (Gate::Captcha, _) if solved => (SignInResult::Ok, None),
        (Gate::Captcha, None) => (SignInResult::Captcha, Some(AccountError::CaptchaRequired)),
        (Gate::Captcha, Some(answer)) => {
            let solved = captcha::use_up(&mut tx, cx, answer).await?;
            (SignInResult::Captcha, (!solved).then_some(AccountError::CaptchaWrong))
        }
        (Gate::Open, _) => (SignInResult::Ok, None),
    };
    if let Some(refusal) = refusal {
        this.log(&mut tx, cx, result).await?;
        FAILED.count(&mut tx, cx, &allowance::address(cx)).await?;
        tx.commit().await?;
        return Err(refusal.into());
    }
    let record = this.record.counted(&rules, now);
    this.save(&mut tx, record).await?;
    tx.commit().await?;
    Ok(this)
}

/// A wrong password or code: it stays counted.
async fn failed(cx: &Cx, this: &Try, result: SignInResult) -> Result<Fault> {
    let mut tx = cx.db.begin().await?;
    let fault = note_failure(&mut tx, cx, this, result).await?;
    tx.commit().await?;
    Ok(fault)
}

async fn note_failure(tx: &mut Tx, cx: &Cx, this: &Try, result: SignInResult) -> Result<Fault> {
    this.log(tx, cx, result).await?;
    FAILED.count(tx, cx, &allowance::address(cx)).await?;
    let locked = this.locked(cx.now());
    if locked.is_some() {
        Later::enqueue(tx, cx, LOCKED_JOB, this.typed.key.clone()).await?;
    }
    let captcha_next = this.captcha_next(cx);
    let error = match result {
        SignInResult::SecondFactor => AccountError::SecondFactorWrong { captcha_next },
        _ => AccountError::SignInFailed { captcha_next, locked },
    };
    Ok(error.into())
}

/// The password was right, but that is not enough: no failure, and no success that would wipe out failures either.
async fn turned_away(cx: &Cx, this: &Try, result: SignInResult, error: AccountError) -> Result<Fault> {
    let mut tx = cx.db.begin().await?;
    this.give_back(&mut tx).await?;
    this.log(&mut tx, cx, result).await?;
    tx.commit().await?;
    Ok(error.into())
}

/// The second factor where there is one, and the session.
async fn finish(cx: &Cx, this: &Try, user: Known, code: Option<&str>) -> Result<Started> {
    let mut tx = cx.db.begin().await?;
    let sql = format!(
        "SELECT password_hash, state, totp_enabled_at, must_change_password, first_password_at, created_at FROM users WHERE id = $1{}",
        tx.for_update()
    );
    let (hash, state, second, mailed) = tx
        .one(&sql, args![user.id], |row| {
            let second = row.get::<Option<Timestamp>>("totp_enabled_at")?.is_some();
            let mailed_at = row.get::<Option<Timestamp>>("first_password_at")?.unwrap_or(row.get("created_at")?);
            let mailed = row.get::<bool>("must_change_password")?.then_some(mailed_at);
            Ok((row.get::<String>("password_hash")?, row.word::<UserState>("state")?, second, mailed))
        })
        .await?;
    if hash != user.password_hash || state != UserState::Active {
        // Changed or disabled while the password was being checked.
        tx.commit().await?;
        return Err(failed(cx, this, SignInResult::Wrong).await?);
    }
    if mailed.is_some_and(|at| cx.now() >= at.plus_micros(FIRST_PASSWORD)) {
        tx.commit().await?;
        return Err(turned_away(cx, this, SignInResult::FirstPasswordOld, AccountError::FirstPasswordOld).await?);
    }
    match code.filter(|_| second) {
        None if second => {
            tx.commit().await?;
            // As many failures as before this try: the next one carries the code, and perhaps a captcha.
            let captcha_next = this.record.failures > cx.settings.get(crate::settings::defs::CAPTCHA_AFTER);
            let error = AccountError::SecondFactorRequired { captcha_next };
            return Err(turned_away(cx, this, SignInResult::SecondFactor, error).await?);
        }
        Some(code) if !second_factor::accept(&mut tx, cx, user.id, code).await? => {
            let fault = note_failure(&mut tx, cx, this, SignInResult::SecondFactor).await?;
            tx.commit().await?;
            return Err(fault);
        }
        None | Some(_) => {}
    }
    tries::forgive(&mut tx, user.id).await?;
    tx.exec("UPDATE users SET last_sign_in_at = $1 WHERE id = $2", args![cx.now(), user.id]).await?;
    let (session, token): (SessionId, _) = session::start(&mut tx, cx, user.id).await?;
    this.log(&mut tx, cx, SignInResult::Ok).await?;
    tx.commit().await?;
    Ok(Started { token, principal: Principal { id: user.id, name: user.name, role: user.role, superior: user.superior, session } })
}

/// Tells whom it concerns that the account is locked; for an unknown name there is nobody.
pub(crate) async fn locked_job(cx: Cx, job: Job) -> Outcome {
    match Later::read(cx, &job) {
        Ok((later, cx)) => outcome(tell_locked(&cx, &later.about).await),
        Err(outcome) => outcome,
    }
}

async fn tell_locked(cx: &Cx, name_key: &str) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    let sql = "SELECT u.id, t.locked_until FROM users u JOIN name_tries t ON t.name_hash = u.name_hash WHERE u.name_key = $1 AND t.locked_until IS NOT NULL";
    let found = tx.opt(sql, args![name_key], |row| Ok((row.get::<UserId>("id")?, row.get::<Timestamp>("locked_until")?))).await?;
    if let Some((user, until)) = found {
        let until = until.to_string();
        audit::record(&mut tx, cx, &audit::ACCOUNT_LOCKED, Some(user.into()), &serde_json::json!({"until": until})).await?;
        tell(&mut tx, cx, user, &templates::ACCOUNT_LOCKED, &[("locked_at", until)], None).await?;
    }
    Ok(tx.commit().await?)
}
