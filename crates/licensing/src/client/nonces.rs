//! Each nonce once: a request that is sent again is refused.
//!
//! A nonce is kept as a hash together with its project, so that what is kept is short and of one length, and for as long as a
//! request with it could be sent again.
//!
//! Those that came to this process are looked up in memory ([`super::window`]). On PostgreSQL, where many processes may serve, each
//! is a row besides, and two that bring the same one meet there: the second cannot be written. (It counts against its project's
//! rate, once in each process; what is known in memory does not.) On SQLite one process serves (it holds the data folder), and knows
//! them all: they are written down a set at a time, for it to know after a restart. Rows in the order of their hashes, as a
//! unique index needs them, are each in a page of their own: writing those pages was most of what SQLite wrote.

use std::collections::HashSet;
use std::sync::Arc;

use kernel::{Random, Timestamp};
use platform::{Cx, Platform};
use ring::digest;
use store::{Engine, Insert, Sql as _, ToValue, Tx, all_in, args, insert_many};
use uuid::Uuid;

use super::set::Ask;
use super::window::{self, Held, WRITTEN, Window};

pub struct Nonces {
    window: Arc<Window>,
    /// The database knows all, and this process perhaps not.
    shared: bool,
}

/// What is held in memory of a quarter of the time, beside the database: some 16 MiB.
const BESIDE: usize = 1 << 20;

/// A set's nonces. Those in memory are taken; dropped without [`Claim::keep`] they are given back: the set was not written.
pub(super) struct Claim {
    /// Which are new, as far as this process knows, and were not brought by an earlier request of the set.
    pub fresh: Vec<bool>,
    /// What is to be written of them.
    pub rows: Insert<'static>,
    number: i64,
    held: Held,
}

impl Nonces {
    pub async fn load(platform: &Platform) -> store::Result<Self> {
        match platform.db.engine() {
            Engine::Sqlite => Ok(Self { window: Arc::new(Window::load(platform).await?), shared: false }),
            Engine::Postgres => Ok(Self { window: Arc::new(Window::of_at_most(BESIDE)), shared: true }),
        }
    }

    pub(super) fn claim(&self, hashes: &[u64], now: Timestamp, random: &Random) -> Claim {
        let (fresh, held) = self.window.take(hashes.iter().copied(), now);
        if !self.shared {
            return Claim { fresh, rows: held.row(now, random), number: 0, held };
        }
        let number = first_number(now) | i64::from(u32::from_le_bytes(random.bytes()));
        let new = hashes.iter().zip(&fresh).filter(|(_, fresh)| **fresh);
        let rows = new.map(|(hash, _)| args![hash.cast_signed(), number]).collect();
        Claim { fresh, rows: Insert { table: "nonces", columns: &["id", "set_number"], rows, tail: "" }, number, held }
    }
}

impl Claim {
    /// Writes them, and finds out which somebody else wrote before.
    pub async fn take(&mut self, tx: &mut Tx, hashes: &[u64]) -> store::Result<()> {
        let Insert { table, columns, rows, .. } = std::mem::take(&mut self.rows);
        let brought = rows.len() as u64;
        let written = insert_many(tx, table, columns, rows, "ON CONFLICT DO NOTHING").await?;
        if written != brought {
            // Who wrote a row first is known by the number of its set.
            let ids = hashes.iter().map(|hash| hash.cast_signed().to_value()).collect();
            let rows = all_in(tx, "SELECT id, set_number FROM nonces WHERE id IN", "", ids, |row| {
                Ok((row.get::<i64>("id")?.cast_unsigned(), row.get::<i64>("set_number")?))
            });
            let others: HashSet<u64> = rows.await?.into_iter().filter(|(_, number)| *number != self.number).map(|(id, _)| id).collect();
            self.fresh.iter_mut().zip(hashes).for_each(|(fresh, hash)| *fresh &= !others.contains(hash));
        }
        Ok(())
    }

    /// They are written.
    pub fn keep(self) {
        self.held.keep();
    }
}

/// Not above the number of any set of this time or later: seconds, and below them what tells sets apart.
fn first_number(at: Timestamp) -> i64 {
    at.unix() << 32
}

pub(super) fn hashes(asks: &[Ask]) -> Vec<u64> {
    asks.iter().map(|ask| of(ask.project.id.uuid(), &ask.nonce)).collect()
}

/// Eight bytes are enough among those of some minutes: with ten million of them, one request in 10¹² is refused wrongly, and
/// a program sends it again with another nonce. Whoever looks for two that share one has locked out a request of their own.
fn of(project: Uuid, nonce: &str) -> u64 {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(project.as_bytes());
    context.update(nonce.as_bytes());
    let hash = context.finish();
    hash.as_ref().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Removes nonces whose requests cannot be sent again.
pub(crate) async fn forget(cx: &Cx) -> platform::Result<()> {
    match cx.db.engine() {
        Engine::Sqlite => {
            window::SETS.run(&cx.db, cx.now()).await?;
            Ok(())
        }
        Engine::Postgres => forget_rows(cx).await,
    }
}

/// Nonces older than the window cannot come back: their time would be refused. An index by time would cost every verification
/// more than this walk does, which goes over all of them in the order of their hashes, a part at a time.
async fn forget_rows(cx: &Cx) -> platform::Result<()> {
    let before = first_number(cx.now().plus_micros(-WRITTEN));
    // Hashes are even: there are about as many in any part of their range as in the first one.
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM nonces WHERE id <= $1";
    let first: i64 = cx.db.read().one(sql, args![last_of(i64::MIN, AT_LEAST)], |row| row.get("n")).await?;
    let bits = AT_LEAST + finer(first);
    for part in 0..1_i64 << bits {
        let from = i64::MIN.wrapping_add(part << (64 - bits));
        let mut tx = cx.db.begin().await?;
        let sql = "DELETE FROM nonces WHERE id >= $1 AND id <= $2 AND set_number < $3";
        tx.exec(sql, args![from, last_of(from, bits), before]).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The walk has 2⁸ parts, and more where many nonces are there.
const AT_LEAST: u32 = 8;
const AT_MOST: u32 = 24;
/// So many nonces, about, a part of it goes over at most.
const AT_ONCE: i64 = 20_000;

/// The last hash of the part that begins with `from`, where the range has 2^`bits` of them.
fn last_of(from: i64, bits: u32) -> i64 {
    from | ((1_i64 << (64 - bits)) - 1)
}

/// How often a part with `nonces` is to be halved, so that what is left of it can be gone over at once.
fn finer(nonces: i64) -> u32 {
    let times = (nonces / AT_ONCE).max(0);
    (i64::BITS - times.leading_zeros()).min(AT_MOST - AT_LEAST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_walk_comes_to_every_nonce_once_and_over_so_many_at_a_time(nonces in 0..AT_ONCE << (AT_MOST - AT_LEAST), hash: i64) {
            let more = finer(nonces);
            prop_assert!(nonces >> more <= AT_ONCE);
            prop_assert!(more == 0 || nonces >> (more - 1) >= AT_ONCE, "no finer than it has to be");
            let bits = AT_LEAST + more;
            let begins = |part: i64| i64::MIN.wrapping_add(part << (64 - bits));
            let part = ((i128::from(hash) - i128::from(i64::MIN)) >> (64 - bits)) as i64;
            prop_assert!(begins(part) <= hash && hash <= last_of(begins(part), bits));
            let next = last_of(begins(part), bits).checked_add(1);
            prop_assert_eq!(next, (part + 1 < 1 << bits).then(|| begins(part + 1)));
        }
    }

    #[test]
    fn k8_1_a_nonce_is_its_projects_own() {
        let [one, two] = [1, 2].map(Uuid::from_u128);
        let hashes = [of(one, "0123456789abcdef"), of(one, "0123456789abcdeg"), of(two, "0123456789abcdef"), of(two, "0123456789abcdeg")];
        assert_eq!(HashSet::from(hashes).len(), 4);
        // It is in the database, for the process that comes after this one.
        assert_eq!(hashes[0], 0xde35_38c0_0769_aa59);
    }

    #[test]
    fn k8_1_what_is_forgotten_is_of_an_earlier_second_whatever_tells_its_sets_apart() {
        let at = Timestamp::from_unix(1_795_248_000);
        let (first, last) = (first_number(at), first_number(at) | i64::from(u32::MAX));
        for moment in [at.plus_micros(1), at.plus_micros(999_999)] {
            assert_eq!(first_number(moment), first, "{moment}");
        }
        assert!(last < first_number(at.plus_seconds(1)) && first_number(at.plus_micros(-1)) < first);
    }

    #[test]
    fn k8_1_the_walk_has_so_many_parts_that_each_goes_over_as_many_as_it_may() {
        let finer = [0, 19_999, 20_000, 39_999, 40_000, 79_999, 80_000, i64::MAX].map(finer);
        assert_eq!(finer, [0, 0, 1, 1, 2, 2, 3, AT_MOST - AT_LEAST]);
    }
}
