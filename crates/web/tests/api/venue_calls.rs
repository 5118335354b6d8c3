//! Whose work a call for help or a complaint is: who is told of it, who answers it, and who is shown by what number its customer is reached.

use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, Hall, TestServer, on_server};

use crate::support::hold::number;
use crate::support::pay::id;

const PHONE: &str = "13800138000";
const SHOWN: &str = "venues.phone_shown";

async fn works(server: &TestServer, hall: &Hall<'_>, role: Role, name: &str) -> Client {
    let who = server.user(role, name).await;
    hall.manager.post(&format!("/api/v1/venues/{}/staff", hall.id), json!({"name": name})).await.ok(200);
    who
}

/// Somebody's, to this hall, about no session.
async fn asks(customer: &Client, hall: &str, matter: &str, kind: &str) -> Value {
    let form = json!({"matter": matter, "kind": kind, "text": "请来一下", "venue_id": hall});
    customer.post_once(&format!("asks-{matter}-{kind}"), "/customer/v1/complaints", form).await.ok(201)
}

fn at(of: &Value, verb: &str) -> String {
    format!("/api/v1/complaints/{}{verb}", id(of))
}

async fn is_told_of(who: &Client, of: &Value) -> bool {
    let told = who.get("/api/v1/notifications?limit=100").await.ok(200);
    told["items"].as_array().unwrap().iter().any(|one| one["link"] == at(of, "").trim_start_matches("/api/v1"))
}

/// How often a number was shown, by the operation log.
async fn times_shown(server: &TestServer) -> usize {
    server.logged().await.iter().filter(|line| line.what == SHOWN).count()
}

on_server! {
    async fn v9_5_whoever_may_answer_is_told_and_whoever_is_told_may_answer(server) {
        let hall = Hall::open(server, 0).await;
        let (fixer, ann) = (works(server, &hall, Role::Maintainer, "fixer").await, works(server, &hall, Role::Cashier, "ann").await);
        let staff = [("venue_manager", &hall.manager), ("maintainer", &fixer), ("cashier", &ann)];
        let (all, desk, manager) = (["venue_manager", "maintainer", "cashier"], ["venue_manager", "cashier"], ["venue_manager"]);
        for (matter, kind, whose) in [
            ("help", "light", &all[..]),
            ("help", "table", &all[..]),
            ("help", "price", &desk[..]),
            ("help", "cleanliness", &desk[..]),
            ("help", "other", &desk[..]),
            ("complaint", "light", &manager[..]),
            ("complaint", "price", &manager[..]),
        ] {
            let made = asks(&hall.customer(0).await, &hall.id, matter, kind).await;
            for (role, who) in staff {
                let (mine, what) = (whose.contains(&role), format!("{role}: {matter} {kind}"));
                assert_eq!(is_told_of(who, &made).await, mine, "{what}");
                let seen = who.get(&at(&made, "")).await.ok(200);
                assert_eq!((&seen["answered_by"], &seen["can_answer"]), (&json!(whose), &json!(mine)), "{what}");
                let answer = who.post(&at(&made, "/answer"), json!({"text": "马上来"})).await;
                if mine {
                    assert_eq!(answer.ok(200)["can_close"], true, "{what}");
                } else {
                    answer.refused(403, "FORBIDDEN");
                    assert_eq!(who.get(&at(&made, "")).await.ok(200)["can_close"], false, "{what}");
                }
            }
            for (role, who) in staff {
                let close = who.post(&at(&made, "/close"), json!({})).await;
                if whose.contains(&role) {
                    assert_eq!(close.ok(200)["state"], "closed");
                } else {
                    close.refused(403, "FORBIDDEN");
                }
            }
        }
    }

    async fn v9_5_a_call_comes_to_the_desk_also_where_the_hall_has_nobody_else_and_a_complaint_to_a_super_admin(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let form = json!({"name": "alone", "time_zone": "Asia/Shanghai", "tariff": {"per_hour": 3_600, "unit_minutes": 1}});
        let alone = root.post_once("hall-alone", "/api/v1/venues", form).await.ok(201);
        let ann = server.user(Role::Cashier, "ann").await;
        root.post(&format!("/api/v1/venues/{}/staff", id(&alone)), json!({"name": "ann"})).await.ok(200);
        let visitor = server.visitor();
        let welcome = server.sign_in_by_phone(&visitor, PHONE).await;
        let customer = visitor.with_token(welcome["token"].as_str().unwrap());
        let (help, wrong) = (asks(&customer, id(&alone), "help", "other").await, asks(&customer, id(&alone), "complaint", "other").await);
        assert_eq!((is_told_of(&ann, &help).await, is_told_of(&root, &help).await), (true, false));
        assert_eq!((is_told_of(&ann, &wrong).await, is_told_of(&root, &wrong).await), (false, true));
    }

    async fn v9_5_who_may_answer_is_shown_the_number_of_who_calls_and_each_time_is_in_the_log(server) {
        let hall = Hall::open(server, 0).await;
        let (fixer, ann) = (works(server, &hall, Role::Maintainer, "fixer").await, works(server, &hall, Role::Cashier, "ann").await);
        let visitor = server.visitor();
        let welcome = server.sign_in_by_phone(&visitor, PHONE).await;
        let customer = visitor.with_token(welcome["token"].as_str().unwrap());
        let (help, wrong) = (asks(&customer, &hall.id, "help", "other").await, asks(&customer, &hall.id, "complaint", "other").await);
        let seen = ann.get(&at(&help, "")).await.ok(200);
        assert_eq!(seen["customer"]["phone"], "138****8000");
        assert!(!seen.to_string().contains(PHONE));

        let stranger = server.user(Role::VenueManager, "stranger").await;
        stranger.post(&at(&help, "/phone"), json!({})).await.refused(404, "NOT_FOUND");
        fixer.post(&at(&help, "/phone"), json!({})).await.refused(403, "FORBIDDEN");
        ann.post(&at(&wrong, "/phone"), json!({})).await.refused(403, "FORBIDDEN");
        server.visitor().post(&at(&help, "/phone"), json!({})).await.refused(401, "SIGN_IN_REQUIRED");
        assert_eq!(times_shown(server).await, 0);

        assert_eq!(ann.post(&at(&help, "/phone"), json!({})).await.ok(200), json!({"phone": PHONE}));
        assert_eq!(hall.manager.post(&at(&wrong, "/phone"), json!({})).await.ok(200)["phone"], PHONE);
        let lines: Vec<_> = server.logged().await.into_iter().filter(|line| line.what == SHOWN).collect();
        assert_eq!(lines.iter().map(|line| line.actor.as_str()).collect::<Vec<_>>(), ["ann", "manager"]);
        assert_eq!(lines[0].detail, json!({"customer": number(&customer).await}), "whose it was, and not the number");

        // Nobody is to be called about what is over.
        ann.post(&at(&help, "/answer"), json!({"text": "马上来"})).await.ok(200);
        ann.post(&at(&help, "/close"), json!({})).await.ok(200);
        ann.post(&at(&help, "/phone"), json!({})).await.refused(409, "COMPLAINT_CLOSED");
        assert_eq!(times_shown(server).await, 2);
    }

    async fn v9_5_nobody_copies_numbers_and_who_has_none_is_answered_in_the_app(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(0).await;
        let help = asks(&customer, &hall.id, "help", "other").await;
        for _ in 0..30 {
            hall.manager.post(&at(&help, "/phone"), json!({})).await.ok(200);
        }
        hall.manager.post(&at(&help, "/phone"), json!({})).await.refused(429, "RATE_LIMITED");
        assert_eq!(times_shown(server).await, 30);
        let root = server.user(Role::SuperAdmin, "root").await;
        root.post(&at(&help, "/phone"), json!({})).await.ok(200);
        let lost = json!({"number": number(&customer).await, "why": "说出了最近的账单"});
        hall.manager.post("/api/v1/customers/take-phone-off", lost).await.ok(200);
        root.post(&at(&help, "/phone"), json!({})).await.refused(409, "CUSTOMER_WITHOUT_PHONE");
        assert_eq!(times_shown(server).await, 31);
    }

    async fn v3_1_who_serves_at_the_desk_sees_by_their_number_who_plays(server) {
        let hall = Hall::open(server, 1).await;
        let (fixer, ann) = (works(server, &hall, Role::Maintainer, "fixer").await, works(server, &hall, Role::Cashier, "ann").await);
        let root = server.user(Role::SuperAdmin, "root").await;
        let customer = hall.customer(10_000).await;
        hall.play(&customer, 0, 60).await;
        let seen = async |who: &Client| {
            let floor = who.get(&format!("/api/v1/venues/{}/floor", hall.id)).await.ok(200);
            floor["tables"][0]["play"]["customer_number"].clone()
        };
        for who in [&hall.manager, &ann, &root] {
            assert_eq!(seen(who).await, number(&customer).await);
        }
        assert_eq!(seen(&fixer).await, json!(null), "who mends lights need not know who plays");
    }
}
