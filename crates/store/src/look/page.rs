//! Reading a page: the lanes, merged, and the rows that they bring.

use std::fmt::Write as _;

use kernel::{Cursor, Page, PageAsk};
use uuid::Uuid;

use super::{Among, Look, MOST_LANES, Of, time_of};
use crate::lane::Lane;
use crate::{Engine, Result, Row, Sql, ToValue, Value};

/// How many rows a page looks at beyond those that it shows, before it goes on and at last gives up. A row somewhere in a table of ten
/// million takes up to 50 µs.
const ROUNDS: [i64; 3] = [30, 200, 600];
/// The same where many lanes are merged.
const ROUNDS_OF_MANY: [i64; 3] = [30, 80, 80];
/// Lanes that are merged at once: more than rows on the longest page.
const MERGED: i64 = 240;

/// The values of one of several lanes, in the order of their columns.
type Own = Vec<Value>;

impl Look {
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
            // `IS TRUE`: SQLite would otherwise walk to here, where the query has nearer ends of its own.
            let after = from.map(|from| format!(" AND (b.id >= {from}) IS TRUE")).unwrap_or_default();
            merged.push(format!("SELECT b.id FROM ({beside}) b WHERE (b.id < {to}) IS TRUE{after}"));
        }
        let limit = bind(most.to_value());
        let sql = format!("SELECT m.id AS id FROM ({}) m ORDER BY m.id DESC LIMIT {limit}", merged.join(" UNION ALL "));
        Ok(Some(Ids { sql, args }))
    }

    /// The newest rows of one lane, from `FROM` on.
    fn stretch(&self, engine: Engine, own: &[(&str, String)], to: &str, from: Option<&str>, limit: &str) -> String {
        let (table, id) = (self.table, self.id);
        let order = self.by.map_or(self.own_key, |index| index.columns);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_has_the_values_that_it_uses() {
        let (sql, args) = used("a = $3 AND b < $10 AND c = $3 LIMIT $1", &(1..=10_i64).map(ToValue::to_value).collect::<Vec<_>>());
        assert_eq!((sql.as_str(), args), ("a = $1 AND b < $2 AND c = $1 LIMIT $3", crate::args![3_i64, 10_i64, 1_i64]));
        assert_eq!(used("nothing", &[Value::from(1_i64)]), ("nothing".to_owned(), Vec::new()));
    }
}
