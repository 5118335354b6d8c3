//! Money that Alipay has only frozen (预授权): what was played is taken of it, the rest is let go, and nothing of it is lost or taken twice.

use kernel::{HOUR, MINUTE, SECOND};
use sandbox::{Returned, Told, Trade, Trouble, Troubles};
use serde_json::json;
use testkit::on_server;

use crate::support::freeze::{ask, books, close, open, with_order};
use crate::support::pay::{Till, id, order, recharge, told, wallet};

on_server! {
    async fn v3_2_what_was_played_is_taken_of_what_was_frozen_and_the_rest_is_let_go(server) {
        let (till, hall, customer) = open(server).await;
        assert_eq!(customer.get("/customer/v1/payment-means").await.ok(200)["channels"], json!(["wechat", "alipay_freeze", "alipay"]));
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        assert_eq!(placed["next"]["kind"], "qr_code");
        till.networks.paid(&till.number(&placed).await).await;
        hall.table_is(0, "playing").await;
        assert_eq!((books(&till), wallet(&customer).await), ((3_600, 0, vec![]), (3_600, 3_600)), "nothing is taken while one plays");
        close(server, &hall, &customer, 20).await;
        assert_eq!((books(&till), wallet(&customer).await), ((3_600, 2_400, vec![1_200]), (0, 0)));
        assert_eq!(with_order(&customer, &placed).await, (json!("paid"), json!(2_400), json!(1_200)));
        // All of it played: nothing is let go.
        let placed = ask(&customer, &hall.tables[0].id, "pay-00002").await.ok(201);
        till.networks.paid(&till.number(&placed).await).await;
        hall.table_is(0, "playing").await;
        close(server, &hall, &customer, 60).await;
        assert_eq!((books(&till), wallet(&customer).await), ((7_200, 2_400, vec![1_200, 3_600]), (0, 0)));
        assert_eq!(with_order(&customer, &placed).await, (json!("paid"), json!(0), json!(3_600)));
        // Alipay's bill of the day has what was taken, and nothing else.
        server.later(20 * HOUR).await;
        server.tick().await;
        server.run_jobs().await;
        let days = till.root.get("/api/v1/payments/reconciliation").await.ok(200);
        let day = days["days"].as_array().unwrap().iter().find(|day| day["channel"] == "alipay").unwrap().clone();
        assert_eq!((&day["differences"], &day["paid_fen"]), (&json!(0), &json!(4_800)), "{days}");
    }

    async fn v3_2_a_light_that_does_not_come_on_lets_all_of_it_go(server) {
        let (till, hall, customer) = open(server).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        hall.tables[0].lamp.set(Trouble::Mute);
        till.networks.paid(&till.number(&placed).await).await;
        for _ in 0..8 {
            server.later(10 * SECOND).await;
            server.run_jobs().await;
        }
        assert_eq!((books(&till), wallet(&customer).await), ((3_600, 3_600, vec![]), (0, 0)));
        assert_eq!(with_order(&customer, &placed).await, (json!("paid"), json!(3_600), json!(0)));
        // A table that somebody else has by then likewise.
        hall.tables[0].lamp.set(Trouble::None);
    }

    async fn v3_2_what_was_frozen_too_late_or_twice_is_let_go(server) {
        let (till, hall, customer) = open(server).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        let number = till.number(&placed).await;
        let quicker = hall.customer(10_000).await;
        hall.play(&quicker, 0, 60).await;
        till.networks.paid(&number).await;
        server.run_jobs().await;
        assert_eq!((books(&till), wallet(&customer).await), ((3_600, 3_600, vec![]), (0, 0)));
        // The same notice again, from several sides.
        let notice = till.networks.notice(&number);
        let (a, b) = tokio::join!(till.networks.deliver(&notice), till.networks.deliver(&notice));
        assert!(a.status.is_success() && b.status.is_success());
        server.run_jobs().await;
        assert_eq!(books(&till), (3_600, 3_600, vec![]));
    }

    async fn k12_1_a_forged_or_altered_freezing_is_not_believed(server) {
        let (till, hall, customer) = open(server).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        let number = till.number(&placed).await;
        assert!(till.networks.pay(&number).await);
        let (kind, headers, form) = till.networks.notice(&number);
        let bytes = form.as_bytes();
        for at in 0..bytes.len() {
            let mut other = bytes.to_vec();
            other[at] = if other[at] == b'5' { b'6' } else { b'5' };
            let notice = (kind, headers.clone(), String::from_utf8(other).unwrap());
            let answer = till.networks.deliver(&notice).await;
            assert!(!answer.status.is_success(), "byte {at} of {form}");
        }
        till.networks.alipay.set(Troubles { told: Told::Forged, ..Troubles::default() });
        assert!(!till.networks.deliver(&till.networks.notice(&number)).await.status.is_success());
        // A notice of the other kind opens nothing here either.
        let elsewhere = (platform::payments::ChannelKind::Alipay, headers, form);
        assert!(!till.networks.deliver(&elsewhere).await.status.is_success());
        assert_eq!((books(&till), wallet(&customer).await, order(&customer, &placed).await["state"].clone()), ((3_600, 0, vec![]), (0, 0), json!("pending")));
    }

    async fn v4_1_a_fen_that_is_taken_out_before_the_table_opens_makes_nothing_free(server) {
        let (till, hall, customer) = open(server).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        let number = till.number(&placed).await;
        assert!(till.networks.pay(&number).await);
        till.networks.deliver(&till.networks.notice(&number)).await;
        // It is in the wallet, and the table is not open yet.
        server.run_platform_jobs().await;
        assert_eq!(wallet(&customer).await, (3_600, 0));
        customer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 1})).await.ok(202);
        server.clock.step(2 * SECOND);
        server.run_jobs().await;
        assert_eq!((books(&till), wallet(&customer).await), ((3_600, 3_600, vec![]), (0, 0)));
        assert_eq!(with_order(&customer, &placed).await, (json!("paid"), json!(3_600), json!(0)));
        assert!(told(&customer).await.contains(&"pay.not_opened".to_owned()));
        hall.table_is(0, "idle").await;
    }

    async fn v4_1_what_was_taken_can_go_back_and_what_was_frozen_cannot_twice(server) {
        let (till, hall, customer) = open(server).await;
        // Only for a table, and only where it is offered.
        recharge(&customer, "pay-00009", "freeze", 5_000).await.refused(409, "CHANNEL_UNAVAILABLE");
        recharge(&customer, "pay-00008", "capture", 5_000).await.refused(409, "CHANNEL_UNAVAILABLE");
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        till.networks.paid(&till.number(&placed).await).await;
        hall.table_is(0, "playing").await;
        till.networks.trouble(Troubles { refunds: Returned::Pending, ..Troubles::default() });
        close(server, &hall, &customer, 20).await;
        assert_eq!((wallet(&customer).await, customer.get("/customer/v1/refundable").await.ok(200)["amount_fen"].clone()), ((2_400, 2_400), json!(0)));
        till.networks.trouble(Troubles::default());
        server.later(MINUTE).await;
        server.run_jobs().await;
        assert_eq!(wallet(&customer).await, (0, 0));
        // The hall gives back what it took, after a complaint: that can go back to Alipay.
        let bills = customer.get("/customer/v1/sessions").await.ok(200);
        let about = json!({"matter": "complaint", "kind": "price", "text": "灯一直在闪，没法打", "session_id": bills["items"][0]["id"]});
        let made = customer.post_once("complain-1", "/customer/v1/complaints", about).await.ok(201);
        let path = format!("/api/v1/complaints/{}/give-back", id(&made));
        hall.manager.post_once("give-back-1", &path, json!({"amount_fen": 1_200, "reason": "灯闪，全部退回"})).await.ok(200);
        assert_eq!(customer.get("/customer/v1/refundable").await.ok(200)["amount_fen"], 1_200);
        customer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 1_200})).await.ok(202);
        server.run_jobs().await;
        let taken = till.networks.alipay.trades().into_iter().find(Trade::is_taken).unwrap();
        assert_eq!((taken.refunded().fen(), wallet(&customer).await), (1_200, (0, 0)));
        assert!(told(&customer).await.contains(&"pay.refunded".to_owned()));
    }

    async fn v4_1_who_thinks_better_of_it_lets_nothing_be_frozen(server) {
        let (till, hall, customer) = open(server).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        let number = till.number(&placed).await;
        customer.post(&format!("/customer/v1/orders/{}/cancel", id(&placed)), json!({})).await.ok(200);
        assert!(!till.networks.pay(&number).await, "Alipay freezes nothing any more");
        // By another means instead.
        let placed = ask(&customer, &hall.tables[0].id, "pay-00002").await.ok(201);
        let number = till.number(&placed).await;
        let other = customer.post(&format!("/customer/v1/orders/{}/method", id(&placed)), json!({"method": "precreate"})).await.ok(200);
        assert!(!till.networks.pay(&number).await);
        till.networks.paid(&till.number(&other).await).await;
        hall.table_is(0, "playing").await;
    }

    async fn k12_1_a_pre_authorisation_is_alipays_own(server) {
        let till = Till::open(server).await;
        let path = "/api/v1/payments/channels/alipay_freeze";
        let set = till.root.put(path, json!({"enabled": true})).await.ok(200);
        assert_eq!((&set["enabled"], &set["parameters"]["app_id"]), (&json!(true), &json!("2021000000000001")));
        till.root.put(path, json!({"enabled": true, "parameters": sandbox::Alipay::form()})).await.refused(422, "INVALID");
        till.root.put("/api/v1/payments/channels/alipay", json!({"enabled": true})).await.refused(422, "INVALID");
        let off = till.root.put(path, json!({"enabled": false})).await.ok(200);
        assert_eq!(off["enabled"], false);
    }
}
