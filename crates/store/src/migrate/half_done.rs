//! Steps that were done by hand, in part, or for another program: what is there already cannot be made again.

use super::{Migration, Status, describe, on_record, unfit};
use crate::{Db, Result};

/// Compares as [`super::status`] does, and looks besides whether the missing steps can be applied as far as can be seen without doing it: for `doctor`,
/// which changes nothing and takes no lock.
///
/// # Errors
/// [`crate::Error::Version`] where [`super::status`] has it, and where something is there that a missing step makes.
pub async fn examine(db: &Db, migrations: &[Migration]) -> Result<Status> {
    let status = super::status(db, migrations).await?;
    if status == Status::Current {
        return Ok(status);
    }
    let applied = on_record(db).await?.map_or(0, |applied| applied.len());
    let there = describe(db).await?;
    for migration in &migrations[applied..] {
        let made = migration.text(db.engine());
        if let Some(thing) = made.lines().filter_map(makes).find(|thing| there.iter().any(|line| line.starts_with(&thing.line))) {
            return Err(unfit(migration, &format!("{} is there already", thing.name)));
        }
    }
    Ok(status)
}

/// A table, a column or an index.
#[derive(Debug, PartialEq, Eq)]
struct Thing {
    name: String,
    /// How its lines in what [`describe`] answers begin.
    line: String,
}

/// What this line of a migration makes.
fn makes(line: &str) -> Option<Thing> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (name, line) = match words.as_slice() {
        ["CREATE", "TABLE", table, ..] => (format!("table {table}"), format!("column {table}.")),
        ["ALTER", "TABLE", table, "ADD", "COLUMN", column, ..] => (format!("column {table}.{column}"), format!("column {table}.{column} ")),
        ["CREATE", "INDEX", index, "ON", table, ..] | ["CREATE", "UNIQUE", "INDEX", index, "ON", table, ..] => {
            (format!("index {index}"), format!("index {table}.{index} "))
        }
        _ => return None,
    };
    Some(Thing { name, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_makes_is_read_from_it() {
        let said = |line: &str| makes(line).map(|thing| (thing.name, thing.line));
        let both = |name: &str, line: &str| Some((name.to_owned(), line.to_owned()));
        assert_eq!(said("CREATE TABLE jobs ("), both("table jobs", "column jobs."));
        assert_eq!(
            said("ALTER TABLE sign_ins ADD COLUMN tries BIGINT NOT NULL DEFAULT 1;"),
            both("column sign_ins.tries", "column sign_ins.tries ")
        );
        assert_eq!(said("CREATE INDEX jobs_list ON jobs (kind);"), both("index jobs_list", "index jobs.jobs_list "));
        assert_eq!(said("CREATE UNIQUE INDEX one ON t (a) WHERE b;"), both("index one", "index t.one "));
        for other in ["", "  id UUID PRIMARY KEY,", "-- CREATE TABLE no (", "INSERT INTO t (a) VALUES (1);", "ALTER TABLE t SET (x = 1);"] {
            assert_eq!(said(other), None, "{other}");
        }
    }
}
