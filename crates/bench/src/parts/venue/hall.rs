//! An installation with halls, whose devices are known by name, and whose customers can pay; and with lamps, if somebody plugs them in.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::Clock;
use sandbox::{AliyunSms, Coils, Frames, WechatPay};
use serde_json::{Value, json};

use super::lamps::Kind;
use crate::api::Api;
use crate::clock::{Stopwatch, pause};
use crate::ready::place;
use crate::run::Options;
use crate::site::{Engine, Site, free_address};

/// In a hall.
const TABLES: usize = 50;
const LONGEST: Duration = Duration::from_secs(60);
const KEY: &str = "LTAI-bench";
const SECRET: &str = "a secret of the bench";
/// In each wallet.
const MONEY: i64 = 1_000_000;

pub struct Lamp {
    pub table: String,
    pub kind: Kind,
    /// Its name on the broker; nothing of a board's.
    pub topic: String,
    pub password: String,
}

pub struct Hall {
    pub site: Site,
    pub boss: Api,
    pub broker: SocketAddr,
    pub lamps: Vec<Lamp>,
    /// Where customers pay.
    pub wechat: WechatPay,
    halls: Vec<String>,
    sms: AliyunSms,
    /// Lamps that are there.
    plugged: Vec<sandbox::Lamp>,
    /// One in each hall, which is there from the beginning.
    boards: Vec<Coils>,
    postgres: String,
}

/// A customer with money.
pub struct Customer {
    pub api: Api,
}

impl Hall {
    pub async fn open(options: &Options, engine: Engine, name: &str, tables: usize) -> Result<Self> {
        let mut place = place(options, engine, name).await?;
        place.found()?;
        let (sms, broker) = (AliyunSms::open(KEY, SECRET).await?, free_address()?);
        let wechat = WechatPay::open(Clock::System).await?;
        place.environment = vec![
            ("CUEKEY_MQTT__LISTEN", broker.to_string()),
            // Each customer comes from an address of its own.
            ("CUEKEY_SERVER__TRUSTED_PROXIES", "127.0.0.1".into()),
            ("CUEKEY_PAYMENTS__WECHAT", wechat.base().to_owned()),
            ("CUEKEY_SMS__PROVIDER", "aliyun".into()),
            ("CUEKEY_SMS__ENDPOINT", sms.endpoint()),
            ("CUEKEY_SMS__ACCESS_KEY", KEY.into()),
            ("CUEKEY_SMS__SECRET", SECRET.into()),
            ("CUEKEY_SMS__SIGN_NAME", "球厅".into()),
            ("CUEKEY_SMS__CODE_TEMPLATE", "SMS_1".into()),
        ];
        let (site, _) = place.serve().await?;
        let boss = site.chief().await?;
        boss.put("/api/v1/payments/channels/wechat", json!({"enabled": true, "parameters": WechatPay::form()})).await?;
        let (postgres, lamps, halls) = (options.postgres.clone(), Vec::new(), Vec::new());
        let (plugged, boards) = (Vec::new(), Vec::new());
        let mut hall = Self { site, boss, broker, lamps, wechat, halls, sms, plugged, boards, postgres };
        for n in 0..tables.div_ceil(TABLES) {
            hall.furnish(TABLES.min(tables - n * TABLES), n).await?;
        }
        Ok(hall)
    }

    async fn furnish(&mut self, tables: usize, n: usize) -> Result<()> {
        let tariff = json!({"per_hour": 3_600, "unit_minutes": 1});
        let form = json!({"name": format!("bench {n}"), "time_zone": "Asia/Shanghai", "tariff": tariff});
        let hall = text(&self.boss.post("/api/v1/venues", form).await?, "/id")?;
        let board = Coils::start(Frames::Tcp).await?;
        for n in 0..tables {
            let table = self.boss.post(&format!("/api/v1/venues/{hall}/tables"), json!({"name": format!("{n}")})).await?;
            let table = text(&table, "/id")?;
            let kind = Kind::over(n);
            let made = self.boss.post("/api/v1/devices", kind.form(&table, n, &board)).await?;
            let (topic, password) = match kind {
                Kind::Tasmota | Kind::Shelly => (text(&made, "/user")?, text(&made, "/password")?),
                Kind::Board => Default::default(),
            };
            self.lamps.push(Lamp { table, kind, topic, password });
        }
        self.halls.push(hall);
        self.boards.push(board);
        Ok(())
    }

    /// Plugs all lamps in, and brings their tables into service.
    pub async fn light_up(&mut self) -> Result<()> {
        let start = |lamp: &Lamp| {
            let firmware = lamp.kind.firmware()?;
            Some(sandbox::Lamp::start(self.broker, firmware, &lamp.topic, &lamp.password, Clock::System))
        };
        self.plugged = self.lamps.iter().filter_map(start).collect();
        self.until(|table| table["device"]["reported"] == false).await?;
        for lamp in &self.lamps {
            self.boss.post(&format!("/api/v1/tables/{}/in-service", lamp.table), json!({"note": ""})).await?;
        }
        Ok(())
    }

    /// All tables, as the staff sees them.
    pub async fn floor(&self) -> Result<Vec<Value>> {
        let mut tables = Vec::new();
        for hall in &self.halls {
            let floor = self.boss.get(&format!("/api/v1/venues/{hall}/floor")).await?;
            tables.extend(floor["tables"].as_array().cloned().unwrap_or_default());
        }
        Ok(tables)
    }

    /// Until all tables look like this.
    pub async fn until(&self, looks: impl Fn(&Value) -> bool) -> Result<Vec<Value>> {
        let watch = Stopwatch::start();
        loop {
            let floor = self.floor().await?;
            let strange = floor.iter().find(|table| !looks(table));
            match strange {
                None => return Ok(floor),
                Some(table) if watch.elapsed() > LONGEST => bail!("after {} s a table looks so: {table}", LONGEST.as_secs()),
                Some(_) => pause(Duration::from_millis(100)).await,
            }
        }
    }

    pub async fn customer(&self, n: usize) -> Result<Customer> {
        let (phone, address) = (format!("138{n:08}"), format!("10.0.{}.{}", n / 250, n % 250 + 1));
        let nobody = self.boss.as_one(None, address.clone());
        let asked = nobody.post("/customer/v1/phone-codes", json!({"phone": phone})).await?;
        let sent = tokio::time::timeout(LONGEST, self.sms.text_to(&phone, 0)).await.context("no text came")?.context("no text")?;
        let ask = json!({"ticket": asked["ticket"], "phone": phone, "code": text(&sent.params, "/code")?});
        let welcome = nobody.post("/customer/v1/sign-in", ask).await?;
        let hall = self.halls.first().context("no hall")?;
        let cash = json!({"venue_id": hall, "number": text(&welcome, "/customer/number")?, "amount_fen": MONEY});
        self.boss.post("/api/v1/customers/recharge", cash).await?;
        Ok(Customer { api: self.boss.as_one(Some(text(&welcome, "/token")?), address) })
    }

    /// Until nothing goes back to any customer.
    async fn is_settled(&self) -> Result<()> {
        let watch = Stopwatch::start();
        while self.boss.get("/api/v1/payments/refunds?state=asked").await?["items"].as_array().is_some_and(|left| !left.is_empty()) {
            if watch.elapsed() > LONGEST {
                bail!("after {} s there are refunds that were not made", LONGEST.as_secs());
            }
            pause(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    pub async fn close(mut self) -> Result<()> {
        self.is_settled().await?;
        self.plugged.clear();
        self.boards.clear();
        self.site.stop()?;
        self.site.place.doctor()?;
        self.site.place.remove(&self.postgres).await
    }
}

pub fn text(value: &Value, pointer: &str) -> Result<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).with_context(|| format!("{value} has no {pointer}"))
}
