//! Stretches of time, for what is remembered of times and not of each request: pure.
//!
//! A clock that was wrong for a while leaves a stretch of its own, far from the others. So a single "latest time" will not do: a clock that
//! was a year ahead for a quarter of an hour would have everything refused for a year.

use serde::{Deserialize, Serialize};

/// Whole seconds, in stretches from the first to the last of each, in order and apart from each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Spans(Vec<(i64, i64)>);

/// Stretches that are no farther apart are one.
const NEAR: i64 = 60;
/// How many there are: beyond it the two that are nearest to each other become one. So an installation that is called once in a while does
/// not gather them for ever, and the stretch of a clock that was far off stays by itself.
const MOST: usize = 64;

impl Spans {
    pub fn holds(&self, at: i64) -> bool {
        let begun = self.0.partition_point(|(first, _)| *first <= at);
        begun.checked_sub(1).is_some_and(|last| at <= self.0[last].1)
    }

    /// Whatever it held is held from now on too.
    pub fn add(&mut self, first: i64, last: i64) {
        let begin = self.0.partition_point(|(_, end)| end.saturating_add(NEAR) < first);
        let end = self.0.partition_point(|(start, _)| *start <= last.saturating_add(NEAR));
        let met = &self.0[begin..end];
        if let [(start, end)] = met
            && *start <= first
            && last <= *end
        {
            return;
        }
        let joined = (met.first().map_or(first, |(start, _)| first.min(*start)), met.last().map_or(last, |(_, end)| last.max(*end)));
        self.0.drain(begin..end);
        self.0.insert(begin, joined);
        let gap = |after: &usize| self.0[*after].0.saturating_sub(self.0[*after - 1].1);
        if self.0.len() > MOST
            && let Some(after) = (1..self.0.len()).min_by_key(gap)
        {
            self.0[after - 1].1 = self.0[after].1;
            self.0.remove(after);
        }
    }

    pub fn join(&mut self, other: &Self) {
        other.each().for_each(|(first, last)| self.add(first, last));
    }

    /// First and last second of each, in order.
    pub fn each(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.0.iter().copied()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(stretches: &[(i64, i64)]) -> Spans {
        let mut spans = Spans::default();
        stretches.iter().for_each(|(first, last)| spans.add(*first, *last));
        spans
    }

    #[test]
    fn what_is_near_is_one_stretch_and_what_is_far_is_another() {
        assert_eq!(of(&[(0, 10), (70, 80)]), of(&[(0, 80)]));
        assert_eq!(of(&[(0, 10), (71, 80)]).each().collect::<Vec<_>>(), [(0, 10), (71, 80)]);
        assert_eq!(of(&[(71, 80), (0, 10), (11, 11)]).each().collect::<Vec<_>>(), [(0, 80)], "it is near to both");
        let spans = of(&[(0, 10), (1_000, 1_000)]);
        let held: Vec<i64> = (-1..1_002).filter(|at| spans.holds(*at)).collect();
        assert_eq!((held.len(), held[0], held[10], held[11]), (12, 0, 10, 1_000));
        assert!(!Spans::default().holds(0) && Spans::default().is_empty() && !spans.is_empty());
    }

    #[test]
    fn where_there_are_too_many_the_nearest_become_one_and_the_farthest_stays_alone() {
        // Once an hour, twice with less between, and a clock that was a year ahead in the middle of it.
        let mut spans = of(&[(31_536_000, 31_536_600)]);
        (0..63).for_each(|hour| spans.add(hour * 3_600, hour * 3_600 + 5));
        assert_eq!(spans.each().count(), MOST);
        spans.add(62 * 3_600 + 1_000, 62 * 3_600 + 1_000);
        assert_eq!(spans.each().count(), MOST);
        assert!(spans.holds(62 * 3_600 + 500), "between the nearest two");
        assert!(!spans.holds(3_000) && !spans.holds(62 * 3_600 + 1_001) && !spans.holds(31_535_999));
    }

    #[test]
    fn they_are_read_as_they_were_written() {
        let spans = of(&[(5, 7), (-500, -100)]);
        let text = serde_json::to_string(&spans).unwrap();
        assert_eq!(text, "[[-500,-100],[5,7]]");
        assert_eq!(serde_json::from_str::<Spans>(&text).unwrap(), spans);
    }

    proptest! {
        #[test]
        fn what_was_added_is_held_for_ever_and_they_stay_few_in_order_and_apart(
            stretches in proptest::collection::vec((-100_000_i64..100_000, 0_i64..500), 1..300),
        ) {
            let mut spans = Spans::default();
            for (n, (first, long)) in stretches.iter().enumerate() {
                spans.add(*first, first + long);
                for (first, long) in &stretches[..=n] {
                    prop_assert!(spans.holds(*first) && spans.holds(first + long / 2) && spans.holds(first + long));
                }
                let all: Vec<_> = spans.each().collect();
                prop_assert!(all.len() <= MOST && all.iter().all(|(first, last)| first <= last));
                let apart = all.windows(2).all(|pair| pair[1].0 - pair[0].1 > NEAR);
                prop_assert!(apart);
            }
        }

        /// While they are few, nothing is held but what was added and what is near to it.
        #[test]
        fn what_is_far_from_all_that_was_added_is_not_held(
            stretches in proptest::collection::vec((-10_000_i64..10_000, 0_i64..50), 0..60), at in -11_000_i64..11_000,
        ) {
            let far = stretches.iter().all(|(first, long)| at < first - NEAR || at > first + long + NEAR);
            let held = of(&stretches.iter().map(|(first, long)| (*first, first + long)).collect::<Vec<_>>()).holds(at);
            prop_assert!(!(far && held));
        }
    }
}
