//! What the values of a part's figures are, in words: what its rounds were, and whether there were as many as were asked for.

use crate::figure::{Figure, spread};
use crate::run::{Options, Part};

/// What a round of this part was, and how many there were: of the values that were really measured.
pub fn rounds(part: Part, options: &Options, figures: &[Figure]) -> String {
    let seconds = format!("{:.1} s", options.seconds);
    let all = count(figures.iter());
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

/// Figures that have fewer values than were asked for.
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
    let short = figures.iter().filter(|figure| figure.values.len() < asked);
    short.map(|figure| format!("{} ({} rounds of {asked})", figure.name, figure.values.len())).collect()
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
        Only::parse_from(["bench", "--cuekey", "cuekey", "--postgres", "postgres://", "--folder", "folder"]).options
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
        let of = |values: &[f64]| [figure("/s", values, &[])];
        assert_eq!(missing(Part::FirstUse, &options(), &of(&[1.0; 3])), ["a figure (3 rounds of 5)"]);
        assert!(missing(Part::FirstUse, &options(), &of(&[1.0; 5])).is_empty());
        assert!(missing(Part::Disable, &options(), &of(&[1.0])).is_empty());
        for part in Part::value_variants() {
            assert_eq!(missing(*part, &options(), &of(&[])).len(), 1, "{part:?}");
        }
    }

    #[test]
    fn a_whole_run_has_all_parts() {
        assert_eq!(options().only, Part::value_variants());
    }
}
