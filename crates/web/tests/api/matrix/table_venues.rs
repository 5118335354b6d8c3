//! Halls and customers. A hall of "alice" is one where the manager and the maintainer work; a hall of "the chief" is one where they do not.

use platform::identity::Role::{Maintainer, SuperAdmin, VenueManager};
use serde_json::json;

use super::rule::{Door, Reach, Rule, rule};
use super::things::Thing;

const STAFF: Door = Door::Only(&[SuperAdmin, VenueManager, Maintainer]);
const MANAGERS: Door = Door::Only(&[SuperAdmin, VenueManager]);

pub const RULES: &[Rule] = &[
    rule("GET /api/v1/venues", STAFF, 200).on(Thing::Hall, Reach::BRANCH.listed()),
    rule("POST /api/v1/venues", MANAGERS, 201)
        .body(|_| json!({"name": "x", "time_zone": "Asia/Shanghai", "tariff": {"per_hour": 1, "unit_minutes": 1}})),
    // Somebody has changed it in between.
    rule("PUT /api/v1/venues/{id}", MANAGERS, 409)
        .on(Thing::Hall, Reach::BRANCH)
        .body(|_| json!({"name": "x", "time_zone": "Asia/Shanghai", "closed": false, "version": 0})),
    rule("GET /api/v1/venues/{id}/prices", STAFF, 200).on(Thing::Hall, Reach::BRANCH),
    rule("PUT /api/v1/venues/{id}/prices", MANAGERS, 409)
        .on(Thing::Hall, Reach::BRANCH)
        .body(|_| json!({"tariff": {"per_hour": 1, "unit_minutes": 1}, "version": 0})),
    rule("POST /api/v1/venues/{id}/prices/try", MANAGERS, 200)
        .on(Thing::Hall, Reach::BRANCH)
        .body(|_| json!({"tariff": {"per_hour": 1, "unit_minutes": 1}, "date": "2026-11-28", "minutes": 60})),
    rule("PUT /api/v1/tables/{id}", MANAGERS, 409)
        .on(Thing::HallTable, Reach::BRANCH)
        .body(|_| json!({"name": "x", "x": 0, "y": 0, "version": 0})),
    rule("POST /api/v1/tables/{id}/retire", MANAGERS, 204).on(Thing::HallTable, Reach::BRANCH).body(|_| json!({})),
    rule("GET /api/v1/venues/{id}/floor", STAFF, 200).on(Thing::Hall, Reach::BRANCH),
    rule("GET /api/v1/venues/{id}/staff", STAFF, 200).on(Thing::Hall, Reach::BRANCH),
    rule("POST /api/v1/venues/{id}/staff", MANAGERS, 200).on(Thing::Hall, Reach::BRANCH).body(|_| json!({"name": "maintainer"})),
    rule("POST /api/v1/venues/{id}/staff/remove", MANAGERS, 200).on(Thing::Hall, Reach::BRANCH).body(|case| json!({"user_id": case.owner})),
    rule("POST /api/v1/venues/{id}/tables", MANAGERS, 201).on(Thing::Hall, Reach::BRANCH).body(|_| json!({"name": "x"})),
    rule("POST /api/v1/tables/{id}/code", MANAGERS, 200).on(Thing::HallTable, Reach::BRANCH).body(|_| json!({})),
    rule("POST /api/v1/tables/{id}/out-of-service", STAFF, 200).on(Thing::HallTable, Reach::BRANCH).body(|_| json!({"note": "x"})),
    // Its light is not there.
    rule("POST /api/v1/tables/{id}/in-service", STAFF, 409).on(Thing::HallTable, Reach::BRANCH).body(|_| json!({"note": ""})),
    rule("PUT /api/v1/tables/{id}/light", MANAGERS, 200)
        .on(Thing::HallTable, Reach::BRANCH)
        .body(|_| json!({"on": true, "minutes": 1, "why": "x"})),
    rule("POST /api/v1/tables/{id}/light-test", STAFF, 200).on(Thing::HallTable, Reach::BRANCH).body(|_| json!({})),
    rule("DELETE /api/v1/tables/{id}/light", MANAGERS, 200).on(Thing::HallTable, Reach::BRANCH),
    // Nobody plays there.
    rule("POST /api/v1/tables/{id}/close", MANAGERS, 409).on(Thing::HallTable, Reach::BRANCH).body(|_| json!({"why": "x"})),
    rule("GET /api/v1/devices", STAFF, 200).on(Thing::HallDevice, Reach::BRANCH.listed()),
    // Whose cases one sees is tried in `venue_cases.rs`.
    rule("GET /api/v1/cases", STAFF, 200),
    rule("POST /api/v1/devices", MANAGERS, 201)
        .on(Thing::DarkTable, Reach::BRANCH)
        .body(|case| json!({"table_id": case.thing, "driver": "tasmota", "name": "x"})),
    // Somebody has changed it in between.
    rule("PUT /api/v1/devices/{id}", MANAGERS, 409)
        .on(Thing::HallDevice, Reach::BRANCH)
        .body(|_| json!({"driver": "tasmota", "name": "x", "version": 0})),
    rule("POST /api/v1/devices/{id}/password", MANAGERS, 200).on(Thing::HallDevice, Reach::BRANCH).body(|_| json!({})),
    rule("PUT /api/v1/devices/{id}/watch", MANAGERS, 200).on(Thing::HallDevice, Reach::BRANCH).body(|_| json!({"least_watts": 20})),
    rule("GET /api/v1/devices/{id}/log", STAFF, 200).on(Thing::HallDevice, Reach::BRANCH),
    // Whose texts one sees is tried in `venue_texts.rs`.
    rule("GET /api/v1/texts", MANAGERS, 200),
    rule("GET /api/v1/venues/{id}/offers", STAFF, 200).on(Thing::Hall, Reach::BRANCH),
    rule("PUT /api/v1/venues/{id}/offers", MANAGERS, 200)
        .on(Thing::Hall, Reach::BRANCH)
        .body(|_| json!({"pause_minutes": 10, "pause_lit": false, "cleaning_minutes": 5, "hold_minutes": 15})),
    // It is not being cleaned.
    rule("POST /api/v1/tables/{id}/cleaned", STAFF, 409).on(Thing::HallTable, Reach::BRANCH).body(|_| json!({})),
    // It is out of service.
    rule("POST /api/v1/tables/{id}/hold", MANAGERS, 409)
        .on(Thing::HallTable, Reach::BRANCH)
        .body(|_| json!({"note": "x", "until": "2026-11-21T09:00:00Z"})),
    // It is not held.
    rule("POST /api/v1/tables/{id}/release", MANAGERS, 409).on(Thing::HallTable, Reach::BRANCH).body(|_| json!({})),
    // There is no such customer.
    rule("POST /api/v1/customers/recharge", MANAGERS, 422).body(|_| json!({"number": "0", "amount_fen": 1})),
    rule("GET /api/v1/levels", STAFF, 200),
    // Somebody has changed them in between.
    rule("PUT /api/v1/levels", Door::Only(&[SuperAdmin]), 409).body(|_| json!({"levels": [], "version": 0})),
    rule("POST /customer/v1/guests", Door::Anybody, 201).body(|_| json!({})),
    rule("POST /customer/v1/phone-codes", Door::Anybody, 422).body(|_| json!({"phone": "1"})),
    rule("GET /customer/v1/wechat", Door::Anybody, 200),
    rule("POST /customer/v1/wechat", Door::Anybody, 409).body(|_| json!({"app": "mini", "code": "x"})),
    rule("POST /customer/v1/wechat/phone", Door::Anybody, 409).body(|_| json!({"code": "x"})),
    rule("POST /customer/v1/wechat/bind", Door::Customer, 409).body(|_| json!({"app": "mini", "code": "x"})),
    rule("POST /customer/v1/wechat/unbind", Door::Customer, 200).body(|_| json!({})),
    rule("POST /customer/v1/sign-in", Door::Anybody, 401).body(|_| json!({"ticket": "x", "phone": "13800138000", "code": "000000"})),
    rule("GET /customer/v1/venues", Door::Anybody, 200),
    rule("GET /customer/v1/venues/{id}", Door::Anybody, 200).on(Thing::Hall, Reach::EVERY),
    rule("GET /customer/v1/codes/{code}", Door::Anybody, 200).on(Thing::HallCode, Reach::EVERY),
    rule("GET /customer/v1/tables/{id}", Door::Anybody, 200).on(Thing::HallTable, Reach::EVERY),
    rule("POST /customer/v1/sign-out", Door::Customer, 204).body(|_| json!({})),
    rule("GET /customer/v1/me", Door::Customer, 200),
    rule("GET /customer/v1/membership", Door::Customer, 200),
    rule("GET /customer/v1/points", Door::Customer, 200),
    rule("GET /customer/v1/wallet", Door::Customer, 200),
    rule("GET /customer/v1/messages", Door::Customer, 200),
    rule("GET /customer/v1/holds", Door::Customer, 200),
    rule("POST /customer/v1/tables/{id}/hold", Door::Customer, 200).on(Thing::HallTable, Reach::EVERY).body(|_| json!({})),
    rule("POST /customer/v1/tables/{id}/give-back", Door::Customer, 204).on(Thing::HallTable, Reach::EVERY).body(|_| json!({})),
    rule("GET /customer/v1/session", Door::Customer, 200),
    rule("GET /customer/v1/sessions", Door::Customer, 200),
    rule("POST /customer/v1/tables/{id}/open", Door::Customer, 202)
        .on(Thing::HallTable, Reach::EVERY)
        .body(|_| json!({"minutes": 60, "expected_fen": 1})),
    rule("GET /customer/v1/sessions/{id}", Door::Customer, 200).on(Thing::HallTable, Reach::EVERY),
    rule("GET /customer/v1/sessions/{id}/extension", Door::Customer, 200).on(Thing::HallTable, Reach::EVERY),
    rule("POST /customer/v1/sessions/{id}/extend", Door::Customer, 200)
        .on(Thing::HallTable, Reach::EVERY)
        .body(|_| json!({"minutes": 60, "expected_fen": 1})),
    rule("POST /customer/v1/sessions/{id}/pause", Door::Customer, 200).on(Thing::HallTable, Reach::EVERY).body(|_| json!({})),
    rule("POST /customer/v1/sessions/{id}/resume", Door::Customer, 200).on(Thing::HallTable, Reach::EVERY).body(|_| json!({})),
    rule("POST /customer/v1/sessions/{id}/close", Door::Customer, 200).on(Thing::HallTable, Reach::EVERY).body(|_| json!({})),
    rule("POST /customer/v1/sessions/{id}/split", Door::Customer, 201)
        .on(Thing::HallTable, Reach::EVERY)
        .body(|_| json!({"people": 2, "expected_fen": 100})),
    rule("GET /customer/v1/sessions/{id}/split", Door::Customer, 200).on(Thing::HallTable, Reach::EVERY),
    rule("GET /customer/v1/splits/{id}", Door::Customer, 200).on(Thing::HallTable, Reach::EVERY),
    // There is no such link.
    rule("GET /customer/v1/split-codes/{code}", Door::Anybody, 404).on(Thing::HallCode, Reach::EVERY),
    rule("POST /customer/v1/split-codes/{code}/join", Door::Customer, 200).on(Thing::HallCode, Reach::EVERY).body(|_| json!({})),
    rule("POST /customer/v1/split-codes/{code}/leave", Door::Customer, 200).on(Thing::HallCode, Reach::EVERY).body(|_| json!({})),
    rule("POST /customer/v1/splits/{id}/confirm", Door::Customer, 200)
        .on(Thing::HallTable, Reach::EVERY)
        .body(|_| json!({"at_most_fen": 100})),
    rule("POST /customer/v1/splits/{id}/free", Door::Customer, 200).on(Thing::HallTable, Reach::EVERY).body(|_| json!({"place": 1})),
    rule("POST /customer/v1/splits/{id}/finish", Door::Customer, 200).on(Thing::HallTable, Reach::EVERY).body(|_| json!({})),
    rule("POST /customer/v1/splits/{id}/cancel", Door::Customer, 200).on(Thing::HallTable, Reach::EVERY).body(|_| json!({})),
];
