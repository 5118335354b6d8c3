//! SIGKILL while tables are opened, extended and closed, their lamps outside of the program: in the end every session is over, each bill
//! is what was acknowledged, nothing is held for anybody, and no light burns over an idle table.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::{Clock, Random, Stopwatch};
use reqwest::Method;
use sandbox::AliyunSms;
use serde_json::{Value, json};
use store::Engine;
use tokio::task::JoinSet;

use super::furnish::{KEY, SECRET, Table, give_light_back, hall, lamps_at, look_after, pause, recharge, sign_in, stop, table, texts_by};
use crate::http::{Ask, Person, Reply, expect, text};
use crate::load::Load;
use crate::scenario::{Plan, Report};
use crate::server::free_address;
use crate::world::World;

const TABLES: usize = 6;
const CUSTOMERS: usize = 10;
/// In each wallet, in fen: far more than anybody plays for.
const MONEY: i64 = 1_000_000;
/// After the last restart: by then whatever was under way has ended.
const SETTLED: Duration = Duration::from_secs(60);
/// Of play, in fen.
const PER_HOUR: i64 = 360_000;

struct Hall {
    load: Arc<Load>,
    id: String,
    tables: Vec<Table>,
    customers: Vec<Person>,
}

pub async fn run(plan: &Plan, engine: Engine, report: &mut Report) -> Result<()> {
    let (mut world, servers) = World::make(plan.cuekey.clone(), plan.database(engine).await?, 1).await?;
    for server in servers {
        server.stop().await?;
    }
    let sms = AliyunSms::open(KEY, SECRET).await?;
    let broker = free_address()?;
    world.nodes[0].extra = texts_by(&sms);
    world.nodes[0].extra.push(lamps_at(broker));
    let setup = world.nodes[0].clone();
    let mut server = setup.serve().await?;
    let load = Load::new(Arc::new(world));
    let hall = Arc::new(furnish(&load, broker, &sms).await?);

    let mut tasks = JoinSet::new();
    for number in 0..hall.customers.len() {
        let random = Random::seeded(plan.seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
        tasks.spawn(plays(Arc::clone(&hall), number, random));
    }
    tasks.spawn(looks_after(Arc::clone(&hall)));
    let kills = if plan.short { 3 } else { plan.kills / 4 };
    let random = plan.random();
    for _ in 0..kills {
        // Long enough that lamps find back and tables are opened.
        Clock::System.sleep(Duration::from_millis(1_800 + random.below(2_200))).await;
        let from = load.timeline.now();
        server.kill().await?;
        load.timeline.mark(from, "SIGKILL");
        server = setup.serve().await?;
    }
    let broken_for = load.timeline.now();
    load.end(tasks).await?;
    let settled = settle(&hall).await;
    report.load(&load);
    report.did(format!("{kills} times SIGKILL under {CUSTOMERS} customers at {TABLES} tables, in {broken_for:.0} s"));
    let opened = settled.with_context(|| crate::server::tail(&setup.log))?;
    stop(server).await?;
    setup.doctor().await?;
    report.did(format!("{} sessions were played, {} never began", opened.played, opened.failed));
    if opened.played == 0 {
        bail!("nobody has played");
    }
    let wrong = std::mem::take(&mut load.book.open().wrong);
    if !wrong.is_empty() {
        bail!("{} things are wrong:\n  {}", wrong.len(), wrong.join("\n  "));
    }
    report.looked.push("every session is over, each customer's money is what its bills leave, and nothing is held".into());
    report.looked.push("no light burns over an idle table".into());
    report.looked.push("cuekey doctor: sessions, holds and the ledger agree".into());
    Ok(())
}

/// A hall with its lamps, and customers with money.
async fn furnish(load: &Arc<Load>, broker: SocketAddr, sms: &AliyunSms) -> Result<Hall> {
    let world = &load.world;
    let id = hall(world, PER_HOUR).await?;
    let mut tables = Vec::new();
    for n in 0..TABLES {
        tables.push(table(world, &id, &n.to_string(), broker).await?);
    }
    let mut customers = Vec::new();
    for n in 0..CUSTOMERS {
        let (customer, number) = sign_in(world, sms, &format!("138{n:08}")).await?;
        recharge(world, &id, &number, MONEY).await?;
        customers.push(customer);
    }
    Ok(Hall { load: Arc::clone(load), id, tables, customers })
}

impl Hall {
    async fn get(&self, who: &Person, path: &str) -> Option<Value> {
        self.load.glance(who, path).await
    }

    async fn floor(&self) -> Result<Value> {
        let path = format!("/api/v1/venues/{}/floor", self.id);
        let ask = Ask { who: &self.load.world.boss, method: Method::GET, path: &path, body: None, key: None };
        expect(&self.load.world.http, &self.load.world.url(), ask, 200).await
    }
}

/// One customer, until the end: opens some table, mostly extends, and closes. Each is insisted upon.
async fn plays(hall: Arc<Hall>, number: usize, random: Random) {
    let who = &hall.customers[number];
    let mut n = 0;
    while !hall.load.stopping() {
        n += 1;
        let table = &hall.tables[usize::try_from(random.below(TABLES as u64)).unwrap_or(0)].id;
        let Some(view) = hall.get(who, &format!("/customer/v1/tables/{table}")).await else {
            pause(100).await;
            continue;
        };
        let ask = json!({"minutes": 60, "expected_fen": view["quotes"][1]["price_fen"]});
        let key = format!("open-{number}-{n:06}");
        let opened = hall.load.insist(&random, who, &format!("/customer/v1/tables/{table}/open"), &ask, Some(&key)).await;
        let Some(id) = opened.filter(|done| done.status == 202).and_then(|done| text(&done.body, "/id").ok()) else {
            pause(50 + random.below(300)).await;
            continue;
        };
        let path = format!("/customer/v1/sessions/{id}");
        if began(&hall, who, &path).await {
            pause(random.below(400)).await;
            if random.below(2) == 0
                && let Some(more) = hall.get(who, &format!("{path}/extension?minutes=30")).await
            {
                let ask = json!({"minutes": 30, "expected_fen": more["price_fen"]});
                let key = format!("more-{number}-{n:06}");
                hall.load.insist(&random, who, &format!("{path}/extend"), &ask, Some(&key)).await;
            }
            pause(random.below(400)).await;
        }
        if let Some(closed) = hall.load.insist(&random, who, &format!("{path}/close"), &json!({}), None).await
            && (closed.status != 200 || !matches!(closed.body["state"].as_str(), Some("closed" | "failed")))
        {
            hall.load.book.wrong(format!("closing {id} was answered with {} {}", closed.status, closed.body));
        }
    }
}

/// Whether play begins; some do not wait for it.
async fn began(hall: &Hall, who: &Person, path: &str) -> bool {
    let watch = Stopwatch::start();
    while watch.elapsed() < Duration::from_secs(5) {
        match hall.get(who, path).await.as_ref().and_then(|session| session["state"].as_str()) {
            Some("playing") => return true,
            Some("opening") | None => pause(30).await,
            Some(_) => return false,
        }
    }
    false
}

/// Somebody of the staff.
async fn looks_after(hall: Arc<Hall>) {
    let random = Random::system();
    while !hall.load.stopping() {
        pause(500).await;
        look_after(&hall.load, &hall.id, &random).await;
    }
    // No test goes on.
    for table in &hall.tables {
        while matches!(give_light_back(&hall.load, &table.id).await, Reply::Silence) {
            pause(200).await;
        }
    }
}

struct Opened {
    played: usize,
    failed: usize,
}

/// Waits until nothing is under way, and compares.
async fn settle(hall: &Hall) -> Result<Opened> {
    let watch = Stopwatch::start();
    loop {
        let floor = hall.floor().await?;
        let tables = floor["tables"].as_array().context("no tables")?;
        let busy: Vec<&Value> = tables.iter().filter(|table| !matches!(table["state"].as_str(), Some("idle" | "maintenance"))).collect();
        let lit = hall.tables.iter().filter(|table| table.lamp.seen().on).count();
        if busy.is_empty() && lit == 0 {
            break;
        }
        if watch.elapsed() > SETTLED {
            bail!("after {} s {lit} lights burn, and these tables are not at rest: {busy:?}", SETTLED.as_secs());
        }
        pause(200).await;
    }
    let mut opened = Opened { played: 0, failed: 0 };
    for who in &hall.customers {
        let spent = spent(hall, who, &mut opened).await?;
        let me = hall.get(who, "/customer/v1/me").await.context("a customer is not known any more")?;
        if me["held_fen"] != 0 || me["balance_fen"] != MONEY - spent {
            hall.load.book.wrong(format!("{} has spent {spent} of {MONEY}, and has {me}", who.name));
        }
    }
    Ok(opened)
}

/// What all bills of a customer come to.
async fn spent(hall: &Hall, who: &Person, opened: &mut Opened) -> Result<i64> {
    let (mut sum, mut cursor) = (0, String::new());
    loop {
        let page = hall.get(who, &format!("/customer/v1/sessions?limit=200{cursor}")).await.context("no sessions")?;
        for session in page["items"].as_array().context("no items")? {
            match session["state"].as_str() {
                Some("closed") => {
                    opened.played += 1;
                    sum += session["bill"]["total_fen"].as_i64().context("no total")?;
                }
                Some("failed") => opened.failed += 1,
                _ => hall.load.book.wrong(format!("a session is not over: {session}")),
            }
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(sum),
        }
    }
}
