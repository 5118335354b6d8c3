//! Cash at the desk 柜台现金: at which hall it changed hands, and what must be in whose drawer at the end of a day (V4.1).
//!
//! **Invariant**: how much, and which way, stands in the ledger alone; beside it stand the hall, who of the staff it was, and the day. So the sums
//! cannot differ from the ledger, and none is stored. [`crate::check`] looks that each movement of such cash has its place, and nothing else has.

mod day;
mod model;
mod report;
mod rows;

pub(crate) use day::day_of;
pub use model::{CashDay, CashPerson, CashReport, CashSum};
pub use report::{CashAsk, report};
pub(crate) use rows::{AtHall, note};
