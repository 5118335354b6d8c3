//! What a payment that a network says was made means to an order, and when it was made.

use kernel::Timestamp;

use super::{Attempt, AttemptState, Order, OrderState, PayProblemCode, Problem};
use crate::payments::channel::Paid;

/// What a payment means to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::payments) enum Arrival {
    /// It has been taken before.
    Known,
    /// It pays the order.
    Take,
    /// It is taken, and goes back.
    Return,
    /// It is not what was asked for: nothing is done, and somebody has to look.
    Differs(Problem),
}

/// Decides over a payment that a network says was made.
pub(in crate::payments) fn arrival(order: &Order, attempt: &Attempt, paid: &Paid) -> Arrival {
    if paid.amount != order.amount {
        return Arrival::Differs(Problem::amount(paid.amount));
    }
    match (attempt.state, order.state) {
        (AttemptState::Taken | AttemptState::Surplus, _) if attempt.channel_no.as_deref() == Some(paid.channel_no.as_str()) => {
            Arrival::Known
        }
        (AttemptState::Taken | AttemptState::Surplus, _) => {
            Arrival::Differs(Problem::number(PayProblemCode::OtherNumber, &paid.channel_no))
        }
        (AttemptState::Asked | AttemptState::Waiting | AttemptState::Closed, OrderState::Pending) => Arrival::Take,
        // What was written off, and was taken after all: the payer has played for it.
        (AttemptState::Asked | AttemptState::Waiting | AttemptState::Closed, OrderState::Closed) if order.written_off.is_some() => {
            Arrival::Take
        }
        (AttemptState::Asked | AttemptState::Waiting | AttemptState::Closed, OrderState::Paid | OrderState::Closed) => Arrival::Return,
    }
}

/// When it was paid that a network says was paid at `said`, by our clock, which may be before or behind the network's: not before we asked for it,
/// and not after we heard of it.
pub(in crate::payments) fn between(asked: Timestamp, said: Timestamp, heard: Timestamp) -> Timestamp {
    said.max(asked).min(heard)
}
