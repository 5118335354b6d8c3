//! Money that Alipay has only frozen, where Alipay is away, refuses, or says something else than it said: it is taken or let go all the same, once.

use kernel::{HOUR, MINUTE, SECOND};
use sandbox::{Asked, Returned, TradeState, Troubles};
use serde_json::json;
use store::{Sql, args};
use testkit::on_server;

use crate::support::freeze::{ask, books, close, open, with_order};
use crate::support::pay::{id, order, wallet};

on_server! {
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
        let problem = &detail["attempts"][0]["problem"];
        assert_eq!((&problem["code"], &problem["said"]), (&json!("not_taken"), &json!("HTTP 503")), "{detail}");
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
        let taking = till.root.get("/api/v1/payments/orders?waiting=true").await.ok(200)["items"][0].clone();
        let attempts = till.detail(&taking).await["attempts"].clone();
        assert_eq!(attempts.as_array().unwrap().last().unwrap()["problem"]["code"], "closed_unpaid", "{attempts}");
        till.networks.trouble(Troubles::default());
        server.later(10 * MINUTE).await;
        server.run_jobs().await;
        let taken = till.networks.alipay.trades().into_iter().filter(|trade| trade.is_taken() && trade.paid_at.is_some());
        assert_eq!((taken.map(|trade| trade.amount.fen()).collect::<Vec<_>>(), till.waiting().await["payments"].clone()), (vec![1_200], json!(0)));
        assert_eq!(with_order(&customer, &placed).await, (json!("paid"), json!(2_400), json!(1_200)));
        let waiting = till.root.get("/api/v1/payments/orders?state=pending").await.ok(200);
        assert_eq!(waiting["items"], json!([]));
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
        assert_eq!(detail["attempts"][0]["problem"]["code"], "let_go", "{detail}");
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
}
