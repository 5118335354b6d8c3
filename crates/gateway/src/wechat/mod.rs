//! WeChat Pay, API v3.

mod answer;
mod bill;
mod notice;
mod sign;
mod words;

use async_trait::async_trait;
use kernel::{Clock, Random, Timestamp, text};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use platform::payments::{
    BadParameter, BillLine, Channel, ChannelError, Handed, Header, Method, NotBelieved, PayProblemCode, Place, Problem, Received,
    RefundAsk, RefundStanding, Standing, WechatParameters,
};
use reqwest::Client;
use ring::digest;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::http;
use crate::unclear::{Doubt, status_said, unclear, unclear_saying, unreadable};
use answer::{Answer, Asked, is_refusal};
use sign::{Seal, Signer};
use words::{Identity, RefundAnswer, Transaction};

/// A day's bill of the largest of halls.
const BILL: usize = 64 << 20;
/// In bytes, and not in letters: a name of thirty Chinese letters has ninety.
const DESCRIPTION: usize = 127;
const REASON: usize = 80;

pub struct WechatPay {
    client: Client,
    /// Without a slash at the end. What is signed begins behind it.
    base: String,
    notify_url: String,
    own: Identity,
    key: Zeroizing<String>,
    signer: Signer,
}

impl WechatPay {
    /// # Errors
    /// Names the parameter that cannot be used.
    pub fn new(parameters: &WechatParameters, base: &str, notify_url: &str, clock: Clock, random: Random) -> Result<Self, BadParameter> {
        let fits = |text: &str| (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let mini = parameters.mini_app_id.as_ref();
        for (field, id) in [("app_id", Some(&parameters.app_id)), ("mini_app_id", mini)] {
            if id.is_some_and(|id| !fits(id)) {
                return Err(BadParameter { field, zh: "应用 ID 应为字母和数字", en: "The app's id has letters and digits alone" });
            }
        }
        if parameters.api_v3_key.len() != 32 || !parameters.api_v3_key.is_ascii() {
            return Err(BadParameter { field: "api_v3_key", zh: "APIv3 密钥应为 32 个字符", en: "The APIv3 key has 32 characters" });
        }
        let signer = Signer::new(parameters, clock, random)?;
        let client = http::client().map_err(|_| BadParameter { field: "channel", zh: "无法使用 TLS", en: "TLS cannot be set up" })?;
        Ok(Self {
            client,
            base: base.trim_end_matches('/').to_owned(),
            notify_url: notify_url.to_owned(),
            own: Identity {
                app_ids: std::iter::once(&parameters.app_id).chain(mini).cloned().collect(),
                former: parameters.former_app_ids.clone(),
                merchant_id: parameters.merchant_id.clone(),
            },
            key: parameters.api_v3_key.clone(),
            signer,
        })
    }

    /// The lines of a day's bill. Pure.
    ///
    /// # Errors
    /// Says what cannot be read.
    pub fn read_bill(text: &str) -> Result<Vec<BillLine>, String> {
        bill::read(text)
    }

    async fn ask(&self, asked: Asked, method: reqwest::Method, target: &str, body: Option<&Value>) -> Result<Answer, ChannelError> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut request = self
            .client
            .request(method.clone(), format!("{}{target}", self.base))
            .header("accept", "application/json")
            .header("wechatpay-serial", self.signer.preferred())
            .header("authorization", self.signer.authorize(method.as_str(), target, &body));
        if method != reqwest::Method::GET {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = http::send(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = http::body(response, http::ANSWER).await?;
        // Whoever stands between could say anything: what is signed otherwise has not been said, and what is not signed is no fact.
        let seal = Seal::read(|name| headers.get(name).and_then(|value| value.to_str().ok()));
        let signed = seal.is_some();
        let verified = match seal {
            Some(seal) => self.signer.verify(&seal, &body),
            None if is_refusal(asked, status, &body) => Ok(()),
            None => Err(Doubt::NotSigned),
        };
        verified.map_err(|doubt| doubt.of_answer(status))?;
        let answer = Answer { status, body, signed };
        if status >= 500 || status == 429 {
            return Err(unclear_saying(PayProblemCode::InTrouble, &format!("{} {}", status_said(status), answer.words())));
        }
        Ok(answer)
    }

    async fn get(&self, target: &str) -> Result<Answer, ChannelError> {
        self.ask(Asked::Other, reqwest::Method::GET, target, None).await
    }

    async fn post(&self, target: &str, body: &Value) -> Result<Answer, ChannelError> {
        self.ask(Asked::Other, reqwest::Method::POST, target, Some(body)).await
    }

    /// Where a bill is, and what hash it has; none where the day had neither payments nor refunds.
    async fn bill_place(&self, day: &str) -> Result<Option<BillPlace>, ChannelError> {
        let answer = self.get(&format!("/v3/bill/tradebill?bill_date={day}&bill_type=ALL")).await?;
        match answer.read() {
            Err(ChannelError::Refused { code, .. }) if code == "NO_STATEMENT_EXIST" => Ok(None),
            other => other.map(Some),
        }
    }
}

#[derive(Deserialize)]
struct BillPlace {
    download_url: String,
    hash_type: String,
    hash_value: String,
}

/// As WeChat writes times: Beijing's, with its offset.
fn beijing(at: Timestamp) -> String {
    Timestamp::from_unix(at.unix() + 8 * 3_600).to_string().replace('Z', "+08:00")
}

#[derive(Deserialize)]
struct Prepared {
    #[serde(default)]
    prepay_id: String,
    #[serde(default)]
    h5_url: String,
    #[serde(default)]
    code_url: String,
}

#[async_trait]
impl Channel for WechatPay {
    async fn place(&self, place: &Place) -> Result<Handed, ChannelError> {
        // Who pays inside WeChat is known to one of our apps alone; whoever pays elsewhere is known to none.
        let app_id = match (place.method, &place.payer) {
            (Method::Jsapi, Some(payer)) if self.own.app_ids.contains(&payer.app_id) => &payer.app_id,
            (Method::Jsapi, _) => return Err(ChannelError::NotAsked(PayProblemCode::PayerUnknown)),
            _ => self.own.app_ids.first().ok_or(ChannelError::NotAsked(PayProblemCode::WrongMeans))?,
        };
        let mut body = json!({
            "appid": app_id,
            "mchid": self.own.merchant_id,
            "description": text::within(&place.subject, DESCRIPTION),
            "out_trade_no": place.number,
            "time_expire": beijing(place.expires_at),
            "notify_url": self.notify_url,
            "amount": {"total": place.amount.fen(), "currency": "CNY"},
        });
        let path = match place.method {
            Method::Jsapi => {
                body["payer"] = json!({"openid": place.payer.as_ref().map(|payer| payer.openid.as_str()).unwrap_or_default()});
                "jsapi"
            }
            Method::H5 => {
                body["scene_info"] = json!({"payer_client_ip": place.address, "h5_info": {"type": "Wap"}});
                "h5"
            }
            Method::Native => "native",
            Method::Wap | Method::Precreate | Method::Freeze | Method::Capture => {
                return Err(ChannelError::NotAsked(PayProblemCode::WrongMeans));
            }
        };
        let target = format!("/v3/pay/transactions/{path}");
        let prepared: Prepared = self.ask(Asked::Placing, reqwest::Method::POST, &target, Some(&body)).await?.read()?;
        match place.method {
            Method::Jsapi if !prepared.prepay_id.is_empty() => {
                let package = format!("prepay_id={}", prepared.prepay_id);
                let (time_stamp, nonce_str, pay_sign) = self.signer.pay(app_id, &package);
                Ok(Handed::Jsapi { app_id: app_id.clone(), time_stamp, nonce_str, package, sign_type: "RSA".into(), pay_sign })
            }
            Method::H5 if !prepared.h5_url.is_empty() => {
                let back = utf8_percent_encode(&place.return_url, NON_ALPHANUMERIC);
                Ok(Handed::Redirect { url: format!("{}&redirect_url={back}", prepared.h5_url) })
            }
            Method::Native if !prepared.code_url.is_empty() => Ok(Handed::QrCode { content: prepared.code_url }),
            _ => Err(unclear(PayProblemCode::Incomplete)),
        }
    }

    async fn query(&self, number: &str) -> Result<Standing, ChannelError> {
        let target = format!("/v3/pay/transactions/out-trade-no/{number}?mchid={}", self.own.merchant_id);
        let answer = self.get(&target).await?;
        if answer.is_unknown() {
            return Ok(Standing::Unknown);
        }
        let transaction: Transaction = answer.read()?;
        transaction.standing(&self.own, number).map_err(ChannelError::Unclear)
    }

    async fn close(&self, number: &str) -> Result<(), ChannelError> {
        let target = format!("/v3/pay/transactions/out-trade-no/{number}/close");
        let answer = self.post(&target, &json!({"mchid": self.own.merchant_id})).await?;
        match answer.status {
            200..300 => Ok(()),
            // That it is closed is a fact, and has to be signed; otherwise it is asked how it stands.
            _ => match answer.refusal() {
                ChannelError::Refused { code, .. } if answer.signed && matches!(code.as_str(), "ORDER_CLOSED" | "ORDERCLOSED") => Ok(()),
                other => Err(other),
            },
        }
    }

    async fn refund(&self, refund: &RefundAsk) -> Result<RefundStanding, ChannelError> {
        let body = json!({
            "out_trade_no": refund.number,
            "out_refund_no": refund.refund_number,
            "reason": text::within(&refund.why, REASON),
            "notify_url": self.notify_url,
            "amount": {"refund": refund.amount.fen(), "total": refund.total.fen(), "currency": "CNY"},
        });
        match self.post("/v3/refund/domestic/refunds", &body).await?.read::<RefundAnswer>() {
            Err(ChannelError::Refused { code, message, signed }) if code == "NOT_ENOUGH" => {
                let short = if signed { PayProblemCode::BalanceShort } else { PayProblemCode::BalanceShortUnsigned };
                Ok(RefundStanding::Failed(Problem::saying(short, &format!("{code}: {message}"))))
            }
            answer => answer?.standing(&refund.refund_number).map_err(ChannelError::Unclear),
        }
    }

    async fn query_refund(&self, _: &str, refund_number: &str) -> Result<RefundStanding, ChannelError> {
        let answer = self.get(&format!("/v3/refund/domestic/refunds/{refund_number}")).await?;
        if answer.is_unknown() {
            return Ok(RefundStanding::Unknown);
        }
        answer.read::<RefundAnswer>()?.standing(refund_number).map_err(ChannelError::Unclear)
    }

    fn notice(&self, header: Header<'_>, body: &[u8]) -> Result<Received, NotBelieved> {
        let seal = Seal::read(|name| header(name)).ok_or_else(|| NotBelieved("it is not signed".into()))?;
        self.signer.verify(&seal, body).map_err(|doubt| NotBelieved(doubt.to_string()))?;
        notice::read(body, &self.key, &self.own)
    }

    async fn bill(&self, day: &str) -> Result<Vec<BillLine>, ChannelError> {
        let Some(place) = self.bill_place(day).await? else { return Ok(Vec::new()) };
        // Wherever it says that the bill is, it is asked for where WeChat is.
        let target = place.download_url.find("/v3/").map(|at| &place.download_url[at..]);
        let target = target.ok_or_else(|| unclear(PayProblemCode::BadBill))?;
        let authorization = self.signer.authorize("GET", target, "");
        let request = self.client.get(format!("{}{target}", self.base)).header("authorization", authorization);
        let response = http::send(request).await?;
        let status = response.status().as_u16();
        let bytes = http::body(response, BILL).await?;
        // Bills are not signed; their hash is, in the answer that named them.
        let hash = hex::encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &bytes));
        if status != 200 || place.hash_type != "SHA1" || !hash.eq_ignore_ascii_case(&place.hash_value) {
            let said = if status == 200 { String::new() } else { status_said(status) };
            return Err(unclear_saying(PayProblemCode::BadBill, &said));
        }
        let text = std::str::from_utf8(&bytes).map_err(|error| unreadable(PayProblemCode::BadBill, &error))?;
        Self::read_bill(text).map_err(|why| unreadable(PayProblemCode::BadBill, &why))
    }
}
