//! What happens by the clock. A tick is a job with the tick's time in its name, so that of several processes only one
//! carries it out.

use std::sync::Arc;
use std::time::Duration;

use kernel::{APART, DAY, SECOND, Timestamp};
use store::Sweep;
use store::jobs::{self, Handlers, JobKind, NewJob, Outcome};
use tokio::sync::watch;

use crate::identity::{recover, sign_in, sign_up, unverified};
use crate::{Cx, Platform, allowance, faults, messages, payments};

/// A job that comes back.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    pub kind: JobKind,
    /// Seconds from one tick to the next.
    pub every_seconds: i64,
}

pub const SCHEDULES: &[Schedule] = &[
    Schedule { kind: SWEEP, every_seconds: 600 },
    Schedule { kind: payments::RECONCILE, every_seconds: 1_800 },
    Schedule { kind: payments::RESUME, every_seconds: 600 },
    Schedule { kind: payments::FORGET, every_seconds: 3_600 },
];
const SWEEP: JobKind = JobKind::new("platform.sweep");

/// What is of no use any more, and when. Logs stay; users go elsewhere ([`unverified`]).
pub const SWEEPS: &[Sweep] = &[
    jobs::DONE,
    jobs::DISMISSED,
    Sweep::by_time("captchas", "id", "expires_at", 0),
    Sweep::by_time("email_tokens", "id", "expires_at", DAY),
    Sweep::by_time("sessions", "id", "expires_at", 7 * DAY),
    Sweep::by_time("idempotency", "name, owner_id", "created_at", 7 * DAY),
    Sweep::by_time("name_tries", "name_hash", "tried_at", 2 * DAY),
    allowance::OLD,
];

/// The platform's own handlers.
pub fn handlers(handlers: &mut Handlers<Cx>) {
    handlers.add(jobs::GIVEN_UP, crate::jobs::given_up_job);
    handlers.add(messages::MAIL_JOB, messages::send_job);
    handlers.add(messages::TALLY_JOB, messages::tally_job);
    handlers.add(SWEEP, |cx, _| async move {
        match sweep(cx.clone(), SWEEPS).await {
            Outcome::Done => forget(&cx).await,
            otherwise => otherwise,
        }
    });
    handlers.add(sign_up::RESEND_JOB, sign_up::resend_job);
    handlers.add(recover::RESET_JOB, recover::reset_job);
    handlers.add(sign_in::LOCKED_JOB, sign_in::locked_job);
    handlers.when_one_panics(|cx, job| cx.faults.count(&format!("job {}", job.kind), &job.id.to_string(), cx.now()));
    payments::handlers(handlers);
}

/// Enqueues the ticks that are due at `now`; those that another process has enqueued are left. Those of a time to come are removed: the clock was set
/// back, and it is their turn again then. For the same reason what else was put off by a clock that was ahead is set right. What failed in this
/// process is told as well, and what is forgotten of merchants goes from its memory.
pub async fn tick(cx: &Cx, schedules: &[Schedule], now: Timestamp) -> store::Result<()> {
    jobs::set_right(&cx.db, now).await?;
    allowance::forget_ahead(&cx.db, now).await?;
    let mut tx = cx.db.begin().await?;
    for schedule in schedules {
        let number = now.unix().div_euclid(schedule.every_seconds);
        jobs::forget_ahead(&mut tx, schedule.kind.name, now.plus_seconds(schedule.every_seconds.max(APART / SECOND))).await?;
        let job = NewJob::new(schedule.kind, &(), now)?.attempts(3).once(number.to_string());
        cx.enqueue(&mut tx, job).await?;
    }
    tx.commit().await?;
    // It waits for the next tick where it cannot be told; the schedules do not wait for it.
    if let Err(error) = faults::tell(cx).await {
        tracing::warn!(%error, "what failed on our side could not be told");
    }
    // The job is one process's; each has a memory of its own.
    if schedules.iter().any(|schedule| schedule.kind == payments::FORGET)
        && let Err(error) = payments::evict(cx).await
    {
        tracing::warn!(%error, "what is forgotten of merchants is in this process's memory still");
    }
    Ok(())
}

/// Ticks until `stop`.
pub async fn run(platform: Arc<Platform>, schedules: Vec<Schedule>, mut stop: watch::Receiver<bool>) {
    let cx = Cx::system(platform);
    let mut last: Vec<i64> = vec![i64::MIN; schedules.len()];
    while !*stop.borrow() {
        let now = cx.now();
        let due: Vec<Schedule> = schedules
            .iter()
            .zip(&mut last)
            .filter_map(|(schedule, last)| {
                let number = now.unix().div_euclid(schedule.every_seconds);
                let due = number != *last;
                *last = number;
                due.then_some(*schedule)
            })
            .collect();
        if !due.is_empty()
            && let Err(error) = tick(&cx, &due, now).await
        {
            tracing::warn!(%error, "schedules could not be enqueued");
            last.fill(i64::MIN);
        }
        tokio::select! {
            () = cx.clock.sleep(Duration::from_secs(1)) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Users are no rows that are only old: what refers to them is looked at, and it is logged.
async fn forget(cx: &Cx) -> Outcome {
    match unverified::forget(cx).await {
        Ok(()) => Outcome::Done,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

/// Removes what is of no use any more, of these tables: a job's handler.
pub async fn sweep(cx: Cx, sweeps: &'static [Sweep]) -> Outcome {
    match store::sweep(&cx.db, sweeps, cx.now()).await {
        Ok(_) => Outcome::Done,
        Err(error) => Outcome::Retry(error.to_string()),
    }
}
