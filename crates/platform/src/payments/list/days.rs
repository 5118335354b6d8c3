//! The days of the networks, compared with ours, and what differs.

use kernel::{Fault, Fen, Timestamp, text};
use serde::Serialize;
use serde_json::json;
use store::{Row, Sql as _, args};

use crate::identity::Permission;
use crate::payments::channel::ChannelKind;
use crate::payments::model::{PayProblemCode, Problem};
use crate::payments::reconcile::DifferenceKind;
use crate::{Cx, Result, audit};

kernel::id!(DifferenceId, DifferenceEntity, "dif");

/// A day at a network, compared with ours.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PayDay)]
pub struct DayRow {
    pub channel: ChannelKind,
    /// Whose bill it is: the merchant's number, or the seller's id.
    pub merchant_id: String,
    pub day: String,
    pub lines: i64,
    pub paid_fen: Fen,
    pub refunded_fen: Fen,
    /// Found; some may be settled.
    pub differences: i64,
    pub at: Timestamp,
}

/// A day whose bill could not be had, so that it is not compared.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PayDayMissing)]
pub struct MissingDay {
    pub channel: ChannelKind,
    /// Whose bill it is: the merchant's number, or the seller's id.
    pub merchant_id: String,
    pub day: String,
    /// For whoever looks into it: why it could not be had at first.
    pub problem: Problem,
    pub since: Timestamp,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PayDifference)]
pub struct DifferenceRow {
    pub id: DifferenceId,
    pub channel: ChannelKind,
    /// Whose bill it is: the merchant's number, or the seller's id.
    pub merchant_id: String,
    pub day: String,
    pub kind: DifferenceKind,
    pub number: String,
    pub refund_number: Option<String>,
    pub ours_fen: Option<Fen>,
    pub theirs_fen: Option<Fen>,
    pub settled_at: Option<Timestamp>,
    pub note: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Reconciliation {
    /// The last 90, newest first.
    pub days: Vec<DayRow>,
    /// The last 90, newest first.
    pub missing: Vec<MissingDay>,
    /// The last 1,000 that nobody has settled, and then the last 200 that somebody has; newest first.
    pub differences: Vec<DifferenceRow>,
}

/// As many as anybody goes through in a day: where there are more, the others follow.
const OPEN: usize = 1_000;
const SETTLED: usize = 200;

pub async fn reconciliation(cx: &Cx) -> Result<Reconciliation> {
    cx.require(Permission::PaymentsManage)?;
    let mut sql = cx.db.read();
    let query =
        "SELECT channel, account, day, lines, paid, refunded, differences, at FROM pay_days ORDER BY day DESC, channel, account LIMIT 90";
    let day = |row: &Row| {
        Ok(DayRow {
            channel: row.word("channel")?,
            merchant_id: row.get("account")?,
            day: row.get("day")?,
            lines: row.get("lines")?,
            paid_fen: row.get("paid")?,
            refunded_fen: row.get("refunded")?,
            differences: row.get("differences")?,
            at: row.get("at")?,
        })
    };
    let days = sql.all(query, args![], day).await?;
    let query = "SELECT m.channel, m.account, m.day, m.problem, m.problem_said, m.since FROM pay_days_missing m \
                 WHERE NOT EXISTS (SELECT 1 FROM pay_days d WHERE d.channel = m.channel AND d.account = m.account AND d.day = m.day) \
                 ORDER BY m.day DESC, m.channel, m.account LIMIT 90";
    let missing_day = |row: &Row| {
        let problem = Problem { said: row.get("problem_said")?, ..row.word::<PayProblemCode>("problem")?.into() };
        let (channel, merchant_id) = (row.word("channel")?, row.get("account")?);
        Ok(MissingDay { channel, merchant_id, day: row.get("day")?, problem, since: row.get("since")? })
    };
    let missing = sql.all(query, args![], missing_day).await?;
    let columns = "id, channel, account, day, kind, number, refund_number, ours, theirs, settled_at, note";
    let difference = |row: &Row| {
        Ok(DifferenceRow {
            id: row.get("id")?,
            channel: row.word("channel")?,
            merchant_id: row.get("account")?,
            day: row.get("day")?,
            kind: row.word("kind")?,
            number: row.get("number")?,
            refund_number: row.get("refund_number")?,
            ours_fen: row.get("ours")?,
            theirs_fen: row.get("theirs")?,
            settled_at: row.get("settled_at")?,
            note: row.get("note")?,
        })
    };
    // Apart, so that nobody's diligence hides what is still open.
    let mut differences = Vec::new();
    for (which, most) in [("settled_at IS NULL", OPEN), ("settled_at IS NOT NULL", SETTLED)] {
        let query = format!("SELECT {columns} FROM pay_differences WHERE {which} ORDER BY id DESC LIMIT {most}");
        differences.extend(sql.all(&query, args![], difference).await?);
    }
    Ok(Reconciliation { days, missing, differences })
}

/// Somebody has seen to it, and says what it was.
pub async fn settle_difference(cx: &Cx, id: DifferenceId, note: &str) -> Result<()> {
    let user = cx.require(Permission::PaymentsManage)?;
    let note = text::clean(note, 2, 200, false).map_err(|(code, zh, en)| Fault::field("note", code, zh, en))?;
    let mut tx = cx.db.begin().await?;
    let sql = "UPDATE pay_differences SET settled_at = $1, settled_by = $2, note = $3 WHERE id = $4 AND settled_at IS NULL";
    if tx.exec(sql, args![cx.now(), user.id, note.as_str(), id]).await? == 0 {
        let there = tx.opt("SELECT 1 AS one FROM pay_differences WHERE id = $1", args![id], |_| Ok(())).await?;
        return if there.is_some() { Ok(()) } else { Err(Fault::not_found()) };
    }
    audit::record(&mut tx, cx, &audit::DIFFERENCE_SETTLED, Some(id.into()), &json!({ "note": note })).await?;
    tx.commit().await?;
    Ok(())
}
