//! Randomness as a parameter: the operating system's in service, a seed's in tests.

use std::sync::{Arc, Mutex, PoisonError};

use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, RngCore, SeedableRng, TryRngCore};
use uuid::Uuid;

use crate::Timestamp;

#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<ChaCha20Rng>>),
}

impl Random {
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// The same seed gives the same values in the same order.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))))
    }

    /// Fills `bytes` with random ones, good enough for keys.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: going on would make guessable secrets.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::System => OsRng.try_fill_bytes(bytes).expect("the operating system gives randomness"),
            Source::Seeded(rng) => rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes),
        }
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    pub fn u64(&self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }

    /// Uniform in `0..bound`; a bound of 0 gives 0. For jitter and samples, where a bias of 2⁻⁶⁴·bound does not matter.
    pub fn below(&self, bound: u64) -> u64 {
        u64::try_from((u128::from(self.u64()) * u128::from(bound)) >> 64).unwrap_or(0)
    }

    /// UUIDv7 whose 12 bits after the millisecond count its microseconds (RFC 9562, 6.2, method 3), so that ids
    /// made in order sort in order.
    pub fn uuid_v7(&self, now: Timestamp) -> Uuid {
        let micros = u64::try_from(now.micros()).unwrap_or(0);
        let mut tail = self.bytes::<10>();
        let fraction = ((micros % 1000) << 12) / 1000;
        tail[0] = u8::try_from(fraction >> 8).unwrap_or(0x0f);
        tail[1] = u8::try_from(fraction & 0xff).unwrap_or(0xff);
        uuid::Builder::from_unix_timestamp_millis(micros / 1000, &tail).into_uuid()
    }

    /// A secret of `N` random bytes in unpadded base64url, behind a prefix that tells leaked ones apart.
    pub fn secret<const N: usize>(&self, prefix: &str) -> String {
        format!("{prefix}{}", data_encoding::BASE64URL_NOPAD.encode(&self.bytes::<N>()))
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Source::System => "Random(system)",
            Source::Seeded(_) => "Random(seeded)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_as_many_bits_as_was_asked() {
        let secret = Random::system().secret::<32>("cks_");
        let text = secret.strip_prefix("cks_").expect("it begins so");
        // 256 bits take at least 43 characters of any 64.
        assert!(text.len() >= 43, "{text}");
        assert_ne!(secret, Random::system().secret::<32>("cks_"));
    }
}
