//! Every list × every combination of what it can be narrowed down to × who asks: no statement of it costs more the longer the
//! table is. Lists and filters are those that OpenAPI has, so that a new one is looked at by itself. What is done to a whole selection of
//! keys is looked at likewise, and so is each sweep. On PostgreSQL the plans of the lists are read twice: as they are possible, and as it chooses them
//! where the tables of the lists are long.

mod customer;
mod listed;
mod seen;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use store::args;
use testkit::{Engine, chosen, on_server, unbounded};

use self::customer::customer;
use self::seen::Seen;
use crate::matrix::{Owner, Thing, World};

/// What a filter can be set to; some differ in the way that they are looked for.
struct Values {
    world: Vec<(&'static str, Vec<String>)>,
}

impl Values {
    async fn new(world: &World<'_>) -> Self {
        let mut made = Vec::new();
        for thing in Thing::EVERY {
            for owner in [Owner::Alice, Owner::Chief] {
                made.push((thing, world.make(thing, owner).await));
            }
        }
        let root = &world.people.root;
        let key = world.people.alice.get("/api/v1/keys?limit=1&state=active").await.ok(200)["items"][0].clone();
        let text = |value: &Value| vec![value.as_str().unwrap().to_owned()];
        let jobs = root.get("/api/v1/jobs").await.ok(200);
        let words = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let alice = vec![world.people.alice.id().to_string()];
        let world = vec![
            ("project", text(&key["project"]["id"])),
            ("batch", text(&key["batch_id"])),
            ("agent", alice.clone()),
            ("user", alice.clone()),
            ("actor", alice),
            ("key", [text(&key["key"]), words(&["22222"])].concat()),
            ("device", words(&["device"])),
            ("code", words(&["NOT_FOUND", "VALID"])),
            ("module", words(&["keys"])),
            ("kind", text(&jobs["items"][0]["kind"])),
            ("venue", vec![world.make(Thing::Hall, Owner::Alice).await]),
            ("search", words(&["ali"])),
            ("phone", words(&["13800138000"])),
            ("from", words(&["2026-11-20T00:00:00Z"])),
            ("to", words(&["2026-12-20T00:00:00Z"])),
        ];
        Self { world }
    }

    /// Values of one parameter of the document.
    fn of(&self, document: &Value, parameter: &Value) -> Vec<String> {
        let name = parameter["name"].as_str().unwrap();
        let words =
            |schema: &Value| schema["enum"].as_array().map(|all| all.iter().map(|word| word.as_str().unwrap().to_owned()).collect());
        let mut schemas = vec![&parameter["schema"]];
        schemas.extend(parameter["schema"]["oneOf"].as_array().into_iter().flatten());
        for schema in schemas {
            let named = schema["$ref"].as_str().and_then(|path| document.pointer(&path[1..])).unwrap_or(schema);
            if let Some(all) = words(named) {
                return all;
            }
            if named["type"].as_array().is_some_and(|kinds| kinds.contains(&json!("boolean"))) || named["type"] == "boolean" {
                return vec!["true".into()];
            }
        }
        let known = self.world.iter().find(|(known, _)| *known == name);
        known.unwrap_or_else(|| panic!("say in tests/api/plans.rs what the filter {name} can be set to")).1.clone()
    }
}

/// All lists of the document: their paths and filters.
fn lists(document: &Value) -> Vec<(String, Vec<Value>)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let lists = paths.filter_map(|(path, methods)| {
        let parameters = methods["get"]["parameters"].as_array()?;
        let is = |name: &'static str| move |one: &&Value| one["name"] == name;
        parameters.iter().find(is("cursor"))?;
        let filters = parameters.iter().filter(|one| one["in"] == "query" && one["name"] != "cursor" && one["name"] != "limit");
        Some((path.clone(), filters.cloned().collect()))
    });
    lists.collect()
}

/// A light, a complaint, a case and a text in each of two halls where the manager and the maintainer work: their lists have lanes to merge.
async fn furnish(world: &World<'_>) {
    for _ in 0..2 {
        world.make(Thing::Complaint, Owner::Alice).await;
        let table = world.make(Thing::HallTable, Owner::Alice).await;
        world.people.root.post(&format!("/api/v1/tables/{table}/out-of-service"), json!({"note": "x"})).await.ok(200);
    }
    // No provider is set up here, so these are written by hand.
    let texts = "INSERT INTO texts (id, kind, venue_id, phone, phone_hash, phone_hint, state, created_at) \
                 SELECT v.id, 'ending', v.id, c.phone, c.phone_hash, c.phone_hint, 'sent', 0 FROM venues v \
                 CROSS JOIN (SELECT phone, phone_hash, phone_hint FROM customers WHERE phone IS NOT NULL LIMIT 1) c";
    let mut tx = world.server.platform.db.begin().await.unwrap();
    assert!(tx.exec(texts, vec![]).await.unwrap() >= 4);
    tx.commit().await.unwrap();
    for list in ["devices", "complaints", "cases", "texts"] {
        let page = world.people.venue.get(&format!("/api/v1/{list}?limit=50")).await.ok(200);
        let halls: BTreeSet<&str> = page["items"].as_array().unwrap().iter().map(|item| item["venue_id"].as_str().unwrap()).collect();
        assert!(halls.len() >= 2, "{list}: {page}");
    }
}

/// Keys to export or to disable: ticked, of a batch, and what every combination of filters finds.
fn selections(key: &Value) -> Vec<Value> {
    let mut filters = vec![json!({})];
    let states = ["unused", "active", "expired", "disabled"].map(|state| json!(state)).to_vec();
    for (name, values) in [("project", vec![key["project"]["id"].clone()]), ("agent", vec![key["agent"]["id"].clone()]), ("state", states)]
    {
        for filter in filters.clone() {
            for value in &values {
                let mut narrower = filter.clone();
                narrower[name] = value.clone();
                filters.push(narrower);
            }
        }
    }
    let mut all: Vec<Value> = filters.into_iter().map(|filter| json!({"filter": filter})).collect();
    let batch = &key["batch_id"];
    all.extend([
        json!({"ids": [key["id"]]}),
        json!({"batch": batch}),
        json!({"filter": {"batch": batch, "project": key["project"]["id"]}}),
    ]);
    all
}

/// Every choice of one value or none for each filter.
fn combinations(filters: &[(String, Vec<String>)]) -> Vec<String> {
    filters.iter().fold(vec![String::new()], |so_far, (name, values)| {
        let with = |query: &String| values.iter().map(|value| format!("{query}&{name}={value}")).chain([query.clone()]).collect::<Vec<_>>();
        so_far.iter().flat_map(with).collect()
    })
}

on_server! {
    async fn no_page_of_any_list_costs_more_the_longer_its_table_is(server) {
        let world = World::new(server).await;
        let values = Values::new(&world).await;
        furnish(&world).await;
        let document: Value = serde_json::from_str(&web::openapi::json().unwrap()).unwrap();
        // What has an id in its path, and whoever is nobody of the console's.
        let (device, hall) = (world.make(Thing::HallDevice, Owner::Alice).await, world.make(Thing::Hall, Owner::Alice).await);
        let guest = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let guest = server.visitor().with_token(guest["token"].as_str().unwrap());
        let customer = customer(&world).await;
        let mut seen = Seen::default();
        let (mut asked, mut names) = (0, BTreeSet::new());
        server.platform.db.recorded();
        for (path, filters) in lists(&document) {
            names.insert(path.clone());
            let filters: Vec<_> =
                filters.iter().map(|one| (one["name"].as_str().unwrap().to_owned(), values.of(&document, one))).collect();
            for query in combinations(&filters) {
                let ours = &world.people;
                let people = [&ours.root, &ours.chief, &ours.alice, &ours.venue, &ours.maintainer, &ours.cashier];
                let customers = [&guest, &customer];
                for who in if path.starts_with("/customer/") { &customers[..] } else { &people[..] } {
                    asked += 1;
                    let thing = if path.starts_with("/api/v1/venues/") { &hall } else { &device };
                    let address = format!("{}?limit=2{query}", path.replace("{id}", thing));
                    seen.look(server, who, &address).await;
                }
            }
        }
        let Seen { texts, statements, wrong } = seen;
        assert!(wrong.is_empty(), "{} plans:\n{}", wrong.len(), wrong.join("\n"));
        assert!(names.len() >= 22 && asked > 5_000 && texts.len() > 300, "{} lists, {asked} pages, {} statements", names.len(), texts.len());
        // Once more, as PostgreSQL plans by itself.
        let said: BTreeSet<String> = listed::paths().into_iter().map(str::to_owned).collect();
        assert_eq!(names, said, "say in tests/api/plans/listed.rs in which tables the rows of each list lie");
        for table in listed::tables() {
            assert!(texts.iter().any(|sql| sql.contains(&format!("FROM {table} t "))), "no list is read along {table}");
        }
        let wrong = chosen(&server.platform.db, &statements, &listed::tables()).await;
        assert!(wrong.is_empty(), "{} plans that are chosen:\n{}", wrong.len(), wrong.join("\n"));
        // Of the halls where one works: lights, complaints, cases and texts, each first asked for its lanes.
        for table in ["devices", "complaints", "maintenance_cases", "texts"] {
            let lanes = texts.iter().filter(|sql| sql.contains("FROM venue_staff") && sql.contains(&format!("FROM {table} t "))).count();
            assert!(lanes >= 1, "nobody who works in a hall asked for {table}");
        }
    }

    async fn no_sweep_costs_more_the_longer_its_table_is(server) {
        let db = &server.platform.db;
        let sweeps = [platform::upkeep::SWEEPS, licensing::SWEEPS, venue::SWEEPS].concat();
        for sweep in &sweeps {
            let (sql, args) = sweep.statement(db.engine(), server.clock.now());
            assert_eq!(unbounded(db, &sql, args).await, Vec::<String>::new(), "{sql}");
        }
        assert!(sweeps.len() >= 10, "{sweeps:?}");
    }

    async fn no_step_through_a_selection_costs_more_the_longer_its_table_is(server) {
        let world = World::new(server).await;
        // A batch that is larger than a step, and several that are gone through together.
        let large = world.make(Thing::SlowBatch, Owner::Alice).await;
        for owner in [Owner::Alice, Owner::Alice, Owner::Chief] {
            world.make(Thing::Batch, owner).await;
        }
        server.run_jobs().await;
        let key = world.people.alice.get(&format!("/api/v1/keys?limit=1&batch={large}")).await.ok(200)["items"][0].clone();
        let db = &server.platform.db;
        let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
        let (mut steps, mut locked) = (0, 0);
        for who in [&world.people.root, &world.people.chief, &world.people.alice] {
            for selection in selections(&key) {
                db.recorded();
                db.recorded_in_transactions();
                let mut export = selection.clone();
                export["format"] = json!("csv");
                let link = who.post("/api/v1/exports/keys", export).await.ok(200);
                assert_eq!(who.get(link["url"].as_str().unwrap()).await.status, 200);
                who.post("/api/v1/keys/disable", selection.clone()).await.ok(200);
                let mut within = db.recorded_in_transactions();
                within.retain(|(sql, _)| sql.contains("FROM keys k "));
                locked += within.len();
                for (sql, args) in db.recorded().into_iter().chain(within) {
                    if seen.insert(sql.clone()) {
                        steps += usize::from(sql.contains("FROM keys k ") && sql.contains("FROM keys t "));
                        wrong.extend(unbounded(db, &sql, args).await.into_iter().map(|why| format!("{selection}: {why}\n    {sql}")));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{} plans:\n{}", wrong.len(), wrong.join("\n"));
        assert!(steps > 40 && locked > 60, "{steps} ways to take a step, and {locked} steps were changes");
    }

    async fn no_count_of_keys_on_the_home_page_reads_keys_of_another_state(server) {
        let world = World::new(server).await;
        let db = &server.platform.db;
        for owner in [Owner::Alice, Owner::Chief] {
            world.make(Thing::DisabledKey, owner).await;
        }
        let (mut counts, mut wrong) = (0, Vec::new());
        for who in [&world.people.root, &world.people.chief, &world.people.alice] {
            db.recorded();
            let home = who.get("/api/v1/home").await.ok(200);
            assert!(home["keys"]["disabled"].as_i64() > Some(0), "{home}");
            for (sql, args) in db.recorded().into_iter().filter(|(sql, _)| sql.contains("FROM keys") || sql.contains("JOIN keys")) {
                counts += 1;
                wrong.extend(unbounded(db, &sql, args).await.into_iter().map(|why| format!("{why}\n    {sql}")));
            }
        }
        assert!(wrong.is_empty(), "{} plans:\n{}", wrong.len(), wrong.join("\n"));
        assert_eq!(counts, 3 * 5, "each state, and those whose time has run out");
    }

    async fn a_plan_that_reads_a_whole_table_is_noticed(server) {
        let db = &server.platform.db;
        let none = uuid::Uuid::max();
        for (sql, args) in [
            ("SELECT t.id AS id FROM client_calls t WHERE (t.address = $2) AND t.id < $1 ORDER BY t.id DESC LIMIT 5", args![none, "x"]),
            ("SELECT t.id AS id FROM keys t WHERE (t.agent_id = $2) AND t.id < $1 ORDER BY t.id DESC LIMIT 5", args![none, none]),
            ("SELECT t.id AS id FROM keys t WHERE (t.unit = $2) AND t.id < $1 ORDER BY t.id DESC LIMIT 5", args![none, "day"]),
            ("SELECT k.id FROM keys k WHERE k.unbinds = $1", args![3_i64]),
            ("SELECT e.seq FROM ledger_entries e WHERE e.account_id = $1 ORDER BY e.at DESC LIMIT 5", args![none]),
            ("DELETE FROM keys WHERE id IN (SELECT id FROM keys WHERE activated_at <= $1 ORDER BY activated_at LIMIT 5)", args![0_i64]),
        ] {
            assert!(!unbounded(db, sql, args).await.is_empty(), "{sql}");
        }
        for (sql, args) in [
            ("SELECT t.id AS id FROM keys t WHERE (t.batch_id = $2) AND t.id < $1 ORDER BY t.id DESC LIMIT 5", args![none, none]),
            ("SELECT t.id AS id FROM client_calls t WHERE TRUE AND t.id < $1 ORDER BY t.id DESC LIMIT 5", args![none]),
        ] {
            assert_eq!(unbounded(db, sql, args.clone()).await, Vec::<String>::new(), "{sql}");
            assert_eq!(chosen(db, &[(sql.to_owned(), args)], &["client_calls", "keys"]).await, Vec::<String>::new(), "{sql}");
        }
    }

    async fn a_plan_that_is_chosen_and_reads_on_and_on_is_noticed(server) {
        let db = &server.platform.db;
        let none = uuid::Uuid::max();
        for (sql, args) in [
            ("SELECT t.id AS id FROM client_calls t WHERE (t.address = $2) AND t.id < $1 ORDER BY t.id DESC LIMIT 5", args![none, "x"]),
            ("SELECT t.id AS id FROM keys t WHERE (t.unit = $2) AND t.id < $1 ORDER BY t.id DESC LIMIT 5", args![none, "day"]),
            ("SELECT t.id AS id FROM keys t WHERE t.agent_id = $1 ORDER BY t.unbinds DESC LIMIT 5", args![none]),
            ("SELECT t.id AS id FROM keys t WHERE t.unbinds = $1", args![3_i64]),
        ] {
            let noticed = !chosen(db, &[(sql.to_owned(), args)], &["client_calls", "keys"]).await.is_empty();
            assert_eq!(noticed, db.engine() == Engine::Postgres, "{sql}");
        }
    }
}
