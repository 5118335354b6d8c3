//! Days whose bill cannot be had: they are somebody's to look at, long before nobody asks for them any more.

use kernel::Word as _;
use store::args;

use crate::payments::channel::ChannelKind;
use crate::payments::people;
use crate::{Cx, Result};

/// At this age a day that could not be compared is missing: yesterday's bill may come in the course of today.
pub(super) const MISSING: i64 = 2;

/// Keeps these days of a network, each with why, and tells people of those that were not known to be missing. What is compared after all is not
/// shown as missing any more; that somebody was told of it stays.
pub(super) async fn keep(cx: &Cx, kind: ChannelKind, days: &[(String, String)]) -> Result<()> {
    if days.is_empty() {
        return Ok(());
    }
    let mut tx = cx.db.begin().await?;
    let mut fresh = Vec::new();
    for (day, why) in days {
        let sql = "INSERT INTO pay_days_missing (channel, day, why, since) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        if tx.exec(sql, args![kind.as_str(), day.as_str(), why.as_str(), cx.now()]).await? == 1 {
            fresh.push((day.as_str(), why.as_str()));
        }
    }
    if let Some((_, why)) = fresh.last() {
        let names: Vec<&str> = fresh.iter().map(|(day, _)| *day).collect();
        people::missing(&mut tx, cx, kind, &names, why).await?;
    }
    Ok(tx.commit().await?)
}
