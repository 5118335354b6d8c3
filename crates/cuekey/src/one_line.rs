//! An event of the text log is one line, whatever was put into it.
//!
//! What strangers call themselves gets into the log: an MQTT client's id, before anybody has admitted it. A line break in there would begin a
//! line that nobody wrote, and the log could not be believed any more.

use std::borrow::Cow;
use std::io::{self, Write};

use kernel::text;

/// How the formatter begins and ends its colours, bold, dim and italic.
const COLOURS: [&str; 9] =
    ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[3m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[34m", "\u{1b}[35m"];

/// Is written one event at a time, whole: so do the layers of `tracing_subscriber`.
pub struct OneLine<W> {
    out: W,
    coloured: bool,
}

impl<W> OneLine<W> {
    /// `coloured`: the formatter puts in colours, which stay. Others could so colour what they say, and do no more to a terminal.
    pub fn new(out: W, coloured: bool) -> Self {
        Self { out, coloured }
    }
}

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        self.out.write_all(on_one_line(&text, self.coloured).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The line break at its end stays.
fn on_one_line(event: &str, coloured: bool) -> Cow<'_, str> {
    let (line, end) = event.strip_suffix('\n').map_or((event, ""), |line| (line, "\n"));
    let is_colour = |at: usize| coloured && COLOURS.iter().any(|colour| line[at..].starts_with(colour));
    let stays = |(at, c): (usize, char)| !text::is_hidden(c) || is_colour(at);
    if line.char_indices().all(stays) {
        return Cow::Borrowed(event);
    }
    let mut escaped = String::with_capacity(event.len() + 16);
    for (at, c) in line.char_indices() {
        if stays((at, c)) {
            escaped.push(c);
        } else {
            escaped.extend(c.escape_default());
        }
    }
    escaped.push_str(end);
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_one_line_stays_as_it_is() {
        for event in ["INFO 一切正常 é\n", "no end", "\n", ""] {
            assert_eq!(on_one_line(event, false), event);
        }
    }

    #[test]
    fn whatever_breaks_a_line_or_cannot_be_seen_is_escaped() {
        let event = "a\nb\r\nc\td\u{85}e\u{2028}f\u{2029}g\u{202e}h\u{1b}[2K\0\u{feff}\n\n";
        let line = r"a\nb\r\nc\td\u{85}e\u{2028}f\u{2029}g\u{202e}h\u{1b}[2K\u{0}\u{feff}\n";
        assert_eq!(on_one_line(event, false), format!("{line}\n"));
    }

    #[test]
    fn colours_stay_where_there_are_to_be_any_and_nothing_else_that_steers_a_terminal() {
        let event = "\u{1b}[32m INFO\u{1b}[0m a\nb\u{1b}[8m\u{1b}[2K\u{1b}]0;x\u{7}\n";
        let steering = r"\u{1b}[8m\u{1b}[2K\u{1b}]0;x\u{7}";
        assert_eq!(on_one_line(event, true), format!("\u{1b}[32m INFO\u{1b}[0m a\\nb{steering}\n"));
        assert_eq!(on_one_line(event, false), format!(r"\u{{1b}}[32m INFO\u{{1b}}[0m a\nb{steering}") + "\n");
    }
}
