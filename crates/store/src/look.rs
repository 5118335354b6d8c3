//! Pages of lists that may be as long as they like: newest first, at a cost that does not grow with the table.
//!
//! A list is read along *lanes*. A lane is a stretch of one index that has all its conditions as equalities and then the id, so
//! that its rows come in the list's order and none is read in vain. Where the conditions leave a column of the index open, there
//! is a lane for each of its values ([`Look::among`]), and the lanes are merged. What no index has is asked of the rows that the
//! lanes bring ([`Look::rest`]); then a page looks at so many rows and no further ([`ROUNDS`]), and says how far it came.
//!
//! **Invariant**: a statement reads at most so many rows as it is told to, whatever the planner knows of the table.

use std::fmt::Write as _;

use kernel::{Cursor, Page, PageAsk, Timestamp};
use uuid::Uuid;

use crate::lane::{Index, Lane};
use crate::{Engine, Filter, Result, Row, Sql, ToValue, Value};

/// How many rows a page looks at beyond those that it shows, before it goes on and at last gives up. A row somewhere in a table of ten
/// million takes up to 50 µs.
const ROUNDS: [i64; 3] = [30, 200, 600];
/// The same where many lanes are merged.
const ROUNDS_OF_MANY: [i64; 3] = [30, 80, 80];
/// Lanes that are merged at once: more than rows on the longest page.
const MERGED: i64 = 240;
/// Lanes whose beginnings are compared.
const MOST_LANES: i64 = 2_000;
/// A row's id is made a moment before or after the time that is written beside it.
const MOMENT: i64 = 100_000;

/// The values of one of several lanes, in the order of their columns.
type Own = Vec<Value>;

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
        Self { table, by: None, id, along: Filter::new(), equal: Vec::new(), among: Vec::new(), rest: Vec::new(), beside: None, from, to }
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

    /// Whether which lanes there are is asked of the database.
    fn many(&self) -> bool {
        self.among.iter().any(|among| matches!(among, Among::Rows(..)))
    }

    fn along_args(&self) -> Vec<Value> {
        self.along.values().to_vec()
    }

    /// Reads the page: `select` is a query up to its `WHERE`, in which `key` is the id that the lanes bring.
    pub async fn page<T: Send>(
        &self,
        sql: &mut impl Sql,
        select: &str,
        key: &str,
        ask: &PageAsk,
        read: impl Fn(&Row) -> Result<T> + Send + Sync,
        id: impl Fn(&T) -> Uuid + Sync,
    ) -> Result<Page<T>> {
        let mut before = ask.before().min(self.to);
        let mut items = Vec::new();
        let many = self.many();
        let rounds = if many { ROUNDS_OF_MANY } else { ROUNDS };
        let rounds = if self.rest.is_empty() { &[0][..] } else { &rounds[..] };
        for beyond in rounds {
            let wanted = ask.fetch() - i64::try_from(items.len()).unwrap_or(0);
            // Of many lanes only so many are merged, and so many rows are surely the next.
            let most = if many { (ask.fetch() + beyond).min(MERGED) } else { ask.fetch() + beyond };
            let Some(ids) = self.ids(sql, before, most).await? else { return Ok(Page::cut(items, ask, id)) };
            items.extend(self.rows(sql, select, key, &ids, wanted, &read).await?);
            if i64::try_from(items.len()).unwrap_or(0) >= ask.fetch() || self.rest.is_empty() {
                return Ok(Page::cut(items, ask, id));
            }
            // Not full: where did this round end?
            let (query, args) = used(&ids.sql, &ids.args);
            let seen = sql.all(&query, args, |row| row.get::<Uuid>("id")).await?;
            match seen.last() {
                Some(last) if i64::try_from(seen.len()).unwrap_or(0) >= most => before = *last,
                _ => return Ok(Page::cut(items, ask, id)),
            }
        }
        // One more than the page shows may have come: it is the next page's.
        let full = items.len() > usize::try_from(ask.limit).unwrap_or(0);
        let page = Page::cut(items, ask, id);
        Ok(if full { page } else { Page { next_cursor: Some(Cursor(before).encode()), searched_to: Some(time_of(before)), ..page } })
    }

    /// How many rows the lanes have; `None` where that is more than `most`, or where not all of them pass.
    pub async fn count(&self, sql: &mut impl Sql, most: i64) -> Result<Option<i64>> {
        if self.many() || !self.rest.is_empty() {
            return Ok(None);
        }
        let Some(ids) = self.ids(sql, self.to, most + 1).await? else { return Ok(Some(0)) };
        let query = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM ({}) counted", ids.sql);
        let (query, args) = used(&query, &ids.args);
        let n: i64 = sql.one(&query, args, |row| row.get("n")).await?;
        Ok((n <= most).then_some(n))
    }

    /// Those of the rows that pass, newest first.
    async fn rows<T: Send>(
        &self,
        sql: &mut impl Sql,
        select: &str,
        key: &str,
        ids: &Ids,
        wanted: i64,
        read: impl Fn(&Row) -> Result<T> + Send + Sync,
    ) -> Result<Vec<T>> {
        let mut args = ids.args.clone();
        args.push(wanted.to_value());
        let mut query = format!("{select} WHERE {key} IN ({})", ids.sql);
        // `IS TRUE`: or an index over what is asked of these rows looks better than these rows by their ids, to a planner that has seen
        // the table and not how few they are.
        for condition in &self.rest {
            let _ = write!(query, " AND {condition} IS TRUE");
        }
        let _ = write!(query, " ORDER BY {key} DESC LIMIT ${}", args.len());
        let (query, args) = used(&query, &args);
        sql.all(&query, args, |row| read(row)).await
    }

    /// A query for the next ids of all lanes together, at most so many; `None` where there is no lane.
    async fn ids(&self, sql: &mut impl Sql, before: Uuid, most: i64) -> Result<Option<Ids>> {
        let mut args = self.along_args();
        let mut bind = |value: Value| {
            args.push(value);
            format!("${}", args.len())
        };
        let (to, from) = (bind(before.to_value()), (!self.from.is_nil()).then(|| bind(self.from.to_value())));
        let id = self.id;
        let engine = sql.engine();
        let stretch = |own: &[(&str, String)], wanted: &str| self.stretch(engine, own, &to, from.as_deref(), wanted);
        if self.among.is_empty() && self.beside.is_none() {
            let limit = bind(most.to_value());
            let sql = format!("SELECT t.{id} AS id {}", stretch(&[], &limit));
            return Ok(Some(Ids { sql, args }));
        }
        let columns: Vec<(&'static str, Of)> = self.among.iter().flat_map(Among::columns).collect();
        let lanes =
            if self.many() { self.lanes(sql, (&to, from.as_deref()), &columns, args.clone(), most).await? } else { self.known_lanes() };
        if lanes.is_empty() && self.beside.is_none() {
            return Ok(None);
        }
        let mut bind = |value: Value| {
            args.push(value);
            format!("${}", args.len())
        };
        let mut merged = Vec::with_capacity(lanes.len());
        for (place, lane) in lanes.into_iter().enumerate() {
            let own: Vec<_> = columns.iter().zip(lane).map(|((column, _), value)| (*column, bind(value))).collect();
            // Lanes that begin with newer rows come before: each has one at least that is before all of this one's.
            let least = if self.many() { most - i64::try_from(place).unwrap_or(0) } else { most };
            let limit = bind(least.max(1).to_value());
            merged.push(format!("SELECT l{place}.id FROM (SELECT t.{id} AS id {}) l{place}", stretch(&own, &limit)));
        }
        if let Some(beside) = &self.beside {
            let after = from.map(|from| format!(" AND b.id >= {from}")).unwrap_or_default();
            merged.push(format!("SELECT b.id FROM ({beside}) b WHERE b.id < {to}{after}"));
        }
        let limit = bind(most.to_value());
        let sql = format!("SELECT m.id AS id FROM ({}) m ORDER BY m.id DESC LIMIT {limit}", merged.join(" UNION ALL "));
        Ok(Some(Ids { sql, args }))
    }

    /// The newest rows of one lane, from `FROM` on.
    fn stretch(&self, engine: Engine, own: &[(&str, String)], to: &str, from: Option<&str>, limit: &str) -> String {
        let (table, id) = (self.table, self.id);
        let order = self.by.map_or(&[][..], |index| index.columns);
        let said = self
            .equal
            .iter()
            .map(|(column, place)| (*column, place.as_str()))
            .chain(own.iter().map(|(column, place)| (*column, place.as_str())));
        let mut said: Vec<(&str, &str)> = said.collect();
        said.sort_by_key(|(column, _)| order.iter().position(|known| known == column));
        debug_assert!(said.iter().map(|(column, _)| *column).eq(order.iter().copied()), "{said:?} of {order:?} of {table}");
        let lane = Lane { table, index: self.by, said: &said, id, to, from, partial: self.along.sql(), limit };
        lane.rows(engine)
    }

    /// All lanes, where the values are words.
    fn known_lanes(&self) -> Vec<Own> {
        self.among.iter().fold(vec![Vec::new()], |lanes, among| {
            let Among::Words(_, words) = among else { return lanes };
            let with = |lane: &Own, word: &String| lane.iter().cloned().chain([word.as_str().to_value()]).collect();
            lanes.iter().flat_map(|lane| words.iter().map(move |word| with(lane, word))).collect()
        })
    }

    /// The lanes that can have a row among the next `most`: those with the newest beginnings.
    async fn lanes(
        &self,
        sql: &mut impl Sql,
        (to, from): (&str, Option<&str>),
        columns: &[(&'static str, Of)],
        mut args: Vec<Value>,
        most: i64,
    ) -> Result<Vec<Own>> {
        let mut names = Vec::new();
        let mut sources = Vec::new();
        let mut own = Vec::new();
        for (n, among) in self.among.iter().enumerate() {
            sources.push(format!("({}) d{n}", among.source()));
            for (v, (column, _)) in among.columns().iter().enumerate() {
                own.push((*column, format!("d{n}.v{v}")));
                names.push(format!("d{n}.v{v} AS l{}", names.len()));
            }
        }
        let (names, sources) = (names.join(", "), sources.join(" CROSS JOIN "));
        let read = |row: &Row| {
            let value = |(n, (_, of)): (usize, &(&str, Of))| {
                let name = format!("l{n}");
                match of {
                    Of::Uuid => Ok(row.get::<Uuid>(name.as_str())?.to_value()),
                    Of::Text => Ok(row.get::<String>(name.as_str())?.to_value()),
                }
            };
            columns.iter().enumerate().map(value).collect::<Result<Own>>()
        };
        args.push(most.to_value());
        let id = self.id;
        let newest = format!("SELECT t.{id} {}", self.stretch(sql.engine(), &own, to, from, "1"));
        // The inner limit keeps the look at each lane from being done again for the order.
        let query = format!(
            "SELECT * FROM (SELECT {names}, ({newest}) AS head FROM {sources} LIMIT {}) h WHERE h.head IS NOT NULL ORDER BY h.head DESC LIMIT ${}",
            MOST_LANES * 10,
            args.len()
        );
        let (query, args) = used(&query, &args);
        sql.all(&query, args, read).await
    }
}

/// A query for ids, with its values.
struct Ids {
    sql: String,
    args: Vec<Value>,
}

/// A statement with the values that it uses, and no others: a statement that was prepared is known by its text, and what it does not
/// use may be of another type the next time.
fn used(sql: &str, args: &[Value]) -> (String, Vec<Value>) {
    let (mut text, mut kept, mut places) = (String::with_capacity(sql.len()), Vec::new(), Vec::<usize>::new());
    let mut pieces = sql.split('$');
    text.push_str(pieces.next().unwrap_or(""));
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: usize = piece[..digits].parse().unwrap_or(0);
        let place = places.iter().position(|known| *known == number).unwrap_or_else(|| {
            places.push(number);
            kept.extend(args.get(number.wrapping_sub(1)).cloned());
            places.len() - 1
        });
        let _ = write!(text, "${}{}", place + 1, &piece[digits..]);
    }
    (text, kept)
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

    #[test]
    fn a_statement_has_the_values_that_it_uses() {
        let (sql, args) = used("a = $3 AND b < $10 AND c = $3 LIMIT $1", &(1..=10_i64).map(ToValue::to_value).collect::<Vec<_>>());
        assert_eq!((sql.as_str(), args), ("a = $1 AND b < $2 AND c = $1 LIMIT $3", crate::args![3_i64, 10_i64, 1_i64]));
        assert_eq!(used("nothing", &[Value::from(1_i64)]), ("nothing".to_owned(), Vec::new()));
    }

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
