//! Refunds of ours that a bill says were made, and of which we have not heard. A bill need not be signed, and so is nobody's word: its network is asked
//! about each, and what it answers counts as ever. Then the customer has the money, and what is held for it is gone.

use super::missing::NotCompared;
use crate::Cx;
use crate::payments::channel::{BillLine, ChannelError, RefundStanding};
use crate::payments::log::{self, Line, PayCall};
use crate::payments::merchants::{self, Account};
use crate::payments::model::{RefundEntity, RefundId, RefundState, from_number, number};
use crate::payments::{refunds, rows};

/// Settles those as made that their network says are, also those that wait for a person. One that a person has put right by now is noted instead.
/// Where anything about a line differs from ours nothing is done: the day shows it. Answers those of which the network does not say so: of these the
/// day shows what the bill has. Where it gives no clear answer the day waits, for it is compared once.
pub(super) async fn hear_of(cx: &Cx, of: &Account, bill: &[BillLine]) -> Result<Vec<RefundId>, NotCompared> {
    let mut denied = Vec::new();
    for line in bill {
        let Some(id) = line.refund_number.as_deref().and_then(from_number::<RefundEntity>) else { continue };
        let Some(refund) = rows::refund(&mut cx.db.read(), id).await? else { continue };
        let Some(attempt) = rows::attempt(&mut cx.db.read(), refund.attempt).await? else { continue };
        // Of what was placed with another merchant of ours this bill says nothing.
        let is_ours = attempt.channel() == of.kind && of.is_of(&mut cx.db.read(), attempt.merchant).await?;
        let is_it = is_ours && line.number == number(attempt.id) && line.amount == refund.amount;
        if !is_it || refund.state == RefundState::Done {
            continue;
        }
        let answer = merchants::channel(cx, &attempt).await?.query_refund(&number(attempt.id), &number(id)).await;
        log::add(cx, &refund, Line::refunded(PayCall::RefundQuery, &answer)).await?;
        match answer {
            Ok(done @ RefundStanding::Done { .. }) => {
                tracing::warn!(refund = %id, state = %refund.state, "a refund was found in the bill alone");
                refunds::settle(cx, id, Ok(done)).await?;
            }
            Ok(RefundStanding::Pending) => {}
            Ok(RefundStanding::Unknown | RefundStanding::Failed(_)) | Err(ChannelError::Refused { .. } | ChannelError::NotAsked(_)) => {
                tracing::error!(refund = %id, state = %refund.state, "a bill has a refund of which its network does not say that it was made");
                denied.push(id);
            }
            Err(unclear @ ChannelError::Unclear(_)) => return Err(NotCompared::NoBill(unclear)),
        }
    }
    Ok(denied)
}
