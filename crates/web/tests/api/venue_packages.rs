//! A package is chosen when a table is opened: held, billed, and gone beyond (V1.1).

use kernel::{HOUR, MINUTE, SECOND, Timestamp};
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, Hall, TestServer, on_server};

/// Three hours for 88 yuan, a night from 22 to 6 for 120; 36 yuan an hour otherwise.
async fn offer(hall: &Hall<'_>) {
    offer_up_to(hall, None).await;
}

/// The same, and no session costs more than this.
async fn offer_up_to(hall: &Hall<'_>, cap: Option<i64>) {
    let path = format!("/api/v1/venues/{}/prices", hall.id);
    let version = hall.manager.get(&path).await.ok(200)["version"].clone();
    let package = |id: i64, name: &str, span: Value, price: i64, early: &str| json!({"id": id, "name_zh": name, "name_en": name, "span": span, "price": price, "early": early});
    let tariff = json!({"per_hour": 3_600, "unit_minutes": 1, "grace_minutes": 3, "session_cap": cap, "packages": [
        package(1, "Three", json!({"minutes": 180}), 8_800, "cheaper"),
        package(2, "Night", json!({"night": {"from": 1_320, "to": 360}}), 12_000, "package"),
    ]});
    hall.manager.put(&path, json!({"tariff": tariff, "version": version})).await.ok(200);
}

/// Until the hall's clock shows this next.
async fn go_on_to(server: &TestServer, hour: i64, minute: i64) {
    let now = server.clock.now().micros() + 8 * HOUR;
    let wanted = hour * HOUR + minute * MINUTE;
    server.later((wanted - now).rem_euclid(24 * HOUR)).await;
}

async fn open(hall: &Hall<'_>, customer: &Client, package: i64, fen: i64, key: &str) -> testkit::Answer {
    let ask = json!({"package": package, "expected_fen": fen});
    customer.post_once(key, &format!("/customer/v1/tables/{}/open", hall.tables[0].id), ask).await
}

async fn playing(hall: &Hall<'_>, customer: &Client, package: i64, fen: i64, key: &str) -> Value {
    let session = open(hall, customer, package, fen, key).await.ok(202);
    hall.table_is(0, "playing").await;
    customer.get(&format!("/customer/v1/sessions/{}", session["id"].as_str().unwrap())).await.ok(200)
}

async fn close(hall: &Hall<'_>, customer: &Client, session: &Value) -> Value {
    let closed = customer.post(&format!("/customer/v1/sessions/{}/close", session["id"].as_str().unwrap()), json!({})).await.ok(200);
    hall.table_is(0, "idle").await;
    closed["bill"].clone()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

on_server! {
    async fn v1_1_whom_the_hall_sends_away_pays_the_minutes_played_and_no_package(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall).await;
        go_on_to(server, 22, 0).await;
        let customer = hall.customer(50_000).await;
        let path = format!("/api/v1/tables/{}/close", hall.tables[0].id);
        let ann = server.user(Role::Cashier, "ann").await;
        hall.manager.post(&format!("/api/v1/venues/{}/staff", hall.id), json!({"name": "ann"})).await.ok(200);
        // Left by the guest, a night costs what it costs; where the roof leaks, what was played of it.
        for (n, (ask, reason, total)) in [
            (json!({"why": "客人要走"}), "staff", 12_000),
            (json!({"why": "屋顶漏水", "fault": true}), "hall", 600),
        ].into_iter().enumerate() {
            let session = playing(&hall, &customer, 2, 12_000, &format!("open-000{n}")).await;
            server.later(10 * MINUTE + 30 * SECOND).await;
            // That gives money back, and is not for whoever stands at the desk.
            if reason == "hall" {
                ann.post(&path, ask.clone()).await.refused(403, "FORBIDDEN");
            }
            let closed = hall.manager.post(&path, ask).await.ok(200);
            hall.table_is(0, "idle").await;
            assert_eq!((closed["end_reason"].clone(), closed["bill"]["total_fen"].clone()), (json!(reason), json!(total)));
            let seen = customer.get(&format!("/customer/v1/sessions/{}", session["id"].as_str().unwrap())).await.ok(200);
            assert_eq!(seen["text"].as_str().unwrap().contains("门店原因"), reason == "hall", "{seen}");
        }
    }

    async fn v1_1_a_package_is_shown_held_and_billed_at_its_price(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall).await;
        go_on_to(server, 17, 0).await;
        let customer = hall.customer(50_000).await;
        let table = format!("/customer/v1/tables/{}", hall.tables[0].id);
        let shown = customer.get(&table).await.ok(200)["packages"].clone();
        assert_eq!(shown.as_array().unwrap().len(), 1, "no night is sold in the afternoon");
        assert_eq!((shown[0]["name"].clone(), shown[0]["price_fen"].clone(), shown[0]["minutes"].clone(), shown[0]["early_is_cheaper"].clone()), (json!("Three"), json!(8_800), json!(180), json!(true)));
        open(&hall, &customer, 2, 12_000, "open-0001").await.refused(409, "PACKAGE_NOT_NOW");
        open(&hall, &customer, 3, 12_000, "open-0002").await.refused(409, "PACKAGE_GONE");
        open(&hall, &customer, 1, 8_799, "open-0003").await.refused(409, "PRICE_CHANGED");
        let both = json!({"package": 1, "minutes": 60, "expected_fen": 8_800});
        customer.post_once("open-0004", &format!("{table}/open"), both).await.refused_field("package", "NOT_BOTH");
        customer.post_once("open-0005", &format!("{table}/open"), json!({"expected_fen": 8_800})).await.refused_field("minutes", "REQUIRED");

        let session = playing(&hall, &customer, 1, 8_800, "open-0006").await;
        assert_eq!(session["held_fen"], 8_800);
        assert_eq!(time(&session["paid_until"]).micros() - time(&session["lit_at"]).micros(), 180 * MINUTE);
        // Beyond its end the usual price holds.
        let of = format!("/customer/v1/sessions/{}", session["id"].as_str().unwrap());
        assert_eq!(customer.get(&format!("{of}/extension?minutes=30")).await.ok(200)["price_fen"], 1_800);
        customer.post_once("more-0001", &format!("{of}/extend"), json!({"minutes": 30, "expected_fen": 1_800})).await.ok(200);
        server.passes(210 * MINUTE + SECOND).await;
        server.run_jobs().await;
        let bill = customer.get(&of).await.ok(200)["bill"].clone();
        let lines: Vec<_> = bill["lines"].as_array().unwrap().iter().map(|line| (line["kind"].as_str().unwrap(), line["fen"].as_i64().unwrap())).collect();
        assert_eq!((lines, bill["total_fen"].clone()), (vec![("package", 8_800), ("play", 1_800)], json!(10_600)));
        assert!(bill["lines"][0]["text"].as_str().unwrap().contains("Three"));
    }

    async fn v1_1_no_session_costs_more_than_its_cap_however_it_began(server) {
        let hall = Hall::open(server, 1).await;
        offer_up_to(&hall, Some(10_000)).await;
        go_on_to(server, 17, 0).await;
        let customer = hall.customer(50_000).await;
        let session = playing(&hall, &customer, 1, 8_800, "open-0001").await;
        let of = format!("/customer/v1/sessions/{}", session["id"].as_str().unwrap());
        // Of the first hour beyond the package 12 yuan are left to pay, and of the next nothing.
        for (n, fen) in [1_200, 0].into_iter().enumerate() {
            assert_eq!(customer.get(&format!("{of}/extension?minutes=60")).await.ok(200)["price_fen"], fen);
            customer.post_once(&format!("more-{n:04}"), &format!("{of}/extend"), json!({"minutes": 60, "expected_fen": fen})).await.ok(200);
        }
        server.passes(300 * MINUTE + SECOND).await;
        server.run_jobs().await;
        let bill = customer.get(&of).await.ok(200)["bill"].clone();
        let lines: Vec<_> = bill["lines"].as_array().unwrap().iter().map(|line| (line["kind"].as_str().unwrap(), line["fen"].as_i64().unwrap())).collect();
        assert_eq!((lines, bill["total_fen"].clone()), (vec![("package", 8_800), ("play", 7_200), ("session_cap", -6_000)], json!(10_000)));
        assert_eq!(bill["lines"][2]["text"], "单次封顶 100.00 元");
        let english = customer.with("Accept-Language", "en").get(&of).await.ok(200);
        assert_eq!(english["bill"]["lines"][2]["text"], "At most 100.00 yuan in all");
    }

    async fn v1_1_who_leaves_early_pays_what_the_package_says(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall).await;
        let customer = hall.customer(90_000).await;
        go_on_to(server, 22, 0).await;
        let early = playing(&hall, &customer, 1, 8_800, "open-0001").await;
        server.later(HOUR - 20 * SECOND).await;
        assert_eq!(close(&hall, &customer, &early).await["total_fen"], 3_600, "the time played was cheaper");
        // The night's package is paid whole.
        go_on_to(server, 23, 0).await;
        let night = playing(&hall, &customer, 2, 12_000, "open-0002").await;
        let until = time(&night["paid_until"]).micros() + 8 * HOUR;
        assert_eq!(until.rem_euclid(24 * HOUR), 6 * HOUR, "it ends at six, whenever the light came on");
        server.later(HOUR).await;
        let bill = close(&hall, &customer, &night).await;
        assert_eq!((bill["total_fen"].clone(), bill["lines"].as_array().unwrap().len()), (json!(12_000), 1));
        // The last minutes of a night are not sold.
        go_on_to(server, 5, 51).await;
        let shown = customer.get(&format!("/customer/v1/tables/{}", hall.tables[0].id)).await.ok(200)["packages"].clone();
        assert_eq!(shown.as_array().unwrap().len(), 1);
        open(&hall, &customer, 2, 12_000, "open-0003").await.refused(409, "PACKAGE_NOT_NOW");
    }

    async fn v5_2_a_light_that_fails_ends_a_package_at_the_price_of_the_minutes_played(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall).await;
        let customer = hall.customer(50_000).await;
        go_on_to(server, 22, 30).await;
        let night = playing(&hall, &customer, 2, 12_000, "open-0001").await;
        server.later(20 * MINUTE).await;
        hall.tables[0].lamp.set(sandbox::Trouble::Missed);
        hall.until(|floor| floor["tables"][0]["device"]["online"] == false).await;
        server.later(61 * SECOND).await;
        hall.table_is(0, "maintenance").await;
        let closed = customer.get(&format!("/customer/v1/sessions/{}", night["id"].as_str().unwrap())).await.ok(200);
        assert_eq!((closed["end_reason"].clone(), closed["bill"]["total_fen"].clone()), (json!("device_fault"), json!(1_140)));
    }
}
