//! Where an operation is done over and over: one server with its faults, a table with its light, a customer, and both networks.

mod begin;
mod look;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::{Random, Stopwatch, Timestamp};
use reqwest::Method;
use sandbox::AliyunSms;
use serde_json::{Value, json};

use super::operation::{Act, Operation, Over, PER_MINUTE};
use super::standing::Turn;
use crate::faults::{Faults, Ports};
use crate::http::{Ask, Person, Reply, send, text};
use crate::load::Load;
use crate::scenarios::furnish::{KEY, Networks, SECRET, Table, hall, lamps_at, pause, recharge, sign_in, stop, table, texts_by};
use crate::scenarios::light::Kind;
use crate::server::{Server, Setup, free_address};
use crate::world::World;

/// In cash, and the most that one can pay into a wallet at once: more than all turns need.
const MONEY: i64 = 1_000_000;
/// What is opened, and extended by.
const MINUTES: i64 = 10;
const PRICE: i64 = PER_MINUTE * MINUTES;
/// Between two turns: by then the table is free again, or somebody plays there, and its light is well.
const READY: Duration = Duration::from_secs(120);
/// However loud the background is, nobody waits for longer.
const LOUD: Duration = Duration::from_secs(10);

/// With what a stage is set up.
pub(super) struct Place {
    pub cuekey: PathBuf,
    pub database: Option<String>,
    /// PostgreSQL's port.
    pub postgres: Option<u16>,
    /// For so many milliseconds no step begins where an operation is over: longer than a lamp is given to do what it was told.
    pub quiet: u64,
}

pub(super) struct Stage {
    // First: the server ends before its folder goes.
    pub server: Option<Server>,
    pub operation: Operation,
    pub setup: Setup,
    pub faults: Faults,
    load: Arc<Load>,
    quiet: Duration,
    random: Random,
    hall: String,
    table: Table,
    customer: Person,
    networks: Networks,
    /// What was given in cash, and the bills of all sessions up to `last`.
    cash: i64,
    spent: i64,
    last: Option<String>,
    turns: i64,
    /// When the last of them began.
    since: Timestamp,
}

impl Stage {
    pub async fn open(place: Place, operation: Operation) -> Result<Self> {
        let mut world = World::bare(place.cuekey, place.database, 1).await?;
        let sms = AliyunSms::open(KEY, SECRET).await?;
        let (networks, broker, url) = (Networks::open().await?, free_address()?, world.url());
        let requests = vec![port(networks.wechat.base())?, port(&networks.alipay.gateway())?];
        let kind = match operation.over {
            Over::Tasmota | Over::Deaf | Over::Pulled => Kind::Tasmota,
            Over::Shelly => Kind::Shelly,
            Over::Board => Kind::board().await?,
        };
        let ports = Ports { postgres: place.postgres, requests, lamps: Some(broker.port()), boards: kind.port() };
        let faults = Faults::make(world.folder.path(), &world.nodes[0].data.canonicalize()?).await?.with_ports(ports);
        let node = &mut world.nodes[0];
        node.extra = texts_by(&sms);
        node.extra.extend(networks.settings(url));
        node.extra.push(lamps_at(broker));
        node.faults = Some(faults.clone());
        let setup = node.clone();
        let server = setup.serve().await?;
        world.boss_signs_in().await?;
        networks.introduce(&world).await?;
        networks.introduce_freezing(&world).await?;
        let hall = hall(&world, 60 * PER_MINUTE).await?;
        let table = table(&world, &hall, "1", kind, broker).await?;
        let (customer, number) = sign_in(&world, &sms, "13800000000").await?;
        let cash = if operation.by_wallet() { MONEY } else { 0 };
        if cash > 0 {
            recharge(&world, &hall, &number, cash).await?;
        }
        let (random, quiet) = (Random::seeded(1), Duration::from_millis(place.quiet));
        let load = Load::new(Arc::new(world));
        let server = Some(server);
        let this = Self {
            operation,
            load,
            setup,
            faults,
            server,
            quiet,
            random,
            hall,
            table,
            customer,
            networks,
            cash,
            spent: 0,
            last: None,
            turns: 0,
            since: Timestamp::from_micros(0),
        };
        if operation.act == Act::Refund {
            // What goes back.
            this.insist(
                true,
                "/customer/v1/orders",
                &json!({"method": "native", "recharge": {"amount_fen": MONEY}}),
                Some("steps-before-0001"),
            )
            .await?;
        }
        Ok(this)
    }

    /// Until it is answered; and paid, where it is an order that is `paid`.
    async fn insist(&self, paid: bool, path: &str, body: &Value, key: Option<&str>) -> Result<()> {
        let done = self.load.insist(&self.random, &self.customer, path, body, key).await.context("no answer")?;
        if done.status >= 300 {
            bail!("{path} was answered with {} {}", done.status, done.body);
        }
        if paid {
            self.networks.pay(&self.load, &text(&done.body, "/id")?).await;
        }
        Ok(())
    }

    /// The customer asks, and pays where that is to be done: as far as the server lives.
    pub async fn asks(&mut self, turn: &Turn) -> Result<()> {
        let watch = Stopwatch::start();
        loop {
            let world = &self.load.world;
            let ask = Ask { who: &self.customer, method: Method::POST, path: &turn.path, body: Some(&turn.body), key: turn.key.as_deref() };
            match send(&world.http, &world.url(), &ask).await {
                Reply::Answer { status, body, .. } if status < 300 => {
                    if turn.operation.is_paid() {
                        self.networks.pay(&self.load, &text(&body, "/id")?).await;
                    }
                    return Ok(());
                }
                // A machine with too much to do puts us off, and says for how long.
                Reply::Answer { status: 503, retry_after: Some(seconds), .. } => pause(seconds * 1_000).await,
                Reply::Answer { status, body, .. } => bail!("{} was answered with {status} {body}", turn.path),
                // Mostly because it is dead; an old connection may be, too.
                Reply::Silence => pause(50).await,
            }
            if !self.is_alive() {
                return Ok(());
            }
            if watch.elapsed() > READY {
                bail!("{} had no answer for {} s", turn.path, READY.as_secs());
            }
        }
    }

    /// The customer had no answer, or had: asks for the same again, and has not paid before what is to be paid now.
    pub async fn asks_again(&self, turn: &Turn) -> Result<()> {
        self.insist(turn.operation.is_paid(), &turn.path, &turn.body, turn.key.as_deref()).await
    }

    pub fn is_alive(&mut self) -> bool {
        self.server.as_mut().is_some_and(Server::alive)
    }

    /// Ends the server as each turn does, once nothing is under way, and starts it again.
    pub async fn begin_anew(&mut self) -> Result<()> {
        self.faults.count(None)?;
        self.quiet().await?;
        self.faults.stop_counting()?;
        self.server.take().context("no server")?.kill().await?;
        self.server = Some(self.setup.serve().await?);
        Ok(())
    }

    /// Waits until the steps of what was done are over, those that come a little later too; or the server is.
    pub async fn quiet(&mut self) -> Result<()> {
        self.quiet_for(self.quiet).await
    }

    /// The same, where nothing comes later.
    pub async fn quiet_for(&mut self, quiet: Duration) -> Result<()> {
        let (watch, mut since) = (Stopwatch::start(), Stopwatch::start());
        let mut seen = self.faults.counted()?;
        while since.elapsed() < quiet && watch.elapsed() < LOUD && self.is_alive() {
            pause(20).await;
            let now = self.faults.counted()?;
            if now != seen {
                (seen, since) = (now, Stopwatch::start());
            }
        }
        Ok(())
    }

    /// The last of it: what the program itself and the driver's book say.
    pub async fn close(mut self) -> Result<()> {
        if let Some(server) = self.server.take() {
            stop(server).await?;
        }
        self.setup.doctor().await?;
        let wrong = std::mem::take(&mut self.load.book.open().wrong);
        if wrong.is_empty() { Ok(()) } else { bail!("{} things are wrong:\n  {}", wrong.len(), wrong.join("\n  ")) }
    }
}

fn port(url: &str) -> Result<u16> {
    reqwest::Url::parse(url)?.port().with_context(|| format!("no port in {url}"))
}
