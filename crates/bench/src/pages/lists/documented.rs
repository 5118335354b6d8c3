//! What is measured against what there is to ask: the lists and filters of the OpenAPI document.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Known, LISTS};

/// Lists whose pages are not measured, and why; of a measured list's filter it would be `path?filter`. crates/web/tests/api/plans.rs
/// reads the plans of all of them.
const NOT_MEASURED: &[(&str, &str)] = &[
    ("/api/v1/applications", "as many as people write"),
    ("/api/v1/applications/projects", "as many as there are projects"),
    ("/api/v1/cases", "a few a day in each hall"),
    ("/api/v1/complaints", "as many as people write"),
    ("/api/v1/devices", "as many as there are lights"),
    ("/api/v1/devices/{id}/log", "one light's own, along one index"),
    ("/api/v1/grants", "as many as are given by hand"),
    ("/api/v1/grants/projects", "as many as there are projects"),
    ("/api/v1/mailbox", "the demo's alone"),
    ("/api/v1/me/sessions", "one's own"),
    ("/api/v1/payments/orders", "long in the end, and has one filter with an index of its own"),
    ("/api/v1/payments/refunds", "long in the end, and has one filter with an index of its own"),
    ("/api/v1/projects", "as many as there are projects"),
    ("/api/v1/texts", "long in the end, and all of its filters are columns of one index, or one number's own"),
    ("/api/v1/venues/{id}/desk-plays", "one hall's own, along one index, without a filter"),
    ("/customer/v1/complaints", "a customer's own"),
    ("/customer/v1/messages", "a customer's own"),
    ("/customer/v1/points", "a customer's own"),
    ("/customer/v1/sessions", "a customer's own"),
    ("/customer/v1/wallet", "a customer's own"),
];

fn document() -> Value {
    serde_json::from_str(include_str!("../../../../../docs/openapi.json")).unwrap()
}

/// `path?filter` of all that is asked here.
fn measured() -> BTreeSet<String> {
    let known = Known { key: "AAAAA-BBBBB".into(), gone: "CCCCC-DDDDD".into(), account: "usr_1".into() };
    let mut all = BTreeSet::new();
    for list in LISTS {
        for (name, values) in (list.filters)(&known) {
            assert!(!values.is_empty(), "{} is never set to anything: {name}", list.path);
            all.insert(format!("{}?{name}", list.path));
        }
        for besides in list.who.iter().flat_map(|who| (list.besides)(who, &known)) {
            let names = besides.split('&').filter_map(|part| part.split_once('='));
            all.extend(names.map(|(name, _)| format!("{}?{name}", list.path)));
        }
    }
    all
}

/// `path?filter` of each filter of each list that is measured, and the paths of the other lists.
fn documented(document: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let parameters = methods["get"]["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "query");
        let names: Vec<&str> = parameters.filter_map(|one| one["name"].as_str()).collect();
        if !names.contains(&"cursor") {
            continue;
        }
        if LISTS.iter().any(|list| list.path == path) {
            let filters = names.iter().filter(|name| !["cursor", "limit"].contains(name));
            all.extend(filters.map(|name| format!("{path}?{name}")));
        } else {
            all.insert(path.clone());
        }
    }
    all
}

/// What could be asked, is not, and no reason is given; and what is asked, or has a reason, and is not there.
fn differences(document: &Value) -> (Vec<String>, Vec<String>) {
    let mut said = measured();
    for (what, why) in NOT_MEASURED {
        assert!(!why.is_empty() && said.insert((*what).to_owned()), "{what} is measured, or stands here twice");
    }
    let documented = documented(document);
    (documented.difference(&said).cloned().collect(), said.difference(&documented).cloned().collect())
}

#[test]
fn every_filter_of_every_long_list_is_measured_or_has_a_reason() {
    let (not_asked, not_there) = differences(&document());
    assert!(not_asked.is_empty(), "give it values in pages/lists.rs, or a reason in pages/lists/documented.rs: {not_asked:?}");
    assert!(not_there.is_empty(), "these are gone: {not_there:?}");
}

#[test]
fn a_new_filter_a_new_list_and_one_that_is_gone_are_noticed() {
    let mut document = document();
    let keys = &mut document["paths"]["/api/v1/keys"]["get"]["parameters"];
    let parameters = keys.as_array_mut().unwrap();
    parameters.retain(|one| one["name"] != "batch");
    parameters.push(json!({"in": "query", "name": "colour"}));
    document["paths"]["/api/v1/new"] = json!({"get": {"parameters": [{"in": "query", "name": "cursor"}]}});
    let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let expected = (text(&["/api/v1/keys?colour", "/api/v1/new"]), text(&["/api/v1/keys?batch"]));
    assert_eq!(differences(&document), expected);
}
