//! Card keys 卡密: their text, their life, and what agents do with them (K3).
//!
//! [`text`] is how a key is written, [`model`] its states, [`verdict`] whether it is good: all three are pure. [`manage`] is what
//! the console does, and [`unbind`] how a key is freed from its devices.

pub(crate) mod bound;
mod look;
pub mod manage;
pub mod model;
pub mod select;
pub mod store;
pub mod text;
pub mod unbind;
pub mod verdict;
pub(crate) mod walk;

pub use model::{Facts, KeyId, KeyState, UnbindRefusal, Validity};
pub use store::KeyDevice;
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use kernel::Random;
    use zeroize::Zeroizing;

    use super::*;

    fn vault(master: u8) -> Vault {
        Vault::new(&Zeroizing::new([master; 32]), Random::seeded(1))
    }

    #[test]
    fn k8_3_a_key_is_found_in_its_own_project_and_installation_and_what_is_no_key_nowhere() {
        let [one, two] = [1, 2].map(|n| ProjectId::from_uuid(Uuid::from_u128(n)));
        let random = Random::seeded(2);
        let (key, other) = (KeyText::random(&random), KeyText::random(&random));
        let here = vault(7);
        let all = [
            lookup(&here, one, key),
            lookup(&here, one, other),
            lookup(&here, two, key),
            lookup(&vault(8), one, key),
            no_lookup(&here, &[one.uuid().as_bytes().as_slice(), &key.to_bytes()].concat()),
            no_lookup(&here, b"0123456789abcdef"),
        ];
        assert_eq!(HashSet::from(all).len(), all.len());
        assert_eq!(lookup(&vault(7), one, key), all[0], "after a restart as before it");
    }

    #[test]
    fn k3_1b_a_keys_text_opens_where_it_was_sealed_and_as_nothing_else() {
        let (here, key) = (vault(7), KeyText::random(&Random::seeded(2)));
        let sealed = seal(&here, key);
        assert_eq!(open(&here, &sealed).unwrap(), key);
        assert!(open(&vault(8), &sealed).is_err() && open(&here, &here.seal(LOOKUP, &key.to_bytes())).is_err());
        assert_eq!(open(&here, &here.seal(TEXT, b"another form")).unwrap_err().code, "INTERNAL");
    }
}
