//! Grants 授权 (K2.2a): an agent may make keys for a project, until an optional end.
//!
//! Begin with [`Grant`], then the use cases ([`create`], [`change_end`], [`end`]) and what the clock does ([`SCHEDULE`]).
//! [`usable`] and [`held`] are for those who make keys.
//!
//! **Invariant**: an agent has at most one live grant for a project (a partial unique index).
//! **Invariant**: a grant's end counts at once, everywhere; the sweep only writes it down and tells the agent.

mod error;
mod model;
mod service;
mod store;
mod sweep;

pub use error::GrantError;
pub use model::{EndedReason, Grant, GrantEntity, GrantId, GrantState, NewGrant};
pub use service::{GrantFilter, change_end, choices, create, end, list};
pub use store::{ending, held, live_of, usable};
pub use sweep::{SCHEDULE, handlers};

pub(crate) use model::{check_end, note};
pub(crate) use service::give;
