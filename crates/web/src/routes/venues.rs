//! Halls and tables, for their staff. Their lights have routes of their own.

use axum::extract::State;
use axum::http::StatusCode;
use kernel::Fen;
use platform::identity::UserId;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::customers::{self, AtDesk, Customer, DeskCash};
use venue::devices::{self, Device, OverrideAsk};
use venue::halls::{
    self, ChangedPrices, ChangedTable, ChangedVenue, Floor, NewTable, NewVenue, Prices, Table, TableEntity, Tried, TriedPrices, Venue,
    VenueEntity,
};
use venue::members::{self, ChangedLevels, Levels};
use venue::play::{self, SessionView};
use venue::staff::{self, Member};

use crate::extract::{Auth, CasesManage, Json, Once, PathId, SettingsManage, TablesOperate, VenuesManage, VenuesView};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(change))
        .routes(routes!(prices, change_prices))
        .routes(routes!(try_prices))
        .routes(routes!(floor))
        .routes(routes!(staff_list, staff_add))
        .routes(routes!(staff_remove))
        .routes(routes!(create_table))
        .routes(routes!(change_table))
        .routes(routes!(retire_table))
        .routes(routes!(reissue_code))
        .routes(routes!(take_out))
        .routes(routes!(bring_back))
        .routes(routes!(set_light, give_light_back))
        .routes(routes!(close))
        .routes(routes!(test_light))
        .routes(routes!(look_up))
        .routes(routes!(recharge))
        .routes(routes!(pay_out))
        .routes(routes!(take_phone_off))
        .routes(routes!(levels, change_levels))
}

#[derive(Serialize, utoipa::ToSchema)]
struct Venues {
    items: Vec<Venue>,
}

/// The halls where one works.
#[utoipa::path(get, path = "/venues", tag = "venues", responses((status = 200, body = Venues)))]
async fn list(Auth(cx, _): Auth<VenuesView>) -> Result<axum::Json<Venues>> {
    Ok(axum::Json(Venues { items: halls::list(&cx).await? }))
}

/// A new hall, with a price list of its own. Whoever makes it works there.
#[utoipa::path(post, path = "/venues", tag = "venues", params(("Idempotency-Key" = String, Header)), request_body = NewVenue,
    responses((status = 201, body = Venue), (status = 422, body = Problem)))]
async fn create(Auth(cx, _): Auth<VenuesManage>, Once(body, key): Once<NewVenue>) -> Result<(StatusCode, axum::Json<Venue>)> {
    Ok((StatusCode::CREATED, axum::Json(halls::create_venue(&cx, body, &key).await?)))
}

/// Changes a hall. Refused where somebody else has changed it since it was looked at.
#[utoipa::path(put, path = "/venues/{id}", tag = "venues", params(("id" = String, Path)), request_body = ChangedVenue,
    responses((status = 200, body = Venue), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change(
    State(state): State<AppState>,
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<VenueEntity>,
    Json(body): Json<ChangedVenue>,
) -> Result<axum::Json<Venue>> {
    Ok(axum::Json(halls::change_venue(&cx, &state.venue, id, body).await?))
}

/// The hall's own price list: what tables cost for which no other is chosen.
#[utoipa::path(get, path = "/venues/{id}/prices", tag = "venues", params(("id" = String, Path)), responses((status = 200, body = Prices)))]
async fn prices(Auth(cx, _): Auth<VenuesView>, PathId(id): PathId<VenueEntity>) -> Result<axum::Json<Prices>> {
    Ok(axum::Json(halls::prices(&cx, id).await?))
}

/// Changes the hall's own price list, for tables that are opened from now on.
#[utoipa::path(put, path = "/venues/{id}/prices", tag = "venues", params(("id" = String, Path)), request_body = ChangedPrices,
    responses((status = 200, body = Prices), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change_prices(
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<VenueEntity>,
    Json(body): Json<ChangedPrices>,
) -> Result<axum::Json<Prices>> {
    Ok(axum::Json(halls::change_prices(&cx, id, body).await?))
}

#[derive(Serialize, utoipa::ToSchema)]
struct TriedDay {
    items: Vec<Tried>,
}

/// What play would cost at each hour of a day, by prices that need not be kept.
#[utoipa::path(post, path = "/venues/{id}/prices/try", tag = "venues", params(("id" = String, Path)), request_body = TriedPrices,
    responses((status = 200, body = TriedDay), (status = 422, body = Problem)))]
async fn try_prices(
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<VenueEntity>,
    Json(body): Json<TriedPrices>,
) -> Result<axum::Json<TriedDay>> {
    Ok(axum::Json(TriedDay { items: halls::try_prices(&cx, id, body).await? }))
}

/// The floor as it is now. `/events` says `floor` when something on it has changed.
#[utoipa::path(get, path = "/venues/{id}/floor", tag = "venues", params(("id" = String, Path)), responses((status = 200, body = Floor)))]
async fn floor(Auth(cx, _): Auth<VenuesView>, PathId(id): PathId<VenueEntity>) -> Result<axum::Json<Floor>> {
    Ok(axum::Json(halls::floor(&cx, id).await?))
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
    /// Of a manager or a maintainer.
    name: String,
}

/// Lets a manager or a maintainer work in a hall.
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

/// A new table: out of service until it has a light and somebody brings it back.
#[utoipa::path(post, path = "/venues/{id}/tables", tag = "venues", params(("id" = String, Path), ("Idempotency-Key" = String, Header)), request_body = NewTable,
    responses((status = 201, body = Table), (status = 422, body = Problem)))]
async fn create_table(
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<VenueEntity>,
    Once(body, key): Once<NewTable>,
) -> Result<(StatusCode, axum::Json<Table>)> {
    Ok((StatusCode::CREATED, axum::Json(halls::create_table(&cx, id, body, &key).await?)))
}

/// Renames a table, puts it elsewhere on the floor plan, or gives it another price list. Refused where somebody else has changed it since it was looked at.
#[utoipa::path(put, path = "/tables/{id}", tag = "venues", params(("id" = String, Path)), request_body = ChangedTable,
    responses((status = 200, body = Table), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change_table(
    State(state): State<AppState>,
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<TableEntity>,
    Json(body): Json<ChangedTable>,
) -> Result<axum::Json<Table>> {
    Ok(axum::Json(halls::change_table(&cx, &state.venue, id, body).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Retire {}

/// Gives up a table that nobody plays on: its code leads nowhere, and its light is nobody's. What was played on it stays.
#[utoipa::path(post, path = "/tables/{id}/retire", tag = "venues", params(("id" = String, Path)), request_body = Retire,
    responses((status = 204), (status = 409, body = Problem)))]
async fn retire_table(
    State(state): State<AppState>,
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<TableEntity>,
    Json(Retire {}): Json<Retire>,
) -> Result<StatusCode> {
    halls::retire_table(&cx, &state.venue, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Reissue {}

/// A new code for its QR: the old one leads nowhere from now on.
#[utoipa::path(post, path = "/tables/{id}/code", tag = "venues", params(("id" = String, Path)), request_body = Reissue,
    responses((status = 200, body = Table)))]
async fn reissue_code(
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<TableEntity>,
    Json(Reissue {}): Json<Reissue>,
) -> Result<axum::Json<Table>> {
    Ok(axum::Json(halls::reissue_code(&cx, id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Note {
    note: String,
}

/// Takes a table that nobody plays on out of service.
#[utoipa::path(post, path = "/tables/{id}/out-of-service", tag = "venues", params(("id" = String, Path)), request_body = Note,
    responses((status = 200, body = Table), (status = 409, body = Problem)))]
async fn take_out(
    State(state): State<AppState>,
    Auth(cx, _): Auth<CasesManage>,
    PathId(id): PathId<TableEntity>,
    Json(body): Json<Note>,
) -> Result<axum::Json<Table>> {
    Ok(axum::Json(halls::take_out_of_service(&cx, &state.venue, id, &body.note).await?))
}

/// Brings a table back, once its light is there and as it should be, and has been seen to draw power where that is watched.
#[utoipa::path(post, path = "/tables/{id}/in-service", tag = "venues", params(("id" = String, Path)), request_body = Note,
    responses((status = 200, body = Table), (status = 409, body = Problem)))]
async fn bring_back(
    State(state): State<AppState>,
    Auth(cx, _): Auth<CasesManage>,
    PathId(id): PathId<TableEntity>,
    Json(body): Json<Note>,
) -> Result<axum::Json<Table>> {
    Ok(axum::Json(halls::return_to_service(&cx, &state.venue, id, &body.note).await?))
}

/// Sets a table's light by hand, for a while.
#[utoipa::path(put, path = "/tables/{id}/light", tag = "venues", params(("id" = String, Path)), request_body = OverrideAsk,
    responses((status = 200, body = Device), (status = 409, body = Problem)))]
async fn set_light(
    State(state): State<AppState>,
    Auth(cx, _): Auth<TablesOperate>,
    PathId(id): PathId<TableEntity>,
    Json(body): Json<OverrideAsk>,
) -> Result<axum::Json<Device>> {
    Ok(axum::Json(devices::override_light(&cx, &state.venue, id, &body).await?))
}

/// Gives the light back to play.
#[utoipa::path(delete, path = "/tables/{id}/light", tag = "venues", params(("id" = String, Path)), responses((status = 200, body = Device)))]
async fn give_light_back(
    State(state): State<AppState>,
    Auth(cx, _): Auth<TablesOperate>,
    PathId(id): PathId<TableEntity>,
) -> Result<axum::Json<Device>> {
    Ok(axum::Json(devices::end_override(&cx, &state.venue, id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Test {}

/// Turns the light of a table that is out of service on for two minutes, to see whether it burns.
#[utoipa::path(post, path = "/tables/{id}/light-test", tag = "venues", params(("id" = String, Path)), request_body = Test,
    responses((status = 200, body = Device), (status = 409, body = Problem)))]
async fn test_light(
    State(state): State<AppState>,
    Auth(cx, _): Auth<CasesManage>,
    PathId(id): PathId<TableEntity>,
    Json(Test {}): Json<Test>,
) -> Result<axum::Json<Device>> {
    Ok(axum::Json(devices::test_light(&cx, &state.venue, id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CloseFor {
    why: String,
}

/// Closes a table for its customer.
#[utoipa::path(post, path = "/tables/{id}/close", tag = "venues", params(("id" = String, Path)), request_body = CloseFor,
    responses((status = 200, body = SessionView), (status = 409, body = Problem)))]
async fn close(
    State(state): State<AppState>,
    Auth(cx, _): Auth<TablesOperate>,
    PathId(id): PathId<TableEntity>,
    Json(body): Json<CloseFor>,
) -> Result<axum::Json<SessionView>> {
    Ok(axum::Json(play::close_by_staff(&cx, &state.venue, id, &body.why).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Cash {
    /// The customer's.
    number: String,
    amount_fen: Fen,
    #[serde(default)]
    memo: Option<String>,
}

impl From<Cash> for DeskCash {
    fn from(Cash { number, amount_fen, memo }: Cash) -> Self {
        Self { number, amount: amount_fen, memo }
    }
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct WhoAsks {
    /// The customer's own, or the phone's.
    number: String,
}

/// Whose number it is, and how much can be paid out: to be looked at before cash changes hands.
#[utoipa::path(post, path = "/customers/find", tag = "venues", request_body = WhoAsks,
    responses((status = 200, body = AtDesk), (status = 422, body = Problem)))]
async fn look_up(Auth(cx, _): Auth<TablesOperate>, Json(body): Json<WhoAsks>) -> Result<axum::Json<AtDesk>> {
    Ok(axum::Json(customers::look_up(&cx, &body.number).await?))
}

/// Adds cash that was taken over the counter to a customer's wallet.
#[utoipa::path(post, path = "/customers/recharge", tag = "venues", params(("Idempotency-Key" = String, Header)), request_body = Cash,
    responses((status = 200, body = Customer), (status = 422, body = Problem)))]
async fn recharge(Auth(cx, _): Auth<TablesOperate>, Once(body, key): Once<Cash>) -> Result<axum::Json<Customer>> {
    Ok(axum::Json(customers::recharge_at_desk(&cx, &DeskCash::from(body), &key).await?))
}

/// Pays cash out of a customer's wallet over the counter: as much of it as is neither a gift nor a payment network's.
#[utoipa::path(post, path = "/customers/payout", tag = "venues", params(("Idempotency-Key" = String, Header)), request_body = Cash,
    responses((status = 200, body = Customer), (status = 422, body = Problem)))]
async fn pay_out(Auth(cx, _): Auth<TablesOperate>, Once(body, key): Once<Cash>) -> Result<axum::Json<Customer>> {
    Ok(axum::Json(customers::pay_out_at_desk(&cx, &DeskCash::from(body), &key).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct LostPhone {
    /// The customer's own, or the phone's.
    number: String,
    /// How it was seen who it is; for the log.
    why: String,
}

/// Takes the phone number off a customer who has lost it. They add another by signing in with it. Refused where they could not sign in then.
#[utoipa::path(post, path = "/customers/take-phone-off", tag = "venues", request_body = LostPhone,
    responses((status = 200, body = Customer), (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn take_phone_off(
    Auth(cx, _): Auth<TablesOperate>,
    State(state): State<AppState>,
    Json(body): Json<LostPhone>,
) -> Result<axum::Json<Customer>> {
    Ok(axum::Json(customers::take_phone_off(&cx, &state.venue, &body.number, &body.why).await?))
}

/// The members' levels, rising; of all halls.
#[utoipa::path(get, path = "/levels", tag = "venues", responses((status = 200, body = Levels)))]
async fn levels(Auth(cx, _): Auth<VenuesView>) -> Result<axum::Json<Levels>> {
    Ok(axum::Json(members::levels(&cx).await?))
}

/// Changes them, all together. Refused where somebody else has changed them since they were looked at.
#[utoipa::path(put, path = "/levels", tag = "venues", request_body = ChangedLevels,
    responses((status = 200, body = Levels), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change_levels(Auth(cx, _): Auth<SettingsManage>, Json(body): Json<ChangedLevels>) -> Result<axum::Json<Levels>> {
    Ok(axum::Json(members::change_levels(&cx, body).await?))
}
