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
//!
//! What is forgotten is never taken again either ([`super::forget`]).

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use kernel::{Random, Timestamp};
use platform::Platform;
use ring::digest;
use store::{Engine, Insert, ToValue, Tx, Value, all_in, args, insert_many, topics};
use uuid::Uuid;

use super::forget;
use super::set::Ask;
use super::window::{Held, Window};

pub struct Nonces {
    window: Arc<Window>,
    /// The database knows all, and this process perhaps not.
    shared: bool,
    /// The topic's number under which it was read of which times they are forgotten.
    read: AtomicI64,
}

/// What is held in memory of a quarter of the time, beside the database: some 16 MiB.
const BESIDE: usize = 1 << 20;

/// A set's nonces. Those in memory are taken; dropped without [`Claim::keep`] they are given back: the set was not written.
pub(super) struct Claim {
    /// Which are new, as far as this process knows, and were not brought by an earlier request of the set.
    pub fresh: Vec<bool>,
    /// Of the others, which are refused for their time, since nobody can tell.
    pub over: Vec<bool>,
    /// What is to be written of them.
    pub rows: Insert<'static>,
    number: i64,
    held: Held,
}

impl Nonces {
    pub async fn load(platform: &Platform) -> store::Result<Self> {
        let (window, shared) = match platform.db.engine() {
            Engine::Sqlite => (Window::load(platform).await?, false),
            Engine::Postgres => (Window::of_at_most(BESIDE), true),
        };
        // No topic has this number: it is read now.
        let nonces = Self { window: Arc::new(window), shared, read: AtomicI64::new(-1) };
        nonces.look(platform).await?;
        Ok(nonces)
    }

    /// Reads again of which times nonces are forgotten, where that has changed.
    pub(super) async fn look(&self, platform: &Platform) -> store::Result<()> {
        let number = topics::number(&platform.db, forget::TOPIC);
        if self.read.load(Ordering::SeqCst) == number {
            return Ok(());
        }
        // In a box: seldom needed, and it would make every request's future large.
        Box::pin(self.read_again(platform, number)).await
    }

    async fn read_again(&self, platform: &Platform, number: i64) -> store::Result<()> {
        let times = forget::times(&mut platform.db.read()).await?;
        self.window.forget(&times);
        self.read.store(number, Ordering::SeqCst);
        Ok(())
    }

    /// Whether a request of that time may have been taken and forgotten, as far as this process knows. What is said when it is claimed counts.
    pub(super) fn forgot(&self, signed_at: i64) -> bool {
        self.window.forgot(signed_at)
    }

    /// Claims the nonces of these requests; `hashes` are theirs.
    pub(super) fn claim(&self, asks: &[Ask], hashes: &[u64], now: Timestamp, random: &Random) -> Claim {
        let (fresh, held) = self.window.take(hashes.iter().copied().zip(asks.iter().map(|ask| ask.signed_at)), now);
        let over = asks.iter().zip(&fresh).map(|(ask, fresh)| !fresh && self.window.is_over(ask.signed_at, now)).collect();
        if !self.shared {
            return Claim { fresh, over, rows: held.row(now, random), number: 0, held };
        }
        let number = first_number(now) | i64::from(u32::from_le_bytes(random.bytes()));
        let rows = rows(hashes.iter().zip(&fresh).filter(|(_, fresh)| **fresh).map(|(hash, _)| *hash), number);
        Claim { fresh, over, rows: Insert { table: "nonces", columns: &["id", "set_number"], rows, tail: "" }, number, held }
    }
}

/// One for each of these, in the order of their hashes whichever came first: of two processes that write the same ones at once, one waits for
/// the other. Each in its own order, they would wait for each other until PostgreSQL notices.
fn rows(new: impl Iterator<Item = u64>, number: i64) -> Vec<Vec<Value>> {
    let mut ids: Vec<i64> = new.map(u64::cast_signed).collect();
    ids.sort_unstable();
    ids.into_iter().map(|id| args![id, number]).collect()
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
pub(super) fn first_number(at: Timestamp) -> i64 {
    at.unix() << 32
}

/// The second in which a set came. Its bits are 32, all of them, so that those after 2038 are what they were.
pub(super) fn second_of(number: i64) -> i64 {
    i64::from((number >> 32) as u32)
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

#[cfg(test)]
mod tests {
    use platform::testing::Bench;
    use store::on_both;

    use super::*;
    use crate::client::set::{self, Endpoint};

    /// How many of these, in their order, a process takes that knows what is in `known`.
    async fn taken(platform: Arc<Platform>, known: Nonces, nonces: [&'static str; 3]) -> usize {
        let signed_at = platform.clock.now().unix();
        let ask = |nonce: &str| Ask { nonce: nonce.to_owned(), signed_at, ..set::tests::ask(Endpoint::Verify, "a") };
        let asks = nonces.map(ask);
        let hashes = hashes(&asks);
        let mut tx = platform.db.begin().await.unwrap();
        let mut claim = known.claim(&asks, &hashes, platform.clock.now(), &platform.random);
        claim.take(&mut tx, &hashes).await.unwrap();
        tx.commit().await.unwrap();
        let taken = claim.fresh.iter().filter(|fresh| **fresh).count();
        claim.keep();
        taken
    }

    /// Until two connections wait for what another holds. On SQLite there is one writer, and nothing to see.
    async fn two_wait(bench: &Bench) {
        let sql =
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let mut waiting = if bench.platform.db.engine() == Engine::Sqlite { 2 } else { 0 };
        while waiting < 2 {
            waiting = bench.all(sql, args![], |row| row.get::<i64>("n")).await[0];
        }
    }

    on_both! { &crate::migrations();
        async fn k8_1_two_processes_that_are_sent_the_same_in_opposite_order_do_not_wait_for_each_other(db) {
            let bench = Bench::on(db).await;
            let mut nonces = ["one", "two", "three"];
            nonces.sort_by_key(|nonce| of(Uuid::nil(), nonce).cast_signed());
            let [first, middle, last] = nonces;
            // The one in the middle is held, so that each has written one when both go on.
            let mut held = bench.platform.db.begin().await.unwrap();
            let sql = "INSERT INTO nonces (id, set_number) VALUES ($1, 0)";
            held.exec(sql, args![of(Uuid::nil(), middle).cast_signed()]).await.unwrap();
            let mut both = Vec::new();
            for order in [[first, middle, last], [last, middle, first]] {
                both.push((Nonces::load(&bench.platform).await.unwrap(), order));
            }
            let both = both.into_iter().map(|(known, order)| tokio::spawn(taken(Arc::clone(&bench.platform), known, order)));
            let both: Vec<_> = both.collect();
            two_wait(&bench).await;
            drop(held);
            let mut in_all = 0;
            for one in both {
                in_all += one.await.unwrap();
            }
            // Of processes on SQLite there is one, which would know what it has taken.
            assert_eq!(in_all, if bench.platform.db.engine() == Engine::Postgres { 3 } else { 6 });
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
    fn k8_1_rows_are_written_in_one_order_whichever_request_came_first() {
        let hashes = [u64::MAX, 7, 1 << 63, 0, 1 << 40];
        let sorted = [i64::MIN, -1, 0, 7, 1 << 40].map(|id| args![id, 5_i64]);
        assert_eq!(rows(hashes.into_iter(), 5), sorted);
        assert_eq!(rows(hashes.into_iter().rev(), 5), sorted);
    }

    #[test]
    fn k8_1_what_is_forgotten_is_of_an_earlier_second_whatever_tells_its_sets_apart() {
        let at = Timestamp::from_unix(1_795_248_000);
        let (first, last) = (first_number(at), first_number(at) | i64::from(u32::MAX));
        for moment in [at.plus_micros(1), at.plus_micros(999_999)] {
            assert_eq!(first_number(moment), first, "{moment}");
        }
        assert!(last < first_number(at.plus_seconds(1)) && first_number(at.plus_micros(-1)) < first);
        assert_eq!([first, last].map(second_of), [at.unix(); 2]);
        let far = Timestamp::from_unix(4_070_908_800);
        assert_eq!(second_of(first_number(far) | 7), far.unix(), "a clock may be far off");
    }
}
