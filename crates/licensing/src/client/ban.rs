//! Banning a project's client that goes on over its limit (K8.1): for a time that grows, in the security log, and its
//! owner is told. It ends by itself, or when somebody who manages projects lifts it.

use kernel::Timestamp;
use platform::messages::{self, templates};
use platform::settings::defs;
use platform::{Cx, Result, audit};
use serde_json::json;
use store::{Sql, Tx, args, topics};

use super::limit::{banned, next_ban};
use super::project::CallerProject;
use crate::projects::{ProjectId, TOPIC};

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

/// Ends the ban that is in force, and forgets how many there were: the next one is as short as a first. False where there is none. All processes
/// hear of it by [`TOPIC`], which the caller bumps.
pub(crate) async fn lift(tx: &mut Tx, cx: &Cx, project: ProjectId) -> Result<bool> {
    let sql = format!("SELECT last_ban_at, banned_until FROM projects WHERE id = $1{}", tx.for_update());
    let found: Option<(Option<Timestamp>, Option<Timestamp>)> =
        tx.opt(&sql, args![project], |row| Ok((row.get("last_ban_at")?, row.get("banned_until")?))).await?;
    let Some(until) = found.and_then(|(last, until)| banned(until, last, cx.now())) else { return Ok(false) };
    // When the last one was stays: the rate begins anew with it.
    tx.exec("UPDATE projects SET banned_until = NULL, ban_level = 0 WHERE id = $1", args![project]).await?;
    audit::record(tx, cx, &audit::BAN_LIFTED, Some(project.into()), &json!({"until": until})).await?;
    Ok(true)
}
