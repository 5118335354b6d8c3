//! Letters that find no server to take them: how long they wait, and who is told that mail does not go out.

use kernel::{MINUTE, SECOND};
use store::jobs::{Job, Outcome, about};

use super::notification::tell_super_admins;
use super::templates::MAIL_FAILS;
use crate::allowance::Allowance;
use crate::{Cx, Result};

/// So often a letter is tried: for a day. First passwords are good for a week, and nobody knows them but their letter.
pub(super) const TRIES: i64 = 56;
/// A letter that was tried as often has waited for ten minutes: that is no moment's trouble.
const LONG: i64 = 8;
/// Told of all letters together: an outage is one thing to see to.
const TOLD: Allowance = Allowance { name: "mail-failed-told", window_seconds: 86_400, most: 1 };
/// Where the console lists them.
const PAGE: &str = "/jobs?state=queued&kind=mail.send";

/// How long a letter waits after so many tries: 5 s, doubled each time up to half an hour. What an outage of hours has gathered goes out within
/// half an hour of its end.
fn pause(tries: i64) -> i64 {
    let doublings = u32::try_from((tries - 1).clamp(0, 9)).unwrap_or(0);
    ((5 * SECOND) << doublings).min(30 * MINUTE)
}

/// What becomes of a letter that was not taken, and may be later.
pub(super) async fn wait(cx: &Cx, job: &Job, why: String) -> Outcome {
    if job.attempt >= LONG
        && let Err(fault) = tell(cx, &why).await
    {
        tracing::warn!(%fault, "nobody could be told that mail does not go out");
    }
    if job.last_attempt() {
        return Outcome::GiveUp(why);
    }
    let at = cx.now().plus_micros(about(pause(job.attempt), &cx.random));
    Outcome::Soon(why, at)
}

/// In the console alone: a letter would only wait with the others.
async fn tell(cx: &Cx, why: &str) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    if !TOLD.reaches_most(&mut tx, cx, "").await? {
        return Ok(());
    }
    tell_super_admins(&mut tx, cx, &MAIL_FAILS, &[("why", why.to_owned())], Some(PAGE)).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use kernel::HOUR;

    use super::*;

    #[test]
    fn a_letter_is_tried_for_a_day_and_never_waits_longer_than_half_an_hour() {
        let pauses: Vec<i64> = (1..TRIES).map(pause).collect();
        assert!(pauses.is_sorted() && pauses.iter().all(|pause| (5 * SECOND..=30 * MINUTE).contains(pause)), "{pauses:?}");
        let all: i64 = pauses.iter().sum();
        assert!((23 * HOUR..=24 * HOUR).contains(&all), "{all}");
    }

    #[test]
    fn that_mail_fails_is_told_after_ten_minutes() {
        let waited: i64 = (1..LONG).map(pause).sum();
        assert!((10 * MINUTE..15 * MINUTE).contains(&waited), "{waited}");
    }
}
