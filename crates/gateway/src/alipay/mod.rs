//! Alipay's open platform, version 2 of its gateway, with keys (not certificates).

mod answer;
mod bill;
mod freeze;
mod notice;
mod sign;

use std::collections::BTreeMap;

use async_trait::async_trait;
use kernel::{Clock, text};
use platform::payments::{
    AlipayParameters, BadParameter, BillLine, Channel, ChannelError, Handed, Header, Method, NotBelieved, PayProblemCode, PayerKind, Place,
    Problem, Received, RefundAsk, RefundStanding, Standing,
};
use reqwest::Client;
use serde_json::{Value, json};

use crate::http;
use crate::unclear::{status_said, unclear, unclear_saying, unreadable};
use crate::yuan::to_yuan;
use answer::{Answer, is_own_trouble, is_short};
use notice::to_beijing;
use sign::Signer;

pub use freeze::AlipayFreeze;

/// A day's bill of the largest of halls, packed.
const BILL: usize = 16 << 20;
/// Of a subject, and of a refund's reason. Alipay does not say whether it counts letters or bytes.
const WORDS: usize = 256;

pub struct Alipay {
    client: Client,
    /// Of the gateway, whole.
    gateway: String,
    notify_url: String,
    app_id: String,
    seller_id: String,
    signer: Signer,
    clock: Clock,
}

impl Alipay {
    /// # Errors
    /// Names the parameter that cannot be used.
    pub fn new(parameters: &AlipayParameters, gateway: &str, notify_url: &str, clock: Clock) -> Result<Self, BadParameter> {
        let digits = |text: &str| (8..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(&parameters.app_id) {
            return Err(BadParameter { field: "app_id", zh: "应用 APPID 应为数字", en: "The app's id has digits alone" });
        }
        if !digits(&parameters.seller_id) {
            return Err(BadParameter {
                field: "merchant_id",
                zh: "商户 PID 应为数字（2088…）",
                en: "The seller's id has digits alone (2088…)",
            });
        }
        let signer = Signer::new(parameters)?;
        let client = http::client().map_err(|_| BadParameter { field: "channel", zh: "无法使用 TLS", en: "TLS cannot be set up" })?;
        Ok(Self {
            client,
            gateway: gateway.to_owned(),
            notify_url: notify_url.to_owned(),
            app_id: parameters.app_id.clone(),
            seller_id: parameters.seller_id.clone(),
            signer,
            clock,
        })
    }

    /// The lines of a day's bill, as it is downloaded. Pure.
    ///
    /// # Errors
    /// Says what cannot be read.
    pub fn read_bill(zip: &[u8]) -> Result<Vec<BillLine>, String> {
        bill::unpack(zip).and_then(|text| bill::read(&text))
    }

    /// The same of the table within. Pure.
    ///
    /// # Errors
    /// Says what cannot be read.
    pub fn read_table(text: &str) -> Result<Vec<BillLine>, String> {
        bill::read(text)
    }

    fn parameters(&self, method: &str, content: &Value, more: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
        let mut all: BTreeMap<&'static str, String> = [
            ("app_id", self.app_id.as_str()),
            ("method", method),
            ("format", "JSON"),
            ("charset", "utf-8"),
            ("sign_type", "RSA2"),
            ("version", "1.0"),
        ]
        .into_iter()
        .chain(more.iter().copied())
        .map(|(name, value)| (name, value.to_owned()))
        .collect();
        all.insert("timestamp", to_beijing(self.clock.now()));
        all.insert("biz_content", content.to_string());
        let sign = self.signer.sign(&all);
        all.insert("sign", sign);
        all
    }

    /// What Alipay says, verified; a refusal of its own is an answer too.
    async fn ask(&self, method: &str, content: &Value, more: &[(&'static str, &str)]) -> Result<Answer, ChannelError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(self.parameters(method, content, more)).finish();
        let request = self.client.post(format!("{}?charset=utf-8", self.gateway));
        let request = request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8").body(body);
        let response = http::send(request).await?;
        let status = response.status().as_u16();
        let bytes = http::body(response, http::ANSWER).await?;
        let text = std::str::from_utf8(&bytes).map_err(|error| unreadable(PayProblemCode::Unreadable, &error))?;
        if status != 200 {
            return Err(unclear_saying(PayProblemCode::InTrouble, &status_said(status)));
        }
        let node = format!("{}_response", method.replace('.', "_"));
        let signed = self.signer.open(text, &node).map_err(|doubt| doubt.of_answer(status))?;
        let answer: Answer = serde_json::from_str(signed).map_err(|error| unreadable(PayProblemCode::Unreadable, &error))?;
        // 20000: the service is not to be had; 20001: permission is being looked at.
        if answer.code.starts_with("20") || is_own_trouble(&answer.sub_code) {
            let words = if answer.sub_msg.is_empty() { answer.msg } else { answer.sub_msg };
            return Err(unclear_saying(PayProblemCode::InTrouble, &format!("{} {}: {words}", answer.code, answer.sub_code)));
        }
        Ok(answer)
    }
}

#[async_trait]
impl Channel for Alipay {
    async fn place(&self, place: &Place) -> Result<Handed, ChannelError> {
        let mut content = json!({
            "out_trade_no": place.number,
            "total_amount": to_yuan(place.amount),
            "subject": text::within(&place.subject, WORDS),
        });
        // What is frozen is taken at once, or asked for again for as long as it takes; and Alipay takes no end that is more than 15 days away.
        if place.method != Method::Capture {
            content["time_expire"] = to_beijing(place.expires_at).into();
        }
        match place.method {
            // The payer's browser brings it there; until then Alipay knows nothing of it.
            Method::Wap => {
                content["product_code"] = "QUICK_WAP_WAY".into();
                content["quit_url"] = place.return_url.as_str().into();
                let more = [("notify_url", self.notify_url.as_str()), ("return_url", place.return_url.as_str())];
                let query = form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(self.parameters("alipay.trade.wap.pay", &content, &more))
                    .finish();
                Ok(Handed::Redirect { url: format!("{}?{query}", self.gateway) })
            }
            Method::Precreate => {
                let more = [("notify_url", self.notify_url.as_str())];
                let answer = self.ask("alipay.trade.precreate", &content, &more).await?.good()?.about(&place.number)?;
                if answer.qr_code.is_empty() {
                    return Err(unclear(PayProblemCode::Incomplete));
                }
                Ok(Handed::QrCode { content: answer.qr_code })
            }
            // Out of what is frozen, without anybody's doing.
            Method::Capture => {
                let Some(frozen) = &place.frozen else {
                    return Err(ChannelError::NotAsked(PayProblemCode::NothingFrozen));
                };
                content["product_code"] = "PREAUTH_PAY".into();
                content["auth_no"] = frozen.channel_no.as_str().into();
                let name = match frozen.payer.kind {
                    PayerKind::UserId => "buyer_id",
                    PayerKind::OpenId => "buyer_open_id",
                };
                content[name] = frozen.payer.id.as_str().into();
                content["seller_id"] = self.seller_id.as_str().into();
                // What is left goes back by a request of its own, which can be asked about.
                content["auth_confirm_mode"] = "NOT_COMPLETE".into();
                let more = [("notify_url", self.notify_url.as_str())];
                let answer = self.ask("alipay.trade.pay", &content, &more).await?;
                if answer.code == "10003" {
                    return Err(unclear(PayProblemCode::BeingTaken));
                }
                answer.good()?.about(&place.number)?;
                Ok(Handed::Nothing)
            }
            Method::Freeze | Method::Jsapi | Method::H5 | Method::Native => Err(ChannelError::NotAsked(PayProblemCode::WrongMeans)),
        }
    }

    async fn query(&self, number: &str) -> Result<Standing, ChannelError> {
        let answer = self.ask("alipay.trade.query", &json!({"out_trade_no": number}), &[]).await?;
        if answer.sub_code == "ACQ.TRADE_NOT_EXIST" {
            return Ok(Standing::Unknown);
        }
        let answer = answer.good()?.about(number)?;
        match answer.trade_status.as_str() {
            "WAIT_BUYER_PAY" => Ok(Standing::Waiting),
            "TRADE_SUCCESS" | "TRADE_FINISHED" => answer.paid().map(Standing::Paid),
            // Closed without a payment, or with all of it given back: then it says when it was paid.
            "TRADE_CLOSED" if !answer.send_pay_date.is_empty() => answer.paid().map(Standing::Paid),
            "TRADE_CLOSED" => Ok(Standing::Closed),
            other => Err(unclear_saying(PayProblemCode::UnknownState, other)),
        }
    }

    async fn close(&self, number: &str) -> Result<(), ChannelError> {
        let answer = self.ask("alipay.trade.close", &json!({"out_trade_no": number}), &[]).await?;
        match answer.sub_code.as_str() {
            "ACQ.TRADE_HAS_CLOSE" => Ok(()),
            _ => answer.good().map(drop),
        }
    }

    async fn refund(&self, refund: &RefundAsk) -> Result<RefundStanding, ChannelError> {
        let content = json!({
            "out_trade_no": refund.number,
            "out_request_no": refund.refund_number,
            "refund_amount": to_yuan(refund.amount),
            "refund_reason": text::within(&refund.why, WORDS),
        });
        let answer = self.ask("alipay.trade.refund", &content, &[]).await?;
        if is_short(&answer.sub_code) {
            let said = format!("{}: {}", answer.sub_code, answer.sub_msg);
            return Ok(RefundStanding::Failed(Problem::saying(PayProblemCode::BalanceShort, &said)));
        }
        let answer = answer.good()?.about(&refund.number)?;
        if answer.fund_change == "Y" {
            return Ok(RefundStanding::Done { channel_no: answer.trade_no });
        }
        // It was asked for before, or money has not moved: only a query tells.
        match self.query_refund(&refund.number, &refund.refund_number).await? {
            RefundStanding::Unknown => Ok(RefundStanding::Pending),
            known => Ok(known),
        }
    }

    async fn query_refund(&self, number: &str, refund_number: &str) -> Result<RefundStanding, ChannelError> {
        let content = json!({"out_trade_no": number, "out_request_no": refund_number});
        let answer = self.ask("alipay.trade.fastpay.refund.query", &content, &[]).await?;
        if answer.sub_code == "ACQ.TRADE_NOT_EXIST" {
            return Ok(RefundStanding::Unknown);
        }
        let answer = answer.good()?;
        match answer.refund_status.as_str() {
            "REFUND_SUCCESS" if answer.out_trade_no == number && answer.out_request_no == refund_number => {
                Ok(RefundStanding::Done { channel_no: answer.trade_no })
            }
            "REFUND_SUCCESS" => Err(unclear(PayProblemCode::OfAnother)),
            // Nothing of it went back, or nothing is known of it.
            _ => Ok(RefundStanding::Unknown),
        }
    }

    fn notice(&self, _: Header<'_>, body: &[u8]) -> Result<Received, NotBelieved> {
        notice::read(&self.signer, &self.app_id, &self.seller_id, body)
    }

    async fn bill(&self, day: &str) -> Result<Vec<BillLine>, ChannelError> {
        let content = json!({"bill_type": "trade", "bill_date": day});
        let answer = self.ask("alipay.data.dataservice.bill.downloadurl.query", &content, &[]).await?;
        if answer.sub_code == "isp.bill_not_exist" {
            return Ok(Vec::new());
        }
        let answer = answer.good()?;
        // The address was in a signed answer; it is another host's, and good for half a minute.
        let Some(address) = bill::address(&answer.bill_download_url, &self.gateway) else {
            return Err(unclear(PayProblemCode::BadBill));
        };
        let response = http::send(self.client.get(address)).await?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(unclear_saying(PayProblemCode::BadBill, &status_said(status)));
        }
        let zip = http::body(response, BILL).await?;
        Self::read_bill(&zip).map_err(|why| unreadable(PayProblemCode::BadBill, &why))
    }
}
