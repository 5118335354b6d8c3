//! Payments, orders and refunds added up against the ledger: part of what `cuekey doctor` says.

use kernel::Word;
use store::{Sql, args};

use super::channel::ChannelKind;
use super::model::account;
use crate::ledger::SystemAccount;

/// What was frozen and is claimed no more: it is taken, or written off.
const CAPTURED: &str = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS n FROM pay_orders WHERE purpose = 'captured' \
     AND (state = 'paid' OR written_off_at IS NOT NULL)";

/// Each sentence is one thing that does not add up.
pub async fn check(sql: &mut impl Sql) -> store::Result<Vec<String>> {
    let mut problems = Vec::new();
    for kind in ChannelKind::ALL {
        let paid = "SELECT CAST(COALESCE(SUM(o.amount), 0) AS BIGINT) AS n FROM pay_attempts a JOIN pay_orders o ON o.id = a.order_id \
                    WHERE a.channel = $1 AND a.state IN ('taken', 'surplus')";
        let back = "SELECT CAST(COALESCE(SUM(r.amount), 0) AS BIGINT) AS n FROM pay_refunds r JOIN pay_attempts a ON a.id = r.attempt_id \
                    WHERE a.channel = $1 AND r.state = 'done'";
        let came = "SELECT CAST(COALESCE(SUM(posted_amount), 0) AS BIGINT) AS n FROM ledger_transfers WHERE debit_account = $1";
        let went = "SELECT CAST(COALESCE(SUM(posted_amount), 0) AS BIGINT) AS n FROM ledger_transfers WHERE credit_account = $1";
        for (said, booked, what) in [(paid, came, "was paid by"), (back, went, "went back by")] {
            let said: i64 = sql.one(said, args![kind.as_str()], |row| row.get("n")).await?;
            let mut booked: i64 = sql.one(booked, args![account(*kind)], |row| row.get("n")).await?;
            if *kind == ChannelKind::AlipayFreeze && what == "went back by" {
                // What was taken at last left it too, for the network's own account, and what will not come.
                booked -= sql.one(CAPTURED, args![], |row| row.get::<i64>("n")).await?;
            }
            if said != booked {
                problems.push(format!("{said} fen {what} {kind}, and the ledger says {booked}"));
            }
        }
    }
    for (of, side, what) in [
        ("written_off_at IS NOT NULL", "debit_account", "were written off"),
        ("written_off_at IS NOT NULL AND state = 'paid'", "credit_account", "came of what was written off"),
    ] {
        let said = format!("SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS n FROM pay_orders WHERE {of}");
        let booked = format!("SELECT CAST(COALESCE(SUM(posted_amount), 0) AS BIGINT) AS n FROM ledger_transfers WHERE {side} = $1");
        let said: i64 = sql.one(&said, args![], |row| row.get("n")).await?;
        let booked: i64 = sql.one(&booked, args![SystemAccount::WrittenOff.id()], |row| row.get("n")).await?;
        if said != booked {
            problems.push(format!("{said} fen {what}, and the ledger says {booked}"));
        }
    }
    for (query, what) in [
        (
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM pay_orders o WHERE (o.state = 'paid') <> EXISTS (SELECT 1 FROM pay_attempts a WHERE a.order_id = o.id AND a.state = 'taken')",
            "orders are paid by nothing, or unpaid though something pays them",
        ),
        (
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM pay_orders o WHERE o.refunded <> COALESCE((SELECT SUM(r.amount) FROM pay_refunds r \
             JOIN pay_attempts a ON a.id = r.attempt_id WHERE r.order_id = o.id AND a.state = 'taken' AND r.state <> 'kept'), 0)",
            "orders say another amount went back than their refunds",
        ),
        (
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM pay_orders o WHERE o.refunded + o.captured > o.amount",
            "orders were used for more than they brought",
        ),
        (
            "SELECT CAST(ABS((SELECT COALESCE(SUM(captured), 0) FROM pay_orders) \
             - (SELECT COALESCE(SUM(amount), 0) FROM pay_orders WHERE purpose = 'captured')) AS BIGINT) AS n",
            "fen are said to be taken of what was frozen, and no order takes them",
        ),
        (
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM pay_refunds r JOIN ledger_transfers t ON t.id = r.transfer_id WHERE r.amount <> t.amount \
             OR (r.state IN ('asked', 'stuck') AND t.state <> 'pending') OR (r.state = 'done' AND t.state <> 'posted') OR (r.state IN ('by_hand', 'kept') AND t.state <> 'voided')",
            "refunds do not agree with the ledger",
        ),
        (
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM pay_attempts a JOIN pay_orders o ON o.id = a.order_id WHERE a.state = 'surplus' \
             AND COALESCE((SELECT SUM(r.amount) FROM pay_refunds r WHERE r.attempt_id = a.id), 0) <> o.amount",
            "payments that came twice are not on their way back",
        ),
        (
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM pay_attempts a JOIN pay_merchants m ON m.id = a.merchant_id \
             WHERE a.state IN ('asked', 'waiting') AND m.parameters IS NULL",
            "payments may still be made to merchants whose parameters are forgotten",
        ),
    ] {
        let wrong: i64 = sql.one(query, args![], |row| row.get("n")).await?;
        if wrong > 0 {
            problems.push(format!("{wrong} {what}"));
        }
    }
    Ok(problems)
}
