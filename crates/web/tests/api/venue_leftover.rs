//! What walk-ins leave behind, and others who have shown nobody who they are: the desk pays it out while they are there, and later somebody who manages the hall, who sees who has paid out how much.

use kernel::{HOUR, MINUTE, SECOND};
use platform::identity::Role;
use sandbox::Trouble;
use serde_json::{Value, json};
use testkit::{Client, Hall, TestServer, on_server};

use crate::support::desk::{FIND, cash_by, close_by, drawer, hour, open_by, opened_by, stands};
use crate::support::hold::number;
use crate::support::phone::by_number;

const PHONE: &str = "13800138000";

async fn cashier(server: &TestServer, hall: &Hall<'_>) -> Client {
    let ann = server.user(Role::Cashier, "ann").await;
    hall.manager.post(&format!("/api/v1/venues/{}/staff", hall.id), json!({"name": "ann"})).await.ok(200);
    ann
}

/// What somebody is shown who looks up whoever was opened for: how much is cash, and how much of that they can pay out.
async fn seen(by: &Client, play: &Value) -> (i64, i64) {
    let found = by.post(FIND, json!({"number": play["customer"]["number"]})).await.ok(200);
    (found["cash_fen"].as_i64().unwrap(), found["payable_fen"].as_i64().unwrap())
}

/// Of what somebody has paid out today: all, and to walk-ins, each with how many times.
async fn paid_out(hall: &Hall<'_>, who: &str) -> [i64; 4] {
    let report = hall.manager.get("/api/v1/cash").await.ok(200);
    let people = report["days"][0]["people"].as_array().unwrap();
    let sum = &people.iter().find(|one| one["user"]["name"] == who).unwrap()["sum"];
    ["paid_out_fen", "payouts", "walk_ins_fen", "walk_in_payouts"].map(|name| sum[name].as_i64().unwrap())
}

on_server! {
    async fn v4_1_what_a_walk_in_has_left_behind_is_paid_out_by_who_manages_the_hall(server) {
        let hall = Hall::open(server, 1).await;
        let ann = cashier(server, &hall).await;
        let play = opened_by(&ann, &hall, 0, "desk-0001", hour(None, 5_000)).await;
        server.later(30 * MINUTE - 30 * SECOND).await;
        assert_eq!((seen(&ann, &play).await, close_by(&ann, &hall, 0).await), ((1_400, 1_400), 1_800));
        server.later(10 * MINUTE).await;
        assert_eq!(seen(&ann, &play).await, (3_200, 3_200));
        cash_by(&ann, &hall, &play, "payout", "back-0001", 1_000).await.ok(200);

        // A quarter of an hour after that they are gone.
        server.later(16 * MINUTE).await;
        assert_eq!((seen(&ann, &play).await, seen(&hall.manager, &play).await), ((2_200, 0), (2_200, 2_200)));
        let refused = cash_by(&ann, &hall, &play, "payout", "back-0002", 2_200).await.refused(403, "MANAGER_PAYS_OUT");
        assert!(refused["title"].as_str().unwrap().contains("由门店管理人员付还"), "{refused}");
        let refused = cash_by(&ann.with("Accept-Language", "en"), &hall, &play, "payout", "back-0002", 1).await.refused(403, "MANAGER_PAYS_OUT");
        assert!(refused["title"].as_str().unwrap().contains("somebody who manages the hall"), "{refused}");
        cash_by(&ann, &hall, &play, "payout", "back-0002", 2_201).await.refused_field("amount_fen", "MORE_THAN_CASH");
        assert_eq!((stands(&hall, &play).await.1, drawer(&hall).await), (2_200, (5_000, 1_000)), "a refusal moves nothing");

        // Neither a coin nor a table that is opened and closed for nothing brings them back.
        cash_by(&ann, &hall, &play, "recharge", "coin-0001", 100).await.ok(200);
        assert_eq!(seen(&ann, &play).await, (2_300, 100));
        let refused = cash_by(&ann, &hall, &play, "payout", "back-0003", 101).await.refused(403, "MANAGER_PAYS_OUT");
        assert!(refused["title"].as_str().unwrap().contains("1.00"), "{refused}");
        cash_by(&ann, &hall, &play, "payout", "back-0004", 100).await.ok(200);
        let again = json!({"customer": play["customer"]["number"], "minutes": 10, "expected_fen": 600});
        opened_by(&ann, &hall, 0, "desk-0002", again).await;
        assert_eq!((seen(&ann, &play).await, close_by(&ann, &hall, 0).await), ((1_600, 0), 0));
        assert_eq!(seen(&ann, &play).await, (2_200, 0));
        // Nor one that is billed: what it cost goes from what is handed over, and what lay there stays.
        let billed = json!({"customer": play["customer"]["number"], "minutes": 60, "expected_fen": 3_600, "cash_fen": 2_000});
        opened_by(&ann, &hall, 0, "desk-0003", billed).await;
        server.later(10 * MINUTE - 30 * SECOND).await;
        assert_eq!((close_by(&ann, &hall, 0).await, seen(&ann, &play).await), (600, (3_600, 1_400)));
        cash_by(&ann, &hall, &play, "payout", "back-0006", 1_401).await.refused(403, "MANAGER_PAYS_OUT");
        cash_by(&ann, &hall, &play, "payout", "back-0006", 1_400).await.ok(200);

        cash_by(&hall.manager, &hall, &play, "payout", "back-0005", 2_200).await.ok(200);
        // Who paid it out in time is told the same once more, whatever the hour.
        cash_by(&ann, &hall, &play, "payout", "back-0001", 1_000).await.ok(200);
        assert_eq!((stands(&hall, &play).await.1, drawer(&hall).await), (0, (7_100, 4_700)));
        assert_eq!((paid_out(&hall, "ann").await, paid_out(&hall, "manager").await), ([2_500, 3, 2_500, 3], [2_200, 1, 2_200, 1]));
    }

    async fn v4_1_who_has_just_handed_over_cash_or_plays_gets_it_back_at_the_desk(server) {
        let hall = Hall::open(server, 2).await;
        let ann = cashier(server, &hall).await;
        hall.tables[0].lamp.set(Trouble::Deaf);
        let dark = open_by(&ann, &hall, 0, "desk-0001", hour(None, 4_000)).await.ok(202);
        server.run_jobs().await;
        server.later(21 * SECOND).await;
        hall.table_is(0, "maintenance").await;
        assert_eq!(seen(&ann, &dark).await, (4_000, 4_000));
        cash_by(&ann, &hall, &dark, "payout", "back-0001", 1_000).await.ok(200);
        assert_eq!(seen(&ann, &dark).await, (3_000, 3_000));

        let play = opened_by(&ann, &hall, 1, "desk-0002", hour(None, 5_000)).await;
        server.later(20 * MINUTE).await;
        assert_eq!((seen(&ann, &dark).await, seen(&ann, &play).await), ((3_000, 0), (1_400, 1_400)));
        cash_by(&ann, &hall, &play, "payout", "back-0002", 1_400).await.ok(200);
        cash_by(&ann, &hall, &dark, "payout", "back-0003", 1).await.refused(403, "MANAGER_PAYS_OUT");
    }

    async fn v4_1_whose_phone_was_only_said_at_the_desk_is_paid_out_by_a_manager_until_they_sign_in_by_it(server) {
        let hall = Hall::open(server, 1).await;
        let ann = cashier(server, &hall).await;
        let play = opened_by(&ann, &hall, 0, "desk-0001", hour(Some(PHONE), 5_000)).await;
        server.later(30 * MINUTE - 30 * SECOND).await;
        close_by(&ann, &hall, 0).await;
        cash_by(&ann, &hall, &play, "payout", "back-0001", 1_000).await.ok(200);
        server.later(16 * MINUTE).await;
        assert_eq!(seen(&ann, &play).await, (2_200, 0));
        cash_by(&ann, &hall, &play, "payout", "back-0002", 2_200).await.refused(403, "MANAGER_PAYS_OUT");
        assert_eq!(paid_out(&hall, "ann").await, [1_000, 1, 1_000, 1]);

        by_number(server, PHONE).await;
        assert_eq!(seen(&ann, &play).await, (2_200, 2_200));
        cash_by(&ann, &hall, &play, "payout", "back-0003", 2_200).await.ok(200);
        assert_eq!(paid_out(&hall, "ann").await, [3_200, 2, 1_000, 1], "a walk-in's was what went before");
    }

    async fn v4_1_who_can_be_asked_is_paid_out_by_the_desk_whenever_they_come_and_is_no_walk_in(server) {
        let hall = Hall::open(server, 0).await;
        let ann = cashier(server, &hall).await;
        let customer = hall.customer(5_000).await;
        server.clock.step(HOUR);
        let known = json!({"customer": {"number": number(&customer).await}});
        assert_eq!(seen(&ann, &known).await, (5_000, 5_000));
        cash_by(&ann, &hall, &known, "payout", "back-0001", 5_000).await.ok(200);
        // Somebody's phone that has not signed in is known by nothing but a number either.
        let guest = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        cash_by(&ann, &hall, &guest, "recharge", "cash-0001", 700).await.ok(200);
        cash_by(&ann, &hall, &guest, "payout", "back-0002", 200).await.ok(200);
        server.clock.step(16 * MINUTE);
        cash_by(&ann, &hall, &guest, "payout", "back-0003", 500).await.refused(403, "MANAGER_PAYS_OUT");
        assert_eq!(paid_out(&hall, "ann").await, [5_200, 2, 200, 1]);
    }
}
