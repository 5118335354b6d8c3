//! The networks' bills of each day, compared with ours: late, missed or not, each day once.

use kernel::{DAY, HOUR, MINUTE};
use sandbox::{Asked, Returned, Told, Troubles};
use serde_json::{Value, json};
use store::args;
use testkit::{Client, TestServer, on_server};

use crate::support::pay::{Till, id, wallet, words};

const PHONE: &str = "13800138000";

async fn back(customer: &Client, key: &str, fen: i64) -> testkit::Answer {
    customer.post_once(key, "/customer/v1/refunds", json!({"amount_fen": fen})).await
}

async fn days(till: &Till<'_>) -> Value {
    till.root.get("/api/v1/payments/reconciliation").await.ok(200)
}

/// The days that were compared, newest first: of which network, and how many lines did not agree.
async fn compared(till: &Till<'_>) -> Vec<(String, String, i64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = days(till).await;
    let one = |day: &Value| (text(&day["day"]), text(&day["channel"]), day["differences"].as_i64().unwrap());
    all["days"].as_array().unwrap().iter().map(one).collect()
}

/// The days whose bill could not be had, newest first: of which network.
async fn missing(till: &Till<'_>) -> Vec<(String, String)> {
    let all = days(till).await["missing"].clone();
    words(&all, "day").into_iter().zip(words(&all, "channel")).collect()
}

async fn set_refunds(server: &TestServer, sql: &str) {
    let cx = server.cx();
    let mut tx = cx.db.begin().await.unwrap();
    tx.exec(sql, args![cx.now()]).await.unwrap();
    tx.commit().await.unwrap();
}

fn day(day: &str, channel: &str, differences: i64) -> (String, String, i64) {
    (day.to_owned(), channel.to_owned(), differences)
}

on_server! {
    async fn v8_2_the_bill_of_a_day_agrees_or_says_where_it_does_not(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let first = till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        till.recharged(&customer, "pay-00002", "wap", 2_000).await;
        back(&customer, "back-0001", 500).await.ok(202);
        server.run_jobs().await;
        // Paid, and never told: neither by notice nor when it was asked.
        let lost = till.recharge(&customer, "pay-00003", "native", 700).await;
        let number = till.number(&lost).await;
        assert!(till.networks.pay(&number).await);
        let past = till.number(&first).await;
        till.networks.refund_elsewhere(&past, 100).await;
        let cx = server.cx();
        let mut tx = cx.db.begin().await.unwrap();
        tx.exec("UPDATE pay_orders SET state = 'closed' WHERE state = 'pending'", vec![]).await.unwrap();
        tx.exec("UPDATE pay_attempts SET state = 'closed' WHERE state = 'waiting'", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        server.later(8 * HOUR).await;
        server.tick().await;
        assert_eq!(days(&till).await["days"], json!([]), "the day is not over");
        server.later(12 * HOUR).await;
        server.tick().await;
        let seen = days(&till).await;
        let sums: Vec<(String, i64, i64)> = seen["days"].as_array().unwrap().iter().map(|day| (day["channel"].as_str().unwrap().to_owned(), day["paid_fen"].as_i64().unwrap(), day["refunded_fen"].as_i64().unwrap())).collect();
        assert_eq!(sums, [("alipay".to_owned(), 2_000, 500), ("wechat".to_owned(), 3_700, 100)]);
        // What was paid and never told is found that way, and put right by itself: it came too late, and goes back.
        server.run_jobs().await;
        assert_eq!((till.networks.trade(&number).refunded().fen(), wallet(&customer).await), (700, (4_500, 0)));
        // What somebody gave back past the program is not.
        assert_eq!(words(&seen["differences"], "kind"), ["not_here"]);
        let found = &seen["differences"][0];
        assert_eq!((&found["number"], &found["refund_number"], &found["theirs_fen"], &found["ours_fen"]), (&json!(past), &json!("elsewhere"), &json!(100), &json!(null)));
        assert_eq!(till.waiting().await["differences"], 1);
        // Once a day, and each difference until somebody has seen to it.
        server.tick().await;
        let seen = days(&till).await;
        assert_eq!((seen["days"].as_array().unwrap().len(), seen["differences"].as_array().unwrap().len()), (2, 1));
        let path = format!("/api/v1/payments/differences/{}/settle", id(&seen["differences"][0]));
        till.root.post(&path, json!({"note": ""})).await.refused_field("note", "REQUIRED");
        till.root.post(&path, json!({"note": "已退回"})).await.ok(204);
        assert_eq!((till.waiting().await["differences"].clone(), days(&till).await["differences"][0]["note"].clone()), (json!(0), json!("已退回")));
    }

    async fn v8_2_what_nobody_has_settled_is_shown_however_much_was_settled_since(server) {
        let till = Till::open(server).await;
        let cx = server.cx();
        let mut tx = cx.db.begin().await.unwrap();
        let sql = "INSERT INTO pay_differences (id, channel, account, day, kind, number, ours, theirs, created_at, settled_at, note) \
                   VALUES ($1, 'wechat', '1900000001', '2026-11-20', 'amount', $2, 1, 2, $3, $4, $5)";
        for n in 0..300 {
            let (settled, note) = if n == 0 { (None, None) } else { (Some(cx.now()), Some("as told")) };
            tx.exec(sql, args![cx.random.uuid_v7(cx.now().plus_micros(n)), format!("number{n}"), cx.now(), settled, note]).await.unwrap();
        }
        tx.commit().await.unwrap();
        let seen = days(&till).await["differences"].clone();
        let numbers = words(&seen, "number");
        assert_eq!((numbers.len(), &*numbers[0], &*numbers[1], &*numbers[200]), (201, "number0", "number299", "number100"));
    }

    async fn v8_2_a_refund_that_is_heard_of_after_midnight_agrees_on_both_days(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        // Both networks give back in the last minute of a day in Beijing, where it is four in the afternoon now, and say so in the next day's first.
        server.clock.step(7 * HOUR + 59 * MINUTE);
        till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        till.recharged(&customer, "pay-00002", "wap", 2_000).await;
        till.networks.trouble(Troubles { asked: Asked::DoneAndSilent, told: Told::Lost, ..Troubles::default() });
        back(&customer, "back-0001", 5_000).await.ok(202);
        server.run_jobs().await;
        assert_eq!(wallet(&customer).await, (5_000, 5_000), "nothing was heard");
        till.networks.trouble(Troubles::default());
        server.later(2 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!(wallet(&customer).await, (0, 0));
        for hours in [11, 24] {
            server.later(hours * HOUR).await;
            server.tick().await;
        }
        let agree = |of: &str| [day(of, "alipay", 0), day(of, "wechat", 0)];
        assert_eq!(compared(&till).await, [agree("2026-11-22"), agree("2026-11-21")].concat());
        assert!(!server.told(till.root.id()).await.contains(&"pay.day_differs".to_owned()));
    }

    async fn v8_2_a_refund_that_a_network_has_not_made_is_found_missing_by_the_next_day_at_the_latest(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        till.networks.trouble(Troubles { refunds: Returned::Pending, ..Troubles::default() });
        for (n, step) in [(1, HOUR), (2, 6 * HOUR + 30 * MINUTE)] {
            back(&customer, &format!("back-000{n}"), 1_000).await.ok(202);
            server.run_jobs().await;
            server.clock.step(step);
            // As if it had said that it was done: at five, and half an hour before midnight.
            set_refunds(server, "UPDATE pay_refunds SET state = 'done', settled_at = $1 WHERE state = 'asked'").await;
        }
        server.later(DAY).await;
        server.tick().await;
        let missing = async || words(&days(&till).await["differences"], "kind");
        assert_eq!(missing().await, ["not_there"], "the other may be in the next day's bill");
        // Of the next day there is no bill, which may be late for another day.
        for _ in 0..2 {
            server.later(DAY).await;
            server.tick().await;
        }
        assert_eq!(missing().await, ["not_there"; 2]);
        // As it is: the money is still held for them.
        set_refunds(server, "UPDATE pay_refunds SET state = 'asked', settled_at = NULLIF($1, $1)").await;
        assert_eq!(wallet(&customer).await, (3_000, 2_000));
    }

    async fn v8_2_a_bill_that_cannot_be_had_is_asked_for_again(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        server.later(20 * HOUR).await;
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        server.tick().await;
        assert_eq!(till.root.get("/api/v1/payments/reconciliation").await.ok(200)["days"], json!([]));
        let jobs = till.root.get("/api/v1/jobs?kind=pay.reconcile").await.ok(200);
        assert_eq!(words(&jobs["items"], "state"), ["done"], "the network's trouble is no failure of ours, and no reason to stop asking");
        till.networks.trouble(Troubles::default());
        server.later(HOUR).await;
        server.tick().await;
        assert_eq!(till.root.get("/api/v1/payments/reconciliation").await.ok(200)["days"].as_array().unwrap().len(), 2);
    }

    async fn v8_2_a_day_whose_bill_cannot_be_had_is_told_once_and_shown_until_it_is_compared(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        // Four in the afternoon, in Beijing.
        till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        server.later(20 * HOUR).await;
        server.tick().await;
        assert_eq!((missing(&till).await.len(), server.told(till.root.id()).await.len()), (0, 0), "yesterday's may still come");
        let of_wechat = |days: &[&str]| days.iter().map(|day| ((*day).to_owned(), "wechat".to_owned())).collect::<Vec<_>>();
        let why = async || days(&till).await["missing"][0]["problem"].clone();
        // By Alipay nobody has ever paid: of such a network only yesterday is compared.
        for (after, days) in [(DAY, &["2026-11-21"][..]), (HOUR, &["2026-11-21"][..]), (DAY, &["2026-11-22", "2026-11-21"][..])] {
            server.later(after).await;
            server.tick().await;
            assert_eq!((missing(&till).await, server.told(till.root.id()).await), (of_wechat(days), vec!["pay.day_missing".to_owned(); days.len()]));
            let told = till.root.get("/api/v1/notifications").await.ok(200)["items"][0].clone();
            let body = told["body"].as_str().unwrap();
            assert!(body.contains(&format!("WeChat Pay {} 的账单一直无法取得（渠道繁忙或出错；渠道答复：“HTTP 503”）", days[0])), "{body}");
            let problem = why().await;
            assert_eq!((&problem["code"], &problem["said"]), (&json!("in_trouble"), &json!("HTTP 503")));
        }
        till.networks.trouble(Troubles::default());
        server.later(HOUR).await;
        server.tick().await;
        assert_eq!((missing(&till).await.len(), server.told(till.root.id()).await.len()), (0, 2));
        assert!(compared(&till).await.contains(&day("2026-11-21", "wechat", 0)));
    }

    async fn v8_2_a_day_that_is_too_old_to_be_asked_for_is_still_shown_as_missing(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        server.later(DAY + 20 * HOUR).await;
        server.tick().await;
        server.later(15 * DAY).await;
        till.networks.trouble(Troubles::default());
        server.tick().await;
        assert_eq!(missing(&till).await, [("2026-11-21".to_owned(), "wechat".to_owned())]);
        assert_eq!((compared(&till).await.len(), server.told(till.root.id()).await.len()), (15, 1));
    }

    async fn v8_2_days_on_which_nobody_asked_are_compared_later(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        // Four in the afternoon, in Beijing.
        let first = till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        till.networks.refund_elsewhere(&till.number(&first).await, 100).await;
        server.later(DAY).await;
        till.recharged(&customer, "pay-00002", "native", 2_000).await;
        // Down for two days.
        server.later(2 * DAY).await;
        server.tick().await;
        // By Alipay nobody has ever paid: what was there before that is not asked for.
        let all = [day("2026-11-23", "alipay", 0), day("2026-11-23", "wechat", 0), day("2026-11-22", "wechat", 0), day("2026-11-21", "wechat", 1)];
        assert_eq!(compared(&till).await, all);
        let found = days(&till).await["differences"][0].clone();
        assert_eq!((&found["day"], &found["kind"], &found["theirs_fen"]), (&json!("2026-11-21"), &json!("not_here"), &json!(100)));
        assert_eq!(till.waiting().await["differences"], 1);
        // Each once.
        server.later(HOUR).await;
        server.tick().await;
        assert_eq!((compared(&till).await, till.waiting().await["differences"].clone()), (all.to_vec(), json!(1)));
    }

    async fn v8_2_a_bill_that_is_late_is_no_day_without_payments(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "wap", 3_000).await;
        till.networks.trouble(Troubles { bills_late: true, ..Troubles::default() });
        server.later(20 * HOUR).await;
        server.tick().await;
        // By WeChat nobody has paid: no bill is what there is of such a day.
        assert_eq!((compared(&till).await, till.waiting().await["differences"].clone()), (vec![day("2026-11-21", "wechat", 0)], json!(0)));
        till.networks.trouble(Troubles::default());
        server.later(HOUR).await;
        server.tick().await;
        assert_eq!(compared(&till).await, [day("2026-11-21", "alipay", 0), day("2026-11-21", "wechat", 0)]);

        // One that has not come after two days does not come any more: then it is somebody's to look at.
        let missing = till.recharged(&customer, "pay-00002", "wap", 700).await;
        till.networks.trouble(Troubles { bills_late: true, ..Troubles::default() });
        server.later(DAY).await;
        server.tick().await;
        assert_eq!(compared(&till).await[0], day("2026-11-22", "wechat", 0));
        server.later(DAY).await;
        server.tick().await;
        let of_it = compared(&till).await.into_iter().find(|(name, channel, _)| name == "2026-11-22" && channel == "alipay");
        assert_eq!(of_it, Some(day("2026-11-22", "alipay", 1)));
        let found = days(&till).await["differences"][0].clone();
        assert_eq!((&found["kind"], &found["number"]), (&json!("not_there"), &json!(till.number(&missing).await)));
    }
}
