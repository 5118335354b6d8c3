//! What a session has earned somebody, and the levels that are reached by it.

use kernel::Fen;
use platform::ledger::{self, EntryKind, SystemAccount};
use platform::{Cx, Result};
use store::{Sql as _, Tx, args};

use super::model::{Level, points_for};
use super::rows;
use crate::customers::{CustomerId, account};
use crate::play::SessionId;
use crate::told::{self, tell, yuan};

/// Brings the points of a session to what the ledger says was taken for it, and not given back. Doing so again does nothing. For whoever has
/// moved money of a session, after that and in the same transaction. They are the customer's whose session it is: also where friends share its
/// bill, and where it was another name's of the same person once.
pub async fn count(tx: &mut Tx, cx: &Cx, customer: CustomerId, session: SessionId) -> Result<()> {
    tx.exec("INSERT INTO member_points (customer_id, points) VALUES ($1, 0) ON CONFLICT DO NOTHING", args![customer]).await?;
    let query = format!("SELECT points FROM member_points WHERE customer_id = $1{}", tx.for_update());
    let before: i64 = tx.one(&query, args![customer], |row| row.get("points")).await?;
    // What takings have given for it is less than nothing.
    let given = ledger::net(tx, SystemAccount::Takings.id(), session.into()).await?.units();
    let due = points_for(Fen::new(-given));
    let query = "SELECT CAST(COALESCE(SUM(points), 0) AS BIGINT) AS points FROM member_lines WHERE session_id = $1";
    let had: i64 = tx.one(query, args![session], |row| row.get("points")).await?;
    if due == had {
        return Ok(());
    }
    let points = before + due - had;
    let sql = "INSERT INTO member_lines (id, customer_id, session_id, points, points_after, at) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.exec(sql, args![cx.random.uuid_v7(cx.now()), customer, session, due - had, points, cx.now()]).await?;
    tx.exec("UPDATE member_points SET points = $1 WHERE customer_id = $2", args![points, customer]).await?;
    if due > had { rise(tx, cx, customer, session, points).await } else { Ok(()) }
}

/// All points of somebody are another's from now on, and what was reached with them: no gift is given a second time.
pub(crate) async fn carry_over(tx: &mut Tx, from: CustomerId, to: CustomerId) -> Result<()> {
    if tx.exec("UPDATE member_lines SET customer_id = $1 WHERE customer_id = $2", args![to, from]).await? == 0 {
        return Ok(());
    }
    let sql = "UPDATE member_lines SET points_after = (SELECT SUM(l.points) FROM member_lines l WHERE l.customer_id = $1 AND l.id <= member_lines.id) \
               WHERE customer_id = $1";
    tx.exec(sql, args![to]).await?;
    tx.exec("DELETE FROM member_points WHERE customer_id = $1", args![from]).await?;
    let sql = "INSERT INTO member_points (customer_id, points) SELECT $1, SUM(points) FROM member_lines WHERE customer_id = $1 \
               ON CONFLICT (customer_id) DO UPDATE SET points = EXCLUDED.points";
    tx.exec(sql, args![to]).await?;
    let sql = "UPDATE member_upgrades SET customer_id = $1 WHERE customer_id = $2 \
               AND NOT EXISTS (SELECT 1 FROM member_upgrades u WHERE u.customer_id = $1 AND u.level_id = member_upgrades.level_id)";
    tx.exec(sql, args![to, from]).await?;
    tx.exec("DELETE FROM member_upgrades WHERE customer_id = $1", args![from]).await?;
    Ok(())
}

/// Each level that was never reached before is written down, and its gift given; of the highest the customer is told.
async fn rise(tx: &mut Tx, cx: &Cx, customer: CustomerId, session: SessionId, points: i64) -> Result<()> {
    let mut highest: Option<Level> = None;
    for level in rows::levels(tx).await?.into_iter().take_while(|level| level.threshold <= points) {
        let sql = "INSERT INTO member_upgrades (customer_id, level_id, name_zh, name_en, threshold, points, gift, session_id, at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
        let (zh, en) = (level.name_zh.as_str(), level.name_en.as_str());
        let written = args![customer, level.id, zh, en, level.threshold, points, level.gift_fen, session, cx.now()];
        if tx.exec(sql, written).await? == 1 {
            give(tx, cx, customer, &level).await?;
            highest = Some(level);
        }
    }
    let Some(level) = highest else { return Ok(()) };
    let params =
        [("level_zh", level.name_zh), ("level_en", level.name_en), ("points", points.to_string()), ("percent", percent(level.pays))];
    tell(tx, cx, customer, &told::LEVEL_REACHED, &params).await
}

/// The gift of a level, from what the hall spends on its customers.
async fn give(tx: &mut Tx, cx: &Cx, customer: CustomerId, level: &Level) -> Result<()> {
    if level.gift_fen == Fen::ZERO {
        return Ok(());
    }
    let order = ledger::Move {
        debit: SystemAccount::Marketing.id(),
        credit: account(customer),
        amount: level.gift_fen.into(),
        kind: EntryKind::Gift,
        memo: String::new(),
        reference: Some(level.id.into()),
    };
    ledger::transfer(tx, cx, &order).await?;
    tell(tx, cx, customer, &told::LEVEL_GIFT, &[("amount", yuan(level.gift_fen))]).await
}

/// As people write it: 95, or 92.5.
fn percent(pays: i64) -> String {
    let text = format!("{}.{:02}", pays / 100, pays % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn percents_are_written_as_people_write_them() {
        assert_eq!([10_000, 9_500, 9_250, 8_888].map(percent), ["100", "95", "92.5", "88.88"]);
    }
}
