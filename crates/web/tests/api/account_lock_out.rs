//! K1.2: the captcha after three failures, the lock after five, and floods of tries.

use kernel::{HOUR, MINUTE};
use platform::identity::{Role, flood};
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{Answer, on_server};

use crate::support::sign_in::{attempt, attempt_with, log, record};

/// What an answer says, but for the request's id and the seconds.
fn shape(answer: Answer) -> (u16, Value) {
    let mut body = answer.json();
    for name in ["request_id", "retry_after_seconds"] {
        body.as_object_mut().unwrap().remove(name);
    }
    (answer.status.as_u16(), body)
}

on_server! {
    async fn k1_2b_a_captcha_after_three_failures_and_a_lock_after_five(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let visitor = server.visitor();
        for next in [false, false, true] {
            let problem = attempt(&visitor, "alice", "wrong").await.refused(401, "SIGN_IN_FAILED");
            assert_eq!(problem["captcha_required"].as_bool().unwrap_or(false), next);
        }
        // Without a captcha the password is not looked at: the right one gets the same answer, and nothing is counted.
        for password in ["wrong", "password-of-alice", "wrong"] {
            attempt(&visitor, "alice", password).await.refused(401, "CAPTCHA_REQUIRED");
        }
        attempt_with(&visitor, "alice", "password-of-alice", json!({"id": "x", "answer": "y"})).await.refused(401, "CAPTCHA_WRONG");
        assert_eq!(record(server, &alice).await, (3, false));
        attempt_with(&visitor, "alice", "wrong", visitor.captcha().await).await.refused(401, "SIGN_IN_FAILED");
        let fifth = attempt_with(&visitor, "alice", "wrong", visitor.captcha().await).await.refused(401, "SIGN_IN_FAILED");
        assert_eq!(fifth["retry_after_seconds"], 900);
        assert_eq!(record(server, &alice).await, (5, true));
        // Locked, whatever the password and the captcha.
        for password in ["wrong", "password-of-alice"] {
            let locked = attempt_with(&visitor, "alice", password, visitor.captcha().await).await.refused(423, "ACCOUNT_LOCKED");
            assert!((890..=900).contains(&locked["retry_after_seconds"].as_i64().unwrap()), "{locked}");
        }
        let expected = ["wrong", "wrong", "wrong", "captcha", "captcha", "captcha", "captcha", "wrong", "wrong", "locked", "locked"];
        assert_eq!(log(server, "alice").await, expected);
        server.run_jobs().await;
        assert_eq!(server.told(alice.id()).await, ["account.locked"]);
        assert_eq!(server.mails("alice@example.com").await.len(), 1);
        // The open session goes on: an attacker cannot throw anybody out.
        alice.get("/api/v1/me").await.ok(200);
        server.clock.step(15 * MINUTE);
        attempt(&visitor, "alice", "password-of-alice").await.ok(200);
        assert_eq!(record(server, &alice).await, (0, false));
    }

    async fn k1_2b_a_success_starts_the_count_again(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let visitor = server.visitor();
        for _ in 0..3 {
            attempt(&visitor, "alice", "wrong").await.refused(401, "SIGN_IN_FAILED");
        }
        attempt_with(&visitor, "alice", "password-of-alice", visitor.captcha().await).await.ok(200);
        assert_eq!(record(server, &alice).await, (0, false));
        attempt(&visitor, "alice", "wrong").await.refused(401, "SIGN_IN_FAILED");
        attempt(&visitor, "alice", "password-of-alice").await.ok(200);
    }

    async fn k1_2b_unknown_names_are_answered_like_known_ones(server) {
        server.user(Role::Agent, "alice").await;
        let visitor = server.visitor();
        let mut seen = Vec::new();
        for name in ["alice", "nobody"] {
            let mut shapes = Vec::new();
            for _ in 0..4 {
                shapes.push(shape(attempt(&visitor, name, "wrong").await));
            }
            for _ in 0..3 {
                shapes.push(shape(attempt_with(&visitor, name, "wrong", visitor.captcha().await).await));
            }
            server.clock.step(15 * MINUTE);
            shapes.push(shape(attempt(&visitor, name, "wrong").await));
            seen.push(shapes);
        }
        assert_eq!(seen[0], seen[1]);
        let codes: Vec<_> = seen[1].iter().map(|(_, body)| body["code"].as_str().unwrap()).collect();
        let expected = ["SIGN_IN_FAILED", "SIGN_IN_FAILED", "SIGN_IN_FAILED", "CAPTCHA_REQUIRED", "SIGN_IN_FAILED", "SIGN_IN_FAILED", "ACCOUNT_LOCKED", "SIGN_IN_FAILED"];
        assert_eq!(codes, expected);
        server.clock.step(72 * HOUR);
        server.tick().await;
        let left: i64 = server.platform.db.read().one("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM name_tries", args![], |row| row.get("n")).await.unwrap();
        assert_eq!(left, 0, "what strangers typed is not kept");
    }

    async fn k1_2b_spellings_of_a_name_are_counted_together(server) {
        let alice = server.user(Role::Agent, "alice").await;
        for name in ["alice", "ALICE", "ａｌｉｃｅ"] {
            attempt(&server.visitor(), name, "wrong").await.refused(401, "SIGN_IN_FAILED");
        }
        assert_eq!(record(server, &alice).await, (3, false));
    }

    async fn k1_2b_twenty_wrong_at_once_count_as_many_as_are_looked_at(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let visitor = server.visitor();
        let mut captchas = Vec::new();
        for _ in 0..20 {
            captchas.push(visitor.captcha().await);
        }
        let tasks: Vec<_> = captchas
            .into_iter()
            .map(|captcha| {
                let visitor = visitor.clone();
                tokio::spawn(async move { attempt_with(&visitor, "alice", "wrong", captcha).await.json()["code"].as_str().unwrap().to_owned() })
            })
            .collect();
        let mut looked_at = 0;
        for task in tasks {
            match task.await.unwrap().as_str() {
                "SIGN_IN_FAILED" => looked_at += 1,
                code => assert_eq!(code, "ACCOUNT_LOCKED"),
            }
        }
        assert_eq!(looked_at, 5);
        assert_eq!(record(server, &alice).await, (5, true));
        attempt(&visitor, "alice", "password-of-alice").await.refused(423, "ACCOUNT_LOCKED");
    }

    async fn k1_2b_twenty_wrong_at_once_without_captchas_do_not_lock_anybody(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let visitor = server.visitor();
                tokio::spawn(async move { attempt(&visitor, "alice", "wrong").await.json()["code"].as_str().unwrap().to_owned() })
            })
            .collect();
        let mut looked_at = 0;
        for task in tasks {
            looked_at += i32::from(task.await.unwrap() == "SIGN_IN_FAILED");
        }
        assert_eq!(looked_at, 3);
        assert_eq!(record(server, &alice).await, (3, false));
        let visitor = server.visitor();
        attempt_with(&visitor, "alice", "password-of-alice", visitor.captcha().await).await.ok(200);
    }

    async fn k1_2b_right_ones_at_once_all_pass_and_leave_no_failures(server) {
        let alice = server.user(Role::Agent, "alice").await;
        for _ in 0..4 {
            let (a, b) = (server.visitor(), server.visitor());
            let (a, b) = tokio::join!(attempt(&a, "alice", "password-of-alice"), attempt(&b, "alice", "password-of-alice"));
            a.ok(200);
            b.ok(200);
        }
        assert_eq!(record(server, &alice).await, (0, false));
    }

    async fn k1_2a_a_flood_is_told_to_come_back_and_locks_nobody(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let hold = server.platform.passwords.hold().await;
        let flood: Vec<_> = (0..64)
            .map(|n| {
                let visitor = server.visitor().from([10, 0, 0, n]);
                tokio::spawn(async move { attempt(&visitor, &format!("bot{n}"), "wrong").await.refused(401, "SIGN_IN_FAILED") })
            })
            .collect();
        while server.platform.passwords.waiting() < 64 {
            tokio::task::yield_now().await;
        }
        for _ in 0..6 {
            let busy = attempt(&server.visitor(), "alice", "password-of-alice").await;
            assert_eq!(busy.headers["retry-after"], "1");
            busy.refused(503, "BUSY");
        }
        assert_eq!(record(server, &alice).await, (0, false));
        drop(hold);
        for task in flood {
            task.await.unwrap();
        }
        attempt(&server.visitor(), "alice", "password-of-alice").await.ok(200);
    }

    async fn k1_2b_one_address_fails_so_often_whatever_the_names(server) {
        server.user(Role::Agent, "alice").await;
        let visitor = server.visitor().from([203, 0, 113, 9]);
        for n in 0..100 {
            attempt(&visitor, &format!("guess{n}"), "wrong").await.refused(401, "SIGN_IN_FAILED");
        }
        attempt(&visitor, "alice", "password-of-alice").await.refused(401, "CAPTCHA_REQUIRED");
        assert_eq!(log(server, "alice").await, ["limited"], "each try is in the log");
        attempt(&server.visitor(), "alice", "password-of-alice").await.ok(200);
        // Others behind that address get past it by a captcha, each try by one of its own.
        let captcha = visitor.captcha().await;
        attempt_with(&visitor, "alice", "wrong", captcha.clone()).await.refused(401, "SIGN_IN_FAILED");
        attempt_with(&visitor, "alice", "password-of-alice", captcha).await.refused(401, "CAPTCHA_WRONG");
        attempt_with(&visitor, "alice", "password-of-alice", visitor.captcha().await).await.ok(200);
        attempt(&visitor, "nobody", "wrong").await.refused(401, "CAPTCHA_REQUIRED");
        server.clock.step(15 * MINUTE);
        attempt(&visitor, "alice", "password-of-alice").await.ok(200);
    }

    async fn k1_2b_a_flood_from_one_address_is_counted_and_does_not_fill_the_log(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let visitor = server.visitor().from([203, 0, 113, 9]);
        for n in 0..100 {
            attempt(&visitor, &format!("guess{n}"), "wrong").await.refused(401, "SIGN_IN_FAILED");
        }
        let rows = async |sql: &str| -> Vec<i64> { server.platform.db.read().all(sql, args![], |row| row.get("n")).await.unwrap() };
        let names = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM name_tries";
        let before = rows(names).await;
        for n in 0..150 {
            attempt(&visitor, &format!("flood{n}"), "wrong").await.refused(401, "CAPTCHA_REQUIRED");
            let nobodys = json!({"id": "cap_01h455vb4pex5vsknk084sn02q", "answer": "x"});
            attempt_with(&visitor, &format!("flood{n}"), "wrong", nobodys).await.refused(401, "CAPTCHA_WRONG");
        }
        let limited = "SELECT tries AS n FROM sign_ins WHERE result = 'limited' ORDER BY id";
        assert_eq!(rows(limited).await, [1; 10]);
        assert_eq!(rows(names).await, before, "nothing is written of a name for which no captcha was solved");
        assert_eq!(flood::write_rest(&server.cx()).await.unwrap(), 1);
        assert_eq!(flood::write_rest(&server.cx()).await.unwrap(), 0, "once");
        let page = root.get("/api/v1/logs/sign-ins?result=limited").await.ok(200);
        let last = &page["items"][0];
        assert_eq!((&last["name"], &last["user"], &last["address"], &last["tries"]), (&json!("flood149"), &json!(null), &json!("203.0.113.9"), &json!(290)));
        assert_eq!(page["items"].as_array().unwrap().len(), 11);
        // Others have lines of their own, and so has that address in the next minute.
        for n in 0..100 {
            attempt(&server.visitor().from([203, 0, 113, 10]), &format!("other{n}"), "wrong").await.refused(401, "SIGN_IN_FAILED");
        }
        attempt(&server.visitor().from([203, 0, 113, 10]), "other", "wrong").await.refused(401, "CAPTCHA_REQUIRED");
        assert_eq!(log(server, "other").await, ["limited"]);
        server.clock.step(MINUTE);
        attempt(&visitor, "later", "wrong").await.refused(401, "CAPTCHA_REQUIRED");
        assert_eq!(log(server, "later").await, ["limited"]);
    }

    async fn k1_2b_the_limits_are_settings(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        server.user(Role::Agent, "alice").await;
        root.patch("/api/v1/settings/security.captcha_after", json!({"value": 0})).await.ok(200);
        let visitor = server.visitor();
        attempt(&visitor, "alice", "password-of-alice").await.refused(401, "CAPTCHA_REQUIRED");
        // A lock is never to be had without a captcha before it, whatever is set.
        root.patch("/api/v1/settings/security.captcha_after", json!({"value": 4})).await.refused_field("value", "OUT_OF_RANGE");
        root.patch("/api/v1/settings/security.lock_after", json!({"value": 3})).await.refused_field("value", "OUT_OF_RANGE");
        root.patch("/api/v1/settings/security.captcha_after", json!({"value": 3})).await.ok(200);
        root.patch("/api/v1/settings/security.lock_after", json!({"value": 4})).await.ok(200);
        root.patch("/api/v1/settings/security.lock_minutes", json!({"value": 60})).await.ok(200);
        for _ in 0..3 {
            attempt(&visitor, "alice", "wrong").await.refused(401, "SIGN_IN_FAILED");
        }
        attempt_with(&visitor, "alice", "wrong", visitor.captcha().await).await.refused(401, "SIGN_IN_FAILED");
        server.clock.step(59 * MINUTE);
        attempt_with(&visitor, "alice", "password-of-alice", visitor.captcha().await).await.refused(423, "ACCOUNT_LOCKED");
        server.clock.step(MINUTE);
        attempt(&visitor, "alice", "password-of-alice").await.ok(200);
    }
}
