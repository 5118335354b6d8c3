//! A series, from its first turn to its last.

use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::Stopwatch;

use super::operation::{END, LIGHT, Operation};
use super::series::{Kills, Series, due};
use super::stage::{Place, Stage};
use super::standing::{Standing, Turn};
use crate::faults::{Counted, Side};
use crate::scenarios::furnish::pause;

/// A process that has killed itself.
const DEAD: Duration = Duration::from_secs(10);
const SIGKILL: i32 = 9;
/// Commits of the background come in between; so many steps more are tried than were counted.
const MORE: u64 = 6;
/// So often it is done untouched, where each step is to be reached: what the background does in one turn it may not do in the next, and the fewest
/// steps of several are the operation's own.
const UNTOUCHED: u32 = 4;
/// And so many turns at most a step of those is waited for.
const TURNS: u32 = 5;
/// A light was told for the first time once it is so quiet; it is told again after two seconds.
const TOLD: Duration = Duration::from_secs(1);
/// So long before the program gives a light up nothing happens, but what the background does.
const SHORTLY: Duration = Duration::from_secs(2);

/// What became of a series.
pub(super) struct Sum {
    pub operation: Operation,
    pub series: Kills,
    /// When nothing was killed: of the first time, and of all the fewest and the most.
    pub steps: Counted,
    pub least: u64,
    pub most: u64,
    /// The last step that it had to come to, and the last at which a server was ended. It is no smaller, or there is no sum.
    pub due: u64,
    pub reached: u64,
    pub kills: u32,
    /// How it stood after the restart, before the customer asked again.
    pub done: u32,
    pub undone: u32,
    pub nothing: u32,
    /// Until the end, after the restart or after asking again.
    pub longest: Duration,
}

/// What was counted where nothing was killed.
struct Untouched {
    steps: Counted,
    /// Those that only tell a light again that is waited for.
    waits: Range<u64>,
}

pub(super) async fn play(place: Place, series: &Series) -> Result<Sum> {
    let mut stage = Stage::open(place, series.operation).await?;
    let played = kills(&mut stage, series).await.with_context(|| crate::server::tail(&stage.setup.log));
    let sum = played?;
    stage.close().await?;
    Ok(sum)
}

async fn kills(stage: &mut Stage, series: &Series) -> Result<Sum> {
    let first = untouched(stage).await?;
    let (mut least, mut most, mut waits) = (first.steps.begun, first.steps.begun, first.waits);
    // Where a few steps are tried, it does not matter where the last one is.
    if !matches!(series.kills, Kills::These(_)) {
        for _ in 1..UNTOUCHED {
            // As before each turn that comes now: a process that has just begun may have less to do.
            stage.begin_anew().await?;
            let again = untouched(stage).await?;
            (least, most) = (least.min(again.steps.begun), most.max(again.steps.begun));
            // Of all ends the earliest: around these each is tried.
            waits = waits.start.min(again.waits.start)..waits.end.min(again.waits.end);
        }
    }
    let tried = series.kills.steps(most + MORE, &waits);
    let (operation, kills, due) = (series.operation, series.kills, due(&tried, least));
    let (steps, none) = (first.steps, Duration::ZERO);
    let mut sum =
        Sum { operation, series: kills, steps, least, most, due, reached: 0, kills: 0, done: 0, undone: 0, nothing: 0, longest: none };
    for (number, side) in tried {
        let turns = if number <= due { TURNS } else { 1 };
        let ended =
            end_in(turns, stage, number, side).await.with_context(|| format!("SIGKILL {side:?} step {number} of {least} to {most}"))?;
        let Some((standing, took)) = ended else { break };
        sum.kills += 1;
        sum.reached = sum.reached.max(number);
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
    // It would have stopped in the middle, and nobody would know what comes after that.
    if sum.reached < due {
        bail!("the last step that was reached is {} of {least} to {most}, and {due} was to be", sum.reached);
    }
    Ok(sum)
}

/// Ends the server there, in the first of so many turns that come to that step.
async fn end_in(turns: u32, stage: &mut Stage, number: u64, side: Side) -> Result<Option<(Standing, Duration)>> {
    for _ in 0..turns {
        let ended = end_at(stage, number, side).await?;
        if ended.is_some() {
            return Ok(ended);
        }
    }
    Ok(None)
}

/// How many steps it takes where nothing is killed.
async fn untouched(stage: &mut Stage) -> Result<Untouched> {
    let (turn, operation) = (stage.start().await?, stage.operation);
    stage.faults.count(None)?;
    let watch = Stopwatch::start();
    stage.asks(&turn).await?;
    let waits = if operation.is_in_vain() { waits(stage, watch).await? } else { 0..0 };
    let (standing, _) = comes_to(stage, &turn, Standing::is_an_end).await?;
    if standing != operation.end() {
        bail!("it is {standing:?}, though nothing was killed");
    }
    if !operation.is_in_vain() {
        stage.quiet().await?;
    }
    let steps = stage.faults.counted()?;
    stage.faults.stop_counting()?;
    // A kind that is never seen goes by a way that is not watched.
    if steps.commits == 0 || (operation.asks() && steps.requests == 0) || (operation.tells() && steps.commands == 0) {
        bail!("not all of its steps were seen: {steps:?}");
    }
    Ok(Untouched { steps, waits })
}

/// While a light is waited for it is told again and again: the steps of that, from when it was told first until the program is about to give it up.
/// What the background does in one turn it may not do in the next: the last few are no such steps.
async fn waits(stage: &mut Stage, asked: Stopwatch) -> Result<Range<u64>> {
    stage.quiet_for(TOLD).await?;
    let first = stage.faults.counted()?.begun + 1;
    while asked.elapsed() < LIGHT - SHORTLY {
        pause(100).await;
    }
    let last = stage.faults.counted()?.begun.saturating_sub(MORE);
    Ok(first..last.max(first))
}

/// Ends the server there, and starts it again. How the operation stood before the customer asked again, and how long it took to stand so, or as in
/// the end; none where it was over before that step.
async fn end_at(stage: &mut Stage, number: u64, side: Side) -> Result<Option<(Standing, Duration)>> {
    let turn = stage.start().await?;
    stage.faults.count(Some((number, side)))?;
    stage.asks(&turn).await?;
    is_over(stage, &turn).await?;
    stage.faults.stop_counting()?;
    // One of the background's, just now: it ends in a moment, which is longer on a machine that has other things to do.
    let begun = Stopwatch::start();
    while stage.is_alive() && stage.faults.counted()?.begun >= number && begun.elapsed() < DEAD {
        pause(100).await;
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
    let (end, later) = comes_to(stage, &turn, Standing::is_an_end).await?;
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
            && turn.standing(&facts)?.is_an_end()
        {
            return stage.quiet().await;
        }
        if watch.elapsed() > END {
            bail!("after {} s it is neither over nor killed", END.as_secs());
        }
        pause(turn.operation.pause_ms() / 2).await;
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
        pause(turn.operation.pause_ms()).await;
    }
}
