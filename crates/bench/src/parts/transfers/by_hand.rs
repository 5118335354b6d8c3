//! The loop: a transfer's statements as somebody would write them by hand, one after the other, one commit each. No HTTP, no
//! session, no check of the form; plain prepared statements on connections of its own, with the product's settings.
//!
//! It sends what the product sends for one transfer that waits alone, and the values are as long. On PostgreSQL it does so
//! over as many connections at once as the product's pool has (docs/decisions/0014).

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, ensure};
use kernel::{Random, Timestamp};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use store::{Value, args};
use uuid::Uuid;

use super::Way;
use super::accounts::Accounts;
use super::client::pair;
use crate::clock::{Stopwatch, unix};
use crate::site::{Engine, Place};

/// What `store` sets on SQLite; its writer has one connection as well.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384; \
                       PRAGMA temp_store = memory; PRAGMA wal_autocheckpoint = 4000; PRAGMA trusted_schema = OFF";

pub struct Loop {
    engine: Engine,
    connections: Vec<DatabaseConnection>,
    people: Arc<Vec<(Uuid, String)>>,
}

/// One connection's hands.
struct Hand {
    engine: Engine,
    conn: DatabaseConnection,
    people: Arc<Vec<(Uuid, String)>>,
    random: Random,
}

impl Loop {
    pub async fn open(place: &Place, accounts: Rc<Accounts>, width: usize) -> Result<Self> {
        let mut connections = Vec::with_capacity(width);
        for _ in 0..width {
            let mut options = ConnectOptions::new(&place.url);
            options.max_connections(1).min_connections(1).test_before_acquire(false).sqlx_logging(false);
            let conn = Database::connect(options).await?;
            if place.engine == Engine::Sqlite {
                conn.execute_unprepared(PRAGMAS).await?;
            }
            connections.push(conn);
        }
        let people = Arc::new(accounts.people.iter().map(|agent| (agent.id, agent.name.clone())).collect());
        Ok(Self { engine: place.engine, connections, people })
    }

    /// Transfers a second, over `width` connections.
    pub async fn run(&self, way: Way, width: usize, seconds: f64) -> Result<f64> {
        let done = Arc::new(AtomicU64::new(0));
        let watch = Stopwatch::start();
        let hands = self.connections.iter().take(width).map(|conn| {
            let (conn, people, done) = (conn.clone(), Arc::clone(&self.people), Arc::clone(&done));
            let hand = Hand { engine: self.engine, conn, people, random: Random::system() };
            tokio::spawn(async move {
                let mut draw = hand.random.u64() | 1;
                while watch.seconds() < seconds {
                    hand.transfer(pair(&mut draw, way, hand.people.len())).await?;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                anyhow::Ok(())
            })
        });
        for hand in hands.collect::<Vec<_>>() {
            hand.await.context("a connection's task")??;
        }
        Ok(done.load(Ordering::Relaxed) as f64 / watch.seconds())
    }

    pub async fn close(self) {
        for conn in self.connections {
            let _ = conn.close().await;
        }
    }
}

impl Hand {
    const fn backend(&self) -> DbBackend {
        match self.engine {
            Engine::Sqlite => DbBackend::Sqlite,
            Engine::Postgres => DbBackend::Postgres,
        }
    }

    async fn exec(&self, sql: &str, args: Vec<Value>) -> Result<()> {
        self.conn.execute_raw(Statement::from_sql_and_values(self.backend(), sql, args)).await?;
        Ok(())
    }

    async fn all(&self, sql: &str, args: Vec<Value>) -> Result<Vec<sea_orm::QueryResult>> {
        Ok(self.conn.query_all_raw(Statement::from_sql_and_values(self.backend(), sql, args)).await?)
    }

    /// The engine's own words for "this transaction alone" and for typed values.
    const fn words(&self) -> (&'static str, &'static str, &'static str) {
        match self.engine {
            Engine::Sqlite => ("BEGIN IMMEDIATE", "", "VALUES ($1, $2, $3, $4), ($5, $6, $7, $8)"),
            Engine::Postgres => (
                "BEGIN",
                " FOR NO KEY UPDATE",
                "VALUES ($1::uuid, $2::bigint, $3::bigint, $4::bigint), ($5::uuid, $6::bigint, $7::bigint, $8::bigint)",
            ),
        }
    }

    async fn transfer(&self, (from, to): (usize, usize)) -> Result<()> {
        let ((from, sender), (to, receiver)) = (&self.people[from], &self.people[to]);
        let now = Timestamp::from_unix(i64::try_from(unix())?);
        let (begin, lock, values) = self.words();
        let found =
            self.all("SELECT id, name, name_key, role FROM users WHERE state = 'active' AND name_key IN ($1)", args![receiver.as_str()]);
        ensure!(found.await?.len() == 1, "nobody is called {receiver}");

        self.conn.execute_unprepared(begin).await?;
        let transfer = self.random.uuid_v7(now);
        let key = hex::encode(self.random.bytes::<12>());
        let answer = format!(
            "{{\"id\":\"trf_{}\",\"amount\":1,\"state\":\"posted\",\"kind\":\"transfer\",\"created_at\":\"{now}\"}}",
            transfer.simple()
        );
        self.exec(
            "INSERT INTO idempotency (owner_id, name, body_hash, answer, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            args![*from, key, self.random.bytes::<32>().to_vec(), answer, now],
        )
        .await?;
        let sql = format!("SELECT id, posted, held, entries FROM ledger_accounts WHERE keeps_balance AND id IN ($1, $2) ORDER BY id{lock}");
        let mut accounts = HashMap::new();
        for row in self.all(&sql, args![*from, *to]).await? {
            let number = |column: &str| row.try_get::<i64>("", column);
            accounts.insert(row.try_get::<Uuid>("", "id")?, (number("posted")?, number("held")?, number("entries")?));
        }
        let (debit, credit) = (accounts.get(from).context("no account")?, accounts.get(to).context("no account")?);
        ensure!(debit.0 - debit.1 >= 1, "{sender} has nothing left");

        let sql = format!(
            "UPDATE ledger_accounts SET posted = v.column2, held = v.column3, entries = v.column4 FROM ({values}) AS v WHERE ledger_accounts.id = v.column1"
        );
        self.exec(&sql, args![*from, debit.0 - 1, debit.1, debit.2 + 2, *to, credit.0 + 1, credit.1, credit.2 + 1]).await?;
        self.exec(
            "INSERT INTO ledger_transfers (id, debit_account, credit_account, amount, posted_amount, state, kind, memo, ref_kind, ref_id, created_at, settled_at) \
             VALUES ($1, $2, $3, 1, 1, 'posted', 'transfer', $4, NULL, NULL, $5, $5)",
            args![transfer, *from, *to, "bench", now],
        )
        .await?;
        self.exec(
            "INSERT INTO ledger_entries (account_id, seq, transfer_id, kind, phase, delta, held_delta, balance_after, held_after, at) \
             VALUES ($1, $2, $3, 'transfer', 'hold', 0, 1, $4, $5, $6), ($1, $7, $3, 'transfer', 'post', -1, -1, $8, $9, $6), \
             ($10, $11, $3, 'transfer', 'move', 1, 0, $12, $13, $6)",
            args![
                *from,
                debit.2 + 1,
                transfer,
                debit.0,
                debit.1 + 1,
                now,
                debit.2 + 2,
                debit.0 - 1,
                debit.1,
                *to,
                credit.2 + 1,
                credit.0 + 1,
                credit.1
            ],
        )
        .await?;
        let told = |side: &str, name: &str| format!("{{\"{side}\":\"{name}\",\"amount\":\"1\"}}");
        self.exec(
            "INSERT INTO notifications (id, user_id, kind, params, link, created_at) \
             VALUES ($1, $2, 'quota.transfer_received', $3, '/quota', $7), ($4, $5, 'quota.transfer_sent', $6, '/quota', $7)",
            args![self.random.uuid_v7(now), *to, told("from", sender), self.random.uuid_v7(now), *from, told("to", receiver), now],
        )
        .await?;
        let detail = format!("{{\"to\":\"{receiver}\",\"amount\":1,\"transfer\":\"trf_{}\"}}", transfer.simple());
        self.exec(
            "INSERT INTO operations (id, at, actor_id, actor_name, actor_role, superior_id, level, module, action, object_kind, object_id, address, agent, request_id, detail, mac) \
             VALUES ($1, $2, $3, $4, 'agent', NULL, 'info', 'quota', 'transferred', 'usr', $5, '127.0.0.1', '', $6, $7, $8)",
            args![
                self.random.uuid_v7(now),
                now,
                *from,
                sender.as_str(),
                *to,
                self.random.uuid_v7(now).simple().to_string(),
                detail,
                self.random.bytes::<32>().to_vec()
            ],
        )
        .await?;
        self.conn.execute_unprepared("COMMIT").await?;
        Ok(())
    }
}
