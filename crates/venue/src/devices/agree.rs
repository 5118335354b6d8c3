//! Telling a device what it should be, until it says that it is.

use std::sync::Arc;

use kernel::SECOND;
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::jobs::{Job, Outcome};

use super::rows::{Device, Driver, by_id, not_as_they_should_be, tell, want};
use super::{DeviceId, hear, modbus, shelly, tasmota};
use crate::Venue;
use crate::halls::rows::lock_table;

pub(crate) const AGREE_JOB: &str = "device.agree";
pub(crate) const ASSERT: &str = "device.assert";
/// Who says nothing for so long to what it is told is away, whatever the broker thinks.
const SILENT: i64 = 60 * SECOND;
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
        Err(error) => return Outcome::Retry(error.to_string()),
    };
    let now = cx.now();
    // Whoever comes back is told anew, of what it should be then.
    if device.version != ask.version || !device.online {
        return Outcome::Done;
    }
    let told_since = now.micros() - device.wanted_at.micros();
    // A report from before it was told does not say that its timer is set.
    if device.agrees() && device.reported_at.is_some_and(|at| at >= device.wanted_at) {
        return Outcome::Done;
    }
    if told_since > SILENT && device.reported_at.is_none_or(|at| at < device.wanted_at) {
        return match hear::fell_silent(&venue, &cx, ask.device, ask.version).await {
            Ok(()) => Outcome::Done,
            Err(fault) => Outcome::Retry(fault.to_string()),
        };
    }
    let topic = device.topic.as_deref().unwrap_or_default();
    match device.driver {
        Driver::Tasmota => send(&venue, &device, tasmota::commands(topic, device.light(), now)).await,
        Driver::Shelly => send(&venue, &device, shelly::commands(topic, device.light(), now)).await,
        Driver::Modbus => match modbus::make_agree(&venue, &cx, &device).await {
            Ok(true) => return Outcome::Done,
            Ok(false) => {}
            Err(fault) => return Outcome::Retry(fault.to_string()),
        },
    }
    let tellings = PAUSES.iter().scan(0, |sum, pause| {
        *sum += pause;
        Some(*sum)
    });
    let pause = tellings.zip(PAUSES).find(|(end, _)| told_since < *end).map_or(PAUSES[PAUSES.len() - 1], |(_, pause)| pause);
    Outcome::Again(now.plus_micros(pause))
}

async fn send(venue: &Venue, device: &Device, commands: Vec<(String, String)>) {
    for (topic, payload) in commands {
        if let Err(error) = venue.wire.send(&topic, &payload).await {
            tracing::warn!(%error, device = %device.id, "a device could not be told");
            break;
        }
    }
}

/// After the broker was away: who was there before is told what it should be, and so asked whether it still is.
pub async fn roll_call(venue: &Venue, cx: &Cx) -> Result<()> {
    let online = super::rows::online(&mut cx.db.read()).await?;
    for device in online {
        let mut tx = cx.db.begin().await?;
        lock_table(&mut tx, device.table_id).await?;
        if let Some(device) = by_id(&mut tx, device.id).await? {
            tell(&mut tx, cx, venue, &device, device.light()).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Once a minute: who is not as it should be is told again, and what was set by hand ends when its time is over.
pub(crate) async fn assert_all(venue: &Venue, cx: &Cx) -> Result<()> {
    let wrong = not_as_they_should_be(&mut cx.db.read(), cx.now()).await?;
    for device in wrong {
        let mut tx = cx.db.begin().await?;
        lock_table(&mut tx, device.table_id).await?;
        if device.override_until.is_some_and(|until| until <= cx.now()) {
            let sql = "UPDATE devices SET override_on = NULL, override_until = NULL, override_why = NULL WHERE id = $1";
            tx.exec(sql, store::args![device.id]).await?;
            want(&mut tx, cx, venue, device.table_id).await?;
        } else if let Some(device) = by_id(&mut tx, device.id).await?.filter(|device| !device.agrees()) {
            tell(&mut tx, cx, venue, &device, device.light()).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
