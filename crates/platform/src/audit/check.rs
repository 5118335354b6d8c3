//! Whether the operation log is as it was written: read from its first line to its last, for `doctor`.

use kernel::{MINUTE, Timestamp};
use store::{Db, Sql, args};

use super::line::{COLUMNS, Line, base_mac, link};
use super::seal::{Chain, chain};
use crate::vault::Vault;

const PAGE: i64 = 1_000;
/// After so many it is clear that something is wrong.
const MOST: usize = 20;
/// A running server seals within seconds.
const LATE: i64 = 10 * MINUTE;

/// What was found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Each is a sign that somebody has changed the database by hand.
    pub problems: Vec<String>,
    /// Lines in the chain, and its last link: to be compared with what the log and `/metrics` said.
    pub lines: i64,
    pub head: String,
    /// Lines that have no place yet, and have had none for long.
    pub late: i64,
}

impl Checked {
    fn say(&mut self, problem: String) {
        if self.problems.len() < MOST {
            self.problems.push(problem);
        }
    }
}

/// Reads everything, beside a running server.
pub async fn check(db: &Db, vault: &Vault, now: Timestamp) -> store::Result<Checked> {
    check_in(&mut db.read(), vault, now).await
}

/// The same, as a transaction sees it.
pub(super) async fn check_in(sql: &mut impl Sql, vault: &Vault, now: Timestamp) -> store::Result<Checked> {
    let mut checked = Checked::default();
    // In this order: what is sealed meanwhile lies behind the head, and is left for the next time.
    let last = "SELECT seq FROM operations WHERE seq > 0 ORDER BY seq DESC LIMIT 1";
    let last = sql.opt(last, args![], |row| row.get::<i64>("seq")).await?;
    let found = chain(sql, "").await?;
    if let Some(chain) = &found {
        checked.lines = chain.head_seq;
        checked.head = hex::encode(&chain.head_link);
        walk(sql, vault, chain, &mut checked).await?;
        if last.is_some_and(|last| last > chain.head_seq) {
            checked.say(format!("there are lines behind the end of the chain, {}", chain.head_seq));
        }
    } else if last.is_some() {
        checked.say("the head of the chain is missing".into());
    }
    waiting(sql, vault, now, &mut checked).await?;
    Ok(checked)
}

/// From the base to the head, line by line.
async fn walk(sql: &mut impl Sql, vault: &Vault, chain: &Chain, checked: &mut Checked) -> store::Result<()> {
    if chain.base_mac != base_mac(vault, chain.base_seq, &chain.base_link) {
        checked.say("the beginning of the chain was moved".into());
    }
    let query = format!("SELECT {COLUMNS}, mac, seq, link FROM operations WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3");
    let (mut seq, mut last) = (chain.base_seq, chain.base_link.clone());
    loop {
        let read = |row: &store::Row| {
            Ok((
                Line::read(row)?,
                row.get::<Vec<u8>>("mac")?,
                row.get::<i64>("seq")?,
                row.get::<Option<Vec<u8>>>("link")?.unwrap_or_default(),
            ))
        };
        let lines = sql.all(&query, args![seq, chain.head_seq, PAGE], read).await?;
        let full = i64::try_from(lines.len()).unwrap_or(PAGE) == PAGE;
        for (line, mac, number, said) in lines {
            // After each trouble it goes on from the line that is there: what follows may be sound, and is looked at too.
            let follows = number == seq + 1;
            if !follows {
                checked.say(format!("lines {} to {} are missing", seq + 1, number - 1));
            }
            if !line_is_sound(vault, &line, &mac) {
                checked.say(format!("line {number} ({}) was changed", line.id));
            } else if follows && said != link(vault, &last, number, &mac) {
                checked.say(format!("line {number} ({}) does not follow the one before it", line.id));
            }
            (seq, last) = (number, said);
        }
        if !full || checked.problems.len() >= MOST {
            break;
        }
    }
    if checked.problems.len() < MOST && (seq, &last) != (chain.head_seq, &chain.head_link) {
        checked.say(format!("the chain ends at line {seq}, and should end at {}, with another link or number", chain.head_seq));
    }
    let before = "SELECT seq FROM operations WHERE seq <= $1 ORDER BY seq LIMIT 1";
    if let Some(number) = sql.opt(before, args![chain.base_seq], |row| row.get::<i64>("seq")).await? {
        checked.say(format!("line {number} stands before the beginning of the chain"));
    }
    Ok(())
}

fn line_is_sound(vault: &Vault, line: &Line, mac: &[u8]) -> bool {
    line.mac(vault) == mac
}

/// Lines without a place: written by this program, or put there by somebody else.
async fn waiting(sql: &mut impl Sql, vault: &Vault, now: Timestamp, checked: &mut Checked) -> store::Result<()> {
    let query = format!("SELECT {COLUMNS}, mac FROM operations WHERE seq IS NULL AND id > $1 ORDER BY id LIMIT $2");
    let mut after = uuid::Uuid::nil();
    loop {
        let read = |row: &store::Row| Ok((Line::read(row)?, row.get::<Vec<u8>>("mac")?));
        let lines = sql.all(&query, args![after, PAGE], read).await?;
        let full = i64::try_from(lines.len()).unwrap_or(PAGE) == PAGE;
        for (line, mac) in lines {
            after = line.id.uuid();
            if !line_is_sound(vault, &line, &mac) {
                checked.say(format!("the line {} was changed, or not written by Cuekey", line.id));
            } else if line.at.plus_micros(LATE) < now {
                checked.late += 1;
            }
        }
        if !full || checked.problems.len() >= MOST {
            return Ok(());
        }
    }
}
