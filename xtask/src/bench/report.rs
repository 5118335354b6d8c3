//! What a run found, as docs/benchmarks.md shows it: the table between two marks, and pictures beside it.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::plot::bars::{Bar, Bars};
use crate::plot::{Chart, Series};

const BEGIN: &str = "<!-- figures: written by `cargo xtask bench --docs` -->";
const END: &str = "<!-- end of figures -->";
const DATABASES: [&str; 2] = ["SQLite", "PostgreSQL"];

pub fn read(path: &Path) -> Result<Value> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}: run `cargo xtask bench` first", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{}", path.display()))
}

/// Adds those parts that were not measured here from `path`, where what was measured elsewhere is kept, and keeps all of it there. A part
/// that lacks one of the databases does not take the place of one that has both.
pub fn keep(report: &mut Value, path: &Path) -> Result<()> {
    let mut kept = read(path)?;
    for (name, part) in report["parts"].as_object().into_iter().flatten() {
        for database in DATABASES {
            let is_lost = has(&kept["parts"][name], database) && !has(part, database);
            ensure!(
                !is_lost,
                "{name} was measured without {database}, which {} has: measure it there too, then `--draw --docs`",
                path.display()
            );
        }
        kept["parts"][name] = part.clone();
    }
    *report = kept;
    let text = serde_json::to_string_pretty(report)?;
    std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))
}

/// Whether a part has a figure of this database.
fn has(part: &Value, database: &str) -> bool {
    let figures = part["figures"].as_array().into_iter().flatten();
    figures.filter_map(|figure| figure["name"].as_str()).any(|name| name.contains(database))
}

/// In the order in which the parts are measured.
const PARTS: [&str; 13] =
    ["generate", "verify", "lone", "first-use", "flood", "disable", "transfers", "large", "log", "pages", "calls", "venue", "day"];

fn parts(report: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    PARTS.iter().filter_map(|name| Some((*name, report["parts"].get(name)?)))
}

fn figures(report: &Value) -> impl Iterator<Item = &Value> {
    parts(report).flat_map(|(_, part)| part["figures"].as_array().into_iter().flatten())
}

/// Draws what there is into `folder`; answers the names of the files.
pub fn draw(report: &Value, folder: &Path) -> Result<Vec<String>> {
    std::fs::create_dir_all(folder)?;
    let mut names = Vec::new();
    for (name, svg) in pictures(report) {
        let path = folder.join(&name);
        std::fs::write(&path, svg)?;
        println!("{}", path.display());
        names.push(name);
    }
    Ok(names)
}

fn pictures(report: &Value) -> Vec<(String, String)> {
    let figures: Vec<&Value> = figures(report).collect();
    let compared = |figure: &&Value| figure["baseline"].as_array().is_some_and(|baseline| !baseline.is_empty());
    let of_unit = |unit: &str| figures.iter().copied().filter(|figure| figure["unit"] == unit && !compared(figure)).collect::<Vec<_>>();
    let charts = [
        ("bench-ratios", "Against a baseline of the same run", "product / baseline", figures.iter().copied().filter(compared).collect()),
        ("bench-latencies", "Answers", "milliseconds", of_unit("ms")),
        ("bench-memory", "Memory", "MiB", of_unit("MiB")),
    ];
    let mut pictures: Vec<(String, String)> = charts
        .into_iter()
        .filter(|(_, _, _, figures): &(_, _, _, Vec<&Value>)| !figures.is_empty())
        .map(|(name, title, x, figures)| (format!("{name}.svg"), bars(title, x, &figures).svg()))
        .collect();
    let curves: Vec<Series> = figures.iter().filter_map(|figure| curve(figure)).collect();
    if !curves.is_empty() {
        let chart = Chart {
            title: "Memory while a batch is generated".into(),
            x: "seconds".into(),
            y: "MiB".into(),
            series: curves,
            ..Chart::default()
        };
        pictures.push(("bench-memory-over-time.svg".into(), chart.svg()));
    }
    pictures
}

fn bars(title: &str, x: &str, figures: &[&Value]) -> Bars {
    let rows = figures.iter().map(|figure| {
        let name = figure["name"].as_str().unwrap_or_default();
        let judged = |part: &str| figure["judged"][part].as_f64().unwrap_or(f64::NAN);
        let bound = |kind: &str| figure["bound"][kind].as_f64();
        Bar {
            label: grouped(name),
            group: DATABASES.iter().position(|database| name.contains(database)).unwrap_or(DATABASES.len()),
            median: judged("median"),
            least: judged("least"),
            most: judged("most"),
            asked: bound("at_least").or_else(|| bound("at_most")),
            holds: figure["holds"] == true,
        }
    });
    Bars { title: title.into(), x: x.into(), groups: DATABASES.map(str::to_owned).to_vec(), rows: rows.collect() }
}

/// With thousands as words, so that it fits beside its bar.
fn grouped(name: &str) -> String {
    let shorter = |word: &str| match word.strip_suffix("000000") {
        Some(millions) if !millions.is_empty() && millions.bytes().all(|byte| byte.is_ascii_digit()) => format!("{millions} M"),
        _ => word.to_owned(),
    };
    name.split(' ').map(shorter).collect::<Vec<_>>().join(" ")
}

fn curve(figure: &Value) -> Option<Series> {
    let points: Vec<(f64, f64)> =
        figure["curve"].as_array()?.iter().filter_map(|point| Some((point[0].as_f64()?, point[1].as_f64()?))).collect();
    let name = figure["name"].as_str()?;
    let database = DATABASES.iter().find(|database| name.contains(*database)).copied().unwrap_or(name);
    (!points.is_empty()).then(|| Series { name: database.to_owned(), points })
}

/// Puts the table and the pictures between the marks of `page`.
pub fn write_into(page: &Path, report: &Value, pictures: &[String]) -> Result<()> {
    let text = std::fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let (before, rest) = text.split_once(BEGIN).with_context(|| format!("{} has no line {BEGIN}", page.display()))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{} has no line {END}", page.display()))?;
    std::fs::write(page, format!("{before}{BEGIN}\n\n{}\n{END}{after}", section(report, pictures)))?;
    Ok(())
}

fn section(report: &Value, pictures: &[String]) -> String {
    let conditions = parts(report).map(|(name, part)| {
        let conditions = &part["conditions"];
        let of = |name: &str| conditions[name].as_str().unwrap_or("unknown");
        // Parts that were measured long ago say only what was asked for, and not how long they took.
        let asked = || format!("{} of {} s", conditions["rounds"], conditions["seconds"]);
        let rounds = conditions["rounds"].as_str().map_or_else(asked, str::to_owned);
        let took = conditions["took"].as_f64().map_or_else(String::new, |seconds| format!("{:.0} min", seconds / 60.0));
        format!("| {name} | {} | {} | {rounds} | {took} | {} | {} |", of("date"), of("commit"), of("machine"), of("postgres"))
    });
    let conditions: Vec<String> = conditions.collect();
    let rows: Vec<&str> = figures(report).filter_map(|figure| figure["row"].as_str()).collect();
    let images: Vec<String> = pictures.iter().map(|name| format!("![{}](plots/{name})\n", name.trim_end_matches(".svg"))).collect();
    format!(
        "## Figures\n\n| part | measured | commit | rounds | took | machine | PostgreSQL |\n|---|---|---|---|---|---|---|\n{}\n\n{}\n{}\n{}\n",
        conditions.join("\n"),
        images.join("\n"),
        report["head"].as_str().unwrap_or_default(),
        rows.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report() -> Value {
        let judged = json!({"median": 0.4, "least": 0.3, "most": 0.5});
        let conditions = json!({"date": "2026-11-22", "commit": "abc", "rounds": "5 of 12.0 s, 4 starts", "took": 1_320.0});
        let of = |figure: Value| json!({"conditions": conditions, "figures": [figure]});
        json!({"head": "| head |", "parts": {
            "large": of(json!({"name": "memory, SQLite, 1000000 keys", "unit": "MiB", "baseline": [], "bound": null, "judged": judged, "holds": null, "row": "| three |", "curve": [[0.0, 1.0]]})),
            "generate": of(json!({"name": "verify, SQLite", "unit": "/s", "baseline": [1.0], "bound": {"at_least": 0.5}, "judged": judged, "holds": false, "row": "| one |", "curve": []})),
            "verify": of(json!({"name": "verify, PostgreSQL, p99", "unit": "ms", "baseline": [], "bound": null, "judged": judged, "holds": null, "row": "| two |", "curve": []})),
        }})
    }

    #[test]
    fn each_kind_of_figure_has_its_picture() {
        let names: Vec<String> = pictures(&report()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["bench-ratios.svg", "bench-latencies.svg", "bench-memory.svg", "bench-memory-over-time.svg"]);
        assert_eq!(grouped("memory, SQLite, 1000000 keys"), "memory, SQLite, 1 M keys");
    }

    #[test]
    fn what_was_measured_elsewhere_stays_until_it_is_measured_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bench.json");
        std::fs::write(&path, json!({"head": "| head |", "parts": {"verify": "old", "pages": "old"}}).to_string()).unwrap();
        let mut report = json!({"head": "| head |", "parts": {"verify": "new", "log": "new"}});
        keep(&mut report, &path).unwrap();
        assert_eq!(report, json!({"head": "| head |", "parts": {"verify": "new", "pages": "old", "log": "new"}}));
        assert_eq!(read(&path).unwrap(), report);
    }

    #[test]
    fn what_was_measured_on_one_database_does_not_take_the_place_of_both() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bench.json");
        let of = |names: &[&str]| {
            let figures: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
            json!({"parts": {"verify": {"figures": figures}}})
        };
        let both = of(&["verify, SQLite", "verify, PostgreSQL"]);
        std::fs::write(&path, both.to_string()).unwrap();
        let error = keep(&mut of(&["verify, SQLite"]), &path).unwrap_err().to_string();
        assert!(error.starts_with("verify was measured without PostgreSQL"), "{error}");
        assert_eq!(read(&path).unwrap(), both);
        keep(&mut of(&["new, SQLite", "new, PostgreSQL"]), &path).unwrap();
        assert_eq!(read(&path).unwrap(), of(&["new, SQLite", "new, PostgreSQL"]));
    }

    #[test]
    fn what_was_measured_long_ago_is_still_shown() {
        let mut report = report();
        report["parts"]["generate"]["conditions"] = json!({"date": "2026-11-22", "commit": "abc", "rounds": 5, "seconds": 12.0});
        let text = section(&report, &[]);
        assert!(text.contains("| generate | 2026-11-22 | abc | 5 of 12.0 s |  |"), "{text}");
    }

    #[test]
    fn only_what_stands_between_the_marks_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.md");
        std::fs::write(&page, format!("before\n{BEGIN}\nold\n{END}\nafter\n")).unwrap();
        for _ in 0..2 {
            write_into(&page, &report(), &["bench-ratios.svg".into()]).unwrap();
        }
        let text = std::fs::read_to_string(&page).unwrap();
        assert!(text.starts_with("before\n") && text.ends_with("\nafter\n") && !text.contains("old"), "{text}");
        assert!(text.contains("| large | 2026-11-22 | abc | 5 of 12.0 s, 4 starts | 22 min |"), "{text}");
        assert!(text.contains("| head |\n| one |\n| two |\n| three |\n") && text.contains("(plots/bench-ratios.svg)"));
        std::fs::write(&page, "nothing").unwrap();
        assert!(write_into(&page, &report(), &[]).is_err());
    }
}
