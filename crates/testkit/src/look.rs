//! What the database holds: for what no endpoint shows, and for playing what other parts do to a user.

use kernel::Timestamp;
use platform::identity::{Role, UserId, session};
use store::{Engine, Sql, args};

use crate::{Client, TestServer};

/// A line of the operation log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// `module.action`
    pub what: String,
    pub actor: String,
    pub detail: serde_json::Value,
}

impl TestServer {
    /// The operation log, oldest first.
    pub async fn logged(&self) -> Vec<Logged> {
        let sql = "SELECT module, action, actor_name, detail FROM operations ORDER BY id";
        let read = |row: &store::Row| {
            let what = format!("{}.{}", row.get::<String>("module")?, row.get::<String>("action")?);
            let detail = serde_json::from_str(&row.get::<String>("detail")?).unwrap_or_default();
            Ok(Logged { what, actor: row.get("actor_name")?, detail })
        };
        self.platform.db.read().all(sql, args![], read).await.expect("the operation log")
    }

    /// Every text that use cases leave behind beside their own rows: jobs, kept answers, logs, notifications. A secret is
    /// in none of them.
    pub async fn stored_texts(&self) -> Vec<String> {
        let sql = "SELECT payload AS t FROM jobs UNION ALL SELECT answer AS t FROM idempotency \
                   UNION ALL SELECT detail AS t FROM operations UNION ALL SELECT params AS t FROM notifications";
        self.platform.db.read().all(sql, args![], |row| row.get("t")).await.expect("texts")
    }

    /// Until so many connections wait for what another one holds. On SQLite there is one writer, and nothing to see.
    pub async fn until_waiting(&self, connections: i64) {
        let sql =
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let mut waiting = if self.platform.db.engine() == Engine::Sqlite { connections } else { 0 };
        while waiting < connections {
            waiting = self.platform.db.read().one(sql, args![], |row| row.get("n")).await.expect("what connections do");
        }
    }

    /// The payees of all withdrawals, as they are stored.
    pub async fn stored_payees(&self) -> Vec<Vec<u8>> {
        self.platform.db.read().all("SELECT payee FROM withdrawals ORDER BY id", args![], |row| row.get("payee")).await.expect("payees")
    }

    pub async fn password_hash(&self, user: UserId) -> String {
        let sql = "SELECT password_hash FROM users WHERE id = $1";
        self.platform.db.read().one(sql, args![user], |row| row.get("password_hash")).await.expect("a user")
    }

    /// Failed sign-ins in a row, as they are counted now.
    pub async fn failures(&self, user: UserId) -> i64 {
        self.platform
            .db
            .read()
            .one(
                "SELECT COALESCE(t.failures, 0) AS failures FROM users u LEFT JOIN name_tries t ON t.name_hash = u.name_hash WHERE u.id = $1",
                args![user],
                |row| row.get("failures"),
            )
            .await
            .expect("a user")
    }

    /// As after too many failed sign-ins.
    pub async fn lock_out(&self, user: UserId, until: Timestamp) {
        let mut tx = self.platform.db.begin().await.expect("begin");
        let sql = "INSERT INTO name_tries (name_hash, failures, locked_until, tried_at) SELECT name_hash, 5, $1, created_at FROM users WHERE id = $2 \
                   ON CONFLICT (name_hash) DO UPDATE SET failures = excluded.failures, locked_until = excluded.locked_until";
        tx.exec(sql, args![until, user]).await.expect("update");
        tx.commit().await.expect("commit");
    }

    /// As somebody whom an admin has just created: the first password has to be changed.
    pub async fn give_first_password(&self, user: UserId) {
        let mut tx = self.platform.db.begin().await.expect("begin");
        tx.exec("UPDATE users SET must_change_password = TRUE WHERE id = $1", args![user]).await.expect("update");
        tx.commit().await.expect("commit");
    }

    /// As after setting up a second factor.
    pub async fn enroll(&self, user: UserId) {
        let mut tx = self.platform.db.begin().await.expect("begin");
        let sql = "UPDATE users SET totp_secret = $1, totp_enabled_at = $2 WHERE id = $3";
        tx.exec(sql, args![vec![1_u8; 20], self.clock.now(), user]).await.expect("update");
        tx.commit().await.expect("commit");
    }

    /// How many users of a role may sign in.
    pub async fn active(&self, role: Role) -> usize {
        platform::identity::holders_of(&mut self.platform.db.read(), role).await.expect("users").len()
    }

    /// A new session of a user who is there already.
    pub async fn session_of(&self, user: UserId) -> Client {
        let mut tx = self.platform.db.begin().await.expect("begin");
        let (_, token) = session::start(&mut tx, &self.cx(), user).await.expect("session");
        tx.commit().await.expect("commit");
        self.visitor().with_token(&token)
    }
}
