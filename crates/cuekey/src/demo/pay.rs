//! Stand-ins of WeChat, WeChat Pay and Alipay, beside the console under `/sandbox`: nothing but a base URL tells the program that they are not real.

use std::sync::Arc;

use axum::Router;
use kernel::Clock;
use platform::payments::{self, Parameters};
use platform::{Cx, Platform};
use sandbox::{Alipay, MoodPage, WechatLogin, WechatPay};

use crate::config::Config;
use crate::trouble::Result;

const WECHAT: &str = "/sandbox/wechat";
const ALIPAY: &str = "/sandbox/alipay";
const LOGIN: &str = "/sandbox/weixin";
/// Where one chooses what is wrong with them.
const MOODS: &str = "/sandbox/payments";

pub struct Networks {
    wechat: WechatPay,
    alipay: Alipay,
    login: WechatLogin,
}

impl Networks {
    /// Where the demo is reached.
    pub fn at(public_url: &str) -> Self {
        let at = |path: &str| format!("{public_url}{path}");
        Self {
            wechat: WechatPay::at(&at(WECHAT), Clock::System),
            alipay: Alipay::at(&at(ALIPAY), Clock::System),
            login: WechatLogin::at(&at(LOGIN), Clock::System),
        }
    }

    /// A configuration that names them.
    pub fn known_to(&self, config: &Config) -> Config {
        let mut config = config.clone();
        config.payments.wechat = self.wechat.base().to_owned();
        config.payments.alipay = self.alipay.gateway();
        config.wechat.endpoint = self.login.base().to_owned();
        config.wechat.authorize = format!("{}/connect/oauth2/authorize", self.login.base());
        config.wechat.web_app_id = WechatLogin::web_app().to_owned();
        config.wechat.web_secret = WechatLogin::secret().to_owned();
        config.wechat.mini_app_id = WechatLogin::mini_app().to_owned();
        config.wechat.mini_secret = WechatLogin::secret().to_owned();
        config
    }

    pub fn router(&self) -> Router {
        let moods = MoodPage::at(MOODS, &self.wechat, &self.alipay);
        let networks = Router::new().nest(WECHAT, self.wechat.router()).nest(ALIPAY, self.alipay.router());
        networks.nest(LOGIN, self.login.router()).nest(MOODS, moods.router())
    }
}

/// Makes the demo's merchant known to the program. They are not remembered from one start to the next: what was open then is unknown now.
pub async fn introduce(platform: &Arc<Platform>) -> Result<()> {
    let cx = Cx::system(Arc::clone(platform));
    let mut tx = cx.db.begin().await?;
    payments::put(&mut tx, &cx, &Parameters::Wechat(WechatPay::parameters()), true).await?;
    payments::put(&mut tx, &cx, &Parameters::Alipay(Alipay::parameters()), true).await?;
    payments::put(&mut tx, &cx, &Parameters::AlipayFreeze(Alipay::parameters()), true).await?;
    Ok(tx.commit().await?)
}
