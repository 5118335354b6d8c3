//! A broker that is away: no lamp can be told anything, and nobody would see that but those who stand at a table.

use kernel::Timestamp;
use platform::allowance::Allowance;
use platform::messages::templates::BROKER_AWAY;
use platform::{Cx, Result, messages};

/// Of all processes together: each finds it away.
const TOLD: Allowance = Allowance { name: "broker-away-told", window_seconds: 3_600, most: 1 };
const BROKER: &str = "broker";

/// Tells those who can see to it, once an hour.
pub async fn broker_is_away(cx: &Cx, since: Timestamp, why: &str) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    if !TOLD.reaches_most(&mut tx, cx, BROKER).await? {
        return Ok(());
    }
    let said = [("since_at", since.to_string()), ("why", why.chars().take(300).collect())];
    messages::tell_super_admins(&mut tx, cx, &BROKER_AWAY, &said, Some("/devices")).await?;
    Ok(tx.commit().await?)
}
