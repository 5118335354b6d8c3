//! Fuzzing: texts and bytes from outside, and a promise that must hold for all of them.
//!
//! Each target is a function that panics when its promise is broken, and seeds from which to begin ([`TARGETS`]). `cargo test`
//! gives each some thousand inputs made from its seeds, always the same ones ([`short`]). `cargo xtask fuzz` runs them with
//! libFuzzer, which sees what code an input reaches, and makes its way on from there.
//!
//! **Invariant**: a target's promise is one that could fail; "it does not panic" comes with it.

pub mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use kernel::Random;

pub use targets::TARGETS;

/// How many inputs a target gets where it runs as an ordinary test.
const SHORT: u64 = 3_000;

pub struct Target {
    pub name: &'static str,
    /// Texts that come far: good ones, and tricks.
    pub seeds: &'static [&'static str],
    pub check: fn(&[u8]),
}

pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Holds a target to its promise for the inputs of an ordinary test run; a broken one is shown with the input.
///
/// # Panics
/// When the promise is broken.
pub fn short(target: &Target) {
    let random = Random::seeded(SHORT);
    for n in 0..SHORT {
        let mut bytes = vec![0; usize::try_from(random.below(40)).unwrap_or(0)];
        random.fill(&mut bytes);
        // The seeds themselves first.
        if n <= u64::try_from(target.seeds.len()).unwrap_or(0) {
            bytes = vec![u8::try_from(n).unwrap_or(0)];
        }
        let input = input(target.seeds, &bytes);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.check)(&input))) {
            eprintln!("{} breaks its promise for b\"{}\"", target.name, input.escape_ascii());
            resume_unwind(panic);
        }
    }
}

/// The first byte chooses: nothing but noise, or a seed, of which the bytes after it then change some.
fn input(seeds: &[&str], bytes: &[u8]) -> Vec<u8> {
    let Some((choice, mut edits)) = bytes.split_first() else { return Vec::new() };
    let seed = match usize::from(*choice) % (seeds.len() + 1) {
        0 => return edits.to_vec(),
        n => seeds[n - 1],
    };
    let mut text = seed.as_bytes().to_vec();
    // Three bytes an edit; more than a few would only make noise of it again.
    for _ in 0..4 {
        let [how, place, what, ..] = *edits else { break };
        edits = &edits[3..];
        let place = usize::from(place) % (text.len() + 1);
        match how % 6 {
            0 => text.insert(place, what),
            1 if place < text.len() => text[place] = what,
            2 if place < text.len() => drop(text.remove(place)),
            3 if place < text.len() => text[place] ^= 1 << (what % 8),
            4 => {
                // Another seed's end in place of its own.
                let other = seeds[usize::from(what) % seeds.len()].as_bytes();
                text.truncate(place);
                text.extend_from_slice(&other[place.min(other.len())..]);
            }
            5 => {
                let part: Vec<u8> = text[place..].iter().copied().take(usize::from(what)).collect();
                text.splice(place..place, part);
            }
            _ => {}
        }
    }
    text
}

/// The input as text; what is no UTF-8 becomes a replacement character, which parsers must bear as well.
pub fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

/// The input in `N` parts, split at the record separator of ASCII; those that are missing are empty.
pub fn parts<const N: usize>(input: &[u8]) -> [&[u8]; N] {
    let mut parts = input.splitn(N, |byte| *byte == 0x1e);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bytes_choose_nothing_and_each_seed_comes_up_unchanged() {
        let seeds = ["abc", "xyz"];
        assert_eq!(input(&seeds, &[]), b"");
        assert_eq!((input(&seeds, &[0, 7, 8]), input(&seeds, &[1]), input(&seeds, &[2])), (vec![7, 8], b"abc".to_vec(), b"xyz".to_vec()));
    }

    #[test]
    fn edits_insert_replace_remove_flip_cross_and_repeat() {
        let seeds = ["abcdef", "uvwxyz"];
        let edited = |edit: [u8; 3]| text(&input(&seeds, &[&[1][..], &edit].concat()));
        assert_eq!(edited([0, 1, b'-']), "a-bcdef");
        assert_eq!(edited([1, 1, b'-']), "a-cdef");
        assert_eq!(edited([2, 1, 0]), "acdef");
        assert_eq!(edited([3, 0, 5]), "Abcdef");
        assert_eq!(edited([4, 2, 1]), "abwxyz");
        assert_eq!(edited([5, 0, 2]), "ababcdef");
    }

    #[test]
    fn parts_are_split_at_the_separator_and_the_last_takes_the_rest() {
        assert_eq!(parts::<3>(b"a\x1eb\x1ec\x1ed"), [&b"a"[..], b"b", b"c\x1ed"]);
        assert_eq!(parts::<3>(b"a"), [&b"a"[..], b"", b""]);
    }

    #[test]
    fn a_broken_promise_is_found() {
        let target = Target { name: "x", seeds: &["hello"], check: |input| assert_ne!(input, b"jello") };
        assert!(catch_unwind(|| short(&target)).is_err());
    }
}
