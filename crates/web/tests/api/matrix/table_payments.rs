//! Payments. Here no network is set up, so that there is no order yet: `payments.rs` tries who reaches one.

use platform::identity::Role::SuperAdmin;
use serde_json::json;

use super::rule::{Door, Reach, Rule, rule};
use super::things::Thing;

const ROOT: Door = Door::Only(&[SuperAdmin]);

pub const RULES: &[Rule] = &[
    rule("GET /api/v1/payments/channels", ROOT, 200),
    // There is no such network.
    rule("PUT /api/v1/payments/channels/{channel}", ROOT, 404)
        .on(Thing::Setting, Reach::EVERY)
        .body(|_| json!({"enabled": true, "parameters": {"app_id": "x", "merchant_id": "x"}})),
    rule("GET /api/v1/payments/waiting", ROOT, 200),
    rule("GET /api/v1/payments/orders", ROOT, 200),
    rule("GET /api/v1/payments/orders/{id}", ROOT, 404).on(Thing::Person, Reach::EVERY),
    rule("GET /api/v1/payments/find?number=1", ROOT, 404),
    rule("GET /api/v1/payments/refunds", ROOT, 200),
    rule("POST /api/v1/payments/refunds/{id}/remedy", ROOT, 404)
        .on(Thing::Person, Reach::EVERY)
        .body(|_| json!({"remedy": "retry", "note": "x"})),
    rule("GET /api/v1/payments/reconciliation", ROOT, 200),
    rule("POST /api/v1/payments/differences/{id}/settle", ROOT, 404).on(Thing::Person, Reach::EVERY).body(|_| json!({"note": "x"})),
    rule("GET /customer/v1/payment-means", Door::Anybody, 200),
    rule("POST /customer/v1/orders", Door::Customer, 201).body(|_| json!({"method": "wechat_native", "recharge": {"amount_fen": 100}})),
    rule("GET /customer/v1/orders/{id}", Door::Customer, 200).on(Thing::Person, Reach::EVERY),
    rule("POST /customer/v1/orders/{id}/method", Door::Customer, 200)
        .on(Thing::Person, Reach::EVERY)
        .body(|_| json!({"method": "alipay_wap"})),
    rule("POST /customer/v1/orders/{id}/cancel", Door::Customer, 200).on(Thing::Person, Reach::EVERY).body(|_| json!({})),
    rule("GET /customer/v1/refundable", Door::Customer, 200),
    rule("POST /customer/v1/refunds", Door::Customer, 200).body(|_| json!({"amount_fen": 100})),
];
