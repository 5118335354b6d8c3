//! Keys: search, look, unbind, disable, enable, export.

use axum::Extension;
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kernel::{Fault, Kind, Page, PageAsk};
use licensing::batches::BatchId;
use licensing::export::{self, ExportAsk, ExportColumn, ExportFormat};
use licensing::keys::KeyState;
use licensing::keys::manage::{self, BulkResult, KeyDetail, KeyFilter};
use licensing::keys::model::KeyEntity;
use licensing::keys::select::KeySelection;
use licensing::keys::store::Key;
use licensing::keys::unbind as unbinding;
use licensing::projects::ProjectId;
use platform::Cx;
use platform::identity::UserId;
use serde::{Deserialize, Serialize};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Auth, Json, KeysManage, KeysView, PathId, PathText, ProjectsManage, Query};
use crate::places::{Place, Places};
use crate::state::AppState;
use crate::{Problem, Result};

/// Downloads that one user may have under way: each holds a task, and Excel's a temporary file, until all of it was fetched.
const OF_ONE: usize = 3;
const IN_ALL: usize = 40;

/// Where changes of whole batches and filters are under way: of one user one at a time, since each goes through all of its keys and takes
/// turns with everybody who writes.
#[derive(Clone)]
struct Changes(Places);

impl Changes {
    /// Ticked keys are few, and take no place.
    fn take(&self, cx: &Cx, selection: &KeySelection) -> Result<Option<Place>> {
        if selection.ids.is_some() {
            return Ok(None);
        }
        let (zh, en) = ("您的另一项批量操作还在进行，请等它完成", "Another bulk change of yours is under way; wait until it has ended");
        let refused = || Fault::new(Kind::Limited, "CHANGE_UNDER_WAY", zh, en).retry_after(10);
        Ok(Some(self.0.take(cx.user()?.id).ok_or_else(refused)?))
    }
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(unbind))
        .routes(routes!(unbind_beyond_limit))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(start_export))
        .routes(routes!(download))
        .layer(Extension(Places::new(OF_ONE, IN_ALL)))
        .layer(Extension(Changes(Places::new(1, usize::MAX))))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct KeyQuery {
    #[param(value_type = Option<String>)]
    project: Option<ProjectId>,
    #[param(value_type = Option<String>)]
    batch: Option<BatchId>,
    #[param(value_type = Option<String>)]
    agent: Option<UserId>,
    state: Option<KeyState>,
    /// A whole key, in any spelling.
    key: Option<String>,
    /// A device's id, exactly.
    device: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// The keys that the asker may see, newest first.
#[utoipa::path(get, path = "/keys", tag = "keys", params(KeyQuery), responses((status = 200, body = Page<Key>), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn list(Auth(cx, _): Auth<KeysView>, Query(query): Query<KeyQuery>) -> Result<axum::Json<Page<Key>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = KeyFilter {
        project: query.project,
        batch: query.batch,
        state: query.state,
        agent: query.agent,
        key: query.key,
        device: query.device,
    };
    Ok(axum::Json(manage::list(&cx, &filter, &ask).await?))
}

#[utoipa::path(get, path = "/keys/{id}", tag = "keys", params(("id" = String, Path)), responses((status = 200, body = KeyDetail), (status = 404, body = Problem)))]
async fn get(Auth(cx, _): Auth<KeysView>, PathId(id): PathId<KeyEntity>) -> Result<axum::Json<KeyDetail>> {
    Ok(axum::Json(manage::get(&cx, id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Unbind {
    /// Only this device; all of them where it is left out.
    #[serde(default)]
    device_id: Option<String>,
}

/// Clears the key's devices. Its clock goes on.
#[utoipa::path(post, path = "/keys/{id}/unbind", tag = "keys", params(("id" = String, Path)), request_body = Unbind,
    responses((status = 200, body = Key), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn unbind(Auth(cx, _): Auth<KeysManage>, PathId(id): PathId<KeyEntity>, Json(body): Json<Unbind>) -> Result<axum::Json<Key>> {
    Ok(axum::Json(unbinding::unbind(&cx, id, body.device_id.as_deref()).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct UnbindBeyondLimit {
    /// Only this device; all of them where it is left out.
    #[serde(default)]
    device_id: Option<String>,
    /// Why the limit does not count this time.
    reason: String,
}

/// Clears the key's devices whatever its project's limit says: for who sets that. The reason stands in the operation log, and on the key's page.
#[utoipa::path(post, path = "/keys/{id}/unbind-beyond-limit", tag = "keys", params(("id" = String, Path)), request_body = UnbindBeyondLimit,
    responses((status = 200, body = Key), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn unbind_beyond_limit(
    Auth(cx, _): Auth<ProjectsManage>,
    PathId(id): PathId<KeyEntity>,
    Json(body): Json<UnbindBeyondLimit>,
) -> Result<axum::Json<Key>> {
    Ok(axum::Json(unbinding::unbind_beyond_limit(&cx, id, body.device_id.as_deref(), &body.reason).await?))
}

/// In force for every verification that begins after the answer. A batch or a filter: one at a time.
#[utoipa::path(post, path = "/keys/disable", tag = "keys", request_body = KeySelection,
    responses((status = 200, body = BulkResult), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn disable(
    Auth(cx, _): Auth<KeysManage>,
    Extension(changes): Extension<Changes>,
    Json(selection): Json<KeySelection>,
) -> Result<axum::Json<BulkResult>> {
    let _until_the_end = changes.take(&cx, &selection)?;
    Ok(axum::Json(manage::set_disabled(&cx, &selection, true).await?))
}

/// A batch or a filter: one at a time.
#[utoipa::path(post, path = "/keys/enable", tag = "keys", request_body = KeySelection,
    responses((status = 200, body = BulkResult), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn enable(
    Auth(cx, _): Auth<KeysManage>,
    Extension(changes): Extension<Changes>,
    Json(selection): Json<KeySelection>,
) -> Result<axum::Json<BulkResult>> {
    let _until_the_end = changes.take(&cx, &selection)?;
    Ok(axum::Json(manage::set_disabled(&cx, &selection, false).await?))
}

/// Exactly one of `ids`, `batch` and `filter`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyExport {
    #[serde(default)]
    ids: Option<Vec<licensing::keys::KeyId>>,
    #[serde(default)]
    batch: Option<BatchId>,
    #[serde(default)]
    filter: Option<licensing::keys::select::KeyFilterBody>,
    format: ExportFormat,
    /// In this order; all where they are left out.
    #[serde(default)]
    columns: Option<Vec<ExportColumn>>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct ExportLink {
    /// Good for a minute, for the same user.
    url: String,
}

fn too_many() -> Fault {
    let (zh, en) = ("同时进行的导出过多，请等已有的下载完成", "Too many exports at once; wait for those under way");
    Fault::new(Kind::Limited, "TOO_MANY_EXPORTS", zh, en).retry_after(10)
}

/// A link to download the export by.
#[utoipa::path(post, path = "/exports/keys", tag = "keys", request_body = KeyExport, responses((status = 200, body = ExportLink), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn start_export(
    Auth(cx, _): Auth<KeysView>,
    Extension(places): Extension<Places>,
    Json(body): Json<KeyExport>,
) -> Result<axum::Json<ExportLink>> {
    // Said here already, where there is a page to say it on.
    drop(places.take(cx.user()?.id).ok_or_else(too_many)?);
    let columns = body.columns.filter(|columns| !columns.is_empty()).unwrap_or_else(|| <ExportColumn as kernel::Word>::ALL.to_vec());
    let selection = KeySelection { ids: body.ids, batch: body.batch, filter: body.filter };
    let ticket = export::ticket(&cx, &ExportAsk { selection, format: body.format, columns }).await?;
    Ok(axum::Json(ExportLink { url: format!("/api/v1/exports/{ticket}") }))
}

/// The file, streamed.
#[utoipa::path(get, path = "/exports/{ticket}", tag = "keys", params(("ticket" = String, Path)),
    responses((status = 200, content((Vec<u8> = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), (status = 404, body = Problem), (status = 429, body = Problem)))]
async fn download(Auth(cx, _): Auth<KeysView>, Extension(places): Extension<Places>, PathText(ticket): PathText) -> Result<Response> {
    let place = places.take(cx.user()?.id).ok_or_else(too_many)?;
    let ask = export::redeem(&cx, &ticket).await?;
    let day = cx.now().to_string();
    let day = day.get(..10).unwrap_or("keys");
    let (kind, ending, body) = match ask.format {
        ExportFormat::Csv => {
            let pieces = ReceiverStream::new(export::csv(&cx, ask));
            let pieces = pieces.map(move |piece| {
                let _until_the_end = &place;
                piece.map_err(|fault| std::io::Error::other(fault.to_string()))
            });
            ("text/csv; charset=utf-8", "csv", Body::from_stream(pieces))
        }
        ExportFormat::Xlsx => {
            let file = tokio::fs::File::from_std(export::xlsx(&cx, ask).await?);
            let pieces = tokio_util::io::ReaderStream::new(file).map(move |piece| {
                let _until_the_end = &place;
                piece
            });
            ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", Body::from_stream(pieces))
        }
    };
    let disposition = format!("attachment; filename=\"keys-{day}.{ending}\"");
    let disposition = header::HeaderValue::from_str(&disposition).map_err(Fault::internal)?;
    Ok(([(header::CONTENT_TYPE, header::HeaderValue::from_static(kind)), (header::CONTENT_DISPOSITION, disposition)], body).into_response())
}
