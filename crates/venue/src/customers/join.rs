//! Who one is when two names turn out to be of one person: a guest or somebody whom WeChat knows, and whoever has the phone.

use kernel::{Fault, Fen, Kind};
use platform::ledger::{self, EntryKind};
use platform::{Cx, Result, payments};
use store::{Row, Sql as _, Tx, args};

use super::code::{NUMBER, phone_hash};
use super::model::{Customer, CustomerId};
use super::session::{insert, revoke_all};
use super::wallet::account;
use super::whose::Ways;
use super::{networks, phone};
use crate::told::{self, tell, was_told};
use crate::{complaints, holds, members, play, splits};

/// By what a customer can sign in; locked. `None`: it has become another.
pub(super) async fn ways(tx: &mut Tx, id: CustomerId) -> Result<Option<Ways>> {
    let sql = format!("SELECT phone_hint, wechat FROM customers WHERE id = $1 AND became IS NULL{}", tx.for_update());
    let read = |row: &Row| Ok(Ways { phone: row.get::<Option<String>>("phone_hint")?.is_some(), wechat: row.get("wechat")? });
    Ok(tx.opt(&sql, args![id], read).await?)
}

/// Locks two customers in the order in which everybody does: who may become the other before who stays, which is who has no number, and then as
/// whom nobody has ever signed in; of two who are alike, by their ids.
pub(super) async fn lock_both(tx: &mut Tx, one: CustomerId, other: CustomerId) -> Result<()> {
    let order = "ORDER BY CASE WHEN phone_hint IS NULL THEN 0 WHEN signed_in_at IS NULL THEN 1 ELSE 2 END, wechat, id";
    let sql = format!("SELECT id FROM customers WHERE id IN ($1, $2) {order}{}", tx.for_update());
    tx.all(&sql, args![one, other], |row| row.get::<CustomerId>("id")).await?;
    Ok(())
}

/// Whoever asks, locked, if it comes along to the customer that is signed in now. Looked at again under the lock: somebody may have signed in with
/// the same token in between.
pub(super) async fn comes_along(tx: &mut Tx, who: Option<&Customer>, join: bool) -> Result<Option<CustomerId>> {
    let Some(who) = who.filter(|who| Ways::of(who).come_along(join)) else { return Ok(None) };
    Ok(ways(tx, who.id).await?.filter(|ways| ways.come_along(join)).map(|_| who.id))
}

/// Nobody becomes another while this lasts; refused where somebody has. Whoever will have money on its way takes this first.
pub(crate) async fn stays(tx: &mut Tx, id: CustomerId) -> Result<()> {
    let sql = format!("SELECT id FROM customers WHERE id = $1 AND became IS NULL{}", tx.for_update());
    tx.opt(&sql, args![id], |row| row.get::<CustomerId>("id")).await?.map(drop).ok_or_else(Fault::not_found)
}

/// The customer of a phone, which was shown to be there: known, or whoever asks, or somebody new; and whether it is somebody who signs in for the
/// first time. Who asks is locked before who is known, as at the desk.
pub(super) async fn of_phone(tx: &mut Tx, cx: &Cx, who: Option<CustomerId>, digits: &str) -> Result<(CustomerId, bool)> {
    let hash = phone_hash(cx, digits);
    let sql = format!("SELECT id FROM customers WHERE phone_hash = $1{}", tx.for_update());
    let known: Option<CustomerId> = tx.opt(&sql, args![hash], |row| row.get("id")).await?;
    if let Some(known) = known {
        if let Some(who) = who {
            carry_over(tx, cx, who, known).await?;
        }
        return Ok((known, false));
    }
    let (id, welcomed) = match who {
        // Whom WeChat knows was welcomed there, and whose lost number was taken off when it was new.
        Some(who) => (who, !ways(tx, who).await?.is_some_and(|ways| ways.wechat) && !was_told(tx, who, &told::WELCOME).await?),
        None => (new(tx, cx).await?, true),
    };
    set_phone(tx, cx, id, digits).await?;
    if welcomed {
        greet(tx, cx, id).await?;
    }
    Ok((id, welcomed))
}

/// The customer, who is locked, is known by this number from now on.
pub(super) async fn set_phone(tx: &mut Tx, cx: &Cx, id: CustomerId, digits: &str) -> Result<()> {
    let sql = "UPDATE customers SET phone = $1, phone_hash = $2, phone_hint = $3 WHERE id = $4";
    tx.exec(sql, args![cx.vault.seal(NUMBER, digits.as_bytes()), phone_hash(cx, digits), phone::hint(digits), id]).await?;
    Ok(())
}

/// The customer, who is locked, is known by no number from now on, and the one that they had is nobody's.
pub(super) async fn clear_phone(tx: &mut Tx, id: CustomerId) -> Result<()> {
    tx.exec("UPDATE customers SET phone = NULL, phone_hash = NULL, phone_hint = NULL WHERE id = $1", args![id]).await?;
    Ok(())
}

/// Somebody has signed in for the first time.
pub(super) async fn greet(tx: &mut Tx, cx: &Cx, id: CustomerId) -> Result<()> {
    let number: String = tx.one("SELECT number FROM customers WHERE id = $1", args![id], |row| row.get("number")).await?;
    tell(tx, cx, id, &told::WELCOME, &[("number", number)]).await
}

/// Somebody new, with a wallet.
pub(super) async fn new(tx: &mut Tx, cx: &Cx) -> Result<CustomerId> {
    let id = insert(tx, cx).await?;
    ledger::open_wallet(tx, cx, id.uuid()).await?;
    Ok(id)
}

/// All that somebody without a phone has, or whom a desk alone knows, becomes the known customer's. Refused while anything of it is under way: a table,
/// a bill that is being split, or money that is frozen. Both are locked: what is paid in at the desk comes before this, or goes to who it has become.
pub(super) async fn carry_over(tx: &mut Tx, cx: &Cx, from: CustomerId, to: CustomerId) -> Result<()> {
    payments::carry_over(tx, account(from), account(to)).await?;
    splits::carry_over(tx, from, to).await?;
    // Before the wallets, as where a bill is given back.
    complaints::carry_over(tx, from, to).await?;
    ledger::lock(tx, &[account(from), account(to)]).await?;
    let held = ledger::account(tx, account(from)).await?.is_some_and(|wallet| wallet.held != kernel::Fen::ZERO.into());
    if held || play::plays(tx, from).await? || splits::starts(tx, from).await? {
        return Err(Fault::new(
            Kind::Conflict,
            "FINISH_FIRST",
            "您还有正在使用的球台，或正在处理的款项，完成后再绑定这个手机号",
            "A table of yours is in use, or money of yours is under way; bind this phone number when that is over",
        ));
    }
    move_money(tx, cx, from, to).await?;
    tx.exec("UPDATE customer_messages SET customer_id = $1 WHERE customer_id = $2", args![to, from]).await?;
    if tx.exec("UPDATE customer_wechats SET customer_id = $1 WHERE customer_id = $2", args![to, from]).await? > 0 {
        // Whose WeChat it was is not asked again: who has bound a friend's by mistake reads that it can be undone.
        tell(tx, cx, to, &told::WECHAT_BOUND, &[]).await?;
    }
    let sql = "UPDATE customers SET wechat = TRUE WHERE id = $1 AND EXISTS (SELECT 1 FROM customer_wechats w WHERE w.customer_id = $1)";
    tx.exec(sql, args![to]).await?;
    play::carry_over(tx, from, to).await?;
    holds::carry_over(tx, from, to).await?;
    members::carry_over(tx, from, to).await?;
    networks::forget(tx, from).await?;
    tx.exec("UPDATE customers SET became = $1 WHERE id = $2", args![to, from]).await?;
    revoke_all(tx, cx, from).await
}

/// Both wallets are locked.
async fn move_money(tx: &mut Tx, cx: &Cx, from: CustomerId, to: CustomerId) -> Result<()> {
    let money: Fen = ledger::account(tx, account(from)).await?.map_or(Fen::ZERO, |wallet| wallet.available().fen());
    if money.is_positive() {
        let order = ledger::Move {
            debit: account(from),
            credit: account(to),
            amount: money.into(),
            kind: EntryKind::CarriedOver,
            memo: String::new(),
            reference: Some(to.into()),
        };
        ledger::transfer(tx, cx, &order).await?;
    }
    Ok(())
}

/// Who somebody is by now. An order that was begun just before its payer became another is paid into the wallet that is left: it follows.
pub(super) async fn follow(cx: &Cx, id: CustomerId) -> Result<CustomerId> {
    let mut tx = cx.db.begin().await?;
    let sql = format!("SELECT became FROM customers WHERE id = $1{}", tx.for_update());
    let became = |row: &Row| row.get::<Option<CustomerId>>("became");
    let (mut last, first) = (id, id);
    while let Some(next) = tx.opt(&sql, args![last], became).await?.flatten() {
        last = next;
    }
    if last != first {
        payments::carry_over(&mut tx, account(first), account(last)).await?;
        ledger::lock(&mut tx, &[account(first), account(last)]).await?;
        move_money(&mut tx, cx, first, last).await?;
        tx.commit().await?;
    }
    Ok(last)
}
