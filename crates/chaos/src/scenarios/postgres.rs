//! Between the program and PostgreSQL stands a line that fails, and PostgreSQL itself goes away and comes back, has no room on its disk or one that
//! fails, and is read-only. In what order, the seed decides.
//!
//! Nobody's way to the program is cut: whatever becomes of PostgreSQL, each request must be answered, and while nothing can be
//! written, with 503 (`load.rs` looks at its code and `Retry-After`).

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::{Clock, Stopwatch};
use nix::sys::signal::Signal;
use sandbox::{Line, State};
use store::Engine;

use crate::faults::Fault;
use crate::load::Load;
use crate::scenario::{Plan, Report, shuffled, under_load};
use crate::server::{Setup, free_address, probe};
use crate::timeline::Event;
use crate::world::World;

/// How long the program may need to notice that all is well again.
const RECOVERY: Duration = Duration::from_secs(20);
/// How long an outage is drawn out until somebody was told to come again, or a slowness until something was written. The program
/// waits 10 s for a statement and 5 s for a connection; a client that was put off waits 2 s; the rest is for a machine with too much to do.
const TOLD: Duration = Duration::from_secs(60);

enum Trouble {
    Down(Signal),
    Line(State),
    /// Its disk is full: it writes over what it has, and nothing more. Where its own log cannot go on it ends.
    Full,
    /// Its disk keeps nothing: `fsync` fails. It ends rather than go on.
    Failing,
    /// The database is read-only.
    ReadOnly,
}

pub async fn run(plan: &Plan, report: &mut Report) -> Result<()> {
    let url = plan.database(Engine::Postgres).await?.context("PostgreSQL's address")?;
    let mut server = plan.postgres.lock().await;
    let postgres = server.as_mut().context("PostgreSQL")?;
    let faults = postgres.can_fail().await?;
    let line = Line::to(postgres.address).await?;
    let name = url.rsplit('/').next().unwrap_or_default();
    let (world, servers) = World::make(plan.cuekey.clone(), Some(postgres.url(line.address(), name)), 1).await?;
    let load = Load::new(Arc::new(world));
    let (pieces, away) = if plan.short { (1, 1) } else { (3, 2) };
    let done = under_load(plan, &load, servers, report, async |load, servers, report| {
        let slow = State::Slow(Duration::from_millis(40));
        let troubles = [
            ("restarted", Trouble::Down(Signal::SIGINT), away),
            ("crashed", Trouble::Down(Signal::SIGQUIT), away),
            ("cut off", Trouble::Line(State::Cut), pieces),
            ("silent", Trouble::Line(State::Silent), if plan.short { 1 } else { 5 }),
            ("silent for long", Trouble::Line(State::Silent), if plan.short { 0 } else { 40 }),
            ("slow by 40 ms", Trouble::Line(slow), pieces * away),
            ("without room on its disk", Trouble::Full, pieces),
            ("with a disk that fails", Trouble::Failing, pieces),
            ("read-only", Trouble::ReadOnly, pieces),
        ];
        let troubles = shuffled(&plan.random(), Vec::from(troubles));
        for (what, trouble, seconds) in troubles.into_iter().filter(|(.., seconds)| *seconds > 0) {
            Clock::System.sleep(Duration::from_millis(if plan.short { 500 } else { 4_000 })).await;
            let (from, put_off) = (load.timeline.now(), load.timeline.count(Event::PutOff));
            match trouble {
                Trouble::Down(signal) => postgres.down(signal).await?,
                Trouble::Line(state) => line.set(state),
                Trouble::Full => faults.set(Fault::DiskFull, 1)?,
                Trouble::Failing => faults.set(Fault::Fsync, 1)?,
                Trouble::ReadOnly => postgres.read_only(name, true).await?,
            }
            let each = load.each();
            let pause = Duration::from_secs(seconds);
            // Whoever asks whether the server is ready must be told the truth, and soon.
            let ready = async {
                Clock::System.sleep(pause.mul_f64(0.4)).await;
                probe(load.world.nodes[0].address, "/readyz").await
            };
            let (_, ready) = tokio::join!(Clock::System.sleep(pause), ready);
            // Longer than was meant, where it takes its time until somebody asks and is answered.
            let slow = matches!(trouble, Trouble::Line(State::Slow(_)));
            let met = until(|| if slow { written_since(load, &each) } else { load.timeline.count(Event::PutOff) > put_off }).await;
            if matches!(trouble, Trouble::ReadOnly) {
                cannot_begin(&load.world.nodes[0]).await?;
            }
            match trouble {
                Trouble::Down(_) => postgres.up().await?,
                Trouble::Line(_) => line.set(State::Whole),
                Trouble::Full => {
                    faults.set(Fault::DiskFull, 0)?;
                    // It may have ended.
                    postgres.up().await?;
                }
                Trouble::Failing => {
                    faults.set(Fault::Fsync, 0)?;
                    // It has ended, or is about to: begun anew by whoever has mended the disk.
                    postgres.down(Signal::SIGQUIT).await?;
                    postgres.up().await?;
                }
                Trouble::ReadOnly => postgres.read_only(name, false).await?,
            }
            let well = load.timeline.now();
            load.timeline.mark(from, what);
            // Longer than was meant, where it took its time to stop or to start.
            let lasted = well - from;
            while load.timeline.acknowledged_after(well).is_none() {
                if load.timeline.now() - well > RECOVERY.as_secs_f64() {
                    bail!("PostgreSQL {what}: no write was acknowledged within {} s of its return", RECOVERY.as_secs());
                }
                Clock::System.sleep(Duration::from_millis(20)).await;
            }
            let first = load.timeline.acknowledged_after(well).unwrap_or(well) - well;
            let put_off = load.timeline.count(Event::PutOff) - put_off;
            report.did(format!(
                "PostgreSQL {what} for {lasted:.1} s: /readyz {ready:?}, {put_off} put off, writing again {first:.2} s after its return"
            ));
            match (slow, met) {
                (true, false) => bail!("PostgreSQL {what}: no write was begun and acknowledged within {lasted:.1} s"),
                (false, false) => bail!("PostgreSQL {what}: nobody was put off within {lasted:.1} s"),
                (_, true) => {}
            }
            // What needs no room can be written where the disk is full; what is read-only is read; and one whose disk fails begins again and again.
            let is_away = matches!(trouble, Trouble::Down(_) | Trouble::Line(State::Cut | State::Silent));
            if is_away && ready != Some(503) {
                bail!("PostgreSQL {what}: /readyz said {ready:?} instead of 503");
            }
            all_answered(load).with_context(|| format!("PostgreSQL {what}"))?;
        }
        Ok(servers)
    })
    .await;
    // Those too that had waited for an answer since then.
    done.and_then(|()| all_answered(&load))
}

/// Another process cannot begin where nothing can be written, and says why.
async fn cannot_begin(setup: &Setup) -> Result<()> {
    let other = Setup { address: free_address()?, ..setup.clone() };
    let (code, said) = other.run(&["serve"]).await?;
    if code != Some(1) || !said.contains("read-only") {
        bail!("PostgreSQL read-only: a start ended with {code:?} and said:\n{said}");
    }
    Ok(())
}

/// Waits until it is so. False where it takes too long.
async fn until(is_so: impl Fn() -> bool) -> bool {
    let watch = Stopwatch::start();
    while !is_so() {
        if watch.elapsed() > TOLD {
            return false;
        }
        Clock::System.sleep(Duration::from_millis(20)).await;
    }
    true
}

/// A client has been acknowledged twice since: it sent the second one after that. The first may have been on its way already.
fn written_since(load: &Load, before: &[u64]) -> bool {
    load.each().iter().zip(before).any(|(now, before)| *now >= before + 2)
}

fn all_answered(load: &Load) -> Result<()> {
    match load.timeline.count(Event::Unanswered) {
        0 => Ok(()),
        unanswered => bail!("{unanswered} requests were not answered, though the way to the program was whole"),
    }
}
