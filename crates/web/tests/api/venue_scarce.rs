//! A day on which the texts for new numbers are used up: customers sign in, newcomers are told how it is, and nobody is told who is which.

use kernel::{DAY, MINUTE};
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Answer, Client, TestServer, on_server};

use crate::support::pay::words;

/// A customer's, and two that are nobody's.
const PHONE: &str = "13800138000";
const NEW: &str = "13900139000";
const OTHER: &str = "13700137000";

async fn ask(who: &Client, phone: &str) -> Answer {
    who.post("/customer/v1/phone-codes", json!({"phone": phone})).await
}

/// As if so many had been counted already of the one subject that there is.
async fn spend(server: &TestServer, allowance: &str, used: i64) {
    let mut tx = server.platform.db.begin().await.unwrap();
    let sql = "UPDATE allowances SET used = $1 WHERE subject LIKE $2";
    assert_eq!(tx.exec(sql, store::args![used, format!("{allowance} %")]).await.unwrap(), 1, "{allowance}");
    tx.commit().await.unwrap();
}

/// Without what is another one each time.
fn plain(mut told: Value) -> Value {
    for name in ["ticket", "request_id"] {
        told[name] = Value::Null;
    }
    told
}

/// All that whoever does not have this phone can learn of it, in a few minutes.
async fn probed(server: &TestServer, who: &Client, phone: &str) -> Vec<Value> {
    let mut told = Vec::new();
    for _ in 0..3 {
        let sent = ask(who, phone).await.ok(202);
        let guess = json!({"ticket": sent["ticket"], "phone": phone, "code": "------"});
        told.push(plain(sent));
        told.push(plain(ask(who, phone).await.refused(429, "RATE_LIMITED")));
        for _ in 0..6 {
            told.push(plain(who.post("/customer/v1/sign-in", guess.clone()).await.refused(401, "CODE_WRONG")));
        }
        server.clock.step(MINUTE);
    }
    told
}

on_server! {
    async fn v2_2_customers_sign_in_on_a_day_on_which_all_texts_for_new_numbers_are_spent(server) {
        let known = server.sign_in_by_phone(&server.visitor(), PHONE).await["customer"]["id"].clone();
        server.clock.step(MINUTE);
        spend(server, "sms new numbers", 6_000).await;
        assert_eq!(ask(&server.visitor(), NEW).await.ok(202)["customers_only"], true);
        assert!(server.mails(NEW).await.is_empty());
        assert_eq!(server.sign_in_by_phone(&server.visitor(), PHONE).await["customer"]["id"], known);
        // However many ask who are new, they take nothing of the customers'.
        spend(server, "sms all", 9_999).await;
        for n in 0..20 {
            ask(&server.visitor(), &format!("136{n:08}")).await.ok(202);
        }
        server.clock.step(MINUTE);
        assert_eq!(server.sign_in_by_phone(&server.visitor(), PHONE).await["customer"]["id"], known);
        // There is an end for them too: nobody pays for more texts than the day has.
        server.clock.step(MINUTE);
        for phone in [PHONE, NEW] {
            ask(&server.visitor(), phone).await.refused(429, "RATE_LIMITED");
        }
        server.clock.step(DAY);
        assert_eq!(ask(&server.visitor(), NEW).await.ok(202)["customers_only"], false);
        assert_eq!(server.mails(NEW).await.len(), 1);
    }

    async fn v2_2_on_such_a_day_a_number_is_answered_alike_whosever_it_is_and_the_log_says_what_was_not_sent(server) {
        server.sign_in_by_phone(&server.visitor(), PHONE).await;
        server.clock.step(MINUTE);
        let before = ask(&server.visitor(), NEW).await.ok(202);
        let root = server.user(Role::SuperAdmin, "root").await;
        spend(server, "sms new numbers", 6_000).await;
        let customers = probed(server, &server.visitor().from([10, 7, 7, 1]), PHONE).await;
        let nobodys = probed(server, &server.visitor().from([10, 7, 7, 2]), OTHER).await;
        assert_eq!(customers, nobodys);
        assert_eq!((before["customers_only"].clone(), customers[0]["customers_only"].clone()), (json!(false), json!(true)));
        // The one's phone has rung, and the other's has not.
        assert_eq!((server.mails(PHONE).await.len(), server.mails(OTHER).await.len()), (1 + 3, 0));
        assert_eq!(server.told(root.id()).await, ["texts.spent"]);
        let log = async |phone: &str| root.get(&format!("/api/v1/texts?phone={phone}")).await.ok(200)["items"].clone();
        let withheld = log(OTHER).await;
        assert_eq!((words(&withheld, "state"), words(&withheld, "reason")), (vec!["withheld".to_owned(); 3], vec!["DAILY_LIMIT".to_owned(); 3]));
        // A flood does not fill it.
        spend(server, "sms new numbers", 7_000).await;
        assert_eq!(ask(&server.visitor(), "13600136000").await.ok(202)["customers_only"], true);
        assert_eq!(log("13600136000").await, json!([]));
    }
}
