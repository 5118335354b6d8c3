//! Withdrawals 提现 (K4.3): an agent asks, the amount is frozen, its superior decides, and the money is paid offline.
//!
//! - [`model`]: the states, and who may decide.
//! - [`ask`](ask()), then [`approve`] or [`refuse`], then [`paid`]; [`list`] and [`get`].
//!
//! **Invariant**: a pending withdrawal is a pending transfer in the ledger, and the two end in one transaction.
//! **Invariant**: where the money goes (name, account, bank) is encrypted at rest, in stored answers too.

mod ask;
mod decide;
mod list;
mod model;
mod payee;

pub use ask::{WithdrawalAsk, ask};
pub use decide::{approve, paid, refuse};
pub use list::{Withdrawal, WithdrawalFilter, WithdrawalScope, get, list};
pub use model::{WithdrawalEntity, WithdrawalError, WithdrawalId, WithdrawalState};
pub(crate) use payee::PAYEE;
