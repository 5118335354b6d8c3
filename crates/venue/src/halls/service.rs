//! What the staff does with halls and tables.

use kernel::{Fault, Kind, Word, text};
use platform::idempotency::IdempotencyKey;
use platform::identity::{Permission, Role};
use platform::{Cx, Result, audit};
use serde_json::json;
use store::{Filter, Tx, args};

use super::form::{NewTable, NewVenue};
use super::lists;
use super::machine::{Event, TableState};
use super::model::{Table, TableId, TariffId, Venue, VenueId};
use super::rows;
use crate::cases::{self, Cause};
use crate::{devices, holds, staff};

/// The halls where one works.
pub async fn list(cx: &Cx) -> Result<Vec<Venue>> {
    let user = cx.require(Permission::VenuesView)?;
    let mut filter = Filter::new();
    staff::restrict(user, &mut filter, "v.id");
    Ok(rows::venues(&mut cx.db.read(), filter).await?)
}

/// A new hall with a price list of its own; whoever makes it works there.
pub async fn create_venue(cx: &Cx, form: NewVenue, key: &IdempotencyKey) -> Result<Venue> {
    let user = cx.require(Permission::VenuesManage)?;
    let form = form.check()?;
    let mut tx = cx.db.begin().await?;
    if let Some(first) = key.seen::<VenueId>(&mut tx, cx, user.id.uuid()).await? {
        return rows::venue(&mut tx, first).await;
    }
    let (id, tariff): (VenueId, TariffId) = (cx.id(), cx.id());
    let holidays = serde_json::to_string(&form.holidays).map_err(Fault::internal)?;
    let sql = "INSERT INTO venues (id, name, address, phone, time_zone, opens, closes, holidays, state, version, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', 1, $9)";
    let (name, address, phone) = (form.name.as_str(), form.address.as_str(), form.phone.as_str());
    tx.exec(sql, args![id, name, address, phone, form.time_zone.as_str(), form.opens, form.closes, holidays, cx.now()]).await?;
    let terms = serde_json::to_string(&form.tariff).map_err(Fault::internal)?;
    let sql = "INSERT INTO tariffs (id, venue_id, name, own, terms, version, created_at) VALUES ($1, $2, $3, TRUE, $4, 1, $5)";
    tx.exec(sql, args![tariff, id, "标准 Standard", terms, cx.now()]).await?;
    if user.role != Role::SuperAdmin {
        tx.exec("INSERT INTO venue_staff (user_id, venue_id) VALUES ($1, $2)", args![user.id, id]).await?;
    }
    audit::record(&mut tx, cx, &audit::VENUE_CREATED, Some(id.into()), &json!({"name": name})).await?;
    key.answer(&mut tx, user.id.uuid(), &id).await?;
    let venue = rows::venue(&mut tx, id).await?;
    tx.commit().await?;
    Ok(venue)
}

/// A new table: in maintenance until it has a light and somebody returns it to service.
pub async fn create_table(cx: &Cx, venue: VenueId, form: NewTable, key: &IdempotencyKey) -> Result<Table> {
    let user = cx.require(Permission::VenuesManage)?;
    let form = form.check()?;
    let mut tx = cx.db.begin().await?;
    staff::works_at(&mut tx, user, venue).await?;
    if let Some(first) = key.seen::<TableId>(&mut tx, cx, user.id.uuid()).await? {
        return rows::table(&mut tx, first).await;
    }
    let tariff = lists::chosen(&mut tx, venue, form.tariff_id).await?;
    let id: TableId = cx.id();
    let sql = "INSERT INTO venue_tables (id, venue_id, tariff_id, name, code, state, since, x, y, version, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $7)";
    let state = TableState::Maintenance.as_str();
    tx.exec(sql, args![id, venue, tariff, form.name.as_str(), new_code(cx), state, cx.now(), form.x, form.y]).await?;
    audit::record(&mut tx, cx, &audit::TABLE_CREATED, Some(id.into()), &json!({"name": form.name})).await?;
    key.answer(&mut tx, user.id.uuid(), &id).await?;
    let table = rows::table(&mut tx, id).await?;
    tx.commit().await?;
    Ok(table)
}

/// 100 bits: nobody guesses one.
pub(crate) fn new_code(cx: &Cx) -> String {
    let bytes = cx.random.bytes::<13>();
    data_encoding::BASE32_NOPAD.encode(&bytes)[..20].to_ascii_lowercase()
}

/// The old code, wherever it was copied to, leads nowhere from now on.
pub async fn reissue_code(cx: &Cx, id: TableId) -> Result<Table> {
    let (mut tx, table) = mine(cx, id, Permission::VenuesManage).await?;
    tx.exec("UPDATE venue_tables SET code = $1 WHERE id = $2", args![new_code(cx), id]).await?;
    audit::record(&mut tx, cx, &audit::TABLE_CODE_REISSUED, Some(id.into()), &json!({"name": table.name})).await?;
    let table = rows::table(&mut tx, id).await?;
    tx.commit().await?;
    Ok(table)
}

/// Takes a table that nobody plays on out of service.
pub async fn take_out_of_service(cx: &Cx, venue: &crate::Venue, id: TableId, note: &str) -> Result<Table> {
    let note = text::clean(note, 1, 200, false).map_err(|(code, zh, en)| Fault::field("note", code, zh, en))?;
    let (mut tx, mut table) = mine(cx, id, Permission::CasesManage).await?;
    if rows::advance(&mut tx, cx, &venue.news, &mut table, Event::Break).await?.is_none() {
        return Err(Fault::new(
            Kind::Conflict,
            "TABLE_TAKEN",
            "有人正在使用，请先关台",
            "Somebody is playing there; close the table first",
        ));
    }
    holds::lost(&mut tx, cx, &table).await?;
    cases::open(&mut tx, cx, &table, Cause::Staff, &note, None).await?;
    audit::record(&mut tx, cx, &audit::TABLE_OUT_OF_SERVICE, Some(id.into()), &json!({"name": table.name, "note": note})).await?;
    devices::want(&mut tx, cx, venue, id).await?;
    tx.commit().await?;
    Ok(table)
}

/// Brings it back, once its light is there and says that it is as it should be; was seen to be on since it failed, or is another one; and was seen
/// to burn where that is watched.
pub async fn return_to_service(cx: &Cx, venue: &crate::Venue, id: TableId, note: &str) -> Result<Table> {
    let note = text::clean(note, 0, 200, false).map_err(|(code, zh, en)| Fault::field("note", code, zh, en))?;
    let (mut tx, mut table) = mine(cx, id, Permission::CasesManage).await?;
    if table.state != TableState::Maintenance {
        return Err(not_in_maintenance());
    }
    let light = devices::of_table(&mut tx, id).await?;
    if let Some(channel) = light.as_ref().filter(|light| light.lacks_channel).and_then(|light| light.channel) {
        return Err(Fault::new(
            Kind::Conflict,
            "NO_SUCH_CHANNEL",
            format!("灯控设备没有第 {channel} 路，请在“修改或更换设备”中重新选择通道"),
            format!("Its device has no channel {channel}: choose another one, or another device"),
        ));
    }
    let Some(light) = light.filter(|light| light.online && light.agrees()) else {
        let (zh, en) = ("灯控设备不在线，或状态不符，不能恢复使用", "Its light is away, or is not as it should be: it cannot be used yet");
        return Err(Fault::new(Kind::Conflict, "LIGHT_NOT_READY", zh, en));
    };
    let case = cases::of_table(&mut tx, id).await?;
    // In maintenance it should be off, and one that never comes on is.
    let began = case.as_ref().map_or(table.since, |case| case.opened_at);
    let failed = case.filter(|case| case.cause.asks_for_light()).map(|case| case.opened_at);
    if let Some(since) = failed.max(light.replaced_at.filter(|at| *at >= began))
        && light.lit_at.is_none_or(|at| at < since)
    {
        let (zh, en) = (
            "故障或更换设备以来，灯没有亮过：请先“测试灯”，看到灯亮后再恢复使用",
            "Its light has not been on since it failed or was replaced: test it first, and return the table once it is on",
        );
        return Err(Fault::new(Kind::Conflict, "LIGHT_NOT_TESTED", zh, en));
    }
    let seen = devices::tested(&mut tx, cx, cx.user()?, &table, &light).await?;
    rows::advance(&mut tx, cx, &venue.news, &mut table, Event::Repair).await?;
    cases::close(&mut tx, cx, &table, Some(cx.user()?.id), &note).await?;
    audit::record(&mut tx, cx, &audit::TABLE_RETURNED, Some(id.into()), &json!({"name": table.name, "note": note, "light": seen})).await?;
    tx.commit().await?;
    Ok(table)
}

/// It is in service.
pub(crate) fn not_in_maintenance() -> Fault {
    Fault::new(Kind::Conflict, "NOT_IN_SERVICE", "这张台不在维护中", "This table is not being looked after")
}

/// A table of a hall where one works, locked.
pub(crate) async fn mine(cx: &Cx, id: TableId, permission: Permission) -> Result<(Tx, Table)> {
    let user = cx.require(permission)?;
    let mut tx = cx.db.begin().await?;
    let table = rows::lock_table_in_use(&mut tx, id).await?;
    staff::works_at(&mut tx, user, table.venue_id).await?;
    Ok((tx, table))
}
