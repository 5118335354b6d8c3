//! SIGKILL while tables are opened, extended and closed, their lights outside of the program, which lose their power now and then, and all at once
//! for a while: in the end every session is over, each bill is what was acknowledged, nobody pays for darkness, nothing is held for anybody, and no
//! light burns over an idle table.
//!
//! Begin with [`run`]; [`customer`] is who plays, [`power`] pulls plugs, [`settle`] compares, and [`dark`] says who may be asked to pay for what.

mod customer;
mod dark;
mod power;
mod settle;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::{Clock, Random};
use reqwest::Method;
use sandbox::AliyunSms;
use serde_json::Value;
use store::Engine;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::dark::Stretch;
use self::power::{Outages, Power};
use super::furnish::{KEY, SECRET, Table, give_light_back, hall, lamps_at, look_after, pause, recharge, sign_in, stop, table, texts_by};
use super::light::Kind;
use crate::http::{Ask, Person, Reply, expect};
use crate::load::Load;
use crate::scenario::{Plan, Report};
use crate::server::free_address;
use crate::world::World;

const CUSTOMERS: usize = 10;
/// In each wallet, in fen: far more than anybody plays for.
const MONEY: i64 = 1_000_000;
/// Of play, in fen.
const PER_MINUTE: i64 = 6_000;

struct Hall {
    load: Arc<Load>,
    id: String,
    tables: Vec<Place>,
    customers: Vec<Person>,
    /// Those that are over.
    stretches: Mutex<Vec<Stretch>>,
}

struct Place {
    table: Table,
    /// Who plays there sees that.
    power: watch::Sender<Power>,
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
    let hall = Arc::new(furnish(&load, broker, &sms, kinds(plan.short).await?).await?);

    let mut tasks = JoinSet::new();
    for number in 0..hall.customers.len() {
        let random = Random::seeded(plan.seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
        tasks.spawn(customer::plays(Arc::clone(&hall), number, random));
    }
    tasks.spawn(looks_after(Arc::clone(&hall)));
    let kills = if plan.short { 3 } else { plan.kills / 4 };
    let random = plan.random();
    let mut outages = Outages::of(&hall, plan);
    for turn in 0..kills {
        // While the server lives: what it has not seen go it cannot know of.
        outages.go_on(turn, kills).await?;
        // Long enough that lamps find back and tables are opened.
        Clock::System.sleep(outages.spare() + Duration::from_millis(1_800 + random.below(2_200))).await;
        let from = load.timeline.now();
        server.kill().await?;
        load.timeline.mark(from, "SIGKILL");
        server = setup.serve().await?;
    }
    outages.end();
    let broken_for = load.timeline.now();
    load.end(tasks).await?;
    let settled = settle::settle(&hall).await;
    report.load(&load);
    let (guests, tables) = (CUSTOMERS, hall.tables.len());
    report.did(format!("{kills} times SIGKILL under {guests} customers at {tables} tables, in {broken_for:.0} s"));
    report.did(outages.sum());
    let opened = settled.with_context(|| crate::server::tail(&setup.log))?;
    stop(server).await?;
    setup.doctor().await?;
    report.did(format!("{} sessions were played, {} never began; {}", opened.played, opened.failed, opened.in_the_dark()));
    if opened.played == 0 {
        bail!("nobody has played");
    }
    if !plan.short && opened.is_all_lit() {
        bail!("nobody has played in the dark");
    }
    let wrong = std::mem::take(&mut load.book.open().wrong);
    if !wrong.is_empty() {
        bail!("{} things are wrong:\n  {}", wrong.len(), wrong.join("\n  "));
    }
    report.looked.push("every session is over, each customer's money is what its bills leave, and nothing is held".into());
    report.looked.push("no bill is for more than had light, as the plugs were pulled, but for what goes by less than a minute".into());
    report.looked.push("no light burns over an idle table".into());
    report.looked.push("cuekey doctor: sessions, holds and the ledger agree".into());
    Ok(())
}

/// What hangs above the tables. No board in a short form: it is spoken to by one process at a time, and the next one waits for 20 s where that was
/// killed.
async fn kinds(short: bool) -> Result<Vec<Kind>> {
    let last = if short { Kind::Tasmota } else { Kind::board().await? };
    Ok(vec![Kind::Tasmota, Kind::Tasmota, Kind::Tasmota, Kind::Shelly, Kind::Shelly, last])
}

/// A hall with its lights, and customers with money.
async fn furnish(load: &Arc<Load>, broker: SocketAddr, sms: &AliyunSms, kinds: Vec<Kind>) -> Result<Hall> {
    let world = &load.world;
    let id = hall(world, 60 * PER_MINUTE).await?;
    let mut tables = Vec::new();
    for (n, kind) in kinds.into_iter().enumerate() {
        let table = table(world, &id, &n.to_string(), kind, broker).await?;
        tables.push(Place { table, power: watch::Sender::new(Power::There) });
    }
    let mut customers = Vec::new();
    for n in 0..CUSTOMERS {
        let (customer, number) = sign_in(world, sms, &format!("138{n:08}")).await?;
        recharge(world, &id, &number, MONEY).await?;
        customers.push(customer);
    }
    Ok(Hall { load: Arc::clone(load), id, tables, customers, stretches: Mutex::default() })
}

impl Hall {
    async fn get(&self, who: &Person, path: &str) -> Option<Value> {
        self.load.glance(who, path).await
    }

    /// Its tables, as the staff sees them.
    async fn floor(&self) -> Result<Vec<Value>> {
        let path = format!("/api/v1/venues/{}/floor", self.id);
        let ask = Ask { who: &self.load.world.boss, method: Method::GET, path: &path, body: None, key: None };
        let floor = expect(&self.load.world.http, &self.load.world.url(), ask, 200).await?;
        Ok(floor["tables"].as_array().context("no tables")?.clone())
    }

    fn stretches(&self) -> Vec<Stretch> {
        self.stretches.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Somebody of the staff.
async fn looks_after(hall: Arc<Hall>) {
    let random = Random::system();
    while !hall.load.stopping() {
        pause(500).await;
        look_after(&hall.load, &hall.id, &random).await;
    }
    // No test goes on.
    for place in &hall.tables {
        while matches!(give_light_back(&hall.load, &place.table.id).await, Reply::Silence) {
            pause(200).await;
        }
    }
}
