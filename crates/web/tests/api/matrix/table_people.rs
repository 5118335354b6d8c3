//! Who may what: accounts, users, and the installation.

use serde_json::json;

use super::rule::{Door, Reach, Rule, Shut, rule};
use super::thing::Thing;
use super::words::{ADMINS, OVER_USERS, SUPER};

pub const RULES: &[Rule] = &[
    // What anybody may ask.
    rule("GET /healthz", Door::Anybody, 200),
    rule("GET /readyz", Door::Anybody, 200),
    rule("GET /api/v1/config", Door::Anybody, 200),
    // The demo's only; without one it is not there.
    rule("GET /api/v1/mailbox", Door::Anybody, 200),
    rule("POST /api/v1/captchas", Door::Anybody, 200).body(|_| json!({"kind": "work"})),
    rule("POST /api/v1/session", Door::Anybody, 200).body(|_| json!({"name": "root", "password": "password-of-root"})),
    rule("POST /api/v1/sign-up", Door::Anybody, 202).captcha().body(|case| {
        let name = format!("new{}", case.n);
        json!({"name": name, "email": format!("{name}@example.com"), "password": "correct horse battery", "captcha": case.captcha})
    }),
    rule("POST /api/v1/sign-up/resend", Door::Anybody, 202)
        .captcha()
        .body(|case| json!({"email": format!("new{}@example.com", case.n), "captcha": case.captcha})),
    rule("POST /api/v1/sign-up/verify", Door::Anybody, 400)
        .body(|_| json!({"token": "nobody-has-this"}))
        .because("whoever has the link: `account_sign_up.rs::k1_1c_a_link_is_good_once_and_for_a_day`"),
    rule("POST /api/v1/password/forgot", Door::Anybody, 202)
        .captcha()
        .body(|case| json!({"email": format!("old{}@example.com", case.n), "captcha": case.captcha})),
    rule("POST /api/v1/password/reset", Door::Anybody, 400)
        .body(|_| json!({"token": "nobody-has-this", "password": "correct horse battery"}))
        .because("whoever has the link: `account_reset.rs::k1_3a_a_link_is_good_once_and_for_an_hour`"),
    // One's own account.
    rule("GET /api/v1/me", Door::BeforeDuties, 200).nobodys("what one's role may do"),
    rule("PATCH /api/v1/me", Door::BeforeDuties, 200).body(|_| json!({"language": "zh-CN"})),
    rule("POST /api/v1/me/password", Door::BeforeDuties, 204)
        .spare()
        .body(|case| json!({"current": format!("password-of-{}", case.name), "password": "correct horse battery"})),
    rule("POST /api/v1/me/email", Door::SignedIn, 200).spare().body(|case| {
        let email = format!("own{}@example.com", case.n);
        json!({"email": email, "password": format!("password-of-{}", case.name)})
    }),
    rule("POST /api/v1/me/second-factor", Door::BeforeDuties, 200).spare(),
    rule("POST /api/v1/me/second-factor/confirm", Door::BeforeDuties, 422)
        .spare()
        .body(|_| json!({"password": "wrong", "code": "123456"}))
        .because("whoever has the secret at hand: `account_second_factor.rs::k1_2_setting_up_needs_the_password_and_a_code_of_the_app`"),
    rule("POST /api/v1/me/second-factor/disable", Door::SignedIn, 409)
        .spare()
        .body(|case| json!({"password": format!("password-of-{}", case.name), "code": "123456"}))
        .because("nobody here has set one up: `account_second_factor.rs::k1_2_turning_it_off_needs_password_and_code`"),
    rule("DELETE /api/v1/session", Door::BeforeDuties, 204).spare(),
    rule("DELETE /api/v1/me/sessions", Door::SignedIn, 204).spare(),
    rule("GET /api/v1/me/sessions", Door::SignedIn, 200).on(Thing::Session, Reach::OWN.listed()),
    rule("DELETE /api/v1/me/sessions/{id}", Door::SignedIn, 204).on(Thing::Session, Reach::OWN),
    rule("GET /api/v1/home", Door::SignedIn, 200).elsewhere("home.rs::k1_2c_quota_users_batches_and_grants_are_ones_own"),
    rule("GET /events", Door::SignedIn, 200).stream().elsewhere("notifications.rs::k7_1_what_a_user_is_told_arrives_on_its_open_page"),
    rule("GET /api/v1/notifications", Door::SignedIn, 200).on(Thing::Notification, Reach::OWN.listed()),
    rule("GET /api/v1/notifications?unread=true", Door::SignedIn, 200).on(Thing::Notification, Reach::OWN.listed()),
    rule("GET /api/v1/notifications/unread", Door::SignedIn, 200),
    rule("POST /api/v1/notifications/{id}/read", Door::SignedIn, 204).on(Thing::Notification, Reach::OWN),
    rule("POST /api/v1/notifications/read-all", Door::SignedIn, 204),
    // Users, by those who manage them. These are nobody's whom a manager of halls has made: such are tried in `venue_maintainers.rs`.
    rule("GET /api/v1/users", Door::Only(OVER_USERS), 200).on(Thing::User, Reach::ABOVE.listed()),
    // A manager makes its own at `/maintainers`.
    rule("POST /api/v1/users", Door::Only(ADMINS), 201).body(|case| {
        let name = format!("made{}", case.n);
        json!({"name": name, "email": format!("{name}@example.com"), "role": "agent", "initial_quota": 1})
    }),
    rule("GET /api/v1/users/{id}", Door::Only(OVER_USERS), 200).on(Thing::User, Reach::ABOVE),
    rule("POST /api/v1/users/{id}/disable", Door::Only(OVER_USERS), 200).on(Thing::User, Reach::ABOVE),
    // Whom a super admin has disabled its superior does not enable; whom it has disabled itself it does: `users_manage.rs`.
    rule("POST /api/v1/users/{id}/enable", Door::Only(OVER_USERS), 200)
        .on(Thing::DisabledUser, Reach { team: Some(Shut::Refused(403)), ..Reach::ABOVE }),
    rule("POST /api/v1/users/{id}/unlock", Door::Only(OVER_USERS), 200).on(Thing::User, Reach::ABOVE),
    // These have passwords of their own, so that their superior is refused; until then it is not: `users_email.rs`.
    rule("POST /api/v1/users/{id}/email", Door::Only(OVER_USERS), 200)
        .on(Thing::User, Reach { team: Some(Shut::Refused(403)), ..Reach::ABOVE })
        .body(|case| json!({"email": format!("moved{}@example.com", case.n)})),
    rule("POST /api/v1/users/{id}/recharge", Door::Only(ADMINS), 200).on(Thing::User, Reach::ABOVE).body(|_| json!({"amount": 1})),
    rule("POST /api/v1/users/{id}/second-factor/reset", Door::Only(SUPER), 200).on(Thing::User, Reach::EVERY),
    rule("POST /api/v1/users/{id}/sessions/end", Door::Only(OVER_USERS), 200).on(Thing::User, Reach::ABOVE),
    rule("POST /api/v1/users/sessions/end", Door::Only(SUPER), 422)
        .body(|_| json!({"password": "wrong"}))
        .because("the right password would throw everybody out of this test: `users_manage.rs::k1_4b_a_super_admin_ends_everybodys_sessions_but_the_one_that_asks`"),
    // Logs.
    rule("GET /api/v1/logs/operations", Door::SignedIn, 200).on(Thing::Operation, Reach::BRANCH.listed()),
    rule("GET /api/v1/logs/operations?actor={owner}", Door::SignedIn, 200).on(Thing::Operation, Reach::BRANCH.listed()),
    rule("GET /api/v1/logs/operations/{id}", Door::SignedIn, 200).on(Thing::Operation, Reach::BRANCH),
    rule("GET /api/v1/logs/sign-ins", Door::SignedIn, 200).on(Thing::SignIn, Reach::BRANCH.listed()),
    rule("GET /api/v1/logs/sign-ins?user={owner}", Door::SignedIn, 200).on(Thing::SignIn, Reach::BRANCH.listed()),
    // The installation.
    rule("GET /api/v1/settings", Door::Only(SUPER), 200).nobodys("the installation's"),
    rule("PATCH /api/v1/settings/{key}", Door::Only(SUPER), 200).on(Thing::Setting, Reach::EVERY).body(|_| json!({"value": 0})),
    rule("DELETE /api/v1/settings/{key}", Door::Only(SUPER), 200).on(Thing::Setting, Reach::EVERY),
    rule("GET /api/v1/jobs", Door::Only(SUPER), 200).on(Thing::DeadJob, Reach::EVERY),
    rule("POST /api/v1/jobs/{id}/retry", Door::Only(SUPER), 200).on(Thing::DeadJob, Reach::EVERY),
    rule("POST /api/v1/jobs/{id}/dismiss", Door::Only(SUPER), 200).on(Thing::DeadJob, Reach::EVERY),
];
