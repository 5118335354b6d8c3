//! Complaints: what the staff of the hall does about them, and what their customer does.

use platform::identity::Role::{Cashier, Maintainer, SuperAdmin, VenueManager};
use serde_json::json;

use super::rule::{Door, Reach, Rule, rule};
use super::thing::{Theirs, Thing};

const STAFF: Door = Door::Only(&[SuperAdmin, VenueManager, Maintainer, Cashier]);
const MANAGERS: Door = Door::Only(&[SuperAdmin, VenueManager]);

pub const RULES: &[Rule] = &[
    rule("GET /api/v1/complaints", STAFF, 200).on(Thing::Complaint, Reach::BRANCH.listed()),
    rule("GET /api/v1/complaints/figures", STAFF, 200).on(Thing::Hall, Reach::BRANCH.listed()),
    rule("GET /api/v1/complaints/{id}", STAFF, 200).on(Thing::Complaint, Reach::BRANCH),
    // A call about a light is everybody's. Whose others are is tried in `venue_calls.rs`.
    rule("POST /api/v1/complaints/{id}/answer", STAFF, 200).on(Thing::Complaint, Reach::BRANCH).body(|_| json!({"text": "x"})),
    rule("POST /api/v1/complaints/{id}/close", STAFF, 200).on(Thing::Theirs(Theirs::Answered), Reach::BRANCH).body(|_| json!({})),
    rule("POST /api/v1/complaints/{id}/phone", STAFF, 200).on(Thing::Complaint, Reach::BRANCH).body(|_| json!({})),
    rule("POST /api/v1/complaints/{id}/give-back", MANAGERS, 200)
        .on(Thing::Theirs(Theirs::Billed), Reach::BRANCH)
        .body(|_| json!({"amount_fen": 1, "reason": "xx"})),
    rule("POST /customer/v1/complaints", Door::Customer, 201)
        .on(Thing::Hall, Reach::EVERY)
        .guest(409)
        .body(|case| json!({"matter": "help", "kind": "other", "text": "x", "venue_id": case.thing})),
    rule("GET /customer/v1/complaints", Door::Customer, 200).on(Thing::Theirs(Theirs::OwnComplaint), Reach::OWN.listed()),
    rule("GET /customer/v1/complaints/{id}", Door::Customer, 200).on(Thing::Theirs(Theirs::OwnComplaint), Reach::OWN),
    rule("POST /customer/v1/complaints/{id}/reopen", Door::Customer, 200)
        .on(Thing::Theirs(Theirs::OwnAnswered), Reach::OWN)
        .body(|_| json!({"text": "x"})),
    rule("POST /customer/v1/complaints/{id}/settle", Door::Customer, 200)
        .on(Thing::Theirs(Theirs::OwnComplaint), Reach::OWN)
        .body(|_| json!({})),
];
