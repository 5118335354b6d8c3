//! The disk fails while the server writes: it must stop, say why, and have kept what it acknowledged. Who starts it meanwhile must be told why that
//! comes to nothing, and a first start must leave nothing from which the next one could not go on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::{Clock, Random, Stopwatch};

use crate::faults::{Fault, Faults};
use crate::load::Load;
use crate::scenario::{Plan, Report, shuffled, under_load};
use crate::server::{Server, Setup, free_address, look, tail};
use crate::world::World;

/// From the fault to the end of the process.
pub(super) const STOPS: Duration = Duration::from_secs(40);

/// In what order they come, the seed decides.
const FAULTS: [(&str, Fault); 3] = [("fsync fails", Fault::Fsync), ("disk full", Fault::DiskFull), ("read-only", Fault::ReadOnly)];

/// How a start comes to nothing whose folder takes nothing.
const NO_FOLDER: &str = "could not use the data folder";

pub async fn run(plan: &Plan, report: &mut Report) -> Result<()> {
    let (mut world, servers) = World::make(plan.cuekey.clone(), None, 1).await?;
    let faults = Faults::make(world.folder.path(), &world.nodes[0].data.canonicalize()?).await?;
    world.nodes[0].faults = Some(faults.clone());
    for server in servers {
        server.stop().await?;
    }
    let servers = vec![world.nodes[0].serve().await?];
    let load = Load::new(Arc::new(world));
    let random = plan.random();
    under_load(plan, &load, servers, report, async |load, mut servers, report| {
        let setup = &load.world.nodes[0];
        for (what, fault) in shuffled(&random, FAULTS.to_vec()) {
            let pause = if plan.short { 1_000 } else { 2_000 + random.below(4_000) };
            Clock::System.sleep(Duration::from_millis(pause)).await;
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
            let again = start_meanwhile(setup, fault).await.with_context(|| what.to_owned())?;
            faults.set(fault, 0)?;
            load.timeline.mark(from, what);
            report.did(format!(
                "{what}: /readyz said so (503), and the process said why and ended with exit code 1 after {seconds:.1} s; a start meanwhile {again}"
            ));
            servers.push(setup.serve().await?);
        }
        Ok(servers)
    })
    .await?;
    first_starts(plan, &random, load.world.nodes[0].mail, report).await
}

/// A start while the disk is as it is, and while clients go on asking: it is refused with a reason, or what it begins to serve ends as what was served
/// before. Which of them.
async fn start_meanwhile(setup: &Setup, fault: Fault) -> Result<&'static str> {
    let before = std::fs::read(&setup.log)?.len();
    let mut server = setup.start()?;
    watch_ready(setup, &mut server, Stopwatch::start()).await?;
    let code = server.ended(Duration::from_secs(1)).await?.code();
    let log = std::fs::read(&setup.log)?;
    let said = String::from_utf8_lossy(&log[before..]);
    match comes_to_nothing(code, &said) {
        Some(how) if fault != Fault::ReadOnly || how == NO_FOLDER => Ok(how),
        _ => bail!("a start meanwhile ended with {code:?} and said:\n{said}"),
    }
}

/// In empty folders: a first start on a disk that fails comes to nothing and says why; once the disk is well, the next one makes all there must be.
async fn first_starts(plan: &Plan, random: &Random, mail: SocketAddr, report: &mut Report) -> Result<()> {
    let top = tempfile::tempdir()?;
    let folder = top.path().canonicalize()?;
    // What is said goes elsewhere: on a disk that is full it could not be said.
    let disk = folder.join("disk");
    std::fs::create_dir(&disk)?;
    let faults = Faults::make(&folder, &disk).await?;
    for (what, fault) in shuffled(random, FAULTS.to_vec()) {
        let data = disk.join(format!("{fault:?}"));
        let setup = Setup {
            cuekey: plan.cuekey.clone(),
            address: free_address()?,
            database: None,
            mail,
            master_key: data.join("master.key"),
            data,
            faults: Some(faults.clone()),
            extra: Vec::new(),
            log: folder.join("log"),
        };
        faults.set(fault, 1)?;
        let (code, said) = setup.run(&["serve"]).await.with_context(|| format!("{what}: a first start"))?;
        let Some(how) = comes_to_nothing(code, &said) else { bail!("{what}: a first start ended with {code:?} and said:\n{said}") };
        faults.set(fault, 0)?;
        let server = setup.serve().await.with_context(|| format!("{what}: the start after the first"))?;
        server.stop().await?;
        setup.doctor().await?;
        report.looked.push(format!("{what}: a first start {how}; once the disk was well, the next one went on and was sound"));
    }
    Ok(())
}

/// How a start ended that came to nothing, by its exit code and what it said; `None` where that is no reason.
fn comes_to_nothing(code: Option<i32>, said: &str) -> Option<&'static str> {
    match code {
        Some(2) if said.contains("the data folder") => Some(NO_FOLDER),
        Some(2) if said.contains("cannot be opened") => Some("could not open the database"),
        Some(1) if said.contains("The database failed") => Some("ended at what it has to write first"),
        Some(1) if said.contains("the database could not write") && said.contains("cuekey doctor") => {
            Some("ended when something was to be written")
        }
        _ => None,
    }
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
