//! Callbacks 回调 to a project's owner (K3.2c, K8.2), by Standard Webhooks 1.0.
//!
//! Who decides something that an owner may want to know calls [`emit_many`] in its own transaction: it writes a delivery and a
//! job for each event that the project asked for. The job ([`send_job`]) makes one attempt, writes it down, and comes back
//! after a pause that grows ([`retry`]) until the owner has it or three days have passed. What failed then is sent again by hand, or dismissed:
//! one by one, or all of a project ([`with_failed`]).
//!
//! Begin with [`emit_many`], then `send.rs`. What goes over the wire is in `sign.rs`; where it may go is in [`target`].
//!
//! **Invariant**: an event's id and payload never change, however often it is sent.
//! **Invariant**: a delivery belongs to one job at a time: that of its present round (`since`); any other does nothing.

mod emit;
mod error;
mod failed;
mod model;
mod post;
mod query;
pub mod retry;
mod send;
mod service;
mod sign;
pub mod target;
mod traffic;

pub use emit::emit_many;
pub(crate) use emit::{Draft, rows};
pub use error::CallbackError;
pub use failed::{FAILED_JOB, FailedDone, WithFailed, failed_job, with_failed};
pub use model::{
    Attempt, Delivery, DeliveryDetail, DeliveryEntity, DeliveryEvent, DeliveryFilter, DeliveryId, DeliveryState, EventId, NewDelivery,
};
pub use post::{DeliveryTrouble, Post, WebhookAnswer, WebhookError, WebhookErrorKind};
pub use query::{failing, get, list};
pub use send::{Callbacks, JOB, send_job};
pub use service::{CallbackSetting, dismiss, resend, rotate, set, test};
pub(crate) use sign::SEALED as SECRETS;
pub use sign::Secrets;
