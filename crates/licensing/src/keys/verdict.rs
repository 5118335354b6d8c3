//! Whether a key is good (K3.2a, and the order of codes in the client API's contract). Pure.

use kernel::Timestamp;

use super::model::{Facts, KeyState, Validity};
use super::store::KeyDevice;

kernel::words! {
    /// What a verification answers, in the order in which it is decided.
    pub enum Code {
        NotFound = "NOT_FOUND",
        ProjectDisabled = "PROJECT_DISABLED",
        Disabled = "DISABLED",
        Expired = "EXPIRED",
        DeviceMismatch = "DEVICE_MISMATCH",
        Valid = "VALID",
    }
}

impl Code {
    /// What the client program should do.
    pub const fn action(self) -> &'static str {
        match self {
            Self::NotFound | Self::ProjectDisabled | Self::Disabled => "exit",
            Self::Expired => "renew",
            Self::DeviceMismatch => "contact",
            Self::Valid => "continue",
        }
    }

    /// For the person at the client program.
    pub const fn message(self) -> (&'static str, &'static str) {
        match self {
            Self::NotFound => ("卡密不存在，请检查输入", "There is no such key; check what was typed"),
            Self::ProjectDisabled => ("软件已停止服务", "This software is not in service"),
            Self::Disabled => ("卡密已被禁用", "This key has been disabled"),
            Self::Expired => ("卡密已过期", "This key has expired"),
            Self::DeviceMismatch => ("卡密已绑定其他设备", "This key is bound to another device"),
            Self::Valid => ("验证通过", "The key is good"),
        }
    }
}

/// A key as the verdict needs it.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub facts: Facts,
    pub validity: Validity,
    /// In the order in which they were bound.
    pub bound: Vec<KeyDevice>,
}

/// What is decided, and what it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub code: Code,
    /// The device takes a seat.
    pub binds: bool,
    /// And activates the key: its clock starts now.
    pub first_use: bool,
}

impl Verdict {
    const fn refused(code: Code) -> Self {
        Self { code, binds: false, first_use: false }
    }
}

/// Decides. `seats`: how many devices the project allows a key.
pub fn decide(key: Option<&Candidate>, project_active: bool, seats: i64, device: &str, now: Timestamp) -> Verdict {
    let Some(key) = key else { return Verdict::refused(Code::NotFound) };
    if !project_active {
        return Verdict::refused(Code::ProjectDisabled);
    }
    match key.facts.state(now) {
        KeyState::Disabled => Verdict::refused(Code::Disabled),
        KeyState::Expired => Verdict::refused(Code::Expired),
        KeyState::Unused | KeyState::Active => {
            if key.bound.iter().any(|bound| bound.id == device) {
                Verdict { code: Code::Valid, binds: false, first_use: false }
            } else if key.facts.devices < seats {
                Verdict { code: Code::Valid, binds: true, first_use: key.facts.activated_at.is_none() }
            } else {
                Verdict::refused(Code::DeviceMismatch)
            }
        }
    }
}

/// The key after a verdict that binds. Months of its validity are counted in `zone`.
pub fn bind(key: &mut Candidate, device: &str, name: &str, now: Timestamp, zone: &str) {
    key.facts = key.facts.bind(key.validity, now, zone);
    key.bound.push(KeyDevice { id: device.to_owned(), name: name.to_owned(), bound_at: now });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projects::ValidityUnit;
    use proptest::prelude::*;

    fn fresh() -> Candidate {
        Candidate { facts: Facts::default(), validity: Validity { unit: ValidityUnit::Day, count: 1 }, bound: Vec::new() }
    }

    const NOW: Timestamp = Timestamp::from_unix(1_700_000_000);
    const ZONE: &str = "Asia/Shanghai";

    proptest! {
        #[test]
        fn never_more_devices_than_seats_and_each_winner_stays_one(seats in 1_i64..6, devices in proptest::collection::vec(0_u8..12, 1..60)) {
            let mut key = fresh();
            let mut winners: Vec<u8> = Vec::new();
            for device in devices {
                let name = format!("d{device}");
                let verdict = decide(Some(&key), true, seats, &name, NOW);
                if verdict.binds {
                    bind(&mut key, &name, "", NOW, ZONE);
                    winners.push(device);
                }
                prop_assert_eq!(verdict.code == Code::Valid, winners.contains(&device));
                prop_assert!(key.facts.devices <= seats);
                prop_assert_eq!(key.facts.devices, i64::try_from(key.bound.len()).unwrap());
                prop_assert_eq!(verdict.first_use, verdict.binds && winners.len() == 1);
            }
        }

        #[test]
        fn a_refusal_changes_nothing_and_codes_keep_their_order(disabled: bool, expired: bool, active: bool, taken: bool) {
            let mut key = fresh();
            if taken { bind(&mut key, "other", "", NOW, ZONE); }
            if expired { key.facts.expires_at = Some(NOW); }
            if disabled { key.facts = key.facts.disable(NOW); }
            let verdict = decide(Some(&key), active, 1, "mine", NOW);
            let expected = if !active { Code::ProjectDisabled } else if disabled { Code::Disabled } else if expired { Code::Expired }
                else if taken { Code::DeviceMismatch } else { Code::Valid };
            prop_assert_eq!(verdict.code, expected);
            prop_assert_eq!(verdict.binds, expected == Code::Valid);
        }
    }

    #[test]
    fn an_unbound_key_can_be_bound_again_but_is_not_used_first() {
        let mut key = fresh();
        bind(&mut key, "a", "", NOW, ZONE);
        key.facts = key.facts.unbind(1, None, NOW).unwrap();
        key.bound.clear();
        let verdict = decide(Some(&key), true, 1, "b", NOW);
        assert_eq!(verdict, Verdict { code: Code::Valid, binds: true, first_use: false });
        assert_eq!(decide(None, false, 1, "b", NOW).code, Code::NotFound);
    }

    #[test]
    fn each_code_tells_the_program_what_to_do_and_the_person_why() {
        use kernel::Word;
        let actions: Vec<_> = Code::ALL.iter().map(|code| (code.as_str(), code.action())).collect();
        let expected = [
            ("NOT_FOUND", "exit"),
            ("PROJECT_DISABLED", "exit"),
            ("DISABLED", "exit"),
            ("EXPIRED", "renew"),
            ("DEVICE_MISMATCH", "contact"),
            ("VALID", "continue"),
        ];
        assert_eq!(actions, expected);
        let mut messages: Vec<_> = Code::ALL.iter().flat_map(|code| [code.message().0, code.message().1]).collect();
        assert!(Code::ALL.iter().all(|code| !code.message().0.is_ascii() && code.message().1.is_ascii() && code.message().1.len() > 10));
        messages.sort_unstable();
        messages.dedup();
        assert_eq!(messages.len(), 12, "none is another's");
    }
}
