//! Halls. A hall of "alice" is one where the manager, the maintainer and the cashier work; a hall of "the chief" is one where they do not.

use platform::identity::Role::{Cashier, Maintainer, SuperAdmin, VenueManager};
use serde_json::json;

use super::rule::{Door, Reach, Rule, rule};
use super::thing::{Theirs, Thing};

const STAFF: Door = Door::Only(&[SuperAdmin, VenueManager, Maintainer, Cashier]);
/// Who looks after what is broken.
const FIXERS: Door = Door::Only(&[SuperAdmin, VenueManager, Maintainer]);
/// Who stands at the desk.
const DESK: Door = Door::Only(&[SuperAdmin, VenueManager, Cashier]);
const MANAGERS: Door = Door::Only(&[SuperAdmin, VenueManager]);

pub const RULES: &[Rule] = &[
    rule("GET /api/v1/venues", STAFF, 200).on(Thing::Hall, Reach::BRANCH.listed()),
    rule("POST /api/v1/venues", MANAGERS, 201)
        .body(|_| json!({"name": "x", "time_zone": "Asia/Shanghai", "tariff": {"per_hour": 1, "unit_minutes": 1}})),
    rule("PUT /api/v1/venues/{id}", MANAGERS, 200)
        .on(Thing::Hall, Reach::BRANCH)
        .body(|_| json!({"name": "x", "time_zone": "Asia/Shanghai", "closed": false, "version": 1})),
    rule("GET /api/v1/venues/{id}/prices", STAFF, 200).on(Thing::Hall, Reach::BRANCH),
    rule("PUT /api/v1/venues/{id}/prices", MANAGERS, 200)
        .on(Thing::Hall, Reach::BRANCH)
        .body(|_| json!({"tariff": {"per_hour": 1, "unit_minutes": 1}, "version": 1})),
    rule("POST /api/v1/venues/{id}/prices/try", MANAGERS, 200)
        .on(Thing::Hall, Reach::BRANCH)
        .body(|_| json!({"tariff": {"per_hour": 1, "unit_minutes": 1}, "date": "2026-11-28", "minutes": 60})),
    rule("GET /api/v1/venues/{id}/price-lists", STAFF, 200).on(Thing::Hall, Reach::BRANCH),
    rule("POST /api/v1/venues/{id}/price-lists", MANAGERS, 201).on(Thing::Hall, Reach::BRANCH).body(|_| json!({"name": "x"})),
    rule("PUT /api/v1/price-lists/{id}", MANAGERS, 200)
        .on(Thing::PriceList, Reach::BRANCH)
        .body(|_| json!({"name": "x", "tariff": {"per_hour": 1, "unit_minutes": 1}, "version": 1})),
    rule("DELETE /api/v1/price-lists/{id}", MANAGERS, 204).on(Thing::PriceList, Reach::BRANCH),
    rule("PUT /api/v1/tables/{id}", MANAGERS, 200)
        .on(Thing::HallTable, Reach::BRANCH)
        .body(|_| json!({"name": "x", "x": 0, "y": 0, "version": 1})),
    rule("POST /api/v1/tables/{id}/retire", MANAGERS, 204).on(Thing::HallTable, Reach::BRANCH).body(|_| json!({})),
    rule("GET /api/v1/venues/{id}/floor", STAFF, 200).on(Thing::Hall, Reach::BRANCH),
    rule("GET /api/v1/venues/{id}/staff", STAFF, 200).on(Thing::Hall, Reach::BRANCH),
    rule("POST /api/v1/venues/{id}/staff", MANAGERS, 200).on(Thing::Hall, Reach::BRANCH).body(|_| json!({"name": "maintainer"})),
    rule("POST /api/v1/venues/{id}/staff/remove", MANAGERS, 200).on(Thing::Hall, Reach::BRANCH).body(|case| json!({"user_id": case.owner})),
    rule("POST /api/v1/maintainers", MANAGERS, 201).on(Thing::Hall, Reach::BRANCH).body(|case| {
        let name = format!("fixer{}", case.n);
        json!({"name": name, "email": format!("{name}@example.com"), "venue_ids": [case.thing]})
    }),
    rule("POST /api/v1/venues/{id}/tables", MANAGERS, 201).on(Thing::Hall, Reach::BRANCH).body(|_| json!({"name": "x"})),
    rule("POST /api/v1/tables/{id}/code", MANAGERS, 200).on(Thing::HallTable, Reach::BRANCH).body(|_| json!({})),
    rule("POST /api/v1/tables/{id}/out-of-service", FIXERS, 200).on(Thing::HallTable, Reach::BRANCH).body(|_| json!({"note": "x"})),
    rule("POST /api/v1/tables/{id}/in-service", FIXERS, 200)
        .on(Thing::Theirs(Theirs::TableOutOfService), Reach::BRANCH)
        .body(|_| json!({"note": ""})),
    rule("PUT /api/v1/tables/{id}/light", MANAGERS, 200)
        .on(Thing::HallTable, Reach::BRANCH)
        .body(|_| json!({"on": true, "minutes": 1, "why": "x"})),
    rule("POST /api/v1/tables/{id}/light-test", FIXERS, 200).on(Thing::HallTable, Reach::BRANCH).body(|_| json!({})),
    rule("DELETE /api/v1/tables/{id}/light", MANAGERS, 200).on(Thing::HallTable, Reach::BRANCH),
    rule("POST /api/v1/tables/{id}/close", DESK, 200).on(Thing::Theirs(Theirs::PlayedTable), Reach::BRANCH).body(|_| json!({"why": "x"})),
    rule("GET /api/v1/devices", STAFF, 200).on(Thing::HallDevice, Reach::BRANCH.listed()),
    rule("GET /api/v1/cases", STAFF, 200).elsewhere("venue_cases.rs::v7_1_cases_are_listed_open_and_over_with_what_was_said_and_by_whom"),
    rule("POST /api/v1/devices", MANAGERS, 201)
        .on(Thing::DarkTable, Reach::BRANCH)
        .body(|case| json!({"table_id": case.thing, "driver": "tasmota", "name": "x"})),
    rule("PUT /api/v1/devices/{id}", MANAGERS, 200)
        .on(Thing::HallDevice, Reach::BRANCH)
        .body(|_| json!({"driver": "tasmota", "name": "x", "version": 1})),
    rule("POST /api/v1/devices/{id}/password", MANAGERS, 200).on(Thing::HallDevice, Reach::BRANCH).body(|_| json!({})),
    rule("PUT /api/v1/devices/{id}/watch", MANAGERS, 200).on(Thing::HallDevice, Reach::BRANCH).body(|_| json!({"least_watts": 20})),
    rule("GET /api/v1/devices/{id}/log", STAFF, 200).on(Thing::HallDevice, Reach::BRANCH),
    rule("GET /api/v1/texts", MANAGERS, 200).elsewhere("venue_texts.rs::k12_2_a_manager_sees_the_texts_of_own_halls_and_no_codes"),
    rule("GET /api/v1/venues/{id}/offers", STAFF, 200).on(Thing::Hall, Reach::BRANCH),
    rule("PUT /api/v1/venues/{id}/offers", MANAGERS, 200)
        .on(Thing::Hall, Reach::BRANCH)
        .body(|_| json!({"pause_minutes": 10, "pause_lit": false, "cleaning_minutes": 5, "hold_minutes": 15, "version": 0})),
    rule("POST /api/v1/tables/{id}/cleaned", FIXERS, 200).on(Thing::Theirs(Theirs::CleanedTable), Reach::BRANCH).body(|_| json!({})),
    // A day after a test begins, and some hours.
    rule("POST /api/v1/tables/{id}/hold", DESK, 200)
        .on(Thing::Theirs(Theirs::FreeTable), Reach::BRANCH)
        .body(|_| json!({"note": "x", "until": "2026-11-22T12:00:00Z"})),
    rule("POST /api/v1/tables/{id}/release", DESK, 200).on(Thing::Theirs(Theirs::HeldTable), Reach::BRANCH).body(|_| json!({})),
    rule("POST /api/v1/tables/{id}/desk-offer", DESK, 200)
        .on(Thing::Theirs(Theirs::FreeTable), Reach::BRANCH)
        .body(|_| json!({"cash_fen": 3_600})),
    rule("POST /api/v1/tables/{id}/desk-open", DESK, 202)
        .on(Thing::Theirs(Theirs::FreeTable), Reach::BRANCH)
        .body(|_| json!({"minutes": 60, "expected_fen": 3_600, "cash_fen": 3_600})),
    rule("GET /api/v1/venues/{id}/desk-plays", DESK, 200).on(Thing::Hall, Reach::BRANCH),
    rule("GET /api/v1/desk-plays/{id}", DESK, 200).on(Thing::Theirs(Theirs::DeskPlay), Reach::BRANCH),
    rule("GET /api/v1/desk-plays/{id}/extension?minutes=30", DESK, 200).on(Thing::Theirs(Theirs::DeskPlay), Reach::BRANCH),
    rule("POST /api/v1/desk-plays/{id}/extend", DESK, 200)
        .on(Thing::Theirs(Theirs::DeskPlay), Reach::BRANCH)
        .body(|_| json!({"minutes": 30, "expected_fen": 1_800, "cash_fen": 1_800})),
    rule("POST /api/v1/customers/recharge", DESK, 422)
        .on(Thing::Hall, Reach::BRANCH)
        .body(|case| json!({"venue_id": case.thing, "number": "0", "amount_fen": 1}))
        .because("there is no such customer: `venue_sign_in.rs::v2_2_cash_for_the_number_of_a_guest_who_was_somebody_known_is_that_ones`"),
    rule("POST /api/v1/customers/find", DESK, 422)
        .body(|_| json!({"number": "0"}))
        .because("there is no such customer: `venue_desk.rs::v4_1_the_desk_sees_whose_wallet_it_is_before_money_changes_hands`"),
    rule("POST /api/v1/customers/payout", DESK, 422)
        .on(Thing::Hall, Reach::BRANCH)
        .body(|case| json!({"venue_id": case.thing, "number": "0", "amount_fen": 1}))
        .because("there is no such customer: `venue_desk.rs::v4_1_the_desk_pays_out_cash_and_neither_gifts_nor_a_networks_money`"),
    rule("GET /api/v1/cash", DESK, 200)
        .elsewhere("venue_cash.rs::v4_1_who_manages_halls_sees_everybodys_cash_there_and_a_cashier_ones_own"),
    rule("POST /api/v1/customers/take-phone-off", MANAGERS, 422)
        .body(|_| json!({"number": "0", "why": "xx"}))
        .because("there is no such customer: `phone_change.rs::v2_1_the_desk_takes_a_lost_number_off_and_it_is_in_the_log`"),
    rule("POST /api/v1/customers/sign-out-everywhere", MANAGERS, 422)
        .body(|_| json!({"number": "0", "why": "xx"}))
        .because("there is no such customer: `venue_sign_out.rs::v2_2_the_desk_signs_a_customer_out_everywhere_and_it_is_in_the_log`"),
    rule("GET /api/v1/levels", STAFF, 200).nobodys("the operator's levels, which hold in all halls"),
    // Nothing else than there is: to change them there has to be one.
    rule("PUT /api/v1/levels", Door::Only(&[SuperAdmin]), 200).body(|_| json!({"levels": [], "version": 1})),
];
