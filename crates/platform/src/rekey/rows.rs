//! The rows of a table, so many at a time: there may be ten million.

use store::{Row, Sql, Tx, args, update_many};
use uuid::Uuid;

use super::{Say, Stuck, Table, Vaults, does_not_open};
use crate::Result;

/// In memory at once.
const AT_ONCE: usize = 1_024;
/// How often somebody is told how far it is: rows.
const TELL_EVERY: u64 = 102_400;

/// By the id, whose first value is behind nil.
pub(crate) async fn change(tx: &mut Tx, vaults: Vaults<'_>, table: &Table, say: Say<'_>) -> Result<()> {
    let (name, reads) = (table.name, table.reads.join(", "));
    let sql = format!("SELECT id, {reads} FROM {name} WHERE id > $1 AND ({}) ORDER BY id LIMIT {AT_ONCE}", table.only);
    let columns: Vec<&str> = std::iter::once("id").chain(table.writes.iter().copied()).collect();
    let (mut last, mut done) = (Uuid::nil(), 0);
    loop {
        let read = |row: &Row| {
            let changed = match (table.change)(row, &vaults) {
                Ok(values) => Some(values),
                Err(Stuck::CannotOpen) => None,
                Err(Stuck::Store(error)) => return Err(error),
            };
            Ok((row.get::<Uuid>("id")?, changed))
        };
        let found = tx.all(&sql, args![last], read).await?;
        let is_full = found.len() == AT_ONCE;
        let mut rows = Vec::with_capacity(found.len());
        for (id, changed) in found {
            let mut row = args![id];
            row.extend(changed.ok_or_else(|| does_not_open(name, id))?);
            rows.push(row);
            last = id;
        }
        done += rows.len() as u64;
        update_many(tx, name, &columns, rows).await?;
        if done > 0 && done.is_multiple_of(TELL_EVERY) {
            say(name, done);
        }
        if !is_full {
            return Ok(());
        }
    }
}
