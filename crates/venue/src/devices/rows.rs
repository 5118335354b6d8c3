//! Devices in the database.

use std::collections::HashSet;

use kernel::{SECOND, Timestamp, Word};
use platform::{Cx, Result};
use store::jobs::{self, NewJob};
use store::{Row, Sql, Tx, args};

use super::agree::{AGREE_COIL, AGREE_JOB, Agree};
use super::course::Course;
use super::device::{Device, DeviceId, Driver};
use super::draw::{Draw, SETTLES};
use super::light::{Light, Playing, light};
use super::modbus::{Address, Board, Timer};
use super::{log, relay};
use crate::Venue;
use crate::halls::{TableId, VenueId};
use crate::play::{self, SessionState};

const COLUMNS: &str = "d.id, d.venue_id, d.table_id, d.driver, d.name, d.topic, d.channel, d.lacks_channel, d.locks_button, d.button_told, d.coil_host, d.coil_port, d.coil_framing, d.coil_unit, \
                       d.coil_number, d.coil_timer, d.wanted, d.off_at, d.version, d.wanted_at, d.told_at, d.silent_since, d.reported, d.reported_at, d.wrong_since, d.right_since, \
                       d.online, d.online_since, d.left_at, d.override_on, d.override_until, d.override_why, \
                       d.least_watts, d.drawn, d.drawn_at, d.on_since, d.enough_at, d.low_since, d.dark_since, \
                       d.edition, d.lit_at, d.replaced_at, d.burns_until, d.refused, d.burns_since";

pub(super) fn read(row: &Row) -> store::Result<Device> {
    let (reported, reported_at): (Option<bool>, Option<Timestamp>) = (row.get("reported")?, row.get("reported_at")?);
    Ok(Device {
        id: row.get("id")?,
        venue_id: row.get("venue_id")?,
        table_id: row.get("table_id")?,
        driver: row.word("driver")?,
        name: row.get("name")?,
        edition: row.get("edition")?,
        topic: row.get("topic")?,
        channel: row.get("channel")?,
        lacks_channel: row.get("lacks_channel")?,
        refused: row.get("refused")?,
        locks_button: row.get("locks_button")?,
        button_told: row.get("button_told")?,
        address: address(row)?,
        wanted: row.get("wanted")?,
        off_at: row.get("off_at")?,
        version: row.get("version")?,
        wanted_at: row.get("wanted_at")?,
        told_at: row.get("told_at")?,
        silent_since: row.get("silent_since")?,
        reported,
        reported_at,
        burns_until: row.get("burns_until")?,
        lit_at: row.get("lit_at")?,
        replaced_at: row.get("replaced_at")?,
        course: Course { wrong_since: row.get("wrong_since")?, right_since: row.get("right_since")? },
        online: row.get("online")?,
        online_since: row.get("online_since")?,
        left_at: row.get("left_at")?,
        override_on: row.get("override_on")?,
        override_until: row.get("override_until")?,
        override_why: row.get("override_why")?,
        draw: Draw {
            least_watts: row.get("least_watts")?,
            milliwatts: row.get("drawn")?,
            at: row.get("drawn_at")?,
            dark_since: row.get("dark_since")?,
            on_since: row.get("on_since")?,
            enough_at: row.get("enough_at")?,
            low_since: row.get("low_since")?,
            off_since: reported_at.filter(|_| reported == Some(false)),
            burns_since: row.get("burns_since")?,
        },
    })
}

pub(super) async fn set_draw(tx: &mut Tx, id: DeviceId, draw: Draw) -> store::Result<()> {
    let sql = "UPDATE devices SET least_watts = $1, drawn = $2, drawn_at = $3, on_since = $4, enough_at = $5, low_since = $6, dark_since = $7, \
               burns_since = $8 WHERE id = $9";
    // Since when it is off stands in what it reports.
    let Draw { least_watts, milliwatts, at, dark_since, on_since, enough_at, low_since, off_since: _, burns_since } = draw;
    tx.exec(sql, args![least_watts, milliwatts, at, on_since, enough_at, low_since, dark_since, burns_since, id]).await?;
    Ok(())
}

pub(super) async fn set_course(tx: &mut Tx, id: DeviceId, Course { wrong_since, right_since }: Course) -> store::Result<()> {
    tx.exec("UPDATE devices SET wrong_since = $1, right_since = $2 WHERE id = $3", args![wrong_since, right_since, id]).await?;
    Ok(())
}

fn address(row: &Row) -> store::Result<Option<Address>> {
    let Some(host) = row.get("coil_host")? else { return Ok(None) };
    // What was written was within its bounds.
    let (port, unit, coil): (i64, i64, i64) = (row.get("coil_port")?, row.get("coil_unit")?, row.get("coil_number")?);
    let (port, unit, coil) = (u16::try_from(port), u8::try_from(unit), u16::try_from(coil));
    let (Ok(port), Ok(unit), Ok(coil)) = (port, unit, coil) else { return Ok(None) };
    Ok(Some(Address { host, port, unit, coil, framing: row.word("coil_framing")?, timer: row.word("coil_timer")? }))
}

/// The lights of a device on the broker, by their channels.
pub(super) async fn on_topic(sql: &mut impl Sql, topic: &str) -> store::Result<Vec<Device>> {
    sql.all(&format!("SELECT {COLUMNS} FROM devices d WHERE d.topic = $1 ORDER BY d.channel LIMIT 100"), args![topic], read).await
}

pub(crate) async fn by_id(sql: &mut impl Sql, id: DeviceId) -> store::Result<Option<Device>> {
    sql.opt(&format!("SELECT {COLUMNS} FROM devices d WHERE d.id = $1"), args![id], read).await
}

/// The light of a table, if it has one.
pub(crate) async fn of_table(sql: &mut impl Sql, table: TableId) -> store::Result<Option<Device>> {
    sql.opt(&format!("SELECT {COLUMNS} FROM devices d WHERE d.table_id = $1"), args![table], read).await
}

pub(crate) async fn of_venue(sql: &mut impl Sql, venue: VenueId) -> store::Result<Vec<Device>> {
    sql.all(&format!("SELECT {COLUMNS} FROM devices d WHERE d.venue_id = $1 ORDER BY d.id LIMIT 2000"), args![venue], read).await
}

/// Those tables of a hall whose lights can be told.
pub(crate) async fn there(sql: &mut impl Sql, venue: VenueId) -> store::Result<HashSet<TableId>> {
    let query = "SELECT d.table_id FROM devices d WHERE d.venue_id = $1 AND d.online ORDER BY d.id LIMIT 2000";
    let tables: Vec<TableId> = sql.all(query, args![venue], |row| row.get("table_id")).await?;
    Ok(tables.into_iter().collect())
}

/// Who was last seen on the broker.
pub(super) async fn online(sql: &mut impl Sql) -> store::Result<Vec<Device>> {
    let query = format!("SELECT {COLUMNS} FROM devices d WHERE d.online AND d.topic IS NOT NULL ORDER BY d.id LIMIT 50000");
    sql.all(&query, args![], read).await
}

/// Whose power is watched, and who is on.
pub(super) async fn watched(sql: &mut impl Sql) -> store::Result<Vec<Device>> {
    let query = format!(
        "SELECT {COLUMNS} FROM devices d WHERE d.least_watts IS NOT NULL AND d.on_since IS NOT NULL AND d.topic IS NOT NULL ORDER BY d.id LIMIT 50000"
    );
    sql.all(&query, args![], read).await
}

/// Whose power is watched, and who is off: of those that have not said since what they draw, and those that seem to burn.
pub(super) async fn watched_off(sql: &mut impl Sql) -> store::Result<Vec<Device>> {
    let query = format!(
        "SELECT {COLUMNS} FROM devices d WHERE d.least_watts IS NOT NULL AND d.reported = FALSE AND d.topic IS NOT NULL \
         AND (d.burns_since IS NOT NULL OR d.drawn_at < d.reported_at + $1) ORDER BY d.id LIMIT 50000"
    );
    sql.all(&query, args![SETTLES], read).await
}

pub(super) async fn on_board(sql: &mut impl Sql, board: &Board) -> store::Result<Vec<Device>> {
    let query = format!(
        "SELECT {COLUMNS} FROM devices d WHERE d.coil_host = $1 AND d.coil_port = $2 AND d.coil_framing = $3 ORDER BY d.coil_unit, d.coil_number LIMIT 2000"
    );
    sql.all(&query, args![board.host.as_str(), i64::from(board.port), board.framing.as_str()], read).await
}

/// Who obeys does so within this time.
pub(super) const OBEYS: i64 = kernel::MINUTE;

pub(super) async fn not_as_they_should_be(sql: &mut impl Sql, now: Timestamp) -> store::Result<Vec<Device>> {
    let query = format!(
        "SELECT {COLUMNS} FROM devices d \
         WHERE (d.online AND (d.wanted_at < $2 OR d.wrong_since < $2) AND (d.reported IS NULL OR d.reported <> d.wanted)) \
         OR (d.override_until IS NOT NULL AND d.override_until <= $1) ORDER BY d.id LIMIT 5000"
    );
    sql.all(&query, args![now, now.plus_micros(-OBEYS)], read).await
}

/// Whose own timer is to be set again.
pub(super) async fn to_be_wound(sql: &mut impl Sql, now: Timestamp) -> store::Result<Vec<Device>> {
    let timers = Driver::ALL.iter().flat_map(|driver| Timer::ALL.iter().filter_map(|timer| driver.timer(Some(*timer))));
    let shortest = timers.min().unwrap_or_default() * SECOND;
    let query = format!(
        "SELECT {COLUMNS} FROM devices d WHERE d.online AND d.wanted AND d.told_at <= $1 AND d.off_at > d.told_at + $2 ORDER BY d.id LIMIT 5000"
    );
    let told = now.plus_micros(-shortest / 2);
    let some = sql.all(&query, args![told, shortest], read).await?;
    Ok(some.into_iter().filter(|device| device.is_to_be_wound(now)).collect())
}

/// Who is not on the broker, whoever was last there first.
pub(super) async fn away(sql: &mut impl Sql) -> store::Result<Vec<Device>> {
    let query =
        format!("SELECT {COLUMNS} FROM devices d WHERE NOT d.online AND d.topic IS NOT NULL ORDER BY d.online_since DESC, d.id LIMIT 500");
    sql.all(&query, args![], read).await
}

/// What somebody of the staff has set by hand ends.
pub(super) async fn forget_hand(tx: &mut Tx, table: TableId) -> store::Result<()> {
    let sql = "UPDATE devices SET override_on = NULL, override_until = NULL, override_why = NULL WHERE table_id = $1 AND override_until IS NOT NULL";
    tx.exec(sql, args![table]).await?;
    Ok(())
}

/// The light of a table that is no longer there: nobody asks its coil, what its channel says is not heard, and nobody is admitted by its password
/// but for other lights of the same device. The coil, or the channel, may become another table's. Its log stays.
pub(crate) async fn give_up(tx: &mut Tx, cx: &Cx, venue: &Venue, table: TableId) -> Result<()> {
    forget_hand(tx, table).await?;
    let topic = of_table(tx, table).await?.and_then(|device| device.topic);
    relay::lock(tx, topic.as_deref(), None).await?;
    let sql = "UPDATE devices SET topic = NULL, channel = NULL, lacks_channel = FALSE, password_hash = NULL, coil_host = NULL, coil_port = NULL, coil_framing = NULL, coil_unit = NULL, \
               coil_number = NULL, coil_timer = NULL, refused = NULL, online = FALSE, online_since = $1, reported = NULL, wrong_since = NULL, right_since = NULL, on_since = NULL, burns_since = NULL, \
               version = version + 1 WHERE table_id = $2";
    tx.exec(sql, args![cx.now(), table]).await?;
    relay::left(tx, venue, topic).await
}

/// Writes down what a table's light should be now, and has it told if that is something else than before. The table's row is locked.
pub(crate) async fn want(tx: &mut Tx, cx: &Cx, venue: &Venue, table: TableId) -> Result<()> {
    let Some(device) = of_table(tx, table).await? else { return Ok(()) };
    let session = play::live(tx, table).await?;
    let playing = session.filter(|session| matches!(session.state, SessionState::Opening | SessionState::Playing));
    let playing = playing.and_then(|session| session.lit_until()).map(|until| Playing { until });
    let wanted = light(playing, device.by_hand(), cx.now());
    if wanted == device.light() { Ok(()) } else { tell(tx, cx, venue, &device, wanted).await }
}

/// The same for who opens a table, which is paid until then: whatever somebody has set by hand, who plays has light, and its end is known. `device`
/// is the table's, as it was read since the table's row is locked.
pub(crate) async fn light_for_play(tx: &mut Tx, cx: &Cx, venue: &Venue, device: &Device, until: Timestamp) -> Result<()> {
    if device.override_until.is_some() {
        forget_hand(tx, device.table_id).await?;
    }
    let wanted = light(Some(Playing { until }), None, cx.now());
    if wanted == device.light() { Ok(()) } else { tell(tx, cx, venue, device, wanted).await }
}

/// Has a table's light told again what it should be: its answer, or its silence, shows how it is. The table's row is locked. `who` says that
/// something is wrong with it.
pub(crate) async fn look_again(tx: &mut Tx, cx: &Cx, venue: &Venue, table: TableId, who: &str) -> Result<()> {
    let Some(device) = of_table(tx, table).await? else { return Ok(()) };
    log::write(tx, cx, device.id, who, "complained", "").await?;
    // Who is away is told when it is back.
    if device.online { tell(tx, cx, venue, &device, device.light()).await } else { Ok(()) }
}

/// What a table's light was before does not count any more: whoever comes to it now finds it as it is. The table's row is locked.
pub(crate) async fn judge_anew(tx: &mut Tx, cx: &Cx, table: TableId) -> Result<()> {
    let Some(device) = of_table(tx, table).await? else { return Ok(()) };
    let right = device.reported.map(|on| on == device.wanted);
    Ok(set_course(tx, device.id, Course::begin(right, cx.now())).await?)
}

/// Has a device told what it should be, now or when it is back.
pub(super) async fn tell(tx: &mut Tx, cx: &Cx, venue: &Venue, device: &Device, wanted: Light) -> Result<()> {
    tell_from(tx, cx, venue, device, wanted, cx.now()).await
}

/// The same, and not before `at`.
pub(super) async fn tell_later(tx: &mut Tx, cx: &Cx, venue: &Venue, device: &Device, at: Timestamp) -> Result<()> {
    tell_from(tx, cx, venue, device, device.light(), at).await
}

async fn tell_from(tx: &mut Tx, cx: &Cx, venue: &Venue, device: &Device, wanted: Light, at: Timestamp) -> Result<()> {
    let is_coil = device.driver == Driver::Modbus;
    let kind = if is_coil { AGREE_COIL } else { AGREE_JOB };
    let name = |version: i64| format!("{}-{version}", device.id);
    // Where the same waits to be said, that says it: however often a device wavers, one job waits for it. To be told after a while what it was
    // told just now is another matter, and a coil says nothing by itself.
    let is_same = wanted == device.light() && (device.told_at.is_none() || at <= cx.now());
    let waits = !is_coil && is_same && jobs::bring_forward(tx, &cx.db, kind, &name(device.version), at).await?;
    let version = if waits { device.version } else { device.version + 1 };
    // Whoever has not answered is silent since it was told the first time, whatever it is told next. Of who is away it says since when. As it stands
    // there: whoever tells a lamp writes down since when without the table's lock.
    let is_silent = !device.online || !device.has_answered();
    // Of one that goes on burning its timer is as it was, until it is told; and so is since when it is wrong, where nothing else is wanted of it.
    let sql = "UPDATE devices SET burns_until = CASE WHEN wanted AND $1 THEN burns_until END, \
               wrong_since = CASE WHEN wanted = $1 THEN wrong_since ELSE $7 END, right_since = CASE WHEN wanted = $1 THEN right_since ELSE $8 END, \
               wanted = $1, off_at = $2, version = $3, wanted_at = $4, told_at = NULL, silent_since = CASE WHEN $5 THEN silent_since END WHERE id = $6";
    let Course { wrong_since, right_since } = Course::begin(device.reported.map(|on| on == wanted.on), cx.now());
    tx.exec(sql, args![wanted.on, wanted.off_at, version, cx.now(), is_silent, device.id, wrong_since, right_since]).await?;
    if !waits {
        let agree = Agree { device: device.id, version };
        cx.enqueue(tx, NewJob::new(kind, &agree, at)?.once(name(version))).await?;
    }
    venue.news.after(tx);
    Ok(())
}
