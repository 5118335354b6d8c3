//! The way to the devices of halls: the broker inside, or another one; and to relay boards.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use broker::{Broker, Doorkeeper, Expel, Rights};
use gateway::{
    AliyunConfig, AliyunSms, Listening, Modbus, Mqtt, MqttConfig, SmsTemplates, TencentConfig, TencentSms, WechatAppConfig, WechatLogin,
    WechatLoginConfig,
};
use platform::messages::{DatabaseMailbox, Delivery, SentSms, Sms, SmsError, SmsKind, SmsReason, Texter};
use platform::{Cx, Platform};
use venue::customers::{NoWechat, Wechat};
use venue::devices::{self, Wire};
use venue::{Venue, Ways};
use zeroize::Zeroizing;

use crate::config::{Config, SmsProvider};
use crate::trouble::{Result, Trouble};

/// As whom this process comes to its own broker.
const OURSELVES: &str = "cuekey";

/// What is open of it.
pub struct Hall {
    pub venue: Arc<Venue>,
    /// Where devices connect, if that is here.
    pub address: Option<SocketAddr>,
    broker: Option<Broker>,
    listening: Option<Listening>,
}

impl Hall {
    pub async fn open(config: &Config, platform: &Arc<Platform>) -> Result<Self> {
        let ways = |wire: Arc<dyn Wire>| -> Result<Ways> {
            let (texter, wechat) = (texter(config, platform)?, wechat(config, platform)?);
            Ok(Ways { wire, coils: Arc::new(Modbus::default()), texter, wechat })
        };
        let mqtt = &config.mqtt;
        // A client id that is somebody else's too would throw both out in turns.
        let client_id = format!("cuekey-{:016x}", platform.random.u64());
        if !mqtt.host.is_empty() {
            let (host, user, password) = (mqtt.host.clone(), mqtt.user.clone(), mqtt.password.clone());
            let (wire, listening) = Mqtt::new(&MqttConfig { host, port: mqtt.port, user, password, client_id });
            let venue = Venue::new(Arc::clone(platform), ways(Arc::new(wire))?);
            return Ok(Self { venue, address: None, broker: None, listening: Some(listening) });
        }
        let Some(listen) = mqtt.listen else {
            let venue = Venue::new(Arc::clone(platform), ways(Arc::new(Nowhere))?);
            return Ok(Self { venue, address: None, broker: None, listening: None });
        };
        let password = platform.random.secret::<32>("");
        let door = Door { cx: Cx::system(Arc::clone(platform)), ours: password.clone() };
        let broker = Broker::start(listen, Arc::new(door)).await.map_err(|error| cannot_listen(listen, &error))?;
        let address = broker.address();
        // Wherever it listens, it is here.
        let here = if address.ip().is_unspecified() { "127.0.0.1".to_owned() } else { address.ip().to_string() };
        let config = MqttConfig { host: here, port: address.port(), user: OURSELVES.into(), password, client_id };
        let (way, listening) = Mqtt::new(&config);
        let wire = Inside { way, expel: broker.expel() };
        let venue = Venue::new(Arc::clone(platform), ways(Arc::new(wire))?);
        tracing::info!(%address, "MQTT broker");
        Ok(Self { venue, address: Some(address), broker: Some(broker), listening: Some(listening) })
    }

    /// What takes in what devices say, once.
    pub fn listening(&mut self) -> Option<Listening> {
        self.listening.take()
    }

    pub async fn close(self) {
        if let Some(broker) = self.broker {
            broker.stop().await;
        }
    }
}

/// How texts leave: where a demo is told of no provider they land beside its mail at once.
fn texter(config: &Config, platform: &Platform) -> Result<Arc<dyn Texter>> {
    let (db, clock, random) = (platform.db.clone(), platform.clock.clone(), platform.random.clone());
    let sms = &config.sms;
    if platform.install.demo && sms.provider == SmsProvider::None {
        return Ok(Arc::new(DatabaseMailbox { db, clock, random }));
    }
    let endpoint = |own: &str| if sms.endpoint.is_empty() { own.to_owned() } else { sms.endpoint.trim_end_matches('/').to_owned() };
    let bad = |error: gateway::SmsSetupError| {
        Trouble::setup(format!("短信配置 [sms] 有误：{error}"), format!("the configuration of texts, [sms], is wrong: {error}"))
    };
    let templates = SmsTemplates {
        code: sms.code_template.clone(),
        light_failed: sms.light_failed_template.clone(),
        ending: sms.ending_template.clone(),
        phone_left: sms.phone_left_template.clone(),
    };
    match sms.provider {
        SmsProvider::None => Ok(Arc::new(NoTexter)),
        SmsProvider::Aliyun => {
            let config = AliyunConfig {
                endpoint: endpoint("https://dysmsapi.aliyuncs.com"),
                access_key: sms.access_key.clone(),
                secret: sms.secret.clone(),
                sign_name: sms.sign_name.clone(),
                templates,
            };
            Ok(Arc::new(AliyunSms::new(config, clock, random).map_err(bad)?))
        }
        SmsProvider::Tencent => {
            let config = TencentConfig {
                endpoint: endpoint("https://sms.tencentcloudapi.com"),
                region: sms.region.clone(),
                secret_id: sms.access_key.clone(),
                secret_key: sms.secret.clone(),
                app_id: sms.app_id.clone(),
                sign_name: sms.sign_name.clone(),
                templates,
            };
            Ok(Arc::new(TencentSms::new(config, clock).map_err(bad)?))
        }
    }
}

/// Who brings codes of WeChat's.
fn wechat(config: &Config, platform: &Platform) -> Result<Arc<dyn Wechat>> {
    let own = &config.wechat;
    let app = |id: &str, secret: &str| (!id.is_empty()).then(|| WechatAppConfig { id: id.into(), secret: Zeroizing::new(secret.into()) });
    let (web, mini) = (app(&own.web_app_id, &own.web_secret), app(&own.mini_app_id, &own.mini_secret));
    if web.is_none() && mini.is_none() {
        return Ok(Arc::new(NoWechat));
    }
    let setup = WechatLoginConfig { endpoint: own.endpoint.trim_end_matches('/').to_owned(), authorize: own.authorize.clone(), web, mini };
    let bad = |error| Trouble::setup(format!("无法使用 TLS：{error}"), format!("TLS cannot be set up: {error}"));
    Ok(Arc::new(WechatLogin::new(setup, platform.clock.clone()).map_err(bad)?))
}

/// No provider is configured: texts wait as jobs.
struct NoTexter;

#[async_trait]
impl Texter for NoTexter {
    /// Whoever wants to sign in has asked for a code: that it cannot be sent is to be seen.
    fn offers(&self, kind: SmsKind) -> bool {
        matches!(kind, SmsKind::Code)
    }

    async fn send(&self, _: &Sms) -> std::result::Result<String, SmsError> {
        Err(SmsError::Later(SmsReason::NotConfigured.to_string()))
    }

    /// Whoever took it is not asked any more.
    async fn delivery(&self, _: &SentSms) -> std::result::Result<Delivery, SmsError> {
        Err(SmsError::Never(SmsReason::NotConfigured.to_string()))
    }
}

/// By the broker inside.
struct Inside {
    way: Mqtt,
    expel: Expel,
}

#[async_trait]
impl Wire for Inside {
    async fn send(&self, topic: &str, payload: &str) -> std::result::Result<(), String> {
        self.way.send(topic, payload).await
    }

    fn expel(&self, topic: &str) {
        self.expel.user(topic);
    }
}

/// Where no broker is configured.
struct Nowhere;

#[async_trait]
impl Wire for Nowhere {
    async fn send(&self, _: &str, _: &str) -> std::result::Result<(), String> {
        Err("no MQTT broker is configured".into())
    }

    /// Nobody is connected.
    fn expel(&self, _: &str) {}
}

/// Devices by their passwords, and ourselves by one that only this process knows.
struct Door {
    cx: Cx,
    ours: String,
}

#[async_trait]
impl Doorkeeper for Door {
    async fn admit(&self, _: &str, user: Option<&str>, password: Option<&[u8]>) -> Option<Rights> {
        let (user, password) = (user?, password?);
        if user == OURSELVES {
            return (password == self.ours.as_bytes()).then_some(Rights::All);
        }
        match devices::admit(&self.cx, user, password).await {
            Ok(rights) => rights.map(|rights| Rights::Topics { may_publish: rights.says, may_subscribe: rights.hears }),
            Err(fault) => {
                tracing::warn!(%fault, user, "a device could not be let in");
                None
            }
        }
    }
}

fn cannot_listen(address: SocketAddr, error: &dyn std::fmt::Display) -> Trouble {
    Trouble::setup(
        format!("内置 MQTT 服务器无法监听 {address}：{error}。请检查配置项 mqtt.listen"),
        format!("the MQTT broker inside cannot listen on {address}: {error}; check the key mqtt.listen"),
    )
}
