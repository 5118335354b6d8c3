//! `cuekey simulate`: a day of customers, by a clock that is stepped.
//!
//! In this process a real server runs: its listener, its broker, its workers, its database. It counts by a clock that only this module moves
//! ([`kernel::Clock::Stepped`]); there is no way to it from outside of the process, and no other command has one. Customers come by HTTP, lamps
//! by MQTT or as boards that are asked, and the stand-ins of WeChat, WeChat Pay and Alipay count by the same clock.
//!
//! Time goes on from one thing that happens to the next, and only when the server has come to rest: no job is due, and each lamp that can
//! answer has said what it was told. So the work of a day is done, and nobody waits for it. What is not stepped are the pauses of networks:
//! keep-alives, time-outs, reconnecting.
//!
//! Begin with [`plan`] and [`outages`] (pure: who comes when, and what fails), then `day.rs`, `visit.rs`; `report.rs` says what must come of it.

mod broken;
mod customer;
mod day;
mod device;
mod figures;
mod lights;
mod money;
mod network;
mod openings;
mod outages;
mod pay;
mod plan;
mod play;
mod report;
mod rest;
mod visit;
mod world;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kernel::{Clock, HOUR, Random, Stopwatch, Timestamp};
use platform::messages::DatabaseMailbox;
use sandbox::{Alipay, WechatLogin, WechatPay};
use store::migrate::Status;
use tokio::sync::oneshot;

use crate::cli;
use crate::config::{Config, LogFormat};
use crate::serve::{self, Ports, Starting};
use crate::trouble::{Result, Trouble, terminal_language};
use crate::{data, hold, parts};
use figures::Figures;
use plan::{Day, Faults};
use world::{Networks, World};

/// Midnight in Shanghai, where the halls are: 2026-11-21.
const MIDNIGHT: Timestamp = Timestamp::from_unix(1_795_190_400);
/// In which halls are furnished and customers sign in.
const BEFORE: i64 = HOUR;

/// The configuration of a simulation: the defaults, a folder, and addresses that are free.
pub fn config(ask: &cli::Simulate) -> Result<Config> {
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut config = Config::default();
    config.server.listen = anywhere;
    config.server.metrics_listen = None;
    // Each customer comes from an address of its own, as the way to one's phone has limits by address.
    config.server.trusted_proxies = vec![anywhere.ip()];
    config.mqtt.listen = Some(anywhere);
    config.data.folder = match &ask.data {
        Some(folder) => folder.clone(),
        None => std::env::temp_dir().join(format!("cuekey-simulate-{:016x}", Random::system().u64())),
    };
    config.database.url.clone_from(&ask.database);
    config.log.format = LogFormat::Text;
    config.log.level.clone_from(&ask.log);
    Ok(config)
}

pub async fn simulate(ask: &cli::Simulate, mut config: Config) -> Result<ExitCode> {
    let folder = data::prepare_folder(&config.data.folder)?;
    let own = Temporary(ask.data.is_none().then(|| folder.clone()));
    is_empty(&folder)?;
    let clock = Clock::stepped(MIDNIGHT.plus_micros(-BEFORE));
    let networks = Networks {
        wechat: WechatPay::open(clock.clone()).await.map_err(no_port)?,
        alipay: Alipay::open(clock.clone()).await.map_err(no_port)?,
        login: WechatLogin::open(clock.clone()).await.map_err(no_port)?,
    };
    config.payments.wechat = networks.wechat.base().to_owned();
    config.payments.alipay = networks.alipay.gateway();
    config.wechat.endpoint = networks.login.base().to_owned();
    config.wechat.web_app_id = WechatLogin::web_app().to_owned();
    config.wechat.web_secret = WechatLogin::secret().to_owned();
    config.wechat.mini_app_id = WechatLogin::mini_app().to_owned();
    config.wechat.mini_secret = WechatLogin::secret().to_owned();
    let figures = serve_and_play(ask, &config, clock, networks).await?;
    drop(own);
    crate::print(&figures.table(terminal_language()))?;
    if let Some(file) = &ask.json {
        figures.write(file)?;
    }
    Ok(if figures.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn serve_and_play(ask: &cli::Simulate, config: &Config, clock: Clock, networks: Networks) -> Result<Figures> {
    let ports = Ports::bind(config).await?;
    let folder = data::prepare_folder(&config.data.folder)?;
    let hold = hold::alone(&folder)?;
    is_new(config, &folder).await?;
    let opened = parts::open(config, Some(hold)).await?;
    let mailbox = DatabaseMailbox { db: opened.db.clone(), clock: clock.clone(), random: Random::system() };
    let url = config.public_url(ports.address);
    let platform = parts::platform_by(clock, config, &opened, url.clone(), Arc::new(mailbox), true).await?;
    let day = of(ask);
    let (tell, told) = oneshot::channel();
    serve::run(config, ports, None, Arc::clone(&platform), None, async move |starting| {
        let Starting { hall, tasks, stop } = starting;
        let broker = hall.address.ok_or_else(|| Trouble::failed("没有内置 MQTT 服务器", "there is no broker inside"))?;
        let (venue, stop) = (Arc::clone(&hall.venue), stop.clone());
        tasks.spawn(async move {
            let watch = Stopwatch::start();
            let played = async {
                let world = World::furnish(platform, venue, networks, broker, url, &day).await?;
                day::play(world, &day, watch).await
            };
            // Nobody waits for it any more: then the server has ended by itself.
            let _ = tell.send(played.await);
            let _ = stop.send(true);
        });
        Ok(())
    })
    .await?;
    told.await.map_err(|_| Trouble::failed("模拟被中断", "the simulation was interrupted"))?
}

fn of(ask: &cli::Simulate) -> Day {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the flags take 0 to 100")]
    let ten_thousandths = |percent: f64| (percent * 100.0).round() as u64;
    // One flag is for all that is wrong with when and how often notices come.
    let (doubled, reordered) = (ten_thousandths(ask.doubled), ten_thousandths(ask.doubled));
    let faults = Faults { dropping: ten_thousandths(ask.dropping), timeouts: ten_thousandths(ask.timeouts), doubled, reordered };
    Day { tables: ask.tables as usize, hours: i64::from(ask.hours), seed: ask.seed, faults, outages: ask.outages as usize }
}

/// A folder that goes with the simulation.
struct Temporary(Option<PathBuf>);

impl std::ops::Drop for Temporary {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// What is there is not the simulation's to play with.
fn is_empty(folder: &Path) -> Result<()> {
    let unusable = |error: std::io::Error| Trouble::setup(format!("目录无法读取：{error}"), format!("the folder cannot be read: {error}"));
    if std::fs::read_dir(folder).map_err(unusable)?.next().is_none() {
        return Ok(());
    }
    let shown = folder.display();
    Err(Trouble::setup(
        format!("目录 {shown} 不是空的，模拟不会改动它。请用 --data 另选一个空目录"),
        format!("the folder {shown} is not empty, and the simulation will not touch it; choose an empty folder with --data"),
    ))
}

/// Nor is a database in which anything has ever been.
async fn is_new(config: &Config, folder: &Path) -> Result<()> {
    let url = data::url(config, folder);
    let db = data::open(config, &url).await?;
    let migrations = web::migrations();
    let status = data::status(&db, &migrations).await;
    db.close().await;
    if status? == Status::Behind(migrations.len()) {
        return Ok(());
    }
    let shown = data::masked(&url);
    Err(Trouble::setup(
        format!("数据库 {shown} 不是空的，模拟不会改动它。请用 --database 指定一个空数据库"),
        format!("the database {shown} is not empty, and the simulation will not touch it; name an empty one with --database"),
    ))
}

fn no_port(error: std::io::Error) -> Trouble {
    Trouble::failed(format!("没有可用的端口：{error}"), format!("no port is free: {error}"))
}
