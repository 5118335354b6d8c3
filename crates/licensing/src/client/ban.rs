//! Banning a project's client that goes on over its limit (K8.1): for a time that grows, in the security log, and its
//! owner is told.

use kernel::Timestamp;
use platform::messages::{self, templates};
use platform::settings::defs;
use platform::{Cx, Result, audit};
use serde_json::json;
use store::{Sql, args, topics};

use super::limit::{banned, next_ban};
use super::project::CallerProject;
use crate::projects::TOPIC;

pub(crate) async fn ban(cx: &Cx, project: &CallerProject) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    let now = cx.now();
    let lock = tx.for_update();
    let sql = format!("SELECT ban_level, last_ban_at, banned_until FROM projects WHERE id = $1{lock}");
    let (level, last, until): (i64, Option<Timestamp>, Option<Timestamp>) =
        tx.one(&sql, args![project.id], |row| Ok((row.get("ban_level")?, row.get("last_ban_at")?, row.get("banned_until")?))).await?;
    // Another process has just done it.
    if banned(until, last, now).is_some() {
        return Ok(());
    }
    let (seconds, level) = next_ban(level, last, cx.settings.get(defs::BAN_SECONDS), now);
    let until = now.plus_seconds(seconds);
    let sql = "UPDATE projects SET banned_until = $1, ban_level = $2, last_ban_at = $3 WHERE id = $4";
    tx.exec(sql, args![until, level, now, project.id]).await?;
    audit::record(
        &mut tx,
        cx,
        &audit::CLIENT_BANNED,
        Some(project.id.into()),
        &json!({"project": project.name, "seconds": seconds, "until": until}),
    )
    .await?;
    let params = [("project", project.name.clone()), ("until_at", until.to_string())];
    let page = format!("/projects/{}", project.id);
    messages::tell_keeper(&mut tx, cx, project.owner, &templates::CLIENT_BANNED, &params, Some(&page)).await?;
    topics::bump(&mut tx, &cx.db, TOPIC).await?;
    Ok(tx.commit().await?)
}
