//! A key's life, as one pure state machine.
//!
//! ```text
//!            first use                    clock
//!   unused ────────────▶ active ───────────────▶ expired
//!     ▲                   │  ▲                      ▲
//!     └────── unbind ─────┘  │ another device       │ (an unbound key's clock goes on)
//!                            │ takes a free seat    │
//!   any of them ── disable ──▶ disabled ── enable ──▶ what it would be without
//! ```
//!
//! The state follows from facts ([`Facts`]) and the clock; what is stored is the state as of the last change, so that lists
//! can be searched. Whoever decides something asks [`Facts::state`].

use kernel::{DAY, HOUR, MINUTE, Timestamp};
use serde::{Deserialize, Serialize};

use crate::projects::ValidityUnit;

kernel::id!(
    /// 卡密
    KeyId, KeyEntity, "key"
);

kernel::words! {
    pub enum KeyState { Unused = "unused", Active = "active", Expired = "expired", Disabled = "disabled" }
}

/// How long a key is good for, from its activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    pub unit: ValidityUnit,
    /// 0 where the unit is forever.
    pub count: i64,
}

impl Validity {
    /// When a key that is activated then will expire; `None`: never. Months are the calendar's in that time zone.
    pub fn end(self, activated: Timestamp, zone: &str) -> Option<Timestamp> {
        let span = |unit: i64| activated.plus_micros(self.count.saturating_mul(unit));
        match self.unit {
            ValidityUnit::Minute => Some(span(MINUTE)),
            ValidityUnit::Hour => Some(span(HOUR)),
            ValidityUnit::Day => Some(span(DAY)),
            ValidityUnit::Month => Some(activated.plus_months(self.count, zone)),
            ValidityUnit::Forever => None,
        }
    }
}

/// What is known of a key, from which its state follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    pub activated_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub disabled_at: Option<Timestamp>,
    /// How many devices are bound.
    pub devices: i64,
    /// How often it was unbound.
    pub unbinds: i64,
}

/// Why a key cannot be unbound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnbindRefusal {
    NotBound,
    Expired,
    Disabled,
    /// The project allows no more.
    LimitReached,
}

impl Facts {
    pub fn state(&self, now: Timestamp) -> KeyState {
        if self.disabled_at.is_some() {
            KeyState::Disabled
        } else if self.expires_at.is_some_and(|end| end <= now) {
            KeyState::Expired
        } else if self.devices > 0 {
            KeyState::Active
        } else {
            KeyState::Unused
        }
    }

    /// Takes a seat; the first time ever it also activates, and the clock starts. Months are counted in that time zone.
    #[must_use]
    pub fn bind(self, validity: Validity, now: Timestamp, zone: &str) -> Self {
        let mut bound = Self { devices: self.devices + 1, ..self };
        if self.activated_at.is_none() {
            bound.activated_at = Some(now);
            bound.expires_at = validity.end(now, zone);
        }
        bound
    }

    /// Whether it was unbound as often as its project allows.
    pub fn at_limit(&self, limit: Option<i64>) -> bool {
        limit.is_some_and(|limit| self.unbinds >= limit)
    }

    /// Clears `freed` seats. The clock goes on: validity is not reset (K3.3a).
    pub fn unbind(self, freed: i64, limit: Option<i64>, now: Timestamp) -> Result<Self, UnbindRefusal> {
        match self.state(now) {
            KeyState::Disabled => Err(UnbindRefusal::Disabled),
            KeyState::Expired => Err(UnbindRefusal::Expired),
            KeyState::Unused => Err(UnbindRefusal::NotBound),
            KeyState::Active if self.at_limit(limit) => Err(UnbindRefusal::LimitReached),
            KeyState::Active if freed < 1 || freed > self.devices => Err(UnbindRefusal::NotBound),
            KeyState::Active => Ok(Self { devices: self.devices - freed, unbinds: self.unbinds + 1, ..self }),
        }
    }

    /// Whether the end has come and nobody was told: `written` is what was stored last. The sweep tells of keys that are not disabled;
    /// of the others whoever disables one that is over, or enables one whose end came meanwhile.
    pub fn ended_untold(&self, written: KeyState, now: Timestamp) -> bool {
        let Some(end) = self.expires_at.filter(|end| *end <= now) else { return false };
        match written {
            KeyState::Unused | KeyState::Active => true,
            KeyState::Disabled => self.disabled_at.is_some_and(|disabled| disabled < end),
            KeyState::Expired => false,
        }
    }

    #[must_use]
    pub fn disable(self, now: Timestamp) -> Self {
        Self { disabled_at: self.disabled_at.or(Some(now)), ..self }
    }

    #[must_use]
    pub fn enable(self) -> Self {
        Self { disabled_at: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn k8_2_an_end_is_untold_where_the_sweep_did_not_see_it() {
        let [before, end, after] = [99, 100, 101].map(Timestamp::from_unix);
        let over = Facts { expires_at: Some(end), ..Facts::default() };
        let disabled = |at| Facts { disabled_at: Some(at), ..over };
        for (facts, written, now, untold) in [
            (over, KeyState::Active, before, false),
            (over, KeyState::Active, end, true),
            (over, KeyState::Unused, after, true),
            (over, KeyState::Expired, after, false),
            (disabled(before), KeyState::Disabled, before, false),
            (disabled(before), KeyState::Disabled, end, true),
            (disabled(end), KeyState::Disabled, after, false),
            (Facts::default(), KeyState::Active, after, false),
        ] {
            assert_eq!(facts.ended_untold(written, now), untold, "{facts:?}, {written:?}, {now}");
        }
    }

    const ZONE: &str = "Asia/Shanghai";

    #[derive(Debug, Clone)]
    enum Step {
        Bind,
        Unbind,
        Disable,
        Enable,
        Wait(i64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step =
            prop_oneof![Just(Step::Bind), Just(Step::Unbind), Just(Step::Disable), Just(Step::Enable), (1_i64..100).prop_map(Step::Wait)];
        proptest::collection::vec(step, 0..40)
    }

    proptest! {
        #[test]
        fn k3_2b_the_clock_starts_once_and_nothing_resets_it(steps in steps(), minutes in 1_i64..200) {
            let validity = Validity { unit: ValidityUnit::Minute, count: minutes };
            let mut now = Timestamp::from_unix(1_700_000_000);
            let mut facts = Facts::default();
            let mut first = None;
            for step in steps {
                let state = facts.state(now);
                match step {
                    // Verification binds only what is unused or active.
                    Step::Bind if matches!(state, KeyState::Unused | KeyState::Active) => {
                        facts = facts.bind(validity, now, ZONE);
                        first.get_or_insert(now);
                        prop_assert_eq!(facts.state(now), KeyState::Active);
                    }
                    Step::Bind => {}
                    Step::Unbind => match facts.unbind(facts.devices, None, now) {
                        Ok(after) => {
                            prop_assert_eq!(state, KeyState::Active);
                            prop_assert_eq!(after.state(now), KeyState::Unused);
                            facts = after;
                        }
                        Err(_) => prop_assert_ne!(state, KeyState::Active),
                    },
                    Step::Disable => {
                        facts = facts.disable(now);
                        prop_assert_eq!(facts.state(now), KeyState::Disabled);
                    }
                    Step::Enable => {
                        let before = facts;
                        facts = facts.enable();
                        prop_assert_ne!(facts.state(now), KeyState::Disabled);
                        prop_assert_eq!((facts.activated_at, facts.expires_at, facts.devices), (before.activated_at, before.expires_at, before.devices));
                    }
                    Step::Wait(minutes) => now = now.plus_micros(minutes * MINUTE),
                }
                prop_assert_eq!(facts.activated_at, first);
                prop_assert_eq!(facts.expires_at, first.map(|at| at.plus_micros(minutes * MINUTE)));
                if let Some(first) = first && facts.disabled_at.is_none() {
                    prop_assert_eq!(facts.state(now) == KeyState::Expired, now >= first.plus_micros(minutes * MINUTE));
                }
            }
        }

        #[test]
        fn k3_3a_unbinding_stops_at_the_projects_limit(limit in 0_i64..5) {
            let now = Timestamp::from_unix(0);
            let validity = Validity { unit: ValidityUnit::Forever, count: 0 };
            let mut facts = Facts::default();
            for _ in 0..limit {
                prop_assert!(!facts.at_limit(Some(limit)));
                facts = facts.bind(validity, now, ZONE).unbind(1, Some(limit), now).unwrap();
            }
            prop_assert!(facts.at_limit(Some(limit)) && !facts.at_limit(None));
            prop_assert_eq!(facts.bind(validity, now, ZONE).unbind(1, Some(limit), now), Err(UnbindRefusal::LimitReached));
            // Beyond it the limit is not asked for, and it is counted all the same.
            let beyond = facts.bind(validity, now, ZONE).unbind(1, None, now).unwrap();
            prop_assert_eq!((beyond.unbinds, beyond.at_limit(Some(limit))), (limit + 1, true));
        }
    }

    #[test]
    fn k3_2b_validity_ends_by_the_calendar_of_the_place() {
        let start: Timestamp = "2026-01-31T00:00:00Z".parse().unwrap();
        let end = |unit, count| Validity { unit, count }.end(start, ZONE).map(|end| end.to_string());
        assert_eq!(end(ValidityUnit::Day, 30).as_deref(), Some("2026-03-02T00:00:00Z"));
        assert_eq!(end(ValidityUnit::Month, 1).as_deref(), Some("2026-02-28T00:00:00Z"));
        assert_eq!(end(ValidityUnit::Forever, 0), None);
        // Early in the morning of 1 March there; in UTC the day before. Other units are as long everywhere.
        let first: Timestamp = "2026-02-28T23:00:00Z".parse().unwrap();
        let ends = |unit, count| ["UTC", ZONE].map(|zone| Validity { unit, count }.end(first, zone).map(|end| end.to_string()));
        assert_eq!(ends(ValidityUnit::Month, 1), ["2026-03-28T23:00:00Z", "2026-03-31T23:00:00Z"].map(|end| Some(end.to_owned())));
        for (unit, count) in [(ValidityUnit::Minute, 1), (ValidityUnit::Hour, 1), (ValidityUnit::Day, 30), (ValidityUnit::Forever, 0)] {
            let [utc, there] = ends(unit, count);
            assert_eq!(utc, there, "{unit}");
        }
    }

    #[test]
    fn short_validities_end_to_the_microsecond() {
        let start: Timestamp = "2026-01-31T23:59:59Z".parse().unwrap();
        let end = |unit, count| Validity { unit, count }.end(start, ZONE).map(|end| end.to_string());
        assert_eq!(end(ValidityUnit::Minute, 1).as_deref(), Some("2026-02-01T00:00:59Z"));
        assert_eq!(end(ValidityUnit::Hour, 25).as_deref(), Some("2026-02-02T00:59:59Z"));
        let facts = Facts::default().bind(Validity { unit: ValidityUnit::Minute, count: 1 }, start, ZONE);
        let over = start.plus_micros(MINUTE);
        assert_eq!((facts.state(over.plus_micros(-1)), facts.state(over)), (KeyState::Active, KeyState::Expired));
    }

    #[test]
    fn k3_3a_seats_are_cleared_one_by_one_and_never_more_than_are_taken() {
        let now = Timestamp::from_unix(0);
        let validity = Validity { unit: ValidityUnit::Forever, count: 0 };
        let three = Facts::default().bind(validity, now, ZONE).bind(validity, now, ZONE).bind(validity, now, ZONE);
        assert_eq!((three.devices, three.activated_at), (3, Some(now)));
        let one = three.unbind(2, None, now).unwrap();
        assert_eq!((one.devices, one.unbinds, one.activated_at, one.state(now)), (1, 1, Some(now), KeyState::Active));
        for freed in [0, -1, 2] {
            assert_eq!(one.unbind(freed, None, now), Err(UnbindRefusal::NotBound), "{freed}");
        }
        let none = one.unbind(1, Some(2), now).unwrap();
        assert_eq!((none.devices, none.unbinds, none.state(now)), (0, 2, KeyState::Unused));
        assert_eq!(none.unbind(1, None, now), Err(UnbindRefusal::NotBound));
        let off = one.disable(now);
        assert_eq!((off.unbind(1, None, now), off.enable()), (Err(UnbindRefusal::Disabled), one));
        assert_eq!(off.disable(now.plus_seconds(9)).disabled_at, Some(now), "since the first time");
        let expired = Facts { expires_at: Some(now), ..one };
        assert_eq!(expired.unbind(1, None, now), Err(UnbindRefusal::Expired));
        assert_eq!(one.unbind(1, Some(1), now), Err(UnbindRefusal::LimitReached));
    }
}
