//! What scenarios of halls and of payments have in common: the stand-ins, a hall with its tables, customers, and what the staff does.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::{Clock, Random};
use reqwest::Method;
use sandbox::{Alipay, AliyunSms, Trade, TradeState, Troubles, WechatPay};
use serde_json::{Value, json};

use super::light::{Kind, Light};
use crate::http::{Ask, Person, Reply, expect, send, text};
use crate::load::Load;
use crate::server::Server;
use crate::world::World;

pub(super) const KEY: &str = "LTAI-chaos";
pub(super) const SECRET: &str = "a secret of the chaos";

/// A table and what hangs above it.
pub(super) struct Table {
    pub id: String,
    pub light: Light,
}

pub(super) async fn pause(millis: u64) {
    Clock::System.sleep(Duration::from_millis(millis)).await;
}

pub(super) async fn stop(server: Server) -> Result<()> {
    let status = server.stop().await?;
    if status.success() { Ok(()) } else { bail!("a server that was asked to stop ended with {status}") }
}

/// The configuration that has texts sent by this stand-in.
pub(super) fn texts_by(sms: &AliyunSms) -> Vec<(String, String)> {
    let set = [
        ("PROVIDER", "aliyun".to_owned()),
        ("ENDPOINT", sms.endpoint()),
        ("ACCESS_KEY", KEY.to_owned()),
        ("SECRET", SECRET.to_owned()),
        ("SIGN_NAME", "球厅".to_owned()),
        ("CODE_TEMPLATE", "SMS_1".to_owned()),
    ];
    set.map(|(name, value)| (format!("CUEKEY_SMS__{name}"), value)).into()
}

/// The configuration that has devices come to this address.
pub(super) fn lamps_at(broker: SocketAddr) -> (String, String) {
    ("CUEKEY_MQTT__LISTEN".into(), broker.to_string())
}

/// A customer by the code that came to this phone, and the number that it goes by at the desk.
pub(super) async fn sign_in(world: &World, sms: &AliyunSms, phone: &str) -> Result<(Person, String)> {
    let nobody = Person::default();
    let asked = world.post(&nobody, "/customer/v1/phone-codes", json!({"phone": phone}), 202).await?;
    let sent = tokio::time::timeout(Duration::from_secs(20), sms.text_to(phone, 0)).await.context("no text came")?.context("no text")?;
    let ask = json!({"ticket": asked["ticket"], "phone": phone, "code": text(&sent.params, "/code")?});
    let welcome = world.post(&nobody, "/customer/v1/sign-in", ask, 200).await?;
    let who = Person { name: phone.to_owned(), id: text(&welcome, "/customer/id")?, token: text(&welcome, "/token")? };
    Ok((who, text(&welcome, "/customer/number")?))
}

/// Cash over the counter of a hall.
pub(super) async fn recharge(world: &World, hall: &str, number: &str, fen: i64) -> Result<()> {
    let cash = json!({"venue_id": hall, "number": number, "amount_fen": fen});
    world.post(&world.boss, "/api/v1/customers/recharge", cash, 200).await.map(|_| ())
}

/// A hall where an hour costs so much, billed by the minute; its id.
pub(super) async fn hall(world: &World, per_hour: i64) -> Result<String> {
    let tariff = json!({"per_hour": per_hour, "unit_minutes": 1});
    let form = json!({"name": "chaos", "time_zone": "Asia/Shanghai", "tariff": tariff});
    text(&world.post(&world.boss, "/api/v1/venues", form, 201).await?, "/id")
}

/// A table of it, with its light.
pub(super) async fn table(world: &World, hall: &str, name: &str, kind: Kind, broker: SocketAddr) -> Result<Table> {
    let made = world.post(&world.boss, &format!("/api/v1/venues/{hall}/tables"), json!({"name": name}), 201).await?;
    let id = text(&made, "/id")?;
    let light = Light::install(world, &id, kind, broker).await?;
    Ok(Table { id, light })
}

/// What the staff does from time to time: tables are returned to service whose light is well again. What did not come on, or not stay on, is tested
/// first, where it can be told, and seen to be on the next time round.
pub(super) async fn look_after(load: &Load, hall: &str, random: &Random) {
    let boss = &load.world.boss;
    let Some(floor) = load.glance(boss, &format!("/api/v1/venues/{hall}/floor")).await else { return };
    for table in floor["tables"].as_array().into_iter().flatten() {
        let Ok(id) = text(table, "/id") else { continue };
        if table["state"] != "maintenance" {
            // One that was only away came back by itself, in the middle of a test.
            if table["state"] == "idle" && table["device"]["override_on"] == true {
                give_light_back(load, &id).await;
            }
            continue;
        }
        let path = |what: &str| format!("/api/v1/tables/{id}/{what}");
        let back = load.insist(random, boss, &path("in-service"), &json!({"note": "chaos"}), None).await;
        if table["device"]["reported"] == true {
            give_light_back(load, &id).await;
        } else if table["device"]["online"] == true && back.is_some_and(|back| back.status == 409) {
            load.insist(random, boss, &path("light-test"), &json!({}), None).await;
        }
    }
}

pub(super) async fn give_light_back(load: &Load, table: &str) -> Reply {
    let path = format!("/api/v1/tables/{table}/light");
    let ask = Ask { who: &load.world.boss, method: Method::DELETE, path: &path, body: None, key: None };
    send(&load.world.http, &load.world.url(), &ask).await
}

/// The stand-ins of both payment networks.
pub(super) struct Networks {
    pub wechat: WechatPay,
    pub alipay: Alipay,
}

impl Networks {
    pub async fn open() -> Result<Self> {
        Ok(Self { wechat: WechatPay::open(Clock::System).await?, alipay: Alipay::open(Clock::System).await? })
    }

    /// The configuration of a server with this address that asks them.
    pub fn settings(&self, url: String) -> [(String, String); 3] {
        let set =
            [("SERVER__PUBLIC_URL", url), ("PAYMENTS__WECHAT", self.wechat.base().to_owned()), ("PAYMENTS__ALIPAY", self.alipay.gateway())];
        set.map(|(name, value)| (format!("CUEKEY_{name}"), value))
    }

    /// Customers can pay by them from now on.
    pub async fn introduce(&self, world: &World) -> Result<()> {
        enable(world, "wechat", Some(WechatPay::form())).await?;
        enable(world, "alipay", Some(Alipay::form())).await
    }

    /// And have money frozen.
    pub async fn introduce_freezing(&self, world: &World) -> Result<()> {
        enable(world, "alipay_freeze", None).await
    }

    pub fn trouble(&self, troubles: Troubles) {
        self.wechat.set(troubles);
        self.alipay.set(troubles);
    }

    /// What they know of an order, an attempt at a time.
    pub async fn trades(&self, load: &Load, id: &str) -> Option<Vec<Trade>> {
        let detail = load.glance(&load.world.boss, &format!("/api/v1/payments/orders/{id}")).await?;
        let numbers = detail["attempts"].as_array()?.iter().filter_map(|attempt| attempt["number"].as_str());
        Some(numbers.filter_map(|number| self.wechat.trade(number).or_else(|| self.alipay.trade(number))).collect())
    }

    /// Somebody pays whatever of it can be paid.
    pub async fn pay(&self, load: &Load, id: &str) {
        for trade in self.trades(load, id).await.unwrap_or_default() {
            if trade.state == TradeState::Open {
                let _ = self.wechat.pay(&trade.number).await || self.alipay.pay(&trade.number).await;
            }
        }
    }
}

async fn enable(world: &World, channel: &str, parameters: Option<Value>) -> Result<()> {
    let mut body = json!({"enabled": true});
    if let Some(parameters) = parameters {
        body["parameters"] = parameters;
    }
    let path = format!("/api/v1/payments/channels/{channel}");
    let ask = Ask { who: &world.boss, method: Method::PUT, path: &path, body: Some(&body), key: None };
    expect(&world.http, &world.url(), ask, 200).await.map(|_| ())
}
