//! Halls with their lamps, and customers who have signed in: what there is before the day begins.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use kernel::{Clock, Timestamp};
use platform::identity::Role;
use platform::{Cx, Platform};
use sandbox::{Alipay, Trouble as LampTrouble, WechatLogin, WechatPay};
use store::{Sql as _, args};
use venue::halls::{self, TableId};
use venue::{Venue, devices};

use super::customer::Customer;
use super::device::{self, Device};
use super::network::Line;
use super::plan::{Day, HALL, REGULARS, driver};
use crate::demo;
use crate::trouble::{Result, Trouble};

pub struct Networks {
    pub wechat: WechatPay,
    pub alipay: Alipay,
    /// As whom WeChat knows customers.
    pub login: WechatLogin,
}

pub struct Table {
    pub id: TableId,
    /// In the QR code on it.
    pub code: String,
    pub device: Device,
    /// What is wrong with its lamp now, for as long as nobody has returned the table.
    pub trouble: LampTrouble,
    /// Since when nothing is, where that is so.
    pub well_since: Timestamp,
    pub hall: usize,
}

pub struct World {
    pub platform: Arc<Platform>,
    pub venue: Arc<Venue>,
    pub clock: Clock,
    pub networks: Networks,
    pub tables: Vec<Table>,
    /// The halls' own networks.
    pub lines: Vec<Line>,
    by_topic: HashMap<String, usize>,
    pub customers: Vec<Customer>,
    /// How often the server did not hear in time that a lamp had come or gone.
    pub unheard: u64,
    staff: Cx,
}

impl World {
    pub async fn furnish(
        platform: Arc<Platform>,
        venue: Arc<Venue>,
        networks: Networks,
        broker: SocketAddr,
        base: String,
        day: &Day,
    ) -> Result<Self> {
        demo::person(&platform, Role::SuperAdmin, "chief", None, &mut Vec::new()).await?;
        let staff = demo::person(&platform, Role::VenueManager, "hall", None, &mut Vec::new()).await?;
        demo::introduce(&platform).await?;
        let clock = platform.clock.clone();
        let (tables, lines, by_topic, customers) = (Vec::new(), Vec::new(), HashMap::new(), Vec::new());
        let mut world = Self { platform, venue, clock, networks, tables, lines, by_topic, customers, unheard: 0, staff };
        for hall in 0..day.tables.div_ceil(HALL) {
            world.lines.push(Line { is_there: true, since: world.clock.now() });
            let here = HALL.min(day.tables - hall * HALL);
            let made = demo::furnish(&world.staff, &format!("球厅 {}", hall + 1), i64::try_from(here).unwrap_or(0), 0).await?;
            for lamp in made.lamps {
                world.add(hall, lamp, broker).await?;
            }
        }
        for first in (0..world.tables.len()).step_by(HALL) {
            world.open_hall(first..(first + HALL).min(world.tables.len())).await?;
        }
        world.sign_in_all(&base).await?;
        Ok(world)
    }

    async fn add(&mut self, hall: usize, lamp: demo::Lamp, broker: SocketAddr) -> Result<()> {
        let id = lamp.table.parse().map_err(|_| Trouble::failed("球台编号有误", "a table's id cannot be read"))?;
        let (table, code) = (self.tables.len(), lamp.code.clone());
        let (device, topic) = device::install(&self.staff, &self.venue, driver(table), id, lamp, broker).await?;
        if let Some(topic) = topic {
            self.by_topic.insert(topic, table);
        }
        self.tables.push(Table { id, code, device, trouble: LampTrouble::None, well_since: self.clock.now(), hall });
        Ok(())
    }

    /// Each light of it is there, has been on, and is off again.
    async fn open_hall(&self, tables: Range<usize>) -> Result<()> {
        for table in tables.clone() {
            if !self.heard_of(table, true).await? {
                return Err(Trouble::failed("有灯没有连上", "a lamp does not come to the broker"));
            }
        }
        self.expect_rest().await?;
        for table in tables.clone() {
            devices::test_light(&self.staff, &self.venue, self.tables[table].id).await?;
        }
        self.expect_rest().await?;
        for table in tables.clone() {
            devices::end_override(&self.staff, &self.venue, self.tables[table].id).await?;
        }
        self.expect_rest().await?;
        for table in tables {
            halls::return_to_service(&self.staff, &self.venue, self.tables[table].id, "").await?;
        }
        Ok(())
    }

    async fn expect_rest(&self) -> Result<()> {
        if self.rest().await? { Ok(()) } else { Err(Trouble::failed("服务没有静止下来", "the server does not come to rest")) }
    }

    /// By codes that come to their phones. Half of them use the mini-program, the others the page inside WeChat, so that they can pay there too.
    async fn sign_in_all(&mut self, base: &str) -> Result<()> {
        let broken = |error: reqwest::Error| Trouble::failed(error.to_string(), error.to_string());
        let http = reqwest::Client::builder().no_proxy().build().map_err(broken)?;
        let mut tickets = Vec::new();
        for n in 0..self.tables.len() * REGULARS {
            let customer = Customer::new(&http, base, n + 1);
            let phone = Customer::phone(n);
            tickets.push((phone.clone(), customer.ask_for_code(&phone).await?));
            self.customers.push(customer);
        }
        self.expect_rest().await?;
        let read = |row: &store::Row| Ok((row.get::<String>("recipient")?, row.get::<String>("body")?));
        let texts: HashMap<String, String> =
            self.platform.db.read().all("SELECT recipient, body FROM mailbox", args![], read).await?.into_iter().collect();
        for (n, (customer, (phone, ticket))) in self.customers.iter_mut().zip(tickets).enumerate() {
            let code = texts.get(&phone).and_then(|text| text.split(' ').next_back());
            let code = code.ok_or_else(|| Trouble::failed("验证码没有送到", "a code has not come to its phone"))?;
            customer.sign_in(&phone, &ticket, code).await?;
            let (login, name) = (&self.networks.login, format!("customer{n}"));
            let (app, code) = if n % 2 == 0 { ("mini", login.mini_code(&name)) } else { ("web", login.web_code(&name)) };
            customer.bind_wechat(app, &code).await?;
        }
        Ok(())
    }

    /// Whether this lamp does as it is told, and says so.
    pub fn is_well(&self, topic: &str) -> bool {
        self.by_topic.get(topic).is_some_and(|table| self.tables[*table].trouble == LampTrouble::None)
    }

    /// Something happens to a table's lamp.
    pub async fn breaks(&mut self, table: usize, trouble: LampTrouble) -> Result<()> {
        let one = &mut self.tables[table];
        one.trouble = trouble;
        one.device.set(trouble);
        if trouble == LampTrouble::Missed {
            one.device.is_away().await;
            self.hears_of(table, false).await?;
        }
        Ok(())
    }

    /// Waits for the server to hear that a lamp has come or gone. Of a board it hears when it asks.
    pub async fn hears_of(&mut self, table: usize, online: bool) -> Result<()> {
        if self.tables[table].device.tells() && !self.heard_of(table, online).await? {
            self.unheard += 1;
        }
        Ok(())
    }

    /// Somebody comes, takes the lamp out and puts it in again. Whether it can be tested now: the server has yet to ask a board.
    pub async fn plug_in(&mut self, table: usize) -> Result<bool> {
        self.breaks(table, LampTrouble::Missed).await?;
        self.tables[table].device.set(LampTrouble::None);
        if !self.tables[table].device.tells() {
            return Ok(false);
        }
        self.hears_of(table, true).await?;
        Ok(true)
    }

    /// Whoever has mended the lamp tests it, and returns the table to service.
    pub async fn mended(&mut self, table: usize) -> Result<()> {
        let now = self.clock.now();
        let one = &mut self.tables[table];
        (one.trouble, one.well_since) = (LampTrouble::None, now);
        self.rest().await?;
        let state = "SELECT state FROM venue_tables WHERE id = $1";
        let state: String = self.platform.db.read().one(state, args![self.tables[table].id], |row| row.get("state")).await?;
        if state != "maintenance" {
            return Ok(());
        }
        let id = self.tables[table].id;
        if is_back(devices::test_light(&self.staff, &self.venue, id).await)? {
            return Ok(());
        }
        self.rest().await?;
        devices::end_override(&self.staff, &self.venue, id).await?;
        self.rest().await?;
        is_back(halls::return_to_service(&self.staff, &self.venue, id, "").await)?;
        Ok(())
    }
}

/// Whether the table has come back to service by itself, which it does as soon as its light is heard of that was only away: a board may be asked while
/// somebody tests it.
fn is_back<T>(done: platform::Result<T>) -> platform::Result<bool> {
    match done {
        Ok(_) => Ok(false),
        Err(fault) if fault.code == "NOT_IN_SERVICE" => Ok(true),
        Err(fault) => Err(fault),
    }
}
