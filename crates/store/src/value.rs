//! How our types stand in a statement and in a row.

use kernel::{Amount, Fen, Id, Quota, Timestamp};
use sea_orm::QueryResult;
pub use sea_orm::Value;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::sqlite::SqliteRow;
use sea_orm::sqlx::{self, ColumnIndex, Row as _};
use uuid::Uuid;

use crate::{Error, Result};

/// What can be bound to a placeholder.
pub trait ToValue {
    fn to_value(self) -> Value;
}

/// What can be read from a column.
pub trait FromValue: Sized {
    fn from_column(row: &QueryResult, column: impl Place) -> Result<Self>;
}

/// Which column: its name, or, where every microsecond counts, its place.
pub trait Place: ColumnIndex<PgRow> + ColumnIndex<SqliteRow> + Copy + std::fmt::Display {}

impl Place for &str {}
impl Place for usize {}

macro_rules! plain {
    ($($ty:ty),*) => {$(
        impl ToValue for $ty {
            fn to_value(self) -> Value { Value::from(self) }
        }
        impl ToValue for Option<$ty> {
            fn to_value(self) -> Value { Value::from(self) }
        }
        impl FromValue for $ty {
            fn from_column(row: &QueryResult, column: impl Place) -> Result<Self> { get(row, column) }
        }
        impl FromValue for Option<$ty> {
            fn from_column(row: &QueryResult, column: impl Place) -> Result<Self> { get(row, column) }
        }
    )*};
}

plain!(i64, bool, String, Uuid, Vec<u8>);

/// Past SeaORM, which looks for the name twice, and writes an error for each `NULL` before it knows that none is meant.
fn get<T>(row: &QueryResult, column: impl Place) -> Result<T>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    T: for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    let value = match (row.try_as_pg_row(), row.try_as_sqlite_row()) {
        (Some(row), _) => row.try_get(column),
        (None, Some(row)) => row.try_get(column),
        (None, None) => return Err(Error::row(column, "a row of neither database")),
    };
    value.map_err(|error| Error::row(column, error))
}

/// A type that is stored as another.
macro_rules! through {
    ($([$($generic:tt)*] $ty:ty, $raw:ty, $to:expr, $from:expr;)*) => {$(
        impl<$($generic)*> ToValue for $ty {
            fn to_value(self) -> Value { let to: fn($ty) -> $raw = $to; Value::from(to(self)) }
        }
        impl<$($generic)*> ToValue for Option<$ty> {
            fn to_value(self) -> Value { let to: fn($ty) -> $raw = $to; Value::from(self.map(to)) }
        }
        impl<$($generic)*> FromValue for $ty {
            fn from_column(row: &QueryResult, column: impl Place) -> Result<Self> { let from: fn($raw) -> $ty = $from; get::<$raw>(row, column).map(from) }
        }
        impl<$($generic)*> FromValue for Option<$ty> {
            fn from_column(row: &QueryResult, column: impl Place) -> Result<Self> { let from: fn($raw) -> $ty = $from; Ok(get::<Option<$raw>>(row, column)?.map(from)) }
        }
    )*};
}

through! {
    [E] Id<E>, Uuid, |id| id.uuid(), Id::from_uuid;
    [] Timestamp, i64, |at| at.micros(), Timestamp::from_micros;
    [] Quota, i64, |amount| amount.units(), Quota::new;
    [] Fen, i64, |amount| amount.fen(), Fen::new;
    [] Amount, i64, |amount| amount.units(), Amount::new;
}

impl ToValue for &str {
    fn to_value(self) -> Value {
        Value::from(self.to_owned())
    }
}
impl ToValue for Option<&str> {
    fn to_value(self) -> Value {
        Value::from(self.map(str::to_owned))
    }
}
impl ToValue for &[u8] {
    fn to_value(self) -> Value {
        Value::from(self.to_vec())
    }
}
impl<const N: usize> ToValue for [u8; N] {
    fn to_value(self) -> Value {
        Value::from(self.to_vec())
    }
}
impl ToValue for Value {
    fn to_value(self) -> Value {
        self
    }
}
