//! What a hall's tables cost, list by list: looked at, changed, and tried out before it is.

use jiff::civil::Date;
use kernel::{Fault, Fen, MINUTE, Timestamp};
use platform::identity::{Permission, Principal};
use platform::{Cx, Result, audit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Filter, Sql, Tx, args};

use super::edit::differences;
use super::lists::{self, Kept};
use super::model::{TariffId, VenueId};
use super::{list_edit, rows};
use crate::play::{self, BillLine, Terms};
use crate::staff;
use crate::tariff::Tariff;

/// One of a hall's price lists, as it stands.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Prices {
    pub id: TariffId,
    pub name: String,
    /// The hall's own: of tables for which no other is chosen. It cannot be removed.
    pub own: bool,
    /// The names of the tables that use it.
    pub tables: Vec<String>,
    #[schema(value_type = Object)]
    pub tariff: Tariff,
    /// Counts its changes: whoever changes it says which one was looked at.
    pub version: i64,
}

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedPrices {
    /// Absent: as it is.
    #[serde(default)]
    pub name: Option<String>,
    #[schema(value_type = Object)]
    pub tariff: Tariff,
    /// Which one was looked at.
    pub version: i64,
}

/// Prices to be tried out.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TriedPrices {
    #[schema(value_type = Object)]
    pub tariff: Tariff,
    /// By the hall's calendar; of a year at most ten from this one.
    #[schema(value_type = String)]
    pub date: Date,
    /// How long is played: 10 to 720.
    pub minutes: i64,
}

/// What play costs that begins then.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Tried {
    /// By the hall's clock: 18:00.
    pub clock: String,
    pub at: Timestamp,
    pub price_fen: Fen,
    pub lines: Vec<BillLine>,
}

/// How many years from this one prices are tried: farther than anybody plans, and nowhere near the calendar's ends, where a session would not fit.
const YEARS: u16 = 10;

pub(super) async fn shown(sql: &mut impl Sql, kept: Kept) -> Result<Prices> {
    let (tables, tariff) = (lists::tables_of(sql, &kept).await?, kept.tariff()?);
    Ok(Prices { id: kept.id, name: kept.name, own: kept.own, tables, tariff, version: kept.version })
}

/// The hall's own.
pub async fn prices(cx: &Cx, id: VenueId) -> Result<Prices> {
    let user = cx.require(Permission::VenuesView)?;
    let mut sql = cx.db.read();
    staff::works_at(&mut sql, user, id).await?;
    let own = lists::own(&mut sql, id).await?;
    shown(&mut sql, own).await
}

/// All of a hall, its own first.
pub async fn price_lists(cx: &Cx, id: VenueId) -> Result<Vec<Prices>> {
    let user = cx.require(Permission::VenuesView)?;
    let mut sql = cx.db.read();
    staff::works_at(&mut sql, user, id).await?;
    let mut all = Vec::new();
    for kept in lists::of_venue(&mut sql, id).await? {
        all.push(shown(&mut sql, kept).await?);
    }
    Ok(all)
}

/// Of a hall where one works, for this transaction alone.
async fn lock(tx: &mut Tx, user: &Principal, mut which: Filter) -> Result<Kept> {
    staff::restrict(user, &mut which, "venue_id");
    lists::lock(tx, which).await
}

fn by_id(id: TariffId) -> Filter {
    let mut filter = Filter::new();
    filter.and("id = ?", id);
    filter
}

/// One that may be changed by who asks, for this transaction alone.
pub(super) async fn lock_mine(cx: &Cx, id: TariffId) -> Result<(Tx, Kept)> {
    let user = cx.require(Permission::VenuesManage)?;
    let mut tx = cx.db.begin().await?;
    let kept = lock(&mut tx, user, by_id(id)).await?;
    Ok((tx, kept))
}

/// The hall's own.
pub async fn change_prices(cx: &Cx, id: VenueId, form: ChangedPrices) -> Result<Prices> {
    let mut own = Filter::new();
    own.and("venue_id = ?", id).and_plain("own");
    change(cx, own, form).await
}

/// Any of them.
pub async fn change_price_list(cx: &Cx, id: TariffId, form: ChangedPrices) -> Result<Prices> {
    change(cx, by_id(id), form).await
}

/// From now on: whoever plays keeps what was quoted.
async fn change(cx: &Cx, which: Filter, form: ChangedPrices) -> Result<Prices> {
    let user = cx.require(Permission::VenuesManage)?;
    let name = form.name.as_deref().map(list_edit::clean_name).transpose()?;
    check(&form.tariff)?;
    let mut tx = cx.db.begin().await?;
    let old = lock(&mut tx, user, which).await?;
    if old.version != form.version {
        return Err(Fault::changed_meanwhile());
    }
    let name = name.unwrap_or_else(|| old.name.clone());
    let before = old.tariff()?;
    if (&before, &old.name) == (&form.tariff, &name) {
        return shown(&mut tx, old).await;
    }
    if name != old.name {
        list_edit::is_free(&mut tx, old.venue, &name).await?;
    }
    let terms = serde_json::to_string(&form.tariff).map_err(Fault::internal)?;
    let sql = "UPDATE tariffs SET name = $1, terms = $2, version = version + 1 WHERE id = $3";
    tx.exec(sql, args![name.as_str(), terms.as_str(), old.id]).await?;
    let mut changes = differences(&json!(before), &json!(form.tariff));
    if let Some(changes) = changes.as_object_mut() {
        changes.insert("price_list".into(), if name == old.name { json!(name) } else { json!({"from": old.name, "to": name}) });
    }
    audit::record(&mut tx, cx, &audit::PRICES_CHANGED, Some(old.venue.into()), &changes).await?;
    let new = shown(&mut tx, Kept { name, terms, version: old.version + 1, ..old }).await?;
    tx.commit().await?;
    Ok(new)
}

/// Every hour of a day: what so much play costs that begins then. What quotes and bills are made by says so; nothing is kept.
pub async fn try_prices(cx: &Cx, id: VenueId, form: TriedPrices) -> Result<Vec<Tried>> {
    let user = cx.require(Permission::VenuesManage)?;
    check(&form.tariff)?;
    let mut sql = cx.db.read();
    staff::works_at(&mut sql, user, id).await?;
    let hall = rows::venue(&mut sql, id).await?;
    let terms = Terms::of(&hall, form.tariff, false);
    let calendar = hall.calendar();
    let too_far = || Fault::field("date", "RANGE", "日期须在今年前后十年之内", "The date must be within ten years of this one");
    let today = calendar.day_of(cx.now()).map_err(Fault::internal)?;
    if form.date.year().abs_diff(today.year()) > YEARS {
        return Err(too_far());
    }
    let begins = calendar.hours_of(form.date).map_err(|_| too_far())?;
    begins
        .into_iter()
        .map(|(clock, at)| {
            play::quote(&terms, at, form.minutes)?;
            let bill = terms.price(at, at.plus_micros(form.minutes * MINUTE)).map_err(Fault::internal)?;
            let clock = format!("{clock:02}:00");
            Ok(Tried { clock, at, price_fen: bill.total, lines: play::bill_lines(cx.lang, &terms, &bill) })
        })
        .collect()
}

/// Fields are named as they stand in the form.
fn check(tariff: &Tariff) -> Result<()> {
    tariff.check().map_err(|mut fault| {
        for error in &mut fault.fields {
            error.field = format!("tariff.{}", error.field);
        }
        fault
    })
}
