//! Alipay's gateway, without Alipay and without money. Verifies every request as the real one does, and signs what it says.

mod api;
mod bill;
mod freeze;
mod known;
mod notice;
mod page;
#[cfg(test)]
mod strict;
mod words;

use serde_json::json;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use kernel::{Clock, Random};
use platform::payments::AlipayParameters;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::books::{Books, Trade};
use crate::outbox::{Outbox, Tells as _};
use crate::rsa::Pair;
use crate::trouble::Troubles;
use crate::{Task, anywhere};
use known::{ANOTHER, Known, ONE};

const APP: &str = "2021000000000001";
const SELLER: &str = "2088000000000001";

pub(crate) struct Inner {
    /// Where it is reached, without a slash at the end.
    base: String,
    known: &'static Known,
    clock: Clock,
    random: Random,
    merchant: Pair,
    own: Pair,
    books: Mutex<Books>,
    troubles: watch::Sender<Troubles>,
    /// How often somebody has wanted to close a freezing.
    cancels: watch::Sender<u64>,
    outbox: Outbox<notice::Telling>,
    client: reqwest::Client,
}

pub(crate) type Shared = Arc<Inner>;

/// The stand-in. Ends when it is dropped, where it has an address of its own.
#[derive(Clone)]
pub struct Alipay {
    inner: Shared,
    _task: Option<Arc<Task>>,
}

impl Alipay {
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
            own: Pair::of(known.network[0]),
            books: Mutex::new(Books::numbered(known.first, now)),
            troubles: watch::Sender::new(Troubles::default()),
            cancels: watch::Sender::new(0),
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
        api::router().merge(page::router()).with_state(Arc::clone(&self.inner))
    }

    /// What is configured as the gateway's address.
    pub fn gateway(&self) -> String {
        format!("{}/gateway.do", self.inner.base)
    }

    /// A merchant that it knows.
    pub fn parameters() -> AlipayParameters {
        ONE.parameters()
    }

    /// Another merchant, of whom it has other payments.
    pub fn anothers_parameters() -> AlipayParameters {
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

    /// The payer's browser goes where it was sent: only now the network hears of the payment. False when it is turned away.
    pub async fn visit(&self, url: &str) -> bool {
        self.inner.client.get(url).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    /// The same; the number of the payment that waits there. None when the browser is turned away.
    pub async fn follow(&self, url: &str) -> Option<String> {
        let (_, query) = url.split_once('?')?;
        let content = words::content(&words::parse(query.as_bytes())?)?;
        let number = words::text(&content, "out_trade_no").to_owned();
        self.visit(url).await.then_some(number)
    }

    /// The number of the payment whose QR code says this.
    pub fn scan(&self, code: &str) -> Option<String> {
        let (_, token) = code.rsplit_once('=')?;
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

    /// The notice of a payment as it would be sent: a form.
    pub fn notice(&self, number: &str) -> Option<String> {
        let trade = self.trade(number)?;
        Some(if trade.kind == freeze::KIND { self.inner.frozen_notice(&trade) } else { self.inner.paid_notice(&trade) })
    }

    /// How many notices it keeps ([`Told::Kept`](crate::Told::Kept), [`Told::Swapped`](crate::Told::Swapped)).
    pub fn owed(&self) -> usize {
        self.inner.outbox.len()
    }

    /// The notice that it has kept so many places behind the oldest: a form. It is the caller's to deliver.
    pub fn release(&self, at: usize) -> Option<String> {
        self.inner.outbox.take(at).map(|telling| telling.form)
    }

    /// The same, sent by itself. Whether it was taken.
    pub async fn tell(&self, at: usize) -> bool {
        let Some(telling) = self.inner.outbox.take(at) else { return false };
        self.inner.post(&telling).await
    }

    /// A notice that says anything: a form.
    pub fn told(&self, fields: &[(String, String)]) -> String {
        let mut fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.inner.signed(&mut fields)
    }

    /// Waits until somebody wants to close a freezing, for the first time.
    pub async fn cancel_asked(&self) {
        let _ = self.inner.cancels.subscribe().wait_for(|asked| *asked > 0).await;
    }

    /// Lets go what is frozen, as closing it does that comes a moment too late.
    pub fn let_go(&self, number: &str) {
        if let Some(trade) = self.inner.books().trade_mut(number) {
            trade.state = crate::books::TradeState::Closed;
        }
    }

    /// The notice of a freezing that happened a moment before its closing, which has undone it.
    pub fn undone(&self, number: &str) -> Option<String> {
        let now = self.inner.clock.now();
        let trade = {
            let mut books = self.inner.books();
            let transaction = books.next();
            let trade = books.trade_mut(number)?;
            (trade.paid_at, trade.transaction) = (Some(now), transaction);
            trade.clone()
        };
        Some(self.inner.frozen_notice(&trade))
    }
}

fn form(known: &Known) -> serde_json::Value {
    let own = known.parameters();
    let keys = json!([{"id": "alipay", "pem": own.alipay_key}]);
    json!({"app_id": own.app_id, "merchant_id": own.seller_id, "private_key": *own.private_key, "keys": keys})
}

impl Inner {
    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn troubles(&self) -> Troubles {
        *self.troubles.borrow()
    }

    /// A payer as the app is told of them: under one of these names, and by which.
    fn calls(&self, user_id: &str, [by_user_id, by_open_id]: [&'static str; 2]) -> (&'static str, String) {
        if self.troubles().open_ids { (by_open_id, self.known.open_id(user_id)) } else { (by_user_id, user_id.to_owned()) }
    }

    async fn pay(self: &Arc<Self>, number: &str) -> bool {
        let paid = self.books().pay(number, self.clock.now());
        if let Some(trade) = &paid {
            self.tell_paid(trade).await;
        }
        paid.is_some()
    }
}
