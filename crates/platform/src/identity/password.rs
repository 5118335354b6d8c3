//! Passwords are hashed with argon2id, a bounded number at once, in threads that make way for others ([`super::hashing`]): a flood of
//! sign-ins waits in line, or is told that the system is busy, and leaves the processors for verification.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use kernel::{Clock, Fault, Random};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::hashing::{Manner, Threads};

/// How hard a hash is to make: OWASP's first recommendation for argon2id (19 MiB, two passes).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// More than this many waiting: whoever comes next is told to try again.
const MOST_WAITING: usize = 64;
/// How long whoever is refused without a look at the password is kept: who asks again at once must not take the processors that
/// refusing takes.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub struct Passwords {
    at_once: Arc<Semaphore>,
    threads: Threads,
    /// Who has a place, and who of them has come to the line.
    places: Arc<AtomicUsize>,
    waiting: Arc<AtomicUsize>,
    params: Params,
    pause: Duration,
    /// Verified when there is no such user, so that the answer takes as long.
    decoy: Arc<str>,
}

impl Passwords {
    /// `at_once`: how many processors hashing may use.
    pub fn new(at_once: usize) -> Self {
        Self::with(at_once, MEMORY_KIB, PASSES, PAUSE, Manner::MakeWay)
    }

    /// Cheap hashes and no pause, for tests that are about something else.
    pub fn cheap() -> Self {
        Self::with(2, Params::MIN_M_COST, 1, Duration::ZERO, Manner::AsOthers)
    }

    fn with(at_once: usize, memory_kib: u32, passes: u32, pause: Duration, manner: Manner) -> Self {
        let params = Params::new(memory_kib, passes, 1, None).expect("these parameters are valid");
        let decoy = hash(&params, b"a password that nobody has", &Random::system().bytes()).expect("hashing works").into();
        let at_once = at_once.max(1);
        Self {
            at_once: Arc::new(Semaphore::new(at_once)),
            threads: Threads::start(at_once, manner),
            places: Arc::default(),
            waiting: Arc::default(),
            params,
            pause,
            decoy,
        }
    }

    /// A place in the line, to be had before anything is written for somebody whose password will not be looked at. Who finds
    /// none is kept a while, and refused when there is none then.
    pub async fn place(&self, clock: &Clock) -> Result<Place, Fault> {
        if let Ok(place) = self.place_now() {
            return Ok(place);
        }
        self.keep(clock).await;
        self.place_now()
    }

    /// Keeps somebody who will be refused without a look at the password.
    pub async fn keep(&self, clock: &Clock) {
        clock.sleep(self.pause).await;
    }

    fn place_now(&self) -> Result<Place, Fault> {
        let place = Place(Arc::clone(&self.places));
        if self.places.fetch_add(1, Ordering::SeqCst) >= MOST_WAITING {
            return Err(Fault::unavailable("too many sign-ins are waiting"));
        }
        Ok(place)
    }

    /// The PHC string to store.
    pub async fn hash(&self, password: &str, random: &Random) -> Result<String, Fault> {
        let salt: [u8; 16] = random.bytes();
        let password = Zeroizing::new(password.to_owned());
        let params = self.params.clone();
        self.in_line(self.place_now()?, move || hash(&params, password.as_bytes(), &salt))
            .await?
            .map_err(|error| Fault::internal(error.to_string()))
    }

    /// True when `password` is the one of `stored`. Without `stored` (no such user) it takes the same time and is false.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, Fault> {
        self.verify_at(self.place_now()?, password, stored).await
    }

    /// The same for somebody who has a place already.
    pub async fn verify_at(&self, place: Place, password: &str, stored: Option<&str>) -> Result<bool, Fault> {
        let password = Zeroizing::new(password.to_owned());
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        let matches = self
            .in_line(place, move || match PasswordHash::new(&stored) {
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

    async fn in_line<T: Send + 'static>(&self, _place: Place, work: impl Fn() -> T + Send + Sync + 'static) -> Result<T, Fault> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let _waiting = Leaving(&self.waiting);
        let turn = Arc::clone(&self.at_once).acquire_owned().await.map_err(Fault::internal)?;
        self.threads.run(turn, work).await.ok_or_else(|| Fault::internal("hashing failed"))
    }
}

/// Somebody's place in the line, given up with this.
pub struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Leaves the line even when the caller goes away.
struct Leaving<'a>(&'a AtomicUsize);

impl Drop for Leaving<'_> {
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
        let passwords = Passwords { pause: PAUSE, ..Passwords::cheap() };
        let hold = passwords.hold().await;
        let waiting: Vec<_> = (0..MOST_WAITING)
            .map(|_| {
                let passwords = passwords.clone();
                tokio::spawn(async move { passwords.verify("x", None).await })
            })
            .collect();
        while passwords.waiting() < MOST_WAITING {
            tokio::task::yield_now().await;
        }
        let refused = passwords.verify("x", None).await.unwrap_err();
        assert_eq!(refused.code, "BUSY");
        let clock = Clock::stepped(kernel::Timestamp::from_unix(0));
        let late = tokio::spawn({
            let (passwords, clock) = (passwords.clone(), clock.clone());
            async move { passwords.place(&clock).await.map(drop) }
        });
        clock.step(900_000);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!late.is_finished(), "kept for a second");
        while !late.is_finished() {
            clock.step(1_000_000);
            tokio::task::yield_now().await;
        }
        assert_eq!(late.await.unwrap().unwrap_err().code, "BUSY");
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
    async fn a_hash_that_panics_costs_one_caller() {
        let passwords = Passwords::cheap();
        for _ in 0..4 {
            let failed = passwords.in_line(passwords.place_now().unwrap(), || panic!("on purpose")).await;
            assert_eq!(failed.unwrap_err().code, "INTERNAL");
        }
        assert!(!passwords.verify("x", None).await.unwrap());
        assert_eq!(passwords.places.load(Ordering::SeqCst), 0);
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
