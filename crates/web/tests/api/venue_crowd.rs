//! Many at once: each has its own table, and none waits for what another one needs.

use kernel::SECOND;
use serde_json::json;
use testkit::{Client, Hall, on_server};

/// More than connections to the database.
const CROWD: usize = 16;

on_server! {
    async fn v9_3_a_crowd_opens_its_tables_at_once(server) {
        let hall = Hall::open(server, CROWD).await;
        let mut crowd: Vec<Client> = Vec::new();
        for _ in 0..CROWD {
            crowd.push(hall.customer(10_000).await);
            // How often somebody may ask for codes is another question.
            server.later(SECOND).await;
        }
        let opens = crowd.iter().zip(&hall.tables).map(|(customer, table)| async move {
            let path = format!("/customer/v1/tables/{}/open", table.id);
            customer.post_once("open-0001", &path, json!({"minutes": 60, "expected_fen": 3_600})).await.ok(202)
        });
        let asked = futures_util::future::join_all(opens).await;
        assert!(asked.iter().all(|session| session["state"] == "opening"), "{asked:?}");
        for n in 0..CROWD {
            hall.table_is(n, "playing").await;
            assert!(hall.tables[n].lamp.seen().on);
        }
    }

    async fn v9_3_whoever_opens_a_table_keeps_the_database_from_others_for_few_statements(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let db = &server.platform.db;
        let said = || [db.recorded_in_transactions(), db.recorded_changes()].concat();
        said();
        let path = format!("/customer/v1/tables/{}/open", hall.tables[0].id);
        customer.post_once("open-0001", &path, json!({"minutes": 60, "expected_fen": 3_600})).await.ok(202);
        let said: Vec<String> = said().into_iter().map(|(sql, _)| sql).collect();
        // The table, what is sold there, its light, who asks, the levels; the key, the session, the hold, its transfer, the wallet and its line, the
        // table, the light, two jobs and the answer.
        assert!((10..=18).contains(&said.len()), "{} statements:\n{}", said.len(), said.join("\n"));
        hall.table_is(0, "playing").await;
    }
}
