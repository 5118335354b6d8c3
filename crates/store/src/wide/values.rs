//! SQLite's way: a `?` a value, in texts of few widths.

use std::fmt::Write as _;

use super::{Change, Insert, Update, Write, update_from};
use crate::Value;

/// All of it as one text, for SQLite's thread to go through without being asked for each statement. It fails where a [`Change`] finds a
/// row changed, and what was done of it is then to be undone.
///
/// A width that is no power of two is filled up with rows that say nothing: there would be as many texts as there are numbers of rows
/// in each table, each prepared for the first time.
pub(crate) fn script(writes: Vec<Write<'_>>) -> (String, Vec<Value>) {
    let (mut sql, mut values) = (String::new(), Vec::new());
    let mut say = |text: &str, more: Vec<Value>| {
        let _ = write!(sql, "{}{text}", if sql.is_empty() { "" } else { "; " });
        values.extend(more);
    };
    for write in writes {
        match write {
            Write::Insert(Insert { table, columns, rows, tail }) => {
                for (source, values, _) in filled(rows, columns.len()) {
                    let columns = columns.join(", ");
                    say(
                        &format!("INSERT OR FAIL INTO {table} ({columns}) SELECT * FROM ({source}) WHERE column1 IS NOT NULL {tail}"),
                        values,
                    );
                }
            }
            Write::Update(Update { table, columns, rows }) => {
                for (source, values, _) in filled(rows, columns.len()) {
                    say(&update_from(table, columns, &[], &source), values);
                }
            }
            Write::Change(change) => {
                let Change { update: Update { table, columns, .. }, were, .. } = change;
                for (source, values, rows) in filled(change.rows(), columns.len() + were.len()) {
                    say(&update_from(table, columns, were, &source), values);
                    // There is no other way to say no from within a text: this overflows.
                    let expected = Value::from(i64::try_from(rows).unwrap_or(i64::MAX));
                    say("SELECT abs(CASE changes() WHEN ? THEN 1 ELSE -9223372036854775808 END)", vec![expected]);
                }
            }
        }
    }
    (sql, values)
}

/// `VALUES …` for so many rows at a time, filled up with rows of nothing; its values, and how many rows are something.
fn filled(mut rows: Vec<Vec<Value>>, columns: usize) -> Vec<(String, Vec<Value>, usize)> {
    const WIDEST: usize = 256;
    let mut parts = Vec::new();
    while !rows.is_empty() {
        let left = rows.split_off(rows.len().min(WIDEST));
        let width = rows.len().next_power_of_two();
        let mut source = String::from("VALUES ");
        wide_values(&mut source, columns, width);
        let some = rows.len();
        let mut values: Vec<Value> = rows.into_iter().flatten().collect();
        values.resize(width * columns, Value::BigInt(None));
        parts.push((source, values, some));
        rows = left;
    }
    parts
}

pub(super) fn wide_insert(table: &str, columns: &[&str], rows: usize, tail: &str) -> String {
    // `FAIL`: SQLite need not be able to undo this statement by itself, for which it would copy every page before it is changed. A
    // transaction with a failed statement is undone as a whole.
    let mut sql = format!("INSERT OR FAIL INTO {table} ({}) VALUES ", columns.join(", "));
    wide_values(&mut sql, columns.len(), rows);
    sql.push(' ');
    sql.push_str(tail);
    sql
}

/// `(?,?), (?,?)`.
pub(super) fn wide_values(sql: &mut String, columns: usize, rows: usize) {
    let row = format!("({})", vec!["?"; columns].join(","));
    sql.reserve(rows * (row.len() + 2));
    for n in 0..rows {
        sql.push_str(if n > 0 { ", " } else { "" });
        sql.push_str(&row);
    }
}
