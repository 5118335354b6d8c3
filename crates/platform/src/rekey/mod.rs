//! Another master key (docs/decisions/0027): everything that is under the old one comes under the new one, in one transaction.
//!
//! Each context says in a [`Part`] what it has under the key, and [`rekey`] sees to all of it. Whatever does not open ends it, and is named.
//!
//! **Invariant**: what is under the master key stands in a part. `web/tests/schema.rs` looks at every binary column; texts that hold something
//! sealed (jobs, kept answers) it cannot know.

mod own;
mod rows;

use std::fmt::Display;

use kernel::{Fault, Kind};
use serde_json::json;
use store::{Row, Tx, Value, args};

pub use own::PART as OWN;
pub(crate) use rows::change as change_rows;

use crate::identity::second_factor;
use crate::vault::{CannotOpen, Purpose, Vault};
use crate::{Cx, Result, audit, idempotency, installation};

/// What a context has under the master key.
pub struct Part {
    /// What is sealed, and what is hashed of values that are at hand.
    pub tables: &'static [Table],
    /// Tables of hashes whose values nobody here has: their rows could never be found again, and go.
    pub emptied: &'static [&'static str],
    /// What answers are sealed for that are kept under an `Idempotency-Key`.
    pub answers: &'static [Purpose],
    /// What goes on being hashed by the key of before, which is kept: nobody here has the values, and they have to stay good.
    pub kept: &'static [Purpose],
}

/// A table whose key is a UUID, `id`, and how a row of it comes under another key.
pub struct Table {
    pub name: &'static str,
    /// Which rows, as a condition.
    pub only: &'static str,
    pub reads: &'static [&'static str],
    /// In the order in which `change` answers them.
    pub writes: &'static [&'static str],
    pub change: fn(&Row, &Vaults<'_>) -> std::result::Result<Vec<Value>, Stuck>,
}

/// Why a row cannot come under another key.
pub enum Stuck {
    CannotOpen,
    Store(store::Error),
}

impl From<CannotOpen> for Stuck {
    fn from(_: CannotOpen) -> Self {
        Self::CannotOpen
    }
}

impl From<store::Error> for Stuck {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// Under the key of before, and under the one that comes.
#[derive(Clone, Copy)]
pub struct Vaults<'a> {
    pub old: &'a Vault,
    pub new: &'a Vault,
}

impl Vaults<'_> {
    pub fn moved(&self, purpose: Purpose, sealed: &[u8]) -> std::result::Result<Vec<u8>, CannotOpen> {
        Ok(self.new.seal(purpose, &self.old.open(purpose, sealed)?))
    }

    /// The same of a column, which may be empty.
    pub fn column(&self, row: &Row, column: &str, purpose: Purpose) -> std::result::Result<Option<Vec<u8>>, Stuck> {
        let sealed: Option<Vec<u8>> = row.get(column)?;
        Ok(sealed.map(|sealed| self.moved(purpose, &sealed)).transpose()?)
    }
}

/// Is told of a table from time to time how many of its rows are done.
pub type Say<'a> = &'a (dyn Fn(&str, u64) + Sync);

/// Brings everything under the key of `cx`, in the caller's transaction, while nobody else uses the database. Where this refuses, the transaction
/// is not to be committed.
///
/// # Errors
/// `MASTER_KEY_CHANGED`, `OPERATION_LOG_NOT_WHOLE`, `SEALED_VALUE_DAMAGED`.
pub async fn rekey(tx: &mut Tx, cx: &Cx, old: &Vault, products: &[&Part], say: Say<'_>) -> Result<()> {
    let vaults = Vaults { old, new: &cx.vault };
    let parts: Vec<&Part> = [&OWN].into_iter().chain(products.iter().copied()).collect();
    installation::change_key(tx, vaults, parts.iter().flat_map(|part| part.kept)).await?;
    let (lines, head) = audit::change_key(tx, vaults, cx.now(), say).await?;
    for table in parts.iter().flat_map(|part| part.tables) {
        change_rows(tx, vaults, table, say).await?;
    }
    let answers: Vec<Purpose> = parts.iter().flat_map(|part| part.answers).copied().collect();
    idempotency::change_key(tx, vaults, &answers).await?;
    // From here on what is written is under the new key.
    second_factor::tell_that_codes_end(tx, cx).await?;
    for table in parts.iter().flat_map(|part| part.emptied) {
        tx.exec(&format!("DELETE FROM {table}"), args![]).await?;
    }
    // The chain's last link of before stands in the log or the metrics of somebody who watches it.
    audit::record(tx, cx, &audit::MASTER_KEY_CHANGED, None, &json!({"lines": lines, "head_before": head})).await
}

/// Names the row, and nothing of what is in it.
pub(crate) fn does_not_open(table: &str, id: impl Display) -> Fault {
    Fault::new(
        Kind::Conflict,
        "SEALED_VALUE_DAMAGED",
        format!("表 {table} 的 {id} 中加密的内容无法用现在的主密钥打开，未作任何改动。请从备份恢复这一行"),
        format!(
            "what is sealed in {id} of the table {table} does not open under the present master key, and nothing was changed; restore that row from a backup"
        ),
    )
}
