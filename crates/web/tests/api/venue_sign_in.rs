//! Customers sign in by a code on their phone, and guests carry everything over.

use kernel::{HOUR, MINUTE, SECOND};
use serde_json::{Value, json};
use store::Sql as _;
use testkit::{Client, Hall, TestServer, on_server};

use crate::support::sign_in::spend;

const PHONE: &str = "13800138000";
const CODES: &str = "/customer/v1/phone-codes";
const SIGN_IN: &str = "/customer/v1/sign-in";

/// Asks for a code, and answers what is to be brought to sign in.
async fn asked(server: &TestServer, who: &Client, phone: &str) -> Value {
    let sent = who.post(CODES, json!({"phone": phone})).await.ok(202);
    json!({"ticket": sent["ticket"], "phone": phone, "code": server.code_of(phone).await})
}

fn with(ask: &Value, name: &str, value: &str) -> Value {
    let mut other = ask.clone();
    other[name] = json!(value);
    other
}

/// Another code than the right one.
fn wrong(ask: &Value) -> Value {
    with(ask, "code", if ask["code"] == "000000" { "000001" } else { "000000" })
}

async fn new_guest(server: &TestServer) -> (Client, Value) {
    let welcome = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
    (server.visitor().with_token(welcome["token"].as_str().unwrap()), welcome["customer"].clone())
}

on_server! {
    async fn v2_2_a_code_signs_in_once_and_a_guest_becomes_that_customer(server) {
        let hall = Hall::open(server, 1).await;
        let welcome = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let guest = server.visitor().with_token(welcome["token"].as_str().unwrap());
        let cash = json!({"venue_id": hall.id, "number": welcome["customer"]["number"], "amount_fen": 5_000});
        hall.manager.post_once("cash-0001", "/api/v1/customers/recharge", cash).await.ok(200);
        let open = json!({"minutes": 60, "expected_fen": 3_600});
        let path = format!("/customer/v1/tables/{}/open", hall.tables[0].id);
        guest.post_once("open-0001", &path, open.clone()).await.refused(409, "PHONE_NEEDED");

        let known = server.sign_in_by_phone(&guest, PHONE).await;
        assert_eq!((known["customer"]["id"].clone(), known["customer"]["phone"].clone()), (welcome["customer"]["id"].clone(), json!("138****8000")));
        assert_eq!((known["customer"]["guest"].clone(), known["customer"]["available_fen"].clone()), (json!(false), json!(5_000)));
        let customer = server.visitor().with_token(known["token"].as_str().unwrap());
        customer.post_once("open-0001", &path, open).await.ok(202);
        hall.table_is(0, "playing").await;

        // On another phone somebody else's money is carried over to the same customer.
        server.clock.step(2 * MINUTE);
        let other = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let second = server.visitor().with_token(other["token"].as_str().unwrap());
        let cash = json!({"venue_id": hall.id, "number": other["customer"]["number"], "amount_fen": 700});
        hall.manager.post_once("cash-0002", "/api/v1/customers/recharge", cash).await.ok(200);
        let merged = server.sign_in_by_phone(&second, PHONE).await;
        assert_eq!((merged["customer"]["id"].clone(), merged["customer"]["balance_fen"].clone()), (known["customer"]["id"].clone(), json!(5_700)));
        second.get("/customer/v1/me").await.refused(401, "SESSION_INVALID");
        let messages = customer.get("/customer/v1/messages").await.ok(200);
        let recharged = messages["items"].as_array().unwrap().iter().filter(|message| message["kind"] == "wallet.recharged").count();
        assert_eq!(recharged, 2);
        let playing = customer.get("/customer/v1/session").await.ok(200)["session"]["id"].clone();
        customer.post(&format!("/customer/v1/sessions/{}/close", playing.as_str().unwrap()), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        server.has_answered("POST /customer/v1/phone-codes");
        server.has_answered("POST /customer/v1/sign-in");
    }

    async fn v2_2_a_code_is_good_for_five_minutes_five_tries_and_once(server) {
        let visitor = server.visitor();
        let ask = asked(server, &visitor, PHONE).await;
        let code = ask["code"].as_str().unwrap();
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        for _ in 0..5 {
            visitor.post(SIGN_IN, wrong(&ask)).await.refused(401, "CODE_WRONG");
        }
        visitor.post(SIGN_IN, ask).await.refused(401, "CODE_WRONG");

        server.clock.step(MINUTE);
        let ask = asked(server, &visitor, PHONE).await;
        visitor.post(SIGN_IN, with(&ask, "phone", "13900139000")).await.refused(401, "CODE_WRONG");
        visitor.post(SIGN_IN, ask.clone()).await.ok(200);
        visitor.post(SIGN_IN, ask).await.refused(401, "CODE_WRONG");

        server.clock.step(MINUTE);
        let ask = asked(server, &visitor, PHONE).await;
        server.clock.step(5 * MINUTE + SECOND);
        visitor.post(SIGN_IN, ask).await.refused(401, "CODE_WRONG");

        // Those that were never used are forgotten.
        server.clock.step(2 * HOUR);
        server.tick().await;
        let left: i64 = server.platform.db.read().one("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM phone_codes", vec![], |row| row.get("n")).await.unwrap();
        assert_eq!(left, 0);
    }

    async fn v2_2_a_wrong_ticket_and_a_wrong_code_are_told_alike(server) {
        let visitor = server.visitor();
        let ask = asked(server, &visitor, PHONE).await;
        let never = with(&ask, "phone", "13900139000");
        let mut told = Vec::new();
        for ask in [wrong(&ask), with(&ask, "ticket", "ckt_nonsense"), with(&ask, "ticket", ""), never] {
            let mut refused = visitor.post(SIGN_IN, ask).await.refused(401, "CODE_WRONG");
            refused["request_id"] = json!(null);
            told.push(refused);
        }
        assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
        visitor.post(SIGN_IN, ask).await.ok(200);
    }

    async fn v2_2_who_knows_a_number_does_not_keep_its_owner_from_signing_in(server) {
        let (owner, other) = (server.visitor().from([10, 1, 1, 1]), server.visitor().from([10, 2, 2, 2]));
        let ask = asked(server, &owner, PHONE).await;
        // Tries without a ticket, and with one of the other's own, to which the code came that the owner sees on its phone.
        for _ in 0..20 {
            other.post(SIGN_IN, with(&wrong(&ask), "ticket", "ckt_guessed")).await.refused(401, "CODE_WRONG");
        }
        server.clock.step(MINUTE);
        let theirs = asked(server, &other, PHONE).await;
        for _ in 0..6 {
            other.post(SIGN_IN, wrong(&theirs)).await.refused(401, "CODE_WRONG");
        }
        owner.post(SIGN_IN, ask).await.ok(200);
        // Nor does it use up all texts of the hour: some are left for other addresses.
        let mut sent = 1;
        for _ in 0..10 {
            server.clock.step(MINUTE);
            sent += i32::from(other.post(CODES, json!({"phone": PHONE})).await.status == 202);
            // Each text is sent when it was asked for, so that the last is the newest.
            server.run_jobs().await;
        }
        assert_eq!(sent, 3);
        server.clock.step(MINUTE);
        let ask = asked(server, &owner, PHONE).await;
        owner.post(SIGN_IN, ask).await.ok(200);
    }

    async fn v2_2_one_guest_of_a_hall_does_not_keep_the_others_from_signing_in(server) {
        let hall = server.visitor().from([10, 3, 3, 3]);
        // Asking again and again for one number, which is refused, takes nothing from those at the same address.
        hall.post(CODES, json!({"phone": PHONE})).await.ok(202);
        for _ in 0..50 {
            hall.post(CODES, json!({"phone": PHONE})).await.refused(429, "RATE_LIMITED");
        }
        let ask = asked(server, &hall, "13900139000").await;
        // Nor does trying without a ticket, which is itself limited.
        let astray = json!({"ticket": "ckt_nonsense", "phone": PHONE, "code": "000000"});
        let mut tried = 0;
        while hall.post(SIGN_IN, astray.clone()).await.status == 401 {
            tried += 1;
        }
        assert_eq!(tried, 60);
        hall.post(SIGN_IN, astray).await.refused(429, "RATE_LIMITED");
        hall.post(SIGN_IN, ask).await.ok(200);
    }

    async fn v2_2_two_who_sign_in_at_once_with_a_new_phone_are_one_customer(server) {
        let visitor = server.visitor();
        let one = asked(server, &visitor, PHONE).await;
        server.clock.step(MINUTE);
        let two = asked(server, &visitor, PHONE).await;
        let (one, two) = tokio::join!(visitor.post(SIGN_IN, one), visitor.post(SIGN_IN, two));
        assert_eq!(one.ok(200)["customer"]["id"], two.ok(200)["customer"]["id"]);
    }

    async fn v2_2_two_phones_with_one_guests_token_are_two_customers_and_its_money_is_one_of_theirs(server) {
        let hall = Hall::open(server, 0).await;
        let (guest, me) = new_guest(server).await;
        let cash = json!({"venue_id": hall.id, "number": me["number"], "amount_fen": 700});
        hall.manager.post_once("cash-0001", "/api/v1/customers/recharge", cash).await.ok(200);
        let (one, two) = (asked(server, &guest, PHONE).await, asked(server, &guest, "13900139000").await);
        let (first, second) = tokio::join!(guest.post(SIGN_IN, one), guest.post(SIGN_IN, two));
        let (first, second) = (first.ok(200)["customer"].clone(), second.ok(200)["customer"].clone());
        assert_ne!(first["id"], second["id"]);
        let phones = [(&first, PHONE, "138****8000"), (&second, "13900139000", "139****9000")];
        assert_eq!(first["balance_fen"].as_i64().unwrap() + second["balance_fen"].as_i64().unwrap(), 700);
        server.clock.step(MINUTE);
        for (customer, phone, hint) in phones {
            assert_eq!(customer["phone"], hint);
            let again = server.sign_in_by_phone(&server.visitor(), phone).await;
            assert_eq!(&again["customer"], customer, "each is known by its own phone");
        }
    }

    async fn v2_2_cash_for_the_number_of_a_guest_who_was_somebody_known_is_that_ones(server) {
        let hall = Hall::open(server, 0).await;
        let known = server.sign_in_by_phone(&server.visitor(), PHONE).await["customer"].clone();
        server.clock.step(MINUTE);
        let (guest, me) = new_guest(server).await;
        let ask = asked(server, &guest, PHONE).await;
        // While the guest signs in, and after it.
        let cash = |fen: i64| json!({"venue_id": hall.id, "number": me["number"], "amount_fen": fen});
        let recharge = "/api/v1/customers/recharge";
        let (paid, merged) = tokio::join!(hall.manager.post_once("cash-0001", recharge, cash(700)), guest.post(SIGN_IN, ask));
        paid.ok(200);
        assert_eq!(merged.ok(200)["customer"]["id"], known["id"]);
        for _ in 0..2 {
            let paid = hall.manager.post_once("cash-0002", recharge, cash(5_000)).await.ok(200);
            assert_eq!((&paid["id"], &paid["number"], &paid["balance_fen"]), (&known["id"], &known["number"], &json!(5_700)), "the desk sees whose it is");
        }
        server.clock.step(MINUTE);
        assert_eq!(server.sign_in_by_phone(&server.visitor(), PHONE).await["customer"]["balance_fen"], 5_700);
        server.has_answered("POST /api/v1/customers/recharge");
    }

    async fn v2_2_nobody_sends_floods_of_texts_at_our_cost(server) {
        let visitor = server.visitor();
        for phone in ["", "1380013800", "abc", "23800138000"] {
            visitor.post(CODES, json!({"phone": phone})).await.refused_field("phone", "INVALID");
        }
        visitor.post(CODES, json!({"phone": PHONE})).await.ok(202);
        // The same number in another spelling, from another address.
        visitor.from([10, 1, 2, 3]).post(CODES, json!({"phone": "+8613800138000"})).await.refused(429, "RATE_LIMITED");
        for n in 0..20 {
            server.clock.step(MINUTE + SECOND);
            visitor.from([10, 1, 2, n]).post(CODES, json!({"phone": PHONE})).await;
        }
        assert_eq!(server.mails(PHONE).await.len(), 4, "in an hour: a provider sends one more, which is kept for its customer");
        // Many numbers, one address.
        let mut sent = 0;
        for n in 0..60 {
            sent += i32::from(visitor.from([10, 9, 9, 9]).post(CODES, json!({"phone": format!("139{n:08}")})).await.status == 202);
        }
        assert_eq!(sent, 40);
        server.run_jobs().await;
    }

    async fn v2_2_one_customer_of_ipv6_does_not_spend_the_texts_of_all(server) {
        let visitor = server.visitor();
        // A /48, one /64 of it after the other, within its first /56.
        let within = |network: u128| visitor.from_v6((0x2001_0db8_0001_u128 << 80) | (network << 64) | 1);
        let mut sent = 0;
        for n in 0..120_u128 {
            sent += i32::from(within(n % 40).post(CODES, json!({"phone": format!("139{n:08}")})).await.status == 202);
        }
        assert_eq!(sent, 100, "of a /56 in an hour");
        within(0xff).post(CODES, json!({"phone": PHONE})).await.refused(429, "RATE_LIMITED");
        // The next /56, which may be somebody else's.
        within(0x100).post(CODES, json!({"phone": PHONE})).await.ok(202);
        visitor.post(CODES, json!({"phone": "13900139999"})).await.ok(202);
        server.run_jobs().await;
    }

    async fn v2_2_whoever_guesses_codes_has_one_guess_at_each_and_who_has_the_code_is_let_in(server) {
        let hall = server.visitor().from([10, 4, 4, 4]);
        for n in 0..4 {
            let ask = asked(server, &hall, &format!("1390000000{n}")).await;
            for _ in 0..5 {
                hall.post(SIGN_IN, wrong(&ask)).await.refused(401, "CODE_WRONG");
            }
        }
        // From here on a ticket is good for one.
        let ask = asked(server, &hall, "13900000009").await;
        hall.post(SIGN_IN, wrong(&ask)).await.refused(401, "CODE_WRONG");
        hall.post(SIGN_IN, ask).await.refused(401, "CODE_WRONG");
        // Whoever shares the address, and has the code, notices nothing.
        let ask = asked(server, &hall, PHONE).await;
        hall.post(SIGN_IN, ask).await.ok(200);
        // Nor does anybody elsewhere.
        let elsewhere = server.visitor().from([10, 5, 5, 5]);
        let ask = asked(server, &elsewhere, "13900139000").await;
        for _ in 0..4 {
            elsewhere.post(SIGN_IN, wrong(&ask)).await.refused(401, "CODE_WRONG");
        }
        elsewhere.post(SIGN_IN, ask).await.ok(200);
        // An hour later it is forgotten.
        server.clock.step(HOUR);
        let ask = asked(server, &hall, PHONE).await;
        hall.post(SIGN_IN, wrong(&ask)).await.refused(401, "CODE_WRONG");
        hall.post(SIGN_IN, ask).await.ok(200);
    }

    async fn v2_2_guessing_from_everywhere_leaves_one_guess_at_each_code_too(server) {
        let visitor = server.visitor();
        let ask = asked(server, &visitor, PHONE).await;
        visitor.post(SIGN_IN, wrong(&ask)).await.refused(401, "CODE_WRONG");
        spend(server, "wrong codes in all", 1_000).await;
        let elsewhere = server.visitor().from([10, 6, 6, 6]);
        elsewhere.post(SIGN_IN, ask).await.refused(401, "CODE_WRONG");
        server.clock.step(MINUTE);
        let ask = asked(server, &elsewhere, PHONE).await;
        elsewhere.post(SIGN_IN, ask).await.ok(200);
    }

    async fn v2_1_who_signs_in_by_phone_for_the_first_time_is_new_and_is_welcomed_once(server) {
        let first = server.sign_in_by_phone(&server.visitor(), PHONE).await;
        assert_eq!(first["new"], true);
        let customer = server.visitor().with_token(first["token"].as_str().unwrap());
        let told = customer.get("/customer/v1/messages").await.ok(200)["items"].clone();
        assert_eq!((told.as_array().unwrap().len(), told[0]["kind"].clone()), (1, json!("welcome")));
        assert!(told[0]["body"].as_str().unwrap().contains(first["customer"]["number"].as_str().unwrap()), "{told}");
        server.clock.step(2 * MINUTE);
        let again = server.sign_in_by_phone(&server.visitor(), PHONE).await;
        assert_eq!((again["new"].clone(), again["customer"]["id"].clone()), (json!(false), first["customer"]["id"].clone()));
        assert_eq!(customer.get("/customer/v1/messages").await.ok(200)["items"], told);

        // A guest is nobody yet, and is new with a number of their own; not with one that is known.
        let welcome = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        assert_eq!(welcome["new"], false);
        let guest = server.visitor().with_token(welcome["token"].as_str().unwrap());
        let own = server.sign_in_by_phone(&guest, "13900139000").await;
        assert_eq!((own["new"].clone(), own["customer"]["id"].clone()), (json!(true), welcome["customer"]["id"].clone()));
        server.clock.step(2 * MINUTE);
        let (other, _) = new_guest(server).await;
        let known = server.sign_in_by_phone(&other, PHONE).await;
        assert_eq!((known["new"].clone(), known["customer"]["id"].clone()), (json!(false), first["customer"]["id"].clone()));
    }

    async fn v2_2_whoever_has_lost_a_phone_signs_out_on_all_of_them(server) {
        let (lost, stranger) = (server.sign_in_by_phone(&server.visitor(), PHONE).await, server.sign_in_by_phone(&server.visitor(), "13900139000").await);
        server.clock.step(2 * MINUTE);
        let here = server.sign_in_by_phone(&server.visitor(), PHONE).await;
        let [lost, here, stranger] = [&lost, &here, &stranger].map(|welcome| server.visitor().with_token(welcome["token"].as_str().unwrap()));
        lost.get("/customer/v1/me").await.ok(200);
        here.post("/customer/v1/sign-out-everywhere", json!({})).await.ok(204);
        for phone in [&lost, &here] {
            phone.get("/customer/v1/me").await.refused(401, "SESSION_INVALID");
        }
        stranger.get("/customer/v1/me").await.ok(200);
        server.clock.step(2 * MINUTE);
        let back = server.sign_in_by_phone(&server.visitor(), PHONE).await;
        assert_eq!(back["new"], false);
        server.visitor().with_token(back["token"].as_str().unwrap()).get("/customer/v1/me").await.ok(200);
    }
}
