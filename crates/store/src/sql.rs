//! Statements: text with `$1` placeholders, arguments, and rows read by column name.

use std::fmt::Write as _;
use std::future::Future;

use kernel::Word;
use sea_orm::{DbBackend, QueryResult};

use crate::{Error, FromValue, Result, ToValue, Tx, Value};

/// One row of an answer.
pub struct Row(pub(crate) QueryResult);

impl Row {
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T> {
        T::from_column(&self.0, column)
    }

    /// A column that holds one of a closed set of words.
    pub fn word<W: Word>(&self, column: &str) -> Result<W> {
        let text: String = self.get(column)?;
        W::parse(&text).ok_or_else(|| Error::row(column, format!("unknown word {text:?}")))
    }

    pub fn opt_word<W: Word>(&self, column: &str) -> Result<Option<W>> {
        let text: Option<String> = self.get(column)?;
        text.map(|text| W::parse(&text).ok_or_else(|| Error::row(column, format!("unknown word {text:?}")))).transpose()
    }
}

/// What a [`crate::Db`] (each statement by itself, reading) and a [`Tx`] (all together) can both do.
pub trait Sql: Send {
    /// All rows, each through `read`.
    fn all<T: Send>(
        &mut self,
        sql: &str,
        args: Vec<Value>,
        read: impl Fn(&Row) -> Result<T> + Send,
    ) -> impl Future<Output = Result<Vec<T>>> + Send;

    /// The first row, or nothing.
    fn opt<T: Send>(
        &mut self,
        sql: &str,
        args: Vec<Value>,
        read: impl Fn(&Row) -> Result<T> + Send,
    ) -> impl Future<Output = Result<Option<T>>> + Send {
        async move { Ok(self.all(sql, args, read).await?.into_iter().next()) }
    }

    /// The one row that there must be.
    fn one<T: Send>(
        &mut self,
        sql: &str,
        args: Vec<Value>,
        read: impl Fn(&Row) -> Result<T> + Send,
    ) -> impl Future<Output = Result<T>> + Send {
        async move { self.opt(sql, args, read).await?.ok_or_else(|| Error::Internal(format!("no row from: {sql}"))) }
    }
}

/// Conditions that are put together as they are asked for, so that the database plans for just those.
///
/// ```ignore
/// let mut filter = Filter::new();
/// filter.and("project_id = ?", project).and_some("state = ?", state.map(Word::as_str));
/// let sql = format!("SELECT … WHERE {} ORDER BY id DESC LIMIT {}", filter.sql(), filter.arg(limit));
/// ```
#[derive(Default)]
pub struct Filter {
    sql: String,
    args: Vec<Value>,
}

impl Filter {
    pub fn new() -> Self {
        Self::default()
    }

    /// A condition with one `?` for its value; the same `?` twice means the same value twice.
    pub fn and(&mut self, condition: &str, value: impl ToValue) -> &mut Self {
        let place = self.arg(value);
        self.and_plain(&condition.replace('?', &place))
    }

    /// The condition, if there is a value.
    pub fn and_some<V: ToValue>(&mut self, condition: &str, value: Option<V>) -> &mut Self {
        if let Some(value) = value {
            self.and(condition, value);
        }
        self
    }

    /// A condition without a value.
    pub fn and_plain(&mut self, condition: &str) -> &mut Self {
        if !self.sql.is_empty() {
            self.sql.push_str(" AND ");
        }
        self.sql.push('(');
        self.sql.push_str(condition);
        self.sql.push(')');
        self
    }

    /// Binds a value and answers its placeholder.
    pub fn arg(&mut self, value: impl ToValue) -> String {
        self.args.push(value.to_value());
        format!("${}", self.args.len())
    }

    /// All conditions so far; `TRUE` where there are none.
    pub fn sql(&self) -> &str {
        if self.sql.is_empty() { "TRUE" } else { &self.sql }
    }

    pub fn args(self) -> Vec<Value> {
        self.args
    }
}

/// `$from, $from+1, …`, as many as `count`, joined by commas.
pub fn placeholders(from: usize, count: usize) -> String {
    let mut text = String::with_capacity(count * 5);
    for n in from..from + count {
        if n > from {
            text.push_str(", ");
        }
        let _ = write!(text, "${n}");
    }
    text
}

/// Inserts many rows with few statements: the widths are powers of two, so that only some texts are ever prepared.
/// `tail` may say `ON CONFLICT … DO NOTHING`. Answers how many rows were inserted.
///
/// SQLite gets anonymous `?` (a wide statement with named parameters is several times slower there).
pub async fn insert_many(tx: &mut Tx, table: &str, columns: &[&str], rows: Vec<Vec<Value>>, tail: &str) -> Result<u64> {
    const MOST_VALUES: usize = 4_096;
    let most = (MOST_VALUES / columns.len().max(1)).max(1);
    let widest = 1 << most.ilog2();
    let mut left = rows.into_iter();
    let mut done = 0;
    while left.len() > 0 {
        let width = (1usize << left.len().ilog2()).min(widest);
        let values: Vec<Value> = left.by_ref().take(width).flatten().collect();
        let sql = wide_insert(tx.backend(), table, columns, width, tail);
        done += tx.exec(&sql, values).await?;
    }
    Ok(done)
}

/// As [`insert_many`], answering what `RETURNING` says of the rows that were inserted; `tail` holds both clauses.
pub async fn insert_many_returning<T: Send>(
    tx: &mut Tx,
    table: &str,
    columns: &[&str],
    rows: Vec<Vec<Value>>,
    tail: &str,
    read: impl Fn(&Row) -> Result<T> + Send + Copy,
) -> Result<Vec<T>> {
    let mut left = rows.into_iter();
    let mut inserted = Vec::with_capacity(left.len());
    while left.len() > 0 {
        let width = (1usize << left.len().ilog2()).min(256);
        let values: Vec<Value> = left.by_ref().take(width).flatten().collect();
        let sql = wide_insert(tx.backend(), table, columns, width, tail);
        inserted.extend(tx.all(&sql, values, read).await?);
    }
    Ok(inserted)
}

fn wide_insert(backend: DbBackend, table: &str, columns: &[&str], rows: usize, tail: &str) -> String {
    let mut sql = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
    for row in 0..rows {
        if row > 0 {
            sql.push_str(", ");
        }
        sql.push('(');
        for column in 0..columns.len() {
            if column > 0 {
                sql.push(',');
            }
            if backend == DbBackend::Sqlite {
                sql.push('?');
            } else {
                let _ = write!(sql, "${}", row * columns.len() + column + 1);
            }
        }
        sql.push(')');
    }
    sql.push(' ');
    sql.push_str(tail);
    sql
}

/// The column types that [`update_many`] has to name for PostgreSQL.
#[derive(Debug, Clone, Copy)]
pub enum Column {
    Uuid(&'static str),
    BigInt(&'static str),
    Text(&'static str),
    Bytes(&'static str),
}

impl Column {
    const fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::Uuid(name) => (name, "uuid"),
            Self::BigInt(name) => (name, "bigint"),
            Self::Text(name) => (name, "text"),
            Self::Bytes(name) => (name, "bytea"),
        }
    }
}

/// Updates many rows of one table with few statements. The first column is the key; the others are set.
pub async fn update_many(tx: &mut Tx, table: &str, columns: &[Column], rows: Vec<Vec<Value>>) -> Result<u64> {
    const WIDEST: usize = 256;
    let mut left = rows.into_iter();
    let mut done = 0;
    while left.len() > 0 {
        let width = (1usize << left.len().ilog2()).min(WIDEST);
        let values: Vec<Value> = left.by_ref().take(width).flatten().collect();
        let sql = wide_update(tx.backend(), table, columns, width);
        done += tx.exec(&sql, values).await?;
    }
    Ok(done)
}

fn wide_update(backend: DbBackend, table: &str, columns: &[Column], rows: usize) -> String {
    let mut sql = format!("UPDATE {table} SET ");
    for (place, column) in columns.iter().enumerate().skip(1) {
        let _ = write!(sql, "{}{} = v.column{}", if place > 1 { ", " } else { "" }, column.parts().0, place + 1);
    }
    sql.push_str(" FROM (VALUES ");
    let mut number = 0;
    for row in 0..rows {
        sql.push_str(if row > 0 { ", (" } else { "(" });
        for (place, column) in columns.iter().enumerate() {
            number += 1;
            let comma = if place > 0 { "," } else { "" };
            let _ = match backend {
                DbBackend::Sqlite => write!(sql, "{comma}?"),
                // The first row's casts give the columns their types.
                _ if row == 0 => write!(sql, "{comma}${number}::{}", column.parts().1),
                _ => write!(sql, "{comma}${number}"),
            };
        }
        sql.push(')');
    }
    let _ = write!(sql, ") AS v WHERE {table}.{} = v.column1", columns.first().map_or("id", |column| column.parts().0));
    sql
}

/// Reads the rows of many keys with few statements: `sql` ends where the list of values begins (`… WHERE lookup IN`), and `tail`
/// follows it. Lists are filled up to powers of two with their last value, so that only some texts are ever prepared.
pub async fn all_in<T: Send>(
    sql: &mut impl Sql,
    text: &str,
    tail: &str,
    values: Vec<Value>,
    read: impl Fn(&Row) -> Result<T> + Send + Copy,
) -> Result<Vec<T>> {
    const WIDEST: usize = 512;
    let mut rows = Vec::with_capacity(values.len());
    for part in values.chunks(WIDEST) {
        let width = part.len().next_power_of_two();
        let mut list = part.to_vec();
        list.extend(part.last().cloned().into_iter().cycle().take(width - part.len()));
        rows.extend(sql.all(&format!("{text} ({}){tail}", placeholders(1, width)), list, read).await?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_inserts_are_written_for_each_database() {
        assert_eq!(wide_insert(DbBackend::Sqlite, "t", &["a", "b"], 2, ""), "INSERT INTO t (a, b) VALUES (?,?), (?,?) ");
        assert_eq!(wide_insert(DbBackend::Postgres, "t", &["a", "b"], 2, ""), "INSERT INTO t (a, b) VALUES ($1,$2), ($3,$4) ");
        assert_eq!(placeholders(3, 3), "$3, $4, $5");
        let columns = [Column::Uuid("id"), Column::BigInt("n")];
        assert_eq!(
            wide_update(DbBackend::Sqlite, "t", &columns, 2),
            "UPDATE t SET n = v.column2 FROM (VALUES (?,?), (?,?)) AS v WHERE t.id = v.column1"
        );
        assert_eq!(
            wide_update(DbBackend::Postgres, "t", &columns, 2),
            "UPDATE t SET n = v.column2 FROM (VALUES ($1::uuid,$2::bigint), ($3,$4)) AS v WHERE t.id = v.column1"
        );
    }
}
