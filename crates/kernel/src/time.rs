//! Time: microseconds since 1970 UTC inside, RFC 3339 outside, and a clock that is handed in.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::sync::Notify;

/// Microseconds.
pub const SECOND: i64 = 1_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// By so many microseconds the clocks of two processes may differ, and neither takes what the other writes for that of a clock that was ahead, and was
/// set back since.
pub const APART: i64 = 5 * MINUTE;

/// A moment, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 9999-12-31T23:59:59Z: later moments cannot be written in RFC 3339.
    pub const MAX: Self = Self(253_402_300_799 * SECOND);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds.saturating_mul(SECOND))
    }
    pub const fn micros(self) -> i64 {
        self.0
    }
    pub const fn unix(self) -> i64 {
        self.0.div_euclid(SECOND)
    }
    /// Later (or earlier) by so many microseconds; stays within what can be written down.
    pub fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros)).min(Self::MAX)
    }
    pub fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_micros(seconds.saturating_mul(SECOND))
    }
    /// Whole seconds from `earlier` to `self`, rounded up, so that "0 left" means over. Negative when it is later.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        let micros = self.0.saturating_sub(earlier.0);
        micros.div_euclid(SECOND) + i64::from(micros.rem_euclid(SECOND) != 0)
    }

    /// Later by months of the calendar in that zone, at the same time of day there; the day is cut to the month's last (31 January and a month:
    /// 28 February). A zone that does not exist is taken for UTC.
    pub fn plus_months(self, months: i64, zone: &str) -> Self {
        let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let span = jiff::Span::new().try_months(months);
        let moved = self.jiff().ok().zip(span.ok()).and_then(|(at, span)| at.to_zoned(zone).checked_add(span).ok());
        moved.map_or(Self::MAX, |zoned| Self(zoned.timestamp().as_microsecond()).min(Self::MAX))
    }

    /// As people in that zone write it, to the minute, with the zone's name. `None` for a zone that does not exist.
    pub fn in_zone(self, zone: &str) -> Option<String> {
        let zoned = self.jiff().ok()?.in_tz(zone).ok()?;
        Some(format!("{} {zone}", zoned.strftime("%Y-%m-%d %H:%M")))
    }

    /// Which day it is by that zone's calendar, as its number since 1970. In UTC for a zone that does not exist.
    pub fn day_in(self, zone: &str) -> i64 {
        let there = jiff::tz::TimeZone::get(zone).ok().zip(self.jiff().ok());
        let ahead = there.map_or(0, |(zone, at)| i64::from(zone.to_offset(at).seconds()));
        self.0.saturating_add(ahead * SECOND).div_euclid(DAY)
    }

    pub fn jiff(self) -> Result<jiff::Timestamp, jiff::Error> {
        jiff::Timestamp::from_microsecond(self.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.jiff() {
            Ok(at) => write!(f, "{at}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        let micros = text.parse::<jiff::Timestamp>()?.as_microsecond();
        // What could not be written again is not taken: the calendar's last second has no microseconds.
        jiff::Timestamp::from_microsecond(micros).map(|_| Self(micros))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom("expected a time in RFC 3339, for instance 2026-11-21T08:00:00Z"))
    }
}
impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).into()
    }
}
impl utoipa::ToSchema for Timestamp {}

/// Where the time comes from: the machine's clock, or one that a test steps.
#[derive(Debug, Clone)]
pub enum Clock {
    System,
    Stepped(Arc<Stepped>),
}

#[derive(Debug)]
pub struct Stepped {
    micros: AtomicI64,
    moved: Notify,
    sleepers: AtomicUsize,
}

impl Clock {
    pub fn stepped(start: Timestamp) -> Self {
        Self::Stepped(Arc::new(Stepped { micros: AtomicI64::new(start.micros()), moved: Notify::new(), sleepers: AtomicUsize::new(0) }))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                #[expect(clippy::disallowed_methods, reason = "this is where the time comes from")]
                let now = jiff::Timestamp::now();
                Timestamp(now.as_microsecond())
            }
            // Each look is one microsecond later than the one before, as with a real clock: ids made in turn sort in turn.
            Self::Stepped(stepped) => Timestamp(stepped.micros.fetch_add(1, Ordering::SeqCst)),
        }
    }

    /// Moves a stepped clock; a real one cannot be moved, and is not.
    pub fn step(&self, micros: i64) {
        if let Self::Stepped(stepped) = self {
            stepped.micros.fetch_add(micros, Ordering::SeqCst);
            stepped.moved.notify_waiters();
        }
    }

    /// How many wait for a stepped clock to move: a step before they do is not theirs.
    pub fn sleepers(&self) -> usize {
        match self {
            Self::System => 0,
            Self::Stepped(stepped) => stepped.sleepers.load(Ordering::SeqCst),
        }
    }

    /// Waits until so much time has passed on this clock.
    pub async fn sleep(&self, duration: Duration) {
        match self {
            Self::System => {
                #[expect(clippy::disallowed_methods, reason = "this is where waiting is done")]
                tokio::time::sleep(duration).await;
            }
            Self::Stepped(stepped) => {
                let wait = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
                let until = stepped.micros.load(Ordering::SeqCst).saturating_add(wait);
                let _asleep = Asleep::at(&stepped.sleepers);
                loop {
                    let moved = stepped.moved.notified();
                    if stepped.micros.load(Ordering::SeqCst) >= until {
                        return;
                    }
                    moved.await;
                }
            }
        }
    }
}

/// Counted for as long as it lives.
struct Asleep<'a>(&'a AtomicUsize);

impl<'a> Asleep<'a> {
    fn at(sleepers: &'a AtomicUsize) -> Self {
        sleepers.fetch_add(1, Ordering::SeqCst);
        Self(sleepers)
    }
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Measures how long something took, for logs and metrics; never for a decision.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    pub fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a measurement of this process, not a moment in the business")]
        Self(std::time::Instant::now())
    }

    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn months_end_on_the_last_day_that_there_is() {
        let january: Timestamp = "2026-01-31T10:00:00Z".parse().unwrap();
        for zone in ["UTC", "Asia/Shanghai", "Nowhere/None"] {
            assert_eq!(january.plus_months(1, zone).to_string(), "2026-02-28T10:00:00Z", "{zone}");
            assert_eq!(january.plus_months(25, zone).to_string(), "2028-02-29T10:00:00Z", "{zone}");
            assert_eq!(january.plus_months(i64::MAX, zone), Timestamp::MAX, "{zone}");
        }
    }

    #[test]
    fn months_are_those_of_the_zones_calendar_and_keep_its_time_of_day() {
        let after = |from: &str, months: i64, zone: &str| from.parse::<Timestamp>().unwrap().plus_months(months, zone).to_string();
        // Seven in the morning of 1 March in China is still February in UTC.
        assert_eq!(after("2026-02-28T23:00:00Z", 1, "Asia/Shanghai"), "2026-03-31T23:00:00Z");
        assert_eq!(after("2026-02-28T23:00:00Z", 1, "UTC"), "2026-03-28T23:00:00Z");
        // 31 January there, which UTC does not know yet.
        assert_eq!(after("2026-01-30T16:00:00Z", 1, "Asia/Shanghai"), "2026-02-27T16:00:00Z");
        // Nine o'clock stays nine o'clock where clocks were put forward meanwhile; what they leave out is an hour later.
        assert_eq!(after("2026-02-28T08:00:00Z", 2, "Europe/Berlin"), "2026-04-28T07:00:00Z");
        assert_eq!(after("2026-01-29T01:30:00Z", 2, "Europe/Berlin"), "2026-03-29T01:30:00Z");
    }

    proptest! {
        #[test]
        fn where_clocks_are_never_changed_a_month_is_that_of_a_calendar_so_many_hours_ahead(at in 1_000_000_000_i64..4_000_000_000, months in 0..1_200_i64) {
            let at = Timestamp::from_unix(at);
            let there = at.plus_micros(8 * HOUR).plus_months(months, "UTC").plus_micros(-8 * HOUR);
            prop_assert_eq!(at.plus_months(months, "Asia/Shanghai"), there);
        }
    }

    #[test]
    fn remaining_seconds_reach_zero_only_when_it_is_over() {
        let start = Timestamp::from_unix(100);
        assert_eq!(start.plus_micros(1).seconds_since(start), 1);
        assert_eq!(start.seconds_since(start), 0);
        assert_eq!(start.seconds_since(start.plus_micros(1)), 0);
        assert_eq!(start.seconds_since(start.plus_seconds(2)), -2);
    }

    #[test]
    fn units_are_as_long_as_they_are_called() {
        let start = Timestamp::from_unix(1_700_000_000);
        let text = |after: i64| start.plus_micros(after).to_string();
        assert_eq!((text(SECOND), text(MINUTE)), ("2023-11-14T22:13:21Z".to_owned(), "2023-11-14T22:14:20Z".to_owned()));
        assert_eq!((text(HOUR), text(DAY)), ("2023-11-14T23:13:20Z".to_owned(), "2023-11-15T22:13:20Z".to_owned()));
        assert_eq!((start.unix(), start.micros(), start.plus_micros(-1).unix()), (1_700_000_000, 1_700_000_000_000_000, 1_699_999_999));
        assert_eq!(start.plus_seconds(60), start.plus_micros(MINUTE));
    }

    #[test]
    fn a_time_is_shown_in_the_zone_of_the_installation() {
        let at: Timestamp = "2026-11-21T20:05:00Z".parse().unwrap();
        assert_eq!(at.in_zone("Asia/Shanghai").as_deref(), Some("2026-11-22 04:05 Asia/Shanghai"));
        assert_eq!(at.in_zone("Nowhere/None"), None);
    }

    #[test]
    fn k5_1_a_day_begins_at_midnight_of_the_zone_and_in_utc_where_there_is_none() {
        let day = |at: &str, zone: &str| at.parse::<Timestamp>().unwrap().day_in(zone);
        for (zone, before, after) in [
            ("Asia/Shanghai", "2026-11-21T15:59:59.999999Z", "2026-11-21T16:00:00Z"),
            ("America/New_York", "2026-11-22T04:59:59Z", "2026-11-22T05:00:00Z"),
            // In summer an hour sooner.
            ("Europe/Berlin", "2026-07-01T21:59:59Z", "2026-07-01T22:00:00Z"),
            ("Asia/Kathmandu", "2026-11-21T18:14:59Z", "2026-11-21T18:15:00Z"),
            ("UTC", "2026-11-21T23:59:59Z", "2026-11-22T00:00:00Z"),
            ("Nowhere/None", "2026-11-21T23:59:59Z", "2026-11-22T00:00:00Z"),
        ] {
            assert_eq!(day(after, zone), day(before, zone) + 1, "{zone}");
        }
        assert_eq!((day("1970-01-01T00:00:00Z", "UTC"), day("1969-12-31T12:00:00Z", "Asia/Shanghai")), (0, -1));
        assert_eq!(day("2026-11-21T08:00:00Z", "Asia/Shanghai"), 20_778);
    }

    #[test]
    fn a_time_reads_back_from_its_json() {
        let at = Timestamp::from_micros(1_795_248_000_000_001);
        let text = serde_json::to_string(&at).unwrap();
        assert_eq!((text.as_str(), serde_json::from_str::<Timestamp>(&text).unwrap()), ("\"2026-11-21T08:00:00.000001Z\"", at));
        for bad in ["\"yesterday\"", "\"9999-12-30T22:00:00.999999Z\""] {
            assert!(serde_json::from_str::<Timestamp>(bad).is_err(), "{bad}");
        }
        assert_eq!(Timestamp::from_micros(i64::MAX).to_string(), format!("{}us", i64::MAX), "beyond the calendar");
    }

    #[test]
    fn a_stepped_clock_stands_until_it_is_moved_and_ids_made_in_turn_differ() {
        let clock = Clock::stepped(Timestamp::from_unix(100));
        assert_eq!((clock.now(), clock.now()), (Timestamp::from_unix(100), Timestamp::from_unix(100).plus_micros(1)));
        clock.step(DAY);
        assert_eq!(clock.now(), Timestamp::from_unix(100).plus_micros(DAY + 2));
        Clock::System.step(DAY);
        let (now, later) = (Clock::System.now(), Clock::stepped(Timestamp::from_unix(100)).now());
        assert!(now > later && now.seconds_since(Clock::System.now()).abs() < 5, "a real clock is not moved");
    }

    #[tokio::test]
    async fn who_sleeps_wakes_when_the_clock_has_moved_so_far_and_not_before() {
        let clock = Clock::stepped(Timestamp::from_unix(100));
        let sleeper = clock.clone();
        let sleeping = tokio::spawn(async move { sleeper.sleep(Duration::from_secs(10)).await });
        tokio::task::yield_now().await;
        clock.step(9 * SECOND);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!sleeping.is_finished());
        clock.step(SECOND);
        sleeping.await.unwrap();
    }

    #[tokio::test]
    async fn a_stepped_clock_knows_who_waits_for_it_until_they_wake_or_give_up() {
        let clock = Clock::stepped(Timestamp::from_unix(100));
        let sleep = |seconds: u64| {
            let clock = clock.clone();
            tokio::spawn(async move { clock.sleep(Duration::from_secs(seconds)).await })
        };
        assert_eq!(clock.sleepers(), 0);
        let (short, long, given_up) = (sleep(1), sleep(2), sleep(2));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(clock.sleepers(), 3);
        given_up.abort();
        assert!(given_up.await.unwrap_err().is_cancelled());
        assert_eq!(clock.sleepers(), 2);
        clock.step(SECOND);
        short.await.unwrap();
        assert_eq!(clock.sleepers(), 1);
        clock.step(SECOND);
        long.await.unwrap();
        assert_eq!((clock.sleepers(), Clock::System.sleepers()), (0, 0));
    }

    #[test]
    fn a_stopwatch_runs() {
        let watch = Stopwatch::start();
        while watch.elapsed() == Duration::ZERO {
            std::hint::spin_loop();
        }
        assert!(watch.elapsed() < Duration::from_secs(60));
    }
}
