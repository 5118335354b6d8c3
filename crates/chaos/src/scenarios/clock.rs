//! The clock of the machine is moved while the server runs, and while it is begun anew.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use kernel::{Clock, MINUTE, Stopwatch};
use store::Engine;

use super::replay::{Caught, refused, taken};
use crate::faults::{Fault, Faults};
use crate::load::Load;
use crate::scenario::{Plan, Report, under_load};
use crate::server::{Server, Setup, free_address};
use crate::timeline::Event;
use crate::world::World;

/// Minutes that the clock is off, one after the other.
const STEPS: [i64; 7] = [60, 0, -60, 0, 60, -60, 0];
/// Where requests are caught before the server is begun anew, an hour ahead and an hour behind; it was never there before.
const BASE: i64 = -30;
/// Where it never was at all, so that it can have forgotten nothing of that time.
const NEW: i64 = 15;
/// Long enough for whatever comes by the clock: the server removes what it takes for old.
const SWEPT: Duration = Duration::from_secs(2);
/// How long a client may have to wait for something to be acknowledged, whatever its turn is: the longest is stopping a large batch.
const FAIR: Duration = Duration::from_secs(30);
/// Requests that are caught at each step.
const CAUGHT: usize = 3;

pub async fn run(plan: &Plan, engine: Engine, report: &mut Report) -> Result<()> {
    let (mut world, servers) = World::make(plan.cuekey.clone(), plan.database(engine).await?, 1).await?;
    let faults = Faults::make(world.folder.path(), &world.nodes[0].data).await?;
    world.nodes[0].faults = Some(faults.clone());
    for server in servers {
        server.stop().await?;
    }
    let mut servers = vec![world.nodes[0].serve().await?];
    let mut urls = vec![world.url()];
    if engine == Engine::Postgres {
        // It is asked by nobody but whoever sends again what the first has taken.
        let second = another(&world)?;
        urls.push(second.url());
        servers.push(second.serve().await?);
    }
    let load = Load::with(Arc::new(world), true);
    under_load(plan, &load, servers, report, async |load, mut servers, report| {
        let mut watched = Watched { load, faults: &faults, urls, caught: Vec::new(), been: BTreeSet::new() };
        watched.catch(0).await?;
        let pause = Duration::from_millis(if plan.short { 500 } else { 6_000 });
        for minutes in STEPS {
            let done = watched.step(minutes, pause).await?;
            report.did(format!("clock at {minutes:+} min for {} s: {done} acknowledged, some to each client", pause.as_secs_f64()));
        }
        let lost = load.timeline.count(Event::PutOff) + load.timeline.count(Event::Unanswered);
        if lost > 0 {
            bail!("{lost} requests were put off or not answered, though only the clock was moved");
        }
        let (sent, good) = watched.begin_anew(&mut servers).await?;
        report.looked.push(format!(
            "{sent} times a request that had been taken was sent again, over steps of the clock and over a start at each time, and refused; {good} times its time was good again"
        ));
        Ok(servers)
    })
    .await
}

/// Another process on the same database, under the same clock.
fn another(world: &World) -> Result<Setup> {
    Ok(Setup {
        address: free_address()?,
        data: world.folder.path().join("data-another"),
        log: world.folder.path().join("server-another.log"),
        ..world.nodes[0].clone()
    })
}

/// The load under a clock that moves, and what somebody has caught of it.
struct Watched<'a> {
    load: &'a Load,
    faults: &'a Faults,
    urls: Vec<String>,
    caught: Vec<Caught>,
    /// Where the clock has been.
    been: BTreeSet<i64>,
}

impl Watched<'_> {
    /// Moves the clock, and waits until each client had something acknowledged. What was caught is refused; more is caught.
    async fn step(&mut self, minutes: i64, pause: Duration) -> Result<u64> {
        let (from, before) = (self.load.timeline.now(), self.load.each());
        self.faults.set(Fault::Clock, minutes * MINUTE)?;
        Clock::System.sleep(pause).await;
        let watch = Stopwatch::start();
        loop {
            let now = self.load.each();
            let waiting: Vec<usize> = (0..now.len()).filter(|client| now[*client] <= before[*client]).collect();
            if waiting.is_empty() {
                break;
            }
            if watch.elapsed() > FAIR {
                bail!("the clock at {minutes:+} min: nothing was acknowledged to clients {waiting:?} within {:?}", pause + FAIR);
            }
            self.load.wait().await;
        }
        self.load.timeline.mark(from, &format!("clock {minutes:+} min"));
        let done = self.load.each().iter().sum::<u64>() - before.iter().sum::<u64>();
        self.send_again(minutes).await?;
        self.catch(minutes).await?;
        Ok(done)
    }

    /// From the first of the servers.
    async fn catch(&mut self, minutes: i64) -> Result<()> {
        let new = self.been.insert(minutes);
        self.caught.extend(taken(&self.load.world, &self.urls[0], minutes, CAUGHT, new).await?);
        Ok(())
    }

    /// To all of them. How often, and how often nothing but the servers' memory was against it.
    async fn send_again(&self, minutes: i64) -> Result<(usize, usize)> {
        let mut good = 0;
        for url in &self.urls {
            good += refused(&self.load.world, url, minutes, &self.caught).await?;
        }
        Ok((self.caught.len() * self.urls.len(), good))
    }

    /// The server is stopped and started, at the same time and with the clock ahead and behind; then the clock is set to where requests were caught.
    async fn begin_anew(&mut self, servers: &mut Vec<Server>) -> Result<(usize, usize)> {
        self.faults.set(Fault::Clock, BASE * MINUTE)?;
        self.catch(BASE).await?;
        let (mut sent, mut good) = (0, 0);
        for begun_at in [BASE, BASE + 60, BASE - 60] {
            self.faults.set(Fault::Clock, begun_at * MINUTE)?;
            Clock::System.sleep(SWEPT).await;
            let status = servers.remove(0).stop().await?;
            if !status.success() {
                bail!("a server that was asked to stop ended with {status}");
            }
            servers.insert(0, self.load.world.nodes[0].serve().await?);
            Clock::System.sleep(SWEPT).await;
            self.faults.set(Fault::Clock, BASE * MINUTE)?;
            let (times, of_them) = self.send_again(BASE).await?;
            if of_them == 0 {
                bail!("begun at {begun_at:+} min: nothing that was caught was of a time that is good again");
            }
            (sent, good) = (sent + times, good + of_them);
        }
        // What it has forgotten keeps nobody out for longer than it must.
        self.faults.set(Fault::Clock, NEW * MINUTE)?;
        for url in &self.urls {
            taken(&self.load.world, url, NEW, CAUGHT, true).await?;
        }
        self.faults.set(Fault::Clock, 0)?;
        Ok((sent, good))
    }
}
