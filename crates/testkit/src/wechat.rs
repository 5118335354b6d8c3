//! Signing in by WeChat in a test: its stand-in, with the test's own clock.

use std::sync::OnceLock;

use async_trait::async_trait;
use gateway::{WechatAppConfig, WechatLoginConfig};
use sandbox::WechatLogin;
use venue::customers::{Person, Wechat, WechatApp, WechatError};

use crate::TestServer;

/// The way there: none, until a test asks for it.
#[derive(Default)]
pub(crate) struct Switch {
    way: OnceLock<gateway::WechatLogin>,
}

impl Switch {
    fn way(&self) -> Result<&gateway::WechatLogin, WechatError> {
        self.way.get().ok_or_else(|| WechatError::Away("not opened".into()))
    }
}

#[async_trait]
impl Wechat for Switch {
    fn app_id(&self, app: WechatApp) -> Option<&str> {
        self.way.get()?.app_id(app)
    }

    fn authorize(&self) -> &str {
        self.way.get().map_or("", Wechat::authorize)
    }

    async fn who(&self, app: WechatApp, code: &str) -> Result<Person, WechatError> {
        self.way()?.who(app, code).await
    }

    async fn phone(&self, code: &str) -> Result<String, WechatError> {
        self.way()?.phone(code).await
    }
}

/// WeChat's stand-in, where the server has both kinds of apps.
pub async fn open(server: &TestServer) -> WechatLogin {
    let login = WechatLogin::open(server.clock.clone()).await.expect("a port is free");
    let app = |id: &str| Some(WechatAppConfig { id: id.to_owned(), secret: WechatLogin::secret().to_owned().into() });
    let config = WechatLoginConfig {
        endpoint: login.base().to_owned(),
        authorize: format!("{}/connect/oauth2/authorize", login.base()),
        web: app(WechatLogin::web_app()),
        mini: app(WechatLogin::mini_app()),
    };
    let way = gateway::WechatLogin::new(config, server.clock.clone()).expect("TLS");
    assert!(server.wechat.way.set(way).is_ok(), "opened once");
    login
}
