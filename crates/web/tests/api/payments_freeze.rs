//! Money that Alipay has only frozen (预授权): what was played is taken of it, the rest is let go, and nothing of it is lost or taken twice.

use kernel::{HOUR, MINUTE, SECOND};
use sandbox::{Asked, Returned, Told, Trade, TradeState, Trouble, Troubles};
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{Answer, Client, Hall, TestServer, on_server};

use crate::support::pay::{Till, id, order, recharge, told, wallet};

const PHONE: &str = "13800138000";

async fn open(server: &TestServer) -> (Till<'_>, Hall<'_>, Client) {
    let till = Till::open(server).await;
    till.networks.freeze().await;
    let hall = Hall::open(server, 1).await;
    let customer = till.customer(PHONE).await;
    (till, hall, customer)
}

async fn ask(customer: &Client, table: &str, key: &str) -> Answer {
    let table = json!({"table_id": table, "minutes": 60, "expected_fen": 3_600});
    customer.post_once(key, "/customer/v1/orders", json!({"method": "freeze", "table": table})).await
}

async fn close(server: &TestServer, hall: &Hall<'_>, customer: &Client, minutes: i64) {
    let playing = customer.get("/customer/v1/session").await.ok(200)["session"].clone();
    server.later(minutes * MINUTE - 30 * SECOND).await;
    customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
    hall.table_is(0, "idle").await;
    server.run_jobs().await;
}

/// What Alipay has frozen, let go, and taken.
fn books(till: &Till<'_>) -> (i64, i64, Vec<i64>) {
    let trades = till.networks.alipay.trades();
    let frozen: Vec<&Trade> = trades.iter().filter(|trade| trade.is_frozen() && trade.paid_at.is_some()).collect();
    let taken = trades.iter().filter(|trade| trade.is_taken()).map(|trade| trade.amount.fen()).collect();
    (frozen.iter().map(|trade| trade.amount.fen()).sum(), frozen.iter().map(|trade| trade.refunded().fen()).sum(), taken)
}

async fn with_order(customer: &Client, placed: &Value) -> (Value, Value, Value) {
    let order = order(customer, placed).await;
    (order["state"].clone(), order["refunded_fen"].clone(), order["captured_fen"].clone())
}

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

    async fn v8_2_a_freezing_whose_notice_is_lost_is_found_by_asking(server) {
        let (till, hall, customer) = open(server).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        assert!(till.networks.pay(&till.number(&placed).await).await);
        server.later(11 * SECOND).await;
        server.run_jobs().await;
        hall.table_is(0, "playing").await;
        close(server, &hall, &customer, 60).await;
        assert_eq!(books(&till), (3_600, 0, vec![3_600]));
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

    async fn v8_2_taking_what_was_frozen_is_tried_until_it_has_happened_and_happens_once(server) {
        let (till, hall, customer) = open(server).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        till.networks.paid(&till.number(&placed).await).await;
        hall.table_is(0, "playing").await;
        // Alipay does it, and nobody hears of it; then it is away for an hour.
        till.networks.trouble(Troubles { asked: Asked::DoneAndSilent, ..Troubles::default() });
        close(server, &hall, &customer, 20).await;
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        for _ in 0..6 {
            server.later(10 * MINUTE).await;
            server.run_jobs().await;
        }
        assert_eq!(wallet(&customer).await, (2_400, 2_400), "what is let go is held until it is known to be");
        till.networks.trouble(Troubles::default());
        for _ in 0..3 {
            server.later(HOUR).await;
            server.run_jobs().await;
        }
        assert_eq!((books(&till), wallet(&customer).await), ((3_600, 2_400, vec![1_200]), (0, 0)));
        let waiting = till.root.get("/api/v1/payments/orders?state=pending").await.ok(200);
        assert_eq!(waiting["items"], json!([]));
    }

    async fn v8_2_what_cannot_be_taken_for_a_day_is_somebodys_to_look_at(server) {
        let (till, hall, customer) = open(server).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        till.networks.paid(&till.number(&placed).await).await;
        hall.table_is(0, "playing").await;
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        // All of it played: there is nothing to let go.
        close(server, &hall, &customer, 60).await;
        let hours = async |hours: usize| {
            for _ in 0..hours {
                server.later(HOUR).await;
                server.run_jobs().await;
            }
        };
        hours(23).await;
        assert_eq!(till.waiting().await["payments"], 0, "it may be away for an hour, or for a night");
        hours(2).await;
        assert_eq!(till.waiting().await["payments"], 1);
        let taking = till.root.get("/api/v1/payments/orders?state=pending").await.ok(200)["items"][0].clone();
        let detail = till.detail(&taking).await;
        assert!(detail["attempts"][0]["problem"].as_str().unwrap().contains("more than a day"), "{detail}");
        assert_eq!(server.told(till.root.id()).await, ["pay.problem"]);
        till.networks.trouble(Troubles::default());
        hours(1).await;
        assert_eq!((books(&till), till.waiting().await["payments"].clone()), ((3_600, 0, vec![3_600]), json!(0)));
        assert_eq!(with_order(&customer, &placed).await, (json!("paid"), json!(0), json!(3_600)));
    }

    async fn v8_2_what_the_network_closes_unpaid_is_taken_under_another_number(server) {
        let (till, hall, customer) = open(server).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        till.networks.paid(&till.number(&placed).await).await;
        hall.table_is(0, "playing").await;
        till.networks.trouble(Troubles { captures_close: true, ..Troubles::default() });
        close(server, &hall, &customer, 20).await;
        server.later(MINUTE).await;
        server.run_jobs().await;
        assert_eq!(till.waiting().await["payments"], 1, "somebody may have to look");
        till.networks.trouble(Troubles::default());
        server.later(10 * MINUTE).await;
        server.run_jobs().await;
        let taken = till.networks.alipay.trades().into_iter().filter(|trade| trade.is_taken() && trade.paid_at.is_some());
        assert_eq!((taken.map(|trade| trade.amount.fen()).collect::<Vec<_>>(), till.waiting().await["payments"].clone()), (vec![1_200], json!(0)));
        assert_eq!(with_order(&customer, &placed).await, (json!("paid"), json!(2_400), json!(1_200)));
        let waiting = till.root.get("/api/v1/payments/orders?state=pending").await.ok(200);
        assert_eq!(waiting["items"], json!([]));
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

    async fn v4_1_a_freezing_that_its_closing_has_undone_is_no_payment(server) {
        let (till, hall, customer) = open(server).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        let number = till.number(&placed).await;
        customer.post(&format!("/customer/v1/orders/{}/method", id(&placed)), json!({"method": "precreate"})).await.ok(200);
        // Frozen at the moment at which it was being closed, and so let go again: the notice of the freezing arrives all the same.
        let notice = till.networks.notice_of_undone(&number);
        till.networks.deliver(&notice).await.ok(200);
        let outcome = async || till.detail(&placed).await["notices"][0]["outcome"].clone();
        // Alipay is away. Whoever waits for a lamp does not wait for it.
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        server.run_jobs().await;
        let sql = "SELECT crew, state FROM jobs WHERE kind = 'pay.notice' ORDER BY id";
        let read = |row: &store::Row| Ok((row.get::<String>("crew")?, row.get::<String>("state")?));
        let jobs = server.platform.db.read().all(sql, args![], read).await.unwrap();
        assert_eq!(jobs, [("prompt", "done"), ("alipay", "queued")].map(|(crew, state)| (crew.to_owned(), state.to_owned())));
        assert_eq!((outcome().await, wallet(&customer).await), (json!(null), (0, 0)));
        till.networks.trouble(Troubles::default());
        server.later(MINUTE).await;
        server.run_jobs().await;
        assert_eq!((outcome().await, wallet(&customer).await, order(&customer, &placed).await["state"].clone()), (json!("undone"), (0, 0), json!("pending")));
        hall.table_is(0, "idle").await;
    }

    async fn v4_1_what_is_frozen_while_it_is_being_closed_is_let_go_and_somebody_is_told_at_once(server) {
        let (till, hall, customer) = open(server).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        let number = till.number(&placed).await;
        till.networks.trouble(Troubles { asked: Asked::CancelsWait, ..Troubles::default() });
        let path = format!("/customer/v1/orders/{}/cancel", id(&placed));
        // Alipay has said that nothing is frozen, and the cancelling is on its way: now it is frozen, told, and settled.
        let freezes = async {
            till.networks.alipay.cancel_asked().await;
            assert!(till.networks.pay(&number).await);
            assert!(till.networks.deliver(&till.networks.notice(&number)).await.status.is_success());
            server.run_jobs().await;
            assert_eq!(till.attempts(&placed).await, ["taken"]);
            till.networks.trouble(Troubles::default());
        };
        let (cancelled, ()) = tokio::join!(customer.post(&path, json!({})), freezes);
        cancelled.refused(409, "ORDER_NOT_PENDING");
        assert_eq!(till.networks.trade(&number).state, TradeState::Closed, "nothing is frozen any more");
        assert_eq!(till.waiting().await["payments"], 1);
        let detail = till.detail(&placed).await;
        assert!(detail["attempts"][0]["problem"].as_str().unwrap().contains("nothing is frozen any more"), "{detail}");
        assert_eq!(server.told(till.root.id()).await, ["pay.problem"]);
    }

    async fn v4_1_what_was_let_go_by_a_closing_whose_answer_nobody_heard_is_seen_while_one_plays(server) {
        let (till, hall, customer) = open(server).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        let number = till.number(&placed).await;
        till.networks.paid(&number).await;
        hall.table_is(0, "playing").await;
        till.networks.alipay.let_go(&number);
        // Alipay is away for a moment, and is asked again.
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        server.later(11 * SECOND).await;
        server.run_jobs().await;
        assert_eq!(till.waiting().await["payments"], 0);
        till.networks.trouble(Troubles::default());
        server.later(MINUTE).await;
        server.run_jobs().await;
        assert_eq!((till.waiting().await["payments"].clone(), server.told(till.root.id()).await), (json!(1), vec!["pay.problem".to_owned()]));
    }

    async fn v8_2_taking_whose_job_is_gone_is_taken_up_again(server) {
        let (till, hall, customer) = open(server).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        till.networks.paid(&till.number(&placed).await).await;
        hall.table_is(0, "playing").await;
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        close(server, &hall, &customer, 60).await;
        let mut tx = server.platform.db.begin().await.unwrap();
        assert_eq!(tx.exec("DELETE FROM jobs WHERE kind = 'pay.capture' AND state = 'queued'", args![]).await.unwrap(), 1);
        tx.commit().await.unwrap();
        till.networks.trouble(Troubles::default());
        server.later(HOUR).await;
        server.run_jobs().await;
        assert_eq!(books(&till), (3_600, 0, vec![]));
        server.tick().await;
        assert_eq!(books(&till), (3_600, 0, vec![3_600]));
        assert_eq!(with_order(&customer, &placed).await, (json!("paid"), json!(0), json!(3_600)));
    }

    async fn v4_1_frozen_money_that_cannot_be_let_go_is_nobodys_to_keep(server) {
        let (till, hall, customer) = open(server).await;
        let placed = ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        till.networks.paid(&till.number(&placed).await).await;
        hall.table_is(0, "playing").await;
        till.networks.trouble(Troubles { refunds: Returned::Refused, ..Troubles::default() });
        close(server, &hall, &customer, 20).await;
        for _ in 0..4 {
            server.run_jobs().await;
            server.later(5 * MINUTE).await;
        }
        let stuck = till.root.get("/api/v1/payments/refunds?state=stuck").await.ok(200)["items"][0].clone();
        assert_eq!((&stuck["frozen"], &stuck["amount_fen"]), (&json!(true), &json!(2_400)));
        let remedy = |remedy: &str| {
            let ask = json!({"remedy": remedy, "note": "已在支付宝查到"});
            let path = format!("/api/v1/payments/refunds/{}/remedy", id(&stuck));
            let root = till.root.clone();
            async move { root.post(&path, ask).await }
        };
        remedy("keep").await.refused(409, "REMEDY_UNSUITABLE");
        remedy("paid_out").await.refused(409, "REMEDY_UNSUITABLE");
        assert_eq!(wallet(&customer).await, (2_400, 2_400));
        assert_eq!(remedy("let_go").await.ok(200)["state"], "done");
        assert_eq!(wallet(&customer).await, (0, 0));
        server.check().await;
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
