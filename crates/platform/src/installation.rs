//! Whether the master key at hand is the one that this database was sealed under.
//!
//! The first start seals a known text into the table `installation`. Whoever opens the database later must be able to open that.
//! Beside it lie, sealed, the hashing keys that were kept when the master key was changed ([`take_up`]).

use kernel::{Fault, Kind};
use store::{Db, Sql, Tx, args};
use zeroize::Zeroizing;

use crate::Result;
use crate::rekey::{Vaults, does_not_open};
use crate::vault::{Purpose, Vault};

const NAME: &str = "master key check";
const SEALED: Purpose = Purpose("master key check");
const TEXT: &[u8] = b"cuekey";
const KEPT: Purpose = Purpose("hashing key that is kept");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCheck {
    Right,
    Wrong,
}

/// Whether a master key has been used with this database. The tables must be there.
pub async fn has_key(db: &Db) -> store::Result<bool> {
    Ok(value(&mut db.read(), NAME).await?.is_some())
}

/// Compares, without changing anything; `None` where no key has been used yet.
pub async fn check_key(db: &Db, vault: &Vault) -> store::Result<Option<KeyCheck>> {
    Ok(value(&mut db.read(), NAME).await?.map(|sealed| compare(vault, &sealed)))
}

/// Ties the database to this key if it is not tied to one yet; of several processes at once, one does.
pub async fn claim_key(db: &Db, vault: &Vault) -> store::Result<KeyCheck> {
    if let Some(known) = check_key(db, vault).await? {
        return Ok(known);
    }
    let mut tx = db.begin().await?;
    let sql = "INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    tx.exec(sql, args![NAME, vault.seal(SEALED, TEXT)]).await?;
    let known = value(&mut tx, NAME).await?.map_or(KeyCheck::Wrong, |sealed| compare(vault, &sealed));
    tx.commit().await?;
    Ok(known)
}

/// Has the vault hash for these purposes by the keys that were kept for them, where some were. Whoever opens the vault does so at once.
pub async fn take_up(db: &Db, vault: &Vault, kept: &[Purpose]) -> Result<()> {
    for purpose in kept {
        if let Some(sealed) = value(&mut db.read(), &kept_as(*purpose)).await? {
            vault.hash_by(*purpose, &vault.open(KEPT, &sealed)?);
        }
    }
    Ok(())
}

/// Ties the database to the new key, and keeps the old one's hashing keys for these purposes.
pub(crate) async fn change_key<'a>(tx: &mut Tx, vaults: Vaults<'_>, kept: impl IntoIterator<Item = &'a Purpose>) -> Result<()> {
    // Looked at again, and here: another machine may have changed it since.
    if !value(tx, NAME).await?.is_some_and(|sealed| compare(vaults.old, &sealed) == KeyCheck::Right) {
        let (zh, en) = ("数据库的主密钥刚刚已被更换", "the database's master key has just been changed by somebody else");
        return Err(Fault::new(Kind::Conflict, "MASTER_KEY_CHANGED", zh, en));
    }
    put(tx, NAME, vaults.new.seal(SEALED, TEXT)).await?;
    for purpose in kept {
        let name = kept_as(*purpose);
        // One that was kept before stays the same, however often the master key is changed.
        let key = match value(tx, &name).await? {
            Some(sealed) => vaults.old.open(KEPT, &sealed).map_err(|_| does_not_open("installation", &name))?,
            None => Zeroizing::new(vaults.old.hashing_key(*purpose).to_vec()),
        };
        put(tx, &name, vaults.new.seal(KEPT, &key)).await?;
    }
    Ok(())
}

fn kept_as(purpose: Purpose) -> String {
    format!("hashing key: {}", purpose.0)
}

async fn value(sql: &mut impl Sql, name: &str) -> store::Result<Option<Vec<u8>>> {
    sql.opt("SELECT value FROM installation WHERE name = $1", args![name], |row| row.get("value")).await
}

async fn put(tx: &mut Tx, name: &str, value: Vec<u8>) -> store::Result<()> {
    let sql = "INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.exec(sql, args![name, value]).await?;
    Ok(())
}

fn compare(vault: &Vault, sealed: &[u8]) -> KeyCheck {
    match vault.open(SEALED, sealed) {
        Ok(plain) if plain.as_slice() == TEXT => KeyCheck::Right,
        _ => KeyCheck::Wrong,
    }
}
