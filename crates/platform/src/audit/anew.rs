//! The chain under another master key: sealed anew from its first line, once it is known to be whole under the one of before. Otherwise whatever
//! was done to it would be sealed with it, and never be seen again.

use kernel::{Fault, Kind, Timestamp};
use store::{Row, Sql, Tx, args, update_many};

use super::check::check_in;
use super::line::{COLUMNS, Line, base_mac, genesis, link};
use super::seal::{NAME, chain};
use crate::Result;
use crate::rekey::{Say, Table, Vaults, change_rows};
use crate::vault::Vault;

const AT_ONCE: usize = 1_024;
/// How often somebody is told how far it is: lines.
const TELL_EVERY: u64 = 102_400;

/// Lines that have no place in the chain yet.
const WAITING: Table = Table {
    name: "operations",
    only: "seq IS NULL",
    reads: &[COLUMNS],
    writes: &["mac"],
    change: |row, vaults| Ok(args![Line::read(row)?.mac(vaults.new)]),
};

/// Answers how many lines there were in the chain, and which was its last link before.
///
/// # Errors
/// `OPERATION_LOG_NOT_WHOLE`.
pub(crate) async fn change_key(tx: &mut Tx, vaults: Vaults<'_>, now: Timestamp, say: Say<'_>) -> Result<(i64, String)> {
    let checked = check_in(tx, vaults.old, now).await?;
    if !checked.problems.is_empty() {
        let found = checked.problems.join("; ");
        return Err(Fault::new(
            Kind::Conflict,
            "OPERATION_LOG_NOT_WHOLE",
            format!("操作日志被改动过，未更换主密钥，否则改动将无从发现（{found}）。请先与备份比较"),
            format!(
                "the operation log was changed by hand, and under another master key that would not be seen any more; nothing was changed ({found}); compare it with a backup first"
            ),
        ));
    }
    if let Some(chain) = chain(tx, "").await? {
        let base = if chain.base_seq == 0 { genesis(vaults.new).to_vec() } else { chain.base_link };
        let head = link_all(tx, vaults.new, chain.base_seq, base.clone(), say).await?;
        let sql = "UPDATE operation_chain SET base_link = $1, base_mac = $2, head_link = $3 WHERE name = $4";
        tx.exec(sql, args![base.as_slice(), base_mac(vaults.new, chain.base_seq, &base), head, NAME]).await?;
    }
    change_rows(tx, vaults, &WAITING, say).await?;
    Ok((checked.lines, checked.head))
}

/// Links all lines after `seq` to `last`, one after the other. Answers the last link.
async fn link_all(tx: &mut Tx, vault: &Vault, mut seq: i64, mut last: Vec<u8>, say: Say<'_>) -> Result<Vec<u8>> {
    let sql = format!("SELECT {COLUMNS}, seq FROM operations WHERE seq > $1 ORDER BY seq LIMIT {AT_ONCE}");
    let mut done = 0;
    loop {
        let lines = tx.all(&sql, args![seq], |row: &Row| Ok((Line::read(row)?, row.get::<i64>("seq")?))).await?;
        let is_full = lines.len() == AT_ONCE;
        let mut rows = Vec::with_capacity(lines.len());
        for (line, number) in lines {
            let mac = line.mac(vault);
            last = link(vault, &last, number, &mac).to_vec();
            seq = number;
            rows.push(args![line.id, mac, last.as_slice()]);
        }
        done += rows.len() as u64;
        update_many(tx, "operations", &["id", "mac", "link"], rows).await?;
        if done > 0 && done.is_multiple_of(TELL_EVERY) {
            say("operations", done);
        }
        if !is_full {
            return Ok(last);
        }
    }
}
