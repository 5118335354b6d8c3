//! Telling a device what it should be, until it says that it is.

use std::collections::HashSet;
use std::sync::Arc;

use kernel::{MINUTE, SECOND, Timestamp};
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::args;
use store::jobs::{Job, JobKind, Outcome};

use super::again::soon;
use super::device::{Device, Driver};
use super::rows::{OBEYS, away, by_id, forget_hand, not_as_they_should_be, tell, to_be_wound, want};
use super::way::Unanswered;
use super::{DeviceId, hear, modbus, run_out, shelly, tasmota};
use crate::Venue;
use crate::halls::rows::lock_table;
use crate::play;

pub(crate) const AGREE_JOB: JobKind = JobKind::prompt("device.agree");
/// The same of a coil: it waits for the board's turn and for its answer.
pub(super) const AGREE_COIL: JobKind = JobKind::boards(AGREE_JOB.name);
pub(crate) const ASSERT: JobKind = JobKind::prompt("device.assert");
/// Who answers and does not obey for so long is told once a minute.
pub(super) const STUBBORN: i64 = 5 * MINUTE;
/// After so long without an answer the job that tells a device was lost.
const LOST: i64 = 10 * MINUTE;
/// Between one telling and the next, while the device does not answer.
const PAUSES: [i64; 4] = [2 * SECOND, 3 * SECOND, 5 * SECOND, 10 * SECOND];

#[derive(Serialize, Deserialize)]
pub(super) struct Agree {
    pub device: DeviceId,
    pub version: i64,
}

/// Sends what the device should be and looks again; ends when it agrees, is away, or something else is wanted of it by now.
pub(crate) async fn agree_job(venue: Arc<Venue>, cx: Cx, job: Job) -> Outcome {
    let ask: Agree = match job.read() {
        Ok(ask) => ask,
        Err(outcome) => return outcome,
    };
    let device = match by_id(&mut cx.db.read(), ask.device).await {
        Ok(Some(device)) => device,
        Ok(None) => return Outcome::Done,
        Err(error) => return soon(&cx, &job, error.to_string()),
    };
    let now = cx.now();
    // Whoever comes back is told anew, of what it should be then.
    if device.version != ask.version || !device.online {
        return Outcome::Done;
    }
    // Nobody has told it in time to go on. Until it says that it is on, it is dark.
    let is_dark = device.ran_out(now).is_some();
    if is_dark {
        match run_out::ends_play(&venue, &cx, &device).await {
            // What it should be now is something else.
            Ok(true) => return Outcome::Again(now),
            Ok(false) => {}
            Err(fault) => return soon(&cx, &job, fault.to_string()),
        }
    }
    let confirmed = device.has_answered();
    // A report from before it was told does not say that its timer is set: it may be on for another reason, until another time.
    let is_told = device.told_at.is_some() || device.timer().is_none();
    if device.agrees() && confirmed && is_told && !is_dark {
        return Outcome::Done;
    }
    let sent = match device.driver {
        Driver::Tasmota | Driver::Shelly => send_newest(&venue, &cx, &device).await,
        Driver::Modbus => modbus::make_agree(&venue, &cx, &device).await.map(|done| if done { Sent::Newer } else { Sent::Cut }),
    };
    let taken = match sent {
        Ok(Sent::All) => true,
        Ok(Sent::Cut) => false,
        // Whatever is left to be done is another job's.
        Ok(Sent::Newer) => return Outcome::Done,
        Err(fault) => return soon(&cx, &job, fault.to_string()),
    };
    // Who cannot be told is not silent: the way to it is. Only who can tell it just now knows.
    if taken && !confirmed && unanswered(&device).is_some_and(|device| device.is_away(venue.way.open_since(), now)) {
        return match hear::fell_silent(&venue, &cx, ask.device, ask.version).await {
            Ok(()) => Outcome::Done,
            Err(fault) => soon(&cx, &job, fault.to_string()),
        };
    }
    let told_since = now.micros() - device.wanted_at.micros();
    if told_since > STUBBORN {
        return Outcome::Again(now.plus_micros(MINUTE));
    }
    let tellings = PAUSES.iter().scan(0, |sum, pause| {
        *sum += pause;
        Some(*sum)
    });
    let pause = tellings.zip(PAUSES).find(|(end, _)| told_since < *end).map_or(PAUSES[PAUSES.len() - 1], |(_, pause)| pause);
    Outcome::Again(now.plus_micros(pause))
}

fn unanswered(device: &Device) -> Option<Unanswered> {
    device.silent_since.map(|told_at| Unanswered { told_at, heard_at: device.heard_at() })
}

/// Whether a light had so much time to answer what it was told last, for all that this process knows of the way to it. Nobody is to blame for
/// what it could not hear.
pub(crate) fn had_time(venue: &Venue, device: &Device, time: i64, now: Timestamp) -> bool {
    match (device.driver, device.told_at) {
        (Driver::Tasmota | Driver::Shelly, Some(told_at)) => {
            let unanswered = Unanswered { told_at, heard_at: device.heard_at() };
            now.micros() - unanswered.could_answer_since(venue.way.open_since()).micros() >= time
        }
        (Driver::Tasmota | Driver::Shelly, None) => false,
        // Its board is called for each word: there is no way between that could be shut for others too.
        (Driver::Modbus, _) => true,
    }
}

/// What became of telling a device.
enum Sent {
    All,
    /// The way is shut.
    Cut,
    /// It has been told what it should be by now, or has done it: this version needs nothing more.
    Newer,
}

/// What became of what was said to a device.
enum Word {
    /// It was taken, and is what the device should be.
    Last,
    /// It was taken. What the device should be by now is to be looked up.
    Said,
    /// The way is shut.
    Cut,
}

/// Sends what a device should be, and looks again where that is not known to be the newest. Whoever was held up between its look and its word has said what does not hold any more, maybe
/// after somebody else's newer word: it says the newest behind it. So the last word is the newest, whoever says it, and no lock is held over the
/// network.
async fn send_newest(venue: &Venue, cx: &Cx, device: &Device) -> Result<Sent> {
    let mut told = device.clone();
    loop {
        let (topic, channel) = told.on_broker();
        let (lock, commands) = match told.driver {
            Driver::Tasmota => (Some(tasmota::lock(topic)), tasmota::commands(topic, channel, told.light(), cx.now())),
            Driver::Shelly => (Some(shelly::lock(topic, channel)), shelly::commands(topic, channel, told.light(), cx.now())),
            Driver::Modbus => (None, Vec::new()),
        };
        // Who has come may be new, or have been set up anew. To say it twice does no harm.
        let lock = lock.filter(|_| told.locks_button && !told.button_told);
        match send(venue, cx, &told, lock, commands).await? {
            Word::Cut => return Ok(Sent::Cut),
            Word::Last => return Ok(if told.version == device.version { Sent::All } else { Sent::Newer }),
            Word::Said => {}
        }
        let Some(now) = by_id(&mut cx.db.read(), told.id).await? else { return Ok(Sent::Newer) };
        if now.version == told.version {
            return Ok(if told.version == device.version { Sent::All } else { Sent::Newer });
        }
        // Whoever is away is told when it is back; and another device, or channel, may be in its place, which has heard nothing.
        if !now.online || now.on_broker() != told.on_broker() {
            return Ok(Sent::Newer);
        }
        told = now;
    }
}

/// Whether all of it was taken. Writes down since when the device could answer, and until when it burns by what it was told; not of one that has run
/// out, which is dark until it says otherwise. That this process's way is shut says nothing of the others': what they have told stays told. Where it
/// can be written of this version, nothing else was wanted of it until then, and whoever wants something else later says so behind this.
async fn send(venue: &Venue, cx: &Cx, device: &Device, lock: Option<(String, String)>, commands: Vec<(String, String)>) -> Result<Word> {
    // Who asks for it meanwhile has not been heard by what is sent here.
    let locks = lock.is_some();
    for (topic, payload) in lock.into_iter().chain(commands) {
        if let Err(error) = venue.wire.send(&topic, &payload).await {
            tracing::warn!(%error, device = %device.id, "a device could not be told");
            venue.way.opens(cx.now());
            return Ok(Word::Cut);
        }
    }
    let now = cx.now();
    let wound = device.wound(now);
    // Each "on" sets its timer anew; what else it is told again says nothing new.
    if device.told_at.is_none() || wound.is_some() {
        let mut tx = cx.db.begin().await?;
        let sql = "UPDATE devices SET told_at = COALESCE(told_at, $1), silent_since = COALESCE(silent_since, $1), \
                   burns_until = CASE WHEN burns_until < $1 THEN burns_until ELSE $2 END, button_told = button_told OR $5 WHERE id = $3 AND version = $4";
        let written = tx.exec(sql, args![now, wound, device.id, device.version, locks]).await?;
        tx.commit().await?;
        if written == 1 {
            return Ok(Word::Last);
        }
    }
    Ok(Word::Said)
}

/// After the broker was away for this process: who was there before is told what it should be, and so asked whether it still is. Here it is
/// given the time that such devices take to find the broker again; a process that was not cut off goes on as before.
pub async fn roll_call(venue: &Venue, cx: &Cx) -> Result<()> {
    venue.way.opens(cx.now());
    let online = super::rows::online(&mut cx.db.read()).await?;
    for device in online {
        let mut tx = cx.db.begin().await?;
        lock_table(&mut tx, device.table_id).await?;
        if let Some(device) = by_id(&mut tx, device.id).await? {
            tell(&mut tx, cx, venue, &device, device.light()).await?;
        }
        tx.commit().await?;
    }
    // Nor was anybody heard who was taken for away meanwhile.
    ask_the_away(venue, cx).await
}

/// Once a minute: who is not as it should be is told again, and so is whose own timer would end before play; what was set by hand ends when its
/// time is over, and who is away is asked whether it is. What one device fails at keeps no other waiting.
pub(crate) async fn assert_all(venue: &Venue, cx: &Cx) -> Result<()> {
    let mut outcome = Ok(());
    let mut devices = not_as_they_should_be(&mut cx.db.read(), cx.now()).await?;
    devices.extend(to_be_wound(&mut cx.db.read(), cx.now()).await?);
    for device in devices {
        if let Err(fault) = assert_one(venue, cx, &device).await {
            tracing::warn!(%fault, device = %device.id, "a device could not be looked after");
            outcome = Err(fault);
        }
    }
    ask_the_away(venue, cx).await?;
    outcome
}

async fn assert_one(venue: &Venue, cx: &Cx, seen: &Device) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    let mut table = lock_table(&mut tx, seen.table_id).await?;
    // As it is now: much may have happened since all were looked for.
    let Some(device) = by_id(&mut tx, seen.id).await? else { return Ok(()) };
    let long = |since: Timestamp, least: i64| cx.now().micros() - since.micros() > least;
    if device.override_until.is_some_and(|until| until <= cx.now()) {
        forget_hand(&mut tx, device.table_id).await?;
        want(&mut tx, cx, venue, device.table_id).await?;
    } else if device.online && !device.agrees() {
        if device.reported == Some(true) && device.course.wrong(cx.now()).is_some_and(|since| long(since, OBEYS)) {
            play::burns_for_nobody(&mut tx, cx, venue, &mut table).await?;
        }
        // The job that tells it goes on until it agrees: after so long without, the job itself was lost.
        if long(device.wanted_at, LOST) {
            tell(&mut tx, cx, venue, &device, device.light()).await?;
        }
    } else if device.is_to_be_wound(cx.now()) {
        tell(&mut tx, cx, venue, &device, device.light()).await?;
    }
    Ok(tx.commit().await?)
}

/// Who was taken for away because it did not answer may be there: it says so when it is asked, and is told then.
async fn ask_the_away(venue: &Venue, cx: &Cx) -> Result<()> {
    ask(venue, away(&mut cx.db.read()).await?, tasmota::question).await;
    Ok(())
}

/// Asks those that can be asked. False where the way to them is cut: who was not asked is asked the next time.
pub(super) async fn ask(venue: &Venue, devices: impl IntoIterator<Item = Device>, of_tasmota: fn(&str, i64) -> (String, String)) -> bool {
    // One question may be about all the lights of a device.
    let mut asked: HashSet<(String, String)> = HashSet::new();
    for device in devices {
        let (topic, channel) = device.on_broker();
        let question = match device.driver {
            Driver::Tasmota => of_tasmota(topic, channel),
            Driver::Shelly => shelly::question(topic, channel),
            Driver::Modbus => continue,
        };
        if asked.contains(&question) {
            continue;
        }
        if let Err(error) = venue.wire.send(&question.0, &question.1).await {
            tracing::debug!(%error, "devices cannot be asked");
            return false;
        }
        asked.insert(question);
    }
    true
}
