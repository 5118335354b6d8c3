//! Levels and points in the database.

use store::{Row, Sql, args};

use super::model::{Level, level_at};
use crate::customers::CustomerId;

const LEVEL: &str = "id, name_zh, name_en, threshold, pays, gift";

fn read(row: &Row) -> store::Result<Level> {
    Ok(Level {
        id: row.get("id")?,
        name_zh: row.get("name_zh")?,
        name_en: row.get("name_en")?,
        threshold: row.get("threshold")?,
        pays: row.get("pays")?,
        gift_fen: row.get("gift")?,
    })
}

/// All, rising.
pub async fn levels(sql: &mut impl Sql) -> store::Result<Vec<Level>> {
    sql.all(&format!("SELECT {LEVEL} FROM member_levels ORDER BY threshold LIMIT 100"), args![], read).await
}

pub async fn points(sql: &mut impl Sql, customer: CustomerId) -> store::Result<i64> {
    let found = sql.opt("SELECT points FROM member_points WHERE customer_id = $1", args![customer], |row| row.get("points")).await?;
    Ok(found.unwrap_or(0))
}

/// A customer's level now.
pub(crate) async fn level_of(sql: &mut impl Sql, customer: CustomerId) -> store::Result<Option<Level>> {
    // With each level, so that one look is enough: where there are none it does not matter how many points somebody has.
    let points = "COALESCE((SELECT points FROM member_points WHERE customer_id = $1), 0)";
    let query = format!("SELECT {LEVEL}, {points} AS points FROM member_levels ORDER BY threshold LIMIT 100");
    let found = sql.all(&query, args![customer], |row| Ok((read(row)?, row.get::<i64>("points")?))).await?;
    let points = found.first().map_or(0, |(_, points)| *points);
    let levels: Vec<Level> = found.into_iter().map(|(level, _)| level).collect();
    Ok(level_at(&levels, points).cloned())
}
