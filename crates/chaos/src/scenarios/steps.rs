//! SIGKILL at each step, one after the other: before it happens, and after it has and nobody knows. A step is a commit of the server's, a request
//! to a payment network, or a command to a lamp ([`crate::faults`]). Each time the operation comes to its end within 30 s: done as without the kill,
//! or undone with all money back; and once, however often the customer asks.
//!
//! Begin with [`Series`]; [`stage`] is where it takes place, [`operation`] says which ends there are.

mod operation;
mod stage;

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::Stopwatch;
use store::Engine;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::operation::{Operation, Standing, Turn};
use self::stage::{Place, Stage};
use super::furnish::pause;
use crate::faults::{Counted, Side};
use crate::scenario::{Plan, Report};

/// After the restart, and after the customer has asked again.
const END: Duration = Duration::from_secs(30);
/// A process that has killed itself.
const DEAD: Duration = Duration::from_secs(10);
const SIGKILL: i32 = 9;
/// Each series has a server of its own, which mostly waits: for leases of jobs whose worker is dead.
const AT_ONCE: usize = 8;
/// Commits of the background come in between; so many steps more are tried than were counted.
const MORE: u64 = 6;
/// A lamp is given two seconds, and a job half of one until it is found, before it is looked at again whether it does as it was told: steps too.
const QUIET: u64 = 2_700;
const QUIET_IN_SHORT: u64 = 400;

/// One operation, ended at one step after the other, on a stage of its own.
struct Series {
    operation: Operation,
    kills: Kills,
}

#[derive(Clone, Copy)]
enum Kills {
    /// On this side of each step.
    All(Side),
    /// At these, which wait for no lease.
    These(&'static [(u64, Side)]),
}

const FEW: &[(u64, Side)] = &[(1, Side::Before), (1, Side::After), (2, Side::Before)];

impl Series {
    fn all() -> Vec<Self> {
        let sides = |side| Operation::ALL.map(|operation| Self { operation, kills: Kills::All(side) });
        sides(Side::Before).into_iter().chain(sides(Side::After)).collect()
    }

    fn few() -> Vec<Self> {
        [Operation::Open, Operation::Pay, Operation::Refund].map(|operation| Self { operation, kills: Kills::These(FEW) }).into()
    }
}

/// What became of a series.
struct Sum {
    operation: Operation,
    /// When nothing was killed.
    steps: Counted,
    kills: u32,
    /// How it stood after the restart, before the customer asked again.
    done: u32,
    undone: u32,
    nothing: u32,
    /// Until the end, after the restart or after asking again.
    longest: Duration,
}

pub async fn run(plan: &Plan, engine: Engine, report: &mut Report) -> Result<()> {
    let (series, quiet) = if plan.short { (Series::few(), QUIET_IN_SHORT) } else { (Series::all(), QUIET) };
    let (watch, places, mut tasks) = (Stopwatch::start(), Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for one in series {
        let database = plan.database(engine).await?;
        let port = plan.postgres.lock().await.as_ref().map(|postgres| postgres.address.port());
        let postgres = port.filter(|_| database.is_some());
        let (place, places) = (Place { cuekey: PathBuf::clone(&plan.cuekey), database, postgres, quiet }, Arc::clone(&places));
        tasks.spawn(async move {
            let _place = places.acquire_owned().await?;
            play(place, &one).await.with_context(|| one.operation.name())
        });
    }
    let (mut sums, mut wrong) = (Vec::new(), Vec::new());
    while let Some(ended) = tasks.join_next().await {
        match ended? {
            Ok(sum) => sums.push(sum),
            Err(error) => wrong.push(format!("{error:#}")),
        }
    }
    tell(&sums, report);
    let kills: u32 = sums.iter().map(|sum| sum.kills).sum();
    report.did(format!("{kills} times SIGKILL, each at a step of its own, in {:.0} s", watch.elapsed().as_secs_f64()));
    if !wrong.is_empty() {
        bail!("{} series went wrong:\n  {}", wrong.len(), wrong.join("\n  "));
    }
    report.looked.push(format!("each operation is done once, or undone with all money back, within {} s", END.as_secs()));
    report.looked.push("asked for again, nothing happens twice; wallet, bills, lights and the networks' books agree after each".into());
    report.looked.push("cuekey doctor: sessions, orders, holds and the ledger agree".into());
    Ok(())
}

/// A line for each operation.
fn tell(sums: &[Sum], report: &mut Report) {
    for operation in Operation::ALL {
        let of: Vec<&Sum> = sums.iter().filter(|sum| sum.operation == operation).collect();
        let Some(Counted { begun, commits, requests, commands, .. }) = of.first().map(|sum| sum.steps) else { continue };
        let all = |number: fn(&Sum) -> u32| -> u32 { of.iter().map(|sum| number(sum)).sum() };
        let (kills, done, undone, nothing) = (all(|sum| sum.kills), all(|sum| sum.done), all(|sum| sum.undone), all(|sum| sum.nothing));
        let longest = of.iter().map(|sum| sum.longest).max().unwrap_or_default().as_secs_f64();
        report.did(format!(
            "{}: {begun} steps ({commits} commits, {requests} requests, {commands} commands); killed {kills} times: {done} done, {undone} undone, \
             {nothing} not begun; at the end after {longest:.1} s at most",
            operation.name()
        ));
    }
}

async fn play(place: Place, series: &Series) -> Result<Sum> {
    let mut stage = Stage::open(place, series.operation).await?;
    let played = kills(&mut stage, series).await.with_context(|| crate::server::tail(&stage.setup.log));
    let sum = played?;
    stage.close().await?;
    Ok(sum)
}

async fn kills(stage: &mut Stage, series: &Series) -> Result<Sum> {
    let (first, second) = (untouched(stage).await?, untouched(stage).await?);
    let (least, most) = (first.begun.min(second.begun), first.begun.max(second.begun));
    let mut sum = Sum { operation: series.operation, steps: first, kills: 0, done: 0, undone: 0, nothing: 0, longest: Duration::ZERO };
    let steps: Vec<(u64, Side)> = match series.kills {
        Kills::All(side) => (1..=most + MORE).map(|number| (number, side)).collect(),
        Kills::These(few) => few.to_vec(),
    };
    for (number, side) in steps {
        let ended = end_at(stage, number, side).await.with_context(|| format!("SIGKILL {side:?} step {number} of {least} to {most}"))?;
        let Some((standing, took)) = ended else {
            if number * 2 <= least {
                bail!("step {number} of {least} was not reached");
            }
            break;
        };
        sum.kills += 1;
        match standing {
            Standing::Done => sum.done += 1,
            Standing::Undone => sum.undone += 1,
            Standing::Nothing | Standing::UnderWay => sum.nothing += 1,
        }
        sum.longest = sum.longest.max(took);
    }
    // What others have killed says nothing of this one.
    if sum.kills == 0 {
        bail!("nothing was killed at {least} to {most} steps");
    }
    Ok(sum)
}

/// How many steps it takes where nothing is killed.
async fn untouched(stage: &mut Stage) -> Result<Counted> {
    let turn = stage.start().await?;
    stage.faults.count(None)?;
    stage.asks(&turn).await?;
    comes_to(stage, &turn, |standing| standing == Standing::Done).await?;
    stage.quiet().await?;
    let counted = stage.faults.counted()?;
    stage.faults.stop_counting()?;
    // A kind that is never seen goes by a way that is not watched.
    let operation = stage.operation;
    if counted.commits == 0 || (operation.asks() && counted.requests == 0) || (operation.tells() && counted.commands == 0) {
        bail!("not all of its steps were seen: {counted:?}");
    }
    Ok(counted)
}

/// Ends the server there, and starts it again. How the operation stood before the customer asked again, and how long it took to stand so, or as in
/// the end; none where it was over before that step.
async fn end_at(stage: &mut Stage, number: u64, side: Side) -> Result<Option<(Standing, Duration)>> {
    let turn = stage.start().await?;
    stage.faults.count(Some((number, side)))?;
    stage.asks(&turn).await?;
    is_over(stage, &turn).await?;
    stage.faults.stop_counting()?;
    if stage.is_alive() && stage.faults.counted()?.begun >= number {
        // One of the background's, just now: it ends in a moment.
        pause(1_000).await;
    }
    if stage.is_alive() {
        let counted = stage.faults.counted()?;
        if counted.begun >= number {
            bail!("the step has begun, and nothing has ended there: {counted:?}");
        }
        return Ok(None);
    }
    let mut dead = stage.server.take().context("no server")?;
    let status = dead.ended(DEAD).await?;
    if status.signal() != Some(SIGKILL) {
        bail!("the server ended by itself: {status}");
    }
    let watch = Stopwatch::start();
    stage.server = Some(stage.setup.serve().await?);
    let (standing, took) = comes_to_rest(stage, &turn, watch, |standing| standing != Standing::UnderWay).await?;
    stage.asks_again(&turn).await?;
    let (end, later) = comes_to(stage, &turn, |standing| matches!(standing, Standing::Done | Standing::Undone)).await?;
    if standing != Standing::Nothing && end != standing {
        bail!("it was {standing:?}, and after asking again {end:?}");
    }
    Ok(Some((standing, took.max(later))))
}

/// The server is dead, or all is done and nothing more begins.
async fn is_over(stage: &mut Stage, turn: &Turn) -> Result<()> {
    let watch = Stopwatch::start();
    while stage.is_alive() {
        if let Some(facts) = stage.look().await
            && turn.standing(&facts)? == Standing::Done
        {
            return stage.quiet().await;
        }
        if watch.elapsed() > END {
            bail!("after {} s it is neither over nor killed", END.as_secs());
        }
        pause(50).await;
    }
    Ok(())
}

async fn comes_to(stage: &Stage, turn: &Turn, wanted: fn(Standing) -> bool) -> Result<(Standing, Duration)> {
    comes_to_rest(stage, turn, Stopwatch::start(), wanted).await
}

/// Waits until it stands as is wanted, twice in a row: what is seen is read piece by piece.
async fn comes_to_rest(stage: &Stage, turn: &Turn, since: Stopwatch, wanted: fn(Standing) -> bool) -> Result<(Standing, Duration)> {
    let mut before: Option<(Standing, Duration)> = None;
    loop {
        let seen = stage.look().await;
        let standing = seen.as_ref().map_or(Ok(Standing::UnderWay), |facts| turn.standing(facts))?;
        match before {
            Some((was, at)) if was == standing && wanted(standing) => return Ok((standing, at)),
            _ => before = Some((standing, since.elapsed())),
        }
        if since.elapsed() > END {
            bail!("after {} s it is {standing:?}: {seen:?}", END.as_secs());
        }
        pause(100).await;
    }
}
