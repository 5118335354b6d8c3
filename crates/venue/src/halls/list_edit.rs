//! Adding price lists to a hall, naming them, and removing them.

use kernel::{Fault, Kind, text};
use platform::idempotency::IdempotencyKey;
use platform::identity::Permission;
use platform::{Cx, Result, audit};
use serde::Deserialize;
use serde_json::json;
use store::{Sql as _, Tx, args};

use super::lists;
use super::model::{TariffId, VenueId};
use super::prices::{Prices, lock_mine, shown};
use super::rows;
use crate::staff;

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPriceList {
    pub name: String,
}

/// Of one hall; nobody keeps more of them apart.
const MOST: usize = 20;
/// So many tables are named where a list is in use.
const NAMED: usize = 10;

/// Why a price list is not added, named or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PriceListError {
    /// By the tables of these names.
    InUse(Vec<String>),
    /// It is the hall's own, which a table always may use.
    Own,
    TooMany,
    NameTaken,
}

impl From<PriceListError> for Fault {
    fn from(error: PriceListError) -> Self {
        let conflict = |code, zh: String, en: String| Self::new(Kind::Conflict, code, zh, en);
        match error {
            PriceListError::InUse(tables) => {
                let (zh, en) = (named(&tables, "、"), named(&tables, ", "));
                let (zh_more, en_more) = match tables.len().saturating_sub(NAMED) {
                    0 => (String::new(), String::new()),
                    more => (format!("等 {} 张台", tables.len()), format!(" and {more} more")),
                };
                conflict(
                    "PRICE_LIST_IN_USE",
                    format!("仍有球台使用这份价目：{zh}{zh_more}。请先为这些球台选择其他价目"),
                    format!("Tables use this price list: {en}{en_more}. Choose another for them first"),
                )
            }
            PriceListError::Own => {
                conflict("PRICE_LIST_OWN", "门店的默认价目不能删除".into(), "A hall's own price list cannot be removed".into())
            }
            PriceListError::TooMany => {
                conflict("PRICE_LISTS_TOO_MANY", format!("每家门店最多 {MOST} 份价目"), format!("A hall may have {MOST} price lists"))
            }
            PriceListError::NameTaken => Self::field("name", "NAME_TAKEN", "本店已有同名的价目", "This hall has a price list of this name"),
        }
    }
}

fn named(tables: &[String], between: &str) -> String {
    let first: Vec<&str> = tables.iter().take(NAMED).map(String::as_str).collect();
    first.join(between)
}

pub(super) fn clean_name(name: &str) -> Result<String> {
    text::clean(name, 1, 20, false).map_err(|(code, zh, en)| Fault::field("name", code, zh, en))
}

/// No two lists of a hall have one name. Locks the hall: of two who name at once the second sees what the first has done.
pub(super) async fn is_free(tx: &mut Tx, venue: VenueId, name: &str) -> Result<()> {
    rows::lock_venue(tx, venue).await?;
    let query = "SELECT id FROM tariffs WHERE venue_id = $1 AND name = $2";
    let taken: Option<TariffId> = tx.opt(query, args![venue, name], |row| row.get("id")).await?;
    if taken.is_some() { Err(PriceListError::NameTaken.into()) } else { Ok(()) }
}

/// Another list, which begins as a copy of the hall's own. No table uses it yet.
pub async fn add_price_list(cx: &Cx, venue: VenueId, form: NewPriceList, key: &IdempotencyKey) -> Result<Prices> {
    let user = cx.require(Permission::VenuesManage)?;
    let name = clean_name(&form.name)?;
    let mut tx = cx.db.begin().await?;
    staff::works_at(&mut tx, user, venue).await?;
    if let Some(first) = key.seen::<TariffId>(&mut tx, cx, user.id.uuid()).await? {
        let kept = lists::of_venue(&mut tx, venue).await?.into_iter().find(|kept| kept.id == first).ok_or_else(Fault::not_found)?;
        return shown(&mut tx, kept).await;
    }
    is_free(&mut tx, venue, &name).await?;
    let there = lists::of_venue(&mut tx, venue).await?;
    if there.len() >= MOST {
        return Err(PriceListError::TooMany.into());
    }
    let own = lists::own(&mut tx, venue).await?;
    let new = lists::Kept { id: cx.id(), name, own: false, version: 1, ..own };
    let sql = "INSERT INTO tariffs (id, venue_id, name, own, terms, version, created_at) VALUES ($1, $2, $3, FALSE, $4, $5, $6)";
    tx.exec(sql, args![new.id, venue, new.name.as_str(), new.terms.as_str(), new.version, cx.now()]).await?;
    audit::record(&mut tx, cx, &audit::PRICE_LIST_ADDED, Some(venue.into()), &json!({"name": new.name})).await?;
    key.answer(&mut tx, user.id.uuid(), &new.id).await?;
    let prices = shown(&mut tx, new).await?;
    tx.commit().await?;
    Ok(prices)
}

/// Removes one that no table uses. Sessions keep what they were quoted by it.
pub async fn remove_price_list(cx: &Cx, id: TariffId) -> Result<()> {
    let (mut tx, list) = lock_mine(cx, id).await?;
    if list.own {
        return Err(PriceListError::Own.into());
    }
    let tables = lists::tables_of(&mut tx, &list).await?;
    if !tables.is_empty() {
        return Err(PriceListError::InUse(tables).into());
    }
    // Tables that were given up name it still.
    let own = lists::own(&mut tx, list.venue).await?;
    let sql = "UPDATE venue_tables SET tariff_id = $1 WHERE venue_id = $2 AND tariff_id = $3";
    tx.exec(sql, args![own.id, list.venue, id]).await?;
    tx.exec("DELETE FROM tariffs WHERE id = $1", args![id]).await?;
    audit::record(&mut tx, cx, &audit::PRICE_LIST_REMOVED, Some(list.venue.into()), &json!({"name": list.name})).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v1_1_a_list_in_use_names_ten_of_its_tables_and_how_many_there_are() {
        let tables = |n: usize| (1..=n).map(|n| format!("{n} 号台")).collect::<Vec<_>>();
        let few = Fault::from(PriceListError::InUse(tables(2)));
        assert_eq!((few.kind, few.code), (Kind::Conflict, "PRICE_LIST_IN_USE"));
        assert!(few.zh.contains("：1 号台、2 号台。"), "{}", few.zh);
        assert!(few.en.contains(": 1 号台, 2 号台. "), "{}", few.en);
        let many = Fault::from(PriceListError::InUse(tables(12)));
        assert!(many.zh.contains("、10 号台等 12 张台。") && !many.zh.contains("11 号台"), "{}", many.zh);
        assert!(many.en.contains(", 10 号台 and 2 more. "), "{}", many.en);
    }
}
