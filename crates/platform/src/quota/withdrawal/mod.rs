//! Withdrawals 提现 (K4.3): an agent asks, the amount is frozen, its superior decides, and the money is paid offline.
//!
//! - [`model`]: the states, and who may take which step.
//! - [`ask`](ask()), then [`approve`] or [`refuse`], then [`paid`]; [`list`] and [`get`].
//! - What went wrong: [`cancel`] takes it back before anybody decides, [`returned`] after the money did not arrive.
//!
//! **Invariant**: a pending withdrawal is a pending transfer in the ledger, and the two end in one transaction.
//! **Invariant**: what was deducted comes back at most once, by a transfer of its own; [`check`](check()) adds it up again.
//! **Invariant**: where the money goes (name, account, bank) is encrypted at rest, in stored answers too.

mod ask;
mod check;
mod decide;
mod list;
mod model;
mod payee;

pub use ask::{WithdrawalAsk, ask};
pub use check::check;
pub use decide::{approve, cancel, paid, refuse, returned};
pub use list::{Withdrawal, WithdrawalFilter, WithdrawalScope, get, list};
pub use model::{WithdrawalEntity, WithdrawalError, WithdrawalId, WithdrawalState};
pub(crate) use payee::PAYEE;
