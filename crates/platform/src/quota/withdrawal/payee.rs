//! Where the money goes: encrypted wherever it is stored.

use kernel::{Fault, Fields, text};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::vault::{Purpose, Vault};

const PAYEE: Purpose = Purpose("withdrawal payee");
const FIELD_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Payee {
    pub name: String,
    pub account: String,
    pub bank: String,
}

impl Payee {
    /// What the form says; what is wrong with it goes to `fields`.
    pub fn read(name: &str, account: &str, bank: &str, fields: &mut Fields) -> Option<Self> {
        let name = fields.take("payee_name", text::clean(name, 1, FIELD_MAX, false));
        let account = fields.take("payee_account", text::clean(account, 1, FIELD_MAX, false));
        let bank = fields.take("payee_bank", text::clean(bank, 1, FIELD_MAX, false));
        Some(Self { name: name?, account: account?, bank: bank? })
    }
}

/// Encrypts a payee, or an answer that holds one.
pub(super) fn seal(vault: &Vault, value: &impl Serialize) -> Result<Vec<u8>> {
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(value).map_err(Fault::internal)?);
    Ok(vault.seal(PAYEE, &plain))
}

pub(super) fn open<T: DeserializeOwned>(vault: &Vault, sealed: &[u8]) -> Result<T> {
    serde_json::from_slice(&vault.open(PAYEE, sealed)?).map_err(Fault::internal)
}
