//! Who may come to the broker, and what it may say and hear there.

use platform::vault::Purpose;
use platform::{Cx, Result};
use store::{Sql as _, args};

use super::device::Driver;

pub(crate) const PASSWORD: Purpose = Purpose("device password");

/// Topic filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    pub says: Vec<String>,
    pub hears: Vec<String>,
}

/// A device by its topic and password: it may use its own topics, and no others, whatever lights are on it.
pub async fn admit(cx: &Cx, user: &str, password: &[u8]) -> Result<Option<Rights>> {
    let sql = "SELECT topic, driver FROM devices WHERE topic = $1 AND password_hash = $2 ORDER BY channel LIMIT 1";
    let hash = cx.vault.hash(PASSWORD, password);
    let found: Option<(String, Driver)> =
        cx.db.read().opt(sql, args![user, hash], |row| Ok((row.get("topic")?, row.word("driver")?))).await?;
    Ok(found.map(|(topic, driver)| rights(driver, &topic)))
}

fn rights(driver: Driver, topic: &str) -> Rights {
    let of = |filters: &[&str]| filters.iter().map(|filter| filter.replace('?', topic)).collect();
    match driver {
        // Nobody gives itself commands. The firmware sends an empty one when it connects, for whoever listens there, and does not miss it; with a
        // topic for its buttons it would switch its relay by way of the broker: a button has its relay, or is locked.
        Driver::Tasmota => Rights { says: of(&["stat/?/#", "tele/?/#"]), hears: of(&["cmnd/?/#"]) },
        Driver::Shelly => {
            Rights { says: of(&["?/online", "?/events/rpc", "?/reply/rpc", "?/status/#"]), hears: of(&["?/rpc", "?/command/#"]) }
        }
        // It is not on the broker, and has no password there.
        Driver::Modbus => Rights { says: Vec::new(), hears: Vec::new() },
    }
}
