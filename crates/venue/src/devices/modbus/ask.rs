//! Asking boards how their coils stand, and writing what they should be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use kernel::{Fault, Timestamp};
use platform::{Cx, Result};
use store::jobs::{JobKind, NewJob};
use store::{Sql as _, Tx, args};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::frame::{self, Framing, What};
use super::reading::Reading;
use super::round::Round;
use super::{Address, Board, CoilError, Line, stands};
use crate::Venue;
use crate::devices::rows::{by_id, on_board};
use crate::devices::{Device, DeviceId, Said, hear, log};

pub(crate) const POLL: JobKind = JobKind::boards("device.poll");
/// Boards that are asked at once.
const AT_ONCE: usize = 16;

/// Boards that this process asks now.
#[derive(Default)]
pub(crate) struct Asking(Mutex<BTreeSet<Board>>);

/// Of one of them, until its round is over.
struct Asked {
    venue: Arc<Venue>,
    board: Board,
}

impl Asked {
    /// None while a round of before is still asking it.
    fn begin(venue: &Arc<Venue>, board: &Board) -> Option<Self> {
        let mut asking = venue.asking.0.lock().unwrap_or_else(PoisonError::into_inner);
        asking.insert(board.clone()).then(|| Self { venue: Arc::clone(venue), board: board.clone() })
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.venue.asking.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.board);
    }
}

/// Asks the boards without waiting for the next time to do so.
pub(in crate::devices) async fn poll_soon(tx: &mut Tx, cx: &Cx) -> Result<()> {
    cx.enqueue(tx, NewJob::new(POLL, &(), cx.now())?.attempts(1)).await?;
    Ok(())
}

/// Every few seconds: asks each board how its coils stand. What it says goes the way of other devices' reports; who does not answer is
/// away. A board that is slow holds up its own next round in this process, and no other's.
pub(crate) async fn poll(venue: &Arc<Venue>, cx: &Cx) -> Result<()> {
    let sql = "SELECT DISTINCT d.coil_host, d.coil_port, d.coil_framing FROM devices d WHERE d.coil_host IS NOT NULL";
    let read = |row: &store::Row| {
        let port: i64 = row.get("coil_port")?;
        let framing: Framing = row.word("coil_framing")?;
        Ok(Board { host: row.get("coil_host")?, port: u16::try_from(port).unwrap_or_default(), framing })
    };
    let boards = cx.db.read().all(sql, args![], read).await?;
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut asking = JoinSet::new();
    for board in boards {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let Some(asked) = Asked::begin(venue, &board) else { continue };
        let (venue, cx) = (Arc::clone(venue), cx.clone());
        asking.spawn(async move {
            if let Err(fault) = look(&venue, &cx, &board).await {
                tracing::warn!(%fault, host = board.host, "what a board said could not be taken in");
            }
            drop((asked, place));
        });
    }
    while asking.join_next().await.is_some() {}
    Ok(())
}

/// What a round has found out so far.
#[derive(Default)]
struct Heard {
    answered: BTreeSet<DeviceId>,
    /// Whose coils the board would not read, and with which code.
    refused: BTreeMap<DeviceId, u8>,
    /// How each unit takes questions.
    readings: BTreeMap<u8, Reading>,
}

/// How a unit has taken its questions.
enum Answers {
    All,
    /// Some were refused.
    Part,
    /// It has not answered; the board has said so for it where the line is still good.
    Silent {
        line_is_good: bool,
    },
}

async fn look(venue: &Venue, cx: &Cx, board: &Board) -> Result<()> {
    let mut units: BTreeMap<u8, bool> = BTreeMap::new();
    for device in on_board(&mut cx.db.read(), board).await? {
        if let Some(at) = &device.address {
            *units.entry(at.unit).or_default() |= device.online;
        }
    }
    let start = usize::try_from(cx.random.below(256)).unwrap_or_default();
    let mut round = Round::new(&units, start);
    let mut heard = Heard::default();
    let mut open: Option<Box<dyn Line>> = None;
    while let Some(unit) = round.next() {
        let mut line = match open.take() {
            Some(line) => line,
            None => match venue.coils.call(board, unit).await {
                Ok(line) => line,
                // Nobody was asked: the next round finds out.
                Err(CoilError::Busy) => break,
                Err(CoilError::Unreachable(why)) => {
                    tracing::debug!(%why, host = board.host, "a board cannot be called");
                    round.unreached();
                    continue;
                }
                Err(error @ (CoilError::Silent(_) | CoilError::Refused(_))) => {
                    tracing::debug!(%error, host = board.host, unit, "somebody else has had no answer");
                    round.silent(false);
                    continue;
                }
            },
        };
        round.reached();
        let before = heard.answered.len();
        match ask(venue, cx, board, unit, &mut *line, &mut heard).await? {
            Answers::All => round.answered(),
            Answers::Part => round.refused(),
            Answers::Silent { line_is_good } => {
                round.silent(heard.answered.len() > before);
                if !line_is_good {
                    continue;
                }
            }
        }
        open = Some(line);
    }
    drop(open);
    let silent = round.end();
    if silent.is_empty() {
        return Ok(());
    }
    for device in on_board(&mut cx.db.read(), board).await? {
        if device.address.as_ref().is_some_and(|at| silent.contains(&at.unit)) && !heard.answered.contains(&device.id) {
            let said = heard.refused.get(&device.id).map_or(Said::Online(false), |code| Said::Refused(*code));
            hear::found(venue, cx, &device, said).await?;
        }
    }
    Ok(())
}

/// Reads all coils of a unit that have not answered yet, as many with each request as it tells at once.
async fn ask(venue: &Venue, cx: &Cx, board: &Board, unit: u8, line: &mut dyn Line, heard: &mut Heard) -> Result<Answers> {
    let Heard { answered, refused, readings } = heard;
    // Only now, when it is our turn: what they should be may have changed in the meantime.
    let devices = on_board(&mut cx.db.read(), board).await?;
    let coil = |device: &Device| device.address.as_ref().filter(|at| at.unit == unit).map(|at| at.coil);
    let new = devices.into_iter().filter(|device| !answered.contains(&device.id));
    let mut open: BTreeMap<u16, Device> = new.filter_map(|device| Some((coil(&device)?, device))).collect();
    let reading = readings.entry(unit).or_default();
    while let Some(span) = reading.next(&open.keys().copied().collect()) {
        match line.read(unit, span).await {
            Ok(states) => {
                reading.answered(span);
                let told: Vec<u16> = open.keys().copied().filter(|coil| span.has(*coil)).collect();
                for coil in told {
                    let Some(device) = open.remove(&coil) else { continue };
                    // While it is our turn: nobody else of this process switches it between the look and its report.
                    hear::found(venue, cx, &device, Said::Power(states.is_on(coil - span.first))).await?;
                    answered.insert(device.id);
                }
            }
            Err(CoilError::Refused(code)) if frame::is_of_these_coils(code) => reading.refused(span, code),
            Err(CoilError::Refused(code)) => {
                tracing::debug!(code, host = board.host, unit, "coils cannot be read");
                refused.extend(open.values().map(|device| (device.id, code)));
                let silent = frame::is_of_a_silent_unit(code);
                return Ok(if silent { Answers::Silent { line_is_good: true } } else { Answers::Part });
            }
            Err(error @ (CoilError::Silent(_) | CoilError::Unreachable(_) | CoilError::Busy)) => {
                tracing::debug!(%error, host = board.host, unit, "a unit has stopped to answer");
                reading.missed(span);
                return Ok(Answers::Silent { line_is_good: false });
            }
        }
    }
    refused.extend(open.iter().filter_map(|(coil, device)| Some((device.id, reading.why(*coil)?))));
    Ok(if open.is_empty() { Answers::All } else { Answers::Part })
}

/// Writes what the coil should be and reads it back, which is its report. Whether nothing is left to be done for this version.
pub(in crate::devices) async fn make_agree(venue: &Venue, cx: &Cx, device: &Device) -> Result<bool> {
    let at = device.address.as_ref().ok_or_else(Fault::not_found)?;
    let told = async {
        let mut line = venue.coils.call(&at.board(), at.unit).await?;
        // Its turn may have taken its time to come. What was wanted once is never sent later.
        let now = match by_id(&mut cx.db.read(), device.id).await {
            Ok(now) => now.filter(|now| now.version == device.version && now.online),
            Err(error) => return Ok(Err(error.into())),
        };
        let Some(now) = now else { return Ok(Ok(true)) };
        let timer = match write(&mut *line, &now, at, cx.now()).await {
            Ok(timer) => timer,
            // It has answered, and how it stands is worth knowing all the same.
            Err(error @ CoilError::Refused(_)) => {
                tracing::warn!(%error, device = %device.id, "a coil could not be written");
                Taken::Unknown
            }
            // It has heard it, for all that anybody knows, and may have done it.
            Err(error) => return note(cx, &now, Taken::Unknown).await.map_or_else(|fault| Ok(Err(fault)), |()| Err(error)),
        };
        let on = stands(&mut *line, at.unit, at.coil).await?;
        let heard = match note(cx, &now, timer).await {
            Ok(()) => hear::found(venue, cx, &now, Said::Power(on)).await,
            Err(fault) => Err(fault),
        };
        Ok(heard.map(|()| on == now.wanted))
    };
    match told.await {
        Ok(done) => done,
        Err(CoilError::Busy) => {
            tracing::debug!(device = %device.id, "a device is told later: others are speaking to its board");
            Ok(false)
        }
        Err(error) => {
            tracing::warn!(%error, device = %device.id, "a device could not be told");
            Ok(false)
        }
    }
}

/// What became of a coil's timer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// It was told none.
    Plain,
    Timer,
    /// The board has none, whatever was said of it.
    NoTimer,
    /// It has not said that it was set: for all that is known it is as it was.
    Unknown,
}

/// Makes a coil what it should be; a board without a timer is lit all the same.
async fn write(line: &mut dyn Line, device: &Device, at: &Address, now: Timestamp) -> std::result::Result<Taken, CoilError> {
    let tenths = match at.timer.order(device.light(), now) {
        What::Flash(tenths) => tenths,
        What::Set(_) | What::Read(_) => return line.set(at.unit, at.coil, device.wanted).await.map(|()| Taken::Plain),
    };
    match line.flash(at.unit, at.coil, tenths).await {
        Ok(()) => Ok(Taken::Timer),
        Err(CoilError::Refused(code)) if !frame::is_of_a_silent_unit(code) => {
            line.set(at.unit, at.coil, device.wanted).await.map(|()| Taken::NoTimer)
        }
        Err(error) => Err(error),
    }
}

/// Since when it has heard what it should be, and until when its timer counts, unless that has run out: then it is dark until it is read. And that it has
/// none, which somebody has to know.
async fn note(cx: &Cx, device: &Device, timer: Taken) -> Result<()> {
    let burns_until = match timer {
        Taken::Timer => device.wound(cx.now()),
        Taken::Plain | Taken::NoTimer => None,
        Taken::Unknown => device.burns_until,
    };
    let mut tx = cx.db.begin().await?;
    let sql = "UPDATE devices SET told_at = COALESCE(told_at, $1), burns_until = CASE WHEN burns_until < $1 THEN burns_until ELSE $2 END \
               WHERE id = $3 AND version = $4";
    tx.exec(sql, args![cx.now(), burns_until, device.id, device.version]).await?;
    if timer == Taken::NoTimer {
        log::write(&mut tx, cx, device.id, log::PROGRAM, "no_timer", "").await?;
    }
    Ok(tx.commit().await?)
}
