//! What has become of no use is removed by the clock: all of it, however much has gathered, and nothing else.

use kernel::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use platform::identity::Role;
use store::{Sql, Value, args, insert_many};
use testkit::{Engine, TestServer, on_server};

/// A table that is swept, and how a row of it is made from a number and its time.
struct Swept {
    table: &'static str,
    columns: &'static [&'static str],
    row: fn(&Rows<'_>, i64, Timestamp) -> Vec<Value>,
}

struct Rows<'a> {
    server: &'a TestServer,
    user: uuid::Uuid,
    customer: uuid::Uuid,
}

impl<'a> Rows<'a> {
    /// Of one user and one guest.
    async fn of(server: &'a TestServer) -> Self {
        let user = server.user(Role::Agent, "alice").await.id().uuid();
        let guest = venue::customers::guest(&server.cx()).await.unwrap();
        Self { server, user, customer: guest.customer.id.uuid() }
    }

    fn id(&self, at: Timestamp) -> uuid::Uuid {
        self.server.platform.random.uuid_v7(at)
    }

    /// What nothing else is called.
    fn hash(&self) -> [u8; 32] {
        self.server.platform.random.bytes()
    }

    async fn insert(&self, swept: &Swept, count: i64, at: Timestamp) {
        let mut tx = self.server.platform.db.begin().await.unwrap();
        let rows = (0..count).map(|n| (swept.row)(self, n, at)).collect();
        insert_many(&mut tx, swept.table, swept.columns, rows, "").await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {table}");
        self.server.platform.db.read().one(&sql, args![], |row| row.get("n")).await.unwrap()
    }
}

const SWEPT: &[Swept] = &[
    Swept {
        table: "captchas",
        columns: &["id", "kind", "answer_hash", "bits", "expires_at"],
        row: |rows, _, at| args![rows.id(at), "image", rows.hash(), 0_i64, at],
    },
    Swept {
        table: "email_tokens",
        columns: &["id", "user_id", "purpose", "token_hash", "created_at", "expires_at"],
        row: |rows, _, at| args![rows.id(at), rows.user, "reset", rows.hash(), at, at],
    },
    Swept {
        table: "sessions",
        columns: &["id", "user_id", "token_hash", "address", "agent", "created_at", "last_seen_at", "expires_at"],
        row: |rows, _, at| args![rows.id(at), rows.user, rows.hash(), "192.0.2.1", "test", at, at, at],
    },
    Swept {
        table: "idempotency",
        columns: &["owner_id", "name", "body_hash", "answer", "created_at"],
        row: |rows, n, at| args![rows.user, format!("{}-{n}", at.micros()), rows.hash(), "{}", at],
    },
    Swept { table: "name_tries", columns: &["name_hash", "failures", "tried_at"], row: |rows, _, at| args![rows.hash(), 1_i64, at] },
    // As many as can be with one beginning of their window.
    Swept { table: "allowances", columns: &["subject", "window_start", "used"], row: |_, n, at| args![format!("subject {n}"), at, 1_i64] },
    Swept {
        table: "phone_codes",
        columns: &["ticket_hash", "phone_hash", "code_hash", "expires_at", "tries"],
        row: |rows, _, at| args![rows.hash(), rows.hash(), rows.hash(), at, 0_i64],
    },
    Swept {
        table: "customer_sessions",
        columns: &["id", "customer_id", "token_hash", "created_at", "expires_at"],
        row: |rows, _, at| args![rows.id(at), rows.customer, rows.hash(), at, at],
    },
    Swept {
        table: "exports",
        columns: &["ticket_hash", "user_id", "ask", "expires_at"],
        row: |rows, _, at| args![rows.hash(), rows.user, "{}", at],
    },
    Swept {
        table: "texts",
        columns: &["id", "kind", "phone", "phone_hash", "phone_hint", "state", "created_at", "ended_at"],
        row: |rows, _, at| args![rows.id(at), "code", rows.hash(), rows.hash(), "138****8000", "delivered", at, at],
    },
];
const JOBS: Swept = Swept {
    table: "jobs",
    columns: &["id", "kind", "crew", "payload", "state", "run_at", "attempts", "max_attempts", "created_at", "finished_at"],
    row: |rows, _, at| args![rows.id(at), "test.old", "rest", "{}", "done", at, 1_i64, 1_i64, at, at],
};
const DISMISSED: Swept =
    Swept { row: |rows, _, at| args![rows.id(at), "test.old", "rest", "{}", "dismissed", at, 1_i64, 1_i64, at, at], ..JOBS };
const GIVEN_UP: Swept = Swept { row: |rows, _, at| args![rows.id(at), "test.old", "rest", "{}", "dead", at, 1_i64, 1_i64, at, at], ..JOBS };

on_server! {
    async fn what_has_gathered_in_weeks_goes_in_one_sweep_and_the_rest_stays(server) {
        let rows = Rows::of(server).await;
        let (old, young) = (server.clock.now().plus_micros(-100 * DAY), server.clock.now().plus_micros(MINUTE));
        for swept in SWEPT {
            let before = rows.count(swept.table).await;
            rows.insert(swept, 2_300, old).await;
            rows.insert(swept, 3, young).await;
            assert_eq!(rows.count(swept.table).await, before + 2_303, "{}", swept.table);
        }
        rows.insert(&JOBS, 6_100, old).await;
        rows.insert(&JOBS, 3, server.clock.now()).await;
        rows.insert(&GIVEN_UP, 5, old).await;
        rows.insert(&DISMISSED, 7, old).await;
        rows.insert(&DISMISSED, 2, server.clock.now()).await;
        let mut before = Vec::new();
        for swept in SWEPT {
            before.push(rows.count(swept.table).await);
        }
        server.tick().await;
        for (swept, before) in SWEPT.iter().zip(before) {
            assert_eq!(rows.count(swept.table).await, before - 2_300, "{}", swept.table);
        }
        let left = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM jobs WHERE kind = 'test.old' AND state = $1";
        for (state, due) in [("done", 3_i64), ("dead", 5), ("dismissed", 2)] {
            let n: i64 = server.platform.db.read().one(left, args![state], |row| row.get("n")).await.unwrap();
            assert_eq!(n, due, "{state}");
        }
    }

    async fn what_the_clock_does_goes_on_when_the_clock_was_an_hour_ahead(server) {
        let rows = Rows::of(server).await;
        for _ in 0..6 {
            server.clock.step(10 * MINUTE);
            server.tick().await;
        }
        server.clock.step(-HOUR);
        rows.insert(&SWEPT[0], 7, server.clock.now().plus_micros(-DAY)).await;
        assert_eq!(rows.count(SWEPT[0].table).await, 7);
        for _ in 0..2 {
            server.clock.step(10 * MINUTE);
            server.tick().await;
        }
        assert_eq!(rows.count(SWEPT[0].table).await, 0, "swept once more within two of its intervals");
    }

    async fn k8_1_however_many_nonces_have_gathered_they_are_forgotten(server) {
        let (now, random, engine) = (server.clock.now(), &server.platform.random, server.platform.db.engine());
        let (table, columns) = match engine {
            Engine::Sqlite => ("nonce_sets", ["id", "hashes"]),
            Engine::Postgres => ("nonces", ["id", "set_number"]),
        };
        // Of hashes those that are gone over first, more than are gone over at once.
        let row = |n: i64, at: Timestamp| match engine {
            Engine::Sqlite => args![random.uuid_v7(at), vec![0_u8; 80]],
            Engine::Postgres => args![i64::MIN + (n << 40), at.unix() << 32],
        };
        let mut tx = server.platform.db.begin().await.unwrap();
        let old = (0..45_000).map(|n| row(n, now.plus_micros(-DAY))).collect();
        insert_many(&mut tx, table, &columns, old, "").await.unwrap();
        let young = (45_000..45_010).map(|n| row(n, now)).collect();
        insert_many(&mut tx, table, &columns, young, "").await.unwrap();
        tx.commit().await.unwrap();
        // They are found, and go the next time.
        server.tick().await;
        server.clock.step(120 * SECOND);
        server.tick().await;
        let sql = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {table}");
        let left: i64 = server.platform.db.read().one(&sql, args![], |row| row.get("n")).await.unwrap();
        assert_eq!(left, 10);
    }
}
