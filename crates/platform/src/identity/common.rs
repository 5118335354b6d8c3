//! Passwords that everybody tries first: well-known words and names in their usual dress, and what only follows the keyboard.
//!
//! Told by rule from two lists of words, so that `Dragon2024!` is known without being listed. What that comes to for the passwords
//! which are used most (ASVS 6.2.4): of the 1,529 of ten characters and more in the list of zxcvbn, which was counted from leaks,
//! seven of ten are refused. The rest are what single sites gave out, and Russian and coarse words.
//!
//! - [`walks`]: ways along the keyboard, counts, repetitions, dates, numbers that sound like words.
//! - [`names`]: Chinese names.

mod names;
mod walks;

use std::collections::HashSet;
use std::sync::LazyLock;

use kernel::text::fold;

/// Words that people make passwords of, alone or two together, whatever stands between them; compiled for this purpose.
static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common_words.txt").split_whitespace().collect());
/// Many more, in alphabetical order: alone, or two written together. With something between them two of these are one's own.
static FREQUENT: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("frequent_words.txt").split_whitespace().collect());
/// Shorter words are found at the ends of too many others.
const SHORTEST_OF_TWO: usize = 4;

pub fn is_common(password: &str) -> bool {
    let folded = fold(password);
    let chars: Vec<char> = folded.chars().collect();
    is_word(&folded) || walks::is_walk(&chars)
}

/// One or two of the words, or a name, with digits and signs before and after, and with signs for letters.
fn is_word(folded: &str) -> bool {
    let bare = folded.trim_matches(|c: char| !c.is_alphabetic());
    let unmasked: String = bare.chars().map(unmask).collect();
    let plain: String = unmasked.chars().filter(|c| c.is_alphabetic()).collect();
    let two = || plain.char_indices().skip(1).any(|(at, _)| WORDS.contains(&plain[..at]) && WORDS.contains(&plain[at..]));
    is_frequent(&plain) || names::is_name(&plain) || two() || two_together(&unmasked)
}

fn is_frequent(word: &str) -> bool {
    WORDS.contains(word) || FREQUENT.binary_search_by(|frequent| (*frequent).cmp(word)).is_ok()
}

fn two_together(letters: &str) -> bool {
    let ends = letters.len().saturating_sub(SHORTEST_OF_TWO);
    let mut places = letters.char_indices().map(|(at, _)| at).filter(|at| (SHORTEST_OF_TWO..=ends).contains(at));
    places.any(|at| is_frequent(&letters[..at]) && is_frequent(&letters[at..]))
}

fn unmask(c: char) -> char {
    match c {
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' => 'i',
        '0' => 'o',
        '$' | '5' => 's',
        '7' => 't',
        c => c,
    }
}

/// Each word and name in its plainest dress, ten characters long at least: some of what is refused.
#[cfg(test)]
pub(super) fn listed() -> HashSet<String> {
    let words = WORDS.iter().chain(FREQUENT.iter()).map(|word| (*word).to_owned());
    let dressed = |word: String| match word.len() {
        10.. => word,
        short => word + &"1234567890"[..10 - short],
    };
    words.chain(names::shortest()).map(dressed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_tries_is_known() {
        for bad in [
            "1234567890",
            "0987654321",
            "qwertyuiop",
            "Qwerty123456",
            "1q2w3e4r5t",
            "1qaz2wsx3edc",
            "aaaaaaaaaa",
            "abcabcabcabc",
            "Password123",
            "P@ssw0rd2024!",
            "iloveyou520",
            "woaini1314520",
            "Admin@123456",
            "Welcome_2026",
            "letmein!!!!",
            "adminpassword",
            "a1b2c3d4e5",
            "!@#$%^&*()",
            "PASSWORDpassword",
            "dragon1234567",
            "terminator",
            "Blackberry1",
            "dragonball99",
            "Jellyfish-2025",
            "123456789a",
            "qq123456789",
            "1qaz@WSX3edc",
            "5201314520",
            "woaini5201314",
            "zhangwei1990",
            "WangXiaoMing88",
            "19861010qq",
            "dashadasha",
        ] {
            assert!(is_common(bad), "{bad}");
        }
    }

    #[test]
    fn phrases_of_ones_own_pass() {
        for good in [
            "password-of-alice",
            "correct horse battery",
            "purple-otter-7",
            "yellow-heron-9",
            "river-stone-lantern-42",
            "kettle9moss4lamp",
            "7Hq-zz0p.Lm",
            "8306172954",
            "green tea at nine",
            "这个密码不常见吧朋友",
        ] {
            assert!(!is_common(good), "{good}");
        }
    }

    #[test]
    fn the_long_list_is_in_order_and_holds_each_word_once() {
        assert!(FREQUENT.windows(2).all(|two| two[0] < two[1]));
        assert!(FREQUENT.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()) && !WORDS.contains(word)));
    }
}
