//! Card keys 卡密: their text, their life, and what agents do with them (K3).
//!
//! [`text`] is how a key is written, [`model`] its states, [`verdict`] whether it is good: all three are pure. [`manage`] is what
//! the console does.

pub(crate) mod bound;
mod look;
pub mod manage;
pub mod model;
pub mod select;
pub mod store;
pub mod text;
pub mod verdict;
pub(crate) mod walk;

pub use model::{Facts, KeyId, KeyState, UnbindRefusal, Validity};
pub(crate) use store::find;
pub use text::KeyText;
pub use verdict::{Code, Verdict};

use platform::vault::{Purpose, Vault};
use uuid::Uuid;

use crate::projects::ProjectId;

const LOOKUP: Purpose = Purpose("key lookup");
const NO_LOOKUP: Purpose = Purpose("no key's lookup");
const TEXT: Purpose = Purpose("key text");

/// What a key is found by: a keyed hash, so that the table does not hold the keys. With its project, so that for a program of
/// another project there is nothing to find, and looking takes as long as it does for a key that never was.
pub fn lookup(vault: &Vault, project: ProjectId, key: KeyText) -> Uuid {
    of_hash(&vault.hash(LOOKUP, &[project.uuid().as_bytes().as_slice(), &key.to_bytes()].concat()))
}

/// Under what no key is found, made with the same work.
pub fn no_lookup(vault: &Vault, salt: &[u8]) -> Uuid {
    of_hash(&vault.hash(NO_LOOKUP, salt))
}

/// Sixteen bytes of it, as the one type of that length that both databases have.
fn of_hash(hash: &[u8; 32]) -> Uuid {
    Uuid::from_bytes(std::array::from_fn(|n| hash[n]))
}

/// A key's text, encrypted.
pub fn seal(vault: &Vault, key: KeyText) -> Vec<u8> {
    vault.seal(TEXT, &key.to_bytes())
}

pub fn open(vault: &Vault, sealed: &[u8]) -> platform::Result<KeyText> {
    let bytes = vault.open(TEXT, sealed)?;
    KeyText::from_bytes(&bytes).ok_or_else(|| kernel::Fault::internal("a sealed key has another form"))
}
