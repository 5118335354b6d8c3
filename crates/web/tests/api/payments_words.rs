//! What people read of a problem is in their own language; and what a network has said stands apart from it, as the network's.

use kernel::MINUTE;
use platform::identity::Role;
use sandbox::{Asked, Returned, Troubles};
use serde_json::{Value, json};
use testkit::{Client, on_server};

use crate::support::pay::{Till, recharge};

const PHONE: &str = "13800138000";

/// A text without what is quoted in it.
fn ours(text: &str) -> String {
    let mut parts = text.split('“');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once('”').map_or("", |(_, rest)| rest))
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// The latest of what somebody is told, in Chinese and in English.
async fn told(of: &Client) -> (String, String) {
    let body = async |client: &Client| client.get("/api/v1/notifications").await.ok(200)["items"][0]["body"].as_str().unwrap().to_owned();
    (body(of).await, body(&of.with("accept-language", "en")).await)
}

on_server! {
    async fn v4_1_whoever_has_to_help_a_refund_reads_in_their_own_language_what_is_ours_and_what_the_network_has_said(server) {
        let till = Till::open(server).await;
        let owner = server.user(Role::SuperAdmin, "owner").await;
        owner.patch("/api/v1/me", json!({"language": "en"})).await.ok(200);
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        till.networks.trouble(Troubles { refunds: Returned::Refused, ..Troubles::default() });
        customer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 1_000})).await.ok(202);
        for _ in 0..6 {
            server.run_jobs().await;
            server.later(5 * MINUTE).await;
        }
        let problem = till.root.get("/api/v1/payments/refunds?state=stuck").await.ok(200)["items"][0]["problem"].clone();
        let said = problem["said"].as_str().unwrap().to_owned();
        assert!(problem["code"] == "refused" && said.starts_with("USER_ACCOUNT_ABNORMAL"), "{problem}");
        let (zh, en) = told(&till.root).await;
        assert!(zh.contains(&format!("渠道拒绝；渠道答复：“{said}”")), "{zh}");
        assert!(!ours(&zh).contains(|c: char| c.is_ascii_lowercase()), "{zh}");
        assert!(en.contains(&format!("the network refuses; the network’s answer: “{said}”")) && !is_chinese(&ours(&en)), "{en}");
        // Each has a mail in the language of their own.
        for (name, body) in [("cashier", &zh), ("owner", &en)] {
            let mails = server.mails(&format!("{name}@example.com")).await;
            assert!(mails.iter().any(|(_, text)| text == body), "{mails:?}");
        }
    }

    async fn k12_1_a_payment_that_does_not_fit_is_told_to_each_in_their_own_language(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharged_otherwise(&customer, "pay-00001", 5_000).await;
        server.run_jobs().await;
        let (zh, en) = told(&till.root).await;
        assert!(zh.contains("渠道报告的付款金额是 49.99 元") && !zh.contains(|c: char| c.is_ascii_lowercase()), "{zh}");
        assert!(en.contains("the network says that 49.99 yuan were paid") && !is_chinese(&en), "{en}");
        // The same in the operation log: a code, in no language.
        let path = format!("/api/v1/payments/orders/{}/seen", crate::support::pay::id(&placed));
        till.root.post(&path, json!({"note": "已核对"})).await.ok(204);
        let log = till.root.get("/api/v1/logs/operations").await.ok(200);
        let seen = log["items"].as_array().unwrap().iter().find(|line| line["detail"]["problems"].is_array()).unwrap();
        assert_eq!(seen["detail"]["problems"], json!([{"code": "other_amount", "amount_fen": 4_999, "number": null, "said": null}]));
    }

    async fn v4_1_a_network_that_gives_no_answer_is_told_of_in_the_readers_language(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        for n in 0..3 {
            recharge(&customer, &format!("pay-{n:05}"), "native", 3_000).await.refused(503, "PAYMENT_UNCLEAR");
        }
        let (zh, en) = told(&till.root).await;
        assert!(zh.contains("（渠道繁忙或出错；渠道答复：“HTTP 503”）"), "{zh}");
        assert!(en.contains("(the network is busy, or in trouble; the network’s answer: “HTTP 503”)"), "{en}");
        let orders = till.root.get("/api/v1/payments/orders?state=pending").await.ok(200)["items"].clone();
        let log = till.detail(&orders[0]).await["log"].clone();
        assert_eq!(log[0]["problem"], json!({"code": "in_trouble", "amount_fen": null, "number": null, "said": "HTTP 503"}));
        assert_eq!(log[0].get("detail"), None::<&Value>);
    }
}
