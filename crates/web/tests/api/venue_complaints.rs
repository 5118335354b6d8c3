//! Customers who ask for help or complain, the staff that answers, and what is given back of a bill.

use kernel::{HOUR, MINUTE, SECOND};
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, Hall, TestServer, on_server};

use crate::support::pay::{id, told, wallet, words};
use crate::support::split::{Table, confirmed, join, make, people};

const MINE: &str = "/customer/v1/complaints";
const DESK: &str = "/api/v1/complaints";

/// Played for ten minutes, and closed: six yuan.
async fn played(server: &TestServer, hall: &Hall<'_>, customer: &Client) -> Value {
    let playing = hall.play(customer, 0, 60).await;
    server.later(9 * MINUTE + 30 * SECOND).await;
    let closed = customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
    hall.table_is(0, "idle").await;
    assert_eq!(closed["bill"]["total_fen"], 600);
    closed
}

fn about(session: &Value, kind: &str) -> Value {
    json!({"matter": "complaint", "kind": kind, "text": "灯一直在闪，没法打", "session_id": session["id"]})
}

fn at(base: &str, of: &Value, verb: &str) -> String {
    format!("{base}/{}/{verb}", id(of))
}

on_server! {
    async fn v9_5_a_complaint_is_told_to_the_staff_answered_and_reopened_once(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let session = played(server, &hall, &customer).await;
        let made = customer.post_once("complain-1", MINE, about(&session, "cleanliness")).await.ok(201);
        assert_eq!((made["state"].clone(), made["venue_name"].clone(), made["table_name"].clone()), (json!("open"), json!("旗舰店"), json!("1 号台")));
        assert_eq!((made["said"][0]["by_staff"].clone(), made["can_reopen"].clone(), made["can_settle"].clone()), (json!(false), json!(false), json!(true)));
        // The same ask again is the same complaint, and is told once.
        let again = customer.post_once("complain-1", MINE, about(&session, "cleanliness")).await.ok(201);
        assert_eq!(id(&again), id(&made));
        assert_eq!(server.told(hall.manager.id()).await.iter().filter(|kind| *kind == "venue.complaint").count(), 1);
        let mails = server.mails("manager@example.com").await;
        assert!(mails.iter().any(|(subject, body)| subject.contains("顾客投诉") && body.contains("灯一直在闪")), "{mails:?}");
        let told_of = hall.manager.get("/api/v1/notifications").await.ok(200);
        assert_eq!(told_of["items"][0]["link"], format!("/complaints/{}", id(&made)));

        hall.manager.post(&at(DESK, &made, "close"), json!({})).await.refused(409, "NOT_ANSWERED");
        let answered = hall.manager.post(&at(DESK, &made, "answer"), json!({"text": "已派人打扫，非常抱歉"})).await.ok(200);
        assert_eq!((answered["state"].clone(), answered["said"][1]["by"]["name"].clone()), (json!("answered"), json!("manager")));
        assert_eq!(told(&customer).await[0], "complaint.answered");
        let page = customer.get("/customer/v1/messages").await.ok(200);
        assert!(page["items"][0]["body"].as_str().unwrap().contains("已派人打扫"), "{page}");
        let seen = customer.get(&format!("{MINE}/{}", id(&made))).await.ok(200);
        assert_eq!((seen["said"][1]["by_staff"].clone(), seen["can_reopen"].clone()), (json!(true), json!(true)));
        assert!(!seen.to_string().contains("manager"), "who of the staff it was is not the customer's to know");

        customer.post(&at(MINE, &made, "reopen"), json!({"text": ""})).await.refused_field("text", "REQUIRED");
        let open = customer.post(&at(MINE, &made, "reopen"), json!({"text": "还是脏的"})).await.ok(200);
        assert_eq!((open["state"].clone(), open["said"].as_array().unwrap().len()), (json!("open"), 3));
        assert_eq!(server.told(hall.manager.id()).await.iter().filter(|kind| *kind == "venue.complaint").count(), 2);
        hall.manager.post(&at(DESK, &made, "answer"), json!({"text": "已重新打扫"})).await.ok(200);
        hall.manager.post(&at(DESK, &made, "close"), json!({})).await.ok(200);
        customer.post(&at(MINE, &made, "reopen"), json!({"text": "再来一次"})).await.refused(409, "NOT_REOPENED");
        hall.manager.post(&at(DESK, &made, "answer"), json!({"text": "晚了"})).await.refused(409, "COMPLAINT_CLOSED");
        // Closing what is closed is fine, from both sides.
        hall.manager.post(&at(DESK, &made, "close"), json!({})).await.ok(200);
        assert_eq!(customer.post(&at(MINE, &made, "settle"), json!({})).await.ok(200)["state"], "closed");
    }

    async fn v9_5_a_bill_is_given_back_once_and_never_more_than_was_paid(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let session = played(server, &hall, &customer).await;
        let made = customer.post_once("complain-1", MINE, about(&session, "price")).await.ok(201);
        let detail = hall.manager.get(&format!("{DESK}/{}", id(&made))).await.ok(200);
        assert_eq!((detail["paid_fen"].clone(), detail["session"]["bill"]["total_fen"].clone()), (json!(600), json!(600)));
        assert_eq!(detail["given_back"], json!(null));
        let path = at(DESK, &made, "give-back");
        for (n, amount) in [601, 0, -1, i64::MAX].into_iter().enumerate() {
            let ask = json!({"amount_fen": amount, "reason": "灯闪"});
            hall.manager.post_once(&format!("too-much-{n}"), &path, ask).await.refused_field("amount_fen", "RANGE");
        }
        hall.manager.post_once("no-reason-1", &path, json!({"amount_fen": 200, "reason": " "})).await.refused_field("reason", "REQUIRED");
        assert_eq!(wallet(&customer).await, (9_400, 0));

        let ask = json!({"amount_fen": 400, "reason": "灯闪，退回部分费用"});
        let (one, two) = tokio::join!(
            hall.manager.post_once("give-back-1", &path, ask.clone()),
            hall.manager.post_once("give-back-1", &path, ask.clone())
        );
        assert_eq!((one.ok(200)["given_back"]["amount_fen"].clone(), two.ok(200)["given_back"]["amount_fen"].clone()), (json!(400), json!(400)));
        assert_eq!(wallet(&customer).await, (9_800, 0));
        hall.manager.post_once("give-back-2", &path, json!({"amount_fen": 200, "reason": "再退"})).await.refused(409, "GIVEN_BACK_ALREADY");
        // Nor by another complaint about the same session.
        let other = customer.post_once("complain-2", MINE, about(&session, "other")).await.ok(201);
        hall.manager.post_once("give-back-3", &at(DESK, &other, "give-back"), json!({"amount_fen": 200, "reason": "再退"})).await.refused(409, "GIVEN_BACK_ALREADY");
        assert_eq!((wallet(&customer).await, told(&customer).await[0].clone()), ((9_800, 0), String::from("complaint.given_back")));
        let lines = customer.get("/customer/v1/wallet").await.ok(200);
        assert_eq!((lines["items"][0]["kind"].clone(), lines["items"][0]["delta_fen"].clone()), (json!("given_back"), json!(400)));
        let seen = customer.get(&format!("{MINE}/{}", id(&made))).await.ok(200);
        assert_eq!((seen["given_back_fen"].clone(), seen["given_back_reason"].clone()), (json!(400), json!("灯闪，退回部分费用")));
        assert!(server.logged().await.iter().any(|line| line.what == "bill_given_back" || line.what.ends_with(".bill_given_back")));
    }

    async fn v9_5_a_bill_that_was_given_back_is_shared_no_more(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let session = played(server, &hall, &customer).await;
        let made = customer.post_once("complain-1", MINE, about(&session, "price")).await.ok(201);
        let ask = json!({"amount_fen": 600, "reason": "灯闪，全部退回"});
        hall.manager.post_once("give-back-1", &at(DESK, &made, "give-back"), ask).await.ok(200);
        let path = format!("/customer/v1/sessions/{}/split", id(&session));
        let now = customer.get(&format!("/customer/v1/sessions/{}", id(&session))).await.ok(200);
        assert_eq!((&session["can_split"], &now["can_split"]), (&json!(true), &json!(false)));
        customer.post_once("split-0001", &path, json!({"people": 2, "expected_fen": 600})).await.refused(409, "BILL_GIVEN_BACK");
        assert_eq!(wallet(&customer).await, (10_000, 0));
    }

    async fn v9_5_a_bill_that_is_shared_is_given_back_when_that_is_settled_and_to_its_starter_what_the_starter_paid(server) {
        let hall = Hall::open(server, 1).await;
        let (table, bob) = (Table::played(server, &hall, 20).await, hall.customer(5_000).await);
        let session = table.starter.get(&table.path).await.ok(200);
        let made = table.starter.post_once("complain-1", MINE, about(&session, "price")).await.ok(201);
        let give = async |key: &str, fen: i64| hall.manager.post_once(key, &at(DESK, &made, "give-back"), json!({"amount_fen": fen, "reason": "灯闪"})).await;
        let split = make(&table, "split-0001", people(2, 1_200)).await.ok(201);
        give("give-back-1", 600).await.refused(409, "SPLIT_OPEN");
        join(&bob, &split, None).await.ok(200);
        give("give-back-1", 600).await.refused(409, "SPLIT_OPEN");
        assert_eq!(wallet(&table.starter).await, (8_800, 0));
        confirmed(&bob, &split, "bob-00001", 600).await;
        give("give-back-2", 601).await.refused_field("amount_fen", "RANGE");
        give("give-back-3", 600).await.ok(200);
        assert_eq!((wallet(&table.starter).await, wallet(&bob).await), ((10_000, 0), (4_400, 0)));
        make(&table, "split-0002", people(2, 1_200)).await.refused(409, "BILL_GIVEN_BACK");
    }

    async fn v9_5_of_sharing_a_bill_and_giving_it_back_at_once_one_happens(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        for round in 0..4 {
            let session = played(server, &hall, &customer).await;
            let made = customer.post_once(&format!("complain-{round}"), MINE, about(&session, "price")).await.ok(201);
            let give = async |key: String| hall.manager.post_once(&key, &at(DESK, &made, "give-back"), json!({"amount_fen": 600, "reason": "灯闪"})).await;
            let share = async |key: String| {
                let path = format!("/customer/v1/sessions/{}/split", id(&session));
                customer.post_once(&key, &path, json!({"people": 2, "expected_fen": 600})).await
            };
            let (back, split) = (format!("give-back-{round}"), format!("split-000{round}"));
            // Each of them goes first in turn.
            let (given, shared) = if round % 2 == 0 {
                tokio::join!(give(back), share(split))
            } else {
                let (shared, given) = tokio::join!(share(split), give(back));
                (given, shared)
            };
            server.check().await;
            if given.status == 200 {
                shared.refused(409, "BILL_GIVEN_BACK");
            } else {
                given.refused(409, "SPLIT_OPEN");
                let split = shared.ok(201);
                assert_eq!(wallet(&customer).await, (9_400, 0));
                customer.post(&format!("/customer/v1/splits/{}/cancel", id(&split)), json!({})).await.ok(200);
                give(format!("give-late-{round}")).await.ok(200);
            }
            assert_eq!(wallet(&customer).await, (10_000, 0));
        }
    }

    async fn v9_5_two_members_of_staff_give_one_bill_back_once(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let session = played(server, &hall, &customer).await;
        let (one, two) = (customer.post_once("complain-1", MINE, about(&session, "price")).await.ok(201), customer.post_once("complain-2", MINE, about(&session, "other")).await.ok(201));
        let ask = json!({"amount_fen": 600, "reason": "全额退回"});
        let (first, second) = (at(DESK, &one, "give-back"), at(DESK, &two, "give-back"));
        let (a, b) = tokio::join!(hall.manager.post_once("give-back-1", &first, ask.clone()), hall.manager.post_once("give-back-2", &second, ask));
        let mut statuses = [a.status.as_u16(), b.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!((statuses, wallet(&customer).await), ([200, 409], (10_000, 0)));
    }

    async fn v9_5_nothing_is_given_back_of_what_is_still_played_or_was_free(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        let made = customer.post_once("complain-1", MINE, about(&playing, "table")).await.ok(201);
        let ask = json!({"amount_fen": 1, "reason": "退一分"});
        hall.manager.post_once("give-back-1", &at(DESK, &made, "give-back"), ask.clone()).await.refused(409, "NOTHING_BILLED");
        let general = customer.post_once("complain-2", MINE, json!({"matter": "help", "kind": "other", "text": "门打不开", "venue_id": hall.id})).await.ok(201);
        hall.manager.post_once("give-back-1", &at(DESK, &general, "give-back"), ask.clone()).await.refused(409, "NOTHING_BILLED");
        customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.manager.post_once("give-back-1", &at(DESK, &made, "give-back"), ask).await.refused(409, "NOTHING_BILLED");
        hall.table_is(0, "idle").await;
        assert_eq!(wallet(&customer).await, (10_000, 0));
    }

    async fn v9_5_a_complaint_about_a_light_has_it_looked_at(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        let told_on = hall.tables[0].lamp.seen().told_on;
        let ask = json!({"matter": "help", "kind": "light", "text": "灯不亮", "session_id": playing["id"]});
        let made = customer.post_once("help-0001", MINE, ask).await.ok(201);
        assert!(server.told(hall.manager.id()).await.contains(&"venue.help".to_owned()));
        hall.until(|_| hall.tables[0].lamp.seen().told_on == told_on + 1).await;
        let detail = hall.manager.get(&format!("{DESK}/{}", id(&made))).await.ok(200);
        assert_eq!((detail["device"]["wanted"].clone(), detail["had_case"].clone()), (json!(true), json!(false)));
        let log = words(&detail["log"], "what");
        assert_eq!(log[0], "complained", "{log:?}");
        assert!(log.contains(&"on".to_owned()), "{log:?}");
        assert_eq!(hall.tables[0].lamp.seen().switched, 1, "it does not blink by it");
    }

    async fn v9_5_customers_see_their_own_and_complain_of_their_own(server) {
        let hall = Hall::open(server, 1).await;
        let (customer, other) = (hall.customer(10_000).await, hall.customer(0).await);
        let session = played(server, &hall, &customer).await;
        let made = customer.post_once("complain-1", MINE, about(&session, "price")).await.ok(201);
        other.post_once("complain-1", MINE, about(&session, "price")).await.refused(404, "NOT_FOUND");
        other.get(&format!("{MINE}/{}", id(&made))).await.refused(404, "NOT_FOUND");
        other.post(&at(MINE, &made, "reopen"), json!({"text": "x"})).await.refused(404, "NOT_FOUND");
        other.post(&at(MINE, &made, "settle"), json!({})).await.refused(404, "NOT_FOUND");
        assert_eq!(other.get(MINE).await.ok(200)["items"], json!([]));
        assert_eq!(id(&customer.get(MINE).await.ok(200)["items"][0]), id(&made));
        // A manager of another hall neither sees nor touches it.
        let stranger = server.user(Role::VenueManager, "stranger").await;
        stranger.get(&format!("{DESK}/{}", id(&made))).await.refused(404, "NOT_FOUND");
        stranger.post(&at(DESK, &made, "answer"), json!({"text": "x"})).await.refused(404, "NOT_FOUND");
        stranger.post_once("give-back-1", &at(DESK, &made, "give-back"), json!({"amount_fen": 1, "reason": "xx"})).await.refused(404, "NOT_FOUND");
        stranger.get(&format!("{DESK}?venue={}", hall.id)).await.refused(404, "NOT_FOUND");
        assert_eq!(stranger.get(DESK).await.ok(200)["items"], json!([]));
        assert_eq!(wallet(&customer).await, (9_400, 0));
    }

    async fn v9_5_bad_forms_and_floods_are_refused(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(0).await;
        let form = |text: &str| json!({"matter": "complaint", "kind": "other", "text": text, "venue_id": hall.id});
        customer.post_once("complain-1", MINE, form("")).await.refused_field("text", "REQUIRED");
        customer.post_once("complain-1", MINE, form(&"长".repeat(5_000))).await.refused_field("text", "TOO_LONG");
        customer.post_once("complain-1", MINE, form("a\u{202e}b")).await.refused_field("text", "CHARACTERS");
        customer.post_once("complain-1", MINE, json!({"matter": "complaint", "kind": "other", "text": "x"})).await.refused_field("venue_id", "ONE_OF");
        customer.post_once("complain-1", MINE, json!({"matter": "rage", "kind": "other", "text": "x", "venue_id": hall.id})).await.refused(422, "INVALID");
        let guest = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let guest = server.visitor().with_token(guest["token"].as_str().unwrap());
        guest.post_once("complain-1", MINE, form("x")).await.refused(409, "PHONE_NEEDED");
        for n in 0..6 {
            customer.post_once(&format!("flood-{n:04}"), MINE, form("吵")).await.ok(201);
        }
        customer.post_once("flood-0006", MINE, form("吵")).await.refused(429, "RATE_LIMITED");
        assert_eq!(server.told(hall.manager.id()).await.iter().filter(|kind| *kind == "venue.complaint").count(), 6);
        server.later(HOUR).await;
        customer.post_once("flood-0006", MINE, form("吵")).await.ok(201);
    }

    async fn v9_5_complaints_are_counted_against_sessions_and_calls_for_help_are_not(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let figures = async || hall.manager.get(&format!("{DESK}/figures")).await.ok(200)["items"][0].clone();
        let session = played(server, &hall, &customer).await;
        let help = json!({"matter": "help", "kind": "other", "text": "水", "session_id": session["id"]});
        customer.post_once("help-0001", MINE, help).await.ok(201);
        let before = figures().await;
        assert_eq!((before["sessions"].clone(), before["complained"].clone(), before["within_bound"].clone(), before["open"].clone()), (json!(1), json!(0), json!(true), json!(1)));
        for key in ["complain-1", "complain-2"] {
            customer.post_once(key, MINE, about(&session, "other")).await.ok(201);
        }
        let after = figures().await;
        assert_eq!((after["complained"].clone(), after["within_bound"].clone(), after["open"].clone()), (json!(1), json!(false), json!(3)));
        // Narrowed as the page narrows it.
        for (query, n) in [("", 3), ("&state=open", 3), ("&state=closed", 0), ("&matter=help", 1), ("&kind=light", 0), ("&kind=other&matter=complaint", 2)] {
            let page = hall.manager.get(&format!("{DESK}?limit=50{query}")).await.ok(200);
            assert_eq!(page["items"].as_array().unwrap().len(), n, "{query}");
        }
        server.later(31 * 24 * HOUR).await;
        server.keep_signed_in(&hall.manager).await;
        let later = figures().await;
        assert_eq!((later["sessions"].clone(), later["complained"].clone()), (json!(0), json!(0)));
    }
}
