//! K8.1, K3.2c: what was sent before a restart is remembered after it, and what passed is in the log with everything else.

use std::collections::HashSet;

use crate::support::{shop, shop_with};
use axum::http::Method;
use kernel::{HOUR, MINUTE, SECOND};
use serde_json::{Value, json};
use store::{Sql, args, topics};
use testkit::{Engine, Program, Signed, TestServer, on_server};

async fn a_restart(engine: Engine) {
    let server = TestServer::start(engine).await;
    let shop = shop(&server).await;
    let key = shop.key().await;
    let body = json!({"key": key, "device": {"id": "a"}}).to_string().into_bytes();
    let sent: Vec<_> = (0..5).map(|_| shop.program.request(Method::POST, "/client/v1/keys/verify", body.clone())).collect();
    for request in &sent {
        shop.program.send(request.clone()).await.ok(200);
    }
    let (program, now) = (shop.program.clone(), server.clock.now());
    drop(shop);
    let after = TestServer::on(server.test_db).await;
    after.clock.step(now.micros() - after.clock.now().micros() + 200 * SECOND);
    let program: Program = program.at(&after);
    for request in sent {
        program.send(request).await.refused(401, "NONCE_REUSED");
    }
    assert_eq!(program.code(&key, "a").await, "VALID");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k8_1_what_was_sent_before_a_restart_is_refused_after_it_sqlite() {
    a_restart(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k8_1_what_was_sent_before_a_restart_is_refused_after_it_postgres() {
    a_restart(Engine::Postgres).await;
}

fn time(program: &Program) -> Signed {
    program.request(Method::GET, "/client/v1/time", Vec::new())
}

/// Two hours in which the program calls every quarter of an hour, and what is old is forgotten.
async fn two_hours(server: &TestServer, program: &Program) {
    for _ in 0..8 {
        server.clock.step(15 * MINUTE);
        server.tick().await;
        program.send(time(program)).await.ok(200);
    }
    let sql = "SELECT CAST((SELECT COUNT(*) FROM nonces) + (SELECT COUNT(*) FROM nonce_sets) AS BIGINT) AS n";
    let kept: i64 = server.platform.db.read().one(sql, args![], |row| row.get("n")).await.unwrap();
    assert_eq!(kept, 2, "the last one, and the one before, which was found to be old");
}

async fn a_clock_set_back_over_a_restart(engine: Engine) {
    let server = TestServer::start(engine).await;
    let shop = shop(&server).await;
    let captured = [time(&shop.program), time(&shop.program)];
    for request in &captured {
        shop.program.send(request.clone()).await.ok(200);
    }
    two_hours(&server, &shop.program).await;
    let program = shop.program.clone();
    drop(shop);
    // Its clock is at the beginning again.
    let after = TestServer::on(server.test_db).await;
    let program: Program = program.at(&after);
    for request in captured {
        program.send(request).await.refused(401, "TIMESTAMP_SKEWED");
    }
    program.send(time(&program)).await.refused(401, "TIMESTAMP_SKEWED");
    // At a time at which nobody had called it takes what is sent, and once.
    after.clock.step(450 * SECOND);
    let between = time(&program);
    program.send(between.clone()).await.ok(200);
    program.send(between).await.refused(401, "NONCE_REUSED");
    // And when all that was before is over.
    after.clock.step(3 * HOUR);
    program.send(time(&program)).await.ok(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k8_1_a_clock_that_is_set_back_over_a_restart_makes_nothing_good_again_sqlite() {
    a_clock_set_back_over_a_restart(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k8_1_a_clock_that_is_set_back_over_a_restart_makes_nothing_good_again_postgres() {
    a_clock_set_back_over_a_restart(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k8_1_what_one_process_has_forgotten_another_whose_clock_is_behind_does_not_take_postgres() {
    let server = TestServer::start(Engine::Postgres).await;
    let behind = TestServer::on(server.test_db.another().await).await;
    let program = shop(&server).await.program;
    let captured = [time(&program), time(&program), time(&program)];
    for request in &captured {
        program.send(request.clone()).await.ok(200);
    }
    let late: Program = program.at(&behind);
    let [first, second, third] = captured;
    // It is found that they are old. They are still there, whatever the other has heard.
    server.clock.step(15 * MINUTE);
    server.tick().await;
    late.send(first).await.refused(401, "NONCE_REUSED");
    // They are gone when it has heard.
    topics::look(&behind.platform.db).await.unwrap();
    server.clock.step(2 * MINUTE);
    server.tick().await;
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM nonces";
    let kept: i64 = server.platform.db.read().one(sql, args![], |row| row.get("n")).await.unwrap();
    assert_eq!(kept, 0);
    for request in [second, third] {
        late.send(request).await.refused(401, "TIMESTAMP_SKEWED");
    }
    program.send(time(&program)).await.ok(200);
    behind.clock.step(10 * MINUTE);
    late.send(time(&late)).await.ok(200);
}

/// Moves the clock to so many microseconds after `begin`.
fn go_to(server: &TestServer, begin: i64, at: i64) {
    server.clock.step(begin + at - server.clock.now().micros());
}

on_server! {
    async fn k8_1_what_was_signed_ahead_is_not_taken_twice_in_the_last_second_of_its_time(server) {
        const MILLI: i64 = SECOND / 1_000;
        let program = shop(server).await.program;
        let time = || program.request(Method::GET, "/client/v1/time", Vec::new());
        let begin = (server.clock.now().unix() + 1) * SECOND;
        go_to(server, begin, 500 * MILLI);
        program.send(time()).await.ok(200);
        // At a second's begin, and soon afterwards somebody else calls.
        go_to(server, begin, 150 * SECOND);
        let ahead = program.request_with(Method::GET, "/client/v1/time", Vec::new(), begin / SECOND + 450, "signed-ahead-of-the-clock");
        program.send(ahead.clone()).await.ok(200);
        for second in [150, 300, 450, 600, 750] {
            // Each a little later in its second than the one before.
            go_to(server, begin, second * SECOND + 900 * MILLI + second / 10 * MILLI);
            program.send(time()).await.ok(200);
        }
        server.tick().await;
        go_to(server, begin, 750 * SECOND + 998 * MILLI);
        program.send(ahead.clone()).await.refused(401, "NONCE_REUSED");
        go_to(server, begin, 751 * SECOND);
        program.send(ahead).await.refused(401, "TIMESTAMP_SKEWED");
    }

    async fn k8_1_a_clock_that_was_an_hour_ahead_for_a_moment_makes_nothing_good_again(server) {
        let program = shop(server).await.program;
        let time = || program.request(Method::GET, "/client/v1/time", Vec::new());
        program.send(time()).await.ok(200);
        server.clock.step(149 * SECOND);
        let captured = time();
        program.send(captured.clone()).await.ok(200);
        server.clock.step(2 * SECOND);
        program.send(time()).await.ok(200);
        server.clock.step(HOUR);
        program.send(time()).await.ok(200);
        server.clock.step(-HOUR);
        program.send(captured).await.refused(401, "NONCE_REUSED");
    }

    async fn k8_1_a_clock_that_is_set_back_makes_nothing_good_again_that_was_forgotten(server) {
        let program = shop(server).await.program;
        let captured = time(&program);
        program.send(captured.clone()).await.ok(200);
        two_hours(server, &program).await;
        server.clock.step(-2 * HOUR);
        program.send(captured).await.refused(401, "TIMESTAMP_SKEWED");
        // Nor when it was an hour ahead meanwhile, and a sweep found everything to be old.
        server.clock.step(3 * HOUR);
        let captured = time(&program);
        program.send(captured.clone()).await.ok(200);
        server.clock.step(HOUR);
        server.tick().await;
        server.clock.step(2 * MINUTE);
        server.tick().await;
        server.clock.step(-HOUR);
        assert!(matches!(program.send(captured).await.json()["code"].as_str(), Some("NONCE_REUSED" | "TIMESTAMP_SKEWED")));
        server.clock.step(10 * MINUTE);
        program.send(time(&program)).await.ok(200);
        server.clock.step(HOUR);
    }

    async fn k8_1_a_clock_that_was_ahead_keeps_no_program_out(server) {
        let shop = shop_with(server, json!({"rate_per_minute": 10})).await;
        let program = &shop.program;
        server.clock.step(HOUR);
        for _ in 0..10 { program.send(time(program)).await.ok(200); }
        program.send(time(program)).await.refused(429, "RATE_LIMITED");
        server.clock.step(-HOUR);
        program.send(time(program)).await.refused(429, "RATE_LIMITED");
        server.clock.step(MINUTE);
        for _ in 0..10 { program.send(time(program)).await.ok(200); }
    }

    async fn k3_2c_calls_that_passed_page_with_the_others(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        shop.program.verify(&key, "a").await.ok(200);
        let mut sent = vec!["VALID"];
        for _ in 0..5 {
            // At once, so that some share a set.
            let many: Vec<_> = (0..6).map(|n| {
                let program = shop.program.clone();
                let key = key.clone();
                tokio::spawn(async move { program.code(&key, if n == 3 { "b" } else { "a" }).await })
            }).collect();
            for one in many { one.await.unwrap(); }
            shop.program.query(&key).await.ok(200);
            server.clock.step(SECOND);
            sent.extend(["VALID", "VALID", "VALID", "DEVICE_MISMATCH", "VALID", "VALID", "VALID"]);
        }
        for limit in [1, 4, 7, 200] {
            let (mut seen, mut cursor): (Vec<Value>, String) = (Vec::new(), String::new());
            loop {
                let page = shop.root.get(&format!("/api/v1/calls?limit={limit}&cursor={cursor}")).await.ok(200);
                seen.extend(page["items"].as_array().unwrap().iter().cloned());
                match page["next_cursor"].as_str() {
                    Some(next) => next.clone_into(&mut cursor),
                    None => break,
                }
            }
            let ids: HashSet<&str> = seen.iter().map(|call| call["id"].as_str().unwrap()).collect();
            assert_eq!((seen.len(), ids.len()), (sent.len(), sent.len()), "pages of {limit}: each once");
            assert!(seen.windows(2).all(|pair| pair[0]["id"].as_str() > pair[1]["id"].as_str()), "newest first");
            let second = |call: &Value| call["at"].as_str().unwrap()[..19].to_owned();
            assert!(seen.windows(2).all(|pair| second(&pair[0]) >= second(&pair[1])), "by time");
            let refused = seen.iter().filter(|call| call["code"] == "DEVICE_MISMATCH").count();
            assert_eq!(refused, 5);
            if limit == 4 {
                for call in &seen {
                    let explained = shop.root.get(&format!("/api/v1/calls/{}", call["id"].as_str().unwrap())).await.ok(200);
                    assert_eq!(&explained["call"], call);
                }
            }
        }
        let count = async |filter: &str| shop.root.get(&format!("/api/v1/calls?limit=200&{filter}")).await.ok(200)["items"].as_array().unwrap().len();
        assert_eq!(count("code=VALID").await, 31, "26 verifications and 5 queries");
        assert_eq!(count("endpoint=verify").await, 31);
        assert_eq!(count("only_refused=true").await, 5);
        assert_eq!(count("code=VALID&endpoint=query").await, 5);
        let page = shop.root.get("/api/v1/calls?limit=200&code=VALID&endpoint=verify").await.ok(200);
        let one = &page["items"][0];
        assert_eq!((&one["device_id"], &one["device_name"], &one["key_hint"]), (&json!("a"), &json!("name of a"), &json!(key[24..])));
        assert_eq!(one["key_id"], json!(shop.id_of(&key).await));
        // An agent sees first uses and refusals of his own keys, and does not find others by their id.
        let own = shop.agent.get("/api/v1/calls?limit=200").await.ok(200);
        assert_eq!(own["items"].as_array().unwrap().len(), 6);
        shop.agent.get(&format!("/api/v1/calls/{}", one["id"].as_str().unwrap())).await.refused(404, "NOT_FOUND");
        let (from, to) = (seen_at(&page, 5), seen_at(&page, 0));
        assert!(count(&format!("from={from}&to={to}")).await < 31);
    }
}

fn seen_at(page: &Value, n: usize) -> &str {
    page["items"][n]["at"].as_str().unwrap()
}
