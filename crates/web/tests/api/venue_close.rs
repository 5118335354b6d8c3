//! The staff closes a table for its customer: written down together with it, or not at all.

use kernel::{MINUTE, SECOND};
use platform::identity::Role;
use serde_json::json;
use store::args;
use testkit::{Hall, TestServer, on_server};

use crate::support::pay::{id, wallet};

/// What the log says of closings by the staff, oldest first: who, and the words.
async fn logged(server: &TestServer) -> Vec<(String, serde_json::Value)> {
    let lines = server.logged().await.into_iter().filter(|line| line.what == "venues.play_closed");
    lines.map(|line| (line.actor, line.detail)).collect()
}

async fn rename(server: &TestServer, from: &str, to: &str) {
    let mut tx = server.platform.db.begin().await.unwrap();
    tx.exec(&format!("ALTER TABLE {from} RENAME TO {to}"), args![]).await.unwrap();
    tx.commit().await.unwrap();
}

on_server! {
    async fn k6_3_a_table_that_the_staff_closes_is_in_the_log_once_and_a_refused_closing_is_not(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let path = format!("/api/v1/tables/{}/close", hall.tables[0].id);
        let ask = json!({"why": "客人有急事"});
        hall.manager.post(&path, ask.clone()).await.refused(409, "NOT_PLAYING");
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE - 30 * SECOND).await;
        hall.manager.post(&path, json!({"why": " "})).await.refused_field("why", "REQUIRED");
        hall.manager.post(&path, json!({"why": "长".repeat(201)})).await.refused_field("why", "TOO_LONG");
        server.user(Role::VenueManager, "elsewhere").await.post(&path, ask.clone()).await.refused(404, "NOT_FOUND");
        server.user(Role::Maintainer, "fixer").await.post(&path, ask.clone()).await.refused(403, "FORBIDDEN");
        assert!(logged(server).await.is_empty());

        // Two of the staff at once, and the customer: it is closed once.
        let own = format!("/customer/v1/sessions/{}", id(&playing));
        let own_close = format!("{own}/close");
        let (one, two, three) = tokio::join!(
            hall.manager.post(&path, ask.clone()),
            hall.manager.post(&path, ask.clone()),
            customer.post(&own_close, json!({})),
        );
        for answer in [one, two] {
            assert!([200, 409].contains(&answer.status.as_u16()), "{}", answer.text());
        }
        three.ok(200);
        let closed = customer.get(&own).await.ok(200);
        assert_eq!((closed["state"].clone(), closed["bill"]["total_fen"].clone(), wallet(&customer).await), (json!("closed"), json!(600), (9_400, 0)));
        let by_staff = closed["end_reason"] == "staff";
        let line = ("manager".to_owned(), json!({"table": "1 号台", "why": "客人有急事", "fault": false}));
        assert_eq!(logged(server).await, if by_staff { vec![line.clone()] } else { Vec::new() }, "{closed}");

        // And with nobody else about.
        hall.table_is(0, "idle").await;
        hall.play(&customer, 0, 60).await;
        assert_eq!(hall.manager.post(&path, ask.clone()).await.ok(200)["end_reason"], "staff");
        hall.manager.post(&path, ask).await.refused(409, "NOT_PLAYING");
        assert_eq!(logged(server).await, vec![line; 1 + usize::from(by_staff)]);
    }

    async fn k6_3_a_table_is_not_closed_where_that_cannot_be_written_down(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE - 30 * SECOND).await;
        let path = format!("/api/v1/tables/{}/close", hall.tables[0].id);
        rename(server, "operations", "elsewhere").await;
        hall.manager.post(&path, json!({"why": "客人有急事"})).await.refused(500, "INTERNAL");
        rename(server, "elsewhere", "operations").await;
        let still = customer.get(&format!("/customer/v1/sessions/{}", id(&playing))).await.ok(200);
        assert_eq!((still["state"].clone(), still["bill"].clone(), wallet(&customer).await), (json!("playing"), json!(null), (10_000, 3_600)));
        assert!(hall.table_is(0, "playing").await["device"]["wanted"] == true && hall.tables[0].lamp.seen().on);
        hall.manager.post(&path, json!({"why": "客人有急事"})).await.ok(200);
        hall.table_is(0, "idle").await;
        assert_eq!((wallet(&customer).await, logged(server).await.len()), ((9_400, 0), 1));
    }
}
