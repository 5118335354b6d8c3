//! What does not fit about a payment waits for somebody. Here they say that they have looked after it, and what it was.

use kernel::{Fault, text};
use serde_json::json;
use store::{Sql as _, args};

use super::model::OrderId;
use super::rows;
use crate::identity::Permission;
use crate::{Cx, Result, audit};

/// Of all that does not fit about an order's payments. Once more changes nothing; what a network says afterwards that fits no better waits again.
pub async fn mark_seen(cx: &Cx, id: OrderId, note: &str) -> Result<()> {
    let user = cx.require(Permission::PaymentsManage)?;
    let note = text::clean(note, 2, 200, false).map_err(|(code, zh, en)| Fault::field("note", code, zh, en))?;
    let mut tx = cx.db.begin().await?;
    rows::lock(&mut tx, id).await?;
    let problem = rows::PROBLEM;
    let query =
        format!("SELECT {problem} FROM pay_attempts WHERE order_id = $1 AND problem IS NOT NULL AND seen_at IS NULL ORDER BY id LIMIT 100");
    let problems = tx.all(&query, args![id], rows::read_attempt_problem).await?;
    if problems.is_empty() {
        return Ok(());
    }
    let sql = "UPDATE pay_attempts SET seen_at = $1, seen_by = $2, seen_note = $3 WHERE order_id = $4 AND problem IS NOT NULL AND seen_at IS NULL";
    tx.exec(sql, args![cx.now(), user.id, note.as_str(), id]).await?;
    audit::record(&mut tx, cx, &audit::PAYMENT_SEEN, Some(id.into()), &json!({ "note": note, "problems": problems })).await?;
    tx.commit().await?;
    Ok(())
}
