//! The database: the only crate that knows which one it is.
//!
//! - [`Db`] is opened once; [`Db::begin`] gives a [`Tx`] that is undone unless it is committed.
//! - [`Sql`] is what one does with either: `$1` placeholders, the common subset of SQLite's and PostgreSQL's SQL.
//! - [`Look`] reads pages of lists.
//! - [`Sweep`] removes what has become of no use.
//! - [`jobs`] are rows that say what must happen outside; they are written by the transaction that decided it.
//! - [`topics`] tell every process that something it remembers has changed.
//! - [`migrate`] brings the tables up to date, or refuses what it does not know.
//!
//! **Invariant**: no statement differs between the databases but inside this crate.
//! **Invariant**: on SQLite there is one writer; transactions that wait together share one commit, can each be undone
//! without the others, and none is answered before that commit ([`writer`]).

mod db;
mod direct;
mod error;
pub mod facts;
pub mod jobs;
mod lane;
mod look;
pub mod migrate;
mod postgres;
mod sql;
mod sweep;
#[cfg(feature = "testing")]
pub mod testing;
pub mod topics;
mod tx;
mod value;
mod wide;
mod writer;

pub use db::{Db, DbConfig, Engine};
pub use direct::Direct;
pub use error::Error;
pub use lane::{Index, Lane, Onward};
pub use look::{Look, Of, few, first_id};
pub use sql::{Filter, Row, Sql, placeholders};
pub use sweep::{Sweep, sweep};
pub use tx::Tx;
pub use value::{FromValue, Place, ToValue, Value};
pub use wide::{Change, Insert, Update, Write, all_in, all_in_either, insert_many, update_many, write_all};

pub type Result<T> = std::result::Result<T, Error>;

/// The arguments of a statement, in the order of its placeholders.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::ToValue::to_value($value)),*] };
}
