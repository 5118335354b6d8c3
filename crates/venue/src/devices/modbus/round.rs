//! A round of questions to one board: whom to ask next, and who has not answered in the end. Pure.
//!
//! Behind a serial server several units share one connection, and one that is silent says nothing of the others: each is judged by itself.
//! Each silence takes the seconds that an answer is waited for, so a round bears a few of them only; who was not asked then is asked in a
//! later one.
//!
//! **Invariant**: nobody is taken for silent who was not asked.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How often somebody is asked before it is away: a network that loses a packet is no news.
const TRIES: usize = 2;
/// How many silences a round bears.
const SILENCES: usize = 6;

pub(super) struct Round {
    /// In this order, the first until it is done.
    waiting: VecDeque<u8>,
    /// Of whom nothing is there any more: these are asked last, and once.
    away: BTreeSet<u8>,
    /// How often the first has not answered.
    tries: usize,
    /// How often the board could not be reached, one time after the other.
    unreached: usize,
    silences: usize,
    silent: BTreeSet<u8>,
}

impl Round {
    /// Of these units, each with whether something of it is there. `start` says with whom to begin: another one each time, so that the
    /// silences of the same few do not keep the rest from being asked.
    pub fn new(units: &BTreeMap<u8, bool>, start: usize) -> Self {
        let turned = |there: bool| {
            let mut some: Vec<u8> = units.iter().filter(|(_, is)| **is == there).map(|(unit, _)| *unit).collect();
            let by = start % some.len().max(1);
            some.rotate_left(by);
            some
        };
        let (there, away) = (turned(true), turned(false));
        let waiting = there.iter().chain(&away).copied().collect();
        Self { waiting, away: away.into_iter().collect(), tries: 0, unreached: 0, silences: 0, silent: BTreeSet::new() }
    }

    /// Who is to be asked, if anybody is.
    pub fn next(&self) -> Option<u8> {
        self.waiting.front().copied().filter(|_| self.silences < SILENCES)
    }

    /// There is a connection to the board.
    pub fn reached(&mut self) {
        self.unreached = 0;
    }

    /// There is none: whoever is still to be asked cannot answer.
    pub fn unreached(&mut self) {
        self.unreached += 1;
        if self.unreached == TRIES {
            self.silent.extend(self.waiting.drain(..));
        }
    }

    /// Who was asked has said all that it was asked for.
    pub fn answered(&mut self) {
        self.waiting.pop_front();
        self.tries = 0;
    }

    /// It has refused some of that, which takes no time.
    pub fn refused(&mut self) {
        self.failed();
    }

    /// It has said nothing, or no more: `some` when it had said something since it was asked the last time, as who does not know one of its
    /// coils.
    pub fn silent(&mut self, some: bool) {
        self.silences += 1;
        if some {
            self.tries = 0;
        }
        self.failed();
    }

    fn failed(&mut self) {
        self.tries += 1;
        let Some(unit) = self.waiting.front().copied() else { return };
        if self.tries >= TRIES || self.away.contains(&unit) {
            self.silent.insert(unit);
            self.answered();
        }
    }

    /// Who has not answered, or not wholly.
    pub fn end(self) -> BTreeSet<u8> {
        self.silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What becomes of a round where these units are silent, and who was asked how often.
    fn run(units: &BTreeMap<u8, bool>, start: usize, dead: &BTreeSet<u8>) -> (BTreeSet<u8>, BTreeMap<u8, usize>) {
        let mut round = Round::new(units, start);
        let mut asked: BTreeMap<u8, usize> = BTreeMap::new();
        while let Some(unit) = round.next() {
            round.reached();
            *asked.entry(unit).or_default() += 1;
            if dead.contains(&unit) { round.silent(false) } else { round.answered() }
        }
        (round.end(), asked)
    }

    fn units() -> impl Strategy<Value = BTreeMap<u8, bool>> {
        prop::collection::btree_map(any::<u8>(), any::<bool>(), 0..20)
    }

    proptest! {
        #[test]
        fn v5_2_who_is_silent_takes_nobody_else_away(
            units in units(), start: usize, dead in prop::collection::btree_set(any::<u8>(), 0..40),
        ) {
            let (silent, asked) = run(&units, start, &dead);
            for unit in &silent {
                prop_assert!(dead.contains(unit));
                prop_assert_eq!(asked[unit], if units[unit] { TRIES } else { 1 }, "and not before it was asked");
            }
            let silences: usize = dead.iter().filter_map(|unit| asked.get(unit)).sum();
            prop_assert!(silences <= SILENCES, "nor does it hold up the rest without an end");
            if silences < SILENCES {
                prop_assert_eq!(asked.len(), units.len(), "all are asked");
                prop_assert_eq!(silent.len(), units.keys().filter(|unit| dead.contains(*unit)).count());
            }
        }

        #[test]
        fn v5_2_whoever_is_there_is_asked_before_who_is_away(units in units(), start: usize) {
            let mut round = Round::new(&units, start);
            let mut order = Vec::new();
            while let Some(unit) = round.next() {
                order.push(units[&unit]);
                round.answered();
            }
            prop_assert_eq!(order.len(), units.len());
            prop_assert!(order.is_sorted_by(|before, after| before >= after), "{order:?}");
        }

        #[test]
        fn v5_2_many_silent_units_keep_nobody_from_being_asked_one_day(units in units()) {
            // All of them silent, and each round as if nobody had been found out before: the worst that can be.
            let dead: BTreeSet<u8> = units.keys().copied().collect();
            let reached: BTreeSet<u8> = (0..units.len()).flat_map(|start| run(&units, start, &dead).1.into_keys()).collect();
            prop_assert!(units.iter().filter(|(_, there)| **there).all(|(unit, _)| reached.contains(unit)), "{reached:?}");
        }
    }

    #[test]
    fn v5_2_a_board_that_cannot_be_reached_is_away_wholly_and_who_had_answered_is_not() {
        let units = BTreeMap::from([(1, true), (2, true), (3, false)]);
        let mut round = Round::new(&units, 0);
        round.answered();
        round.unreached();
        assert_eq!(round.next(), Some(2), "once may be the network");
        round.reached();
        round.silent(false);
        round.unreached();
        assert_eq!(round.next(), Some(2));
        round.unreached();
        assert_eq!(round.next(), None);
        assert_eq!(round.end(), BTreeSet::from([2, 3]));
    }

    #[test]
    fn v5_2_who_goes_on_answering_is_asked_on_and_in_the_end_is_no_more() {
        let units = BTreeMap::from([(1, true), (2, true)]);
        let mut round = Round::new(&units, 0);
        round.silent(true);
        round.silent(true);
        assert_eq!(round.next(), Some(1));
        round.silent(false);
        assert_eq!(round.next(), Some(2));
        round.refused();
        round.refused();
        assert_eq!((round.next(), round.end()), (None, BTreeSet::from([1, 2])));
    }
}
