//! A batch that is cancelled while it is made: no key of it may stay, and no quota may be gone or on hold for it.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use crate::api::Api;
use crate::clock::{Stopwatch, pause};
use crate::dataset::{self, Stock};
use crate::figure::{Bound, Figure};
use crate::say;
use crate::site::Place;

/// Between two looks at the batch: short, since a small one is made soon.
const LOOK: Duration = Duration::from_millis(5);
/// What is not taken away by then never will be, in seconds.
const PATIENCE: f64 = 600.0;

/// Cancels one when half of it is made. The keys are counted in the database afterwards: lists do not show those of such a batch.
pub async fn figure(place: &Place, stock: &Stock, keys: u64) -> Result<Figure> {
    let (mut site, _) = place.serve().await?;
    let agent = stock.agent(&site).await?;
    let before = Quota::of(&agent).await?;
    let batch = agent.ask_for_batch(&stock.project, keys).await?;
    let path = format!("/api/v1/batches/{batch}");
    let made = half(&agent, &path, keys).await?;
    let during = Quota::of(&agent).await?;
    ensure!(during.held > before.held, "nothing is on hold for a batch that is being made");
    let watch = Stopwatch::start();
    agent.post(&format!("{path}/cancel"), json!({})).await?;
    gone(&agent, &path).await?;
    let seconds = watch.seconds();
    let after = Quota::of(&agent).await?;
    site.stop()?;
    let left = dataset::count(place, &batch).await?;

    let name = format!("keys and quota left of a batch of {keys} that was cancelled while it was made, {}", place.engine.name());
    let mut figure = Figure::new(name, "").bound(Bound::AtMost(0.0)).once();
    figure.values.push(left as f64 + before.differs(&after));
    figure.note = format!("{made} were made when it was cancelled, and taken away in {seconds:.1} s");
    say(&format!("{}: {left} keys left, quota {before:?} before and {after:?} after; {}", place.engine.name(), figure.note));
    Ok(figure)
}

/// Until half of it is made; answers how many are.
async fn half(agent: &Api, path: &str, keys: u64) -> Result<u64> {
    loop {
        let batch = agent.get(path).await?;
        ensure!(batch["state"] == "generating", "a batch was {} before it could be cancelled", batch["state"]);
        let made = batch["made"].as_u64().unwrap_or(0);
        if made * 2 >= keys {
            return Ok(made);
        }
        pause(LOOK).await;
    }
}

async fn gone(agent: &Api, path: &str) -> Result<()> {
    let watch = Stopwatch::start();
    loop {
        let batch = agent.get(path).await?;
        match batch["state"].as_str() {
            Some("cancelled") => return Ok(()),
            Some("cancelling") => ensure!(watch.seconds() < PATIENCE, "a cancelled batch is not taken away after ten minutes"),
            state => bail!("a cancelled batch is {state:?}"),
        }
        pause(LOOK * 10).await;
    }
}

/// What an agent has.
#[derive(Debug)]
struct Quota {
    available: i64,
    held: i64,
}

impl Quota {
    async fn of(agent: &Api) -> Result<Self> {
        let overview = agent.get("/api/v1/quota").await?;
        let of = |name: &str| overview[name].as_i64().with_context(|| format!("no quota is {name}: {overview}"));
        Ok(Self { available: of("available")?, held: of("held")? })
    }

    /// More or less, of either.
    fn differs(&self, other: &Self) -> f64 {
        (self.available.abs_diff(other.available) + self.held.abs_diff(other.held)) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_and_what_is_still_held_are_both_left() {
        let (before, undone) = (Quota { available: 1_000, held: 10 }, Quota { available: 1_000, held: 10 });
        assert_eq!(before.differs(&undone) as u64, 0);
        assert_eq!(before.differs(&Quota { available: 900, held: 110 }) as u64, 200);
        assert_eq!(before.differs(&Quota { available: 900, held: 10 }) as u64, 100);
        assert_eq!(before.differs(&Quota { available: 1_001, held: 10 }) as u64, 1, "nor may there be more than before");
    }
}
