//! Why a table is not held.

use kernel::{Fault, Kind};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldError {
    /// Holds no table: nobody could be asked whether they come.
    PhoneNeeded,
    /// The hall does not.
    NotOffered,
    /// The hall closes before it would be of use.
    ClosesSoon,
    AlreadyHolding,
    /// Has held tables and not come, or not played on them; when it is possible again, by the hall's clock.
    Unused {
        again: String,
        seconds: i64,
    },
    /// There is nothing to give back, or to release.
    NotHeld,
    /// Somebody plays on it, or it is held, cleaned or out of service.
    NotFree,
    /// By the staff, for so long.
    Until,
    PastClosing,
    NoSuchCustomer,
    CustomerWithoutPhone,
}

impl From<HoldError> for Fault {
    fn from(error: HoldError) -> Self {
        let conflict = |code, zh: &str, en: &str| Self::new(Kind::Conflict, code, zh, en);
        match error {
            HoldError::PhoneNeeded => {
                conflict("PHONE_NEEDED", "留台前请先用手机号登录", "Please sign in with your phone number before you hold a table")
            }
            HoldError::NotOffered => conflict("HOLD_NOT_OFFERED", "本店不提供留台", "This hall does not hold tables"),
            HoldError::ClosesSoon => {
                conflict("VENUE_CLOSES_SOON", "本店即将打烊，不能留台", "The hall is about to close, and holds no table now")
            }
            HoldError::AlreadyHolding => conflict(
                "ALREADY_HOLDING",
                "已为您留了一张台，请先开台或放弃",
                "A table is held for you already; open it or give it back first",
            ),
            HoldError::Unused { again, seconds } => conflict(
                "HOLDS_UNUSED",
                &format!("您多次留台后没有使用，{again} 后才能再留台；空台仍可直接开"),
                &format!(
                    "You held tables and did not use them; you may hold one again after {again}. A free table can be opened at any time"
                ),
            )
            .retry_after(seconds),
            HoldError::NotHeld => conflict("NOT_HELD", "这张台没有预约，或已结束", "This table is not held, or not any more"),
            HoldError::NotFree => {
                conflict("TABLE_NOT_FREE", "这张台现在不是空闲，不能预约", "This table is not free now, and cannot be held")
            }
            HoldError::Until => Self::field("until", "RANGE", "须晚于现在，且在 24 小时以内", "Later than now, and within 24 hours"),
            HoldError::PastClosing => Self::field("until", "PAST_CLOSING", "不能晚于打烊时间", "The hall closes before that"),
            HoldError::NoSuchCustomer => Self::field(
                "customer",
                "CUSTOMER_NOT_FOUND",
                "没有这个手机号或会员号的顾客",
                "There is no customer of this phone or number",
            ),
            HoldError::CustomerWithoutPhone => Self::field(
                "customer",
                "PHONE_NEEDED",
                "这位顾客还没有绑定手机号",
                "This customer has not signed in with a phone number yet",
            ),
        }
    }
}
