//! Who may what: quota.

use serde_json::json;

use super::rule::{Door, Reach, Rule, Shut, rule};
use super::thing::Thing;
use super::words::{ADMINS, AGENTS, KEYS};

pub const RULES: &[Rule] = &[
    rule("GET /api/v1/quota", Door::Only(KEYS), 200),
    rule("GET /api/v1/quota/statement", Door::Only(KEYS), 200).on(Thing::QuotaLine, Reach::OWN.listed()),
    rule("GET /api/v1/quota/statement?user={owner}", Door::Only(KEYS), 200).on(Thing::Person, Reach::BRANCH),
    rule("POST /api/v1/quota/transfers", Door::Only(AGENTS), 201).body(|_| json!({"to_name": "spare0", "amount": 1})),
    rule("GET /api/v1/withdrawals?scope=mine", Door::Only(KEYS), 200).on(Thing::Withdrawal, Reach::OWN.listed()),
    rule("GET /api/v1/withdrawals?scope=review", Door::Only(ADMINS), 200).on(Thing::Withdrawal, Reach::ABOVE.listed()),
    rule("POST /api/v1/withdrawals", Door::Only(AGENTS), 201)
        .body(|_| json!({"amount": 100, "payee_name": "a", "payee_account": "b", "payee_bank": "c"})),
    rule("GET /api/v1/withdrawals/{id}", Door::Only(KEYS), 200).on(Thing::Withdrawal, Reach::BRANCH),
    rule("POST /api/v1/withdrawals/{id}/approve", Door::Only(ADMINS), 200).on(Thing::Withdrawal, Reach::DECIDED_ABOVE).body(|_| json!({})),
    rule("POST /api/v1/withdrawals/{id}/refuse", Door::Only(ADMINS), 200)
        .on(Thing::Withdrawal, Reach::DECIDED_ABOVE)
        .body(|_| json!({"reason": "no"})),
    rule("POST /api/v1/withdrawals/{id}/paid", Door::Only(ADMINS), 200)
        .on(Thing::ApprovedWithdrawal, Reach::DECIDED_ABOVE)
        .body(|_| json!({"payment_reference": "bank 1"})),
    // The superior sees it, and refuses it instead.
    rule("POST /api/v1/withdrawals/{id}/cancel", Door::Only(AGENTS), 200)
        .on(Thing::Withdrawal, Reach { team: Some(Shut::Seen), ..Reach::OWN })
        .body(|_| json!({})),
    rule("POST /api/v1/withdrawals/{id}/return", Door::Only(ADMINS), 200)
        .on(Thing::ApprovedWithdrawal, Reach::DECIDED_ABOVE)
        .body(|_| json!({"reason": "no such account"})),
];
