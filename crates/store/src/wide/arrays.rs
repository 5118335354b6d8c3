//! PostgreSQL's way: an array a column.

use std::fmt::Write as _;

use sea_orm::sea_query::{ArrayType, Value as Seen};

use super::{Change, Update, Write, update_from};
use crate::{Error, Result, Value};

impl Write<'_> {
    /// As PostgreSQL has it: with an array a column, the first of which is `$first`.
    pub(super) fn unnested(self, first: usize) -> Result<(String, Vec<Value>)> {
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

/// `… WHERE lookup IN` as PostgreSQL has it, with its values as one array: one text for any number, so that it is planned once.
pub(super) fn any_of_array(text: &str, values: Vec<Value>, place: usize) -> Result<(String, Value)> {
    let (name, kind) = array_of(&values)?;
    let text = text.strip_suffix(" IN").unwrap_or(text);
    Ok((format!("{text} = ANY(${place}::{name}[])"), Value::Array(kind, Some(Box::new(values)))))
}

/// `SELECT column1, … FROM UNNEST($1::uuid[], …)` and its arrays. An array here cannot hold a `NULL`, so a column that has some
/// brings a second array that says where.
pub(super) fn unnest(width: usize, rows: Vec<Vec<Value>>, first: usize) -> Result<(String, Vec<Value>)> {
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
