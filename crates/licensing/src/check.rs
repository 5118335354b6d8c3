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
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM keys k \
             WHERE k.devices <> CASE k.bound WHEN '' THEN 0 ELSE 1 + LENGTH(k.bound) - LENGTH(REPLACE(k.bound, '\n', '')) END \
             OR 2 * k.devices <> LENGTH(k.bound) - LENGTH(REPLACE(k.bound, '\t', ''))",
        ),
        // With the one below: each that is found is on its key's row, so that as many mean the same ones.
        (
            "devices of keys are not found by their ids",
            "SELECT CAST(ABS((SELECT COALESCE(SUM(k.devices), 0) FROM keys k) - (SELECT COUNT(*) FROM key_devices)) AS BIGINT) AS n",
        ),
        (
            "devices are bound to keys that are not there, or do not say so",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM key_devices d LEFT JOIN keys k ON k.id = d.key_id \
             WHERE k.id IS NULL OR REPLACE('\n' || k.bound, '\n' || d.device_id || '\t', '') = '\n' || k.bound",
        ),
    ];
    for (what, query) in checks {
        let n: i64 = sql.one(query, args![], |row| row.get("n")).await?;
        if n > 0 {
            problems.push(format!("{n} times: {what}"));
        }
    }
    Ok(problems)
}
