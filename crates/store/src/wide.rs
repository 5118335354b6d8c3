//! Many rows with few statements.
//!
//! PostgreSQL gets one array a column, whatever the number of rows: one text that is planned once, and three to four times
//! faster there than a wide `VALUES`. SQLite has no arrays, and gets a `?` a value; the widths are powers of two, so that
//! only some texts are ever prepared, and anonymous, since named ones make a wide statement several times slower.

mod arrays;
mod read;
mod values;

use std::fmt::Write as _;

pub(crate) use arrays::all_or_nothing;
pub use read::{all_in, all_in_either};
pub(crate) use values::script;

use self::arrays::unnest;
use self::values::{wide_insert, wide_values};
use crate::{Engine, Error, Result, Sql, Tx, Value};

/// Rows for a table.
#[derive(Default)]
pub struct Insert<'a> {
    pub table: &'a str,
    pub columns: &'a [&'a str],
    pub rows: Vec<Vec<Value>>,
    /// May say `ON CONFLICT …`.
    pub tail: &'a str,
}

/// Rows of a table that change. The first column is the key; the others are set.
pub struct Update<'a> {
    pub table: &'a str,
    pub columns: &'a [&'a str],
    pub rows: Vec<Vec<Value>>,
}

/// Rows that change if they are still what they were. Where there is one writer, or they are locked, they are.
pub struct Change<'a> {
    pub update: Update<'a>,
    /// Columns, and for each row what they were.
    pub were: &'a [&'a str],
    pub was: Vec<Vec<Value>>,
}

impl Change<'_> {
    /// What they become, and then what they were.
    fn rows(self) -> Vec<Vec<Value>> {
        self.update.rows.into_iter().zip(self.was).map(|(row, was)| row.into_iter().chain(was).collect()).collect()
    }
}

pub enum Write<'a> {
    Insert(Insert<'a>),
    Update(Update<'a>),
    Change(Change<'a>),
}

impl Write<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Insert(insert) => insert.rows.len(),
            Self::Update(update) | Self::Change(Change { update, .. }) => update.rows.len(),
        }
    }

    /// How many rows must be written, where that is not as it may.
    fn expected(&self) -> Option<u64> {
        match self {
            Self::Insert(_) | Self::Update(_) => None,
            Self::Change(change) => Some(change.was.len() as u64),
        }
    }
}

/// Writes into several tables. An error where a [`Change`] finds a row changed: whoever is in a transaction has locked it.
pub async fn write_all(tx: &mut Tx, writes: Vec<Write<'_>>) -> Result<()> {
    for write in writes {
        match write {
            Write::Insert(Insert { table, columns, rows, tail }) => insert_many(tx, table, columns, rows, tail).await,
            Write::Update(Update { table, columns, rows }) => update_many(tx, table, columns, rows).await,
            Write::Change(change) => {
                let Change { update: Update { table, columns, .. }, were, .. } = change;
                let rows = change.rows();
                let expected = rows.len() as u64;
                let changed = change_many(tx, table, columns, were, rows).await?;
                if changed != expected {
                    return Err(Error::Internal(format!("{changed} of {expected} rows of {table} were as they had been read")));
                }
                Ok(changed)
            }
        }?;
    }
    Ok(())
}

/// Inserts many rows. `tail` may say `ON CONFLICT … DO NOTHING`. Answers how many rows were inserted.
pub async fn insert_many(tx: &mut Tx, table: &str, columns: &[&str], rows: Vec<Vec<Value>>, tail: &str) -> Result<u64> {
    const MOST_VALUES: usize = 4_096;
    if rows.is_empty() {
        return Ok(0);
    }
    if tx.engine() == Engine::Postgres {
        let (sql, arrays) = Write::Insert(Insert { table, columns, rows, tail }).unnested(1)?;
        return tx.exec(&sql, arrays).await;
    }
    let widest = 1 << (MOST_VALUES / columns.len().max(1)).max(1).ilog2();
    in_pieces(tx, rows, widest, |width| wide_insert(table, columns, width, tail)).await
}

/// With statements of widths that are powers of two, the widest first. Answers how many rows were written.
async fn in_pieces(tx: &mut Tx, rows: Vec<Vec<Value>>, widest: usize, sql: impl Fn(usize) -> String) -> Result<u64> {
    let mut left = rows.into_iter();
    let mut done = 0;
    while left.len() > 0 {
        let width = (1usize << left.len().ilog2()).min(widest);
        done += tx.exec(&sql(width), left.by_ref().take(width).flatten().collect()).await?;
    }
    Ok(done)
}

/// Updates many rows of one table; see [`Update`].
pub async fn update_many(tx: &mut Tx, table: &str, columns: &[&str], rows: Vec<Vec<Value>>) -> Result<u64> {
    change_many(tx, table, columns, &[], rows).await
}

/// The same. Behind what they become, rows may have what they must have been: in the columns `were`.
async fn change_many(tx: &mut Tx, table: &str, columns: &[&str], were: &[&str], rows: Vec<Vec<Value>>) -> Result<u64> {
    const WIDEST: usize = 256;
    if rows.is_empty() {
        return Ok(0);
    }
    if tx.engine() == Engine::Postgres {
        let (source, arrays) = unnest(columns.len() + were.len(), rows, 1)?;
        return tx.exec(&update_from(table, columns, were, &source), arrays).await;
    }
    in_pieces(tx, rows, WIDEST, |width| {
        let mut source = String::from("VALUES ");
        wide_values(&mut source, columns.len() + were.len(), width);
        update_from(table, columns, were, &source)
    })
    .await
}

/// Both databases call the columns of `VALUES` so; [`unnest`] does likewise.
fn update_from(table: &str, columns: &[&str], were: &[&str], source: &str) -> String {
    let mut sql = format!("UPDATE {table} SET ");
    for (place, column) in columns.iter().enumerate().skip(1) {
        let _ = write!(sql, "{}{column} = v.column{}", if place > 1 { ", " } else { "" }, place + 1);
    }
    let key = columns.first().copied().unwrap_or("id");
    let _ = write!(sql, " FROM ({source}) AS v WHERE {table}.{key} = v.column1");
    for (place, column) in (columns.len() + 1..).zip(were) {
        let _ = write!(sql, " AND {table}.{column} IS NOT DISTINCT FROM v.column{place}");
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;
    use crate::sql::placeholders;

    #[test]
    fn sqlite_gets_a_placeholder_a_value() {
        assert_eq!(wide_insert("t", &["a", "b"], 2, "x"), "INSERT OR FAIL INTO t (a, b) VALUES (?,?), (?,?) x");
        assert_eq!(placeholders(3, 3), "$3, $4, $5");
        assert_eq!(
            update_from("t", &["id", "n"], &["n"], "VALUES (?,?,?)"),
            "UPDATE t SET n = v.column2 FROM (VALUES (?,?,?)) AS v WHERE t.id = v.column1 AND t.n IS NOT DISTINCT FROM v.column3"
        );
    }

    #[test]
    fn postgres_gets_an_array_a_column_and_one_more_where_something_is_absent() {
        let rows = vec![args![1, Some("x")], args![2, None::<&str>]];
        let (sql, arrays) = unnest(2, rows, 1).unwrap();
        assert_eq!(
            sql,
            "SELECT c1 AS column1, CASE WHEN absent2 THEN NULL ELSE c2 END AS column2 FROM UNNEST($1::bigint[], $2::text[], $3::boolean[]) AS u (c1, c2, absent2)"
        );
        assert_eq!(arrays.len(), 3);
        assert!(unnest(1, vec![vec![Value::Int(Some(1))]], 1).is_err(), "a type that no column has");
    }
}
