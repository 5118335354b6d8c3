//! Cash over the counter: whose wallet it is, what of it can be paid out, and what cannot.

use kernel::{DAY, HOUR, MINUTE, SECOND};
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Answer, Client, Hall, on_server};

use crate::support::pay::{Till, id, told, wallet};

const PHONE: &str = "13800138000";
const FIND: &str = "/api/v1/customers/find";
const RECHARGE: &str = "/api/v1/customers/recharge";
const PAY_OUT: &str = "/api/v1/customers/payout";

async fn number(customer: &Client) -> Value {
    customer.get("/customer/v1/me").await.ok(200)["number"].clone()
}

async fn pay_out(hall: &Hall<'_>, customer: &Client, key: &str, fen: i64) -> Answer {
    let cash = json!({"venue_id": hall.id, "number": number(customer).await, "amount_fen": fen});
    hall.manager.post_once(key, PAY_OUT, cash).await
}

async fn recharge(hall: &Hall<'_>, customer: &Client, key: &str, fen: i64) {
    let cash = json!({"venue_id": hall.id, "number": number(customer).await, "amount_fen": fen});
    hall.manager.post_once(key, RECHARGE, cash).await.ok(200);
}

/// What the desk sees that it may pay out.
async fn in_cash(hall: &Hall<'_>, customer: &Client) -> i64 {
    hall.manager.post(FIND, json!({"number": number(customer).await})).await.ok(200)["cash_fen"].as_i64().unwrap()
}

async fn refundable(customer: &Client) -> i64 {
    customer.get("/customer/v1/refundable").await.ok(200)["amount_fen"].as_i64().unwrap()
}

/// Plays for so many minutes of an hour, at 60 fen each, and closes.
async fn played(hall: &Hall<'_>, server: &testkit::TestServer, customer: &Client, minutes: i64) {
    let playing = hall.play(customer, 0, 60).await;
    server.later(minutes * MINUTE - 30 * SECOND).await;
    let closed = customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
    assert_eq!(closed["bill"]["total_fen"], minutes * 60);
    hall.table_is(0, "idle").await;
}

on_server! {
    async fn v4_1_the_desk_pays_out_cash_and_neither_gifts_nor_a_networks_money(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        let version = till.root.get("/api/v1/levels").await.ok(200)["version"].clone();
        let level = json!({"name_zh": "银卡", "name_en": "Silver", "threshold": 30, "pays": 10_000, "gift_fen": 2_000});
        till.root.put("/api/v1/levels", json!({"levels": [level], "version": version})).await.ok(200);
        till.recharged(&customer, "pay-00001", "h5", 3_600).await;
        assert_eq!((in_cash(&hall, &customer).await, refundable(&customer).await), (0, 3_600));
        pay_out(&hall, &customer, "out-00001", 1).await.refused_field("amount_fen", "MORE_THAN_CASH");
        // All of it is played, and a gift has come for that.
        played(&hall, server, &customer, 60).await;
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, in_cash(&hall, &customer).await), ((2_000, 0), 0));
        recharge(&hall, &customer, "cash-0001", 5_000).await;
        till.recharged(&customer, "pay-00002", "wap", 1_000).await;
        assert_eq!((wallet(&customer).await, in_cash(&hall, &customer).await, refundable(&customer).await), ((8_000, 0), 5_000, 1_000));
        pay_out(&hall, &customer, "out-00002", 5_001).await.refused_field("amount_fen", "MORE_THAN_CASH");
        let paid = pay_out(&hall, &customer, "out-00003", 4_000).await.ok(200);
        assert_eq!((&paid["number"], &paid["balance_fen"]), (&number(&customer).await, &json!(4_000)));
        // The same again is the same.
        assert_eq!(pay_out(&hall, &customer, "out-00003", 4_000).await.ok(200)["balance_fen"], 4_000);
        assert_eq!((in_cash(&hall, &customer).await, refundable(&customer).await), (1_000, 1_000));
        let line = customer.get("/customer/v1/wallet").await.ok(200)["items"][0].clone();
        assert_eq!((&line["kind"], &line["delta_fen"], &line["balance_after_fen"]), (&json!("cash_payout"), &json!(-4_000), &json!(4_000)));
        assert_eq!(told(&customer).await[0], "wallet.paid_out");
        let log = till.root.get("/api/v1/logs/operations").await.ok(200);
        let paid: Vec<&Value> = log["items"].as_array().unwrap().iter().filter(|line| line["action"] == "wallet_paid_out").collect();
        assert_eq!(paid.len(), 1, "{log}");
        // Gifts are played first: ten minutes of them, and the cash is there.
        played(&hall, server, &customer, 10).await;
        assert_eq!((wallet(&customer).await, in_cash(&hall, &customer).await), ((3_400, 0), 1_000));
        pay_out(&hall, &customer, "out-00004", 1_000).await.ok(200);
        assert_eq!((wallet(&customer).await, in_cash(&hall, &customer).await, refundable(&customer).await), ((2_400, 0), 0, 1_000));
        server.has_answered("POST /api/v1/customers/payout");
    }

    async fn v4_1_a_recharge_of_too_much_is_undone_and_what_is_held_is_not_paid_out(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(0).await;
        recharge(&hall, &customer, "cash-0001", 50_000).await;
        pay_out(&hall, &customer, "out-00001", 45_000).await.ok(200);
        assert_eq!(wallet(&customer).await, (5_000, 0));
        hall.play(&customer, 0, 60).await;
        assert_eq!((wallet(&customer).await, in_cash(&hall, &customer).await), ((5_000, 3_600), 1_400));
        pay_out(&hall, &customer, "out-00002", 1_401).await.refused_field("amount_fen", "MORE_THAN_CASH");
        pay_out(&hall, &customer, "out-00003", 1_400).await.ok(200);
        assert_eq!(wallet(&customer).await, (3_600, 3_600));
    }

    async fn v4_1_of_two_desks_that_pay_out_the_same_cash_one_does(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 0).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 5_000).await;
        recharge(&hall, &customer, "cash-0001", 2_000).await;
        let (one, two) = tokio::join!(pay_out(&hall, &customer, "out-00001", 2_000), pay_out(&hall, &customer, "out-00002", 2_000));
        assert_eq!([one.status, two.status].iter().filter(|status| status.is_success()).count(), 1, "{} {}", one.text(), two.text());
        assert_eq!((wallet(&customer).await, refundable(&customer).await), ((5_000, 0), 5_000));
    }

    async fn v4_1_what_is_too_old_for_its_network_is_paid_out_at_the_desk(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 0).await;
        server.keep_signed_in(&hall.manager).await;
        let customer = till.customer(PHONE).await;
        let number = number(&customer).await;
        till.recharged(&customer, "pay-00001", "h5", 1_000).await;
        let find = json!({"number": number});
        assert_eq!(hall.manager.post(FIND, find.clone()).await.ok(200)["cash_fen"], 0);
        server.clock.step(361 * DAY);
        assert_eq!(hall.manager.post(FIND, find).await.ok(200)["cash_fen"], 1_000);
        let cash = json!({"venue_id": hall.id, "number": number, "amount_fen": 1_000});
        hall.manager.post_once("out-00001", PAY_OUT, cash).await.ok(200);
    }

    async fn v4_1_the_desk_sees_whose_wallet_it_is_before_money_changes_hands(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 0).await;
        let customer = till.customer(PHONE).await;
        recharge(&hall, &customer, "cash-0001", 700).await;
        let me = customer.get("/customer/v1/me").await.ok(200);
        // By either of the numbers that people tell.
        for told in [me["number"].as_str().unwrap(), PHONE, " 138-0013-8000 "] {
            let seen = hall.manager.post(FIND, json!({"number": told})).await.ok(200);
            assert_eq!((&seen["customer"], &seen["cash_fen"]), (&me, &json!(700)), "{told}");
            assert_eq!(seen["customer"]["phone"], "138****8000");
        }
        for unknown in ["", "0", "13900139000"] {
            hall.manager.post(FIND, json!({"number": unknown})).await.refused_field("number", "CUSTOMER_NOT_FOUND");
        }
        let nobody = json!({"venue_id": hall.id, "number": "0", "amount_fen": 1});
        hall.manager.post_once("out-00001", PAY_OUT, nobody).await.refused_field("number", "CUSTOMER_NOT_FOUND");
        for fen in [0, -1, 1_000_001] {
            pay_out(&hall, &customer, "out-00002", fen).await.refused_field("amount_fen", "RANGE");
        }
        let maintainer = server.user(Role::Maintainer, "maintainer").await;
        maintainer.post(FIND, json!({"number": me["number"]})).await.refused(403, "FORBIDDEN");
        assert_eq!(wallet(&customer).await, (700, 0));
        server.has_answered("POST /api/v1/customers/find");
    }

    async fn v4_1_nobody_goes_through_all_numbers_whatever_they_ask_the_desk_for(server) {
        let hall = Hall::open(server, 1).await;
        let ann = server.user(Role::Cashier, "ann").await;
        let find = json!({"number": number(&hall.customer(500).await).await});
        // Who works nowhere stands at no desk.
        ann.post(FIND, find.clone()).await.refused(403, "FORBIDDEN");
        hall.manager.post(&format!("/api/v1/venues/{}/staff", hall.id), json!({"name": "ann"})).await.ok(200);
        ann.post(FIND, find.clone()).await.ok(200);

        let (hold, until) = (format!("/api/v1/tables/{}/hold", hall.tables[0].id), server.clock.now().plus_micros(2 * HOUR).to_string());
        let for_guest = json!({"note": "张先生", "until": until, "customer": "10000000"});
        let cash = |fen: i64| json!({"venue_id": hall.id, "number": "10000000", "amount_fen": fen});
        // A question that is refused is one all the same.
        for n in 0..100 {
            let key = format!("guess-{n:04}");
            ann.post_once(&key, PAY_OUT, cash(1_000_000)).await.refused_field("number", "CUSTOMER_NOT_FOUND");
            ann.post(&hold, for_guest.clone()).await.refused_field("customer", "CUSTOMER_NOT_FOUND");
            if n < 99 {
                ann.post_once(&key, RECHARGE, cash(1)).await.refused_field("number", "CUSTOMER_NOT_FOUND");
            }
        }
        for (path, body) in [(FIND, find.clone()), (PAY_OUT, cash(1)), (RECHARGE, cash(1)), (hold.as_str(), for_guest.clone())] {
            ann.post_once("guess-more", path, body).await.refused(429, "RATE_LIMITED");
        }
        // Whom nobody is looked for is held a table all the same. One that is taken says so, and not whose number it is.
        ann.post(&hold, json!({"note": "张先生", "until": until})).await.ok(200);
        hall.manager.post(&hold, for_guest).await.refused(409, "TABLE_NOT_FREE");
        // Others are not held up by it, nor is it for ever.
        hall.manager.post(FIND, find.clone()).await.ok(200);
        server.user(Role::SuperAdmin, "root").await.post(FIND, find.clone()).await.ok(200);
        server.clock.step(HOUR);
        ann.post(FIND, find).await.ok(200);
    }
}
