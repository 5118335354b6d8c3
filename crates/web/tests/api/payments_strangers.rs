//! Where networks tell what was paid anybody may call: these ways in are not in the document, so no rule of the matrix asks them.

use platform::payments::ChannelKind;
use sandbox::{Told, Troubles};
use store::Sql as _;
use testkit::{Client, Notice, TestServer, on_server};

use crate::support::freeze::{ask, open};
use crate::support::pay::{order, wallet};

/// The same without its signature: WeChat's is in a header, Alipay's in the form.
fn unsigned((kind, headers, body): &Notice) -> Notice {
    let headers = headers.iter().filter(|(name, _)| *name != "wechatpay-signature").cloned().collect();
    let fields = body.split('&').filter(|field| !field.starts_with("sign="));
    let body = if *kind == ChannelKind::Wechat { body.clone() } else { fields.collect::<Vec<_>>().join("&") };
    (*kind, headers, body)
}

/// What somebody who is believed would leave: a notice, a job, a line in the log, money.
async fn traces(server: &TestServer, customer: &Client) -> (Vec<i64>, (i64, i64)) {
    let mut rows = Vec::new();
    for table in ["pay_notices", "jobs", "operations"] {
        let query = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {table}");
        let n: i64 = server.platform.db.read().one(&query, vec![], |row| row.get("n")).await.unwrap();
        rows.push(n);
    }
    (rows, wallet(customer).await)
}

on_server! {
    async fn v4_1_a_stranger_who_calls_where_networks_call_is_refused_and_changes_nothing(server) {
        let (till, hall, customer) = open(server).await;
        let placed = [
            till.recharge(&customer, "pay-00001", "h5", 5_000).await,
            till.recharge(&customer, "pay-00002", "wap", 5_000).await,
            ask(&customer, &hall.tables[0].id, "pay-00003").await.ok(201),
        ];
        let mut notices: Vec<Notice> = Vec::new();
        for placed in &placed {
            let number = till.number(placed).await;
            // All of it is true: the signature alone is missing.
            assert!(till.networks.pay(&number).await);
            notices.push(till.networks.notice(&number));
        }
        assert_eq!(notices.iter().map(|(kind, ..)| *kind).collect::<Vec<_>>(), [ChannelKind::Wechat, ChannelKind::Alipay, ChannelKind::AlipayFreeze]);
        till.networks.wechat.set(Troubles { told: Told::Forged, ..Troubles::default() });
        till.networks.alipay.set(Troubles { told: Told::Forged, ..Troubles::default() });
        let mut forged: Vec<Notice> = Vec::new();
        for placed in &placed {
            forged.push(till.networks.notice(&till.number(placed).await));
        }
        till.networks.trouble(Troubles::default());
        let before = traces(server, &customer).await;
        for (notice, forged) in notices.iter().zip(forged) {
            let said = if notice.0 == ChannelKind::Wechat { r#"{"code":"FAIL","message":"not taken"}"# } else { "fail" };
            for stranger in [unsigned(notice), forged, (notice.0, Vec::new(), String::new())] {
                assert_ne!(&stranger, notice);
                let answer = till.networks.deliver(&stranger).await;
                assert_eq!((answer.status.as_u16(), answer.text()), (401, said.to_owned()), "{stranger:?}");
            }
        }
        assert_eq!(traces(server, &customer).await, before);
        for placed in &placed {
            assert_eq!(order(&customer, placed).await["state"], "pending");
        }
        // As the networks sign it, it is believed.
        for notice in &notices {
            assert!(till.networks.deliver(notice).await.status.is_success());
        }
        assert_eq!(traces(server, &customer).await.0[0], before.0[0] + 3);
        server.run_jobs().await;
        hall.table_is(0, "playing").await;
        for placed in &placed {
            assert_eq!(order(&customer, placed).await["state"], "paid");
        }
    }
}
