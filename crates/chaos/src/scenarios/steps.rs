//! SIGKILL at each step, one after the other: before it happens, and after it has and nobody knows. A step is a commit of the server's, a request
//! to a payment network, or a command to a light ([`crate::faults`]). Each time the operation comes to its end within 30 s: done as without the
//! kill, or undone with all money back; and once, however often the customer asks. Where a light is waited for in vain the end is undone.
//!
//! Begin with [`kills`]; [`series`] says what is ended where, [`stage`] is where it takes place, [`operation`] and [`standing`] say what is done
//! and which ends there are.

mod kills;
mod operation;
mod series;
mod stage;
mod standing;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use kernel::Stopwatch;
use serde_json::{Value, json};
use store::Engine;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::kills::Sum;
use self::operation::{END, Operation};
use self::series::Series;
use self::stage::Place;
use crate::faults::Counted;
use crate::scenario::{Plan, Report};

/// Each series has a server of its own, which mostly waits: for steps that come later, and for lights.
const AT_ONCE: usize = 12;
/// A lamp is given two seconds, and a job half of one until it is found, before it is looked at again whether it does as it was told: steps too.
const QUIET: u64 = 2_700;
const QUIET_IN_SHORT: u64 = 400;

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
            kills::play(place, &one).await.with_context(|| one.operation.name())
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
    let end = END.as_secs();
    report.looked.push("no series ended before the last of its steps that each turn had in which nothing was killed".into());
    report.looked.push(format!("each operation is done once, or undone with all money back, within {end} s"));
    report.looked.push(format!("under a lamp that does not answer: undone, told once, with the table out of service, within {end} s"));
    report.looked.push("asked for again, nothing happens twice; wallet, bills, lights and the networks' books agree after each".into());
    report.looked.push("cuekey doctor: sessions, orders, holds and the ledger agree".into());
    Ok(())
}

/// A line for each operation, and what it says as data.
fn tell(sums: &[Sum], report: &mut Report) {
    let mut operations = Vec::new();
    for operation in Operation::ALL {
        let of: Vec<&Sum> = sums.iter().filter(|sum| sum.operation == operation).collect();
        let Some(Counted { begun, commits, requests, commands, .. }) = of.first().map(|sum| sum.steps) else { continue };
        let all = |number: fn(&Sum) -> u32| -> u32 { of.iter().map(|sum| number(sum)).sum() };
        let (kills, done, undone, nothing) = (all(|sum| sum.kills), all(|sum| sum.done), all(|sum| sum.undone), all(|sum| sum.nothing));
        let longest = of.iter().map(|sum| sum.longest).max().unwrap_or_default().as_secs_f64();
        let least = of.iter().map(|sum| sum.least).min().unwrap_or_default();
        let most = of.iter().map(|sum| sum.most).max().unwrap_or_default();
        let reached = of.iter().map(|sum| sum.reached).max().unwrap_or_default();
        let name = operation.name();
        report.did(format!(
            "{name}: {begun} steps ({commits} commits, {requests} requests, {commands} commands), {least} to {most} from turn to turn; killed {kills} \
             times, the last time at step {reached}: {done} done, {undone} undone, {nothing} not begun; at the end after {longest:.1} s at most"
        ));
        operations.push(json!({
            "name": name, "commits": commits, "requests": requests, "commands": commands, "least": least, "most": most, "kills": kills,
            "reached": reached, "done": done, "undone": undone, "not_begun": nothing, "longest_s": longest,
            "kinds": of.iter().map(|sum| kind(sum)).collect::<Vec<_>>()
        }));
    }
    report.data = Some(json!({"operations": operations}));
}

/// One of the series of an operation: where it had to come, and where it came.
fn kind(sum: &Sum) -> Value {
    let Sum { series, least, most, due, reached, kills, .. } = sum;
    json!({"where": series.name(), "least": least, "most": most, "due": due, "reached": reached, "kills": kills})
}
