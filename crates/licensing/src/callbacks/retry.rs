//! When to try again, and when to leave it.

use kernel::{DAY, HOUR, MINUTE, SECOND, Timestamp};

use super::post::WebhookErrorKind;

/// How long an owner's server may be away before an event is given up.
pub const PERSEVERANCE: i64 = 3 * DAY;
const SHORTEST: i64 = 5 * SECOND;
const LONGEST: i64 = 8 * HOUR;
/// Nearer to the end than this an attempt waits for the end: it could last past it, and there would be none when the time is up.
const LAST: i64 = MINUTE;
/// A receiver that says "gone" wants no more.
const GONE: u16 = 410;

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Delivered,
    /// Not yet: again at this time.
    Later(Timestamp),
    Failed,
}

/// A round of attempts: when it began, and whether it has more than one.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    pub since: Timestamp,
    pub once: bool,
}

/// Decides after an attempt that ended at `now`. `luck` spreads what failed together.
pub fn judge(outcome: Result<u16, WebhookErrorKind>, round: Round, now: Timestamp, luck: u64) -> Verdict {
    match outcome {
        Ok(200..=299) => Verdict::Delivered,
        Ok(GONE) | Err(WebhookErrorKind::Target) => Verdict::Failed,
        Ok(_) | Err(WebhookErrorKind::Connection) if round.once => Verdict::Failed,
        Ok(_) | Err(WebhookErrorKind::Connection) => next(round.since, now, luck).map_or(Verdict::Failed, Verdict::Later),
    }
}

/// The next attempt of a round that began at `since`: after 5 s at first, then after twice the time that has passed, but at least
/// every 8 h; a fifth more or less. The last is three days after the first; then there is none.
fn next(since: Timestamp, now: Timestamp, luck: u64) -> Option<Timestamp> {
    let end = since.plus_micros(PERSEVERANCE);
    if now >= end {
        return None;
    }
    let passed = now.micros().saturating_sub(since.micros()).max(0);
    let pause = passed.saturating_mul(2).clamp(SHORTEST, LONGEST);
    let spread = u64::try_from(pause / 5 * 2).unwrap_or(0);
    let jitter = i64::try_from(luck % spread.max(1)).unwrap_or(0);
    let at = now.plus_micros(pause - pause / 5 + jitter);
    Some(if at.plus_micros(LAST) > end { end } else { at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn round(once: bool) -> Round {
        Round { since: START, once }
    }

    /// When a server that never answers well is tried, each attempt taking `took`.
    fn attempts(took: i64, luck: impl Fn(usize) -> u64) -> Vec<Timestamp> {
        let mut all = vec![START];
        while let Verdict::Later(at) = judge(Ok(500), round(false), all[all.len() - 1].plus_micros(took), luck(all.len())) {
            all.push(at);
        }
        all
    }

    proptest! {
        #[test]
        fn a_dead_server_is_tried_for_three_days_and_not_hammered(seed: u64, took in 0..15 * SECOND) {
            let all = attempts(took, |n| seed.wrapping_mul(n as u64 | 1).rotate_left(17));
            prop_assert_eq!(*all.last().unwrap(), START.plus_micros(PERSEVERANCE), "the last attempt is made when the time is up");
            prop_assert!((12..=30).contains(&all.len()), "{} attempts", all.len());
            for pair in all.windows(2) {
                let pause = pair[1].micros() - pair[0].micros();
                prop_assert!(pause >= 4 * SECOND || pair[1] == *all.last().unwrap());
                prop_assert!(pause <= LONGEST / 5 * 6 + LAST + 15 * SECOND);
            }
        }

        #[test]
        fn any_answer_is_judged(status in 100_u16..=999, later in 0..PERSEVERANCE) {
            let now = START.plus_micros(later);
            let verdict = judge(Ok(status), round(false), now, 1);
            match status {
                200..=299 => prop_assert_eq!(verdict, Verdict::Delivered),
                410 => prop_assert_eq!(verdict, Verdict::Failed),
                _ => prop_assert!(matches!(verdict, Verdict::Later(at) if at > now && at <= START.plus_micros(PERSEVERANCE))),
            }
        }
    }

    /// Eight seconds before the end, with a server that takes ten to fail.
    #[test]
    fn an_attempt_just_before_the_end_is_made_at_the_end() {
        let end = START.plus_micros(PERSEVERANCE);
        let now = end.plus_micros(-8 * SECOND - SHORTEST);
        assert_eq!(
            judge(Ok(500), Round { since: now.plus_micros(-SECOND), once: false }, now, 0),
            Verdict::Later(now.plus_micros(4 * SECOND)),
            "its own end is far"
        );
        assert_eq!(judge(Ok(500), round(false), now, 0), Verdict::Later(end));
        assert_eq!(attempts(10_202_540, |n| 13_572_025_981_893_656_664_u64.wrapping_mul(n as u64 | 1).rotate_left(17)).last(), Some(&end));
    }

    #[test]
    fn a_trial_is_tried_once_and_a_forbidden_target_never_again() {
        assert_eq!(judge(Ok(503), round(true), START, 0), Verdict::Failed);
        assert_eq!(judge(Ok(204), round(true), START, 0), Verdict::Delivered);
        assert_eq!(judge(Err(WebhookErrorKind::Connection), round(true), START, 0), Verdict::Failed);
        assert_eq!(judge(Err(WebhookErrorKind::Target), round(false), START, 0), Verdict::Failed);
        let over = START.plus_micros(PERSEVERANCE);
        assert_eq!(judge(Err(WebhookErrorKind::Connection), round(false), over, 0), Verdict::Failed);
    }

    #[test]
    fn k3_2c_the_next_attempt_is_after_twice_the_time_that_has_passed_a_fifth_more_or_less() {
        let pause = |passed: i64, luck: u64| match judge(Ok(500), round(false), START.plus_micros(passed), luck) {
            Verdict::Later(at) => at.micros() - START.micros() - passed,
            Verdict::Delivered | Verdict::Failed => panic!("given up after {passed}"),
        };
        // Five seconds at first, and never more than eight hours.
        for (passed, usual) in [
            (0, 5 * SECOND),
            (2 * SECOND, 5 * SECOND),
            (3 * SECOND, 6 * SECOND),
            (HOUR, 2 * HOUR),
            (4 * HOUR, 8 * HOUR),
            (5 * HOUR, 8 * HOUR),
        ] {
            let spread = u64::try_from(usual / 5 * 2).unwrap();
            assert_eq!((pause(passed, 0), pause(passed, spread)), (usual / 5 * 4, usual / 5 * 4), "{passed}");
            assert_eq!(pause(passed, spread - 1), usual / 5 * 6 - 1, "{passed}");
        }
    }

    #[test]
    fn k3_2c_an_attempt_is_put_off_to_the_end_where_less_than_a_minute_would_be_left() {
        let end = START.plus_micros(PERSEVERANCE);
        let at = end.plus_micros(-MINUTE);
        // Of the eight hours the fifth less.
        let now = at.plus_micros(-LONGEST / 5 * 4);
        assert_eq!(judge(Ok(500), round(false), now, 0), Verdict::Later(at));
        assert_eq!(judge(Ok(500), round(false), now.plus_micros(1), 0), Verdict::Later(end));
        assert_eq!(judge(Ok(500), round(false), end.plus_micros(-1), 0), Verdict::Later(end));
        assert_eq!(judge(Ok(500), round(false), end, 0), Verdict::Failed);
    }

    #[test]
    fn k3_2c_every_answer_from_200_to_299_is_one_and_410_is_the_last() {
        for status in [200, 299] {
            assert_eq!(judge(Ok(status), round(false), START, 0), Verdict::Delivered, "{status}");
        }
        for status in [199, 300, 409, 411] {
            assert!(matches!(judge(Ok(status), round(false), START, 0), Verdict::Later(_)), "{status}");
            assert_eq!(judge(Ok(status), round(true), START, 0), Verdict::Failed, "{status}");
        }
        assert_eq!(judge(Ok(410), round(false), START, 0), Verdict::Failed);
    }
}
