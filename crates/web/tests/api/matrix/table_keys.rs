//! Who may what: projects, grants, keys, and what programs ask.

use serde_json::json;

use super::rule::{Door, Reach, Rule, Shut, rule};
use super::thing::Thing;
use super::words::{ADMINS, AGENTS, KEYS, SUPER};

/// Granted ones, for those below a super admin.
const GRANTED: Reach = Reach::OWN_OR_ROOT;

pub const RULES: &[Rule] = &[
    // Projects and their callbacks.
    rule("GET /api/v1/projects", Door::Only(KEYS), 200).on(Thing::GrantedProject, GRANTED.listed()),
    rule("POST /api/v1/projects", Door::Only(SUPER), 201).body(|case| json!({"name": format!("made {}", case.n)})),
    rule("GET /api/v1/projects/{id}", Door::Only(KEYS), 200).on(Thing::GrantedProject, GRANTED),
    rule("PATCH /api/v1/projects/{id}", Door::Only(SUPER), 200)
        .on(Thing::GrantedProject, Reach::EVERY)
        .body(|_| json!({"description": "changed"})),
    rule("POST /api/v1/projects/{id}/enable", Door::Only(SUPER), 200).on(Thing::GrantedProject, Reach::EVERY),
    rule("POST /api/v1/projects/{id}/disable", Door::Only(SUPER), 200).on(Thing::GrantedProject, Reach::EVERY),
    rule("POST /api/v1/projects/{id}/lift-ban", Door::Only(SUPER), 200).on(Thing::GrantedProject, Reach::EVERY),
    rule("POST /api/v1/projects/{id}/rotate-secret", Door::Only(SUPER), 200)
        .on(Thing::GrantedProject, Reach::EVERY)
        .body(|_| json!({"overlap_hours": 1})),
    rule("PUT /api/v1/projects/{id}/callback", Door::Only(SUPER), 200)
        .on(Thing::GrantedProject, Reach::EVERY)
        .body(|_| json!({"url": "http://127.0.0.1:9/", "events": []})),
    rule("POST /api/v1/projects/{id}/callback/rotate", Door::Only(SUPER), 200).on(Thing::CalledProject, Reach::EVERY),
    rule("POST /api/v1/projects/{id}/callback/test", Door::Only(SUPER), 200).on(Thing::CalledProject, Reach::EVERY),
    rule("POST /api/v1/projects/{id}/callback/resend-failed", Door::Only(SUPER), 200).on(Thing::CalledProject, Reach::EVERY),
    rule("POST /api/v1/projects/{id}/callback/dismiss-failed", Door::Only(SUPER), 200).on(Thing::CalledProject, Reach::EVERY),
    rule("GET /api/v1/deliveries", Door::Only(SUPER), 200).on(Thing::Delivery, Reach::EVERY),
    rule("GET /api/v1/deliveries/{id}", Door::Only(SUPER), 200).on(Thing::Delivery, Reach::EVERY),
    rule("POST /api/v1/deliveries/{id}/resend", Door::Only(SUPER), 200).on(Thing::Delivery, Reach::EVERY),
    rule("POST /api/v1/deliveries/{id}/dismiss", Door::Only(SUPER), 200).on(Thing::Delivery, Reach::EVERY),
    // Grants and applications.
    rule("GET /api/v1/grants", Door::Only(KEYS), 200).on(Thing::Grant, Reach::BRANCH.listed()),
    rule("GET /api/v1/grants?agent={owner}", Door::Only(KEYS), 200).on(Thing::Grant, Reach::BRANCH.listed()),
    // An agent admin may grant those, too, that it has no grant for.
    rule("GET /api/v1/grants/projects", Door::Only(ADMINS), 200).on(Thing::OpenProject, Reach::EVERY),
    rule("POST /api/v1/grants", Door::Only(ADMINS), 201)
        .on(Thing::OpenProject, Reach::ABOVE)
        .body(|case| json!({"project_id": case.thing, "agent_id": case.owner})),
    rule("PATCH /api/v1/grants/{id}", Door::Only(ADMINS), 200)
        .on(Thing::Grant, Reach::DECIDED_ABOVE)
        .body(|_| json!({"ends_at": "2027-01-01T00:00:00Z"})),
    rule("POST /api/v1/grants/{id}/end", Door::Only(ADMINS), 200).on(Thing::Grant, Reach::DECIDED_ABOVE),
    rule("GET /api/v1/applications?scope=mine", Door::Only(AGENTS), 200).on(Thing::Application, Reach::OWN.listed()),
    rule("GET /api/v1/applications?scope=review", Door::Only(ADMINS), 200).on(Thing::Application, Reach::ABOVE.listed()),
    rule("GET /api/v1/applications/projects", Door::Only(AGENTS), 200)
        .elsewhere("applications.rs::k2_2b_only_open_projects_can_be_applied_for"),
    rule("POST /api/v1/applications", Door::Only(AGENTS), 201)
        .on(Thing::OpenProject, Reach::EVERY)
        .body(|case| json!({"project_id": case.thing, "reason": "please"})),
    rule("POST /api/v1/applications/{id}/approve", Door::Only(ADMINS), 200).on(Thing::Application, Reach::ABOVE).body(|_| json!({})),
    rule("POST /api/v1/applications/{id}/refuse", Door::Only(ADMINS), 200)
        .on(Thing::Application, Reach::ABOVE)
        .body(|_| json!({"note": "no"})),
    rule("POST /api/v1/applications/{id}/withdraw", Door::Only(AGENTS), 200).on(Thing::Application, Reach::OWN),
    // Batches and keys.
    rule("GET /api/v1/batches", Door::Only(KEYS), 200).on(Thing::Batch, Reach::BRANCH.listed()),
    rule("GET /api/v1/batches?agent={owner}", Door::Only(KEYS), 200).on(Thing::Batch, Reach::BRANCH.listed()),
    rule("POST /api/v1/batches", Door::Only(AGENTS), 201)
        .on(Thing::GrantedProject, Reach::OWN.with(Shut::Refused(403)))
        .body(|case| json!({"project_id": case.thing, "count": 1, "unit": "day", "validity": 30})),
    rule("POST /api/v1/batches/quote", Door::Only(AGENTS), 200)
        .on(Thing::GrantedProject, Reach::OWN.with(Shut::Refused(403)))
        .body(|case| json!({"project_id": case.thing, "count": 1, "unit": "day", "validity": 30})),
    rule("GET /api/v1/batches/{id}", Door::Only(KEYS), 200).on(Thing::Batch, Reach::BRANCH),
    rule("POST /api/v1/batches/{id}/cancel", Door::Only(AGENTS), 200).on(Thing::SlowBatch, Reach::BRANCH),
    rule("GET /api/v1/keys", Door::Only(KEYS), 200).on(Thing::Key, Reach::BRANCH.listed()),
    rule("GET /api/v1/keys?agent={owner}", Door::Only(KEYS), 200).on(Thing::Key, Reach::BRANCH.listed()),
    rule("GET /api/v1/keys/{id}", Door::Only(KEYS), 200).on(Thing::Key, Reach::BRANCH),
    rule("POST /api/v1/keys/{id}/unbind", Door::Only(KEYS), 200).on(Thing::BoundKey, Reach::BRANCH).body(|_| json!({})),
    rule("POST /api/v1/keys/{id}/unbind-beyond-limit", Door::Only(SUPER), 200)
        .on(Thing::BoundKey, Reach::EVERY)
        .body(|_| json!({"reason": "the computer is broken"})),
    rule("POST /api/v1/keys/disable", Door::Only(KEYS), 200)
        .on(Thing::Key, Reach::BRANCH.listed())
        .body(|case| json!({"ids": [case.thing]})),
    rule("POST /api/v1/keys/enable", Door::Only(KEYS), 200)
        .on(Thing::DisabledKey, Reach::BRANCH.listed())
        .body(|case| json!({"ids": [case.thing]})),
    // The link is for anybody with keys; what is in the file is decided when it is fetched.
    rule("POST /api/v1/exports/keys", Door::Only(KEYS), 200)
        .on(Thing::Key, Reach::EVERY)
        .body(|case| json!({"ids": [case.thing], "format": "csv"})),
    rule("GET /api/v1/exports/{ticket}", Door::Only(KEYS), 200).on(Thing::Ticket, Reach::OWN),
    rule("GET /api/v1/calls", Door::Only(KEYS), 200).on(Thing::Call, Reach::BRANCH.listed()),
    rule("GET /api/v1/calls?device=device", Door::Only(KEYS), 200).on(Thing::Call, Reach::BRANCH.listed()),
    rule("GET /api/v1/calls/{id}", Door::Only(KEYS), 200).on(Thing::Call, Reach::BRANCH),
    // Programs. To another project's a key is as if there were none: that is a verdict where it is verified.
    rule("POST /client/v1/keys/verify", Door::Program, 200)
        .on(Thing::KeyText, Reach::OWN.listed())
        .body(|case| json!({"key": case.thing, "device": {"id": "x"}})),
    rule("POST /client/v1/keys/query", Door::Program, 200).on(Thing::KeyText, Reach::OWN).body(|case| json!({"key": case.thing})),
    rule("GET /client/v1/time", Door::Program, 200),
];
