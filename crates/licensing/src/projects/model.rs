//! What a project is, without I/O: its words, and who shows how much of it.

use std::collections::BTreeMap;

use kernel::{Quota, Timestamp};
use platform::vault::Purpose;
use serde::{Deserialize, Serialize};

use super::counts::KeyCounts;
use crate::client::limit::banned;
use crate::grants::Grant;

kernel::id!(
    /// 项目
    ProjectId, ProjectEntity, "prj"
);

/// What programs sign their requests with.
pub const SECRET: Purpose = Purpose("project secret");
/// The seed of the Ed25519 key that answers are signed with.
pub const RESPONSE_SEED: Purpose = Purpose("project response key");

/// Every process that remembers projects loads them again when this topic moves.
pub const TOPIC: &str = "projects";

kernel::words! {
    pub enum ProjectState { Active = "active", Disabled = "disabled" }
}

kernel::words! {
    /// 有效期单位: what a key's validity is counted in.
    pub enum ValidityUnit { Minute = "minute", Hour = "hour", Day = "day", Month = "month", Forever = "forever" }
}

impl ValidityUnit {
    /// How many of this unit a key may be good for. Forever has no number: 0.
    pub const fn counts(self) -> std::ops::RangeInclusive<i64> {
        match self {
            Self::Minute => 1..=525_600,
            Self::Hour => 1..=87_600,
            Self::Day => 1..=36_500,
            Self::Month => 1..=1_200,
            Self::Forever => 0..=0,
        }
    }
}

kernel::words! {
    /// What a project's owner can be called back for.
    pub enum CallbackEvent {
        KeyActivated = "key.activated",
        KeyVerified = "key.verified",
        KeyRefused = "key.refused",
        KeyExpired = "key.expired",
        KeyUnbound = "key.unbound",
        BatchCreated = "batch.created",
    }
}

impl CallbackEvent {
    /// What a new project asks for: all but each single verification.
    pub const AT_FIRST: &'static [Self] = &[Self::KeyActivated, Self::KeyRefused, Self::KeyExpired, Self::KeyUnbound, Self::BatchCreated];
}

/// What one key of this validity costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub unit: ValidityUnit,
    /// 0 for forever.
    pub count: i64,
    /// 额度 for one key.
    pub price: Quota,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Callback {
    pub url: Option<String>,
    pub events: Vec<CallbackEvent>,
}

/// A project as its reader may see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Project {
    pub id: ProjectId,
    pub name: String,
    pub description: String,
    pub version: String,
    pub parameters: BTreeMap<String, String>,
    pub state: ProjectState,
    /// Empty for agents.
    pub api_key: String,
    /// Ed25519, base64; built into clients. Empty for agents.
    pub response_public_key: String,
    pub devices_per_key: i64,
    /// How often a key may be unbound; absent: as often as one likes.
    pub unbind_limit: Option<i64>,
    pub rate_per_minute: i64,
    /// 封禁: until when its programs are refused, who went on over the rate. Absent while they are not.
    pub banned_until: Option<Timestamp>,
    /// When that was spoken: whether it is believed depends on it.
    #[serde(skip)]
    pub banned_at: Option<Timestamp>,
    pub previous_secret_valid_until: Option<Timestamp>,
    pub prices: Vec<Price>,
    pub open_for_application: bool,
    pub callback: Callback,
    /// The reader's own grant; absent for super admins, who need none.
    pub my_grant: Option<Grant>,
    /// For super admins.
    pub key_counts: Option<KeyCounts>,
    /// Counts its changes: whoever changes it says which one was looked at.
    pub revision: i64,
    pub created_at: Timestamp,
}

impl Project {
    /// What an agent does not need for making keys is left out: with the API key it could imitate the owner's programs' calls.
    pub fn for_agent(self, my_grant: Grant) -> Self {
        Self {
            api_key: String::new(),
            response_public_key: String::new(),
            previous_secret_valid_until: None,
            callback: Callback::default(),
            my_grant: Some(my_grant),
            key_counts: None,
            ..self
        }
    }

    /// What is over is not shown: an old secret that is not good any more, a ban.
    pub fn at(self, now: Timestamp) -> Self {
        Self {
            previous_secret_valid_until: self.previous_secret_valid_until.filter(|until| *until > now),
            banned_until: banned(self.banned_until, self.banned_at, now),
            ..self
        }
    }
}

/// A project in somebody else's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProjectRef {
    pub id: ProjectId,
    pub name: String,
}

/// As much as somebody sees who may choose a project, but has no grant for it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProjectBrief {
    pub id: ProjectId,
    pub name: String,
    pub description: String,
    pub version: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ProjectCreated {
    pub project: Project,
    /// Shown once.
    pub secret: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct SecretRotated {
    /// Shown once.
    pub secret: String,
    /// Until when the one before is good too; absent when it ended at once.
    pub previous_valid_until: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::{GrantId, GrantState};

    fn project() -> Project {
        Project {
            id: ProjectId::from_uuid(Default::default()),
            name: "Demo".into(),
            description: String::new(),
            version: String::new(),
            parameters: BTreeMap::new(),
            state: ProjectState::Active,
            api_key: "pk_x".into(),
            response_public_key: "key".into(),
            devices_per_key: 1,
            unbind_limit: None,
            rate_per_minute: 600,
            banned_until: Some(Timestamp::from_unix(200)),
            banned_at: Some(Timestamp::from_unix(140)),
            previous_secret_valid_until: Some(Timestamp::from_unix(100)),
            prices: vec![Price { unit: ValidityUnit::Day, count: 1, price: Quota::new(3) }],
            open_for_application: false,
            callback: Callback { url: Some("https://owner.example/hook".into()), events: vec![CallbackEvent::KeyVerified] },
            my_grant: None,
            key_counts: Some(KeyCounts::default()),
            revision: 1,
            created_at: Timestamp::from_unix(0),
        }
    }

    #[test]
    fn k2_1_an_agent_sees_what_it_needs_for_making_keys_and_no_more() {
        let grant = Grant {
            id: GrantId::from_uuid(Default::default()),
            project: ProjectRef { id: ProjectId::from_uuid(Default::default()), name: "Demo".into() },
            agent: platform::identity::UserRef { id: platform::identity::UserId::from_uuid(Default::default()), name: "a".into() },
            granted_by: None,
            starts_at: Timestamp::from_unix(0),
            ends_at: None,
            state: GrantState::Active,
            ended_reason: None,
            note: String::new(),
            created_at: Timestamp::from_unix(0),
        };
        let shown = project().for_agent(grant.clone());
        assert_eq!((shown.api_key.as_str(), shown.response_public_key.as_str(), shown.previous_secret_valid_until), ("", "", None));
        assert_eq!((shown.callback, shown.key_counts.is_none(), shown.my_grant), (Callback::default(), true, Some(grant)));
        assert_eq!((shown.name.as_str(), shown.prices.len(), shown.rate_per_minute), ("Demo", 1, 600));
    }

    #[test]
    fn an_old_secret_is_shown_while_it_is_good() {
        let until = |now| project().at(now).previous_secret_valid_until;
        let end = Timestamp::from_unix(100);
        assert_eq!((until(end.plus_micros(-1)), until(end), until(end.plus_micros(1))), (Some(end), None, None));
        assert_eq!(project().at(end).name, "Demo");
    }

    #[test]
    fn k8_1_a_ban_is_shown_while_it_is_in_force() {
        let until = |now| project().at(now).banned_until;
        let end = Timestamp::from_unix(200);
        assert_eq!((until(end.plus_micros(-1)), until(end)), (Some(end), None));
        assert_eq!(until(Timestamp::from_unix(140).plus_micros(-2 * kernel::APART)), None, "spoken by a clock that was ahead");
    }

    #[test]
    fn k2_2_each_unit_has_its_bounds() {
        use kernel::Word;
        let bounds: Vec<_> = ValidityUnit::ALL.iter().map(|unit| (*unit.counts().start(), *unit.counts().end())).collect();
        assert_eq!(bounds, [(1, 525_600), (1, 87_600), (1, 36_500), (1, 1_200), (0, 0)]);
    }
}
