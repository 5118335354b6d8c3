//! What a customer sees of it: points, level, what is missing to the next, and where the points came from.

use kernel::{Fen, Lang, Page, PageAsk, Timestamp};
use platform::{Cx, Result};
use serde::Serialize;
use store::{Index, Look, Row, Sql as _, args};
use uuid::Uuid;

use super::model::{Level, LevelId, LevelName, level_at, next_at};
use super::rows;
use crate::customers::Customer;
use crate::play::SessionId;

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LevelView {
    pub id: LevelId,
    pub name: String,
    /// From so many points on.
    pub threshold: i64,
    /// What is paid of a price, in ten-thousandths.
    pub pays: i64,
    /// Into the wallet when it is reached, once.
    pub gift_fen: Fen,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NextLevel {
    pub level: LevelView,
    pub missing_points: i64,
}

/// A level that was reached, as it was then.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Upgrade {
    pub level_id: LevelId,
    pub name: String,
    pub at: Timestamp,
    pub gift_fen: Fen,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Membership {
    pub points: i64,
    /// Absent: not enough points for any.
    pub level: Option<LevelView>,
    /// Absent: there is none above.
    pub next: Option<NextLevel>,
    /// All there are, rising.
    pub levels: Vec<LevelView>,
    /// Newest first.
    pub history: Vec<Upgrade>,
}

fn shown(level: &Level, lang: Lang) -> LevelView {
    LevelView {
        id: level.id,
        name: level.name().pick(lang).to_owned(),
        threshold: level.threshold,
        pays: level.pays,
        gift_fen: level.gift_fen,
    }
}

pub async fn membership(cx: &Cx, customer: &Customer) -> Result<Membership> {
    let mut sql = cx.db.read();
    let (points, levels) = (rows::points(&mut sql, customer.id).await?, rows::levels(&mut sql).await?);
    let query = "SELECT level_id, name_zh, name_en, at, gift FROM member_upgrades WHERE customer_id = $1 ORDER BY at DESC, threshold DESC LIMIT 100";
    let read = |row: &Row| {
        let name = LevelName { zh: row.get("name_zh")?, en: row.get("name_en")? };
        let name = name.pick(cx.lang).to_owned();
        Ok(Upgrade { level_id: row.get("level_id")?, name, at: row.get("at")?, gift_fen: row.get("gift")? })
    };
    let history = sql.all(query, args![customer.id], read).await?;
    let next = next_at(&levels, points).map(|level| NextLevel { level: shown(level, cx.lang), missing_points: level.threshold - points });
    Ok(Membership {
        points,
        level: level_at(&levels, points).map(|level| shown(level, cx.lang)),
        next,
        levels: levels.iter().map(|level| shown(level, cx.lang)).collect(),
        history,
    })
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PointLine {
    pub id: String,
    pub at: Timestamp,
    /// Negative where a bill was given back.
    pub points: i64,
    pub points_after: i64,
    pub session_id: SessionId,
    pub venue_name: String,
    pub table_name: String,
}

const OF_CUSTOMER: Index = Index { name: "member_lines_customer", columns: &["customer_id"] };

/// The customer's own lines, newest first.
pub async fn points(cx: &Cx, customer: &Customer, ask: &PageAsk) -> Result<Page<PointLine>> {
    let mut look = Look::new("member_lines", "id");
    look.by(&OF_CUSTOMER).along("customer_id", customer.id);
    let select = "SELECT m.id, m.at, m.points, m.points_after, m.session_id, v.name AS hall_name, t.name AS table_name FROM member_lines m \
                  JOIN play_sessions p ON p.id = m.session_id JOIN venues v ON v.id = p.venue_id JOIN venue_tables t ON t.id = p.table_id";
    let read = |row: &Row| {
        let id: Uuid = row.get("id")?;
        let line = PointLine {
            id: kernel::type_id("pnt", id).unwrap_or_default(),
            at: row.get("at")?,
            points: row.get("points")?,
            points_after: row.get("points_after")?,
            session_id: row.get("session_id")?,
            venue_name: row.get("hall_name")?,
            table_name: row.get("table_name")?,
        };
        Ok((id, line))
    };
    let page = look.page(&mut cx.db.read(), select, "m.id", ask, read, |(id, _)| *id).await?;
    Ok(page.map(|(_, line)| line))
}
