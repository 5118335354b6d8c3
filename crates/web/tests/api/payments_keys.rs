//! WeChat Pay changes the key that it signs with: by degrees, while both are configured; and before the new one is, nothing is lost.

use kernel::{MINUTE, SECOND};
use platform::payments::{self, Parameters};
use sandbox::{Troubles, WechatPay};
use serde_json::json;
use testkit::{TestServer, on_server};

use crate::support::pay::{Till, order, wallet};

const PHONE: &str = "13800138000";

/// Of a hundred answers, and of a hundred notices, so many are signed by the new key.
fn by_next(till: &Till<'_>, share: u8) {
    till.networks.trouble(Troubles { next_key: share, ..Troubles::default() });
}

/// We know these of WeChat's keys.
async fn know(server: &TestServer, keys: &[usize]) {
    let mut own = WechatPay::parameters();
    let all = std::mem::take(&mut own.keys);
    own.keys = keys.iter().map(|key| all[*key].clone()).collect();
    let cx = server.cx();
    let mut tx = cx.db.begin().await.unwrap();
    payments::put(&mut tx, &cx, &Parameters::Wechat(own), true).await.unwrap();
    tx.commit().await.unwrap();
}

/// Whether what WeChat tells now of this payment is believed.
async fn believes(till: &Till<'_>, number: &str) -> bool {
    let believed = till.networks.deliver(&till.networks.notice(number)).await.status.is_success();
    till.server.run_jobs().await;
    believed
}

on_server! {
    async fn v4_1_while_wechat_changes_its_key_by_degrees_each_payment_and_refund_arrives_once(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let (mut n, mut money) = (0, 0);
        for share in [0, 5, 10, 25, 50, 75, 100] {
            by_next(&till, share);
            for method in ["h5", "native", "h5", "native"] {
                n += 1;
                let placed = till.recharge(&customer, &format!("pay-{n:05}"), method, 1_000).await;
                let number = till.number(&placed).await;
                assert!(till.networks.pay(&number).await);
                if n % 4 == 0 {
                    // Nobody tells it: it is in an answer.
                    server.later(4 * SECOND).await;
                } else {
                    // It is told twice: by the one key, by the other, or by both.
                    assert!(believes(&till, &number).await && believes(&till, &number).await, "{share}");
                }
                assert_eq!(order(&customer, &placed).await["state"], "paid", "{share}");
                server.run_jobs().await;
                money += 1_000;
                assert_eq!((wallet(&customer).await, till.attempts(&placed).await), ((money, 0), vec!["taken".to_owned()]), "{share}");
            }
            customer.post_once(&format!("back-{share:04}"), "/customer/v1/refunds", json!({"amount_fen": 700})).await.ok(202);
            server.run_jobs().await;
            money -= 700;
            assert_eq!(wallet(&customer).await, (money, 0), "{share}");
        }
        let trades = till.networks.wechat.trades();
        let back: i64 = trades.iter().map(|trade| trade.refunded().fen()).sum();
        assert_eq!((trades.len(), trades.iter().map(|trade| trade.amount.fen()).sum::<i64>() - back), (28, money));
        let [old, new] = till.networks.wechat.signed();
        assert!(old > 20 && new > 20, "both have signed: {old}, {new}");
    }

    async fn v8_2_what_a_key_signs_that_is_not_configured_is_not_believed_and_is_found_once_it_is(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        know(server, &[0]).await;
        let placed = till.recharge(&customer, "pay-00001", "native", 3_000).await;
        let number = till.number(&placed).await;
        assert!(till.networks.pay(&number).await);
        by_next(&till, 100);
        assert!(!believes(&till, &number).await);
        server.later(MINUTE).await;
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, order(&customer, &placed).await["state"].clone()), ((0, 0), json!("pending")));
        assert_eq!(till.detail(&placed).await["notices"], json!([]), "what is not believed is not kept");
        know(server, &[0, 1]).await;
        server.later(2 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, till.attempts(&placed).await), ((3_000, 0), vec!["taken".to_owned()]));
        assert!(believes(&till, &number).await);
        assert_eq!(wallet(&customer).await, (3_000, 0), "it was known");

        // The change is over, and the old key is taken out: what it signs is nobody's word any more.
        know(server, &[1]).await;
        let placed = till.recharge(&customer, "pay-00002", "native", 2_000).await;
        let number = till.number(&placed).await;
        assert!(till.networks.pay(&number).await);
        by_next(&till, 0);
        assert!(!believes(&till, &number).await);
        assert_eq!(wallet(&customer).await, (3_000, 0));
        by_next(&till, 100);
        assert!(believes(&till, &number).await);
        assert_eq!((wallet(&customer).await, till.attempts(&placed).await), ((5_000, 0), vec!["taken".to_owned()]));
    }
}
