//! WeChat promises to sign what succeeds, and not what it refuses: a refusal is taken for one either way, and nothing else is believed unsigned.

use kernel::MINUTE;
use sandbox::{Asked, Returned, Troubles};
use serde_json::json;
use testkit::on_server;

use crate::support::pay::{Till, id, order, recharge, wallet};

const PHONE: &str = "13800138000";

on_server! {
    async fn v8_2_what_was_never_placed_is_paid_otherwise_or_cancelled_though_no_refusal_is_signed(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        for (n, verb) in ["method", "cancel"].into_iter().enumerate() {
            // WeChat never hears of it.
            till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
            recharge(&customer, &format!("pay-{n:05}"), "native", 3_000).await.refused(503, "PAYMENT_UNCLEAR");
            let placed = till.root.get("/api/v1/payments/orders?state=pending").await.ok(200)["items"][0].clone();
            till.networks.trouble(Troubles { asked: Asked::RefusesUnsigned, ..Troubles::default() });
            let path = format!("/customer/v1/orders/{}/{verb}", id(&placed));
            if verb == "cancel" {
                assert_eq!(customer.post(&path, json!({})).await.ok(200)["state"], "closed");
                assert_eq!(till.attempts(&placed).await, ["closed"]);
            } else {
                assert_eq!(customer.post(&path, json!({"method": "precreate"})).await.ok(200)["channel"], "alipay");
                till.networks.paid(&till.number(&placed).await).await;
                assert_eq!(till.attempts(&placed).await, ["closed", "taken"]);
            }
        }
        assert_eq!((wallet(&customer).await, till.networks.wechat.trades().len()), ((3_000, 0), 0));
    }

    async fn v4_1_a_refund_that_is_refused_unsigned_is_somebodys_to_look_at_who_is_told_that(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        till.networks.trouble(Troubles { asked: Asked::RefusesUnsigned, refunds: Returned::Refused, ..Troubles::default() });
        customer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 1_000})).await.ok(202);
        for _ in 0..4 {
            server.run_jobs().await;
            server.later(5 * MINUTE).await;
        }
        let stuck = till.root.get("/api/v1/payments/refunds?state=stuck").await.ok(200)["items"][0].clone();
        assert_eq!(stuck["problem"]["code"], "refused_unsigned", "{stuck}");
        assert_eq!(wallet(&customer).await, (3_000, 1_000));
    }

    async fn v4_1_nothing_is_paid_or_sent_back_on_the_word_of_an_answer_that_is_not_signed(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        let placed = till.recharge(&customer, "pay-00002", "h5", 700).await;
        assert!(till.networks.pay(&till.number(&placed).await).await);
        till.networks.trouble(Troubles { asked: Asked::Unsigned, ..Troubles::default() });
        customer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 1_000})).await.ok(202);
        server.later(MINUTE).await;
        server.run_jobs().await;
        // WeChat has taken the one and made the other, and says so: whoever stands between could say that too.
        assert_eq!((wallet(&customer).await, order(&customer, &placed).await["state"].clone()), ((3_000, 1_000), json!("pending")));
        till.networks.trouble(Troubles::default());
        server.later(2 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, order(&customer, &placed).await["state"].clone()), ((2_700, 0), json!("paid")));
    }
}
