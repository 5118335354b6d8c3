//! Statements: text with `$1` placeholders, arguments, and rows read by column name.

use std::fmt::Write as _;
use std::future::Future;

use kernel::Word;
use sea_orm::QueryResult;

use crate::{Engine, Error, FromValue, Place, Result, ToValue, Value};

/// One row of an answer.
pub struct Row(pub(crate) QueryResult);

impl Row {
    pub fn get<T: FromValue>(&self, column: impl Place) -> Result<T> {
        T::from_column(&self.0, column)
    }

    /// A column that holds one of a closed set of words.
    pub fn word<W: Word>(&self, column: impl Place) -> Result<W> {
        let text: String = self.get(column)?;
        W::parse(&text).ok_or_else(|| Error::row(column, format!("unknown word {text:?}")))
    }

    pub fn opt_word<W: Word>(&self, column: impl Place) -> Result<Option<W>> {
        let text: Option<String> = self.get(column)?;
        text.map(|text| W::parse(&text).ok_or_else(|| Error::row(column, format!("unknown word {text:?}")))).transpose()
    }
}

/// What a [`crate::Db`] (each statement by itself, reading) and a [`Tx`] (all together) can both do.
pub trait Sql: Send {
    /// Which of the two it is.
    fn engine(&self) -> Engine;

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

    /// The values that are bound so far, and no conditions.
    pub(crate) fn without_conditions(self) -> Self {
        Self { sql: String::new(), args: self.args }
    }

    pub(crate) fn values(&self) -> &[Value] {
        &self.args
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
