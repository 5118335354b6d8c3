//! Bars from left to right, a row each: a value, how far it was from round to round, and what was asked for.

use std::fmt::Write;

use super::{COLOURS, number, put, scale, text, ticks};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 430.0;
const RIGHT: f64 = 96.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = 52.0;
const ROW: f64 = 24.0;
const BAR: f64 = 13.0;
const ASKED: &str = "#333";
const SHORT: &str = "#b3261e";
/// The axis ends at what most rows need: one row that is far beyond is cut, and its number says how far it goes.
const CUT: f64 = 2.5;

#[derive(Debug, Clone, Default)]
pub struct Bars {
    pub title: String,
    pub x: String,
    /// Each in a colour of its own.
    pub groups: Vec<String>,
    pub rows: Vec<Bar>,
}

#[derive(Debug, Clone, Default)]
pub struct Bar {
    pub label: String,
    /// Index into the groups.
    pub group: usize,
    pub median: f64,
    pub least: f64,
    pub most: f64,
    pub asked: Option<f64>,
    pub holds: bool,
}

impl Bars {
    pub fn svg(&self) -> String {
        let height = TOP + BOTTOM + ROW * to_f64(self.rows.len());
        let (step, end) = scale(self.reach(), 6.0);
        let at = |x: f64| LEFT + (x / end).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT);
        let bottom = height - BOTTOM;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\">\n\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n"
        );
        text(&mut svg, 16.0, 22.0, "start", "font-size=\"15\" font-weight=\"bold\"", &self.title);
        self.legend(&mut svg);
        for x in ticks(step, end) {
            let x1 = at(x);
            put(&mut svg, &format!("<line x1=\"{x1:.1}\" y1=\"{TOP}\" x2=\"{x1:.1}\" y2=\"{bottom:.1}\" stroke=\"#ddd\"/>"));
            text(&mut svg, x1, bottom + 17.0, "middle", "", &number(x));
        }
        for (n, row) in self.rows.iter().enumerate() {
            row.draw(&mut svg, TOP + ROW * (to_f64(n) + 0.5), &at, end);
        }
        text(&mut svg, f64::midpoint(LEFT, WIDTH - RIGHT), height - 12.0, "middle", "", &self.x);
        svg.push_str("</svg>\n");
        svg
    }

    fn reach(&self) -> f64 {
        let asked = self.rows.iter().filter_map(|row| row.asked).fold(0.0, f64::max);
        let most = self.rows.iter().map(|row| row.most).filter(|most| most.is_finite()).fold(0.0, f64::max);
        // Half of the room belongs to what was asked.
        if asked > 0.0 { most.clamp(asked * 1.2, asked.max(self.typical()) * CUT) } else { most }
    }

    /// The median of the rows.
    fn typical(&self) -> f64 {
        let mut medians: Vec<f64> = self.rows.iter().map(|row| row.median).filter(|median| median.is_finite()).collect();
        medians.sort_by(f64::total_cmp);
        medians.get(medians.len() / 2).copied().unwrap_or_default()
    }

    fn legend(&self, svg: &mut String) {
        let mut x = 16.0;
        for (name, colour) in self.groups.iter().zip(COLOURS.iter().cycle()) {
            put(svg, &format!("<rect x=\"{x:.0}\" y=\"38\" width=\"14\" height=\"10\" fill=\"{colour}\"/>"));
            text(svg, x + 20.0, 47.0, "start", "", name);
            x += 44.0 + 7.0 * to_f64(name.chars().count());
        }
        put(svg, &format!("<line x1=\"{x:.0}\" y1=\"43\" x2=\"{:.0}\" y2=\"43\" stroke=\"#333\" stroke-width=\"1.5\"/>", x + 14.0));
        text(svg, x + 20.0, 47.0, "start", "", "least to most of the rounds");
        x += 214.0;
        put(svg, &format!("<line x1=\"{x:.0}\" y1=\"35\" x2=\"{x:.0}\" y2=\"51\" stroke=\"{ASKED}\" stroke-width=\"3\"/>"));
        text(svg, x + 8.0, 47.0, "start", "", "asked");
        x += 62.0;
        text(svg, x, 47.0, "start", &format!("fill=\"{SHORT}\" font-weight=\"bold\""), "falls short");
    }
}

impl Bar {
    fn draw(&self, svg: &mut String, y: f64, at: &impl Fn(f64) -> f64, end: f64) {
        let short = self.asked.is_some() && !self.holds;
        text(svg, LEFT - 10.0, y + 4.0, "end", "", &self.label);
        if !self.median.is_finite() {
            return;
        }
        let colour = COLOURS[self.group % COLOURS.len()];
        let (left, right) = (at(0.0), at(self.median));
        let top = y - BAR / 2.0;
        put(
            svg,
            &format!("<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>", (right - left).max(1.0)),
        );
        if self.most > self.least && self.least.is_finite() && self.most.is_finite() {
            let (from, to) = (at(self.least), at(self.most));
            put(svg, &format!("<line x1=\"{from:.1}\" y1=\"{y:.1}\" x2=\"{to:.1}\" y2=\"{y:.1}\" stroke=\"#333\" stroke-width=\"1.5\"/>"));
            for x in [from, to] {
                let (y1, y2) = (y - 3.0, y + 3.0);
                put(
                    svg,
                    &format!("<line x1=\"{x:.1}\" y1=\"{y1:.1}\" x2=\"{x:.1}\" y2=\"{y2:.1}\" stroke=\"#333\" stroke-width=\"1.5\"/>"),
                );
            }
        }
        if let Some(asked) = self.asked {
            let (x, y1, y2) = (at(asked), y - ROW / 2.0 + 2.0, y + ROW / 2.0 - 2.0);
            put(svg, &format!("<line x1=\"{x:.1}\" y1=\"{y1:.1}\" x2=\"{x:.1}\" y2=\"{y2:.1}\" stroke=\"{ASKED}\" stroke-width=\"3\"/>"));
        }
        // In a column of their own, so that they never stand on a line.
        let mut said = String::new();
        let _ = write!(said, "{}{}", digits(self.median), if self.median > end { " →" } else { "" });
        let manner = if short { format!("fill=\"{SHORT}\" font-weight=\"bold\"") } else { String::new() };
        text(svg, WIDTH - 16.0, y + 4.0, "end", &manner, &said);
    }
}

fn digits(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn to_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(rows: Vec<Bar>) -> String {
        Bars { title: "a & b".into(), x: "share".into(), groups: vec!["SQLite".into()], rows }.svg()
    }

    #[test]
    fn a_row_that_falls_short_is_told_apart() {
        let row = |holds| Bar { label: "verify".into(), median: 0.4, least: 0.3, most: 0.5, asked: Some(0.5), holds, ..Bar::default() };
        let red = |svg: &str| svg.matches(SHORT).count();
        assert_eq!((red(&bars(vec![row(true)])), red(&bars(vec![row(false)]))), (1, 2), "the legend has one");
    }

    #[test]
    fn nothing_is_drawn_outside_the_frame() {
        let row =
            |median| Bar { label: "x < y".into(), median, least: median / 2.0, most: median * 4.0, asked: Some(1.0), ..Bar::default() };
        let svg = bars(vec![row(0.5), row(2.0), row(1e6), row(f64::NAN)]);
        assert!(!svg.contains("NaN") && svg.contains("x &lt; y") && svg.contains("1000000 →"));
        for part in svg.split("x2=\"").skip(1) {
            let x: f64 = part.split('"').next().unwrap().parse().unwrap();
            assert!((0.0..=WIDTH - RIGHT + 0.1).contains(&x), "{x}");
        }
    }
}
