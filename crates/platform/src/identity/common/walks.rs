//! Passwords that follow something which everybody follows: a way along the keyboard, a count, one thing again and again, a date, or
//! numbers that sound like words 谐音数字.
//!
//! Where hardly a character is left that belongs to none of these, the password is as good as listed.

use std::collections::HashMap;
use std::sync::LazyLock;

/// So many characters of one's own make no difference: `123456789a`, `qq1234567890`.
const OWN: usize = 2;
/// The shortest piece of a way that is one.
const STEP: usize = 3;
/// The longest that is looked for again right after itself: `dashadasha`.
const UNIT: usize = 6;

const FORWARD: &[&str] = &[
    // Counts.
    "01234567890",
    "12345678910111213141516171819",
    "13579086420",
    "1357924680",
    "2468013579",
    "0102030405060708090",
    "1020304050607080900",
    "112233445566778899001122",
    "111222333444555666777888999000",
    "122333444455555",
    "1029384756",
    "192837465",
    "abcdefghijklmnopqrstuvwxyz",
    "1a2b3c4d5e6f7g8h9i0j",
    "a1b2c3d4e5f6g7h8i9j0",
    "1a2a3a4a5a6a",
    "q1q2q3q4q5q6q",
    // Rows of the keyboard, and its columns.
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qpwoeiruty",
    "zmxncbv",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "a1s2d3f4g5h6j7k8l9",
    "1a2s3d4f5g6h7j8k9l",
    "z1x2c3v4b5n6m7",
    "1z2x3c4v5b6n7m",
    "qawsedrftgyhujikolp",
    "azsxdcfvgbhnjmkl",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1qazxsw23edcvfr45tgbnhy67ujmki89ol",
    "qazwsxedcrfvtgbyhnujmikolp",
    "qazxswedcvfrtgbnhyujmkiolp",
    "zaqwsxcderfvbgtyhnmjuik",
    "qwaszxerdfcv",
    "12qwaszx34erdfcv",
    "12qw34er56ty78ui",
    // The digits' own block.
    "7894561230",
    "14725836900",
    "147852369",
    "147896325",
    "123698745",
    "1236987410",
    "159357",
    "753951",
    "456852",
    "74108520963",
    "7418529630",
    "3692581470",
    "1346798520",
    "134679852",
    // Numbers that have a name.
    "31415926535897932384",
    "2718281828459045",
    "1123581321345589",
    "299792458",
    "4815162342",
];

/// Numbers that sound like words or bring luck, and those that everybody dials.
const LUCKY: &[&str] = &[
    "520",
    "521",
    "1314",
    "1413",
    "201314",
    "5201314",
    "5211314",
    "1314520",
    "1314521",
    "7758258",
    "7758520",
    "7758521",
    "584520",
    "584521",
    "5845201314",
    "3344520",
    "3344521",
    "25257758",
    "2525775",
    "770880",
    "8520",
    "9420",
    "168",
    "188",
    "518",
    "100",
    "200",
    "110",
    "114",
    "119",
    "120",
    "911",
    "007",
];

static WAYS: LazyLock<Vec<Vec<char>>> =
    LazyLock::new(|| FORWARD.iter().flat_map(|way| [way.chars().collect(), way.chars().rev().collect()]).collect());

/// What is left of each way from each of its characters on, by that character: a long password is looked at in no time.
static STARTS: LazyLock<HashMap<char, Vec<&'static [char]>>> = LazyLock::new(|| {
    let mut starts: HashMap<char, Vec<&'static [char]>> = HashMap::new();
    for way in WAYS.iter() {
        for from in 0..way.len().saturating_sub(STEP - 1) {
            starts.entry(way[from]).or_default().push(&way[from..]);
        }
    }
    starts
});

/// `chars` are folded.
pub(super) fn is_walk(chars: &[char]) -> bool {
    let plain: Vec<char> = chars.iter().copied().map(without_shift).collect();
    own(&plain) <= OWN
}

/// The digit on whose key a sign is.
fn without_shift(sign: char) -> char {
    match sign {
        '!' => '1',
        '@' => '2',
        '#' => '3',
        '$' => '4',
        '%' => '5',
        '^' => '6',
        '&' => '7',
        '*' => '8',
        '(' => '9',
        ')' => '0',
        other => other,
    }
}

/// How many characters are left, at the fewest, that belong to no piece.
fn own(chars: &[char]) -> usize {
    let mut fewest = vec![usize::MAX; chars.len() + 1];
    fewest[0] = 0;
    for at in 0..chars.len() {
        let so_far = fewest[at];
        fewest[at + 1] = fewest[at + 1].min(so_far + 1);
        for length in pieces(&chars[at..]) {
            fewest[at + length] = fewest[at + length].min(so_far);
        }
    }
    fewest[chars.len()]
}

/// How long the pieces are that `rest` may begin with.
fn pieces(rest: &[char]) -> Vec<usize> {
    let same = rest.iter().take_while(|c| rest.first() == Some(*c)).count();
    let ways = rest.first().and_then(|first| STARTS.get(first)).into_iter().flatten();
    let way = ways.map(|way| shared(way, rest)).max().unwrap_or(0);
    let mut lengths: Vec<usize> = (STEP..=same.max(way)).collect();
    for unit in 2..=UNIT {
        let again = shared(rest.get(unit..).unwrap_or_default(), rest);
        if again >= unit {
            lengths.extend(2 * unit..=unit + again);
        }
    }
    lengths.extend(LUCKY.iter().filter(|text| begins(rest, text)).map(|text| text.len()));
    lengths.extend(date(rest));
    lengths
}

fn shared(one: &[char], other: &[char]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

fn begins(rest: &[char], text: &str) -> bool {
    text.len() <= rest.len() && text.chars().zip(rest).all(|(a, b)| a == *b)
}

/// A year that somebody who lives may be born in, and the day, if one follows.
fn date(rest: &[char]) -> Vec<usize> {
    let number = |from: usize, to: usize| -> Option<u32> {
        rest.get(from..to)?.iter().try_fold(0, |sum, digit| Some(sum * 10 + digit.to_digit(10)?))
    };
    let is = |number: Option<u32>, least: u32, most: u32| number.is_some_and(|number| (least..=most).contains(&number));
    if !is(number(0, 4), 1940, 2049) {
        return Vec::new();
    }
    if is(number(4, 6), 1, 12) && is(number(6, 8), 1, 31) { vec![4, 8] } else { vec![4] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own_of(text: &str) -> usize {
        own(&text.chars().map(without_shift).collect::<Vec<_>>())
    }

    #[test]
    fn what_belongs_to_no_piece_is_counted() {
        for (text, own) in [
            ("", 0),
            ("ab", 2),
            ("abc", 0),
            ("123456789a", 1),
            ("zz1234567890", 2),
            ("qwe!@#456zxc", 0),
            ("19861010qq", 2),
            ("1986vkpwfg", 6),
            ("5201314520", 0),
            ("dashadasha", 0),
            ("1357924680x", 1),
            ("7hq-zz0p.lm", 11),
        ] {
            assert_eq!(own_of(text), own, "{text}");
        }
    }

    #[test]
    fn two_characters_of_ones_own_make_no_difference_and_three_do() {
        let walk = |text: &str| is_walk(&text.chars().collect::<Vec<_>>());
        assert!(walk("x1234567890y") && walk("zaq12wsx3edc") && walk("!qaz2wsx#edc"));
        assert!(!walk("x12345678y90z7") && !walk("8306172954"));
    }
}
