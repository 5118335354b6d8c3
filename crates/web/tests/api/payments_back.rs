//! Money that goes back to where it came from, and who puts it right where it does not.

use kernel::{DAY, HOUR, MINUTE};
use sandbox::{Asked, Returned, Troubles};
use serde_json::{Value, json};
use testkit::{Client, on_server};

use crate::support::pay::{Till, id, told, wallet};

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
            for asked in [Asked::Down, Asked::DoneAndSilent, Asked::DoneAndTroubled, Asked::Forged] {
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

    async fn v4_1_a_networks_own_trouble_is_no_refusal_however_often_it_comes(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        for (n, method) in ["h5", "wap"].into_iter().enumerate() {
            let placed = till.recharged(&customer, &format!("pay-{n:05}"), method, 3_000).await;
            till.networks.trouble(Troubles { asked: Asked::DoneAndTroubled, ..Troubles::default() });
            back(&customer, &format!("back-{n:04}"), 3_000).await.ok(202);
            for _ in 0..5 {
                server.run_jobs().await;
                server.later(5 * MINUTE).await;
            }
            // It may have gone: nobody is to pay it out by hand.
            assert_eq!((till.refunds(&placed).await, till.waiting().await["refunds"].clone()), (vec![(3_000, "asked".to_owned(), "asked".to_owned())], json!(0)));
            assert_eq!(wallet(&customer).await, (3_000, 3_000));
            till.networks.trouble(Troubles::default());
            server.later(10 * MINUTE).await;
            server.run_jobs().await;
            let trade = till.networks.trade(&till.number(&placed).await);
            assert_eq!((wallet(&customer).await, trade.refunded().fen(), trade.refunds.len()), ((0, 0), 3_000, 1));
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

    async fn v4_1_a_refund_that_is_not_made_in_ten_days_is_somebodys_to_look_at(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        for (n, method) in ["h5", "wap"].into_iter().enumerate() {
            let placed = till.recharged(&customer, &format!("pay-{n:05}"), method, 3_000).await;
            till.networks.trouble(Troubles { refunds: Returned::Pending, ..Troubles::default() });
            back(&customer, &format!("back-{n:04}"), 3_000).await.ok(202);
            for _ in 0..9 {
                server.run_jobs().await;
                server.later(DAY).await;
            }
            server.run_jobs().await;
            assert_eq!((till.waiting().await["refunds"].clone(), till.refunds(&placed).await[0].2.as_str()), (json!(0), "asked"));
            server.later(DAY).await;
            server.run_jobs().await;
            let refund = stuck(&till).await;
            assert_eq!(refund["problem"]["code"], "not_sent", "{refund}");
            assert_eq!((till.waiting().await["refunds"].clone(), told(&customer).await[0].as_str()), (json!(1), "pay.refund_delayed"));
            assert_eq!(wallet(&customer).await, (3_000, 3_000), "it may still come");
            if method == "h5" {
                // It is on its way: it would come twice.
                remedy(&till, &refund, "paid_out", "现金").await.refused(409, "REFUND_PENDING");
            }
            till.networks.trouble(Troubles::default());
            remedy(&till, &refund, "retry", "").await.ok(200);
            server.run_jobs().await;
            let trade = till.networks.trade(&till.number(&placed).await);
            assert_eq!((wallet(&customer).await, trade.refunded().fen(), trade.refunds.len()), ((0, 0), 3_000, 1));
        }
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
            let twice = json!({"code": "refunded_twice", "amount_fen": null, "number": number, "said": null});
            assert_eq!(detail["attempts"][0]["problem"], twice);
            assert_eq!(till.waiting().await["payments"], 1);
            for again in ["retry", "keep", "paid_out"] {
                remedy(&till, &refund, again, "再来一次").await.refused(409, "NOT_STUCK");
            }
            // Somebody does, and says what it was. What else is found later, as in the next round, waits again.
            let seen = format!("/api/v1/payments/orders/{}/seen", id(&placed));
            till.root.post(&seen, json!({"note": ""})).await.refused_field("note", "REQUIRED");
            let waits = async || till.root.get("/api/v1/payments/orders?waiting=true").await.ok(200)["items"].as_array().unwrap().len();
            assert_eq!((till.waiting().await["payments"].clone(), waits().await), (json!(1), 1));
            till.root.post(&seen, json!({"note": "已联系顾客"})).await.ok(204);
            till.root.post(&seen, json!({"note": "又一次"})).await.ok(204);
            let attempt = till.detail(&placed).await["attempts"][0].clone();
            assert_eq!((till.waiting().await["payments"].clone(), attempt["seen_note"].clone()), (json!(0), json!("已联系顾客")));
            assert_eq!(waits().await, 0);
            assert_eq!(attempt["problem"], twice, "what it was is still there");
        }
        assert_eq!(till.networks.trade(&paid).refunds.len(), 2);
    }
}
