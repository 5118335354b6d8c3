use std::collections::HashSet;

use kernel::{Fault, MINUTE, SECOND, Timestamp};
use serde_json::json;
use store::args;

use super::second_factor::{app, enrol};
use crate::Cx;
use crate::identity::captcha::{CaptchaKind, make};
use crate::identity::sign_in::{SignIn, Started, sign_in};
use crate::identity::{CaptchaAnswer, Role, UserId, UserState, session, tries};
use crate::testing::{Bench, START, code};

const RIGHT: &str = "password-of-alice";

fn ask(name: &str, password: &str) -> SignIn {
    SignIn { name: name.into(), password: password.into(), captcha: None, totp: None }
}

/// A captcha that is solved by `x`.
async fn solved(cx: &Cx) -> Option<CaptchaAnswer> {
    let captcha = make(cx, CaptchaKind::Image).await.unwrap();
    let hash = cx.vault.hash(crate::vault::Purpose("captcha answer"), format!("{} X", captcha.id).as_bytes());
    let mut tx = cx.db.begin().await.unwrap();
    tx.exec("UPDATE captchas SET answer_hash = $1 WHERE id = $2", args![hash, captcha.id]).await.unwrap();
    tx.commit().await.unwrap();
    Some(CaptchaAnswer { id: captcha.id.to_string(), answer: "x".into() })
}

async fn with_captcha(cx: &Cx, password: &str) -> Result<Started, Fault> {
    sign_in(cx, &SignIn { captcha: solved(cx).await, ..ask("alice", password) }).await
}

async fn with_code(cx: &Cx, totp: &str) -> Result<Started, Fault> {
    sign_in(cx, &SignIn { totp: Some(totp.into()), ..ask("alice", RIGHT) }).await
}

async fn record(bench: &Bench, user: UserId) -> (i64, Option<i64>) {
    let sql = "SELECT COALESCE(t.failures, 0) AS failures, t.locked_until FROM users u LEFT JOIN name_tries t ON t.name_hash = u.name_hash WHERE u.id = $1";
    let rows = bench.all(sql, args![user], |row| Ok((row.get("failures")?, row.get::<Option<Timestamp>>("locked_until")?))).await;
    (rows[0].0, rows[0].1.map(|until| until.seconds_since(bench.clock.now())))
}

/// The sign-in log, oldest first.
async fn log(bench: &Bench, name: &str) -> Vec<String> {
    bench.all("SELECT result FROM sign_ins WHERE name = $1 ORDER BY id", args![name], |row| row.get("result")).await
}

/// What was said to the database since this was asked last: the statements, and of each value of which sort it was and whether there was one.
fn said(bench: &Bench) -> Vec<(String, Vec<String>)> {
    let db = &bench.platform.db;
    let all = [db.recorded(), db.recorded_in_transactions(), db.recorded_changes()].concat();
    let sort = |value: &store::Value| format!("{value:?}").split('(').take(2).collect::<Vec<_>>().join(" ");
    all.into_iter().map(|(sql, values)| (sql, values.iter().map(sort).collect())).collect()
}

/// How many rows there are of what a try can write.
async fn rows(bench: &Bench) -> Vec<i64> {
    let mut rows = Vec::new();
    for table in ["name_tries", "sign_ins", "allowances", "jobs", "operations", "notifications"] {
        let sql = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {table}");
        rows.extend(bench.all(&sql, args![], |row| row.get::<i64>("n")).await);
    }
    rows
}

/// Code, whether the next try needs a captcha, and seconds of a lock.
fn shape(answer: Result<Started, Fault>) -> (&'static str, bool, Option<i64>) {
    answer.err().map_or(("OK", false, None), |fault| (fault.code, fault.captcha_required, fault.retry_after))
}

on_platform! {
    async fn the_right_password_gives_a_session_and_forgets_failures(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        let cx = bench.visitor();
        for _ in 0..2 {
            assert_eq!(shape(sign_in(&cx, &ask("alice", "wrong")).await), ("SIGN_IN_FAILED", false, None));
        }
        let started = sign_in(&cx, &ask(" ALICE ", RIGHT)).await.unwrap();
        assert_eq!((started.principal.id, started.principal.name.as_str(), started.principal.role), (alice.id, "alice", Role::Agent));
        assert_eq!(session::authenticate(&cx, &started.token).await.unwrap().principal.session, started.principal.session);
        assert_eq!((record(bench, alice.id).await, log(bench, "alice").await, log(bench, "ALICE").await.len()), ((0, None), vec!["wrong".into(), "wrong".into()], 1));
        let last = bench.all("SELECT last_sign_in_at FROM users WHERE id = $1", args![alice.id], |row| row.get::<Option<Timestamp>>("last_sign_in_at")).await;
        assert!(last[0].is_some_and(|at| at > START), "{last:?}");
    }

    async fn failures_ask_for_a_captcha_then_lock_and_the_owner_is_told(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        let cx = bench.visitor();
        for (name, known) in [("nobody", false), ("alice", true)] {
            let wrong = || async { sign_in(&cx, &SignIn { captcha: solved(&cx).await, ..ask(name, "wrong") }).await };
            let shapes = [
                shape(sign_in(&cx, &ask(name, "wrong")).await), shape(sign_in(&cx, &ask(name, "wrong")).await), shape(sign_in(&cx, &ask(name, "wrong")).await),
                shape(sign_in(&cx, &ask(name, RIGHT)).await), shape(wrong().await), shape(wrong().await), shape(wrong().await),
            ];
            let failed = |captcha, lock| ("SIGN_IN_FAILED", captcha, lock);
            let expected = [
                failed(false, None), failed(false, None), failed(true, None), ("CAPTCHA_REQUIRED", true, None), failed(true, None),
                failed(true, Some(900)), ("ACCOUNT_LOCKED", false, Some(900)),
            ];
            assert_eq!(shapes, expected, "{name}");
            assert_eq!(log(bench, name).await, ["wrong", "wrong", "wrong", "captcha", "wrong", "wrong", "locked"]);
            bench.run_jobs().await;
            let told = bench.all("SELECT kind FROM notifications", args![], |row| row.get::<String>("kind")).await;
            let written = bench.all("SELECT action FROM operations WHERE action = 'locked'", args![], |row| row.get::<String>("action")).await;
            assert_eq!((told.len(), written.len()), (usize::from(known), usize::from(known)), "{told:?}");
        }
        assert_eq!(record(bench, alice.id).await, (5, Some(900)));
        bench.clock.step(15 * MINUTE - SECOND);
        assert_eq!(shape(with_captcha(&cx, RIGHT).await), ("ACCOUNT_LOCKED", false, Some(1)));
        bench.clock.step(SECOND);
        assert_eq!(shape(sign_in(&cx, &ask("alice", RIGHT)).await).0, "OK");
        assert_eq!(record(bench, alice.id).await, (0, None));
    }

    async fn k1_2b_a_lock_that_was_set_while_the_clock_was_ahead_is_over_when_it_is_set_back(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        let cx = bench.visitor();
        bench.clock.step(60 * MINUTE);
        for _ in 0..5 {
            let failed = sign_in(&cx, &SignIn { captcha: solved(&cx).await, ..ask("alice", "wrong") }).await;
            assert_eq!(shape(failed).0, "SIGN_IN_FAILED");
        }
        // Minutes are what clocks of two processes may differ by.
        bench.clock.step(-4 * MINUTE);
        assert_eq!(shape(with_captcha(&cx, RIGHT).await).0, "ACCOUNT_LOCKED");
        bench.clock.step(-56 * MINUTE);
        assert_eq!(shape(sign_in(&cx, &ask("alice", RIGHT)).await).0, "OK");
        assert_eq!(record(bench, alice.id).await, (0, None));
    }

    async fn a_captcha_that_is_wrong_leaves_the_password_unlooked_at(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        bench.set("security.captcha_after", json!(0)).await;
        let cx = bench.visitor();
        let wrong = SignIn { captcha: Some(CaptchaAnswer { id: "cap_x".into(), answer: "x".into() }), ..ask("alice", RIGHT) };
        assert_eq!(shape(sign_in(&cx, &wrong).await), ("CAPTCHA_WRONG", true, None));
        assert_eq!((record(bench, alice.id).await, log(bench, "alice").await), ((0, None), vec!["captcha".to_owned()]));
        assert_eq!(shape(with_captcha(&cx, RIGHT).await).0, "OK");
        bench.set("security.lock_after", json!(4)).await;
        bench.set("security.lock_minutes", json!(2)).await;
        let rules = tries::rules(&cx);
        assert_eq!((rules.captcha_after, rules.lock_after, rules.lock_minutes), (0, 4, 2));
    }

    async fn a_second_factor_is_asked_for_after_the_password_and_counts_when_it_is_wrong(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        let cx = bench.visitor();
        let (secret, codes) = enrol(&cx.as_user(alice.clone())).await;
        bench.clock.step(30 * SECOND);
        // Without a code it is no failure, and does not wipe out failures either.
        assert_eq!(shape(sign_in(&cx, &ask("alice", "wrong")).await), ("SIGN_IN_FAILED", false, None));
        for _ in 0..4 {
            assert_eq!(shape(sign_in(&cx, &ask("alice", RIGHT)).await), ("SECOND_FACTOR_REQUIRED", false, None));
        }
        assert_eq!(record(bench, alice.id).await, (1, None));
        assert_eq!(shape(with_code(&cx, "000000").await), ("SECOND_FACTOR_WRONG", false, None));
        assert_eq!(shape(sign_in(&cx, &ask("alice", RIGHT)).await), ("SECOND_FACTOR_REQUIRED", false, None), "two failures are not three");
        assert_eq!(shape(with_code(&cx, "000000").await), ("SECOND_FACTOR_WRONG", true, None));
        assert_eq!(record(bench, alice.id).await, (3, None));
        assert_eq!(shape(with_captcha(&cx, RIGHT).await), ("SECOND_FACTOR_REQUIRED", true, None));
        let both = SignIn { captcha: solved(&cx).await, totp: Some(app(&secret, bench.clock.now())), ..ask("alice", RIGHT) };
        assert_eq!(shape(sign_in(&cx, &both).await).0, "OK");
        assert_eq!(record(bench, alice.id).await, (0, None));
        assert_eq!(shape(with_code(&cx, &codes[0]).await).0, "OK", "a recovery code");
        let expected = ["wrong", "second_factor", "second_factor", "second_factor", "second_factor", "second_factor", "second_factor", "second_factor", "second_factor", "ok", "ok"];
        assert_eq!(log(bench, "alice").await, expected);
    }

    async fn a_code_that_nobody_asked_for_is_ignored(bench) {
        bench.user(Role::Agent, "alice").await;
        assert_eq!(shape(with_code(&bench.visitor(), "123456").await).0, "OK");
    }

    async fn who_may_not_sign_in_is_told_why_only_after_the_right_password(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        let cx = bench.visitor();
        for (state, refused) in [(UserState::Disabled, "ACCOUNT_DISABLED"), (UserState::Pending, "EMAIL_NOT_VERIFIED")] {
            bench.set_state(alice.id, state).await;
            assert_eq!(shape(sign_in(&cx, &ask("alice", "wrong")).await).0, "SIGN_IN_FAILED");
            let before = record(bench, alice.id).await;
            assert_eq!(shape(sign_in(&cx, &ask("alice", RIGHT)).await).0, refused);
            assert_eq!(record(bench, alice.id).await, before, "no failure, and none is wiped out");
        }
        assert_eq!(log(bench, "alice").await, ["wrong", "disabled", "wrong", "not_verified"]);
    }

    async fn a_password_or_a_state_that_changes_while_it_is_looked_at_is_a_failure(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        let changes = ["UPDATE users SET password_hash = 'another' WHERE id = $1", "UPDATE users SET state = 'disabled' WHERE id = $1"];
        for (n, change) in (1..).zip(changes) {
            let hash = bench.all("SELECT password_hash FROM users WHERE id = $1", args![alice.id], |row| row.get::<String>("password_hash")).await;
            let hold = bench.platform.passwords.hold().await;
            let cx = bench.visitor();
            let trying = tokio::spawn(async move { shape(sign_in(&cx, &ask("alice", RIGHT)).await) });
            while bench.platform.passwords.waiting() == 0 && !trying.is_finished() {
                tokio::task::yield_now().await;
            }
            bench.exec(change, args![alice.id]).await;
            drop(hold);
            assert_eq!(trying.await.unwrap(), ("SIGN_IN_FAILED", false, None), "{change}");
            assert_eq!(record(bench, alice.id).await, (n, None));
            bench.exec("UPDATE users SET password_hash = $1, state = 'active' WHERE id = $2", args![hash[0].as_str(), alice.id]).await;
        }
        assert_eq!(shape(sign_in(&bench.visitor(), &ask("alice", RIGHT)).await).0, "OK");
    }

    async fn a_try_that_found_no_room_leaves_no_trace(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        let hold = bench.platform.passwords.hold().await;
        let waiting: Vec<_> = (0..64).map(|_| {
            let passwords = bench.platform.passwords.clone();
            tokio::spawn(async move { passwords.verify("x", None).await })
        }).collect();
        while bench.platform.passwords.waiting() < 64 {
            tokio::task::yield_now().await;
        }
        for name in ["alice", "nobody"] {
            assert_eq!(shape(sign_in(&bench.visitor(), &ask(name, RIGHT)).await).0, "BUSY");
            assert!(log(bench, name).await.is_empty());
        }
        drop(hold);
        for task in waiting {
            task.await.unwrap().unwrap();
        }
        assert_eq!(record(bench, alice.id).await, (0, None));
        let others = "SELECT failures FROM name_tries WHERE name_hash NOT IN (SELECT name_hash FROM users)";
        let unknown = bench.all(others, args![], |row| row.get::<i64>("failures")).await;
        assert!(unknown.is_empty(), "{unknown:?}");
        // A lock that the try itself had set is lifted with it.
        let four = "INSERT INTO name_tries (name_hash, failures, tried_at) SELECT name_hash, 4, created_at FROM users WHERE id = $1";
        bench.exec(four, args![alice.id]).await;
        bench.set_state(alice.id, UserState::Disabled).await;
        assert_eq!(shape(with_captcha(&bench.visitor(), RIGHT).await).0, "ACCOUNT_DISABLED");
        assert_eq!(record(bench, alice.id).await, (4, None));
    }

    async fn a_try_says_the_same_to_the_database_whether_or_not_somebody_has_the_name(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        let (carol, _) = bench.user(Role::Agent, "carol").await;
        let cx = bench.visitor();
        // The first from an address makes its counter.
        assert_eq!(shape(sign_in(&cx, &ask("somebody", "wrong")).await).0, "SIGN_IN_FAILED");
        let mut of_names = Vec::new();
        // Known; between two that are, and behind all of them.
        for name in ["alice", "bobby", "zelda"] {
            let before = rows(bench).await;
            said(bench);
            let mut tries = Vec::new();
            for _ in 0..4 {
                let answer = shape(sign_in(&cx, &ask(name, "wrong")).await);
                tries.push((answer, said(bench)));
            }
            let written: Vec<i64> = rows(bench).await.iter().zip(before).map(|(after, before)| after - before).collect();
            assert_eq!(written, [1, 4, 0, 0, 0, 0], "{name}");
            of_names.push(tries);
        }
        assert_eq!(of_names[0], of_names[1]);
        assert_eq!(of_names[0], of_names[2]);
        let answers: Vec<_> = of_names[0].iter().map(|(answer, said)| (answer.0, said.len() >= 5)).collect();
        assert_eq!(answers, [("SIGN_IN_FAILED", true), ("SIGN_IN_FAILED", true), ("SIGN_IN_FAILED", true), ("CAPTCHA_REQUIRED", true)]);
        // Each name has its place in the log, and that of a name that nobody has is nobody's.
        let lines = bench.all("SELECT name, user_id FROM sign_ins", args![], |row| Ok((row.get::<String>("name")?, row.get::<UserId>("user_id")?))).await;
        let of = |name: &str| lines.iter().filter(|line| line.0 == name).map(|line| line.1).collect::<HashSet<_>>();
        assert_eq!(of("alice"), HashSet::from([alice.id]));
        let unknown = &of("bobby") | &of("zelda");
        assert!(unknown.len() == 2 && !unknown.contains(&alice.id) && !unknown.contains(&carol.id), "{unknown:?}");
    }

    async fn after_a_hundred_failures_an_address_needs_captchas(bench) {
        bench.user(Role::Agent, "alice").await;
        let cx = bench.visitor();
        for n in 0..100 {
            assert_eq!(shape(sign_in(&cx, &ask(&format!("nobody{n}"), "wrong")).await).0, "SIGN_IN_FAILED");
        }
        assert_eq!(shape(sign_in(&cx, &ask("alice", RIGHT)).await).0, "CAPTCHA_REQUIRED");
        assert_eq!(log(bench, "alice").await, ["limited"]);
        let origin = crate::Origin { address: "203.0.113.9".into(), ..crate::Origin::default() };
        let elsewhere = Cx::visitor(std::sync::Arc::clone(&bench.platform), origin, kernel::Lang::En);
        assert_eq!(code(sign_in(&elsewhere, &ask("alice", RIGHT)).await), "it was not refused");
    }
}
