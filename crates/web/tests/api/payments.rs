//! Money comes by WeChat and Alipay: once, whatever the networks say and however often.

use kernel::{MINUTE, SECOND};
use platform::identity::Role;
use sandbox::{Asked, Told, Troubles};
use serde_json::json;
use testkit::on_server;

use crate::support::pay::{Till, id, order, recharge, told, wallet};

const PHONE: &str = "13800138000";

/// All ways to pay that need no account at the network.
const METHODS: [&str; 4] = ["h5", "native", "wap", "precreate"];

on_server! {
    async fn v4_1_a_payment_arrives_in_the_wallet_once_by_each_means(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        assert_eq!(customer.get("/customer/v1/payment-means").await.ok(200)["channels"], json!(["wechat", "alipay"]));
        for (n, method) in METHODS.into_iter().enumerate() {
            let order_ = till.recharge(&customer, &format!("pay-{n:05}"), method, 5_000).await;
            assert_eq!((&order_["state"], &order_["amount_fen"]), (&json!("pending"), &json!(5_000)));
            let kind = if matches!(method, "h5" | "wap") { "redirect" } else { "qr_code" };
            assert_eq!(order_["next"]["kind"], kind, "{order_}");
            let before = wallet(&customer).await.0;
            let number = till.number(&order_).await;
            till.networks.paid(&number).await;
            let paid = order(&customer, &order_).await;
            assert_eq!((&paid["state"], &paid["next"]), (&json!("paid"), &json!(null)));
            assert_eq!(wallet(&customer).await, (before + 5_000, 0));
            // Networks tell it again, and again.
            for _ in 0..2 {
                assert!(till.networks.deliver(&till.networks.notice(&number)).await.status.is_success());
            }
            server.run_jobs().await;
            assert_eq!(wallet(&customer).await, (before + 5_000, 0));
            assert_eq!(till.attempts(&order_).await, ["taken"]);
        }
        assert_eq!(told(&customer).await, ["wallet.recharged", "wallet.recharged", "wallet.recharged", "wallet.recharged", "welcome"]);
        // Each network has what the ledger says it has.
        let sums = |kind: usize| [till.networks.wechat.trades(), till.networks.alipay.trades()][kind].iter().map(|trade| trade.amount.fen()).sum::<i64>();
        assert_eq!((sums(0), sums(1)), (10_000, 10_000));
    }

    async fn v4_1_the_same_notice_from_many_sides_at_once_is_one_payment(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharge(&customer, "pay-00001", "h5", 5_000).await;
        let number = till.number(&placed).await;
        assert!(till.networks.pay(&number).await);
        let notices: Vec<_> = (0..4).map(|_| till.networks.notice(&number)).collect();
        let (a, b, c, d, seen) = tokio::join!(
            till.networks.deliver(&notices[0]),
            till.networks.deliver(&notices[1]),
            till.networks.deliver(&notices[2]),
            till.networks.deliver(&notices[3]),
            order(&customer, &placed),
        );
        for answer in [a, b, c, d] {
            assert!(answer.status.is_success(), "{}", answer.text());
        }
        assert_eq!(seen["amount_fen"], 5_000);
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, told(&customer).await), ((5_000, 0), vec!["wallet.recharged".to_owned(), "welcome".to_owned()]));
    }

    async fn v4_1_what_somebody_else_signed_or_altered_is_not_believed(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        for (n, method) in ["h5", "wap"].into_iter().enumerate() {
            let placed = till.recharge(&customer, &format!("pay-{n:05}"), method, 5_000).await;
            let number = till.number(&placed).await;
            // Nothing was paid: a notice that says so can only be forged.
            let (kind, headers, body) = till.networks.notice(&number);
            let spoiled = if method == "h5" { body.replacen("\"id\"", "\"iD\"", 1) } else { body.replace("50.00", "5000.00") };
            assert_ne!(spoiled, body);
            let refused = till.networks.deliver(&(kind, headers.clone(), spoiled)).await;
            assert!(!refused.status.is_success() && refused.text() != "success", "{}", refused.text());
            till.networks.wechat.set(Troubles { told: Told::Forged, ..Troubles::default() });
            till.networks.alipay.set(Troubles { told: Told::Forged, ..Troubles::default() });
            assert!(!till.networks.deliver(&till.networks.notice(&number)).await.status.is_success());
            till.networks.trouble(Troubles::default());
            // Without any signature, and with nothing at all.
            assert!(!till.networks.deliver(&(kind, Vec::new(), body)).await.status.is_success());
            assert!(!till.networks.deliver(&(kind, headers, String::new())).await.status.is_success());
            server.run_jobs().await;
            assert_eq!((wallet(&customer).await, till.attempts(&placed).await), ((0, 0), vec!["waiting".to_owned()]));
            let detail = till.detail(&placed).await;
            assert_eq!(detail["notices"], json!([]), "what is not believed is not kept");
        }
    }

    async fn v4_1_another_amount_than_was_asked_for_is_not_taken_and_somebody_sees_it(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharged_otherwise(&customer, "pay-00001", 5_000).await;
        server.run_jobs().await;
        assert_eq!(wallet(&customer).await, (0, 0));
        assert_eq!(till.waiting().await["payments"], 1);
        let detail = till.detail(&placed).await;
        let problem = &detail["attempts"][0]["problem"];
        assert_eq!((&problem["code"], &problem["amount_fen"]), (&json!("other_amount"), &json!(4_999)), "{detail}");
        assert_eq!(detail["notices"][0]["outcome"], "differs");
        // The network, asked, says what it was.
        till.networks.trouble(Troubles::default());
        server.later(MINUTE).await;
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, till.waiting().await["payments"].clone()), ((5_000, 0), json!(0)));
    }

    async fn v4_1_a_lost_notice_is_found_by_asking(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        for (n, method) in METHODS.into_iter().enumerate() {
            let placed = till.recharge(&customer, &format!("pay-{n:05}"), method, 1_000).await;
            assert!(till.networks.pay(&till.number(&placed).await).await);
            if n % 2 == 0 {
                // By whoever looks at it.
                server.later(4 * SECOND).await;
                assert_eq!(order(&customer, &placed).await["state"], "paid");
            } else {
                // By itself.
                server.later(MINUTE).await;
            }
            server.run_jobs().await;
            assert_eq!(wallet(&customer).await, (1_000 * (i64::try_from(n).unwrap() + 1), 0), "{method}");
        }
    }

    async fn v4_1_a_network_that_is_away_is_asked_again_with_the_same_number(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        for (n, method) in ["native", "precreate"].into_iter().enumerate() {
            let key = format!("pay-{n:05}");
            for asked in [Asked::Down, Asked::Busy, Asked::DoneAndSilent, Asked::DoneAndTroubled, Asked::Forged] {
                till.networks.trouble(Troubles { asked, ..Troubles::default() });
                let refused = recharge(&customer, &key, method, 3_000).await;
                assert_eq!(refused.headers.get("retry-after").and_then(|value| value.to_str().ok()), Some("3"));
                refused.refused(503, "PAYMENT_UNCLEAR");
            }
            till.networks.trouble(Troubles::default());
            let placed = till.recharge(&customer, &key, method, 3_000).await;
            let again = till.recharge(&customer, &key, method, 3_000).await;
            assert_eq!((&placed["id"], &placed["next"]), (&again["id"], &again["next"]));
            assert_eq!(till.attempts(&placed).await, ["waiting"]);
            till.networks.paid(&till.number(&placed).await).await;
            assert_eq!(recharge(&customer, &key, method, 3_000).await.ok(201)["state"], "paid");
        }
        assert_eq!((wallet(&customer).await, till.networks.trades().len()), ((6_000, 0), 2));
    }

    async fn v4_1_a_payment_that_is_cancelled_or_forgotten_is_closed_at_the_network(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let cancelled = till.recharge(&customer, "pay-00001", "h5", 3_000).await;
        let done = customer.post(&format!("/customer/v1/orders/{}/cancel", id(&cancelled)), json!({})).await.ok(200);
        assert_eq!((&done["state"], &done["next"]), (&json!("closed"), &json!(null)));
        assert!(!till.networks.pay(&till.number(&cancelled).await).await);

        let forgotten = till.recharge(&customer, "pay-00002", "wap", 3_000).await;
        let number = till.number(&forgotten).await;
        // The network is away when the time is over, and back later.
        server.later(15 * MINUTE).await;
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        for _ in 0..3 {
            server.later(2 * MINUTE).await;
            server.run_jobs().await;
        }
        assert_eq!(order(&customer, &forgotten).await["state"], "pending");
        till.networks.trouble(Troubles::default());
        server.later(10 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!((order(&customer, &forgotten).await["state"].clone(), till.attempts(&forgotten).await), (json!("closed"), vec!["closed".to_owned()]));
        assert!(!till.networks.pay(&number).await);
        assert_eq!(wallet(&customer).await, (0, 0));
    }

    async fn v4_1_who_may_not_pay_or_see_it_does_not(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let other = till.customer("13900139000").await;
        let placed = till.recharge(&customer, "pay-00001", "h5", 3_000).await;
        let path = format!("/customer/v1/orders/{}", id(&placed));
        other.get(&path).await.refused(404, "NOT_FOUND");
        other.post(&format!("{path}/method"), json!({"method": "wap"})).await.refused(404, "NOT_FOUND");
        other.post(&format!("{path}/cancel"), json!({})).await.refused(404, "NOT_FOUND");
        assert_eq!(order(&customer, &placed).await["state"], "pending");
        // The same key is another person's own.
        assert_ne!(till.recharge(&other, "pay-00001", "h5", 3_000).await["id"], placed["id"]);
        // Whoever has no phone has no wallet that could be found again.
        let welcome = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let guest = server.visitor().with_token(welcome["token"].as_str().unwrap());
        recharge(&guest, "pay-00001", "h5", 3_000).await.refused(409, "PHONE_NEEDED");
        for fen in [0, -1, 99, 1_000_001, i64::MAX] {
            recharge(&customer, "pay-00002", "h5", fen).await.refused(422, "INVALID");
        }
        recharge(&customer, "pay-00002", "cash", 3_000).await.refused(422, "INVALID");
        recharge(&customer, "pay-00002", "jsapi", 3_000).await.refused(409, "WECHAT_SIGN_IN_NEEDED");
        let both = json!({"method": "h5", "recharge": {"amount_fen": 100}, "table": {"table_id": "tbl_x", "minutes": 60, "expected_fen": 1}});
        assert_eq!(customer.post_once("pay-00003", "/customer/v1/orders", both).await.status, 422);
        customer.post_once("pay-00003", "/customer/v1/orders", json!({"method": "h5"})).await.refused_field("recharge", "ONE_OF");
        // Nor do people of the console who are not to.
        let manager = server.user(Role::VenueManager, "manager").await;
        manager.get(&format!("/api/v1/payments/orders/{}", id(&placed))).await.refused(403, "FORBIDDEN");
        manager.get(&format!("/api/v1/payments/find?number={}", till.number(&placed).await)).await.refused(403, "FORBIDDEN");
        assert_eq!(till.root.get(&format!("/api/v1/payments/find?number={}", till.number(&placed).await)).await.ok(200)["order"]["id"], placed["id"]);
    }

    async fn v4_1_nobody_begins_payments_without_end(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let other = till.customer("13900139000").await;
        let placed = till.recharge(&customer, "pay-placed", "native", 100).await;
        // What is refused counts as well: it would have asked a network.
        for n in 1..200 {
            recharge(&customer, &format!("pay-{n:05}"), "jsapi", 100).await.refused(409, "WECHAT_SIGN_IN_NEEDED");
        }
        recharge(&customer, "pay-00200", "native", 100).await.refused(429, "RATE_LIMITED");
        let path = |order: &serde_json::Value, verb: &str| format!("/customer/v1/orders/{}/{verb}", id(order));
        customer.post(&path(&placed, "method"), json!({"method": "precreate"})).await.refused(429, "RATE_LIMITED");
        till.recharge(&other, "pay-00001", "native", 100).await;
        server.later(10 * MINUTE).await;
        let placed = till.recharge(&customer, "pay-00200", "native", 100).await;
        // Nor ends them without end; what is ended already is counted as well.
        for _ in 0..400 {
            customer.post(&path(&placed, "cancel"), json!({})).await.ok(200);
        }
        customer.post(&path(&placed, "cancel"), json!({})).await.refused(429, "RATE_LIMITED");
    }

    async fn v4_1_of_two_who_set_a_network_at_once_the_second_is_told_and_overwrites_nothing(server) {
        let till = Till::open(server).await;
        let path = "/api/v1/payments/channels/wechat";
        let shown = till.root.get("/api/v1/payments/channels").await.ok(200)["items"][0].clone();
        let version = shown["version"].as_i64().unwrap();
        let known = &shown["parameters"];
        let form = |enabled: bool| {
            let parameters = json!({"app_id": known["app_id"], "merchant_id": known["merchant_id"], "serial": known["serial"]});
            json!({"enabled": enabled, "parameters": parameters, "version": version})
        };
        assert_eq!(till.root.put(path, form(false)).await.ok(200)["version"], version + 1);
        till.root.put(path, form(true)).await.refused(409, "CHANGED_MEANWHILE");
        assert_eq!(till.root.get("/api/v1/payments/channels").await.ok(200)["items"][0]["enabled"], false);

        // At once, of one that nobody has set yet.
        let path = "/api/v1/payments/channels/alipay_freeze";
        let form = |enabled: bool| json!({"enabled": enabled, "version": 0});
        let (one, other) = tokio::join!(till.root.put(path, form(true)), till.root.put(path, form(false)));
        let mut answers = [one, other];
        answers.sort_by_key(|answer| answer.status.as_u16());
        let [first, second] = answers;
        let set = first.ok(200);
        second.refused(409, "CHANGED_MEANWHILE");
        let all = till.root.get("/api/v1/payments/channels").await.ok(200);
        let shown = all["items"].as_array().unwrap().iter().find(|one| one["channel"] == "alipay_freeze").unwrap();
        assert_eq!((&set["version"], shown), (&json!(1), &set));
    }

    async fn v4_1_a_network_that_is_switched_off_begins_nothing_and_ends_what_was_begun(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharge(&customer, "pay-00001", "h5", 3_000).await;
        let shown = till.root.get("/api/v1/payments/channels").await.ok(200)["items"][0].clone();
        let text = shown.to_string();
        assert!(!text.contains("PRIVATE KEY") && !text.contains("api_v3_key\":\"") , "secrets are not shown: {text}");
        assert_eq!(shown["notify_url"], "http://127.0.0.1:7300/callbacks/wechat");
        let mut parameters = json!({"app_id": shown["parameters"]["app_id"], "merchant_id": shown["parameters"]["merchant_id"]});
        parameters["serial"] = shown["parameters"]["serial"].clone();
        let off = till.root.put("/api/v1/payments/channels/wechat", json!({"enabled": false, "parameters": parameters})).await.ok(200);
        assert_eq!(off["enabled"], false);
        assert_eq!(customer.get("/customer/v1/payment-means").await.ok(200)["channels"], json!(["alipay"]));
        recharge(&customer, "pay-00002", "h5", 3_000).await.refused(409, "CHANNEL_UNAVAILABLE");
        till.networks.paid(&till.number(&placed).await).await;
        assert_eq!(wallet(&customer).await, (3_000, 0));
        parameters["private_key"] = json!("nonsense");
        let refused = till.root.put("/api/v1/payments/channels/wechat", json!({"enabled": true, "parameters": parameters})).await.refused(422, "INVALID");
        assert_eq!(refused["errors"][0]["field"], "private_key");
        let log = till.root.get("/api/v1/logs/operations?limit=5").await.ok(200).to_string();
        assert!(log.contains("channel_set") && !log.contains("PRIVATE KEY"), "{log}");
    }
}
