//! Asks a Cuekey server whether a card key (卡密) is good on this device, and believes only answers
//! that the project's own private key has signed.
//!
//! **What must always hold**
//! - A [`Verdict`] exists only if its bytes were signed with the project's private key, for this very
//!   request's nonce, within five minutes of our (corrected) clock. Whatever else comes back is an
//!   [`Error`], and [`Error::Forged`] where somebody may have meddled.
//! - The secret and the API key leave the process only as a signature and a header; neither is in a
//!   `Debug` or an error's text.
//! - Time and randomness come from [`Clock`] and [`Random`], so that every path can be tested.
//!
//! **Where to begin**: [`Client::builder`], or [`blocking::Client`] in a program without async.
//! A reader of the code starts with `client.rs`; what decides whether an answer is believed is
//! `envelope.rs`.
//!
//! ```no_run
//! use cuekey_sdk::{Client, Device};
//! # fn main() -> Result<(), cuekey_sdk::Error> {
//! let client = Client::builder(["https://keys.example.com"], "pk_…", "sk_…", "T6i2…+BQ=").build_blocking()?;
//! let device = Device::persisted("/var/lib/my-program/device-id")?;
//! let verdict = client.verify("7K2M9-QX4TD-0HVNW-3RB6F-8YJCE", &device)?;
//! println!("{:?}: {}", verdict.code, verdict.message);
//! # Ok(()) }
//! ```
//!
//! **What a signature cannot tell.** It binds the answer to the nonce, not to the key or device that was
//! asked about. The secret inside a shipped program is public, so its finder can relay *our* nonce with
//! *another* key and hand us a genuine answer about that one. Remember [`KeyFacts::id`] after the first
//! use and compare it afterwards if that matters to you.

#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
pub mod canonical;
mod client;
mod device;
pub mod envelope;
mod error;
mod exchange;
#[cfg(feature = "testkit")]
pub mod forge;
pub mod key_text;
mod record;
pub mod sign;
mod system;
mod verdict;

pub use builder::Builder;
pub use client::Client;
pub use device::Device;
pub use envelope::Forgery;
pub use error::{Error, Refusal};
pub use record::{BoundDevice, KeyRecord, Named, ServerTime};
pub use system::{Clock, NoRandomness, Random, SystemClock, SystemRandom};
pub use verdict::{Action, Code, KeyFacts, Verdict};

/// The moments in answers, in UTC.
pub use jiff::Timestamp;
/// For [`Builder::http_client`]: the version of `reqwest` that this crate was built with.
pub use reqwest;
