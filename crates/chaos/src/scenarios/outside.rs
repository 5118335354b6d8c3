//! Mail and callbacks: whoever is away makes others wait for nothing, and is told the rest as soon as it is back, without anybody's help.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use kernel::{Clock, Stopwatch};
use sandbox::{Line, State};
use store::Engine;

use crate::load::Load;
use crate::scenario::{Plan, Report, under_load};
use crate::timeline::Event;
use crate::world::World;

/// What was on its way when the line was broken arrives within this.
const ON_ITS_WAY: Duration = Duration::from_millis(200);
/// Within this something arrives over a line that is whole: longer than a worker waits for somebody who is silent.
const ARRIVES: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

pub async fn run(plan: &Plan, engine: Engine, report: &mut Report) -> Result<()> {
    let (world, servers) = World::make(plan.cuekey.clone(), plan.database(engine).await?, 1).await?;
    let load = Load::new(Arc::new(world));
    under_load(plan, &load, servers, report, async |load, servers, report| {
        let world = &load.world;
        let receivers = [
            Receiver { who: "mail server", line: &world.mail_line, arrived: &|| world.mailbox.count() },
            Receiver { who: "callback receiver", line: &world.hook_line, arrived: &|| world.hook.count() },
        ];
        let pause = Duration::from_millis(if plan.short { 500 } else { 5_000 });
        for (what, state) in
            [("cut off", State::Cut), ("silent", State::Silent), ("slow by 200 ms", State::Slow(Duration::from_millis(200)))]
        {
            for receiver in &receivers {
                Clock::System.sleep(pause / 2).await;
                receiver.breaks(load, (what, state), pause, report).await?;
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

/// Somebody outside who is told things.
struct Receiver<'a> {
    who: &'a str,
    line: &'a Line,
    /// How much has arrived.
    arrived: &'a dyn Fn() -> usize,
}

impl Receiver<'_> {
    /// The line is broken for so long: nothing arrives over one that is cut or silent, people go on meanwhile, and once it is whole again so does what
    /// arrives, by the same process.
    async fn breaks(&self, load: &Load, (what, state): (&str, State), pause: Duration, report: &mut Report) -> Result<()> {
        let who = self.who;
        self.arrives("before it was broken").await?;
        let (from, before) = (load.timeline.now(), load.timeline.count(Event::Acknowledged));
        self.line.set(state);
        Clock::System.sleep(ON_ITS_WAY).await;
        let through = (self.arrived)();
        Clock::System.sleep(pause - ON_ITS_WAY).await;
        let through = (self.arrived)() - through;
        self.line.set(State::Whole);
        load.timeline.mark(from, &format!("{who} {what}"));
        let done = load.timeline.count(Event::Acknowledged) - before;
        if done == 0 {
            bail!("nobody could write while the {who} was {what}");
        }
        if through > 0 && !matches!(state, State::Slow(_)) {
            bail!("{through} messages reached the {who}, though it was {what}");
        }
        let after = self.arrives("after it was whole again").await?;
        let seconds = pause.as_secs_f64();
        report.did(format!(
            "{who} {what} for {seconds} s: {done} writes acknowledged and {through} messages arrived meanwhile, the first afterwards in {:.1} s",
            after.as_secs_f64()
        ));
        Ok(())
    }

    /// Something arrives: how long that took.
    async fn arrives(&self, when: &str) -> Result<Duration> {
        let (before, watch) = ((self.arrived)(), Stopwatch::start());
        while (self.arrived)() == before {
            if watch.elapsed() > ARRIVES {
                bail!("nothing reached the {} within {} s {when}", self.who, ARRIVES.as_secs());
            }
            Clock::System.sleep(POLL).await;
        }
        Ok(watch.elapsed())
    }
}
