//! One table is played at by one customer at a time: the database itself refuses a second, whatever the program thinks.

use serde_json::Value;
use store::{Error, Tx, args};
use testkit::{Client, Hall, TestServer, on_server};
use venue::customers::CustomerId;
use venue::play::SessionId;

use crate::support::pay::id;

async fn begin(server: &TestServer) -> Tx {
    server.platform.db.begin().await.unwrap()
}

async fn customer_id(customer: &Client) -> CustomerId {
    customer.get("/customer/v1/me").await.ok(200)["id"].as_str().unwrap().parse().unwrap()
}

fn session_id(session: &Value) -> SessionId {
    id(session).parse().unwrap()
}

/// Writes a copy of a session in this state, for somebody else, past all that the program looks at before it does. Its id is the customer's, so that
/// no placeholder stands where PostgreSQL cannot tell what it is.
async fn another(tx: &mut Tx, session: SessionId, customer: CustomerId, state: &str) -> Result<u64, Error> {
    let sql = format!(
        "INSERT INTO play_sessions (id, venue_id, table_id, customer_id, state, terms, minutes, held, asked_at, until_at) \
         SELECT c.id, p.venue_id, p.table_id, c.id, '{state}', p.terms, p.minutes, 0, p.asked_at, p.until_at \
         FROM play_sessions p, customers c WHERE p.id = $1 AND c.id = $2"
    );
    tx.exec(&sql, args![session, customer]).await
}

/// By this index and no other: SQLite names its column, PostgreSQL its name.
fn is_refused_by(refused: &Result<u64, Error>, column: &str, index: &str) {
    let Err(Error::Unique(why)) = refused else { panic!("it is not refused as a second one: {refused:?}") };
    assert!(why.contains(&format!("play_sessions.{column}")) || why.contains(index), "{why}");
}

on_server! {
    async fn v3_1c_the_database_has_one_live_session_a_table(server) {
        let hall = Hall::open(server, 1).await;
        let (player, other) = (hall.customer(10_000).await, hall.customer(10_000).await);
        let session = session_id(&hall.play(&player, 0, 60).await);
        let other = customer_id(&other).await;
        // Each in a transaction of its own, which is undone.
        for state in ["opening", "playing"] {
            let refused = another(&mut begin(server).await, session, other, state).await;
            is_refused_by(&refused, "table_id", "play_sessions_table");
        }
        // What is over is in nobody's way: that the row is refused is due to its state alone.
        for state in ["closed", "failed"] {
            assert_eq!(another(&mut begin(server).await, session, other, state).await.unwrap(), 1, "{state}");
        }
    }

    async fn v3_1c_the_database_has_one_live_session_a_customer(server) {
        let hall = Hall::open(server, 2).await;
        let (one, two) = (hall.customer(10_000).await, hall.customer(10_000).await);
        hall.play(&one, 0, 60).await;
        let elsewhere = session_id(&hall.play(&two, 1, 60).await);
        let one = customer_id(&one).await;
        // The other table is free now, for whoever does not play yet.
        let mut tx = begin(server).await;
        tx.exec("UPDATE play_sessions SET state = 'closed' WHERE id = $1", args![elsewhere]).await.unwrap();
        is_refused_by(&another(&mut tx, elsewhere, one, "playing").await, "customer_id", "play_sessions_customer");
    }
}
