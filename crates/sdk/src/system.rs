//! Time and randomness as parameters, and the system's own as the defaults.

use std::time::{SystemTime, UNIX_EPOCH};

use ring::rand::SecureRandom;

/// Tells the time. Any `Fn() -> i64` is one.
pub trait Clock: Send + Sync {
    /// Unix seconds.
    fn unix_seconds(&self) -> i64;
}

impl<F: Fn() -> i64 + Send + Sync> Clock for F {
    fn unix_seconds(&self) -> i64 {
        self()
    }
}

/// The system has no randomness to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random bytes")]
pub struct NoRandomness;

/// Gives bytes that nobody can foresee: a foreseeable nonce would let somebody collect answers to it
/// beforehand. Any `Fn(&mut [u8]) -> Result<(), NoRandomness>` is one.
pub trait Random: Send + Sync {
    /// Fills all of `bytes`.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness>;
}

impl<F: Fn(&mut [u8]) -> Result<(), NoRandomness> + Send + Sync> Random for F {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        self(bytes)
    }
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where a client's own clock is read")]
    fn unix_seconds(&self) -> i64 {
        // A clock before 1970 reads as 0: the server refuses that and tells us the right time.
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX)
    }
}

/// The system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        ring::rand::SystemRandom::new().fill(bytes).map_err(|_| NoRandomness)
    }
}
