//! Sets as they are decided, without the chance by which they gather. What one transfer does is tested through HTTP.

use std::collections::HashSet;

use kernel::{Fault, Quota};
use store::args;

use super::TransferAsk;
use super::set::{Asked, Decided, decide};
use crate::idempotency::IdempotencyKey;
use crate::identity::{Principal, Role};
use crate::ledger::{Transfer, TransferId, account_of};
use crate::testing::Bench;

async fn three(bench: &Bench) -> [Principal; 3] {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| bench.user(Role::Agent, name));
    let people = [alice.await.0, bob.await.0, carol.await.0];
    bench.issue(people[0].id, 100).await;
    people
}

fn ask(bench: &Bench, from: &Principal, to: &str, amount: i64, key: &str) -> Asked {
    let ask = TransferAsk { to_name: to.into(), amount: Quota::new(amount), memo: Some("a memo".into()) };
    let key = IdempotencyKey::new(key, "POST /transfers", format!("{to} {amount}").as_bytes()).unwrap();
    Asked { cx: bench.visitor().as_user(from.clone()), sender: from.clone(), ask, key }
}

fn said(decided: &Decided) -> &'static str {
    match decided {
        Decided::Settled(Ok(_)) => "done",
        Decided::Settled(Err(Fault { code, .. })) => code,
        Decided::Unfit(_) => "unfit",
    }
}

fn id(decided: &Decided) -> TransferId {
    match decided {
        Decided::Settled(Ok(Transfer { id, .. })) => *id,
        other => panic!("{}", said(other)),
    }
}

async fn stand(bench: &Bench, people: &[Principal]) -> Vec<(i64, i64)> {
    let mut stand = Vec::new();
    for user in people {
        let account = account_of(&mut bench.platform.db.read(), user.id).await.unwrap().unwrap();
        stand.push((account.posted.units(), account.held.units()));
    }
    stand
}

async fn rows(bench: &Bench, table: &str) -> i64 {
    bench.all(&format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {table}"), args![], |row| row.get("n")).await[0]
}

on_platform! {
    async fn k4_2_each_of_a_set_is_decided_by_what_those_before_it_left(bench) {
        let [alice, bob, carol] = three(bench).await;
        let asks = vec![
            ask(bench, &alice, "bob", 60, "transfer-1"),
            ask(bench, &alice, "bob", 60, "transfer-2"),
            ask(bench, &bob, "alice", 50, "transfer-3"),
            ask(bench, &alice, "nobody", 1, "transfer-4"),
            ask(bench, &alice, "carol", 90, "transfer-5"),
            ask(bench, &carol, "carol", 1, "transfer-6"),
            ask(bench, &carol, " ＢＯＢ ", 91, "transfer-7"),
            ask(bench, &carol, "bob", 0, "transfer-8"),
        ];
        let said: Vec<_> = decide(asks).await.iter().map(said).collect();
        assert_eq!(said, ["done", "QUOTA_INSUFFICIENT", "done", "unfit", "done", "unfit", "QUOTA_INSUFFICIENT", "unfit"]);
        assert_eq!(stand(bench, &[alice.clone(), bob, carol]).await, [(0, 0), (10, 0), (90, 0)]);
        // Those three have happened, and nothing of the others is left: not even their keys.
        let mut left = Vec::new();
        for table in ["ledger_transfers WHERE kind = 'transfer'", "operations", "idempotency", "notifications", "jobs"] {
            left.push(rows(bench, table).await);
        }
        assert_eq!(left, [3, 3, 3, 6, 6]);
        let kinds = bench.all("SELECT kind FROM notifications WHERE user_id = $1 ORDER BY id", args![alice.id], |row| row.get::<String>("kind"));
        assert_eq!(kinds.await, ["quota.transfer_sent", "quota.transfer_received", "quota.transfer_sent"]);
        bench.run_jobs().await;
        assert_eq!(rows(bench, "mailbox WHERE recipient = 'carol@example.com'").await, 1);
    }

    async fn k4_2_a_key_is_done_once_within_a_set_and_between_sets(bench) {
        let [alice, bob, _] = three(bench).await;
        let first = decide(vec![ask(bench, &alice, "bob", 10, "transfer-1")]).await;
        let then = decide(vec![
            ask(bench, &alice, "bob", 10, "transfer-1"),
            ask(bench, &alice, "bob", 20, "transfer-2"),
            ask(bench, &alice, "bob", 20, "transfer-2"),
            ask(bench, &alice, "bob", 21, "transfer-2"),
            ask(bench, &alice, "bob", 11, "transfer-1"),
            // Somebody else's key of that name is another.
            ask(bench, &bob, "alice", 5, "transfer-1"),
            // The first is too much, and so leaves its key to the second.
            ask(bench, &alice, "bob", 500, "transfer-3"),
            ask(bench, &alice, "bob", 30, "transfer-3"),
        ])
        .await;
        let all: Vec<_> = then.iter().map(said).collect();
        assert_eq!(all, ["done", "done", "done", "IDEMPOTENCY_CONFLICT", "IDEMPOTENCY_CONFLICT", "done", "QUOTA_INSUFFICIENT", "done"]);
        assert_eq!((id(&then[0]), id(&then[2])), (id(&first[0]), id(&then[1])));
        assert_eq!(stand(bench, &[alice, bob]).await, [(45, 0), (55, 0)]);
    }

    async fn k4_2_sets_that_share_keys_and_accounts_neither_deadlock_nor_do_anything_twice(bench) {
        let [alice, bob, carol] = three(bench).await;
        bench.issue(bob.id, 100).await;
        bench.issue(carol.id, 100).await;
        let sets = (0..12).map(|n| {
            let mut asks = vec![
                ask(bench, &alice, "bob", 1, "shared-1"), ask(bench, &bob, "carol", 1, "shared-2"), ask(bench, &carol, "alice", 1, "shared-3"),
                ask(bench, &carol, "bob", 2, &format!("alone-{n:03}")), ask(bench, &bob, "alice", 2, &format!("alone-{n:03}")),
            ];
            asks.rotate_left(n % 5);
            tokio::spawn(decide(asks))
        });
        let mut ids = Vec::new();
        for set in sets.collect::<Vec<_>>() {
            ids.extend(set.await.unwrap().iter().map(id));
        }
        assert_eq!((ids.len(), ids.into_iter().collect::<HashSet<_>>().len()), (60, 3 + 24));
        assert_eq!(stand(bench, &[alice, bob, carol]).await, [(124, 0), (100, 0), (76, 0)]);
    }

    async fn k4_2_where_the_transaction_fails_nothing_of_the_set_has_happened(bench) {
        let [alice, bob, _] = three(bench).await;
        bench.exec("ALTER TABLE notifications RENAME TO elsewhere", args![]).await;
        let asks = || vec![ask(bench, &alice, "bob", 10, "transfer-1"), ask(bench, &alice, "carol", 10, "transfer-2")];
        let failed: Vec<_> = decide(asks()).await.iter().map(said).collect();
        assert_eq!(failed, ["INTERNAL", "INTERNAL"]);
        assert_eq!((stand(bench, &[alice.clone(), bob.clone()]).await, rows(bench, "idempotency").await), (vec![(100, 0), (0, 0)], 0));
        bench.exec("ALTER TABLE elsewhere RENAME TO notifications", args![]).await;
        assert!(decide(asks()).await.iter().all(|one| said(one) == "done"));
        assert_eq!(stand(bench, &[alice, bob]).await, [(80, 0), (10, 0)]);
    }
}
