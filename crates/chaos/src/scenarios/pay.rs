//! SIGKILL while customers pay by WeChat and Alipay and have money sent back, and the networks lose answers and notices: in the end each wallet
//! holds what the networks' books say that its owner has paid and not had back, to the fen.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::{Clock, Random, Stopwatch};
use reqwest::Method;
use sandbox::{AliyunSms, Asked, Returned, Told, TradeState, Troubles};
use serde_json::{Value, json};
use store::Engine;
use tokio::task::JoinSet;

use super::furnish::{KEY, Networks, SECRET, pause, sign_in, stop, texts_by};
use crate::http::{Ask, Person, expect, text};
use crate::load::Load;
use crate::scenario::{Plan, Report};
use crate::world::World;

const CUSTOMERS: usize = 12;
/// After the last restart: by then whatever was paid has arrived, and whatever goes back has gone.
const SETTLED: Duration = Duration::from_secs(90);

struct Till {
    load: Arc<Load>,
    networks: Networks,
    customers: Vec<Payer>,
}

struct Payer {
    who: Person,
    /// Ids of the orders that were acknowledged.
    orders: Mutex<Vec<String>>,
}

pub async fn run(plan: &Plan, engine: Engine, report: &mut Report) -> Result<()> {
    let (mut world, servers) = World::make(plan.cuekey.clone(), plan.database(engine).await?, 1).await?;
    for server in servers {
        server.stop().await?;
    }
    let sms = AliyunSms::open(KEY, SECRET).await?;
    let networks = Networks::open().await?;
    let url = world.nodes[0].url();
    world.nodes[0].extra = texts_by(&sms);
    world.nodes[0].extra.extend(networks.settings(url));
    let setup = world.nodes[0].clone();
    let mut server = setup.serve().await?;
    let load = Load::new(Arc::new(world));
    let till = Arc::new(Till::open(&load, networks, &sms).await?);

    let mut tasks = JoinSet::new();
    for number in 0..till.customers.len() {
        let random = Random::seeded(plan.seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
        tasks.spawn(pays(Arc::clone(&till), number, random));
    }
    tasks.spawn(troubles(Arc::clone(&till), plan.random()));
    let kills = if plan.short { 3 } else { plan.kills / 4 };
    let random = plan.random();
    for _ in 0..kills {
        Clock::System.sleep(Duration::from_millis(600 + random.below(1_800))).await;
        let from = load.timeline.now();
        server.kill().await?;
        load.timeline.mark(from, "SIGKILL");
        server = setup.serve().await?;
    }
    let broken_for = load.timeline.now();
    load.end(tasks).await?;
    let settled = till.settle().await;
    report.load(&load);
    report.did(format!("{kills} times SIGKILL under {CUSTOMERS} customers who pay and have money sent back, in {broken_for:.0} s"));
    let sums = settled.with_context(|| crate::server::tail(&setup.log))?;
    stop(server).await?;
    setup.doctor().await?;
    report.did(format!("{} orders, {} of them paid, {} refunds", sums.orders, sums.paid, sums.refunds));
    if sums.paid == 0 || sums.refunds == 0 {
        bail!("nobody has paid, or nothing went back");
    }
    let wrong = std::mem::take(&mut load.book.open().wrong);
    if !wrong.is_empty() {
        bail!("{} things are wrong:\n  {}", wrong.len(), wrong.join("\n  "));
    }
    report.looked.push("each wallet holds what the networks' books say: paid, less what went back; nothing is held".into());
    report.looked.push("no network has given back more than it took, and no refund twice".into());
    report.looked.push("cuekey doctor: orders, holds and the ledger agree".into());
    Ok(())
}

/// Both networks are at times away or busy, lose answers to what they have done, and tell late, in another order, twice or never.
async fn troubles(till: Arc<Till>, random: Random) {
    while !till.load.stopping() {
        let asked = match random.below(8) {
            0 => Asked::Down,
            1 => Asked::DoneAndSilent,
            2 => Asked::Busy,
            _ => Asked::Well,
        };
        let told = match random.below(6) {
            0 => Told::Lost,
            1 => Told::Twice,
            2 => Told::Late(2),
            3 => Told::Swapped,
            _ => Told::Once,
        };
        let refunds = if random.below(4) == 0 { Returned::Pending } else { Returned::AtOnce };
        till.networks.trouble(Troubles { asked, told, refunds, ..Troubles::default() });
        pause(300 + random.below(900)).await;
    }
    // Whoever still waits for an answer gets one.
    till.networks.trouble(Troubles::default());
}

/// One customer, until the end: has an order made, pays it or not, pays by something else or cancels, and has some of it sent back.
async fn pays(till: Arc<Till>, number: usize, random: Random) {
    let payer = &till.customers[number];
    let mut n = 0;
    while !till.load.stopping() {
        n += 1;
        let method = ["native", "h5", "precreate"][usize::try_from(random.below(3)).unwrap_or(0)];
        let ask = json!({"method": method, "recharge": {"amount_fen": 100 + random.below(9_900)}});
        let key = format!("pay-{number}-{n:06}");
        let done = till.load.insist(&random, &payer.who, "/customer/v1/orders", &ask, Some(&key)).await;
        let Some(id) = done.filter(|done| done.status == 201).and_then(|done| text(&done.body, "/id").ok()) else { continue };
        payer.orders.lock().unwrap_or_else(PoisonError::into_inner).push(id.clone());
        let path = format!("/customer/v1/orders/{id}");
        if random.below(8) > 0 {
            till.networks.pay(&till.load, &id).await;
        }
        match random.below(6) {
            0 => {
                let other = if method == "precreate" { "native" } else { "precreate" };
                till.load.insist(&random, &payer.who, &format!("{path}/method"), &json!({"method": other}), None).await;
                till.networks.pay(&till.load, &id).await;
            }
            1 => {
                till.load.insist(&random, &payer.who, &format!("{path}/cancel"), &json!({}), None).await;
            }
            _ => {
                till.get(&payer.who, &path).await;
            }
        }
        let refundable = till.get(&payer.who, "/customer/v1/refundable").await.and_then(|answer| answer["amount_fen"].as_i64());
        if let Some(fen) = refundable.filter(|fen| *fen > 0 && random.below(3) == 0) {
            let part = 1 + i64::try_from(random.below(fen.unsigned_abs())).unwrap_or(0);
            let key = format!("back-{number}-{n:06}");
            till.load.insist(&random, &payer.who, "/customer/v1/refunds", &json!({"amount_fen": part}), Some(&key)).await;
        }
    }
}

struct Sums {
    orders: usize,
    paid: usize,
    refunds: usize,
}

impl Till {
    async fn open(load: &Arc<Load>, networks: Networks, sms: &AliyunSms) -> Result<Self> {
        let world = &load.world;
        networks.introduce(world).await?;
        let mut customers = Vec::new();
        for n in 0..CUSTOMERS {
            let (who, _) = sign_in(world, sms, &format!("138{n:08}")).await?;
            customers.push(Payer { who, orders: Mutex::default() });
        }
        Ok(Self { load: Arc::clone(load), networks, customers })
    }

    async fn get(&self, who: &Person, path: &str) -> Option<Value> {
        self.load.glance(who, path).await
    }

    /// Ends what nobody will pay, waits until nothing is under way, and compares.
    async fn settle(&self) -> Result<Sums> {
        let random = Random::seeded(1);
        for payer in &self.customers {
            let orders = payer.orders.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for id in orders {
                // Paid ones refuse.
                self.load.insist(&random, &payer.who, &format!("/customer/v1/orders/{id}/cancel"), &json!({}), None).await;
            }
        }
        let watch = Stopwatch::start();
        while self.under_way().await? {
            if watch.elapsed() > SETTLED {
                bail!("after {} s something is still under way", SETTLED.as_secs());
            }
            pause(500).await;
        }
        let mut sums = Sums { orders: 0, paid: 0, refunds: 0 };
        for payer in &self.customers {
            self.compare(payer, &mut sums).await?;
        }
        Ok(sums)
    }

    async fn under_way(&self) -> Result<bool> {
        let world = &self.load.world;
        for path in ["/api/v1/payments/orders?state=pending", "/api/v1/payments/refunds?state=asked"] {
            let ask = Ask { who: &world.boss, method: Method::GET, path, body: None, key: None };
            let page = expect(&world.http, &world.url(), ask, 200).await?;
            if page["items"].as_array().is_some_and(|items| !items.is_empty()) {
                return Ok(true);
            }
        }
        // What arrived late is still to be sent back.
        let jobs = Ask { who: &world.boss, method: Method::GET, path: "/api/v1/jobs?state=queued&kind=pay.notice", body: None, key: None };
        let page = expect(&world.http, &world.url(), jobs, 200).await?;
        Ok(page["items"].as_array().is_some_and(|items| !items.is_empty()))
    }

    async fn compare(&self, payer: &Payer, sums: &mut Sums) -> Result<()> {
        let orders = payer.orders.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut left = 0;
        for id in &orders {
            sums.orders += 1;
            let trades = self.networks.trades(&self.load, id).await.context("an order that was acknowledged is not known")?;
            for trade in trades.iter().filter(|trade| trade.state == TradeState::Paid) {
                let back = trade.refunded().fen();
                sums.paid += 1;
                sums.refunds += trade.refunds.len();
                left += trade.amount.fen() - back;
                if back > trade.amount.fen() {
                    self.load.book.wrong(format!("{back} of {} went back: {trade:?}", trade.amount));
                }
            }
        }
        let me = self.get(&payer.who, "/customer/v1/me").await.context("a customer is not known any more")?;
        if me["held_fen"] != 0 || me["balance_fen"] != left {
            self.load.book.wrong(format!("the networks have {left} of {}, who has {me}", payer.who.name));
        }
        Ok(())
    }
}
