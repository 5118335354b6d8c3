//! Refunds of ours that a bill says were made, and of which we have not heard: its word counts as the network's own answer does. The customer has
//! the money, and what is held for it is gone.

use crate::payments::channel::{BillLine, RefundStanding};
use crate::payments::merchants::Account;
use crate::payments::model::{RefundEntity, RefundState, from_number, number};
use crate::payments::{refunds, rows};
use crate::{Cx, Result};

/// Settles them as made, also those that wait for a person. One that a person has put right by now is noted instead. Where anything about a line
/// differs from ours nothing is done: the day shows it.
pub(super) async fn hear_of(cx: &Cx, of: &Account, bill: &[BillLine]) -> Result<()> {
    for line in bill {
        let Some(id) = line.refund_number.as_deref().and_then(from_number::<RefundEntity>) else { continue };
        let Some(refund) = rows::refund(&mut cx.db.read(), id).await? else { continue };
        let Some(attempt) = rows::attempt(&mut cx.db.read(), refund.attempt).await? else { continue };
        // Of what was placed with another merchant of ours this bill says nothing.
        let is_ours = attempt.channel() == of.kind && of.is_of(&mut cx.db.read(), attempt.merchant).await?;
        let is_it = is_ours && line.number == number(attempt.id) && line.amount == refund.amount;
        if is_it && refund.state != RefundState::Done {
            tracing::warn!(refund = %id, state = %refund.state, "a refund was found in the bill alone");
            refunds::settle(cx, id, Ok(RefundStanding::Done { channel_no: line.channel_no.clone() })).await?;
        }
    }
    Ok(())
}
