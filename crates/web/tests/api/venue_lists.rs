//! A hall's price lists, one of which each table uses.

use kernel::{MINUTE, SECOND};
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Answer, Client, Hall, TestServer, on_server};

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

async fn add(hall: &Hall<'_>, name: &str) -> Value {
    let path = format!("/api/v1/venues/{}/price-lists", hall.id);
    hall.manager.post_once(&format!("list-{name}"), &path, json!({"name": name})).await.ok(201)
}

/// Another list: 60 yuan an hour, three hours for 90.
async fn rooms(hall: &Hall<'_>) -> Value {
    let list = add(hall, "room-1").await;
    let package = json!({"id": 1, "name_zh": "Three", "name_en": "Three", "span": {"minutes": 180}, "price": 9_000, "early": "cheaper"});
    let tariff = json!({"per_hour": 6_000, "unit_minutes": 1, "grace_minutes": 3, "packages": [package]});
    let form = json!({"name": "包厢", "tariff": tariff, "version": list["version"]});
    hall.manager.put(&format!("/api/v1/price-lists/{}", id(&list)), form).await.ok(200)
}

async fn lists(hall: &Hall<'_>) -> Vec<Value> {
    let path = format!("/api/v1/venues/{}/price-lists", hall.id);
    hall.manager.get(&path).await.ok(200)["items"].as_array().unwrap().clone()
}

/// All of a table as it is, and that list.
async fn with_list(hall: &Hall<'_>, n: usize, list: &Value) -> Value {
    let table = hall.floor().await["tables"][n].clone();
    json!({"name": table["name"], "x": table["x"], "y": table["y"], "version": table["version"], "tariff_id": list["id"]})
}

/// The table uses that list from now on.
async fn choose(hall: &Hall<'_>, n: usize, list: &Value) -> Answer {
    let form = with_list(hall, n, list).await;
    hall.manager.put(&format!("/api/v1/tables/{}", hall.tables[n].id), form).await
}

async fn remove(hall: &Hall<'_>, list: &Value) -> Answer {
    hall.manager.delete(&format!("/api/v1/price-lists/{}", id(list))).await
}

async fn open(hall: &Hall<'_>, customer: &Client, n: usize, key: &str, ask: Value) -> Answer {
    customer.post_once(key, &format!("/customer/v1/tables/{}/open", hall.tables[n].id), ask).await
}

async fn table(server: &TestServer, hall: &Hall<'_>, n: usize) -> Value {
    server.visitor().get(&format!("/customer/v1/tables/{}", hall.tables[n].id)).await.ok(200)
}

fn of(session: &Value) -> String {
    format!("/customer/v1/sessions/{}", id(session))
}

on_server! {
    async fn v3_2_a_table_is_shown_opened_extended_and_billed_by_its_own_price_list(server) {
        let hall = Hall::open(server, 2).await;
        let list = rooms(&hall).await;
        assert_eq!(choose(&hall, 1, &list).await.ok(200)["tariff_id"], list["id"]);
        let floor = hall.floor().await["tables"].clone();
        assert_eq!((floor[0]["price_list"].clone(), floor[1]["price_list"].clone()), (json!(null), json!("包厢")));

        // In the list of tables, and on the page of each.
        let seen = server.visitor().get(&format!("/customer/v1/venues/{}", hall.id)).await.ok(200)["tables"].clone();
        for (n, fen, name, packages) in [(0, 3_600, json!(null), 0), (1, 6_000, json!("包厢"), 1)] {
            assert_eq!((seen[n]["per_hour_fen"].clone(), seen[n]["price_list"].clone()), (json!(fen), name.clone()), "table {n}");
            let view = table(server, &hall, n).await;
            assert_eq!((view["per_hour_fen"].clone(), view["table"]["price_list"].clone()), (json!(fen), name), "table {n}");
            assert_eq!(view["quotes"][1]["price_fen"], fen, "an hour at table {n}");
            assert_eq!(view["prices"]["days"][0]["spans"][0]["per_hour_fen"], fen);
            assert_eq!(view["packages"].as_array().unwrap().len(), packages);
            assert_eq!(view["prices"]["packages"].as_array().unwrap().len(), packages);
        }
        assert_eq!(table(server, &hall, 0).await["others"][0]["per_hour_fen"], 6_000);

        // One table's price opens no other, nor does its package.
        let customer = hall.customer(50_000).await;
        open(&hall, &customer, 1, "open-0001", json!({"minutes": 60, "expected_fen": 3_600})).await.refused(409, "PRICE_CHANGED");
        open(&hall, &customer, 0, "open-0002", json!({"package": 1, "expected_fen": 9_000})).await.refused(409, "PACKAGE_GONE");
        let session = hall.play(&customer, 1, 60).await;
        assert_eq!(session["held_fen"], 6_000);
        assert_eq!(customer.get(&format!("{}/extension?minutes=30", of(&session))).await.ok(200)["price_fen"], 3_000);
        server.later(20 * MINUTE - 20 * SECOND).await;
        assert_eq!(customer.post(&format!("{}/close", of(&session)), json!({})).await.ok(200)["bill"]["total_fen"], 2_000);
        hall.table_is(1, "idle").await;
        let held = open(&hall, &customer, 1, "open-0003", json!({"package": 1, "expected_fen": 9_000})).await.ok(202);
        assert_eq!(held["held_fen"], 9_000);
    }

    async fn v1_1_whoever_plays_keeps_what_was_quoted_whatever_becomes_of_the_tables_list(server) {
        let hall = Hall::open(server, 2).await;
        let list = rooms(&hall).await;
        choose(&hall, 1, &list).await.ok(200);
        let (one, other) = (hall.customer(20_000).await, hall.customer(20_000).await);
        let (usual, room) = (hall.play(&one, 0, 60).await, hall.play(&other, 1, 60).await);

        // The first table goes to the rooms' list, the second to the hall's own; then both lists cost something else, and one is no more.
        let own = lists(&hall).await[0].clone();
        choose(&hall, 0, &list).await.ok(200);
        choose(&hall, 1, &own).await.ok(200);
        for dearer in [&list, &own] {
            let form = json!({"tariff": {"per_hour": 9_000, "unit_minutes": 1}, "version": dearer["version"]});
            hall.manager.put(&format!("/api/v1/price-lists/{}", id(dearer)), form).await.ok(200);
        }
        choose(&hall, 0, &own).await.ok(200);
        remove(&hall, &list).await.ok(204);

        for (customer, session, fen) in [(&one, &usual, 1_800), (&other, &room, 3_000)] {
            let extension = format!("{}/extension?minutes=30", of(session));
            assert_eq!(customer.get(&extension).await.ok(200)["price_fen"], fen);
        }
        server.later(30 * MINUTE - 20 * SECOND).await;
        for (customer, session, fen) in [(&one, &usual, 1_800), (&other, &room, 3_000)] {
            assert_eq!(customer.post(&format!("{}/close", of(session)), json!({})).await.ok(200)["bill"]["total_fen"], fen);
        }
        hall.table_is(0, "idle").await;
        assert_eq!(table(server, &hall, 0).await["quotes"][1]["price_fen"], 9_000, "and who comes now pays what holds now");
    }

    async fn v1_1_a_list_that_tables_use_is_not_removed_and_says_which_they_are(server) {
        let hall = Hall::open(server, 3).await;
        let list = rooms(&hall).await;
        for n in [1, 2] {
            choose(&hall, n, &list).await.ok(200);
        }
        let refused = remove(&hall, &list).await.refused(409, "PRICE_LIST_IN_USE");
        assert!(refused["title"].as_str().unwrap().contains("2 号台、3 号台"), "{refused}");
        let all = lists(&hall).await;
        assert_eq!((all[0]["own"].clone(), all[0]["tables"].clone()), (json!(true), json!(["1 号台"])));
        assert_eq!((all[1]["own"].clone(), all[1]["tables"].clone()), (json!(false), json!(["2 号台", "3 号台"])));
        remove(&hall, &all[0]).await.refused(409, "PRICE_LIST_OWN");

        // One table is given up, the other has another list: nothing asks for it any more.
        hall.manager.post(&format!("/api/v1/tables/{}/retire", hall.tables[2].id), json!({})).await.ok(204);
        choose(&hall, 1, &all[0]).await.ok(200);
        remove(&hall, &list).await.ok(204);
        remove(&hall, &list).await.refused(404, "NOT_FOUND");
        choose(&hall, 1, &list).await.refused_field("tariff_id", "UNKNOWN");
        assert_eq!(lists(&hall).await.len(), 1);
        let logged = server.logged().await;
        let said: Vec<_> = logged.iter().filter(|line| line.what.starts_with("venues.price")).map(|line| line.what.as_str()).collect();
        assert_eq!(said, ["venues.price_list_added", "venues.prices_changed", "venues.price_list_removed"]);
        let moved = logged.iter().rfind(|line| line.what == "venues.table_changed").unwrap();
        assert_eq!(moved.detail, json!({"price_list": {"from": "包厢", "to": "标准 Standard"}}));
    }

    async fn v1_1_a_list_begins_as_a_copy_of_the_halls_own_and_is_named_once(server) {
        let hall = Hall::open(server, 1).await;
        let path = format!("/api/v1/venues/{}/price-lists", hall.id);
        let first = hall.manager.post_once("snooker-1", &path, json!({"name": "斯诺克"})).await.ok(201);
        assert_eq!(hall.manager.post_once("snooker-1", &path, json!({"name": "斯诺克"})).await.ok(201), first);
        let own = lists(&hall).await[0].clone();
        assert_eq!((first["tariff"].clone(), first["own"].clone(), first["tables"].clone()), (own["tariff"].clone(), json!(false), json!([])));
        assert_eq!(hall.manager.get(&format!("/api/v1/venues/{}/prices", hall.id)).await.ok(200), own);
        hall.manager.post_once("snooker-2", &path, json!({"name": " 斯诺克 "})).await.refused_field("name", "NAME_TAKEN");
        hall.manager.post_once("snooker-3", &path, json!({"name": " "})).await.refused_field("name", "REQUIRED");

        // It is renamed, and the second of two who do is told; what is not named stays.
        let change = format!("/api/v1/price-lists/{}", id(&first));
        let form = |name: Value| json!({"name": name, "tariff": first["tariff"], "version": first["version"]});
        hall.manager.put(&change, form(own["name"].clone())).await.refused_field("name", "NAME_TAKEN");
        let renamed = hall.manager.put(&change, form(json!("Snooker"))).await.ok(200);
        assert_eq!((renamed["name"].clone(), renamed["version"].clone()), (json!("Snooker"), json!(2)));
        hall.manager.put(&change, form(json!("Carom"))).await.refused(409, "CHANGED_MEANWHILE");
        let same = hall.manager.put(&change, json!({"tariff": first["tariff"], "version": 2})).await.ok(200);
        assert_eq!(same, renamed);

        // A new table uses the hall's own list, unless it names another.
        let tables = format!("/api/v1/venues/{}/tables", hall.id);
        let plain = hall.manager.post_once("table-own", &tables, json!({"name": "2"})).await.ok(201);
        let snooker = hall.manager.post_once("table-other", &tables, json!({"name": "3", "tariff_id": first["id"]})).await.ok(201);
        assert_eq!((plain["tariff_id"].clone(), snooker["tariff_id"].clone()), (own["id"].clone(), first["id"].clone()));
        for n in 2..20 {
            add(&hall, &format!("more-{n}")).await;
        }
        hall.manager.post_once("one-too-many", &path, json!({"name": "x"})).await.refused(409, "PRICE_LISTS_TOO_MANY");
    }

    async fn v5_1_lists_of_another_hall_are_neither_seen_nor_changed_nor_chosen(server) {
        let hall = Hall::open(server, 1).await;
        let (other, fixer) = (server.user(Role::VenueManager, "elsewhere").await, server.user(Role::Maintainer, "fixer").await);
        hall.manager.post(&format!("/api/v1/venues/{}/staff", hall.id), json!({"name": "fixer"})).await.ok(200);
        let form = json!({"name": "别店", "time_zone": "Asia/Shanghai", "tariff": {"per_hour": 1, "unit_minutes": 1}});
        let theirs = id(&other.post_once("hall-other", "/api/v1/venues", form).await.ok(201));
        let (ours, theirs) = (format!("/api/v1/venues/{}/price-lists", hall.id), format!("/api/v1/venues/{theirs}/price-lists"));
        let list = rooms(&hall).await;
        let one = format!("/api/v1/price-lists/{}", id(&list));
        let form = json!({"name": "x", "tariff": {"per_hour": 1, "unit_minutes": 1}, "version": list["version"]});
        for (who, status, code) in [(&other, 404, "NOT_FOUND"), (&fixer, 403, "FORBIDDEN")] {
            who.post_once("list-0001", &ours, json!({"name": "x"})).await.refused(status, code);
            who.put(&one, form.clone()).await.refused(status, code);
            who.delete(&one).await.refused(status, code);
        }
        other.get(&ours).await.refused(404, "NOT_FOUND");
        assert_eq!(fixer.get(&ours).await.ok(200)["items"].as_array().unwrap().len(), 2);
        assert_eq!(lists(&hall).await[1], list, "nothing has changed");

        // Nor does a table use another hall's list.
        let foreign = other.get(&theirs).await.ok(200)["items"][0].clone();
        choose(&hall, 0, &foreign).await.refused_field("tariff_id", "UNKNOWN");
        let new = json!({"name": "x", "tariff_id": foreign["id"]});
        hall.manager.post_once("table-foreign", &format!("/api/v1/venues/{}/tables", hall.id), new).await.refused_field("tariff_id", "UNKNOWN");
    }

    async fn v1_1_of_a_list_removed_and_chosen_at_once_one_of_the_two_comes_to_be(server) {
        let hall = Hall::open(server, 1).await;
        let own = lists(&hall).await[0].clone();
        for round in 0..8 {
            let list = add(&hall, &format!("race-{round}")).await;
            let (path, form) = (format!("/api/v1/tables/{}", hall.tables[0].id), with_list(&hall, 0, &list).await);
            let (removed, chosen) = tokio::join!(remove(&hall, &list), hall.manager.put(&path, form));
            if removed.status == 204 {
                chosen.refused_field("tariff_id", "UNKNOWN");
            } else {
                removed.refused(409, "PRICE_LIST_IN_USE");
                chosen.ok(200);
                choose(&hall, 0, &own).await.ok(200);
                remove(&hall, &list).await.ok(204);
            }
            assert_eq!(lists(&hall).await, std::slice::from_ref(&own), "and nothing is left of the other");
        }
    }
}
