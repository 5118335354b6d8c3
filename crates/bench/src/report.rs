//! What a run found, and under which conditions: `figures.json`, from which xtask writes the table and the plots.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Value, json};
use store::{Db, DbConfig, Sql, args};

use crate::clock::unix;
use crate::figure::{Figure, HEAD, is_of, spread};
use crate::run::Options;
use crate::site::Engine;

/// Part by part: a run of some parts replaces what is known of these, and leaves the others. Of a part that was measured on one database
/// what is known of the other stays too.
pub struct Report {
    conditions: Conditions,
    path: PathBuf,
    /// What was found before, and since.
    known: Value,
    /// What was found since.
    figures: Vec<Figure>,
}

/// Those of all parts.
#[derive(Serialize)]
struct Conditions {
    date: String,
    commit: String,
    machine: String,
    postgres: String,
}

impl Report {
    pub async fn begin(options: &Options) -> Result<Self> {
        let now = kernel::Timestamp::from_unix(i64::try_from(unix())?).to_string();
        let date = now.split('T').next().unwrap_or_default().to_owned();
        let db = Db::open(&DbConfig::new(&options.postgres)).await?;
        let postgres = db.read().one("SELECT current_setting('server_version') AS version", args![], |row| row.get("version")).await?;
        db.close().await;
        let conditions = Conditions { date, commit: options.commit.clone(), machine: options.machine.clone(), postgres };
        let path = options.folder.join("figures.json");
        let known = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).with_context(|| format!("{} cannot be read; remove it", path.display()))?,
            Err(_) => json!({"parts": {}}),
        };
        Ok(Self { conditions, path, known, figures: Vec::new() })
    }

    /// Also writes all of it: what was measured is not lost with a part that fails. `rounds` says what the values of these figures are;
    /// `seconds` is how long all of the part took, with what was filled for it.
    pub fn add(&mut self, part: &str, rounds: &str, seconds: f64, figures: Vec<Figure>) -> Result<()> {
        let whole: Vec<Value> = figures.iter().map(whole).collect::<Result<_>>()?;
        self.figures.extend(figures);
        let mut conditions = serde_json::to_value(&self.conditions)?;
        conditions["rounds"] = json!(rounds);
        conditions["took"] = json!(seconds.round());
        self.known["head"] = json!(HEAD);
        self.known["parts"][part] = replaced(&self.known["parts"][part], json!({"conditions": conditions, "figures": whole}));
        let path = &self.path;
        std::fs::write(path, serde_json::to_string_pretty(&self.known)?).with_context(|| format!("cannot write {}", path.display()))
    }

    /// The table of what was measured in this run, and how many fall short.
    pub fn table(&self) -> (String, usize) {
        let rows: Vec<String> = self.figures.iter().map(Figure::row).collect();
        let short = self.figures.iter().filter(|figure| figure.holds() == Some(false)).count();
        (format!("{HEAD}\n{}", rows.join("\n")), short)
    }
}

/// The new figures of a part, and the old ones of a database that has no new one: the column *rounds* says from when they are.
fn replaced(old: &Value, mut new: Value) -> Value {
    for database in Engine::BOTH.map(Engine::name) {
        let of = |part: &Value| -> Vec<Value> {
            let figures = part["figures"].as_array().into_iter().flatten();
            figures.filter(|figure| figure["name"].as_str().is_some_and(|name| is_of(name, database))).cloned().collect()
        };
        let kept = of(old);
        if kept.is_empty() || !of(&new).is_empty() {
            continue;
        }
        let of_old = |name: &str| old["conditions"][name].as_str().unwrap_or("unknown");
        let before = of_old("rounds");
        // It may have been kept before.
        let known = match before.split_once(&format!("; {database} as of ")) {
            Some((_, known)) => known.to_owned(),
            None => format!("{}, {}: {before}", of_old("date"), of_old("commit")),
        };
        let rounds = new["conditions"]["rounds"].as_str().unwrap_or_default();
        new["conditions"]["rounds"] = json!(format!("{rounds}; {database} as of {known}"));
        if let Some(figures) = new["figures"].as_array_mut() {
            figures.extend(kept);
        }
    }
    new
}

/// With what follows from it, so that nobody has to reckon again.
fn whole(figure: &Figure) -> Result<Value> {
    let mut value = serde_json::to_value(figure)?;
    let (median, least, most) = spread(&figure.judged());
    value["judged"] = json!({"median": median, "least": least, "most": most});
    value["holds"] = json!(figure.holds());
    value["row"] = json!(figure.row());
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(date: &str, rounds: &str, names: &[&str]) -> Value {
        let figures: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
        json!({"conditions": {"date": date, "commit": "abc", "rounds": rounds}, "figures": figures})
    }

    #[test]
    fn a_run_on_one_database_leaves_what_is_known_of_the_other() {
        let old = part("2026-11-28", "5 of 12.0 s", &["verify, SQLite", "verify, PostgreSQL"]);
        let new = replaced(&old, part("2026-11-29", "5 of 12.0 s; SQLite alone", &["verify, SQLite"]));
        let rounds = "5 of 12.0 s; SQLite alone; PostgreSQL as of 2026-11-28, abc: 5 of 12.0 s";
        assert_eq!(new, part("2026-11-29", rounds, &["verify, SQLite", "verify, PostgreSQL"]));
        let again = replaced(&new, part("2026-11-30", "5 of 12.0 s; SQLite alone", &["verify, SQLite"]));
        assert_eq!(again["conditions"]["rounds"], rounds, "it is as old as it was");
    }

    #[test]
    fn a_run_on_both_replaces_all() {
        let (old, new) =
            (part("2026-11-28", "5", &["a, SQLite", "b, PostgreSQL"]), part("2026-11-29", "5", &["c, SQLite", "c, PostgreSQL"]));
        assert_eq!(replaced(&old, new.clone()), new);
        assert_eq!(replaced(&Value::Null, new.clone()), new);
    }
}
