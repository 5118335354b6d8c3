//! Payments that are heard of when nobody waits for them any more: no table is opened for who has left.

use kernel::{HOUR, MINUTE};
use sandbox::{Asked, Troubles};
use serde_json::{Value, json};
use testkit::{Client, Hall, on_server};

use crate::support::pay::{Till, order, told, wallet, words};

const PHONE: &str = "13800138000";

/// An hour at this table, to be paid.
async fn book(till: &Till<'_>, customer: &Client, table: &str, key: &str, method: &str) -> Value {
    let table = json!({"table_id": table, "minutes": 60, "expected_fen": 3_600});
    let order = customer.post_once(key, "/customer/v1/orders", json!({"method": method, "table": table})).await.ok(201);
    till.networks.visit(&order).await;
    order
}

/// Neither notices nor answers reach us for forty minutes.
async fn forty_minutes_away(till: &Till<'_>) {
    till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
    for _ in 0..4 {
        till.server.later(10 * MINUTE).await;
        till.server.run_jobs().await;
    }
    till.networks.trouble(Troubles::default());
    till.server.later(3 * MINUTE).await;
    till.server.run_jobs().await;
}

on_server! {
    async fn v3_1c_what_was_paid_while_nobody_could_hear_of_it_opens_no_table_and_goes_back(server) {
        let till = Till::open(server).await;
        till.networks.freeze().await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        for (n, method) in ["h5", "wap", "freeze"].into_iter().enumerate() {
            let placed = book(&till, &customer, &hall.tables[0].id, &format!("pay-{n:05}"), method).await;
            let number = till.number(&placed).await;
            assert!(till.networks.pay(&number).await);
            forty_minutes_away(&till).await;
            assert_eq!(till.refunds(&placed).await, [(3_600, "not_opened".to_owned(), "done".to_owned())], "{method}");
            assert_eq!((wallet(&customer).await, till.networks.trade(&number).refunded().fen()), ((0, 0), 3_600), "{method}");
            assert_eq!(order(&customer, &placed).await["state"], "paid");
            // Whoever has gone home is told why, and the table is somebody else's to open.
            assert_eq!(told(&customer).await[..2], ["pay.refunded", "pay.not_opened"]);
            let bodies = words(&customer.get("/customer/v1/messages").await.ok(200)["items"], "body");
            assert!(bodies[1].contains("很晚才收到"), "{bodies:?}");
            assert_eq!(customer.get("/customer/v1/session").await.ok(200)["session"], json!(null));
            hall.table_is(0, "idle").await;
            assert!(!hall.tables[0].lamp.seen().on);
        }
    }

    async fn v3_1c_a_notice_that_comes_again_hours_later_opens_no_table(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        let placed = book(&till, &customer, &hall.tables[0].id, "pay-00001", "native").await;
        let number = till.number(&placed).await;
        assert!(till.networks.pay(&number).await);
        // Our server is down meanwhile: nothing is asked, either.
        server.clock.step(3 * HOUR);
        assert!(till.networks.deliver(&till.networks.notice(&number)).await.status.is_success());
        server.run_jobs().await;
        assert_eq!(till.refunds(&placed).await, [(3_600, "not_opened".to_owned(), "done".to_owned())]);
        assert_eq!(wallet(&customer).await, (0, 0));
        hall.table_is(0, "idle").await;
    }

    async fn v3_1c_a_table_is_opened_by_asking_where_no_more_than_the_notice_is_lost(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        let placed = book(&till, &customer, &hall.tables[0].id, "pay-00001", "h5").await;
        // By now it is asked for every two minutes, and was asked for a moment ago.
        server.later(8 * MINUTE).await;
        server.run_jobs().await;
        assert!(till.networks.pay(&till.number(&placed).await).await);
        server.later(2 * MINUTE).await;
        server.run_jobs().await;
        hall.table_is(0, "playing").await;
        assert_eq!((wallet(&customer).await, till.refunds(&placed).await), ((3_600, 3_600), vec![]));
    }

    async fn v4_1_money_for_the_wallet_is_taken_however_late_it_is_heard_of(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharge(&customer, "pay-00001", "h5", 5_000).await;
        assert!(till.networks.pay(&till.number(&placed).await).await);
        forty_minutes_away(&till).await;
        assert_eq!((wallet(&customer).await, told(&customer).await), ((5_000, 0), vec!["wallet.recharged".to_owned(), "welcome".to_owned()]));
    }
}
