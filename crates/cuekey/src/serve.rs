//! Serving until somebody asks to stop, or the database fails.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use front::tls::Tls;
use front::{Front, Limits};
use gateway::WebhookSender;
use kernel::Clock;
use licensing::Licensing;
use platform::identity::{Role, flood, holders_of};
use platform::{Cx, Platform, audit, upkeep};
use store::jobs::{Handlers, Runner, Workers};
use store::topics;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use venue::Venue;
use web::{AppState, Hsts, HttpConfig, Parts};

use crate::config::{Config, is_private};
use crate::hall::Hall;
use crate::trouble::{Result, Trouble};
use crate::{certificate, data, hold, mailer, open_files, parts, signals, telemetry};

/// For what waits for nobody outside: the database does these one after the other.
const PROMPT_WORKERS: usize = 4;
/// For relay boards. They wait for the network, and one that is silent for its end; they cost nothing meanwhile.
const BOARD_WORKERS: usize = 16;
/// For each payment network. One that hangs holds them for eight seconds a call, and nobody else's.
const NETWORK_WORKERS: usize = 4;
/// For texts to phones.
const TEXT_WORKERS: usize = 4;
/// For callbacks. Twice what one project may have under way: where its server hangs, others still have as many.
const CALLBACK_WORKERS: usize = 8;
/// How long accepted requests and begun jobs may take after the signal.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often other processes' changes are looked for.
const LOOK: Duration = Duration::from_millis(500);
/// How long one statement may take. Far more than any does; whoever is slower has gone.
const ANSWER: Duration = Duration::from_secs(10);

pub async fn serve(config: &Config) -> Result<()> {
    let mailer = mailer::from(&config.mail)?;
    let tls = certificate::open(config)?;
    let ports = Ports::bind(config).await?;
    let folder = data::prepare_folder(&config.data.folder)?;
    let held = match data::sqlite_file(&data::url(config, &folder)) {
        Some(_) => Some(hold::alone(&folder)?),
        None => hold::if_free(&folder)?,
    };
    let opened = parts::open(config, held).await?;
    let platform = parts::platform(config, &opened, config.public_url(ports.address), mailer, false).await?;
    if holders_of(&mut platform.db.read(), Role::SuperAdmin).await?.is_empty() {
        tracing::warn!("nobody can sign in yet: run `cuekey create-super-admin` 尚无超级管理员，请运行 cuekey create-super-admin");
    }
    run(config, ports, tls, platform, None, async |_| Ok(())).await
}

/// The addresses, taken before anything else: a second start by mistake ends here, having touched nothing.
pub struct Ports {
    main: TcpListener,
    pub address: SocketAddr,
    metrics: Option<TcpListener>,
}

impl Ports {
    pub async fn bind(config: &Config) -> Result<Self> {
        let main = bind(config.server.listen, "--listen", "server.listen").await?;
        let address = main.local_addr().map_err(|error| cannot_listen(config.server.listen, "--listen", "server.listen", &error))?;
        let metrics = match config.server.metrics_listen {
            Some(address) => Some(bind(address, "--metrics-listen", "server.metrics_listen").await?),
            None => None,
        };
        Ok(Self { main, address, metrics })
    }
}

async fn bind(address: SocketAddr, flag: &str, key: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| cannot_listen(address, flag, key, &error))
}

fn cannot_listen(address: SocketAddr, flag: &str, key: &str, error: &std::io::Error) -> Trouble {
    if error.kind() == std::io::ErrorKind::AddrInUse {
        let port = address.port();
        return Trouble::setup(
            format!(
                "地址 {address} 已被其他程序占用。请停止占用端口 {port} 的程序，或换一个地址：{flag} {}:端口（配置项 {key}）",
                address.ip()
            ),
            format!(
                "the address {address} is taken by another program; stop what uses port {port}, or choose another with {flag} {}:PORT (key {key})",
                address.ip()
            ),
        );
    }
    Trouble::setup(
        format!("无法监听 {address}：{error}。请检查 {flag}（配置项 {key}）"),
        format!("cannot listen on {address}: {error}; check {flag} (key {key})"),
    )
}

/// What there is when all parts run and nobody is served yet.
pub struct Starting<'a> {
    pub hall: &'a mut Hall,
    /// End with the server.
    pub tasks: &'a mut JoinSet<()>,
    /// Asks it to end.
    pub stop: &'a watch::Sender<bool>,
}

/// Runs everything. `before` is called when all parts run but nobody is served yet; `beside` is served where it has a route, before all else.
pub async fn run(
    config: &Config,
    ports: Ports,
    tls: Option<Arc<Tls>>,
    platform: Arc<Platform>,
    beside: Option<Router>,
    before: impl AsyncFnOnce(Starting<'_>) -> Result<()>,
) -> Result<()> {
    let (stop, stopping) = watch::channel(false);
    signals::catch(stop.clone())?;
    let handle = telemetry::count()?;
    let db = platform.db.clone();
    db.answers_within(ANSWER).await?;
    let sender = WebhookSender::new(platform.install.private_callbacks)
        .map_err(|error| Trouble::failed(format!("无法发送回调：{error}"), error.to_string()))?;
    let licensing = Licensing::start(Arc::clone(&platform), Arc::new(sender)).await?;
    let mut hall = Hall::open(config, &platform).await?;
    let mut followers = follow(&platform, &hall.venue);
    before(Starting { hall: &mut hall, tasks: &mut followers, stop: &stop }).await?;
    if let Some(listening) = hall.listening() {
        followers.spawn(listening.run(Arc::clone(&hall.venue), Clock::System));
    }
    followers.spawn(telemetry::tidy(handle.clone(), Clock::System));
    let mut workers = work(config, &platform, &licensing, &hall.venue, &stopping);
    let http = HttpConfig {
        trusted_proxies: config.server.trusted_proxies.clone(),
        secure: is_private(&platform.install.public_url),
        hsts: if config.server.hsts_subdomains { Hsts::Subdomains } else { Hsts::ThisHost },
        proofs: Some(config.data.folder.join("wechat")),
    };
    let state =
        AppState::new(Parts { platform: Arc::clone(&platform), licensing, venue: Arc::clone(&hall.venue), http, stop: stopping.clone() });
    if let Some(tls) = &tls {
        followers.spawn(certificate::follow(Arc::clone(tls), Clock::System));
    }
    let limits = config.connections.limits(open_files::raise());
    let front = Front { name: "main", limits, tls, trusted: config.server.trusted_proxies.clone(), clock: Clock::System };
    let site = web::Site::new(state);
    let main = match beside {
        Some(beside) => tokio::spawn(front.serve(ports.main, beside.fallback_service(site), stopping.clone())),
        None => tokio::spawn(front.serve(ports.main, site, stopping.clone())),
    };
    if let Some(listener) = ports.metrics {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "metrics");
        }
        // Until the very end: the last minute is the interesting one.
        let front =
            Front { name: "metrics", limits: Limits { at_once: 64, ..limits }, tls: None, trusted: Vec::new(), clock: Clock::System };
        followers.spawn(async move {
            let never = watch::Sender::new(false);
            front.serve(listener, telemetry::page(handle), never.subscribe()).await;
        });
    }
    tracing::info!(address = %ports.address, console = %platform.install.public_url, version = platform.install.version, "ready");

    let failed = watch_over(&platform, stopping).await;
    let _ = stop.send(true);
    let rest = async {
        let _ = main.await;
        while workers.join_next().await.is_some() {}
    };
    if tokio::time::timeout(PATIENCE, rest).await.is_err() {
        tracing::warn!(
            seconds = PATIENCE.as_secs(),
            "not everything was finished in time; what is left of the jobs will be taken up again"
        );
    }
    followers.shutdown().await;
    hall.close().await;
    if let Err(fault) = flood::write_rest(&Cx::system(Arc::clone(&platform))).await {
        tracing::warn!(%fault, "refused sign-ins were not written");
    }
    // What was done last has its place in the chain before anybody looks.
    if let Err(error) = audit::seal(&db, &platform.vault).await {
        tracing::warn!(%error, "the operation log could not be sealed");
    }
    db.close().await;
    if failed {
        return Err(Trouble::failed(
            "数据库读写失败，为保护数据已停止服务。请检查磁盘空间和硬件，运行 cuekey doctor 后再启动；若文件已损坏，请从备份恢复",
            "the database could not write or read, and the server stopped to protect the data; check the disk and its space, run `cuekey doctor`, and start again; if the file is damaged, restore a backup",
        ));
    }
    tracing::info!("stopped");
    Ok(())
}

/// What keeps this process's memory in step with the others'.
fn follow(platform: &Arc<Platform>, venue: &Venue) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let db = platform.db.clone();
    tasks.spawn(platform.settings.clone().follow(db.clone()));
    tasks.spawn(audit::follow(Arc::clone(platform)));
    tasks.spawn(flood::follow(Arc::clone(platform)));
    tasks.spawn(venue.news.clone().follow(db.clone(), platform.clock.clone()));
    tasks.spawn(platform.hub.clone().follow(db.clone(), platform.clock.clone(), platform.random.clone()));
    let clock = platform.clock.clone();
    tasks.spawn(async move {
        loop {
            if let Err(error) = topics::look(&db).await {
                tracing::warn!(%error, "what other processes changed cannot be seen");
            }
            clock.sleep(LOOK).await;
        }
    });
    tasks
}

/// Jobs and schedules. They end by themselves when `stopping` turns true.
fn work(
    config: &Config,
    platform: &Arc<Platform>,
    licensing: &Arc<Licensing>,
    venue: &Arc<Venue>,
    stopping: &watch::Receiver<bool>,
) -> JoinSet<()> {
    let mut handlers = Handlers::default();
    upkeep::handlers(&mut handlers);
    licensing::handlers(&mut handlers, licensing);
    venue::handlers(&mut handlers, venue);
    let cx = Cx::system(Arc::clone(platform));
    let runner = Runner::new(platform.db.clone(), platform.clock.clone(), platform.random.clone(), cx, handlers).named(platform.process);
    let mut tasks = JoinSet::new();
    let workers = Workers {
        prompt: PROMPT_WORKERS,
        boards: BOARD_WORKERS,
        wechat: NETWORK_WORKERS,
        alipay: NETWORK_WORKERS,
        texts: TEXT_WORKERS,
        callbacks: CALLBACK_WORKERS,
        // Not a number of ours: each is a connection to the mail server, and its provider may allow few.
        mail: config.jobs.workers,
        rest: config.jobs.workers,
    };
    tasks.spawn(runner.run(workers, stopping.clone()));
    let schedules = [upkeep::SCHEDULES, licensing::SCHEDULES, venue::SCHEDULES].concat();
    tasks.spawn(upkeep::run(Arc::clone(platform), schedules, stopping.clone()));
    tasks
}

/// Waits for the signal (false), or for a database that cannot be trusted any more (true).
async fn watch_over(platform: &Platform, mut stopping: watch::Receiver<bool>) -> bool {
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return false,
            () = platform.clock.sleep(LOOK) => {
                if platform.db.failed() {
                    // Whoever asks /readyz hears why from us, before there is only a connection that is refused.
                    platform.clock.sleep(LOOK).await;
                    return true;
                }
            }
        }
    }
}
