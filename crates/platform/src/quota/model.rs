//! The rules of amounts, without a database.

use kernel::{Fault, Kind, Quota, text};

use crate::Result;
use crate::identity::{Permission, Principal};
use crate::ledger::{AccountId, EntryKind, SystemAccount, quota_account};

/// A refusal of one field, as [`kernel::Fields::take`] wants it.
type Refused = (&'static str, String, String);

const MEMO_MAX: usize = 200;

/// What cannot be said of one field alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaError {
    /// Super admins and venue staff have no account to put quota into.
    HoldsNoQuota,
}

impl From<QuotaError> for Fault {
    fn from(error: QuotaError) -> Self {
        match error {
            QuotaError::HoldsNoQuota => {
                Self::new(Kind::Conflict, "HOLDS_NO_QUOTA", "该用户没有额度账户", "This user's role holds no quota")
            }
        }
    }
}

/// An amount that can be moved: positive, and one that no sum of them overflows.
pub(super) fn amount(asked: Quota) -> std::result::Result<Quota, Refused> {
    if !asked.is_positive() {
        Err(("NOT_POSITIVE", "数额必须是正整数".into(), "The amount must be a positive whole number".into()))
    } else if asked > Quota::MAX_ASKED {
        Err(("TOO_LARGE", "数额过大".into(), "The amount is too large".into()))
    } else {
        Ok(asked)
    }
}

/// The same, where nothing may be asked for: `None` is nothing.
pub fn amount_or_none(asked: Quota) -> std::result::Result<Option<Quota>, Refused> {
    if asked == Quota::ZERO { Ok(None) } else { amount(asked).map(Some) }
}

/// Whether an amount is more than the minimum that the settings say 必须大于最小额度: the minimum itself is too little.
pub(super) fn above(asked: Quota, minimum: i64) -> std::result::Result<(), Refused> {
    if asked.units() > minimum {
        Ok(())
    } else {
        Err(("AMOUNT_BELOW_MINIMUM", format!("数额必须大于 {minimum}"), format!("The amount must be more than {minimum}")))
    }
}

/// A note that goes with an amount; may be empty.
pub(super) fn memo(memo: Option<&str>) -> std::result::Result<String, Refused> {
    text::clean(memo.unwrap_or_default(), 0, MEMO_MAX, false)
}

/// Where the quota comes from that an admin gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaSource {
    /// Issued without limit 系统充值 (K4.1b).
    System,
    /// The admin's own (K4.1a).
    Own(AccountId),
}

impl QuotaSource {
    pub fn of(admin: &Principal) -> Result<Self> {
        if admin.role.may(Permission::QuotaIssue) {
            Ok(Self::System)
        } else if admin.role.may(Permission::QuotaRecharge) {
            Ok(Self::Own(quota_account(admin.id)))
        } else {
            Err(Fault::forbidden())
        }
    }

    pub const fn account(self) -> AccountId {
        match self {
            Self::System => SystemAccount::Issued.id(),
            Self::Own(account) => account,
        }
    }

    pub const fn kind(self) -> EntryKind {
        match self {
            Self::System => EntryKind::SystemRecharge,
            Self::Own(_) => EntryKind::Recharge,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_amount_is_positive_and_bounded_or_refused(units: i64) {
            let asked = Quota::new(units);
            prop_assert_eq!(amount(asked).is_ok(), (1..=Quota::MAX_ASKED.units()).contains(&units));
            prop_assert_eq!(amount_or_none(asked).is_ok(), units == 0 || amount(asked).is_ok());
        }

        #[test]
        fn the_minimum_itself_is_too_little(minimum in 0_i64..1_000_000_000, more in 1_i64..1_000_000) {
            prop_assert!(above(Quota::new(minimum), minimum).is_err());
            prop_assert!(above(Quota::new(minimum + more), minimum).is_ok());
        }
    }

    #[test]
    fn nothing_is_no_amount_and_a_note_is_cleaned() {
        assert_eq!(amount_or_none(Quota::ZERO).unwrap(), None);
        assert_eq!(amount_or_none(Quota::new(5)).unwrap(), Some(Quota::new(5)));
        assert_eq!((amount(Quota::new(0)).unwrap_err().0, amount(Quota::new(-1)).unwrap_err().0), ("NOT_POSITIVE", "NOT_POSITIVE"));
        assert_eq!(amount(Quota::new(Quota::MAX_ASKED.units() + 1)).unwrap_err().0, "TOO_LARGE");
        assert_eq!(amount(Quota::MAX_ASKED).unwrap(), Quota::MAX_ASKED, "the largest is not too large");
        assert_eq!((memo(None).unwrap(), memo(Some("  三月 ")).unwrap()), (String::new(), "三月".to_owned()));
        assert_eq!(memo(Some(&"x".repeat(MEMO_MAX + 1))).unwrap_err().0, "TOO_LONG");
    }

    #[test]
    fn k4_1_a_super_admin_issues_and_an_agent_admin_gives_its_own() {
        use crate::identity::Role;
        let id = crate::identity::UserId::from_uuid(uuid::Uuid::from_u128(7));
        let source = |role| {
            let user = Principal { id, name: "x".into(), role, superior: None, session: kernel::Id::from_uuid(id.uuid()) };
            QuotaSource::of(&user).map(|source| (source, source.account(), source.kind())).map_err(|fault| fault.code)
        };
        assert_eq!(source(Role::SuperAdmin), Ok((QuotaSource::System, SystemAccount::Issued.id(), EntryKind::SystemRecharge)));
        assert_eq!(source(Role::AgentAdmin), Ok((QuotaSource::Own(quota_account(id)), quota_account(id), EntryKind::Recharge)));
        for role in [Role::Agent, Role::VenueManager, Role::Maintainer, Role::Cashier] {
            assert_eq!(source(role), Err("FORBIDDEN"));
        }
        assert_eq!(Fault::from(QuotaError::HoldsNoQuota).code, "HOLDS_NO_QUOTA");
    }
}
