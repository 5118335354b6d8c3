//! A light, and what can be said of it without asking anybody.

use kernel::Timestamp;
use serde::Serialize;

use super::course::Course;
use super::draw::Draw;
use super::light::{LONGEST, Light, Override, is_to_be_wound};
use super::modbus::{Address, Timer};
use super::said::FIRST;
use crate::halls::{TableId, VenueId};

kernel::id!(
    /// 设备
    DeviceId, DeviceEntity, "dev"
);

kernel::words! {
    /// What it speaks.
    pub enum Driver {
        Tasmota = "tasmota",
        /// Gen2 and later.
        Shelly = "shelly",
        /// A coil of a relay board.
        Modbus = "modbus",
    }
}

impl Driver {
    /// How many seconds its own timer can count; `None`: it has none.
    pub(super) fn timer(self, coil: Option<Timer>) -> Option<i64> {
        match self {
            Self::Tasmota | Self::Shelly => Some(LONGEST),
            Self::Modbus => coil.and_then(Timer::longest),
        }
    }
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Device {
    pub id: DeviceId,
    pub venue_id: VenueId,
    pub table_id: TableId,
    pub driver: Driver,
    pub name: String,
    /// Counts its edits.
    #[serde(rename = "version")]
    pub edition: i64,
    /// Its device's name on the broker, if that is where it is. Several lights of a hall may have it, each on a channel of its own.
    pub topic: Option<String>,
    /// Which of its device's channels it is, counted from 1.
    pub channel: Option<i64>,
    /// Its device has said that it has no such channel.
    pub lacks_channel: bool,
    /// The exception code with which its board refuses to say how it stands; absent: it does not.
    pub refused: Option<i64>,
    /// Whenever it has come to the broker, its own button is told to do nothing.
    pub locks_button: bool,
    /// It has been, since it came.
    #[serde(skip)]
    pub button_told: bool,
    /// Where its coil is, if it is one.
    pub address: Option<Address>,
    /// What it should be.
    pub wanted: bool,
    /// When it is to go off by itself.
    pub off_at: Option<Timestamp>,
    #[serde(skip)]
    pub version: i64,
    pub wanted_at: Timestamp,
    /// Since when it could have answered.
    #[serde(skip)]
    pub told_at: Option<Timestamp>,
    /// The same, of the first thing that it has not answered; counts until it does. Of one that is away: since when it may be gone.
    #[serde(skip)]
    pub silent_since: Option<Timestamp>,
    /// What it says it is; absent: not known.
    pub reported: Option<bool>,
    pub reported_at: Option<Timestamp>,
    /// When its own timer turns it off, as that was set last.
    #[serde(skip)]
    pub burns_until: Option<Timestamp>,
    /// When it last said that it is on.
    #[serde(skip)]
    pub lit_at: Option<Timestamp>,
    /// Since when it is in the place of another.
    #[serde(skip)]
    pub replaced_at: Option<Timestamp>,
    #[serde(skip)]
    pub course: Course,
    pub online: bool,
    pub online_since: Timestamp,
    /// When it was last missed; absent: never.
    #[serde(skip)]
    pub left_at: Option<Timestamp>,
    /// By hand, until then.
    pub override_on: Option<bool>,
    pub override_until: Option<Timestamp>,
    pub override_why: Option<String>,
    /// What it draws.
    pub draw: Draw,
}

impl Device {
    pub fn light(&self) -> Light {
        Light { on: self.wanted, off_at: self.off_at }
    }

    /// Its device's name on the broker, and which of its channels it is.
    pub(super) fn on_broker(&self) -> (&str, i64) {
        (self.topic.as_deref().unwrap_or_default(), self.channel.unwrap_or(FIRST))
    }

    /// Whether it is as it should be, by its own report.
    pub fn agrees(&self) -> bool {
        self.reported == Some(self.wanted)
    }

    /// When it last said something, or was seen to come.
    pub(super) fn heard_at(&self) -> Timestamp {
        self.reported_at.map_or(self.online_since, |at| at.max(self.online_since))
    }

    /// Whether it has said how it is since it was last to be told something.
    pub(crate) fn has_answered(&self) -> bool {
        self.reported_at.is_some_and(|at| at >= self.wanted_at)
    }

    /// Whether a broker has taken for it what it should be. A board that could not be read may not have heard it.
    pub(crate) fn was_told(&self) -> bool {
        self.told_at.is_some() && self.driver != Driver::Modbus
    }

    /// Whether the last that it has said of its relay was that it is on. Of one that was missed since, nobody knows more.
    pub(crate) fn was_on_last(&self) -> bool {
        self.lit_at.is_some() && self.lit_at >= self.reported_at
    }

    /// Whether its own timer is to be set again: it ends soon, and before the light should.
    pub(super) fn is_to_be_wound(&self, now: Timestamp) -> bool {
        let timer = self.told_at.zip(self.timer());
        self.online && timer.is_some_and(|(told, longest)| is_to_be_wound(self.light(), told, longest, now))
    }

    /// How many seconds its own timer can count; `None`: it has none.
    pub(super) fn timer(&self) -> Option<i64> {
        self.driver.timer(self.address.as_ref().map(|at| at.timer))
    }

    pub(super) fn by_hand(&self) -> Option<Override> {
        Some(Override { on: self.override_on?, until: self.override_until? })
    }
}
