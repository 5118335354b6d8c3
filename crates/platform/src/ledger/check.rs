//! Adding everything up again: what `cuekey doctor` says about money.

use store::{Sql, args};

/// Each sentence is one thing that does not add up; none is the good answer. Reads all of the ledger.
pub async fn check(sql: &mut impl Sql) -> store::Result<Vec<String>> {
    let mut problems = Vec::new();
    // What the entries say, against the running balance.
    let by_entries = "SELECT CAST(a.id AS TEXT) AS id, a.posted, a.held, a.entries, CAST(COALESCE(SUM(e.delta), 0) AS BIGINT) AS delta, CAST(COALESCE(SUM(e.held_delta), 0) AS BIGINT) AS held_delta, CAST(COUNT(e.seq) AS BIGINT) AS lines \
        FROM ledger_accounts a LEFT JOIN ledger_entries e ON e.account_id = a.id WHERE a.keeps_balance GROUP BY a.id, a.posted, a.held, a.entries \
        HAVING a.posted <> COALESCE(SUM(e.delta), 0) OR a.held <> COALESCE(SUM(e.held_delta), 0) OR a.entries <> COUNT(e.seq) OR a.posted - a.held < 0";
    problems.extend(
        sql.all(by_entries, args![], |row| {
            Ok(format!(
                "an account says {} there and {} held in {} lines; its lines say {}, {} and {}",
                row.get::<i64>("posted")?,
                row.get::<i64>("held")?,
                row.get::<i64>("entries")?,
                row.get::<i64>("delta")?,
                row.get::<i64>("held_delta")?,
                row.get::<i64>("lines")?
            ))
        })
        .await?,
    );
    // What the transfers say, against the same: double entry, so this sums to zero over all accounts by itself.
    let by_transfers = "SELECT a.posted, a.held, COALESCE(c.sum, 0) - COALESCE(d.sum, 0) AS posted_sum, COALESCE(d.held, 0) AS held_sum FROM ledger_accounts a \
        LEFT JOIN (SELECT credit_account AS id, CAST(SUM(posted_amount) AS BIGINT) AS sum FROM ledger_transfers GROUP BY credit_account) c ON c.id = a.id \
        LEFT JOIN (SELECT debit_account AS id, CAST(SUM(posted_amount) AS BIGINT) AS sum, CAST(SUM(CASE WHEN state = 'pending' THEN amount ELSE 0 END) AS BIGINT) AS held FROM ledger_transfers GROUP BY debit_account) d ON d.id = a.id \
        WHERE a.keeps_balance AND (a.posted <> COALESCE(c.sum, 0) - COALESCE(d.sum, 0) OR a.held <> COALESCE(d.held, 0))";
    problems.extend(
        sql.all(by_transfers, args![], |row| {
            Ok(format!(
                "an account says {} there and {} held; its transfers say {} and {}",
                row.get::<i64>("posted")?,
                row.get::<i64>("held")?,
                row.get::<i64>("posted_sum")?,
                row.get::<i64>("held_sum")?
            ))
        })
        .await?,
    );
    let states = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM ledger_transfers WHERE (state = 'posted' AND (posted_amount > amount OR posted_amount <= 0)) OR (state <> 'posted' AND posted_amount <> 0) OR amount <= 0";
    let wrong: i64 = sql.one(states, args![], |row| row.get("n")).await?;
    if wrong > 0 {
        problems.push(format!("{wrong} transfers have an amount that does not fit their state"));
    }
    let units = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM ledger_transfers t JOIN ledger_accounts d ON d.id = t.debit_account \
        JOIN ledger_accounts c ON c.id = t.credit_account WHERE d.unit <> c.unit";
    let wrong: i64 = sql.one(units, args![], |row| row.get("n")).await?;
    if wrong > 0 {
        problems.push(format!("{wrong} transfers go from an account of one unit to one of another unit"));
    }
    Ok(problems)
}
