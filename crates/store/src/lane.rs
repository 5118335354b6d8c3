//! Lanes: stretches of one index, see [`crate::Look`].

use crate::Engine;

/// An index of a list: its name, and its columns before the id.
#[derive(Debug)]
pub struct Index {
    pub name: &'static str,
    pub columns: &'static [&'static str],
}

/// The rows of `table` whose columns of the index have these values, newest first.
pub struct Lane<'a> {
    pub table: &'a str,
    /// The table's own key, where there is none.
    pub index: Option<&'a Index>,
    /// Columns of the index in its order, and the places of their values.
    pub said: &'a [(&'a str, &'a str)],
    /// The column by which the index goes on.
    pub id: &'a str,
    /// Before this.
    pub to: &'a str,
    /// Not before this.
    pub from: Option<&'a str>,
    /// The conditions of a partial index, on `t`.
    pub partial: &'a str,
    /// At most so many.
    pub limit: &'a str,
}

impl Lane<'_> {
    /// A query from `FROM` on, whose rows are `t`. It reads as many rows of the index as it is told to and no more, whatever the planner
    /// believes, and however few of them are the lane's.
    ///
    /// SQLite is told the index. PostgreSQL cannot be: with equalities it walks the table's key past ten million rows that are somebody
    /// else's, where it believes that there are many matches; and it does not end a scan at the lower one of two rows, but where the first
    /// column ends (until 18). So it is asked for the rows before one, in an order that only the one index has, and those of them that are
    /// another lane's are left away behind the limit.
    pub fn rows(&self, engine: Engine) -> String {
        let Self { table, id, to, partial, limit, .. } = self;
        let equal = |(column, place): &(&str, &str)| format!("t.{column} = {place}");
        let own: Vec<String> = self.said.iter().map(equal).chain(self.from.map(|from| format!("t.{id} >= {from}"))).collect();
        if engine == Engine::Sqlite || self.said.is_empty() {
            let by = self.index.filter(|_| engine == Engine::Sqlite).map(|index| format!(" INDEXED BY {}", index.name)).unwrap_or_default();
            let own: String = own.into_iter().map(|condition| format!("{condition} AND ")).collect();
            return format!("FROM {table} t{by} WHERE {partial} AND {own}t.{id} < {to} ORDER BY t.{id} DESC LIMIT {limit}");
        }
        let columns: Vec<String> = self.said.iter().map(|(column, _)| format!("t.{column}")).collect();
        let places: Vec<&str> = self.said.iter().map(|(_, place)| *place).collect();
        let (columns, places) = (columns.join(", "), places.join(", "));
        let order: String = self.said.iter().map(|(column, _)| format!("t.{column} DESC, ")).collect();
        format!(
            "FROM (SELECT * FROM {table} t WHERE {partial} AND ({columns}, t.{id}) < ({places}, {to}) ORDER BY {order}t.{id} DESC LIMIT {limit}) t WHERE {}",
            own.join(" AND ")
        )
    }
}

/// The rows of a lane after one of them, oldest first: for who goes through all of it. Its table's key is `id`.
pub struct Onward<'a> {
    pub table: &'a str,
    pub index: &'a Index,
    /// The places of the values of the index's columns.
    pub said: &'a [&'a str],
    /// After this.
    pub after: &'a str,
    /// At most so many. Said in the text, so that no plan is made for another number.
    pub most: i64,
}

impl Onward<'_> {
    /// The same kind of query as a [`Lane`]'s, for the same reasons. PostgreSQL may leave out the order of what it answers.
    pub fn rows(&self, engine: Engine) -> String {
        let Self { table, index, said, after, most } = self;
        debug_assert_eq!(index.columns.len(), said.len(), "{}", index.name);
        let columns: Vec<String> = index.columns.iter().map(|column| format!("t.{column}")).collect();
        let equal: Vec<String> = columns.iter().zip(*said).map(|(column, place)| format!("{column} = {place}")).collect();
        let equal = equal.join(" AND ");
        if engine == Engine::Sqlite {
            return format!("FROM {table} t INDEXED BY {} WHERE {equal} AND t.id > {after} ORDER BY t.id LIMIT {most}", index.name);
        }
        let (columns, places) = (columns.join(", "), said.join(", "));
        format!(
            "FROM (SELECT * FROM {table} t WHERE ({columns}, t.id) > ({places}, {after}) ORDER BY {columns}, t.id LIMIT {most}) t WHERE {equal}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: Index = Index { name: "by_a", columns: &["a", "b"] };

    fn lane<'a>(said: &'a [(&'a str, &'a str)]) -> Lane<'a> {
        Lane { table: "things", index: Some(&INDEX), said, id: "id", to: "$3", from: Some("$4"), partial: "TRUE", limit: "$5" }
    }

    #[test]
    fn sqlite_is_told_the_index_and_postgres_the_row_before_which_it_begins() {
        let said = [("a", "$1"), ("b", "$2")];
        assert_eq!(
            lane(&said).rows(Engine::Sqlite),
            "FROM things t INDEXED BY by_a WHERE TRUE AND t.a = $1 AND t.b = $2 AND t.id >= $4 AND t.id < $3 ORDER BY t.id DESC LIMIT $5"
        );
        assert_eq!(
            lane(&said).rows(Engine::Postgres),
            "FROM (SELECT * FROM things t WHERE TRUE AND (t.a, t.b, t.id) < ($1, $2, $3) ORDER BY t.a DESC, t.b DESC, t.id DESC LIMIT $5) t \
             WHERE t.a = $1 AND t.b = $2 AND t.id >= $4"
        );
    }

    #[test]
    fn who_goes_on_says_after_which_row_of_which_lane() {
        let onward = Onward { table: "things", index: &INDEX, said: &["$1", "$2"], after: "$3", most: 7 };
        assert_eq!(
            onward.rows(Engine::Sqlite),
            "FROM things t INDEXED BY by_a WHERE t.a = $1 AND t.b = $2 AND t.id > $3 ORDER BY t.id LIMIT 7"
        );
        assert_eq!(
            onward.rows(Engine::Postgres),
            "FROM (SELECT * FROM things t WHERE (t.a, t.b, t.id) > ($1, $2, $3) ORDER BY t.a, t.b, t.id LIMIT 7) t WHERE t.a = $1 AND t.b = $2"
        );
    }

    #[test]
    fn a_lane_without_columns_is_the_tables_key() {
        let lane = Lane { index: None, ..lane(&[]) };
        for engine in [Engine::Sqlite, Engine::Postgres] {
            assert_eq!(lane.rows(engine), "FROM things t WHERE TRUE AND t.id >= $4 AND t.id < $3 ORDER BY t.id DESC LIMIT $5");
        }
    }
}
