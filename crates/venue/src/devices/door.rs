//! Who may come to the broker, and what it may say and hear there.

use platform::vault::Purpose;
use platform::{Cx, Result};
use store::{Sql as _, args};

pub(super) const PASSWORD: Purpose = Purpose("device password");

/// Topic filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    pub says: Vec<String>,
    pub hears: Vec<String>,
}

/// A device by its topic and password: it may use its own topics, and no others.
pub async fn admit(cx: &Cx, user: &str, password: &[u8]) -> Result<Option<Rights>> {
    let sql = "SELECT topic FROM devices WHERE topic = $1 AND password_hash = $2";
    let hash = cx.vault.hash(PASSWORD, password);
    let topic: Option<String> = cx.db.read().opt(sql, args![user, hash], |row| row.get("topic")).await?;
    // Under `cmnd` it reaches itself alone: the firmware sends an empty command there when it connects.
    let says = |topic: &str| ["stat", "tele", "cmnd"].map(|prefix| format!("{prefix}/{topic}/#")).into();
    Ok(topic.map(|topic| Rights { says: says(&topic), hears: vec![format!("cmnd/{topic}/#")] }))
}
