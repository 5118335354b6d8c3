//! Why a step is not taken.

use kernel::{Fault, Kind};

use super::model::Step;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ComplaintError {
    Guest,
    /// It is not in a state for this.
    NotNow(Step),
    /// It is about no session, or about one that has cost nothing (yet).
    NothingBilled,
    GivenAlready,
    /// Others may still pay a share of it.
    NotSettled,
    TooMuch,
    /// The customer is known by WeChat alone.
    NoPhone,
}

impl From<ComplaintError> for Fault {
    fn from(error: ComplaintError) -> Self {
        let conflict = |code, zh: &str, en: &str| Self::new(Kind::Conflict, code, zh, en);
        match error {
            ComplaintError::Guest => conflict(
                "PHONE_NEEDED",
                "请先用手机号登录，这样我们才能答复您",
                "Please sign in with your phone number, so that you can be answered",
            ),
            ComplaintError::NotNow(Step::Answer | Step::Settle) => conflict("COMPLAINT_CLOSED", "已经结束", "This is closed already"),
            ComplaintError::NotNow(Step::Close) => conflict("NOT_ANSWERED", "请先答复顾客", "Answer the customer first"),
            ComplaintError::NotNow(Step::Reopen) => {
                conflict("NOT_REOPENED", "尚未答复，或已重新打开过一次", "It waits for an answer, or was reopened once already")
            }
            ComplaintError::NothingBilled => {
                conflict("NOTHING_BILLED", "没有可退回的费用", "There is no bill of which something could be given back")
            }
            ComplaintError::GivenAlready => {
                conflict("GIVEN_BACK_ALREADY", "这笔费用已退过一次", "Something was given back of this bill already")
            }
            ComplaintError::NotSettled => conflict(
                "SPLIT_OPEN",
                "这笔账单的分账还没有完成，请稍后再退",
                "This bill is being shared and not settled yet; please wait for that",
            ),
            ComplaintError::NoPhone => conflict(
                "CUSTOMER_WITHOUT_PHONE",
                "顾客没有手机号，只能在这里答复",
                "This customer has no phone number, and can only be answered here",
            ),
            ComplaintError::TooMuch => Self::field(
                "amount_fen",
                "RANGE",
                "金额须大于 0，且不超过顾客已付的金额",
                "Above 0, and at most what the customer has paid",
            ),
        }
    }
}
