//! WeChat Pay, API v3, without WeChat and without money. Verifies every request as the real one does, and signs what it says.

mod api;
mod asks;
mod bill;
mod known;
mod notice;
mod page;
mod seal;
#[cfg(test)]
mod strict;

use serde_json::json;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::middleware::from_fn_with_state;
use kernel::{Clock, Random};
use platform::payments::WechatParameters;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::books::{Books, Trade};
use crate::outbox::{Outbox, Tells as _};
use crate::rsa::Pair;
use crate::trouble::Troubles;
use crate::{Task, anywhere};
use known::{ANOTHER, Known, ONE};

const MERCHANT: &str = "1900000001";
pub(crate) const APP: &str = "wx0000000000000001";
pub(crate) const MINI_APP: &str = "wx0000000000000002";
const SERIAL: &str = "5157F09EFDC096DE15EBE81A47057A7200000001";
const API_V3_KEY: &str = "stand-in-of-wechat-pay-32-bytes!";
const KEYS: [&str; 2] = ["PUB_KEY_ID_0000000000000001", "PUB_KEY_ID_0000000000000002"];

pub(crate) struct Inner {
    /// Where it is reached, without a slash at the end.
    base: String,
    known: &'static Known,
    clock: Clock,
    random: Random,
    merchant: Pair,
    own: [Pair; 2],
    books: Mutex<Books>,
    troubles: watch::Sender<Troubles>,
    signed: seal::Signed,
    outbox: Outbox<notice::Telling>,
    client: reqwest::Client,
}

pub(crate) type Shared = Arc<Inner>;

/// The stand-in. Ends when it is dropped, where it has an address of its own.
#[derive(Clone)]
pub struct WechatPay {
    inner: Shared,
    _task: Option<Arc<Task>>,
}

impl WechatPay {
    /// One that is mounted ([`router`](Self::router)) in somebody else's server, which is reached at `base`.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    pub fn at(base: &str, clock: Clock) -> Self {
        Self::of(&ONE, base, clock)
    }

    fn of(known: &'static Known, base: &str, clock: Clock) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let now = clock.now();
        let inner = Inner {
            base: base.trim_end_matches('/').to_owned(),
            known,
            clock,
            random: Random::system(),
            merchant: Pair::of(known.private),
            own: known.network.map(|[private, _]| Pair::of(private)),
            books: Mutex::new(Books::numbered(known.first, now)),
            troubles: watch::Sender::new(Troubles::default()),
            signed: seal::Signed::default(),
            outbox: Outbox::empty(),
            client,
        };
        Self { inner: Arc::new(inner), _task: None }
    }

    /// One with an address of its own.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn open(clock: Clock) -> io::Result<Self> {
        Self::opened(&ONE, clock).await
    }

    /// The same, as another merchant sees it ([`anothers_parameters`](Self::anothers_parameters)).
    ///
    /// # Errors
    /// When no port is free.
    pub async fn open_to_another(clock: Clock) -> io::Result<Self> {
        Self::opened(&ANOTHER, clock).await
    }

    async fn opened(known: &'static Known, clock: Clock) -> io::Result<Self> {
        let listener = TcpListener::bind(anywhere()).await?;
        let mut own = Self::of(known, &format!("http://{}", listener.local_addr()?), clock);
        let router = own.router();
        own._task = Some(Arc::new(Task(tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        }))));
        Ok(own)
    }

    pub fn router(&self) -> Router {
        let api = api::router().layer(from_fn_with_state(Arc::clone(&self.inner), seal::sealed));
        api.merge(page::router()).with_state(Arc::clone(&self.inner))
    }

    /// What is configured as WeChat's address.
    pub fn base(&self) -> &str {
        &self.inner.base
    }

    /// A merchant that it knows.
    pub fn parameters() -> WechatParameters {
        ONE.parameters()
    }

    /// Another merchant, of whom it has other payments.
    pub fn anothers_parameters() -> WechatParameters {
        ANOTHER.parameters()
    }

    /// The first, as somebody enters it in the console.
    pub fn form() -> serde_json::Value {
        form(&ONE)
    }

    /// The other, likewise.
    pub fn anothers_form() -> serde_json::Value {
        form(&ANOTHER)
    }

    pub fn set(&self, troubles: Troubles) {
        self.inner.troubles.send_replace(troubles);
    }

    pub fn troubles(&self) -> Troubles {
        self.inner.troubles()
    }

    /// The number of the payment that this leads to: what a QR code says, the address of a page, or what WeChat's own window is opened with.
    pub fn scan(&self, what: &str) -> Option<String> {
        let (_, prepaid) = what.split_once("prepay_id=")?;
        // In the window's words a number of WeChat's begins so.
        let token = prepaid.split('&').next().unwrap_or(prepaid).trim_start_matches("wx");
        self.inner.books().by_token(token).map(|trade| trade.number.clone())
    }

    /// The payer pays; the merchant is told. False when it cannot be paid.
    pub async fn pay(&self, number: &str) -> bool {
        self.inner.pay(number).await
    }

    /// A payment as it stands, by the merchant's number.
    pub fn trade(&self, number: &str) -> Option<Trade> {
        self.inner.books().trade(number).cloned()
    }

    /// All payments, oldest first.
    pub fn trades(&self) -> Vec<Trade> {
        self.inner.books().all()
    }

    /// How many notices it keeps ([`Told::Kept`](crate::Told::Kept), [`Told::Swapped`](crate::Told::Swapped)).
    pub fn owed(&self) -> usize {
        self.inner.outbox.len()
    }

    /// The notice that it has kept so many places behind the oldest, signed now: headers and body. It is the caller's to deliver.
    pub fn release(&self, at: usize) -> Option<(Vec<(&'static str, String)>, String)> {
        self.inner.outbox.take(at).map(|telling| self.inner.leaving(&telling))
    }

    /// The same, sent by itself. Whether it was taken.
    pub async fn tell(&self, at: usize) -> bool {
        let Some(telling) = self.inner.outbox.take(at) else { return false };
        self.inner.post(&telling).await
    }

    /// How many answers and notices each of its keys has signed.
    pub fn signed(&self) -> [u64; 2] {
        self.inner.signed.by_key()
    }

    /// A notice of any event that says anything, which need not be JSON: headers and body.
    pub fn told(&self, event: &str, said: &str) -> (Vec<(&'static str, String)>, String) {
        self.inner.sealed_notice(self.inner.notice("told", event, "transaction", said))
    }

    /// The notice of a payment as it would be sent: headers and body.
    pub fn notice(&self, number: &str) -> Option<(Vec<(&'static str, String)>, String)> {
        let trade = self.trade(number)?;
        Some(self.inner.sealed_notice(self.inner.paid_notice(&trade)))
    }

    /// The same of a refund that was made, by the merchant's number of it.
    pub fn refund_notice(&self, number: &str) -> Option<(Vec<(&'static str, String)>, String)> {
        let (trade, refund) = self.inner.books().by_refund(number).map(|(trade, refund)| (trade.clone(), refund.clone()))?;
        Some(self.inner.sealed_notice(self.inner.refunded_notice(&trade, &refund)))
    }
}

fn form(known: &Known) -> serde_json::Value {
    let own = known.parameters();
    json!({"app_id": own.app_id, "mini_app_id": own.mini_app_id, "merchant_id": own.merchant_id, "serial": own.serial,
           "private_key": *own.private_key, "api_v3_key": *own.api_v3_key, "keys": own.keys})
}

impl Inner {
    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn troubles(&self) -> Troubles {
        *self.troubles.borrow()
    }

    async fn pay(self: &Arc<Self>, number: &str) -> bool {
        let paid = self.books().pay(number, self.clock.now());
        if let Some(trade) = &paid {
            self.tell_paid(trade).await;
        }
        paid.is_some()
    }
}
