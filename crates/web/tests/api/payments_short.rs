//! Refunds that wait for money of the merchant's at its network: hours and not minutes, told once an hour, and tried again all at once.

use kernel::{HOUR, MINUTE};
use platform::identity::Role;
use sandbox::{Returned, Troubles};
use serde_json::{Value, json};
use testkit::{Client, on_server};

use crate::support::pay::{Till, told, wallet};

/// A way to pay of each network, and who pays by it.
const BOTH: [(&str, &str); 2] = [("h5", "13800138000"), ("wap", "13900139000")];

fn returned(refunds: Returned) -> Troubles {
    Troubles { refunds, ..Troubles::default() }
}

/// By each network somebody who has paid thirty yuan and asks for one of them back, three times, while the merchant has too little there.
async fn short(till: &Till<'_>) -> Vec<Client> {
    let mut customers = Vec::new();
    for (method, phone) in BOTH {
        let customer = till.customer(phone).await;
        till.recharged(&customer, "pay-00001", method, 3_000).await;
        customers.push(customer);
    }
    till.networks.trouble(returned(Returned::Short));
    for customer in &customers {
        for n in 0..3 {
            customer.post_once(&format!("back-{n:04}"), "/customer/v1/refunds", json!({"amount_fen": 100})).await.ok(202);
        }
    }
    till.server.run_jobs().await;
    customers
}

/// Of the refunds in this state: how often each was refused.
async fn tries(till: &Till<'_>, state: &str) -> Vec<i64> {
    let page = till.root.get(&format!("/api/v1/payments/refunds?state={state}")).await.ok(200);
    page["items"].as_array().unwrap().iter().map(|refund| refund["tries"].as_i64().unwrap()).collect()
}

async fn later(till: &Till<'_>, micros: i64) {
    till.server.later(micros).await;
    till.server.run_jobs().await;
}

async fn retry_all(till: &Till<'_>, problem: &str) -> Value {
    till.root.post("/api/v1/payments/refunds/retry", json!({"problem": problem})).await.ok(200)
}

/// How many lines of the operation log say that all were tried again, and of how many the last one says so.
async fn logged(till: &Till<'_>) -> (usize, Value) {
    let log = till.root.get("/api/v1/logs/operations").await.ok(200);
    let lines: Vec<&Value> = log["items"].as_array().unwrap().iter().filter(|line| line["detail"]["problem"].is_string()).collect();
    (lines.len(), lines.first().map_or(json!(null), |line| line["detail"].clone()))
}

on_server! {
    async fn v8_2_refunds_that_wait_for_the_merchants_balance_are_tried_over_half_a_day_and_told_once_an_hour_of_each_network(server) {
        let till = Till::open(server).await;
        let customers = short(&till).await;
        let say = |times: usize| vec!["pay.balance_short".to_owned(); times];
        assert_eq!((tries(&till, "asked").await, server.told(till.root.id()).await), (vec![1; 6], say(2)));
        let notices = till.root.get("/api/v1/notifications").await.ok(200)["items"].clone();
        for (network, code) in [("WeChat Pay", "NOT_ENOUGH"), ("Alipay", "ACQ.SELLER_BALANCE_NOT_ENOUGH")] {
            let of_it = |notice: &&Value| notice["body"].as_str().unwrap().contains(network);
            let notice = notices.as_array().unwrap().iter().find(of_it).unwrap();
            let body = notice["body"].as_str().unwrap();
            assert!(["1.00 元", "余额不足", code].into_iter().all(|part| body.contains(part)), "{body}");
            assert_eq!(notice["link"], "/payments?tab=refunds");
        }
        for _ in 0..6 {
            later(&till, 10 * MINUTE).await;
        }
        assert_eq!((tries(&till, "asked").await, server.told(till.root.id()).await), (vec![1; 6], say(2)), "minutes help nobody");
        later(&till, 3 * HOUR).await;
        assert_eq!((tries(&till, "asked").await, server.told(till.root.id()).await), (vec![2; 6], say(4)));
        assert_eq!(till.waiting().await["refunds"], 0);
        later(&till, 8 * HOUR).await;
        let in_vain = vec!["pay.balance_stuck".to_owned(); 2];
        assert_eq!((tries(&till, "stuck").await, server.told(till.root.id()).await), (vec![3; 6], [say(4), in_vain].concat()));
        assert_eq!(till.waiting().await["refunds"], 6);
        for customer in &customers {
            assert_eq!((told(customer).await[..3].to_vec(), wallet(customer).await), (vec!["pay.refund_delayed".to_owned(); 3], (3_000, 300)));
        }
    }

    async fn v8_2_that_refunds_have_waited_in_vain_is_told_though_others_begin_to_wait_in_the_same_hour(server) {
        let till = Till::open(server).await;
        server.later(10 * MINUTE).await;
        let customers = short(&till).await;
        later(&till, 4 * HOUR).await;
        // Five minutes before the last try, and five after the hour.
        later(&till, 8 * HOUR - 5 * MINUTE).await;
        for customer in &customers {
            customer.post_once("back-0009", "/customer/v1/refunds", json!({"amount_fen": 100})).await.ok(202);
        }
        server.run_jobs().await;
        assert_eq!(server.told(till.root.id()).await, vec!["pay.balance_short".to_owned(); 6]);
        later(&till, 6 * MINUTE).await;
        assert_eq!(server.told(till.root.id()).await[6..], ["pay.balance_stuck"; 2]);
        let notices = till.root.get("/api/v1/notifications").await.ok(200)["items"].clone();
        for notice in &notices.as_array().unwrap()[..2] {
            let body = notice["body"].as_str().unwrap();
            assert!(body.contains("不再自动重试") && body.contains("余额不足") && !body.contains("四小时"), "{body}");
            assert_eq!(notice["link"], "/payments?tab=refunds");
        }
        assert_eq!(till.waiting().await["refunds"], 6);
    }

    async fn v8_2_money_that_comes_within_hours_lets_the_refunds_go_by_themselves(server) {
        let till = Till::open(server).await;
        let customers = short(&till).await;
        later(&till, HOUR).await;
        till.networks.trouble(Troubles::default());
        later(&till, 3 * HOUR).await;
        for customer in &customers {
            assert_eq!(wallet(customer).await, (2_700, 0));
        }
        assert_eq!(till.waiting().await["refunds"], 0);
    }

    async fn v8_2_all_refunds_that_are_stuck_over_the_same_are_tried_again_at_once_and_no_others(server) {
        let till = Till::open(server).await;
        let customers = short(&till).await;
        // One more, which is refused for another reason.
        later(&till, 4 * HOUR).await;
        later(&till, 8 * HOUR).await;
        till.networks.trouble(returned(Returned::Refused));
        customers[0].post_once("back-0009", "/customer/v1/refunds", json!({"amount_fen": 500})).await.ok(202);
        for _ in 0..3 {
            later(&till, 5 * MINUTE).await;
        }
        assert_eq!(till.waiting().await["refunds"], 7);
        let cashier = server.user(Role::VenueManager, "desk").await;
        cashier.post("/api/v1/payments/refunds/retry", json!({"problem": "balance_short"})).await.refused(403, "FORBIDDEN");
        till.root.post("/api/v1/payments/refunds/retry", json!({"problem": "no_such"})).await.refused(422, "INVALID");
        assert_eq!(retry_all(&till, "not_sent").await, json!({"retried": 0, "more": false}));
        assert_eq!(logged(&till).await, (0, json!(null)));

        till.networks.trouble(Troubles::default());
        assert_eq!(retry_all(&till, "balance_short").await, json!({"retried": 6, "more": false}));
        assert_eq!(logged(&till).await, (1, json!({"problem": "balance_short", "count": 6})));
        server.run_jobs().await;
        assert_eq!((wallet(&customers[0]).await, wallet(&customers[1]).await), ((2_700, 500), (2_700, 0)));
        assert_eq!(tries(&till, "stuck").await, [3], "the other one waits still");
        assert_eq!((retry_all(&till, "balance_short").await["retried"].clone(), logged(&till).await.0), (json!(0), 1));
        let made: usize = till.networks.trades().iter().map(|trade| trade.refunds.len()).sum();
        assert_eq!(made, 6);
        assert_eq!(retry_all(&till, "refused").await["retried"], 1);
        server.run_jobs().await;
        assert_eq!((wallet(&customers[0]).await, till.waiting().await["refunds"].clone()), ((2_200, 0), json!(0)));
    }

    async fn v8_2_who_has_filled_up_the_balance_has_those_that_wait_tried_at_once(server) {
        let till = Till::open(server).await;
        let customers = short(&till).await;
        later(&till, 10 * MINUTE).await;
        // Not filled up after all: it is a first try again.
        assert_eq!(retry_all(&till, "balance_short").await, json!({"retried": 6, "more": false}));
        assert_eq!(retry_all(&till, "balance_short").await["retried"], 0, "they are asked for already");
        server.run_jobs().await;
        assert_eq!(tries(&till, "asked").await, [1; 6]);
        till.networks.trouble(Troubles::default());
        assert_eq!(retry_all(&till, "balance_short").await["retried"], 6);
        server.run_jobs().await;
        for customer in &customers {
            assert_eq!(wallet(customer).await, (2_700, 0));
        }
        // Nothing of it is done twice when their time would have come.
        later(&till, 12 * HOUR).await;
        let made: usize = till.networks.trades().iter().map(|trade| trade.refunds.len()).sum();
        assert_eq!((made, till.waiting().await["refunds"].clone()), (6, json!(0)));
    }
}
