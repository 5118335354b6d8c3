//! What is sold is over when the hall closes, and whoever was sold something has all of it.

use kernel::{HOUR, MINUTE, SECOND, Timestamp};
use serde_json::{Value, json};
use testkit::{Answer, Client, Hall, TestServer, on_server};

use crate::support::pay::{Till, id, told, wallet, words};

/// The hall's hours, in minutes from midnight; it is 16:00 there when a test begins.
async fn hours(hall: &Hall<'_>, opens: i64, closes: i64) {
    let now = hall.floor().await["venue"].clone();
    let form = json!({"name": now["name"], "time_zone": now["time_zone"], "opens": opens, "closes": closes, "closed": false, "version": now["version"]});
    hall.manager.put(&format!("/api/v1/venues/{}", hall.id), form).await.ok(200);
}

/// Until the hall's clock shows this next.
async fn go_on_to(server: &TestServer, hour: i64, minute: i64) {
    let now = server.clock.now().micros() + 8 * HOUR;
    server.later((hour * HOUR + minute * MINUTE - now).rem_euclid(24 * HOUR)).await;
}

fn table(hall: &Hall<'_>, n: usize) -> String {
    format!("/customer/v1/tables/{}", hall.tables[n].id)
}

async fn open(customer: &Client, hall: &Hall<'_>, n: usize, key: &str, what: Value) -> Answer {
    customer.post_once(key, &format!("{}/open", table(hall, n)), what).await
}

/// How many minutes are offered.
async fn offered(customer: &Client, hall: &Hall<'_>, n: usize) -> Vec<i64> {
    let view = customer.get(&table(hall, n)).await.ok(200);
    view["quotes"].as_array().unwrap().iter().map(|quote| quote["minutes"].as_i64().unwrap()).collect()
}

/// Which packages are.
async fn packages(customer: &Client, hall: &Hall<'_>) -> Vec<i64> {
    let view = customer.get(&table(hall, 0)).await.ok(200);
    view["packages"].as_array().unwrap().iter().map(|package| package["id"].as_i64().unwrap()).collect()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// It says until when.
fn says(refusal: &Value, closes: &str) {
    let words = refusal["title"].as_str().or(refusal["detail"].as_str());
    assert!(words.is_some_and(|words| words.contains(closes)), "{refusal}");
}

on_server! {
    async fn v3_1a_what_is_offered_sold_and_extended_is_over_when_the_hall_closes(server) {
        let hall = Hall::open(server, 2).await;
        let (customer, other) = (hall.customer(50_000).await, hall.customer(50_000).await);
        // At 17:30.
        hours(&hall, 600, 1_050).await;
        assert_eq!(offered(&customer, &hall, 0).await, [30, 60, 85], "what is left, and not what is not");
        let long = json!({"minutes": 120, "expected_fen": 7_200});
        says(&open(&customer, &hall, 0, "open-0001", long.clone()).await.refused(409, "PAST_CLOSING"), "17:30 打烊");
        let english = customer.with("Accept-Language", "en");
        says(&open(&english, &hall, 0, "open-0002", long).await.refused(409, "PAST_CLOSING"), "closes at 17:30");
        assert_eq!((wallet(&customer).await, hall.floor().await["tables"][0]["state"].clone()), ((50_000, 0), json!("idle")));

        let playing = hall.play(&customer, 0, 60).await;
        assert_eq!(playing["extensions"], json!([25]));
        let of = format!("/customer/v1/sessions/{}", id(&playing));
        says(&customer.get(&format!("{of}/extension?minutes=30")).await.refused(409, "PAST_CLOSING"), "17:30");
        let more = json!({"minutes": 30, "expected_fen": 1_800});
        says(&customer.post_once("more-0001", &format!("{of}/extend"), more).await.refused(409, "PAST_CLOSING"), "17:30");
        assert_eq!(customer.get(&format!("{of}/extension?minutes=25")).await.ok(200)["price_fen"], 1_500);
        let fits = json!({"minutes": 25, "expected_fen": 1_500});
        let extended = customer.post_once("more-0002", &format!("{of}/extend"), fits).await.ok(200);
        assert_eq!((extended["held_fen"].clone(), extended["extensions"].clone()), (json!(5_100), json!([])));

        // Too late for anybody to begin.
        go_on_to(server, 17, 19).await;
        let view = other.get(&table(&hall, 1)).await.ok(200);
        assert_eq!((view["can_open"].clone(), view["quotes"].clone(), view["why_not"]["code"].clone()), (json!(false), json!([]), json!("VENUE_CLOSES_SOON")));
        says(&view["why_not"], "17:30");
        // Whoever plays has all that was paid for.
        go_on_to(server, 17, 26).await;
        hall.table_is(0, "idle").await;
        let over = customer.get(&of).await.ok(200);
        assert_eq!((over["end_reason"].clone(), over["bill"]["total_fen"].clone(), over["extensions"].clone()), (json!("time_up"), json!(5_100), json!([])));
    }

    async fn v1_1_a_hall_that_has_closed_sells_no_more_time_and_takes_none_away(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        assert_eq!(playing["extensions"], json!([30, 60, 120]));
        // The hall's hours are changed over one who plays: it closes at 16:10.
        hours(&hall, 600, 970).await;
        let of = format!("/customer/v1/sessions/{}", id(&playing));
        customer.get(&format!("{of}/extension?minutes=10")).await.refused(409, "PAST_CLOSING");
        go_on_to(server, 16, 11).await;
        customer.get(&format!("{of}/extension?minutes=10")).await.refused(409, "VENUE_CLOSED");
        let more = json!({"minutes": 10, "expected_fen": 600});
        customer.post_once("more-0001", &format!("{of}/extend"), more).await.refused(409, "VENUE_CLOSED");
        let still = customer.get(&of).await.ok(200);
        assert_eq!((still["state"].clone(), still["extensions"].clone(), still["paid_until"].clone()), (json!("playing"), json!([]), playing["paid_until"].clone()));
        go_on_to(server, 17, 1).await;
        hall.table_is(0, "idle").await;
        let over = customer.get(&of).await.ok(200);
        assert_eq!((over["end_reason"].clone(), over["bill"]["total_fen"].clone()), (json!("time_up"), json!(3_600)));
    }

    async fn v1_1_a_package_that_would_last_past_closing_is_not_sold_and_never_cut_short(server) {
        let hall = Hall::open(server, 1).await;
        let path = format!("/api/v1/venues/{}/prices", hall.id);
        let package = |id: i64, span: Value, price: i64| json!({"id": id, "name_zh": "套餐", "name_en": "Package", "span": span, "price": price, "early": "package"});
        let tariff = json!({"per_hour": 3_600, "unit_minutes": 1, "grace_minutes": 3, "packages": [
            package(1, json!({"minutes": 180}), 8_800),
            package(2, json!({"night": {"from": 1_320, "to": 360}}), 12_000),
        ]});
        let version = hall.manager.get(&path).await.ok(200)["version"].clone();
        hall.manager.put(&path, json!({"tariff": tariff, "version": version})).await.ok(200);
        let customer = hall.customer(50_000).await;
        // To two in the night.
        hours(&hall, 600, 120).await;
        go_on_to(server, 22, 0).await;
        assert_eq!(packages(&customer, &hall).await, [1]);
        let night = json!({"package": 2, "expected_fen": 12_000});
        says(&open(&customer, &hall, 0, "open-0001", night.clone()).await.refused(409, "PAST_CLOSING"), "02:00");
        go_on_to(server, 23, 30).await;
        assert_eq!((packages(&customer, &hall).await, offered(&customer, &hall, 0).await), (vec![], vec![30, 60, 120, 145]));
        let three = json!({"package": 1, "expected_fen": 8_800});
        says(&open(&customer, &hall, 0, "open-0002", three).await.refused(409, "PAST_CLOSING"), "02:00");
        assert_eq!(wallet(&customer).await, (50_000, 0));

        // A hall that is open to the night's end sells it.
        hours(&hall, 600, 360).await;
        assert_eq!(packages(&customer, &hall).await, [1, 2]);
        let session = open(&customer, &hall, 0, "open-0003", night).await.ok(202);
        hall.table_is(0, "playing").await;
        let playing = customer.get(&format!("/customer/v1/sessions/{}", id(&session))).await.ok(200);
        assert_eq!((time(&playing["paid_until"]).micros() + 8 * HOUR).rem_euclid(24 * HOUR), 6 * HOUR);
        assert_eq!(playing["extensions"], json!([]));
    }

    async fn v3_1a_a_hall_that_opens_at_midnight_is_open_from_then_until_it_closes(server) {
        let hall = Hall::open(server, 1).await;
        let visitor = server.visitor();
        hours(&hall, 0, 360).await;
        for (hour, minute, open, why) in
            [(23, 59, false, json!("VENUE_CLOSED")), (0, 0, true, json!(null)), (5, 59, true, json!("VENUE_CLOSES_SOON")), (6, 0, false, json!("VENUE_CLOSED"))]
        {
            go_on_to(server, hour, minute).await;
            let view = visitor.get(&table(&hall, 0)).await.ok(200);
            assert_eq!((view["venue"]["open_now"].clone(), view["why_not"]["code"].clone()), (json!(open), why), "{hour}:{minute:02}");
        }
    }

    async fn v3_1a_a_hall_that_is_open_round_the_clock_sells_across_midnight(server) {
        let hall = Hall::open(server, 2).await;
        let customer = hall.customer(50_000).await;
        hours(&hall, 0, 1_440).await;
        go_on_to(server, 23, 55).await;
        assert_eq!(offered(&customer, &hall, 0).await, [30, 60, 120, 180]);
        let view = customer.get(&table(&hall, 0)).await.ok(200);
        let ahead = time(&view["hold"]["until"]).micros() - server.clock.now().micros();
        assert!((ahead - 15 * MINUTE).abs() < SECOND, "held past midnight too: {view}");
        assert_eq!(hall.play(&customer, 0, 180).await["extensions"], json!([30, 60, 120]));
    }

    async fn v3_1c_what_was_ordered_in_time_is_opened_when_it_is_paid_and_otherwise_the_money_goes_back(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 2).await;
        let (prompt, late) = (till.customer("13800138000").await, till.customer("13900139000").await);
        // At 17:01.
        hours(&hall, 600, 1_021).await;
        let ask = |n: usize, minutes: i64, fen: i64| json!({"method": "h5", "table": {"table_id": hall.tables[n].id, "minutes": minutes, "expected_fen": fen}});
        says(&prompt.post_once("pay-00001", "/customer/v1/orders", ask(0, 90, 5_400)).await.refused(409, "PAST_CLOSING"), "17:01");
        let mut placed = Vec::new();
        for (n, customer) in [&prompt, &late].into_iter().enumerate() {
            let order = customer.post_once("pay-00002", "/customer/v1/orders", ask(n, 60, 3_600)).await.ok(201);
            till.networks.visit(&order).await;
            placed.push(order);
        }
        // Paying has taken five minutes: an hour from now is past closing.
        server.later(5 * MINUTE).await;
        says(&hall.customer(10_000).await.post_once("pay-00003", "/customer/v1/orders", ask(0, 60, 3_600)).await.refused(409, "PAST_CLOSING"), "17:01");
        till.networks.paid(&till.number(&placed[0]).await).await;
        hall.table_is(0, "playing").await;
        // And here the hall's hours were changed meanwhile: it closes at 16:40.
        hours(&hall, 600, 1_000).await;
        till.networks.paid(&till.number(&placed[1]).await).await;
        server.run_jobs().await;
        assert_eq!((wallet(&late).await, till.refunds(&placed[1]).await), ((0, 0), vec![(3_600, "not_opened".to_owned(), "done".to_owned())]));
        assert!(told(&late).await.contains(&"pay.not_opened".to_owned()));
        let bodies = words(&late.get("/customer/v1/messages").await.ok(200)["items"], "body");
        assert!(bodies.iter().any(|body| body.contains("16:40 打烊")), "{bodies:?}");
    }
}
