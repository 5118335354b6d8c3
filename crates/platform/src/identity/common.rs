//! Passwords that everybody tries first: well-known words in their usual dress, repetitions, and runs along the keyboard.
//!
//! Told by rule from a list of words, so that `Dragon2024!` is known without being listed.

use std::collections::HashSet;
use std::sync::LazyLock;

use kernel::text::fold;

/// Words that people make passwords of; compiled for this purpose.
static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common_words.txt").split_whitespace().collect());

/// Ways along a keyboard or an alphabet; each counts backwards too.
const RUNS: [&str; 12] = [
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1a2b3c4d5e6f7g8h9i0j",
    "a1b2c3d4e5f6g7h8i9j0",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "!@#$%^&*()_+",
    "147258369",
];

pub fn is_common(password: &str) -> bool {
    let folded = fold(password);
    let chars: Vec<char> = folded.chars().collect();
    repeats(&chars) || runs(&chars) || is_word(&folded)
}

/// One unit of up to four characters, again and again.
fn repeats(chars: &[char]) -> bool {
    (1..=4).any(|unit| chars.len() > unit && chars.iter().zip(&chars[unit..]).all(|(a, b)| a == b))
}

/// Nothing but runs of three or more.
fn runs(chars: &[char]) -> bool {
    let ways = RUNS.iter().flat_map(|run| [run.chars().collect::<Vec<_>>(), run.chars().rev().collect()]);
    let ways: Vec<Vec<char>> = ways.collect();
    let longest = |rest: &[char]| {
        let from = |way: &[char], start: usize| way[start..].iter().zip(rest).take_while(|(a, b)| a == b).count();
        ways.iter().flat_map(|way| (0..way.len()).map(move |start| (way, start))).map(|(way, start)| from(way, start)).max().unwrap_or(0)
    };
    let mut rest = chars;
    while !rest.is_empty() {
        let length = longest(rest);
        if length < 3 {
            return false;
        }
        rest = &rest[length..];
    }
    true
}

/// One or two of the words, with digits and signs before and after, and with signs for letters.
fn is_word(folded: &str) -> bool {
    let bare = folded.trim_matches(|c: char| !c.is_alphabetic());
    let plain: String = bare.chars().map(unmask).filter(|c| c.is_alphabetic()).collect();
    let two = || plain.char_indices().skip(1).any(|(at, _)| WORDS.contains(&plain[..at]) && WORDS.contains(&plain[at..]));
    WORDS.contains(plain.as_str()) || two()
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
        ] {
            assert!(is_common(bad), "{bad}");
        }
    }

    #[test]
    fn phrases_of_ones_own_pass() {
        for good in
            ["password-of-alice", "correct horse battery", "purple-otter-7", "7Hq-zz0p.Lm", "green tea at nine", "这个密码不常见吧朋友"]
        {
            assert!(!is_common(good), "{good}");
        }
        assert!(WORDS.len() > 300, "{}", WORDS.len());
    }
}
