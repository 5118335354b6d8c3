//! What the values of a part's figures are, in words: what its rounds were and of how much, and whether all was measured that should be.

use crate::figure::{Figure, spread};
use crate::run::{CONNECTIONS, Options, Part};
use crate::site::Engine;

/// What is asked of every figure that comes of a stretch of time: so many seconds of it, in all rounds together.
const LEAST_SECONDS: f64 = 60.0;

/// What the column *rounds* says: the rounds, for how long each figure was measured in all, and what a reader would take for something
/// else if it were not there.
pub fn said(part: Part, options: &Options, figures: &[Figure]) -> String {
    let least = figures.iter().filter_map(|figure| figure.measured).reduce(f64::min);
    let seconds = least.map(|least| format!("{least:.0} s and more of each"));
    std::iter::once(rounds(part, options, figures)).chain(seconds).chain(besides(part, options)).collect::<Vec<_>>().join("; ")
}

/// How many keys there were, where the figures' names do not tell; and what was not measured, since it was not asked for.
fn besides(part: Part, options: &Options) -> Vec<String> {
    let mut besides = Vec::new();
    match part {
        Part::Verify | Part::Lone | Part::FirstUse | Part::Flood | Part::Disable | Part::Log => {
            besides.push(format!("{} keys in use", options.keys));
        }
        Part::Generate | Part::Transfers | Part::Large | Part::Pages | Part::Calls | Part::Venue | Part::Day => {}
    }
    if part == Part::Verify && options.connections != CONNECTIONS {
        let connections: Vec<String> = options.connections.iter().map(usize::to_string).collect();
        besides.push(format!("over {} connections alone", connections.join(" and ")));
    }
    if part == Part::Pages && !options.pages.only().is_empty() {
        besides.push(format!("of {} alone", options.pages.only().join(" and ")));
    }
    // It has both at once.
    if part != Part::Transfers && options.databases.len() < Engine::BOTH.len() {
        let names: Vec<&str> = options.databases.iter().map(|engine| engine.name()).collect();
        besides.push(format!("{} alone", names.join(" and ")));
    }
    besides
}

/// What a round of this part was, and how many there were: of the values that were really measured.
fn rounds(part: Part, options: &Options, figures: &[Figure]) -> String {
    let seconds = format!("{:.1} s", options.seconds);
    let all = count(figures.iter().filter(|figure| !figure.once));
    match part {
        Part::Generate => format!("{all} of {} keys made, in {}, and exported twice", options.keys, making(options.keys, figures)),
        Part::Verify | Part::Lone | Part::FirstUse | Part::Flood | Part::Transfers | Part::Log => format!("{all} of {seconds}"),
        Part::Large => {
            let (starts, loads) = (figures.iter().filter(|figure| figure.baseline.is_empty()), figures.iter().filter(is_compared));
            format!("{} of {seconds}, {} starts", count(loads), count(starts))
        }
        Part::Disable => format!("one of at most {:.0} s a database", options.seconds * options.rounds as f64),
        Part::Pages | Part::Calls => format!("{all} of at least {seconds} a list"),
        Part::Venue => {
            let (messages, lamps) = (figures.iter().filter(is_compared), figures.iter().filter(|figure| figure.unit == "ms"));
            format!("{} of {seconds} (messages), {} of a number of lights", count(messages), count(lamps))
        }
        Part::Day => format!("one day of {} h a database", options.venue.day_hours),
    }
}

/// Figures that have fewer values than were asked for or were measured for less than a minute, and databases that have none.
pub fn missing(part: Part, options: &Options, figures: &[Figure]) -> Vec<String> {
    let asked = match part {
        Part::Disable | Part::Day => 1,
        Part::Generate
        | Part::Verify
        | Part::Lone
        | Part::FirstUse
        | Part::Flood
        | Part::Transfers
        | Part::Large
        | Part::Log
        | Part::Pages
        | Part::Calls
        | Part::Venue => options.rounds,
    };
    let asked_of = |figure: &Figure| if figure.once { 1 } else { asked };
    let short = figures.iter().filter(|figure| figure.values.len() < asked_of(figure));
    let short = short.map(|figure| format!("{} ({} rounds of {})", figure.name, figure.values.len(), asked_of(figure)));
    // Whoever asks for shorter rounds tries something, and has no figure.
    let brief = figures.iter().filter_map(|figure| Some((figure, figure.measured.filter(|seconds| seconds.round() < LEAST_SECONDS)?)));
    let brief = brief.map(|(figure, seconds)| format!("{} (measured for {seconds:.0} s of {LEAST_SECONDS:.0})", figure.name));
    let absent = Engine::BOTH.into_iter().filter(|engine| !figures.iter().any(|figure| figure.is_of(engine.name())));
    short.chain(brief).chain(absent.map(|engine| format!("part {}: {} was not measured", part.name(), engine.name()))).collect()
}

fn is_compared(figure: &&Figure) -> bool {
    !figure.baseline.is_empty()
}

/// How many values they have.
fn count<'a>(figures: impl Iterator<Item = &'a Figure>) -> String {
    let counts: Vec<usize> = figures.map(|figure| figure.values.len()).collect();
    match (counts.iter().min(), counts.iter().max()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most}"),
        (Some(all), _) => all.to_string(),
        _ => "none".to_owned(),
    }
}

/// How long it took to make so many keys.
fn making(keys: u64, figures: &[Figure]) -> String {
    let rates = figures.iter().filter(|figure| figure.unit == "keys/s").flat_map(|figure| figure.values.iter());
    let (_, least, most) = spread(&rates.map(|rate| keys as f64 / rate).collect::<Vec<_>>());
    format!("{least:.0} to {most:.0} s")
}

#[cfg(test)]
mod tests {
    use clap::{Parser, ValueEnum as _};

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        options: Options,
    }

    fn options() -> Options {
        told(&[])
    }

    fn told(besides: &[&str]) -> Options {
        let needed = ["bench", "--cuekey", "cuekey", "--postgres", "postgres://", "--folder", "folder"];
        Only::parse_from(needed.iter().chain(besides)).options
    }

    /// A figure of each database.
    fn both(values: &[f64]) -> [Figure; 2] {
        ["SQLite", "PostgreSQL"].map(|database| {
            let mut figure = figure("/s", values, &[]);
            figure.name = format!("a figure, {database}");
            figure
        })
    }

    fn figure(unit: &'static str, values: &[f64], baseline: &[f64]) -> Figure {
        let mut figure = Figure::new("a figure", unit);
        (figure.values, figure.baseline) = (values.to_vec(), baseline.to_vec());
        figure
    }

    #[test]
    fn rounds_are_those_that_were_measured_and_not_those_that_were_asked_for() {
        let (three, five) = (figure("/s", &[1.0; 3], &[1.0; 3]), figure("/s", &[1.0; 5], &[1.0; 5]));
        assert_eq!(rounds(Part::FirstUse, &options(), &[three, five]), "3 to 5 of 12.0 s");
        assert_eq!(rounds(Part::Verify, &options(), &[figure("/s", &[1.0; 2], &[1.0; 2])]), "2 of 12.0 s");
        assert_eq!(rounds(Part::Calls, &options(), &[figure("ms", &[1.0; 5], &[])]), "5 of at least 12.0 s a list");
    }

    #[test]
    fn what_is_not_so_long_says_what_it_was() {
        let made = [figure("MiB", &[60.0; 2], &[]), figure("keys/s", &[100_000.0, 50_000.0], &[])];
        let made = [figure("", &[0.0], &[]).once()].into_iter().chain(made).collect::<Vec<_>>();
        assert_eq!(rounds(Part::Generate, &options(), &made), "2 of 1000000 keys made, in 10 to 20 s, and exported twice");
        let large = [figure("s", &[0.1; 4], &[]), figure("/s", &[1.0; 5], &[1.0; 5])];
        assert_eq!(rounds(Part::Large, &options(), &large), "5 of 12.0 s, 4 starts");
        let venue = [figure("/s", &[1.0; 5], &[1.0; 5]), figure("", &[0.0; 10], &[]), figure("ms", &[6.0; 5], &[])];
        assert_eq!(rounds(Part::Venue, &options(), &venue), "5 of 12.0 s (messages), 5 of a number of lights");
        assert_eq!(rounds(Part::Disable, &options(), &[figure("times", &[0.0], &[])]), "one of at most 60 s a database");
        assert_eq!(rounds(Part::Day, &options(), &[]), "one day of 24 h a database");
    }

    #[test]
    fn a_figure_of_fewer_rounds_than_were_asked_for_is_missed() {
        let of = |part, values: &[f64]| missing(part, &options(), &both(values));
        assert_eq!(of(Part::FirstUse, &[1.0; 3]), ["a figure, SQLite (3 rounds of 5)", "a figure, PostgreSQL (3 rounds of 5)"]);
        assert!(of(Part::FirstUse, &[1.0; 5]).is_empty());
        assert!(of(Part::Disable, &[1.0]).is_empty());
        assert!(missing(Part::Generate, &options(), &both(&[0.0]).map(Figure::once)).is_empty());
        assert_eq!(missing(Part::Generate, &options(), &both(&[]).map(Figure::once)).len(), 2);
        for part in Part::value_variants() {
            assert_eq!(of(*part, &[]).len(), 2, "{part:?}");
        }
    }

    #[test]
    fn a_figure_that_was_measured_for_less_than_a_minute_is_missed() {
        let of = |seconds: &[f64]| {
            let mut figures = both(&[1.0; 5]);
            for figure in &mut figures {
                seconds.iter().for_each(|seconds| figure.lasted(*seconds));
            }
            (missing(Part::FirstUse, &options(), &figures), said(Part::FirstUse, &options(), &figures))
        };
        let (missed, said) = of(&[7.0; 5]);
        assert_eq!(missed, ["a figure, SQLite (measured for 35 s of 60)", "a figure, PostgreSQL (measured for 35 s of 60)"]);
        assert_eq!(said, "5 of 12.0 s; 35 s and more of each; 1000000 keys in use");
        let (missed, said) = of(&[12.01; 5]);
        assert!(missed.is_empty(), "{missed:?}");
        assert_eq!(said, "5 of 12.0 s; 60 s and more of each; 1000000 keys in use");
        assert!(of(&[]).0.is_empty(), "a start takes as long as it takes");
    }

    #[test]
    fn a_database_that_was_not_measured_is_missed() {
        let [sqlite, _] = both(&[1.0; 5]);
        for part in Part::value_variants() {
            assert_eq!(
                missing(*part, &told(&["--databases", "sqlite"]), std::slice::from_ref(&sqlite)),
                [format!("part {}: PostgreSQL was not measured", part.name())]
            );
        }
    }

    #[test]
    fn what_was_measured_of_less_than_usual_says_so() {
        let said = |part, besides: &[&str]| said(part, &told(besides), &both(&[1.0; 5]));
        assert_eq!(said(Part::Verify, &[]), "5 of 12.0 s; 1000000 keys in use");
        assert_eq!(said(Part::FirstUse, &["--keys", "200000"]), "5 of 12.0 s; 200000 keys in use");
        let some = ["--connections", "64,8", "--databases", "sqlite"];
        assert_eq!(said(Part::Verify, &some), "5 of 12.0 s; 1000000 keys in use; over 64 and 8 connections alone; SQLite alone");
        assert_eq!(said(Part::Lone, &some), "5 of 12.0 s; 1000000 keys in use; SQLite alone");
        assert_eq!(said(Part::Transfers, &some), "5 of 12.0 s", "it has both at once");
        assert_eq!(said(Part::Pages, &["--lists", "keys"]), "5 of at least 12.0 s a list; of keys alone");
    }

    #[test]
    fn a_whole_run_has_all_parts() {
        assert_eq!(options().only, Part::value_variants());
    }
}
