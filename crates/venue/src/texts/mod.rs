//! Texts 短信 to customers' phones: codes and notices, and a log of what became of each.
//!
//! [`write`] puts a line into the log together with the job that sends it, in the transaction that decided it. Once the provider has taken
//! the text, another job asks how it went, until the provider says so or it is asked no more. [`notice`] decides which notices are sent.

mod delivery;
mod fit;
mod list;
mod model;
mod notice;
mod outage;
mod send;

pub(crate) use delivery::{DELIVERY_JOB, LOG, delivery_job};
pub use list::{TextFilter, TextRow, list};
pub(crate) use model::DAILY_LIMIT;
pub use model::{TextEntity, TextId, TextState};
pub(crate) use notice::{Notice, left, notice};
pub(crate) use outage::spent;
pub(crate) use send::{SEND_JOB, Text, To, UNDER_KEY, send_job, withhold, write};
