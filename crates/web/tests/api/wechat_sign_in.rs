//! Signing in by WeChat: a code is a name there, a name is a customer, and nobody becomes somebody else by it.

use kernel::{DAY, HOUR, MINUTE, SECOND};
use sandbox::{LoginTrouble, WechatLogin};
use serde_json::{Value, json};
use store::Sql as _;
use testkit::{Answer, Client, Hall, TestServer, on_server};

use crate::support::pay::{Till, id, order, recharge, told, wallet};

const PHONE: &str = "13800138000";

async fn bring(who: &Client, app: &str, code: &str) -> Answer {
    who.post("/customer/v1/wechat", json!({"app": app, "code": code})).await
}

/// Signed in anew, by the mini-program.
async fn by_mini(server: &TestServer, wechat: &WechatLogin, name: &str) -> Client {
    let welcome = bring(&server.visitor(), "mini", &wechat.mini_code(name)).await.ok(200);
    with(server, &welcome)
}

fn with(server: &TestServer, welcome: &Value) -> Client {
    server.visitor().with_token(welcome["token"].as_str().unwrap())
}

async fn me(who: &Client) -> Value {
    who.get("/customer/v1/me").await.ok(200)
}

/// Without what changes when a wallet does.
async fn number(who: &Client) -> Value {
    me(who).await["number"].clone()
}

async fn count(server: &TestServer, of: &str) -> i64 {
    let query = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {of}");
    server.platform.db.read().one(&query, store::args![], |row| row.get("n")).await.unwrap()
}

on_server! {
    async fn v2_1_who_is_new_is_welcomed_and_who_is_known_is_the_same_again(server) {
        let wechat = testkit::wechat::open(server).await;
        for (app, other) in [("mini", false), ("web", true)] {
            let code = |name: &str| if other { wechat.web_code(name) } else { wechat.mini_code(name) };
            let name = format!("ann{app}");
            let first = bring(&server.visitor(), app, &code(&name)).await.ok(200);
            assert_eq!((&first["customer"]["guest"], &first["customer"]["wechat"], &first["customer"]["phone"]), (&json!(false), &json!(true), &json!(null)));
            let ann = with(server, &first);
            assert_eq!((told(&ann).await, first["new"].clone()), (vec!["welcome".to_owned()], json!(true)));
            server.clock.step(DAY);
            let again = bring(&server.visitor(), app, &code(&name)).await.ok(200);
            assert_eq!((&again["customer"]["id"], &again["new"]), (&first["customer"]["id"], &json!(false)));
            assert_eq!(told(&with(server, &again)).await, ["welcome"], "once");
            let signed_in = count(server, "customer_wechats WHERE signed_in_at > created_at").await;
            assert_eq!(signed_in, if other { 2 } else { 1 });
            let bob = bring(&server.visitor(), app, &code("bob")).await.ok(200);
            assert_ne!(bob["customer"]["id"], first["customer"]["id"]);
            // Each token ends by itself.
            ann.post("/customer/v1/sign-out", json!({})).await.ok(204);
            ann.get("/customer/v1/me").await.refused(401, "SESSION_INVALID");
            assert_eq!(number(&with(server, &again)).await, first["customer"]["number"]);
        }
        server.has_answered("POST /customer/v1/wechat");
    }

    async fn v2_1_a_code_is_good_once_for_its_app_and_five_minutes(server) {
        let visitor = server.visitor();
        bring(&visitor, "mini", "whatever").await.refused(409, "WECHAT_NOT_OFFERED");
        let ways = visitor.get("/customer/v1/wechat").await.ok(200);
        assert_eq!(ways, json!({"web": null, "mini": false, "anywhere": false}));
        let wechat = testkit::wechat::open(server).await;
        let ways = visitor.get("/customer/v1/wechat").await.ok(200);
        assert_eq!((&ways["mini"], &ways["anywhere"]), (&json!(true), &json!(true)));
        assert!(ways["web"].as_str().unwrap().contains("/connect/oauth2/authorize?appid=wx0000000000000001&response_type=code&scope=snsapi_base"), "{ways}");
        let code = wechat.mini_code("ann");
        bring(&visitor, "mini", &code).await.ok(200);
        bring(&visitor, "mini", &code).await.refused(401, "WECHAT_CODE");
        bring(&visitor, "mini", &wechat.web_code("ann")).await.refused(401, "WECHAT_CODE");
        bring(&visitor, "web", &wechat.mini_code("ann")).await.refused(401, "WECHAT_CODE");
        bring(&visitor, "mini", &wechat.phone_code(PHONE)).await.refused(401, "WECHAT_CODE");
        let code = wechat.mini_code("ann");
        server.clock.step(5 * MINUTE);
        bring(&visitor, "mini", &code).await.refused(401, "WECHAT_CODE");
        for bad in ["", "a b", "中", &"x".repeat(129)] {
            bring(&visitor, "mini", bad).await.refused(422, "INVALID");
        }
        bring(&visitor, "desktop", "x").await.refused(422, "INVALID");
        assert_eq!(count(server, "customers").await, 1);
    }

    async fn v2_1_wechat_away_or_unwilling_is_said_and_changes_nothing(server) {
        let wechat = testkit::wechat::open(server).await;
        let visitor = server.visitor();
        for (trouble, status, code) in [
            (LoginTrouble::Down, 503, "WECHAT_AWAY"),
            (LoginTrouble::Busy, 503, "WECHAT_AWAY"),
            (LoginTrouble::TooOften, 429, "WECHAT_REFUSED"),
        ] {
            wechat.set(trouble);
            bring(&visitor, "mini", &wechat.mini_code("ann")).await.refused(status, code);
            bring(&visitor, "web", &wechat.web_code("ann")).await.refused(status, code);
            visitor.post("/customer/v1/wechat/phone", json!({"code": wechat.phone_code(PHONE)})).await.refused(status, code);
        }
        wechat.set(LoginTrouble::OtherApp);
        visitor.post("/customer/v1/wechat/phone", json!({"code": wechat.phone_code(PHONE)})).await.refused(503, "WECHAT_AWAY");
        assert_eq!(count(server, "customers").await, 0);
        // A token that somebody else has ended is fetched again.
        wechat.set(LoginTrouble::TokenGone);
        visitor.post("/customer/v1/wechat/phone", json!({"code": wechat.phone_code(PHONE)})).await.ok(200);
        // And one that is old.
        server.clock.step(3 * HOUR);
        visitor.post("/customer/v1/wechat/phone", json!({"code": wechat.phone_code(PHONE)})).await.ok(200);
        visitor.post("/customer/v1/wechat/phone", json!({"code": wechat.phone_code("+1 202 555 0100")})).await.refused(422, "INVALID");
    }

    async fn v2_2_a_guest_carries_everything_over_to_its_name_at_wechat(server) {
        let hall = Hall::open(server, 1).await;
        let wechat = testkit::wechat::open(server).await;
        let guest = async |fen: i64| {
            let welcome = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
            let cash = json!({"venue_id": hall.id, "number": welcome["customer"]["number"], "amount_fen": fen});
            let key = format!("cash-{}", welcome["customer"]["number"].as_str().unwrap());
            hall.manager.post_once(&key, "/api/v1/customers/recharge", cash).await.ok(200);
            (with(server, &welcome), welcome)
        };
        // A new name: the guest is a customer now.
        let (first, welcome) = guest(4_000).await;
        let ann = bring(&first, "mini", &wechat.mini_code("ann")).await.ok(200);
        assert_eq!((&ann["customer"]["id"], &ann["customer"]["balance_fen"]), (&welcome["customer"]["id"], &json!(4_000)));
        // A known one: the guest's money is hers.
        let (second, _) = guest(500).await;
        let ann = bring(&second, "mini", &wechat.mini_code("ann")).await.ok(200);
        assert_eq!((&ann["customer"]["id"], &ann["customer"]["balance_fen"]), (&welcome["customer"]["id"], &json!(4_500)));
        second.get("/customer/v1/me").await.refused(401, "SESSION_INVALID");
        // She may play without a number.
        let playing = hall.play(&with(server, &ann), 0, 60).await;
        assert_eq!(playing["state"], "playing");
    }

    async fn v2_1_the_number_that_wechat_knows_makes_two_names_one_customer(server) {
        let hall = Hall::open(server, 2).await;
        let wechat = testkit::wechat::open(server).await;
        // Known by the phone, with money.
        let known = server.sign_in_by_phone(&server.visitor(), PHONE).await;
        let cash = json!({"venue_id": hall.id, "number": known["customer"]["number"], "amount_fen": 700});
        hall.manager.post_once("cash-0001", "/api/v1/customers/recharge", cash).await.ok(200);
        // Known by WeChat, with money, a bill and a message.
        let ann = by_mini(server, &wechat, "ann").await;
        let cash = json!({"venue_id": hall.id, "number": number(&ann).await, "amount_fen": 5_000});
        hall.manager.post_once("cash-0002", "/api/v1/customers/recharge", cash).await.ok(200);
        let playing = hall.play(&ann, 0, 60).await;
        let bind = async || ann.post("/customer/v1/wechat/phone", json!({"code": wechat.phone_code(PHONE), "join": true})).await;
        // Not while she plays.
        bind().await.refused(409, "FINISH_FIRST");
        assert_eq!(me(&ann).await["phone"], json!(null));
        server.clock.step(30 * MINUTE);
        ann.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        let (left, _) = wallet(&ann).await;
        let both = bind().await.ok(200);
        assert_eq!((&both["customer"]["id"], &both["customer"]["balance_fen"]), (&known["customer"]["id"], &json!(left + 700)));
        assert_eq!((&both["customer"]["phone"], &both["customer"]["wechat"]), (&json!("138****8000"), &json!(true)));
        ann.get("/customer/v1/me").await.refused(401, "SESSION_INVALID");
        // Her bills came along, and her name at WeChat is this customer's from now on.
        let both = with(server, &both);
        assert_eq!(both.get("/customer/v1/sessions").await.ok(200)["items"][0]["id"], playing["id"]);
        assert_eq!(number(&by_mini(server, &wechat, "ann").await).await, known["customer"]["number"]);
        // A number that nobody has is hers who brings it.
        let bob = by_mini(server, &wechat, "bob").await;
        let bound = bob.post("/customer/v1/wechat/phone", json!({"code": wechat.phone_code("13900139000"), "join": true})).await.ok(200);
        assert_eq!((&bound["customer"]["number"], &bound["customer"]["phone"]), (&number(&bob).await, &json!("139****9000")));
        server.has_answered("POST /customer/v1/wechat/phone");
    }

    async fn v9_5_a_complaint_goes_where_its_customer_goes_and_so_does_what_is_given_back(server) {
        let hall = Hall::open(server, 1).await;
        let wechat = testkit::wechat::open(server).await;
        let known = server.sign_in_by_phone(&server.visitor(), PHONE).await;
        let ann = by_mini(server, &wechat, "ann").await;
        let cash = json!({"venue_id": hall.id, "number": number(&ann).await, "amount_fen": 5_000});
        hall.manager.post_once("cash-0001", "/api/v1/customers/recharge", cash).await.ok(200);
        let playing = hall.play(&ann, 0, 60).await;
        server.clock.step(10 * MINUTE - 30 * SECOND);
        ann.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        let complaint = json!({"matter": "complaint", "kind": "light", "text": "灯一直在闪", "session_id": playing["id"]});
        let made = ann.post_once("complain-1", "/customer/v1/complaints", complaint).await.ok(201);
        let both = ann.post("/customer/v1/wechat/phone", json!({"code": wechat.phone_code(PHONE), "join": true})).await.ok(200);
        assert_eq!(both["customer"]["id"], known["customer"]["id"]);
        let both = with(server, &both);
        assert_eq!(both.get("/customer/v1/complaints").await.ok(200)["items"][0]["id"], made["id"]);
        let path = format!("/api/v1/complaints/{}/give-back", id(&made));
        let given = hall.manager.post_once("give-back-1", &path, json!({"amount_fen": 600, "reason": "灯闪"})).await.ok(200);
        assert_eq!((&given["paid_fen"], wallet(&both).await), (&json!(600), (5_000, 0)));
        server.check().await;
    }

    async fn v2_1_a_name_at_wechat_does_not_take_a_signed_in_customer_elsewhere(server) {
        let wechat = testkit::wechat::open(server).await;
        let ann = by_mini(server, &wechat, "ann").await;
        let known = server.sign_in_by_phone(&server.visitor(), PHONE).await;
        // On a phone where Ann's WeChat is: the customer stays, and so does Ann.
        let stays = bring(&with(server, &known), "mini", &wechat.mini_code("ann")).await.ok(200);
        assert_eq!(stays["customer"]["id"], known["customer"]["id"]);
        assert_eq!(number(&by_mini(server, &wechat, "ann").await).await, number(&ann).await);
        assert_eq!(me(&with(server, &stays)).await["wechat"], false);
        // Nor does a name that is nobody's yet become the customer's: the phone may be a friend's.
        bring(&with(server, &known), "mini", &wechat.mini_code("carl")).await.ok(200);
        assert_ne!(number(&by_mini(server, &wechat, "carl").await).await, known["customer"]["number"]);
        // A token that is none is a visitor's.
        let new = bring(&server.visitor().with_token("ckc_none"), "mini", &wechat.mini_code("dora")).await.ok(200);
        assert_ne!(new["customer"]["id"], known["customer"]["id"]);
    }

    async fn v2_1_two_who_come_with_one_new_name_at_once_are_one_customer(server) {
        let wechat = testkit::wechat::open(server).await;
        let (first, second) = (wechat.mini_code("ann"), wechat.mini_code("ann"));
        let (one, two) = (server.visitor(), server.visitor());
        let (a, b) = tokio::join!(bring(&one, "mini", &first), bring(&two, "mini", &second));
        let (a, b) = (a.ok(200), b.ok(200));
        assert_eq!(a["customer"]["id"], b["customer"]["id"]);
        assert_eq!(number(&with(server, &a)).await, number(&with(server, &b)).await);
    }

    async fn v4_1_who_is_inside_wechat_pays_there(server) {
        let till = Till::open(server).await;
        let wechat = testkit::wechat::open(server).await;
        let ann = by_mini(server, &wechat, "ann").await;
        let placed = recharge(&ann, "pay-00001", "jsapi", 5_000).await.ok(201);
        assert_eq!((&placed["next"]["kind"], &placed["next"]["app_id"]), (&json!("jsapi"), &json!(WechatLogin::mini_app())));
        till.networks.paid(&till.number(&placed).await).await;
        assert_eq!((order(&ann, &placed).await["state"].clone(), wallet(&ann).await), (json!("paid"), (5_000, 0)));
        // The same on a page of the official account, which knows her by another name.
        let page = with(server, &bring(&ann, "web", &wechat.web_code("ann")).await.ok(200));
        let placed = recharge(&page, "pay-00002", "jsapi", 2_000).await.ok(201);
        assert_eq!(placed["next"]["app_id"], WechatLogin::web_app());
        till.networks.paid(&till.number(&placed).await).await;
        assert_eq!(wallet(&ann).await, (7_000, 0));
        // Signed in by the phone on the same telephone, WeChat still knows who holds it.
        let sent = page.post("/customer/v1/phone-codes", json!({"phone": PHONE})).await.ok(202);
        let code = server.code_of(PHONE).await;
        let by_phone = page.post("/customer/v1/sign-in", json!({"ticket": sent["ticket"], "phone": PHONE, "code": code})).await.ok(200);
        recharge(&with(server, &by_phone), "pay-00003", "jsapi", 2_000).await.ok(201);
        // Elsewhere it does not.
        server.clock.step(MINUTE);
        let elsewhere = server.sign_in_by_phone(&server.visitor(), PHONE).await;
        recharge(&with(server, &elsewhere), "pay-00004", "jsapi", 2_000).await.refused(409, "WECHAT_SIGN_IN_NEEDED");
        // By another means, and back.
        let placed = recharge(&with(server, &elsewhere), "pay-00005", "h5", 2_000).await.ok(201);
        let path = format!("/customer/v1/orders/{}/method", id(&placed));
        with(server, &elsewhere).post(&path, json!({"method": "jsapi"})).await.refused(409, "WECHAT_SIGN_IN_NEEDED");
    }

    async fn v2_1_what_was_paid_before_two_names_became_one_arrives_and_goes_back(server) {
        let till = Till::open(server).await;
        let wechat = testkit::wechat::open(server).await;
        let known = server.sign_in_by_phone(&server.visitor(), PHONE).await;
        let ann = by_mini(server, &wechat, "ann").await;
        let paid = recharge(&ann, "pay-00001", "jsapi", 5_000).await.ok(201);
        till.networks.paid(&till.number(&paid).await).await;
        let open = recharge(&ann, "pay-00002", "jsapi", 3_000).await.ok(201);
        let number = till.number(&open).await;
        let both = with(server, &ann.post("/customer/v1/wechat/phone", json!({"code": wechat.phone_code(PHONE), "join": true})).await.ok(200));
        assert_eq!(wallet(&both).await, (5_000, 0));
        // What was begun before is paid now.
        till.networks.paid(&number).await;
        assert_eq!((wallet(&both).await, order(&both, &open).await["state"].clone()), ((8_000, 0), json!("paid")));
        // All of it can go back to where it came from.
        both.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 8_000})).await.ok(202);
        server.run_jobs().await;
        assert_eq!(wallet(&both).await, (0, 0));
        assert_eq!(known["customer"]["id"], me(&both).await["id"]);
    }
}
