//! Each endpoint × each role × one's own and somebody else's things (issue 3): OpenAPI says what there is, the tables say who
//! may. An endpoint without a rule fails, and so does a rule without an endpoint.
//!
//! A rule reads: who passes the door, whose things are reached behind it, what a good call answers. For each endpoint those
//! who are refused ask first, all of the same thing; then each who may asks, the first of them of that very thing. So a
//! refusal that had changed it would show, and none of them leaves a line in the operation log.

mod crowd;
mod people;
mod rule;
mod table_complaints;
mod table_customers;
mod table_keys;
mod table_payments;
mod table_people;
mod table_quota;
mod table_venues;
mod theirs;
mod thing;
mod things;
mod words;

use std::collections::BTreeSet;
use std::path::Path;

use axum::http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Client, on_server};

pub use self::people::Owner;
use self::people::{EVERYBODY, Who};
use self::rule::{Case, Door, Expected, Rule, expected};
pub use self::thing::Thing;
pub use self::things::World;

fn rules() -> impl Iterator<Item = &'static Rule> {
    let tables = [
        table_people::RULES,
        table_keys::RULES,
        table_quota::RULES,
        table_venues::RULES,
        table_customers::RULES,
        table_payments::RULES,
        table_complaints::RULES,
    ];
    tables.into_iter().flatten()
}

fn document() -> Value {
    serde_json::from_str(&web::openapi::json().unwrap()).unwrap()
}

/// `METHOD /path` of all that the document has.
fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase())))
        .collect()
}

/// What stands in the document and not in the tables, and the other way round.
fn differences(documented: &BTreeSet<String>) -> (Vec<String>, Vec<String>) {
    let ruled: BTreeSet<String> = rules().map(|rule| rule.operation().to_owned()).collect();
    (documented.difference(&ruled).cloned().collect(), ruled.difference(documented).cloned().collect())
}

#[test]
fn every_endpoint_has_a_rule_and_every_rule_an_endpoint() {
    let mut documented = operations(&document());
    let (without_rule, without_endpoint) = differences(&documented);
    assert!(without_rule.is_empty(), "say in tests/api/matrix who may: {without_rule:?}");
    assert!(without_endpoint.is_empty(), "these are gone: {without_endpoint:?}");
    // Both can fail.
    assert!(documented.remove("GET /api/v1/me"));
    documented.insert("GET /api/v1/new".into());
    assert_eq!(differences(&documented), (vec!["GET /api/v1/new".into()], vec!["GET /api/v1/me".into()]));
}

#[test]
fn the_document_says_where_one_has_to_be_signed_in() {
    let document = document();
    for rule in rules() {
        let (method, path) = rule.operation().split_once(' ').unwrap();
        let security = &document["paths"][path][method.to_lowercase()]["security"];
        let open = matches!(rule.door, Door::Anybody | Door::Program);
        assert_eq!(security.is_null(), open, "{}", rule.call);
    }
}

#[test]
fn whatever_has_an_id_in_its_path_says_whose_things_are_reached() {
    let silent: Vec<&str> = rules().filter(|rule| rule.operation().contains('{') && rule.thing.is_none()).map(|rule| rule.call).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

/// A rule whose call succeeds for nobody proves nothing about whose things are reached.
#[test]
fn each_call_succeeds_for_somebody_or_says_which_test_has_it_succeed() {
    for rule in rules() {
        let owners = [Owner::Alice, Owner::Chief];
        let succeeds = owners.iter().any(|owner| EVERYBODY.iter().any(|who| expected(rule, *who, *owner) == Expected::Good));
        assert!(succeeds, "nobody may: {}", rule.call);
        assert_eq!(rule.good >= 400, !rule.why.is_empty(), "a refusal says why, and nothing else does: {}", rule.call);
        let named = rule.why.split('`').find(|word| word.ends_with(".rs"));
        if let Some(test) = named {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api").join(test);
            assert!(file.exists(), "{}: there is no {test}", rule.call);
        }
        assert_eq!(named.is_some(), rule.good >= 400, "name the test that has it succeed: {}", rule.call);
    }
}

#[test]
fn of_another_customer_one_reaches_what_hangs_on_a_table_and_what_one_has_the_link_of() {
    let own = |rule: &&Rule| rule.door == Door::Customer && rule.operation().contains('{');
    for rule in rules().filter(own) {
        let open = ["/tables/{id}/hold", "/tables/{id}/open", "/split-codes/{code}/"].iter().any(|part| rule.operation().contains(part));
        for who in [Who::OtherCustomer, Who::Guest] {
            let reaches = expected(rule, who, Owner::Alice) == Expected::Good;
            assert!(open || !reaches, "{} as {who:?}", rule.call);
        }
        assert_eq!(expected(rule, Who::Customer, Owner::Alice), Expected::Good, "{}", rule.call);
    }
}

on_server! {
    async fn nobody_reaches_more_than_the_rules_say(server) {
        let world = Box::pin(World::with_customers(server)).await;
        let keyed = keyed(&document());
        // A transfer needs somebody to go to.
        world.people.spare(server, Who::Alice).await;
        let mut wrong = Vec::new();
        let mut asked = 0;
        for rule in rules() {
            let owners: &[Owner] = if rule.thing.is_some() { &[Owner::Alice, Owner::Chief] } else { &[Owner::Alice] };
            for owner in owners {
                asked += try_rule(&world, rule, *owner, keyed.contains(rule.operation()), &mut wrong).await;
            }
        }
        assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
        assert!(asked > 4_000, "{asked}");
        // What was left under way is carried to its end, so that the ledger can be added up.
        server.run_jobs().await;
    }

    async fn every_write_by_cookie_needs_the_consoles_header(server) {
        let world = World::new(server).await;
        let cookie = format!("__Host-cuekey={}", world.people.root.token().unwrap());
        let browser = server.visitor().with("cookie", &cookie);
        let before = server.logged().await.len();
        for rule in rules().filter(|rule| rule.method() != "GET" && !matches!(rule.door, Door::Anybody | Door::Program | Door::Customer)) {
            let path = rule.target().split('?').next().unwrap().replace("{id}", "x").replace("{key}", "x").replace("{ticket}", "x").replace("{channel}", "x");
            let method: Method = rule.method().parse().unwrap();
            browser.send(method, &path, Some(b"{}".to_vec())).await.refused(403, "CSRF");
        }
        assert_eq!(server.logged().await.len(), before);
        browser.get("/api/v1/me").await.ok(200);
    }
}

/// The operations that take an `Idempotency-Key`.
fn keyed(document: &Value) -> BTreeSet<String> {
    let takes = |operation: &str| {
        let (method, path) = operation.split_once(' ').unwrap();
        let parameters = &document["paths"][path][method.to_lowercase()]["parameters"];
        parameters.as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "Idempotency-Key"))
    };
    operations(document).into_iter().filter(|operation| takes(operation)).collect()
}

/// All ask by one rule about one owner's things. Answers how many asked.
async fn try_rule(world: &World<'_>, rule: &Rule, owner: Owner, keyed: bool, wrong: &mut Vec<String>) -> usize {
    let good = |who: &Who| expected(rule, *who, owner) == Expected::Good;
    let mut thing = match rule.thing {
        Some(thing) => world.make(thing, owner).await,
        None => String::new(),
    };
    let before = world.server.logged().await.len();
    for who in EVERYBODY.iter().filter(|who| !good(who)) {
        check(world, rule, *who, owner, &thing, keyed, wrong).await;
    }
    let left = world.server.logged().await.len() - before;
    if left > 0 {
        wrong.push(format!("{}: refusals left {left} lines in the operation log", rule.call));
    }
    for (n, who) in EVERYBODY.iter().filter(|who| good(who)).enumerate() {
        if let (Some(kind), true) = (rule.thing, n > 0) {
            thing = world.make(kind, owner).await;
        }
        check(world, rule, *who, owner, &thing, keyed, wrong).await;
    }
    EVERYBODY.len()
}

async fn check(world: &World<'_>, rule: &Rule, who: Who, owner: Owner, thing: &str, keyed: bool, wrong: &mut Vec<String>) {
    let expected = expected(rule, who, owner);
    let found = ask(world, rule, who, owner, thing, keyed).await;
    let reached = match &found {
        Found::Stream(_) => false,
        Found::Answer(answer) => shows(rule, answer, thing),
    };
    let (status, code) = match &found {
        Found::Stream(status) => (*status, String::new()),
        Found::Answer(answer) => (answer.status.as_u16(), answer.json()["code"].as_str().unwrap_or_default().to_owned()),
    };
    // Lists and bulk changes answer 200 to everybody: what counts is what is in them.
    let selective = rule.thing.is_some() && !rule.operation().contains('{') && rule.good == 200 && rule.thing != Some(Thing::Person);
    let as_expected = match expected {
        Expected::Good => status == rule.good && (!selective || reached || !tells(rule)),
        Expected::LeftOut => status == 200 && !reached,
        Expected::Refused(wanted, word) => (status, code.as_str()) == (wanted, word) && !reached,
        Expected::Status(wanted) => status == wanted && !reached,
    };
    if !as_expected {
        let text = if let Found::Answer(answer) = &found { answer.text().chars().take(200).collect() } else { String::new() };
        wrong.push(format!("{} as {who:?} on {owner:?}'s: {expected:?} (good: {}), but {status} {text}", rule.call, rule.good));
    }
}

/// Whether a good answer names the thing, or says that it was changed.
fn tells(rule: &Rule) -> bool {
    !matches!(rule.operation(), "POST /api/v1/exports/keys" | "POST /api/v1/batches/quote")
}

fn shows(rule: &Rule, answer: &Answer, thing: &str) -> bool {
    match rule.operation() {
        "POST /api/v1/keys/disable" | "POST /api/v1/keys/enable" => answer.json()["changed"] == 1,
        // A key is never said again; whether it is one is.
        "POST /client/v1/keys/verify" => answer.json()["valid"] == true,
        "POST /client/v1/keys/query" => answer.json()["key"].is_object(),
        _ => !thing.is_empty() && answer.text().contains(&format!("\"{thing}\"")),
    }
}

enum Found {
    Answer(Answer),
    /// Its status; what follows does not end.
    Stream(u16),
}

async fn ask(world: &World<'_>, rule: &Rule, who: Who, of: Owner, thing: &str, keyed: bool) -> Found {
    let n = world.n();
    let (client, name) = if rule.spare { world.spare(who).await } else { (world.client(who).clone(), String::new()) };
    // Each from an address of its own: how often one may ask is not the question here.
    let [_, a, b, c] = n.to_be_bytes();
    let mut client: Client = client.from([10, a, b, c]);
    let captcha = if rule.captcha { client.captcha().await } else { json!(null) };
    let owner = world.people.owner(of).id().to_string();
    let body = rule.body.map(|body| body(&Case { thing, owner: &owner, n, name: &name, captcha }).to_string().into_bytes());
    let path = rule
        .target()
        .replace("{id}", thing)
        .replace("{key}", thing)
        .replace("{ticket}", thing)
        .replace("{channel}", thing)
        .replace("{code}", thing)
        .replace("{owner}", &owner)
        .replace("{thing}", thing);
    let listed = rule.target().contains('?') && !rule.operation().contains('{') && !rule.target().contains("/find?");
    let path = if listed && rule.operation().starts_with("GET") { path + "&limit=200" } else { path };
    if keyed {
        client = client.with("Idempotency-Key", &world.once());
    }
    let method: Method = rule.method().parse().unwrap();
    if let Some(program) = world.program(who) {
        let request = program.request(method.clone(), &path, body.clone().unwrap_or_default());
        if rule.door == Door::Program {
            return Found::Answer(program.from([10, a, b, c]).send(request).await);
        }
        client = request.headers.iter().fold(client, |client, (name, value)| client.with(name, value));
    }
    if rule.stream && expected(rule, who, of) == Expected::Good {
        Found::Stream(client.knock(method, &path, body).await.as_u16())
    } else {
        Found::Answer(client.send(method, &path, body).await)
    }
}

#[test]
fn the_tables_name_nobody_twice() {
    let mut calls: Vec<&str> = rules().map(|rule| rule.call).collect();
    let all = calls.len();
    calls.sort_unstable();
    calls.dedup();
    assert_eq!(calls.len(), all);
}
