//! A network that hangs keeps nobody waiting but its own: money goes back by the other, and codes come.

use kernel::SECOND;
use serde_json::json;
use store::jobs::Workers;
use store::{Sql as _, args};
use testkit::{TestServer, on_server};
use tokio::sync::watch;

use crate::support::pay::Till;

const WAITING: usize = 20;

async fn count(server: &TestServer, from: &str) -> usize {
    let sql = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {from}");
    let n: i64 = server.platform.db.read().one(&sql, args![], |row| row.get("n")).await.unwrap();
    usize::try_from(n).unwrap()
}

on_server! {
    async fn v4_1_money_goes_back_by_one_network_and_codes_come_while_the_other_hangs(server) {
        let till = Till::open(server).await;
        let customer = till.customer("13800138000").await;
        till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        for n in 0..WAITING {
            till.recharge(&customer, &format!("pay-9{n:04}"), "precreate", 100).await;
        }
        server.later(11 * SECOND).await;
        // Each of these has Alipay asked now; and only then the others are written, so that they stand behind all of them.
        let _silent = till.networks.silence_alipay().await;
        server.clock.step(SECOND);
        customer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 1_000})).await.ok(202);
        server.visitor().post("/customer/v1/phone-codes", json!({"phone": "13900139000"})).await.ok(202);
        let (_stop, stopped) = watch::channel(false);
        let workers = Workers { prompt: 1, boards: 1, wechat: 1, alipay: 4, texts: 1, callbacks: 1, mail: 1, rest: 1 };
        let done = async {
            while count(server, "pay_refunds WHERE state = 'done'").await < 1 || count(server, "jobs WHERE kind = 'sms.send' AND state <> 'done'").await > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = server.runner().run(workers, stopped) => panic!("nobody has stopped it"),
            () = done => {}
        }
        // None of those that ask Alipay has been through: nothing has waited for one.
        let hang = count(server, "jobs WHERE crew = 'alipay' AND kind = 'pay.watch' AND (state = 'running' OR (state = 'queued' AND attempts = 0))").await;
        assert_eq!(hang, WAITING);
        assert_eq!(till.networks.wechat.trades()[0].refunded().fen(), 1_000);
    }
}
