//! A line of the operation log as it is written, and what proves that nobody has altered it (docs/decisions/0011).

use kernel::Timestamp;
use store::{Row, Value, args};
use uuid::Uuid;

use super::OperationId;
use crate::identity::UserId;
use crate::vault::{Purpose, Vault};

const LINE: Purpose = Purpose("operation log line");
const LINK: Purpose = Purpose("operation log link");
const BASE: Purpose = Purpose("operation log base");

/// Everything that a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub id: OperationId,
    pub at: Timestamp,
    pub actor_id: Option<UserId>,
    pub actor_name: String,
    pub actor_role: String,
    pub superior_id: Option<UserId>,
    pub level: String,
    pub module: String,
    pub action: String,
    pub object_kind: Option<String>,
    pub object_id: Option<Uuid>,
    pub address: String,
    pub agent: String,
    pub request_id: String,
    pub detail: String,
}

pub(super) const COLUMNS: &str = "id, at, actor_id, actor_name, actor_role, superior_id, level, module, action, object_kind, object_id, address, agent, request_id, detail";

impl Line {
    pub fn read(row: &Row) -> store::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            at: row.get("at")?,
            actor_id: row.get("actor_id")?,
            actor_name: row.get("actor_name")?,
            actor_role: row.get("actor_role")?,
            superior_id: row.get("superior_id")?,
            level: row.get("level")?,
            module: row.get("module")?,
            action: row.get("action")?,
            object_kind: row.get("object_kind")?,
            object_id: row.get("object_id")?,
            address: row.get("address")?,
            agent: row.get("agent")?,
            request_id: row.get("request_id")?,
            detail: row.get("detail")?,
        })
    }

    /// In the order of [`COLUMNS`].
    pub fn args(self) -> Vec<Value> {
        args![
            self.id,
            self.at,
            self.actor_id,
            self.actor_name,
            self.actor_role,
            self.superior_id,
            self.level,
            self.module,
            self.action,
            self.object_kind,
            self.object_id,
            self.address,
            self.agent,
            self.request_id,
            self.detail
        ]
    }

    /// Its keyed hash. Each field with its length, so that no two lines are written alike.
    pub fn mac(&self, vault: &Vault) -> [u8; 32] {
        let uuid = |id: &Option<UserId>| id.map(|id| id.uuid().into_bytes().to_vec());
        let text = |text: &str| Some(text.as_bytes().to_vec());
        let fields: [Option<Vec<u8>>; 15] = [
            Some(self.id.uuid().into_bytes().to_vec()),
            Some(self.at.micros().to_be_bytes().to_vec()),
            uuid(&self.actor_id),
            text(&self.actor_name),
            text(&self.actor_role),
            uuid(&self.superior_id),
            text(&self.level),
            text(&self.module),
            text(&self.action),
            self.object_kind.as_deref().and_then(text),
            self.object_id.map(|id| id.into_bytes().to_vec()),
            text(&self.address),
            text(&self.agent),
            text(&self.request_id),
            text(&self.detail),
        ];
        let mut bytes = Vec::with_capacity(512);
        for field in fields {
            match field {
                None => bytes.push(0),
                Some(field) => {
                    bytes.push(1);
                    bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
                    bytes.extend_from_slice(&field);
                }
            }
        }
        vault.hash(LINE, &bytes)
    }
}

/// What stands before the first line.
pub(super) fn genesis(vault: &Vault) -> [u8; 32] {
    vault.hash(LINK, b"")
}

/// The link of the line with number `seq`, given the one before.
pub(super) fn link(vault: &Vault, before: &[u8], seq: i64, mac: &[u8]) -> [u8; 32] {
    vault.hash(LINK, &[before, &seq.to_be_bytes(), mac].concat())
}

/// Proves that the chain may begin after `seq`.
pub(super) fn base_mac(vault: &Vault, seq: i64, link: &[u8]) -> [u8; 32] {
    vault.hash(BASE, &[&seq.to_be_bytes(), link].concat())
}

#[cfg(test)]
mod tests {
    use kernel::Random;
    use proptest::prelude::*;
    use zeroize::Zeroizing;

    use super::*;

    fn vault(key: u8) -> Vault {
        Vault::new(&Zeroizing::new([key; 32]), Random::seeded(1))
    }

    fn line(actor_name: &str, address: &str, object_kind: Option<&str>) -> Line {
        Line {
            id: OperationId::from_uuid(Uuid::from_u128(1)),
            at: Timestamp::from_unix(1),
            actor_id: None,
            actor_name: actor_name.into(),
            actor_role: "agent".into(),
            superior_id: None,
            level: "info".into(),
            module: "keys".into(),
            action: "unbound".into(),
            object_kind: object_kind.map(Into::into),
            object_id: None,
            address: address.into(),
            agent: String::new(),
            request_id: String::new(),
            detail: "{}".into(),
        }
    }

    proptest! {
        #[test]
        fn two_lines_that_differ_have_different_macs(a: (String, String, Option<String>), b: (String, String, Option<String>)) {
            let of = |(name, address, kind): &(String, String, Option<String>)| line(name, address, kind.as_deref()).mac(&vault(1));
            prop_assert_eq!(a == b, of(&a) == of(&b));
        }

        #[test]
        fn a_link_hangs_on_all_that_it_is_made_of(before: [u8; 32], other: [u8; 32], seq: i64, mac: [u8; 32]) {
            let vault = vault(1);
            let this = link(&vault, &before, seq, &mac);
            prop_assert_eq!(link(&vault, &other, seq, &mac) == this, other == before);
            prop_assert_ne!(link(&vault, &before, seq.wrapping_add(1), &mac), this);
            prop_assert_ne!(link(&super::tests::vault(2), &before, seq, &mac), this);
        }
    }

    #[test]
    fn a_text_cannot_move_into_the_next_field() {
        assert_ne!(line("ab", "c", None).mac(&vault(1)), line("a", "bc", None).mac(&vault(1)));
        assert_ne!(line("a", "b", Some("")).mac(&vault(1)), line("a", "b", None).mac(&vault(1)));
    }
}
