//! Withdrawals added up against the ledger: part of what `cuekey doctor` says.

use store::{Sql, args};

use crate::ledger::SystemAccount;

/// Each sentence is one thing that does not add up; none is the good answer. Reads all withdrawals.
pub async fn check(sql: &mut impl Sql) -> store::Result<Vec<String>> {
    let mut problems = Vec::new();
    let paid_out = SystemAccount::PaidOut.id();
    // An account's id is its owner's.
    for (query, args, what) in [
        (
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM withdrawals w JOIN ledger_transfers t ON t.id = w.transfer_id \
             WHERE t.kind <> 'withdrawal' OR t.amount <> w.amount OR t.debit_account <> w.agent_id OR t.credit_account <> $1 \
             OR t.posted_amount <> CASE t.state WHEN 'posted' THEN w.amount ELSE 0 END \
             OR t.state <> CASE w.state WHEN 'pending' THEN 'pending' WHEN 'refused' THEN 'voided' WHEN 'cancelled' THEN 'voided' ELSE 'posted' END",
            args![paid_out],
            "withdrawals and what was frozen or deducted for them disagree",
        ),
        (
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM withdrawals w LEFT JOIN ledger_transfers t ON t.id = w.return_transfer_id \
             WHERE (w.state = 'returned') <> (t.id IS NOT NULL) OR (t.id IS NOT NULL AND (t.kind <> 'withdrawal_return' OR t.state <> 'posted' \
             OR t.amount <> w.amount OR t.debit_account <> $1 OR t.credit_account <> w.agent_id))",
            args![paid_out],
            "withdrawals were returned and the amount did not come back, or the other way round",
        ),
        (
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM ledger_transfers t WHERE t.kind IN ('withdrawal', 'withdrawal_return') \
             AND NOT EXISTS (SELECT 1 FROM withdrawals w WHERE w.id = t.ref_id \
             AND t.id = CASE t.kind WHEN 'withdrawal' THEN w.transfer_id ELSE w.return_transfer_id END)",
            args![],
            "amounts left or came back for no withdrawal",
        ),
    ] {
        let n: i64 = sql.one(query, args, |row| row.get("n")).await?;
        if n > 0 {
            problems.push(format!("{n} times: {what}"));
        }
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use kernel::Quota;

    use super::*;
    use crate::idempotency::IdempotencyKey;
    use crate::identity::Role;
    use crate::quota::withdrawal::{self, Withdrawal, WithdrawalAsk};
    use crate::testing::Bench;

    /// A withdrawal of 100 by this agent.
    async fn asked(bench: &Bench, agent: &crate::Cx, key: &str) -> Withdrawal {
        let text = || String::from("x");
        let ask = WithdrawalAsk { amount: Quota::new(100), payee_name: text(), payee_account: text(), payee_bank: text(), note: None };
        bench.issue(agent.user().unwrap().id, 100).await;
        withdrawal::ask(agent, &ask, &IdempotencyKey::new(key, "test", b"").unwrap()).await.unwrap()
    }

    on_platform! {
        async fn k4_3_a_withdrawal_that_does_not_agree_with_the_ledger_is_noticed(bench) {
            let (root, _) = bench.user(Role::SuperAdmin, "root").await;
            let (alice, _) = bench.user(Role::Agent, "alice").await;
            let (root, alice) = (bench.visitor().as_user(root), bench.visitor().as_user(alice));
            let [open, gone, back, kept] = ["pending-1", "approved-1", "returned-1", "cancelled-1"];
            asked(bench, &alice, open).await;
            let gone = asked(bench, &alice, gone).await;
            withdrawal::approve(&root, gone.id, None).await.unwrap();
            let back = asked(bench, &alice, back).await;
            withdrawal::approve(&root, back.id, None).await.unwrap();
            withdrawal::returned(&root, back.id, "no such account", None).await.unwrap();
            let kept = asked(bench, &alice, kept).await;
            withdrawal::cancel(&alice, kept.id, None).await.unwrap();
            let problems = async || check(&mut bench.platform.db.read()).await.unwrap();
            assert_eq!(problems().await, [""; 0]);
            // Each alteration, how to take it back, and how many sentences it is worth.
            let alterations = [
                ("UPDATE withdrawals SET amount = 99 WHERE state = 'pending'", "UPDATE withdrawals SET amount = 100 WHERE state = 'pending'", 1),
                ("UPDATE withdrawals SET state = 'paid' WHERE state = 'pending'", "UPDATE withdrawals SET state = 'pending' WHERE state = 'paid'", 1),
                ("UPDATE withdrawals SET state = 'pending' WHERE state = 'cancelled'", "UPDATE withdrawals SET state = 'cancelled' WHERE state = 'pending' AND ended_at IS NOT NULL", 1),
                ("UPDATE withdrawals SET state = 'refused' WHERE state = 'approved'", "UPDATE withdrawals SET state = 'approved' WHERE state = 'refused'", 1),
                ("UPDATE withdrawals SET state = 'returned' WHERE state = 'approved'", "UPDATE withdrawals SET state = 'approved' WHERE state = 'returned' AND ended_at IS NULL", 1),
                ("UPDATE withdrawals SET state = 'paid' WHERE state = 'returned'", "UPDATE withdrawals SET state = 'returned' WHERE state = 'paid'", 1),
                // The return belongs to nothing then, and the state says that there was one.
                ("UPDATE withdrawals SET return_transfer_id = transfer_id WHERE state = 'returned'", "UPDATE withdrawals SET return_transfer_id = (SELECT id FROM ledger_transfers WHERE kind = 'withdrawal_return') WHERE state = 'returned'", 2),
                ("UPDATE ledger_transfers SET posted_amount = 99 WHERE kind = 'withdrawal' AND state = 'posted'", "UPDATE ledger_transfers SET posted_amount = 100 WHERE kind = 'withdrawal' AND state = 'posted'", 1),
                ("UPDATE ledger_transfers SET kind = 'transfer' WHERE kind = 'withdrawal_return'", "UPDATE ledger_transfers SET kind = 'withdrawal_return' WHERE kind = 'transfer'", 1),
            ];
            for (alter, undo, sentences) in alterations {
                bench.exec(alter, args![]).await;
                let found = problems().await;
                assert_eq!(found.len(), sentences, "{alter}: {found:?}");
                bench.exec(undo, args![]).await;
                assert_eq!(problems().await, [""; 0], "{undo}");
            }
        }
    }
}
