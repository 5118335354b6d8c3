//! What networks were asked about an order, and what they said, is kept and shown.

use kernel::{MINUTE, SECOND};
use sandbox::{Asked, Returned, Troubles};
use serde_json::{Value, json};
use testkit::on_server;

use crate::support::pay::{Till, id, recharge, wallet, words};

const PHONE: &str = "13800138000";

/// What was asked, and what was said, oldest first.
fn said(log: &Value) -> Vec<(String, String)> {
    words(log, "call").into_iter().zip(words(log, "said")).collect()
}

fn line(call: &str, said: &str) -> (String, String) {
    (call.to_owned(), said.to_owned())
}

on_server! {
    async fn k12_1_whatever_a_network_was_asked_about_an_order_and_has_said_is_written_down(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let down = Troubles { asked: Asked::Down, ..Troubles::default() };
        till.networks.trouble(down);
        recharge(&customer, "pay-00001", "h5", 5_000).await.refused(503, "PAYMENT_UNCLEAR");
        till.networks.trouble(Troubles::default());
        server.later(SECOND).await;
        let placed = till.recharge(&customer, "pay-00001", "h5", 5_000).await;
        till.networks.trouble(down);
        for _ in 0..3 {
            server.later(2 * MINUTE).await;
            server.run_jobs().await;
        }
        till.networks.trouble(Troubles { refunds: Returned::Refused, ..Troubles::default() });
        assert!(till.networks.pay(&till.number(&placed).await).await);
        server.later(3 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!(wallet(&customer).await, (5_000, 0));
        server.later(SECOND).await;
        customer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 1_000})).await.ok(202);
        for _ in 0..6 {
            server.run_jobs().await;
            server.later(5 * MINUTE).await;
        }
        let detail = till.detail(&placed).await;
        let log = &detail["log"];
        // Three times the same silence is one line; each refusal of a refund is counted.
        let refused = line("refund", "refused");
        let all = [
            line("place", "unclear"), line("place", "done"), line("query", "unclear"), line("query", "paid"), refused.clone(), refused.clone(), refused,
        ];
        assert_eq!(said(log), all);
        for (n, code, part) in [(0, "in_trouble", "503"), (2, "in_trouble", "503"), (6, "refused", "USER_ACCOUNT_ABNORMAL")] {
            let problem = &log[n]["problem"];
            assert!(problem["code"] == code && problem["said"].as_str().unwrap().contains(part), "{}", log[n]);
        }
        assert_eq!((&log[3]["amount_fen"], &log[3]["channel_no"]), (&json!(5_000), &detail["attempts"][0]["channel_no"]));
        assert_eq!((&log[1]["problem"], &log[1]["channel_no"]), (&json!(null), &json!(null)));
        assert_eq!((&log[1]["number"], &log[6]["number"]), (&detail["attempts"][0]["number"], &detail["refunds"][0]["number"]));
        let times = words(log, "at");
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    }

    async fn k12_1_what_was_closed_for_another_means_is_written_down_with_its_order_and_no_other(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharge(&customer, "pay-00001", "native", 3_000).await;
        let other = till.recharge(&customer, "pay-00002", "precreate", 3_000).await;
        let path = format!("/customer/v1/orders/{}/method", id(&placed));
        customer.post(&path, json!({"method": "precreate"})).await.ok(200);
        // At one moment, as far as this clock tells.
        let mut all = said(&till.detail(&placed).await["log"]);
        all.sort_unstable();
        assert_eq!(all, [line("close", "done"), line("place", "done"), line("place", "done")]);
        assert_eq!(said(&till.detail(&other).await["log"]), [line("place", "done")]);
    }
}
