//! What somebody has to look after is told to super admins by itself: once.

use kernel::{HOUR, MINUTE};
use sandbox::{Asked, Returned, Told, Troubles};
use serde_json::json;
use testkit::on_server;

use crate::support::pay::{Till, id, recharge, wallet};

const PHONE: &str = "13800138000";

on_server! {
    async fn v4_1_whoever_can_help_a_stuck_refund_is_told_of_it_once(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        till.networks.trouble(Troubles { refunds: Returned::Refused, ..Troubles::default() });
        customer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 1_250})).await.ok(202);
        for _ in 0..6 {
            server.run_jobs().await;
            server.later(5 * MINUTE).await;
        }
        assert_eq!(server.told(till.root.id()).await, ["pay.refund_stuck"]);
        let told = till.root.get("/api/v1/notifications").await.ok(200)["items"][0].clone();
        assert_eq!(told["link"], json!(format!("/payments/orders/{}", id(&placed))));
        let body = told["body"].as_str().unwrap();
        assert!(body.contains("12.50 元") && body.contains("USER_ACCOUNT_ABNORMAL"), "{body}");
        let mails = server.mails("cashier@example.com").await;
        assert_eq!(mails.iter().filter(|(_, text)| text.contains("12.50 元")).count(), 1, "{mails:?}");
        // Somebody has it tried again, and it is stuck again: that is another thing to look at.
        let stuck = till.root.get("/api/v1/payments/refunds?state=stuck").await.ok(200)["items"][0].clone();
        till.root.post(&format!("/api/v1/payments/refunds/{}/remedy", id(&stuck)), json!({"remedy": "retry", "note": ""})).await.ok(200);
        for _ in 0..6 {
            server.run_jobs().await;
            server.later(5 * MINUTE).await;
        }
        assert_eq!(server.told(till.root.id()).await, ["pay.refund_stuck"; 2]);
    }

    async fn v4_1_a_payment_that_does_not_fit_is_told_once_however_often_it_is_seen(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharge(&customer, "pay-00001", "wap", 5_000).await;
        assert!(till.networks.pay(&till.number(&placed).await).await);
        till.networks.trouble(Troubles { asked: Asked::Altered, ..Troubles::default() });
        for _ in 0..4 {
            server.later(2 * MINUTE).await;
            server.run_jobs().await;
        }
        assert_eq!((wallet(&customer).await, server.told(till.root.id()).await), ((0, 0), vec!["pay.problem".to_owned()]));
        let told = till.root.get("/api/v1/notifications").await.ok(200)["items"][0].clone();
        assert!(told["body"].as_str().unwrap().contains("49.99 元"), "{told}");
        assert_eq!(told["link"], json!(format!("/payments/orders/{}", id(&placed))));
        // Right after all.
        till.networks.trouble(Troubles::default());
        server.later(10 * MINUTE).await;
        server.tick().await;
        assert_eq!((wallet(&customer).await, server.told(till.root.id()).await.len()), ((5_000, 0), 1));
    }

    async fn v8_2_a_payment_that_its_network_does_not_speak_of_for_a_day_is_told_once_and_still_taken(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let mut placed = Vec::new();
        for (n, method) in ["native", "precreate"].into_iter().enumerate() {
            placed.push(till.recharge(&customer, &format!("pay-{n:05}"), method, 5_000).await);
            assert!(till.networks.pay(&till.number(&placed[n]).await).await);
        }
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        // Fifteen minutes to pay, and a day but two minutes.
        server.later(24 * HOUR + 13 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!((server.told(till.root.id()).await.len(), till.waiting().await["payments"].clone()), (0, json!(0)));
        for _ in 0..4 {
            server.later(5 * MINUTE).await;
            server.run_jobs().await;
        }
        assert_eq!((server.told(till.root.id()).await, till.waiting().await["payments"].clone()), (vec!["pay.problem".to_owned(); 2], json!(2)));
        let told = till.root.get("/api/v1/notifications").await.ok(200)["items"].clone();
        for one in told.as_array().unwrap() {
            let (body, link) = (one["body"].as_str().unwrap(), one["link"].as_str().unwrap());
            assert!(body.contains("50.00 元") && body.contains("超过一天"), "{body}");
            assert!(placed.iter().any(|order| link == format!("/payments/orders/{}", id(order))), "{link}");
        }
        // It is asked on, and says at last that it was paid: in time, as far as anybody knows.
        till.networks.trouble(Troubles::default());
        server.later(HOUR).await;
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, till.waiting().await["payments"].clone()), ((10_000, 0), json!(0)));
        for order in &placed {
            assert_eq!(till.attempts(order).await, ["taken"]);
        }
        assert_eq!(server.told(till.root.id()).await.len(), 2);
    }

    async fn v4_1_a_payment_that_its_network_refuses_is_told_once_an_hour_and_made_by_another_means(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let refusing = Troubles { asked: Asked::PlacesRefused, told: Told::Lost, ..Troubles::default() };
        till.networks.wechat.set(refusing);
        for (n, method) in ["h5", "native"].into_iter().enumerate() {
            recharge(&customer, &format!("pay-{n:05}"), method, 5_000).await.refused(409, "PAYMENT_REFUSED");
            server.later(MINUTE).await;
        }
        // Newest first.
        let orders = till.root.get("/api/v1/payments/orders?state=pending").await.ok(200)["items"].clone();
        let first = orders[1].clone();
        for order in [&first, &orders[0]] {
            let attempts = till.detail(order).await["attempts"].clone();
            assert_eq!((attempts.as_array().unwrap().len(), &attempts[0]["state"]), (1, &json!("closed")));
            let problem = &attempts[0]["problem"];
            assert!(problem["code"] == "refused" && problem["said"].as_str().unwrap().contains("SIGN_ERROR"), "{attempts}");
        }
        assert_eq!(server.told(till.root.id()).await, ["pay.refused"], "each customer is refused, and people are told once");
        let told = till.root.get("/api/v1/notifications").await.ok(200)["items"][0].clone();
        assert_eq!(told["link"], json!(format!("/payments/orders/{}", id(&first))));
        let body = told["body"].as_str().unwrap();
        assert!(body.contains("WeChat Pay") && body.contains("50.00 元") && body.contains("SIGN_ERROR"), "{body}");
        assert_eq!(server.mails("cashier@example.com").await.iter().filter(|(_, text)| text.contains("SIGN_ERROR")).count(), 1);
        // The other network takes it.
        let path = format!("/customer/v1/orders/{}/method", id(&first));
        let other = customer.post(&path, json!({"method": "precreate"})).await.ok(200);
        assert_eq!((&other["id"], &other["channel"]), (&first["id"], &json!("alipay")));
        till.networks.paid(&till.number(&first).await).await;
        assert_eq!((wallet(&customer).await, till.attempts(&first).await), ((5_000, 0), vec!["closed".to_owned(), "taken".to_owned()]));
        // An hour later it is still so, and now Alipay refuses too.
        till.networks.alipay.set(refusing);
        server.later(HOUR).await;
        for (n, method) in ["h5", "precreate", "native", "precreate"].into_iter().enumerate() {
            recharge(&customer, &format!("later-{n:05}"), method, 5_000).await.refused(409, "PAYMENT_REFUSED");
        }
        assert_eq!(server.told(till.root.id()).await, ["pay.refused"; 3]);
    }

    async fn v8_1_a_network_that_gives_no_clear_answer_again_and_again_is_told_once_an_hour(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        till.networks.wechat.set(Troubles { asked: Asked::Down, ..Troubles::default() });
        for n in 0..5 {
            recharge(&customer, &format!("pay-{n:05}"), "h5", 5_000).await.refused(503, "PAYMENT_UNCLEAR");
            let told = server.told(till.root.id()).await;
            assert_eq!(told.len(), usize::from(n >= 2), "once is nothing, and three times are told once: {told:?}");
        }
        let told = till.root.get("/api/v1/notifications").await.ok(200)["items"][0].clone();
        assert_eq!((&told["kind"], &told["link"]), (&json!("pay.unclear"), &json!("/payments")));
        assert!(told["body"].as_str().unwrap().contains("WeChat Pay"), "{told}");
        // The other network is well, and nothing is told of it.
        recharge(&customer, "other-001", "precreate", 5_000).await.ok(201);
        server.later(HOUR).await;
        for n in 0..3 {
            recharge(&customer, &format!("later-{n:04}"), "h5", 5_000).await.refused(503, "PAYMENT_UNCLEAR");
        }
        assert_eq!(server.told(till.root.id()).await, ["pay.unclear"; 2]);
    }

    async fn v8_2_a_day_that_does_not_agree_is_told_once_and_one_that_does_is_not(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        till.recharged(&customer, "pay-00002", "wap", 2_000).await;
        till.networks.refund_elsewhere(&till.number(&placed).await, 100).await;
        for _ in 0..3 {
            server.later(20 * HOUR).await;
            server.tick().await;
        }
        assert_eq!(server.told(till.root.id()).await, ["pay.day_differs"]);
        let body = till.root.get("/api/v1/notifications").await.ok(200)["items"][0]["body"].as_str().unwrap().to_owned();
        assert!(body.contains("WeChat Pay 2026-11-21") && body.contains("1 笔"), "{body}");
    }
}
