//! Notices that come late, or in another order than that in which things happened: each payment counts once, whoever tells of it first.

use kernel::{HOUR, MINUTE, SECOND};
use platform::payments::ChannelKind;
use sandbox::{Asked, Told, Troubles};
use serde_json::json;
use testkit::{Hall, on_server};

use crate::support::pay::{Till, id, order, told, wallet};

const PHONE: &str = "13800138000";
const OTHER: &str = "13900139000";

/// A way to pay of each network that tells.
const BOTH: [(&str, ChannelKind); 2] = [("native", ChannelKind::Wechat), ("precreate", ChannelKind::Alipay)];

/// From now on the networks keep what they tell, and are asked with this trouble.
fn keep(till: &Till<'_>, asked: Asked) {
    let troubles = Troubles { told: Told::Kept, asked, ..Troubles::default() };
    till.networks.wechat.set(troubles);
    till.networks.alipay.set(troubles);
}

/// The notice arrives that a network has kept so many places behind the oldest, and what follows is done.
async fn arrives(till: &Till<'_>, kind: ChannelKind, at: usize) {
    let notice = if kind == ChannelKind::Wechat {
        let (headers, body) = till.networks.wechat.release(at).unwrap();
        (kind, headers, body)
    } else {
        let form = till.networks.alipay.release(at).unwrap();
        (kind, vec![("content-type", "application/x-www-form-urlencoded".to_owned())], form)
    };
    let answer = till.networks.deliver(&notice).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    till.server.run_jobs().await;
}

on_server! {
    async fn v4_1_a_notice_that_comes_hours_after_the_network_was_asked_changes_nothing(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        keep(&till, Asked::Well);
        for (n, (method, kind)) in BOTH.into_iter().enumerate() {
            let placed = till.recharge(&customer, &format!("pay-{n:05}"), method, 3_000).await;
            assert!(till.networks.pay(&till.number(&placed).await).await);
            assert_eq!(order(&customer, &placed).await["state"], "pending", "nobody has told it");
            server.later(4 * SECOND).await;
            assert_eq!(order(&customer, &placed).await["state"], "paid");
            server.run_jobs().await;
            let (money, heard) = (wallet(&customer).await, told(&customer).await);
            server.later(3 * HOUR).await;
            arrives(&till, kind, 0).await;
            assert_eq!((wallet(&customer).await, told(&customer).await), (money, heard), "{method}");
            assert_eq!(till.attempts(&placed).await, ["taken"]);
            let detail = till.detail(&placed).await;
            assert_eq!((&detail["notices"][0]["outcome"], &detail["refunds"]), (&json!("known"), &json!([])), "{detail}");
        }
        assert_eq!((wallet(&customer).await, told(&customer).await.len()), ((6_000, 0), 3));
    }

    async fn v4_1_a_notice_that_comes_after_its_order_was_to_be_cancelled_changes_nothing(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        keep(&till, Asked::Well);
        for (n, (method, kind)) in BOTH.into_iter().enumerate() {
            let placed = till.recharge(&customer, &format!("pay-{n:05}"), method, 3_000).await;
            assert!(till.networks.pay(&till.number(&placed).await).await);
            // The network will not close what is paid: that is how it is heard of.
            customer.post(&format!("/customer/v1/orders/{}/cancel", id(&placed)), json!({})).await.refused(409, "ORDER_NOT_PENDING");
            server.run_jobs().await;
            let money = wallet(&customer).await;
            assert_eq!(money, (3_000 * (i64::try_from(n).unwrap() + 1), 0), "{method}");
            server.later(20 * MINUTE).await;
            arrives(&till, kind, 0).await;
            assert_eq!((wallet(&customer).await, till.attempts(&placed).await), (money, vec!["taken".to_owned()]), "{method}");
        }
    }

    async fn v4_1_a_notice_that_comes_after_its_order_was_closed_sends_the_money_back_once(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        keep(&till, Asked::Well);
        for (n, (method, kind)) in BOTH.into_iter().enumerate() {
            let placed = till.recharge(&customer, &format!("pay-{n:05}"), method, 3_000).await;
            let number = till.number(&placed).await;
            assert!(till.networks.pay(&number).await);
            // As where a network closes late: it is paid there, and closed here.
            let cx = server.cx();
            let mut tx = cx.db.begin().await.unwrap();
            tx.exec("UPDATE pay_orders SET state = 'closed' WHERE state = 'pending'", vec![]).await.unwrap();
            tx.exec("UPDATE pay_attempts SET state = 'closed' WHERE state = 'waiting'", vec![]).await.unwrap();
            tx.commit().await.unwrap();
            server.later(2 * HOUR).await;
            server.run_jobs().await;
            assert_eq!(till.attempts(&placed).await, ["closed"], "{method}");
            arrives(&till, kind, 0).await;
            // WeChat tells of the refund as well.
            while till.networks.wechat.owed() > 0 {
                arrives(&till, ChannelKind::Wechat, 0).await;
            }
            assert_eq!((wallet(&customer).await, till.attempts(&placed).await), ((0, 0), vec!["surplus".to_owned()]), "{method}");
            assert_eq!(till.refunds(&placed).await, [(3_000, "surplus".to_owned(), "done".to_owned())]);
            let trade = till.networks.trade(&number);
            assert_eq!((trade.refunded().fen(), trade.refunds.len()), (3_000, 1));
        }
    }

    async fn v4_1_a_refunds_notice_that_comes_before_its_payments_counts_and_so_does_the_payments(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        keep(&till, Asked::Well);
        let placed = till.recharge(&customer, "pay-00001", "h5", 3_000).await;
        let number = till.number(&placed).await;
        assert!(till.networks.pay(&number).await);
        server.later(4 * SECOND).await;
        assert_eq!(order(&customer, &placed).await["state"], "paid");
        server.run_jobs().await;
        // The refund is made, and its answer lost: it is heard of by its notice alone.
        keep(&till, Asked::DoneAndSilent);
        customer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 3_000})).await.ok(202);
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, till.networks.wechat.owed()), ((3_000, 3_000), 2));
        keep(&till, Asked::Well);
        arrives(&till, ChannelKind::Wechat, 1).await;
        let back = vec![(3_000, "asked".to_owned(), "done".to_owned())];
        assert_eq!((wallet(&customer).await, till.refunds(&placed).await), ((0, 0), back.clone()));
        arrives(&till, ChannelKind::Wechat, 0).await;
        server.later(HOUR).await;
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, till.refunds(&placed).await), ((0, 0), back));
        assert_eq!((till.attempts(&placed).await, till.networks.trade(&number).refunds.len()), (vec!["taken".to_owned()], 1));

        // Made on WeChat's own pages, of a payment that is not known here yet.
        let placed = till.recharge(&customer, "pay-00002", "h5", 2_000).await;
        let number = till.number(&placed).await;
        assert!(till.networks.pay(&number).await);
        till.networks.refund_elsewhere(&number, 100).await;
        arrives(&till, ChannelKind::Wechat, 1).await;
        assert_eq!((wallet(&customer).await, order(&customer, &placed).await["state"].clone()), ((0, 0), json!("pending")));
        arrives(&till, ChannelKind::Wechat, 0).await;
        assert_eq!((wallet(&customer).await, till.attempts(&placed).await), ((2_000, 0), vec!["taken".to_owned()]));
    }

    async fn v4_1_two_notices_that_change_places_pay_each_its_own_order(server) {
        let till = Till::open(server).await;
        let (first, second) = (till.customer(PHONE).await, till.customer(OTHER).await);
        keep(&till, Asked::Well);
        for (n, (method, kind)) in BOTH.into_iter().enumerate() {
            let key = format!("pay-{n:05}");
            let (one, two) = (till.recharge(&first, &key, method, 3_000).await, till.recharge(&second, &key, method, 5_000).await);
            for placed in [&one, &two] {
                assert!(till.networks.pay(&till.number(placed).await).await);
            }
            let rounds = i64::try_from(n).unwrap();
            arrives(&till, kind, 1).await;
            assert_eq!((wallet(&first).await, wallet(&second).await), ((3_000 * rounds, 0), (5_000 * (rounds + 1), 0)), "{method}");
            arrives(&till, kind, 0).await;
            assert_eq!((wallet(&first).await, wallet(&second).await), ((3_000 * (rounds + 1), 0), (5_000 * (rounds + 1), 0)), "{method}");
            for placed in [&one, &two] {
                assert_eq!(till.attempts(placed).await, ["taken"]);
            }
        }
        for customer in [&first, &second] {
            assert_eq!(told(customer).await, ["wallet.recharged", "wallet.recharged", "welcome"]);
        }
    }

    async fn v3_1c_of_two_who_pay_for_one_table_whoever_is_told_of_first_plays_and_the_other_has_it_back(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let (first, second) = (till.customer(PHONE).await, till.customer(OTHER).await);
        keep(&till, Asked::Well);
        let table = json!({"table_id": hall.tables[0].id, "minutes": 60, "expected_fen": 3_600});
        let mut orders = Vec::new();
        for customer in [&first, &second] {
            let placed = customer.post_once("pay-00001", "/customer/v1/orders", json!({"method": "native", "table": table})).await.ok(201);
            assert!(till.networks.pay(&till.number(&placed).await).await);
            orders.push(placed);
        }
        arrives(&till, ChannelKind::Wechat, 1).await;
        hall.table_is(0, "playing").await;
        arrives(&till, ChannelKind::Wechat, 0).await;
        while till.networks.wechat.owed() > 0 {
            arrives(&till, ChannelKind::Wechat, 0).await;
        }
        assert_eq!((wallet(&first).await, wallet(&second).await), ((0, 0), (3_600, 3_600)));
        assert_eq!(till.refunds(&orders[0]).await, [(3_600, "not_opened".to_owned(), "done".to_owned())]);
        assert!(till.refunds(&orders[1]).await.is_empty());
        let back: i64 = till.networks.trades().iter().map(|trade| trade.refunded().fen()).sum();
        assert_eq!(back, 3_600);
    }
}
