//! The states of a table, and what brings it from one to the next. Pure.

kernel::words! {
    /// 球台状态
    pub enum TableState {
        /// 空闲
        Idle = "idle",
        /// 已预订
        Reserved = "reserved",
        /// 开台中: the light has been told to come on, and has not said so yet.
        Opening = "opening",
        /// 使用中
        Playing = "playing",
        /// 已暂停
        Paused = "paused",
        /// 关台中: paid, and the light has not said yet that it is off.
        Closing = "closing",
        /// 清洁中
        Cleaning = "cleaning",
        /// 维护中
        Maintenance = "maintenance",
    }
}

/// What happens to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Reserve,
    /// A reservation ended without play.
    Release,
    /// Somebody pays for it.
    Open,
    /// The light said that it is on.
    Lit,
    /// It did not in time, and nobody knows why: nobody else shall try.
    NotLit,
    Pause,
    Resume,
    /// The customer thought better of it before the light was seen; it may be on by now.
    Cancel,
    /// Play is over.
    Close,
    /// The light said that it is off.
    Dark,
    Clean,
    Cleaned,
    /// Something is broken, or somebody of the staff says so.
    Break,
    /// Back to service.
    Repair,
}

impl Event {
    pub const ALL: [Self; 14] = [
        Self::Reserve,
        Self::Release,
        Self::Open,
        Self::Lit,
        Self::NotLit,
        Self::Pause,
        Self::Resume,
        Self::Cancel,
        Self::Close,
        Self::Dark,
        Self::Clean,
        Self::Cleaned,
        Self::Break,
        Self::Repair,
    ];
}

/// Where the event leads; `None` where it cannot happen.
pub const fn next(state: TableState, event: Event) -> Option<TableState> {
    use TableState as S;
    match (state, event) {
        (S::Idle, Event::Reserve) => Some(S::Reserved),
        (S::Reserved, Event::Release) => Some(S::Idle),
        (S::Idle | S::Reserved, Event::Open) => Some(S::Opening),
        (S::Opening, Event::Lit) | (S::Paused, Event::Resume) => Some(S::Playing),
        (S::Opening, Event::NotLit) => Some(S::Maintenance),
        (S::Playing, Event::Pause) => Some(S::Paused),
        (S::Opening, Event::Cancel) | (S::Playing | S::Paused, Event::Close) => Some(S::Closing),
        (S::Closing, Event::Dark) | (S::Cleaning, Event::Cleaned) => Some(S::Idle),
        (S::Idle, Event::Clean) => Some(S::Cleaning),
        // Who plays is first seen to: their session ends, and that leads to Closing.
        (S::Idle | S::Reserved | S::Closing | S::Cleaning | S::Maintenance, Event::Break) => Some(S::Maintenance),
        (S::Maintenance, Event::Repair) => Some(S::Idle),
        _ => None,
    }
}

impl TableState {
    /// Whether somebody's session is on it.
    pub const fn is_taken(self) -> bool {
        matches!(self, Self::Opening | Self::Playing | Self::Paused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Word;
    use std::collections::BTreeSet;

    fn reachable(from: TableState, without: &[Event]) -> BTreeSet<TableState> {
        let mut found = BTreeSet::from([from]);
        let mut open = vec![from];
        while let Some(state) = open.pop() {
            for event in Event::ALL.into_iter().filter(|event| !without.contains(event)) {
                if let Some(to) = next(state, event)
                    && found.insert(to)
                {
                    open.push(to);
                }
            }
        }
        found
    }

    #[test]
    fn v3_1_every_state_is_reached_and_left_again() {
        for state in TableState::ALL {
            assert_eq!(reachable(*state, &[]).len(), TableState::ALL.len(), "{state}");
        }
    }

    #[test]
    fn v3_1_these_ways_lead_from_state_to_state_and_no_others() {
        use Event as E;
        use TableState as S;
        let ways: [(S, &[(E, S)]); 8] = [
            (S::Idle, &[(E::Reserve, S::Reserved), (E::Open, S::Opening), (E::Clean, S::Cleaning), (E::Break, S::Maintenance)]),
            (S::Reserved, &[(E::Release, S::Idle), (E::Open, S::Opening), (E::Break, S::Maintenance)]),
            (S::Opening, &[(E::Lit, S::Playing), (E::NotLit, S::Maintenance), (E::Cancel, S::Closing)]),
            (S::Playing, &[(E::Pause, S::Paused), (E::Close, S::Closing)]),
            (S::Paused, &[(E::Resume, S::Playing), (E::Close, S::Closing)]),
            (S::Closing, &[(E::Dark, S::Idle), (E::Break, S::Maintenance)]),
            (S::Cleaning, &[(E::Cleaned, S::Idle), (E::Break, S::Maintenance)]),
            (S::Maintenance, &[(E::Break, S::Maintenance), (E::Repair, S::Idle)]),
        ];
        assert_eq!(ways.map(|(state, _)| state), S::ALL);
        for (state, expected) in ways {
            let found: Vec<_> = E::ALL.into_iter().filter_map(|event| Some((event, next(state, event)?))).collect();
            assert_eq!(found, expected, "{state}");
        }
    }

    #[test]
    fn v3_1a_a_table_is_taken_from_its_opening_until_it_is_closed() {
        let taken: Vec<_> = TableState::ALL.iter().copied().filter(|state| state.is_taken()).collect();
        assert_eq!(taken, [TableState::Opening, TableState::Playing, TableState::Paused]);
    }

    #[test]
    fn v3_1c_nobody_plays_before_the_light_was_seen() {
        assert!(!reachable(TableState::Idle, &[Event::Lit]).contains(&TableState::Playing));
        assert_eq!(next(TableState::Idle, Event::Lit), None, "a light that comes back from the dead opens nothing");
    }

    #[test]
    fn v3_1a_only_an_idle_or_reserved_table_is_opened() {
        let opened: Vec<_> = TableState::ALL.iter().filter(|state| next(**state, Event::Open).is_some()).collect();
        assert_eq!(opened, [&TableState::Idle, &TableState::Reserved]);
    }

    #[test]
    fn v5_2_what_is_in_maintenance_comes_back_by_repair_alone() {
        let left: Vec<_> = Event::ALL
            .into_iter()
            .filter(|event| next(TableState::Maintenance, *event).is_some_and(|to| to != TableState::Maintenance))
            .collect();
        assert_eq!(left, [Event::Repair]);
    }

    #[test]
    fn v5_2_a_table_that_is_played_on_is_not_broken_under_its_players() {
        for state in TableState::ALL.iter().filter(|state| state.is_taken()) {
            assert_eq!(next(*state, Event::Break), None, "{state}");
        }
    }
}
