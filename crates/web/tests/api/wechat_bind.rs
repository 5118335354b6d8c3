//! Whose a name at WeChat is: bound because somebody asks for it, unbound again, and never by signing in on a friend's phone.

use std::time::Duration;

use kernel::{DAY, MINUTE};
use sandbox::WechatLogin;
use serde_json::{Value, json};
use store::{Sql as _, args};
use testkit::{Answer, Client, Engine, Hall, TestServer, on_server};

use crate::support::pay::{Till, id, recharge, told, wallet};

const PHONE: &str = "13800138000";
const OTHER: &str = "13900139000";
const UNBIND: &str = "/customer/v1/wechat/unbind";

fn with(server: &TestServer, welcome: &Value) -> Client {
    server.visitor().with_token(welcome["token"].as_str().unwrap())
}

async fn by_mini(server: &TestServer, wechat: &WechatLogin, name: &str) -> Client {
    let bring = json!({"app": "mini", "code": wechat.mini_code(name)});
    with(server, &server.visitor().post("/customer/v1/wechat", bring).await.ok(200))
}

async fn by_number(server: &TestServer, phone: &str) -> Client {
    server.clock.step(MINUTE);
    with(server, &server.sign_in_by_phone(&server.visitor(), phone).await)
}

/// Types a number on the phone that this token is on.
async fn types(server: &TestServer, who: &Client, phone: &str, join: bool) -> Answer {
    server.clock.step(MINUTE);
    let sent = who.post("/customer/v1/phone-codes", json!({"phone": phone})).await.ok(202);
    let code = server.code_of(phone).await;
    let ask = json!({"ticket": sent["ticket"], "phone": phone, "code": code, "join": join});
    who.post("/customer/v1/sign-in", ask).await
}

async fn bind(who: &Client, app: &str, code: &str) -> Answer {
    who.post("/customer/v1/wechat/bind", json!({"app": app, "code": code})).await
}

async fn me(who: &Client) -> Value {
    who.get("/customer/v1/me").await.ok(200)
}

async fn number(who: &Client) -> Value {
    me(who).await["number"].clone()
}

async fn pay_in(hall: &Hall<'_>, who: &Client, fen: i64) {
    let number = number(who).await;
    let key = format!("cash-{}", number.as_str().unwrap());
    let cash = json!({"venue_id": hall.id, "number": number, "amount_fen": fen});
    hall.manager.post_once(&key, "/api/v1/customers/recharge", cash).await.ok(200);
}

/// Both at the same moment. On PostgreSQL each has come as far as it does without a customer's row, and they are let go together.
async fn together(server: &TestServer, one: impl Future<Output = Answer>, other: impl Future<Output = Answer>) -> [Answer; 2] {
    let mut tx = server.platform.db.begin().await.unwrap();
    let sql = format!("SELECT id FROM customers ORDER BY id{}", tx.for_update());
    tx.all(&sql, args![], |_| Ok(())).await.unwrap();
    let let_go = async {
        if server.platform.db.engine() == Engine::Postgres {
            let waiting = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            let look = async || server.platform.db.read().one(waiting, args![], |row| row.get::<i64>("n")).await.unwrap();
            while look().await < 2 {
                tokio::task::yield_now().await;
            }
        }
        tx.commit().await.unwrap();
    };
    let all = async { tokio::join!(one, other, let_go) };
    let (one, other, ()) = tokio::time::timeout(Duration::from_secs(30), all).await.expect("both come to an end");
    [one, other]
}

on_server! {
    async fn v2_1_a_number_typed_on_a_friends_phone_leaves_the_friend_who_they_are(server) {
        let hall = Hall::open(server, 0).await;
        let wechat = testkit::wechat::open(server).await;
        let known = by_number(server, PHONE).await;
        let ann = by_mini(server, &wechat, "ann").await;
        pay_in(&hall, &ann, 5_000).await;
        let friend = number(&ann).await;
        // A number that is known, one that nobody has yet, and one that WeChat's window was told.
        let mine = types(server, &ann, PHONE, false).await.ok(200);
        assert_eq!(mine["customer"]["number"], number(&known).await);
        let new = types(server, &ann, OTHER, false).await.ok(200);
        let told_there = ann.post("/customer/v1/wechat/phone", json!({"code": wechat.phone_code("13700137000")})).await.ok(200);
        for signed_in in [&mine, &new, &told_there] {
            assert_ne!(signed_in["customer"]["number"], friend);
            assert_eq!((&signed_in["customer"]["wechat"], &signed_in["customer"]["balance_fen"]), (&json!(false), &json!(0)));
        }
        // The friend has what they had, is signed in as before, and is themselves the next time.
        assert_eq!((wallet(&ann).await, me(&ann).await["phone"].clone()), ((5_000, 0), json!(null)));
        assert_eq!(number(&by_mini(server, &wechat, "ann").await).await, friend);
    }

    async fn v2_2_whoever_came_by_wechat_takes_everything_along_to_their_number(server) {
        let hall = Hall::open(server, 0).await;
        let wechat = testkit::wechat::open(server).await;
        let known = by_number(server, PHONE).await;
        let ann = by_mini(server, &wechat, "ann").await;
        pay_in(&hall, &ann, 5_000).await;
        let both = types(server, &ann, PHONE, true).await.ok(200)["customer"].clone();
        assert_eq!((&both["number"], &both["balance_fen"], &both["wechat"]), (&number(&known).await, &json!(5_000), &json!(true)));
        ann.get("/customer/v1/me").await.refused(401, "SESSION_INVALID");
        let again = by_mini(server, &wechat, "ann").await;
        assert_eq!(number(&again).await, both["number"]);
        assert!(told(&again).await.contains(&"account.wechat_bound".to_owned()), "who has bound a friend's by mistake reads of it");
        // Where the number is nobody's yet, it becomes theirs.
        let bob = by_mini(server, &wechat, "bob").await;
        pay_in(&hall, &bob, 700).await;
        let bound = types(server, &bob, OTHER, true).await.ok(200)["customer"].clone();
        assert_eq!((&bound["number"], &bound["phone"], &bound["balance_fen"]), (&number(&bob).await, &json!("139****9000"), &json!(700)));
    }

    async fn v2_1_a_name_is_bound_when_that_is_asked_for_and_can_be_unbound(server) {
        let wechat = testkit::wechat::open(server).await;
        let bob = by_number(server, PHONE).await;
        assert_eq!(me(&bob).await["wechat"], false);
        let bound = bind(&bob, "mini", &wechat.mini_code("bob")).await.ok(200);
        assert_eq!((&bound["wechat"], &bound["number"]), (&json!(true), &number(&bob).await));
        // Once more, and in the other app, is the same.
        bind(&bob, "mini", &wechat.mini_code("bob")).await.ok(200);
        bind(&bob, "web", &wechat.web_code("bob")).await.ok(200);
        let elsewhere = by_mini(server, &wechat, "bob").await;
        assert_eq!(number(&elsewhere).await, number(&bob).await);
        assert_eq!(told(&bob).await.iter().filter(|kind| *kind == "account.wechat_bound").count(), 2, "for each new name");

        server.clock.step(MINUTE);
        let unbound = bob.post(UNBIND, json!({})).await.ok(200);
        assert_eq!(unbound["wechat"], false);
        assert_eq!(told(&bob).await[0], "account.wechat_unbound");
        // Whoever was signed in by it is not any more, and is somebody new the next time; the one who asked goes on.
        elsewhere.get("/customer/v1/me").await.refused(401, "SESSION_INVALID");
        assert_ne!(number(&by_mini(server, &wechat, "bob").await).await, number(&bob).await);
        bob.post(UNBIND, json!({})).await.ok(200);
        assert_eq!(number(&by_number(server, PHONE).await).await, number(&bob).await);
        server.has_answered("POST /customer/v1/wechat/bind");
    }

    async fn v2_1_what_belongs_to_a_name_without_a_number_comes_along_when_it_is_bound(server) {
        let hall = Hall::open(server, 1).await;
        let wechat = testkit::wechat::open(server).await;
        let bob = by_number(server, PHONE).await;
        let alone = by_mini(server, &wechat, "bob").await;
        pay_in(&hall, &alone, 5_000).await;
        let playing = hall.play(&alone, 0, 60).await;
        bind(&bob, "mini", &wechat.mini_code("bob")).await.refused(409, "FINISH_FIRST");
        server.clock.step(30 * MINUTE);
        assert_eq!((me(&bob).await["wechat"].clone(), me(&alone).await["wechat"].clone()), (json!(false), json!(true)));
        alone.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        let (left, _) = wallet(&alone).await;
        let bound = bind(&bob, "mini", &wechat.mini_code("bob")).await.ok(200);
        assert_eq!((&bound["balance_fen"], &bound["wechat"]), (&json!(left), &json!(true)));
        alone.get("/customer/v1/me").await.refused(401, "SESSION_INVALID");
        assert_eq!(bob.get("/customer/v1/sessions").await.ok(200)["items"][0]["id"], playing["id"]);
        server.check().await;
    }

    async fn v2_1_a_name_of_somebody_with_a_number_is_not_taken_from_them(server) {
        let wechat = testkit::wechat::open(server).await;
        let (ann, bob) = (by_number(server, PHONE).await, by_number(server, OTHER).await);
        bind(&ann, "mini", &wechat.mini_code("ann")).await.ok(200);
        bind(&bob, "mini", &wechat.mini_code("ann")).await.refused(409, "WECHAT_TAKEN");
        assert_eq!((me(&bob).await["wechat"].clone(), me(&ann).await["wechat"].clone()), (json!(false), json!(true)));
        assert_eq!(number(&by_mini(server, &wechat, "ann").await).await, number(&ann).await);
        ann.post(UNBIND, json!({})).await.ok(200);
        bind(&bob, "mini", &wechat.mini_code("ann")).await.ok(200);
        assert_eq!(number(&by_mini(server, &wechat, "ann").await).await, number(&bob).await);
    }

    async fn v2_1_nobody_unbinds_the_only_way_in_and_nobody_binds_who_is_not_signed_in(server) {
        let wechat = testkit::wechat::open(server).await;
        let ann = by_mini(server, &wechat, "ann").await;
        ann.post(UNBIND, json!({})).await.refused(409, "WECHAT_ONLY_WAY");
        assert_eq!(number(&by_mini(server, &wechat, "ann").await).await, number(&ann).await);
        // With a number she may.
        let both = with(server, &types(server, &ann, PHONE, true).await.ok(200));
        both.post(UNBIND, json!({})).await.ok(200);
        assert_eq!(number(&by_number(server, PHONE).await).await, number(&both).await);

        let guest = with(server, &server.visitor().post("/customer/v1/guests", json!({})).await.ok(201));
        bind(&guest, "mini", &wechat.mini_code("carl")).await.refused(409, "SIGN_IN_FIRST");
        guest.post(UNBIND, json!({})).await.ok(200);
        for nobody in [server.visitor(), server.visitor().with_token("ckc_none")] {
            let refused = bind(&nobody, "mini", &wechat.mini_code("carl")).await;
            assert_eq!(refused.status, 401);
            assert_eq!(nobody.post(UNBIND, json!({})).await.status, 401);
        }
        // Of an app that there is not, and with what is no code.
        bind(&both, "desktop", "x").await.refused(422, "INVALID");
        bind(&both, "mini", "").await.refused(422, "INVALID");
        let code = wechat.mini_code("dora");
        bind(&both, "mini", &code).await.ok(200);
        bind(&both, "mini", &code).await.refused(401, "WECHAT_CODE");
        // A session of another day is as good.
        server.clock.step(DAY);
        both.post(UNBIND, json!({})).await.ok(200);
    }

    async fn v2_1_of_two_who_bind_one_new_name_at_once_one_has_it(server) {
        let wechat = testkit::wechat::open(server).await;
        let (ann, bob) = (by_number(server, PHONE).await, by_number(server, OTHER).await);
        let (one, two) = (wechat.mini_code("carl"), wechat.mini_code("carl"));
        let (a, b) = tokio::join!(bind(&ann, "mini", &one), bind(&bob, "mini", &two));
        let mut answers = [a.status.as_u16(), b.status.as_u16()];
        let winner = if answers[0] == 200 { &ann } else { &bob };
        answers.sort_unstable();
        assert_eq!(answers, [200, 409]);
        assert_eq!(number(&by_mini(server, &wechat, "carl").await).await, number(winner).await);
        let bound = [me(&ann).await["wechat"].clone(), me(&bob).await["wechat"].clone()];
        assert_eq!(bound.iter().filter(|bound| **bound == json!(true)).count(), 1);
    }

    async fn v2_1_of_two_who_bind_each_others_names_at_once_one_becomes_the_other(server) {
        let wechat = testkit::wechat::open(server).await;
        // By WeChat alone, both of them; and one who has a number, whom nobody becomes.
        for (round, [one, two]) in [["ann", "bob"], ["carl", "dora"]].into_iter().enumerate() {
            let (mut first, second) = (by_mini(server, &wechat, one).await, by_mini(server, &wechat, two).await);
            if round == 1 {
                first = with(server, &types(server, &first, PHONE, true).await.ok(200));
            }
            let codes = [wechat.mini_code(two), wechat.mini_code(one)];
            let [of_first, of_second] = together(server, bind(&first, "mini", &codes[0]), bind(&second, "mini", &codes[1])).await;
            let mut answers = [of_first.status.as_u16(), of_second.status.as_u16()];
            let won = if answers[0] == 200 { &first } else { &second };
            answers.sort_unstable();
            // Who is no more is not there, or is not signed in.
            assert!(answers[0] == 200 && matches!(answers[1], 401 | 404 | 409), "{answers:?}: {} {}", of_first.text(), of_second.text());
            assert!(round == 0 || number(won).await == number(&first).await);
            for name in [one, two] {
                assert_eq!(number(&by_mini(server, &wechat, name).await).await, number(won).await, "{name}");
            }
        }
    }

    async fn v4_1_who_pays_inside_wechat_is_apart_from_who_is_signed_in(server) {
        let till = Till::open(server).await;
        let wechat = testkit::wechat::open(server).await;
        // By number alone, on Ann's phone: paid by her WeChat, for the one who is signed in.
        let ann = by_mini(server, &wechat, "ann").await;
        let bob = with(server, &types(server, &ann, PHONE, false).await.ok(200));
        let placed = recharge(&bob, "pay-00001", "jsapi", 2_000).await.ok(201);
        till.networks.paid(&till.number(&placed).await).await;
        assert_eq!((wallet(&bob).await, wallet(&ann).await), ((2_000, 0), (0, 0)));
        assert_eq!(me(&bob).await["wechat"], false);
        // Elsewhere nobody knows the payer until WeChat is bound there, and still after it was unbound.
        let page = by_number(server, PHONE).await;
        recharge(&page, "pay-00002", "jsapi", 2_000).await.refused(409, "WECHAT_SIGN_IN_NEEDED");
        bind(&page, "web", &wechat.web_code("bob")).await.ok(200);
        recharge(&page, "pay-00003", "jsapi", 2_000).await.ok(201);
        page.post(UNBIND, json!({})).await.ok(200);
        let placed = recharge(&page, "pay-00004", "jsapi", 3_000).await.ok(201);
        assert_eq!(placed["next"]["app_id"], WechatLogin::web_app());
    }
}
