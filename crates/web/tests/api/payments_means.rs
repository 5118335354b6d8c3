//! Paying by another means than one has begun with: what was begun is closed first, or stays as it is.

use kernel::MINUTE;
use sandbox::TradeState;
use serde_json::json;
use testkit::on_server;

use crate::support::pay::{Till, id, order, wallet};

const PHONE: &str = "13800138000";

on_server! {
    async fn v4_1_paying_otherwise_closes_what_was_begun(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharge(&customer, "pay-00001", "h5", 3_000).await;
        let first = till.number(&placed).await;
        let path = format!("/customer/v1/orders/{}", id(&placed));
        let other = customer.post(&format!("{path}/method"), json!({"method": "wap"})).await.ok(200);
        till.networks.visit(&other).await;
        assert_eq!((&other["channel"], &other["id"]), (&json!("alipay"), &placed["id"]));
        assert_eq!(till.networks.trade(&first).state, TradeState::Closed);
        assert!(!till.networks.pay(&first).await, "it cannot be paid any more");
        till.networks.paid(&till.number(&placed).await).await;
        assert_eq!((till.attempts(&placed).await, wallet(&customer).await), (vec!["closed".to_owned(), "taken".to_owned()], (3_000, 0)));
        // It is paid: nothing else can be begun, and nothing ended.
        customer.post(&format!("{path}/method"), json!({"method": "h5"})).await.refused(409, "ORDER_NOT_PENDING");
        customer.post(&format!("{path}/cancel"), json!({})).await.refused(409, "ORDER_NOT_PENDING");
    }

    async fn v4_1_a_change_of_means_that_is_refused_leaves_what_was_begun_to_be_paid(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharge(&customer, "pay-00001", "native", 3_000).await;
        let number = till.number(&placed).await;
        let path = format!("/customer/v1/orders/{}/method", id(&placed));
        // Nobody is known inside WeChat; this is no table; nobody may choose that; and Alipay is switched off.
        customer.post(&path, json!({"method": "jsapi"})).await.refused(409, "WECHAT_SIGN_IN_NEEDED");
        till.networks.freeze().await;
        for method in ["freeze", "capture"] {
            customer.post(&path, json!({"method": method})).await.refused(409, "CHANNEL_UNAVAILABLE");
        }
        let shown = till.root.get("/api/v1/payments/channels").await.ok(200)["items"][1].clone();
        let parameters = json!({"app_id": shown["parameters"]["app_id"], "merchant_id": shown["parameters"]["merchant_id"]});
        till.root.put("/api/v1/payments/channels/alipay", json!({"enabled": false, "parameters": parameters})).await.ok(200);
        customer.post(&path, json!({"method": "precreate"})).await.refused(409, "CHANNEL_UNAVAILABLE");
        assert_eq!((till.attempts(&placed).await, till.networks.trade(&number).state), (vec!["waiting".to_owned()], TradeState::Open));
        till.networks.paid(&number).await;
        assert_eq!((wallet(&customer).await, till.attempts(&placed).await), ((3_000, 0), vec!["taken".to_owned()]));

        // Its time is over, and it is asked about a last time, whatever somebody asks for meanwhile.
        let late = till.recharge(&customer, "pay-00002", "native", 700).await;
        let number = till.number(&late).await;
        assert!(till.networks.pay(&number).await);
        server.later(15 * MINUTE).await;
        customer.post(&format!("/customer/v1/orders/{}/method", id(&late)), json!({"method": "h5"})).await.refused(409, "ORDER_NOT_PENDING");
        assert_eq!(till.attempts(&late).await, ["waiting"]);
        server.run_jobs().await;
        assert_eq!(wallet(&customer).await, (3_700, 0));
    }

    async fn v4_1_the_means_of_a_payment_are_changed_a_few_times_and_the_last_can_still_be_paid(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharge(&customer, "pay-00001", "native", 3_000).await;
        let path = format!("/customer/v1/orders/{}/method", id(&placed));
        for n in 1..10 {
            let method = if n % 2 == 0 { "native" } else { "precreate" };
            customer.post(&path, json!({"method": method})).await.ok(200);
        }
        for method in ["native", "precreate"] {
            customer.post(&path, json!({"method": method})).await.refused(409, "TOO_MANY_ATTEMPTS");
        }
        let attempts = till.attempts(&placed).await;
        assert_eq!((attempts.len(), attempts[9].as_str(), attempts.iter().filter(|state| *state == "closed").count()), (10, "waiting", 9));
        till.networks.paid(&till.number(&placed).await).await;
        assert_eq!((wallet(&customer).await, order(&customer, &placed).await["channel"].clone()), ((3_000, 0), json!("alipay")));
        customer.post(&path, json!({"method": "native"})).await.refused(409, "ORDER_NOT_PENDING");
    }

    async fn v4_1_whoever_has_paid_in_the_meantime_pays_no_second_time(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharge(&customer, "pay-00001", "h5", 3_000).await;
        till.networks.pay(&till.number(&placed).await).await;
        let path = format!("/customer/v1/orders/{}", id(&placed));
        customer.post(&format!("{path}/method"), json!({"method": "wap"})).await.refused(409, "ORDER_NOT_PENDING");
        server.run_jobs().await;
        assert_eq!((order(&customer, &placed).await["state"].clone(), wallet(&customer).await), (json!("paid"), (3_000, 0)));
        assert_eq!(till.networks.alipay.trades().len(), 0);
    }
}
