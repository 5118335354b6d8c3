//! Which operations are ended where: a series is one operation, ended at one step after the other, on a stage of its own. Pure.

use std::ops::Range;

use super::operation::{Act, Operation, Over};
use crate::faults::Side;

pub(super) struct Series {
    pub operation: Operation,
    pub kills: Kills,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kills {
    /// On this side of each step.
    All(Side),
    /// On this side of every other step, of which these are one share of so many. What stands after a step is what stands before the next one: so
    /// both sides together look at each once, but for what two do at once.
    Others { side: Side, share: usize, of: usize },
    /// At these.
    These(&'static [(u64, Side)]),
}

/// They wait for no lease.
const FEW: &[(u64, Side)] = &[(1, Side::Before), (1, Side::After), (2, Side::Before)];
/// Each takes as long as a light is waited for.
const ONE: &[(u64, Side)] = &[(1, Side::After)];
/// Of an operation that waits for a light, so that none takes much longer than the others.
const SHARES: usize = 2;
/// While it waits the same is said again and again: so many steps later it is ended once more.
const AGAIN: u64 = 4;

impl Series {
    /// Those that wait for a light first: they take longest.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for operation in Operation::ALL {
            for side in [Side::Before, Side::After] {
                let others = |of: usize| (0..of).map(move |share| Kills::Others { side, share, of });
                let kills: Vec<Kills> = match operation.over {
                    Over::Tasmota => vec![Kills::All(side)],
                    Over::Shelly | Over::Board | Over::Pulled => others(1).collect(),
                    Over::Deaf => others(SHARES).collect(),
                };
                all.extend(kills.into_iter().map(|kills| Self { operation, kills }));
            }
        }
        all.sort_by_key(|one| !one.operation.is_in_vain());
        all
    }

    pub fn few() -> Vec<Self> {
        let few = [
            Operation::usual(Act::Open),
            Operation::usual(Act::Pay),
            Operation::usual(Act::Refund),
            Operation { act: Act::Open, over: Over::Shelly },
        ];
        let few = few.map(|operation| Self { operation, kills: Kills::These(FEW) });
        let in_vain = Self { operation: Operation { act: Act::Open, over: Over::Deaf }, kills: Kills::These(ONE) };
        [in_vain].into_iter().chain(few).collect()
    }
}

impl Kills {
    /// Where it ends the server, in words.
    pub fn name(self) -> String {
        let words = |side: Side| if side == Side::Before { "before" } else { "after" };
        match self {
            Self::All(side) => format!("{} each step", words(side)),
            Self::Others { side, of: 1, .. } => format!("{} every other step", words(side)),
            Self::Others { side, share, of } => format!("{} every other step, share {} of {of}", words(side), share + 1),
            Self::These(_) => "at a few steps".to_owned(),
        }
    }

    /// Of so many steps, in this order. `waits` are those of an operation that waits for a light, from when that was told first until it is given up.
    pub fn steps(self, last: u64, waits: &Range<u64>) -> Vec<(u64, Side)> {
        match self {
            Self::All(side) => (1..=last).map(|number| (number, side)).collect(),
            Self::Others { side, share, of } => {
                let is_tried = |number: &u64| {
                    if waits.contains(number) { side == Side::After && number % AGAIN == 1 } else { number % 2 == 1 }
                };
                let tried = (1..=last).filter(is_tried).enumerate().filter(|(place, _)| place % of == share);
                tried.map(|(_, number)| (number, side)).collect()
            }
            Self::These(few) => few.to_vec(),
        }
    }
}

/// Of the steps that are tried the last one that each turn comes to, where none that was left alone had fewer than `least`.
pub(super) fn due(tried: &[(u64, Side)], least: u64) -> u64 {
    tried.iter().map(|(number, _)| *number).filter(|number| *number <= least).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// How many steps have happened where a process ends.
    fn happened((number, side): (u64, Side)) -> u64 {
        if side == Side::Before { number - 1 } else { number }
    }

    #[test]
    fn both_sides_and_all_shares_together_end_it_wherever_it_can_stand_once() {
        for last in 1..40 {
            let mut seen = BTreeSet::new();
            for side in [Side::Before, Side::After] {
                for share in 0..3 {
                    for step in (Kills::Others { side, share, of: 3 }).steps(last, &(0..0)) {
                        assert!(seen.insert(happened(step)), "{step:?} of {last}");
                    }
                }
            }
            let most = seen.iter().next_back().copied();
            assert!(most >= Some(last - 1) && seen.len() as u64 == most.unwrap() + 1, "{seen:?} of {last}");
        }
    }

    #[test]
    fn while_a_light_is_waited_for_it_is_ended_now_and_then_and_around_that_everywhere() {
        let steps = |side| (Kills::Others { side, share: 0, of: 1 }).steps(30, &(8..24));
        let numbers = |side| steps(side).into_iter().map(|(number, _)| number).collect::<Vec<_>>();
        assert_eq!(numbers(Side::Before), [1, 3, 5, 7, 25, 27, 29]);
        assert_eq!(numbers(Side::After), [1, 3, 5, 7, 9, 13, 17, 21, 25, 27, 29]);
    }

    #[test]
    fn the_last_step_that_is_due_is_the_last_one_tried_that_each_turn_has() {
        let all = Kills::All(Side::Before).steps(16, &(0..0));
        assert_eq!([0, 1, 10, 16, 40].map(|least| due(&all, least)), [0, 1, 10, 16, 16]);
        let others = (Kills::Others { side: Side::After, share: 1, of: 2 }).steps(16, &(0..0));
        assert_eq!(others.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [3, 7, 11, 15]);
        assert_eq!([2, 3, 10, 11].map(|least| due(&others, least)), [0, 3, 7, 11]);
    }

    #[test]
    fn each_series_of_an_operation_has_a_name_of_its_own() {
        for operation in Operation::ALL {
            let names: Vec<String> = Series::all().iter().filter(|one| one.operation == operation).map(|one| one.kills.name()).collect();
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
        }
    }

    #[test]
    fn each_operation_is_ended_on_both_sides() {
        for operation in Operation::ALL {
            let sides = |one: &Series| match one.kills {
                Kills::All(side) | Kills::Others { side, .. } => vec![side],
                Kills::These(few) => few.iter().map(|(_, side)| *side).collect(),
            };
            let ended: Vec<Side> = Series::all().iter().filter(|one| one.operation == operation).flat_map(sides).collect();
            assert!(ended.contains(&Side::Before) && ended.contains(&Side::After), "{operation:?}");
        }
    }
}
