//! A light whose own timer has run out, since nobody could tell it in time to go on: the server was away for longer than the timer counts, or the broker.
//!
//! When a light is told to be on, it is written down until when it burns by that ([`burns_until`], pure). Who comes back later than that knows that it
//! has been dark since then, whatever it said before, and until it says that it is on. That it was told so again says nothing: nobody may have heard it,
//! and whoever has told it may be gone a moment later. So until the light is seen that moment stays written, and what was dark is settled with the report
//! that ends it, in one transaction. Where that is too long, play is over as of when it began, and the light is not lit for it.

use kernel::Timestamp;
use platform::{Cx, Result};
use store::{Tx, args};

use super::device::Device;
use super::light::Light;
use super::rows::by_id;
use super::{DeviceId, log};
use crate::Venue;
use crate::halls::Table;
use crate::halls::rows::lock_table;
use crate::play;

/// When a light that is told so now goes off by its own timer, which counts so many seconds at most. None: it is told to be off, or without an end.
fn burns_until(light: Light, longest: i64, now: Timestamp) -> Option<Timestamp> {
    light.off_at.filter(|_| light.on).map(|off| off.min(now.plus_seconds(longest)))
}

/// Since when a light cannot have burnt that should: its timer, as it was wound last, has ended before its time.
fn ran_out(light: Light, burns_until: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    burns_until.filter(|end| light.on && *end < now && light.off_at.is_some_and(|off| *end < off))
}

impl Device {
    /// Until when it burns that is told now what it should be; none where nothing but a word turns it off.
    pub(super) fn wound(&self, now: Timestamp) -> Option<Timestamp> {
        self.timer().and_then(|longest| burns_until(self.light(), longest, now))
    }

    /// Since when it is dark by its own timer, though it should be on.
    pub(crate) fn ran_out(&self, now: Timestamp) -> Option<Timestamp> {
        ran_out(self.light(), self.burns_until, now)
    }

    /// Since when it is dark that is known to be so since `since`, under play that has gone on since `begun`: by its own timer it may have been before.
    /// A timer that ended before play began was set by a clock that was behind.
    pub(crate) fn dark_since(&self, since: Timestamp, begun: Timestamp, now: Timestamp) -> Timestamp {
        self.ran_out(now).filter(|end| *end >= begun).map_or(since, |end| end.min(since))
    }
}

/// A light has run out, and is about to be told to be on: whether play is over by that. Then it is closed, and something else is to be told.
pub(super) async fn ends_play(venue: &Venue, cx: &Cx, seen: &Device) -> Result<bool> {
    let mut tx = cx.db.begin().await?;
    let mut table = lock_table(&mut tx, seen.table_id).await?;
    let Some(since) = by_id(&mut tx, seen.id).await?.and_then(|device| device.ran_out(cx.now())) else { return Ok(false) };
    if !play::ends_in_the_dark(&mut tx, cx, venue, &mut table, since).await? {
        return Ok(false);
    }
    log::write(&mut tx, cx, seen.id, log::PROGRAM, "ran_out", "").await?;
    venue.news.after(&mut tx);
    tx.commit().await?;
    Ok(true)
}

/// A light says that it is on. Where it had run out, it was dark until now, and burns from here on as it was told last. `seen`: as it was before it
/// said so. The table's row is locked.
pub(super) async fn is_lit(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, seen: &Device) -> Result<()> {
    let (now, id) = (cx.now(), seen.id);
    // Most timers run. What followed from its word may have moved its time, and so whether it has run out, but has wound none.
    if seen.burns_until.is_none_or(|end| end >= now) {
        return Ok(());
    }
    let Some(device) = by_id(tx, id).await? else { return Ok(()) };
    let Some(since) = device.ran_out(now) else { return Ok(()) };
    // One that came on by itself has no timer that anybody knows of, until it is told.
    let wound = device.told_at.and_then(|told| device.wound(told)).filter(|end| *end > now);
    tx.exec("UPDATE devices SET burns_until = $1 WHERE id = $2", args![wound, id]).await?;
    log::write(tx, cx, id, log::PROGRAM, "ran_out", "").await?;
    play::ran_out(tx, cx, venue, table, since).await
}

/// What was dark by its own timer until now is settled: from here on it counts as it is wound next.
pub(crate) async fn forget_timer(tx: &mut Tx, id: DeviceId) -> store::Result<()> {
    tx.exec("UPDATE devices SET burns_until = NULL WHERE id = $1", args![id]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::light::{LONGEST, MARGIN, is_to_be_wound};
    use super::*;
    use kernel::{HOUR, MINUTE, SECOND};
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_unix(1_795_248_000);

    fn paid(micros: i64) -> Light {
        Light { on: true, off_at: Some(NOW.plus_micros(micros + MARGIN)) }
    }

    #[test]
    fn v5_2_a_light_that_nobody_winds_is_dark_from_then_until_its_time_and_not_after_it() {
        let (three_hours, wound) = (paid(3 * HOUR), NOW.plus_seconds(LONGEST));
        assert_eq!(burns_until(three_hours, LONGEST, NOW), Some(wound));
        let after = |light, micros: i64| ran_out(light, burns_until(light, LONGEST, NOW), NOW.plus_micros(micros));
        assert_eq!((after(three_hours, 2 * HOUR), after(three_hours, 2 * HOUR + 1)), (None, Some(wound)));
        assert_eq!(after(three_hours, 30 * HOUR), Some(wound));
        // An hour that was paid was lit to its end, whenever somebody looks.
        assert_eq!((after(paid(HOUR), 2 * HOUR), after(paid(HOUR), 30 * HOUR)), (None, None));
        // Unless more was paid meanwhile, and nobody could tell it so.
        assert_eq!(
            ran_out(paid(2 * HOUR), burns_until(paid(HOUR), LONGEST, NOW), NOW.plus_micros(90 * MINUTE)),
            Some(NOW.plus_micros(HOUR + MARGIN))
        );
        let off = Light { on: false, off_at: None };
        assert_eq!((burns_until(off, LONGEST, NOW), ran_out(off, Some(wound), NOW.plus_micros(9 * HOUR))), (None, None));
    }

    proptest! {
        #[test]
        fn v5_2_a_server_that_is_there_leaves_no_light_to_run_out(
            hours in 1_i64..72, longest in prop_oneof![Just(3_276_i64), Just(LONGEST)],
        ) {
            let light = paid(hours * HOUR);
            let (mut told, mut end) = (NOW, burns_until(light, longest, NOW));
            for minute in 0..hours * 60 {
                let now = NOW.plus_micros(minute * MINUTE);
                prop_assert_eq!(ran_out(light, end, now), None);
                if is_to_be_wound(light, told, longest, now) {
                    (told, end) = (now, burns_until(light, longest, now));
                }
            }
        }

        #[test]
        fn v5_2_what_is_taken_for_dark_cannot_have_burnt(paid_for in 0..20 * HOUR, longest in 60_i64..20_000, now in 0..40 * HOUR) {
            let light = paid(paid_for);
            let end = burns_until(light, longest, NOW);
            prop_assert!(end.is_some_and(|end| end <= NOW.plus_seconds(longest)), "no timer counts longer");
            if let Some(since) = ran_out(light, end, NOW.plus_micros(now)) {
                prop_assert_eq!(since, NOW.plus_seconds(longest));
                prop_assert!(now > longest * SECOND && light.off_at.is_some_and(|off| since < off));
            }
        }
    }
}
