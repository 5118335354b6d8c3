//! Whether what was answered is stored: as many calls in the log, in the days' counts and among the nonces as there were answers; and whether that
//! was on the disk before it was answered.
//!
//! The load waits for the answer to each of its requests, and an answer is sent when what it says is committed: so the numbers are the same, and
//! not about the same.

use anyhow::{Context, Result, ensure};
use kernel::Timestamp;
use store::{Db, Engine, Row, Sql, args, first_id};
use uuid::Uuid;

use crate::clock::unix;
use crate::dataset;
use crate::load::Outcome;
use crate::ready::Ready;
use crate::site::Place;

/// Nonces are kept for eleven minutes: of so many seconds all are there.
const KEPT: u64 = 540;
/// Packed rows that are in memory at once.
const ROWS: usize = 200;

/// What one database's programs were answered.
pub struct Answers {
    before: Stored,
    /// When a load began, in seconds, and how many answers it had; one after the other.
    loads: Vec<(u64, u64)>,
    /// Of the answers those to the first use of a key.
    first_uses: u64,
}

/// What is in the database.
struct Stored {
    /// The newest rows of the log's two tables.
    passed: Uuid,
    single: Uuid,
    /// Verifications, by the days' counts.
    counted: i64,
    /// Devices that are bound.
    devices: i64,
}

/// What came to the log.
#[derive(Debug, PartialEq, Eq)]
struct Calls {
    all: i64,
    first_uses: i64,
}

impl Answers {
    /// From here on each answer of this database has to be told.
    pub async fn begin(place: &Place) -> Result<Self> {
        let db = dataset::open(place).await?;
        let before = Stored::read(&db).await?;
        db.close().await;
        Ok(Self { before, loads: Vec::new(), first_uses: 0 })
    }

    /// One that nobody measures, before it is asked for.
    pub fn one(&mut self) {
        self.loads.push((unix(), 1));
    }

    pub fn during(&mut self, load: impl FnOnce() -> Result<Outcome>) -> Result<Outcome> {
        let began = unix();
        let outcome = load()?;
        self.loads.push((began, outcome.answered));
        Ok(outcome)
    }

    /// Each is the first use of its key.
    pub fn during_first_uses(&mut self, load: impl FnOnce() -> Result<Outcome>) -> Result<Outcome> {
        let outcome = self.during(load)?;
        self.first_uses += outcome.answered;
        Ok(outcome)
    }

    /// Ends the server, compares, has `cuekey doctor` look at all of it, and starts the server again. What was found, in words; an error where
    /// something does not fit.
    pub async fn check(self, one: &mut Ready) -> Result<String> {
        one.site.stop()?;
        let db = dataset::open(&one.site.place).await?;
        let found = self.compare(&db).await.with_context(|| format!("{}: what was answered and what is stored", one.name()))?;
        let doctor = one.site.place.doctor()?;
        let durable = durable(&db, &doctor).await?;
        db.close().await;
        one.restart().await?;
        Ok(format!("{found}; doctor finds nothing; {durable}"))
    }

    async fn compare(&self, db: &Db) -> Result<String> {
        let (before, after) = (&self.before, Stored::read(db).await?);
        let answers = i64::try_from(self.loads.iter().map(|(_, answers)| answers).sum::<u64>())?;
        let first_uses = i64::try_from(self.first_uses)?;
        let calls = before.calls_since(db).await?;
        ensure!(calls.all == answers, "{answers} answers, and {} calls in the log", calls.all);
        ensure!(calls.first_uses == first_uses, "{first_uses} first uses were answered, and {} are in the log", calls.first_uses);
        let counted = after.counted - before.counted;
        ensure!(counted == answers, "{answers} answers, and the days' counts have {counted} more");
        let devices = after.devices - before.devices;
        ensure!(devices == first_uses, "{first_uses} first uses, and {devices} devices more");
        let now = unix();
        let young = Young::of(&self.loads, now);
        let (nonces, due) = (nonces_since(db, young.since).await?, i64::try_from(young.answers)?);
        // Where the load before it ended in the same second, some of its own are among them.
        let fits = if young.is_all { nonces == due } else { nonces >= due };
        ensure!(fits, "{due} answers within {} s, and {nonces} nonces", now - young.since);
        let first = if first_uses > 0 { format!(", {first_uses} first uses and as many devices") } else { String::new() };
        Ok(format!(
            "{answers} answers, and as many calls in the log and in the days' counts{first}; nonces of the last {} s: {nonces} for {due}",
            now - young.since
        ))
    }
}

/// Loads of which every nonce is still there.
#[derive(Debug, PartialEq, Eq)]
struct Young {
    /// When the first of them began.
    since: u64,
    answers: u64,
    /// There were no others.
    is_all: bool,
}

impl Young {
    fn of(loads: &[(u64, u64)], now: u64) -> Self {
        let young = || loads.iter().filter(move |(began, _)| began + KEPT >= now);
        Self {
            since: young().map(|(began, _)| *began).min().unwrap_or(now),
            answers: young().map(|(_, answers)| answers).sum(),
            is_all: young().count() == loads.len(),
        }
    }
}

impl Stored {
    async fn read(db: &Db) -> Result<Self> {
        Ok(Self {
            passed: newest(db, "passed_calls").await?,
            single: newest(db, "client_calls").await?,
            counted: number(db, "SELECT CAST(COALESCE(SUM(accepted + refused), 0) AS BIGINT) AS n FROM verification_days").await?,
            devices: number(db, "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM key_devices").await?,
        })
    }

    /// Rows by themselves, and what is really packed in each of the others: that this is as many as the row says is seen on the way.
    async fn calls_since(&self, db: &Db) -> Result<Calls> {
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n, CAST(COALESCE(SUM(CASE WHEN first_use THEN 1 ELSE 0 END), 0) AS BIGINT) AS first_uses \
                   FROM client_calls WHERE id > $1";
        let read = |row: &Row| Ok(Calls { all: row.get("n")?, first_uses: row.get("first_uses")? });
        let mut calls = db.read().one(sql, args![self.single], read).await?;
        let sql = format!("SELECT id, calls, packed FROM passed_calls WHERE id > $1 ORDER BY id LIMIT {ROWS}");
        let mut last = self.passed;
        loop {
            let read = |row: &Row| Ok((row.get::<Uuid>("id")?, row.get::<i64>("calls")?, row.get::<Vec<u8>>("packed")?));
            let rows = db.read().all(&sql, args![last], read).await?;
            let Some((id, ..)) = rows.last() else { return Ok(calls) };
            last = *id;
            for (id, said, packed) in &rows {
                let there = i64::try_from(packed_in(packed)?)?;
                ensure!(there == *said, "row {id} of the log has {there} calls, and says {said}");
                calls.all += there;
            }
        }
    }
}

/// How many calls there are in a packed row.
fn packed_in(row: &[u8]) -> Result<usize> {
    // Key, agent, the key's end, device, its name, address.
    type Passed<'a> = ([u8; 16], [u8; 16], &'a str, &'a str, &'a str, &'a str);
    let calls: Vec<Passed<'_>> = postcard::from_bytes(row).context("a row of the log cannot be read")?;
    Ok(calls.len())
}

/// Nonces that came in this second or later.
async fn nonces_since(db: &Db, second: u64) -> Result<i64> {
    let at = Timestamp::from_unix(i64::try_from(second)?);
    let (sql, from) = match db.engine() {
        // Eight bytes each, and a set in a row.
        Engine::Sqlite => {
            ("SELECT CAST(COALESCE(SUM(LENGTH(hashes)), 0) / 8 AS BIGINT) AS n FROM nonce_sets WHERE id >= $1", args![first_id(at)])
        }
        // The upper half of a set's number is the second in which it came.
        Engine::Postgres => ("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM nonces WHERE set_number >= $1", args![at.unix() << 32]),
    };
    Ok(db.read().one(sql, from, |row| row.get("n")).await?)
}

async fn newest(db: &Db, table: &str) -> Result<Uuid> {
    let id = db.read().opt(&format!("SELECT id FROM {table} ORDER BY id DESC LIMIT 1"), args![], |row| row.get("id")).await?;
    Ok(id.unwrap_or(Uuid::nil()))
}

async fn number(db: &Db, sql: &str) -> Result<i64> {
    Ok(db.read().one(sql, args![], |row| row.get("n")).await?)
}

/// By what a commit is on the disk before it is answered. Of SQLite each connection says that of itself: `doctor` opens it as the server does.
async fn durable(db: &Db, doctor: &str) -> Result<String> {
    match db.engine() {
        Engine::Sqlite => {
            let says = |word: &str| doctor.split_whitespace().any(|said| said == word);
            ensure!(says("journal_mode=wal") && says("synchronous=2"), "SQLite is not at synchronous=FULL in WAL mode:\n{doctor}");
            Ok("synchronous=FULL".to_owned())
        }
        Engine::Postgres => {
            for name in ["fsync", "synchronous_commit", "full_page_writes"] {
                let sql = format!("SELECT current_setting('{name}') AS value");
                let value: String = db.read().one(&sql, args![], |row| row.get("value")).await?;
                ensure!(value == "on", "PostgreSQL's {name} is {value}");
            }
            Ok("fsync, synchronous_commit and full_page_writes on".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Random;

    use super::*;
    use crate::history;

    #[test]
    fn nonces_are_looked_for_as_long_as_they_are_surely_there() {
        let loads = [(1_000, 5), (1_400, 7), (1_600, 11)];
        assert_eq!(Young::of(&loads, 1_500), Young { since: 1_000, answers: 23, is_all: true });
        assert_eq!(Young::of(&loads, 1_900), Young { since: 1_400, answers: 18, is_all: false });
        assert_eq!(Young::of(&loads, 3_000), Young { since: 3_000, answers: 0, is_all: false });
    }

    async fn change(db: &Db, sql: &str, args: Vec<store::Value>) {
        let mut tx = db.begin().await.unwrap();
        tx.exec(sql, args).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A row of the log in which so many calls are, and that says so or not.
    async fn packed(db: &Db, id: u128, says: i64, has: i64) {
        let sql = "INSERT INTO passed_calls (id, at, project_id, calls, packed) VALUES ($1, 0, $2, $3, $4)";
        change(db, sql, args![Uuid::from_u128(id), Uuid::nil(), says, history::packed(has, &Random::seeded(1))]).await;
    }

    async fn alone(db: &Db, id: u128, first_use: bool) {
        let sql = "INSERT INTO client_calls (id, at, project_id, endpoint, status, code, refused, first_use, key_hint, device_id, device_name, address) \
                   VALUES ($1, 0, $2, 'verify', 200, 'VALID', FALSE, $3, 'H17', 'device', '', '')";
        change(db, sql, args![Uuid::from_u128(id), Uuid::nil(), first_use]).await;
    }

    store::on_both! { &licensing::migrations();
        async fn calls_are_counted_wherever_they_are_logged_and_since_when_it_is_asked(test) {
            let db = &test.db;
            packed(db, 1, 4, 4).await;
            alone(db, 1, true).await;
            let before = Stored::read(db).await.unwrap();
            assert_eq!(before.calls_since(db).await.unwrap(), Calls { all: 0, first_uses: 0 });
            for n in 0..3 {
                packed(db, 1_000 + n, 60, 60).await;
            }
            alone(db, 7, false).await;
            alone(db, 8, true).await;
            assert_eq!(before.calls_since(db).await.unwrap(), Calls { all: 182, first_uses: 1 });
            packed(db, 2_000, 60, 59).await;
            let error = before.calls_since(db).await.unwrap_err().to_string();
            assert!(error.ends_with("of the log has 59 calls, and says 60"), "{error}");
        }

        async fn answers_and_what_is_stored_of_them_are_as_many(test) {
            let db = &test.db;
            let before = Stored::read(db).await.unwrap();
            let answers = Answers { before, loads: vec![(unix(), 2), (unix(), 3)], first_uses: 0 };
            let wrong = async || answers.compare(db).await.unwrap_err().to_string();
            assert_eq!(wrong().await, "5 answers, and 0 calls in the log");
            packed(db, 1_000, 5, 5).await;
            assert_eq!(wrong().await, "5 answers, and the days' counts have 0 more");
            let sql = "INSERT INTO verification_days (day, project_id, agent_id, part, accepted, refused) VALUES (1, $1, $1, 0, 4, 1)";
            change(db, sql, args![Uuid::nil()]).await;
            assert!(wrong().await.ends_with("and 0 nonces"));
            let now = Timestamp::from_unix(i64::try_from(unix()).unwrap());
            match db.engine() {
                Engine::Sqlite => change(db, "INSERT INTO nonce_sets (id, hashes) VALUES ($1, $2)", args![first_id(now), vec![7_u8; 40]]).await,
                Engine::Postgres => {
                    for id in 0..5_i64 {
                        change(db, "INSERT INTO nonces (id, set_number) VALUES ($1, $2)", args![id, (now.unix() << 32) | id]).await;
                    }
                }
            }
            let said = answers.compare(db).await.unwrap();
            assert!(said.starts_with("5 answers, and as many calls in the log and in the days' counts; nonces of the last "), "{said}");
            alone(db, 7, true).await;
            assert_eq!(wrong().await, "5 answers, and 6 calls in the log");
        }
    }
}
