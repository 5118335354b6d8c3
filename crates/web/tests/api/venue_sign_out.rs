//! The desk signs a customer out on all phones, who has lost one and has no other at hand.

use kernel::{DAY, MINUTE};
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, Hall, TestServer, on_server};

use crate::support::pay::{told, wallet};

const PHONE: &str = "13800138000";
const OTHERS: &str = "13900139000";
const ME: &str = "/customer/v1/me";
const SIGN_OUT: &str = "/api/v1/customers/sign-out-everywhere";

fn with(server: &TestServer, welcome: &Value) -> Client {
    server.visitor().with_token(welcome["token"].as_str().unwrap())
}

async fn by_number(server: &TestServer, phone: &str) -> Client {
    server.clock.step(MINUTE);
    with(server, &server.sign_in_by_phone(&server.visitor(), phone).await)
}

async fn me(who: &Client) -> Value {
    who.get(ME).await.ok(200)
}

async fn is_out(phones: &[&Client]) {
    for phone in phones {
        phone.get(ME).await.refused(401, "SESSION_INVALID");
    }
}

/// What the log says of it, newest first.
async fn logged(root: &Client) -> Vec<Value> {
    let log = root.get("/api/v1/logs/operations?module=venues").await.ok(200);
    log["items"].as_array().unwrap().iter().filter(|line| line["action"] == "customer_signed_out").cloned().collect()
}

on_server! {
    async fn v2_2_the_desk_signs_a_customer_out_everywhere_and_it_is_in_the_log(server) {
        let hall = Hall::open(server, 0).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        let (lost, other, stranger) = (by_number(server, PHONE).await, by_number(server, PHONE).await, by_number(server, OTHERS).await);
        let number = me(&lost).await["number"].clone();
        let out = hall.manager.post(SIGN_OUT, json!({"number": number, "why": "说出了最近的账单"})).await.ok(200);
        assert_eq!((&out["customer"]["number"], &out["ended"]), (&number, &json!(2)));
        is_out(&[&lost, &other]).await;
        assert_eq!(me(&stranger).await["phone"], "139****9000");
        // Once more, and by the phone's number: there is nothing to end, to tell or to write down.
        assert_eq!(hall.manager.post(SIGN_OUT, json!({"number": PHONE, "why": "again"})).await.ok(200)["ended"], 0);
        let lines = logged(&root).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        let detail = &lines[0]["detail"];
        assert_eq!((&detail["customer"], &detail["count"], &detail["why"]), (&number, &json!(2), &json!("说出了最近的账单")));
        // She comes back as always, and reads who it was.
        let back = by_number(server, PHONE).await;
        assert_eq!(me(&back).await["number"], number);
        let messages = told(&back).await;
        assert_eq!(messages.iter().filter(|kind| *kind == "account.signed_out").count(), 1, "{messages:?}");
        assert_eq!(messages[0], "account.signed_out");
        assert!(!told(&stranger).await.contains(&"account.signed_out".to_owned()));
        // What was ended stays so, and what she has begun since ends the next time alone.
        is_out(&[&lost, &other]).await;
        assert_eq!(hall.manager.post(SIGN_OUT, json!({"number": number, "why": "身份证"})).await.ok(200)["ended"], 1);
        is_out(&[&lost, &other, &back]).await;
        server.has_answered("POST /api/v1/customers/sign-out-everywhere");
    }

    async fn v2_2_whoever_may_not_or_says_too_little_signs_no_customer_out(server) {
        let hall = Hall::open(server, 0).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        let ann = by_number(server, PHONE).await;
        let number = me(&ann).await["number"].clone();
        let ask = json!({"number": number, "why": "身份证"});
        for (role, name) in [(Role::Maintainer, "maintainer"), (Role::Cashier, "cashier"), (Role::Agent, "agent")] {
            server.user(role, name).await.post(SIGN_OUT, ask.clone()).await.refused(403, "FORBIDDEN");
        }
        server.visitor().post(SIGN_OUT, ask).await.refused(401, "SIGN_IN_REQUIRED");
        hall.manager.post(SIGN_OUT, json!({"number": number, "why": " "})).await.refused_field("why", "REQUIRED");
        for unknown in ["", "0", OTHERS] {
            hall.manager.post(SIGN_OUT, json!({"number": unknown, "why": "身份证"})).await.refused_field("number", "CUSTOMER_NOT_FOUND");
        }
        assert_eq!((me(&ann).await["number"].clone(), logged(&root).await.len()), (number, 0));
        assert!(!told(&ann).await.contains(&"account.signed_out".to_owned()));
    }

    async fn v2_2_the_desk_signs_nobody_out_who_could_not_come_back(server) {
        let hall = Hall::open(server, 0).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        let refused = async |who: &Client| {
            let ask = json!({"number": me(who).await["number"], "why": "身份证"});
            hall.manager.post(SIGN_OUT, ask).await.refused(409, "SESSION_ONLY_WAY");
            me(who).await;
        };
        let guest = with(server, &server.visitor().post("/customer/v1/guests", json!({})).await.ok(201));
        refused(&guest).await;
        // Whose lost number was taken off, before there is another.
        let ann = by_number(server, PHONE).await;
        hall.manager.post("/api/v1/customers/take-phone-off", json!({"number": PHONE, "why": "身份证"})).await.ok(200);
        refused(&ann).await;
        // Whom WeChat knew, where the operator has given it up since.
        let known = async |wechat: bool| {
            let sql = format!("UPDATE customers SET wechat = {} WHERE phone_hash IS NULL", if wechat { "TRUE" } else { "FALSE" });
            let mut tx = server.platform.db.begin().await.unwrap();
            tx.exec(&sql, vec![]).await.unwrap();
            tx.commit().await.unwrap();
        };
        known(true).await;
        refused(&ann).await;
        known(false).await;
        assert!(logged(&root).await.is_empty());
        // By WeChat alone one comes back.
        let wechat = testkit::wechat::open(server).await;
        let bring = async || {
            let code = json!({"app": "mini", "code": wechat.mini_code("bob")});
            with(server, &server.visitor().post("/customer/v1/wechat", code).await.ok(200))
        };
        let bob = bring().await;
        let number = me(&bob).await["number"].clone();
        assert_eq!(hall.manager.post(SIGN_OUT, json!({"number": number, "why": "身份证"})).await.ok(200)["ended"], 1);
        is_out(&[&bob]).await;
        assert_eq!(me(&bring().await).await["number"], number);
    }

    async fn v2_2_who_is_signed_out_in_play_plays_on_and_finds_it_again(server) {
        let hall = Hall::open(server, 1).await;
        let ann = by_number(server, PHONE).await;
        let number = me(&ann).await["number"].clone();
        let cash = json!({"venue_id": hall.id, "number": number, "amount_fen": 5_000});
        hall.manager.post_once("cash-0001", "/api/v1/customers/recharge", cash).await.ok(200);
        let playing = hall.play(&ann, 0, 60).await;
        assert_eq!(hall.manager.post(SIGN_OUT, json!({"number": number, "why": "身份证"})).await.ok(200)["ended"], 1);
        let session = format!("/customer/v1/sessions/{}", playing["id"].as_str().unwrap());
        ann.post(&format!("{session}/close"), json!({})).await.refused(401, "SESSION_INVALID");
        hall.table_is(0, "playing").await;
        server.later(MINUTE).await;
        let back = with(server, &server.sign_in_by_phone(&server.visitor(), PHONE).await);
        assert_eq!((wallet(&back).await, back.get(&session).await.ok(200)["state"].clone()), ((5_000, 3_600), json!("playing")));
    }

    async fn v2_2_nobody_signs_out_more_customers_in_a_day_than_a_desk_sees(server) {
        let hall = Hall::open(server, 0).await;
        server.keep_signed_in(&hall.manager).await;
        for n in 0..20 {
            let phone = format!("138{n:08}");
            by_number(server, &phone).await;
            assert_eq!(hall.manager.post(SIGN_OUT, json!({"number": phone, "why": "身份证"})).await.ok(200)["ended"], 1);
        }
        let ann = by_number(server, PHONE).await;
        let ask = json!({"number": PHONE, "why": "身份证"});
        hall.manager.post(SIGN_OUT, ask.clone()).await.refused(429, "RATE_LIMITED");
        assert_eq!(me(&ann).await["phone"], "138****8000");
        server.clock.step(DAY);
        hall.manager.post(SIGN_OUT, ask).await.ok(200);
        is_out(&[&ann]).await;
    }
}
