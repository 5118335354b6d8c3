//! Complaints. Whose customer sees one is tried in `venue_complaints.rs`.

use platform::identity::Role::{Maintainer, SuperAdmin, VenueManager};
use serde_json::json;

use super::rule::{Door, Reach, Rule, rule};
use super::things::Thing;

const STAFF: Door = Door::Only(&[SuperAdmin, VenueManager, Maintainer]);
const MANAGERS: Door = Door::Only(&[SuperAdmin, VenueManager]);

pub const RULES: &[Rule] = &[
    rule("GET /api/v1/complaints", STAFF, 200).on(Thing::Complaint, Reach::BRANCH.listed()),
    rule("GET /api/v1/complaints/figures", STAFF, 200).on(Thing::Hall, Reach::BRANCH.listed()),
    rule("GET /api/v1/complaints/{id}", STAFF, 200).on(Thing::Complaint, Reach::BRANCH),
    rule("POST /api/v1/complaints/{id}/answer", MANAGERS, 200).on(Thing::Complaint, Reach::BRANCH).body(|_| json!({"text": "x"})),
    // It was not answered.
    rule("POST /api/v1/complaints/{id}/close", MANAGERS, 409).on(Thing::Complaint, Reach::BRANCH).body(|_| json!({})),
    // It is about no session.
    rule("POST /api/v1/complaints/{id}/give-back", MANAGERS, 409)
        .on(Thing::Complaint, Reach::BRANCH)
        .body(|_| json!({"amount_fen": 1, "reason": "xx"})),
    rule("POST /customer/v1/complaints", Door::Customer, 201)
        .on(Thing::Hall, Reach::EVERY)
        .body(|case| json!({"matter": "help", "kind": "other", "text": "x", "venue_id": case.thing})),
    rule("GET /customer/v1/complaints", Door::Customer, 200),
    rule("GET /customer/v1/complaints/{id}", Door::Customer, 200).on(Thing::Complaint, Reach::EVERY),
    rule("POST /customer/v1/complaints/{id}/reopen", Door::Customer, 200).on(Thing::Complaint, Reach::EVERY).body(|_| json!({"text": "x"})),
    rule("POST /customer/v1/complaints/{id}/settle", Door::Customer, 200).on(Thing::Complaint, Reach::EVERY).body(|_| json!({})),
];
