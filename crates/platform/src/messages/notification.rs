//! The notification centre.

use std::collections::HashMap;

use kernel::{Fault, Lang, Page, PageAsk, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{Index, Look, Row, Sql, ToValue, Tx, all_in, args, insert_many};

use super::mail;
use super::templates::{self, ByMail, Template};
use crate::identity::{Role, UserId, holders_of};
use crate::settings::defs;
use crate::{Cx, Result};

kernel::id!(NotificationId, NotificationEntity, "ntf");

/// What [`tell`] fills into a template.
pub type Told<'a> = &'a [(&'a str, String)];

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Notification {
    pub id: NotificationId,
    pub kind: String,
    pub title: String,
    pub body: String,
    /// Where in the console the thing is that it is about.
    pub link: Option<String>,
    pub read: bool,
    pub created_at: Timestamp,
}

/// What is told to one user.
pub struct Telling<'a> {
    pub user: UserId,
    pub template: &'static Template,
    pub params: Vec<(&'a str, String)>,
    pub link: Option<&'a str>,
}

/// Tells one user, in the caller's transaction: a notification, and an e-mail where the template says so.
pub async fn tell(tx: &mut Tx, cx: &Cx, user: UserId, template: &Template, params: Told<'_>, link: Option<String>) -> Result<()> {
    let id: NotificationId = cx.id();
    let stored = serde_json::to_string(&object(params)).map_err(Fault::internal)?;
    let sql = "INSERT INTO notifications (id, user_id, kind, params, link, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.exec(sql, args![id, user, template.kind, stored, link, cx.now()]).await?;
    let hub = cx.hub.clone();
    tx.on_commit(move || hub.wake(user));
    if goes_by_mail(cx, template) {
        let to = tx
            .opt("SELECT email, language FROM users WHERE id = $1", args![user], |row| {
                Ok((row.get::<String>("email")?, row.get::<String>("language")?))
            })
            .await?;
        if let Some((email, language)) = to {
            mail::mail(tx, cx, &email, Lang::from_header(&language), template, params).await?;
        }
    }
    Ok(())
}

/// Tells some people the same thing, one after the other: few, such as whoever is to see to something.
pub async fn tell_each(tx: &mut Tx, cx: &Cx, users: &[UserId], template: &Template, params: Told<'_>, link: Option<&str>) -> Result<()> {
    for user in users {
        tell(tx, cx, *user, template, params, link.map(str::to_owned)).await?;
    }
    Ok(())
}

/// Tells one who answers for something; where that one may not sign in any more, the super admins.
pub async fn tell_keeper(tx: &mut Tx, cx: &Cx, keeper: UserId, template: &Template, params: Told<'_>, link: Option<&str>) -> Result<()> {
    let active = tx.opt("SELECT 1 AS one FROM users WHERE id = $1 AND state = 'active'", args![keeper], |_| Ok(())).await?;
    match active {
        Some(()) => tell(tx, cx, keeper, template, params, link.map(str::to_owned)).await,
        None => tell_super_admins(tx, cx, template, params, link).await,
    }
}

/// Tells the super admins, where nobody in particular is concerned.
pub async fn tell_super_admins(tx: &mut Tx, cx: &Cx, template: &Template, params: Told<'_>, link: Option<&str>) -> Result<()> {
    let users = holders_of(tx, Role::SuperAdmin).await?;
    tell_each(tx, cx, &users, template, params, link).await
}

/// The same for many at once.
pub async fn tell_all(tx: &mut Tx, cx: &Cx, told: &[Telling<'_>]) -> Result<()> {
    let mut rows = Vec::with_capacity(told.len());
    for one in told {
        let stored = serde_json::to_string(&object(&one.params)).map_err(Fault::internal)?;
        let id: NotificationId = cx.id();
        rows.push(args![id, one.user, one.template.kind, stored, one.link, cx.now()]);
    }
    insert_many(tx, "notifications", &["id", "user_id", "kind", "params", "link", "created_at"], rows, "").await?;
    let (hub, users): (_, Vec<UserId>) = (cx.hub.clone(), told.iter().map(|one| one.user).collect());
    tx.on_commit(move || users.into_iter().for_each(|user| hub.wake(user)));

    let by_mail: Vec<&Telling<'_>> = told.iter().filter(|one| goes_by_mail(cx, one.template)).collect();
    let mut users: Vec<UserId> = by_mail.iter().map(|one| one.user).collect();
    users.sort_unstable();
    users.dedup();
    let users = users.into_iter().map(ToValue::to_value).collect();
    let found = all_in(tx, "SELECT id, email, language FROM users WHERE id IN", "", users, |row| {
        Ok((row.get::<UserId>("id")?, (row.get::<String>("email")?, row.get::<String>("language")?)))
    });
    let addresses: HashMap<UserId, (String, String)> = found.await?.into_iter().collect();
    let mails = by_mail.iter().filter_map(|one| addresses.get(&one.user).map(|(email, language)| (email.as_str(), language, one)));
    let jobs = mails.map(|(email, language, one)| mail::job(cx, email, Lang::from_header(language), one.template, &one.params));
    let jobs = jobs.collect::<Result<_>>()?;
    store::jobs::enqueue_many(tx, &cx.db, &cx.random, cx.now(), jobs).await?;
    Ok(())
}

pub(super) fn goes_by_mail(cx: &Cx, template: &Template) -> bool {
    match template.mail {
        ByMail::Never => false,
        ByMail::Always => true,
        ByMail::If(flag) => cx.settings.get(flag),
    }
}

pub(super) fn object(params: Told<'_>) -> Map<String, Value> {
    params.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect()
}

const OF_USER: Index = Index { name: "notifications_user", columns: &["user_id"] };
const UNREAD: Index = Index { name: "notifications_unread", columns: &["user_id"] };

/// The asker's own, newest first.
pub async fn list(cx: &Cx, unread_only: bool, ask: &PageAsk) -> Result<Page<Notification>> {
    let mut look = Look::new("notifications", "id");
    look.by(if unread_only { &UNREAD } else { &OF_USER }).along("user_id", cx.user()?.id);
    if unread_only {
        look.partial("t.read_at IS NULL");
    }
    let select = "SELECT n.id, n.kind, n.params, n.link, n.created_at, n.read_at FROM notifications n";
    Ok(look.page(&mut cx.db.read(), select, "n.id", ask, |row| read(row, cx), |notification| notification.id.uuid()).await?)
}

/// How many [`newer`] reads at most.
pub const NEWER_AT_ONCE: usize = 20;

/// Those that came after `last`, oldest first: for live pages.
pub async fn newer(cx: &Cx, last: NotificationId) -> Result<Vec<Notification>> {
    let sql = format!(
        "SELECT id, kind, params, link, created_at, read_at FROM notifications WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT {NEWER_AT_ONCE}"
    );
    Ok(cx.db.read().all(&sql, args![cx.user()?.id, last], |row| read(row, cx)).await?)
}

pub async fn unread(cx: &Cx) -> Result<i64> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT 1 AS one FROM notifications WHERE user_id = $1 AND read_at IS NULL LIMIT 1000) n";
    Ok(cx.db.read().one(sql, args![cx.user()?.id], |row| row.get("n")).await?)
}

/// Marks one of the asker's own as read; doing so twice is fine.
pub async fn mark_read(cx: &Cx, id: NotificationId) -> Result<()> {
    let user = cx.user()?.id;
    let mut tx = cx.db.begin().await?;
    let sql = "UPDATE notifications SET read_at = COALESCE(read_at, $1) WHERE id = $2 AND user_id = $3";
    if tx.exec(sql, args![cx.now(), id, user]).await? == 0 {
        return Err(Fault::not_found());
    }
    let hub = cx.hub.clone();
    tx.on_commit(move || hub.wake(user));
    Ok(tx.commit().await?)
}

pub async fn mark_all_read(cx: &Cx) -> Result<()> {
    let user = cx.user()?.id;
    let mut tx = cx.db.begin().await?;
    tx.exec("UPDATE notifications SET read_at = $1 WHERE user_id = $2 AND read_at IS NULL", args![cx.now(), user]).await?;
    let hub = cx.hub.clone();
    tx.on_commit(move || hub.wake(user));
    Ok(tx.commit().await?)
}

fn read(row: &Row, cx: &Cx) -> store::Result<Notification> {
    let kind: String = row.get("kind")?;
    let params: Map<String, Value> = serde_json::from_str(&row.get::<String>("params")?).unwrap_or_default();
    let (title, body) = match templates::find(&kind) {
        Some(template) => (template.title(cx.lang).to_owned(), template.body(cx.lang, &params, &cx.settings.get(defs::TIME_ZONE))),
        None => (kind.clone(), String::new()),
    };
    Ok(Notification {
        id: row.get("id")?,
        kind,
        title,
        body,
        link: row.get("link")?,
        read: row.get::<Option<Timestamp>>("read_at")?.is_some(),
        created_at: row.get("created_at")?,
    })
}
