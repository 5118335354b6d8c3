//! Some of a number's codes are kept for where its customer has signed in before: whoever knows the number, and asks from elsewhere, keeps nobody out.

use kernel::{HOUR, MINUTE};
use serde_json::{Value, json};
use store::{Sql as _, args};
use testkit::{Answer, Client, TestServer, on_server};

/// A customer's, somebody else's, and nobody's.
const PHONE: &str = "13800138000";
const OTHER: &str = "13900139000";
const NOBODYS: &str = "13700137000";

async fn ask(who: &Client, phone: &str) -> Answer {
    who.post("/customer/v1/phone-codes", json!({"phone": phone})).await
}

async fn texts(server: &TestServer, phone: &str) -> usize {
    server.mails(phone).await.len()
}

/// Asks for a code, which comes, and signs in with it.
async fn signs_in(server: &TestServer, who: &Client, phone: &str) -> Value {
    let before = texts(server, phone).await;
    let sent = ask(who, phone).await.ok(202);
    assert_eq!(texts(server, phone).await, before + 1, "{sent}");
    let proof = json!({"ticket": sent["ticket"], "phone": phone, "code": server.code_of(phone).await});
    who.post("/customer/v1/sign-in", proof).await.ok(200)
}

/// Somebody asks from two addresses until nothing comes any more, for hours of the day.
async fn strangers_use_up(server: &TestServer, phone: &str) {
    let strangers = [server.visitor().from([10, 1, 1, 1]), server.visitor().from([10, 2, 2, 2])];
    for n in 0..24 {
        ask(&strangers[n % 2], phone).await;
        server.clock.step(20 * MINUTE);
    }
    server.run_jobs().await;
}

/// As if this hour's open part of every number were used up.
async fn hour_is_spent(server: &TestServer) {
    let mut tx = server.platform.db.begin().await.unwrap();
    tx.exec("UPDATE allowances SET used = 4 WHERE subject LIKE 'sms hour %'", args![]).await.unwrap();
    tx.commit().await.unwrap();
}

/// Without what is another one each time.
fn plain(mut told: Value) -> Value {
    for name in ["ticket", "request_id"] {
        told[name] = Value::Null;
    }
    told
}

on_server! {
    async fn v2_2_strangers_with_two_addresses_keep_nobody_out_where_they_have_signed_in_before(server) {
        let (home, hall) = (server.visitor().from([10, 20, 1, 5]), server.visitor().from_v6(0x2001_0db8_0001_u128 << 80));
        let customer = signs_in(server, &home, PHONE).await["customer"]["id"].clone();
        server.clock.step(MINUTE);
        signs_in(server, &hall, PHONE).await;
        server.clock.step(MINUTE);
        strangers_use_up(server, PHONE).await;
        assert_eq!(texts(server, PHONE).await, 7);
        // Another phone at home, whose address is another by now.
        let at_home = server.visitor().from([10, 20, 1, 77]);
        assert_eq!(signs_in(server, &at_home, PHONE).await["customer"]["id"], customer);
        // Where it has never been it is told so, and nothing comes.
        let elsewhere = server.visitor().from([10, 30, 1, 1]);
        assert_eq!(ask(&elsewhere, PHONE).await.ok(202)["known_networks_only"], true);
        server.clock.step(HOUR);
        signs_in(server, &at_home, PHONE).await;
        server.clock.step(HOUR);
        ask(&at_home, PHONE).await.refused(429, "RATE_LIMITED");
        let at_hall = server.visitor().from_v6((0x2001_0db8_0001_u128 << 80) | 7);
        signs_in(server, &at_hall, PHONE).await;
        // And no more than a provider sends to one number in a day.
        server.clock.step(HOUR);
        ask(&at_hall, PHONE).await.ok(202);
        assert_eq!(texts(server, PHONE).await, 10);
    }

    async fn v2_2_of_an_hour_too_a_code_is_kept_and_the_next_hour_is_open_again(server) {
        let home = server.visitor().from([10, 20, 1, 5]);
        signs_in(server, &home, PHONE).await;
        hour_is_spent(server).await;
        ask(&home, PHONE).await.refused(429, "RATE_LIMITED");
        server.clock.step(MINUTE);
        let elsewhere = server.visitor().from([10, 30, 1, 1]);
        ask(&elsewhere, PHONE).await.ok(202);
        signs_in(server, &home, PHONE).await;
        let wait = ask(&home, PHONE).await.refused(429, "RATE_LIMITED")["retry_after_seconds"].clone();
        assert_eq!(wait, 59 * 60, "the rest of the hour");
        server.clock.step(HOUR);
        assert_eq!(ask(&elsewhere, PHONE).await.ok(202)["known_networks_only"], false);
        assert_eq!(texts(server, PHONE).await, 3);
    }

    async fn v2_2_what_is_kept_tells_nobody_whose_a_number_is_or_where_its_customer_has_been(server) {
        // One has signed in here, one elsewhere, and one never.
        signs_in(server, &server.visitor().from([10, 40, 1, 9]), PHONE).await;
        signs_in(server, &server.visitor().from([10, 50, 1, 9]), OTHER).await;
        ask(&server.visitor().from([10, 60, 1, 9]), NOBODYS).await.ok(202);
        server.clock.step(MINUTE);
        hour_is_spent(server).await;
        let before = [texts(server, PHONE).await, texts(server, OTHER).await, texts(server, NOBODYS).await];
        let mut told = [(PHONE, 1), (OTHER, 2), (NOBODYS, 3)].map(|(phone, n)| (phone, server.visitor().from([10, 40, 1, n]), Vec::new()));
        for _ in 0..3 {
            for (phone, who, told) in &mut told {
                let sent = ask(who, phone).await;
                let ticket = if sent.status == 202 { sent.ok(202) } else { sent.refused(429, "RATE_LIMITED") };
                let guess = json!({"ticket": ticket["ticket"].as_str().unwrap_or("none"), "phone": phone, "code": "------"});
                told.push(plain(ticket));
                for _ in 0..6 {
                    told.push(plain(who.post("/customer/v1/sign-in", guess.clone()).await.refused(401, "CODE_WRONG")));
                }
            }
            server.clock.step(MINUTE);
        }
        let [here, elsewhere, nobodys] = told.map(|(_, _, told)| told);
        assert_eq!((&here, &elsewhere), (&nobodys, &nobodys));
        // The one's phone has rung, and the others' have not.
        let after = [texts(server, PHONE).await, texts(server, OTHER).await, texts(server, NOBODYS).await];
        assert_eq!(after, [before[0] + 1, before[1], before[2]]);
    }

    async fn v2_2_the_last_eight_networks_of_a_customer_are_known_and_a_guests_none(server) {
        server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let count = async || {
            let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM customer_networks";
            server.platform.db.read().one(sql, args![], |row| row.get::<i64>("n")).await.unwrap()
        };
        assert_eq!(count().await, 0);
        for n in 0..7 {
            signs_in(server, &server.visitor().from([10, n, 1, 1]), PHONE).await;
            server.clock.step(30 * MINUTE);
        }
        assert_eq!(count().await, 7);
        server.clock.step(24 * HOUR);
        for n in 7..11 {
            signs_in(server, &server.visitor().from([10, n, 1, 1]), PHONE).await;
            server.clock.step(30 * MINUTE);
        }
        assert_eq!(count().await, 8);
        // The third is forgotten, and the fourth is not.
        hour_is_spent(server).await;
        let before = texts(server, PHONE).await;
        ask(&server.visitor().from([10, 2, 1, 1]), PHONE).await.ok(202);
        assert_eq!(texts(server, PHONE).await, before);
        signs_in(server, &server.visitor().from([10, 3, 1, 1]), PHONE).await;
    }
}
