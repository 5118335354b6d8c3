//! Adding up what was issued against what was charged: what `cuekey doctor` says about keys.

use store::{Sql, args};

/// Each sentence is one thing that does not agree; none is the good answer. Reads all keys.
pub async fn check(sql: &mut impl Sql) -> store::Result<Vec<String>> {
    let mut problems = Vec::new();
    let checks = [
        (
            "batches hold another number of keys than they say",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM batches b LEFT JOIN (SELECT batch_id, CAST(COUNT(*) AS BIGINT) AS keys FROM keys GROUP BY batch_id) k ON k.batch_id = b.id \
             WHERE b.state IN ('ready', 'generating', 'cancelled') AND COALESCE(k.keys, 0) <> b.made",
        ),
        ("finished batches are not complete", "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM batches WHERE state = 'ready' AND made <> count"),
        (
            "batches and their charges disagree",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM batches b LEFT JOIN ledger_transfers t ON t.id = b.transfer_id \
             WHERE b.total <> b.unit_price * b.count OR (b.total > 0 AND (t.id IS NULL OR t.amount <> b.total \
               OR t.state <> CASE b.state WHEN 'ready' THEN 'posted' WHEN 'cancelled' THEN 'voided' ELSE 'pending' END))",
        ),
        (
            "charges for keys belong to no batch",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM ledger_transfers t WHERE t.kind = 'generation' AND t.state <> 'voided' AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.transfer_id = t.id)",
        ),
        (
            "keys have another number of devices than they say",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM keys k JOIN (SELECT key_id, CAST(COUNT(*) AS BIGINT) AS devices FROM key_devices GROUP BY key_id) d ON d.key_id = k.id WHERE d.devices <> k.devices",
        ),
        (
            "keys say that they have devices and have none",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM keys k WHERE k.devices > 0 AND NOT EXISTS (SELECT 1 FROM key_devices d WHERE d.key_id = k.id)",
        ),
        (
            "devices are bound to keys that are not there",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM key_devices d WHERE NOT EXISTS (SELECT 1 FROM keys k WHERE k.id = d.key_id)",
        ),
        (
            "a device is bound to a key that does not say so",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM key_devices d JOIN keys k ON k.id = d.key_id WHERE REPLACE(k.bound, d.device_id, '') = k.bound",
        ),
        (
            "keys let devices in that are not bound to them",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM keys k JOIN (SELECT key_id, CAST(SUM(LENGTH(device_id) + 1) AS BIGINT) AS length FROM key_devices GROUP BY key_id) d \
             ON d.key_id = k.id WHERE LENGTH(k.bound) + 1 <> d.length",
        ),
        ("keys without devices let some in", "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM keys WHERE devices = 0 AND bound <> ''"),
    ];
    for (what, query) in checks {
        let n: i64 = sql.one(query, args![], |row| row.get("n")).await?;
        if n > 0 {
            problems.push(format!("{n} times: {what}"));
        }
    }
    Ok(problems)
}
