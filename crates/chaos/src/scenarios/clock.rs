//! The clock of the machine is moved while the server runs.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use kernel::{Clock, HOUR};
use store::Engine;

use crate::faults::{Fault, Faults};
use crate::load::Load;
use crate::scenario::{Plan, Report, under_load};
use crate::timeline::Event;
use crate::world::World;

pub async fn run(plan: &Plan, engine: Engine, report: &mut Report) -> Result<()> {
    let (mut world, servers) = World::make(plan.cuekey.clone(), plan.database(engine).await?, 1).await?;
    let faults = Faults::make(world.folder.path(), &world.nodes[0].data).await?;
    world.nodes[0].faults = Some(faults.clone());
    for server in servers {
        server.stop().await?;
    }
    let servers = vec![world.nodes[0].serve().await?];
    let load = Load::with(Arc::new(world), true);
    under_load(plan, &load, servers, report, async |load, servers, report| {
        let pause = Duration::from_millis(if plan.short { 500 } else { 6_000 });
        for hours in [1, 0, -1, 0, 1, -1, 0] {
            let from = load.timeline.now();
            let before = load.timeline.count(Event::Acknowledged);
            faults.set(Fault::Clock, hours * HOUR)?;
            Clock::System.sleep(pause).await;
            load.timeline.mark(from, &format!("clock {hours:+} h"));
            let done = load.timeline.count(Event::Acknowledged) - before;
            report.did(format!("clock at {hours:+} h for {} s: {done} acknowledged", pause.as_secs_f64()));
            if done == 0 {
                bail!("nothing was acknowledged while the clock was at {hours:+} h");
            }
        }
        let lost = load.timeline.count(Event::PutOff) + load.timeline.count(Event::Unanswered);
        if lost > 0 {
            bail!("{lost} requests were put off or not answered, though only the clock was moved");
        }
        Ok(servers)
    })
    .await
}
