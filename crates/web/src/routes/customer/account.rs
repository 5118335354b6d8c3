//! Who one is, and one's money.

use axum::extract::State;
use axum::http::StatusCode;
use kernel::Page;
use platform::Cx;
use platform::payments::Payer;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::customers::{self, CodeSent, Customer, NewPhone, Proof, SignIn, Wallet, WechatApp, WechatWays, Welcome};
use venue::members::{self, Membership, PointLine};
use venue::told::{self, Message, MessageId};

use crate::customer::{ByCustomer, PerhapsCustomer};
use crate::extract::{Json, PageQuery, Query, Visitor};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(guest))
        .routes(routes!(send_code))
        .routes(routes!(sign_in))
        .routes(routes!(change_phone))
        .routes(routes!(wechat_ways, wechat_sign_in))
        .routes(routes!(wechat_phone))
        .routes(routes!(wechat_bind))
        .routes(routes!(wechat_unbind))
        .routes(routes!(sign_out))
        .routes(routes!(sign_out_everywhere))
        .routes(routes!(me))
        .routes(routes!(membership))
        .routes(routes!(points))
        .routes(routes!(wallet))
        .routes(routes!(messages))
        .routes(routes!(messages_read))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A new guest: the token is told once.
#[utoipa::path(post, path = "/guests", tag = "customer", request_body = Nothing,
    responses((status = 201, body = Welcome), (status = 429, body = Problem)))]
async fn guest(Visitor(cx): Visitor, Json(Nothing {}): Json<Nothing>) -> Result<(StatusCode, axum::Json<Welcome>)> {
    Ok((StatusCode::CREATED, axum::Json(customers::guest(&cx).await?)))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Phone {
    /// Of the mainland.
    phone: String,
}

/// Sends a code to a phone, and tells the ticket that is to come back with it; how often is limited by number, by address and in all.
#[utoipa::path(post, path = "/phone-codes", tag = "customer", request_body = Phone,
    responses((status = 202, body = CodeSent), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn send_code(Visitor(cx): Visitor, Json(body): Json<Phone>) -> Result<(StatusCode, axum::Json<CodeSent>)> {
    Ok((StatusCode::ACCEPTED, axum::Json(customers::send_code(&cx, &body.phone).await?)))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PhoneSignIn {
    /// As it was told when the code was sent.
    ticket: String,
    phone: String,
    code: String,
    /// Whoever the bearer token is of, and whom WeChat knows, becomes the phone's customer too, and WeChat's name with them.
    #[serde(default)]
    join: bool,
}

/// Signs in whoever has the phone. A bearer token may come with it: a guest becomes the phone's customer. Somebody whom WeChat alone knows does
/// where `join` says so, and otherwise stays who they are.
#[utoipa::path(post, path = "/sign-in", tag = "customer", request_body = PhoneSignIn,
    responses((status = 200, body = Welcome), (status = 401, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem)))]
async fn sign_in(PerhapsCustomer(cx, who, token): PerhapsCustomer, Json(body): Json<PhoneSignIn>) -> Result<axum::Json<Welcome>> {
    let payer = payer(&cx, token.as_deref()).await?;
    let ask = SignIn { ticket: &body.ticket, phone: &body.phone, code: &body.code, join: body.join };
    Ok(axum::Json(customers::sign_in(&cx, who.as_ref(), payer.as_ref(), ask).await?))
}

async fn payer(cx: &Cx, token: Option<&str>) -> Result<Option<Payer>> {
    match token {
        Some(token) => Ok(customers::payer(cx, token).await?),
        None => Ok(None),
    }
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct OtherPhone {
    /// The new number.
    phone: String,
    /// As it was told when the code was sent to the new number.
    ticket: String,
    code: String,
    /// The same of the number so far.
    own_ticket: String,
    own_code: String,
}

/// Changes one's phone number, with a code to the new one and one to the number so far. Other sessions end; money and history stay. Refused where
/// the new number is another customer's who has ever signed in; what a desk alone has written down by it comes along, unless it is in play.
#[utoipa::path(post, path = "/phone", tag = "customer", request_body = OtherPhone,
    responses((status = 200, body = Customer), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem)))]
async fn change_phone(
    ByCustomer(cx, customer, token): ByCustomer,
    State(state): State<AppState>,
    Json(body): Json<OtherPhone>,
) -> Result<axum::Json<Customer>> {
    let new = Proof { ticket: &body.ticket, code: &body.code };
    let own = Proof { ticket: &body.own_ticket, code: &body.own_code };
    let ask = NewPhone { phone: &body.phone, new, own };
    Ok(axum::Json(customers::change_phone(&cx, &state.venue, &customer, &token, ask).await?))
}

/// By what one can sign in at WeChat.
#[utoipa::path(get, path = "/wechat", tag = "customer", responses((status = 200, body = WechatWays)))]
async fn wechat_ways(Visitor(cx): Visitor, State(state): State<AppState>) -> axum::Json<WechatWays> {
    axum::Json(customers::wechat_ways(&cx, &state.venue))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct WechatCode {
    app: WechatApp,
    /// What the page came back with, or what `wx.login` gave.
    code: String,
}

/// Signs in whoever brings a code of WeChat's. A guest's bearer token may come with it: then the guest becomes that customer. Another customer's
/// may too, who stays it, and can pay inside WeChat from then on.
#[utoipa::path(post, path = "/wechat", tag = "customer", request_body = WechatCode,
    responses((status = 200, body = Welcome), (status = 401, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn wechat_sign_in(
    PerhapsCustomer(cx, who, _): PerhapsCustomer,
    State(state): State<AppState>,
    Json(body): Json<WechatCode>,
) -> Result<axum::Json<Welcome>> {
    Ok(axum::Json(customers::sign_in_by_wechat(&cx, &state.venue, who.as_ref(), body.app, &body.code).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct WechatPhone {
    /// What `getPhoneNumber` gave.
    code: String,
    /// As with a code by text.
    #[serde(default)]
    join: bool,
}

/// Signs in whoever has the number that WeChat knows; otherwise as with a code by text.
#[utoipa::path(post, path = "/wechat/phone", tag = "customer", request_body = WechatPhone,
    responses((status = 200, body = Welcome), (status = 401, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn wechat_phone(
    PerhapsCustomer(cx, who, token): PerhapsCustomer,
    State(state): State<AppState>,
    Json(body): Json<WechatPhone>,
) -> Result<axum::Json<Welcome>> {
    let payer = payer(&cx, token.as_deref()).await?;
    Ok(axum::Json(customers::sign_in_by_wechat_phone(&cx, &state.venue, who.as_ref(), payer.as_ref(), &body.code, body.join).await?))
}

/// Binds WeChat: whoever has signed in by it there is this customer from now on. A customer with that name and without a number becomes this one;
/// one with a number is left alone, and the call is refused.
#[utoipa::path(post, path = "/wechat/bind", tag = "customer", request_body = WechatCode,
    responses((status = 200, body = Customer), (status = 401, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn wechat_bind(
    ByCustomer(cx, customer, token): ByCustomer,
    State(state): State<AppState>,
    Json(body): Json<WechatCode>,
) -> Result<axum::Json<Customer>> {
    Ok(axum::Json(customers::bind_wechat(&cx, &state.venue, &customer, &token, body.app, &body.code).await?))
}

/// Unbinds WeChat, in all its apps. Refused where it is all that one can sign in by.
#[utoipa::path(post, path = "/wechat/unbind", tag = "customer", request_body = Nothing,
    responses((status = 200, body = Customer), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn wechat_unbind(ByCustomer(cx, customer, token): ByCustomer, Json(Nothing {}): Json<Nothing>) -> Result<axum::Json<Customer>> {
    Ok(axum::Json(customers::unbind_wechat(&cx, &customer, &token).await?))
}

#[utoipa::path(post, path = "/sign-out", tag = "customer", request_body = Nothing, responses((status = 204)))]
async fn sign_out(ByCustomer(cx, _, token): ByCustomer, Json(Nothing {}): Json<Nothing>) -> Result<StatusCode> {
    customers::sign_out(&cx, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// On all phones, this one too.
#[utoipa::path(post, path = "/sign-out-everywhere", tag = "customer", request_body = Nothing, responses((status = 204)))]
async fn sign_out_everywhere(ByCustomer(cx, customer, _): ByCustomer, Json(Nothing {}): Json<Nothing>) -> Result<StatusCode> {
    customers::sign_out_everywhere(&cx, &customer).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(get, path = "/me", tag = "customer", responses((status = 200, body = Customer)))]
async fn me(ByCustomer(_cx, customer, _): ByCustomer) -> axum::Json<Customer> {
    axum::Json(customer)
}

/// The balance and its lines, newest first.
#[utoipa::path(get, path = "/wallet", tag = "customer", params(PageQuery), responses((status = 200, body = Wallet)))]
async fn wallet(ByCustomer(cx, customer, _): ByCustomer, Query(page): Query<PageQuery>) -> Result<axum::Json<Wallet>> {
    Ok(axum::Json(customers::wallet(&cx, &customer, &page.ask()?).await?))
}

/// What one was told, newest first.
#[utoipa::path(get, path = "/messages", tag = "customer", params(PageQuery), responses((status = 200, body = Page<Message>)))]
async fn messages(ByCustomer(cx, customer, _): ByCustomer, Query(page): Query<PageQuery>) -> Result<axum::Json<Page<Message>>> {
    Ok(axum::Json(told::messages(&cx, &customer, &page.ask()?).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct MessagesRead {
    /// The newest one that was shown.
    newest: MessageId,
}

/// Marks that one as read, and all before it; doing so twice is fine.
#[utoipa::path(post, path = "/messages/read", tag = "customer", request_body = MessagesRead, responses((status = 204)))]
async fn messages_read(ByCustomer(cx, customer, _): ByCustomer, Json(body): Json<MessagesRead>) -> Result<StatusCode> {
    told::mark_read(&cx, &customer, body.newest).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's points and level, and what is missing to the next.
#[utoipa::path(get, path = "/membership", tag = "customer", responses((status = 200, body = Membership)))]
async fn membership(ByCustomer(cx, customer, _): ByCustomer) -> Result<axum::Json<Membership>> {
    Ok(axum::Json(members::membership(&cx, &customer).await?))
}

/// Where one's points came from, newest first.
#[utoipa::path(get, path = "/points", tag = "customer", params(PageQuery), responses((status = 200, body = Page<PointLine>)))]
async fn points(ByCustomer(cx, customer, _): ByCustomer, Query(page): Query<PageQuery>) -> Result<axum::Json<Page<PointLine>>> {
    Ok(axum::Json(members::points(&cx, &customer, &page.ask()?).await?))
}
