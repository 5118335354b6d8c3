//! A card key as a person typed or pasted it, and as it is sent.
//!
//! The server reads keys in the same way, so sending the raw text would do for most. What is done here
//! besides is for keys that went through a chat or a Chinese input method: full-width letters and the many
//! dashes and spaces of Unicode, which look right on the screen and match nothing.

/// Upper case, without hyphens and spaces, `O` as `0`, `I` and `L` as `1`. Everything else stays as it is,
/// for the server to refuse. Doing it twice changes nothing.
pub fn normalise(typed: &str) -> String {
    typed.chars().map(half_width).filter(|&c| !is_separator(c)).map(look_alike).collect()
}

/// `Ａ` to `A`, `７` to `7`, `－` to `-`.
fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

fn is_separator(c: char) -> bool {
    matches!(c,
        '\t'..='\r' | ' ' | '\u{a0}' | '\u{2000}'..='\u{200d}' | '\u{202f}' | '\u{2060}' | '\u{3000}' | '\u{feff}' // spaces
        | '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' // hyphens and dashes
    )
}

fn look_alike(c: char) -> char {
    match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn k3_1b_normalising_twice_changes_nothing(typed in any::<String>()) {
            let once = normalise(&typed);
            prop_assert_eq!(normalise(&once), once.clone());
            prop_assert!(!once.contains(|c: char| matches!(c, 'a'..='z' | 'O' | 'I' | 'L' | '-' | ' ' | '\t' | '\n')));
        }

        #[test]
        fn k3_1b_a_key_reads_the_same_however_it_was_typed(
            key in "[0-9A-HJKMNP-TV-Z]{25}",
            styles in proptest::collection::vec((any::<bool>(), any::<bool>(), any::<bool>(), 0..5_usize), 25),
        ) {
            let mut typed = String::new();
            for (c, (lower, wide, alike, gap)) in key.chars().zip(styles) {
                let c = match c { '0' if alike => 'O', '1' if alike && lower => 'I', '1' if alike => 'L', other => other };
                let c = if lower { c.to_ascii_lowercase() } else { c };
                let c = if wide { char::from_u32(u32::from(c) + 0xfee0).unwrap() } else { c };
                typed.push(c);
                typed.push_str(["", "-", " ", "－", "\u{3000}"][gap]);
            }
            prop_assert_eq!(normalise(&typed), key);
        }
    }
}
