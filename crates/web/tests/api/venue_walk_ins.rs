//! A hall's free minutes at the desk: whoever is closed for within them has had them, and walk-ins of one desk do not have them again and again.

use kernel::{HOUR, MINUTE};
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, Hall, on_server, unbounded};

use crate::support::desk::{close_by, hour, opened, opened_by};
use crate::support::hold::{desk, number, table};
use crate::support::phone::by_number;

/// How many free minutes are offered there.
async fn offered(who: &Client, hall: &Hall<'_>, ask: Value) -> i64 {
    who.post(&desk(hall, 0, "desk-offer"), ask).await.ok(200)["table"]["grace_minutes"].as_i64().unwrap()
}

on_server! {
    async fn v3_2_whom_the_staff_closes_for_within_free_minutes_has_had_them(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let free = async || customer.get(&table(&hall, 0)).await.ok(200)["grace_minutes"].as_i64().unwrap();
        // Where the hall is why, they have not.
        hall.play(&customer, 0, 60).await;
        server.later(MINUTE).await;
        let closed = hall.manager.post(&desk(&hall, 0, "close"), json!({"why": "漏水", "fault": true})).await.ok(200);
        hall.table_is(0, "idle").await;
        assert_eq!((&closed["bill"]["total_fen"], free().await), (&json!(0), 3));
        hall.play(&customer, 0, 60).await;
        server.later(MINUTE).await;
        assert_eq!((close_by(&hall.manager, &hall, 0).await, free().await), (0, 0));
        // By the same number the desk bills what it has said.
        let of = json!({"customer": number(&customer).await});
        assert_eq!(offered(&hall.manager, &hall, of).await, 0);
        opened(&hall, 0, "desk-0001", hour(Some(&number(&customer).await), 0)).await;
        server.later(MINUTE).await;
        assert!(close_by(&hall.manager, &hall, 0).await >= 60);
    }

    async fn v3_2_walk_ins_of_one_desk_have_free_minutes_three_times_in_twelve_hours(server) {
        let hall = Hall::open(server, 1).await;
        let ann = server.user(Role::Cashier, "ann").await;
        hall.manager.post(&format!("/api/v1/venues/{}/staff", hall.id), json!({"name": "ann"})).await.ok(200);
        for user in [&ann, &hall.manager] {
            server.keep_signed_in(user).await;
        }
        // One of them stays, and is billed.
        let first = opened_by(&ann, &hall, 0, "desk-0001", hour(None, 3_600)).await;
        server.later(5 * MINUTE).await;
        assert!(close_by(&ann, &hall, 0).await >= 300);
        for n in 2..5 {
            assert_eq!(offered(&ann, &hall, json!({})).await, 3);
            opened_by(&ann, &hall, 0, &format!("desk-000{n}"), hour(None, 3_600)).await;
            server.later(MINUTE).await;
            assert_eq!(close_by(&ann, &hall, 0).await, 0);
        }
        // No more of them: neither one who is new nor one who has a number. What is offered is what is billed.
        let known = json!({"customer": first["customer"]["number"]});
        assert_eq!((offered(&ann, &hall, json!({})).await, offered(&ann, &hall, known.clone()).await), (0, 0));
        let fifth = opened_by(&ann, &hall, 0, "desk-0005", hour(None, 3_600)).await;
        server.later(MINUTE).await;
        assert!(close_by(&ann, &hall, 0).await >= 60, "{fifth}");
        // Nor one who says a phone that nobody has signed in by: that may be made up.
        let phone = json!({"customer": "13900139000"});
        assert_eq!(offered(&ann, &hall, phone.clone()).await, 0);
        opened_by(&ann, &hall, 0, "desk-0007", hour(Some("13900139000"), 3_600)).await;
        server.later(MINUTE).await;
        assert!(close_by(&ann, &hall, 0).await >= 60);
        // Others have them: who has signed in, and walk-ins of another person.
        by_number(server, "13800138000").await;
        assert_eq!((offered(&ann, &hall, json!({"customer": "13800138000"})).await, offered(&hall.manager, &hall, phone).await), (3, 3));
        assert_eq!((offered(&hall.manager, &hall, json!({})).await, offered(&hall.manager, &hall, known).await), (3, 3));
        opened(&hall, 0, "desk-0006", hour(None, 3_600)).await;
        server.later(MINUTE).await;
        assert_eq!(close_by(&hall.manager, &hall, 0).await, 0);
        server.later(12 * HOUR).await;
        assert_eq!(offered(&ann, &hall, json!({})).await, 3);
    }

    async fn v3_1_an_opening_asks_for_walk_ins_at_a_desk_alone_and_for_no_more_the_more_there_were(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let db = &server.platform.db;
        let asked = || db.recorded_in_transactions().into_iter().filter(|(sql, _)| sql.contains("desk_plays d")).collect::<Vec<_>>();
        let of_walk_ins = |sql: &str| sql.contains("d.user_id = $1");
        asked();
        hall.play(&customer, 0, 60).await;
        assert_eq!(asked().len(), 0, "a phone's opening");
        close_by(&hall.manager, &hall, 0).await;
        asked();
        for n in 1..4 {
            opened(&hall, 0, &format!("desk-000{n}"), hour(None, 3_600)).await;
            let found: Vec<_> = asked().into_iter().filter(|(sql, _)| of_walk_ins(sql)).collect();
            assert_eq!(found.len(), 1, "with {} before it", n - 1);
            for (sql, args) in found {
                assert_eq!(unbounded(db, &sql, args).await, Vec::<String>::new(), "{sql}");
            }
            close_by(&hall.manager, &hall, 0).await;
            asked();
        }
    }
}
