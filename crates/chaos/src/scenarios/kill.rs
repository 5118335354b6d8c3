//! SIGKILL at random moments: of a server at work, and now and then of one that is just starting.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use kernel::Clock;
use store::Engine;

use crate::load::Load;
use crate::scenario::{Plan, Report, under_load};
use crate::world::World;

/// So many more kills at most, until work of each kind was acknowledged between them: on a slow machine few kills leave time for little.
const MORE: u32 = 200;

pub async fn run(plan: &Plan, engine: Engine, report: &mut Report) -> Result<()> {
    let (world, servers) = World::make(plan.cuekey.clone(), plan.database(engine).await?, 1).await?;
    let load = Load::new(Arc::new(world));
    under_load(plan, &load, servers, report, async |load, mut servers, report| {
        let (random, setup) = (plan.random(), &load.world.nodes[0]);
        let (mut kills, mut starting) = (0, 0);
        while kills < plan.kills || !load.book.open().has_each_kind() {
            if kills >= plan.kills + MORE {
                bail!("after {kills} kills there is not one acknowledged thing of each kind to look for");
            }
            kills += 1;
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
        report.did(format!("{kills} times SIGKILL under load, and {starting} more while starting, in {:.0} s", load.timeline.now()));
        report.looked.push("between the kills work of each kind was acknowledged: nothing was left out of what is compared below".into());
        Ok(servers)
    })
    .await
}
