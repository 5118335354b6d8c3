//! What the platform has under the master key, beside the table `installation`, the operation log and kept answers.

use store::args;

use super::{Part, Table};
use crate::identity::{second_factor, tries};
use crate::quota::withdrawal;
use crate::{messages, payments};

pub const PART: Part = Part {
    tables: &[USERS, WITHDRAWALS, MERCHANTS, messages::UNDER_KEY],
    emptied: &["sessions", "email_tokens", "recovery_codes", "captchas", "name_tries", "allowances"],
    answers: &[withdrawal::PAYEE],
    kept: &[],
};

const USERS: Table = Table {
    name: "users",
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
    only: "TRUE",
    reads: &["payee"],
    writes: &["payee"],
    change: |row, vaults| Ok(args![vaults.column(row, "payee", withdrawal::PAYEE)?]),
};

/// Those that we were, too: something may still come of them.
const MERCHANTS: Table = Table {
    name: "pay_merchants",
    only: "TRUE",
    reads: &["parameters"],
    writes: &["parameters"],
    change: |row, vaults| Ok(args![vaults.column(row, "parameters", payments::PARAMETERS)?]),
};
