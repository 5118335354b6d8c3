//! Users, as those see them who manage them.

use axum::http::StatusCode;
use kernel::{Page, PageAsk, Quota};
use platform::identity::users::{self, EmailChange, NewUser, PasswordProof, SessionsEnded, UserFilter, UserView};
use platform::identity::{Role, UserEntity, UserState};
use platform::ledger::Transfer;
use platform::quota::{self, Recharge};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Auth, Json, Once, PathId, Query, UsersManage};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(unlock))
        .routes(routes!(change_email))
        .routes(routes!(reset_second_factor))
        .routes(routes!(end_sessions))
        .routes(routes!(end_everybodys_sessions))
        .routes(routes!(recharge))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UserQuery {
    /// The beginning of a name or an e-mail address.
    search: Option<String>,
    role: Option<Role>,
    state: Option<UserState>,
    cursor: Option<String>,
    /// 1 to 200; 20 if not said.
    limit: Option<i64>,
}

/// Everybody (super admin), the agents one created (agent admin), or the maintainers one made who work in one's own halls alone (manager of halls).
#[utoipa::path(get, path = "/users", tag = "users", params(UserQuery),
    responses((status = 200, body = Page<UserView>), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn list(Auth(cx, _): Auth<UsersManage>, Query(query): Query<UserQuery>) -> Result<axum::Json<Page<UserView>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = UserFilter { search: query.search, role: query.role, state: query.state };
    Ok(axum::Json(users::list(&cx, &filter, &ask).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser)]
struct NewUserBody {
    /// 3 to 32 letters, digits, `_`, `-`, `.`
    name: String,
    email: String,
    /// An agent admin creates agents; a super admin agents, agent admins and super admins.
    role: Role,
    /// From the creator's own quota; from a super admin, the system's. 0 for none.
    initial_quota: Quota,
}

/// Creates a user, active at once. A first password is mailed, and must be changed at the first sign-in. Managers of halls make their maintainers at
/// `/maintainers`.
#[utoipa::path(post, path = "/users", tag = "users", params(("Idempotency-Key" = String, Header)), request_body = NewUserBody,
    responses((status = 201, body = UserView), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem)))]
async fn create(Auth(cx, _): Auth<UsersManage>, Once(body, key): Once<NewUserBody>) -> Result<(StatusCode, axum::Json<UserView>)> {
    let ask = NewUser { name: body.name, email: body.email, role: body.role, initial_quota: body.initial_quota };
    Ok((StatusCode::CREATED, axum::Json(users::create(&cx, &ask, &key).await?)))
}

#[utoipa::path(get, path = "/users/{id}", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = UserView), (status = 404, body = Problem)))]
async fn get(Auth(cx, _): Auth<UsersManage>, PathId(id): PathId<UserEntity>) -> Result<axum::Json<UserView>> {
    Ok(axum::Json(users::get(&cx, id).await?))
}

/// Ends the user's sessions and refuses new ones. What another has disabled a super admin takes over: nobody else enables it then.
#[utoipa::path(post, path = "/users/{id}/disable", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = UserView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn disable(Auth(cx, _): Auth<UsersManage>, PathId(id): PathId<UserEntity>) -> Result<axum::Json<UserView>> {
    Ok(axum::Json(users::disable(&cx, id).await?))
}

/// Lets the user in again. Whom a super admin has disabled a super admin alone enables (`DISABLED_ABOVE`).
#[utoipa::path(post, path = "/users/{id}/enable", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = UserView), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn enable(Auth(cx, _): Auth<UsersManage>, PathId(id): PathId<UserEntity>) -> Result<axum::Json<UserView>> {
    Ok(axum::Json(users::enable(&cx, id).await?))
}

/// Ends a lock-out early.
#[utoipa::path(post, path = "/users/{id}/unlock", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = UserView), (status = 404, body = Problem)))]
async fn unlock(Auth(cx, _): Auth<UsersManage>, PathId(id): PathId<UserEntity>) -> Result<axum::Json<UserView>> {
    Ok(axum::Json(users::unlock(&cx, id).await?))
}

/// Gives the user another e-mail address, and tells both. Who has not changed the first password yet is mailed another one there. Who has made
/// the user does so until then; afterwards the user itself, or a super admin.
#[utoipa::path(post, path = "/users/{id}/email", tag = "users", params(("id" = String, Path)), request_body = EmailChange,
    responses((status = 200, body = UserView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn change_email(
    Auth(cx, _): Auth<UsersManage>,
    PathId(id): PathId<UserEntity>,
    Json(body): Json<EmailChange>,
) -> Result<axum::Json<UserView>> {
    Ok(axum::Json(users::change_email(&cx, id, &body).await?))
}

/// Removes the second factor of somebody who lost it, and ends the user's sessions. Super admins only.
#[utoipa::path(post, path = "/users/{id}/second-factor/reset", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = UserView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn reset_second_factor(Auth(cx, _): Auth<UsersManage>, PathId(id): PathId<UserEntity>) -> Result<axum::Json<UserView>> {
    Ok(axum::Json(users::reset_second_factor(&cx, id).await?))
}

/// Ends the user's sessions, wherever they are signed in. They may sign in again.
#[utoipa::path(post, path = "/users/{id}/sessions/end", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = UserView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn end_sessions(Auth(cx, _): Auth<UsersManage>, PathId(id): PathId<UserEntity>) -> Result<axum::Json<UserView>> {
    Ok(axum::Json(users::end_sessions(&cx, id).await?))
}

/// Ends everybody's sessions but the one that asks, by the asker's password. Super admins only.
#[utoipa::path(post, path = "/users/sessions/end", tag = "users", request_body = PasswordProof,
    responses((status = 200, body = SessionsEnded), (status = 403, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn end_everybodys_sessions(Auth(cx, _): Auth<UsersManage>, Json(body): Json<PasswordProof>) -> Result<axum::Json<SessionsEnded>> {
    Ok(axum::Json(users::end_everybodys_sessions(&cx, &body).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRecharge {
    amount: Quota,
    #[serde(default)]
    memo: Option<String>,
}

/// Gives quota: an agent admin of its own to its agent, a super admin without limit to anyone who holds quota.
#[utoipa::path(post, path = "/users/{id}/recharge", tag = "users", params(("id" = String, Path), ("Idempotency-Key" = String, Header)), request_body = NewRecharge,
    responses((status = 200, body = Transfer), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn recharge(
    Auth(cx, _): Auth<UsersManage>,
    PathId(id): PathId<UserEntity>,
    Once(body, key): Once<NewRecharge>,
) -> Result<axum::Json<Transfer>> {
    Ok(axum::Json(quota::recharge(&cx, id, &Recharge { amount: body.amount, memo: body.memo }, &key).await?))
}
