//! Which keys something is done to: ticked ones, a batch, or what a filter finds. Always within what the asker may see.

use kernel::Fault;
use platform::identity::{Principal, UserId};
use serde::{Deserialize, Serialize};
use store::Filter;

use super::model::{KeyId, KeyState};
use crate::batches::BatchId;
use crate::projects::ProjectId;

/// Exactly one of the three.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeySelection {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<KeyId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<KeyFilterBody>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyFilterBody {
    pub project: Option<ProjectId>,
    pub state: Option<KeyState>,
    pub agent: Option<UserId>,
    pub batch: Option<BatchId>,
}

/// Ticked rows: no more than a person ticks.
const MOST_TICKED: usize = 1_000;

impl KeySelection {
    pub fn check(&self) -> Result<(), Fault> {
        let given = [self.ids.is_some(), self.batch.is_some(), self.filter.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            return Err(Fault::field(
                "ids",
                "ONE_SELECTION",
                "请选择：勾选、批次或筛选条件，只能其一",
                "Choose exactly one: ticked rows, a batch, or a filter",
            ));
        }
        match &self.ids {
            Some(ids) if ids.is_empty() || ids.len() > MOST_TICKED => {
                Err(Fault::field("ids", "OUT_OF_RANGE", "一次可勾选 1 到 1000 个", "Tick 1 to 1000 at once"))
            }
            _ => Ok(()),
        }
    }

    /// As conditions on `keys k`, within the asker's scope.
    pub fn conditions(&self, user: &Principal) -> Filter {
        let mut filter = self.meant(user);
        if let Some(ids) = &self.ids {
            let places: Vec<String> = ids.iter().map(|id| filter.arg(*id)).collect();
            filter.and_plain(&format!("k.id IN ({})", places.join(", ")));
        }
        filter
    }

    /// The same of keys that are known by their ids: whether they are meant.
    pub fn meant(&self, user: &Principal) -> Filter {
        let mut filter = Filter::new();
        user.scope().restrict(&mut filter, "k.agent_id");
        ready_only(&mut filter);
        filter.and_some("k.batch_id = ?", self.batch);
        if let Some(asked) = &self.filter {
            filter.and_some("k.project_id = ?", asked.project).and_some("k.agent_id = ?", asked.agent);
            filter.and_some("k.batch_id = ?", asked.batch);
        }
        filter
    }

    /// Where in the console its keys are, once they are disabled.
    pub fn link(&self) -> String {
        match (self.ids.as_deref(), self.batch) {
            (Some([one]), _) => format!("/keys/{one}"),
            (_, Some(batch)) => format!("/keys?batch={batch}&state=disabled"),
            _ => "/keys?state=disabled".to_owned(),
        }
    }

    pub fn state(&self) -> Option<KeyState> {
        self.filter.as_ref().and_then(|filter| filter.state)
    }
}

/// Keys of a batch that is still being made, or taken away, are nobody's to see.
pub const READY: &str = "k.batch_id NOT IN (SELECT id FROM batches WHERE state IN ('generating', 'cancelling'))";

pub fn ready_only(filter: &mut Filter) {
    filter.and_plain(READY);
}

/// A state as a condition on `keys k`: what is stored may lag behind the clock, so both are asked.
pub fn state_condition(filter: &mut Filter, state: KeyState, now: kernel::Timestamp) {
    let now = filter.arg(now);
    filter.and_plain(&state_text(state, &now));
}

/// The same, where `now` is the placeholder of the time.
pub fn state_text(state: KeyState, now: &str) -> String {
    match state {
        KeyState::Disabled => "k.state = 'disabled'".into(),
        KeyState::Expired => format!("k.state = 'expired' OR (k.state IN ('active', 'unused') AND k.expires_at <= {now})"),
        KeyState::Active => format!("k.state = 'active' AND (k.expires_at IS NULL OR k.expires_at > {now})"),
        KeyState::Unused => format!("k.state = 'unused' AND (k.expires_at IS NULL OR k.expires_at > {now})"),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn k3_1c_a_selection_is_one_thing_and_of_ticked_rows_no_more_than_a_person_ticks() {
        let ids = |count: usize| Some(vec![KeyId::from_uuid(Uuid::nil()); count]);
        let (batch, filter) = (Some(BatchId::from_uuid(Uuid::nil())), Some(KeyFilterBody::default()));
        let refused = |ids: Option<Vec<KeyId>>, batch: Option<BatchId>, filter: Option<KeyFilterBody>| {
            let checked = KeySelection { ids, batch, filter }.check();
            checked.err().map(|fault| fault.fields[0].code)
        };
        assert_eq!((refused(None, batch, None), refused(None, None, filter.clone())), (None, None));
        for (count, refusal) in [(0, Some("OUT_OF_RANGE")), (1, None), (2, None), (999, None), (1_000, None), (1_001, Some("OUT_OF_RANGE"))]
        {
            assert_eq!(refused(ids(count), None, None), refusal, "{count}");
        }
        let several = [
            refused(None, None, None),
            refused(ids(1), batch, None),
            refused(ids(1), None, filter.clone()),
            refused(None, batch, filter.clone()),
            refused(ids(1), batch, filter),
        ];
        assert_eq!(several, [Some("ONE_SELECTION"); 5]);
    }

    #[test]
    fn k7_2_who_is_told_of_a_selection_is_led_to_its_keys() {
        let (key, batch) = (KeyId::from_uuid(Uuid::nil()), BatchId::from_uuid(Uuid::nil()));
        let link = |ids: Option<Vec<KeyId>>, batch: Option<BatchId>| KeySelection { ids, batch, filter: None }.link();
        assert_eq!(link(Some(vec![key]), None), format!("/keys/{key}"));
        assert_eq!(link(Some(vec![key; 2]), None), "/keys?state=disabled");
        assert_eq!(link(None, Some(batch)), format!("/keys?batch={batch}&state=disabled"));
        assert_eq!(link(None, None), "/keys?state=disabled");
    }

    #[test]
    fn k3_1c_a_selection_by_state_is_one_by_filter() {
        let filter = KeyFilterBody { state: Some(KeyState::Active), ..KeyFilterBody::default() };
        let of = |filter: Option<KeyFilterBody>| KeySelection { ids: None, batch: None, filter }.state();
        assert_eq!((of(Some(filter)), of(Some(KeyFilterBody::default())), of(None)), (Some(KeyState::Active), None, None));
    }
}
