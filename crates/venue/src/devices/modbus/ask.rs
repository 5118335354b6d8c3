//! Asking boards how their coils stand, and writing what they should be.

use std::collections::BTreeSet;
use std::sync::Arc;

use kernel::Fault;
use platform::{Cx, Result};
use store::jobs::{JobKind, NewJob};
use store::{Sql as _, Tx, args};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::frame::Framing;
use super::{Board, CoilError};
use crate::Venue;
use crate::devices::hear;
use crate::devices::rows::{Device, by_id, on_board};
use crate::devices::{DeviceId, Said};

pub(crate) const POLL: JobKind = JobKind::new("device.poll");
/// Boards that are asked at once.
const AT_ONCE: usize = 16;
/// How often a board is called before it is away: a network that loses a packet is no news.
const TRIES: usize = 2;

/// Asks the boards without waiting for the next time to do so.
pub(in crate::devices) async fn poll_soon(tx: &mut Tx, cx: &Cx) -> Result<()> {
    cx.enqueue(tx, NewJob::new(POLL, &(), cx.now())?.attempts(1)).await?;
    Ok(())
}

/// Every few seconds: asks each board how its coils stand. What it says goes the way of other devices' reports; who does not answer is
/// away. Boards that are slow hold up the next round of this process, and not each other.
pub(crate) async fn poll(venue: &Arc<Venue>, cx: &Cx) -> Result<()> {
    let Ok(_round) = venue.polling.try_lock() else { return Ok(()) };
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
        let (venue, cx) = (Arc::clone(venue), cx.clone());
        asking.spawn(async move {
            if let Err(fault) = look(&venue, &cx, &board).await {
                tracing::warn!(%fault, host = board.host, "what a board said could not be taken in");
            }
            drop(place);
        });
    }
    while asking.join_next().await.is_some() {}
    Ok(())
}

async fn look(venue: &Venue, cx: &Cx, board: &Board) -> Result<()> {
    let mut answered = BTreeSet::new();
    for _ in 0..TRIES {
        if ask(venue, cx, board, &mut answered).await? {
            return Ok(());
        }
    }
    for device in on_board(&mut cx.db.read(), board).await? {
        if !answered.contains(&device.id) {
            hear::found(venue, cx, &device, Said::Online(false)).await?;
        }
    }
    Ok(())
}

/// Reads all coils that have not answered yet, over one connection. Whether all of them have by now.
async fn ask(venue: &Venue, cx: &Cx, board: &Board, answered: &mut BTreeSet<DeviceId>) -> Result<bool> {
    let mut line = match venue.coils.call(board).await {
        Ok(line) => line,
        Err(error) => {
            tracing::debug!(%error, host = board.host, "a board cannot be called");
            return Ok(false);
        }
    };
    // Only now, when it is our turn: what they should be may have changed in the meantime.
    let devices = on_board(&mut cx.db.read(), board).await?;
    let mut all = true;
    for device in devices.into_iter().filter(|device| !answered.contains(&device.id)).collect::<Vec<_>>() {
        let Some(at) = device.address.as_ref() else { continue };
        match line.read(at.unit, at.coil).await {
            Ok(on) => {
                // While it is our turn: nobody else of this process switches it between the look and its report.
                hear::found(venue, cx, &device, Said::Power(on)).await?;
                answered.insert(device.id);
            }
            Err(error @ CoilError::Refused(_)) => {
                tracing::debug!(%error, device = %device.id, "a coil cannot be read");
                all = false;
            }
            Err(error @ CoilError::Silent(_)) => {
                tracing::debug!(%error, host = board.host, "a board has stopped to answer");
                return Ok(false);
            }
        }
    }
    Ok(all)
}

/// Writes what the coil should be and reads it back, which is its report. Whether nothing is left to be done for this version.
pub(in crate::devices) async fn make_agree(venue: &Venue, cx: &Cx, device: &Device) -> Result<bool> {
    let at = device.address.as_ref().ok_or_else(Fault::not_found)?;
    let told = async {
        let mut line = venue.coils.call(&at.board()).await?;
        // Its turn may have taken its time to come. What was wanted once is never sent later.
        let now = match by_id(&mut cx.db.read(), device.id).await {
            Ok(now) => now.filter(|now| now.version == device.version && now.online),
            Err(error) => return Ok(Err(error.into())),
        };
        let Some(now) = now else { return Ok(Ok(true)) };
        match line.set(at.unit, at.coil, now.wanted).await {
            Ok(()) => {}
            // How it stands is worth knowing all the same.
            Err(error @ CoilError::Refused(_)) => tracing::warn!(%error, device = %device.id, "a coil could not be written"),
            Err(error) => return Err(error),
        }
        let on = line.read(at.unit, at.coil).await?;
        Ok(hear::found(venue, cx, &now, Said::Power(on)).await.map(|()| on == now.wanted))
    };
    match told.await {
        Ok(done) => done,
        Err(error) => {
            tracing::warn!(%error, device = %device.id, "a device could not be told");
            Ok(false)
        }
    }
}
