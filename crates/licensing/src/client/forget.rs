//! Forgetting nonces whose requests cannot be sent again, and remembering that they are forgotten.
//!
//! Whether a request can be sent again is said by the clock, and a clock can be wrong: what was old is good again when it is set back. So before
//! nonces are removed it is written down of which times they are ([`Forgotten`]), and from then on a request of such a time is refused,
//! whoever sends it, after a restart and by another process too.
//!
//! **Invariant**: a sweep removes only what an earlier one has written down. A process hears of that within half a second (the topic
//! [`TOPIC`]), and looks before each set that it decides; sweeps are two minutes apart. So at each moment a nonce is in the database,
//! or each process knows that requests of its time are refused. No request waits for this, and none has a statement more for it.

use kernel::{Fault, Timestamp};
use platform::Cx;
use store::{Engine, Sql, args, first_id, topics};
use uuid::Uuid;

use super::nonces::{self, first_number};
use super::spans::Spans;
use super::window::{self, SETS, SPREAD, WRITTEN};

/// Moves when more times are forgotten.
pub(super) const TOPIC: &str = "nonces";

/// What is written down, in seconds of the server's clock when requests came.
struct Forgotten {
    /// Of these times no nonce counts as known.
    times: Spans,
    /// Of these they are still there, and go with the next sweep.
    going: Spans,
}

impl Forgotten {
    /// `lock` where it will be changed.
    async fn read(sql: &mut impl Sql, lock: &str) -> store::Result<Self> {
        let query = format!("SELECT times, going FROM nonces_forgotten WHERE id = 1{lock}");
        sql.one(&query, args![], |row| {
            Ok(Self { times: spans(&row.get::<String>("times")?)?, going: spans(&row.get::<String>("going")?)? })
        })
        .await
    }
}

fn spans(text: &str) -> store::Result<Spans> {
    serde_json::from_str(text).map_err(|error| store::Error::Internal(format!("times of forgotten nonces: {error}")))
}

/// Times that requests had, by their own account, whose nonces are forgotten.
pub(super) async fn times(sql: &mut impl Sql) -> store::Result<Spans> {
    let mut signed = Spans::default();
    for (first, last) in Forgotten::read(sql, "").await?.times.each() {
        signed.add(first.saturating_sub(SPREAD), last.saturating_add(SPREAD));
    }
    Ok(signed)
}

/// Removes nonces that the last sweep has found to be old, and finds those that the next one will remove.
pub(crate) async fn forget(cx: &Cx) -> platform::Result<()> {
    let gone = Forgotten::read(&mut cx.db.read(), "").await?.going;
    let before = cx.now().plus_micros(-WRITTEN);
    let old = match cx.db.engine() {
        Engine::Sqlite => sets(cx, &gone, before).await?,
        Engine::Postgres => rows(cx, &gone, before).await?,
    };
    if gone.is_empty() && old.is_empty() {
        return Ok(());
    }
    let mut tx = cx.db.begin().await?;
    let lock = tx.for_update();
    let mut known = Forgotten::read(&mut tx, lock).await?;
    if known.going == gone {
        known.going = Spans::default();
    }
    // Otherwise another process has swept meanwhile; what it has found is still to go.
    known.going.join(&old);
    known.times.join(&known.going);
    let text = |spans: &Spans| serde_json::to_string(spans).map_err(Fault::internal);
    let sql = "UPDATE nonces_forgotten SET times = $1, going = $2 WHERE id = 1";
    tx.exec(sql, args![text(&known.times)?, text(&known.going)?]).await?;
    if !old.is_empty() {
        topics::bump(&mut tx, &cx.db, TOPIC).await?;
    }
    Ok(tx.commit().await?)
}

/// SQLite's: of sets that came at a time of `gone` removes all, and answers when those came that are older than `before`.
async fn sets(cx: &Cx, gone: &Spans, before: Timestamp) -> platform::Result<Spans> {
    for (first, last) in gone.each() {
        SETS.made_between(&cx.db, Timestamp::from_unix(first), Timestamp::from_unix(last + 1)).await?;
    }
    let (mut old, mut from) = (Spans::default(), Uuid::nil());
    let sql = "SELECT id FROM nonce_sets WHERE id > $1 AND id < $2 ORDER BY id LIMIT 1000";
    loop {
        let ids: Vec<Uuid> = cx.db.read().all(sql, args![from, first_id(before)], |row| row.get("id")).await?;
        let Some(last) = ids.last() else { return Ok(old) };
        from = *last;
        for at in ids.iter().map(|id| window::second_of(*id)) {
            old.add(at, at);
        }
    }
}

/// PostgreSQL's, the same of single nonces. An index by time would cost every verification more than this walk does, which goes over all of
/// them in the order of their hashes, a part at a time.
async fn rows(cx: &Cx, gone: &Spans, before: Timestamp) -> platform::Result<Spans> {
    // Hashes are even: there are about as many in any part of their range as in the first one.
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM nonces WHERE id <= $1";
    let first: i64 = cx.db.read().one(sql, args![last_of(i64::MIN, AT_LEAST)], |row| row.get("n")).await?;
    let bits = AT_LEAST + finer(first);
    // By the minute, so that what came by a clock that was off is told from the rest.
    let find = "SELECT MIN(set_number) AS oldest, MAX(set_number) AS youngest FROM nonces WHERE id >= $1 AND id <= $2 AND set_number < $3 \
                GROUP BY set_number >> 38";
    let mut old = Spans::default();
    for part in 0..1_i64 << bits {
        let from = i64::MIN.wrapping_add(part << (64 - bits));
        let to = last_of(from, bits);
        for (first, last) in gone.each() {
            let (first, after) = (first_number(Timestamp::from_unix(first)), first_number(Timestamp::from_unix(last + 1)));
            let mut tx = cx.db.begin().await?;
            let sql = "DELETE FROM nonces WHERE id >= $1 AND id <= $2 AND set_number >= $3 AND set_number < $4";
            tx.exec(sql, args![from, to, first, after]).await?;
            tx.commit().await?;
        }
        let read = |row: &store::Row| Ok((row.get::<i64>("oldest")?, row.get::<i64>("youngest")?));
        for (oldest, youngest) in cx.db.read().all(find, args![from, to, first_number(before)], read).await? {
            old.add(nonces::second_of(oldest), nonces::second_of(youngest));
        }
    }
    Ok(old)
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
    fn k8_1_the_walk_has_so_many_parts_that_each_goes_over_as_many_as_it_may() {
        let finer = [0, 19_999, 20_000, 39_999, 40_000, 79_999, 80_000, i64::MAX].map(finer);
        assert_eq!(finer, [0, 0, 1, 1, 2, 2, 3, AT_MOST - AT_LEAST]);
    }

    #[test]
    fn what_is_written_of_forgotten_times_and_cannot_be_read_is_no_empty_list() {
        assert_eq!(spans("[]").unwrap(), Spans::default());
        assert!(spans("[[1, 2]]").unwrap().holds(2));
        for text in ["", "null", "{}", "[1]"] {
            assert!(spans(text).is_err(), "{text}");
        }
    }
}
