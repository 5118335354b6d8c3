//! What is due at tables, and that no job is about any more: it was given up after too many faults, or is gone. Without this a customer's money
//! would stay held, and a table reserved, until somebody of the staff ends that by hand; and nobody looks at the floor of a hall that was closed
//! for good.

use kernel::MINUTE;
use platform::{Cx, Result, jobs};
use store::jobs::{JobKind, Outcome};

use crate::{holds, play, splits};

pub(crate) const OVERDUE: JobKind = JobKind::new("play.overdue");

/// What is due since then is left alone: its job may be at it.
const AGE: i64 = 10 * MINUTE;
/// More of a sort is taken up the next time.
pub(crate) const AT_ONCE: i64 = 1_000;

pub(crate) async fn overdue_job(cx: Cx) -> Outcome {
    match overdue(&cx).await {
        Ok(()) => Outcome::Done,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

async fn overdue(cx: &Cx) -> Result<()> {
    let before = cx.now().plus_micros(-AGE);
    let mut wanted = play::overdue(cx, before).await?;
    wanted.extend(holds::overdue(cx, before).await?);
    wanted.extend(splits::overdue(cx, before).await?);
    jobs::take_up(cx, wanted).await
}
