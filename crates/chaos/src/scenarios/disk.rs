//! The disk fails while the server writes: it must stop, say why, and have kept what it acknowledged.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::{Clock, Stopwatch};

use crate::faults::{Fault, Faults};
use crate::load::Load;
use crate::scenario::{Plan, Report, under_load};
use crate::server::{Server, Setup, look, tail};
use crate::world::World;

/// From the fault to the end of the process.
pub(super) const STOPS: Duration = Duration::from_secs(40);

pub async fn run(plan: &Plan, report: &mut Report) -> Result<()> {
    let (mut world, servers) = World::make(plan.cuekey.clone(), None, 1).await?;
    let faults = Faults::make(world.folder.path(), &world.nodes[0].data.canonicalize()?).await?;
    world.nodes[0].faults = Some(faults.clone());
    for server in servers {
        server.stop().await?;
    }
    let servers = vec![world.nodes[0].serve().await?];
    let load = Load::new(Arc::new(world));
    under_load(plan, &load, servers, report, async |load, mut servers, report| {
        let setup = &load.world.nodes[0];
        for (what, fault) in [("fsync fails", Fault::Fsync), ("disk full", Fault::DiskFull), ("read-only", Fault::ReadOnly)] {
            Clock::System.sleep(Duration::from_millis(if plan.short { 1_000 } else { 4_000 })).await;
            let (from, watch) = (load.timeline.now(), Stopwatch::start());
            faults.set(fault, 1)?;
            let mut server = servers.remove(0);
            let said_why = watch_ready(setup, &mut server, watch).await.with_context(|| what.to_owned())?;
            let status = server.ended(Duration::from_secs(1)).await?;
            let seconds = watch.elapsed().as_secs_f64();
            let said = tail(&setup.log);
            if !said_why {
                bail!("{what}: the server ended, and /readyz never said that the database had failed:\n{said}");
            }
            if status.code() != Some(1) || !said.contains("the database could not write") || !said.contains("cuekey doctor") {
                bail!("{what}: the server ended with {status} and said:\n{said}");
            }
            // While the disk is as it is, a start must either be refused with a reason or serve; it must not make things worse.
            let (code, said) = match fault {
                Fault::ReadOnly => setup.run(&["serve"]).await?,
                _ => (None, String::new()),
            };
            if fault == Fault::ReadOnly && (code != Some(2) || !said.contains("data folder")) {
                bail!("{what}: a start ended with {code:?} and said:\n{said}");
            }
            faults.set(fault, 0)?;
            load.timeline.mark(from, what);
            report.did(format!("{what}: /readyz said so (503), and the process said why and ended with exit code 1 after {seconds:.1} s"));
            servers.push(setup.serve().await?);
        }
        Ok(servers)
    })
    .await
}

/// Asks whether it is ready until it has ended. Whether it was said that it was not, and why; it must not be ready again after that.
pub(super) async fn watch_ready(setup: &Setup, server: &mut Server, watch: Stopwatch) -> Result<bool> {
    let mut said_why = false;
    while server.alive() && watch.elapsed() < STOPS {
        match look(setup.address, "/readyz").await {
            Some((503, code)) if code == "DATABASE_FAILED" => said_why = true,
            Some((200, _)) if said_why => bail!("/readyz said 200 after it had said that the database failed"),
            _ => {}
        }
        Clock::System.sleep(Duration::from_millis(5)).await;
    }
    Ok(said_why)
}
