//! What the platform has under the master key, beside the table `installation`, the operation log and kept answers.

use store::args;

use super::{Key, Part, Table};
use crate::identity::{second_factor, tries};
use crate::quota::withdrawal;
use crate::{messages, payments};

pub const PART: Part = Part {
    tables: &[USERS, WITHDRAWALS, CHANNELS, messages::UNDER_KEY],
    emptied: &["sessions", "email_tokens", "recovery_codes", "captchas", "name_tries", "allowances"],
    answers: &[withdrawal::PAYEE],
    kept: &[],
};

const USERS: Table = Table {
    name: "users",
    key: Key::Id,
    only: "TRUE",
    reads: &["name_key", "totp_secret"],
    writes: &["name_hash", "totp_secret"],
    change: |row, vaults| {
        let name_hash = vaults.new.hash(tries::NAME, row.get::<String>("name_key")?.as_bytes());
        Ok(args![name_hash, vaults.column(row, "totp_secret", second_factor::SECRET)?])
    },
};

const WITHDRAWALS: Table = Table {
    name: "withdrawals",
    key: Key::Id,
    only: "TRUE",
    reads: &["payee"],
    writes: &["payee"],
    change: |row, vaults| Ok(args![vaults.column(row, "payee", withdrawal::PAYEE)?]),
};

const CHANNELS: Table = Table {
    name: "pay_channels",
    key: Key::Text("channel"),
    only: "TRUE",
    reads: &["parameters"],
    writes: &["parameters"],
    change: |row, vaults| Ok(args![vaults.column(row, "parameters", payments::PARAMETERS)?]),
};
