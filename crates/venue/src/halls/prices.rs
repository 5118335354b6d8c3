//! What a hall's tables cost: looked at, changed, and tried out before it is.

use jiff::civil::Date;
use kernel::{Fault, Fen, MINUTE, Timestamp};
use platform::identity::Permission;
use platform::{Cx, Result, audit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Row, Sql, args};

use super::edit::{changed_meanwhile, differences};
use super::model::{TariffId, VenueId};
use super::rows;
use crate::play::{self, BillLine, Terms};
use crate::staff;
use crate::tariff::Tariff;

/// A hall's prices, as they stand.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Prices {
    pub id: TariffId,
    #[schema(value_type = Object)]
    pub tariff: Tariff,
    /// Counts its changes: whoever changes it says which one was looked at.
    pub version: i64,
}

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedPrices {
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

/// One tariff is all its tables'.
const OF_VENUE: &str = "SELECT id, terms, version FROM tariffs WHERE venue_id = $1 ORDER BY id DESC LIMIT 1";

fn read(row: &Row) -> store::Result<(TariffId, String, i64)> {
    Ok((row.get("id")?, row.get("terms")?, row.get("version")?))
}

fn shown((id, terms, version): (TariffId, String, i64)) -> Result<Prices> {
    Ok(Prices { id, tariff: serde_json::from_str(&terms).map_err(Fault::internal)?, version })
}

pub async fn prices(cx: &Cx, id: VenueId) -> Result<Prices> {
    let user = cx.require(Permission::VenuesView)?;
    let mut sql = cx.db.read();
    staff::works_at(&mut sql, user, id).await?;
    shown(sql.one(OF_VENUE, args![id], read).await?)
}

/// From now on: whoever plays keeps what was quoted.
pub async fn change_prices(cx: &Cx, id: VenueId, form: ChangedPrices) -> Result<Prices> {
    let user = cx.require(Permission::VenuesManage)?;
    check(&form.tariff)?;
    let mut tx = cx.db.begin().await?;
    staff::works_at(&mut tx, user, id).await?;
    let query = format!("{OF_VENUE}{}", tx.for_update());
    let old = shown(tx.one(&query, args![id], read).await?)?;
    if old.version != form.version {
        return Err(changed_meanwhile());
    }
    if old.tariff == form.tariff {
        return Ok(old);
    }
    let terms = serde_json::to_string(&form.tariff).map_err(Fault::internal)?;
    tx.exec("UPDATE tariffs SET terms = $1, version = version + 1 WHERE id = $2", args![terms, old.id]).await?;
    let (from, to) = (json!(old.tariff), json!(form.tariff));
    audit::record(&mut tx, cx, &audit::PRICES_CHANGED, Some(id.into()), &differences(&from, &to)).await?;
    tx.commit().await?;
    Ok(Prices { tariff: form.tariff, version: old.version + 1, ..old })
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
