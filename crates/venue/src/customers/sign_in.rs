//! Signing in with the code that is on one's phone (V2.2).

use kernel::{Fault, Kind};
use platform::allowance::{Allowance, address};
use platform::payments::Payer;
use platform::{Cx, Result};
use store::{Sql as _, Tx, args};

use super::code::{code_hash, number, phone_hash, ticket_hash};
use super::join::{of_phone, without_phone};
use super::model::Customer;
use super::session::{Welcome, welcome};

/// With one ticket.
const TRIES: i64 = 5;
/// Tries from one address with tickets that are none, or none any more. Whoever brings one that is good is not held up by them: a hall's guests
/// may share an address, and their tickets have so many tries each.
const ASTRAY: Allowance = Allowance { name: "sign-ins without a ticket", window_seconds: 3_600, most: 60 };

/// What somebody brings who signs in.
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a> {
    /// As [`send_code`](super::send_code) has told it.
    pub ticket: &'a str,
    pub phone: &'a str,
    pub code: &'a str,
}

/// Signs in whoever has the phone, now that its code is here. Somebody without a phone until now becomes that customer, and carries everything
/// over. `payer`: as whom WeChat knows the phone that it happens on.
///
/// Which of ticket, number and code is wrong, or whether they are too old, makes no difference to the answer.
pub async fn sign_in(cx: &Cx, who: Option<&Customer>, payer: Option<&Payer>, ask: SignIn<'_>) -> Result<Welcome> {
    let digits = number(ask.phone)?;
    let (phone, ticket) = (phone_hash(cx, &digits), ticket_hash(cx, ask.ticket));
    let sql = "SELECT tries FROM phone_codes WHERE ticket_hash = $1 AND phone_hash = $2 AND expires_at > $3 AND tries < $4";
    let good = cx.db.read().opt(sql, args![ticket, phone, cx.now(), TRIES], |row| row.get::<i64>("tries")).await?;
    if good.is_none() {
        ASTRAY.take(cx, &address(cx)).await?;
        return Err(wrong());
    }
    let mut tx = cx.db.begin().await?;
    let Some(wanted) = lock(&mut tx, cx, phone, ticket).await? else { return Err(wrong()) };
    if wanted != code_hash(cx, &digits, ask.code.trim()) {
        tx.exec("UPDATE phone_codes SET tries = tries + 1 WHERE ticket_hash = $1", args![ticket]).await?;
        tx.commit().await?;
        return Err(wrong());
    }
    tx.exec("DELETE FROM phone_codes WHERE ticket_hash = $1", args![ticket]).await?;
    let who = without_phone(&mut tx, who).await?;
    let id = of_phone(&mut tx, cx, who, &digits).await?;
    welcome(tx, cx, id, payer).await
}

fn wrong() -> Fault {
    let (zh, en) =
        ("验证码不正确或已失效，请核对或重新获取", "This is not the code, or it is not good any more; look again, or ask for another");
    Fault::new(Kind::Unauthenticated, "CODE_WRONG", zh, en)
}

/// What the ticket's code is, while it is good. All that are good for the phone are locked: of two who sign in with one phone at once, and
/// with tickets of their own, the second finds the customer whom the first has made.
async fn lock(tx: &mut Tx, cx: &Cx, phone: [u8; 32], ticket: [u8; 32]) -> Result<Option<Vec<u8>>> {
    let sql = format!(
        "SELECT ticket_hash, code_hash, tries FROM phone_codes WHERE phone_hash = $1 AND expires_at > $2 ORDER BY ticket_hash{}",
        tx.for_update()
    );
    let read = |row: &store::Row| Ok((row.get::<Vec<u8>>("ticket_hash")?, row.get::<Vec<u8>>("code_hash")?, row.get::<i64>("tries")?));
    let good = tx.all(&sql, args![phone, cx.now()], read).await?;
    Ok(good.into_iter().find(|(of, _, tries)| *of == ticket && *tries < TRIES).map(|(_, code, _)| code))
}
