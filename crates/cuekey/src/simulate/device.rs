//! What switches the light over a table: a lamp that comes to the broker, or a relay board that is asked.

use std::net::SocketAddr;

use platform::Cx;
use sandbox::{CoilTrouble, Coils, Firmware, Frames, Lamp, Trouble};
use store::{Sql as _, args};
use venue::Venue;
use venue::devices::modbus::{Framing, Timer};
use venue::devices::{self, ChangedDevice, Credentials, DeviceId, Driver, NewAddress};
use venue::halls::TableId;

use super::no_port;
use crate::demo;
use crate::trouble::Result;

/// Boards are asked every ten seconds: after two rounds it is known how one is, and what follows from that has followed. Seconds.
pub const ASKED_WITHIN: i64 = 30;
/// The exception that a board answers with when its relays cannot be had.
const FAILED: u8 = 4;

pub enum Device {
    Lamp(Lamp),
    /// With the light of this table alone, on its first relay: what is wrong with it is wrong with no other table.
    Board(Coils),
}

impl Device {
    pub fn is_on(&self) -> bool {
        match self {
            Self::Lamp(lamp) => lamp.seen().on,
            Self::Board(board) => board.seen().on[0],
        }
    }

    /// How often its relay has switched.
    pub fn switched(&self) -> u64 {
        match self {
            Self::Lamp(lamp) => lamp.seen().switched,
            Self::Board(board) => board.seen().switched,
        }
    }

    /// Whether the server hears by itself that it has come or gone.
    pub const fn tells(&self) -> bool {
        matches!(self, Self::Lamp(_))
    }

    /// Waits until it has left the broker itself: what the server knew of it before is no answer. Not of a board, which is in no connection.
    pub async fn is_away(&self) {
        if let Self::Lamp(lamp) = self {
            lamp.until(|seen| !seen.connected).await;
        }
    }

    pub fn set(&self, trouble: Trouble) {
        match self {
            Self::Lamp(lamp) => lamp.set(trouble),
            Self::Board(board) => board.set(of_board(trouble)),
        }
    }
}

/// What is like it with a board. Nothing that answers late or never: the server's time-outs are real ones.
const fn of_board(trouble: Trouble) -> CoilTrouble {
    match trouble {
        // A board does not measure: it knows nothing of bulbs, nor of contacts that are welded.
        Trouble::None | Trouble::Dark | Trouble::Welded => CoilTrouble::None,
        Trouble::Unplugged | Trouble::Missed => CoilTrouble::Gone,
        Trouble::Offline => CoilTrouble::Offline,
        Trouble::Deaf => CoilTrouble::Refuses(FAILED),
        // It does as it is told, and what it answers is no answer to that.
        Trouble::Mute => CoilTrouble::WrongTransaction,
        Trouble::Stuck => CoilTrouble::Stuck,
    }
}

/// Puts a light of this kind over a table that was furnished with a Tasmota, and plugs it in. Answers its topic too, where it has one.
pub async fn install(
    staff: &Cx,
    venue: &Venue,
    driver: Driver,
    table: TableId,
    lamp: demo::Lamp,
    broker: SocketAddr,
) -> Result<(Device, Option<String>)> {
    let start = |firmware, topic: &str, password: &str| Device::Lamp(Lamp::start(broker, firmware, topic, password, staff.clock.clone()));
    Ok(match driver {
        Driver::Tasmota => (start(Firmware::Tasmota, &lamp.topic, &lamp.password), Some(lamp.topic)),
        Driver::Shelly => {
            let made = replace(staff, venue, table, driver, None).await?;
            let (topic, password) = (made.user.unwrap_or_default(), made.password.unwrap_or_default());
            (start(Firmware::Shelly, &topic, &password), Some(topic))
        }
        Driver::Modbus => {
            let board = Coils::start(Frames::Tcp).await.map_err(no_port)?;
            let (host, port) = (board.address().ip().to_string(), i64::from(board.address().port()));
            let address = NewAddress { host, port, unit: 1, coil: 0, framing: Framing::Tcp, timer: Timer::None };
            replace(staff, venue, table, driver, Some(address)).await?;
            (Device::Board(board), None)
        }
    })
}

/// As the staff replaces a light by one of another kind.
async fn replace(staff: &Cx, venue: &Venue, table: TableId, driver: Driver, address: Option<NewAddress>) -> Result<Credentials> {
    let sql = "SELECT id, name, edition FROM devices WHERE table_id = $1";
    let read = |row: &store::Row| Ok((row.get::<DeviceId>("id")?, row.get::<String>("name")?, row.get::<i64>("edition")?));
    let (id, name, version) = staff.db.read().one(sql, args![table], read).await?;
    let change = ChangedDevice { driver, name, address, channel: None, beside: None, locks_button: None, replaced: false, version };
    Ok(devices::change(staff, venue, id, change).await?)
}
