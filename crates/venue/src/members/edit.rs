//! The operator's levels: all of them together, so that they always rise.

use kernel::{Fault, Fen};
use platform::identity::Permission;
use platform::{Cx, Result, audit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Sql, args};

use super::model::{Level, LevelId, check};
use super::rows;

/// A level as it is written. Without an id it is a new one.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelForm {
    #[serde(default)]
    pub id: Option<LevelId>,
    pub name_zh: String,
    pub name_en: String,
    /// From so many points on; more than of the level before.
    pub threshold: i64,
    /// What is paid of a price, in ten-thousandths: 5000 to 10000, and no more than of the level before.
    pub pays: i64,
    /// Into the wallet of whoever reaches it, once: at most 100000.
    #[serde(default)]
    pub gift_fen: Fen,
}

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedLevels {
    /// All of them, rising. A level that is left out is no more.
    pub levels: Vec<LevelForm>,
    /// Which one was looked at.
    pub version: i64,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = MemberLevels)]
pub struct Levels {
    pub items: Vec<Level>,
    /// Counts their changes.
    pub version: i64,
}

async fn all(sql: &mut impl Sql, lock: &str) -> Result<Levels> {
    let query = format!("SELECT version FROM member_plan WHERE id = 1{lock}");
    let version = sql.one(&query, args![], |row| row.get("version")).await?;
    Ok(Levels { items: rows::levels(sql).await?, version })
}

pub async fn levels(cx: &Cx) -> Result<Levels> {
    cx.require(Permission::VenuesView)?;
    all(&mut cx.db.read(), "").await
}

/// They hold for all halls, and for tables that are opened from now on. Nobody loses points by it; who has enough for a level has its price at
/// once, and its gift with the next bill.
pub async fn change_levels(cx: &Cx, form: ChangedLevels) -> Result<Levels> {
    cx.require(Permission::SettingsManage)?;
    let forms = check(&form.levels)?;
    let mut tx = cx.db.begin().await?;
    let lock = tx.for_update().to_owned();
    let old = all(&mut tx, &lock).await?;
    if old.version != form.version {
        return Err(Fault::changed_meanwhile());
    }
    let mut items = Vec::with_capacity(forms.len());
    for (n, level) in forms.into_iter().enumerate() {
        let known = level.id.is_none_or(|id| old.items.iter().any(|level| level.id == id));
        if !known {
            return Err(Fault::field(&format!("levels.{n}.id"), "UNKNOWN", "没有这个等级", "There is no such level"));
        }
        items.push(Level {
            id: level.id.unwrap_or_else(|| cx.id()),
            name_zh: level.name_zh,
            name_en: level.name_en,
            threshold: level.threshold,
            pays: level.pays,
            gift_fen: level.gift_fen,
        });
    }
    if items == old.items {
        return Ok(old);
    }
    // All anew: in between two of them might have had the same threshold.
    tx.exec("DELETE FROM member_levels", args![]).await?;
    for level in &items {
        let sql = "INSERT INTO member_levels (id, name_zh, name_en, threshold, pays, gift) VALUES ($1, $2, $3, $4, $5, $6)";
        let (zh, en) = (level.name_zh.as_str(), level.name_en.as_str());
        tx.exec(sql, args![level.id, zh, en, level.threshold, level.pays, level.gift_fen]).await?;
    }
    tx.exec("UPDATE member_plan SET version = version + 1 WHERE id = 1", args![]).await?;
    audit::record(&mut tx, cx, &audit::LEVELS_CHANGED, None, &json!({"from": old.items, "to": items})).await?;
    tx.commit().await?;
    Ok(Levels { items, version: old.version + 1 })
}
