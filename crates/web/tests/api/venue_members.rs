//! Spending earns points, points lead to levels, and a level has its price (V6.1, V3.2).

use kernel::{Fen, MINUTE, SECOND};
use platform::identity::Role;
use platform::ledger::{self, AccountId, EntryKind, SystemAccount};
use serde_json::{Value, json};
use testkit::{Client, Hall, TestServer, on_server};
use venue::play::SessionId;

fn level(name: &str, threshold: i64, pays: i64, gift: i64) -> Value {
    json!({"name_zh": name, "name_en": name, "threshold": threshold, "pays": pays, "gift_fen": gift})
}

/// Silver from 30 points, gold from 100.
async fn levels(server: &TestServer) -> Client {
    let root = server.user(Role::SuperAdmin, "root").await;
    let version = root.get("/api/v1/levels").await.ok(200)["version"].clone();
    let form = json!({"levels": [level("Silver", 30, 9_500, 0), level("Gold", 100, 8_800, 2_000)], "version": version});
    root.put("/api/v1/levels", form).await.ok(200);
    root
}

async fn membership(customer: &Client) -> (i64, Value, Value) {
    let all = customer.get("/customer/v1/membership").await.ok(200);
    (all["points"].as_i64().unwrap(), all["level"]["name"].clone(), all["next"]["missing_points"].clone())
}

async fn balance(customer: &Client) -> i64 {
    customer.get("/customer/v1/me").await.ok(200)["balance_fen"].as_i64().unwrap()
}

/// Plays for so many minutes of an hour, and closes.
async fn played(server: &TestServer, hall: &Hall<'_>, customer: &Client, minutes: i64) -> Value {
    let playing = hall.play(customer, 0, 180).await;
    server.passes(minutes * MINUTE - 20 * SECOND).await;
    let path = format!("/customer/v1/sessions/{}/close", playing["id"].as_str().unwrap());
    let closed = customer.post(&path, json!({})).await.ok(200);
    hall.table_is(0, "idle").await;
    closed
}

on_server! {
    async fn v6_1_what_was_billed_earns_points_and_a_threshold_upgrades_at_once(server) {
        levels(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(50_000).await;
        assert_eq!(membership(&customer).await, (0, json!(null), json!(30)), "what was paid in is not spent");
        let bill = played(server, &hall, &customer, 45).await;
        assert_eq!(bill["bill"]["total_fen"], 2_700);
        assert_eq!(membership(&customer).await, (27, json!(null), json!(3)));
        played(server, &hall, &customer, 10).await;
        assert_eq!(membership(&customer).await, (33, json!("Silver"), json!(67)));
        let told = customer.get("/customer/v1/messages").await.ok(200);
        let level = told["items"].as_array().unwrap().iter().find(|one| one["kind"] == "member.level").unwrap().clone();
        assert!(level["body"].as_str().unwrap().contains("Silver") && level["body"].as_str().unwrap().contains("95%"), "{level}");

        // A long night leads past gold: its gift is in the wallet, once.
        let before = balance(&customer).await;
        let bill = played(server, &hall, &customer, 120).await;
        assert_eq!(bill["bill"]["total_fen"], 7_200 * 95 / 100);
        assert_eq!((membership(&customer).await, balance(&customer).await), ((101, json!("Gold"), json!(null)), before - 6_840 + 2_000));
        let all = customer.get("/customer/v1/membership").await.ok(200);
        let history: Vec<_> = all["history"].as_array().unwrap().iter().map(|one| (one["name"].as_str().unwrap(), one["gift_fen"].as_i64().unwrap())).collect();
        assert_eq!(history, [("Gold", 2_000), ("Silver", 0)]);
        let lines = customer.get("/customer/v1/points").await.ok(200);
        let lines: Vec<_> = lines["items"].as_array().unwrap().iter().map(|line| (line["points"].as_i64().unwrap(), line["points_after"].as_i64().unwrap())).collect();
        assert_eq!(lines, [(68, 101), (6, 33), (27, 27)]);
        let wallet = customer.get("/customer/v1/wallet").await.ok(200);
        assert!(wallet["items"].as_array().unwrap().iter().any(|line| line["kind"] == "gift" && line["delta_fen"] == 2_000));
    }

    async fn v3_2_members_see_their_levels_price_are_billed_by_it_and_keep_it(server) {
        let root = levels(server).await;
        let hall = Hall::open(server, 2).await;
        let (member, other) = (hall.customer(50_000).await, hall.customer(50_000).await);
        played(server, &hall, &member, 60).await;
        let table = format!("/customer/v1/tables/{}", hall.tables[0].id);
        let seen = member.get(&table).await.ok(200);
        assert_eq!((seen["member"]["level"].clone(), seen["member"]["pays"].clone()), (json!("Silver"), json!(9_500)));
        assert_eq!((seen["quotes"][1]["price_fen"].clone(), seen["quotes"][1]["full_price_fen"].clone()), (json!(3_420), json!(3_600)));
        let theirs = other.get(&table).await.ok(200);
        assert_eq!((theirs["member"].clone(), theirs["quotes"][1]["price_fen"].clone()), (json!(null), json!(3_600)));
        // Nobody opens at somebody else's price.
        other.post_once("open-0001", &format!("{table}/open"), json!({"minutes": 60, "expected_fen": 3_420})).await.refused(409, "PRICE_CHANGED");

        let playing = hall.play(&member, 0, 60).await;
        assert_eq!(playing["held_fen"], 3_420);
        // The operator takes all levels away: who plays keeps what was quoted.
        let version = root.get("/api/v1/levels").await.ok(200)["version"].clone();
        root.put("/api/v1/levels", json!({"levels": [], "version": version})).await.ok(200);
        server.later(61 * MINUTE).await;
        server.run_jobs().await;
        let bill = member.get(&format!("/customer/v1/sessions/{}", playing["id"].as_str().unwrap())).await.ok(200)["bill"].clone();
        assert_eq!((bill["total_fen"].clone(), bill["lines"][1]["kind"].clone(), bill["lines"][1]["fen"].clone()), (json!(3_420), json!("discount"), json!(-180)));
        assert!(bill["lines"][1]["text"].as_str().unwrap().contains("Silver"));
        assert_eq!(member.get(&table).await.ok(200)["quotes"][1]["price_fen"], 3_600);
    }

    async fn v6_1_a_bill_that_is_given_back_takes_its_points_and_counting_twice_changes_nothing(server) {
        levels(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(50_000).await;
        let bill = played(server, &hall, &customer, 180).await;
        assert_eq!(membership(&customer).await, (108, json!("Gold"), json!(null)));
        let session: SessionId = bill["id"].as_str().unwrap().parse().unwrap();
        let me = customer.get("/customer/v1/me").await.ok(200)["id"].as_str().unwrap().parse::<venue::customers::CustomerId>().unwrap();
        let cx = server.cx();
        let again = async |back: i64| {
            let mut tx = cx.db.begin().await.unwrap();
            if back > 0 {
                let order = ledger::Move {
                    debit: SystemAccount::Takings.id(), credit: AccountId::from_uuid(me.uuid()), amount: Fen::new(back).into(), kind: EntryKind::Play,
                    memo: String::new(), reference: Some(session.into()),
                };
                ledger::transfer(&mut tx, &cx, &order).await.unwrap();
            }
            venue::members::count(&mut tx, &cx, me, session).await.unwrap();
            tx.commit().await.unwrap();
        };
        again(0).await;
        assert_eq!(membership(&customer).await.0, 108);
        let before = balance(&customer).await;
        again(9_050).await;
        assert_eq!(membership(&customer).await, (17, json!(null), json!(13)));
        // Gold is reached a second time, and its gift was given.
        played(server, &hall, &customer, 180).await;
        assert_eq!((membership(&customer).await, balance(&customer).await), ((125, json!("Gold"), json!(null)), before + 9_050 - 10_800));
    }

    async fn v6_1_points_and_the_levels_that_were_reached_are_ones_own(server) {
        levels(server).await;
        let hall = Hall::open(server, 1).await;
        let (one, other) = (hall.customer(50_000).await, hall.customer(50_000).await);
        let visitor = server.visitor();
        let welcome = visitor.post("/customer/v1/guests", json!({})).await.ok(201);
        let guest = visitor.with_token(welcome["token"].as_str().unwrap());
        let points = async |who: &Client| {
            let lines = who.get("/customer/v1/points").await.ok(200)["items"].clone();
            lines.as_array().unwrap().iter().map(|line| line["points"].as_i64().unwrap()).collect::<Vec<_>>()
        };
        let reached = async |who: &Client| {
            let history = who.get("/customer/v1/membership").await.ok(200)["history"].clone();
            history.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        played(server, &hall, &one, 60).await;
        assert_eq!((membership(&one).await.0, points(&one).await, reached(&one).await), (36, vec![36], vec!["Silver".to_owned()]));
        for who in [&other, &guest] {
            assert_eq!((membership(who).await, points(who).await, reached(who).await), ((0, json!(null), json!(30)), vec![], vec![]));
        }
        // Whoever has some sees those alone.
        played(server, &hall, &other, 10).await;
        assert_eq!((membership(&other).await.0, points(&other).await, reached(&other).await), (6, vec![6], vec![]));
        assert_eq!((membership(&one).await.0, points(&one).await, reached(&one).await), (36, vec![36], vec!["Silver".to_owned()]));
        server.has_answered("GET /customer/v1/membership");
    }

    async fn v6_1_levels_are_the_operators_and_rise(server) {
        let root = levels(server).await;
        let manager = server.user(Role::VenueManager, "manager").await;
        let now = manager.get("/api/v1/levels").await.ok(200);
        manager.put("/api/v1/levels", json!({"levels": [], "version": now["version"]})).await.refused(403, "FORBIDDEN");
        let put = async |levels: Value, version: &Value| root.put("/api/v1/levels", json!({"levels": levels, "version": version})).await;
        let version = &now["version"];
        put(json!([level("A", 10, 9_000, 0), level("B", 10, 9_000, 0)]), version).await.refused_field("levels.1.threshold", "NOT_RISING");
        put(json!([level("A", 10, 9_000, 0), level("B", 20, 9_500, 0)]), version).await.refused_field("levels.1.pays", "NOT_RISING");
        put(json!([level("A", 10, 4_999, 0)]), version).await.refused_field("levels.0.pays", "RANGE");
        put(json!([level("A", 10, 9_000, 100_001)]), version).await.refused_field("levels.0.gift_fen", "RANGE");
        let mut strange = level("A", 10, 9_000, 0);
        strange["id"] = json!("lvl_01h455vb4pex5vsknk084sn02q");
        put(json!([strange]), version).await.refused_field("levels.0.id", "UNKNOWN");
        assert_eq!(root.get("/api/v1/levels").await.ok(200), now);
        // A level that is renamed is the same; the second of two editors is told.
        let mut items = now["items"].clone();
        items[0]["name_en"] = json!("Sterling");
        let new = put(items.clone(), version).await.ok(200);
        assert_eq!((new["items"][0]["id"].clone(), new["items"][0]["name_en"].clone()), (now["items"][0]["id"].clone(), json!("Sterling")));
        put(items, version).await.refused(409, "CHANGED_MEANWHILE");
    }
}
