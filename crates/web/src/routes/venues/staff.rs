//! Who works in a hall, and maintainers who are made for some.

use axum::http::StatusCode;
use platform::identity::UserId;
use platform::identity::users::UserView;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::halls::{VenueEntity, VenueId};
use venue::staff::{self, Member};

use crate::extract::{Auth, Json, Once, PathId, VenuesManage, VenuesView};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(staff_list, staff_add)).routes(routes!(staff_remove)).routes(routes!(make_maintainer))
}

#[derive(Serialize, utoipa::ToSchema)]
struct Staff {
    items: Vec<Member>,
}

/// Who works in a hall. A super admin may act in all, and is not listed.
#[utoipa::path(get, path = "/venues/{id}/staff", tag = "venues", params(("id" = String, Path)), responses((status = 200, body = Staff)))]
async fn staff_list(Auth(cx, _): Auth<VenuesView>, PathId(id): PathId<VenueEntity>) -> Result<axum::Json<Staff>> {
    Ok(axum::Json(Staff { items: staff::list(&cx, id).await? }))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMember {
    /// Of a manager, a maintainer or a cashier.
    name: String,
}

/// Lets a manager, a maintainer or a cashier work in a hall.
#[utoipa::path(post, path = "/venues/{id}/staff", tag = "venues", params(("id" = String, Path)), request_body = NewMember,
    responses((status = 200, body = Staff), (status = 422, body = Problem)))]
async fn staff_add(
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<VenueEntity>,
    Json(body): Json<NewMember>,
) -> Result<axum::Json<Staff>> {
    Ok(axum::Json(Staff { items: staff::add(&cx, id, &body.name).await? }))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct FormerMember {
    user_id: UserId,
}

/// Ends somebody's work in a hall.
#[utoipa::path(post, path = "/venues/{id}/staff/remove", tag = "venues", params(("id" = String, Path)), request_body = FormerMember,
    responses((status = 200, body = Staff), (status = 409, body = Problem)))]
async fn staff_remove(
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<VenueEntity>,
    Json(body): Json<FormerMember>,
) -> Result<axum::Json<Staff>> {
    Ok(axum::Json(Staff { items: staff::remove(&cx, id, body.user_id).await? }))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMaintainer {
    /// 3 to 32 letters, digits, `_`, `-`, `.`
    name: String,
    email: String,
    /// Where it works from the start: halls of the asker's, one at least.
    venue_ids: Vec<VenueId>,
}

/// Makes a maintainer, active at once, who works in these halls. A first password is mailed, and must be changed at the first sign-in. Whom a manager
/// makes is among that manager's `/users` as long as it works in halls of that manager's alone.
#[utoipa::path(post, path = "/maintainers", tag = "venues", params(("Idempotency-Key" = String, Header)), request_body = NewMaintainer,
    responses((status = 201, body = UserView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem)))]
async fn make_maintainer(
    Auth(cx, _): Auth<VenuesManage>,
    Once(body, key): Once<NewMaintainer>,
) -> Result<(StatusCode, axum::Json<UserView>)> {
    let ask = staff::NewMaintainer { name: body.name, email: body.email, venues: body.venue_ids };
    Ok((StatusCode::CREATED, axum::Json(staff::make_maintainer(&cx, &ask, &key).await?)))
}
