//! A table that is paid for at once: lit, or nobody is charged; and what was not played goes back to where it came from.

use kernel::{MINUTE, SECOND};
use sandbox::Trouble;
use serde_json::{Value, json};
use testkit::{Answer, Client, Hall, floor_table, on_server};

use crate::support::pay::{Till, id, order, told, wallet};

const PHONE: &str = "13800138000";

async fn ask(customer: &Client, table: &str, key: &str, method: &str, fen: i64) -> Answer {
    let table = json!({"table_id": table, "minutes": 60, "expected_fen": fen});
    customer.post_once(key, "/customer/v1/orders", json!({"method": method, "table": table})).await
}

/// An hour at this table, to be paid.
async fn book(till: &Till<'_>, customer: &Client, table: &str, key: &str, method: &str) -> Value {
    let order = ask(customer, table, key, method, 3_600).await.ok(201);
    till.networks.visit(&order).await;
    order
}

/// What becomes of what was held and not used: all of it, what goes back to where it was paid, and what is in the wallet.
fn back(session: &Value) -> [i64; 3] {
    ["refunded_fen", "to_source_fen", "to_balance_fen"].map(|part| session["bill"][part].as_i64().unwrap())
}

async fn session(customer: &Client) -> Value {
    customer.get("/customer/v1/session").await.ok(200)["session"].clone()
}

on_server! {
    async fn v3_1c_paying_opens_the_table_and_what_was_not_played_goes_back(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        for (n, method) in ["h5", "wap"].into_iter().enumerate() {
            let placed = book(&till, &customer, &hall.tables[0].id, &format!("pay-{n:05}"), method).await;
            assert!(!hall.tables[0].lamp.seen().on, "nothing is paid yet");
            till.networks.paid(&till.number(&placed).await).await;
            hall.table_is(0, "playing").await;
            assert!(hall.tables[0].lamp.seen().on);
            assert_eq!((wallet(&customer).await, order(&customer, &placed).await["state"].clone()), ((3_600, 3_600), json!("paid")));
            let playing = session(&customer).await;
            server.later(19 * MINUTE + 30 * SECOND).await;
            let closed = customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
            assert_eq!((&closed["bill"]["total_fen"], back(&closed)), (&json!(1_200), [2_400, 2_400, 0]));
            hall.table_is(0, "idle").await;
            server.run_jobs().await;
            assert_eq!((wallet(&customer).await, till.refunds(&placed).await), ((0, 0), vec![(2_400, "unplayed".to_owned(), "done".to_owned())]));
            assert_eq!(order(&customer, &placed).await["refunded_fen"], 2_400);
            let trade = till.networks.trade(&till.number(&placed).await);
            assert_eq!((trade.amount.fen(), trade.refunded().fen()), (3_600, 2_400));
            assert!(told(&customer).await.contains(&"pay.refunded".to_owned()));
        }
    }

    async fn v4_1_what_was_paid_for_a_table_with_the_longest_of_names_goes_back(server) {
        let till = Till::open(server).await;
        till.networks.freeze().await;
        let hall = Hall::open(server, 1).await;
        let table = floor_table(&hall.floor().await, &hall.tables[0].id).clone();
        let form = json!({"name": "长".repeat(30), "x": table["x"], "y": table["y"], "version": table["version"]});
        hall.manager.put(&format!("/api/v1/tables/{}", hall.tables[0].id), form).await.ok(200);
        let customer = till.customer(PHONE).await;
        for (n, method) in ["h5", "wap", "freeze"].into_iter().enumerate() {
            let placed = book(&till, &customer, &hall.tables[0].id, &format!("pay-{n:05}"), method).await;
            till.networks.paid(&till.number(&placed).await).await;
            hall.table_is(0, "playing").await;
            let playing = session(&customer).await;
            server.later(19 * MINUTE + 30 * SECOND).await;
            customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
            hall.table_is(0, "idle").await;
            server.run_jobs().await;
            assert_eq!(till.refunds(&placed).await, [(2_400, "unplayed".to_owned(), "done".to_owned())], "{method}");
        }
    }

    async fn v3_1c_more_time_from_the_wallet_stays_in_the_wallet_when_it_is_not_played(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        let placed = book(&till, &customer, &hall.tables[0].id, "pay-00001", "h5").await;
        till.networks.paid(&till.number(&placed).await).await;
        hall.table_is(0, "playing").await;
        let me = customer.get("/customer/v1/me").await.ok(200);
        hall.manager.post_once("cash-0001", "/api/v1/customers/recharge", json!({"venue_id": hall.id, "number": me["number"], "amount_fen": 5_000})).await.ok(200);
        let playing = session(&customer).await;
        let more = json!({"minutes": 30, "expected_fen": 1_800});
        customer.post_once("more-0001", &format!("/customer/v1/sessions/{}/extend", id(&playing)), more).await.ok(200);
        assert_eq!(wallet(&customer).await, (8_600, 5_400));
        server.later(49 * MINUTE + 30 * SECOND).await;
        let closed = customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        assert_eq!((&closed["bill"]["total_fen"], back(&closed)), (&json!(3_000), [2_400, 600, 1_800]));
        hall.table_is(0, "idle").await;
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, till.refunds(&placed).await), ((5_000, 0), vec![(600, "unplayed".to_owned(), "done".to_owned())]));
    }

    async fn v3_1c_a_table_that_is_given_up_while_somebody_pays_costs_nothing_and_neither_does_one_of_a_hall_closed_for_good(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 2).await;
        let (one, other) = (till.customer(PHONE).await, till.customer("13900139000").await);
        let placed = book(&till, &one, &hall.tables[0].id, "pay-00001", "h5").await;
        let late = book(&till, &other, &hall.tables[1].id, "pay-00001", "wap").await;
        hall.manager.post(&format!("/api/v1/tables/{}/retire", hall.tables[0].id), json!({})).await.ok(204);
        let now = hall.floor().await["venue"].clone();
        let form = json!({"name": now["name"], "time_zone": now["time_zone"], "opens": now["opens"], "closes": now["closes"], "closed": true, "version": now["version"]});
        hall.manager.put(&format!("/api/v1/venues/{}", hall.id), form).await.ok(200);
        for (customer, placed) in [(&one, &placed), (&other, &late)] {
            till.networks.paid(&till.number(placed).await).await;
            assert_eq!((wallet(customer).await, till.refunds(placed).await), ((0, 0), vec![(3_600, "not_opened".to_owned(), "done".to_owned())]));
            assert_eq!(told(customer).await, ["pay.refunded", "pay.not_opened", "welcome"]);
        }
    }

    async fn v3_1c_a_table_that_somebody_else_has_taken_costs_nothing(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let (customer, quicker) = (till.customer(PHONE).await, hall.customer(10_000).await);
        let placed = book(&till, &customer, &hall.tables[0].id, "pay-00001", "h5").await;
        hall.play(&quicker, 0, 60).await;
        till.networks.paid(&till.number(&placed).await).await;
        assert_eq!((wallet(&customer).await, till.refunds(&placed).await), ((0, 0), vec![(3_600, "not_opened".to_owned(), "done".to_owned())]));
        assert_eq!(told(&customer).await, ["pay.refunded", "pay.not_opened", "welcome"]);
        assert_eq!(session(&customer).await, json!(null));
        assert_eq!(till.networks.trade(&till.number(&placed).await).refunded().fen(), 3_600);
        // Whoever asks once it is taken is not let pay.
        ask(&customer, &hall.tables[0].id, "pay-00002", "h5", 3_600).await.refused(409, "TABLE_BUSY");
    }

    async fn v3_1c_a_light_that_does_not_come_on_costs_nothing(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        let placed = book(&till, &customer, &hall.tables[0].id, "pay-00001", "wap").await;
        hall.tables[0].lamp.set(Trouble::Mute);
        till.networks.paid(&till.number(&placed).await).await;
        for _ in 0..8 {
            server.later(10 * SECOND).await;
            server.run_jobs().await;
        }
        assert_eq!((wallet(&customer).await, session(&customer).await["end_reason"].clone()), ((0, 0), json!("not_lit")));
        let refunds = till.refunds(&placed).await;
        assert_eq!((refunds[0].0, refunds[0].2.as_str(), refunds.len()), (3_600, "done", 1));
        assert_eq!(back(&session(&customer).await), [3_600, 3_600, 0]);
        assert!(told(&customer).await.contains(&"play.not_lit".to_owned()));
    }

    async fn v3_1c_a_price_that_has_changed_is_shown_before_it_is_paid(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        ask(&customer, &hall.tables[0].id, "pay-00001", "h5", 3_599).await.refused(409, "PRICE_CHANGED");
        assert_eq!(till.networks.trades().len(), 0);
    }

    async fn v4_1_two_payments_for_one_table_are_one_session_and_one_return(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        // Two orders of one customer, both paid: as when the browser's tab was opened twice.
        let (one, two) = (book(&till, &customer, &hall.tables[0].id, "pay-00001", "h5").await, book(&till, &customer, &hall.tables[0].id, "pay-00002", "wap").await);
        for number in [till.number(&one).await, till.number(&two).await] {
            assert!(till.networks.pay(&number).await);
            assert!(till.networks.deliver(&till.networks.notice(&number)).await.status.is_success());
        }
        hall.table_is(0, "playing").await;
        server.run_jobs().await;
        assert_eq!(wallet(&customer).await, (3_600, 3_600));
        let back: i64 = till.networks.trades().iter().map(|trade| trade.refunded().fen()).sum();
        assert_eq!(back, 3_600);
    }

    async fn v4_1_a_payment_that_arrives_after_its_order_was_closed_goes_back(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharge(&customer, "pay-00001", "native", 3_000).await;
        let number = till.number(&placed).await;
        // As where a network closes late: it is paid there, and closed here.
        assert!(till.networks.pay(&number).await);
        let cx = server.cx();
        let mut tx = cx.db.begin().await.unwrap();
        tx.exec("UPDATE pay_orders SET state = 'closed'", vec![]).await.unwrap();
        tx.exec("UPDATE pay_attempts SET state = 'closed'", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(till.networks.deliver(&till.networks.notice(&number)).await.status.is_success());
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, till.attempts(&placed).await), ((0, 0), vec!["surplus".to_owned()]));
        assert_eq!(till.refunds(&placed).await, [(3_000, "surplus".to_owned(), "done".to_owned())]);
        assert_eq!((till.networks.trade(&number).refunded().fen(), told(&customer).await), (3_000, vec!["pay.paid_twice".to_owned(), "welcome".to_owned()]));
        // Told once more: it does not go back twice.
        assert!(till.networks.deliver(&till.networks.notice(&number)).await.status.is_success());
        server.run_jobs().await;
        assert_eq!(till.refunds(&placed).await.len(), 1);
    }
}
