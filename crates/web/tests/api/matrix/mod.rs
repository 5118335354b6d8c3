//! Each endpoint × each role × one's own and somebody else's things (issue 3): OpenAPI says what there is, the tables say who
//! may. An endpoint without a rule fails, and so does a rule without an endpoint. What OpenAPI does not say is written down one by one
//! in xtask/src/tidy/routes.rs: the three places where payment networks call (payments_strangers.rs), the document, and files.
//!
//! A rule reads: who passes the door, whose things are reached behind it, what a good call answers. For each endpoint those
//! who are refused ask first, all of the same thing; then each who may asks, the first of them of that very thing. So a
//! refusal that had changed it would show, and none of them leaves a line in the operation log.

mod asking;
mod crowd;
mod lists;
mod named;
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

use axum::http::Method;
use serde_json::Value;
use testkit::on_server;

use self::asking::{try_field, try_rule};
use self::named::says_that_it_succeeds;
pub use self::people::Owner;
use self::people::{EVERYBODY, Who};
use self::rule::{Door, Expected, Rule, expected};
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

/// A rule whose call succeeds for nobody proves nothing about whose things are reached. Where it would take more than the right to make it, another
/// test has it succeed, and says so of itself in words that fail there where it does not.
#[test]
fn each_call_succeeds_for_somebody_or_says_which_test_has_it_succeed() {
    for rule in rules() {
        let owners = [Owner::Alice, Owner::Chief];
        let succeeds = owners.iter().any(|owner| EVERYBODY.iter().any(|who| expected(rule, *who, *owner) == Expected::Good));
        assert!(succeeds, "nobody may: {}", rule.call);
        assert_eq!(rule.good >= 400, !rule.why.is_empty(), "a refusal says why, and nothing else does: {}", rule.call);
        let named = rule.why.split('`').nth(1);
        assert_eq!(named.is_some(), rule.good >= 400, "name the test that has it succeed: {}", rule.call);
        if let Some(test) = named {
            says_that_it_succeeds(test, rule.operation());
        }
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

    async fn no_body_takes_a_field_that_is_not_its_own(server) {
        let world = Box::pin(World::with_customers(server)).await;
        let document = document();
        let keyed = keyed(&document);
        let (mut wrong, mut asked) = (Vec::new(), BTreeSet::new());
        for rule in rules().filter(|rule| rule.body.is_some()) {
            try_field(&world, rule, keyed.contains(rule.operation()), &mut wrong).await;
            asked.insert(rule.operation().to_owned());
        }
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), asked.len(), wrong.join("\n"));
        let with_body = |operation: &String| {
            let (method, path) = operation.split_once(' ').unwrap();
            document["paths"][path][method.to_lowercase()]["requestBody"].is_object()
        };
        assert_eq!(asked, operations(&document).into_iter().filter(with_body).collect());
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

#[test]
fn the_tables_name_nobody_twice() {
    let mut calls: Vec<&str> = rules().map(|rule| rule.call).collect();
    let all = calls.len();
    calls.sort_unstable();
    calls.dedup();
    assert_eq!(calls.len(), all);
}
