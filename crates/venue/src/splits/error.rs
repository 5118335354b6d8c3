//! Why a bill cannot be split so, or a share not be had.

use kernel::{Fault, Fen, Kind};

use crate::told::yuan;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitError {
    /// The table is not open yet, never was, or its bill is too old or comes to nothing.
    NothingToSplit,
    /// The hall has given back some of the bill.
    GivenBack,
    /// It has one.
    Exists,
    /// Less than a fen for each.
    TooLittle,
    People,
    Share,
    Sum {
        amount: Fen,
    },
    /// No such link.
    Unknown,
    /// Its starter has a share already.
    Own,
    Full,
    Taken,
    /// Which share.
    Place,
    Over,
    /// Who has confirmed is waited for.
    Confirmed,
    /// Nobody knows yet what it comes to.
    Playing,
    NotIn,
    PhoneNeeded,
    Changed,
}

impl From<SplitError> for Fault {
    fn from(error: SplitError) -> Self {
        let conflict = |code, zh: &str, en: &str| Self::new(Kind::Conflict, code, zh, en);
        match error {
            SplitError::NothingToSplit => conflict(
                "NOTHING_TO_SPLIT",
                "使用中的球台，或一天内有费用的账单，才能分账",
                "Only a table that is being played on, or a bill of the last day, can be split",
            ),
            SplitError::GivenBack => {
                conflict("BILL_GIVEN_BACK", "这份账单已退还，不能再分账", "Some of this bill was given back; it cannot be split any more")
            }
            SplitError::Exists => conflict("SPLIT_EXISTS", "这份账单已在分账", "This bill is being split already"),
            SplitError::TooLittle => {
                Self::field("people", "TOO_LITTLE", "金额太少，每人分不到一分钱", "There is less than a fen for each of them")
            }
            SplitError::People => Self::field("people", "RANGE", "须为 2 至 20 人", "2 to 20 people can share a bill"),
            SplitError::Share => Self::field(
                "amounts_fen",
                "RANGE",
                "每份须大于 0，且不超过总金额",
                "Each share must be above 0, and no more than all of it",
            ),
            SplitError::Sum { amount } => Self::field(
                "amounts_fen",
                "SUM",
                format!("各份相加须等于 {} 元", yuan(amount)),
                format!("All shares together must be {} yuan", yuan(amount)),
            ),
            SplitError::Unknown => Self::new(
                Kind::NotFound,
                "SPLIT_UNKNOWN",
                "没有找到这个分账，链接可能不完整",
                "There is no such split; the link may be incomplete",
            ),
            SplitError::Own => {
                conflict("SPLIT_OWN", "这是您发起的分账，您已有一份", "You have started this split, and have a share in it already")
            }
            SplitError::Full => conflict("SPLIT_FULL", "名额已满", "All shares are taken"),
            SplitError::Taken => conflict("SHARE_TAKEN", "这一份已被别人领取", "Somebody else has taken this share"),
            SplitError::Place => Self::field("place", "INVALID", "请选择其中一份", "Please choose one of the shares"),
            SplitError::Over => conflict("SPLIT_OVER", "这个分账已经结束", "This split is over"),
            SplitError::Confirmed => conflict("SHARE_CONFIRMED", "已确认的一份不能退出", "A share that is confirmed cannot be given back"),
            SplitError::Playing => {
                conflict("SPLIT_PLAYING", "还在打球，结账后才能扣款", "It is still being played; shares are charged when there is a bill")
            }
            SplitError::NotIn => conflict("SPLIT_NOT_IN", "请先加入分账", "Please take a share first"),
            SplitError::PhoneNeeded => {
                conflict("PHONE_NEEDED", "付款前请先用手机号登录", "Please sign in with your phone number before you pay")
            }
            SplitError::Changed => {
                conflict("PRICE_CHANGED", "金额刚刚变动，请重新确认", "The amount has just changed; please look again and confirm")
            }
        }
    }
}
