//! Writing down where cash changed hands, and the sums of it.

use jiff::civil::Date;
use kernel::{Fault, Fen};
use platform::Result;
use platform::identity::{UserId, UserRef};
use platform::ledger::TransferId;
use store::{Filter, Sql, Tx, args};

use super::model::{CashPerson, CashSum, Days};
use crate::halls::VenueId;

/// Says of a movement of cash at which hall it was, on which of its days, and who of the staff did it.
pub(crate) async fn note(tx: &mut Tx, transfer: TransferId, venue: VenueId, by: UserId, day: Date) -> store::Result<()> {
    let sql = "INSERT INTO desk_cash (transfer_id, venue_id, user_id, day) VALUES ($1, $2, $3, $4)";
    tx.exec(sql, args![transfer, venue, by, day.to_string()]).await.map(drop)
}

/// What each of the staff, or only one of them, has done at a hall on each of these days: the newest day first. At most so many lines.
pub(super) async fn lines(
    sql: &mut impl Sql,
    venue: VenueId,
    days: Days,
    only: Option<UserId>,
    most: usize,
) -> Result<Vec<(Date, CashPerson)>> {
    let mut filter = Filter::new();
    filter.and("c.venue_id = ?", venue).and("c.day >= ?", days.first.to_string()).and("c.day <= ?", days.last.to_string());
    filter.and_some("c.user_id = ?", only);
    let query = format!(
        "SELECT c.day, u.id AS user_id, u.name AS user_name, \
         CAST(SUM(CASE WHEN x.kind = 'cash_recharge' THEN x.posted_amount ELSE 0 END) AS BIGINT) AS taken, \
         CAST(SUM(CASE WHEN x.kind = 'cash_recharge' THEN 1 ELSE 0 END) AS BIGINT) AS recharges, \
         CAST(SUM(CASE WHEN x.kind = 'cash_payout' THEN x.posted_amount ELSE 0 END) AS BIGINT) AS paid_out, \
         CAST(SUM(CASE WHEN x.kind = 'cash_payout' THEN 1 ELSE 0 END) AS BIGINT) AS payouts \
         FROM desk_cash c JOIN ledger_transfers x ON x.id = c.transfer_id JOIN users u ON u.id = c.user_id \
         WHERE {} GROUP BY c.day, u.id, u.name ORDER BY c.day DESC, u.name, u.id LIMIT {most}",
        filter.sql()
    );
    let read = |row: &store::Row| {
        let user = UserRef { id: row.get("user_id")?, name: row.get("user_name")? };
        let taken = (row.get::<Fen>("taken")?, row.get::<i64>("recharges")?);
        let paid_out = (row.get::<Fen>("paid_out")?, row.get::<i64>("payouts")?);
        Ok((row.get::<String>("day")?, user, taken, paid_out))
    };
    let rows = sql.all(&query, filter.args(), read).await?;
    let mut lines = Vec::with_capacity(rows.len());
    for (day, user, (taken, recharges), (paid_out, payouts)) in rows {
        let day: Date = day.parse().map_err(Fault::internal)?;
        lines.push((day, CashPerson { user, sum: CashSum::new(taken, recharges, paid_out, payouts)? }));
    }
    Ok(lines)
}
