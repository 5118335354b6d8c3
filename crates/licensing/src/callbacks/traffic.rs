//! How many attempts are under way for one project, and how fast many come that are due at once: an owner whose server hangs, or who has thousands
//! coming, must not keep all workers waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kernel::{SECOND, Timestamp};

use crate::projects::ProjectId;

/// Attempts for one project at the same time, in this process.
const AT_ONCE: usize = 4;
/// Those who find no place come back one after the other, so that a long queue costs little while it waits.
const SPACING: i64 = SECOND / 20;

/// When each of so many is due that are sent again together, and when whatever follows is.
pub(super) fn turns(first: Timestamp, many: usize) -> (Vec<Timestamp>, Timestamp) {
    let mut next = first;
    let mut turn = || {
        let turn = next;
        next = next.plus_micros(SPACING);
        turn
    };
    let turns = (0..many).map(|_| turn()).collect();
    (turns, next)
}

/// Small: an entry for each project that was ever called back.
#[derive(Clone, Default)]
pub(super) struct Traffic(Arc<Mutex<HashMap<ProjectId, Lane>>>);

struct Lane {
    under_way: usize,
    /// When the last one that found no place comes back.
    last_turn: Timestamp,
    /// When somebody has last asked.
    asked: Timestamp,
}

/// A place among the attempts for a project, until dropped.
pub(super) struct Place {
    traffic: Traffic,
    project: ProjectId,
}

impl Traffic {
    /// A place, or when to ask again.
    pub fn place(&self, project: ProjectId, now: Timestamp) -> Result<Place, Timestamp> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(project).or_insert(Lane { under_way: 0, last_turn: now, asked: now });
        // Where the clock was set back, turns are as far away as they were; those who ask at once are never so far apart.
        let back = lane.asked.micros().saturating_sub(now.micros());
        if back > SECOND {
            lane.last_turn = lane.last_turn.plus_micros(-back);
        }
        lane.asked = now;
        if lane.under_way >= AT_ONCE {
            lane.last_turn = lane.last_turn.max(now).plus_micros(SPACING);
            return Err(lane.last_turn);
        }
        lane.under_way += 1;
        Ok(Place { traffic: self.clone(), project })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lanes = self.traffic.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get_mut(&self.project) {
            lane.under_way -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Id, Random};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn k8_2_however_many_are_sent_again_and_in_how_many_steps_no_two_are_due_at_once(
            start in 0..200_000_000_000 * SECOND, steps in proptest::collection::vec(0..600_usize, 0..5),
        ) {
            let mut next = Timestamp::from_micros(start);
            let mut all = Vec::new();
            for many in &steps {
                let (some, then) = turns(next, *many);
                prop_assert_eq!(some.len(), *many);
                all.extend(some);
                next = then;
            }
            all.push(next);
            prop_assert_eq!(all[0], Timestamp::from_micros(start), "the first at once");
            prop_assert!(all.windows(2).all(|two| two[1].micros() - two[0].micros() == SPACING));
        }
    }

    #[test]
    fn k8_2_one_projects_queue_leaves_places_for_others() {
        let now = Timestamp::from_unix(1_800_000_000);
        let random = Random::seeded(1);
        let (slow, other): (ProjectId, ProjectId) = (Id::new(now, &random), Id::new(now, &random));
        let traffic = Traffic::default();
        let mut places: Vec<Place> = (0..AT_ONCE).map(|_| traffic.place(slow, now).ok().unwrap()).collect();
        let turns: Vec<Timestamp> = (0..1_000).map(|_| traffic.place(slow, now).err().unwrap()).collect();
        assert!(turns.is_sorted_by(|one, next| one < next), "each has a turn of its own");
        assert_eq!(turns[999], now.plus_micros(1_000 * SPACING));
        assert!(traffic.place(other, now).is_ok());
        places.pop();
        let place = traffic.place(slow, now);
        assert!(place.is_ok(), "a place is free again when its attempt has ended");
        assert!(traffic.place(slow, now).is_err());
    }

    #[test]
    fn k8_2_a_project_has_four_places_and_who_finds_none_is_not_told_a_time_that_has_passed() {
        let now = Timestamp::from_unix(1_800_000_000);
        let project = ProjectId::new(now, &Random::seeded(1));
        let traffic = Traffic::default();
        let places: Vec<Place> = (0..4).map(|_| traffic.place(project, now).ok().unwrap()).collect();
        let turn = |at: Timestamp| traffic.place(project, at).err().map(|turn| turn.micros() - at.micros());
        assert_eq!((turn(now), turn(now), turn(now.plus_micros(SECOND))), (Some(50_000), Some(100_000), Some(50_000)));
        // An hour later, and by a clock that is set back by as much.
        let later = now.plus_micros(3_600 * SECOND);
        assert_eq!((turn(later), turn(later), turn(now), turn(now)), (Some(50_000), Some(100_000), Some(150_000), Some(200_000)));
        drop(places);
        assert_eq!(turn(now), None);
    }
}
