//! What devices say, and what follows from it.

use kernel::{Fault, MINUTE, Timestamp};
use platform::{Cx, Result};
use store::{Tx, args};

use super::agree::STUBBORN;
use super::device::{Device, DeviceId};
use super::rows::{by_id, on_topic, set_course, set_draw, tell, tell_later};
use super::said::{self, Said};
use super::{Course, Draw, Heard, log, run_out};
use crate::Venue;
use crate::halls::Table;
use crate::halls::rows::lock_table;
use crate::play;

/// Takes in one message from the broker, which has `kept` it or passes it on as it comes. What is of no device, and what says nothing new,
/// changes nothing; whoever says too much that is new is heard later. It may be of several lights: what one of them fails at keeps no other waiting.
pub async fn heard(venue: &Venue, cx: &Cx, topic: &str, payload: &[u8], kept: bool) -> Result<Heard> {
    let Some((driver, name, sayings)) = said::parse(topic, payload) else { return Ok(Heard::Taken) };
    // Most messages say what is known: they cost a look.
    let mut lights = on_topic(&mut cx.db.read(), name).await?;
    lights.retain(|light| light.driver == driver);
    let alone = lights.len() == 1;
    let mut news = Vec::new();
    for light in &lights {
        let of_it = sayings.iter().filter(|saying| light.channel.is_some_and(|channel| saying.of.means(channel, alone)));
        let words = of_it.map(|saying| Word { said: saying.said, comes: saying.said == Said::Online(true) && !kept });
        news.extend(words.filter(|word| word.is_news(light, cx.now())).map(|word| (light, word)));
    }
    // However many lights it speaks of, a message is one piece of its device's news.
    let Some(device) = lights.first().filter(|_| !news.is_empty()) else { return Ok(Heard::Taken) };
    if !venue.pace.takes(device.id, cx.now()) {
        return Ok(Heard::Later);
    }
    let mut outcome = Ok(Heard::Taken);
    for (light, word) in news {
        // What somebody has put elsewhere in between is not what has spoken.
        if let Err(fault) = take_in(venue, cx, light, word, |now| now.on_broker() == light.on_broker()).await {
            outcome = Err(fault);
        }
    }
    outcome
}

/// Takes in what was found out by asking. If something else was wanted of the device in the meantime, what was seen is of before, and
/// says nothing: whoever wants that asks again.
pub(super) async fn found(venue: &Venue, cx: &Cx, seen: &Device, said: Said) -> Result<()> {
    take_in(venue, cx, seen, Word { said, comes: false }, |device| device.version == seen.version).await
}

/// What a device has said.
#[derive(Clone, Copy)]
struct Word {
    said: Said,
    /// It says so at this moment: it has come to the broker just now. Whoever was there before may have lost its power in between, for so short
    /// a time that nobody has missed it.
    comes: bool,
}

impl Word {
    fn is_news(self, device: &Device, now: Timestamp) -> bool {
        (self.comes && !device.lacks_channel) || (self.is_lit() && device.ran_out(now).is_some()) || is_news(device, self.said, now)
    }

    /// It says that it is on.
    fn is_lit(self) -> bool {
        matches!(self.said, Said::Power(true) | Said::Draws { on: Some(true), .. })
    }
}

async fn take_in(venue: &Venue, cx: &Cx, seen: &Device, said: Word, holds: impl Fn(&Device) -> bool) -> Result<()> {
    if !said.is_news(seen, cx.now()) {
        return Ok(());
    }
    let mut tx = cx.db.begin().await?;
    let mut table = lock_table(&mut tx, seen.table_id).await?;
    let current = by_id(&mut tx, seen.id).await?.filter(|device| holds(device) && said.is_news(device, cx.now()));
    let Some(device) = current else { return Ok(()) };
    match said.said {
        // It was away with a reason, and gives none any more.
        Said::Online(false) if !device.online => {
            tx.exec("UPDATE devices SET refused = NULL WHERE id = $1", args![device.id]).await?;
        }
        Said::Online(online) => {
            let gone = (!online).then(|| device.gone_since(None, cx.now()));
            presence(&mut tx, cx, venue, &device, gone).await?;
            play::device_is(&mut tx, cx, venue, &mut table, &device, online).await?;
        }
        Said::Power(on) => relay_is(&mut tx, cx, venue, &mut table, &device, on).await?,
        Said::Draws { milliwatts, on } => {
            if let Some(on) = on.filter(|on| is_news(&device, Said::Power(*on), cx.now())) {
                relay_is(&mut tx, cx, venue, &mut table, &device, on).await?;
            }
            // Of one that is not watched it says nothing.
            if device.draw.least_watts.is_some() {
                draws(&mut tx, cx, venue, &mut table, device.id, milliwatts).await?;
            }
        }
        Said::Missing => is_missing(&mut tx, cx, venue, &mut table, &device).await?,
        Said::Refused(code) => is_refused(&mut tx, cx, venue, &mut table, &device, code).await?,
    }
    if said.is_lit() {
        run_out::is_lit(&mut tx, cx, venue, &mut table, &device).await?;
    }
    venue.news.after(&mut tx);
    tx.commit().await?;
    Ok(())
}

async fn relay_is(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, device: &Device, on: bool) -> Result<()> {
    // Whoever speaks is there.
    let back = if device.online { None } else { Some(comes_back(tx, cx, venue, table, device).await?) };
    let device = back.as_ref().unwrap_or(device);
    let right = on == device.wanted;
    let course = device.course.says(right, cx.now());
    power(tx, cx, venue, device, on, course).await?;
    let wrong_since = course.wrong_since.filter(|_| !right);
    play::light_is(tx, cx, venue, table, on, wrong_since).await
}

/// It was taken for away. As it is once what follows from that is done.
async fn comes_back(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, device: &Device) -> Result<Device> {
    presence(tx, cx, venue, device, None).await?;
    play::device_is(tx, cx, venue, table, device, true).await?;
    by_id(tx, device.id).await?.ok_or_else(Fault::not_found)
}

/// Its device has no such channel, whatever was chosen for it: nothing can be told there, as to one that is away.
async fn is_missing(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, device: &Device) -> Result<()> {
    if !device.lacks_channel {
        tx.exec("UPDATE devices SET lacks_channel = TRUE WHERE id = $1", args![device.id]).await?;
        log::write(tx, cx, device.id, log::PROGRAM, "no_channel", "").await?;
    }
    cannot_be_told(tx, cx, venue, table, device).await
}

/// Its board does not say how it stands: whatever it is told, nobody would know.
async fn is_refused(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, device: &Device, code: u8) -> Result<()> {
    tx.exec("UPDATE devices SET refused = $1 WHERE id = $2", args![i64::from(code), device.id]).await?;
    // Who is refused in each round, now so and now otherwise, has said enough.
    if device.online || device.refused.is_none() {
        log::write(tx, cx, device.id, log::PROGRAM, "refused", &code.to_string()).await?;
    }
    cannot_be_told(tx, cx, venue, table, device).await
}

async fn cannot_be_told(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, device: &Device) -> Result<()> {
    if !device.online {
        return Ok(());
    }
    presence(tx, cx, venue, device, Some(device.gone_since(None, cx.now()))).await?;
    play::device_is(tx, cx, venue, table, device, false).await
}

/// So much passes through a relay that may be watched.
async fn draws(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, id: DeviceId, milliwatts: i64) -> Result<()> {
    let Some(device) = by_id(tx, id).await? else { return Ok(()) };
    let (before, now) = (device.draw, cx.now());
    if !before.is_news(milliwatts, device.wanted, now) {
        return Ok(());
    }
    let after = before.hears(milliwatts, device.wanted, now);
    set_draw(tx, id, after).await?;
    match (before.dark_since, after.dark_since) {
        (None, Some(_)) => log::write(tx, cx, id, log::PROGRAM, "no_power", &after.compared()).await?,
        (Some(_), None) => log::write(tx, cx, id, log::PROGRAM, "power_again", &after.compared()).await?,
        (Some(_), Some(_)) | (None, None) => {}
    }
    match (before.burns_on(), after.burns_on()) {
        (false, true) => log::write(tx, cx, id, log::PROGRAM, "burns_on", &after.compared()).await?,
        (true, false) => log::write(tx, cx, id, log::PROGRAM, "burns_no_more", &after.compared()).await?,
        (true, true) | (false, false) => {}
    }
    match after.dark_since {
        Some(since) => play::is_dark_though_on(tx, cx, venue, table, since).await,
        // Each time: who was at the table when it was found out may have left since.
        None if after.burns_on() => play::burns_for_nobody(tx, cx, venue, table).await,
        None => Ok(()),
    }
}

/// A device that could be told nothing is away until it speaks: whatever is wanted of it, it hears then. The table's row is locked.
pub(crate) async fn lost(tx: &mut Tx, cx: &Cx, venue: &Venue, device: &Device) -> Result<()> {
    if !device.online {
        return Ok(());
    }
    presence(tx, cx, venue, device, Some(device.gone_since(None, cx.now()))).await?;
    // Nor was it wrong while it could not know better.
    Ok(set_course(tx, device.id, Course::default()).await?)
}

/// A device that does not answer is away.
pub(super) async fn fell_silent(venue: &Venue, cx: &Cx, id: DeviceId, version: i64) -> Result<()> {
    let Some(device) = by_id(&mut cx.db.read(), id).await? else { return Ok(()) };
    let mut tx = cx.db.begin().await?;
    let mut table = lock_table(&mut tx, device.table_id).await?;
    let silent = |device: &Device| device.online && device.version == version && device.reported_at.is_none_or(|at| at < device.wanted_at);
    let Some(device) = by_id(&mut tx, id).await?.filter(silent) else { return Ok(()) };
    // Whichever process has told it first: that may be gone itself by now.
    let gone = device.gone_since(device.silent_since, cx.now());
    presence(&mut tx, cx, venue, &device, Some(gone)).await?;
    play::device_is(&mut tx, cx, venue, &mut table, &device, false).await?;
    venue.news.after(&mut tx);
    Ok(tx.commit().await?)
}

fn is_news(device: &Device, said: Said, now: Timestamp) -> bool {
    match said {
        // What a device does not have does not come with it: only by its own report.
        Said::Online(true) => !device.online && !device.lacks_channel,
        Said::Online(false) => device.online || device.refused.is_some(),
        // The first report after a telling confirms it, even where nothing changes.
        Said::Power(on) => device.reported != Some(on) || device.reported_at.is_none_or(|at| at < device.wanted_at) || !device.online,
        Said::Draws { milliwatts, on } => {
            on.is_some_and(|on| is_news(device, Said::Power(on), now)) || device.draw.is_news(milliwatts, device.wanted, now)
        }
        Said::Missing => device.online || !device.lacks_channel,
        Said::Refused(code) => device.online || device.refused != Some(i64::from(code)),
    }
}

/// It has come; or it is away, and may be `gone` since then.
async fn presence(tx: &mut Tx, cx: &Cx, venue: &Venue, device: &Device, gone: Option<Timestamp>) -> Result<()> {
    // Whoever was away may have lost its power: how its relay stands is not known until it says so.
    let sql = "UPDATE devices SET online = $1, online_since = $2, left_at = $7, silent_since = $8, reported = NULL, on_since = $3, low_since = $4, \
               dark_since = $5, burns_since = NULL, wrong_since = $9, right_since = $10, button_told = FALSE WHERE id = $6";
    let (now, online) = (cx.now(), gone.is_none());
    let (draw, left_at) = (device.draw.switched(None, now), if online { device.left_at } else { Some(now) });
    // Who was away begins anew.
    let silent_since = gone.or(device.silent_since.filter(|_| device.online));
    // Who comes anew without having been missed was away for no time that could be counted.
    let came_back = online && !device.online;
    let Course { wrong_since, right_since } =
        if came_back { device.course.returns(device.online_since, now) } else { device.course.leaves(now) };
    let Draw { on_since, low_since, dark_since, .. } = draw;
    tx.exec(sql, args![online, now, on_since, low_since, dark_since, device.id, left_at, silent_since, wrong_since, right_since]).await?;
    let what = match (device.online, online) {
        (true, true) => "came_anew",
        (false, true) => "online",
        (_, false) => "offline",
    };
    log::write(tx, cx, device.id, log::PROGRAM, what, "").await?;
    // Told what it should be now, not what it missed.
    if online { tell(tx, cx, venue, &Device { silent_since, ..device.clone() }, device.light()).await } else { Ok(()) }
}

async fn power(tx: &mut Tx, cx: &Cx, venue: &Venue, device: &Device, on: bool, course: Course) -> Result<()> {
    let sql = "UPDATE devices SET reported = $1, reported_at = $2, lit_at = $3, on_since = $4, low_since = $5, dark_since = $6, \
               wrong_since = $8, right_since = $9, burns_since = $10, lacks_channel = FALSE, refused = NULL WHERE id = $7";
    let now = cx.now();
    let (draw, lit_at) = (device.draw.switched(Some(on), now), if on { Some(now) } else { device.lit_at });
    let Draw { on_since, low_since, dark_since, burns_since, .. } = draw;
    let Course { wrong_since, right_since } = course;
    tx.exec(sql, args![on, now, lit_at, on_since, low_since, dark_since, device.id, wrong_since, right_since, burns_since]).await?;
    let changed = device.reported != Some(on);
    if on == device.wanted {
        if changed {
            log::write(tx, cx, device.id, log::PROGRAM, if on { "on" } else { "off" }, "").await?;
        }
        return Ok(());
    }
    // Reported before it was told otherwise: the telling goes on. Reported after that: somebody pressed its button, or it lost its power.
    if changed && device.reported == Some(device.wanted) {
        log::write(tx, cx, device.id, log::PROGRAM, if on { "came_on" } else { "went_off" }, "").await?;
        // Whoever does so without an end is told from time to time.
        let stubborn = course.wrong_since.is_some_and(|since| cx.now().micros() - since.micros() > STUBBORN);
        let at = if stubborn { cx.now().plus_micros(MINUTE) } else { cx.now() };
        tell_later(tx, cx, venue, device, at).await?;
    }
    Ok(())
}
