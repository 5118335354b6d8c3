//! The port to payment networks: what each must be able to do for us. `gateway` implements it.
//!
//! **Invariant**: whoever implements it has verified what it hands out: an answer or a notice whose signature does not fit, or that is about
//! another merchant or app, is an error here and never a fact. A network may not sign that it refuses, or knows nothing of what it is asked
//! about: nothing follows from that which is not put right, by itself or by a person, should it turn out otherwise.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use kernel::{Fen, Timestamp};
use serde::{Deserialize, Serialize};

use super::model::{PayProblemCode, Problem};
use super::parameters::Parameters;

kernel::words! {
    pub enum ChannelKind {
        Wechat = "wechat",
        Alipay = "alipay",
        /// Alipay's pre-authorisation 预授权: money that is frozen there, and taken later or let go.
        AlipayFreeze = "alipay_freeze",
    }
}

impl ChannelKind {
    /// As whose merchant it is spoken to: a pre-authorisation is Alipay's.
    pub const fn network(self) -> Self {
        match self {
            Self::Wechat => Self::Wechat,
            Self::Alipay | Self::AlipayFreeze => Self::Alipay,
        }
    }
}

kernel::words! {
    /// How the payer comes to pay.
    pub enum Method {
        /// WeChat, inside it: the mini-program's or the page's own pay function.
        Jsapi = "jsapi",
        /// WeChat, from another browser on the phone.
        H5 = "h5",
        /// WeChat, by a QR code that is scanned from another screen.
        Native = "native",
        /// Alipay, in the phone's browser.
        Wap = "wap",
        /// Alipay, by a QR code that is scanned from another screen.
        Precreate = "precreate",
        /// Alipay, by a code that freezes the money for now.
        Freeze = "freeze",
        /// What was frozen is taken. Nobody chooses it: it follows.
        Capture = "capture",
    }
}

impl Method {
    pub const fn channel(self) -> ChannelKind {
        match self {
            Self::Jsapi | Self::H5 | Self::Native => ChannelKind::Wechat,
            Self::Wap | Self::Precreate | Self::Capture => ChannelKind::Alipay,
            Self::Freeze => ChannelKind::AlipayFreeze,
        }
    }
}

/// By which name WeChat knows a payer in one of our apps there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payer {
    pub app_id: String,
    pub openid: String,
}

kernel::words! {
    /// Whether the network's name of a payer is theirs everywhere.
    pub enum PayerKind {
        /// In one of our apps alone. WeChat has no other; Alipay tells newer apps this one in the place of the other.
        OpenId = "open_id",
        /// Alipay's own: 2088…
        UserId = "user_id",
    }
}

/// Who has paid, as the network calls them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidBy {
    pub kind: PayerKind,
    pub id: String,
}

/// Money that a network has frozen for us, as it calls it, and its payer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    pub channel_no: String,
    pub payer: PaidBy,
}

/// What a network is asked to take from somebody.
#[derive(Debug, Clone)]
pub struct Place {
    /// Ours, unique for ever: asking twice with one number is asking once. 32 letters and digits.
    pub number: String,
    pub amount: Fen,
    /// What the payer reads.
    pub subject: String,
    pub method: Method,
    /// Needed by [`Method::Jsapi`] alone.
    pub payer: Option<Payer>,
    /// Needed by [`Method::Capture`] alone.
    pub frozen: Option<Frozen>,
    /// The payer's address; WeChat asks for it with [`Method::H5`].
    pub address: String,
    /// After this the network takes nothing.
    pub expires_at: Timestamp,
    /// Where the payer's browser goes afterwards.
    pub return_url: String,
}

/// What the payer's side does with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Handed {
    /// Nothing is left to do.
    Nothing,
    /// Go there.
    Redirect { url: String },
    /// Show this as a QR code.
    QrCode { content: String },
    /// Hand these to `wx.requestPayment` or `WeixinJSBridge`.
    Jsapi { app_id: String, time_stamp: String, nonce_str: String, package: String, sign_type: String, pay_sign: String },
}

/// How a payment stands at the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The network has never heard of it.
    Unknown,
    Waiting,
    /// Also when it was refunded since, in part or as a whole.
    Paid(Paid),
    /// Nothing was paid, and nothing can be.
    Closed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// Ours.
    pub number: String,
    /// The network's.
    pub channel_no: String,
    /// What the order was over, as the network says.
    pub amount: Fen,
    pub payer: Option<PaidBy>,
    pub at: Timestamp,
}

#[derive(Debug, Clone)]
pub struct RefundAsk {
    /// Of the payment, ours.
    pub number: String,
    /// Of the refund, ours: asking twice with one number refunds once.
    pub refund_number: String,
    pub amount: Fen,
    /// Of the payment.
    pub total: Fen,
    /// What the payer reads.
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundStanding {
    /// The network has never heard of it.
    Unknown,
    Pending,
    Done {
        /// The network's.
        channel_no: String,
    },
    /// The network will not, as it is: somebody has to look.
    Failed(Problem),
}

/// What a network tells by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    Paid(Paid),
    Refund {
        refund_number: String,
        standing: RefundStanding,
    },
    /// Something that concerns no payment.
    Other(String),
}

/// A notice whose signature fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The network's own name for it: the same when it is sent again.
    pub id: String,
    pub notice: Notice,
}

/// A line of the network's bill of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillLine {
    /// Of the payment, ours.
    pub number: String,
    /// Of the refund, ours; none: the line is the payment.
    pub refund_number: Option<String>,
    pub channel_no: String,
    /// Of the payment, or of the refund. Positive.
    pub amount: Fen,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelError {
    /// It may have happened, or not: no answer, one that is not signed as it should be, or a trouble of the network's own. Ask again.
    Unclear(Problem),
    /// The network says no.
    Refused {
        code: String,
        message: String,
        /// Whether the network has signed it.
        signed: bool,
    },
    /// The network was not asked, for it would not, or must not.
    NotAsked(PayProblemCode),
}

impl ChannelError {
    /// For people.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Unclear(why) => why.clone(),
            Self::Refused { code, message, signed } => {
                let refused = if *signed { PayProblemCode::Refused } else { PayProblemCode::RefusedUnsigned };
                Problem::saying(refused, &format!("{code}: {message}"))
            }
            Self::NotAsked(why) => (*why).into(),
        }
    }
}

/// For the program's log.
impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem().fmt(f)
    }
}

/// Why a notice is not believed. For the log alone: whoever sent it is told no more than that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotBelieved(pub String);

/// The parameters do not make a channel: which of them, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadParameter {
    pub field: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
}

/// A header's value, by its name in small letters.
pub type Header<'a> = &'a (dyn for<'n> Fn(&'n str) -> Option<&'a str> + Send + Sync);

/// A merchant's account at a network.
#[async_trait]
pub trait Channel: Send + Sync + 'static {
    /// Asks the network to take something.
    async fn place(&self, place: &Place) -> Result<Handed, ChannelError>;
    async fn query(&self, number: &str) -> Result<Standing, ChannelError>;
    /// From now on nothing can be paid; fine when that is so already. [`ChannelError::Refused`] when it was paid.
    async fn close(&self, number: &str) -> Result<(), ChannelError>;
    async fn refund(&self, refund: &RefundAsk) -> Result<RefundStanding, ChannelError>;
    async fn query_refund(&self, number: &str, refund_number: &str) -> Result<RefundStanding, ChannelError>;
    /// Reads and verifies a notice. No I/O.
    fn notice(&self, header: Header<'_>, body: &[u8]) -> Result<Received, NotBelieved>;
    /// All payments and refunds of a day in Beijing (`2026-11-28`) that succeeded. Alone this may be unverified: whoever uses it asks about what it says
    /// before anything follows from that.
    async fn bill(&self, day: &str) -> Result<Vec<BillLine>, ChannelError>;
}

/// Makes channels of their parameters.
pub trait Channels: Send + Sync + 'static {
    /// `notify_url` is where the network sends its notices.
    fn open(&self, parameters: &Parameters, notify_url: &str) -> Result<Arc<dyn Channel>, BadParameter>;
}
