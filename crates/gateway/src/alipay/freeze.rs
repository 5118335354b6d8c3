//! Alipay's pre-authorisation 预授权: money that stays the payer's, frozen, until some of it is taken and the rest let go.
//!
//! What is taken of it is a payment of Alipay's ([`Method::Capture`]); here is the freezing, and the letting go.

use async_trait::async_trait;
use kernel::Clock;
use platform::payments::{
    AlipayParameters, BadParameter, BillLine, Channel, ChannelError, Handed, Header, Method, NotBelieved, Paid, PayProblemCode, Place,
    Problem, Received, RefundAsk, RefundStanding, Standing,
};
use serde_json::json;

use super::answer::paid_by;
use super::notice::{self, from_beijing};
use super::{Alipay, Answer};
use crate::unclear::{unclear, unclear_saying};
use crate::yuan::{from_yuan, to_yuan};

pub struct AlipayFreeze {
    alipay: Alipay,
}

impl AlipayFreeze {
    /// # Errors
    /// Names the parameter that cannot be used.
    pub fn new(parameters: &AlipayParameters, gateway: &str, notify_url: &str, clock: Clock) -> Result<Self, BadParameter> {
        Ok(Self { alipay: Alipay::new(parameters, gateway, notify_url, clock)? })
    }

    /// What became of one request about a payment: its freezing, which has the payment's own number, or a letting go. None: unknown.
    async fn operation(&self, number: &str, request: &str) -> Result<Option<Answer>, ChannelError> {
        let content = json!({"out_order_no": number, "out_request_no": request});
        let answer = self.alipay.ask("alipay.fund.auth.operation.detail.query", &content, &[]).await?;
        if matches!(answer.sub_code.as_str(), "AUTH_ORDER_NOT_EXIST" | "AUTH_OPERATION_NOT_EXIST") {
            return Ok(None);
        }
        let answer = answer.good()?;
        if answer.out_order_no != number || answer.out_request_no != request {
            return Err(unclear(PayProblemCode::OfAnother));
        }
        Ok(Some(answer))
    }
}

fn frozen(answer: &Answer) -> Result<Paid, ChannelError> {
    let whole = from_yuan(&answer.amount).zip(from_beijing(&answer.gmt_trans));
    // Without the payer nothing of it could be taken.
    let payer = paid_by(&answer.payer_user_id, &answer.payer_open_id);
    let (Some((amount, at)), Some(payer), false) = (whole, payer, answer.auth_no.is_empty()) else {
        return Err(unclear(PayProblemCode::Incomplete));
    };
    Ok(Paid { number: answer.out_order_no.clone(), channel_no: answer.auth_no.clone(), amount, payer: Some(payer), at })
}

#[async_trait]
impl Channel for AlipayFreeze {
    async fn place(&self, place: &Place) -> Result<Handed, ChannelError> {
        if place.method != Method::Freeze {
            return Err(ChannelError::NotAsked(PayProblemCode::WrongMeans));
        }
        let minutes = ((place.expires_at.unix() - self.alipay.clock.now().unix()) / 60).clamp(1, 30);
        let content = json!({
            "out_order_no": place.number,
            "out_request_no": place.number,
            "order_title": place.subject,
            "amount": to_yuan(place.amount),
            "product_code": "PREAUTH_PAY",
            "payee_user_id": self.alipay.seller_id,
            "pay_timeout": format!("{minutes}m"),
        });
        let more = [("notify_url", self.alipay.notify_url.as_str())];
        let answer = self.alipay.ask("alipay.fund.auth.order.voucher.create", &content, &more).await?.good()?;
        if answer.out_order_no != place.number || answer.code_value.is_empty() {
            return Err(unclear(PayProblemCode::Incomplete));
        }
        Ok(Handed::QrCode { content: answer.code_value })
    }

    async fn query(&self, number: &str) -> Result<Standing, ChannelError> {
        let Some(answer) = self.operation(number, number).await? else { return Ok(Standing::Unknown) };
        match answer.status.as_str() {
            "INIT" => Ok(Standing::Waiting),
            "SUCCESS" => frozen(&answer).map(Standing::Paid),
            "CLOSED" => Ok(Standing::Closed),
            other => Err(unclear_saying(PayProblemCode::UnknownState, other)),
        }
    }

    async fn close(&self, number: &str) -> Result<(), ChannelError> {
        // Cancelling would also let go what is frozen: only what nobody has frozen yet is closed here.
        match self.query(number).await? {
            Standing::Closed => return Ok(()),
            Standing::Paid(_) => return Err(ChannelError::NotAsked(PayProblemCode::IsFrozen)),
            Standing::Waiting | Standing::Unknown => {}
        }
        let content = json!({"out_order_no": number, "out_request_no": number, "remark": "close"});
        let answer = self.alipay.ask("alipay.fund.auth.operation.cancel", &content, &[]).await?;
        answer.good().map(drop)
    }

    async fn refund(&self, refund: &RefundAsk) -> Result<RefundStanding, ChannelError> {
        // Asked for before, perhaps; and where it is not known, the name of what is frozen is needed.
        match self.query_refund(&refund.number, &refund.refund_number).await? {
            RefundStanding::Unknown => {}
            known => return Ok(known),
        }
        let Some(order) = self.operation(&refund.number, &refund.number).await? else {
            return Ok(RefundStanding::Failed(PayProblemCode::NothingFrozen.into()));
        };
        let content = json!({
            "auth_no": order.auth_no,
            "out_request_no": refund.refund_number,
            "amount": to_yuan(refund.amount),
            "remark": refund.why,
        });
        let answer = self.alipay.ask("alipay.fund.auth.order.unfreeze", &content, &[]).await?.good()?;
        match answer.status.as_str() {
            "SUCCESS" => Ok(RefundStanding::Done { channel_no: answer.operation_id }),
            "INIT" => Ok(RefundStanding::Pending),
            other => Ok(RefundStanding::Failed(Problem::saying(PayProblemCode::Failed, other))),
        }
    }

    async fn query_refund(&self, number: &str, refund_number: &str) -> Result<RefundStanding, ChannelError> {
        let Some(answer) = self.operation(number, refund_number).await? else { return Ok(RefundStanding::Unknown) };
        Ok(match answer.status.as_str() {
            "SUCCESS" => RefundStanding::Done { channel_no: answer.operation_id },
            "INIT" => RefundStanding::Pending,
            other => RefundStanding::Failed(Problem::saying(PayProblemCode::Failed, other)),
        })
    }

    fn notice(&self, _: Header<'_>, body: &[u8]) -> Result<Received, NotBelieved> {
        notice::read_frozen(&self.alipay.signer, &self.alipay.app_id, &self.alipay.seller_id, body)
    }

    /// There is none of what is frozen: what was taken of it is in Alipay's own.
    async fn bill(&self, _: &str) -> Result<Vec<BillLine>, ChannelError> {
        Ok(Vec::new())
    }
}
