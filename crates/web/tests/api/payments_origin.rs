//! What may go back to a network is what came by one and is not spent: gifts, cash and what others bring stay what they are.

use kernel::{MINUTE, SECOND};
use serde_json::{Value, json};
use testkit::{Answer, Client, Hall, on_server};

use crate::support::pay::{Till, id, recharge, told, wallet};
use crate::support::split::{Table, confirmed, join, make, people};

const PHONE: &str = "13800138000";

async fn refundable(customer: &Client) -> i64 {
    customer.get("/customer/v1/refundable").await.ok(200)["amount_fen"].as_i64().unwrap()
}

async fn back(customer: &Client, key: &str, fen: i64) -> Answer {
    customer.post_once(key, "/customer/v1/refunds", json!({"amount_fen": fen})).await
}

async fn cash(hall: &Hall<'_>, customer: &Client, key: &str, fen: i64) {
    let me = customer.get("/customer/v1/me").await.ok(200);
    let cash = json!({"venue_id": hall.id, "number": me["number"], "amount_fen": fen});
    hall.manager.post_once(key, "/api/v1/customers/recharge", cash).await.ok(200);
}

/// Plays for so many minutes of an hour, at 60 fen each, and closes.
async fn played(till: &Till<'_>, hall: &Hall<'_>, customer: &Client, minutes: i64) -> Value {
    let playing = hall.play(customer, 0, 60).await;
    till.server.later(minutes * MINUTE - 30 * SECOND).await;
    let closed = customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
    hall.table_is(0, "idle").await;
    till.server.run_jobs().await;
    assert_eq!(closed["bill"]["total_fen"], minutes * 60);
    closed
}

on_server! {
    async fn v4_1_gifts_and_cash_do_not_become_a_networks_money(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        let version = till.root.get("/api/v1/levels").await.ok(200)["version"].clone();
        let level = json!({"name_zh": "银卡", "name_en": "Silver", "threshold": 30, "pays": 9_500, "gift_fen": 2_000});
        till.root.put("/api/v1/levels", json!({"levels": [level], "version": version})).await.ok(200);
        let first = till.recharged(&customer, "pay-00001", "h5", 3_600).await;
        assert_eq!(refundable(&customer).await, 3_600);
        played(&till, &hall, &customer, 60).await;
        // All of it is played. A level's gift has come, and cash.
        assert!(told(&customer).await.contains(&"member.gift".to_owned()));
        cash(&hall, &customer, "cash-0001", 5_000).await;
        assert_eq!((wallet(&customer).await, refundable(&customer).await), ((7_000, 0), 0));
        back(&customer, "back-0001", 1).await.refused(409, "MORE_THAN_PAID");
        // What is paid now can go back, and no fen more.
        let second = till.recharged(&customer, "pay-00002", "wap", 1_000).await;
        assert_eq!(refundable(&customer).await, 1_000);
        back(&customer, "back-0002", 1_001).await.refused(409, "MORE_THAN_PAID");
        back(&customer, "back-0003", 1_000).await.ok(202);
        assert_eq!((wallet(&customer).await, refundable(&customer).await), ((8_000, 1_000), 0), "on its way");
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, refundable(&customer).await), ((7_000, 0), 0));
        let gone = [till.number(&first).await, till.number(&second).await].map(|number| till.networks.trade(&number).refunded().fen());
        assert_eq!(gone, [0, 1_000]);
    }

    async fn v4_1_cash_is_played_before_what_was_paid_by_a_network(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 3_600).await;
        cash(&hall, &customer, "cash-0001", 1_000).await;
        played(&till, &hall, &customer, 10).await;
        assert_eq!((wallet(&customer).await, refundable(&customer).await), ((4_000, 0), 3_600));
        played(&till, &hall, &customer, 10).await;
        assert_eq!((wallet(&customer).await, refundable(&customer).await), ((3_400, 0), 3_400));
        back(&customer, "back-0001", 3_400).await.ok(202);
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, refundable(&customer).await), ((0, 0), 0));
    }

    async fn v9_5_what_is_given_back_of_a_bill_can_go_back_as_far_as_a_network_had_paid_it(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 3_600).await;
        cash(&hall, &customer, "cash-0001", 500).await;
        // 500 of it in cash.
        let bill = played(&till, &hall, &customer, 20).await;
        assert_eq!((wallet(&customer).await, refundable(&customer).await), ((2_900, 0), 2_900));
        let about = json!({"matter": "complaint", "kind": "price", "text": "灯一直在闪，没法打", "session_id": bill["id"]});
        let made = customer.post_once("complain-1", "/customer/v1/complaints", about).await.ok(201);
        let path = format!("/api/v1/complaints/{}/give-back", id(&made));
        hall.manager.post_once("give-back-1", &path, json!({"amount_fen": 900, "reason": "灯闪"})).await.ok(200);
        assert_eq!((wallet(&customer).await, refundable(&customer).await), ((3_800, 0), 3_600));
        back(&customer, "back-0001", 3_600).await.ok(202);
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, refundable(&customer).await), ((200, 0), 0));
    }

    async fn v4_2_what_others_pay_of_a_bill_can_go_back_as_far_as_a_network_had_paid_it(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let (starter, bob) = (till.customer(PHONE).await, hall.customer(5_000).await);
        till.recharged(&starter, "pay-00001", "h5", 3_600).await;
        let bill = played(&till, &hall, &starter, 20).await;
        let table = Table { starter: starter.clone(), path: format!("/customer/v1/sessions/{}", id(&bill)) };
        let split = make(&table, "split-0001", people(2, 1_200)).await.ok(201);
        join(&bob, &split, None).await.ok(200);
        confirmed(&bob, &split, "bob-00001", 600).await;
        assert_eq!((wallet(&starter).await, refundable(&starter).await), ((3_000, 0), 3_000));
        assert_eq!((wallet(&bob).await, refundable(&bob).await), ((4_400, 0), 0));
    }

    async fn v2_2_what_somebody_brings_along_can_go_back_as_far_as_a_network_had_paid_it(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 0).await;
        let wechat = testkit::wechat::open(server).await;
        let known = till.customer(PHONE).await;
        cash(&hall, &known, "cash-0001", 300).await;
        let welcome = server.visitor().post("/customer/v1/wechat", json!({"app": "mini", "code": wechat.mini_code("ann")})).await.ok(200);
        let ann = server.visitor().with_token(welcome["token"].as_str().unwrap());
        cash(&hall, &ann, "cash-0002", 500).await;
        let placed = recharge(&ann, "pay-00001", "jsapi", 2_000).await.ok(201);
        till.networks.paid(&till.number(&placed).await).await;
        let bring = json!({"code": wechat.phone_code(PHONE), "join": true});
        let both = ann.post("/customer/v1/wechat/phone", bring).await.ok(200);
        let both = server.visitor().with_token(both["token"].as_str().unwrap());
        assert_eq!((wallet(&both).await, refundable(&both).await), ((2_800, 0), 2_000));
        back(&both, "back-0001", 2_001).await.refused(409, "MORE_THAN_PAID");
        back(&both, "back-0002", 2_000).await.ok(202);
        server.run_jobs().await;
        assert_eq!((wallet(&both).await, refundable(&both).await), ((800, 0), 0));
    }

    async fn v4_1_of_two_who_ask_at_once_neither_takes_what_was_not_paid_by_a_network(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        // Played, so that its order alone would allow it to go back.
        till.recharged(&customer, "pay-00001", "h5", 3_600).await;
        played(&till, &hall, &customer, 60).await;
        till.recharged(&customer, "pay-00002", "wap", 2_000).await;
        cash(&hall, &customer, "cash-0001", 5_000).await;
        let (one, two) = tokio::join!(back(&customer, "back-0001", 2_000), back(&customer, "back-0002", 2_000));
        assert_eq!([one.status, two.status].iter().filter(|status| status.is_success()).count(), 1, "{} {}", one.text(), two.text());
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, refundable(&customer).await), ((5_000, 0), 0));
        let gone: i64 = till.networks.trades().iter().map(|trade| trade.refunded().fen()).sum();
        assert_eq!(gone, 2_000);
    }
}
