//! What a grant is, and when it is good.

use kernel::{DAY, Timestamp};
use platform::identity::UserRef;
use serde::{Deserialize, Serialize};

use crate::projects::ProjectRef;

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
