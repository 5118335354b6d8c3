//! Extractors: who is asking and may they ([`Auth`]), and bodies, queries and paths whose refusals name the field.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use kernel::{Entity, Fault, Id, Kind, Lang, PageAsk};
use platform::idempotency::IdempotencyKey;
use platform::identity::{Permission, session};
use platform::{Cx, Origin};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use venue::customers;

use crate::ApiError;
use crate::body;
use crate::refusal::refusal;
use crate::state::AppState;
use crate::strict::Strict;

/// A request by anybody: sign-up, sign-in.
pub struct Visitor(pub Cx);

impl FromRequestParts<AppState> for Visitor {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let origin = parts.extensions.get::<Arc<Origin>>().map(|origin| Origin::clone(origin)).unwrap_or_default();
        let lang = parts.extensions.get::<Lang>().copied().unwrap_or_default();
        Ok(Self(Cx::visitor(Arc::clone(&state.platform), origin, lang)))
    }
}

/// What an endpoint asks for, as a type.
pub trait Need: Send + Sync + 'static {
    const PERMISSION: Option<Permission>;
    /// May be called before a forced password change or second-factor set-up.
    const BEFORE_DUTIES: bool = false;
}

macro_rules! needs {
    ($($name:ident = $permission:ident),+ $(,)?) => {$(
        pub struct $name;
        impl Need for $name {
            const PERMISSION: Option<Permission> = Some(Permission::$permission);
        }
    )+};
}

/// Anybody who is signed in.
pub struct SignedIn;
impl Need for SignedIn {
    const PERMISSION: Option<Permission> = None;
}

/// Anybody who is signed in, even if they must first change their password or set up a second factor.
pub struct OwnAccount;
impl Need for OwnAccount {
    const PERMISSION: Option<Permission> = None;
    const BEFORE_DUTIES: bool = true;
}

needs! {
    UsersManage = UsersManage,
    ProjectsManage = ProjectsManage,
    GrantsManage = GrantsManage,
    GrantsReview = GrantsReview,
    GrantsApply = GrantsApply,
    KeysGenerate = KeysGenerate,
    KeysManage = KeysManage,
    KeysView = KeysView,
    QuotaView = QuotaView,
    QuotaTransfer = QuotaTransfer,
    QuotaWithdraw = QuotaWithdraw,
    WithdrawalsReview = WithdrawalsReview,
    SettingsManage = SettingsManage,
    LogsView = LogsView,
    CallbacksManage = CallbacksManage,
    JobsManage = JobsManage,
    VenuesManage = VenuesManage,
    VenuesView = VenuesView,
    TablesOperate = TablesOperate,
    DeskServe = DeskServe,
    CasesManage = CasesManage,
    PaymentsManage = PaymentsManage,
}

/// A request by somebody who is signed in and may do this. Whose rows it touches is decided in the query.
pub struct Auth<N>(pub Cx, pub PhantomData<N>);

pub const COOKIE: &str = "__Host-cuekey";
pub const PLAIN_COOKIE: &str = "cuekey";
/// What the console sends along, and no other site can.
pub(crate) const CONSOLE: &str = "x-cuekey-console";

impl<N: Need> FromRequestParts<AppState> for Auth<N> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Visitor(cx) = Visitor::from_request_parts(parts, state).await?;
        let (token, by_cookie) =
            token(&parts.headers, state.http.secure).ok_or_else(|| cx.user().err().unwrap_or_else(Fault::forbidden))?;
        // Another site's page can make a browser send the cookie (were it not SameSite), but not this header.
        if by_cookie && !parts.method.is_safe() && !parts.headers.contains_key(CONSOLE) {
            return Err(
                Fault::new(Kind::Forbidden, "CSRF", "缺少 X-Cuekey-Console 请求头", "The X-Cuekey-Console header is missing").into()
            );
        }
        let known = session::authenticate(&cx, &token).await?;
        if !N::BEFORE_DUTIES {
            if known.must_change_password {
                return Err(Fault::new(
                    Kind::Forbidden,
                    "PASSWORD_CHANGE_REQUIRED",
                    "请先修改初始密码",
                    "Please change your first password",
                )
                .into());
            }
            if known.must_set_second_factor {
                return Err(Fault::new(
                    Kind::Forbidden,
                    "SECOND_FACTOR_SETUP_REQUIRED",
                    "请先设置两步验证",
                    "Please set up a second factor",
                )
                .into());
            }
        }
        let cx = cx.as_user(known.principal);
        if let Some(permission) = N::PERMISSION {
            cx.require(permission)?;
        }
        parts.extensions.insert(LetIn::Staff(cx.clone()));
        Ok(Self(cx, PhantomData))
    }
}

/// Who was let in by what a request's head says, before its body was read.
#[derive(Clone)]
pub(crate) enum LetIn {
    /// More of its body is read than of others'.
    Staff(Cx),
    /// With the token that it came with.
    Customer(Cx, String),
}

impl LetIn {
    /// Refused where whoever was let in has been disabled or signed out since.
    async fn is_still(&self) -> Result<(), Fault> {
        match self {
            Self::Staff(cx) => session::still(cx).await,
            Self::Customer(cx, token) => customers::authenticate(cx, token).await.map(drop),
        }
    }
}

/// The one cookie that holds a session here.
pub(crate) const fn cookie_name(secure: bool) -> &'static str {
    if secure { COOKIE } else { PLAIN_COOKIE }
}

/// The bearer token, or that of the one cookie which this installation sets: the plain one could be planted by a neighbouring
/// host where the console is reached by https.
pub(crate) fn token(headers: &HeaderMap, secure: bool) -> Option<(String, bool)> {
    let cookie = cookie_name(secure);
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    if let Some(token) = bearer {
        return Some((token.trim().to_owned(), false));
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    let mut pairs = cookies.filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == cookie).map(|(_, value)| (value.to_owned(), true))
}

/// A JSON body. Refusals name the field where the trouble is.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, _: &AppState) -> Result<Self, ApiError> {
        let body = body(request).await?;
        parse(&body).map(Self)
    }
}

/// A JSON body whose work is done once (`Idempotency-Key`).
pub struct Once<T>(pub T, pub IdempotencyKey);

impl<T: DeserializeOwned> FromRequest<AppState> for Once<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, _: &AppState) -> Result<Self, ApiError> {
        let route = format!("{} {}", request.method(), request.uri().path());
        let key = request.headers().get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = body(request).await?;
        let key = key.ok_or_else(|| {
            Fault::field("Idempotency-Key", "REQUIRED", "缺少 Idempotency-Key 请求头", "The Idempotency-Key header is missing")
        })?;
        Ok(Self(parse(&body)?, IdempotencyKey::new(&key, &route, &body)?))
    }
}

/// A JSON body, done once where the caller sends an `Idempotency-Key`. For writes
/// that the state of their object keeps from happening twice.
pub struct MaybeOnce<T>(pub T, pub Option<IdempotencyKey>);

impl<T: DeserializeOwned> FromRequest<AppState> for MaybeOnce<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        if request.headers().contains_key("idempotency-key") {
            let Once(body, key) = Once::from_request(request, state).await?;
            return Ok(Self(body, Some(key)));
        }
        let Json(body) = Json::from_request(request, state).await?;
        Ok(Self(body, None))
    }
}

/// The body of who was let in, if they still are: whoever holds the last of it back for as long as it may take, and is disabled meanwhile, has asked
/// for nothing.
async fn body(request: Request) -> Result<Bytes, ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Fault::new(Kind::Malformed, "NOT_JSON", "请求体应为 application/json", "The body must be application/json").into());
    }
    let (parts, body) = request.into_parts();
    let let_in = parts.extensions.get::<LetIn>();
    let most = if matches!(let_in, Some(LetIn::Staff(_))) { body::OF_STAFF } else { body::OF_OTHERS };
    let body = body::arrive(body, &parts.headers, most).await?;
    // What was there at once came with the head, and that was looked at a moment ago.
    if let (Some(let_in), false) = (let_in, body.at_once) {
        let_in.is_still().await?;
    }
    Ok(body.bytes)
}

pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // The way to a mistake is noted only where there is one.
    let mut json = serde_json::Deserializer::from_slice(body);
    match T::deserialize(Strict { inner: &mut json, nul: true }) {
        Ok(value) if json.end().is_ok() => Ok(value),
        _ => explained(body),
    }
}

fn explained<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(Strict { inner: &mut json, nul: true }).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            refusal(&path, "body", &inner.to_string())
        } else {
            Fault::new(Kind::Malformed, "JSON_INVALID", "请求体不是有效的 JSON", format!("The body is not valid JSON: {inner}"))
        }
    })?;
    json.end().map_err(|_| Fault::new(Kind::Malformed, "JSON_INVALID", "JSON 之后还有多余内容", "There is something after the JSON"))?;
    Ok(value)
}

/// A query string. Unknown parameters and wrong types are refused by name.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).filter(|(_, value)| !value.is_empty());
        let cleaned = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let query = serde_urlencoded::Deserializer::new(form_urlencoded::parse(cleaned.as_bytes()));
        let query = serde_path_to_error::deserialize(Strict { inner: query, nul: false }).map_err(|error| {
            let path = error.path().to_string();
            refusal(&path, "query", &error.into_inner().to_string())
        })?;
        Ok(Self(query))
    }
}

/// `?cursor=&limit=`, for queries that have nothing else. Others hold the two fields themselves and call [`page`].
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// 1 to 200; 20 if not said.
    pub limit: Option<i64>,
}

impl PageQuery {
    pub fn ask(&self) -> Result<PageAsk, Fault> {
        PageAsk::parse(self.cursor.as_deref(), self.limit)
    }
}

/// A text in the path. What is no text at all names nothing.
pub struct PathText(pub String);

impl FromRequestParts<AppState> for PathText {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map_err(|_| Fault::not_found())?.0))
    }
}

/// An id in the path. A malformed one, or one of something else, is simply not there.
pub struct PathId<E>(pub Id<E>);

impl<E: Entity> FromRequestParts<AppState> for PathId<E> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let PathText(text) = PathText::from_request_parts(parts, state).await?;
        Ok(Self(text.parse().map_err(|_| Fault::not_found())?))
    }
}
