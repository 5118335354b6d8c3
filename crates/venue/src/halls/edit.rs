//! Changing halls and tables that are there, and giving tables up.
//!
//! Whoever changes something says which version was looked at. Of two at once the second is refused, and looks again.

use kernel::{Fault, Kind};
use platform::identity::Permission;
use platform::{Cx, Result, audit};
use serde_json::{Map, Value, json};
use store::args;

use super::form::{ChangedTable, ChangedVenue};
use super::lists;
use super::machine::{Event, TableState};
use super::model::{Table, TableId, Venue, VenueId};
use super::rows;
use super::service::mine;
use crate::{cases, devices, staff};

/// What became of each value that is another now, for the operation log.
pub(crate) fn differences(old: &Value, new: &Value) -> Value {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return json!({}) };
    let changed = new.iter().filter(|(name, value)| old.get(*name) != Some(value));
    let told: Map<String, Value> = changed.map(|(name, value)| (name.clone(), json!({"from": old.get(name), "to": value}))).collect();
    Value::Object(told)
}

/// A hall's name, address, hours and holidays. Whoever plays keeps what was agreed.
pub async fn change_venue(cx: &Cx, venue: &crate::Venue, id: VenueId, form: ChangedVenue) -> Result<Venue> {
    let user = cx.require(Permission::VenuesManage)?;
    let form = form.check()?;
    let mut tx = cx.db.begin().await?;
    staff::works_at(&mut tx, user, id).await?;
    let old = rows::lock_venue(&mut tx, id).await?;
    if old.version != form.version {
        return Err(Fault::changed_meanwhile());
    }
    let read = |hall: &Venue| {
        json!({"name": hall.name, "address": hall.address, "phone": hall.phone, "time_zone": hall.time_zone, "opens": hall.opens,
               "closes": hall.closes, "closed": hall.closed, "holidays": hall.holidays})
    };
    let holidays = serde_json::to_string(&form.holidays).map_err(Fault::internal)?;
    let state = if form.closed { "closed" } else { "open" };
    let sql = "UPDATE venues SET name = $1, address = $2, phone = $3, time_zone = $4, opens = $5, closes = $6, holidays = $7, state = $8, \
               version = version + 1 WHERE id = $9";
    let (name, address, phone) = (form.name.as_str(), form.address.as_str(), form.phone.as_str());
    tx.exec(sql, args![name, address, phone, form.time_zone.as_str(), form.opens, form.closes, holidays, state, id]).await?;
    let new = rows::venue(&mut tx, id).await?;
    let changes = differences(&read(&old), &read(&new));
    if changes == json!({}) {
        return Ok(old);
    }
    audit::record(&mut tx, cx, &audit::VENUE_CHANGED, Some(id.into()), &changes).await?;
    venue.news.after(&mut tx);
    tx.commit().await?;
    Ok(new)
}

/// A table's name, where it stands, and its price list. Whoever plays there keeps what was quoted.
pub async fn change_table(cx: &Cx, venue: &crate::Venue, id: TableId, form: ChangedTable) -> Result<Table> {
    let form = form.check()?;
    let (mut tx, old) = mine(cx, id, Permission::VenuesManage).await?;
    if old.version != form.version {
        return Err(Fault::changed_meanwhile());
    }
    let list = lists::chosen(&mut tx, old.venue_id, Some(form.tariff_id.unwrap_or(old.tariff_id))).await?;
    let sql = "UPDATE venue_tables SET name = $1, x = $2, y = $3, tariff_id = $4, version = version + 1 WHERE id = $5";
    tx.exec(sql, args![form.name.as_str(), form.x, form.y, list, id]).await?;
    let new = rows::table(&mut tx, id).await?;
    let (from, to) = (lists::name_of(&mut tx, old.tariff_id).await?, lists::name_of(&mut tx, list).await?);
    let read = |table: &Table, list: &str| json!({"name": table.name, "x": table.x, "y": table.y, "price_list": list});
    let changes = differences(&read(&old, &from), &read(&new, &to));
    if changes == json!({}) {
        return Ok(old);
    }
    audit::record(&mut tx, cx, &audit::TABLE_CHANGED, Some(id.into()), &changes).await?;
    venue.news.after(&mut tx);
    tx.commit().await?;
    Ok(new)
}

/// Gives up a table that nobody plays on, and whose light is off for all that is known: its code leads nowhere, and its light is nobody's. What was
/// played on it stays.
pub async fn retire_table(cx: &Cx, venue: &crate::Venue, id: TableId) -> Result<()> {
    let (mut tx, mut table) = mine(cx, id, Permission::VenuesManage).await?;
    if !matches!(table.state, TableState::Idle | TableState::Cleaning | TableState::Maintenance) {
        let (zh, en) = ("有人正在使用或已预订，请先关台", "Somebody is playing there, or has reserved it; close the table first");
        return Err(Fault::new(Kind::Conflict, "TABLE_TAKEN", zh, en));
    }
    if let Some(light) = devices::of_table(&mut tx, id).await? {
        if light.wanted || (light.online && light.reported == Some(true)) {
            return Err(Fault::new(Kind::Conflict, "LIGHT_ON", "灯还亮着，请先关灯", "Its light is on; turn it off first"));
        }
        devices::may_leave(&mut tx, &light, false, cx.now()).await?;
    }
    rows::advance(&mut tx, cx, &venue.news, &mut table, Event::Break).await?;
    cases::close(&mut tx, cx, &table, Some(cx.user()?.id), "").await?;
    devices::give_up(&mut tx, cx, venue, id).await?;
    tx.exec("UPDATE venue_tables SET retired_at = $1, version = version + 1 WHERE id = $2", args![cx.now(), id]).await?;
    audit::record(&mut tx, cx, &audit::TABLE_RETIRED, Some(id.into()), &json!({"name": table.name})).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_names_what_has_changed_and_nothing_else() {
        let (old, new) = (json!({"name": "A", "x": 1, "opens": null}), json!({"name": "B", "x": 1, "opens": 60}));
        assert_eq!(differences(&old, &new), json!({"name": {"from": "A", "to": "B"}, "opens": {"from": null, "to": 60}}));
        assert_eq!(differences(&new, &new), json!({}));
    }
}
