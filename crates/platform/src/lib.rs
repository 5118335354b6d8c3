//! What both products stand on: who is asking, what they own, what they are told, and what is remembered of it.
//!
//! Begin with [`Cx`]: it is handed to every use case. Then:
//! [`identity`] (users, roles, sign-in), [`ledger`] (accounts, transfers, holds), [`quota`] (what agents do with the ledger),
//! [`messages`] (notifications and e-mail), [`settings`], [`audit`].
//!
//! **Invariant**: money moves only through [`ledger`].
//! **Invariant**: a use case is one transaction; what leaves the process is a job that it wrote.

#[cfg(any(test, feature = "testing"))]
#[macro_use]
pub mod testing;

pub mod allowance;
pub mod asked;
pub mod audit;
mod cx;
pub mod faults;
pub mod figures;
mod gather;
pub mod idempotency;
pub mod identity;
pub mod installation;
pub mod jobs;
pub mod ledger;
pub mod messages;
pub mod payments;
pub mod quota;
pub mod rekey;
pub mod settings;
pub mod upkeep;
pub mod vault;

pub use cx::{Actor, Cx, Install, Origin, Platform};

use store::migrate::Migration;

pub const MIGRATIONS: &[Migration] = &[
    Migration { number: 2, name: "platform", sql: include_str!("../migrations/0002_platform.sql") },
    Migration { number: 5, name: "payments", sql: include_str!("../migrations/0005_payments.sql") },
    Migration { number: 12, name: "sign_ins", sql: include_str!("../migrations/0012_sign_ins.sql") },
    Migration { number: 16, name: "users_removed", sql: include_str!("../migrations/0016_users_removed.sql") },
];

/// What services answer.
pub type Result<T> = std::result::Result<T, kernel::Fault>;
