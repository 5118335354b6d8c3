//! Product two, self-service billiards 自助台球: halls, their tables and lights, and who plays on them.
//!
//! Begin with [`play`]: it opens a table, bills and closes it. [`devices`] makes lights agree with what they should be, [`halls`] is
//! what the staff sees, [`customers`] who plays and with what money, [`tariff`] what it costs.
//!
//! **Invariant**: a light is told what it should be now, never what it should have been: [`devices::light`] follows from the table's
//! session, and whoever changes that calls [`devices::want`] in the same transaction.
//! **Invariant**: what a customer pays was held before the light came on, and nothing is taken beyond it.

pub mod cases;
pub mod cash;
mod check;
pub mod complaints;
pub mod customers;
pub mod devices;
pub mod halls;
pub mod holds;
mod latest;
pub mod members;
mod news;
mod overdue;
pub mod play;
pub mod rekey;
pub mod splits;
pub mod staff;
pub mod tariff;
pub mod texts;
pub mod told;
mod upkeep;

pub use check::check;
pub use news::News;
pub use upkeep::{SCHEDULES, SWEEPS, handlers};

use std::sync::Arc;

use platform::Platform;
use platform::messages::Texter;
use store::migrate::Migration;

pub const MIGRATIONS: &[Migration] = &[
    Migration { number: 4, name: "venue", sql: include_str!("../migrations/0004_venue.sql") },
    Migration { number: 6, name: "wechat", sql: include_str!("../migrations/0006_wechat.sql") },
    Migration { number: 7, name: "split", sql: include_str!("../migrations/0007_split.sql") },
    Migration { number: 8, name: "members", sql: include_str!("../migrations/0008_members.sql") },
    Migration { number: 9, name: "service", sql: include_str!("../migrations/0009_service.sql") },
    Migration { number: 10, name: "holds", sql: include_str!("../migrations/0010_holds.sql") },
    Migration { number: 11, name: "texts", sql: include_str!("../migrations/0011_texts.sql") },
    Migration { number: 14, name: "devices", sql: include_str!("../migrations/0014_devices.sql") },
    Migration { number: 17, name: "relays", sql: include_str!("../migrations/0017_relays.sql") },
    Migration { number: 18, name: "desk_plays", sql: include_str!("../migrations/0018_desk_plays.sql") },
];

/// What the product keeps in memory. One a process.
pub struct Venue {
    pub platform: Arc<Platform>,
    /// How devices are told something.
    pub wire: Arc<dyn devices::Wire>,
    pub(crate) way: devices::Way,
    /// How much news each of them has.
    pub(crate) pace: devices::Pace,
    /// How relay boards are.
    pub coils: Arc<dyn devices::Coils>,
    /// Those that are asked now.
    pub(crate) asking: devices::Asking,
    /// How customers are sent texts.
    pub texter: Arc<dyn Texter>,
    /// Who brings a code of WeChat's.
    pub wechat: Arc<dyn customers::Wechat>,
    /// Wakes live pages.
    pub news: News,
    latest: latest::Latest,
}

/// The ways out of it.
#[derive(Clone)]
pub struct Ways {
    pub wire: Arc<dyn devices::Wire>,
    pub coils: Arc<dyn devices::Coils>,
    pub texter: Arc<dyn Texter>,
    pub wechat: Arc<dyn customers::Wechat>,
}

impl Venue {
    pub fn new(platform: Arc<Platform>, ways: Ways) -> Arc<Self> {
        let Ways { wire, coils, texter, wechat } = ways;
        Arc::new(Self {
            platform,
            wire,
            way: devices::Way::default(),
            pace: devices::Pace::default(),
            coils,
            asking: devices::Asking::default(),
            texter,
            wechat,
            news: News::default(),
            latest: latest::Latest::default(),
        })
    }
}
