//! Orders, attempts and refunds: what they are, and their states. The rules between them are pure too: `arrival`, `pace` and `parts`; what
//! is said of them that does not fit is in `problem`. No I/O.

mod arrival;
mod pace;
mod parts;
mod problem;

use kernel::{Fen, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(super) use arrival::{Arrival, arrival, between};
pub(super) use pace::{ATTEMPTS, EXPIRES, MARGIN, SILENT, after_refusals, is_late, is_silent, next_look, refund_pause};
pub(super) use parts::{Left, freely, most, share_out};
pub(super) use problem::yuan;
pub use problem::{PayProblemCode, Problem};

use super::channel::{ChannelKind, Frozen, Handed, Method, Payer};
use crate::ledger::{AccountId, SystemAccount, TransferId};

kernel::id!(
    /// 支付单
    OrderId, OrderEntity, "ord"
);
kernel::id!(AttemptId, AttemptEntity, "pay");
kernel::id!(
    /// 商户
    MerchantId, MerchantEntity, "mch"
);
kernel::id!(
    /// 退款单
    RefundId, RefundEntity, "rfd"
);

kernel::words! {
    /// What is paid for.
    pub enum Purpose {
        /// Money for the wallet.
        Recharge = "recharge",
        /// A table, now.
        Play = "play",
        /// Money of a pre-authorisation that was used, taken at last.
        Captured = "captured",
    }
}

kernel::words! {
    pub enum OrderState { Pending = "pending", Paid = "paid", Closed = "closed" }
}

kernel::words! {
    pub enum AttemptState {
        /// The network is to be asked, or has been and its answer was lost.
        Asked = "asked",
        /// The payer may pay.
        Waiting = "waiting",
        /// Paid, and this is what pays the order.
        Taken = "taken",
        /// Paid although something else had paid, or the order was closed: it goes back.
        Surplus = "surplus",
        /// Nothing was paid, and nothing can be.
        Closed = "closed",
    }
}

kernel::words! {
    pub enum RefundState {
        /// The network is asked until it has happened.
        Asked = "asked",
        Done = "done",
        /// The network would not, or does not say, or takes too long: somebody has to look.
        Stuck = "stuck",
        /// Somebody paid it out in another way.
        ByHand = "by_hand",
        /// It stays in the wallet after all.
        Kept = "kept",
    }
}

kernel::words! {
    pub enum RefundReason {
        /// Paid twice, or too late.
        Surplus = "surplus",
        /// Paid for play, and not played.
        Unplayed = "unplayed",
        /// The table could not be opened.
        NotOpened = "not_opened",
        /// The customer wants it back.
        Asked = "asked",
    }
}

#[derive(Debug, Clone)]
pub struct Order {
    pub id: OrderId,
    pub wallet: AccountId,
    pub purpose: Purpose,
    /// JSON, read by who sells it.
    pub detail: String,
    pub subject: String,
    pub amount: Fen,
    pub state: OrderState,
    pub refunded: Fen,
    /// Of what was frozen, taken by another order.
    pub captured: Fen,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub paid_at: Option<Timestamp>,
    pub written_off: Option<WrittenOff>,
}

/// Somebody has said of money that was frozen and used that it will not come: Alipay has let it go, and nobody owes it by Alipay any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PayWrittenOff)]
pub struct WrittenOff {
    pub at: Timestamp,
    pub note: String,
}

impl Order {
    /// What can still go back of what was taken.
    pub fn refundable(&self) -> Fen {
        match self.state {
            OrderState::Paid => Fen::new(self.amount.fen() - self.refunded.fen() - self.captured.fen()),
            OrderState::Pending | OrderState::Closed => Fen::ZERO,
        }
    }
}

/// What a network has to know beside the order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    pub payer: Option<Payer>,
    #[serde(default)]
    pub frozen: Option<Frozen>,
    pub address: String,
    pub return_url: String,
}

#[derive(Debug, Clone)]
pub struct Attempt {
    pub id: AttemptId,
    pub order: OrderId,
    /// With whom it was placed: who is asked about it, and gives back what it brought.
    pub merchant: MerchantId,
    pub method: Method,
    pub state: AttemptState,
    pub ask: Asking,
    pub handed: Option<Handed>,
    pub channel_no: Option<String>,
    pub created_at: Timestamp,
    pub checked_at: Timestamp,
    pub paid_at: Option<Timestamp>,
    pub problem: Option<Problem>,
}

impl Attempt {
    pub const fn channel(&self) -> ChannelKind {
        self.method.channel()
    }

    pub fn live(&self) -> bool {
        matches!(self.state, AttemptState::Asked | AttemptState::Waiting)
    }

    /// Whether a person may end it though its network does not say that it is over: people were told of it, and it was placed with a merchant that
    /// we were (`earlier`), to whom nobody may listen any more. What takes of what was frozen is written off instead.
    pub fn may_be_ended(&self, earlier: bool) -> bool {
        earlier && self.live() && self.problem.is_some() && self.method != Method::Capture
    }
}

#[derive(Debug, Clone)]
pub struct Refund {
    pub id: RefundId,
    pub order: OrderId,
    pub attempt: AttemptId,
    pub amount: Fen,
    pub reason: RefundReason,
    pub state: RefundState,
    pub transfer: TransferId,
    pub tries: i64,
    pub problem: Option<Problem>,
    pub created_at: Timestamp,
    /// Since when it is asked for: its making, or the last time that a person had it tried again.
    pub asked_at: Timestamp,
    /// When the network has first failed to give a clear answer, since it has last given one.
    pub silent_since: Option<Timestamp>,
    pub settled_at: Option<Timestamp>,
    pub note: Option<String>,
    /// By which it goes back.
    pub channel: ChannelKind,
    /// It is of what was only frozen: it is let go, and not sent.
    pub frozen: bool,
}

/// An id as networks see it: 32 letters and digits.
pub(super) fn number<E>(id: kernel::Id<E>) -> String {
    id.uuid().simple().to_string()
}

/// The id that a network names; none that is not written as [`number`] writes it.
pub(super) fn from_number<E>(number: &str) -> Option<kernel::Id<E>> {
    let id = Uuid::try_parse(number).ok().filter(|id| id.simple().to_string() == number)?;
    Some(kernel::Id::from_uuid(id))
}

/// Where a network's money is in the ledger.
pub(super) const fn account(channel: ChannelKind) -> AccountId {
    match channel {
        ChannelKind::Wechat => SystemAccount::Wechat.id(),
        ChannelKind::Alipay => SystemAccount::Alipay.id(),
        ChannelKind::AlipayFreeze => SystemAccount::AlipayFrozen.id(),
    }
}

#[cfg(test)]
mod tests;
