//! A day of customers, by `cuekey simulate`, with the faults of the promise.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::dataset;
use crate::figure::{Bound, Figure};
use crate::run::Options;
use crate::say;
use crate::site::{Engine, fresh_folder};

pub async fn figures(options: &Options, engine: Engine) -> Result<Vec<Figure>> {
    let sizes = &options.venue;
    let folder = options.folder.join(format!("day-{engine:?}").to_lowercase());
    fresh_folder(&folder)?;
    let file = folder.join("figures.json");
    let mut command = Command::new(&options.cuekey);
    command.arg("simulate").args(["--tables", &sizes.day_tables.to_string(), "--hours", &sizes.day_hours.to_string()]);
    command
        .args(["--seed", &sizes.day_seed.to_string(), "--outages", &sizes.day_outages.to_string()])
        .arg("--data")
        .arg(folder.join("data"))
        .arg("--json")
        .arg(&file);
    command.current_dir(&folder).env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::piped());
    if engine == Engine::Postgres {
        command.args(["--database", &dataset::make_database(&options.postgres, "bench_day").await?]);
    }
    say(&format!("{}: a day at {} tables", engine.name(), sizes.day_tables));
    // Which hour it is, is said on the standard error, for whoever waits.
    let output = command.spawn().and_then(std::process::Child::wait_with_output).context("cannot run cuekey")?;
    // Bounds that do not hold are figures too.
    let said = String::from_utf8_lossy(&output.stdout);
    if !file.exists() {
        bail!("cuekey simulate has ended without figures:\n{said}");
    }
    say(&said);
    let found: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    if engine == Engine::Postgres {
        dataset::drop_database(&options.postgres, "bench_day").await?;
    }
    std::fs::remove_dir_all(folder.join("data"))?;
    Ok(rows(engine, &found))
}

fn rows(engine: Engine, found: &Value) -> Vec<Figure> {
    let number = |pointer: &str| found.pointer(pointer).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let (asked, opened) = (number("/healthy/asked"), number("/healthy/opened"));
    let payments = number("/payments_made") + number("/payments_failed");
    let figure = |name: &str, unit, value: f64, bound, note: String| {
        let mut figure = Figure::new(format!("a simulated day, {}: {name}", engine.name()), unit).bound(bound);
        figure.values.push(value);
        figure.note = note;
        figure
    };
    let opened_note =
        format!("{opened} of {asked}; over lamps that fail {} of {}", number("/unhealthy/opened"), number("/unhealthy/asked"));
    let refund_note = format!("{} refunds, {} late", number("/refunds"), number("/refunds_late"));
    let paid_note = format!(
        "{payments} payments, {} timed out, {} told three times, {} told after a later one",
        number("/timeouts"),
        number("/doubled"),
        number("/reordered")
    );
    let (kind, least) = least_of_a_kind(found);
    let sums = found["ledger"].as_array().map_or(f64::NAN, |problems| problems.len() as f64);
    let day_note = format!(
        "{} tables, {} h, seed {}: {:.1} h in {:.0} s",
        found["tables"],
        found["hours"],
        found["seed"],
        number("/hours_simulated"),
        number("/wall_seconds")
    );
    let lights = number("/burnt_over_nobody") + number("/burnt_and_offered");
    // What could not be told is no fault of ours, and is said all the same.
    let lights_note = format!(
        "put aside, their tables out of service: {} of lamps that were broken, at most {} s, and {} whose network was away, at most {} s; \
         {} of these could be told later, and are counted since",
        number("/burnt_of_broken"),
        number("/burnt_of_broken_seconds"),
        number("/burnt_out_of_reach"),
        number("/burnt_out_of_reach_seconds"),
        number("/burnt_in_reach_again")
    );
    let away = |name: &str| number(&format!("/outages/{name}"));
    let away_note = format!(
        "{} halls for {:.0} min in all; {} sessions, {} of them over as of when it went, and {:.0} min of the others not billed; \
         at most {} s of it billed",
        away("times"),
        away("minutes"),
        away("sessions"),
        away("ended"),
        away("unbilled_minutes"),
        away("billed_seconds")
    );
    vec![
        figure("opened over lamps that are well", "%", opened / asked * 100.0, Bound::AtLeast(99.5), opened_note),
        figure("opened of the kind of lamp, or of means, that has the least", "%", least, Bound::AtLeast(99.5), kind),
        figure("slowest refund of what was not opened", "s", number("/refund_seconds_slowest"), Bound::AtMost(60.0), refund_note),
        figure("payments that arrived", "%", number("/payments_arrived") / payments * 100.0, Bound::AtLeast(99.9), paid_note),
        figure("charged without play", "", number("/charged_without_play"), Bound::AtMost(0.0), day_note),
        figure("charged for more than a minute without the hall's network", "", away("charged"), Bound::AtMost(0.0), away_note),
        figure("tables not back by themselves 90 s after their hall's network", "", away("not_back"), Bound::AtMost(0.0), String::new()),
        figure("lights over idle tables for more than 60 s that could be told to go off", "", lights, Bound::AtMost(0.0), lights_note),
        figure("sums that do not add up, and answers that should not be", "", sums + number("/wrong"), Bound::AtMost(0.0), String::new()),
    ]
}

/// Over lamps that are well. What holds of all may not hold of the few relay boards, nor of those whose money was only frozen.
fn least_of_a_kind(found: &Value) -> (String, f64) {
    let kinds = ["by_device", "by_means"].into_iter().filter_map(|by| found[by].as_object()).flatten();
    let shares = kinds.filter_map(|(kind, sides)| {
        let (asked, opened) = (sides["healthy"]["asked"].as_f64()?, sides["healthy"]["opened"].as_f64()?);
        (asked > 0.0).then(|| (format!("{kind}: {opened} of {asked}"), opened / asked * 100.0))
    });
    shares.min_by(|(_, one), (_, other)| one.total_cmp(other)).unwrap_or((String::new(), f64::NAN))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn day() -> Value {
        json!({
            "outages": {"times": 2, "minutes": 17.0, "sessions": 20, "ended": 8, "unbilled_minutes": 60.5, "charged": 0, "not_back": 0},
            "healthy": {"asked": 1_000, "opened": 996}, "unhealthy": {"asked": 50, "opened": 0}, "refunds": 50, "refunds_late": 0,
            "by_device": {"tasmota": {"healthy": {"asked": 800, "opened": 797}}, "modbus": {"healthy": {"asked": 200, "opened": 200}}},
            "by_means": {"wallet": {"healthy": {"asked": 1_000, "opened": 996}}, "freeze": {"healthy": {"asked": 0, "opened": 0}}},
            "refund_seconds_slowest": 20.5, "payments_made": 2_000, "payments_failed": 0, "payments_arrived": 2_000, "timeouts": 9,
            "doubled": 8, "reordered": 7,
            "charged_without_play": 0, "burnt_over_nobody": 0, "burnt_and_offered": 0, "ledger": [], "wrong": 0,
            "burnt_of_broken": 3, "burnt_of_broken_seconds": 4_000, "burnt_out_of_reach": 5, "burnt_out_of_reach_seconds": 800,
            "tables": 1_000, "hours": 24, "seed": 1, "hours_simulated": 27.0, "wall_seconds": 900.0,
        })
    }

    fn short(found: &Value) -> usize {
        rows(Engine::Sqlite, found).iter().filter(|figure| figure.holds() != Some(true)).count()
    }

    #[test]
    fn what_falls_short_in_a_day_falls_short_in_the_table() {
        assert_eq!(short(&day()), 0);
        for (name, value) in [
            ("healthy", json!({"asked": 1_000, "opened": 994})),
            ("by_device", json!({"modbus": {"healthy": {"asked": 10, "opened": 9}}})),
            ("by_means", json!({"freeze": {"healthy": {"asked": 10, "opened": 9}}})),
            ("outages", json!({"charged": 1, "not_back": 0})),
            ("outages", json!({"charged": 0, "not_back": 1})),
            ("refund_seconds_slowest", json!(61.0)),
            ("payments_arrived", json!(1_997)),
            ("charged_without_play", json!(1)),
            ("burnt_over_nobody", json!(1)),
            ("burnt_and_offered", json!(1)),
            ("ledger", json!(["ledger: it does not add up"])),
            ("wrong", json!(1)),
        ] {
            let mut found = day();
            found[name] = value;
            assert_eq!(short(&found), 1, "{name}");
        }
        assert_eq!(short(&json!({})), 9, "figures that are not there hold no bound");
    }
}
