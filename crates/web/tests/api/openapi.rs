//! The OpenAPI document is whole: every reference leads somewhere, every operation says what it may answer.

use std::collections::BTreeSet;

use serde_json::Value;

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                found.push(reference.to_owned());
            }
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document: Value = serde_json::from_str(&web::openapi::json().unwrap()).unwrap();
    let mut found = Vec::new();
    references(&document, &mut found);
    let lost: Vec<&String> = found.iter().filter(|reference| document.pointer(reference.trim_start_matches('#')).is_none()).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(found.len() > 100);
}

/// All objects with fields that something leads to, by reference too.
fn objects<'a>(document: &'a Value, at: &'a Value, seen: &mut BTreeSet<&'a str>, found: &mut Vec<&'a Value>) {
    match at {
        Value::Object(inside) => {
            if let Some(reference) = inside.get("$ref").and_then(Value::as_str) {
                if seen.insert(reference) {
                    objects(document, document.pointer(reference.trim_start_matches('#')).unwrap(), seen, found);
                }
                return;
            }
            if inside.contains_key("properties") {
                found.push(at);
            }
            inside.values().for_each(|value| objects(document, value, seen, found));
        }
        Value::Array(items) => items.iter().for_each(|item| objects(document, item, seen, found)),
        _ => {}
    }
}

/// Of every operation, as `METHOD /path`, what it is sent or what it answers.
fn told<'a>(document: &'a Value, part: &str) -> Vec<(String, Vec<&'a Value>)> {
    let mut all = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let mut found = Vec::new();
            objects(document, &operation[part], &mut BTreeSet::new(), &mut found);
            all.push((format!("{} {path}", method.to_uppercase()), found));
        }
    }
    all
}

/// Of programs' requests the document says what the contract has; that they are refused as well, `matrix` tries.
#[test]
fn no_body_has_room_for_a_field_that_it_does_not_name_however_deep() {
    let document: Value = serde_json::from_str(&web::openapi::json().unwrap()).unwrap();
    let bodies: Vec<_> = told(&document, "requestBody").into_iter().filter(|(operation, _)| !operation.contains(" /client/")).collect();
    let open: Vec<_> = bodies.iter().filter(|(_, found)| found.iter().any(|object| object["additionalProperties"] != false)).collect();
    assert!(open.is_empty(), "{open:?}");
    let all: usize = bodies.iter().map(|(_, found)| found.len()).sum();
    assert!(all > 90, "{all}");
}

#[test]
fn a_secret_is_answered_where_it_is_made_and_nowhere_else() {
    const SECRETS: [&str; 6] = ["secret", "password", "token", "recovery_codes", "private_key", "api_v3_key"];
    let document: Value = serde_json::from_str(&web::openapi::json().unwrap()).unwrap();
    let holds = |object: &&Value| SECRETS.iter().any(|name| object["properties"].get(name).is_some());
    let answers = told(&document, "responses");
    let found: Vec<&str> = answers.iter().filter(|(_, found)| found.iter().any(holds)).map(|(operation, _)| operation.as_str()).collect();
    let made = [
        "POST /api/v1/devices",
        "POST /api/v1/devices/{id}/password",
        "POST /api/v1/me/second-factor",
        "POST /api/v1/me/second-factor/confirm",
        "POST /api/v1/projects",
        "POST /api/v1/projects/{id}/callback/rotate",
        "POST /api/v1/projects/{id}/rotate-secret",
        "POST /api/v1/session",
        "POST /customer/v1/guests",
        "POST /customer/v1/sign-in",
        "POST /customer/v1/wechat",
        "POST /customer/v1/wechat/phone",
        "PUT /api/v1/devices/{id}",
        "PUT /api/v1/projects/{id}/callback",
    ];
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), made.into_iter().collect());
}

#[test]
fn every_console_operation_documents_a_refusal() {
    let document: Value = serde_json::from_str(&web::openapi::json().unwrap()).unwrap();
    let mut silent = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let refusals =
                operation["responses"].as_object().unwrap().keys().any(|status| status.starts_with('4') || status.starts_with('5'));
            // What anybody may ask and cannot get wrong.
            let open = ["/healthz", "/api/v1/config"].contains(&path.as_str());
            if !refusals && !open {
                silent.push(format!("{method} {path}"));
            }
        }
    }
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn refusals_that_only_the_use_case_knows_are_documented() {
    let document: Value = serde_json::from_str(&web::openapi::json().unwrap()).unwrap();
    for (method, path, status, why) in [
        ("post", "/api/v1/batches/quote", "409", "PROJECT_DISABLED"),
        ("post", "/api/v1/keys/disable", "429", "CHANGE_UNDER_WAY"),
        ("post", "/api/v1/keys/enable", "429", "CHANGE_UNDER_WAY"),
        ("put", "/api/v1/tables/{id}/light", "409", "TABLE_TAKEN"),
        ("post", "/api/v1/devices/{id}/password", "409", "NO_PASSWORD"),
        ("post", "/api/v1/customers/recharge", "404", "the hall of the body"),
        ("post", "/api/v1/customers/payout", "404", "the hall of the body"),
        ("post", "/api/v1/customers/payout", "403", "MANAGER_PAYS_OUT"),
        ("post", "/api/v1/withdrawals", "429", "RATE_LIMITED"),
        ("post", "/api/v1/applications", "429", "RATE_LIMITED"),
        ("post", "/api/v1/users", "429", "RATE_LIMITED"),
        ("post", "/api/v1/maintainers", "404", "a hall of the body"),
        ("post", "/api/v1/maintainers", "429", "RATE_LIMITED"),
        ("post", "/api/v1/users/{id}/email", "403", "EMAIL_ITS_OWN"),
        ("post", "/api/v1/users/{id}/email", "429", "RATE_LIMITED"),
        ("post", "/api/v1/me/email", "429", "RATE_LIMITED"),
        ("post", "/api/v1/customers/find", "429", "RATE_LIMITED"),
        ("post", "/api/v1/customers/recharge", "429", "RATE_LIMITED"),
        ("post", "/api/v1/customers/payout", "429", "RATE_LIMITED"),
        ("post", "/api/v1/tables/{id}/hold", "429", "RATE_LIMITED"),
        ("post", "/api/v1/tables/{id}/desk-offer", "429", "RATE_LIMITED"),
        ("post", "/api/v1/tables/{id}/desk-open", "429", "RATE_LIMITED"),
        ("post", "/customer/v1/orders", "404", "the table of the body"),
        ("post", "/customer/v1/orders", "429", "RATE_LIMITED"),
        ("post", "/customer/v1/sessions/{id}/split", "429", "RATE_LIMITED"),
    ] {
        let response = &document["paths"][path][method]["responses"][status];
        let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
        assert_eq!(schema, "#/components/schemas/Problem", "{method} {path} may answer {status}: {why}");
    }
}

#[test]
fn words_are_documented_as_they_are_sent() {
    let document: Value = serde_json::from_str(&web::openapi::json().unwrap()).unwrap();
    assert_eq!(document["components"]["schemas"]["KeyState"]["enum"], serde_json::json!(["unused", "active", "expired", "disabled"]));
}

#[test]
fn what_two_parts_call_alike_is_described_as_each_has_it() {
    let document: Value = serde_json::from_str(&web::openapi::json().unwrap()).unwrap();
    let schema = |reference: &Value| document.pointer(reference["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap().clone();
    let table = schema(&document["components"]["schemas"]["TableView"]["properties"]["quotes"]["items"]);
    assert_eq!(table["required"], serde_json::json!(["minutes", "price_fen", "full_price_fen"]));
    let body = |path: &str| schema(&document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]);
    assert_eq!(body("/api/v1/withdrawals/{id}/refuse")["required"], serde_json::json!(["reason"]));
    assert_eq!(body("/api/v1/applications/{id}/refuse")["required"], serde_json::json!(["note"]));
    assert!(body("/api/v1/withdrawals/{id}/approve")["properties"].is_null());
    assert!(body("/api/v1/applications/{id}/approve")["properties"]["ends_at"].is_object());
}
