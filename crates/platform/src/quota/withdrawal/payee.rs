//! Where the money goes: encrypted wherever it is stored.

use kernel::{Fault, Fields, text};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::vault::{Purpose, Vault};

pub(crate) const PAYEE: Purpose = Purpose("withdrawal payee");
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

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Random;
    use zeroize::Zeroizing;

    #[test]
    fn k4_3_a_payee_is_read_whole_or_all_that_is_missing_is_named() {
        let mut fields = Fields::default();
        let payee = Payee::read(" 张三 ", "6222 0000", "ICBC", &mut fields).unwrap();
        assert_eq!((payee.name.as_str(), payee.account.as_str(), payee.bank.as_str()), ("张三", "6222 0000", "ICBC"));
        assert!(fields.check().is_ok());
        let mut fields = Fields::default();
        assert_eq!(Payee::read("", "6222", &"x".repeat(65), &mut fields), None);
        let wrong: Vec<String> = fields.check().unwrap_err().fields.into_iter().map(|field| field.field).collect();
        assert_eq!(wrong, ["payee_name", "payee_bank"]);
    }

    #[test]
    fn k4_3_a_payee_is_sealed_and_opens_again_here_only() {
        let vault = |byte| Vault::new(&Zeroizing::new([byte; 32]), Random::seeded(1));
        let payee = Payee { name: "张三".into(), account: "6222".into(), bank: "ICBC".into() };
        let sealed = seal(&vault(1), &payee).unwrap();
        assert!(sealed.len() > 29 && !sealed.windows(4).any(|part| part == b"6222"));
        assert_eq!(open::<Payee>(&vault(1), &sealed).unwrap(), payee);
        assert!(open::<Payee>(&vault(2), &sealed).is_err() && open::<Vec<i64>>(&vault(1), &sealed).is_err());
    }
}
