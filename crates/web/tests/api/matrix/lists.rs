//! Lists that have no id in their path: nothing there is asked for by name, and a row of somebody else's would be refused to nobody.
//!
//! Each is tried with a thing that is there and must be left out ([`Rule::on`]), or names the test that does so, or says whose its rows are where
//! they are nobody's. Which calls are lists, the document says.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::named::says_that_it_succeeds;
use super::rule::{Door, Rule};
use super::{document, rules};

/// Whether there is a list in what a schema describes, however deep.
fn has_rows(document: &Value, schema: &Value, seen: &mut BTreeSet<String>) -> bool {
    if let Some(name) = schema["$ref"].as_str() {
        let named = document.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("there is no {name}"));
        return seen.insert(name.to_owned()) && has_rows(document, named, seen);
    }
    let is_list = schema["type"] == "array" || schema["type"].as_array().is_some_and(|types| types.iter().any(|one| one == "array"));
    let fields = schema["properties"].as_object().into_iter().flatten().map(|(_, field)| field);
    let choices = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|word| schema[word].as_array().into_iter().flatten());
    let mut parts = fields.chain(choices).chain(schema.get("additionalProperties"));
    is_list || parts.any(|part| has_rows(document, part, seen))
}

/// Whether a good answer is rows. What anybody at all may read shows nobody more than others; a stream has no rows in the document, and goes on
/// with them.
fn lists(document: &Value, rule: &Rule) -> bool {
    let (method, path) = rule.operation().split_once(' ').unwrap();
    if method != "GET" || path.contains('{') || rule.door == Door::Anybody {
        return false;
    }
    let answers = document["paths"][path]["get"]["responses"].as_object().unwrap();
    let good = answers.iter().filter(|(status, _)| status.starts_with('2'));
    let mut contents = good.flat_map(|(_, answer)| answer["content"].as_object().into_iter().flatten());
    rule.stream || contents.any(|(_, content)| has_rows(document, &content["schema"], &mut BTreeSet::new()))
}

#[test]
fn every_list_is_tried_with_a_row_of_somebody_elses_or_says_which_test_tries_that() {
    let document = document();
    let mut without_a_thing = 0;
    for rule in rules() {
        let said = [rule.elsewhere, rule.nobodys].iter().filter(|said| !said.is_empty()).count();
        let owed = lists(&document, rule) && rule.thing.is_none();
        assert_eq!(
            said,
            usize::from(owed),
            "a list is `.on` something, or `.elsewhere`, or `.nobodys`, and nothing else is: {}",
            rule.call
        );
        if !rule.elsewhere.is_empty() {
            says_that_it_succeeds(rule.elsewhere, rule.operation());
        }
        without_a_thing += said;
    }
    assert!(without_a_thing > 0);
}

#[test]
fn a_list_is_known_by_its_document_however_deep_it_stands() {
    let rows = |schema: Value| {
        let named = json!({"again": {"$ref": "#/named"}, "more": {"oneOf": [{"type": "null"}, {"type": ["array", "null"]}]}});
        let document =
            json!({"named": {"properties": named}, "plain": {"properties": {"again": {"$ref": "#/plain"}, "n": {"type": "integer"}}}});
        has_rows(&document, &schema, &mut BTreeSet::new())
    };
    for list in [
        json!({"type": "array", "items": {"type": "string"}}),
        json!({"$ref": "#/named"}),
        json!({"allOf": [{"$ref": "#/plain"}, {"properties": {"x": {"$ref": "#/named"}}}]}),
        json!({"additionalProperties": {"$ref": "#/named"}}),
    ] {
        assert!(rows(list.clone()), "{list}");
    }
    for other in [json!({}), json!({"type": "string"}), json!({"$ref": "#/plain"}), json!({"additionalProperties": false})] {
        assert!(!rows(other.clone()), "{other}");
    }
}
