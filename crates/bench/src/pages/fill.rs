//! Long tables, written by SQL while no server runs.
//!
//! Row `n` was made every six seconds of the past; of whom and what it is follows from `n`. Some things are frequent, some are one
//! row in a thousand, and some agents and one project have nothing at all.

use anyhow::Result;
use store::{Db, args};
use uuid::Uuid;

use super::lists::List;
use super::tables::FIRST_USE;
use crate::dataset::{self, AGENT};
use crate::site::{CHIEF, Engine, Place};

/// When row 0 was made, in milliseconds: 2023-11-14.
const FIRST: i64 = 1_700_000_000_000;
/// Milliseconds between a row and the next.
const STEP: i64 = 6_000;
/// Rows that are written in one transaction.
const CHUNK: i64 = 500_000;
/// Projects that something is of. There is one more.
pub const PROJECTS: i64 = 20;
pub const AGENTS: i64 = 100;

pub struct Fill {
    pub engine: Engine,
    pub rows: i64,
}

/// The id of a thing of this kind (a hexadecimal digit) and number.
pub fn id(kind: char, n: i64) -> Uuid {
    let text = format!("{:012x}7{:03x}8{kind}{n:014x}", FIRST + n * STEP, n % 4_096);
    Uuid::parse_str(&text).unwrap_or_default()
}

impl Fill {
    /// The same as an expression, of a number that is one.
    pub fn id(&self, kind: char, n: &str) -> String {
        self.id_with(kind, n, 14, "")
    }

    /// The id of a row that holds many things: its last two bytes are their places in it.
    pub fn id_of_set(&self, kind: char, n: &str) -> String {
        self.id_with(kind, n, 10, "0000")
    }

    /// `n` has so many digits in it, and `tail` comes after them.
    fn id_with(&self, kind: char, n: &str, digits: usize, tail: &str) -> String {
        match self.engine {
            Engine::Sqlite => {
                format!("unhex(printf('%012x7%03x8{kind}%0{digits}x{tail}', {FIRST} + ({n}) * {STEP}, ({n}) % 4096, {n}))")
            }
            Engine::Postgres => format!(
                "CAST(lpad(to_hex({FIRST} + CAST({n} AS BIGINT) * {STEP}), 12, '0') || '7' || lpad(to_hex(CAST({n} AS BIGINT) % 4096), 3, '0') || '8{kind}' || lpad(to_hex(CAST({n} AS BIGINT)), {digits}, '0') || '{tail}' AS UUID)"
            ),
        }
    }

    /// These bytes as an expression.
    pub fn blob(&self, bytes: &[u8]) -> String {
        let text = hex::encode(bytes);
        match self.engine {
            Engine::Sqlite => format!("unhex('{text}')"),
            Engine::Postgres => format!("decode('{text}', 'hex')"),
        }
    }

    /// A number as 16 bytes.
    pub fn bytes(&self, n: &str) -> String {
        match self.engine {
            Engine::Sqlite => format!("unhex(printf('%032x', {n}))"),
            Engine::Postgres => format!("decode(lpad(to_hex(CAST({n} AS BIGINT)), 32, '0'), 'hex')"),
        }
    }

    /// When row `n` was made.
    pub fn at(n: &str) -> String {
        format!("({FIRST} + ({n}) * {STEP}) * 1000")
    }

    /// The numbers from `from` to before `to`, as `s.n`.
    fn numbers(&self, from: i64, to: i64) -> String {
        let last = to - 1;
        match self.engine {
            Engine::Sqlite => {
                format!("(WITH RECURSIVE c(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM c WHERE n < {last}) SELECT n FROM c) s")
            }
            Engine::Postgres => format!("(SELECT CAST(g AS BIGINT) AS n FROM generate_series({from}, {last}) g) s"),
        }
    }

    async fn write(&self, db: &Db, insert: &str, count: i64) -> Result<()> {
        for from in (0..count).step_by(usize::try_from(CHUNK)?) {
            let mut tx = db.begin().await?;
            tx.exec(&format!("{insert} FROM {}", self.numbers(from, count.min(from + CHUNK))), args![]).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Projects, and agents with grants for two of them each; every other agent is of the agent admin `boss`.
    pub async fn people(&self, place: &Place) -> Result<()> {
        let db = dataset::open(place).await?;
        let (project, user, boss) = (self.id('1', "s.n"), self.id('2', "s.n"), self.id('2', &AGENTS.to_string()));
        let columns = "version, parameters, state, secret, response_seed, response_public, devices_per_key, rate_per_minute, open_for_application, callback_events, owner_id, ban_level, created_at";
        let projects = format!(
            "INSERT INTO projects (id, name, name_key, description, api_key, {columns}) SELECT {project}, 'project ' || s.n, 'project ' || s.n, '', 'key-' || s.n, p.{}",
            columns.replace(", ", ", p.")
        );
        let user_columns = "id, name, name_key, name_hash, email, email_key, role, state, password_hash, must_change_password, language, superior_id, totp_last_step, created_at";
        let users = |role: &str, superior: &str| {
            format!(
                "INSERT INTO users ({user_columns}) SELECT {user}, 'user-' || s.n, 'user-' || s.n, {}, 'user-' || s.n || '@bench.example', 'user-' || s.n || '@bench.example', '{role}', 'active', \
                 (SELECT password_hash FROM users WHERE name = '{CHIEF}'), FALSE, 'en', {superior}, 0, {FIRST}000",
                self.bytes("s.n")
            )
        };
        let mut tx = db.begin().await?;
        tx.exec(&format!("{projects} FROM projects p CROSS JOIN {} WHERE p.name = 'Bench'", self.numbers(0, PROJECTS + 1)), args![])
            .await?;
        tx.exec(&format!("{} FROM {}", users("agent_admin", "NULL"), self.numbers(AGENTS, AGENTS + 1)), args![]).await?;
        tx.exec(
            &format!("{} FROM {}", users("agent", &format!("CASE WHEN s.n % 2 = 0 THEN {boss} END")), self.numbers(0, AGENTS)),
            args![],
        )
        .await?;
        for other in 0..2 {
            let (grant, granted) = (self.id('3', &format!("s.n * 2 + {other}")), self.id('1', &format!("(s.n + {other}) % {PROJECTS}")));
            let grants = format!(
                "INSERT INTO grants (id, project_id, agent_id, note, starts_at, state, created_at) SELECT {grant}, {granted}, {user}, '', 0, 'active', 0"
            );
            tx.exec(&format!("{grants} FROM {}", self.numbers(0, AGENTS)), args![]).await?;
        }
        // Whose lines of account are written has a superior, who may ask for them too.
        tx.exec(&format!("UPDATE users SET role = 'agent', superior_id = {boss} WHERE name = $1"), args![AGENT]).await?;
        // The one key whose text is known is of somebody who asks for it, and one of its calls is its first use.
        let first_use = Self::at(&FIRST_USE.to_string());
        tx.exec(&format!("UPDATE keys SET agent_id = {}, activated_at = {first_use}", self.id('2', "2")), args![]).await?;
        tx.commit().await?;
        db.close().await;
        Ok(())
    }

    pub async fn table(&self, place: &Place, list: &List) -> Result<()> {
        let db = dataset::open(place).await?;
        self.rows_of(&db, list.fill).await?;
        dataset::tidy(&db).await?;
        db.close().await;
        Ok(())
    }

    /// Rows of one list, and of what belongs to it.
    pub async fn rows_of(&self, db: &Db, statements: fn(&Self) -> Vec<(String, i64)>) -> Result<()> {
        for (insert, share) in statements(self) {
            self.write(db, &insert, (self.rows / share).max(1)).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_rows_follow_their_numbers() {
        let ids: Vec<Uuid> = [0, 1, 4_095, 4_096, 10_000_000].map(|n| id('6', n)).to_vec();
        assert!(ids.is_sorted() && !ids.contains(&Uuid::nil()), "{ids:?}");
    }
}
