//! The second factor 两步验证: codes of an authenticator app, and recovery codes for when the phone is lost.
//!
//! **Invariant**: a code, of either sort, is good once. Which ones were used is decided in the database, so that two at
//! once cannot both pass.

use ::store::{Sql, Tx, args};
use kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AccountError, UserId, account, totp};
use crate::allowance::Allowance;
use crate::messages::{self, Telling, templates};
use crate::settings::defs;
use crate::vault::Purpose;
use crate::{Cx, Result, audit};

pub(crate) const SECRET: Purpose = Purpose("second factor secret");
const RECOVERY: Purpose = Purpose("recovery code");
const RECOVERY_CODES: usize = 10;
/// A code has a million values: whoever is signed in may not go through them.
const CODES: Allowance = Allowance { name: "second-factor-code", window_seconds: 900, most: 10 };

/// What the authenticator app needs. Shown until it is confirmed.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SecondFactorSetup {
    pub secret: String,
    pub otpauth_url: String,
    pub qr_svg: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct RecoveryCodes {
    /// Shown this once; each is good once, in place of a code.
    pub recovery_codes: Vec<String>,
}

/// That it is the user, and not somebody at a session left open, who turns it on or off.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorProof {
    pub password: String,
    pub code: String,
}

/// Begins the set-up with a new secret; nothing is asked for at sign-in until it is confirmed.
pub async fn begin(cx: &Cx) -> Result<SecondFactorSetup> {
    let user = cx.user()?;
    let secret = zeroize::Zeroizing::new(cx.random.bytes::<{ totp::SECRET_BYTES }>());
    let enrolment = totp::enrolment(secret.as_ref(), &user.name, &cx.settings.get(defs::SITE_NAME))?;
    let mut tx = cx.db.begin().await?;
    let sql = "UPDATE users SET totp_secret = $1 WHERE id = $2 AND totp_enabled_at IS NULL";
    if tx.exec(sql, args![cx.vault.seal(SECRET, secret.as_ref()), user.id]).await? == 0 {
        return Err(AccountError::SecondFactorAlreadyOn.into());
    }
    tx.commit().await?;
    Ok(SecondFactorSetup { secret: enrolment.secret, otpauth_url: enrolment.url, qr_svg: enrolment.qr })
}

/// Turns it on, by the password and a code that shows that the app has the secret.
pub async fn confirm(cx: &Cx, ask: &SecondFactorProof) -> Result<RecoveryCodes> {
    let user = cx.user()?;
    CODES.take(cx, &user.id.to_string()).await?;
    account::prove(cx, "password", &ask.password).await?;
    let mut tx = cx.db.begin().await?;
    let held = Held::read(&mut tx, user.id).await?;
    if held.enabled {
        return Err(AccountError::SecondFactorAlreadyOn.into());
    }
    let Some(step) = held.step(cx, ask.code.trim())?.ok_or(AccountError::SecondFactorNotBegun)? else {
        return Err(wrong_code());
    };
    let sql = "UPDATE users SET totp_enabled_at = $1, totp_last_step = $2 WHERE id = $3";
    tx.exec(sql, args![cx.now(), step, user.id]).await?;
    let codes = new_recovery_codes(&mut tx, cx, user.id).await?;
    audit::record(&mut tx, cx, &audit::SECOND_FACTOR_ON, Some(user.id.into()), &serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(RecoveryCodes { recovery_codes: codes })
}

/// Turns it off, by password and code. Where the role needs one, it must then be set up anew.
pub async fn disable(cx: &Cx, ask: &SecondFactorProof) -> Result<()> {
    let user = cx.user()?;
    CODES.take(cx, &user.id.to_string()).await?;
    account::prove(cx, "password", &ask.password).await?;
    let mut tx = cx.db.begin().await?;
    if !Held::read(&mut tx, user.id).await?.enabled {
        return Err(AccountError::SecondFactorOff.into());
    }
    if !accept(&mut tx, cx, user.id, &ask.code).await? {
        return Err(wrong_code());
    }
    forget(&mut tx, user.id).await?;
    audit::record(&mut tx, cx, &audit::SECOND_FACTOR_OFF, Some(user.id.into()), &serde_json::json!({})).await?;
    Ok(tx.commit().await?)
}

/// Removes a user's second factor and its recovery codes, in the caller's transaction.
pub async fn forget(tx: &mut Tx, user: UserId) -> Result<()> {
    // The last step stays: a code that was used must not be good again for a secret set up within the same half minute.
    tx.exec("UPDATE users SET totp_secret = NULL, totp_enabled_at = NULL WHERE id = $1", args![user]).await?;
    tx.exec("DELETE FROM recovery_codes WHERE user_id = $1", args![user]).await?;
    Ok(())
}

/// Tells whoever has recovery codes that these are good no longer, in the caller's transaction, which removes them.
pub(crate) async fn tell_that_codes_end(tx: &mut Tx, cx: &Cx) -> Result<()> {
    let sql = "SELECT DISTINCT c.user_id FROM recovery_codes c JOIN users u ON u.id = c.user_id \
               WHERE c.used_at IS NULL AND u.state = 'active' ORDER BY c.user_id";
    let users: Vec<UserId> = tx.all(sql, args![], |row| row.get("user_id")).await?;
    let template = &templates::RECOVERY_CODES_ENDED;
    let told: Vec<Telling<'_>> = users.into_iter().map(|user| Telling { user, template, params: Vec::new(), link: None }).collect();
    messages::tell_all(tx, cx, &told).await
}

/// Whether `code` is a code of the app or a recovery code that was not used yet; now it is. The caller commits.
pub(super) async fn accept(tx: &mut Tx, cx: &Cx, user: UserId, code: &str) -> Result<bool> {
    let code = code.trim();
    if code.len() > 64 {
        return Ok(false);
    }
    let held = Held::read(tx, user).await?;
    if held.enabled
        && let Some(Some(step)) = held.step(cx, code)?
    {
        let sql = "UPDATE users SET totp_last_step = $1 WHERE id = $2 AND totp_last_step < $1";
        return Ok(tx.exec(sql, args![step, user]).await? == 1);
    }
    let sql = "UPDATE recovery_codes SET used_at = $1 WHERE user_id = $2 AND code_hash = $3 AND used_at IS NULL";
    Ok(tx.exec(sql, args![cx.now(), user, recovery_hash(cx, user, code)]).await? == 1)
}

struct Held {
    secret: Option<Vec<u8>>,
    enabled: bool,
    last_step: i64,
}

impl Held {
    async fn read(tx: &mut Tx, user: UserId) -> Result<Self> {
        let sql = format!("SELECT totp_secret, totp_enabled_at, totp_last_step FROM users WHERE id = $1{}", tx.for_update());
        let held = tx
            .one(&sql, args![user], |row| {
                Ok(Self {
                    secret: row.get("totp_secret")?,
                    enabled: row.get::<Option<Timestamp>>("totp_enabled_at")?.is_some(),
                    last_step: row.get("totp_last_step")?,
                })
            })
            .await?;
        Ok(held)
    }

    /// Absent without a secret; then the step that the code is right for, if it is.
    fn step(&self, cx: &Cx, code: &str) -> Result<Option<Option<i64>>> {
        let Some(sealed) = &self.secret else { return Ok(None) };
        let secret = cx.vault.open(SECRET, sealed)?;
        totp::step(&secret, code, cx.now(), self.last_step).map(Some)
    }
}

async fn new_recovery_codes(tx: &mut Tx, cx: &Cx, user: UserId) -> Result<Vec<String>> {
    tx.exec("DELETE FROM recovery_codes WHERE user_id = $1", args![user]).await?;
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        // 80 random bits, in groups that can be read out.
        let text = data_encoding::BASE32_NOPAD.encode(&cx.random.bytes::<10>()).to_ascii_lowercase();
        let (a, rest) = text.split_at(4);
        let (b, rest) = rest.split_at(4);
        let (c, d) = rest.split_at(4);
        let code = format!("{a}-{b}-{c}-{d}");
        let sql = "INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)";
        tx.exec(sql, args![user, recovery_hash(cx, user, &code)]).await?;
        codes.push(code);
    }
    Ok(codes)
}

/// Blind to case, blanks and dashes: people type these from paper.
fn recovery_hash(cx: &Cx, user: UserId, code: &str) -> [u8; 32] {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    cx.vault.hash(RECOVERY, format!("{user} {plain}").as_bytes())
}

fn wrong_code() -> Fault {
    Fault::field("code", "SECOND_FACTOR_WRONG", "验证码错误或已使用", "The code is wrong or was used")
}
