//! The nonces of the last minutes, in the memory of the process that serves: on SQLite all, on PostgreSQL those that came to it.
//!
//! They are in generations by the time at which they came, so that forgetting is dropping the oldest one. It is dropped for the
//! number of those that came after it and not for its age, of which a clock that jumps can be wrong. What is there at a start is
//! one of them, in a form of its own ([`super::loaded`]).
//!
//! **Invariant**: of a request whose nonce is forgotten, here or in the database ([`super::forget`]), the time is remembered ([`Spans`]), and
//! no request of such a time is new. So a clock that is set back makes nothing good again, however far and after however long.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use kernel::{MINUTE, Random, SECOND, Timestamp};
use platform::Platform;
use store::{Insert, Sql, Sweep, args};
use uuid::Uuid;

use super::admit::WINDOW;
use super::loaded::{Gathered, Loaded};
use super::spans::Spans;

/// As long as a request can be sent again: one that was signed ahead of the clock by the whole window is good for two, and for what
/// is left of the second in which they end, since whole seconds are compared.
const REMEMBERED: i64 = (2 * WINDOW + 1) * SECOND;
/// How long a nonce stays in the database: a request may wait for its set after its time was looked at.
pub(super) const WRITTEN: i64 = REMEMBERED + MINUTE;
/// How far a request's time may be from the clock's when its set is decided, in seconds: it may have waited. So what came at some second has a
/// time no farther from that, which is less than [`WRITTEN`] by more than the window: no time that is still good is forgotten.
pub(super) const SPREAD: i64 = WINDOW + 60;
/// Sets whose requests cannot be sent again.
pub(crate) const SETS: Sweep = Sweep::by_id("nonce_sets", WRITTEN);
/// Some sets of those that were written down, each column in one piece, for they can be a million: by the row, each waits for SQLite's
/// thread and for memory. Not all at once, so that no nonce is in memory three times. `group_concat` puts bytes together as they are.
const WRITTEN_DOWN: &str = "SELECT CAST(group_concat(id, '') AS BLOB) AS ids, CAST(group_concat(hashes, '') AS BLOB) AS hashes \
    FROM (SELECT id, hashes FROM nonce_sets WHERE id > $1 ORDER BY id LIMIT 2000)";
/// How long a generation gathers.
const GATHERS: i64 = REMEMBERED / 4;
/// How many there are. When one is dropped, five have gathered since its last nonce came: four are enough, and the fifth is for a clock
/// that goes forward, and perhaps back again, which ends one before its time.
const GENERATIONS: usize = 6;

pub struct Window {
    /// How many a generation holds; what comes then is new as far as this process knows.
    most: usize,
    generations: Mutex<VecDeque<Generation>>,
    /// The times of requests whose nonces are known no longer.
    forgotten: RwLock<Spans>,
}

struct Generation {
    since: Timestamp,
    hashes: HashSet<u64>,
    /// What was written down before this process began, in a generation of its own.
    loaded: Option<Loaded>,
    /// Of the requests that brought them, by their own account.
    times: Spans,
}

impl Generation {
    fn new(since: Timestamp, expected: usize) -> Self {
        Self { since, hashes: HashSet::with_capacity(expected), loaded: None, times: Spans::default() }
    }

    fn knows(&self, hash: u64) -> bool {
        self.hashes.contains(&hash) || self.loaded.as_ref().is_some_and(|loaded| loaded.holds(hash))
    }
}

impl Window {
    pub(super) fn of_at_most(most: usize) -> Self {
        Self { most, generations: Mutex::default(), forgotten: RwLock::default() }
    }

    /// Those that were written down before a restart: all that are there, since the clock may have been set back meanwhile.
    pub(super) async fn load(platform: &Platform) -> store::Result<Self> {
        let (mut gathered, mut times, mut last) = (Gathered::default(), Spans::default(), Uuid::nil());
        let read = |row: &store::Row| Ok((row.get::<Option<Vec<u8>>>("ids")?, row.get::<Option<Vec<u8>>>("hashes")?));
        while let (Some(ids), Some(hashes)) = platform.db.read().one(WRITTEN_DOWN, args![last], read).await? {
            for id in ids.as_chunks().0.iter().map(|bytes| Uuid::from_bytes(*bytes)) {
                let at = second_of(id);
                times.add(at - SPREAD, at + SPREAD);
                last = last.max(id);
            }
            hashes.as_chunks().0.iter().for_each(|bytes| gathered.add(u64::from_be_bytes(*bytes)));
        }
        let now = platform.clock.now();
        let loaded = Generation { loaded: Some(gathered.sorted()), times, ..Generation::new(now, 0) };
        Ok(Self { generations: Mutex::new(VecDeque::from([Generation::new(now, 0), loaded])), ..Self::of_at_most(usize::MAX) })
    }

    /// Which of `asked`, hashes and the times of their requests, are seen for the first time; these are held from now on.
    pub(super) fn take(self: &Arc<Self>, asked: impl Iterator<Item = (u64, i64)>, now: Timestamp) -> (Vec<bool>, Held) {
        let mut generations = self.lock();
        self.turn(&mut generations, now);
        let forgotten = self.forgotten.read().unwrap_or_else(PoisonError::into_inner);
        // What there is no room for, once each.
        let mut beyond = HashSet::new();
        let mut held = Vec::new();
        let fresh = asked
            .map(|(hash, signed_at)| {
                if forgotten.holds(signed_at) || !is_near(signed_at, now) {
                    return false;
                }
                let known = generations.iter().skip(1).any(|generation| generation.knows(hash));
                let Some(youngest) = generations.front_mut().filter(|_| !known) else { return false };
                if youngest.hashes.len() >= self.most {
                    return !youngest.hashes.contains(&hash) && beyond.insert(hash);
                }
                let fresh = youngest.hashes.insert(hash);
                if fresh {
                    youngest.times.add(signed_at, signed_at);
                    held.push(hash);
                }
                fresh
            })
            .collect();
        (fresh, Held { window: Arc::clone(self), hashes: held })
    }

    /// Whether a request of that time is not to be decided now, whatever its nonce.
    pub(super) fn is_over(&self, signed_at: i64, now: Timestamp) -> bool {
        self.forgot(signed_at) || !is_near(signed_at, now)
    }

    /// Whether nonces of requests of that time are known no longer.
    pub(super) fn forgot(&self, signed_at: i64) -> bool {
        self.forgotten.read().unwrap_or_else(PoisonError::into_inner).holds(signed_at)
    }

    pub(super) fn forget(&self, times: &Spans) {
        self.forgotten.write().unwrap_or_else(PoisonError::into_inner).join(times);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Generation>> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a generation when it is time, and forgets the oldest where there are too many. The youngest is the first. While the clock
    /// says a time before it, having been ahead, it goes on gathering: what came to it can be sent again when its time comes.
    fn turn(&self, generations: &mut VecDeque<Generation>, now: Timestamp) {
        let youngest = generations.front().map(|generation| (generation.since, generation.hashes.len()));
        if youngest.is_none_or(|(since, _)| since.plus_micros(GATHERS) <= now) {
            // As large as the one before: growing would copy it over and over.
            generations.push_front(Generation::new(now, youngest.map_or(0, |(_, size)| size)));
            while generations.len() > GENERATIONS
                && let Some(oldest) = generations.pop_back()
            {
                self.forget(&oldest.times);
            }
        }
    }
}

/// The clock may have jumped while a request waited; its nonce is forgotten by the time at which it is decided.
fn is_near(signed_at: i64, now: Timestamp) -> bool {
    now.unix().abs_diff(signed_at) <= SPREAD.unsigned_abs()
}

/// When a set was written, in seconds.
pub(super) fn second_of(id: Uuid) -> i64 {
    i64::try_from(id.as_u128() >> 80).map_or(0, |millis| millis / 1_000)
}

/// Nonces of a set that is not written yet: dropped, they are given back.
pub(super) struct Held {
    window: Arc<Window>,
    hashes: Vec<u64>,
}

impl Held {
    /// What is to be written of them.
    pub fn row(&self, now: Timestamp, random: &Random) -> Insert<'static> {
        let bytes: Vec<u8> = self.hashes.iter().flat_map(|hash| hash.to_be_bytes()).collect();
        let rows = if bytes.is_empty() { Vec::new() } else { vec![args![random.uuid_v7(now), bytes]] };
        Insert { table: "nonce_sets", columns: &["id", "hashes"], rows, tail: "" }
    }

    pub fn keep(mut self) {
        self.hashes.clear();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // What was loaded is not among them: it was known.
        let mut generations = self.window.lock();
        for hash in &self.hashes {
            for generation in generations.iter_mut() {
                generation.hashes.remove(hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::DAY;
    use platform::testing::Bench;
    use proptest::prelude::*;
    use store::testing::TestDb;
    use store::{Engine, insert_many};

    const START: Timestamp = Timestamp::from_unix(1_800_000_000);

    /// Signed when it is sent.
    fn take(window: &Arc<Window>, hashes: &[u64], now: Timestamp) -> (Vec<bool>, Held) {
        window.take(hashes.iter().map(|hash| (*hash, now.unix())), now)
    }

    fn seen(window: &Arc<Window>, hash: u64, at: i64) -> bool {
        let (fresh, held) = take(window, &[hash], START.plus_micros(at));
        held.keep();
        !fresh[0]
    }

    #[test]
    fn what_was_not_written_is_given_back() {
        let window = Arc::new(Window::of_at_most(usize::MAX));
        let (fresh, held) = take(&window, &[1, 2, 1], START);
        assert_eq!(fresh, [true, true, false]);
        drop(held);
        assert!(!seen(&window, 1, 0));
        let (fresh, held) = take(&window, &[1, 2], START);
        assert_eq!(fresh, [false, true]);
        drop(held);
        assert!(seen(&window, 1, 0), "it was another's");
    }

    #[test]
    fn what_is_held_is_bounded_and_what_is_beyond_is_new() {
        let window = Arc::new(Window::of_at_most(2));
        for (hash, known) in [(1, false), (2, false), (3, false), (1, true), (3, false), (2, true)] {
            assert_eq!(seen(&window, hash, 0), known, "{hash}");
        }
        let (fresh, held) = take(&window, &[3, 3, 1], START);
        assert_eq!(fresh, [true, false, false], "a set does not bring one twice");
        held.keep();
        assert!(!seen(&window, 3, GATHERS) && seen(&window, 3, GATHERS), "the next generation has room");
    }

    #[test]
    fn k8_1_a_request_can_be_sent_again_for_twice_five_minutes_and_a_second_and_no_generation_ends_before() {
        // Signed five minutes ahead, it is good until the last microsecond in which the clock says that it is five minutes late.
        let (signed, last) = (START.unix() + WINDOW, START.plus_seconds(2 * WINDOW).plus_micros(SECOND - 1));
        assert_eq!((last.unix() - signed, last.plus_micros(1).unix() - signed), (WINDOW, WINDOW + 1));
        assert_eq!(START.plus_micros(REMEMBERED), last.plus_micros(1));
        assert_eq!(WRITTEN, 661 * SECOND, "and a minute, in which it may have waited");
        // The last of its generation, and others as often as generations begin.
        let window = Arc::new(Window::of_at_most(usize::MAX));
        assert!(!seen(&window, 0, 0) && !seen(&window, 1, GATHERS - 1));
        for n in 1..6 {
            assert!(!seen(&window, 10 + n, i64::try_from(n).unwrap() * GATHERS));
        }
        assert!(seen(&window, 1, 6 * GATHERS - 1), "five have gathered since");
        assert!(!seen(&window, 1, 6 * GATHERS), "and the sixth takes its place");
        // Instead of it the times of those that went with it are known.
        let first = START.unix();
        assert_eq!([-1, 0, 150, 151].map(|after| window.forgot(first + after)), [false, true, true, false]);
        assert!(seen(&window, 99, 0) && seen(&window, 99, 150 * SECOND), "no request of these is new, the clock being set back");
        assert!(!seen(&window, 99, 100 * SECOND), "but of a time that nobody had");
    }

    #[test]
    fn what_is_decided_at_another_time_than_its_own_is_not_new() {
        let window = Arc::new(Window::of_at_most(usize::MAX));
        let signed = START.unix();
        for (after, fresh) in [(SPREAD + 1, false), (-SPREAD - 1, false), (SPREAD, true)] {
            let (answers, held) = window.take([(1, signed)].into_iter(), START.plus_seconds(after));
            held.keep();
            assert_eq!(answers, [fresh], "{after}");
        }
        // Whatever is removed from the database is of no time that is still good.
        assert!(START.plus_micros(-WRITTEN - 1).unix() + SPREAD < START.unix() - WINDOW);
    }

    #[test]
    fn k8_1_what_is_held_is_written_as_it_is_read_again() {
        let random = Random::seeded(1);
        let window = Arc::new(Window::of_at_most(usize::MAX));
        let (_, held) = take(&window, &[1, 0x0102_0304_0506_0708, 1], START);
        let row = held.row(START, &random);
        assert_eq!((row.table, row.columns, row.rows.len()), ("nonce_sets", &["id", "hashes"][..], 1));
        assert_eq!(
            format!("{:?}", row.rows[0][1]),
            format!("{:?}", store::ToValue::to_value(vec![0_u8, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8]))
        );
        held.keep();
        let (_, none) = take(&window, &[1], START);
        assert!(none.row(START, &random).rows.is_empty(), "nothing is new");
    }

    /// On PostgreSQL they are looked up where they are.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn k8_1_however_many_sets_were_written_down_all_are_known_after_a_start_sqlite() {
        let bench = Bench::on(TestDb::new(Engine::Sqlite, &crate::migrations()).await).await;
        let start = bench.clock.now();
        // Ten a second, but for one that came by a clock which was a year behind.
        let at = |n: i64| start.plus_micros(if n == 7 { -365 * DAY } else { -n * SECOND / 10 });
        let of = |n: i64| (0..=n % 3).map(move |place| (3 * n + place).cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let row = |n| args![bench.platform.random.uuid_v7(at(n)), of(n).flat_map(u64::to_be_bytes).collect::<Vec<u8>>()];
        let mut tx = bench.platform.db.begin().await.unwrap();
        insert_many(&mut tx, "nonce_sets", &["id", "hashes"], (0..4_500).map(row).collect(), "").await.unwrap();
        tx.commit().await.unwrap();

        let window = Arc::new(Window::load(&bench.platform).await.unwrap());
        let all: Vec<u64> = (0..4_500).flat_map(of).collect();
        assert_eq!(all.len(), 9_000);
        let (fresh, held) = take(&window, &all, start);
        assert!(!fresh.contains(&true) && held.hashes.is_empty());
        let (fresh, held) = take(&window, &[1, 2, 1], start);
        assert_eq!(fresh, [true, true, false]);
        drop(held);
        assert_eq!(take(&window, &[all[0], 1], start).0, [false, true], "what is given back is what was taken");
        // For as long as any other, and then their times.
        let known = || window.lock().iter().any(|generation| all.iter().all(|hash| generation.knows(*hash)));
        let loaded = bench.clock.now();
        for (turn, hash) in (1..5).zip(10..) {
            assert_eq!(take(&window, &[hash], loaded.plus_micros(turn * GATHERS)).0, [true]);
        }
        assert!(known());
        assert_eq!(take(&window, &[20], loaded.plus_micros(5 * GATHERS)).0, [true]);
        assert!(!known());
        let (first, last, year) = (start.unix() - 450, start.unix(), start.unix() - 365 * 86_400);
        let times = [first - SPREAD - 1, first - SPREAD, last + SPREAD, last + SPREAD + 1, year, year + SPREAD + 1];
        assert_eq!(times.map(|at| window.forgot(at)), [false, true, true, false, true, false]);
    }

    proptest! {
        /// Traffic at any times, and the same nonce again after any time.
        #[test]
        fn each_is_remembered_for_long_enough_and_not_much_longer(pauses in proptest::collection::vec(0..GATHERS, 1..60)) {
            let window = Arc::new(Window::of_at_most(usize::MAX));
            let mut at = 0;
            let mut came: Vec<(u64, i64)> = Vec::new();
            for (n, pause) in (0_u64..).zip(pauses) {
                at += pause;
                prop_assert!(!seen(&window, n, at));
                came.push((n, at));
                for (old, then) in &came {
                    let known = window.lock().iter().any(|generation| generation.hashes.contains(old));
                    if at - then < REMEMBERED {
                        prop_assert!(known);
                    } else if at - then > 12 * GATHERS {
                        // Six have begun since, and none gathers for twice its time here.
                        prop_assert!(!known);
                    }
                }
            }
        }

        /// Traffic every twenty seconds, and a clock that is ahead for a part of the time.
        #[test]
        fn a_clock_that_goes_ahead_and_back_makes_nothing_new_that_was_there(begin in 0_i64..150, lasts in 0_i64..150, ahead in 1..2 * DAY) {
            let window = Arc::new(Window::of_at_most(usize::MAX));
            let clock = |n: i64| n * 20 * SECOND + if (begin..begin + lasts).contains(&n) { ahead } else { 0 };
            for n in 0..150_i64 {
                // Only what comes at a time that was there before is refused unseen.
                let refused = window.forgot(START.plus_micros(clock(n)).unix());
                prop_assert_eq!(seen(&window, n.cast_unsigned(), clock(n)), refused);
                prop_assert!(!refused || n >= begin + lasts);
                for old in (n - 30).max(0)..n {
                    let known = window.lock().iter().any(|generation| generation.hashes.contains(&old.cast_unsigned()));
                    prop_assert!(known || window.forgot(START.plus_micros(clock(old)).unix()), "{} of {}", old, n);
                }
            }
        }

        /// Each of ten requests again and again, by any clock within its five minutes, while others come by clocks that go anywhere.
        #[test]
        fn k8_1_whatever_the_clock_does_each_request_is_new_once(
            steps in proptest::collection::vec((0_u64..10, -WINDOW..=WINDOW, -2 * 3_600_i64..2 * 3_600), 1..400),
        ) {
            let window = Arc::new(Window::of_at_most(usize::MAX));
            let mut passed = HashSet::new();
            for (n, (which, off, elsewhere)) in (100_u64..).zip(steps) {
                seen(&window, n, elsewhere * SECOND);
                // Ten minutes apart.
                let signed = START.unix() + 600 * which.cast_signed();
                let (fresh, held) = window.take([(which, signed)].into_iter(), Timestamp::from_unix(signed + off));
                held.keep();
                prop_assert!(!fresh[0] || passed.insert(which), "{} passed again", which);
            }
        }
    }
}
