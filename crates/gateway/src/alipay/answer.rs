//! What Alipay says: an answer of any kind, and what of it is a refusal.

use platform::payments::{ChannelError, Paid, PaidBy, PayProblemCode, PayerKind};
use serde::Deserialize;

use super::notice::from_beijing;
use crate::unclear::unclear;
use crate::yuan::from_yuan;

/// All that we read of any answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    pub code: String,
    pub msg: String,
    pub sub_code: String,
    pub sub_msg: String,
    pub out_trade_no: String,
    pub trade_no: String,
    pub trade_status: String,
    pub total_amount: String,
    pub send_pay_date: String,
    pub buyer_user_id: String,
    pub buyer_open_id: String,
    pub qr_code: String,
    pub fund_change: String,
    pub out_request_no: String,
    pub refund_status: String,
    pub bill_download_url: String,
    // Of pre-authorisations.
    pub out_order_no: String,
    pub auth_no: String,
    pub code_value: String,
    pub status: String,
    pub amount: String,
    pub gmt_trans: String,
    pub payer_user_id: String,
    pub payer_open_id: String,
    pub operation_id: String,
}

/// Whether Alipay speaks of a trouble of its own: it may have been done all the same. It does so among its refusals (40004) too, and its parts
/// put names of their own before it: `ACQ.SYSTEM_ERROR`, `aop.ACQ.SYSTEM_ERROR`, `isp.unknow-error`.
pub(super) fn is_own_trouble(sub_code: &str) -> bool {
    let last = sub_code.rsplit('.').next().unwrap_or_default();
    matches!(last, "SYSTEM_ERROR" | "UNKNOW_ERROR" | "UNKNOWN_ERROR" | "unknow-error" | "unknown-error")
}

/// The payer, by whichever name Alipay says: newer apps are told one that is good in them alone, and not the user id.
pub(super) fn paid_by(user_id: &str, open_id: &str) -> Option<PaidBy> {
    let names = [(PayerKind::UserId, user_id), (PayerKind::OpenId, open_id)];
    names.into_iter().find(|(_, id)| !id.is_empty()).map(|(kind, id)| PaidBy { kind, id: id.to_owned() })
}

/// Whether the seller has less at Alipay than is to go back.
pub(super) fn is_short(sub_code: &str) -> bool {
    sub_code.rsplit('.').next() == Some("SELLER_BALANCE_NOT_ENOUGH")
}

impl Answer {
    pub fn good(self) -> Result<Self, ChannelError> {
        if self.code == "10000" { Ok(self) } else { Err(self.refusal()) }
    }

    fn refusal(self) -> ChannelError {
        let or = |sub: String, own: String| if sub.is_empty() { own } else { sub };
        // Whatever is no answer of Alipay's was not opened.
        ChannelError::Refused { code: or(self.sub_code, self.code), message: or(self.sub_msg, self.msg), signed: true }
    }

    pub fn about(self, number: &str) -> Result<Self, ChannelError> {
        if self.out_trade_no == number { Ok(self) } else { Err(unclear(PayProblemCode::OfAnother)) }
    }

    pub fn paid(&self) -> Result<Paid, ChannelError> {
        let whole = from_yuan(&self.total_amount).zip(from_beijing(&self.send_pay_date)).filter(|_| !self.trade_no.is_empty());
        let (amount, at) = whole.ok_or_else(|| unclear(PayProblemCode::Incomplete))?;
        let payer = paid_by(&self.buyer_user_id, &self.buyer_open_id);
        Ok(Paid { number: self.out_trade_no.clone(), channel_no: self.trade_no.clone(), amount, payer, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v4_1_a_payer_is_known_by_the_name_that_alipay_says_and_which_kind_it_is() {
        let said = |user_id, open_id| paid_by(user_id, open_id).map(|by| (by.kind, by.id));
        let known = |kind, id: &str| Some((kind, id.to_owned()));
        assert_eq!(said("2088000000000042", ""), known(PayerKind::UserId, "2088000000000042"));
        assert_eq!(said("", "074a1CcTG1"), known(PayerKind::OpenId, "074a1CcTG1"));
        // An app that is told both goes on as before.
        assert_eq!(said("2088000000000042", "074a1CcTG1"), known(PayerKind::UserId, "2088000000000042"));
        assert_eq!(said("", ""), None);
    }

    #[test]
    fn v8_2_a_trouble_of_alipays_own_is_told_from_what_it_refuses() {
        for own in ["ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR", "SYSTEM_ERROR", "isp.unknow-error", "aop.unknow-error", "ACQ.UNKNOW_ERROR"]
        {
            assert!(is_own_trouble(own), "{own}");
        }
        for refusal in [
            "",
            "ACQ.TRADE_NOT_EXIST",
            "ACQ.SELLER_BALANCE_NOT_ENOUGH",
            "isp.bill_not_exist",
            "isv.invalid-signature",
            "ACQ.SYSTEM_ERROR.X",
        ] {
            assert!(!is_own_trouble(refusal), "{refusal}");
        }
    }

    #[test]
    fn v8_2_that_the_seller_has_too_little_is_told_from_all_else_that_alipay_refuses() {
        let short = ["ACQ.SELLER_BALANCE_NOT_ENOUGH", "aop.ACQ.SELLER_BALANCE_NOT_ENOUGH", "SELLER_BALANCE_NOT_ENOUGH"];
        assert!(short.into_iter().all(is_short));
        assert!(!["", "ACQ.TRADE_NOT_ALLOW_REFUND", "ACQ.AUTH_AMOUNT_NOT_ENOUGH", "ACQ.SYSTEM_ERROR"].into_iter().any(is_short));
    }
}
