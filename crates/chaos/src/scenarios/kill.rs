//! SIGKILL at random moments: of a server at work, and now and then of one that is just starting.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use kernel::Clock;
use store::Engine;

use crate::load::Load;
use crate::scenario::{Plan, Report, under_load};
use crate::world::World;

pub async fn run(plan: &Plan, engine: Engine, report: &mut Report) -> Result<()> {
    let (world, servers) = World::make(plan.cuekey.clone(), plan.database(engine).await?, 1).await?;
    let load = Load::new(Arc::new(world));
    under_load(plan, &load, servers, report, async |load, mut servers, report| {
        let (random, setup) = (plan.random(), &load.world.nodes[0]);
        let mut starting = 0;
        for _ in 0..plan.kills {
            Clock::System.sleep(Duration::from_millis(100 + random.below(700))).await;
            for server in servers.drain(..) {
                let from = load.timeline.now();
                server.kill().await?;
                load.timeline.mark(from, "SIGKILL");
            }
            if random.below(5) == 0 {
                // Not ready yet: while it opens the database, or brings back what the log holds.
                let server = setup.start()?;
                Clock::System.sleep(Duration::from_millis(random.below(120))).await;
                server.kill().await?;
                starting += 1;
            }
            servers.push(setup.serve().await?);
        }
        report.did(format!("{} times SIGKILL under load, and {starting} more while starting, in {:.0} s", plan.kills, load.timeline.now()));
        Ok(servers)
    })
    .await
}
