//! Setting a project's callback, replacing its secret, trying it; one that is sent again, and one that failed and is dismissed.

use kernel::{Fault, Fields, text};
use platform::audit;
use platform::identity::Permission;
use platform::{Cx, Result};
use serde::Deserialize;
use serde_json::json;
use store::{Row, Sql, Tx, args, topics};

use super::emit::{Draft, RoundJob, write};
use super::error::CallbackError;
use super::model::{Delivery, DeliveryEvent, DeliveryId, envelope};
use super::query;
use super::sign::Secrets;
use super::target::check_url;
use crate::projects::{self, CallbackEvent, ProjectId};

/// Where a project's owner wants to be called, and for what.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallbackSetting {
    /// Absent or null: nowhere.
    pub url: Option<String>,
    pub events: Vec<CallbackEvent>,
    /// That of the project as it was looked at: where somebody has changed it since, nothing is changed. Absent or null: whatever it is.
    pub revision: Option<i64>,
}

impl CallbackSetting {
    fn check(&self, private: bool) -> Result<(Option<String>, Vec<CallbackEvent>)> {
        let mut fields = Fields::default();
        let url = self.url.as_deref().and_then(|url| {
            let checked = text::clean(url, 1, 2_000, false).and_then(|url| match check_url(&url, private) {
                Ok(_) => Ok(url),
                Err(refusal) => Err(refusal.words()),
            });
            fields.take("url", checked)
        });
        fields.check()?;
        let mut events = self.events.clone();
        events.sort_unstable();
        events.dedup();
        Ok((url, events))
    }
}

/// What a project has now.
pub(super) struct Known {
    pub url: Option<String>,
    secret: Option<Vec<u8>>,
    revision: i64,
}

pub(super) async fn lock(tx: &mut Tx, project: ProjectId) -> Result<Known> {
    let sql = format!("SELECT callback_url, callback_secret, revision FROM projects WHERE id = $1{}", tx.for_update());
    let read = |row: &Row| Ok(Known { url: row.get("callback_url")?, secret: row.get("callback_secret")?, revision: row.get("revision")? });
    tx.opt(&sql, args![project], read).await?.ok_or_else(Fault::not_found)
}

/// Sets where and for what. Answers the secret when this made the first.
pub async fn set(cx: &Cx, project: ProjectId, setting: &CallbackSetting) -> Result<Option<String>> {
    cx.require(Permission::CallbacksManage)?;
    let (url, events) = setting.check(cx.install.private_callbacks)?;

    let mut tx = cx.db.begin().await?;
    let known = lock(&mut tx, project).await?;
    if setting.revision.is_some_and(|looked_at| looked_at != known.revision) {
        return Err(Fault::changed_meanwhile());
    }
    let first = (url.is_some() && known.secret.is_none()).then(|| Secrets::first(&cx.random));
    let sealed = first.as_ref().map(|secrets| secrets.seal(&cx.vault)).or(known.secret);
    let words = serde_json::to_string(&events).map_err(Fault::internal)?;
    let sql = "UPDATE projects SET callback_url = $1, callback_events = $2, callback_secret = $3, revision = revision + 1 WHERE id = $4";
    tx.exec(sql, args![url.as_deref(), words, sealed, project]).await?;
    topics::bump(&mut tx, &cx.db, projects::TOPIC).await?;
    let detail = json!({ "old_url": known.url, "url": url, "events": events });
    audit::record(&mut tx, cx, &audit::CALLBACK_CHANGED, Some(project.into()), &detail).await?;
    tx.commit().await?;

    Ok(first.map(|secrets| secrets.current().to_owned()))
}

/// Makes a new secret; for a day the one before signs too.
pub async fn rotate(cx: &Cx, project: ProjectId) -> Result<String> {
    cx.require(Permission::CallbacksManage)?;

    let mut tx = cx.db.begin().await?;
    let sealed = lock(&mut tx, project).await?.secret.ok_or(CallbackError::NotSet)?;
    let secrets = Secrets::open(&cx.vault, &sealed)?.rotated(&cx.random, cx.now());
    tx.exec("UPDATE projects SET callback_secret = $1 WHERE id = $2", args![secrets.seal(&cx.vault), project]).await?;
    audit::record(&mut tx, cx, &audit::CALLBACK_SECRET_ROTATED, Some(project.into()), &json!({})).await?;
    tx.commit().await?;

    Ok(secrets.current().to_owned())
}

/// Sends a trial, once, whatever events were asked for.
pub async fn test(cx: &Cx, project: ProjectId) -> Result<Delivery> {
    cx.require(Permission::CallbacksManage)?;

    let mut tx = cx.db.begin().await?;
    let url = lock(&mut tx, project).await?.url.ok_or(CallbackError::NotSet)?;
    let now = cx.now();
    let payload = envelope(DeliveryEvent::Test, now, &json!({ "project_id": project }));
    let ids = write(&mut tx, cx, now, vec![Draft { project, url, event: DeliveryEvent::Test, payload }]).await?;
    let id = *ids.first().ok_or_else(|| Fault::internal("one delivery was written"))?;
    let delivery = query::one(&mut tx, id).await?;
    tx.commit().await?;

    Ok(delivery)
}

/// Begins another round of attempts with the same event id and payload, at once. One that still waits need not wait longer.
pub async fn resend(cx: &Cx, id: DeliveryId) -> Result<Delivery> {
    cx.require(Permission::CallbacksManage)?;

    let mut tx = cx.db.begin().await?;
    let project = project_of(&mut tx, id).await?;
    lock(&mut tx, project).await?.url.ok_or(CallbackError::NotSet)?;
    let now = cx.now();
    let sql = "UPDATE deliveries SET state = 'waiting', since = $1, next_attempt_at = $1, finished_at = NULL WHERE id = $2";
    tx.exec(sql, args![now, id]).await?;
    cx.enqueue(&mut tx, RoundJob::of(id, now)?).await?;
    audit::record(&mut tx, cx, &audit::DELIVERY_RESENT, Some(project.into()), &json!({ "delivery": id })).await?;
    let delivery = query::one(&mut tx, id).await?;
    tx.commit().await?;

    Ok(delivery)
}

/// Somebody has looked after one that failed: it is counted no more, and not sent again with the others. Where it has not failed, nothing changes.
pub async fn dismiss(cx: &Cx, id: DeliveryId) -> Result<Delivery> {
    cx.require(Permission::CallbacksManage)?;

    let mut tx = cx.db.begin().await?;
    let project = project_of(&mut tx, id).await?;
    let sql = "UPDATE deliveries SET state = 'dismissed' WHERE id = $1 AND state = 'failed'";
    if tx.exec(sql, args![id]).await? == 1 {
        audit::record(&mut tx, cx, &audit::DELIVERY_DISMISSED, Some(project.into()), &json!({ "delivery": id })).await?;
    }
    let delivery = query::one(&mut tx, id).await?;
    tx.commit().await?;

    Ok(delivery)
}

async fn project_of(tx: &mut Tx, id: DeliveryId) -> Result<ProjectId> {
    let project = tx.opt("SELECT project_id FROM deliveries WHERE id = $1", args![id], |row| row.get::<ProjectId>("project_id")).await?;
    project.ok_or_else(Fault::not_found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k8_2_a_callback_is_set_to_a_clean_address_and_each_event_once_or_says_what_is_wrong() {
        use CallbackEvent::{KeyActivated, KeyRefused};
        let checked = |url: Option<&str>, events: &[CallbackEvent], private: bool| {
            let setting = CallbackSetting { url: url.map(str::to_owned), events: events.to_vec(), revision: None };
            setting.check(private).map_err(|fault| (fault.fields[0].field.clone(), fault.fields[0].code))
        };
        let there = Some("https://owner.example/hook".to_owned());
        let asked = [KeyRefused, KeyActivated, KeyRefused];
        assert_eq!(checked(Some(" https://owner.example/hook "), &asked, false), Ok((there, vec![KeyActivated, KeyRefused])));
        assert_eq!(checked(None, &[], false), Ok((None, vec![])), "nowhere");
        let long = format!("https://owner.example/{}", "x".repeat(2_000));
        for (url, code) in
            [("", "REQUIRED"), ("ftp://owner.example/", "URL_SCHEME"), ("http://10.0.0.1/", "URL_PRIVATE"), (long.as_str(), "TOO_LONG")]
        {
            assert_eq!(checked(Some(url), &[], false), Err(("url".to_owned(), code)), "{url}");
        }
        assert_eq!(checked(Some("http://10.0.0.1/"), &[], true), Ok((Some("http://10.0.0.1/".to_owned()), vec![])));
    }
}
