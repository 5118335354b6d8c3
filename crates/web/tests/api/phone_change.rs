//! Another phone number: by whoever holds both phones, and at the desk where the old one is lost.

use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Hall, on_server};

use crate::support::pay::{told, wallet};
use crate::support::phone::{another, by_number, change, code, farewells, me, pay_in, with};

const PHONE: &str = "13800138000";
const NEW: &str = "13900139000";
const OTHERS: &str = "13700137000";
const TAKE_OFF: &str = "/api/v1/customers/take-phone-off";

on_server! {
    async fn v2_1_whoever_holds_both_phones_changes_the_number_and_keeps_everything(server) {
        let hall = Hall::open(server, 0).await;
        let ann = by_number(server, PHONE).await;
        pay_in(&hall, &ann, 5_000).await;
        let elsewhere = by_number(server, PHONE).await;
        let (own, new) = (code(server, &ann, PHONE).await, code(server, &ann, NEW).await);
        let before = me(&ann).await;
        let changed = change(&ann, NEW, &new, &own).await.ok(200);
        assert_eq!((&changed["phone"], &changed["number"], &changed["id"]), (&json!("139****9000"), &before["number"], &before["id"]));
        assert_eq!((wallet(&ann).await, told(&ann).await[0].as_str()), ((5_000, 0), "account.phone_changed"));
        // Whoever else is signed in as her is not any more, and the old number is told.
        elsewhere.get("/customer/v1/me").await.refused(401, "SESSION_INVALID");
        assert_eq!((farewells(server, PHONE).await, farewells(server, NEW).await), (1, 0));
        // She signs in by the new number, and whoever has the old one now is somebody new.
        assert_eq!(me(&by_number(server, NEW).await).await["id"], before["id"]);
        assert_ne!(me(&by_number(server, PHONE).await).await["id"], before["id"]);
        // Both codes are used up: the same again changes nothing.
        change(&ann, NEW, &new, &own).await.refused_field("code", "CODE_WRONG");
        assert_eq!(change(&ann, OTHERS, &new, &own).await.status, 422);
        let same = code(server, &ann, NEW).await;
        change(&ann, NEW, &same, &same).await.refused_field("phone", "SAME");
        assert_eq!(me(&ann).await["phone"], "139****9000");
        server.has_answered("POST /customer/v1/phone");
    }

    async fn v2_1_without_a_code_of_each_phone_the_number_stays(server) {
        let ann = by_number(server, PHONE).await;
        let (own, new) = (code(server, &ann, PHONE).await, code(server, &ann, NEW).await);
        let wrong = |(ticket, code): &(Value, String)| (ticket.clone(), another(code));
        change(&ann, NEW, &wrong(&new), &own).await.refused_field("code", "CODE_WRONG");
        change(&ann, NEW, &new, &wrong(&own)).await.refused_field("own_code", "CODE_WRONG");
        // A code of one phone is none of the other's, nor of a third.
        change(&ann, NEW, &new, &new).await.refused_field("own_code", "CODE_WRONG");
        change(&ann, NEW, &own, &own).await.refused_field("code", "CODE_WRONG");
        change(&ann, OTHERS, &new, &own).await.refused_field("code", "CODE_WRONG");
        change(&ann, "1", &new, &own).await.refused_field("phone", "INVALID");
        // Nor does anybody learn so which number it is whose session they hold.
        for number in [PHONE, OTHERS] {
            change(&ann, number, &new, &new).await.refused_field("code", "CODE_WRONG");
        }
        assert_eq!((me(&ann).await["phone"].clone(), farewells(server, PHONE).await), (json!("138****8000"), 0));
        // So many wrong ones in all, and the right one is of no use any more.
        for _ in 0..4 {
            change(&ann, NEW, &new, &wrong(&own)).await.refused_field("own_code", "CODE_WRONG");
        }
        change(&ann, NEW, &new, &own).await.refused_field("own_code", "CODE_WRONG");
        let own = code(server, &ann, PHONE).await;
        change(&ann, NEW, &new, &own).await.ok(200);
    }

    async fn v2_1_a_number_of_another_customer_is_refused_to_its_holder_and_looks_like_any_other_to_the_rest(server) {
        let (ann, bob) = (by_number(server, PHONE).await, by_number(server, OTHERS).await);
        let own = code(server, &ann, PHONE).await;
        for number in [OTHERS, NEW] {
            let sent = code(server, &ann, number).await;
            change(&ann, number, &(sent.0, another(&sent.1)), &own).await.refused_field("code", "CODE_WRONG");
        }
        let shown = code(server, &ann, OTHERS).await;
        change(&ann, OTHERS, &shown, &own).await.refused(409, "PHONE_TAKEN");
        assert_eq!((me(&ann).await["phone"].clone(), me(&bob).await["phone"].clone()), (json!("138****8000"), json!("137****7000")));
        // Nobody without a number has one to change.
        let guest = with(server, &server.visitor().post("/customer/v1/guests", json!({})).await.ok(201));
        change(&guest, NEW, &shown, &own).await.refused(409, "PHONE_NONE");
    }

    async fn v2_1_of_two_who_change_to_one_number_at_once_one_has_it(server) {
        let (ann, bob) = (by_number(server, PHONE).await, by_number(server, OTHERS).await);
        let (anns, bobs) = (code(server, &ann, PHONE).await, code(server, &bob, OTHERS).await);
        let (one, two) = (code(server, &ann, NEW).await, code(server, &bob, NEW).await);
        let (a, b) = tokio::join!(change(&ann, NEW, &one, &anns), change(&bob, NEW, &two, &bobs));
        let mut answers = [a.status.as_u16(), b.status.as_u16()];
        let won = if answers[0] == 200 { &ann } else { &bob };
        answers.sort_unstable();
        assert_eq!(answers, [200, 409], "{} {}", a.text(), b.text());
        assert_eq!(me(won).await["phone"], "139****9000");
    }

    async fn v2_1_the_desk_takes_a_lost_number_off_and_it_is_in_the_log(server) {
        let hall = Hall::open(server, 0).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        let ann = by_number(server, PHONE).await;
        pay_in(&hall, &ann, 5_000).await;
        let before = me(&ann).await;
        let ask = json!({"number": before["number"], "why": "看过最近的账单"});
        hall.manager.post(TAKE_OFF, json!({"number": before["number"], "why": ""})).await.refused(422, "INVALID");
        hall.manager.post(TAKE_OFF, json!({"number": "0", "why": "xx"})).await.refused_field("number", "CUSTOMER_NOT_FOUND");
        let off = hall.manager.post(TAKE_OFF, ask.clone()).await.ok(200);
        assert_eq!((&off["phone"], &off["balance_fen"]), (&json!(null), &json!(5_000)));
        assert_eq!((farewells(server, PHONE).await, told(&ann).await[0].as_str()), (1, "account.phone_taken_off"));
        let log = root.get("/api/v1/logs/operations?module=venues").await.ok(200);
        let lines: Vec<&Value> = log["items"].as_array().unwrap().iter().filter(|line| line["action"] == "phone_taken_off").collect();
        assert_eq!(lines.len(), 1, "{log}");
        assert_eq!((&lines[0]["detail"]["customer"], &lines[0]["detail"]["phone"]), (&before["number"], &json!("138****8000")));
        hall.manager.post(TAKE_OFF, ask).await.refused(409, "PHONE_NONE");
        // Whoever has the old number now does not find her; she adds the new one, and has what she had.
        assert_ne!(me(&by_number(server, PHONE).await).await["id"], before["id"]);
        let (ticket, code) = code(server, &ann, NEW).await;
        let again = ann.post("/customer/v1/sign-in", json!({"ticket": ticket, "phone": NEW, "code": code})).await.ok(200);
        assert_eq!(again["new"], false, "she was welcomed long ago");
        let again = again["customer"].clone();
        assert_eq!((&again["id"], &again["phone"], &again["balance_fen"]), (&before["id"], &json!("139****9000"), &json!(5_000)));
        server.has_answered("POST /api/v1/customers/take-phone-off");
    }

    async fn v2_1_the_desk_takes_off_no_number_that_is_the_only_way_back(server) {
        let hall = Hall::open(server, 0).await;
        let wechat = testkit::wechat::open(server).await;
        let ann = by_number(server, PHONE).await;
        let ask = json!({"number": me(&ann).await["number"], "why": "身份证"});
        ann.post("/customer/v1/sign-out", json!({})).await.ok(204);
        hall.manager.post(TAKE_OFF, ask.clone()).await.refused(409, "PHONE_ONLY_WAY");
        let ann = by_number(server, PHONE).await;
        assert_eq!(me(&ann).await["number"], ask["number"]);
        // With WeChat there is another way; and what was signed in, perhaps on the lost phone, is not any more.
        ann.post("/customer/v1/wechat/bind", json!({"app": "mini", "code": wechat.mini_code("ann")})).await.ok(200);
        hall.manager.post(TAKE_OFF, ask.clone()).await.ok(200);
        ann.get("/customer/v1/me").await.refused(401, "SESSION_INVALID");
        let bring = json!({"app": "mini", "code": wechat.mini_code("ann")});
        let back = with(server, &server.visitor().post("/customer/v1/wechat", bring).await.ok(200));
        assert_eq!((&me(&back).await["number"], &me(&back).await["phone"]), (&ask["number"], &json!(null)));
    }

    async fn v2_1_nobody_takes_off_more_numbers_in_a_day_than_a_desk_sees(server) {
        let hall = Hall::open(server, 0).await;
        server.keep_signed_in(&hall.manager).await;
        for n in 0..20 {
            let phone = format!("138{n:08}");
            by_number(server, &phone).await;
            hall.manager.post(TAKE_OFF, json!({"number": phone, "why": "身份证"})).await.ok(200);
        }
        let ann = by_number(server, PHONE).await;
        hall.manager.post(TAKE_OFF, json!({"number": PHONE, "why": "身份证"})).await.refused(429, "RATE_LIMITED");
        assert_eq!((me(&ann).await["phone"].clone(), farewells(server, PHONE).await), (json!("138****8000"), 0));
    }

    async fn v2_1_whose_wechat_signs_nobody_in_any_more_stays_signed_in_when_the_number_is_taken_off(server) {
        let hall = Hall::open(server, 0).await;
        let ann = by_number(server, PHONE).await;
        // As where the operator has given WeChat up since.
        let mut tx = server.platform.db.begin().await.unwrap();
        tx.exec("UPDATE customers SET wechat = TRUE WHERE phone_hash IS NOT NULL", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        hall.manager.post(TAKE_OFF, json!({"number": PHONE, "why": "身份证"})).await.ok(200);
        assert_eq!(me(&ann).await["phone"], json!(null));
    }
}
