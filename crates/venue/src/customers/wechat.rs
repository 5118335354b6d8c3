//! Signing in by WeChat (V2.1): a code becomes a name there, and the name a customer; and the phone number that WeChat knows.

use async_trait::async_trait;
use kernel::{Fault, Kind};
use platform::allowance::ByAddress;
use platform::payments::Payer;
use platform::{Cx, Result};
use serde::Serialize;
use store::{Row, Sql as _, Tx, args};

use super::join::{carry_over, comes_along, greet, new, of_phone, ways};
use super::model::{Customer, CustomerId};
use super::phone;
use super::session::{Welcome, welcome};
use crate::Venue;

/// From one address, which a hall's guests may share, and a provider's phones a /48: each is a call to WeChat, which limits us all together.
const ASKED: ByAddress = ByAddress { name: "WeChat sign-ins", window_seconds: 3_600, most: 600, most_of_56: 1_500, most_of_48: 4_500 };

kernel::words! {
    /// Which of our apps at WeChat.
    pub enum WechatApp {
        /// The official account 公众号 that customers' pages belong to.
        Web = "web",
        /// The mini-program 小程序.
        Mini = "mini",
    }
}

/// As whom WeChat knows somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub openid: String,
    /// The same in all apps of one owner; not always told.
    pub union_id: Option<String>,
}

/// Why WeChat does not say who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WechatError {
    /// The code was used, is too old, or none of WeChat's.
    Code,
    /// The person has asked too often, or WeChat thinks little of it.
    Person,
    /// It is away, or says what nobody understands.
    Away(String),
}

impl From<WechatError> for Fault {
    fn from(error: WechatError) -> Self {
        match error {
            WechatError::Code => Self::new(
                Kind::Unauthenticated,
                "WECHAT_CODE",
                "微信授权已失效，请重试",
                "WeChat's code is not good any more; please try again",
            ),
            WechatError::Person => Self::new(
                Kind::Limited,
                "WECHAT_REFUSED",
                "微信暂时拒绝了登录，请稍后再试，或使用手机号登录",
                "WeChat refuses for now; please try again later, or sign in by your phone number",
            )
            .retry_after(60),
            WechatError::Away(why) => {
                tracing::warn!(%why, "WeChat does not say who somebody is");
                Self::new(
                    Kind::Unavailable,
                    "WECHAT_AWAY",
                    "微信暂时没有回应，请稍后再试，或使用手机号登录",
                    "WeChat does not answer now; please try again, or sign in by your phone number",
                )
                .retry_after(5)
            }
        }
    }
}

/// The way to WeChat.
#[async_trait]
pub trait Wechat: Send + Sync + 'static {
    /// Its id, where there is such an app.
    fn app_id(&self, app: WechatApp) -> Option<&str>;

    /// Where a page goes to come back with a code, without its parameters.
    fn authorize(&self) -> &str;

    async fn who(&self, app: WechatApp, code: &str) -> std::result::Result<Person, WechatError>;

    /// The number that somebody lets the mini-program have: digits, of the mainland or not.
    async fn phone(&self, code: &str) -> std::result::Result<String, WechatError>;
}

/// Where none is configured.
pub struct NoWechat;

#[async_trait]
impl Wechat for NoWechat {
    fn app_id(&self, _: WechatApp) -> Option<&str> {
        None
    }

    fn authorize(&self) -> &'static str {
        ""
    }

    async fn who(&self, _: WechatApp, _: &str) -> std::result::Result<Person, WechatError> {
        Err(WechatError::Away("no app is configured".into()))
    }

    async fn phone(&self, _: &str) -> std::result::Result<String, WechatError> {
        Err(WechatError::Away("no app is configured".into()))
    }
}

/// By what one can sign in at WeChat.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WechatWays {
    /// Where a page inside WeChat sends the browser, with `redirect_uri` and `state` still to be added.
    pub web: Option<String>,
    /// Whether there is a mini-program.
    pub mini: bool,
    /// A demo's: any browser can, for nobody has the real one.
    pub anywhere: bool,
}

/// Whether anybody can sign in by WeChat: the operator may have given it up since somebody did.
pub(super) fn is_offered(venue: &Venue) -> bool {
    [WechatApp::Web, WechatApp::Mini].into_iter().any(|app| venue.wechat.app_id(app).is_some())
}

pub fn wechat_ways(cx: &Cx, venue: &Venue) -> WechatWays {
    let web = venue
        .wechat
        .app_id(WechatApp::Web)
        .map(|app| format!("{}?appid={app}&response_type=code&scope=snsapi_base", venue.wechat.authorize()));
    WechatWays { anywhere: cx.install.demo && web.is_some(), web, mini: venue.wechat.app_id(WechatApp::Mini).is_some() }
}

/// Signs in whoever brings a code: somebody known, or the guest who asks, or somebody new, who is welcomed. A customer who is signed in
/// already stays it, and can pay inside WeChat while this session lasts.
pub async fn sign_in_by_wechat(cx: &Cx, venue: &Venue, who: Option<&Customer>, app: WechatApp, code: &str) -> Result<Welcome> {
    let (payer, person) = person(cx, venue, app, code).await?;
    let mut tx = cx.db.begin().await?;
    let (id, new) = of_person(&mut tx, cx, who, &payer, &person).await?;
    welcome(tx, cx, id, Some(&payer), new).await
}

/// Signs in whoever has the number that WeChat knows. It needs no code by text, for WeChat has asked for one. `join` as in
/// [`SignIn`](super::SignIn).
pub async fn sign_in_by_wechat_phone(
    cx: &Cx,
    venue: &Venue,
    who: Option<&Customer>,
    payer: Option<&Payer>,
    code: &str,
    join: bool,
) -> Result<Welcome> {
    if venue.wechat.app_id(WechatApp::Mini).is_none() {
        return Err(not_offered());
    }
    let code = readable(code)?;
    ASKED.take(cx).await?;
    let number = venue.wechat.phone(code).await?;
    let digits = phone::read(&number).ok_or_else(|| {
        Fault::field("code", "PHONE_ABROAD", "目前只支持中国大陆手机号", "Mobile numbers of the Chinese mainland alone can be used")
    })?;
    let mut tx = cx.db.begin().await?;
    let who = comes_along(&mut tx, who, join).await?;
    let (id, new) = of_phone(&mut tx, cx, who, &digits).await?;
    welcome(tx, cx, id, payer, new).await
}

/// Who brings this code, and as whom they pay in the app that it is of.
pub(super) async fn person(cx: &Cx, venue: &Venue, app: WechatApp, code: &str) -> Result<(Payer, Person)> {
    let Some(app_id) = venue.wechat.app_id(app).map(str::to_owned) else { return Err(not_offered()) };
    let code = readable(code)?;
    ASKED.take(cx).await?;
    let person = venue.wechat.who(app, code).await?;
    Ok((Payer { app_id, openid: person.openid.clone() }, person))
}

fn not_offered() -> Fault {
    Fault::new(Kind::Conflict, "WECHAT_NOT_OFFERED", "这里没有开通微信登录", "Signing in by WeChat is not offered here")
}

fn readable(code: &str) -> Result<&str> {
    let fits = (1..=128).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(code) } else { Err(Fault::field("code", "INVALID", "不是微信给出的 code", "This is no code of WeChat's")) }
}

/// The customer of a name at WeChat, and whether somebody new is. What is decided here is whose the name is, not who pays: that may be anybody.
///
/// Customers are locked before their names, and who becomes another before who stays, as where somebody signs in by a number.
async fn of_person(tx: &mut Tx, cx: &Cx, who: Option<&Customer>, payer: &Payer, person: &Person) -> Result<(CustomerId, bool)> {
    if let Some(signed_in) = who.filter(|who| !who.guest) {
        // Somebody signed in already stays who it is, whatever else WeChat's name stands for. Nor does the name become theirs: the phone may be a
        // friend's, who would be signed in as them the next time.
        let own = whose(tx, payer, person).await? == Some(signed_in.id);
        if own && known(tx, payer, person).await? == Some(signed_in.id) {
            keep(tx, cx, signed_in.id, payer, person).await?;
        }
        return Ok((signed_in.id, false));
    }
    let guest = comes_along(tx, who, true).await?;
    let (id, welcomed) = match (known(tx, payer, person).await?, guest) {
        (Some(known), Some(guest)) if known != guest => {
            carry_over(tx, cx, guest, known).await?;
            (known, false)
        }
        (Some(known), _) => (known, false),
        (None, Some(guest)) => (guest, true),
        (None, None) => (new(tx, cx).await?, true),
    };
    let owner = keep(tx, cx, id, payer, person).await?;
    if welcomed && owner != id {
        // Somebody has come with the same new name at the same time, and was first.
        carry_over(tx, cx, id, owner).await?;
        return Ok((owner, false));
    }
    if welcomed {
        greet(tx, cx, id).await?;
    }
    Ok((id, welcomed))
}

/// Writes down that the name is this customer's, unless it is somebody's already; answers whose it is.
pub(super) async fn keep(tx: &mut Tx, cx: &Cx, id: CustomerId, payer: &Payer, person: &Person) -> Result<CustomerId> {
    let (app_id, openid, now) = (payer.app_id.as_str(), payer.openid.as_str(), cx.now());
    let sql = "INSERT INTO customer_wechats (app_id, openid, union_id, customer_id, created_at, signed_in_at) VALUES ($1, $2, $3, $4, $5, $5) \
               ON CONFLICT (app_id, openid) DO UPDATE SET signed_in_at = $5, union_id = COALESCE($3, customer_wechats.union_id)";
    tx.exec(sql, args![app_id, openid, person.union_id.as_deref(), id, now]).await?;
    let sql = "SELECT customer_id FROM customer_wechats WHERE app_id = $1 AND openid = $2";
    let owner: CustomerId = tx.one(sql, args![app_id, openid], |row| row.get("customer_id")).await?;
    tx.exec("UPDATE customers SET wechat = TRUE WHERE id = $1", args![owner]).await?;
    Ok(owner)
}

/// Whose name it is, in this app or in another of ours.
pub(super) async fn whose(tx: &mut Tx, payer: &Payer, person: &Person) -> Result<Option<CustomerId>> {
    let read = |row: &Row| row.get::<CustomerId>("customer_id");
    let sql = "SELECT customer_id FROM customer_wechats WHERE app_id = $1 AND openid = $2";
    if let Some(found) = tx.opt(sql, args![payer.app_id.as_str(), payer.openid.as_str()], read).await? {
        return Ok(Some(found));
    }
    let Some(union_id) = &person.union_id else { return Ok(None) };
    let sql = "SELECT customer_id FROM customer_wechats WHERE union_id = $1 ORDER BY created_at LIMIT 1";
    Ok(tx.opt(sql, args![union_id.as_str()], read).await?)
}

/// The same, with that customer locked, so that the name stays theirs.
async fn known(tx: &mut Tx, payer: &Payer, person: &Person) -> Result<Option<CustomerId>> {
    // Once more, where it has changed hands meanwhile: its customer has become another, or has unbound it.
    for _ in 0..3 {
        let Some(owner) = whose(tx, payer, person).await? else { return Ok(None) };
        let locked = ways(tx, owner).await?;
        if locked.is_some() && whose(tx, payer, person).await? == Some(owner) {
            return Ok(Some(owner));
        }
    }
    Err(Fault::unavailable("a name at WeChat changes hands again and again"))
}
