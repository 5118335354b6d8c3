//! Devices 设备: lights that are made to agree with what they should be.
//!
//! What a light should be now follows from its table's session and from what somebody set by hand ([`light`], pure). Whoever changes
//! one of the two calls [`want`] in the same transaction; it writes that down, counts up the device's version, and enqueues the job
//! that tells the device ([`agree`]) and goes on until the device reports so ([`hear`]). A job of an older version does nothing: what
//! was wanted once is never sent later. A relay on a board says nothing by itself: it is asked ([`modbus`]), and what it answers goes the
//! same way. Since when a light is wrong is counted over all that it says ([`Course`], pure). Where a relay measures, what its lamp draws
//! says whether it burns at all ([`draw`], pure, and [`watch`]). Whether a light that is away went alone, or with its hall, is in `together`,
//! and since when it may be gone, in `gone`; what becomes of one whose own timer has run out, in `run_out`. Who has more news than a light can
//! have is heard from time to time (`pace`). A relay with several channels is one device on the broker with a light on each ([`relay`], and [`said`],
//! pure, for what it says of which). Whether a light may leave its place there, or on a board, is in `leave`.
//!
//! **Invariant**: only a device's own report makes it `reported`; that a command was sent says nothing.

mod again;
mod agree;
mod course;
mod device;
mod door;
pub mod draw;
mod gone;
mod hear;
mod leave;
mod light;
mod list;
mod log;
pub mod modbus;
mod outage;
mod pace;
mod password;
mod relay;
mod replace;
mod rows;
mod run_out;
mod said;
mod service;
mod set_back;
pub mod shelly;
pub mod tasmota;
mod together;
mod watch;
mod way;

pub(crate) use again::round_failed;
pub use agree::roll_call;
pub(crate) use agree::{AGREE_JOB, ASSERT, agree_job, assert_all, had_time};
pub use course::Course;
pub use device::{Device, DeviceEntity, DeviceId, Driver};
pub(crate) use door::PASSWORD;
pub use door::{Rights, admit};
pub use draw::Draw;
pub use hear::heard;
pub(crate) use hear::lost;
pub(crate) use leave::may_leave;
pub use light::{Light, Override, Playing, light};
pub use list::{DeviceFilter, DeviceRow, DeviceState, list};
pub(crate) use log::log_between;
pub use log::{LogLine, log};
pub(crate) use modbus::{Asking, POLL, poll};
pub use modbus::{Coils, NewAddress};
pub use outage::broker_is_away;
pub(crate) use outage::hall_is_away;
pub(crate) use pace::Pace;
pub use password::renew_password;
pub use replace::{ChangedDevice, change};
pub(crate) use rows::{by_id, give_up, judge_anew, light_for_play, look_again, of_table, of_venue, there, want};
pub(crate) use run_out::forget_timer;
pub use said::{About, CHANNELS, Of, Said, Saying, about, heard_topics};
pub use service::{Credentials, NewDevice, OverrideAsk, create, end_override, override_light, test_light};
pub(crate) use set_back::set_right;
pub(crate) use together::{AT_ONCE, is_the_devices, is_the_halls};
pub(crate) use watch::{WATCH, ask_what_they_draw, tested};
pub use watch::{WatchAsk, watch};
pub(crate) use way::Way;

use async_trait::async_trait;

/// How devices are told something. Sent means that the broker has it, no more.
#[async_trait]
pub trait Wire: Send + Sync + 'static {
    /// Not retained, and to be dropped by the broker if it cannot be delivered within some seconds.
    async fn send(&self, topic: &str, payload: &str) -> Result<(), String>;

    /// Ends the connections of the device with this topic: its password holds no more. It returns at once, and they end soon after. Where the
    /// broker is somebody else's, whoever looks after that sees to it.
    fn expel(&self, topic: &str);
}

/// What became of something that a device has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is taken in, or says nothing that was not known.
    Taken,
    /// Its device has had too much to say: not yet. Of what it says meanwhile about the same, the newest is enough.
    Later,
}
