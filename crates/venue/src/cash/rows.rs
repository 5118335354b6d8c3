//! Writing down where cash changed hands, and the sums of it.

use jiff::civil::Date;
use kernel::Fault;
use platform::Result;
use platform::identity::{UserId, UserRef};
use platform::ledger::TransferId;
use store::{Filter, Row, Sql, Tx, args};

use super::model::{CashPerson, CashSum, Days, Pieces};
use crate::halls::VenueId;

/// Where cash changed hands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AtHall {
    pub venue: VenueId,
    /// Who of the staff did it.
    pub by: UserId,
    /// Which of the hall's days it is of.
    pub day: Date,
    /// Whether nothing but a number is known of whose it is: they may sign in later, and it stays what it was.
    pub walk_in: bool,
}

/// Says of a movement of cash at which hall it was.
pub(crate) async fn note(tx: &mut Tx, transfer: TransferId, AtHall { venue, by, day, walk_in }: AtHall) -> store::Result<()> {
    let sql = "INSERT INTO desk_cash (transfer_id, venue_id, user_id, day, walk_in) VALUES ($1, $2, $3, $4, $5)";
    tx.exec(sql, args![transfer, venue, by, day.to_string(), walk_in]).await.map(drop)
}

/// How much of the transfers `x` was such, and how many; read with [`read_pieces`].
fn pieces(name: &str, such: &str) -> String {
    format!(
        "CAST(SUM(CASE WHEN {such} THEN x.posted_amount ELSE 0 END) AS BIGINT) AS {name}_fen, \
         CAST(SUM(CASE WHEN {such} THEN 1 ELSE 0 END) AS BIGINT) AS {name}_count"
    )
}

fn read_pieces(row: &Row, name: &str) -> store::Result<Pieces> {
    Ok(Pieces { fen: row.get(format!("{name}_fen").as_str())?, count: row.get(format!("{name}_count").as_str())? })
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
    let (taken, paid_out) = ("x.kind = 'cash_recharge'", "x.kind = 'cash_payout'");
    let walk_in = format!("{paid_out} AND c.walk_in = TRUE");
    let query = format!(
        "SELECT c.day, u.id AS user_id, u.name AS user_name, {}, {}, {} FROM desk_cash c JOIN ledger_transfers x ON x.id = c.transfer_id \
         JOIN users u ON u.id = c.user_id WHERE {} GROUP BY c.day, u.id, u.name ORDER BY c.day DESC, u.name, u.id LIMIT {most}",
        pieces("taken", taken),
        pieces("paid_out", paid_out),
        pieces("walk_ins", &walk_in),
        filter.sql()
    );
    let read = |row: &Row| {
        let user = UserRef { id: row.get("user_id")?, name: row.get("user_name")? };
        let sums = (read_pieces(row, "taken")?, read_pieces(row, "paid_out")?, read_pieces(row, "walk_ins")?);
        Ok((row.get::<String>("day")?, user, sums))
    };
    let rows = sql.all(&query, filter.args(), read).await?;
    let mut lines = Vec::with_capacity(rows.len());
    for (day, user, (taken, paid_out, walk_ins)) in rows {
        let day: Date = day.parse().map_err(Fault::internal)?;
        lines.push((day, CashPerson { user, sum: CashSum::new(taken, paid_out, walk_ins)? }));
    }
    Ok(lines)
}
