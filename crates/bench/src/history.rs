//! A log of calls as years of use leave it, written by SQL while no server runs.

use anyhow::Result;
use store::{Engine, args};

use crate::dataset::{open, tidy};
use crate::say;
use crate::site::Place;

/// Rows in a transaction: more would only make SQLite's write-ahead log longer.
const AT_ONCE: u64 = 1_000_000;

const COLUMNS: &str =
    "id, at, project_id, endpoint, status, code, refused, first_use, key_id, agent_id, key_hint, device_id, device_name, address";

// Ids ascend as those of real calls do: 48 bits of milliseconds, then the number of the row. One call in twenty is refused, and
// one in a hundred a first use: only those are in the partial indexes, at places that nobody could foresee.
const SQLITE: &str = "WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) \
    SELECT unhex(printf('%012x7000%016x', $3 + i, i | (1 << 63))), ($3 + i) * 1000, p.id, 'verify', 200, \
    CASE WHEN i % 20 = 0 THEN 'EXPIRED' ELSE 'VALID' END, i % 20 = 0, i % 100 = 1, randomblob(16), p.owner_id, \
    substr(hex(randomblob(3)), 1, 5), 'bench-device-' || abs(random() % 1000000), 'Bench', '192.0.2.' || abs(random() % 256) \
    FROM n CROSS JOIN (SELECT id, owner_id FROM projects LIMIT 1) p";

const POSTGRES: &str = "SELECT (lpad(to_hex($3 + i), 12, '0') || '70008' || lpad(to_hex(i), 15, '0'))::uuid, ($3 + i) * 1000, p.id, 'verify', 200, \
    CASE WHEN i % 20 = 0 THEN 'EXPIRED' ELSE 'VALID' END, i % 20 = 0, i % 100 = 1, gen_random_uuid(), p.owner_id, \
    upper(substr(md5(random()::text), 1, 5)), 'bench-device-' || floor(random() * 1000000)::bigint, 'Bench', '192.0.2.' || floor(random() * 256)::bigint \
    FROM generate_series($1, $2) i CROSS JOIN (SELECT id, owner_id FROM projects LIMIT 1) p ORDER BY i";

/// So many calls, the last of them a day ago.
pub async fn fill(place: &Place, rows: u64) -> Result<()> {
    let db = open(place).await?;
    let select = match db.engine() {
        Engine::Sqlite => SQLITE,
        Engine::Postgres => POSTGRES,
    };
    let first = i64::try_from(crate::clock::unix())? * 1_000 - 86_400_000 - i64::try_from(rows)?;
    let mut from = 1;
    while from <= rows {
        let to = rows.min(from + AT_ONCE - 1);
        let mut tx = db.begin().await?;
        let sql = format!("INSERT INTO client_calls ({COLUMNS}) {select}");
        tx.exec(&sql, args![i64::try_from(from)?, i64::try_from(to)?, first]).await?;
        tx.commit().await?;
        if to.is_multiple_of(10_000_000) {
            say(&format!("  {to} rows"));
        }
        from = to + 1;
    }
    tidy(&db).await?;
    db.close().await;
    Ok(())
}

pub async fn empty(place: &Place) -> Result<()> {
    let db = open(place).await?;
    let sql = match db.engine() {
        Engine::Sqlite => "DELETE FROM client_calls",
        Engine::Postgres => "TRUNCATE client_calls",
    };
    let mut tx = db.begin().await?;
    tx.exec(sql, args![]).await?;
    tx.commit().await?;
    tidy(&db).await?;
    db.close().await;
    Ok(())
}
