//! Use cases of applications.

use ::store::{Filter, Index, Look, Tx};
use kernel::{Fault, Page, PageAsk, Word};
use platform::asked::APPLICATIONS;
use platform::idempotency::IdempotencyKey;
use platform::identity::{Permission, Role, UserId, UserState, holders_of};
use platform::messages::templates::Template;
use platform::messages::{self, templates};
use platform::{Cx, Result, audit};
use serde_json::json;

use super::error::ApplicationError;
use super::model::{Application, ApplicationId, ApplicationScope, ApplicationState, Approval, NewApplication, Refusal, reason};
use super::store;
use crate::grants::{self, GrantError};
use crate::projects::{self, ProjectBrief};

/// Where the console shows applications.
const LINK: &str = "/applications";
const REVIEW_LINK: &str = "/applications?tab=review&state=pending";

/// Asks for a project; the superior is told, or all super admins where there is none who could decide (K2.2b). So many times an hour: what is
/// withdrawn can be asked for again.
pub async fn apply(cx: &Cx, form: NewApplication, key: Option<&IdempotencyKey>) -> Result<Application> {
    let user = cx.require(Permission::GrantsApply)?;
    let reason = reason(&form.reason)?;

    let mut tx = cx.db.begin().await?;
    if let Some(key) = key
        && let Some(first) = key.seen(&mut tx, cx, user.id.uuid()).await?
    {
        return Ok(first);
    }
    let project = store::open_project(&mut tx, form.project_id).await?.ok_or_else(Fault::not_found)?;
    if grants::usable(&mut tx, form.project_id, user.id, cx.now()).await? {
        return Err(GrantError::Exists.into());
    }
    APPLICATIONS.take_in(&mut tx, cx).await?;
    let reviewer = reviewer(&mut tx, user.superior).await?;
    let id = store::insert(&mut tx, cx, form.project_id, user, reviewer, &reason).await?.ok_or(ApplicationError::Exists)?;
    audit::record(&mut tx, cx, &audit::APPLICATION_SENT, Some(id.into()), &json!({"project": project, "reason": reason})).await?;
    let whom = match reviewer {
        Some(superior) => vec![superior],
        None => holders_of(&mut tx, Role::SuperAdmin).await?,
    };
    let told = [("agent", user.name.clone()), ("project", project.clone()), ("reason", reason.clone())];
    messages::tell_each(&mut tx, cx, &whom, &templates::APPLICATION_SENT, &told, Some(REVIEW_LINK)).await?;
    let application = store::find(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    if let Some(key) = key {
        key.answer(&mut tx, user.id.uuid(), &application).await?;
    }
    tx.commit().await?;
    Ok(application)
}

/// The superior decides, if it can sign in.
async fn reviewer(tx: &mut Tx, superior: Option<UserId>) -> Result<Option<UserId>> {
    let Some(superior) = superior else { return Ok(None) };
    Ok((store::agent_state(tx, superior).await? == Some(UserState::Active)).then_some(superior))
}

/// Approves: the grant is made in the same transaction, unless the agent has come by one meanwhile.
pub async fn approve(cx: &Cx, id: ApplicationId, form: Approval) -> Result<Application> {
    cx.require(Permission::GrantsReview)?;
    grants::check_end(form.ends_at, cx.now())?;
    let note = grants::note(&form.note, 0)?;

    let mut tx = cx.db.begin().await?;
    let asked = take_for_review(&mut tx, cx, id, ApplicationState::Approved).await?;
    let state = store::agent_state(&mut tx, asked.agent.id).await?.ok_or_else(Fault::not_found)?;
    grants::give(&mut tx, cx, asked.project.id, (asked.agent.id, state), form.ends_at, &note).await?;
    let decided = decide(&mut tx, cx, &asked, ApplicationState::Approved, &note).await?;
    tx.commit().await?;
    Ok(decided)
}

/// Refuses, and says why.
pub async fn refuse(cx: &Cx, id: ApplicationId, form: Refusal) -> Result<Application> {
    cx.require(Permission::GrantsReview)?;
    let note = grants::note(&form.note, 1)?;

    let mut tx = cx.db.begin().await?;
    let asked = take_for_review(&mut tx, cx, id, ApplicationState::Refused).await?;
    let decided = decide(&mut tx, cx, &asked, ApplicationState::Refused, &note).await?;
    tx.commit().await?;
    Ok(decided)
}

/// The applicant takes it back, as long as nobody has decided.
pub async fn withdraw(cx: &Cx, id: ApplicationId) -> Result<Application> {
    let user = cx.require(Permission::GrantsApply)?;
    let mut tx = cx.db.begin().await?;
    let mut filter = Filter::new();
    filter.and("a.agent_id = ?", user.id);
    let asked = store::lock(&mut tx, filter, id).await?.ok_or_else(Fault::not_found)?;
    let to = asked.state.decided(ApplicationState::Withdrawn)?;
    store::decide(&mut tx, cx, id, to, "", None).await?;
    audit::record(&mut tx, cx, &audit::APPLICATION_WITHDRAWN, Some(id.into()), &json!({"project": asked.project})).await?;
    let withdrawn = store::find(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(withdrawn)
}

/// Takes an application that is the reviewer's to decide and still waits. Of two reviewers at once the second waits here, and is refused.
async fn take_for_review(tx: &mut Tx, cx: &Cx, id: ApplicationId, to: ApplicationState) -> Result<Application> {
    let mut filter = Filter::new();
    store::for_review(&mut filter, cx.user()?);
    let asked = store::lock(tx, filter, id).await?.ok_or_else(Fault::not_found)?;
    asked.state.decided(to)?;
    Ok(asked)
}

async fn decide(tx: &mut Tx, cx: &Cx, asked: &Application, to: ApplicationState, note: &str) -> Result<Application> {
    let (action, template): (_, &Template) = match to {
        ApplicationState::Approved => (&audit::APPLICATION_APPROVED, &templates::APPLICATION_APPROVED),
        ApplicationState::Refused => (&audit::APPLICATION_REFUSED, &templates::APPLICATION_REFUSED),
        ApplicationState::Pending | ApplicationState::Withdrawn => return Err(ApplicationError::NotPending.into()),
    };
    store::decide(tx, cx, asked.id, to, note, Some(cx.user()?.id)).await?;
    let detail = json!({"project": asked.project, "agent": asked.agent, "note": note});
    audit::record(tx, cx, action, Some(asked.id.into()), &detail).await?;
    let told = [("project", asked.project.name.clone()), ("note", note.to_owned())];
    messages::tell(tx, cx, asked.agent.id, template, &told, Some(LINK.into())).await?;
    store::find(tx, asked.id).await?.ok_or_else(Fault::not_found)
}

#[derive(Debug, Default)]
pub struct ApplicationFilter {
    /// Absent: to review for those who review, one's own for the others.
    pub scope: Option<ApplicationScope>,
    pub state: Option<ApplicationState>,
}

const BY_AGENT: Index = Index { name: "applications_agent", columns: &["agent_id", "state"] };
const BY_REVIEWER: Index = Index { name: "applications_reviewer", columns: &["reviewer_id", "state"] };
const BY_STATE: Index = Index { name: "applications_state", columns: &["state"] };

/// Newest first.
pub async fn list(cx: &Cx, filter: &ApplicationFilter, ask: &PageAsk) -> Result<Page<Application>> {
    let user = cx.user()?;
    let reviews = user.role.may(Permission::GrantsReview);
    let scope = filter.scope.unwrap_or(if reviews { ApplicationScope::Review } else { ApplicationScope::Mine });
    let mut look = Look::new("applications", "id");
    match scope {
        ApplicationScope::Mine => {
            cx.require(Permission::GrantsApply)?;
            look.by(&BY_AGENT).along("agent_id", user.id);
        }
        ApplicationScope::Review => {
            cx.require(Permission::GrantsReview)?;
            if user.role != Role::SuperAdmin {
                look.by(&BY_REVIEWER).along("reviewer_id", user.id);
            } else {
                look.by(&BY_STATE);
            }
        }
    }
    let states = ApplicationState::texts(filter.state);
    look.words("state", &states);
    Ok(store::list(&mut cx.db.read(), &look, ask).await?)
}

/// The projects that the asker can apply for: open for it, and neither granted to it nor asked for already.
pub async fn choices(cx: &Cx, search: Option<&str>, ask: &PageAsk) -> Result<Page<ProjectBrief>> {
    let user = cx.require(Permission::GrantsApply)?;
    projects::choices(cx, store::open_to(user, cx.now()), search, ask).await
}
