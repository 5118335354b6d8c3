//! What was opened at a hall's desk, as a list: it tells of nobody's wallet who was not looked up, and asks no more the longer it is.

use kernel::{MINUTE, SECOND};
use serde_json::{Value, json};
use testkit::{Hall, TestServer, on_server};

use crate::support::desk::{at, close_by, hour, opened};
use crate::support::pay::id;

const PHONE: &str = "13800138000";

/// What is on the list, and how many questions that took.
async fn listed(server: &TestServer, hall: &Hall<'_>) -> (Vec<Value>, usize) {
    server.platform.db.recorded();
    let page = hall.manager.get(&format!("/api/v1/venues/{}/desk-plays", hall.id)).await.ok(200);
    let asked = server.platform.db.recorded().len();
    (page["items"].as_array().unwrap().clone(), asked)
}

on_server! {
    async fn v4_1_the_list_of_openings_tells_what_walk_ins_have_left_and_of_nobody_elses_wallet(server) {
        let hall = Hall::open(server, 2).await;
        let walk_in = opened(&hall, 0, "desk-0001", hour(None, 5_000)).await;
        let named = opened(&hall, 1, "desk-0002", hour(Some(PHONE), 4_000)).await;
        // While somebody plays it is told of each for itself: more time is sold from it.
        let shown = async |play: &Value| hall.manager.get(&at(play, "")).await.ok(200)["customer"].clone();
        assert_eq!((&shown(&walk_in).await["available_fen"], &shown(&named).await["available_fen"]), (&json!(1_400), &json!(400)));
        let (list, _) = listed(server, &hall).await;
        let number = &named["customer"]["number"];
        assert_eq!(list[0]["customer"], json!({"number": number, "phone": "138****8000", "guest": false, "available_fen": null}));
        let number = &walk_in["customer"]["number"];
        assert_eq!(list[1]["customer"], json!({"number": number, "phone": null, "guest": true, "available_fen": 1_400}));
        assert_eq!([&list[0], &list[1]].map(|row| id(row).to_owned()), [&named, &walk_in].map(|play| id(&play["session"]).to_owned()));
        assert_eq!((&list[0]["state"], &list[0]["total_fen"], &list[0]["table_name"]), (&json!("playing"), &json!(null), &json!("2 号台")));

        server.later(10 * MINUTE - 30 * SECOND).await;
        for n in 0..2 {
            assert_eq!(close_by(&hall.manager, &hall, n).await, 600);
        }
        assert_eq!((&shown(&walk_in).await["available_fen"], &shown(&named).await["available_fen"]), (&json!(4_400), &json!(null)));
        let (list, _) = listed(server, &hall).await;
        let told = |row: &Value| (row["state"].clone(), row["total_fen"].clone(), row["customer"]["available_fen"].clone());
        assert_eq!([told(&list[0]), told(&list[1])], [(json!("closed"), json!(600), json!(null)), (json!("closed"), json!(600), json!(4_400))]);
        assert_eq!((&list[1]["end_reason"], &list[1]["opened_by"]["name"]), (&json!("staff"), &json!("manager")));
    }

    async fn v4_1_the_list_of_openings_asks_as_much_for_three_as_for_one(server) {
        let hall = Hall::open(server, 3).await;
        server.keep_signed_in(&hall.manager).await;
        opened(&hall, 0, "desk-0001", hour(None, 3_600)).await;
        let (one, asked) = listed(server, &hall).await;
        for n in 1..3 {
            opened(&hall, n, &format!("desk-000{}", n + 1), hour(None, 3_600)).await;
        }
        let (three, asked_again) = listed(server, &hall).await;
        assert!(asked > 0);
        assert_eq!((one.len(), three.len(), asked_again), (1, 3, asked));
    }
}
