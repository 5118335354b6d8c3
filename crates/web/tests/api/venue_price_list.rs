//! What a guest is shown of a hall before playing: its prices of the day, when packages are sold, its own clock, and whether it is closed for a
//! while; and that what is paid is played.

use kernel::{HOUR, MINUTE, SECOND, Timestamp};
use serde_json::{Value, json};
use testkit::{Client, Hall, TestServer, on_server};

/// A test begins on Saturday, 2026-11-21, when it is 16:00 in Shanghai.
async fn price(hall: &Hall<'_>, tariff: Value) {
    let path = format!("/api/v1/venues/{}/prices", hall.id);
    let version = hall.manager.get(&path).await.ok(200)["version"].clone();
    hall.manager.put(&path, json!({"tariff": tariff, "version": version})).await.ok(200);
}

/// The hall's particulars, with some of them changed.
async fn change(hall: &Hall<'_>, changes: Value) {
    let now = hall.floor().await["venue"].clone();
    let mut form = json!({"name": now["name"], "time_zone": now["time_zone"], "closed": now["closed"], "version": now["version"]});
    for (name, value) in changes.as_object().unwrap() {
        form[name] = value.clone();
    }
    hall.manager.put(&format!("/api/v1/venues/{}", hall.id), form).await.ok(200);
}

async fn table(hall: &Hall<'_>, customer: &Client) -> Value {
    customer.get(&format!("/customer/v1/tables/{}", hall.tables[0].id)).await.ok(200)
}

async fn open(hall: &Hall<'_>, customer: &Client, key: &str, ask: Value) -> testkit::Answer {
    customer.post_once(key, &format!("/customer/v1/tables/{}/open", hall.tables[0].id), ask).await
}

/// Until the hall's clock shows this next.
async fn go_on_to(server: &TestServer, hour: i64, minute: i64) {
    let now = server.clock.now().micros() + 8 * HOUR;
    server.later((hour * HOUR + minute * MINUTE - now).rem_euclid(24 * HOUR)).await;
}

fn of(session: &Value) -> String {
    format!("/customer/v1/sessions/{}", session["id"].as_str().unwrap())
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

fn minutes(view: &Value) -> Vec<i64> {
    view["quotes"].as_array().unwrap().iter().map(|quote| quote["minutes"].as_i64().unwrap()).collect()
}

fn ids(packages: &Value) -> Vec<i64> {
    packages.as_array().unwrap().iter().map(|package| package["id"].as_i64().unwrap()).collect()
}

/// From, to, how much, and whether it holds now.
fn spans(day: &Value) -> Vec<(String, String, i64, bool)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let span =
        |span: &Value| (text(&span["from"]), text(&span["to"]), span["per_hour_fen"].as_i64().unwrap(), span["now"].as_bool().unwrap());
    day["spans"].as_array().unwrap().iter().map(span).collect()
}

fn span(from: &str, to: &str, fen: i64, now: bool) -> (String, String, i64, bool) {
    (from.to_owned(), to.to_owned(), fen, now)
}

/// 36 yuan an hour, 60 on evenings of weekends and holidays until two, and at most 150 a night.
fn weekend() -> Value {
    let days = json!({"weekdays": [false, false, false, false, false, true, true], "holidays": true});
    json!({
        "per_hour": 3_600,
        "unit_minutes": 1,
        "bands": [{"days": days, "hours": {"from": 1_080, "to": 120}, "per_hour": 6_000}],
        "night": {"hours": {"from": 1_320, "to": 360}, "cap": 15_000},
    })
}

on_server! {
    async fn v3_2_a_guest_sees_what_every_hour_of_the_day_costs_and_of_the_night(server) {
        let hall = Hall::open(server, 1).await;
        price(&hall, weekend()).await;
        let seen = table(&hall, &server.visitor()).await["prices"].clone();
        let days = seen["days"].as_array().unwrap();
        // It is open round the clock: tomorrow is part of tonight.
        assert_eq!(days.iter().map(|day| (day["date"].as_str().unwrap(), day["holiday"].as_bool().unwrap())).collect::<Vec<_>>(), [("2026-11-21", false), ("2026-11-22", false)]);
        assert_eq!(spans(&days[0]), [span("00:00", "18:00", 3_600, true), span("18:00", "24:00", 6_000, false)]);
        assert_eq!(spans(&days[1]), [span("00:00", "02:00", 6_000, false), span("02:00", "18:00", 3_600, false), span("18:00", "24:00", 6_000, false)]);
        assert_eq!(seen["night"], json!({"from": "22:00", "to": "06:00", "cap_fen": 15_000}));

        // One that closes at midnight has no tomorrow.
        change(&hall, json!({"opens": 600, "closes": 1_440})).await;
        assert_eq!(table(&hall, &server.visitor()).await["prices"]["days"].as_array().unwrap().len(), 1);
        change(&hall, json!({"opens": 600, "closes": 120, "holidays": ["2026-11-22"]})).await;
        let later = table(&hall, &server.visitor()).await["prices"]["days"].clone();
        assert_eq!((later.as_array().unwrap().len(), later[1]["holiday"].clone()), (2, json!(true)));
    }

    async fn v1_1_a_package_is_sold_on_its_days_and_in_its_hours_and_the_list_says_when(server) {
        let hall = Hall::open(server, 1).await;
        let package = |id: i64, days: Value, sold: Value| json!({"id": id, "name_zh": "三小时", "name_en": "Three hours", "span": {"minutes": 180}, "price": 8_800, "early": "package", "days": days, "sold": sold});
        let weekdays = json!({"weekdays": [true, true, true, true, true, false, false], "holidays": false});
        let every = json!({"weekdays": [true, true, true, true, true, true, true], "holidays": true});
        let kept = json!([package(1, weekdays, json!(null)), package(2, every.clone(), json!({"from": 1_080, "to": 1_200})), package(3, every, json!(null))]);
        price(&hall, json!({"per_hour": 3_600, "unit_minutes": 1, "packages": kept})).await;
        let customer = hall.customer(50_000).await;
        let seen = table(&hall, &customer).await;
        // Saturday afternoon.
        assert_eq!(ids(&seen["packages"]), [3]);
        assert_eq!(ids(&seen["prices"]["packages"]), [1, 2, 3], "and the list has all of them");
        let sold: Vec<_> = seen["prices"]["packages"].as_array().unwrap().iter().map(|package| package["sold"].clone()).collect();
        assert_eq!(sold, [json!("周一至周五（节假日除外）"), json!("18:00–20:00"), json!(null)]);
        let english = table(&hall, &customer.with("Accept-Language", "en")).await["prices"]["packages"][0].clone();
        assert_eq!((english["name"].clone(), english["sold"].clone()), (json!("Three hours"), json!("Mon–Fri (not on holidays)")));
        for (key, id) in [("open-0001", 1), ("open-0002", 2)] {
            open(&hall, &customer, key, json!({"package": id, "expected_fen": 8_800})).await.refused(409, "PACKAGE_NOT_NOW");
        }
        // Two minutes before its end it is sold, and what was bought lasts beyond it.
        go_on_to(server, 19, 58).await;
        assert_eq!(ids(&table(&hall, &customer).await["packages"]), [2, 3]);
        let bought = open(&hall, &customer, "open-0003", json!({"package": 2, "expected_fen": 8_800})).await.ok(202);
        hall.table_is(0, "playing").await;
        server.later(90 * MINUTE).await;
        let playing = customer.get(&of(&bought)).await.ok(200);
        assert_eq!(time(&playing["paid_until"]).micros() - time(&playing["lit_at"]).micros(), 180 * MINUTE);
        assert_eq!((playing["state"].clone(), playing["cost_so_far_fen"].clone()), (json!("playing"), json!(8_800)));
        let never = json!({"weekdays": [false, false, false, false, false, false, false], "holidays": false});
        let path = format!("/api/v1/venues/{}/prices", hall.id);
        let wrong = json!({"tariff": {"per_hour": 3_600, "unit_minutes": 1, "packages": [package(1, never, json!(null))]}, "version": 2});
        hall.manager.put(&path, wrong).await.refused_field("tariff.packages.0.days", "REQUIRED");
    }

    async fn v1_1_an_hour_that_is_paid_is_played(server) {
        let hall = Hall::open(server, 1).await;
        price(&hall, json!({"per_hour": 3_600, "unit_minutes": 60, "grace_minutes": 3})).await;
        let customer = hall.customer(10_000).await;
        assert_eq!(minutes(&table(&hall, &customer).await), [60, 120, 180]);
        // Whoever asks for half of an hour has all of it, for the same.
        open(&hall, &customer, "open-0001", json!({"minutes": 30, "expected_fen": 1_800})).await.refused(409, "PRICE_CHANGED");
        let session = open(&hall, &customer, "open-0002", json!({"minutes": 30, "expected_fen": 3_600})).await.ok(202);
        hall.table_is(0, "playing").await;
        let playing = customer.get(&of(&session)).await.ok(200);
        assert_eq!(time(&playing["paid_until"]).micros() - time(&playing["lit_at"]).micros(), 60 * MINUTE);
        server.later(59 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!((customer.get(&of(&session)).await.ok(200)["state"].clone(), hall.tables[0].lamp.seen().on), (json!("playing"), true));
        server.later(MINUTE + SECOND).await;
        hall.table_is(0, "idle").await;
        let over = customer.get(&of(&session)).await.ok(200);
        assert_eq!((over["end_reason"].clone(), over["bill"]["total_fen"].clone()), (json!("time_up"), json!(3_600)));
    }

    async fn v3_1a_an_hour_that_does_not_fit_before_closing_is_not_sold(server) {
        let hall = Hall::open(server, 1).await;
        price(&hall, json!({"per_hour": 3_600, "unit_minutes": 60})).await;
        change(&hall, json!({"opens": 600, "closes": 1_080})).await;
        let customer = hall.customer(10_000).await;
        go_on_to(server, 16, 30).await;
        assert_eq!(minutes(&table(&hall, &customer).await), [60]);
        // An hour and a quarter would be paid as two.
        open(&hall, &customer, "open-0001", json!({"minutes": 75, "expected_fen": 7_200})).await.refused(409, "PAST_CLOSING");
        go_on_to(server, 17, 10).await;
        let late = table(&hall, &customer).await;
        assert_eq!((minutes(&late), late["why_not"]["code"].clone()), (vec![], json!("VENUE_CLOSES_SOON")));
    }

    async fn v1_1_a_night_costs_at_most_its_cap_with_the_package_that_began_it(server) {
        let hall = Hall::open(server, 1).await;
        let three = json!({"id": 1, "name_zh": "三小时", "name_en": "Three hours", "span": {"minutes": 180}, "price": 8_800, "early": "package"});
        price(&hall, json!({"per_hour": 3_600, "unit_minutes": 1, "night": {"hours": {"from": 1_320, "to": 480}, "cap": 15_000}, "packages": [three]})).await;
        go_on_to(server, 22, 10).await;
        let customer = hall.customer(50_000).await;
        let session = open(&hall, &customer, "open-0001", json!({"package": 1, "expected_fen": 8_800})).await.ok(202);
        hall.table_is(0, "playing").await;
        // Of 72 yuan for two hours more 62 are left to pay, and of the next nothing.
        for (n, (minutes, fen)) in [(120, 6_200), (60, 0)].into_iter().enumerate() {
            assert_eq!(customer.get(&format!("{}/extension?minutes={minutes}", of(&session))).await.ok(200)["price_fen"], fen);
            let more = json!({"minutes": minutes, "expected_fen": fen});
            customer.post_once(&format!("more-{n:04}"), &format!("{}/extend", of(&session)), more).await.ok(200);
        }
        server.passes(360 * MINUTE + SECOND).await;
        server.run_jobs().await;
        let bill = customer.get(&of(&session)).await.ok(200)["bill"].clone();
        let lines: Vec<_> = bill["lines"].as_array().unwrap().iter().map(|line| (line["kind"].as_str().unwrap(), line["fen"].as_i64().unwrap())).collect();
        assert_eq!((lines, bill["total_fen"].clone()), (vec![("package", 8_800), ("play", 10_800), ("night_cap", -4_600)], json!(15_000)));
    }

    async fn v3_2_times_are_told_with_how_the_halls_own_clock_stands(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(0).await;
        assert_eq!(table(&hall, &customer).await["venue"]["clock"], json!({"ahead_minutes": 480, "changes_at": null, "then_minutes": null}));
        change(&hall, json!({"time_zone": "America/New_York"})).await;
        let shown = customer.get(&format!("/customer/v1/venues/{}", hall.id)).await.ok(200)["venue"]["clock"].clone();
        assert_eq!((shown["ahead_minutes"].clone(), shown["then_minutes"].clone()), (json!(-300), json!(-240)));
        assert_eq!(time(&shown["changes_at"]), "2027-03-14T07:00:00Z".parse::<Timestamp>().unwrap());
        let held = customer.post(&format!("/customer/v1/tables/{}/hold", hall.tables[0].id), json!({})).await.ok(200);
        assert_eq!(held["clock"], shown);
    }

    async fn v3_1a_a_hall_that_is_closed_for_a_while_says_so_and_not_when_it_opens(server) {
        let hall = Hall::open(server, 1).await;
        let path = format!("/customer/v1/venues/{}", hall.id);
        change(&hall, json!({"opens": 1_200, "closes": 1_320})).await;
        let shut = server.visitor().get(&path).await.ok(200)["venue"].clone();
        assert_eq!((shut["closed"].clone(), shut["open_now"].clone()), (json!(false), json!(false)), "it opens in the evening");
        change(&hall, json!({"closed": true})).await;
        let closed = server.visitor().get(&path).await.ok(200)["venue"].clone();
        assert_eq!((closed["closed"].clone(), closed["open_now"].clone()), (json!(true), json!(false)));
        let seen = table(&hall, &server.visitor()).await;
        assert_eq!((seen["why_not"]["code"].clone(), seen["venue"]["closed"].clone()), (json!("VENUE_CLOSED"), json!(true)));
        assert_eq!(server.visitor().get("/customer/v1/venues").await.ok(200)["items"], json!([]));
    }
}
