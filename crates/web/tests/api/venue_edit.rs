//! Halls, prices and tables are changed while people play.

use kernel::{MINUTE, SECOND};
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Hall, on_server};

fn hall_form(hall: &Value) -> Value {
    json!({"name": hall["name"], "address": hall["address"], "phone": hall["phone"], "time_zone": hall["time_zone"], "opens": hall["opens"],
           "closes": hall["closes"], "closed": hall["closed"], "holidays": hall["holidays"], "version": hall["version"]})
}

fn with(form: &Value, name: &str, value: Value) -> Value {
    let mut form = form.clone();
    form[name] = value;
    form
}

on_server! {
    async fn v1_1_a_halls_name_hours_and_holidays_are_changed_and_logged(server) {
        let hall = Hall::open(server, 1).await;
        let path = format!("/api/v1/venues/{}", hall.id);
        let form = hall_form(&hall.floor().await["venue"]);
        for (field, value, code) in [("name", json!(""), "REQUIRED"), ("time_zone", json!("Mars/Olympus"), "UNKNOWN"), ("opens", json!(1_500), "RANGE"), ("address", json!("x".repeat(201)), "TOO_LONG")] {
            hall.manager.put(&path, with(&form, field, value)).await.refused_field(field, code);
        }
        let new = json!({"name": "江湾店", "address": "政通路 1 号", "phone": "", "time_zone": "Asia/Shanghai", "opens": 600, "closes": 120,
                         "closed": false, "holidays": ["2027-02-06", "2027-02-05", "2027-02-05"], "version": form["version"]});
        let changed = hall.manager.put(&path, new.clone()).await.ok(200);
        assert_eq!((changed["name"].clone(), changed["opens"].clone(), changed["holidays"].clone()), (json!("江湾店"), json!(600), json!(["2027-02-05", "2027-02-06"])));
        let seen = server.visitor().get(&format!("/customer/v1/venues/{}", hall.id)).await.ok(200);
        assert_eq!((seen["venue"]["name"].clone(), seen["venue"]["opens"].clone()), (json!("江湾店"), json!("10:00")));

        // Somebody else had loaded it before, and does not write over it.
        hall.manager.put(&path, with(&form, "name", json!("旧表单"))).await.refused(409, "CHANGED_MEANWHILE");
        assert_eq!(hall.floor().await["venue"]["name"], "江湾店");
        // What changes nothing is not a change.
        let before = server.logged().await.len();
        let same = hall.manager.put(&path, with(&new, "version", changed["version"].clone())).await.ok(200);
        assert_eq!((same["version"].clone(), server.logged().await.len()), (changed["version"].clone(), before));

        // Closed for a while: nobody opens a table there.
        let closed = with(&with(&new, "closed", json!(true)), "version", changed["version"].clone());
        hall.manager.put(&path, closed).await.ok(200);
        let view = server.visitor().get(&format!("/customer/v1/tables/{}", hall.tables[0].id)).await.ok(200);
        assert_eq!(view["why_not"]["code"], "VENUE_CLOSED");
        let log = server.user(Role::SuperAdmin, "root").await.get("/api/v1/logs/operations").await.ok(200);
        assert_eq!((log["items"][0]["action"].clone(), log["items"][0]["detail"].clone()), (json!("changed"), json!({"closed": {"from": false, "to": true}})));
    }

    async fn v8_1_whoever_plays_or_has_played_is_told_the_halls_phone_as_it_is_now(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        assert_eq!(playing["venue_phone"], "", "it has none");
        let form = with(&hall_form(&hall.floor().await["venue"]), "phone", json!("021-5555 0101"));
        hall.manager.put(&format!("/api/v1/venues/{}", hall.id), form).await.ok(200);
        let of = format!("/customer/v1/sessions/{}", playing["id"].as_str().unwrap());
        assert_eq!(customer.get(&of).await.ok(200)["venue_phone"], "021-5555 0101");
        assert_eq!(customer.get("/customer/v1/session").await.ok(200)["session"]["venue_phone"], "021-5555 0101");
        assert_eq!(customer.post(&format!("{of}/close"), json!({})).await.ok(200)["venue_phone"], "021-5555 0101");
        assert_eq!(customer.get("/customer/v1/sessions").await.ok(200)["items"][0]["venue_phone"], "021-5555 0101");
    }

    async fn v1_1_new_prices_hold_for_those_who_come_and_not_for_those_who_play(server) {
        let hall = Hall::open(server, 2).await;
        let path = format!("/api/v1/venues/{}/prices", hall.id);
        let (early, late) = (hall.customer(20_000).await, hall.customer(20_000).await);
        let playing = hall.play(&early, 0, 60).await;
        let prices = hall.manager.get(&path).await.ok(200);
        assert_eq!(prices["tariff"]["per_hour"], 3_600);
        let dearer = json!({"per_hour": 6_000, "unit_minutes": 1, "grace_minutes": 3});
        hall.manager.put(&path, json!({"tariff": with(&dearer, "unit_minutes", json!(0)), "version": prices["version"]})).await.refused_field("tariff.unit_minutes", "RANGE");
        hall.manager.put(&path, json!({"tariff": dearer, "version": prices["version"]})).await.ok(200);
        hall.manager.put(&path, json!({"tariff": dearer, "version": prices["version"]})).await.refused(409, "CHANGED_MEANWHILE");

        // What was shown before is not what it costs any more.
        let table = format!("/customer/v1/tables/{}", hall.tables[1].id);
        late.post_once("open-0001", &format!("{table}/open"), json!({"minutes": 60, "expected_fen": 3_600})).await.refused(409, "PRICE_CHANGED");
        assert_eq!(late.get(&table).await.ok(200)["quotes"][1]["price_fen"], 6_000);
        // Who plays goes on at what was agreed, for what is added too.
        let of = format!("/customer/v1/sessions/{}", playing["id"].as_str().unwrap());
        assert_eq!(early.get(&format!("{of}/extension?minutes=30")).await.ok(200)["price_fen"], 1_800);
        server.later(30 * MINUTE - 20 * SECOND).await;
        assert_eq!(early.post(&format!("{of}/close"), json!({})).await.ok(200)["bill"]["total_fen"], 1_800);
    }

    async fn v1_1_prices_that_are_tried_out_are_what_would_be_billed_and_are_not_kept(server) {
        let hall = Hall::open(server, 1).await;
        let path = format!("/api/v1/venues/{}/prices", hall.id);
        let before = hall.manager.get(&path).await.ok(200);
        let all = json!({"weekdays": [true, true, true, true, true, true, true], "holidays": true});
        let tariff = json!({"per_hour": 3_600, "unit_minutes": 10, "grace_minutes": 3, "minimum": 500, "session_cap": 9_000,
                            "bands": [{"days": all, "hours": {"from": 1_110, "to": 120}, "per_hour": 4_800}]});
        let tried = json!({"tariff": tariff, "date": "2026-11-28", "minutes": 60});
        let day = hall.manager.post(&format!("{path}/try"), tried.clone()).await.ok(200)["items"].as_array().unwrap().clone();
        let of = |hour: usize| (day[hour]["clock"].as_str().unwrap(), day[hour]["price_fen"].as_i64().unwrap());
        // Half of the hour from six is in the evening's band.
        assert_eq!((day.len(), of(0), of(2), of(17), of(18), of(19)), (24, ("00:00", 4_800), ("02:00", 3_600), ("17:00", 3_600), ("18:00", 4_200), ("19:00", 4_800)));
        assert!(day.iter().all(|one| one["lines"].as_array().unwrap().iter().map(|line| line["fen"].as_i64().unwrap()).sum::<i64>() == one["price_fen"]));
        assert_eq!(hall.manager.get(&path).await.ok(200), before);
        hall.manager.post(&format!("{path}/try"), with(&tried, "minutes", json!(5))).await.refused_field("minutes", "RANGE");
        hall.manager.post(&format!("{path}/try"), with(&tried, "date", json!("9999-12-31"))).await.refused_field("date", "RANGE");
        // Kept, they are quoted so.
        hall.manager.put(&path, json!({"tariff": tariff, "version": before["version"]})).await.ok(200);
        let quoted = server.visitor().get(&format!("/customer/v1/tables/{}", hall.tables[0].id)).await.ok(200);
        let now = server.clock.now().in_zone("Asia/Shanghai").unwrap();
        let hour: usize = now.split(' ').nth(1).unwrap()[..2].parse().unwrap();
        assert!(now.contains(":00 "), "the test's clock begins with an hour: {now}");
        assert_eq!(quoted["quotes"][1]["price_fen"], day[hour]["price_fen"]);
    }

    async fn v1_1_prices_are_tried_on_any_day_within_ten_years_and_on_no_other(server) {
        let hall = Hall::open(server, 0).await;
        let path = format!("/api/v1/venues/{}/prices/try", hall.id);
        let all = json!({"weekdays": [true, true, true, true, true, true, true], "holidays": true});
        // A night that is played to the end of time comes to a price that holds from nine.
        let tariff = json!({"per_hour": 3_600, "unit_minutes": 10, "bands": [{"days": all, "hours": {"from": 540, "to": 720}, "per_hour": 4_800}]});
        let tried = json!({"tariff": tariff, "date": "2026-11-28", "minutes": 720});
        for date in ["2016-01-01", "2024-02-29", "2036-12-31"] {
            let day = hall.manager.post(&path, with(&tried, "date", json!(date))).await.ok(200);
            assert_eq!(day["items"].as_array().unwrap().len(), 24, "{date}");
        }
        for date in ["0001-01-01", "2015-12-31", "2037-01-01", "9999-12-29", "9999-12-30", "9999-12-31"] {
            hall.manager.post(&path, with(&tried, "date", json!(date))).await.refused_field("date", "RANGE");
        }
    }

    async fn v1_1_a_table_is_renamed_moved_and_given_another_code(server) {
        let hall = Hall::open(server, 2).await;
        let table = &hall.tables[0];
        let path = format!("/api/v1/tables/{}", table.id);
        hall.manager.put(&path, json!({"name": "", "x": -1, "y": 100_001, "version": 1})).await.refused_field("name", "REQUIRED");
        let moved = hall.manager.put(&path, json!({"name": "VIP 1", "x": 400, "y": 250, "version": 1})).await.ok(200);
        assert_eq!((moved["name"].clone(), moved["x"].clone(), moved["version"].clone()), (json!("VIP 1"), json!(400), json!(2)));
        hall.manager.put(&path, json!({"name": "VIP 2", "x": 0, "y": 0, "version": 1})).await.refused(409, "CHANGED_MEANWHILE");
        assert_eq!(hall.floor().await["tables"][0]["name"], "VIP 1");
        let renewed = hall.manager.post(&format!("{path}/code"), json!({})).await.ok(200);
        assert_ne!(renewed["code"], table.code);
        server.visitor().get(&format!("/customer/v1/codes/{}", table.code)).await.refused(404, "CODE_UNKNOWN");
    }

    async fn v1_1_a_table_is_retired_when_nobody_plays_on_it_and_its_bills_stay(server) {
        let hall = Hall::open(server, 2).await;
        let (table, customer) = (&hall.tables[0], hall.customer(10_000).await);
        let path = format!("/api/v1/tables/{}", table.id);
        let playing = hall.play(&customer, 0, 60).await;
        hall.manager.post(&format!("{path}/retire"), json!({})).await.refused(409, "TABLE_TAKEN");
        server.later(20 * MINUTE - 20 * SECOND).await;
        let of = format!("/customer/v1/sessions/{}", playing["id"].as_str().unwrap());
        customer.post(&format!("{of}/close"), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        hall.manager.put(&format!("{path}/light"), json!({"on": true, "minutes": 10, "why": "x"})).await.ok(200);
        hall.manager.post(&format!("{path}/retire"), json!({})).await.refused(409, "LIGHT_ON");
        hall.manager.delete(&format!("{path}/light")).await.ok(200);
        hall.until(|floor| floor["tables"][0]["device"]["reported"] == false).await;
        hall.manager.post(&format!("{path}/retire"), json!({})).await.ok(204);

        // It is nowhere any more, and nothing can be done to it.
        assert_eq!(hall.floor().await["tables"].as_array().unwrap().len(), 1);
        server.visitor().get(&format!("/customer/v1/codes/{}", table.code)).await.refused(404, "CODE_UNKNOWN");
        server.visitor().get(&format!("/customer/v1/tables/{}", table.id)).await.refused(404, "NOT_FOUND");
        customer.post_once("open-0001", &format!("/customer/v1/tables/{}/open", table.id), json!({"minutes": 60, "expected_fen": 3_600})).await.refused(404, "NOT_FOUND");
        for (what, body) in [("retire", json!({})), ("code", json!({})), ("in-service", json!({"note": ""}))] {
            hall.manager.post(&format!("{path}/{what}"), body).await.refused(404, "NOT_FOUND");
        }
        hall.manager.put(&format!("{path}/light"), json!({"on": true, "minutes": 10, "why": "x"})).await.refused(404, "NOT_FOUND");
        // Its lamp is still plugged in, and is not listened to.
        server.later(2 * MINUTE).await;
        server.run_jobs().await;
        // What was played there is as it was.
        let bill = customer.get(&of).await.ok(200);
        assert_eq!((bill["table_name"].clone(), bill["bill"]["total_fen"].clone()), (json!("1 号台"), json!(1_200)));
    }

    async fn v5_1_staff_of_another_hall_and_maintainers_change_nothing(server) {
        let hall = Hall::open(server, 1).await;
        let (other, fixer) = (server.user(Role::VenueManager, "elsewhere").await, server.user(Role::Maintainer, "fixer").await);
        hall.manager.post(&format!("/api/v1/venues/{}/staff", hall.id), json!({"name": "fixer"})).await.ok(200);
        let (venue, table) = (format!("/api/v1/venues/{}", hall.id), format!("/api/v1/tables/{}", hall.tables[0].id));
        let form = hall_form(&hall.floor().await["venue"]);
        let tariff = json!({"per_hour": 1, "unit_minutes": 1});
        for (who, status, code) in [(&other, 404, "NOT_FOUND"), (&fixer, 403, "FORBIDDEN")] {
            who.put(&venue, with(&form, "name", json!("x"))).await.refused(status, code);
            who.put(&format!("{venue}/prices"), json!({"tariff": tariff, "version": 1})).await.refused(status, code);
            who.post(&format!("{venue}/prices/try"), json!({"tariff": tariff, "date": "2026-11-28", "minutes": 60})).await.refused(status, code);
            who.put(&table, json!({"name": "x", "x": 0, "y": 0, "version": 1})).await.refused(status, code);
            who.post(&format!("{table}/retire"), json!({})).await.refused(status, code);
        }
        other.get(&format!("{venue}/prices")).await.refused(404, "NOT_FOUND");
        assert_eq!(fixer.get(&format!("{venue}/prices")).await.ok(200)["tariff"]["per_hour"], 3_600);
        assert_eq!(hall.floor().await["venue"]["name"], form["name"]);
    }
}
