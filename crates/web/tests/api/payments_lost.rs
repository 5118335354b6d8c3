//! Money that is under way whose job was given up, or is gone: it is taken up again by itself.

use kernel::{HOUR, MINUTE};
use sandbox::{Asked, Troubles};
use serde_json::json;
use store::{Sql as _, args};
use testkit::{TestServer, on_server};

use crate::support::pay::{Till, wallet};

const PHONE: &str = "13800138000";

async fn jobs(server: &TestServer, kind: &str, state: &str) -> i64 {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM jobs WHERE kind = $1 AND state = $2";
    server.platform.db.read().one(sql, args![kind, state], |row| row.get("n")).await.unwrap()
}

/// As after twelve faults of the database.
async fn given_up(server: &TestServer, kind: &str) {
    let mut tx = server.platform.db.begin().await.unwrap();
    let sql = "UPDATE jobs SET state = 'dead', attempts = 12, finished_at = run_at WHERE kind = $1 AND state = 'queued'";
    assert_eq!(tx.exec(sql, args![kind]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn gone(server: &TestServer, kind: &str) {
    let mut tx = server.platform.db.begin().await.unwrap();
    assert_eq!(tx.exec("DELETE FROM jobs WHERE kind = $1 AND state = 'queued'", args![kind]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

on_server! {
    async fn v4_1_a_refund_whose_job_was_given_up_or_is_gone_is_made_all_the_same(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        for (n, method) in ["h5", "wap"].into_iter().enumerate() {
            till.recharged(&customer, &format!("pay-{n:05}"), method, 3_000).await;
            till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
            customer.post_once(&format!("back-{n:04}"), "/customer/v1/refunds", json!({"amount_fen": 3_000})).await.ok(202);
            server.run_jobs().await;
            if n == 0 { given_up(server, "pay.refund").await } else { gone(server, "pay.refund").await }
            till.networks.trouble(Troubles::default());
            server.later(HOUR).await;
            server.run_jobs().await;
            assert_eq!(wallet(&customer).await, (3_000, 3_000), "nobody asks for it");
            server.tick().await;
            assert_eq!((wallet(&customer).await, jobs(server, "pay.refund", "dead").await), ((0, 0), 0), "{method}");
        }
        let back: i64 = till.networks.trades().iter().map(|trade| trade.refunded().fen()).sum();
        assert_eq!(back, 6_000);
    }

    async fn v8_2_a_payment_whose_job_is_gone_is_found_and_one_that_nobody_has_made_ends(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let paid = till.recharge(&customer, "pay-00001", "native", 3_000).await;
        assert!(till.networks.pay(&till.number(&paid).await).await);
        gone(server, "pay.watch").await;
        let forgotten = till.recharge(&customer, "pay-00002", "precreate", 3_000).await;
        gone(server, "pay.watch").await;
        server.later(HOUR).await;
        server.tick().await;
        assert_eq!((wallet(&customer).await, till.attempts(&paid).await), ((3_000, 0), vec!["taken".to_owned()]));
        assert_eq!((till.detail(&forgotten).await["order"]["state"].clone(), till.attempts(&forgotten).await), (json!("closed"), vec!["closed".to_owned()]));
    }

    async fn v8_2_what_has_its_job_gets_no_second_one(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
        till.recharge(&customer, "pay-00002", "wap", 3_000).await;
        customer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 1_000})).await.ok(202);
        for _ in 0..4 {
            server.later(5 * MINUTE).await;
            server.tick().await;
        }
        assert_eq!((jobs(server, "pay.refund", "queued").await, jobs(server, "pay.watch", "queued").await), (1, 1));
    }
}
