//! Use cases of projects.

use std::collections::HashMap;

use ::store::{Filter, Look, topics};
use kernel::{Fault, HOUR, Page, PageAsk, Word, text};
use platform::idempotency::IdempotencyKey;
use platform::identity::{Permission, Principal, Role};
use platform::vault::Purpose;
use platform::{Cx, Result, audit};
use serde_json::json;

use super::counts::counts_of;
use super::error::ProjectError;
use super::form::{NewProject, ProjectPatch, check_overlap};
use super::model::{Project, ProjectBrief, ProjectCreated, ProjectId, ProjectState, SecretRotated, TOPIC};
use super::{keys, store};
use crate::client::ban;
use crate::grants;

/// Creates a project, active at once; nobody can use it until it is granted. Its secret is told here and never again (K2.1).
pub async fn create(cx: &Cx, form: NewProject, key: Option<&IdempotencyKey>) -> Result<ProjectCreated> {
    let user = cx.require(Permission::ProjectsManage)?;
    let spec = form.check()?;
    let secret = keys::secret(&cx.random);
    let (sealed_seed, response_public) = keys::response_pair(&cx.vault, &cx.random);
    let sealed_secret = keys::seal_secret(&cx.vault, &secret);
    let credentials = store::Credentials { api_key: keys::api_key(&cx.random), sealed_secret, sealed_seed, response_public };

    let mut tx = cx.db.begin().await?;
    if let Some(key) = key
        && let Some(first) = key.seen::<SealedAnswer>(&mut tx, cx, user.id.uuid()).await?
    {
        drop(tx);
        let (id, secret) = first.open(cx)?;
        return Ok(ProjectCreated { project: get(cx, id).await?, secret });
    }
    let id = store::insert(&mut tx, cx, &spec, credentials).await?.ok_or(ProjectError::NameTaken)?;
    audit::record(&mut tx, cx, &audit::PROJECT_CREATED, Some(id.into()), &json!({"name": spec.name})).await?;
    topics::bump(&mut tx, &cx.db, TOPIC).await?;
    if let Some(key) = key {
        key.answer(&mut tx, user.id.uuid(), &SealedAnswer::close(cx, id, &secret)?).await?;
    }
    tx.commit().await?;
    Ok(ProjectCreated { project: get(cx, id).await?, secret: secret.to_string() })
}

/// What is kept under an `Idempotency-Key`: it tells the secret again, and so is closed.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
struct SealedAnswer(String);

pub(crate) const ANSWER: Purpose = Purpose("a project's first answer");

impl SealedAnswer {
    fn close(cx: &Cx, id: ProjectId, secret: &str) -> Result<Self> {
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(&(id, secret)).map_err(Fault::internal)?);
        Ok(Self(data_encoding::BASE64.encode(&cx.vault.seal(ANSWER, &plain))))
    }

    fn open(&self, cx: &Cx) -> Result<(ProjectId, String)> {
        let sealed = data_encoding::BASE64.decode(self.0.as_bytes()).map_err(Fault::internal)?;
        let plain = cx.vault.open(ANSWER, &sealed)?;
        serde_json::from_slice(&plain).map_err(Fault::internal)
    }
}

/// Changes what `patch` names, if the project still is as it was looked at. A change that changes nothing is not logged. A higher rate ends a
/// ban: whoever raises it wants the programs let in.
pub async fn change(cx: &Cx, id: ProjectId, patch: ProjectPatch) -> Result<Project> {
    cx.require(Permission::ProjectsManage)?;
    let mut tx = cx.db.begin().await?;
    let (old, revision) = store::lock(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    if patch.revision.is_some_and(|looked_at| looked_at != revision) {
        return Err(Fault::changed_meanwhile());
    }
    let spec = patch.over(old.clone()).check()?;
    let changes = spec.changes(&old);
    if !changes.is_empty() {
        if !store::update(&mut tx, id, &spec).await? {
            return Err(ProjectError::NameTaken.into());
        }
        audit::record(&mut tx, cx, &audit::PROJECT_CHANGED, Some(id.into()), &changes).await?;
        if spec.rate_per_minute > old.rate_per_minute {
            ban::lift(&mut tx, cx, id).await?;
        }
        topics::bump(&mut tx, &cx.db, TOPIC).await?;
    }
    tx.commit().await?;
    // Its keys are counted outside of the transaction: that may take a while.
    get(cx, id).await
}

/// Switches a project on or off. Off: its keys are refused and no new ones are made. Twice is once.
pub async fn switch(cx: &Cx, id: ProjectId, to: ProjectState) -> Result<Project> {
    cx.require(Permission::ProjectsManage)?;
    let mut tx = cx.db.begin().await?;
    if store::set_state(&mut tx, id, to).await? {
        let action = match to {
            ProjectState::Active => &audit::PROJECT_ENABLED,
            ProjectState::Disabled => &audit::PROJECT_DISABLED,
        };
        audit::record(&mut tx, cx, action, Some(id.into()), &json!({})).await?;
        topics::bump(&mut tx, &cx.db, TOPIC).await?;
    }
    tx.commit().await?;
    get(cx, id).await
}

/// Ends a project's ban (K8.1): its programs are let in at once, with their whole rate. Where it is not banned nothing changes.
pub async fn lift_ban(cx: &Cx, id: ProjectId) -> Result<Project> {
    cx.require(Permission::ProjectsManage)?;
    let mut tx = cx.db.begin().await?;
    if ban::lift(&mut tx, cx, id).await? {
        topics::bump(&mut tx, &cx.db, TOPIC).await?;
    }
    tx.commit().await?;
    get(cx, id).await
}

/// A new secret; the old one stays good beside it for `overlap_hours`, so that programs can be changed one by one.
pub async fn rotate_secret(cx: &Cx, id: ProjectId, overlap_hours: i64) -> Result<SecretRotated> {
    cx.require(Permission::ProjectsManage)?;
    let hours = check_overlap(overlap_hours)?;
    let secret = keys::secret(&cx.random);
    let sealed = keys::seal_secret(&cx.vault, &secret);
    let until = (hours > 0).then(|| cx.now().plus_micros(hours * HOUR));

    let mut tx = cx.db.begin().await?;
    if !store::set_secret(&mut tx, id, sealed, until).await? {
        return Err(Fault::not_found());
    }
    audit::record(&mut tx, cx, &audit::SECRET_ROTATED, Some(id.into()), &json!({"overlap_hours": hours})).await?;
    topics::bump(&mut tx, &cx.db, TOPIC).await?;
    tx.commit().await?;
    Ok(SecretRotated { secret: secret.to_string(), previous_valid_until: until })
}

#[derive(Debug, Default)]
pub struct ProjectFilter {
    /// A part of the name, in any spelling.
    pub search: Option<String>,
    pub state: Option<ProjectState>,
}

/// Newest first. A super admin sees all, everybody else those that are granted to them at this moment.
pub async fn list(cx: &Cx, filter: &ProjectFilter, ask: &PageAsk) -> Result<Page<Project>> {
    let user = cx.require(Permission::KeysView)?;
    let mut conditions = visible(cx, user);
    conditions.and_some("p.state = ?", filter.state.map(Word::as_str));
    named(&mut conditions, filter.search.as_deref())?;
    let mut db = cx.db.read();
    let mut look = Look::asking("projects", "id", conditions);
    if user.role != Role::SuperAdmin {
        let granted =
            format!("SELECT DISTINCT g.project_id AS v0 FROM grants g WHERE g.agent_id = {} AND g.state = 'active'", look.arg(user.id));
        look.rest_plain(&format!("p.id IN ({granted})"));
    }
    let page = store::list(&mut db, &look, ask).await?;
    let (next_cursor, searched_to, total) = (page.next_cursor, page.searched_to, page.total);
    Ok(Page { items: dressed(cx, user, page.items).await?, next_cursor, searched_to, total })
}

pub async fn get(cx: &Cx, id: ProjectId) -> Result<Project> {
    let user = cx.require(Permission::KeysView)?;
    let mut conditions = visible(cx, user);
    conditions.and("p.id = ?", id);
    let found = store::those(&mut cx.db.read(), conditions).await?;
    dressed(cx, user, found).await?.pop().ok_or_else(Fault::not_found)
}

fn visible(cx: &Cx, user: &Principal) -> Filter {
    let mut filter = Filter::new();
    if user.role != Role::SuperAdmin {
        let now = filter.arg(cx.now());
        filter.and(
            &format!(
                "EXISTS (SELECT 1 FROM grants g WHERE g.project_id = p.id AND g.agent_id = ? AND g.state = 'active' \
                 AND (g.ends_at IS NULL OR g.ends_at > {now}))"
            ),
            user.id,
        );
    }
    filter
}

/// Projects that somebody who has no grant for them may choose among: `filter` (on `p`) says which. Newest first.
pub(crate) async fn choices(cx: &Cx, mut filter: Filter, search: Option<&str>, ask: &PageAsk) -> Result<Page<ProjectBrief>> {
    filter.and("p.state = ?", ProjectState::Active.as_str());
    named(&mut filter, search)?;
    Ok(store::briefs(&mut cx.db.read(), filter, ask).await?)
}

fn named(filter: &mut Filter, search: Option<&str>) -> Result<()> {
    if let Some(search) = search {
        let part = text::clean(search, 0, 64, false).map_err(|(code, zh, en)| Fault::field("search", code, zh, en))?;
        filter.and("p.name_key LIKE ? ESCAPE '\\'", pattern(&part));
    }
    Ok(())
}

/// A part of a name as `LIKE` wants it: what stands for anything else is taken literally.
fn pattern(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in text::fold(part).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern + "%"
}

/// Adds what only this reader sees, and takes away what it does not.
async fn dressed(cx: &Cx, user: &Principal, projects: Vec<Project>) -> Result<Vec<Project>> {
    if projects.is_empty() {
        return Ok(projects);
    }
    let now = cx.now();
    let ids: Vec<ProjectId> = projects.iter().map(|project| project.id).collect();
    if user.role == Role::SuperAdmin {
        let mut counts = counts_of(&mut cx.db.read(), &ids, now).await?;
        let with_counts = projects.into_iter().map(|project| Project { key_counts: counts.remove(&project.id), ..project.at(now) });
        return Ok(with_counts.collect());
    }
    let grants = grants::live_of(&mut cx.db.read(), user.id, &ids, now).await?;
    let mut grants: HashMap<ProjectId, grants::Grant> = grants.into_iter().map(|grant| (grant.project.id, grant)).collect();
    // One that has ended between the two looks is not there any more.
    Ok(projects.into_iter().filter_map(|project| grants.remove(&project.id).map(|grant| project.at(now).for_agent(grant))).collect())
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn k2_1_a_part_of_a_name_is_looked_for_literally_and_in_any_spelling() {
        for (part, looked_for) in
            [("", "%%"), ("Demo", "%demo%"), ("ＤＥ", "%de%"), ("50%", r"%50\%%"), ("a_b", r"%a\_b%"), (r"a\b", r"%a\\b%")]
        {
            assert_eq!(pattern(part), looked_for, "{part}");
        }
    }
}
