//! Many rows with few statements.
//!
//! PostgreSQL gets one array a column, whatever the number of rows: one text that is planned once, and three to four times
//! faster there than a wide `VALUES`. SQLite has no arrays, and gets a `?` a value; the widths are powers of two, so that
//! only some texts are ever prepared, and anonymous, since named ones make a wide statement several times slower.

use std::fmt::Write as _;

use sea_orm::sea_query::{ArrayType, Value as Seen};

use crate::sql::placeholders;
use crate::{Engine, Error, Result, Row, Sql, Tx, Value};

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

    /// As PostgreSQL has it: with an array a column, the first of which is `$first`.
    fn unnested(self, first: usize) -> Result<(String, Vec<Value>)> {
        match self {
            Self::Insert(insert) => {
                let (source, arrays) = unnest(insert.columns.len(), insert.rows, first)?;
                Ok((format!("INSERT INTO {} ({}) {source} {}", insert.table, insert.columns.join(", "), insert.tail), arrays))
            }
            Self::Update(update) => {
                let (source, arrays) = unnest(update.columns.len(), update.rows, first)?;
                Ok((update_from(update.table, update.columns, &[], &source), arrays))
            }
            Self::Change(change) => {
                let Change { update: Update { table, columns, .. }, were, .. } = change;
                let (source, arrays) = unnest(columns.len() + were.len(), change.rows(), first)?;
                Ok((update_from(table, columns, were, &source), arrays))
            }
        }
    }
}

/// One statement that writes all of it, and fails where a [`Change`] finds a row changed. With its arguments; `None` where there is
/// nothing to write.
pub(crate) fn all_or_nothing(mut writes: Vec<Write<'_>>) -> Result<Option<(String, Vec<Value>)>> {
    writes.retain(|write| write.len() > 0);
    if writes.is_empty() {
        return Ok(None);
    }
    let (mut sql, mut arrays, mut holds) = (String::new(), Vec::new(), String::from("TRUE"));
    for (n, write) in (1..).zip(writes) {
        let expected = write.expected();
        let (text, more) = write.unnested(arrays.len() + 1)?;
        arrays.extend(more);
        let _ = write!(sql, "{}w{n} AS ({text}", if n == 1 { "WITH " } else { ", " });
        if let Some(expected) = expected {
            arrays.push(Value::from(i64::try_from(expected).unwrap_or(i64::MAX)));
            let _ = write!(holds, " AND (SELECT COUNT(*) FROM w{n}) = ${}", arrays.len());
            sql.push_str(" RETURNING 1");
        }
        sql.push(')');
    }
    // There is no other way to say no from within a statement.
    let _ = write!(sql, " SELECT 1 / CASE WHEN {holds} THEN 1 ELSE 0 END");
    Ok(Some((sql, arrays)))
}

/// Writes into several tables.
pub async fn write_all(tx: &mut Tx, writes: Vec<Write<'_>>) -> Result<()> {
    for write in writes {
        match write {
            Write::Insert(Insert { table, columns, rows, tail }) => insert_many(tx, table, columns, rows, tail).await,
            Write::Update(Update { table, columns, rows }) => update_many(tx, table, columns, rows).await,
            Write::Change(change) => {
                let Change { update: Update { table, columns, .. }, were, .. } = change;
                change_many(tx, table, columns, were, change.rows()).await
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

fn wide_insert(table: &str, columns: &[&str], rows: usize, tail: &str) -> String {
    // `FAIL`: SQLite need not be able to undo this statement by itself, for which it would copy every page before it is changed. A
    // transaction with a failed statement is undone as a whole.
    let mut sql = format!("INSERT OR FAIL INTO {table} ({}) VALUES ", columns.join(", "));
    wide_values(&mut sql, columns.len(), rows);
    sql.push(' ');
    sql.push_str(tail);
    sql
}

/// `(?,?), (?,?)`.
fn wide_values(sql: &mut String, columns: usize, rows: usize) {
    let row = format!("({})", vec!["?"; columns].join(","));
    sql.reserve(rows * (row.len() + 2));
    for n in 0..rows {
        sql.push_str(if n > 0 { ", " } else { "" });
        sql.push_str(&row);
    }
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

/// Reads the rows of many keys: `text` ends where the list of values begins (`… WHERE lookup IN`), and `tail` follows it.
pub async fn all_in<T: Send>(
    sql: &mut impl Sql,
    text: &str,
    tail: &str,
    mut values: Vec<Value>,
    read: impl Fn(&Row) -> Result<T> + Send + Copy,
) -> Result<Vec<T>> {
    const WIDEST: usize = 512;
    if values.is_empty() {
        return Ok(Vec::new());
    }
    if sql.engine() == Engine::Postgres {
        let (text, array) = any_of_array(text, values, 1)?;
        return sql.all(&format!("{text}{tail}"), vec![array], read).await;
    }
    let mut rows = Vec::with_capacity(values.len());
    while !values.is_empty() {
        let rest = values.split_off(values.len().min(WIDEST));
        // Filled up with its last value.
        let width = values.len().next_power_of_two();
        if let Some(last) = values.last().cloned() {
            values.resize(width, last);
        }
        rows.extend(sql.all(&format!("{text} ({}){tail}", placeholders(1, width)), values, read).await?);
        values = rest;
    }
    Ok(rows)
}

/// Reads the rows of many keys of one table and of another by one statement: each text ends where its list of values begins, and both
/// have the same columns.
pub async fn all_in_either<T: Send>(
    sql: &mut impl Sql,
    lists: [(&str, Vec<Value>); 2],
    read: impl Fn(&Row) -> Result<T> + Send + Copy,
) -> Result<Vec<T>> {
    let (mut texts, mut args) = (Vec::new(), Vec::new());
    for (text, mut values) in lists {
        let Some(last) = values.last().cloned() else { continue };
        if sql.engine() == Engine::Postgres {
            let (text, array) = any_of_array(text, values, args.len() + 1)?;
            texts.push(text);
            args.push(array);
        } else {
            values.resize(values.len().next_power_of_two(), last);
            texts.push(format!("{text} ({})", placeholders(args.len() + 1, values.len())));
            args.extend(values);
        }
    }
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    sql.all(&texts.join(" UNION ALL "), args, read).await
}

/// `… WHERE lookup IN` as PostgreSQL has it, with its values as one array: one text for any number, so that it is planned once.
pub(crate) fn any_of_array(text: &str, values: Vec<Value>, place: usize) -> Result<(String, Value)> {
    let (name, kind) = array_of(&values)?;
    let text = text.strip_suffix(" IN").unwrap_or(text);
    Ok((format!("{text} = ANY(${place}::{name}[])"), Value::Array(kind, Some(Box::new(values)))))
}

/// `SELECT column1, … FROM UNNEST($1::uuid[], …)` and its arrays. An array here cannot hold a `NULL`, so a column that has some
/// brings a second array that says where.
fn unnest(width: usize, rows: Vec<Vec<Value>>, first: usize) -> Result<(String, Vec<Value>)> {
    let mut columns: Vec<Vec<Value>> = (0..width).map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    let (mut shown, mut names, mut sources, mut arrays) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (n, mut column) in columns.into_iter().enumerate() {
        let place = n + 1;
        let (name, kind) = array_of(&column)?;
        let absent: Vec<Value> = column.iter().map(|value| Value::from(is_null(value))).collect();
        let some_absent = column.iter().any(is_null);
        if some_absent {
            column.iter_mut().filter(|value| is_null(value)).for_each(|value| *value = any_of(value));
        }
        sources.push(format!("${}::{name}[]", first + arrays.len()));
        names.push(format!("c{place}"));
        arrays.push(Value::Array(kind, Some(Box::new(column))));
        if some_absent {
            sources.push(format!("${}::boolean[]", first + arrays.len()));
            names.push(format!("absent{place}"));
            arrays.push(Value::Array(ArrayType::Bool, Some(Box::new(absent))));
            shown.push(format!("CASE WHEN absent{place} THEN NULL ELSE c{place} END AS column{place}"));
        } else {
            shown.push(format!("c{place} AS column{place}"));
        }
    }
    let sql = format!("SELECT {} FROM UNNEST({}) AS u ({})", shown.join(", "), sources.join(", "), names.join(", "));
    Ok((sql, arrays))
}

/// What PostgreSQL and the driver call an array of such values.
fn array_of(values: &[Value]) -> Result<(&'static str, ArrayType)> {
    match values.first() {
        Some(Seen::Uuid(_)) => Ok(("uuid", ArrayType::Uuid)),
        Some(Seen::BigInt(_)) => Ok(("bigint", ArrayType::BigInt)),
        Some(Seen::String(_)) => Ok(("text", ArrayType::String)),
        Some(Seen::Bool(_)) => Ok(("boolean", ArrayType::Bool)),
        Some(Seen::Bytes(_)) => Ok(("bytea", ArrayType::Bytes)),
        other => Err(Error::Internal(format!("no array of {other:?}"))),
    }
}

fn is_null(value: &Value) -> bool {
    matches!(value, Seen::Uuid(None) | Seen::BigInt(None) | Seen::String(None) | Seen::Bool(None) | Seen::Bytes(None))
}

/// Something of the same type, in the place of nothing.
fn any_of(value: &Value) -> Value {
    match value {
        Seen::Uuid(_) => Value::from(uuid::Uuid::nil()),
        Seen::String(_) => Value::from(String::new()),
        Seen::Bool(_) => Value::from(false),
        Seen::Bytes(_) => Value::from(Vec::<u8>::new()),
        _ => Value::from(0_i64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

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
