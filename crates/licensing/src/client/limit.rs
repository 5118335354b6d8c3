//! How often programs may call, and what happens to those that go on over the limit.
//!
//! Limits are counted in each process: with several, a project may call that many times as often. Signatures that fail are
//! counted by address and never by key, so that nobody can lock out somebody else's program.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use kernel::{APART, Clock, DAY, MINUTE, Timestamp};
use moka::sync::Cache;
use platform::allowance;

use crate::projects::ProjectId;

/// The installation's clock, as the limiter wants it: one that is never set far back.
#[derive(Clone)]
pub(super) struct Time {
    clock: Clock,
    passing: Arc<Mutex<Passing>>,
}

impl Time {
    fn by(clock: Clock) -> Self {
        Self { clock, passing: Arc::default() }
    }
}

impl GovernorClock for Time {
    type Instant = Nanos;
    fn now(&self) -> Nanos {
        let mut passing = self.passing.lock().unwrap_or_else(PoisonError::into_inner);
        *passing = passing.on(self.clock.now().micros());
        Nanos::from(Duration::from_micros(u64::try_from(passing.now).unwrap_or(0)))
    }
}

/// How time passes for the limits, in microseconds. They remember until when a caller has used up its rate: by a clock that has been set back by
/// an hour, everybody would have to wait for an hour. So where it goes back by more than a minute, which is all that they count over, no
/// time has passed, and from there on it passes as the clock goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Passing {
    now: i64,
    /// The latest that it was.
    latest: i64,
    /// What the clock has been set back by.
    back: i64,
}

impl Passing {
    /// When the clock says `clock`.
    fn on(self, clock: i64) -> Self {
        let now = clock.saturating_add(self.back);
        if now < self.latest.saturating_sub(MINUTE) {
            Self { now: self.latest, latest: self.latest, back: self.latest.saturating_sub(clock) }
        } else {
            Self { now, latest: now.max(self.latest), back: self.back }
        }
    }
}

/// A project's rate.
pub(super) type Limiter = RateLimiter<NotKeyed, InMemoryState, Time, StateInformationMiddleware>;

/// What a caller is told of its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub allowed: bool,
    pub per_minute: i64,
    pub remaining: i64,
    /// Seconds until there is room again; 0 where there is.
    pub retry_after: i64,
}

pub struct Limits {
    time: Time,
    by_project: Cache<(ProjectId, i64, Option<Timestamp>), Arc<Limiter>>,
    /// How often a project was refused for being over its limit, lately.
    refused: Cache<ProjectId, Arc<std::sync::atomic::AtomicI64>>,
    by_address: RateLimiter<String, DashMapStateStore<String>, Time, StateInformationMiddleware>,
    repeats: Cache<ProjectId, Arc<Limiter>>,
    refusals: Cache<ProjectId, Arc<Limiter>>,
}

/// Failed signatures, and unknown API keys, that one address may send a minute.
const FAILURES_PER_MINUTE: u32 = 60;
/// Requests that anybody can send and that have a line of their own in the log: of one project, in a minute. The others are counted.
const LINES_PER_MINUTE: i64 = 60;

impl Limits {
    pub fn new(clock: Clock) -> Self {
        let failures = Quota::per_minute(NonZeroU32::new(FAILURES_PER_MINUTE).expect("not zero"));
        let time = Time::by(clock);
        Self {
            by_project: Cache::new(100_000),
            refused: Cache::builder().max_capacity(100_000).time_to_live(Duration::from_secs(60)).build(),
            by_address: RateLimiter::new(failures, DashMapStateStore::default(), time.clone()),
            repeats: Cache::new(100_000),
            refusals: Cache::new(100_000),
            time,
        }
    }

    /// The rate of a project, which goes on when the project is read anew. It begins anew with each ban (`last_ban`: when the last was): a project whose
    /// ban is lifted at once would otherwise be refused on for what it was banned for.
    pub(super) fn of(&self, project: ProjectId, per_minute: i64, last_ban: Option<Timestamp>) -> Arc<Limiter> {
        self.by_project.get_with((project, per_minute, last_ban), || self.limiter(per_minute))
    }

    fn limiter(&self, per_minute: i64) -> Arc<Limiter> {
        let rate = NonZeroU32::new(u32::try_from(per_minute).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN);
        Arc::new(RateLimiter::direct_with_clock(Quota::per_minute(rate), self.time.clone()).with_middleware())
    }

    /// Counts a request that was sent before; true while it is to have a line in the log. It costs its project nothing, and
    /// whoever has caught one can send it for ten minutes, from anywhere: the log would be full of it.
    pub(super) fn repeat(&self, project: ProjectId) -> bool {
        self.repeats.get_with(project, || self.limiter(LINES_PER_MINUTE)).check().is_ok()
    }

    /// Counts a request that was refused at the door; true while it is to have a line in the log. Those that were sent before have room of
    /// their own: whoever forges signatures does not hide that somebody sends an old request again.
    pub(super) fn refusal(&self, project: ProjectId) -> bool {
        self.refusals.get_with(project, || self.limiter(LINES_PER_MINUTE)).check().is_ok()
    }

    /// Counts one call.
    pub(super) fn call(&self, limiter: &Limiter, per_minute: i64) -> Allowance {
        match limiter.check() {
            Ok(state) => Allowance { allowed: true, per_minute, remaining: i64::from(state.remaining_burst_capacity()), retry_after: 0 },
            Err(until) => {
                let wait = until.wait_time_from(self.time.now());
                let retry_after = i64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(i64::MAX).max(1);
                Allowance { allowed: false, per_minute, remaining: 0, retry_after }
            }
        }
    }

    /// Counts a refusal for being over the limit; true when the project has gone on for so long that it is to be banned.
    pub fn goes_on(&self, project: ProjectId, per_minute: i64) -> bool {
        let counter = self.refused.get_with(project, Arc::default);
        let refused = counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        let patience = patience(per_minute);
        // Once, and again should the ban not have been written.
        refused % patience == 0
    }

    /// Forgets the refusals of a project that has been banned for them.
    pub fn forget(&self, project: ProjectId) {
        self.refused.invalidate(&project);
    }

    /// Counts a failed signature or an unknown key from this address; false when it has had too many.
    pub fn failure(&self, address: &str) -> bool {
        if self.by_address.len() > 100_000 {
            self.by_address.retain_recent();
        }
        self.by_address.check_key(&allowance::subject_of(address)).is_ok()
    }
}

/// How many refused calls in a minute end in a ban: half of what was allowed, and at least 20.
fn patience(per_minute: i64) -> i64 {
    (per_minute / 2).max(20)
}

/// How long the next ban lasts, in seconds, and at which level it counts: doubled with each, up to a day. A day without
/// one begins anew.
pub fn next_ban(level: i64, last: Option<Timestamp>, first_seconds: i64, now: Timestamp) -> (i64, i64) {
    let forgiven = last.is_none_or(|last| now.micros().saturating_sub(last.micros()) > DAY);
    let level = if forgiven { 0 } else { level.clamp(0, 20) };
    let seconds = first_seconds.max(1).saturating_mul(1 << level).min(86_400);
    (seconds, level + 1)
}

/// Until when a project is banned, where it still is. `last`: when it was. A ban of a time to come was spoken by a clock that was ahead: it is not
/// believed, for by ours it would last longer than was said.
pub fn banned(until: Option<Timestamp>, last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let until = until.filter(|until| *until > now)?;
    // No ban is longer than a day.
    let begun = last.unwrap_or_else(|| until.plus_micros(-DAY));
    (begun <= now.plus_micros(APART)).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{HOUR, SECOND};
    use proptest::prelude::*;

    fn call(limits: &Limits, project: ProjectId, rate: i64) -> Allowance {
        limits.call(&limits.of(project, rate, None), rate)
    }

    proptest! {
        #[test]
        fn k8_1_after_a_step_back_of_any_size_no_ban_lasts_longer_than_was_said_and_clocks_may_differ_by(
            level in 0_i64..20, first in 1_i64..3_600, passed in 0..DAY, back in 0..400 * DAY, known: bool,
        ) {
            let begun = Timestamp::from_unix(1_800_000_000);
            let (seconds, _) = next_ban(level, Some(begun), first, begun);
            let (until, last) = (begun.plus_seconds(seconds), known.then_some(begun));
            let now = begun.plus_micros(passed);
            prop_assert_eq!(banned(Some(until), last, now).is_some(), now < until);
            let now = now.plus_micros(-back);
            if let Some(until) = banned(Some(until), last, now) {
                let longest = if known { seconds * SECOND } else { DAY };
                prop_assert!(until.micros() - now.micros() <= longest + APART);
            } else {
                prop_assert!(until <= now || begun > now.plus_micros(APART));
            }
            // Nor does a process let it in whose clock is minutes behind.
            prop_assert!(banned(Some(until), last, begun.plus_micros(-APART)).is_some());
        }

        #[test]
        fn k8_1_bans_grow_up_to_a_day_and_are_forgiven_after_one(first in 1_i64..3_600, bans in 1_usize..30) {
            let mut now = Timestamp::from_unix(1_700_000_000);
            let (mut level, mut last, mut before) = (0, None, 0);
            for _ in 0..bans {
                let (seconds, next) = next_ban(level, last, first, now);
                prop_assert!(seconds >= before && seconds <= 86_400);
                (level, last, before) = (next, Some(now), seconds);
                now = now.plus_micros(MINUTE);
            }
            prop_assert_eq!(next_ban(level, last, first, now.plus_micros(2 * DAY)).0, first);
        }

        /// By a clock that goes on, and is set to any other time now and then.
        #[test]
        fn k8_1_time_passes_as_the_clock_goes_on_and_is_never_more_than_a_minute_behind_the_latest(
            steps in proptest::collection::vec((0_i64..HOUR, prop::option::weighted(0.3, 0_i64..1_000 * DAY)), 1..100),
        ) {
            let (mut clock, mut passing) = (500 * DAY, Passing::default());
            for (step, set_to) in steps {
                let before = passing.on(clock);
                clock = set_to.unwrap_or(clock + step);
                passing = before.on(clock);
                if set_to.is_none() {
                    prop_assert_eq!(passing.now - before.now, step);
                }
                prop_assert!(passing.latest >= before.latest && passing.now <= passing.latest);
                prop_assert!(passing.now >= before.latest - MINUTE);
            }
        }

        /// However far it is set back, whoever had room a minute after the last call has it a minute after the clock was set.
        #[test]
        fn k8_1_a_clock_that_is_set_back_keeps_nobody_out_for_longer_than_a_minute_more(
            rate in 1_i64..100, ahead in 0_i64..400 * DAY, back in 0_i64..400 * DAY,
        ) {
            let clock = Clock::stepped(Timestamp::from_unix(1_700_000_000));
            let limits = Limits::new(clock.clone());
            let project = ProjectId::from_uuid(Default::default());
            clock.step(ahead);
            let passed = (0..2 * rate).filter(|_| call(&limits, project, rate).allowed).count();
            prop_assert_eq!(i64::try_from(passed).unwrap(), rate);
            clock.step(-back);
            let refused = call(&limits, project, rate);
            prop_assert!(refused.retry_after <= 121);
            clock.step(2 * MINUTE);
            prop_assert!(call(&limits, project, rate).allowed);
        }
    }

    #[test]
    fn k8_1_a_project_has_its_rate_and_no_more() {
        let clock = Clock::stepped(Timestamp::from_unix(1_700_000_000));
        let limits = Limits::new(clock.clone());
        let project = ProjectId::from_uuid(Default::default());
        let passed = (0..100).filter(|_| call(&limits, project, 30).allowed).count();
        assert_eq!(passed, 30);
        let refused = call(&limits, project, 30);
        assert!(!refused.allowed && (1..=2).contains(&refused.retry_after), "{refused:?}");
        clock.step(10 * SECOND);
        let passed = (0..100).filter(|_| call(&limits, project, 30).allowed).count();
        assert!((5..=6).contains(&passed), "{passed}");
    }

    #[test]
    fn k8_1_a_rate_that_was_used_up_is_whole_once_there_has_been_a_ban() {
        let clock = Clock::stepped(Timestamp::from_unix(1_700_000_000));
        let limits = Limits::new(clock.clone());
        let project = ProjectId::from_uuid(Default::default());
        assert_eq!((0..9).filter(|_| call(&limits, project, 5).allowed).count(), 5);
        let after = limits.of(project, 5, Some(clock.now()));
        assert_eq!((0..9).filter(|_| limits.call(&after, 5).allowed).count(), 5);
    }

    #[test]
    fn k8_3_of_requests_sent_again_so_many_have_a_line_in_each_projects_log() {
        let clock = Clock::stepped(Timestamp::from_unix(1_700_000_000));
        let limits = Limits::new(clock.clone());
        let [one, two] = [1, 2].map(|n| ProjectId::from_uuid(uuid::Uuid::from_u128(n)));
        let told = |project| (0..100).filter(|_| limits.repeat(project)).count();
        assert_eq!((told(one), told(two)), (60, 60));
        clock.step(30 * SECOND);
        assert_eq!(told(one), 30);
    }

    #[test]
    fn k8_3_of_requests_refused_at_the_door_so_many_have_a_line_whatever_was_sent_again() {
        let clock = Clock::stepped(Timestamp::from_unix(1_700_000_000));
        let limits = Limits::new(clock.clone());
        let [one, two] = [1, 2].map(|n| ProjectId::from_uuid(uuid::Uuid::from_u128(n)));
        let told = |project| (0..100).filter(|_| limits.refusal(project)).count();
        assert_eq!((told(one), told(two)), (60, 60));
        assert!(limits.repeat(one));
        clock.step(30 * SECOND);
        assert_eq!(told(one), 30);
    }

    #[test]
    fn failures_are_counted_by_address() {
        let limits = Limits::new(Clock::stepped(Timestamp::from_unix(1_700_000_000)));
        assert_eq!((0..100).filter(|_| limits.failure("1.2.3.4")).count(), 60);
        assert!(limits.failure("1.2.3.5"));
    }

    #[test]
    fn k8_1_each_ban_is_twice_the_one_before_until_a_day_has_passed_without_one() {
        let start = Timestamp::from_unix(1_700_000_000);
        assert_eq!(next_ban(0, None, 60, start), (60, 1));
        assert_eq!(next_ban(3, Some(start), 60, start), (480, 4));
        assert_eq!(next_ban(3, Some(start), 60, start.plus_micros(DAY)), (480, 4), "a day exactly is not over");
        assert_eq!(next_ban(3, Some(start), 60, start.plus_micros(DAY + 1)), (60, 1));
        assert_eq!((next_ban(99, Some(start), 60, start), next_ban(1, Some(start), 0, start)), ((86_400, 21), (2, 2)));
    }

    #[test]
    fn k8_1_a_project_is_banned_after_half_its_rate_of_refusals_and_again_after_as_many() {
        let limits = Limits::new(Clock::stepped(Timestamp::from_unix(1_700_000_000)));
        let [one, two] = [1, 2].map(|n| ProjectId::from_uuid(uuid::Uuid::from_u128(n)));
        let bans = |project, rate, calls: i64| (1..=calls).filter(|_| limits.goes_on(project, rate)).count();
        assert_eq!((bans(one, 100, 49), bans(one, 100, 1), bans(one, 100, 49), bans(one, 100, 1)), (0, 1, 0, 1));
        assert_eq!((bans(two, 10, 19), bans(two, 10, 1)), (0, 1), "at least twenty");
        assert_eq!(bans(one, 100, 30), 0);
        limits.forget(one);
        assert_eq!((bans(one, 100, 49), bans(one, 100, 1)), (0, 1), "what is forgotten begins anew");
    }

    #[test]
    fn k8_1_patience_is_half_of_what_is_allowed_and_never_less_than_twenty() {
        assert_eq!([1, 39, 40, 41, 42, 600].map(patience), [20, 20, 20, 20, 21, 300]);
    }

    #[test]
    fn a_call_is_told_what_remains() {
        let clock = Clock::stepped(Timestamp::from_unix(1_700_000_000));
        let limits = Limits::new(clock.clone());
        let project = ProjectId::from_uuid(Default::default());
        let first = call(&limits, project, 3);
        assert_eq!((first.allowed, first.per_minute, first.remaining, first.retry_after), (true, 3, 2, 0));
        let rest: Vec<_> = (0..3).map(|_| call(&limits, project, 3)).map(|after| (after.allowed, after.remaining)).collect();
        assert_eq!(rest, [(true, 1), (true, 0), (false, 0)]);
        clock.step(-5 * SECOND);
        assert_eq!(call(&limits, project, 3).retry_after, 25, "a clock that was put back");
        clock.step(-HOUR);
        let after = call(&limits, project, 3);
        assert!(!after.allowed && after.retry_after == 20, "it is as if no time had passed: {after:?}");
        clock.step(MINUTE);
        assert_eq!((0..9).filter(|_| call(&limits, project, 3).allowed).count(), 3);
        assert_eq!((0..100).filter(|_| limits.failure("1.2.3.4")).count(), 60);
        clock.step(-DAY);
        assert!(!limits.failure("1.2.3.4"));
        clock.step(MINUTE);
        assert_eq!((0..100).filter(|_| limits.failure("1.2.3.4")).count(), 60);
    }
}
