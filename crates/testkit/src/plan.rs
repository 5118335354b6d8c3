//! What a database means to do for a statement, and whether the cost of that has an end.
//!
//! Tables are small in tests, and a planner rightly reads a small table from end to end. So PostgreSQL is told to do that, or to
//! sort, only where it has no other way: what it then still does so, it would have to do with ten million rows. What it chooses by itself among such
//! rows is another question: [`chosen()`]. SQLite has no figures about tables here, as in an installation, and plans by the indexes alone.

mod chosen;

use std::collections::BTreeSet;

pub use chosen::chosen;

use store::{Db, Engine, Row, Sql, Value};

/// Read from end to end only where they were counted before, or are as many as batches are being made at once.
const SMALL: [&str; 2] = ["projects", "batches_open"];
/// What the tables are called along which lists go: their lanes, and the lines of a statement of account.
const ALONG: [&str; 2] = ["t", "e"];

/// What would cost more the longer a table is. Nothing, where all is well.
///
/// # Panics
/// When there is no plan to be had.
pub async fn unbounded(db: &Db, sql: &str, args: Vec<Value>) -> Vec<String> {
    let plan = match db.engine() {
        Engine::Sqlite => {
            let read = |row: &Row| Ok((row.get::<i64>("parent")?, row.get::<String>("detail")?));
            let query = format!("EXPLAIN QUERY PLAN {sql}");
            let steps = db.read().all(&query, args, read).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
            let query = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'";
            let partial = db.read().all(query, Vec::new(), |row| row.get::<String>("name")).await.expect("the indexes");
            return sqlite(sql, &steps, &partial);
        }
        Engine::Postgres => {
            let mut tx = db.begin().await.expect("a transaction");
            for way in ["seqscan", "bitmapscan", "sort", "incremental_sort", "hashjoin", "mergejoin"] {
                tx.exec(&format!("SET LOCAL enable_{way} = off"), Vec::new()).await.expect("a setting");
            }
            let query = format!("EXPLAIN (COSTS OFF) {sql}");
            tx.all(&query, args, |row| row.get::<String>("QUERY PLAN")).await.unwrap_or_else(|error| panic!("{error}: {sql}"))
        }
    };
    postgres(sql, &plan, None)
}

/// The name that stands behind the last of these words.
fn after<'a>(line: &'a str, words: &[&str]) -> &'a str {
    let rest = words.iter().find_map(|word| line.rsplit_once(word)).map_or("", |(_, rest)| rest);
    rest.split_whitespace().next().unwrap_or("")
}

/// For each alias, the table that it stands for.
fn tables(sql: &str) -> Vec<(String, String)> {
    let words: Vec<&str> = sql.split(|c: char| c.is_whitespace() || "(),".contains(c)).filter(|word| !word.is_empty()).collect();
    let named = |place: usize| {
        let table = words.get(place + 1)?;
        let alias = words.get(place + 2).filter(|next| !next.chars().all(|c| c.is_ascii_uppercase())).unwrap_or(table);
        Some(((*alias).to_owned(), (*table).to_owned()))
    };
    let places = words.iter().enumerate().filter(|(_, word)| matches!(**word, "FROM" | "JOIN"));
    places.filter_map(|(place, _)| named(place)).collect()
}

/// Without the index's name.
fn plain(sql: &str) -> String {
    let mut pieces = sql.split(" INDEXED BY ");
    let first = pieces.next().unwrap_or("").to_owned();
    pieces.fold(first, |plain, piece| plain + " " + piece.split_once(' ').map_or("", |(_, rest)| rest))
}

/// How many columns of an index each lane says, by what stands in the statement.
fn said(sql: &str) -> BTreeSet<usize> {
    let sql = &plain(sql);
    let lanes = sql.match_indices(" t WHERE ").map(|(place, _)| sql[place..].split(" ORDER BY").next().unwrap_or(""));
    lanes
        .filter(|lane| !lane.contains(" IN ("))
        .map(|lane| lane.split("t.").filter(|part| part.split_whitespace().nth(1) == Some("=")).count())
        .collect()
}

/// Whether a lane has a condition without a value, which only a partial index can have.
fn condition(sql: &str) -> bool {
    let sql = &plain(sql);
    let lane = sql.split(" t WHERE ").nth(1).and_then(|rest| rest.split(" ORDER BY").next()).unwrap_or("");
    lane.split(" AND ").any(|part| part.starts_with("(t.") && !part.contains('$'))
}

fn sqlite(sql: &str, steps: &[(i64, String)], partial: &[String]) -> Vec<String> {
    let tables = tables(sql);
    let table = |alias: &str| tables.iter().find(|(known, table)| known == alias || table == alias).map(|(_, table)| table.as_str());
    let mut found = Vec::new();
    let mut used = BTreeSet::new();
    for (parent, step) in steps {
        let words: Vec<&str> = step.split_whitespace().collect();
        match words[..] {
            // What has a name of its own in the statement was made by it, and has an end.
            ["SCAN", alias, ..] if table(alias).is_some_and(|table| !table.starts_with(|c: char| c.is_ascii_digit())) => {
                let name = table(alias).unwrap_or("");
                let own = sql.contains(&format!("WITH RECURSIVE {name} "));
                let small = SMALL.iter().any(|small| *small == name || step.contains(small));
                if !own && !small {
                    found.push(step.clone());
                }
            }
            ["SEARCH", "t", ..] => {
                let index = after(step, &["INDEX "]);
                if condition(sql) && !partial.iter().any(|name| name == index) {
                    found.push(format!("reads rows in vain: {step}"));
                }
                if !sql.contains("t.id IN (") {
                    used.insert(step.matches("=?").count());
                }
                let sorted = steps.iter().any(|(other, line)| other == parent && line.starts_with("USE TEMP B-TREE FOR ORDER BY"));
                if sorted {
                    found.push(format!("sorts: {step}"));
                }
            }
            // By an index over what they have in common: an agent's keys are as many as it likes.
            ["SEARCH", "k", ..] if sql.contains("k.id IN (") && !step.contains("(id=?)") => {
                found.push(format!("known by their ids, and looked for otherwise: {step}"));
            }
            ["SEARCH", "e", ..] if steps.iter().any(|(_, line)| line.starts_with("USE TEMP B-TREE FOR ORDER BY")) => {
                found.push(format!("sorts: {step}"))
            }
            _ if step.contains("AUTOMATIC") => found.push(step.clone()),
            _ => {}
        }
    }
    found.extend(removing(sql, steps));
    if !used.is_empty() && used != said(sql) {
        found.push(format!("an index of which {used:?} columns are used, and {:?} are said", said(sql)));
    }
    found
}

/// What is removed is found in the order of an index and then by all of its key, and nobody who refers to it is looked for in vain.
fn removing(sql: &str, steps: &[(i64, String)]) -> Vec<String> {
    let Some((_, conditions)) = sql.strip_prefix("DELETE FROM ").and_then(|rest| rest.split_once(" WHERE ")) else { return Vec::new() };
    let key = conditions.split(" IN ").next().unwrap_or("").split(',').count();
    let bad = steps.iter().filter(|(parent, step)| {
        let by_part = *parent == 0 && step.starts_with("SEARCH") && step.matches("=?").count() < key;
        step.starts_with("SCAN") || step.starts_with("USE TEMP B-TREE FOR ORDER BY") || by_part
    });
    bad.map(|(_, step)| format!("removes: {step}")).collect()
}

/// What is wrong with a plan of PostgreSQL's, or with what it does with `only` these tables.
fn postgres(sql: &str, plan: &[String], only: Option<&[&str]>) -> Vec<String> {
    let mut found = Vec::new();
    // Where each open node begins, and what it is.
    let mut open: Vec<(usize, &str)> = Vec::new();
    for line in plan {
        let begin = line.len() - line.trim_start().len();
        let text = line.trim_start();
        let step = text.strip_prefix("->  ").unwrap_or(text);
        let scan = step.contains("Scan") && !step.contains(':');
        let is_step = text.starts_with("->") || open.is_empty();
        if is_step {
            open.retain(|(indent, _)| *indent < begin);
            open.push((begin, step));
        }
        let (_, node) = open.last().copied().unwrap_or((0, ""));
        let (relation, alias) = (after(node, &[" on "]), node.split_whitespace().last().unwrap_or(""));
        let counts = only.is_none_or(|only| only.contains(&relation));
        // What a lane leaves away behind its limit is read already.
        let along = counts && ALONG.contains(&alias) && !node.starts_with("Subquery Scan");
        let small = SMALL.iter().any(|small| relation == *small || node.contains(small));
        if is_step && sql.starts_with("DELETE FROM ") && ["Sort", "Incremental Sort"].contains(&step) {
            found.push(format!("sorts what is to be removed: {text}"));
        }
        if is_step && scan && !sql.contains("t.id IN (") {
            let above = open
                .iter()
                .rev()
                .skip(1)
                .map(|(_, above)| *above)
                .find(|above| ["Limit", "Sort", "Incremental Sort", "Aggregate", "HashAggregate"].contains(above));
            if step.contains("Seq Scan") && counts && !small {
                found.push(step.to_owned());
            }
            if along && above != Some("Limit") {
                found.push(format!("sorts: {step}"));
            }
        }
        if along && text.starts_with("Filter:") {
            found.push(format!("{node}: {text}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_known_by_their_aliases() {
        let known = tables(
            "SELECT c.id FROM client_calls c JOIN projects p ON TRUE WHERE c.id IN (SELECT t.id FROM keys t WHERE (t.a = $1) AND t.id < $2)",
        );
        let known: Vec<_> = known.iter().map(|(alias, table)| (alias.as_str(), table.as_str())).collect();
        assert_eq!(known, [("c", "client_calls"), ("p", "projects"), ("t", "keys")]);
    }

    #[test]
    fn a_lane_says_its_columns() {
        assert_eq!(
            said("FROM keys t WHERE (t.agent_id = $1) AND (t.read_at IS NULL) AND t.id < $2 AND t.state = $3 ORDER BY t.id DESC"),
            BTreeSet::from([2])
        );
        assert_eq!(said("FROM keys t WHERE TRUE AND t.id < $2 ORDER BY t.id DESC"), BTreeSet::from([0]));
    }
}
