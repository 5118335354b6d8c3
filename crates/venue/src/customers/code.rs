//! Signing in by a code that is sent to one's phone (V2.2): six digits, five minutes, once, five tries; and so seldom that nobody can
//! send floods of them at our cost.

use std::sync::Arc;

use kernel::{Fault, Fen, Kind, MINUTE};
use platform::allowance::{Allowance, address};
use platform::ledger::{self, EntryKind};
use platform::messages::{Sms, SmsError, SmsKind};
use platform::vault::Purpose;
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::jobs::{Job, NewJob, Outcome};
use store::{Sql as _, Tx, args};

use super::model::{Customer, CustomerId};
use super::phone;
use super::session::{Welcome, find, insert, revoke_all, start};
use super::wallet::account;
use crate::Venue;

pub(crate) const SMS_JOB: &str = "sms.send";
const NUMBER: Purpose = Purpose("customer phone");
const CODE: Purpose = Purpose("phone code");
const SEALED: Purpose = Purpose("sms parameters");

const LASTS: i64 = 5 * MINUTE;
const TRIES: i64 = 5;
/// To one number.
const A_MINUTE: Allowance = Allowance { name: "sms minute", window_seconds: 60, most: 1 };
const AN_HOUR: Allowance = Allowance { name: "sms hour", window_seconds: 3_600, most: 5 };
const A_DAY: Allowance = Allowance { name: "sms day", window_seconds: 86_400, most: 10 };
/// From one address: a hall's guests may share one.
const ADDRESS_HOUR: Allowance = Allowance { name: "sms address hour", window_seconds: 3_600, most: 40 };
const ADDRESS_DAY: Allowance = Allowance { name: "sms address day", window_seconds: 86_400, most: 200 };
/// In all: what a flood from many addresses to many numbers may cost in a day.
const ALL_DAY: Allowance = Allowance { name: "sms all", window_seconds: 86_400, most: 10_000 };

#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub struct CodeSent {
    /// How long it is good.
    pub valid_seconds: i64,
    /// When another can be asked for.
    pub again_seconds: i64,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    kind: SmsKind,
    sealed: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    to: String,
    params: Vec<(String, String)>,
}

fn number(text: &str) -> Result<String> {
    phone::read(text).ok_or_else(|| Fault::field("phone", "INVALID", "请输入 11 位手机号码", "A mobile number of eleven digits is needed"))
}

/// Sends a code to a phone. Whose it is, and whether it is anybody's, makes no difference to the answer.
pub async fn send_code(cx: &Cx, text: &str) -> Result<CodeSent> {
    let digits = number(text)?;
    let from = address(cx);
    for (allowance, who) in
        [(ADDRESS_HOUR, from.as_str()), (ADDRESS_DAY, &from), (A_MINUTE, &digits), (AN_HOUR, &digits), (A_DAY, &digits), (ALL_DAY, "")]
    {
        allowance.take(cx, who).await?;
    }
    let code = format!("{:06}", cx.random.below(1_000_000));
    let now = cx.now();
    let mut tx = cx.db.begin().await?;
    let sql = "INSERT INTO phone_codes (phone_hash, code_hash, expires_at, tries) VALUES ($1, $2, $3, 0) \
               ON CONFLICT (phone_hash) DO UPDATE SET code_hash = $2, expires_at = $3, tries = 0";
    tx.exec(sql, args![cx.vault.hash(NUMBER, digits.as_bytes()), code_hash(cx, &digits, &code), now.plus_micros(LASTS)]).await?;
    let sealed = Sealed { to: digits, params: vec![("code".into(), code)] };
    let sealed = cx.vault.seal(SEALED, &serde_json::to_vec(&sealed).map_err(Fault::internal)?);
    // A code that comes when it is not good any more is of no use to anybody.
    cx.enqueue(&mut tx, NewJob::new(SMS_JOB, &Payload { kind: SmsKind::Code, sealed }, now)?.attempts(3)).await?;
    tx.commit().await?;
    Ok(CodeSent { valid_seconds: 300, again_seconds: 60 })
}

fn code_hash(cx: &Cx, digits: &str, code: &str) -> [u8; 32] {
    cx.vault.hash(CODE, format!("{digits} {code}").as_bytes())
}

/// Carries out one text message.
pub(crate) async fn sms_job(venue: Arc<Venue>, cx: Cx, job: Job) -> Outcome {
    let payload: Payload = match job.read() {
        Ok(payload) => payload,
        Err(outcome) => return outcome,
    };
    let sealed = cx.vault.open(SEALED, &payload.sealed).ok();
    let Some(Sealed { to, params }) = sealed.and_then(|plain| serde_json::from_slice(&plain).ok()) else {
        return Outcome::GiveUp("the text's parameters cannot be read".into());
    };
    match venue.texter.send(&Sms { id: job.id.to_string(), to, kind: payload.kind, params }).await {
        Ok(_) => Outcome::Done,
        Err(SmsError::Later(why)) => Outcome::Retry(why),
        Err(SmsError::Never(why)) => Outcome::GiveUp(why),
    }
}

/// Signs in whoever has the phone, now that its code is here. A guest becomes that customer, and carries everything over.
pub async fn sign_in(cx: &Cx, guest: Option<&Customer>, text: &str, code: &str) -> Result<Welcome> {
    let digits = number(text)?;
    let hash = cx.vault.hash(NUMBER, digits.as_bytes());
    let mut tx = cx.db.begin().await?;
    let sql =
        "UPDATE phone_codes SET tries = tries + 1 WHERE phone_hash = $1 AND expires_at > $2 AND tries < $3 RETURNING code_hash, tries";
    let found: Option<(Vec<u8>, i64)> =
        tx.opt(sql, args![hash, cx.now(), TRIES], |row| Ok((row.get("code_hash")?, row.get("tries")?))).await?;
    let Some((wanted, tries)) = found else {
        return Err(Fault::new(
            Kind::Unauthenticated,
            "CODE_EXPIRED",
            "验证码已失效，请重新获取",
            "This code is not good any more; ask for another",
        ));
    };
    if wanted != code_hash(cx, &digits, code.trim()) {
        // The try is counted.
        tx.commit().await?;
        let left = TRIES - tries;
        let (zh, en) = (format!("验证码不正确，还可以试 {left} 次"), format!("This is not the code; {left} tries are left"));
        return Err(Fault::new(Kind::Unauthenticated, "CODE_WRONG", zh, en));
    }
    tx.exec("DELETE FROM phone_codes WHERE phone_hash = $1", args![hash]).await?;
    let guest = guest.filter(|customer| customer.guest).map(|customer| customer.id);
    let id = whose(&mut tx, cx, guest, &digits, hash).await?;
    let token = start(&mut tx, cx, id).await?;
    let customer = find(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(Welcome { token, customer })
}

/// The customer of a phone: known, or the guest, or somebody new.
async fn whose(tx: &mut Tx, cx: &Cx, guest: Option<CustomerId>, digits: &str, hash: [u8; 32]) -> Result<CustomerId> {
    let sql = format!("SELECT id FROM customers WHERE phone_hash = $1{}", tx.for_update());
    let known: Option<CustomerId> = tx.opt(&sql, args![hash], |row| row.get("id")).await?;
    match (known, guest) {
        (Some(known), Some(guest)) => {
            carry_over(tx, cx, guest, known).await?;
            Ok(known)
        }
        (Some(known), None) => Ok(known),
        (None, guest) => {
            let id = match guest {
                Some(guest) => guest,
                None => {
                    let id = insert(tx, cx).await?;
                    ledger::open_wallet(tx, cx, id.uuid()).await?;
                    id
                }
            };
            let sql = "UPDATE customers SET phone = $1, phone_hash = $2, phone_hint = $3 WHERE id = $4";
            tx.exec(sql, args![cx.vault.seal(NUMBER, digits.as_bytes()), hash, phone::hint(digits), id]).await?;
            Ok(id)
        }
    }
}

/// All that a guest has becomes the known customer's. A guest cannot play, and so nothing of it is frozen.
async fn carry_over(tx: &mut Tx, cx: &Cx, guest: CustomerId, known: CustomerId) -> Result<()> {
    ledger::lock(tx, &[account(guest), account(known)]).await?;
    let money: Fen = ledger::account(tx, account(guest)).await?.map_or(Fen::ZERO, |wallet| wallet.available().fen());
    if money.is_positive() {
        let order = ledger::Move {
            debit: account(guest),
            credit: account(known),
            amount: money.into(),
            kind: EntryKind::CarriedOver,
            memo: String::new(),
            reference: Some(known.into()),
        };
        ledger::transfer(tx, cx, &order).await?;
    }
    tx.exec("UPDATE customer_messages SET customer_id = $1 WHERE customer_id = $2", args![known, guest]).await?;
    tx.exec("UPDATE customers SET became = $1 WHERE id = $2", args![known, guest]).await?;
    revoke_all(tx, cx, guest).await
}
