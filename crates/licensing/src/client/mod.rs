//! The client API (K8): programs that hold an API key verify keys.
//!
//! A request is admitted ([`admit`]: key, ban, time, signature, in that order, from memory; what is not is [`refused`]), then waits with others for the
//! collector ([`collector`]), which decides all that wait together ([`set`]): nonces, keys, verdicts, log. While that is being
//! written, the answers are put into words and signed ([`reply`]); they are sent when it is durable.
//!
//! **Invariant**: a key is read after the request has come, and nothing of it is kept in memory: one whose disabling was answered
//! before cannot pass. A verdict that binds is written only if the key still is as it was read.

pub mod admit;
pub(crate) mod ban;
pub mod calls;
mod collector;
mod forget;
pub mod limit;
mod load;
mod loaded;
mod log;
mod look;
mod nonces;
pub mod passed;
pub mod project;
mod refused;
mod reply;
mod set;
mod spans;
#[cfg(test)]
mod tests;
mod window;

pub use admit::{Admitted, Refusal, Request};
pub use collector::Collector;
pub(crate) use forget::forget as forget_nonces;
pub use nonces::Nonces;
pub use project::{CallerProject, Projects};
pub use refused::Knock;
pub(crate) use refused::note;
pub use reply::{Plain, Reply, Tell};
pub use set::{Answer, Ask, CallEntity, CallId, Decision, Device, Endpoint, KeyAnswer, KeyDetails, UNREADABLE};
pub(crate) use window::SETS as NONCE_SETS;
