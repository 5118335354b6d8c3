//! A hall of twelve tables, two of them in rooms at prices of their own, whose lamps are simulated: they come to the broker that is inside, and speak as real ones do.
//! The last four are on one relay.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, Fen};
use platform::identity::{Principal, Role};
use platform::{Cx, Platform};
use sandbox::{Firmware, Lamp as Simulated, LampPage};
use store::Sql as _;
use venue::Venue;
use venue::devices::{self, DeviceId, NewDevice};
use venue::halls::{self, ChangedPrices, NewPriceList, NewTable, NewVenue, TableId};
use venue::members::{self, ChangedLevels, LevelForm};
use venue::staff;
use venue::tariff::{Band, Days, Early, Hours, NightCap, Package, Span, Tariff};

use super::fill::once;
use super::note::{Hall, Lamp};
use crate::trouble::Result;

/// Of the demo.
pub const TABLES: i64 = 12;
/// So many of the last ones have their lights on one relay, a channel each.
pub const ON_ONE_RELAY: i64 = 4;
/// The last of a hall's tables stand in rooms 包厢.
const ROOMS: i64 = 2;
const PAUSE: Duration = Duration::from_millis(300);
/// Where the lamps are to be seen, and unplugged.
pub const LAMPS: &str = "/sandbox/lamps";

/// Where customers go.
pub fn app(platform: &Platform) -> String {
    format!("{}/m/", platform.install.public_url)
}

/// As its manager would. So many of the last tables have their lights on one relay.
pub async fn furnish(staff: &Cx, name: &str, tables: i64, on_one_relay: i64) -> Result<Hall> {
    let form = NewVenue {
        name: name.into(),
        address: "上海市演示路 1 号".into(),
        phone: "021-5550 0000".into(),
        time_zone: "Asia/Shanghai".into(),
        opens: None,
        closes: None,
        holidays: Vec::new(),
        tariff: tariff(),
    };
    let venue = halls::create_venue(staff, form, &once(staff)?).await?;
    let rooms = halls::add_price_list(staff, venue.id, NewPriceList { name: "包厢 Room".into() }, &once(staff)?).await?;
    let form = ChangedPrices { name: None, tariff: room_tariff(), version: rooms.version };
    let rooms = halls::change_price_list(staff, rooms.id, form).await?.id;
    let mut lamps = Vec::new();
    let mut relay: Option<(DeviceId, Lamp)> = None;
    for n in 0..tables {
        // Three rows of four, as such halls are.
        let form = NewTable {
            name: format!("{} 号台", n + 1),
            x: 150 + (n % 4) * 450,
            y: 150 + (n / 4) * 400,
            tariff_id: (n >= tables - ROOMS).then_some(rooms),
        };
        let table = halls::create_table(staff, venue.id, form, &once(staff)?).await?;
        // Whoever has a relay alone is on its first channel.
        let channel = (n - (tables - on_one_relay) + 1).max(1);
        let device = NewDevice {
            table_id: table.id,
            driver: devices::Driver::Tasmota,
            name: format!("灯 {}", n + 1),
            address: None,
            channel: Some(channel),
            beside: relay.as_ref().map(|(first, _)| *first),
            locks_button: false,
            least_watts: None,
        };
        let made = devices::create(staff, device).await?;
        let (topic, password) = match &relay {
            Some((_, first)) => (first.topic.clone(), first.password.clone()),
            None => (made.user.unwrap_or_default(), made.password.unwrap_or_default()),
        };
        let channel = usize::try_from(channel).unwrap_or(1);
        let lamp = Lamp { table: table.id.to_string(), code: table.code, topic, password, channel };
        if n == tables - on_one_relay {
            relay = Some((made.device.id, lamp.clone()));
        }
        lamps.push(lamp);
    }
    Ok(Hall { app: app(staff), lamps })
}

/// Lets somebody work in the manager's halls.
pub async fn employ(manager: &Cx, name: &str) -> Result<()> {
    for hall in halls::list(manager).await? {
        staff::add(manager, hall.id, name).await?;
    }
    Ok(())
}

/// 36 yuan an hour, 48 in the evening, at most 168 a night; by the half quarter of an hour, and the first three minutes free.
fn tariff() -> Tariff {
    let hours = |from: i64, to: i64| Hours { from: from * 60, to: to * 60 };
    Tariff {
        per_hour: Fen::new(3_600),
        bands: vec![Band { days: Days::ALL, hours: hours(18, 2), per_hour: Fen::new(4_800) }],
        unit_minutes: 5,
        grace_minutes: 3,
        minimum: Some(Fen::new(500)),
        session_cap: None,
        night: Some(NightCap { hours: hours(22, 8), cap: Fen::new(16_800) }),
        packages: vec![
            package(1, ("欢打 3 小时", "Three hours"), Span::Minutes(180), 8_800, Early::Cheaper),
            package(2, ("通宵包夜", "All night"), Span::Night(hours(22, 6)), 12_000, Early::Package),
        ],
    }
}

/// 68 yuan an hour in a room, 88 in the evening, at most 328 a night; otherwise as in the hall.
fn room_tariff() -> Tariff {
    let hall = tariff();
    Tariff {
        per_hour: Fen::new(6_800),
        bands: hall.bands.into_iter().map(|band| Band { per_hour: Fen::new(8_800), ..band }).collect(),
        minimum: Some(Fen::new(1_000)),
        night: hall.night.map(|night| NightCap { cap: Fen::new(32_800), ..night }),
        packages: vec![package(1, ("包厢 3 小时", "Three hours in a room"), Span::Minutes(180), 16_800, Early::Cheaper)],
        ..hall
    }
}

fn package(id: i64, (zh, en): (&str, &str), span: Span, fen: i64, early: Early) -> Package {
    let (name_zh, name_en) = (zh.into(), en.into());
    Package { id, name_zh, name_en, span, price: Fen::new(fen), early, days: Days::ALL, sold: None }
}

/// Plugs the lamps in, shows them on their page, and brings their tables into service when they answer. Ends with the program.
pub async fn light_up(venue: Arc<Venue>, broker: SocketAddr, lamps: Vec<Lamp>, page: LampPage) {
    let mut running: HashMap<&str, Arc<Simulated>> = HashMap::new();
    for lamp in &lamps {
        let name = table_name(&venue, lamp).await;
        let relay = running.entry(&lamp.topic).or_insert_with(|| {
            let channels = lamps.iter().filter(|other| other.topic == lamp.topic).map(|other| other.channel).max().unwrap_or(1);
            Arc::new(Simulated::with_channels(broker, Firmware::Tasmota, &lamp.topic, &lamp.password, Clock::System, channels))
        });
        page.show(&lamp.table, &name, relay, lamp.channel);
    }
    for lamp in &lamps {
        let Ok(table) = lamp.table.parse::<TableId>() else { continue };
        while let Err(error) = bring_into_service(&venue, table).await {
            tracing::debug!(%error, table = %table, "a table of the demo is not ready yet");
            Clock::System.sleep(PAUSE).await;
        }
    }
    // They are there for as long as anybody looks.
    std::future::pending::<()>().await;
    drop(running);
}

/// What its table is called as the demo starts; of a table that is gone, as what the lamp comes to the broker.
async fn table_name(venue: &Venue, lamp: &Lamp) -> String {
    let Ok(table) = lamp.table.parse::<TableId>() else { return lamp.topic.clone() };
    let read = |row: &store::Row| row.get::<String>("name");
    let found = venue.platform.db.read().opt("SELECT name FROM venue_tables WHERE id = $1", store::args![table], read).await;
    found.ok().flatten().unwrap_or_else(|| lamp.topic.clone())
}

/// Only what has never been in service: what is broken stays so until somebody has seen to it.
async fn bring_into_service(venue: &Venue, table: TableId) -> platform::Result<()> {
    let cx = Cx::system(Arc::clone(&venue.platform));
    let new = "SELECT t.id FROM venue_tables t WHERE t.id = $1 AND t.state = 'maintenance' \
               AND NOT EXISTS (SELECT 1 FROM maintenance_cases c WHERE c.table_id = t.id)";
    if cx.db.read().opt(new, store::args![table], |row| row.get::<TableId>("id")).await?.is_none() {
        return Ok(());
    }
    let chief = platform::identity::holders_of(&mut cx.db.read(), Role::SuperAdmin).await?;
    let Some(id) = chief.into_iter().next() else { return Ok(()) };
    let who = Principal { id, name: "demo".into(), role: Role::SuperAdmin, superior: None, session: cx.id() };
    halls::return_to_service(&cx.as_user(who), venue, table, "").await.map(drop)
}

/// Silver from 100 points, gold from 500, with a gift.
pub async fn name_levels(chief: &Cx) -> Result<()> {
    let level = |zh: &str, en: &str, threshold: i64, pays: i64, gift: i64| LevelForm {
        id: None,
        name_zh: zh.into(),
        name_en: en.into(),
        threshold,
        pays,
        gift_fen: Fen::new(gift),
    };
    let levels = vec![level("银卡", "Silver", 100, 9_500, 0), level("金卡", "Gold", 500, 8_800, 2_000)];
    let version = members::levels(chief).await?.version;
    members::change_levels(chief, ChangedLevels { levels, version }).await?;
    Ok(())
}
