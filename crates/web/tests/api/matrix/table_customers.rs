//! What customers' phones ask: who they are, tables, play, and bills that are shared.
//!
//! What is "alice's" is one customer's, and what is "the chief's" another's; a guest has none of it. Tables are anybody's who stands before one,
//! and so is a bill whose link one has.

use serde_json::json;

use super::rule::{Door, Reach, Rule, Shut, rule};
use super::thing::{Theirs, Thing};

const FREE: Thing = Thing::Theirs(Theirs::FreeTable);
const HELD: Thing = Thing::Theirs(Theirs::HeldTable);
const SESSION: Thing = Thing::Theirs(Theirs::Session);
const SPLIT: Thing = Thing::Theirs(Theirs::Split);
const LINK: Thing = Thing::Theirs(Theirs::Link);
const SHARE: Thing = Thing::Theirs(Theirs::Share);

pub const RULES: &[Rule] = &[
    // Who one is.
    rule("POST /customer/v1/guests", Door::Anybody, 201).body(|_| json!({})),
    rule("POST /customer/v1/phone-codes", Door::Anybody, 422)
        .body(|_| json!({"phone": "1"}))
        .because("that is no phone: `venue_sign_in.rs::v2_2_a_code_signs_in_once_and_a_guest_becomes_that_customer`"),
    rule("GET /customer/v1/wechat", Door::Anybody, 200),
    rule("POST /customer/v1/wechat", Door::Anybody, 409)
        .body(|_| json!({"app": "mini", "code": "x"}))
        .because("no app is set up: `wechat_sign_in.rs::v2_1_who_is_new_is_welcomed_and_who_is_known_is_the_same_again`"),
    rule("POST /customer/v1/wechat/phone", Door::Anybody, 409)
        .body(|_| json!({"code": "x"}))
        .because("no app is set up: `wechat_sign_in.rs::v2_1_the_number_that_wechat_knows_makes_two_names_one_customer`"),
    rule("POST /customer/v1/wechat/bind", Door::Customer, 409)
        .body(|_| json!({"app": "mini", "code": "x"}))
        .because("no app is set up: `wechat_bind.rs::v2_1_a_name_is_bound_when_that_is_asked_for_and_can_be_unbound`"),
    rule("POST /customer/v1/wechat/unbind", Door::Customer, 200).body(|_| json!({})),
    rule("POST /customer/v1/sign-in", Door::Anybody, 401)
        .body(|_| json!({"ticket": "x", "phone": "13800138000", "code": "000000"}))
        .because("whoever was sent the code: `venue_sign_in.rs::v2_2_a_code_signs_in_once_and_a_guest_becomes_that_customer`"),
    rule("POST /customer/v1/phone", Door::Customer, 422)
        .body(|_| json!({"phone": "1", "ticket": "x", "code": "x", "own_ticket": "x", "own_code": "x"}))
        .because("that is no phone: `phone_change.rs::v2_1_whoever_holds_both_phones_changes_the_number_and_keeps_everything`"),
    rule("POST /customer/v1/sign-out", Door::Customer, 204).spare().body(|_| json!({})),
    rule("POST /customer/v1/sign-out-everywhere", Door::Customer, 204).spare().body(|_| json!({})),
    rule("GET /customer/v1/me", Door::Customer, 200),
    rule("GET /customer/v1/membership", Door::Customer, 200)
        .elsewhere("venue_members.rs::v6_1_points_and_the_levels_that_were_reached_are_ones_own"),
    rule("GET /customer/v1/points", Door::Customer, 200).on(Thing::Theirs(Theirs::PointLine), Reach::OWN.listed()),
    rule("GET /customer/v1/wallet", Door::Customer, 200).on(Thing::Theirs(Theirs::WalletLine), Reach::OWN.listed()),
    rule("GET /customer/v1/messages", Door::Customer, 200).on(Thing::Theirs(Theirs::Message), Reach::OWN.listed()),
    // The id says but how far, and of one's own alone: `venue_messages.rs`.
    rule("POST /customer/v1/messages/read", Door::Customer, 204).body(|_| json!({"newest": "msg_01h455vb4pex5vsknk084sn02q"})),
    // Halls and tables.
    rule("GET /customer/v1/venues", Door::Anybody, 200),
    rule("GET /customer/v1/venues/{id}", Door::Anybody, 200).on(Thing::Hall, Reach::EVERY),
    rule("GET /customer/v1/codes/{code}", Door::Anybody, 200).on(Thing::HallCode, Reach::EVERY),
    rule("GET /customer/v1/tables/{id}", Door::Anybody, 200).on(Thing::HallTable, Reach::EVERY),
    rule("GET /customer/v1/holds", Door::Customer, 200).on(HELD, Reach::OWN.listed()),
    rule("POST /customer/v1/tables/{id}/hold", Door::Customer, 200).on(FREE, Reach::EVERY).guest(409).body(|_| json!({})),
    // Everybody sees that it is held; whose it is, its holder alone.
    rule("POST /customer/v1/tables/{id}/give-back", Door::Customer, 204).on(HELD, Reach::OWN.with(Shut::Refused(409))).body(|_| json!({})),
    rule("POST /customer/v1/tables/{id}/open", Door::Customer, 202)
        .on(FREE, Reach::EVERY)
        .guest(409)
        .body(|_| json!({"minutes": 60, "expected_fen": 3_600})),
    // Sharing a bill. Who has confirmed a share keeps it: so that comes after leaving.
    rule("POST /customer/v1/sessions/{id}/split", Door::Customer, 201)
        .on(SESSION, Reach::OWN)
        .body(|_| json!({"people": 2, "expected_fen": 3_600})),
    rule("GET /customer/v1/sessions/{id}/split", Door::Customer, 200).on(SESSION, Reach::OWN),
    rule("GET /customer/v1/split-codes/{code}", Door::Anybody, 200).on(LINK, Reach::EVERY),
    rule("POST /customer/v1/split-codes/{code}/join", Door::Customer, 200).on(LINK, Reach::EVERY).body(|_| json!({})),
    rule("POST /customer/v1/split-codes/{code}/leave", Door::Customer, 200).on(LINK, Reach::EVERY).body(|_| json!({})),
    rule("GET /customer/v1/splits/{id}", Door::Customer, 200).on(SHARE, Reach::OWN),
    rule("POST /customer/v1/splits/{id}/confirm", Door::Customer, 200).on(SHARE, Reach::OWN).body(|_| json!({"at_most_fen": 540})),
    rule("POST /customer/v1/splits/{id}/free", Door::Customer, 200).on(SPLIT, Reach::OWN).body(|_| json!({"place": 1})),
    rule("POST /customer/v1/splits/{id}/cancel", Door::Customer, 200).on(SPLIT, Reach::OWN).body(|_| json!({})),
    rule("POST /customer/v1/splits/{id}/finish", Door::Customer, 200).on(Thing::Theirs(Theirs::EndedSplit), Reach::OWN).body(|_| json!({})),
    // Play.
    rule("GET /customer/v1/session", Door::Customer, 200).on(SESSION, Reach::OWN.listed()),
    rule("GET /customer/v1/sessions", Door::Customer, 200).on(SESSION, Reach::OWN.listed()),
    rule("GET /customer/v1/sessions/{id}", Door::Customer, 200).on(SESSION, Reach::OWN),
    rule("GET /customer/v1/sessions/{id}/extension?minutes=30", Door::Customer, 200).on(SESSION, Reach::OWN),
    rule("POST /customer/v1/sessions/{id}/extend", Door::Customer, 200)
        .on(SESSION, Reach::OWN)
        .body(|_| json!({"minutes": 30, "expected_fen": 1_800})),
    rule("POST /customer/v1/sessions/{id}/pause", Door::Customer, 200).on(SESSION, Reach::OWN).body(|_| json!({})),
    rule("POST /customer/v1/sessions/{id}/resume", Door::Customer, 200).on(SESSION, Reach::OWN).body(|_| json!({})),
    rule("POST /customer/v1/sessions/{id}/close", Door::Customer, 200).on(SESSION, Reach::OWN).body(|_| json!({})),
];
