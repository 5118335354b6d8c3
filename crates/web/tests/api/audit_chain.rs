//! The operation log's chain: whatever is done to the rows behind the program's back is found, on both databases.

use platform::audit::{self, Checked};
use platform::identity::{self, Role};
use serde_json::json;
use store::{Sql, Value, args};
use testkit::{Engine, TestServer, on_server};

/// Writes so many lines, each in a transaction of its own.
async fn write(server: &TestServer, count: i64) {
    for n in 0..count {
        let mut tx = server.platform.db.begin().await.unwrap();
        audit::record(&mut tx, &server.cx(), &audit::SETTING_CHANGED, None, &json!({ "n": n })).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn seal(server: &TestServer) -> usize {
    audit::seal(&server.platform.db, &server.platform.vault).await.unwrap()
}

async fn check(server: &TestServer) -> Checked {
    audit::check(&server.platform.db, &server.platform.vault, server.clock.now()).await.unwrap()
}

async fn exec(server: &TestServer, sql: &str, args: Vec<Value>) {
    server.log_was_spoiled.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut tx = server.platform.db.begin().await.unwrap();
    assert!(tx.exec(sql, args).await.unwrap() > 0, "{sql} changed nothing");
    tx.commit().await.unwrap();
}

/// Exactly what `check` says.
#[track_caller]
fn finds(checked: &Checked, words: &[&str]) {
    let said = checked.problems.join("\n");
    assert_eq!(checked.problems.len(), words.len(), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
}

on_server! {
    async fn k6_3_an_untouched_log_is_sound_before_and_after_it_is_sealed(server) {
        finds(&check(server).await, &[]);
        write(server, 5).await;
        finds(&check(server).await, &[]);
        assert_eq!(seal(server).await, 5);
        write(server, 600).await;
        assert_eq!(seal(server).await, 600);
        assert_eq!(seal(server).await, 0);
        let checked = check(server).await;
        finds(&checked, &[]);
        assert_eq!((checked.lines, checked.late), (605, 0));
    }

    async fn k6_3_a_changed_line_is_found_whatever_was_changed(server) {
        write(server, 3).await;
        seal(server).await;
        for (column, other) in [
            ("at", "at + 1"), ("actor_name", "'somebody'"), ("actor_role", "'agent'"), ("level", "'info'"), ("module", "'keys'"),
            ("action", "'unbound'"), ("object_kind", "'key'"), ("address", "'6.6.6.6'"), ("agent", "'curl'"), ("request_id", "'1'"),
            ("detail", "'{}'"), ("actor_id", "id"), ("superior_id", "id"), ("object_id", "id"),
        ] {
            let before = format!("CREATE TABLE kept_{column} AS SELECT id AS kept_id, {column} AS kept FROM operations WHERE seq = 2");
            let mut tx = server.platform.db.begin().await.unwrap();
            tx.exec(&before, args![]).await.unwrap();
            tx.commit().await.unwrap();
            exec(server, &format!("UPDATE operations SET {column} = {other} WHERE seq = 2"), args![]).await;
            finds(&check(server).await, &["line 2 "]);
            exec(server, &format!("UPDATE operations SET {column} = (SELECT kept FROM kept_{column}) WHERE seq = 2"), args![]).await;
            finds(&check(server).await, &[]);
        }
    }

    async fn k6_3_a_removed_line_is_found(server) {
        write(server, 6).await;
        seal(server).await;
        exec(server, "DELETE FROM operations WHERE seq = 3", args![]).await;
        finds(&check(server).await, &["lines 3 to 3 are missing"]);
        exec(server, "DELETE FROM operations WHERE seq = 1", args![]).await;
        finds(&check(server).await, &["lines 1 to 1 are missing", "lines 3 to 3 are missing"]);
        exec(server, "DELETE FROM operations WHERE seq = 6", args![]).await;
        finds(&check(server).await, &["lines 1 to 1", "lines 3 to 3", "should end at 6"]);
    }

    async fn k6_3_closing_the_gap_does_not_hide_it(server) {
        write(server, 4).await;
        seal(server).await;
        exec(server, "DELETE FROM operations WHERE seq = 2", args![]).await;
        exec(server, "UPDATE operations SET seq = 2 WHERE seq = 3", args![]).await;
        exec(server, "UPDATE operations SET seq = 3 WHERE seq = 4", args![]).await;
        exec(server, "UPDATE operation_chain SET head_seq = 3", args![]).await;
        finds(&check(server).await, &["line 2 ", "line 3 "]);
    }

    async fn k6_3_an_inserted_line_is_found_before_and_after_it_is_sealed(server) {
        write(server, 3).await;
        seal(server).await;
        let copy = "INSERT INTO operations (id, at, actor_name, actor_role, level, module, action, address, agent, request_id, detail, mac) \
                    SELECT $1, at, actor_name, actor_role, level, module, action, address, agent, request_id, detail, mac FROM operations WHERE seq = 2";
        let id: audit::OperationId = server.cx().id();
        exec(server, copy, args![id]).await;
        finds(&check(server).await, &["not written by Cuekey"]);
        seal(server).await;
        finds(&check(server).await, &["line 4 "]);
    }

    async fn k6_3_lines_in_another_order_are_found(server) {
        write(server, 4).await;
        seal(server).await;
        // The numbers alone, and then the links too.
        for (from, to) in [(2, 20), (3, 2), (20, 3)] {
            exec(server, "UPDATE operations SET seq = $1 WHERE seq = $2", args![to, from]).await;
        }
        let moved = check(server).await;
        assert!(moved.problems.len() >= 2 && moved.problems.iter().all(|problem| problem.contains("does not follow")), "{moved:?}");
        exec(server, "UPDATE operations SET link = CASE seq WHEN 2 THEN (SELECT link FROM operations WHERE seq = 3) \
                      ELSE (SELECT link FROM operations WHERE seq = 2) END WHERE seq IN (2, 3)", args![]).await;
        let linked = check(server).await;
        assert!(linked.problems.iter().all(|problem| problem.contains("does not follow")) && !linked.problems.is_empty(), "{linked:?}");
    }

    async fn k6_3_without_the_key_nobody_can_begin_the_chain_elsewhere(server) {
        write(server, 4).await;
        seal(server).await;
        // As if the first two had been archived.
        exec(server, "UPDATE operation_chain SET base_seq = 2, base_link = (SELECT link FROM operations WHERE seq = 2)", args![]).await;
        let moved = check(server).await;
        assert!(moved.problems.iter().any(|problem| problem.contains("beginning")), "{moved:?}");
        exec(server, "DELETE FROM operations WHERE seq <= 2", args![]).await;
        finds(&check(server).await, &["the beginning of the chain was moved"]);
        exec(server, "DELETE FROM operation_chain", args![]).await;
        finds(&check(server).await, &["the head of the chain is missing"]);
    }

    async fn k6_3_another_master_key_makes_another_chain(server) {
        write(server, 3).await;
        let other = platform::vault::Vault::new(&zeroize::Zeroizing::new([1; 32]), kernel::Random::seeded(1));
        audit::seal(&server.platform.db, &other).await.unwrap();
        server.log_was_spoiled.store(true, std::sync::atomic::Ordering::Relaxed);
        let forged = check(server).await;
        assert!(forged.problems.len() >= 4, "{forged:?}");
    }

    /// What the chain itself cannot show: the last lines taken away, and the head set back to the line before them. The number and
    /// the link that `doctor`, the log and the metrics told before are the only witnesses.
    async fn k6_3_a_cut_at_the_end_changes_what_is_told_of_the_head(server) {
        write(server, 4).await;
        seal(server).await;
        let before = check(server).await;
        exec(server, "DELETE FROM operations WHERE seq = 4", args![]).await;
        finds(&check(server).await, &["should end at 4"]);
        exec(server, "UPDATE operation_chain SET head_seq = 3, head_link = (SELECT link FROM operations WHERE seq = 3)", args![]).await;
        let after = check(server).await;
        finds(&after, &[]);
        assert!(after.lines < before.lines && after.head != before.head);
    }

    /// Nor can an empty chain show that it was none, nor one that was begun anew. Those whom it told of are still there.
    async fn k6_3_a_log_that_was_emptied_is_missed_by_the_super_admins_of_whom_it_told(server) {
        let untold = async || audit::untold(&server.platform.db).await.unwrap();
        let none: [&str; 0] = [];
        assert_eq!(untold().await, none, "a fresh installation");
        identity::create_super_admin(&server.cx(), "first", "first@example.com", "correct horse battery").await.unwrap();
        assert_eq!(untold().await, none, "before the line has its place");
        seal(server).await;
        assert_eq!(untold().await, none);
        for table in ["operations", "operation_chain"] {
            exec(server, &format!("DELETE FROM {table}"), args![]).await;
        }
        for lines in [0, 3] {
            write(server, lines).await;
            seal(server).await;
            let checked = check(server).await;
            finds(&checked, &[]);
            assert_eq!(checked.lines, lines);
            assert_eq!(untold().await, ["no line says that the super admin \"first\" was made"]);
        }
        // Nor is it said of somebody who was put there by hand.
        server.user(Role::SuperAdmin, "root").await;
        assert_eq!(untold().await.len(), 2);
    }

    async fn k6_3_several_processes_seal_one_chain_while_others_write(server) {
        let writing = async { tokio::join!(write(server, 40), write(server, 40), write(server, 40)); };
        let sealing = || async { for _ in 0..30 { seal(server).await; } };
        tokio::join!(writing, sealing(), sealing(), sealing());
        seal(server).await;
        let checked = check(server).await;
        finds(&checked, &[]);
        assert_eq!(checked.lines, 120);
    }

    async fn k6_3_lines_that_wait_for_long_are_counted(server) {
        write(server, 2).await;
        server.clock.step(20 * kernel::MINUTE);
        write(server, 1).await;
        let checked = check(server).await;
        finds(&checked, &[]);
        assert_eq!(checked.late, 2);
    }
}

/// The head is a row that sealing locks. Writing must not wait for it, or all writes would stand in one line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k6_3_nobody_who_writes_waits_for_the_chain() {
    let server = TestServer::start(Engine::Postgres).await;
    write(&server, 1).await;
    seal(&server).await;
    let mut sealing = server.platform.db.begin().await.unwrap();
    let tail = sealing.for_update();
    sealing.all(&format!("SELECT name FROM operation_chain{tail}"), args![], |_| Ok(())).await.unwrap();
    // Several writers at once, each of which holds its transaction open until all have written.
    let mut open = Vec::new();
    for n in 0..4 {
        let mut tx = server.platform.db.begin().await.unwrap();
        audit::record(&mut tx, &server.cx(), &audit::SETTING_CHANGED, None, &json!({ "n": n })).await.unwrap();
        open.push(tx);
    }
    for tx in open {
        tx.commit().await.unwrap();
    }
    sealing.commit().await.unwrap();
    assert_eq!(seal(&server).await, 4);
    finds(&check(&server).await, &[]);
}
