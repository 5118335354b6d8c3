//! Text that people typed: normalised once, measured in characters, and free of what cannot be seen.

use unicode_normalization::UnicodeNormalization;

type Refused = (&'static str, String, String);

/// Trims, brings to NFC, and refuses what is too short, too long, or holds control characters or invisible
/// direction marks (which make one name look like another). Line breaks pass only where `lines` says so.
pub fn clean(text: &str, min: usize, max: usize, lines: bool) -> Result<String, Refused> {
    // Measured before the work, so that a huge text costs nothing.
    if text.len() > max.saturating_mul(4).saturating_add(64) {
        return Err(too_long(max));
    }
    let text: String = text.trim().nfc().collect();
    let length = text.chars().count();
    if length > max {
        return Err(too_long(max));
    }
    if length < min {
        return Err(if length == 0 {
            ("REQUIRED", "请填写".into(), "This is needed".into())
        } else {
            ("TOO_SHORT", format!("至少 {min} 个字符"), format!("At least {min} characters"))
        });
    }
    if text.chars().any(|c| is_hidden(c) && !(lines && matches!(c, '\n' | '\r' | '\t'))) {
        return Err(("CHARACTERS", "含有不可见或控制字符".into(), "Holds invisible or control characters".into()));
    }
    Ok(text)
}

fn too_long(max: usize) -> Refused {
    ("TOO_LONG", format!("最多 {max} 个字符"), format!("At most {max} characters"))
}

/// What leaves no mark where it stands, or breaks the line, or turns the direction of what follows.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// What others say, to stand among our words: on one line, without what cannot be seen, and no longer than so much.
pub fn quoted(text: &str, most: usize) -> String {
    let seen: String = text.trim().chars().map(|c| if is_hidden(c) { ' ' } else { c }).take(most).collect();
    seen.trim().to_owned()
}

/// As much of a text as fits into so many bytes of UTF-8: whole letters, from the first on.
pub fn within(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// A mark that is written over or under the letter before it, as many scripts need. Not those that leave no trace.
pub fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
        && !matches!(c, '\u{34f}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Full-width letters, digits in circles and the like as the plain ones.
pub fn plain(text: &str) -> String {
    text.nfkc().collect()
}

/// What two spellings of one name share: compatibility forms folded, lower case.
pub fn fold(text: &str) -> String {
    plain(&plain(text).to_lowercase())
}

/// Whether the time zone database knows this name.
pub fn is_time_zone(name: &str) -> bool {
    jiff::tz::TimeZone::get(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_measured_in_characters() {
        assert_eq!(clean("  张三  ", 2, 2, false).unwrap(), "张三");
        assert_eq!(clean(&"长".repeat(10_000), 1, 32, false).unwrap_err().0, "TOO_LONG");
        assert_eq!(clean("   ", 1, 32, false).unwrap_err().0, "REQUIRED");
    }

    #[test]
    fn what_cannot_be_seen_is_refused() {
        for text in ["a\u{202e}b", "a\u{200b}b", "a\0b", "a\nb", "\u{feff}a b"] {
            assert_eq!(clean(text, 1, 32, false).unwrap_err().0, "CHARACTERS", "{text:?}");
        }
        assert_eq!(clean("a\nb", 1, 32, true).unwrap(), "a\nb");
    }

    #[test]
    fn what_others_say_stays_on_one_line_and_hides_nothing() {
        assert_eq!(quoted(" 余额\n不足\0\u{202e}! ", 300), "余额 不足  !");
        assert_eq!(quoted(&"长".repeat(10_000), 300).chars().count(), 300);
        assert_eq!(quoted("\u{200b}\n", 300), "");
    }

    #[test]
    fn what_has_no_room_is_cut_between_two_letters() {
        assert_eq!([within("abc", 2), within("abc", 3), within("abc", 9), within("", 0)], ["ab", "abc", "abc", ""]);
        assert_eq!([0, 2, 3, 5, 6].map(|bytes| within("台费", bytes)), ["", "", "台", "台", "台费"]);
        assert_eq!(within(&"长".repeat(10_000), 80).len(), 78);
    }

    #[test]
    fn full_width_and_case_fold_together() {
        assert_eq!(fold("Ａｌｉｃｅ"), fold("aLICE"));
    }
}
