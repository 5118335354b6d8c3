//! What the venue does by the clock and by jobs.

use std::sync::Arc;

use platform::upkeep::{Schedule, sweep};
use platform::{Cx, payments};
use store::Sweep;
use store::jobs::{Handlers, Outcome};

use crate::{Venue, customers, devices, halls, holds, overdue, play, splits, texts};

/// Seconds from one round of questions to lights to the next.
pub(crate) const ROUND: i64 = 10;

pub const SCHEDULES: &[Schedule] = &[
    Schedule { kind: devices::ASSERT, every_seconds: 60 },
    Schedule { kind: devices::POLL, every_seconds: ROUND },
    Schedule { kind: devices::WATCH, every_seconds: ROUND },
    Schedule { kind: customers::FORGET, every_seconds: 3_600 },
    Schedule { kind: overdue::OVERDUE, every_seconds: 600 },
];

/// What is of no use any more, and when.
pub const SWEEPS: &[Sweep] = &[customers::UNUSED, customers::OVER, texts::LOG];

/// Lights as they should be, for as long as they should.
async fn every_minute(venue: &Venue, cx: &Cx) -> platform::Result<()> {
    devices::assert_all(venue, cx).await?;
    if venue.latest.was_ahead_of(cx.now()) {
        devices::set_right(cx).await?;
        halls::rows::set_right(cx).await?;
        holds::set_right(cx).await?;
    }
    Ok(())
}

/// The venue's handlers of jobs.
pub fn handlers(handlers: &mut Handlers<Cx>, venue: &Arc<Venue>) {
    let with = || Arc::clone(venue);
    let own = with();
    handlers.add(devices::AGREE_JOB, move |cx, job| devices::agree_job(Arc::clone(&own), cx, job));
    let own = with();
    handlers.add(devices::ASSERT, move |cx, _| {
        let own = Arc::clone(&own);
        async move {
            match every_minute(&own, &cx).await {
                Ok(()) => Outcome::Done,
                Err(fault) => Outcome::Retry(fault.to_string()),
            }
        }
    });
    handlers.add(customers::FORGET, |cx, _| sweep(cx, SWEEPS));
    handlers.add(overdue::OVERDUE, |cx, _| overdue::overdue_job(cx));
    let own = with();
    handlers.add(devices::POLL, move |cx, job| {
        let own = Arc::clone(&own);
        async move {
            match devices::poll(&own, &cx).await {
                Ok(()) => Outcome::Done,
                Err(fault) => devices::round_failed(&cx, &job, ROUND, &fault),
            }
        }
    });
    let own = with();
    handlers.add(devices::WATCH, move |cx, job| {
        let own = Arc::clone(&own);
        async move {
            match devices::ask_what_they_draw(&own, &cx).await {
                Ok(()) => Outcome::Done,
                Err(fault) => devices::round_failed(&cx, &job, ROUND, &fault),
            }
        }
    });
    let own = with();
    handlers.add(texts::SEND_JOB, move |cx, job| texts::send_job(Arc::clone(&own), cx, job));
    let own = with();
    handlers.add(texts::DELIVERY_JOB, move |cx, job| texts::delivery_job(Arc::clone(&own), cx, job));
    let own = with();
    handlers.add(play::OPENING_JOB, move |cx, job| play::opening_job(Arc::clone(&own), cx, job));
    let own = with();
    handlers.add(play::TIME_JOB, move |cx, job| play::time_job(Arc::clone(&own), cx, job));
    let own = with();
    handlers.add(play::FAULT_JOB, move |cx, job| play::fault_job(Arc::clone(&own), cx, job));
    let own = with();
    handlers.add(play::OFFLINE_JOB, move |cx, job| play::offline_job(Arc::clone(&own), cx, job));
    let own = with();
    handlers.add(play::CLOSING_JOB, move |cx, job| play::closing_job(Arc::clone(&own), cx, job));
    let own = with();
    handlers.add(play::CLEANED_JOB, move |cx, job| play::cleaned_job(Arc::clone(&own), cx, job));
    let own = with();
    handlers.add(holds::OVER_JOB, move |cx, job| holds::over_job(Arc::clone(&own), cx, job));
    let own = with();
    handlers.add(payments::PAID_JOB, move |cx, job| customers::paid_job(Arc::clone(&own), cx, job));
    handlers.add(splits::OVER_JOB, splits::over_job);
    handlers.add(splits::DEADLINE_JOB, splits::deadline_job);
    handlers.add(payments::REFUNDED_JOB, customers::refunded_job);
}
