//! A payment of which its network says nothing clear, begun with a merchant that we were: its keys may be revoked, and asking on helps nobody. A person
//! says that it is over. Then nothing keeps what makes us known as that merchant.
//!
//! **Invariant**: this books nothing. Money that arrives after it finds its order closed, and goes back by itself.

use kernel::{Fault, Word, text};
use serde_json::json;
use store::{Sql, args};

use super::error::PayError;
use super::list::{self, OrderDetail};
use super::model::{Attempt, AttemptState, OrderId};
use super::watch::{Closing, try_to_close};
use super::{merchants, rows};
use crate::identity::Permission;
use crate::{Cx, Result, audit};

/// Ends those of an order that may be ended so ([`Attempt::may_be_ended`]), and with them the order, unless something else has paid it. The network is
/// asked once more: what it says is done, and goes before.
pub async fn end(cx: &Cx, id: OrderId, note: &str) -> Result<OrderDetail> {
    let user = cx.require(Permission::PaymentsManage)?;
    let note = text::clean(note, 2, 200, false).map_err(|(code, zh, en)| Fault::field("note", code, zh, en))?;
    let order = rows::order(&mut cx.db.read(), id).await?;
    let to_end = endable(&mut cx.db.read(), id).await?;
    if to_end.is_empty() {
        return Err(PayError::NothingToEnd.into());
    }
    for attempt in &to_end {
        match try_to_close(cx, &order, attempt).await? {
            Closing::Over | Closing::Unclear => {}
            Closing::Paid => return Err(PayError::NotPending.into()),
            Closing::Open => return Err(PayError::StillOpen.into()),
        }
    }
    let mut tx = cx.db.begin().await?;
    rows::lock(&mut tx, id).await?;
    let mut ended = 0;
    for attempt in &to_end {
        // Not one that was paid while we waited for its network.
        let sql = "UPDATE pay_attempts SET state = $1, seen_at = $2, seen_by = $3, seen_note = $4 WHERE id = $5 AND state IN ('asked', 'waiting', $1)";
        ended += tx.exec(sql, args![AttemptState::Closed.as_str(), cx.now(), user.id, note.as_str(), attempt.id]).await?;
    }
    if ended == 0 {
        return Err(PayError::NotPending.into());
    }
    rows::close_order(&mut tx, id).await?;
    let detail = json!({"amount_fen": order.amount, "note": note});
    audit::record(&mut tx, cx, &audit::PAYMENT_ENDED, Some(id.into()), &detail).await?;
    tx.commit().await?;
    list::order(cx, id).await
}

async fn endable(sql: &mut impl Sql, id: OrderId) -> Result<Vec<Attempt>> {
    let whose = merchants::names(sql).await?;
    let mut attempts = rows::attempts(sql, id).await?;
    attempts.retain(|attempt| attempt.may_be_ended(whose.get(&attempt.merchant).is_some_and(|merchant| merchant.earlier)));
    Ok(attempts)
}
