//! Refunds that are tried again: by a person, from whose word on time counts anew.

use kernel::{DAY, HOUR, MINUTE, SECOND};
use platform::payments::ChannelKind;
use sandbox::{Asked, Returned, Troubles, WechatPay};
use serde_json::{Value, json};
use testkit::{Client, on_server};

use crate::support::pay::{Till, id, wallet};

/// A way to pay of each network, and who pays by it.
const BOTH: [(&str, &str); 2] = [("h5", "13800138000"), ("wap", "13900139000")];

fn refunds(refunds: Returned) -> Troubles {
    Troubles { refunds, ..Troubles::default() }
}

fn asked(asked: Asked) -> Troubles {
    Troubles { asked, ..Troubles::default() }
}

/// Ten yuan of thirty are asked back, while a network is in this trouble.
async fn back(till: &Till<'_>, customer: &Client, method: &str, troubles: Troubles) -> Value {
    let placed = till.recharged(customer, "pay-00001", method, 3_000).await;
    till.networks.trouble(troubles);
    customer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 1_000})).await.ok(202);
    till.server.run_jobs().await;
    placed
}

async fn state(till: &Till<'_>, placed: &Value) -> String {
    till.refunds(placed).await[0].2.clone()
}

/// Until the network has said no three times.
async fn until_stuck(till: &Till<'_>, placed: &Value) {
    for _ in 0..3 {
        till.server.later(5 * MINUTE).await;
        till.server.run_jobs().await;
    }
    assert_eq!(state(till, placed).await, "stuck");
}

async fn retry(till: &Till<'_>, placed: &Value) {
    let refund = till.detail(placed).await["refunds"][0].clone();
    let path = format!("/api/v1/payments/refunds/{}/remedy", id(&refund));
    assert_eq!(till.root.post(&path, json!({"remedy": "retry", "note": ""})).await.ok(200)["state"], "asked");
    till.server.run_jobs().await;
}

/// All is well again.
async fn made(till: &Till<'_>, customer: &Client, placed: &Value) {
    till.networks.trouble(Troubles::default());
    till.server.later(HOUR).await;
    till.server.run_jobs().await;
    let trade = till.networks.trade(&till.number(placed).await);
    assert_eq!((state(till, placed).await.as_str(), wallet(customer).await, trade.refunds.len()), ("done", (2_000, 0), 1));
}

on_server! {
    async fn v4_1_a_refund_that_was_refused_long_ago_is_on_its_way_for_ten_days_from_when_it_is_tried_again(server) {
        let till = Till::open(server).await;
        for (method, phone) in BOTH {
            let customer = till.customer(phone).await;
            let placed = back(&till, &customer, method, refunds(Returned::Refused)).await;
            until_stuck(&till, &placed).await;
            server.later(11 * DAY).await;
            till.networks.trouble(refunds(Returned::Pending));
            retry(&till, &placed).await;
            for _ in 0..9 {
                assert_eq!((state(&till, &placed).await.as_str(), till.waiting().await["refunds"].clone()), ("asked", json!(0)), "{method}");
                server.later(DAY).await;
                server.run_jobs().await;
            }
            made(&till, &customer, &placed).await;
        }
    }

    async fn v4_1_a_refund_that_is_not_made_in_ten_days_once_more_is_somebodys_to_look_at_once_more(server) {
        let till = Till::open(server).await;
        let (method, phone) = BOTH[0];
        let customer = till.customer(phone).await;
        let placed = back(&till, &customer, method, refunds(Returned::Pending)).await;
        for _ in 0..2 {
            server.later(10 * DAY).await;
            server.run_jobs().await;
            let refund = till.detail(&placed).await["refunds"][0].clone();
            assert_eq!((&refund["state"], &refund["problem"]["code"]), (&json!("stuck"), &json!("not_sent")));
            retry(&till, &placed).await;
            assert_eq!(state(&till, &placed).await, "asked");
        }
        made(&till, &customer, &placed).await;
    }

    async fn v8_2_a_refund_that_is_tried_again_while_its_last_try_was_to_come_is_not_asked_for_by_two(server) {
        let till = Till::open(server).await;
        let (method, phone) = BOTH[0];
        let customer = till.customer(phone).await;
        let placed = back(&till, &customer, method, refunds(Returned::Refused)).await;
        server.later(MINUTE).await;
        server.run_jobs().await;
        // Twice WeChat has said no. The third time it tells by itself, and its job still waits to ask.
        let refund = async || till.detail(&placed).await["refunds"][0].clone();
        let number = refund().await["number"].clone();
        let said = json!({"mchid": WechatPay::parameters().merchant_id, "out_refund_no": number, "refund_id": "5030", "refund_status": "ABNORMAL"});
        let (headers, body) = till.networks.wechat.told("REFUND.ABNORMAL", &said.to_string());
        assert!(till.networks.deliver(&(ChannelKind::Wechat, headers, body)).await.status.is_success());
        server.run_jobs().await;
        assert_eq!(state(&till, &placed).await, "stuck");
        retry(&till, &placed).await;
        assert_eq!(refund().await["tries"], 1);
        // The times of both have come.
        server.later(100 * SECOND).await;
        server.run_jobs().await;
        let now = refund().await;
        assert_eq!((&now["state"], &now["tries"]), (&json!("asked"), &json!(2)));
        made(&till, &customer, &placed).await;
    }

    async fn v8_2_a_network_that_is_away_once_when_an_old_refund_is_tried_again_is_asked_on(server) {
        let till = Till::open(server).await;
        for (method, phone) in BOTH {
            let customer = till.customer(phone).await;
            let placed = back(&till, &customer, method, refunds(Returned::Refused)).await;
            until_stuck(&till, &placed).await;
            server.later(2 * DAY).await;
            till.networks.trouble(asked(Asked::Down));
            retry(&till, &placed).await;
            assert_eq!(state(&till, &placed).await, "asked", "{method}");
            made(&till, &customer, &placed).await;
        }
    }

    async fn v8_2_a_network_that_is_away_once_after_days_on_the_way_is_asked_on_and_for_a_day_is_not(server) {
        let till = Till::open(server).await;
        for (method, phone) in BOTH {
            let customer = till.customer(phone).await;
            let placed = back(&till, &customer, method, refunds(Returned::Pending)).await;
            for _ in 0..3 {
                server.later(DAY).await;
                server.run_jobs().await;
            }
            till.networks.trouble(asked(Asked::Down));
            server.later(DAY).await;
            server.run_jobs().await;
            assert_eq!(state(&till, &placed).await, "asked", "{method}");
            // It speaks again, and the day counts from the beginning.
            till.networks.trouble(refunds(Returned::Pending));
            server.later(20 * HOUR).await;
            server.run_jobs().await;
            till.networks.trouble(asked(Asked::Down));
            for (hours, stands) in [(1, "asked"), (23, "asked"), (1, "stuck")] {
                server.later(hours * HOUR).await;
                server.run_jobs().await;
                assert_eq!(state(&till, &placed).await, stands, "{method}");
            }
            till.networks.trouble(Troubles::default());
            retry(&till, &placed).await;
            made(&till, &customer, &placed).await;
        }
    }
}
