//! Grants 授权 (K2.2a): an agent may make keys for a project, until an optional end.

mod model;
mod store;

pub use model::{EndedReason, Grant, GrantId, GrantState};
pub use store::{live_of, usable};
