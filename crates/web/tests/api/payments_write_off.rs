//! Money that Alipay has only frozen, and that cannot be taken any more: somebody says that it will not come, and nobody asks for it again.

use kernel::{DAY, HOUR, SECOND};
use sandbox::{Asked, Troubles};
use serde_json::{Value, json};
use testkit::{Answer, Client, Hall, on_server};

use crate::support::freeze::{ask, books, close, open, with_order};
use crate::support::pay::{Till, id, wallet};

/// An hour that is paid with frozen money, and played to its end while Alipay does what it does.
async fn played(till: &Till<'_>, hall: &Hall<'_>, customer: &Client, alipay: impl FnOnce(&str)) -> Value {
    let server = till.server;
    let placed = ask(customer, &hall.tables[0].id, "pay-00001").await.ok(201);
    let number = till.number(&placed).await;
    till.networks.paid(&number).await;
    hall.table_is(0, "playing").await;
    // It is asked once more whether it is frozen.
    server.later(11 * SECOND).await;
    server.run_jobs().await;
    alipay(&number);
    close(server, hall, customer, 60).await;
    assert_eq!(wallet(customer).await, (0, 0));
    placed
}

async fn hours(till: &Till<'_>, hours: usize) {
    for _ in 0..hours {
        till.server.later(HOUR).await;
        till.server.run_jobs().await;
    }
}

/// The order that takes what was played.
async fn taking(till: &Till<'_>) -> Value {
    till.root.get("/api/v1/payments/orders?state=pending").await.ok(200)["items"][0].clone()
}

async fn write_off(till: &Till<'_>, order: &Value, note: &str) -> Answer {
    till.root.post(&format!("/api/v1/payments/orders/{}/write-off", id(order)), json!({"note": note})).await
}

/// How it stands, and what is said of its writing off.
async fn stands(till: &Till<'_>, order: &Value) -> (Value, Value) {
    let order = till.detail(order).await["order"].clone();
    (order["state"].clone(), order["written_off"]["note"].clone())
}

on_server! {
    async fn v8_2_what_alipay_has_let_go_before_it_was_taken_is_written_off_once(server) {
        let (till, hall, customer) = open(server).await;
        let placed = played(&till, &hall, &customer, |number| till.networks.alipay.let_go(number)).await;
        let taking = taking(&till).await;
        assert_eq!((till.waiting().await["payments"].clone(), server.told(till.root.id()).await), (json!(1), vec!["pay.problem".to_owned()]));
        hours(&till, 3).await;
        let asked = async || till.detail(&taking).await["log"].as_array().unwrap().len();
        assert!(asked().await > 0 && stands(&till, &taking).await == (json!("pending"), json!(null)), "it is asked for again");
        // Who may not, without saying why, and what is no such order.
        let path = format!("/api/v1/payments/orders/{}/write-off", id(&taking));
        hall.manager.post(&path, json!({"note": "冻结已到期"})).await.refused(403, "FORBIDDEN");
        write_off(&till, &taking, "").await.refused_field("note", "REQUIRED");
        write_off(&till, &placed, "冻结已到期").await.refused(409, "WRITE_OFF_UNSUITABLE");

        let done = write_off(&till, &taking, "冻结已到期").await.ok(200);
        assert_eq!((&done["order"]["state"], &done["order"]["written_off"]["note"]), (&json!("closed"), &json!("冻结已到期")));
        assert!(done["attempts"].as_array().unwrap().iter().all(|attempt| attempt["state"] == "closed"), "{done}");
        assert_eq!(till.waiting().await["payments"], 0);
        server.check().await;
        let log = till.root.get("/api/v1/logs/operations").await.ok(200)["items"][0].clone();
        assert_eq!((&log["detail"]["amount_fen"], &log["detail"]["note"]), (&json!(3_600), &json!("冻结已到期")));
        // Nothing is asked for any more, nothing told, and nothing written off twice.
        let before = asked().await;
        hours(&till, 2).await;
        server.later(DAY).await;
        server.tick().await;
        assert_eq!((asked().await, server.told(till.root.id()).await.len()), (before, 1));
        write_off(&till, &taking, "再来一次").await.refused(409, "WRITE_OFF_UNSUITABLE");
        // Whoever played has played, and owes nothing.
        assert_eq!((with_order(&customer, &placed).await, wallet(&customer).await), ((json!("paid"), json!(0), json!(3_600)), (0, 0)));
        server.has_answered("POST /api/v1/payments/orders/{id}/write-off");
    }

    async fn v8_2_what_may_be_taken_yet_is_not_written_off(server) {
        let (till, hall, customer) = open(server).await;
        let down = || till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        played(&till, &hall, &customer, |_| down()).await;
        let taking = taking(&till).await;
        hours(&till, 2).await;
        write_off(&till, &taking, "冻结已到期").await.refused(409, "WRITE_OFF_UNSUITABLE");
        assert_eq!(stands(&till, &taking).await, (json!("pending"), json!(null)));
        till.networks.trouble(Troubles::default());
        hours(&till, 1).await;
        assert_eq!((stands(&till, &taking).await.0, books(&till)), (json!("paid"), (3_600, 0, vec![3_600])));
        write_off(&till, &taking, "冻结已到期").await.refused(409, "CAPTURE_DONE");
    }

    async fn v8_2_what_alipay_says_is_being_taken_is_not_written_off(server) {
        let (till, hall, customer) = open(server).await;
        let wait = || till.networks.trouble(Troubles { asked: Asked::CapturesWait, ..Troubles::default() });
        played(&till, &hall, &customer, |_| wait()).await;
        let taking = taking(&till).await;
        hours(&till, 25).await;
        assert_eq!(till.waiting().await["payments"], 1, "for a day it was not taken");
        write_off(&till, &taking, "冻结已到期").await.refused(409, "PAYMENT_OPEN");
        assert_eq!(stands(&till, &taking).await, (json!("pending"), json!(null)));
        // Now it lets itself be closed there.
        till.networks.trouble(Troubles::default());
        write_off(&till, &taking, "冻结已到期").await.ok(200);
        assert_eq!(stands(&till, &taking).await, (json!("closed"), json!("冻结已到期")));
    }

    async fn v8_2_what_was_taken_and_nobody_heard_of_is_found_before_it_is_written_off(server) {
        let (till, hall, customer) = open(server).await;
        let silent = || till.networks.trouble(Troubles { asked: Asked::DoneAndSilent, ..Troubles::default() });
        played(&till, &hall, &customer, |_| silent()).await;
        let taking = taking(&till).await;
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        hours(&till, 25).await;
        assert_eq!((till.waiting().await["payments"].clone(), books(&till)), (json!(1), (3_600, 0, vec![3_600])));
        till.networks.trouble(Troubles::default());
        write_off(&till, &taking, "冻结已到期").await.refused(409, "CAPTURE_DONE");
        assert_eq!((stands(&till, &taking).await, till.waiting().await["payments"].clone()), ((json!("paid"), json!(null)), json!(0)));
    }

    async fn v8_2_what_comes_after_it_was_written_off_makes_it_good_and_is_told(server) {
        let (till, hall, customer) = open(server).await;
        let silent = || till.networks.trouble(Troubles { asked: Asked::DoneAndSilent, ..Troubles::default() });
        let placed = played(&till, &hall, &customer, |_| silent()).await;
        let taking = taking(&till).await;
        // Alipay has taken it, and is away for more than a day: nobody can know.
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        hours(&till, 25).await;
        write_off(&till, &taking, "冻结已到期").await.ok(200);
        assert_eq!(stands(&till, &taking).await, (json!("closed"), json!("冻结已到期")));
        server.check().await;
        // It stands in the bill of the day.
        till.networks.trouble(Troubles::default());
        server.tick().await;
        assert_eq!(stands(&till, &taking).await, (json!("paid"), json!("冻结已到期")));
        let attempt = till.detail(&taking).await["attempts"][0].clone();
        assert_eq!((&attempt["state"], &attempt["problem"]["code"]), (&json!("taken"), &json!("written_off")));
        assert_eq!((till.waiting().await["payments"].clone(), server.told(till.root.id()).await), (json!(1), vec!["pay.problem".to_owned(); 2]));
        let all = till.root.get("/api/v1/payments/reconciliation").await.ok(200);
        assert_eq!((&all["differences"], till.refunds(&taking).await.len()), (&json!([]), 0));
        assert_eq!((with_order(&customer, &placed).await, wallet(&customer).await), ((json!("paid"), json!(0), json!(3_600)), (0, 0)));
    }

    async fn v8_2_whoever_played_neither_sees_nor_ends_what_takes_the_frozen_money(server) {
        let (till, hall, customer) = open(server).await;
        played(&till, &hall, &customer, |number| till.networks.alipay.let_go(number)).await;
        let path = format!("/customer/v1/orders/{}", id(&taking(&till).await));
        customer.get(&path).await.refused(404, "NOT_FOUND");
        customer.post(&format!("{path}/cancel"), json!({})).await.refused(404, "NOT_FOUND");
        customer.post(&format!("{path}/method"), json!({"method": "precreate"})).await.refused(404, "NOT_FOUND");
    }
}
