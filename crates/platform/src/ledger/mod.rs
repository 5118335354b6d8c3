//! Double entry for everything that is counted: quota, and customers' money.
//!
//! A [`Move`] goes from a debit to a credit account. It is posted at once ([`transfer`]), or held first ([`hold`]) and then
//! posted ([`post`], or [`post_part`]) or voided ([`void`]): a frozen amount is a pending transfer. Users' accounts keep a running balance
//! and may not go below zero; the platform's own keep none, so that they are never a hot row, and are summed when asked.
//!
//! Transfers of many users at once share a transaction ([`transfer_all`]).
//!
//! **Invariant**: nothing else changes a balance. [`check`] adds everything up again.
//! **Invariant**: accounts are locked in the order of their ids ([`lock`]), so that transfers cannot deadlock.

mod check;
mod history;
mod model;
mod service;
mod set;
mod statement;
#[cfg(test)]
mod tests;

pub use check::check;
pub use history::{PastLine, RecentLine, before, came_from, history, recent};
pub use model::{Account, AccountId, EntryKind, LedgerError, Move, Phase, SystemAccount, TransferId, TransferState, Unit};
pub use service::{
    Transfer, account, account_of, accounts_of, close_user_account, find_transfer, hold, lock, net, open_user_account, open_wallet, post,
    post_part, prepare, quota_account, transfer, void,
};
pub use set::transfer_all;
pub use statement::{StatementFilter, StatementLine, statement};
