//! What moves quota, and what notices when something else did.

use kernel::{DAY, PageAsk, Quota, Random};
use store::args;

use super::*;
use crate::audit::Object;
use crate::identity::{Principal, Role, UserId};
use crate::testing::{Bench, START, code};

fn order(from: UserId, to: AccountId, amount: i64) -> Move {
    let reference = Some(Object::from(from));
    Move {
        debit: quota_account(from),
        credit: to,
        amount: Quota::new(amount).into(),
        kind: EntryKind::Transfer,
        memo: "a memo".into(),
        reference,
    }
}

/// Two agents, the first with 100.
async fn two(bench: &Bench) -> (Principal, Principal) {
    let (alice, _) = bench.user(Role::Agent, "alice").await;
    let (bob, _) = bench.user(Role::Agent, "bob").await;
    bench.issue(alice.id, 100).await;
    (alice, bob)
}

/// The same, and on each of the four days since then the first has given the other as many as days have passed.
async fn two_with_a_past(bench: &Bench) -> (Principal, Principal) {
    let (alice, bob) = two(bench).await;
    let cx = bench.system();
    for amount in 1..=4 {
        bench.clock.step(DAY);
        let mut tx = bench.platform.db.begin().await.unwrap();
        transfer(&mut tx, &cx, &order(alice.id, quota_account(bob.id), amount)).await.unwrap();
        tx.commit().await.unwrap();
    }
    (alice, bob)
}

/// What is there, and what of it is frozen.
async fn stand(bench: &Bench, user: &Principal) -> (i64, i64) {
    let account = account_of(&mut bench.platform.db.read(), user.id).await.unwrap().unwrap();
    assert_eq!(account.id, quota_account(user.id));
    assert_eq!(account.available().units(), account.posted.units() - account.held.units());
    (account.posted.units(), account.held.units())
}

type Line = (Phase, i64, i64, i64, i64);

fn figures(line: &StatementLine) -> Line {
    (line.phase, line.delta.units(), line.held_delta.units(), line.balance_after.units(), line.held_after.units())
}

/// Oldest first.
async fn lines(bench: &Bench, user: &Principal) -> Vec<StatementLine> {
    let filter = StatementFilter::default();
    let page = statement(&mut bench.platform.db.read(), quota_account(user.id), &filter, &PageAsk::first(200)).await.unwrap();
    page.items.into_iter().rev().collect()
}

/// All that is wrong now, for a test that breaks something behind the ledger's back.
async fn problems(bench: &Bench) -> Vec<String> {
    check(&mut bench.platform.db.read()).await.unwrap()
}

on_platform! {
    async fn a_transfer_leaves_one_account_and_comes_to_the_other(bench) {
        let (alice, bob) = two(bench).await;
        let cx = bench.system();
        let mut tx = bench.platform.db.begin().await.unwrap();
        let done = transfer(&mut tx, &cx, &order(alice.id, quota_account(bob.id), 30)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((stand(bench, &alice).await, stand(bench, &bob).await), ((70, 0), (30, 0)));
        let found = find_transfer(&mut bench.platform.db.read(), done.id).await.unwrap().unwrap();
        assert_eq!((found.id, found.amount.units(), found.state, found.kind, found.created_at), (done.id, 30, TransferState::Posted, EntryKind::Transfer, done.created_at));
        let unknown = find_transfer(&mut bench.platform.db.read(), cx.id()).await.unwrap();
        assert!(unknown.is_none());
    }

    async fn a_held_amount_is_there_but_not_to_be_spent(bench) {
        let (alice, bob) = two(bench).await;
        let cx = bench.system();
        let mut tx = bench.platform.db.begin().await.unwrap();
        let held = hold(&mut tx, &cx, &order(alice.id, quota_account(bob.id), 60)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((held.state, stand(bench, &alice).await, stand(bench, &bob).await), (TransferState::Pending, (100, 60), (0, 0)));
        for amount in [41, 100] {
            let mut tx = bench.platform.db.begin().await.unwrap();
            assert_eq!(code(transfer(&mut tx, &cx, &order(alice.id, quota_account(bob.id), amount)).await), "QUOTA_INSUFFICIENT");
        }
        let mut tx = bench.platform.db.begin().await.unwrap();
        let posted = post(&mut tx, &cx, held.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((posted.id, posted.state, posted.amount.units()), (held.id, TransferState::Posted, 60));
        assert_eq!((stand(bench, &alice).await, stand(bench, &bob).await), ((40, 0), (60, 0)));
        let expected = [(Phase::Move, 100, 0, 100, 0), (Phase::Hold, 0, 60, 100, 60), (Phase::Post, -60, -60, 40, 0)];
        assert_eq!(lines(bench, &alice).await.iter().map(figures).collect::<Vec<_>>(), expected);
        assert_eq!(lines(bench, &bob).await.iter().map(figures).collect::<Vec<_>>(), [(Phase::Move, 60, 0, 60, 0)]);
    }

    async fn of_a_hold_a_part_may_go_and_the_rest_is_available_again(bench) {
        let (alice, bob) = two(bench).await;
        let cx = bench.system();
        let begin = async || bench.platform.db.begin().await.unwrap();
        let mut tx = begin().await;
        let held = hold(&mut tx, &cx, &order(alice.id, quota_account(bob.id), 60)).await.unwrap();
        tx.commit().await.unwrap();
        for (part, refused) in [(61, "INTERNAL"), (0, "INVALID"), (-1, "INVALID")] {
            let mut tx = begin().await;
            assert_eq!(code(post_part(&mut tx, &cx, held.id, kernel::Amount::new(part)).await), refused, "{part}");
        }
        let mut tx = begin().await;
        post_part(&mut tx, &cx, held.id, kernel::Amount::new(45)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((stand(bench, &alice).await, stand(bench, &bob).await), ((55, 0), (45, 0)));
        let expected = [(Phase::Move, 100, 0, 100, 0), (Phase::Hold, 0, 60, 100, 60), (Phase::Post, -45, -45, 55, 15), (Phase::Release, 0, -15, 55, 0)];
        assert_eq!(lines(bench, &alice).await.iter().map(figures).collect::<Vec<_>>(), expected);
        let mut tx = begin().await;
        assert_eq!(code(void(&mut tx, &cx, held.id).await), "NOT_PENDING");
        drop(tx);
        assert_eq!(check(&mut bench.platform.db.read()).await.unwrap(), [""; 0]);
    }

    async fn quota_does_not_become_money(bench) {
        let (alice, _) = two(bench).await;
        let cx = bench.system();
        let owner: uuid::Uuid = cx.random.uuid_v7(cx.now());
        let mut tx = bench.platform.db.begin().await.unwrap();
        let wallet = open_wallet(&mut tx, &cx, owner).await.unwrap();
        transfer(&mut tx, &cx, &order(alice.id, wallet, 5)).await.unwrap();
        let problems = check(&mut tx).await.unwrap();
        assert!(problems.iter().any(|problem| problem.contains("another unit")), "{problems:?}");
    }

    async fn a_voided_hold_is_as_if_it_had_not_been_and_is_settled_once(bench) {
        let (alice, bob) = two(bench).await;
        let cx = bench.system();
        let mut tx = bench.platform.db.begin().await.unwrap();
        let held = hold(&mut tx, &cx, &order(alice.id, quota_account(bob.id), 60)).await.unwrap();
        let voided = void(&mut tx, &cx, held.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((voided.state, stand(bench, &alice).await, stand(bench, &bob).await), (TransferState::Voided, (100, 0), (0, 0)));
        for again in [TransferState::Posted, TransferState::Voided] {
            let mut tx = bench.platform.db.begin().await.unwrap();
            let answer = if again == TransferState::Posted { post(&mut tx, &cx, held.id).await } else { void(&mut tx, &cx, held.id).await };
            assert_eq!(code(answer), "NOT_PENDING");
        }
        assert_eq!(stand(bench, &alice).await, (100, 0));
    }

    async fn what_is_no_amount_or_goes_nowhere_is_refused(bench) {
        let (alice, bob) = two(bench).await;
        let cx = bench.system();
        let to = quota_account(bob.id);
        let orders = [
            (order(alice.id, to, 0), "INVALID"), (order(alice.id, to, -5), "INVALID"),
            (order(alice.id, to, Quota::MAX_ASKED.units() + 1), "INVALID"), (order(alice.id, to, Quota::MAX_ASKED.units()), "QUOTA_INSUFFICIENT"),
            (order(alice.id, quota_account(alice.id), 5), "SELF_TRANSFER"),
        ];
        for (order, expected) in orders {
            let mut tx = bench.platform.db.begin().await.unwrap();
            let refused = transfer(&mut tx, &cx, &order).await.unwrap_err();
            assert_eq!(refused.code, expected, "{order:?} {:?}", refused.fields);
            drop(tx);
            let mut tx = bench.platform.db.begin().await.unwrap();
            assert_eq!(code(hold(&mut tx, &cx, &order).await), expected);
        }
        assert_eq!((stand(bench, &alice).await, lines(bench, &alice).await.len()), ((100, 0), 1));
    }

    async fn a_statement_names_the_other_side_and_pages_by_its_lines(bench) {
        let (alice, bob) = two_with_a_past(bench).await;
        let all = lines(bench, &alice).await;
        assert!(all[0].system && all[0].counterparty.is_none() && all[0].reference.is_none());
        let (last, other) = (&all[4], all[4].counterparty.clone().unwrap());
        assert_eq!((other.id, other.name.as_str(), last.system, last.memo.as_str()), (bob.id, "bob", false, "a memo"));
        assert_eq!(last.reference.as_ref().unwrap().id, alice.id.to_string());
        assert_eq!(last.id, format!("{}-5", last.transfer_id));

        let mut read = bench.platform.db.read();
        let (account, none) = (quota_account(alice.id), StatementFilter::default());
        let first = statement(&mut read, account, &none, &PageAsk::first(3)).await.unwrap();
        let then = PageAsk::parse(first.next_cursor.as_deref(), Some(3)).unwrap();
        let second = statement(&mut read, account, &none, &then).await.unwrap();
        let deltas: Vec<i64> = first.items.iter().chain(&second.items).map(|line| line.delta.units()).collect();
        assert_eq!((deltas, second.next_cursor), (vec![-4, -3, -2, -1, 100], None));
        let narrow = StatementFilter { kind: Some(EntryKind::Transfer), from: Some(START.plus_micros(2 * DAY)), to: Some(START.plus_micros(4 * DAY)) };
        let some = statement(&mut read, account, &narrow, &PageAsk::first(9)).await.unwrap();
        assert_eq!(some.items.iter().map(|line| line.delta.units()).collect::<Vec<_>>(), [-3, -2], "from is within, to is not");
    }

    async fn the_past_of_an_account_is_read_oldest_first_from_a_time_on_and_in_pages(bench) {
        let (alice, bob) = two_with_a_past(bench).await;
        let mut read = bench.platform.db.read();
        let (of_alice, of_bob) = (quota_account(alice.id), quota_account(bob.id));
        let all = history(&mut read, of_alice, 0, 10).await.unwrap();
        assert_eq!(all.iter().map(|line| (line.seq, line.delta.units())).collect::<Vec<_>>(), [(1, 100), (2, -1), (3, -2), (4, -3), (5, -4)]);
        let last = all[4];
        assert_eq!((last.kind, last.phase, last.balance_after.units(), last.about), (EntryKind::Transfer, Phase::Move, 90, Some(alice.id.uuid())));
        assert_eq!(history(&mut read, of_alice, 2, 2).await.unwrap(), all[2..4]);
        assert!(history(&mut read, of_alice, 5, 2).await.unwrap().is_empty());
        // The fourth line is the first of the fourth day; of the last two it is one as well.
        assert_eq!(before(&mut read, of_alice, START.plus_micros(3 * DAY), 10).await.unwrap(), 3);
        assert_eq!(before(&mut read, of_alice, START, 2).await.unwrap(), 3);
        assert_eq!(before(&mut read, of_alice, START, 10).await.unwrap(), 0);
        assert_eq!(before(&mut read, SystemAccount::Spent.id(), START, 10).await.unwrap(), 0, "nothing is written of it");
        assert_eq!(came_from(&mut read, of_bob, EntryKind::Transfer, 3).await.unwrap(), [of_alice; 3]);
        assert!(came_from(&mut read, of_bob, EntryKind::Initial, 3).await.unwrap().is_empty());
        assert!(came_from(&mut read, of_alice, EntryKind::Transfer, 3).await.unwrap().is_empty(), "what left came from nobody");
    }

    async fn the_table_itself_keeps_no_balance_below_zero(bench) {
        let (alice, _) = two(bench).await;
        for wrong in ["posted = -1", "held = 101", "held = -1"] {
            let mut tx = bench.platform.db.begin().await.unwrap();
            let sql = format!("UPDATE ledger_accounts SET {wrong} WHERE id = $1");
            assert!(tx.exec(&sql, args![quota_account(alice.id)]).await.is_err(), "{wrong}");
        }
    }

    async fn many_accounts_are_read_at_once_and_those_without_are_left_out(bench) {
        let (alice, bob) = two(bench).await;
        let (root, _) = bench.user(Role::SuperAdmin, "root").await;
        let mut read = bench.platform.db.read();
        let found = accounts_of(&mut read, &[alice.id, bob.id, root.id]).await.unwrap();
        assert_eq!((found.len(), found[&alice.id].posted.units(), found[&bob.id].posted.units()), (2, 100, 0));
        assert!(accounts_of(&mut read, &[]).await.unwrap().is_empty());
        assert!(account_of(&mut read, root.id).await.unwrap().is_none());
    }

    async fn the_platforms_own_accounts_are_made_once_and_keep_no_balance(bench) {
        let (alice, _) = two(bench).await;
        prepare(&bench.platform.db, START).await.unwrap();
        let own = bench.all("SELECT posted, entries FROM ledger_accounts WHERE owner_kind = 'system'", args![], |row| {
            Ok((row.get::<i64>("posted")?, row.get::<i64>("entries")?))
        }).await;
        assert_eq!(own, [(0, 0); SystemAccount::ALL.len()]);
        let ids: Vec<AccountId> = SystemAccount::ALL.iter().map(|account| account.id()).collect();
        assert!(ids.iter().all(|id| ids.iter().filter(|other| other == &id).count() == 1) && !ids.contains(&quota_account(alice.id)));
    }

    async fn transfers_there_and_back_at_once_neither_deadlock_nor_lose(bench) {
        let (alice, bob) = two(bench).await;
        bench.issue(bob.id, 100).await;
        let tasks: Vec<_> = (0..20).map(|n| {
            let (cx, (from, to)) = (bench.system(), if n % 2 == 0 { (alice.id, bob.id) } else { (bob.id, alice.id) });
            tokio::spawn(async move {
                let mut tx = cx.db.begin().await.unwrap();
                lock(&mut tx, &[quota_account(from), quota_account(to), SystemAccount::Spent.id()]).await.unwrap();
                let held = hold(&mut tx, &cx, &order(from, quota_account(to), 1)).await.unwrap();
                post(&mut tx, &cx, held.id).await.unwrap();
                tx.commit().await.unwrap();
            })
        }).collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!((stand(bench, &alice).await, stand(bench, &bob).await), ((100, 0), (100, 0)));
    }

    async fn whatever_was_altered_behind_the_ledgers_back_is_noticed(bench) {
        let (alice, bob) = two(bench).await;
        let cx = bench.system();
        let mut tx = bench.platform.db.begin().await.unwrap();
        transfer(&mut tx, &cx, &order(alice.id, quota_account(bob.id), 30)).await.unwrap();
        hold(&mut tx, &cx, &order(alice.id, quota_account(bob.id), 20)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(problems(bench).await, [""; 0]);
        let account = quota_account(alice.id);
        // Each alteration, how to take it back, and how many sentences it is worth.
        let alterations = [
            ("UPDATE ledger_accounts SET posted = posted + 1 WHERE id = $1", "UPDATE ledger_accounts SET posted = posted - 1 WHERE id = $1", 2),
            ("UPDATE ledger_accounts SET held = held - 1 WHERE id = $1", "UPDATE ledger_accounts SET held = held + 1 WHERE id = $1", 2),
            ("UPDATE ledger_accounts SET entries = entries + 1 WHERE id = $1", "UPDATE ledger_accounts SET entries = entries - 1 WHERE id = $1", 1),
            ("UPDATE ledger_entries SET delta = delta + 1 WHERE account_id = $1 AND seq = 1", "UPDATE ledger_entries SET delta = delta - 1 WHERE account_id = $1 AND seq = 1", 1),
            ("UPDATE ledger_transfers SET posted_amount = 29 WHERE debit_account = $1 AND state = 'posted'", "UPDATE ledger_transfers SET posted_amount = 30 WHERE debit_account = $1 AND state = 'posted'", 2),
            ("UPDATE ledger_transfers SET posted_amount = 31 WHERE debit_account = $1 AND state = 'posted'", "UPDATE ledger_transfers SET posted_amount = 30 WHERE debit_account = $1 AND state = 'posted'", 3),
            ("UPDATE ledger_transfers SET state = 'voided' WHERE debit_account = $1 AND state = 'pending'", "UPDATE ledger_transfers SET state = 'pending' WHERE debit_account = $1 AND state = 'voided'", 1),
        ];
        for (alter, undo, sentences) in alterations {
            bench.exec(alter, args![account]).await;
            let found = problems(bench).await;
            assert_eq!(found.len(), sentences, "{alter}: {found:?}");
            assert!(found.iter().all(|sentence| sentence.contains("say") || sentence.contains("transfers have")), "{found:?}");
            bench.exec(undo, args![account]).await;
            assert_eq!(problems(bench).await, [""; 0], "{undo}");
        }
    }
}

#[test]
fn the_platforms_accounts_are_told_from_users() {
    let user = UserId::new(START, &Random::seeded(1));
    assert!(SystemAccount::ALL.iter().all(|account| model::is_system(account.id())));
    assert!(!model::is_system(quota_account(user)));
    assert_eq!(quota_account(user).uuid(), user.uuid());
}
