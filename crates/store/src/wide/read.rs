//! Reading the rows of many keys.

use super::arrays::any_of_array;
use crate::sql::placeholders;
use crate::{Engine, Result, Row, Sql, Value};

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
