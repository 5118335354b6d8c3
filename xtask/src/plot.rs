//! Line charts as SVG, written by hand: a few series, a few marks, readable on a light page and in a viewer without fonts.

pub mod bars;

use std::fmt::Write;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 48.0;
/// Told apart in print and by people who see few colours.
const COLOURS: [&str; 6] = ["#1b6ca8", "#c8553d", "#7a7a7a", "#2e7d4f", "#8e5aa8", "#b8860b"];
const MARK: &str = "#d9a441";
/// More marks than this are counted in the legend, and not written beside each.
const WRITTEN_MARKS: usize = 16;

#[derive(Debug, Clone, Default)]
pub struct Chart {
    pub title: String,
    pub x: String,
    pub y: String,
    pub series: Vec<Series>,
    pub marks: Vec<Mark>,
}

#[derive(Debug, Clone, Default)]
pub struct Series {
    pub name: String,
    /// In the order of x.
    pub points: Vec<(f64, f64)>,
}

/// Something that lasted from one x to another, or a moment.
#[derive(Debug, Clone, Default)]
pub struct Mark {
    pub from: f64,
    pub to: f64,
    pub label: String,
}

impl Chart {
    pub fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|series| &series.points).filter(|(x, y)| x.is_finite() && y.is_finite());
        let right = points().map(|point| point.0).chain(self.marks.iter().map(|mark| mark.to)).fold(0.0, f64::max);
        let (x_step, x_end) = scale(right, 10.0);
        let (y_step, y_end) = scale(points().map(|point| point.1).fold(0.0, f64::max), 5.0);
        let place = |x: f64, y: f64| (LEFT + x / x_end * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y / y_end * (HEIGHT - TOP - BOTTOM));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
        );
        text(&mut svg, LEFT, 20.0, "start", "font-size=\"15\" font-weight=\"bold\"", &self.title);
        let bottom = HEIGHT - BOTTOM;
        for mark in &self.marks {
            let (from, to) = (place(mark.from, 0.0).0, place(mark.to, 0.0).0);
            let width = (to - from).max(1.0);
            put(
                &mut svg,
                &format!(
                    "<rect x=\"{from:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{MARK}\" opacity=\"0.3\"/>",
                    bottom - TOP
                ),
            );
        }
        grid(&mut svg, (x_step, x_end), (y_step, y_end), &place);
        for (series, colour) in self.series.iter().zip(COLOURS.iter().cycle()) {
            let line: Vec<String> = series
                .points
                .iter()
                .filter(|(x, y)| x.is_finite() && y.is_finite())
                .map(|(x, y)| place(*x, *y))
                .map(|(x, y)| format!("{x:.1},{y:.1}"))
                .collect();
            put(&mut svg, &format!("<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" points=\"{}\"/>", line.join(" ")));
        }
        if self.marks.len() <= WRITTEN_MARKS {
            // Downwards inside its band, so that neighbours do not write over each other.
            for mark in &self.marks {
                let x = f64::midpoint(place(mark.from, 0.0).0, place(mark.to, 0.0).0) + 4.0;
                let turned = format!("font-size=\"11\" fill=\"#7a5a12\" transform=\"rotate(-90 {x:.1} {:.1})\"", TOP + 4.0);
                text(&mut svg, x, TOP + 4.0, "end", &turned, &mark.label);
            }
        }
        self.legend(&mut svg);
        text(&mut svg, f64::midpoint(LEFT, WIDTH - RIGHT), HEIGHT - 10.0, "middle", "", &self.x);
        let turned = format!("transform=\"rotate(-90 14 {:.1})\"", f64::midpoint(TOP, bottom));
        text(&mut svg, 14.0, f64::midpoint(TOP, bottom), "middle", &turned, &self.y);
        svg.push_str("</svg>\n");
        svg
    }

    fn legend(&self, svg: &mut String) {
        let mut entries: Vec<(String, &str)> =
            self.series.iter().zip(COLOURS.iter().cycle()).map(|(series, colour)| (series.name.clone(), *colour)).collect();
        if self.marks.len() > WRITTEN_MARKS {
            entries.push((format!("{} (and {} more)", self.marks[0].label, self.marks.len() - 1), MARK));
        }
        let mut x = LEFT;
        for (name, colour) in entries {
            put(svg, &format!("<rect x=\"{x:.0}\" y=\"36\" width=\"14\" height=\"10\" fill=\"{colour}\"/>"));
            text(svg, x + 20.0, 45.0, "start", "", &name);
            // About as wide as it will be: nobody measures fonts here.
            x += 44.0 + 7.0 * f64::from(u32::try_from(name.chars().count()).unwrap_or(0));
        }
    }
}

fn grid(svg: &mut String, (x_step, x_end): (f64, f64), (y_step, y_end): (f64, f64), place: &impl Fn(f64, f64) -> (f64, f64)) {
    for y in ticks(y_step, y_end) {
        let ((x1, at), (x2, _)) = (place(0.0, y), place(x_end, y));
        put(svg, &format!("<line x1=\"{x1:.1}\" y1=\"{at:.1}\" x2=\"{x2:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>"));
        text(svg, x1 - 6.0, at + 4.0, "end", "", &number(y));
    }
    for x in ticks(x_step, x_end) {
        let (at, y) = place(x, 0.0);
        put(svg, &format!("<line x1=\"{at:.1}\" y1=\"{y:.1}\" x2=\"{at:.1}\" y2=\"{:.1}\" stroke=\"#999\"/>", y + 4.0));
        text(svg, at, y + 17.0, "middle", "", &number(x));
    }
}

fn ticks(step: f64, end: f64) -> impl Iterator<Item = f64> {
    (0..100_u32).map(move |n| f64::from(n) * step).take_while(move |at| *at <= end * 1.000_001)
}

/// A step of 1, 2 or 5 times a power of ten, about `wanted` of them, and the end of the axis: at or beyond `most`.
fn scale(most: f64, wanted: f64) -> (f64, f64) {
    let most = if most > 0.0 { most } else { 1.0 };
    let rough = most / wanted;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough).unwrap_or(10.0 * power);
    (step, (most / step).ceil() * step)
}

fn number(value: f64) -> String {
    if value.fract().abs() < 1e-9 { format!("{value:.0}") } else { format!("{value:.2}").trim_end_matches('0').to_owned() }
}

fn put(svg: &mut String, element: &str) {
    svg.push_str(element);
    svg.push('\n');
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, attributes: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // Writing into a String cannot fail.
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {attributes}>{words}</text>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_on_a_step_at_or_beyond_the_data() {
        for (most, step, end) in [(97.0, 20.0, 100.0), (100.0, 20.0, 100.0), (0.0, 0.2, 1.0), (1234.0, 500.0, 1500.0), (0.03, 0.01, 0.03)] {
            let (is_step, is_end) = scale(most, 5.0);
            assert!((is_step - step).abs() < 1e-9 && (is_end - end).abs() < 1e-9, "{most}: {is_step} {is_end}");
        }
    }

    #[test]
    fn what_is_drawn_is_whole_and_inside_the_frame() {
        let chart = Chart {
            title: "a < b & c".into(),
            x: "s".into(),
            y: "1/s".into(),
            series: vec![Series { name: "one".into(), points: vec![(0.0, 1.0), (10.0, f64::NAN), (20.0, 400.0)] }],
            marks: vec![Mark { from: 3.0, to: 25.0, label: "cut".into() }],
        };
        let svg = chart.svg();
        assert!(svg.contains("a &lt; b &amp; c") && !svg.contains("NaN"));
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        let line = svg.split("points=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        for point in line.split(' ') {
            let (x, y) = point.split_once(',').unwrap();
            let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
            assert!((LEFT..=WIDTH - RIGHT).contains(&x) && (TOP..=HEIGHT - BOTTOM).contains(&y), "{point}");
        }
    }

    #[test]
    fn many_marks_are_counted_and_not_written_one_over_the_other() {
        let marks = (0..200).map(|n| Mark { from: f64::from(n), to: f64::from(n), label: "SIGKILL".into() }).collect();
        let svg = Chart { marks, ..Chart::default() }.svg();
        assert_eq!(svg.matches("SIGKILL").count(), 1);
        assert!(svg.contains("and 199 more"));
    }
}
