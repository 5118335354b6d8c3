//! What the venue has under the master key, for when that is changed.

use platform::rekey::{Part, Stuck, Table, Vaults};
use store::{Row, Value, args};

use crate::customers::PHONE;
use crate::{devices, texts};

pub const PART: Part = Part {
    tables: &[CUSTOMERS, TEXTS, texts::UNDER_KEY],
    emptied: &["customer_sessions", "phone_codes", "customer_networks"],
    answers: &[],
    // Lamps have it, and nobody here; without it each would have to be opened and given another. It is random, and longer than anybody can try.
    kept: &[devices::PASSWORD],
};

const CUSTOMERS: Table =
    Table { name: "customers", only: "phone IS NOT NULL", reads: &["phone"], writes: &["phone", "phone_hash"], change: phone };

const TEXTS: Table = Table { name: "texts", only: "TRUE", reads: &["phone"], writes: &["phone", "phone_hash"], change: phone };

fn phone(row: &Row, vaults: &Vaults<'_>) -> Result<Vec<Value>, Stuck> {
    let digits = vaults.old.open(PHONE, &row.get::<Vec<u8>>("phone")?)?;
    Ok(args![vaults.new.seal(PHONE, &digits), vaults.new.hash(PHONE, &digits)])
}
