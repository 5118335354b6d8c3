//! A thousand agents with quota and a session each, written by SQL while no server runs: hashing their passwords would take
//! minutes, and is no part of a transfer.

use anyhow::{Context, Result, ensure};
use kernel::{Random, Timestamp};
use ring::{hkdf, hmac};
use store::{Sql, args, insert_many};
use uuid::Uuid;

use super::open;
use crate::clock::unix;
use crate::dataset::tidy;
use crate::site::Place;

const PEOPLE: usize = 1_000;
/// Enough that nobody runs out, however long it is measured.
const QUOTA: i64 = 1_000_000_000;
/// The platform's account that quota is issued from.
const ISSUED: Uuid = Uuid::from_u128(1);

pub struct Agent {
    pub id: Uuid,
    pub name: String,
    pub token: String,
}

#[derive(Default)]
pub struct Accounts {
    pub people: Vec<Agent>,
}

impl Accounts {
    pub async fn fill(place: &Place) -> Result<Self> {
        let (random, now) = (Random::system(), Timestamp::from_unix(i64::try_from(unix())?));
        let key = token_key(place)?;
        let agent = |n: usize| Agent { id: random.uuid_v7(now), name: format!("agent-{n:04}"), token: random.secret::<32>("cks_") };
        let people: Vec<Agent> = (0..PEOPLE).map(agent).collect();
        let (mut users, mut sessions, mut accounts) = (Vec::new(), Vec::new(), Vec::new());
        let (mut transfers, mut lines) = (Vec::new(), Vec::new());
        for Agent { id, name, token } in &people {
            let mail = format!("{name}@bench.example");
            users.push(args![
                *id,
                name.as_str(),
                name.as_str(),
                name.as_bytes().to_vec(),
                mail.as_str(),
                mail.as_str(),
                "agent",
                "active",
                "",
                false,
                "en",
                0_i64,
                now
            ]);
            let hash = hmac::sign(&key, token.as_bytes()).as_ref().to_vec();
            let expires = now.plus_micros(kernel::DAY);
            // Seen later than now, so that no request has to write down that it was.
            sessions.push(args![random.uuid_v7(now), *id, hash, "127.0.0.1", "bench", now, expires, expires]);
            accounts.push(args![*id, "user", *id, "quota", true, QUOTA, 0_i64, 1_i64, now]);
            let transfer = random.uuid_v7(now);
            transfers.push(args![transfer, ISSUED, *id, QUOTA, QUOTA, "posted", "system_recharge", "", now, now]);
            lines.push(args![*id, 1_i64, transfer, "system_recharge", "move", QUOTA, 0_i64, QUOTA, 0_i64, now]);
        }
        let db = open(place).await?;
        let mut tx = db.begin().await?;
        let tables: [(&str, &[&str], _); 5] = [
            (
                "users",
                &[
                    "id",
                    "name",
                    "name_key",
                    "name_hash",
                    "email",
                    "email_key",
                    "role",
                    "state",
                    "password_hash",
                    "must_change_password",
                    "language",
                    "totp_last_step",
                    "created_at",
                ],
                users,
            ),
            ("sessions", &["id", "user_id", "token_hash", "address", "agent", "created_at", "last_seen_at", "expires_at"], sessions),
            (
                "ledger_accounts",
                &["id", "owner_kind", "owner_id", "unit", "keeps_balance", "posted", "held", "entries", "created_at"],
                accounts,
            ),
            (
                "ledger_transfers",
                &["id", "debit_account", "credit_account", "amount", "posted_amount", "state", "kind", "memo", "created_at", "settled_at"],
                transfers,
            ),
            (
                "ledger_entries",
                &["account_id", "seq", "transfer_id", "kind", "phase", "delta", "held_delta", "balance_after", "held_after", "at"],
                lines,
            ),
        ];
        for (table, columns, rows) in tables {
            insert_many(&mut tx, table, columns, rows, "").await?;
        }
        tx.commit().await?;
        tidy(&db).await?;
        db.close().await;
        Ok(Self { people })
    }
}

/// By what the program hashes session tokens (`platform::vault`). Were it another, nobody would be signed in, and the
/// measurement would fail.
fn token_key(place: &Place) -> Result<hmac::Key> {
    let text = std::fs::read_to_string(place.folder.join("master.key")).context("the master key")?;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).context("an empty master key")?;
    let master = hkdf::Salt::new(hkdf::HKDF_SHA256, b"cuekey master key v1").extract(&hex::decode(line)?);
    let (mut key, info) = ([0; 32], [b"hash".as_slice(), b" ", b"session token"]);
    let filled = master.expand(&info, hkdf::HKDF_SHA256).and_then(|material| material.fill(&mut key));
    filled.ok().context("a key cannot be derived")?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &key))
}

/// How many rows a transfer has in each table that it writes to, in thousandths: those of the filling are a part of none.
pub async fn rows_each(place: &Place) -> Result<Vec<(&'static str, i64)>> {
    let db = open(place).await?;
    let mut read = db.read();
    let mut count = async |what: &str| -> Result<i64> {
        Ok(read.one(&format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {what}"), args![], |row| row.get("n")).await?)
    };
    let transfers = count("ledger_transfers WHERE kind = 'transfer' AND state = 'posted'").await?;
    ensure!(transfers > 0, "no transfer was written");
    let mut rows = Vec::new();
    for (table, what) in [
        ("ledger_entries", "ledger_entries WHERE kind = 'transfer'"),
        ("notifications", "notifications WHERE kind LIKE 'quota.transfer%'"),
        ("operations", "operations WHERE module = 'quota'"),
        ("idempotency", "idempotency"),
    ] {
        rows.push((table, count(what).await? * 1_000 / transfers));
    }
    db.close().await;
    Ok(rows)
}

/// What the loop has moved is neither more nor less than there was, and its statements say so.
pub async fn adds_up(place: &Place) -> Result<()> {
    let db = open(place).await?;
    let mut read = db.read();
    let sql = "SELECT CAST(SUM(posted) AS BIGINT) AS posted, CAST(SUM(held) AS BIGINT) AS held, CAST(SUM(entries) AS BIGINT) AS entries, \
               (SELECT CAST(COUNT(*) AS BIGINT) FROM ledger_entries) AS lines FROM ledger_accounts";
    let sums = read
        .one(sql, args![], |row| Ok([row.get::<i64>("posted")?, row.get("held")?, row.get::<i64>("entries")? - row.get::<i64>("lines")?]));
    let sums = sums.await?;
    db.close().await;
    ensure!(sums == [QUOTA * i64::try_from(PEOPLE)?, 0, 0], "the loop's accounts do not add up: {sums:?}");
    Ok(())
}
