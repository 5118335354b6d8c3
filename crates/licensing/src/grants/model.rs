//! What a grant is, and when it is good.

use kernel::{DAY, Fault, Timestamp, text};
use platform::identity::{UserId, UserRef};
use serde::{Deserialize, Serialize};

use super::error::GrantError;
use crate::projects::{ProjectId, ProjectRef};

kernel::id!(
    /// 授权
    GrantId, GrantEntity, "grt"
);

kernel::words! {
    pub enum GrantState { Active = "active", Ended = "ended" }
}

kernel::words! {
    pub enum EndedReason { Expired = "expired", Revoked = "revoked" }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Grant {
    pub id: GrantId,
    pub project: ProjectRef,
    pub agent: UserRef,
    pub granted_by: Option<UserRef>,
    pub starts_at: Timestamp,
    /// Absent: until it is ended.
    pub ends_at: Option<Timestamp>,
    pub state: GrantState,
    pub ended_reason: Option<EndedReason>,
    pub note: String,
    pub created_at: Timestamp,
}

/// What an admin fills in.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    pub project_id: ProjectId,
    pub agent_id: UserId,
    #[serde(default)]
    pub ends_at: Option<Timestamp>,
    #[serde(default)]
    pub note: String,
}

/// An end that has passed would be none.
pub fn check_end(ends_at: Option<Timestamp>, now: Timestamp) -> Result<(), GrantError> {
    if ends_at.is_some_and(|end| end <= now) { Err(GrantError::EndsInPast) } else { Ok(()) }
}

/// A remark of an admin; at least `min` characters.
pub fn note(given: &str, min: usize) -> Result<String, Fault> {
    text::clean(given, min, 500, true).map_err(|(code, zh, en)| Fault::field("note", code, zh, en))
}

/// Whether a grant is good at `now`. Its end counts at once; the row may say `active` until the sweep has passed.
pub fn is_live(state: GrantState, ends_at: Option<Timestamp>, now: Timestamp) -> bool {
    state == GrantState::Active && ends_at.is_none_or(|end| end > now)
}

/// Until when grants that end are warned of, if at all.
pub fn warning_horizon(now: Timestamp, days: i64) -> Option<Timestamp> {
    (days > 0).then(|| now.plus_micros(days.saturating_mul(DAY)))
}

impl Grant {
    /// As it is at `now`, whatever the sweep has not yet written.
    pub fn at(self, now: Timestamp) -> Self {
        if self.state == GrantState::Active && !is_live(self.state, self.ends_at, now) {
            Self { state: GrantState::Ended, ended_reason: Some(EndedReason::Expired), ..self }
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_grant_that_may_be_given_is_good_until_its_end_and_not_at_it(start in 0_i64..1_000_000, length in 1_i64..1_000_000, after in 0_i64..1_000_000) {
            let (now, end) = (Timestamp::from_unix(start), Timestamp::from_unix(start + length));
            prop_assert!(check_end(Some(end), now).is_ok());
            prop_assert!(is_live(GrantState::Active, Some(end), end.plus_micros(-1)));
            prop_assert!(!is_live(GrantState::Active, Some(end), end.plus_micros(after)));
            prop_assert!(check_end(Some(end), end.plus_micros(after)).is_err());
            prop_assert!(!is_live(GrantState::Ended, None, now));
            prop_assert!(is_live(GrantState::Active, None, now));
        }
    }

    #[test]
    fn zero_days_warn_of_nothing() {
        let now = Timestamp::from_unix(0);
        assert_eq!(warning_horizon(now, 0), None);
        assert_eq!(warning_horizon(now, 2), Some(Timestamp::from_unix(172_800)));
    }

    #[test]
    fn a_grant_whose_end_has_passed_shows_as_ended_before_the_sweep() {
        let now = Timestamp::from_unix(1_000);
        let grant = |state, ends_at, ended_reason| Grant {
            id: GrantId::from_uuid(Default::default()),
            project: ProjectRef { id: ProjectId::from_uuid(Default::default()), name: "p".into() },
            agent: UserRef { id: UserId::from_uuid(Default::default()), name: "a".into() },
            granted_by: None,
            starts_at: Timestamp::from_unix(0),
            ends_at,
            state,
            ended_reason,
            note: "n".into(),
            created_at: Timestamp::from_unix(0),
        };
        let good = grant(GrantState::Active, Some(now.plus_micros(1)), None);
        assert_eq!(good.clone().at(now), good);
        let over = grant(GrantState::Active, Some(now), None).at(now);
        assert_eq!((over.state, over.ended_reason, over.note.as_str()), (GrantState::Ended, Some(EndedReason::Expired), "n"));
        let revoked = grant(GrantState::Ended, Some(now), Some(EndedReason::Revoked));
        assert_eq!(revoked.clone().at(now), revoked);
    }

    #[test]
    fn a_remark_is_cleaned_and_may_have_to_be_there() {
        assert_eq!(note("  two\nlines ", 1).unwrap(), "two\nlines");
        assert_eq!(note("", 0).unwrap(), "");
        assert_eq!(note(&"x".repeat(500), 500).unwrap().len(), 500);
        for (bad, min) in [("", 1), ("x\u{202e}", 0), (&*"x".repeat(501), 0)] {
            assert_eq!(note(bad, min).unwrap_err().fields[0].field, "note");
        }
    }

    #[test]
    fn a_warning_looks_so_many_days_ahead() {
        let now = Timestamp::from_unix(0);
        assert_eq!((warning_horizon(now, -1), warning_horizon(now, 1)), (None, Some(Timestamp::from_unix(86_400))));
    }
}
