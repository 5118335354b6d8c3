//! Quota 额度 (K4): what agents receive, pass on, and withdraw. The ledger moves it; here is who may move what, and who is told.
//!
//! - [`model`]: which amounts are taken, and where an admin's recharge comes from.
//! - [`recharge`](recharge()) (K4.1), [`transfer`](transfer()) (K4.2), [`withdrawal`] (K4.3): each one transaction.
//! - [`overview`] and [`statement`]: how it stands, and how it came to that.
//!
//! **Invariant**: a write's answer is kept under its `Idempotency-Key` in the transaction that did the work.
//! **Invariant**: the key's row is taken first, then accounts in the order of their ids: transfers cannot deadlock.
//! **Invariant**: what one transfer of a set may or has done is nothing to the others of its set.

mod model;
mod overview;
mod recharge;
mod transfer;
pub mod withdrawal;

pub use model::{QuotaError, QuotaSource, amount_or_none};
pub use overview::{QuotaOverview, overview, statement};
pub use recharge::{Recharge, recharge};
pub use transfer::{TransferAsk, Transfers, transfer};
