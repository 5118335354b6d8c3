//! Nonces as eleven minutes of verifications leave them, written by SQL while no server runs: what a start on SQLite reads.

use anyhow::Result;
use kernel::{MINUTE, Random, Timestamp};
use store::{Db, Engine, Value, args, insert_many};

use crate::clock::unix;
use crate::dataset::{open, tidy};
use crate::site::Place;

/// For as long they are kept; whatever is older goes with one of the next sweeps, two minutes apart.
const MINUTES: i64 = 11;
const A_SECOND: i64 = 20_000;
/// Verifications that are decided together, where so many come a second.
const SET: usize = 100;
const SETS_A_MINUTE: i64 = A_SECOND * 60 / SET as i64;

/// Answers what is there, in words.
pub async fn fill(place: &Place) -> Result<String> {
    let db = open(place).await?;
    let said = match db.engine() {
        Engine::Sqlite => {
            sets(&db).await?;
            let nonces = MINUTES * SETS_A_MINUTE * SET as i64;
            format!("after {MINUTES} minutes of {A_SECOND} verifications a second: {nonces} nonces in sets of {SET}")
        }
        // Looked up where they are: none is read.
        Engine::Postgres => String::new(),
    };
    db.close().await;
    Ok(said)
}

async fn sets(db: &Db) -> Result<()> {
    let (now, random) = (Timestamp::from_unix(i64::try_from(unix())?), Random::system());
    for minute in (1..=MINUTES).rev() {
        let rows = (0..SETS_A_MINUTE).map(|n| set(now.plus_micros(n * MINUTE / SETS_A_MINUTE - minute * MINUTE), &random)).collect();
        let mut tx = db.begin().await?;
        insert_many(&mut tx, "nonce_sets", &["id", "hashes"], rows, "").await?;
        tx.commit().await?;
    }
    tidy(db).await
}

/// As the product writes them: eight bytes of hash each.
fn set(at: Timestamp, random: &Random) -> Vec<Value> {
    args![random.uuid_v7(at), random.bytes::<{ 8 * SET }>()]
}

/// Removes all.
pub async fn empty(place: &Place) -> Result<()> {
    let db = open(place).await?;
    if db.engine() == Engine::Sqlite {
        let mut tx = db.begin().await?;
        tx.exec("DELETE FROM nonce_sets", args![]).await?;
        tx.commit().await?;
        tidy(&db).await?;
    }
    db.close().await;
    Ok(())
}
