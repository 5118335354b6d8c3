//! Whether the master key at hand is the one that this database was sealed under.
//!
//! The first start seals a known text into the table `installation`. Whoever opens the database later must be able to open that.

use store::{Db, Sql, args};

use crate::vault::{Purpose, Vault};

const NAME: &str = "master key check";
const SEALED: Purpose = Purpose("master key check");
const TEXT: &[u8] = b"cuekey";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCheck {
    Right,
    Wrong,
}

/// Whether a master key has been used with this database. The tables must be there.
pub async fn has_key(db: &Db) -> store::Result<bool> {
    Ok(canary(&mut db.read()).await?.is_some())
}

/// Compares, without changing anything; `None` where no key has been used yet.
pub async fn check_key(db: &Db, vault: &Vault) -> store::Result<Option<KeyCheck>> {
    Ok(canary(&mut db.read()).await?.map(|sealed| compare(vault, &sealed)))
}

/// Ties the database to this key if it is not tied to one yet; of several processes at once, one does.
pub async fn claim_key(db: &Db, vault: &Vault) -> store::Result<KeyCheck> {
    if let Some(known) = check_key(db, vault).await? {
        return Ok(known);
    }
    let mut tx = db.begin().await?;
    let sql = "INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    tx.exec(sql, args![NAME, vault.seal(SEALED, TEXT)]).await?;
    let known = canary(&mut tx).await?.map_or(KeyCheck::Wrong, |sealed| compare(vault, &sealed));
    tx.commit().await?;
    Ok(known)
}

async fn canary(sql: &mut impl Sql) -> store::Result<Option<Vec<u8>>> {
    sql.opt("SELECT value FROM installation WHERE name = $1", args![NAME], |row| row.get("value")).await
}

fn compare(vault: &Vault, sealed: &[u8]) -> KeyCheck {
    match vault.open(SEALED, sealed) {
        Ok(plain) if plain.as_slice() == TEXT => KeyCheck::Right,
        _ => KeyCheck::Wrong,
    }
}
