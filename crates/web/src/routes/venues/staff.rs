//! Who works in a hall.

use platform::identity::UserId;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::halls::VenueEntity;
use venue::staff::{self, Member};

use crate::extract::{Auth, Json, PathId, VenuesManage, VenuesView};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(staff_list, staff_add)).routes(routes!(staff_remove))
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
