//! Passwords are hashed with argon2id, a bounded number at once: a flood of sign-ins waits in line, or is told that the
//! system is busy, and leaves processors for verification.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use kernel::{Fault, Random};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// How hard a hash is to make: OWASP's first recommendation for argon2id (19 MiB, two passes).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// More than this many waiting: whoever comes next is told to try again.
const MOST_WAITING: usize = 64;

#[derive(Clone)]
pub struct Passwords {
    at_once: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    params: Params,
    /// Verified when there is no such user, so that the answer takes as long.
    decoy: Arc<str>,
}

impl Passwords {
    /// `at_once`: how many processors hashing may use.
    pub fn new(at_once: usize) -> Self {
        Self::with(at_once, MEMORY_KIB, PASSES)
    }

    /// Cheap hashes, for tests that are about something else.
    pub fn cheap() -> Self {
        Self::with(2, Params::MIN_M_COST, 1)
    }

    fn with(at_once: usize, memory_kib: u32, passes: u32) -> Self {
        let params = Params::new(memory_kib, passes, 1, None).expect("these parameters are valid");
        let decoy = hash(&params, b"a password that nobody has", &Random::system().bytes()).expect("hashing works").into();
        Self { at_once: Arc::new(Semaphore::new(at_once.max(1))), waiting: Arc::default(), params, decoy }
    }

    /// The PHC string to store.
    pub async fn hash(&self, password: &str, random: &Random) -> Result<String, Fault> {
        let salt: [u8; 16] = random.bytes();
        let password = Zeroizing::new(password.to_owned());
        let params = self.params.clone();
        self.in_line(move || hash(&params, password.as_bytes(), &salt)).await?.map_err(|error| Fault::internal(error.to_string()))
    }

    /// True when `password` is the one of `stored`. Without `stored` (no such user) it takes the same time and is false.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, Fault> {
        let password = Zeroizing::new(password.to_owned());
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        let matches = self
            .in_line(move || match PasswordHash::new(&stored) {
                Ok(parsed) => Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok(),
                Err(_) => false,
            })
            .await?;
        Ok(known && matches)
    }

    /// How many wait for their turn, or have it.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Keeps everybody waiting until it is dropped: for tests of a flood.
    pub async fn hold(&self) -> impl Drop + Send + use<> {
        let all = u32::try_from(self.at_once.available_permits()).unwrap_or(u32::MAX);
        Arc::clone(&self.at_once).acquire_many_owned(all).await.expect("the line is never closed")
    }

    async fn in_line<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        if self.waiting.fetch_add(1, Ordering::SeqCst) >= MOST_WAITING {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return Err(Fault::unavailable("too many sign-ins are waiting"));
        }
        let _waiting = Waiting(&self.waiting);
        let place = Arc::clone(&self.at_once).acquire_owned().await.map_err(Fault::internal)?;
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await.map_err(Fault::internal)
    }
}

/// Leaves the line even when the caller goes away.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn hash(params: &Params, password: &[u8], salt: &[u8; 16]) -> Result<String, argon2::password_hash::Error> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    argon2.hash_password_with_salt(password, salt).map(|hash| hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_passes() {
        let passwords = Passwords::cheap();
        let stored = passwords.hash("correct horse battery", &Random::seeded(1)).await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(passwords.verify("correct horse battery", Some(&stored)).await.unwrap());
        assert!(!passwords.verify("correct horse batterz", Some(&stored)).await.unwrap());
        assert!(!passwords.verify("a password that nobody has", None).await.unwrap());
    }

    #[tokio::test]
    async fn a_flood_is_told_to_come_back() {
        let passwords = Passwords::cheap();
        let hold = Arc::clone(&passwords.at_once).acquire_many_owned(2).await.unwrap();
        let waiting: Vec<_> = (0..MOST_WAITING)
            .map(|_| {
                let passwords = passwords.clone();
                tokio::spawn(async move { passwords.verify("x", None).await })
            })
            .collect();
        while passwords.waiting.load(Ordering::SeqCst) < MOST_WAITING {
            tokio::task::yield_now().await;
        }
        let refused = passwords.verify("x", None).await.unwrap_err();
        assert_eq!(refused.code, "BUSY");
        drop(hold);
        for task in waiting {
            assert!(!task.await.unwrap().unwrap());
        }
    }

    #[tokio::test]
    async fn a_hash_costs_what_owasp_recommends_and_says_so() {
        let stored = Passwords::new(1).hash("correct horse battery", &Random::seeded(1)).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let other = Passwords::new(1).hash("correct horse battery", &Random::seeded(2)).await.unwrap();
        assert_ne!(stored, other, "salted");
        assert!(!Passwords::cheap().verify("correct horse battery", Some("no hash at all")).await.unwrap());
    }

    #[tokio::test]
    async fn who_waits_is_counted_until_he_is_served() {
        let passwords = Passwords::cheap();
        let hold = passwords.hold().await;
        let waiting = tokio::spawn({
            let passwords = passwords.clone();
            async move { passwords.verify("x", None).await }
        });
        while passwords.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(!waiting.is_finished());
        drop(hold);
        assert!(!waiting.await.unwrap().unwrap());
        assert_eq!(passwords.waiting(), 0);
    }
}
