//! Mail and callbacks: whoever is away makes others wait for nothing, and is told the rest as soon as it is back, without anybody's help. What had
//! failed meanwhile comes by itself after its pause, by the clock that everybody has.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use kernel::{Clock, Stopwatch};
use sandbox::{Called, Letter, Line, State};
use store::{Db, Engine, Sql, args};
use uuid::Uuid;

use super::refused::open;
use crate::load::Load;
use crate::scenario::{Plan, Report, under_load};
use crate::timeline::Event;
use crate::world::World;

/// What was on its way when the line was broken arrives within this.
const ON_ITS_WAY: Duration = Duration::from_millis(200);
/// Within this something arrives over a line that is whole: longer than a worker waits for somebody who is silent. And within this something fails
/// where the line is cut.
const ARRIVES: Duration = Duration::from_secs(60);
/// Within this all of it arrives that had failed. It was tried twice at most, and waits up to 12 s after that; the rest is for a machine with too
/// much to do.
const COMES_AGAIN: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(20);
/// For what takes more than a look.
const LOOKS: Duration = Duration::from_millis(250);

/// What was tried in vain and is not given up: letters have their jobs' names, callbacks their events'.
const LETTERS: (&str, &str) = ("job", "SELECT id FROM jobs WHERE kind = 'mail.send' AND state <> 'done' AND last_error IS NOT NULL");
const CALLBACKS: (&str, &str) = ("evt", "SELECT event_id AS id FROM deliveries WHERE state <> 'delivered' AND attempts > 0");

pub async fn run(plan: &Plan, engine: Engine, report: &mut Report) -> Result<()> {
    let (world, servers) = World::make(plan.cuekey.clone(), plan.database(engine).await?, 1).await?;
    let load = Load::new(Arc::new(world));
    under_load(plan, &load, servers, report, async |load, servers, report| {
        let world = &load.world;
        let db = open(&world.nodes[0]).await?;
        let letters = |from: usize| world.mailbox.letters().iter().skip(from).filter_map(job_of).collect::<HashSet<String>>();
        let callbacks = |from: usize| world.hook.calls().iter().skip(from).filter_map(event_of).collect::<HashSet<String>>();
        let receivers = [
            Receiver {
                who: "mail server",
                line: &world.mail_line,
                arrived: &|| world.mailbox.count(),
                names: &letters,
                failed: LETTERS,
                db: &db,
            },
            Receiver {
                who: "callback receiver",
                line: &world.hook_line,
                arrived: &|| world.hook.count(),
                names: &callbacks,
                failed: CALLBACKS,
                db: &db,
            },
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
        db.close().await;
        let lost = load.timeline.count(Event::PutOff) + load.timeline.count(Event::Unanswered);
        if lost > 0 {
            bail!("{lost} requests were put off or not answered, though only mail and callbacks were away");
        }
        Ok(servers)
    })
    .await
}

/// The job that has sent a letter.
fn job_of(letter: &Letter) -> Option<String> {
    letter.header("Message-ID")?.trim_start_matches('<').split('@').next().map(str::to_owned)
}

/// The event that a callback tells.
fn event_of(call: &Called) -> Option<String> {
    call.header("webhook-id").map(str::to_owned)
}

/// Somebody outside who is told things.
struct Receiver<'a> {
    who: &'a str,
    line: &'a Line,
    /// How much has arrived.
    arrived: &'a dyn Fn() -> usize,
    /// What that was, but for the first so many.
    names: &'a dyn Fn(usize) -> HashSet<String>,
    /// How names begin, and a query for the ids of what was tried in vain.
    failed: (&'static str, &'static str),
    db: &'a Db,
}

impl Receiver<'_> {
    /// The line is broken for so long: nothing arrives over one that is cut or silent, people go on meanwhile, and once it is whole again so does what
    /// arrives, by the same process. What had failed where it was cut arrives too.
    async fn breaks(&self, load: &Load, (what, state): (&str, State), pause: Duration, report: &mut Report) -> Result<()> {
        let who = self.who;
        self.arrives("before it was broken").await?;
        let (from, before) = (load.timeline.now(), load.timeline.count(Event::Acknowledged));
        self.line.set(state);
        Clock::System.sleep(ON_ITS_WAY).await;
        let through = (self.arrived)();
        Clock::System.sleep(pause - ON_ITS_WAY).await;
        // Whoever meets silence waits, and has not failed.
        let failed = if state == State::Cut { self.tried_in_vain().await? } else { HashSet::new() };
        let seen = (self.arrived)();
        let through = seen - through;
        self.line.set(State::Whole);
        load.timeline.mark(from, &format!("{who} {what}"));
        // Longer than was meant, where it took its time until something failed.
        let seconds = load.timeline.now() - from;
        let done = load.timeline.count(Event::Acknowledged) - before;
        if done == 0 {
            bail!("nobody could write while the {who} was {what}");
        }
        if through > 0 && !matches!(state, State::Slow(_)) {
            bail!("{through} messages reached the {who}, though it was {what}");
        }
        let after = self.arrives("after it was whole again").await?.as_secs_f64();
        report.did(format!(
            "{who} {what} for {seconds:.1} s: {done} writes acknowledged and {through} messages arrived meanwhile, the first afterwards in {after:.1} s"
        ));
        if !failed.is_empty() {
            let (all, last) = (failed.len(), self.come_again(failed, seen).await?.as_secs_f64());
            report.did(format!("{all} that had failed by then arrived by themselves, the last {:.1} s after that", after + last));
        }
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

    /// What has failed up to now, by the names under which it is to arrive. Something must have.
    async fn tried_in_vain(&self) -> Result<HashSet<String>> {
        let ((kind, sql), watch) = (self.failed, Stopwatch::start());
        loop {
            let ids: Vec<Uuid> = self.db.read().all(sql, args![], |row| row.get("id")).await?;
            if !ids.is_empty() {
                return Ok(ids.into_iter().filter_map(|id| kernel::type_id(kind, id)).collect());
            }
            if watch.elapsed() > ARRIVES {
                bail!("nothing for the {} failed within {} s, though it was cut off", self.who, ARRIVES.as_secs());
            }
            Clock::System.sleep(LOOKS).await;
        }
    }

    /// All of these arrive, besides the first so many that had before: how long that took. Nobody moves the clock.
    async fn come_again(&self, failed: HashSet<String>, before: usize) -> Result<Duration> {
        let watch = Stopwatch::start();
        loop {
            let arrived = (self.names)(before);
            let missing = failed.difference(&arrived).count();
            if missing == 0 {
                return Ok(watch.elapsed());
            }
            if watch.elapsed() > COMES_AGAIN {
                let (who, all, seconds) = (self.who, failed.len(), COMES_AGAIN.as_secs());
                bail!("{missing} of {all} that had failed while the {who} was cut off did not arrive within {seconds} s by themselves");
            }
            Clock::System.sleep(LOOKS).await;
        }
    }
}
