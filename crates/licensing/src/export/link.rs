//! The link that an export is fetched by: good for a minute, for whoever asked for it.
//!
//! It holds a ticket alone, and what it is for stays here: no server takes an address as long as a thousand ticked keys. Whichever process is
//! asked for the file finds it.

use kernel::{Fault, Kind, MINUTE};
use platform::identity::{Permission, UserId};
use platform::vault::Purpose;
use platform::{Cx, Result, audit};
use serde_json::json;
use store::jobs::JobKind;
use store::{Sql, Sweep, args};

use super::{ExportAsk, ExportFormat, conditions, xlsx};

const TICKET: Purpose = Purpose("export ticket");
const GOOD_FOR: i64 = MINUTE;
/// The newest so many of a user's are good.
const OF_ONE: i64 = 20;

pub(crate) const FORGET: JobKind = JobKind::new("exports.forget");
/// Links that are over.
pub(crate) const OVER: Sweep = Sweep::by_time("exports", "ticket_hash", "expires_at", 0);

/// A ticket for this export. Refused where the format cannot hold so many keys: now, while there is a form to say so in.
pub async fn ticket(cx: &Cx, ask: &ExportAsk) -> Result<String> {
    let user = cx.require(Permission::KeysView)?;
    ask.selection.check()?;
    // Each once: a page of rows is in memory as a whole.
    if ask.columns.iter().enumerate().any(|(n, column)| ask.columns[..n].contains(column)) {
        return Err(Fault::field("columns", "TWICE", "同一列只能选一次", "A column can be named only once"));
    }
    if ask.format == ExportFormat::Xlsx {
        let most = xlsx::MOST_KEYS + 1;
        let conditions = conditions(cx, user, &ask.selection);
        let sql =
            format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT 1 AS one FROM keys k WHERE {} LIMIT {most}) many", conditions.sql());
        xlsx::fits(cx.db.read().one(&sql, conditions.args(), |row| row.get("n")).await?)?;
    }
    keep(cx, user.id, ask).await
}

async fn keep(cx: &Cx, user: UserId, ask: &ExportAsk) -> Result<String> {
    let ticket = cx.random.secret::<24>("ckx_");
    let text = serde_json::to_string(ask).map_err(Fault::internal)?;
    let mut tx = cx.db.begin().await?;
    // One after the other: together, each would not see that the others' are too many.
    let lock = format!("SELECT id FROM users WHERE id = $1{}", tx.for_update());
    tx.one(&lock, args![user], |row| row.get::<UserId>("id")).await?;
    let sql = "DELETE FROM exports WHERE user_id = $1 AND ticket_hash NOT IN \
               (SELECT ticket_hash FROM exports WHERE user_id = $1 ORDER BY expires_at DESC LIMIT $2)";
    tx.exec(sql, args![user, OF_ONE - 1]).await?;
    let sql = "INSERT INTO exports (ticket_hash, user_id, ask, expires_at) VALUES ($1, $2, $3, $4)";
    tx.exec(sql, args![hash(cx, &ticket), user, text, cx.now().plus_micros(GOOD_FOR)]).await?;
    tx.commit().await?;
    Ok(ticket)
}

/// What a ticket of the asker's is for; logged, since keys leave the house.
pub async fn redeem(cx: &Cx, ticket: &str) -> Result<ExportAsk> {
    let user = cx.require(Permission::KeysView)?;
    let sql = "SELECT ask FROM exports WHERE ticket_hash = $1 AND user_id = $2 AND expires_at > $3";
    let text = cx.db.read().opt(sql, args![hash(cx, ticket), user.id, cx.now()], |row| row.get::<String>("ask")).await?;
    let ask: ExportAsk = text.and_then(|text| serde_json::from_str(&text).ok()).ok_or_else(|| {
        Fault::new(Kind::NotFound, "EXPORT_LINK_EXPIRED", "下载链接已失效，请重新导出", "This download link has expired; export again")
    })?;
    let mut tx = cx.db.begin().await?;
    let detail = json!({"selection": ask.selection, "format": ask.format});
    audit::record(&mut tx, cx, &audit::KEYS_EXPORTED, None, &detail).await?;
    tx.commit().await?;
    Ok(ask)
}

fn hash(cx: &Cx, ticket: &str) -> [u8; 32] {
    cx.vault.hash(TICKET, ticket.as_bytes())
}
