//! Payments. A super admin sees all of them; a customer the own ones.

use platform::identity::Role::SuperAdmin;
use serde_json::json;

use super::rule::{Door, Reach, Rule, rule};
use super::thing::{Theirs, Thing};

const ROOT: Door = Door::Only(&[SuperAdmin]);

pub const RULES: &[Rule] = &[
    rule("GET /api/v1/payments/channels", ROOT, 200).on(Thing::Theirs(Theirs::Channel), Reach::EVERY),
    rule("PUT /api/v1/payments/channels/{channel}", ROOT, 200)
        .on(Thing::Theirs(Theirs::Channel), Reach::EVERY)
        .body(|_| json!({"enabled": true})),
    rule("PUT /api/v1/payments/channels/{channel}/earlier", ROOT, 404)
        .on(Thing::Theirs(Theirs::Channel), Reach::EVERY)
        .body(|_| json!({"parameters": {"app_id": "x", "merchant_id": "x"}}))
        .because("nobody was another merchant before: `payments_merchants_ended.rs::v8_2_a_merchant_that_we_were_gets_other_keys_or_is_forgotten_at_once`"),
    rule("GET /api/v1/payments/waiting", ROOT, 200),
    rule("GET /api/v1/payments/orders", ROOT, 200).on(Thing::Theirs(Theirs::Order), Reach::EVERY),
    rule("GET /api/v1/payments/orders/{id}", ROOT, 200).on(Thing::Theirs(Theirs::Order), Reach::EVERY),
    rule("GET /api/v1/payments/orders/{id}/payer", ROOT, 200).on(Thing::Theirs(Theirs::Order), Reach::EVERY),
    rule("GET /api/v1/payments/find?number={thing}", ROOT, 200).on(Thing::Theirs(Theirs::Order), Reach::EVERY),
    rule("POST /api/v1/payments/orders/{id}/seen", ROOT, 204)
        .on(Thing::Theirs(Theirs::Order), Reach::EVERY)
        .body(|_| json!({"note": "xx"})),
    rule("POST /api/v1/payments/orders/{id}/write-off", ROOT, 409)
        .on(Thing::Theirs(Theirs::Order), Reach::EVERY)
        .body(|_| json!({"note": "xx"}))
        .because("nothing was frozen for it: `payments_write_off.rs::v8_2_what_alipay_has_let_go_before_it_was_taken_is_written_off_once`"),
    rule("POST /api/v1/payments/orders/{id}/end", ROOT, 409)
        .on(Thing::Theirs(Theirs::Order), Reach::EVERY)
        .body(|_| json!({"note": "xx"}))
        .because("its merchant is who we are: `payments_merchants_ended.rs::v8_2_a_person_ends_what_a_merchant_that_we_were_says_nothing_of`"),
    rule("GET /api/v1/payments/refunds", ROOT, 200).on(Thing::Theirs(Theirs::StuckRefund), Reach::EVERY),
    rule("POST /api/v1/payments/refunds/{id}/remedy", ROOT, 200)
        .on(Thing::Theirs(Theirs::StuckRefund), Reach::EVERY)
        .body(|_| json!({"remedy": "retry", "note": "x"})),
    rule("POST /api/v1/payments/refunds/retry", ROOT, 200).body(|_| json!({"problem": "balance_short"})),
    rule("GET /api/v1/payments/reconciliation", ROOT, 200).on(Thing::Theirs(Theirs::Difference), Reach::EVERY),
    rule("POST /api/v1/payments/differences/{id}/settle", ROOT, 204)
        .on(Thing::Theirs(Theirs::Difference), Reach::EVERY)
        .body(|_| json!({"note": "xx"})),
    rule("GET /customer/v1/payment-means", Door::Anybody, 200),
    rule("POST /customer/v1/orders", Door::Customer, 201).guest(409).body(|_| json!({"method": "native", "recharge": {"amount_fen": 100}})),
    rule("GET /customer/v1/orders/{id}", Door::Customer, 200).on(Thing::Theirs(Theirs::Order), Reach::OWN),
    rule("POST /customer/v1/orders/{id}/method", Door::Customer, 200)
        .on(Thing::Theirs(Theirs::Order), Reach::OWN)
        .body(|_| json!({"method": "precreate"})),
    rule("POST /customer/v1/orders/{id}/cancel", Door::Customer, 200).on(Thing::Theirs(Theirs::Order), Reach::OWN).body(|_| json!({})),
    rule("GET /customer/v1/refundable", Door::Customer, 200),
    // A guest has paid nothing by a network.
    rule("POST /customer/v1/refunds", Door::Customer, 202).guest(409).body(|_| json!({"amount_fen": 100})),
];
