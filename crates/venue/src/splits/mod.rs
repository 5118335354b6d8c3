//! Splits 分账 (AA, V4.2): several pay one bill.
//!
//! Whoever plays has the price held in the own wallet, and the bill is taken from there, split or not. A split moves the others' shares into
//! that wallet afterwards: who joins by its link takes a share, who confirms has the most that it can become held, and when all have, or the
//! deadline has come, one transaction moves what each owes ([`model`] says how much). What nobody has confirmed stays with the starter.
//!
//! **Invariant**: a bill does not wait for its split, and is covered whatever becomes of it.
//! **Invariant**: nobody pays more than was agreed to, and all shares add up to the bill.
//! **Invariant**: whoever changes a split or its shares has locked its row, after the table's and before wallets.
//!
//! Begin with [`model`], then `settle.rs`.

mod clock;
mod error;
mod join;
mod make;
mod model;
mod rows;
mod settle;
mod view;

pub(crate) use clock::{DEADLINE_JOB, OVER_JOB, deadline_job, more_time, over_job, overdue, session_is_over};
pub(crate) use join::{carry_over, starts};
pub use join::{confirm, free, join, leave};
pub(crate) use make::can_make;
pub use make::make;
pub use model::{Manner, Shares, SplitEnd, SplitEntity, SplitId, SplitState};
pub(crate) use rows::others_paid;
pub use settle::{cancel, finish};
pub(crate) use view::{MARK, MARK_JOIN, mark};
pub use view::{ShareState, ShareView, SplitMark, SplitView, by_code, get, of_session};
