//! What does not fit about a payment, or keeps a network's answer from being one: a code, which everybody reads in their own language, and apart
//! from it what the network has said in words of its own.
//!
//! **Invariant**: [`Problem::said`] holds nothing of ours. It is text of strangers: short, on one line, and shown as theirs.

use std::fmt;

use kernel::{Fen, text};
use serde::{Deserialize, Serialize};

kernel::words! {
    pub enum PayProblemCode {
        /// Another amount was paid than was asked for: `amount_fen`.
        OtherAmount = "other_amount",
        /// One number of ours, two payments: the other one's `number`.
        OtherNumber = "other_number",
        /// It was taken for paid, and then closed: nothing was paid, or nothing is frozen any more.
        LetGo = "let_go",
        /// For a day the network has neither said whether it was paid nor closed it.
        Silent = "silent",
        /// In the network's bill, and unpaid by its answer.
        BillOnly = "bill_only",
        /// The refund of this `number` was put right by hand, and the network has made it too.
        RefundedTwice = "refunded_twice",
        /// What was frozen was to be taken, and the network has closed that unpaid: it is asked for again, under another number.
        ClosedUnpaid = "closed_unpaid",
        /// What was frozen was asked for a day ago, and is not taken.
        NotTaken = "not_taken",
        /// It was written off, and has been taken after all.
        WrittenOff = "written_off",
        /// Ten days on its way back.
        NotSent = "not_sent",
        /// The network could not send it back: in which state it has left it.
        Failed = "failed",
        NothingFrozen = "nothing_frozen",
        /// It is frozen, and so cannot be closed.
        IsFrozen = "is_frozen",
        /// The network has no such means of payment.
        WrongMeans = "wrong_means",
        /// Who would pay inside WeChat is known to no app of this merchant.
        PayerUnknown = "payer_unknown",
        Refused = "refused",
        /// The same, and nobody has signed it: WeChat promises to sign what succeeds alone.
        RefusedUnsigned = "refused_unsigned",
        /// What the merchant has at the network is less than is to go back: it may come with the day's payments, or somebody fills it up.
        BalanceShort = "balance_short",
        /// The same, and nobody has signed it.
        BalanceShortUnsigned = "balance_short_unsigned",
        NoAnswer = "no_answer",
        /// The network is busy, or in trouble of its own.
        InTrouble = "in_trouble",
        NotSigned = "not_signed",
        /// Signed by a key that we do not have.
        UnknownKey = "unknown_key",
        /// Signed at another time than now.
        OtherTime = "other_time",
        BadSignature = "bad_signature",
        Unreadable = "unreadable",
        /// About another payment, another refund, or another merchant.
        OfAnother = "of_another",
        Incomplete = "incomplete",
        UnknownState = "unknown_state",
        BeingTaken = "being_taken",
        /// Nobody can speak any more as the merchant with whom it was placed: what made us known was forgotten, since nothing was to come of it.
        MerchantGone = "merchant_gone",
        NoBill = "no_bill",
        BadBill = "bad_bill",
        /// A trouble of our own: the log says which.
        Ours = "ours",
    }
}

impl PayProblemCode {
    /// Whether a refund waits for money of the merchant's, as all others of its network do.
    pub const fn is_short(self) -> bool {
        matches!(self, Self::BalanceShort | Self::BalanceShortUnsigned)
    }
}

/// What is kept of a text of a network's.
const LONGEST: usize = 300;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PayProblem)]
pub struct Problem {
    pub code: PayProblemCode,
    /// Which amount the network says, of `other_amount`.
    pub amount_fen: Option<Fen>,
    /// Which number it is about, of `other_number` and `refunded_twice`.
    pub number: Option<String>,
    /// The network's own words: its code and its message, a state that it names, an HTTP status.
    pub said: Option<String>,
}

impl From<PayProblemCode> for Problem {
    fn from(code: PayProblemCode) -> Self {
        Self { code, amount_fen: None, number: None, said: None }
    }
}

impl Problem {
    pub fn amount(theirs: Fen) -> Self {
        Self { amount_fen: Some(theirs), ..PayProblemCode::OtherAmount.into() }
    }

    pub fn number(code: PayProblemCode, number: &str) -> Self {
        Self { number: Some(text::quoted(number, LONGEST)), ..code.into() }
    }

    /// With what the network has said.
    pub fn saying(code: PayProblemCode, said: &str) -> Self {
        Self { said: Some(text::quoted(said, LONGEST)).filter(|said| !said.is_empty()), ..code.into() }
    }

    /// For messages, in Chinese and in English. What the network has said stands behind it, as the network's.
    pub fn texts(&self) -> (String, String) {
        let (zh, en) = words(self.code);
        let amount = self.amount_fen.map(yuan).unwrap_or_default();
        // One after the other in our own words alone: theirs are not looked through for what stands for something.
        let filled = |words: &str| words.replace("{amount}", &amount).replace("{number}", self.number.as_deref().unwrap_or_default());
        match &self.said {
            None => (filled(zh), filled(en)),
            Some(said) => (format!("{}；渠道答复：“{said}”", filled(zh)), format!("{}; the network’s answer: “{said}”", filled(en))),
        }
    }
}

/// For the program's log.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code.fmt(f)?;
        if let Some(amount) = self.amount_fen {
            write!(f, " ({amount} fen)")?;
        }
        for more in [&self.number, &self.said].into_iter().flatten() {
            write!(f, " ({more})")?;
        }
        Ok(())
    }
}

/// What each code says, within a sentence.
const fn words(code: PayProblemCode) -> (&'static str, &'static str) {
    match code {
        PayProblemCode::OtherAmount => (
            "渠道报告的付款金额是 {amount} 元，与订单不符",
            "the network says that {amount} yuan were paid, which is not the order’s amount",
        ),
        PayProblemCode::OtherNumber => (
            "渠道就同一单号又报告了另一笔付款，渠道单号为 {number}",
            "the network tells of a second payment under the same number, which it calls {number}",
        ),
        PayProblemCode::LetGo => (
            "已按付款成功处理，渠道却已关闭：没有付款，或已不再冻结",
            "it was taken for paid, and the network has closed it: nothing was paid, or nothing is frozen any more",
        ),
        PayProblemCode::Silent => (
            "超过一天没有明确结果：渠道既没有说明是否已付，也没有关闭",
            "not clear for more than a day: the network does not say whether it was paid, and does not close it",
        ),
        PayProblemCode::BillOnly => {
            ("渠道的账单里有这笔付款，查询时渠道却答复没有付", "it is in the network’s bill, and unpaid by its answer")
        }
        PayProblemCode::RefundedTwice => {
            ("退款 {number} 已由人工处理，渠道却又退了一次", "refund {number} was put right by hand, and the network has made it too")
        }
        PayProblemCode::ClosedUnpaid => (
            "渠道没有扣到钱就关闭了这次扣款，已换单号重新请求",
            "the network has closed it unpaid; it is asked for again under another number",
        ),
        PayProblemCode::NotTaken => ("请求扣款已超过一天，仍没有扣到", "it was asked for more than a day ago, and is not taken"),
        PayProblemCode::WrittenOff => ("这笔款已经核销，渠道之后又扣到了", "it was written off, and the network has taken it after all"),
        PayProblemCode::NotSent => ("渠道十天仍没有退回，也没有拒绝", "the network has not sent it back in ten days, and does not refuse"),
        PayProblemCode::Failed => ("渠道没有退成", "the network could not send it back"),
        PayProblemCode::NothingFrozen => ("这个单号没有冻结的钱", "nothing is frozen under this number"),
        PayProblemCode::IsFrozen => ("钱已冻结，不能直接关闭", "it is frozen, and cannot just be closed"),
        PayProblemCode::WrongMeans => ("这个渠道没有这种付款方式", "the network has no such means of payment"),
        PayProblemCode::PayerUnknown => ("付款人不是在这个商户的应用中登录的", "the payer is known to no app of this merchant"),
        PayProblemCode::Refused => ("渠道拒绝", "the network refuses"),
        PayProblemCode::RefusedUnsigned => {
            ("渠道拒绝，但答复没有签名，请先向渠道查证", "the network refuses, and nobody has signed that: please look there first")
        }
        PayProblemCode::BalanceShort => {
            ("商户在渠道的余额不足，退不出去", "what the merchant has at the network is less than is to go back")
        }
        PayProblemCode::BalanceShortUnsigned => (
            "渠道答复商户余额不足，但答复没有签名，请先向渠道查证",
            "the network says that the merchant has less there than is to go back, and nobody has signed that: please look there first",
        ),
        PayProblemCode::NoAnswer => ("渠道没有回应", "the network does not answer"),
        PayProblemCode::InTrouble => ("渠道繁忙或出错", "the network is busy, or in trouble"),
        PayProblemCode::NotSigned => ("收到的答复没有签名，不予采信", "an answer that is not signed, and not believed"),
        PayProblemCode::UnknownKey => (
            "收到的答复由没有登记的公钥签名，请检查渠道公钥",
            "an answer that is signed by a key that is not among ours: please check the network’s keys",
        ),
        PayProblemCode::OtherTime => {
            ("收到的答复与服务器时间相差太多，请检查服务器时钟", "an answer of another time: please check the server’s clock")
        }
        PayProblemCode::BadSignature => {
            ("收到的答复签名不符，请检查渠道公钥", "an answer whose signature does not fit: please check the network’s keys")
        }
        PayProblemCode::Unreadable => ("收到的答复无法读取", "an answer that cannot be read"),
        PayProblemCode::OfAnother => ("收到的答复说的是另一笔款项或另一个商户", "an answer about another payment, or another merchant"),
        PayProblemCode::Incomplete => ("收到的答复不完整", "an answer that is not whole"),
        PayProblemCode::UnknownState => ("渠道报告的状态无法识别", "the network names a state that is not known"),
        PayProblemCode::BeingTaken => ("渠道正在扣款", "the network is taking it"),
        PayProblemCode::MerchantGone => (
            "收款的商户早已更换，它的参数不再保留",
            "it was placed with a merchant that we were long ago, and whose parameters are not kept any more",
        ),
        PayProblemCode::NoBill => ("渠道还没有这一天的账单", "the network has no bill of that day yet"),
        PayProblemCode::BadBill => ("账单下载不完整，或无法读取", "the bill came in pieces, or cannot be read"),
        PayProblemCode::Ours => ("本系统出错，原因见服务日志", "something failed on our side: the server’s log says what"),
    }
}

/// As people write money. A network may say any amount, also one below nothing.
pub(in crate::payments) fn yuan(fen: Fen) -> String {
    let (sign, fen) = (if fen.fen() < 0 { "-" } else { "" }, fen.fen().unsigned_abs());
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Word;

    fn names(text: &str) -> Vec<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }

    #[test]
    fn k12_1_every_problem_is_said_in_both_languages_with_the_same_parameters() {
        let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        for code in PayProblemCode::ALL.iter().copied() {
            let (zh, en) = words(code);
            assert!(is_chinese(zh) && !is_chinese(en) && en.contains(' '), "{code}: {zh} / {en}");
            assert_eq!(names(zh), names(en), "{code}");
        }
    }

    #[test]
    fn v4_1_who_has_to_look_reads_what_the_network_says_as_the_networks() {
        let (zh, en) = Problem::amount(Fen::new(3_601)).texts();
        assert!(zh.contains("36.01 元") && en.contains("36.01 yuan"), "{zh} / {en}");
        let (zh, en) = Problem::number(PayProblemCode::OtherNumber, "4201").texts();
        assert!(zh.ends_with("4201") && en.ends_with("4201"), "{zh} / {en}");
        let (zh, en) = Problem::saying(PayProblemCode::Refused, "NOT_ENOUGH: {amount}").texts();
        assert_eq!(
            (zh.as_str(), en.as_str()),
            ("渠道拒绝；渠道答复：“NOT_ENOUGH: {amount}”", "the network refuses; the network’s answer: “NOT_ENOUGH: {amount}”")
        );
        assert_eq!([-5, 0, 9, 3_600].map(|fen| yuan(Fen::new(fen))), ["-0.05", "0.00", "0.09", "36.00"]);
    }

    #[test]
    fn k12_1_no_more_of_a_networks_text_is_kept_than_people_read_and_nothing_that_cannot_be_seen() {
        let said = |text: &str| Problem::saying(PayProblemCode::Refused, text).said;
        assert_eq!(said(&"长".repeat(10_000)).map(|said| said.chars().count()), Some(LONGEST));
        assert_eq!((said("a\0b\n\u{202e}c").as_deref(), said(" \n ")), (Some("a b  c"), None));
        assert_eq!(Problem::number(PayProblemCode::OtherNumber, &"4".repeat(400)).number.map(|number| number.len()), Some(LONGEST));
    }
}
