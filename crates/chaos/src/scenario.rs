//! What scenarios share: what they are given, how they end, and what they report.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::{Clock, MINUTE, Random, Timestamp};
use serde_json::json;
use store::Engine;
use tokio::sync::Mutex;

use crate::audit::{self, Audit};
use crate::faults::{Fault, Faults};
use crate::load::Load;
use crate::pg::Postgres;
use crate::server::Server;
use crate::timeline::Event;

/// How many use the program at once; fewer where it is to be quick.
pub const CLIENTS: usize = 32;
const FEWER: usize = 8;

/// What was asked for.
pub struct Plan {
    pub cuekey: PathBuf,
    pub seed: u64,
    pub kills: u32,
    /// A few seconds each: for every run of the tests.
    pub short: bool,
    pub out: PathBuf,
    /// Which state of the source is tried; a plus says that it was not committed.
    pub commit: String,
    /// Where, and how the program was built.
    pub machine: String,
    pub began: Timestamp,
    /// Started when the first scenario needs it.
    pub postgres: Mutex<Option<Postgres>>,
}

impl Plan {
    pub fn random(&self) -> Random {
        Random::seeded(self.seed)
    }

    /// The database of a scenario: none is SQLite.
    pub async fn database(&self, engine: Engine) -> Result<Option<String>> {
        if engine == Engine::Sqlite {
            return Ok(None);
        }
        let mut postgres = self.postgres.lock().await;
        if postgres.is_none() {
            *postgres = Some(Postgres::start().await?);
        }
        let name = format!("chaos_{:016x}", Random::system().u64());
        match postgres.as_ref() {
            Some(postgres) => postgres.database(&name).await.map(Some),
            None => bail!("PostgreSQL is not there"),
        }
    }
}

/// In an order that chance decides.
pub fn shuffled<T>(random: &Random, mut things: Vec<T>) -> Vec<T> {
    for place in (1..things.len()).rev() {
        let other = usize::try_from(random.below(place as u64 + 1)).unwrap_or(0);
        things.swap(place, other);
    }
    things
}

/// What a scenario did and looked at, line by line.
#[derive(Default)]
pub struct Report {
    pub did: Vec<String>,
    /// What became of the requests, in one line.
    pub answers: Option<String>,
    pub looked: Vec<String>,
    pub data: Option<serde_json::Value>,
}

impl Report {
    pub fn did(&mut self, what: impl Into<String>) {
        self.did.push(what.into());
    }

    /// The numbers of the load.
    pub fn load(&mut self, load: &Load) {
        let pages = load.book.open();
        let count = |event| load.timeline.count(event) as u64;
        let (acknowledged, put_off, unanswered) = (count(Event::Acknowledged), count(Event::PutOff), count(Event::Unanswered));
        let (refused, repeated) = (pages.refused, pages.repeated);
        drop(pages);
        let requests = acknowledged + refused + put_off + unanswered;
        self.answers = Some(format!(
            "{requests} requests (reads only where they failed): {acknowledged} acknowledged, {refused} refused, {put_off} put off (503), \
             {unanswered} unanswered; {repeated} repeated"
        ));
        let mut data = load.timeline.data();
        data["counts"] = json!({
            "acknowledged": acknowledged, "refused": refused, "put_off": put_off, "unanswered": unanswered, "repeated": repeated
        });
        self.data = Some(data);
    }
}

/// After the load: the jobs that are left are carried out, then everything is read back. `running` are the servers.
///
/// Jobs whose worker was killed wait for the end of its lease, and those that failed for their next try: a clock that
/// runs ahead spares us the wait.
pub async fn settle(load: &Load, running: Vec<Server>, report: &mut Report) -> Result<()> {
    settle_only(load, running).await?;
    read_back(load, report).await
}

/// Without reading back.
pub async fn settle_only(load: &Load, running: Vec<Server>) -> Result<()> {
    for server in running {
        let status = server.stop().await?;
        if !status.success() {
            bail!("a server that was asked to stop ended with {status}");
        }
    }
    let world = &load.world;
    let mut setup = world.nodes[0].clone();
    let faults = Faults::make(world.folder.path(), &setup.data).await?;
    faults.set(Fault::Clock, 3 * MINUTE)?;
    setup.faults = Some(faults.clone());
    let server = setup.serve().await?;
    let ahead = async {
        // No further than a session lasts.
        for step in 1..40 {
            Clock::System.sleep(Duration::from_millis(1_500)).await;
            faults.set(Fault::Clock, (3 + 15 * step) * MINUTE)?;
        }
        Clock::System.sleep(Duration::from_secs(240)).await;
        Ok::<f64, anyhow::Error>(0.0)
    };
    tokio::select! {
        done = audit::jobs_are_done(world) => done?,
        done = ahead => done?,
    };
    if !server.stop().await?.success() {
        bail!("the last server did not end well");
    }
    faults.set(Fault::Clock, 0)
}

/// The database against the books, and the program's own examination.
pub async fn read_back(load: &Load, report: &mut Report) -> Result<()> {
    let pages = std::mem::take(&mut *load.book.open());
    let (wrong, looked) = Audit::of(&load.world, &pages, load.clock_moves).await?.run().await?;
    report.looked.extend(looked);
    load.world.nodes[0].doctor().await?;
    report.looked.push("cuekey doctor: the ledger adds up, keys and charges agree, the database is sound".into());
    if !wrong.is_empty() {
        bail!("{} things are wrong:\n  {}", wrong.len(), wrong.join("\n  "));
    }
    Ok(())
}

/// Runs a load while `break_it` breaks things; then settles and reads back.
pub async fn under_load(
    plan: &Plan,
    load: &Arc<Load>,
    servers: Vec<Server>,
    report: &mut Report,
    break_it: impl AsyncFnOnce(&Arc<Load>, Vec<Server>, &mut Report) -> Result<Vec<Server>>,
) -> Result<()> {
    let clients = load.begin(if plan.short { FEWER } else { CLIENTS }, plan.seed);
    let servers = break_it(load, servers, report).await;
    let ended = load.end(clients).await;
    report.load(load);
    let servers = servers.with_context(|| load.book.open().wrong.join("\n"))?;
    ended?;
    settle(load, servers, report).await
}

/// A report as data, for plots.
pub fn write(plan: &Plan, name: &str, report: &Report, good: bool) -> Result<()> {
    let mut data = report.data.clone().unwrap_or_else(|| json!({}));
    data["name"] = json!(name);
    data["seed"] = json!(plan.seed);
    // What a figure is of, whoever quotes it.
    data["commit"] = json!(plan.commit);
    data["date"] = json!(plan.began);
    data["machine"] = json!(plan.machine);
    data["kills"] = json!(plan.kills);
    data["short"] = json!(plan.short);
    data["did"] = json!(report.did);
    data["answers"] = json!(report.answers);
    data["looked"] = json!(report.looked);
    data["good"] = json!(good);
    let path = plan.out.join(format!("{name}.json"));
    std::fs::write(&path, data.to_string()).with_context(|| format!("cannot write {}", path.display()))
}
