//! Payments by WeChat and Alipay, and back.
//!
//! Begin with [`create`]: somebody means to pay, and a network is asked. What arrives is settled in one place (`settle`), whether a network
//! tells ([`receive`]), is asked (`watch`), or has it in its bill of the day (`reconcile`): into the payer's wallet, once. What goes back goes
//! the other way ([`refund`]).
//!
//! **Invariant**: an order is paid by one attempt. Any other payment goes back by itself.
//! **Invariant**: whatever a network has taken stands in the ledger, from the network's account into a wallet; and what is on its way back is
//! frozen there until the network says that it has gone.
//! **Invariant**: what was placed with a merchant is that merchant's (`merchants`), whoever we are at its network by then.
//! **Invariant**: what a network has only frozen ([`ChannelKind::AlipayFreeze`]) is taken or let go by [`conclude`] and [`refund`], all of it.
//! **Invariant**: a network is never asked within a transaction, and always under a number that was stored before.
//! **Invariant**: what people read of a problem is a code ([`Problem`]), said in their language, and apart from it what the network has said.

mod by_hand;
mod capture;
mod channel;
mod check;
mod end;
mod error;
mod list;
mod log;
mod merchants;
mod model;
mod notices;
mod orders;
mod origin;
mod parameters;
mod people;
mod reconcile;
mod refundable;
mod refunds;
mod resume;
mod rows;
mod seen;
mod settle;
mod watch;
mod write_off;

pub use by_hand::{Remedy, Retried, remedy, retry_all};
pub use capture::{conclude, frozen_by};
pub use channel::{
    BadParameter, BillLine, Channel, ChannelError, ChannelKind, Channels, Frozen, Handed, Header, Method, NotBelieved, Notice, Paid,
    PaidBy, Payer, PayerKind, Place, Received, RefundAsk, RefundStanding, Standing,
};
pub use check::check;
pub use end::end;
pub use error::PayError;
pub use list::{
    AttemptRow, DayRow, DifferenceEntity, DifferenceId, DifferenceRow, MissingDay, NoticeRow, OrderDetail, OrderRow, Reconciliation,
    RefundRow, Waiting, find as find_named, order as detail, orders, reconciliation, refunds as list_refunds, settle_difference, waiting,
};
pub use log::{LogRow, PayCall, PaySaid};
pub use merchants::{Earlier, Merchant, Payments, enabled, merchants, put, set_earlier, set_merchant};
pub use model::{
    AttemptId, AttemptState, Order, OrderEntity, OrderId, OrderState, PayProblemCode, Problem, Purpose, Refund, RefundEntity, RefundId,
    RefundReason, RefundState, WrittenOff,
};
pub use notices::{Refusal, receive};
pub use orders::{NewOrder, OrderView, cancel, carry_over, create, get, known, replace};
pub use parameters::{AlipayParameters, Form, NetworkKey, Parameters, Shown, WechatParameters};
pub use refundable::{Refundable, in_cash, refund_wallet, refundable};
pub use refunds::{OfRefund, REFUNDED_JOB, refund, sent_back, went_back};
pub use rows::{lock, order as find, paid_when, refund as find_refund};
pub use seen::mark_seen;
pub use settle::{OfOrder, PAID_JOB};
pub use write_off::write_off;

pub(crate) use merchants::{FORGET, SEALED as PARAMETERS, evict};
pub(crate) use notices::NOTICE_JOB;
pub(crate) use reconcile::RECONCILE;
pub(crate) use resume::RESUME;

use store::jobs::Handlers;

use crate::Cx;

/// What payments do by jobs.
pub(crate) fn handlers(handlers: &mut Handlers<Cx>) {
    handlers.add(watch::WATCH_JOB, watch::watch_job);
    handlers.add(capture::CAPTURE_JOB, capture::capture_job);
    handlers.add(refunds::REFUND_JOB, refunds::refund_job);
    handlers.add(NOTICE_JOB, notices::notice_job);
    handlers.add(RECONCILE, |cx, _| reconcile::reconcile_job(cx));
    handlers.add(FORGET, |cx, _| merchants::forget_job(cx));
    handlers.add(RESUME, |cx, _| resume::resume_job(cx));
}
