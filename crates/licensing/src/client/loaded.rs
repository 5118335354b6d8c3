//! Nonces that were written down before a start: pure.
//!
//! After a quarter of an hour of 20,000 verifications a second they are eighteen million, and programs are to be answered half a second after
//! the start. To hash them into a set took seconds, and more than twice the room. But each is the beginning of a SHA-256: its first bits say where it
//! belongs, and in any part of their range there are about as many as in any other. So they lie in buckets of some dozens, one behind the
//! other, and one is looked for by going through its bucket. None comes later, and none is given back.
//!
//! They are sorted in two steps: by the first byte as they come, and each of these parts by the bits that follow. In one step nearly each would be
//! written to a page of memory that the processor has to look for; a part lies in its cache.
//!
//! Whoever signs may look for nonces that fall into one bucket, and everybody's are looked up one after the other. So a bucket that no chance has
//! made is in order, and halved until the one is found. (All of them in order would cost a start as much as the rest of this.)

/// So many first bits tell parts apart.
const PART: u32 = 8;
/// How many a bucket has on average, at most.
const FEW: usize = 32;
/// Longer than this no bucket is by chance.
const LONG: usize = 4 * FEW;

/// As they are read: by their first byte.
pub(super) struct Gathered(Vec<Vec<u64>>);

impl Default for Gathered {
    fn default() -> Self {
        Self(vec![Vec::new(); 1 << PART])
    }
}

impl Gathered {
    pub fn add(&mut self, hash: u64) {
        self.0[first_bits(hash, PART)].push(hash);
    }

    pub fn sorted(self) -> Loaded {
        let count: usize = self.0.iter().map(Vec::len).sum();
        let bits = count.div_ceil(FEW).next_power_of_two().ilog2().max(PART);
        let in_a_part = 1_usize << (bits - PART);
        let (mut begins, mut begin) = (Vec::with_capacity((1 << bits) + 1), 0_usize);
        let mut hashes = vec![0_u64; count];
        for part in self.0 {
            let bucket = |hash: u64| first_bits(hash, bits) & (in_a_part - 1);
            let mut ends = vec![0_usize; in_a_part];
            part.iter().for_each(|hash| ends[bucket(*hash)] += 1);
            let first = begins.len();
            for end in &mut ends {
                begins.push(begin);
                begin += std::mem::replace(end, begin);
            }
            // Each end is still its bucket's begin, and goes on as that fills.
            for hash in part {
                let end = &mut ends[bucket(hash)];
                hashes[*end] = hash;
                *end += 1;
            }
            for (begin, end) in begins[first..].iter().zip(ends) {
                if end - begin > LONG {
                    hashes[*begin..end].sort_unstable();
                }
            }
        }
        begins.push(count);
        Loaded { bits, begins, hashes }
    }
}

pub(super) struct Loaded {
    /// So many first bits are the number of a bucket.
    bits: u32,
    /// Where each bucket begins, and behind them where the last one ends.
    begins: Vec<usize>,
    hashes: Vec<u64>,
}

impl Loaded {
    pub fn holds(&self, hash: u64) -> bool {
        let bucket = first_bits(hash, self.bits);
        let bucket = &self.hashes[self.begins[bucket]..self.begins[bucket + 1]];
        if bucket.len() > LONG { bucket.binary_search(&hash).is_ok() } else { bucket.contains(&hash) }
    }
}

fn first_bits(hash: u64, bits: u32) -> usize {
    (hash >> (u64::BITS - bits)) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn of(hashes: &[u64]) -> Loaded {
        let mut gathered = Gathered::default();
        hashes.iter().for_each(|hash| gathered.add(*hash));
        gathered.sorted()
    }

    /// As even as a SHA-256's.
    fn even(n: u64) -> u64 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn longest(loaded: &Loaded) -> usize {
        loaded.begins.windows(2).map(|bucket| bucket[1] - bucket[0]).max().unwrap()
    }

    #[test]
    fn what_is_first_and_last_is_held_and_where_there_are_none_nothing_is() {
        let ends = [0, 1, 1 << 56, (1 << 56) - 1, 1 << 63, u64::MAX - 1, u64::MAX];
        let (none, some) = (of(&[]), of(&ends));
        for hash in ends {
            assert!(!none.holds(hash) && some.holds(hash), "{hash}");
        }
        assert!(!some.holds(2) && !some.holds(u64::MAX - 2) && !some.holds((1 << 63) - 1));
    }

    #[test]
    fn each_takes_eight_bytes_and_is_one_of_some_dozens() {
        for count in [8_192, 8_193, 100_000, 262_144, 300_000] {
            let loaded = of(&(0..count).map(even).collect::<Vec<_>>());
            assert_eq!((loaded.hashes.len() as u64, loaded.hashes.capacity() as u64), (count, count));
            let buckets = loaded.begins.len() as u64 - 1;
            assert!(buckets.is_power_of_two() && (count / 32..=count.div_ceil(16)).contains(&buckets), "{count} in {buckets} buckets");
            assert!(longest(&loaded) <= LONG, "{count}: {}", longest(&loaded));
            assert!((0..count).all(|n| loaded.holds(even(n))) && !(count..2 * count).any(|n| loaded.holds(even(n))), "{count}");
        }
    }

    #[test]
    fn k8_1_a_bucket_that_somebody_has_filled_is_in_order() {
        // The last ones first.
        let filled: Vec<u64> = (0..20_000).rev().map(|n| 2 * n + 1).collect();
        let loaded = of(&filled.iter().copied().chain((1..1_000).map(|n| even(n) | 1 << 63)).collect::<Vec<_>>());
        assert_eq!(longest(&loaded), 20_000);
        assert!(loaded.hashes[..20_000].is_sorted());
        assert!(filled.iter().all(|hash| loaded.holds(*hash) && !loaded.holds(hash - 1)) && !loaded.holds(40_001));
    }

    proptest! {
        /// Some anywhere, and some as near to each other as whoever looks for them can have them.
        #[test]
        fn it_answers_as_a_set_would(
            anywhere in proptest::collection::vec(any::<u64>(), 0..2_000), near: u64, beside in 0_u64..300, apart in 1_u64..4,
            asked in proptest::collection::vec(any::<u64>(), 0..50),
        ) {
            let all: Vec<u64> = anywhere.into_iter().chain((0..beside).map(|n| near.wrapping_add(n * apart))).collect();
            let (loaded, set) = (of(&all), all.iter().copied().collect::<HashSet<u64>>());
            for hash in all.iter().flat_map(|hash| [hash.wrapping_sub(1), *hash, hash.wrapping_add(1)]).chain(asked) {
                prop_assert_eq!(loaded.holds(hash), set.contains(&hash), "{}", hash);
            }
        }
    }
}
