//! What WeChat's JSON says.

use kernel::{Fen, Timestamp};
use platform::payments::{Paid, PaidBy, PayProblemCode, PayerKind, Problem, RefundStanding, Standing};
use serde::Deserialize;

/// Who we are there: what is about somebody else is not ours.
pub(super) struct Identity {
    /// All of our apps there.
    pub app_ids: Vec<String>,
    /// And those that were so when something was placed.
    pub former: Vec<String>,
    pub merchant_id: String,
}

impl Identity {
    fn has(&self, app_id: &str) -> bool {
        self.app_ids.iter().chain(&self.former).any(|own| own == app_id)
    }
}

#[derive(Deserialize)]
pub(super) struct Transaction {
    #[serde(default)]
    appid: String,
    mchid: String,
    out_trade_no: String,
    #[serde(default)]
    transaction_id: String,
    trade_state: String,
    #[serde(default)]
    success_time: Option<String>,
    #[serde(default)]
    payer: Option<Payer>,
    #[serde(default)]
    amount: Option<Total>,
}

#[derive(Deserialize)]
struct Payer {
    #[serde(default)]
    openid: String,
}

#[derive(Deserialize)]
struct Total {
    total: i64,
    #[serde(default)]
    currency: Option<String>,
}

/// WeChat has no other name of anybody.
fn by_open_id(id: String) -> PaidBy {
    PaidBy { kind: PayerKind::OpenId, id }
}

impl Transaction {
    /// The payment, if there was one; also when it was refunded since. Refused when it is somebody else's, or not whole.
    pub fn paid(&self, own: &Identity) -> Result<Option<Paid>, Problem> {
        // An order that was never paid may come without the app.
        if self.mchid != own.merchant_id || (!self.appid.is_empty() && !own.has(&self.appid)) {
            return Err(PayProblemCode::OfAnother.into());
        }
        if !matches!(self.trade_state.as_str(), "SUCCESS" | "REFUND") {
            return Ok(None);
        }
        let amount = self.amount.as_ref().filter(|amount| amount.currency.as_deref().is_none_or(|currency| currency == "CNY"));
        let (Some(amount), false, false) = (amount, self.transaction_id.is_empty(), self.appid.is_empty()) else {
            return Err(PayProblemCode::Incomplete.into());
        };
        let at: Timestamp = self.success_time.as_deref().and_then(|at| at.parse().ok()).ok_or(PayProblemCode::Incomplete)?;
        Ok(Some(Paid {
            number: self.out_trade_no.clone(),
            channel_no: self.transaction_id.clone(),
            amount: Fen::new(amount.total),
            payer: self.payer.as_ref().map(|payer| payer.openid.clone()).filter(|openid| !openid.is_empty()).map(by_open_id),
            at,
        }))
    }

    pub fn standing(&self, own: &Identity, number: &str) -> Result<Standing, Problem> {
        if self.out_trade_no != number {
            return Err(PayProblemCode::OfAnother.into());
        }
        if let Some(paid) = self.paid(own)? {
            return Ok(Standing::Paid(paid));
        }
        match self.trade_state.as_str() {
            "NOTPAY" | "USERPAYING" => Ok(Standing::Waiting),
            "CLOSED" | "REVOKED" | "PAYERROR" => Ok(Standing::Closed),
            other => Err(Problem::saying(PayProblemCode::UnknownState, other)),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct RefundNotice {
    pub mchid: String,
    pub out_refund_no: String,
    #[serde(default)]
    pub refund_id: String,
    pub refund_status: String,
}

#[derive(Deserialize)]
pub(super) struct RefundAnswer {
    #[serde(default)]
    refund_id: String,
    out_refund_no: String,
    status: String,
}

impl RefundAnswer {
    pub fn standing(self, refund_number: &str) -> Result<RefundStanding, Problem> {
        if self.out_refund_no != refund_number {
            return Err(PayProblemCode::OfAnother.into());
        }
        match self.status.as_str() {
            "SUCCESS" => Ok(RefundStanding::Done { channel_no: self.refund_id }),
            "PROCESSING" => Ok(RefundStanding::Pending),
            // CLOSED, ABNORMAL: the payer's account is gone, or the like.
            other => Ok(RefundStanding::Failed(Problem::saying(PayProblemCode::Failed, other))),
        }
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Refusal {
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub message: String,
}
