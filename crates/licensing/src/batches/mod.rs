//! Batches of keys 批次: generated against quota (K3.1).
//!
//! A small batch is made in one transaction: charge, batch, keys. A large one is charged first by holding its price, then
//! made in chunks by a job, and the hold is posted when the last key is there; cancelling it takes the keys away and voids
//! the hold. Nobody sees a key before its batch is ready, so "charged once, all or nothing" holds for both.

mod allowed;
mod live;
mod make;
mod model;
mod ready;
mod service;

pub use live::{BatchProgress, progress};
pub use make::{CANCEL_JOB, GENERATE_JOB, cancel_job, generate_job};
pub use model::{Batch, BatchEntity, BatchError, BatchId, BatchState, NewBatch, SMALL};
pub(crate) use ready::{Ready, ready_batch};
pub use service::{BatchFilter, Quote, cancel, generate, get, list, quote};
