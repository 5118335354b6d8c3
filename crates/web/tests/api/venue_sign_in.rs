//! Customers sign in by a code on their phone, and guests carry everything over.

use kernel::{MINUTE, SECOND};
use serde_json::json;
use testkit::{Hall, on_server};

const PHONE: &str = "13800138000";
const CODES: &str = "/customer/v1/phone-codes";
const SIGN_IN: &str = "/customer/v1/sign-in";

on_server! {
    async fn v2_2_a_code_signs_in_once_and_a_guest_becomes_that_customer(server) {
        let hall = Hall::open(server, 1).await;
        let welcome = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let guest = server.visitor().with_token(welcome["token"].as_str().unwrap());
        let cash = json!({"number": welcome["customer"]["number"], "amount_fen": 5_000});
        hall.manager.post_once("cash-0001", "/api/v1/customers/recharge", cash).await.ok(200);
        let open = json!({"minutes": 60, "expected_fen": 3_600});
        let path = format!("/customer/v1/tables/{}/open", hall.tables[0].id);
        guest.post_once("open-0001", &path, open.clone()).await.refused(409, "PHONE_NEEDED");

        let known = server.sign_in_by_phone(&guest, PHONE).await;
        assert_eq!((known["customer"]["id"].clone(), known["customer"]["phone"].clone()), (welcome["customer"]["id"].clone(), json!("138****8000")));
        assert_eq!((known["customer"]["guest"].clone(), known["customer"]["available_fen"].clone()), (json!(false), json!(5_000)));
        let customer = server.visitor().with_token(known["token"].as_str().unwrap());
        customer.post_once("open-0001", &path, open).await.ok(202);
        hall.table_is(0, "playing").await;

        // On another phone somebody else's money is carried over to the same customer.
        server.clock.step(2 * MINUTE);
        let other = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let second = server.visitor().with_token(other["token"].as_str().unwrap());
        let cash = json!({"number": other["customer"]["number"], "amount_fen": 700});
        hall.manager.post_once("cash-0002", "/api/v1/customers/recharge", cash).await.ok(200);
        let merged = server.sign_in_by_phone(&second, PHONE).await;
        assert_eq!((merged["customer"]["id"].clone(), merged["customer"]["balance_fen"].clone()), (known["customer"]["id"].clone(), json!(5_700)));
        second.get("/customer/v1/me").await.refused(401, "SESSION_INVALID");
        let messages = customer.get("/customer/v1/messages").await.ok(200);
        let recharged = messages["items"].as_array().unwrap().iter().filter(|message| message["kind"] == "wallet.recharged").count();
        assert_eq!(recharged, 2);
        let playing = customer.get("/customer/v1/session").await.ok(200)["session"]["id"].clone();
        customer.post(&format!("/customer/v1/sessions/{}/close", playing.as_str().unwrap()), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
    }

    async fn v2_2_a_code_is_good_for_five_minutes_five_tries_and_once(server) {
        let visitor = server.visitor();
        let wrong = |code: &str| json!({"phone": PHONE, "code": if code == "000000" { "000001" } else { "000000" }});
        visitor.post(SIGN_IN, json!({"phone": PHONE, "code": "123456"})).await.refused(401, "CODE_EXPIRED");
        visitor.post(CODES, json!({"phone": PHONE})).await.ok(202);
        let code = server.code_of(PHONE).await;
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        for left in (0..5).rev() {
            let refused = visitor.post(SIGN_IN, wrong(&code)).await.refused(401, "CODE_WRONG");
            assert!(refused["title"].as_str().unwrap().contains(&left.to_string()), "{refused}");
        }
        visitor.post(SIGN_IN, json!({"phone": PHONE, "code": code})).await.refused(401, "CODE_EXPIRED");

        server.clock.step(MINUTE);
        visitor.post(CODES, json!({"phone": PHONE})).await.ok(202);
        let code = server.code_of(PHONE).await;
        visitor.post(SIGN_IN, json!({"phone": "13900139000", "code": code})).await.refused(401, "CODE_EXPIRED");
        visitor.post(SIGN_IN, json!({"phone": PHONE, "code": code})).await.ok(200);
        visitor.post(SIGN_IN, json!({"phone": PHONE, "code": code})).await.refused(401, "CODE_EXPIRED");

        server.clock.step(MINUTE);
        visitor.post(CODES, json!({"phone": PHONE})).await.ok(202);
        let code = server.code_of(PHONE).await;
        server.clock.step(5 * MINUTE + SECOND);
        visitor.post(SIGN_IN, json!({"phone": PHONE, "code": code})).await.refused(401, "CODE_EXPIRED");
    }

    async fn v2_2_nobody_sends_floods_of_texts_at_our_cost(server) {
        let visitor = server.visitor();
        for phone in ["", "1380013800", "abc", "23800138000"] {
            visitor.post(CODES, json!({"phone": phone})).await.refused_field("phone", "INVALID");
        }
        visitor.post(CODES, json!({"phone": PHONE})).await.ok(202);
        // The same number in another spelling, from another address.
        visitor.from([10, 1, 2, 3]).post(CODES, json!({"phone": "+8613800138000"})).await.refused(429, "RATE_LIMITED");
        let mut sent = 1;
        for _ in 0..15 {
            server.clock.step(MINUTE + SECOND);
            sent += i32::from(visitor.from([10, 1, 2, 3]).post(CODES, json!({"phone": PHONE})).await.status == 202);
        }
        assert_eq!(sent, 5, "in an hour");
        // Many numbers, one address.
        let mut sent = 0;
        for n in 0..60 {
            sent += i32::from(visitor.from([10, 9, 9, 9]).post(CODES, json!({"phone": format!("139{n:08}")})).await.status == 202);
        }
        assert_eq!(sent, 40);
        server.run_jobs().await;
    }
}
