//! What a batch is, and what may be asked for.

use kernel::{Fault, Fields, Kind, Quota, Timestamp};
use platform::identity::UserRef;
use platform::ledger::TransferId;
use serde::{Deserialize, Serialize};

use crate::keys::Validity;
use crate::projects::{ProjectId, ProjectRef, ValidityUnit};

kernel::id!(
    /// 批次
    BatchId, BatchEntity, "bat"
);

kernel::words! {
    pub enum BatchState {
        Generating = "generating",
        Ready = "ready",
        /// Asked to stop; its keys are being taken away.
        Cancelling = "cancelling",
        Cancelled = "cancelled",
    }
}

/// Up to so many keys are made at once, in the request's own transaction.
pub const SMALL: i64 = 2_000;
pub const MOST: i64 = 1_000_000;

#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Batch {
    pub id: BatchId,
    pub project: ProjectRef,
    pub agent: UserRef,
    pub count: i64,
    /// How many are there already.
    pub made: i64,
    pub unit: ValidityUnit,
    pub validity: i64,
    pub unit_price: Quota,
    pub total: Quota,
    pub note: String,
    pub state: BatchState,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    #[serde(skip)]
    #[schema(ignore)]
    pub transfer: Option<TransferId>,
}

impl Batch {
    pub(crate) const fn validity(&self) -> Validity {
        Validity { unit: self.unit, count: self.validity }
    }
}

/// What an agent asks for.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBatch {
    pub project_id: ProjectId,
    /// 1 to 1,000,000.
    pub count: i64,
    pub unit: ValidityUnit,
    /// How many units a key is good for; 0 with `forever`.
    pub validity: i64,
    #[serde(default)]
    pub note: String,
    /// What the asker was shown that it costs: if it costs something else by now, nothing is made.
    #[serde(default)]
    pub expected_total: Option<Quota>,
}

impl NewBatch {
    /// What it costs at this price for one key.
    pub fn total(&self, unit_price: Quota) -> Result<Quota, Fault> {
        let total = unit_price.times(self.count).ok().filter(|total| *total <= Quota::MAX_ASKED);
        total.ok_or_else(|| Fault::field("count", "TOO_LARGE", "总额过大，请减少数量", "This costs more than one batch may; ask for fewer"))
    }

    /// The same, if it is what the asker expects.
    pub fn agreed_total(&self, unit_price: Quota) -> Result<Quota, Fault> {
        let total = self.total(unit_price)?;
        if self.expected_total.is_some_and(|expected| expected != total) {
            return Err(BatchError::PriceChanged.into());
        }
        Ok(total)
    }

    /// The note, cleaned; or all that is wrong.
    pub fn check(&self) -> Result<String, Fault> {
        let mut fields = Fields::default();
        if !(1..=MOST).contains(&self.count) {
            fields.add("count", "OUT_OF_RANGE", "数量应为 1 到 1,000,000", "The count must be 1 to 1,000,000");
        }
        if (self.unit == ValidityUnit::Forever) != (self.validity == 0) || self.validity < 0 {
            fields.add("validity", "OUT_OF_RANGE", "有效期不正确", "This validity does not fit its unit");
        }
        let note = fields.take("note", kernel::text::clean(&self.note, 0, 200, false)).unwrap_or_default();
        fields.check()?;
        Ok(note)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchError {
    GrantMissing,
    PriceMissing,
    ProjectDisabled,
    PriceChanged,
    NotGenerating,
}

impl From<BatchError> for Fault {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::GrantMissing => {
                Self::new(Kind::Forbidden, "GRANT_MISSING", "您没有该项目的有效授权", "You have no grant for this project")
            }
            BatchError::PriceMissing => {
                Self::field("validity", "PRICE_MISSING", "该项目没有此有效期的价格", "This project has no price for that validity")
            }
            BatchError::ProjectDisabled => Self::new(Kind::Conflict, "PROJECT_DISABLED", "项目已停用", "The project is switched off"),
            BatchError::PriceChanged => Self::new(
                Kind::Conflict,
                "PRICE_CHANGED",
                "价格刚刚变动，请核对后重新提交",
                "The price has just changed; please look at it and ask again",
            ),
            BatchError::NotGenerating => {
                Self::new(Kind::Conflict, "NOT_GENERATING", "该批次已不在生成中", "This batch is not being generated any more")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Word;
    use proptest::prelude::*;

    proptest! {
        /// Nothing is charged but what was agreed, and what cannot be charged is the count's fault, not some amount's.
        #[test]
        fn a_batch_costs_what_was_expected_or_is_not_made(
            // Most of the higher prices are too much for most counts, and none of the lower ones for any.
            price in prop_oneof![0_i64..=1_000_000, 0_i64..=1_000_000_000], count in 1_i64..=MOST, off in -2_i64..=2,
        ) {
            let total = i128::from(price) * i128::from(count);
            let expected = i64::try_from(total + i128::from(off)).unwrap();
            let asked = NewBatch { expected_total: Some(Quota::new(expected)), ..ask(count, ValidityUnit::Day, 1, "") };
            let agreed = asked.agreed_total(Quota::new(price));
            if total > i128::from(Quota::MAX_ASKED.units()) {
                let refused = agreed.unwrap_err();
                prop_assert_eq!(refused.fields[0].field.as_str(), "count");
            } else if off == 0 {
                prop_assert_eq!(agreed.unwrap().units(), expected);
            } else {
                prop_assert_eq!(agreed.unwrap_err().code, "PRICE_CHANGED");
            }
        }
    }

    fn ask(count: i64, unit: ValidityUnit, validity: i64, note: &str) -> NewBatch {
        NewBatch { project_id: ProjectId::from_uuid(Default::default()), count, unit, validity, note: note.into(), expected_total: None }
    }

    fn wrong(ask: &NewBatch) -> Vec<String> {
        ask.check().err().map(|fault| fault.fields.into_iter().map(|field| field.field).collect()).unwrap_or_default()
    }

    #[test]
    fn k3_1a_a_price_that_has_changed_since_it_was_shown_makes_no_batch() {
        let agreed = |expected: Option<i64>| {
            let asked = NewBatch { expected_total: expected.map(Quota::new), ..ask(30, ValidityUnit::Day, 1, "") };
            asked.agreed_total(Quota::new(50)).map(Quota::units).map_err(|fault| fault.code)
        };
        assert_eq!((agreed(Some(1_500)), agreed(None)), (Ok(1_500), Ok(1_500)), "as it was shown, or to somebody who was shown nothing");
        for other in [0, 1_499, 1_501] {
            assert_eq!(agreed(Some(other)), Err("PRICE_CHANGED"), "{other}");
        }
    }

    #[test]
    fn k3_1a_all_that_is_wrong_with_a_batch_is_named_and_its_note_is_cleaned() {
        assert_eq!(ask(1, ValidityUnit::Day, 30, " for  May ").check().unwrap(), "for  May");
        assert_eq!(wrong(&ask(0, ValidityUnit::Day, 0, "\u{202e}")), ["count", "validity", "note"]);
        assert_eq!(
            (wrong(&ask(MOST, ValidityUnit::Day, 1, "")), wrong(&ask(MOST + 1, ValidityUnit::Day, 1, ""))),
            (vec![], vec!["count".to_owned()])
        );
    }

    proptest! {
        #[test]
        fn k3_1a_only_forever_has_no_number(unit in 0..ValidityUnit::ALL.len(), validity in prop_oneof![Just(0), Just(1), Just(-1), -1_000_i64..1_000]) {
            let unit = ValidityUnit::ALL[unit];
            let good = if unit == ValidityUnit::Forever { validity == 0 } else { validity > 0 };
            prop_assert_eq!(ask(5, unit, validity, "").check().is_ok(), good);
        }
    }

    #[test]
    fn a_batch_that_cannot_be_made_says_why() {
        let refused = |error: BatchError| {
            let fault = Fault::from(error);
            (fault.kind, fault.fields.first().map_or(fault.code, |field| field.code))
        };
        assert_eq!(refused(BatchError::GrantMissing), (Kind::Forbidden, "GRANT_MISSING"));
        assert_eq!(refused(BatchError::PriceMissing), (Kind::Invalid, "PRICE_MISSING"));
        assert_eq!(refused(BatchError::ProjectDisabled), (Kind::Conflict, "PROJECT_DISABLED"));
        assert_eq!(refused(BatchError::NotGenerating), (Kind::Conflict, "NOT_GENERATING"));
    }

    #[test]
    fn k3_1a_a_batch_costs_up_to_the_most_that_may_be_asked_for_and_its_note_has_an_end() {
        let total = |count: i64, price: i64| {
            let total = ask(count, ValidityUnit::Day, 1, "").total(Quota::new(price));
            total.map(Quota::units).map_err(|fault| fault.fields[0].code)
        };
        assert_eq!((total(MOST, 999_999), total(MOST, 1_000_000)), (Ok(999_999_000_000), Ok(1_000_000_000_000)));
        assert_eq!((total(1, 1_000_000_000_001), total(2, i64::MAX)), (Err("TOO_LARGE"), Err("TOO_LARGE")), "or more than can be counted");
        assert_eq!(ask(1, ValidityUnit::Day, 1, &"x".repeat(200)).check().unwrap().len(), 200);
        assert_eq!(wrong(&ask(1, ValidityUnit::Day, 1, &"x".repeat(201))), ["note"]);
        assert_eq!(
            (wrong(&ask(1, ValidityUnit::Day, 1, "")), wrong(&ask(-1, ValidityUnit::Day, 1, ""))),
            (vec![], vec!["count".to_owned()])
        );
    }
}
