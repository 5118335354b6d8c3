//! Why somebody cannot pay, or not now.

use kernel::{Fault, Kind};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayError {
    /// The installation has no account at this network, or does not take payments by it now.
    NoChannel,
    /// Inside WeChat one pays with the account that one has signed in with.
    WechatSignInNeeded,
    /// The network did not answer, or not clearly. Asking again is safe.
    Unclear,
    /// The network says no.
    Refused,
    /// It is paid, or closed.
    NotPending,
    /// Its means of payment was changed too often.
    TooManyAttempts,
    /// More than was paid, or than is left of it.
    MoreThanPaid,
    /// It went back in so many parts that the rest can only go all at once.
    AllAtOnce,
    /// It is not one that somebody has to look at.
    NotStuck,
    /// Of what was only frozen nothing stays in a wallet or is paid out; of anything else nothing is let go.
    Unsuitable,
    /// The network has sent it back after all.
    WentBack,
    /// The network is sending it back.
    OnItsWay,
    /// A pre-authorisation is Alipay's, where we are not known yet.
    AlipayFirst,
    /// It takes nothing of what was frozen, is over, or is asked for without anything to be told of yet.
    NothingToWriteOff,
    /// Alipay has taken what was to be written off.
    TakenAfterAll,
    /// Its network says that it may be paid, or taken, yet, and does not close it.
    StillOpen,
    /// None of its payments is one that people were told of, and was placed with a merchant that we were.
    NothingToEnd,
    /// Something may still be paid to the merchant that was to be forgotten.
    MerchantNeeded,
}

impl From<PayError> for Fault {
    fn from(error: PayError) -> Self {
        let conflict = |code, zh: &str, en: &str| Self::new(Kind::Conflict, code, zh, en);
        match error {
            PayError::NoChannel => conflict(
                "CHANNEL_UNAVAILABLE",
                "暂不支持这种支付方式，请换一种",
                "Payments by this means are not taken at present; please choose another",
            ),
            PayError::WechatSignInNeeded => {
                conflict("WECHAT_SIGN_IN_NEEDED", "请先用微信登录，再使用微信支付", "Please sign in by WeChat before you pay inside it")
            }
            PayError::Unclear => Self::new(
                Kind::Unavailable,
                "PAYMENT_UNCLEAR",
                "支付渠道没有回应，请稍后再试，不会重复扣款",
                "The payment network does not answer; please try again, nothing is charged twice",
            )
            .retry_after(3),
            PayError::Refused => conflict(
                "PAYMENT_REFUSED",
                "支付渠道拒绝了这笔支付，请换一种方式",
                "The payment network refused this payment; please choose another means",
            ),
            PayError::NotPending => conflict("ORDER_NOT_PENDING", "这笔支付已完成或已关闭", "This payment is made, or closed, already"),
            PayError::TooManyAttempts => conflict(
                "TOO_MANY_ATTEMPTS",
                "这笔付款更换方式的次数过多，请取消后重新付款",
                "The means of this payment was changed too often; please cancel it and begin another",
            ),
            PayError::MoreThanPaid => {
                conflict("MORE_THAN_PAID", "超过可原路退回的金额", "This is more than can go back to where it came from")
            }
            PayError::AllAtOnce => conflict(
                "REFUND_ALL_AT_ONCE",
                "这笔款已分多次退回，剩下的只能一次退完，请改为退回全部",
                "This money went back in so many parts that the rest can only go at once; please ask for all of it",
            ),
            PayError::NotStuck => conflict("NOT_STUCK", "这笔退款不需要人工处理", "This refund needs nobody's help"),
            PayError::Unsuitable => conflict("REMEDY_UNSUITABLE", "这笔退款不能这样处理", "This refund cannot be put right in this way"),
            PayError::WentBack => {
                conflict("REFUND_DONE", "支付渠道已经退回这笔款，无需再处理", "The network has sent this money back; nothing is left to do")
            }
            PayError::OnItsWay => conflict(
                "REFUND_PENDING",
                "支付渠道正在退回这笔款，请等待结果",
                "The network is sending this money back; please wait for it",
            ),
            PayError::NothingToWriteOff => conflict("WRITE_OFF_UNSUITABLE", "这个订单不能核销", "This order cannot be written off"),
            PayError::TakenAfterAll => {
                conflict("CAPTURE_DONE", "支付宝已经扣到这笔款，无需核销", "Alipay has taken this money; there is nothing to write off")
            }
            PayError::StillOpen => conflict(
                "PAYMENT_OPEN",
                "支付渠道说这笔款仍可能付成，暂时不能关闭，请稍后再试",
                "The network says that this may be paid yet, and does not close it; please try again later",
            ),
            PayError::NothingToEnd => {
                conflict("END_UNSUITABLE", "这个订单的付款不能由人工结束", "No payment of this order can be ended by hand")
            }
            PayError::MerchantNeeded => conflict(
                "MERCHANT_NEEDED",
                "在这个商户还有没有结束的付款或冻结的款项，请先等它们结束，或在订单页处理",
                "Payments with this merchant, or money that it has frozen, are not over; wait for that, or see to them on their orders' pages",
            ),
            PayError::AlipayFirst => conflict("ALIPAY_FIRST", "请先设置支付宝商户参数", "Please set Alipay's parameters first"),
        }
    }
}
