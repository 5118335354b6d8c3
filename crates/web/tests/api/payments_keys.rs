//! Keys. WeChat Pay changes the one that it signs with: by degrees, while both are configured; and before the new one is, nothing is lost. Our own
//! are sealed where they are kept.

use kernel::{MINUTE, SECOND};
use platform::payments::{self, Parameters};
use sandbox::{Alipay, Troubles, WechatPay};
use serde_json::json;
use store::{Sql as _, args};
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

/// The parameters of all networks, as they are stored.
async fn kept(server: &TestServer) -> Vec<Vec<u8>> {
    let sql = "SELECT parameters FROM pay_merchants ORDER BY channel";
    server.platform.db.read().all(sql, args![], |row| row.get("parameters")).await.unwrap()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
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

    async fn k12_1_parameters_of_networks_are_encrypted_where_they_are_kept_and_their_secrets_are_nowhere_else(server) {
        let till = Till::open(server).await;
        let forms = [("alipay", Alipay::form()), ("wechat", WechatPay::form())];
        let mut secrets = vec!["PRIVATE KEY".to_owned(), forms[1].1["api_v3_key"].as_str().unwrap().to_owned()];
        for (_, form) in &forms {
            // Of the key itself: a line between its first and its last.
            secrets.push(form["private_key"].as_str().unwrap().lines().nth(1).unwrap().to_owned());
        }
        let before = kept(server).await;
        for (channel, form) in &forms {
            let set = till.root.put(&format!("/api/v1/payments/channels/{channel}"), json!({"enabled": true, "parameters": form})).await.ok(200);
            assert!(!holds(set.to_string().as_bytes(), "PRIVATE KEY"), "{set}");
        }
        let after = kept(server).await;
        assert_eq!((before.len(), after.len()), (2, 2));
        let plain = [Parameters::Alipay(Alipay::parameters()), Parameters::Wechat(WechatPay::parameters())];
        for (bytes, own) in after.iter().zip(&plain) {
            let plain = serde_json::to_vec(own).unwrap();
            assert!(bytes.len() >= plain.len(), "all of it is there");
            assert!(holds(&plain, "PRIVATE KEY"), "it would be seen");
        }
        for secret in &secrets {
            assert!(!secret.is_empty() && before.iter().chain(&after).all(|bytes| !holds(bytes, secret)), "{secret}");
        }
        for (was, is) in before.iter().zip(&after) {
            assert_ne!(was, is, "the same, stored again, is sealed anew");
        }
        let texts = server.stored_texts().await;
        assert!(texts.iter().any(|text| text.contains("merchant_id")), "that they were set is logged");
        assert!(texts.iter().all(|text| secrets.iter().all(|secret| !text.contains(secret.as_str()))), "{texts:?}");
        // And they can be read by whoever has the key: a payment is made.
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "native", 1_000).await;
        assert_eq!(wallet(&customer).await, (1_000, 0));
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
