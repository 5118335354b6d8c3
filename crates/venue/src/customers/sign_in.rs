//! Signing in with the code that is on one's phone (V2.2), and what becomes of a guest who does.

use kernel::{Fault, Fen, Kind};
use platform::allowance::{Allowance, address};
use platform::ledger::{self, EntryKind};
use platform::{Cx, Result};
use store::{Sql as _, Tx, args};

use super::code::{NUMBER, code_hash, number, phone_hash, ticket_hash};
use super::model::{Customer, CustomerId};
use super::phone;
use super::session::{Welcome, find, insert, revoke_all, start};
use super::wallet::account;

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

/// Signs in whoever has the phone, now that its code is here. A guest becomes that customer, and carries everything over.
///
/// Which of ticket, number and code is wrong, or whether they are too old, makes no difference to the answer.
pub async fn sign_in(cx: &Cx, guest: Option<&Customer>, ask: SignIn<'_>) -> Result<Welcome> {
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
    let guest = still_guest(&mut tx, guest).await?;
    let id = whose(&mut tx, cx, guest, &digits, phone).await?;
    let token = start(&mut tx, cx, id).await?;
    let customer = find(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(Welcome { token, customer })
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

/// The guest, locked, if it still is one: somebody may have signed in with the same token in between.
async fn still_guest(tx: &mut Tx, guest: Option<&Customer>) -> Result<Option<CustomerId>> {
    let Some(guest) = guest else { return Ok(None) };
    let sql = format!("SELECT id FROM customers WHERE id = $1 AND phone_hash IS NULL AND became IS NULL{}", tx.for_update());
    Ok(tx.opt(&sql, args![guest.id], |row| row.get("id")).await?)
}

/// The customer of a phone: known, or the guest, or somebody new. A guest is locked before who is known, as at the desk.
async fn whose(tx: &mut Tx, cx: &Cx, guest: Option<CustomerId>, digits: &str, hash: [u8; 32]) -> Result<CustomerId> {
    let sql = format!("SELECT id FROM customers WHERE phone_hash = $1{}", tx.for_update());
    let known: Option<CustomerId> = tx.opt(&sql, args![hash], |row| row.get("id")).await?;
    if let Some(known) = known {
        if let Some(guest) = guest {
            carry_over(tx, cx, guest, known).await?;
        }
        return Ok(known);
    }
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

/// All that a guest has becomes the known customer's. A guest cannot play, and so nothing of it is frozen. Both are locked: what is paid in at
/// the desk for the guest comes before this, or goes to who it has become.
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
