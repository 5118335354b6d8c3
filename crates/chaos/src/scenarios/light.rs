//! What hangs above a table of a scenario: a lamp that comes to the broker, or a coil of a relay board that is called. It stands outside of the
//! program, and goes on when that is killed.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use kernel::Clock;
use sandbox::{CoilTrouble, Coils, Firmware, Frames, Lamp, Trouble};
use serde_json::json;
use tokio::sync::watch;

use crate::http::text;
use crate::world::World;

/// The boards' own number, as they leave the factory.
const UNIT: u8 = 1;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Well,
    /// It hears, and does nothing, and says nothing.
    Deaf,
    /// Its plug is pulled: dark, and its connection ends.
    Pulled,
}

/// What kind it is.
pub(super) enum Kind {
    Tasmota,
    Shelly,
    /// The first coil of a board that has no other light. It is there before it is installed: whoever watches what it is told has to know where.
    Board(Coils),
}

impl Kind {
    pub async fn board() -> Result<Self> {
        Ok(Self::Board(Coils::start(Frames::Tcp).await.context("no port for a relay board")?))
    }

    /// Where the program calls it, if it does.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Tasmota | Self::Shelly => None,
            Self::Board(board) => Some(board.address().port()),
        }
    }
}

enum Device {
    Lamp(Lamp),
    Board(Coils),
}

pub(super) struct Light {
    device: Device,
    state: watch::Sender<State>,
}

impl Light {
    /// Hangs it above a table that has none. A lamp connects again each time.
    pub async fn install(world: &World, table: &str, kind: Kind, broker: SocketAddr) -> Result<Self> {
        let device = match kind {
            Kind::Tasmota => Device::Lamp(lamp(world, table, ("tasmota", Firmware::Tasmota), broker).await?),
            Kind::Shelly => Device::Lamp(lamp(world, table, ("shelly", Firmware::Shelly), broker).await?),
            Kind::Board(board) => {
                let (host, port) = (board.address().ip().to_string(), board.address().port());
                let address = json!({"host": host, "port": port, "unit": UNIT, "coil": 0, "framing": "tcp", "timer": "none"});
                let ask = json!({"table_id": table, "driver": "modbus", "name": "coil", "address": address});
                world.post(&world.boss, "/api/v1/devices", ask, 201).await?;
                Device::Board(board)
            }
        };
        Ok(Self { device, state: watch::Sender::new(State::Well) })
    }

    pub fn set(&self, state: State) {
        match &self.device {
            Device::Lamp(lamp) => lamp.set(match state {
                State::Well => Trouble::None,
                State::Deaf => Trouble::Deaf,
                State::Pulled => Trouble::Missed,
            }),
            Device::Board(board) => board.set(match state {
                State::Well => CoilTrouble::None,
                State::Deaf => CoilTrouble::Unheard(UNIT),
                State::Pulled => CoilTrouble::Gone,
            }),
        }
        self.state.send_replace(state);
    }

    pub fn state(&self) -> State {
        *self.state.borrow()
    }

    pub fn has_power(&self) -> bool {
        self.state() != State::Pulled
    }

    pub fn is_on(&self) -> bool {
        match &self.device {
            Device::Lamp(lamp) => lamp.seen().on,
            Device::Board(board) => board.seen().on[0],
        }
    }

    /// The program can tell it something: it has found the broker, or can be called.
    pub fn is_connected(&self) -> bool {
        match &self.device {
            Device::Lamp(lamp) => lamp.seen().connected,
            Device::Board(_) => self.has_power(),
        }
    }

    /// Whether it says by itself that it has come, and is missed at once when it goes. A board is called every few seconds.
    pub const fn tells(&self) -> bool {
        matches!(self.device, Device::Lamp(_))
    }

    /// How often it was told to be on; of a board, how often it was told anything.
    pub fn told_on(&self) -> u64 {
        match &self.device {
            Device::Lamp(lamp) => lamp.seen().told_on,
            Device::Board(board) => board.seen().written,
        }
    }
}

async fn lamp(world: &World, table: &str, (driver, firmware): (&str, Firmware), broker: SocketAddr) -> Result<Lamp> {
    let ask = json!({"table_id": table, "driver": driver, "name": "lamp"});
    let made = world.post(&world.boss, "/api/v1/devices", ask, 201).await?;
    Ok(Lamp::start(broker, firmware, &text(&made, "/user")?, &text(&made, "/password")?, Clock::System))
}
