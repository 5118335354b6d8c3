//! Money that goes back, and the networks' bills.

use kernel::{DAY, HOUR, MINUTE};
use sandbox::{Asked, Returned, Troubles};
use serde_json::{Value, json};
use testkit::{Client, on_server};

use crate::support::pay::{Till, id, told, wallet, words};

const PHONE: &str = "13800138000";

async fn back(customer: &Client, key: &str, fen: i64) -> testkit::Answer {
    customer.post_once(key, "/customer/v1/refunds", json!({"amount_fen": fen})).await
}

async fn remedy(till: &Till<'_>, refund: &Value, remedy: &str, note: &str) -> testkit::Answer {
    till.root.post(&format!("/api/v1/payments/refunds/{}/remedy", id(refund)), json!({"remedy": remedy, "note": note})).await
}

async fn stuck(till: &Till<'_>) -> Value {
    let page = till.root.get("/api/v1/payments/refunds?state=stuck").await.ok(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
    page["items"][0].clone()
}

fn refusing() -> Troubles {
    Troubles { refunds: Returned::Refused, ..Troubles::default() }
}

/// Until the network has said no three times.
async fn until_stuck(till: &Till<'_>) -> Value {
    for _ in 0..4 {
        till.server.run_jobs().await;
        till.server.later(5 * MINUTE).await;
    }
    stuck(till).await
}

/// A refund of ten yuan that the network makes, and nobody hears of: then it is away for more than a day.
async fn made_unheard(till: &Till<'_>, customer: &Client, key: &str) -> Value {
    till.networks.trouble(Troubles { asked: Asked::DoneAndSilent, ..Troubles::default() });
    back(customer, key, 1_000).await.ok(202);
    till.server.run_jobs().await;
    till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
    for _ in 0..30 {
        till.server.later(HOUR).await;
        till.server.run_jobs().await;
    }
    stuck(till).await
}

on_server! {
    async fn v4_1_money_of_the_wallet_goes_back_to_where_it_came_from_the_last_first(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let first = till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        server.later(MINUTE).await;
        let second = till.recharged(&customer, "pay-00002", "wap", 2_000).await;
        let refundable = async || customer.get("/customer/v1/refundable").await.ok(200)["amount_fen"].as_i64().unwrap();
        assert_eq!(refundable().await, 5_000);
        let after = back(&customer, "back-0001", 3_500).await.ok(202);
        assert_eq!((&after["balance_fen"], &after["held_fen"]), (&json!(5_000), &json!(3_500)), "held until it has happened");
        // Asked once more with the same key, it is the same.
        back(&customer, "back-0001", 3_500).await.ok(202);
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, refundable().await), ((1_500, 0), 1_500));
        assert_eq!(till.refunds(&second).await, [(2_000, "asked".to_owned(), "done".to_owned())]);
        assert_eq!(till.refunds(&first).await, [(1_500, "asked".to_owned(), "done".to_owned())]);
        back(&customer, "back-0002", 1_501).await.refused(409, "MORE_THAN_PAID");
        for fen in [0, -1] {
            back(&customer, "back-0003", fen).await.refused(409, "MORE_THAN_PAID");
        }
        back(&customer, "back-0004", 1_500).await.ok(202);
        server.run_jobs().await;
        assert_eq!(wallet(&customer).await, (0, 0));
        let gone: i64 = till.networks.trades().iter().map(|trade| trade.refunded().fen()).sum();
        assert_eq!(gone, 5_000);
    }

    async fn v4_1_two_who_ask_at_once_for_all_of_it_get_it_once(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        let (a, b) = tokio::join!(back(&customer, "back-0001", 3_000), back(&customer, "back-0002", 3_000));
        let good = [a.status, b.status].iter().filter(|status| status.is_success()).count();
        assert_eq!(good, 1, "{} {}", a.text(), b.text());
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, till.networks.trades()[0].refunded().fen()), ((0, 0), 3_000));
    }

    async fn v4_1_a_refund_whose_answer_was_lost_is_made_once(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        for (n, method) in ["h5", "wap"].into_iter().enumerate() {
            let placed = till.recharged(&customer, &format!("pay-{n:05}"), method, 3_000).await;
            for asked in [Asked::Down, Asked::DoneAndSilent, Asked::Forged] {
                till.networks.trouble(Troubles { asked, ..Troubles::default() });
                if asked == Asked::Down {
                    back(&customer, &format!("back-{n:04}"), 3_000).await.ok(202);
                }
                server.run_jobs().await;
                assert_eq!(wallet(&customer).await, (3_000, 3_000), "{asked:?}");
                server.later(HOUR).await;
            }
            till.networks.trouble(Troubles::default());
            server.run_jobs().await;
            assert_eq!(wallet(&customer).await, (0, 0));
            let trade = till.networks.trade(&till.number(&placed).await);
            assert_eq!((trade.refunded().fen(), trade.refunds.len()), (3_000, 1));
        }
    }

    async fn v4_1_a_refund_that_takes_days_is_waited_for(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        till.networks.trouble(Troubles { refunds: Returned::Pending, ..Troubles::default() });
        back(&customer, "back-0001", 3_000).await.ok(202);
        for _ in 0..3 {
            server.run_jobs().await;
            server.later(DAY).await;
        }
        assert_eq!(wallet(&customer).await, (3_000, 3_000));
        till.networks.trouble(Troubles::default());
        server.run_jobs().await;
        assert_eq!(wallet(&customer).await, (0, 0));
    }

    async fn v4_1_a_refund_that_a_network_refuses_is_somebodys_to_put_right(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        till.networks.trouble(refusing());
        back(&customer, "back-0001", 1_000).await.ok(202);
        let refund = until_stuck(&till).await;
        assert_eq!((refund["tries"].clone(), wallet(&customer).await, till.waiting().await["refunds"].clone()), (json!(3), (3_000, 1_000), json!(1)));
        assert_eq!(told(&customer).await[0], "pay.refund_delayed");
        // Again: the network wants now.
        till.networks.trouble(Troubles::default());
        remedy(&till, &refund, "retry", "").await.ok(200);
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, till.refunds(&placed).await[0].2.as_str()), ((2_000, 0), "done"));
        remedy(&till, &refund, "retry", "").await.refused(409, "NOT_STUCK");

        // In cash.
        till.networks.trouble(refusing());
        back(&customer, "back-0002", 1_000).await.ok(202);
        let refund = until_stuck(&till).await;
        remedy(&till, &refund, "paid_out", "").await.refused(422, "INVALID");
        let done = remedy(&till, &refund, "paid_out", "现金").await.ok(200);
        assert_eq!((&done["state"], &done["note"]), (&json!("by_hand"), &json!("现金")));
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, told(&customer).await[0].as_str()), ((1_000, 0), "pay.refunded_by_hand"));

        // Not at all.
        back(&customer, "back-0003", 1_000).await.ok(202);
        let refund = until_stuck(&till).await;
        remedy(&till, &refund, "keep", "客户同意").await.ok(200);
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, told(&customer).await[0].as_str()), ((1_000, 0), "pay.refund_kept"));
        // It can go back another time.
        assert_eq!(customer.get("/customer/v1/refundable").await.ok(200)["amount_fen"], 1_000);
        till.networks.trouble(Troubles::default());
        back(&customer, "back-0004", 1_000).await.ok(202);
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, till.networks.trade(&till.number(&placed).await).refunded().fen()), ((0, 0), 2_000));
        let log = till.root.get("/api/v1/logs/operations").await.ok(200).to_string();
        assert_eq!(log.matches("remedied").count(), 3, "{log}");
    }

    async fn v4_1_what_a_network_has_sent_back_after_all_is_not_put_right_by_hand(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        let refund = made_unheard(&till, &customer, "back-0001").await;
        remedy(&till, &refund, "let_go", "不是预授权").await.refused(409, "REMEDY_UNSUITABLE");
        till.networks.trouble(Troubles::default());
        remedy(&till, &refund, "keep", "客户同意").await.refused(409, "REFUND_DONE");
        assert_eq!((wallet(&customer).await, till.waiting().await["refunds"].clone()), ((2_000, 0), json!(0)));

        // While it does not answer, whoever has decided knows more.
        let refund = made_unheard(&till, &customer, "back-0002").await;
        remedy(&till, &refund, "paid_out", "现金").await.ok(200);
        assert_eq!((wallet(&customer).await, till.waiting().await["payments"].clone()), ((1_000, 0), json!(0)));
    }

    async fn v4_1_what_a_network_has_sent_back_after_it_was_put_right_by_hand_moves_nothing_and_is_somebodys_to_look_at(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        let paid = till.number(&placed).await;
        for (n, (what, states)) in [("paid_out", &["by_hand"][..]), ("keep", &["by_hand", "kept"][..])].into_iter().enumerate() {
            let refund = made_unheard(&till, &customer, &format!("back-000{n}")).await;
            // The network does not answer whoever puts it right.
            remedy(&till, &refund, what, "客户同意").await.ok(200);
            server.run_jobs().await;
            let (money, heard) = (wallet(&customer).await, told(&customer).await);
            assert_eq!(money, (2_000, 0), "{what}");
            // Its notice comes late, and again.
            till.networks.trouble(Troubles::default());
            let number = till.networks.trade(&paid).refunds[n].number.clone();
            for _ in 0..2 {
                assert!(till.networks.deliver(&till.networks.notice_of_refund(&number)).await.status.is_success());
                server.run_jobs().await;
            }
            assert_eq!((wallet(&customer).await, told(&customer).await), (money, heard), "{what}");
            let mut stands: Vec<String> = till.refunds(&placed).await.into_iter().map(|(_, _, state)| state).collect();
            stands.sort_unstable();
            assert_eq!(stands, states);
            // The customer may have it twice by now: a person has to see to that, and nothing goes on by itself.
            let detail = till.detail(&placed).await;
            assert!(detail["attempts"][0]["problem"].as_str().unwrap().contains(&number), "{detail}");
            assert_eq!(till.waiting().await["payments"], 1);
            for again in ["retry", "keep", "paid_out"] {
                remedy(&till, &refund, again, "再来一次").await.refused(409, "NOT_STUCK");
            }
        }
        assert_eq!(till.networks.trade(&paid).refunds.len(), 2);
    }

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
        let days = async || till.root.get("/api/v1/payments/reconciliation").await.ok(200);
        server.later(8 * HOUR).await;
        server.tick().await;
        assert_eq!(days().await["days"], json!([]), "the day is not over");
        server.later(12 * HOUR).await;
        server.tick().await;
        let seen = days().await;
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
        let seen = days().await;
        assert_eq!((seen["days"].as_array().unwrap().len(), seen["differences"].as_array().unwrap().len()), (2, 1));
        let path = format!("/api/v1/payments/differences/{}/settle", id(&seen["differences"][0]));
        till.root.post(&path, json!({"note": ""})).await.refused_field("note", "REQUIRED");
        till.root.post(&path, json!({"note": "已退回"})).await.ok(204);
        assert_eq!((till.waiting().await["differences"].clone(), days().await["differences"][0]["note"].clone()), (json!(0), json!("已退回")));
    }

    async fn v8_2_a_bill_that_cannot_be_had_is_asked_for_again(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        server.later(20 * HOUR).await;
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        server.tick().await;
        assert_eq!(till.root.get("/api/v1/payments/reconciliation").await.ok(200)["days"], json!([]));
        till.networks.trouble(Troubles::default());
        server.later(HOUR).await;
        server.tick().await;
        assert_eq!(till.root.get("/api/v1/payments/reconciliation").await.ok(200)["days"].as_array().unwrap().len(), 2);
    }
}
