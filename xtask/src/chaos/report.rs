//! What runs found, as docs/reliability.md shows it. All of it is kept in docs/plots/chaos.json, a line for each scenario; the table between two
//! marks and the plots are made from that alone, so that none says something else than another.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::plot::{Chart, Mark, Series};

const BEGIN: &str = "<!-- runs: written by `cargo xtask chaos --docs` -->";
const END: &str = "<!-- end of runs -->";
const HEAD: &str = "| scenario | run | what was done | acknowledged | 503 | unanswered | afterwards |\n|---|---|---|---|---|---|---|";
/// In the order of the table; what is not among them comes last.
const SCENARIOS: [&str; 13] =
    ["kill", "play", "pay", "steps", "nodes-2", "nodes-3", "postgres", "outside", "encrypted", "clock", "disk", "refused", "tampered"];

/// What the driver wrote of each scenario, by its name.
pub type Runs = BTreeMap<String, Value>;

/// The last run's.
pub fn read(folder: &Path) -> Result<Runs> {
    let mut runs = Runs::new();
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}: run `cargo xtask chaos` first", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let run: Value = serde_json::from_slice(&std::fs::read(&path)?).with_context(|| format!("{}", path.display()))?;
        let name = run["name"].as_str().with_context(|| format!("{} has no name", path.display()))?.to_owned();
        runs.insert(name, run);
    }
    Ok(runs)
}

/// Keeps at `path` what was found, in the place of what is there of the same scenarios; answers all that is there then.
pub fn keep(found: Runs, path: &Path) -> Result<Runs> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut kept: Runs = serde_json::from_slice(&text).with_context(|| format!("{}", path.display()))?;
    for (name, run) in found {
        match unfit(&run) {
            Some(why) => println!("{name} is not kept: {why}"),
            None => drop(kept.insert(name, run)),
        }
    }
    let lines: Vec<String> = kept.iter().map(|(name, run)| format!("{}: {run}", json!(name))).collect();
    std::fs::write(path, format!("{{\n{}\n}}\n", lines.join(",\n"))).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(kept)
}

/// Why a run shows less than one that is kept.
fn unfit(run: &Value) -> Option<&'static str> {
    match (run["good"] == true, run["short"] == true) {
        (false, _) => Some("it failed"),
        (true, true) => Some("it was of the short form"),
        (true, false) => None,
    }
}

/// A plot for each scenario that kept time.
pub fn draw(runs: &Runs, to: &Path) -> Result<()> {
    for (name, run) in runs {
        if let Some(chart) = chart(name, run) {
            let file = to.join(picture(name));
            std::fs::write(&file, chart.svg())?;
            println!("{}", file.display());
        }
    }
    Ok(())
}

fn picture(name: &str) -> String {
    format!("chaos-{name}.svg")
}

fn chart(name: &str, run: &Value) -> Option<Chart> {
    let every = run["every"].as_f64()?;
    let series = run["series"].as_array()?.iter().map(|series| {
        let rates = series["rates"].as_array().into_iter().flatten().filter_map(Value::as_f64);
        let points = (0_u32..).zip(rates).map(|(place, rate)| (f64::from(place) * every, rate)).collect();
        Series { name: series["name"].as_str().unwrap_or_default().to_owned(), points }
    });
    let marks = run["marks"].as_array()?.iter().filter_map(|mark| {
        Some(Mark { from: mark["from"].as_f64()?, to: mark["to"].as_f64()?, label: mark["label"].as_str()?.to_owned() })
    });
    Some(Chart {
        title: format!("{name}: {}", which(run)),
        x: "seconds".to_owned(),
        y: "requests a second".to_owned(),
        series: series.collect(),
        marks: marks.collect(),
    })
}

/// Which run it was: date, commit and seed.
fn which(run: &Value) -> String {
    let text = |name: &str| run[name].as_str().unwrap_or("unknown");
    let date = text("date").split('T').next().unwrap_or_default();
    format!("{date}, {}, seed {}", text("commit"), run["seed"])
}

/// Puts the table and the plots between the marks of `page`.
pub fn write_into(page: &Path, runs: &Runs) -> Result<()> {
    let text = std::fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let (before, rest) = text.split_once(BEGIN).with_context(|| format!("{} has no line {BEGIN}", page.display()))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{} has no line {END}", page.display()))?;
    std::fs::write(page, format!("{before}{BEGIN}\n\n{}\n{END}{after}", section(runs)))?;
    Ok(())
}

fn section(runs: &Runs) -> String {
    let mut runs: Vec<(&str, &Value)> = runs.iter().map(|(name, run)| (name.as_str(), run)).collect();
    runs.sort_by_key(|(name, _)| (place(name), !name.ends_with("-sqlite")));
    let rows: Vec<String> = runs.iter().map(|(name, run)| row(name, run)).collect();
    let plots: Vec<String> = runs.iter().filter_map(|(name, run)| plot(name, run)).collect();
    format!("{HEAD}\n{}\n\n{}{}", rows.join("\n"), machines(&runs), plots.concat())
}

fn place(name: &str) -> usize {
    let scenario = name.rsplit_once('-').map_or(name, |(scenario, _)| scenario);
    SCENARIOS.iter().position(|known| *known == scenario).unwrap_or(SCENARIOS.len())
}

/// A scenario and its database.
fn title(name: &str) -> String {
    match name.rsplit_once('-') {
        Some((scenario, "sqlite")) => format!("`{scenario}`, SQLite"),
        Some((scenario, "postgres")) => format!("`{scenario}`, PostgreSQL"),
        _ => format!("`{name}`"),
    }
}

fn row(name: &str, run: &Value) -> String {
    let lines = |what: &str| run[what].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
    let count = |what: &str| run["counts"][what].as_u64().map_or_else(String::new, thousands);
    let [acknowledged, put_off, unanswered] = ["acknowledged", "put_off", "unanswered"].map(count);
    let (did, looked) = (lines("did").join("; "), sentences(&lines("looked")));
    let cells = [title(name), which(run), did, acknowledged, put_off, unanswered, looked];
    format!("| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

/// Of several lines that say the same of different things, one is made.
fn sentences(lines: &[&str]) -> String {
    let mut said: Vec<(Vec<&str>, &str)> = Vec::new();
    for line in lines {
        let (of, what) = line.split_once(": ").unwrap_or((*line, ""));
        match said.iter_mut().find(|(_, known)| !what.is_empty() && *known == what) {
            Some((all, _)) => all.push(of),
            None => said.push((vec![of], what)),
        }
    }
    let sentence = |(of, what): &(Vec<&str>, &str)| if what.is_empty() { of.join(", ") } else { format!("{}: {what}", of.join(", ")) };
    said.iter().map(sentence).collect::<Vec<_>>().join("; ")
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Where each was run; and which of them nobody kept but in words.
fn machines(runs: &[(&str, &Value)]) -> String {
    let mut machines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, run) in runs {
        machines.entry(run["machine"].as_str().unwrap_or("unknown")).or_default().push(title(name));
    }
    let mut text: String = machines.iter().map(|(machine, names)| format!("- {machine}: {}\n", names.join("; "))).collect();
    let by_hand: Vec<String> = runs.iter().filter(|(_, run)| run["by_hand"] == true).map(|(name, _)| title(name)).collect();
    if !by_hand.is_empty() {
        text += &format!("- Written down by hand, of runs whose data was not kept: {}\n", by_hand.join("; "));
    }
    text
}

/// The picture of a run, and of which one it is if that is another than the row's.
fn plot(name: &str, run: &Value) -> Option<String> {
    let of = if run["every"].is_number() { run } else { &run["plot"] };
    if of.is_null() {
        return None;
    }
    let other =
        if which(of) == which(run) { String::new() } else { format!("The plot of {} is of another run than its row:\n", title(name)) };
    Some(format!("\n{other}![{}, {}](plots/{})\n", title(name).replace('`', ""), which(of), picture(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, seed: u64) -> Value {
        json!({
            "name": name, "seed": seed, "commit": "abc", "date": "2026-12-01T08:00:00Z", "machine": "two processors", "good": true, "short": false,
            "did": ["7 times SIGKILL", "in 5 s"], "looked": ["all there"], "every": 0.5, "seconds": 5.0,
            "counts": {"acknowledged": 12_345, "put_off": 0, "unanswered": 7},
            "series": [{"name": "acknowledged", "rates": [1.0, 2.5]}], "marks": [{"from": 0.1, "to": 0.3, "label": "SIGKILL"}]
        })
    }

    fn runs(names: &[&str]) -> Runs {
        names.iter().map(|name| ((*name).to_owned(), run(name, 1))).collect()
    }

    #[test]
    fn row_and_plot_say_of_which_run_they_are() {
        let one = run("kill-sqlite", 42);
        let chart = chart("kill-sqlite", &one).unwrap();
        assert_eq!(chart.title, "kill-sqlite: 2026-12-01, abc, seed 42");
        assert_eq!(chart.series[0].points, [(0.0, 1.0), (0.5, 2.5)]);
        assert_eq!(
            row("kill-sqlite", &one),
            "| `kill`, SQLite | 2026-12-01, abc, seed 42 | 7 times SIGKILL; in 5 s | 12,345 | 0 | 7 | all there |"
        );
        assert_eq!(plot("kill-sqlite", &one).unwrap(), "\n![kill, SQLite, 2026-12-01, abc, seed 42](plots/chaos-kill-sqlite.svg)\n");
    }

    #[test]
    fn a_plot_whose_data_is_gone_says_where_it_is_not_the_rows() {
        let mut one = run("kill-sqlite", 42);
        one["every"] = Value::Null;
        assert!(plot("kill-sqlite", &one).is_none() && chart("kill-sqlite", &one).is_none());
        one["plot"] = json!({"date": "2026-11-29", "commit": "old", "seed": 41});
        assert!(
            plot("kill-sqlite", &one)
                .unwrap()
                .starts_with("\nThe plot of `kill`, SQLite is of another run than its row:\n![kill, SQLite, 2026-11-29")
        );
        one["plot"] = json!({"date": "2026-12-01", "commit": "abc", "seed": 42});
        assert!(plot("kill-sqlite", &one).unwrap().starts_with("\n![kill, SQLite, 2026-12-01, abc, seed 42]"));
    }

    #[test]
    fn a_run_takes_the_place_of_its_scenarios_and_leaves_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chaos.json");
        std::fs::write(&path, "{}").unwrap();
        let first = keep(runs(&["kill-sqlite", "play-sqlite"]), &path).unwrap();
        let mut again = Runs::from([("kill-sqlite".to_owned(), run("kill-sqlite", 2))]);
        again.insert("play-sqlite".to_owned(), json!({"good": false, "short": false}));
        again.insert("pay-sqlite".to_owned(), json!({"good": true, "short": true}));
        let kept = keep(again, &path).unwrap();
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["kill-sqlite", "play-sqlite"], "what failed, or was short, is not kept");
        assert_eq!((&kept["kill-sqlite"]["seed"], &kept["play-sqlite"]), (&json!(2), &first["play-sqlite"]));
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 4, "a line for each: {text}");
        assert_eq!(keep(Runs::new(), &path).unwrap(), kept, "it is read as it was written");
    }

    #[test]
    fn only_what_stands_between_the_marks_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.md");
        std::fs::write(&page, format!("before\n{BEGIN}\nold\n{END}\nafter\n")).unwrap();
        for _ in 0..2 {
            write_into(&page, &runs(&["tampered-sqlite", "nodes-2-postgres", "kill-postgres", "kill-sqlite", "new-sqlite"])).unwrap();
        }
        let text = std::fs::read_to_string(&page).unwrap();
        assert!(text.starts_with("before\n") && text.ends_with("\nafter\n") && !text.contains("old"), "{text}");
        let rows: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next()).collect();
        assert_eq!(rows, ["kill`, SQLite ", "kill`, PostgreSQL ", "nodes-2`, PostgreSQL ", "tampered`, SQLite ", "new`, SQLite "]);
        assert!(text.contains("- two processors: `kill`, SQLite; `kill`, PostgreSQL;") && !text.contains("by hand"), "{text}");
        assert_eq!(text.matches("](plots/chaos-").count(), 5);
        std::fs::write(&page, "nothing").unwrap();
        assert!(write_into(&page, &Runs::new()).is_err());
    }

    #[test]
    fn what_is_said_of_several_things_is_said_once() {
        let lines = ["newer: refused", "all there", "edited: refused", "gap: otherwise", "all there"];
        assert_eq!(sentences(&lines), "newer, edited: refused; all there; gap: otherwise; all there");
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
