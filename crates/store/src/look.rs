//! Pages of lists that may be as long as they like: newest first, at a cost that does not grow with the table.
//!
//! A list is read along *lanes*. A lane is a stretch of one index that has all its conditions as equalities and then the id, so
//! that its rows come in the list's order and none is read in vain. Where the conditions leave a column of the index open, there
//! is a lane for each of its values ([`Look::among`]), and the lanes are merged. What no index has is asked of the rows that the
//! lanes bring ([`Look::rest`]); then a page looks at so many rows and no further ([`page::ROUNDS`]), and says how far it came.
//!
//! **Invariant**: a statement reads at most so many rows as it is told to, whatever the planner knows of the table.

mod page;

use kernel::Timestamp;
use uuid::Uuid;

use crate::lane::Index;
use crate::{Filter, Result, Sql, ToValue, Value};

/// Lanes whose beginnings are compared.
const MOST_LANES: i64 = 2_000;
/// A row's id is made a moment before or after the time that is written beside it.
const MOMENT: i64 = 100_000;

/// How the values of a lane's column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Uuid,
    Text,
}

/// Columns of the index, and their values: words, or the rows of a query, as `v0`, `v1`, ….
enum Among {
    Words(&'static str, Vec<String>),
    Rows(Vec<(&'static str, Of)>, String),
}

impl Among {
    fn columns(&self) -> Vec<(&'static str, Of)> {
        match self {
            Self::Words(column, _) => vec![(column, Of::Text)],
            Self::Rows(columns, _) => columns.clone(),
        }
    }

    fn source(&self) -> String {
        match self {
            Self::Words(_, words) => words.iter().map(|word| format!("SELECT '{word}' AS v0")).collect::<Vec<_>>().join(" UNION ALL "),
            Self::Rows(_, source) => source.clone(),
        }
    }
}

/// Whether a lane for each row of `source`, `each` times, can be merged. Reads no more rows than that.
pub async fn few(sql: &mut impl Sql, source: &str, args: Vec<Value>, each: usize) -> Result<bool> {
    let most = MOST_LANES / i64::try_from(each).unwrap_or(1).max(1);
    let query = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT 1 AS one FROM ({source}) each_one LIMIT {}) few", most + 1);
    let n: i64 = sql.one(&query, args, |row| row.get("n")).await?;
    Ok(n <= most)
}

/// One page of a list; see above.
pub struct Look {
    table: &'static str,
    /// The index that the lanes lie in; the table's own key, where there is none.
    by: Option<&'static Index>,
    /// What that has before the id.
    own_key: &'static [&'static str],
    id: &'static str,
    /// Binds all values; its conditions are those of a partial index.
    along: Filter,
    /// What all lanes have in common: columns of the index, and the places of their values.
    equal: Vec<(&'static str, String)>,
    among: Vec<Among>,
    rest: Vec<String>,
    beside: Option<String>,
    from: Uuid,
    to: Uuid,
}

impl Look {
    /// Along the lanes of `table`, called `t` in conditions; `id` is the column that ends each index, and names the list's rows.
    pub fn new(table: &'static str, id: &'static str) -> Self {
        let (from, to) = (Uuid::nil(), Uuid::max());
        Self {
            table,
            by: None,
            own_key: &[],
            id,
            along: Filter::new(),
            equal: Vec::new(),
            among: Vec::new(),
            rest: Vec::new(),
            beside: None,
            from,
            to,
        }
    }

    /// A list whose rows are asked all of `conditions`; along the ids themselves, until something narrower is said.
    pub fn asking(table: &'static str, id: &'static str, conditions: Filter) -> Self {
        let mut look = Self::new(table, id);
        look.rest_plain(conditions.sql());
        look.along = conditions.without_conditions();
        look
    }

    /// `column` of the index has this value.
    pub fn along(&mut self, column: &'static str, value: impl ToValue) -> &mut Self {
        let place = self.along.arg(value);
        self.equal.push((column, place));
        self
    }

    /// The lanes lie in the table's own key, which has these columns before the id.
    pub fn by_own_key(&mut self, columns: &'static [&'static str]) -> &mut Self {
        self.own_key = columns;
        self
    }

    /// The lanes lie in this index.
    pub fn by(&mut self, index: &'static Index) -> &mut Self {
        self.by = Some(index);
        self
    }

    /// No other rows than these. They were counted, and are not many.
    pub fn only(&mut self, ids: Vec<impl ToValue>) -> &mut Self {
        let places: Vec<String> = ids.into_iter().map(|id| self.along.arg(id)).collect();
        self.along.and_plain(&format!("t.{} IN ({})", self.id, places.join(", ")));
        self
    }

    /// A condition that a partial index has word for word.
    pub fn partial(&mut self, condition: &str) -> &mut Self {
        self.along.and_plain(condition);
        self
    }

    /// `column` of the index has one of these words: a lane each.
    pub fn words(&mut self, column: &'static str, words: &[&str]) -> &mut Self {
        debug_assert!(words.iter().all(|word| word.bytes().all(|c| c.is_ascii_alphanumeric() || b"_.-".contains(&c))), "{words:?}");
        match words {
            [one] => self.along(column, *one),
            _ => {
                self.among.push(Among::Words(column, words.iter().map(|word| (*word).to_owned()).collect()));
                self
            }
        }
    }

    /// These columns of the index have the values of a row of `source`, a query for `v0`, `v1`, …, each row once: a lane each.
    /// Only what has an end may be asked so; see [`few`].
    pub fn among(&mut self, columns: &[(&'static str, Of)], source: &str) -> &mut Self {
        self.among.push(Among::Rows(columns.to_vec(), source.to_owned()));
        self
    }

    /// A value for [`Self::among`] or [`Self::rest_plain`]; answers its placeholder.
    pub fn arg(&mut self, value: impl ToValue) -> String {
        self.along.arg(value)
    }

    /// A condition on the rows that the lanes bring; `?` is the value.
    pub fn rest(&mut self, condition: &str, value: impl ToValue) -> &mut Self {
        let place = self.along.arg(value);
        self.rest_plain(&condition.replace('?', &place))
    }

    pub fn rest_some<V: ToValue>(&mut self, condition: &str, value: Option<V>) -> &mut Self {
        if let Some(value) = value {
            self.rest(condition, value);
        }
        self
    }

    pub fn rest_plain(&mut self, condition: &str) -> &mut Self {
        self.rest.push(format!("({condition})"));
        self
    }

    /// Rows that lie in no lane: a query for a bounded number of ids, as `id`.
    pub fn beside(&mut self, query: &str) -> &mut Self {
        self.beside = Some(query.to_owned());
        self
    }

    /// Only rows whose time in `column` is in this span: ids follow time, so that a lane is entered and left there.
    pub fn span(&mut self, column: &str, from: Option<Timestamp>, to: Option<Timestamp>) -> &mut Self {
        if let Some(from) = from {
            self.within(first_id(from.plus_micros(-MOMENT)), Uuid::max());
            self.rest(&format!("{column} >= ?"), from);
        }
        if let Some(to) = to {
            self.within(Uuid::nil(), first_id(to.plus_micros(MOMENT)));
            self.rest(&format!("{column} < ?"), to);
        }
        self
    }

    /// Only ids from `from` on and before `to`.
    pub fn within(&mut self, from: Uuid, to: Uuid) -> &mut Self {
        self.from = self.from.max(from);
        self.to = self.to.min(to);
        self
    }
}

/// No id that is made at this time or later is smaller.
pub fn first_id(at: Timestamp) -> Uuid {
    let micros = u64::try_from(at.micros()).unwrap_or(0);
    let millis = (u128::from(micros / 1_000) << 80) & (u128::MAX << 80);
    Uuid::from_u128(millis)
}

/// When an id was made.
fn time_of(id: Uuid) -> Timestamp {
    let millis = i64::try_from(id.as_u128() >> 80).unwrap_or(0);
    Timestamp::from_micros(millis * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Random;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_lies_between_the_marks_of_its_time(micros in 0_i64..4_000_000_000_000_000, seed: u64) {
            let at = Timestamp::from_micros(micros);
            let id = Random::seeded(seed).uuid_v7(at);
            prop_assert!(first_id(at) <= id);
            prop_assert!(id < first_id(at.plus_micros(1_000)));
            prop_assert_eq!(time_of(id).micros(), micros / 1_000 * 1_000);
        }
    }
}
