//! Mail and callbacks: whoever is away makes others wait for nothing.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use kernel::Clock;
use sandbox::State;
use store::Engine;

use crate::load::Load;
use crate::scenario::{Plan, Report, under_load};
use crate::timeline::Event;
use crate::world::World;

pub async fn run(plan: &Plan, engine: Engine, report: &mut Report) -> Result<()> {
    let (world, servers) = World::make(plan.cuekey.clone(), plan.database(engine).await?, 1).await?;
    let load = Load::new(Arc::new(world));
    under_load(plan, &load, servers, report, async |load, servers, report| {
        let (mail, hook) = (&load.world.mail_line, &load.world.hook_line);
        let pause = Duration::from_millis(if plan.short { 500 } else { 5_000 });
        for (what, state) in
            [("cut off", State::Cut), ("silent", State::Silent), ("slow by 200 ms", State::Slow(Duration::from_millis(200)))]
        {
            for (who, line) in [("mail server", mail), ("callback receiver", hook)] {
                Clock::System.sleep(pause / 2).await;
                let (from, before) = (load.timeline.now(), load.timeline.count(Event::Acknowledged));
                line.set(state);
                Clock::System.sleep(pause).await;
                line.set(State::Whole);
                load.timeline.mark(from, &format!("{who} {what}"));
                let done = load.timeline.count(Event::Acknowledged) - before;
                report.did(format!("{who} {what} for {} s: {done} writes acknowledged meanwhile", pause.as_secs_f64()));
                if done == 0 {
                    bail!("nobody could write while the {who} was {what}");
                }
            }
        }
        let lost = load.timeline.count(Event::PutOff) + load.timeline.count(Event::Unanswered);
        if lost > 0 {
            bail!("{lost} requests were put off or not answered, though only mail and callbacks were away");
        }
        Ok(servers)
    })
    .await
}
