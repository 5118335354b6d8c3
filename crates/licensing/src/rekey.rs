//! What licensing has under the master key, for when that is changed.

use platform::rekey::{Part, Table};
use platform::vault::CannotOpen;
use store::args;

use crate::projects::{ANSWER, ProjectId, RESPONSE_SEED, SECRET};
use crate::{callbacks, keys};

pub const PART: Part = Part { tables: &[PROJECTS, KEYS], emptied: &["exports"], answers: &[ANSWER], kept: &[] };

const PROJECTS: Table = Table {
    name: "projects",
    only: "TRUE",
    reads: &["secret", "previous_secret", "response_seed", "callback_secret"],
    writes: &["secret", "previous_secret", "response_seed", "callback_secret"],
    change: |row, vaults| {
        Ok(args![
            vaults.column(row, "secret", SECRET)?,
            vaults.column(row, "previous_secret", SECRET)?,
            vaults.column(row, "response_seed", RESPONSE_SEED)?,
            vaults.column(row, "callback_secret", callbacks::SECRETS)?,
        ])
    },
};

/// A look-up that comes meets one of before as likely as two look-ups meet each other at all: the unique index may stay.
const KEYS: Table = Table {
    name: "keys",
    only: "TRUE",
    reads: &["project_id", "sealed"],
    writes: &["lookup", "sealed"],
    change: |row, vaults| {
        let project: ProjectId = row.get("project_id")?;
        let text = keys::open(vaults.old, &row.get::<Vec<u8>>("sealed")?).map_err(|_| CannotOpen)?;
        Ok(args![keys::lookup(vaults.new, project, text), keys::seal(vaults.new, text)])
    },
};
