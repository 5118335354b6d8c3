//! A log of calls as years of use leave it, written by SQL while no server runs.

use anyhow::Result;
use kernel::Random;
use store::{Engine, args};

use crate::dataset::{open, tidy};
use crate::say;
use crate::site::Place;

/// Calls in a transaction: more would only make SQLite's write-ahead log longer.
const AT_ONCE: u64 = 640_000;
/// Of so many calls, sixty passed and are packed in one row; of the others, one in twenty of all is refused, and one in a hundred
/// a first use: rows by themselves, in indexes at places that nobody could foresee.
pub const SET: u64 = 64;
pub const IN_A_SET: i64 = 60;

/// What one row holds of so many calls, as the product packs them (`licensing`'s `client::passed`): as long as real ones, and
/// mostly random.
pub fn packed(calls: i64, random: &Random) -> Vec<u8> {
    let call = |_| {
        let hint: String = hex::encode_upper(random.bytes::<3>()).chars().take(5).collect();
        let (device, address) = (format!("bench-device-{}", random.below(1_000_000)), format!("192.0.2.{}", random.below(256)));
        (random.bytes::<16>(), random.bytes::<16>(), hint, device, "Bench", address)
    };
    let calls: Vec<_> = (0..calls).map(call).collect();
    postcard::to_stdvec(&calls).expect("memory takes whatever is written to it")
}

// Ids ascend as those of real calls do: 48 bits of milliseconds, then the number of the row.
const SQLITE: [&str; 2] = [
    "INSERT INTO passed_calls (id, at, project_id, calls, packed) \
    WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) \
    SELECT unhex(printf('%012x70008%011x0000', $3 + i * 64, i)), ($3 + i * 64) * 1000, p.id, $4, $5 \
    FROM n CROSS JOIN (SELECT id FROM projects LIMIT 1) p",
    "INSERT INTO client_calls (id, at, project_id, endpoint, status, code, refused, first_use, key_id, agent_id, key_hint, device_id, device_name, address) \
    WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) \
    SELECT unhex(printf('%012x70008%015x', $3 + i, i)), ($3 + i) * 1000, p.id, 'verify', 200, \
    CASE WHEN i % 20 = 0 THEN 'EXPIRED' ELSE 'VALID' END, i % 20 = 0, i % 100 = 1, randomblob(16), p.owner_id, \
    substr(hex(randomblob(3)), 1, 5), 'bench-device-' || abs(random() % 1000000), 'Bench', '192.0.2.' || abs(random() % 256) \
    FROM n CROSS JOIN (SELECT id, owner_id FROM projects LIMIT 1) p WHERE i % 20 = 0 OR i % 100 = 1",
];

const POSTGRES: [&str; 2] = [
    "INSERT INTO passed_calls (id, at, project_id, calls, packed) \
    SELECT (lpad(to_hex($3 + i * 64), 12, '0') || '70008' || lpad(to_hex(i), 11, '0') || '0000')::uuid, ($3 + i * 64) * 1000, p.id, $4, $5 \
    FROM generate_series($1, $2) i CROSS JOIN (SELECT id FROM projects LIMIT 1) p ORDER BY i",
    "INSERT INTO client_calls (id, at, project_id, endpoint, status, code, refused, first_use, key_id, agent_id, key_hint, device_id, device_name, address) \
    SELECT (lpad(to_hex($3 + i), 12, '0') || '70008' || lpad(to_hex(i), 15, '0'))::uuid, ($3 + i) * 1000, p.id, 'verify', 200, \
    CASE WHEN i % 20 = 0 THEN 'EXPIRED' ELSE 'VALID' END, i % 20 = 0, i % 100 = 1, gen_random_uuid(), p.owner_id, \
    upper(substr(md5(random()::text), 1, 5)), 'bench-device-' || floor(random() * 1000000)::bigint, 'Bench', '192.0.2.' || floor(random() * 256)::bigint \
    FROM generate_series($1, $2) i CROSS JOIN (SELECT id, owner_id FROM projects LIMIT 1) p WHERE i % 20 = 0 OR i % 100 = 1 ORDER BY i",
];

/// So many calls, the last of them a day ago.
pub async fn fill(place: &Place, calls: u64) -> Result<()> {
    let db = open(place).await?;
    let [packed, single] = match db.engine() {
        Engine::Sqlite => SQLITE,
        Engine::Postgres => POSTGRES,
    };
    let first = i64::try_from(crate::clock::unix())? * 1_000 - 86_400_000 - i64::try_from(calls)?;
    let random = Random::system();
    let mut done = 0;
    while done < calls {
        let to = calls.min(done + AT_ONCE);
        let mut tx = db.begin().await?;
        let sets = (i64::try_from(done / SET)?, i64::try_from(to / SET)? - 1);
        if sets.1 >= sets.0 {
            // The same in all rows of a transaction, which no database notices: each of them is kept as it is.
            let calls = self::packed(IN_A_SET, &random);
            tx.exec(packed, args![sets.0, sets.1, first, IN_A_SET, calls]).await?;
        }
        tx.exec(single, args![i64::try_from(done + 1)?, i64::try_from(to)?, first]).await?;
        tx.commit().await?;
        if to.is_multiple_of(AT_ONCE * 16) {
            say(&format!("  {to} calls"));
        }
        done = to;
    }
    tidy(&db).await?;
    db.close().await;
    Ok(())
}

pub async fn empty(place: &Place) -> Result<()> {
    let db = open(place).await?;
    let mut tx = db.begin().await?;
    for table in ["client_calls", "passed_calls"] {
        let verb = match db.engine() {
            Engine::Sqlite => "DELETE FROM",
            Engine::Postgres => "TRUNCATE",
        };
        tx.exec(&format!("{verb} {table}"), args![]).await?;
    }
    tx.commit().await?;
    tidy(&db).await?;
    db.close().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use licensing::client::passed::unpack;

    use super::*;

    #[test]
    fn calls_are_packed_as_the_product_reads_them() {
        let bytes = packed(IN_A_SET, &Random::seeded(1));
        let calls = unpack(&bytes).unwrap();
        assert_eq!(calls.len(), 60);
        for call in &calls {
            assert!(call.key_hint.len() == 5 && call.device_id.starts_with("bench-device-") && call.device_name == "Bench", "{call:?}");
            assert!(call.address.starts_with("192.0.2.") && call.key != call.agent, "{call:?}");
        }
        assert!((70..80).contains(&(bytes.len() / calls.len())), "{} bytes", bytes.len());
    }
}
