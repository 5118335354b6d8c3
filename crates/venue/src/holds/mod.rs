//! Holding a table 留台: it is kept for somebody who is on the way, for a while and for nothing. Money that is held is another matter, and is
//! the ledger's.
//!
//! Begin with [`model`]: for how long, and who may. A customer holds by [`hold`], the staff by [`hold_at_desk`]; whoever it is for opens it, and
//! that ends it in the same transaction. What ends it otherwise is in [`end`], and where its job is lost, `overdue` has it done all the same.
//!
//! **Invariant**: a table is reserved as long as a hold of it is live, and no longer: whoever ends the one changes the other with it.

mod customer;
mod desk;
mod end;
mod error;
mod may;
mod model;
mod rows;

pub use customer::{HoldView, give_back, hold, list};
pub use desk::{DeskHold, hold_at_desk, release};
pub(crate) use end::{OVER_JOB, lost, opened, over_job, overdue, plays_elsewhere};
pub use may::HoldOffer;
pub(crate) use may::offer;
pub(crate) use model::Hold;
pub use model::{HoldEnd, HoldEntity, HoldId, LONGEST_MINUTES};
pub use rows::HeldFor;
pub(crate) use rows::{carry_over, live, live_of_venue, of_floor, set_right};
