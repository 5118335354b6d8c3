//! Who brings a code of WeChat's: by a page of an official account, or by a mini-program; and the number that a mini-program was let have.

use async_trait::async_trait;
use kernel::{Clock, Timestamp};
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use venue::customers::{Person, Wechat, WechatApp, WechatError};
use zeroize::Zeroizing;

use crate::http;

/// An app at WeChat.
#[derive(Clone)]
pub struct WechatAppConfig {
    pub id: String,
    pub secret: Zeroizing<String>,
}

#[derive(Clone)]
pub struct WechatLoginConfig {
    /// Where apps ask, without a slash at the end.
    pub endpoint: String,
    /// Where browsers go.
    pub authorize: String,
    pub web: Option<WechatAppConfig>,
    pub mini: Option<WechatAppConfig>,
}

pub struct WechatLogin {
    client: Client,
    config: WechatLoginConfig,
    clock: Clock,
    /// Shared by all that ask: WeChat gives the same one until it is old, and little more often than that.
    token: Mutex<Option<(Zeroizing<String>, Timestamp)>>,
}

/// So much before it is old, a token is not used any more.
const MARGIN: i64 = 300;

#[derive(Deserialize)]
struct Refusal {
    /// Left out where all is well.
    #[serde(default)]
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

#[derive(Deserialize)]
struct Named {
    openid: String,
    #[serde(default)]
    unionid: Option<String>,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    expires_in: i64,
}

#[derive(Deserialize)]
struct PhoneAnswer {
    phone_info: PhoneInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhoneInfo {
    pure_phone_number: String,
    /// A number, or one in quotes.
    #[serde(default)]
    country_code: Value,
    watermark: Watermark,
}

#[derive(Deserialize)]
struct Watermark {
    appid: String,
}

/// What came of asking.
enum Asked<T> {
    Well(T),
    /// The token is not good any more.
    TokenGone,
}

impl WechatLogin {
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: WechatLoginConfig, clock: Clock) -> Result<Self, reqwest::Error> {
        Ok(Self { client: http::client()?, config, clock, token: Mutex::default() })
    }

    fn app(&self, app: WechatApp) -> Result<&WechatAppConfig, WechatError> {
        let app = match app {
            WechatApp::Web => &self.config.web,
            WechatApp::Mini => &self.config.mini,
        };
        app.as_ref().ok_or_else(|| WechatError::Away("this app is not configured".into()))
    }

    fn address(&self, path: &str, query: &[(&str, &str)]) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        format!("{}/{path}?{query}", self.config.endpoint)
    }

    async fn token(&self, app: &WechatAppConfig) -> Result<Zeroizing<String>, WechatError> {
        let mut kept = self.token.lock().await;
        let now = self.clock.now();
        if let Some((token, until)) = kept.as_ref().filter(|(_, until)| now < *until) {
            tracing::trace!(%until, "a token that is still good");
            return Ok(token.clone());
        }
        let body = json!({"grant_type": "client_credential", "appid": app.id, "secret": *app.secret});
        let request = self.client.post(self.address("cgi-bin/stable_token", &[])).json(&body);
        let Asked::Well(token) = said::<Token>(&ask(request).await?)? else {
            return Err(WechatError::Away("a token is refused".into()));
        };
        let value = Zeroizing::new(token.access_token);
        *kept = Some((value.clone(), now.plus_seconds((token.expires_in - MARGIN).max(0))));
        Ok(value)
    }

    /// Whom an answer names. Pure.
    ///
    /// # Errors
    /// Where it names nobody, or cannot be read.
    pub fn named(body: &[u8]) -> Result<Person, WechatError> {
        match said::<Named>(body)? {
            Asked::Well(named) if (1..=128).contains(&named.openid.len()) => {
                Ok(Person { openid: named.openid, union_id: named.unionid.filter(|id| !id.is_empty()) })
            }
            Asked::Well(_) => Err(WechatError::Away("an answer that names nobody".into())),
            Asked::TokenGone => Err(WechatError::Away("the app's secret is refused".into())),
        }
    }

    /// The number that an answer lets this app have; none where the token is not good any more. Pure.
    ///
    /// # Errors
    /// Where it is another app's, or cannot be read.
    pub fn number(body: &[u8], app_id: &str) -> Result<Option<String>, WechatError> {
        let Asked::Well(PhoneAnswer { phone_info: info }) = said::<PhoneAnswer>(body)? else { return Ok(None) };
        if info.watermark.appid != app_id {
            return Err(WechatError::Away("a number that was let to another app".into()));
        }
        let country = info.country_code.as_str().map_or_else(|| info.country_code.to_string(), str::to_owned);
        let abroad = country != "86" && !info.country_code.is_null();
        Ok(Some(if abroad { format!("+{country}{}", info.pure_phone_number) } else { info.pure_phone_number }))
    }

    /// Unless somebody has fetched another since.
    async fn forget(&self, token: &str) {
        let mut kept = self.token.lock().await;
        if kept.as_ref().is_some_and(|(kept, _)| kept.as_str() == token) {
            *kept = None;
        }
    }
}

/// An answer, whose status is 200 whatever it says.
async fn ask(request: RequestBuilder) -> Result<Vec<u8>, WechatError> {
    let away = |why: String| WechatError::Away(why);
    let response = request.send().await.map_err(|error| away(error.without_url().to_string()))?;
    let status = response.status();
    if !status.is_success() {
        return Err(away(format!("status {}", status.as_u16())));
    }
    http::body(response, http::ANSWER).await.map_err(|error| away(error.to_string()))
}

/// What it says, or why it says nothing.
fn said<T: DeserializeOwned>(body: &[u8]) -> Result<Asked<T>, WechatError> {
    let unreadable = |error: serde_json::Error| WechatError::Away(format!("an answer that cannot be read: {error}"));
    let said: Refusal = serde_json::from_slice(body).map_err(unreadable)?;
    match said.errcode {
        0 => Ok(Asked::Well(serde_json::from_slice(body).map_err(unreadable)?)),
        40_029 | 40_163 | 41_008 => Err(WechatError::Code),
        45_011 | 40_226 => Err(WechatError::Person),
        40_001 | 40_014 | 42_001 => Ok(Asked::TokenGone),
        other => Err(WechatError::Away(format!("{other} {}", said.errmsg))),
    }
}

#[async_trait]
impl Wechat for WechatLogin {
    fn app_id(&self, app: WechatApp) -> Option<&str> {
        self.app(app).ok().map(|app| app.id.as_str())
    }

    fn authorize(&self) -> &str {
        &self.config.authorize
    }

    async fn who(&self, app: WechatApp, code: &str) -> Result<Person, WechatError> {
        let own = self.app(app)?;
        let (path, name) = match app {
            WechatApp::Web => ("sns/oauth2/access_token", "code"),
            WechatApp::Mini => ("sns/jscode2session", "js_code"),
        };
        let query = [("appid", own.id.as_str()), ("secret", &own.secret), (name, code), ("grant_type", "authorization_code")];
        let request = self.client.get(self.address(path, &query));
        Self::named(&ask(request).await?)
    }

    async fn phone(&self, code: &str) -> Result<String, WechatError> {
        let own = self.app(WechatApp::Mini)?;
        // Once more with a new token: another process, or somebody at WeChat's pages, may have ended the one that is kept.
        for _ in 0..2 {
            let token = self.token(own).await?;
            let address = self.address("wxa/business/getuserphonenumber", &[("access_token", token.as_str())]);
            let request = self.client.post(address).json(&json!({ "code": code }));
            match Self::number(&ask(request).await?, &own.id)? {
                Some(number) => return Ok(number),
                None => self.forget(&token).await,
            }
        }
        Err(WechatError::Away("no token is good".into()))
    }
}
