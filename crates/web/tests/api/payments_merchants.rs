//! Another merchant in the place of the one before: what was placed with either is paid to it, asked about there, and given back by it.

use kernel::MINUTE;
use sandbox::{Returned, Trade, Troubles, WechatPay};
use serde_json::{Value, json};
use testkit::on_server;

use crate::support::freeze::{self, ask, books, close};
use crate::support::merchant::both;
use crate::support::pay::{Till, id, order, wallet, words};

const PHONE: &str = "13800138000";

/// With whom the payments of an order were placed.
async fn merchants(till: &Till<'_>, placed: &Value) -> Vec<String> {
    words(&till.detail(placed).await["attempts"], "merchant_id")
}

on_server! {
    async fn v4_1_what_was_begun_at_a_merchant_arrives_from_it_after_another_has_taken_its_place(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let mut money = 0;
        for (method, second) in &both(&till).await {
            let told = till.recharge(&customer, &format!("told-{method}"), method, 5_000).await;
            let lost = till.recharge(&customer, &format!("lost-{method}"), method, 700).await;
            second.become_it(&till).await;
            // It is paid where it was placed, and that network tells.
            till.networks.paid(&till.number(&told).await).await;
            money += 5_000;
            assert_eq!((wallet(&customer).await, till.attempts(&told).await), ((money, 0), vec!["taken".to_owned()]), "{method}");
            // Or does not tell, and is asked.
            assert!(till.networks.pay(&till.number(&lost).await).await);
            server.later(MINUTE).await;
            server.run_jobs().await;
            money += 700;
            assert_eq!((wallet(&customer).await, till.attempts(&lost).await), ((money, 0), vec!["taken".to_owned()]), "{method}");
            // What is begun now is the other's.
            let placed = till.recharge(&customer, &format!("next-{method}"), method, 300).await;
            assert_eq!(second.trades().len(), 1);
            second.paid(&till, &till.number(&placed).await).await;
            money += 300;
            let [one, other] = second.numbers();
            assert_eq!(wallet(&customer).await, (money, 0), "{method}");
            assert_eq!((merchants(&till, &told).await, merchants(&till, &placed).await), (vec![one], vec![other]));
        }
    }

    async fn v8_2_what_was_begun_at_a_merchant_and_is_not_paid_is_closed_there(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        for (method, second) in &both(&till).await {
            let forgotten = till.recharge(&customer, &format!("pay-1{method}"), method, 5_000).await;
            let changed = till.recharge(&customer, &format!("pay-2{method}"), method, 5_000).await;
            second.become_it(&till).await;
            let other = if *method == "native" { "h5" } else { "wap" };
            let path = format!("/customer/v1/orders/{}/method", id(&changed));
            let first = till.number(&changed).await;
            customer.post(&path, json!({"method": other})).await.ok(200);
            assert!(!till.networks.pay(&first).await, "it cannot be paid any more");
            let [one, next] = second.numbers();
            assert_eq!(merchants(&till, &changed).await, [one, next]);
            server.later(17 * MINUTE).await;
            server.run_jobs().await;
            assert_eq!(order(&customer, &forgotten).await["state"], "closed");
            assert_eq!(till.attempts(&forgotten).await, ["closed"]);
            assert!(!till.networks.pay(&till.number(&forgotten).await).await);
        }
        assert_eq!(wallet(&customer).await, (0, 0));
    }

    async fn v4_1_what_a_merchant_has_taken_goes_back_from_it_and_from_no_other(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        for (method, second) in &both(&till).await {
            let first = till.recharged(&customer, &format!("pay-1{method}"), method, 3_000).await;
            second.become_it(&till).await;
            let placed = till.recharge(&customer, &format!("pay-2{method}"), method, 2_000).await;
            second.paid(&till, &till.number(&placed).await).await;
            // The merchant of before will not for a while, and is asked again.
            till.networks.trouble(Troubles { refunds: Returned::Refused, ..Troubles::default() });
            customer.post_once(&format!("back-{method}"), "/customer/v1/refunds", json!({"amount_fen": 5_000})).await.ok(202);
            server.run_jobs().await;
            assert_eq!((wallet(&customer).await, second.trades()[0].refunded().fen()), ((3_000, 3_000), 2_000), "{method}");
            till.networks.trouble(Troubles::default());
            server.later(MINUTE).await;
            server.run_jobs().await;
            let back = till.networks.trade(&till.number(&first).await).refunded().fen();
            assert_eq!((wallet(&customer).await, back, second.trades()[0].refunded().fen()), ((0, 0), 3_000, 2_000), "{method}");
        }
    }

    async fn k12_1_what_a_network_tells_one_merchant_of_another_merchants_payment_moves_nothing(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        for (method, second) in &both(&till).await {
            till.recharged(&customer, &format!("pay-1{method}"), method, 100).await;
            second.become_it(&till).await;
            let before = wallet(&customer).await;
            let placed = till.recharge(&customer, &format!("pay-2{method}"), method, 5_000).await;
            let number = till.number(&placed).await;
            // Whoever has the merchant of before is paid so much, under our number; the network says so, and it is true.
            let told = second.told_to_the_first(&till, &number, 5_000);
            assert!(till.networks.deliver(&told).await.status.is_success());
            server.run_jobs().await;
            let detail = till.detail(&placed).await;
            assert_eq!((&detail["notices"][0]["outcome"], &detail["attempts"][0]["state"]), (&json!("foreign"), &json!("waiting")), "{method}");
            assert_eq!(wallet(&customer).await, before, "{method}");
            second.paid(&till, &number).await;
            assert_eq!(wallet(&customer).await, (before.0 + 5_000, 0), "{method}");
        }
    }

    async fn v3_2_what_one_merchant_has_frozen_is_taken_and_let_go_by_it(server) {
        let (till, hall, customer) = freeze::open(server).await;
        let [_, (_, second)] = both(&till).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        till.networks.paid(&till.number(&placed).await).await;
        hall.table_is(0, "playing").await;
        second.become_it(&till).await;
        close(server, &hall, &customer, 20).await;
        assert_eq!((books(&till), wallet(&customer).await), ((3_600, 2_400, vec![1_200]), (0, 0)));
        assert_eq!(second.trades().len(), 0, "nothing of it is the other's");
        // Nor is anything that is frozen now the first one's.
        let placed = ask(&customer, &hall.tables[0].id, "pay-00002").await.ok(201);
        let frozen: Vec<String> = second.trades().into_iter().filter(Trade::is_frozen).map(|trade| trade.number).collect();
        assert_eq!(frozen, [till.number(&placed).await]);
    }

    async fn v8_2_another_app_of_the_same_merchant_is_no_other_merchant(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharge(&customer, "pay-00001", "native", 5_000).await;
        let own = WechatPay::parameters();
        let form = json!({"app_id": own.mini_app_id, "merchant_id": own.merchant_id, "serial": own.serial});
        let set = till.root.put("/api/v1/payments/channels/wechat", json!({"enabled": true, "parameters": form})).await.ok(200);
        assert_eq!((&set["parameters"]["app_id"], &set["earlier"]), (&json!(own.mini_app_id), &json!([])));
        // What the app of before has placed is told in its name.
        till.networks.paid(&till.number(&placed).await).await;
        assert_eq!(wallet(&customer).await, (5_000, 0));
        let lost = till.recharge(&customer, "pay-00002", "native", 700).await;
        let back = json!({"app_id": own.app_id, "merchant_id": own.merchant_id, "serial": own.serial});
        till.root.put("/api/v1/payments/channels/wechat", json!({"enabled": true, "parameters": back})).await.ok(200);
        assert!(till.networks.pay(&till.number(&lost).await).await);
        server.later(MINUTE).await;
        server.run_jobs().await;
        assert_eq!(wallet(&customer).await, (5_700, 0));
    }
}
