//! Binding WeChat to the customer who is signed in, and unbinding it (V2.1). Both are asked for by their own: signing in and paying do neither.

use kernel::Fault;
use platform::payments::Payer;
use platform::{Cx, Result};
use store::{Tx, args};

use super::join::{carry_over, lock_both, ways};
use super::model::{Customer, CustomerId};
use super::session::{find, on_phone_of, revoke_by_wechat};
use super::wechat::{Person, WechatApp, keep, person, whose};
use super::whose::{Binding, binding, unbinding};
use crate::Venue;
use crate::told::{self, tell};

/// Makes the name at WeChat of whoever brings a code the customer's own, who signs in by it from now on. Who has that name, and no number, becomes
/// this customer: both are proven. `token`: of the session that asks, whose phone it is.
pub async fn bind_wechat(cx: &Cx, venue: &Venue, who: &Customer, token: &str, app: WechatApp, code: &str) -> Result<Customer> {
    let (payer, person) = person(cx, venue, app, code).await?;
    // Once more, where the name has changed hands meanwhile.
    for _ in 0..3 {
        if let Some(bound) = bind(cx, who, token, &payer, &person).await? {
            return Ok(bound);
        }
    }
    Err(Fault::unavailable("a name at WeChat changes hands again and again"))
}

/// `None`, and nothing has happened, where the name has become another's while this looked.
async fn bind(cx: &Cx, who: &Customer, token: &str, payer: &Payer, person: &Person) -> Result<Option<Customer>> {
    let mut tx = cx.db.begin().await?;
    let owner = whose(&mut tx, payer, person).await?;
    let mut theirs = None;
    if let Some(other) = owner.filter(|owner| *owner != who.id) {
        // Both before either is looked at: the other may be binding a name of this one's.
        lock_both(&mut tx, who.id, other).await?;
        let Some(ways) = ways(&mut tx, other).await? else { return Ok(None) };
        theirs = Some((other, ways));
    }
    let own = ways(&mut tx, who.id).await?.ok_or_else(Fault::not_found)?;
    if whose(&mut tx, payer, person).await? != owner {
        return Ok(None);
    }
    let binding = binding(who.id, own, theirs.or(owner.map(|owner| (owner, own))))?;
    if let Binding::With(other) = binding {
        carry_over(&mut tx, cx, other, who.id).await?;
    }
    if keep(&mut tx, cx, who.id, payer, person).await? != who.id {
        // Somebody has come with the same new name at the same time, and was first.
        return Ok(None);
    }
    on_phone_of(&mut tx, cx, token, payer).await?;
    if binding == Binding::New {
        tell(&mut tx, cx, who.id, &told::WECHAT_BOUND, &[]).await?;
    }
    answer(tx, who.id).await.map(Some)
}

/// Takes all names at WeChat off a customer, who signs in by the phone number from now on. Sessions on phones that were known by them end; the one
/// that asks goes on, and pays inside WeChat as before.
pub async fn unbind_wechat(cx: &Cx, who: &Customer, token: &str) -> Result<Customer> {
    let mut tx = cx.db.begin().await?;
    let own = ways(&mut tx, who.id).await?.ok_or_else(Fault::not_found)?;
    if unbinding(own)? {
        revoke_by_wechat(&mut tx, cx, who.id, token).await?;
        tx.exec("DELETE FROM customer_wechats WHERE customer_id = $1", args![who.id]).await?;
        tx.exec("UPDATE customers SET wechat = FALSE WHERE id = $1", args![who.id]).await?;
        tell(&mut tx, cx, who.id, &told::WECHAT_UNBOUND, &[]).await?;
    }
    answer(tx, who.id).await
}

/// The customer as it is now, which ends the transaction.
pub(super) async fn answer(mut tx: Tx, id: CustomerId) -> Result<Customer> {
    let now = find(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(now)
}
