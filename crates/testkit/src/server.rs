//! The server itself.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use kernel::{Clock, Lang, Random, Timestamp};
use licensing::Licensing;
use platform::faults::Faults;
use platform::identity::{Flood, NewUserRow, Passwords, Role, UserId, UserState, insert_user, session};
use platform::installation::{self, KeyCheck};
use platform::messages::DatabaseMailbox;
use platform::payments::{self, Channels, Payments};
use platform::quota::withdrawal;
use platform::settings::Settings;
use platform::vault::Vault;
use platform::{Cx, Install, Origin, Platform, audit, ledger};
use sandbox::Lamp;
use store::jobs::{Handlers, Outcome, Runner};
use store::testing::TestDb;
use store::{Engine, Sql, args};
use tokio::sync::watch;
use venue::Venue;
use web::{AppState, Hsts, HttpConfig, Parts};
use zeroize::Zeroizing;

use crate::Client;
use crate::documented::Succeeded;

/// When each test begins: 2026-11-21T08:00:00Z.
pub const START: Timestamp = Timestamp::from_unix(1_795_248_000);

/// The one proxy that is believed.
pub const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

fn demo() -> Install {
    Install { public_url: "http://127.0.0.1:7300".into(), demo: true, private_callbacks: true, version: "test" }
}

fn http() -> HttpConfig {
    HttpConfig { trusted_proxies: vec![PROXY], secure: true, hsts: Hsts::ThisHost, proofs: None }
}

pub struct TestServer {
    pub test_db: TestDb,
    pub platform: Arc<Platform>,
    pub licensing: Arc<Licensing>,
    pub venue: Arc<Venue>,
    ways: venue::Ways,
    /// The MQTT broker and our way to it, once a test asks for them.
    pub(crate) hall: tokio::sync::OnceCell<crate::wire::Broker>,
    pub(crate) wire: Arc<crate::wire::Switch>,
    /// Whoever waits for them holds this meanwhile.
    pub(crate) lamps: tokio::sync::Mutex<Vec<Weak<Lamp>>>,
    /// The way to payment networks, once a test opens them.
    pub(crate) networks: Arc<crate::networks::Switch>,
    /// The way to WeChat, likewise.
    pub(crate) wechat: Arc<crate::wechat::Switch>,
    /// The way to phones.
    pub(crate) texter: Arc<crate::texts::Switch>,
    pub clock: Clock,
    pub site: web::Site,
    /// Of all that was asked of it.
    succeeded: Succeeded,
    /// Says that the program is to stop.
    pub stop: watch::Sender<bool>,
    /// A test has changed the operation log behind the program's back, and does not want it to be sound in the end.
    pub log_was_spoiled: AtomicBool,
}

impl TestServer {
    pub async fn start(engine: Engine) -> Self {
        let test_db = TestDb::new(engine, &web::migrations()).await;
        Self::on(test_db).await
    }

    /// A server on a database that is there; a second one plays another process.
    pub async fn on(test_db: TestDb) -> Self {
        Self::installed(test_db, demo()).await
    }

    /// A server of another kind: no demo, callbacks to the internet only.
    pub async fn strict(engine: Engine) -> Self {
        Self::strict_on(TestDb::new(engine, &web::migrations()).await).await
    }

    pub async fn strict_on(test_db: TestDb) -> Self {
        let install = Install { public_url: "https://cuekey.example".into(), demo: false, private_callbacks: false, version: "test" };
        Self::installed(test_db, install).await
    }

    /// A server on a database that is there, as if it were started with this master key.
    pub async fn under(test_db: TestDb, master: [u8; 32]) -> Self {
        Self::with_key(test_db, demo(), master).await
    }

    async fn installed(test_db: TestDb, install: Install) -> Self {
        Self::with_key(test_db, install, [42; 32]).await
    }

    async fn with_key(test_db: TestDb, install: Install, master: [u8; 32]) -> Self {
        let clock = Clock::stepped(START);
        let random = Random::system();
        let db = test_db.db.clone();
        ledger::prepare(&db, clock.now()).await.expect("the platform's accounts");
        let settings = Settings::default();
        settings.load(&db).await.expect("settings load");
        let post = gateway::WebhookSender::new(install.private_callbacks).expect("callbacks can be sent");
        let mailbox = DatabaseMailbox { db: db.clone(), clock: clock.clone(), random: random.clone() };
        let texter = Arc::new(crate::texts::Switch { mailbox, way: std::sync::OnceLock::new() });
        let mailer = DatabaseMailbox { db: db.clone(), clock: clock.clone(), random: random.clone() };
        let networks = Arc::new(crate::networks::Switch::new(clock.clone(), random.clone()));
        let vault = Vault::new(&Zeroizing::new(master), random.clone());
        if installation::check_key(&db, &vault).await.expect("the database answers") == Some(KeyCheck::Right) {
            installation::take_up(&db, &vault, venue::rekey::PART.kept).await.expect("keys that were kept can be opened");
        }
        let platform = Arc::new(Platform {
            vault,
            hub: platform::messages::Hub::default(),
            passwords: Passwords::cheap(),
            flood: Flood::default(),
            faults: Faults::default(),
            mailer: Arc::new(mailer),
            install,
            db,
            clock: clock.clone(),
            process: random.uuid_v7(clock.now()),
            random,
            settings,
            transfers: Default::default(),
            payments: Payments::new(Arc::clone(&networks) as Arc<dyn Channels>),
        });
        let licensing = Licensing::start(Arc::clone(&platform), Arc::new(post)).await.expect("licensing starts");
        let wire = Arc::new(crate::wire::Switch::default());
        let wechat = Arc::new(crate::wechat::Switch::default());
        let ways = venue::Ways {
            wire: Arc::clone(&wire) as Arc<dyn venue::devices::Wire>,
            coils: Arc::new(gateway::Modbus::default()),
            texter: Arc::clone(&texter) as Arc<dyn platform::messages::Texter>,
            wechat: Arc::clone(&wechat) as Arc<dyn venue::customers::Wechat>,
        };
        let venue = Venue::new(Arc::clone(&platform), ways.clone());
        let stop = watch::Sender::new(false);
        let state = AppState::new(Parts {
            platform: Arc::clone(&platform),
            licensing: Arc::clone(&licensing),
            venue: Arc::clone(&venue),
            http: http(),
            stop: stop.subscribe(),
        });
        let hall = tokio::sync::OnceCell::new();
        Self {
            test_db,
            platform,
            licensing,
            venue,
            ways,
            hall,
            wire,
            lamps: Default::default(),
            networks,
            wechat,
            texter,
            clock,
            site: web::Site::new(state),
            succeeded: Succeeded::default(),
            stop,
            log_was_spoiled: AtomicBool::new(false),
        }
    }

    /// The context of the program itself.
    pub fn cx(&self) -> Cx {
        Cx::system(Arc::clone(&self.platform))
    }

    /// Nobody yet.
    pub fn visitor(&self) -> Client {
        Client::new(self.site.clone(), self.succeeded.clone(), None)
    }

    /// The same of a server that has the files for WeChat in this folder.
    pub fn visitor_where_files_are_in(&self, folder: &Path) -> Client {
        let state = AppState::new(Parts {
            platform: Arc::clone(&self.platform),
            licensing: Arc::clone(&self.licensing),
            venue: Arc::clone(&self.venue),
            http: HttpConfig { proofs: Some(folder.to_owned()), ..http() },
            stop: self.stop.subscribe(),
        });
        Client::new(web::Site::new(state), self.succeeded.clone(), None)
    }

    /// A signed-in user of this role, without a superior. Its password is `password-of-{name}`.
    pub async fn user(&self, role: Role, name: &str) -> Client {
        self.user_under(role, name, None).await
    }

    /// A signed-in user whom `superior` has created.
    pub async fn user_under(&self, role: Role, name: &str, superior: Option<&Client>) -> Client {
        let cx = Cx::visitor(Arc::clone(&self.platform), Origin { address: "127.0.0.1".into(), ..Origin::default() }, Lang::Zh);
        let hash = self.platform.passwords.hash(&format!("password-of-{name}"), &self.platform.random).await.expect("hashing works");
        let mut tx = self.platform.db.begin().await.expect("begin");
        let row = NewUserRow {
            name,
            email: &format!("{name}@example.com"),
            role,
            state: UserState::Active,
            password_hash: &hash,
            must_change_password: false,
            language: Lang::Zh,
            superior: superior.map(|superior| superior.id()),
        };
        let id = insert_user(&mut tx, &cx, &row).await.expect("insert").expect("the name is free");
        let (_, token) = session::start(&mut tx, &cx, id).await.expect("session");
        tx.commit().await.expect("commit");
        Client::new(self.site.clone(), self.succeeded.clone(), Some((id, token.to_string())))
    }

    /// The same user with a new session: after hours and days of the stepped clock.
    pub async fn again(&self, user: &Client) -> Client {
        let cx = Cx::visitor(Arc::clone(&self.platform), Origin::default(), Lang::Zh);
        let mut tx = self.platform.db.begin().await.expect("begin");
        let (_, token) = session::start(&mut tx, &cx, user.id()).await.expect("session");
        tx.commit().await.expect("commit");
        user.with_token(&token)
    }

    /// Lets a user's sessions outlive the test, where it is about months.
    pub async fn keep_signed_in(&self, user: &Client) {
        let mut tx = self.platform.db.begin().await.expect("begin");
        tx.exec("UPDATE sessions SET expires_at = $1 WHERE user_id = $2", args![Timestamp::MAX, user.id()]).await.expect("sessions");
        tx.commit().await.expect("commit");
    }

    /// Issues quota to a user, as a super admin would.
    pub async fn issue(&self, to: &Client, amount: i64) {
        let cx = self.cx();
        let mut tx = self.platform.db.begin().await.expect("begin");
        let order = ledger::Move {
            debit: ledger::SystemAccount::Issued.id(),
            credit: ledger::quota_account(to.id()),
            amount: kernel::Quota::new(amount).into(),
            kind: ledger::EntryKind::SystemRecharge,
            memo: String::new(),
            reference: None,
        };
        ledger::transfer(&mut tx, &cx, &order).await.expect("issue");
        tx.commit().await.expect("commit");
    }

    /// Available and held quota of a user.
    pub async fn quota(&self, user: &Client) -> (i64, i64) {
        let account = ledger::account_of(&mut self.platform.db.read(), user.id()).await.expect("read").expect("an account");
        (account.available().units(), account.held.units())
    }

    /// The broker, started when it is first asked for, with our way to it.
    pub(crate) async fn broker(&self) -> &crate::wire::Broker {
        self.hall.get_or_init(|| crate::wire::Broker::start(Arc::clone(&self.venue), Arc::clone(&self.wire))).await
    }

    /// From now on devices come by somebody else's broker. Before any hall is opened.
    ///
    /// # Panics
    /// When there is a broker already.
    pub async fn by_mosquitto(&self) {
        let outside = crate::wire::Broker::outside(Arc::clone(&self.venue), Arc::clone(&self.wire)).await;
        assert!(self.hall.set(outside).is_ok(), "there is a broker already");
    }

    /// Whether the broker says of a device that it sends away that it is gone.
    pub async fn is_told_of_whom_the_broker_sends_away(&self) -> bool {
        self.broker().await.tells_of_whom_it_sends_away()
    }

    /// Carries out all jobs that are due. Answers how many.
    pub async fn run_jobs(&self) -> usize {
        // In a box: the compiler bounds how deep futures may lie in each other, and those of tests lie deep.
        Box::pin(self.run_jobs_by(&self.venue)).await
    }

    /// The venue of another process, which does not reach the broker.
    pub fn cut_off(&self) -> Arc<Venue> {
        let wire: Arc<dyn venue::devices::Wire> = Arc::new(crate::wire::CutOff);
        Venue::new(Arc::clone(&self.platform), venue::Ways { wire, ..self.ways.clone() })
    }

    /// The same as [`run_jobs`](Self::run_jobs), by the process that has this venue.
    pub async fn run_jobs_by(&self, venue: &Arc<Venue>) -> usize {
        self.runner_of(venue).drain().await.expect("jobs run")
    }

    /// What carries out jobs in the program, crew by crew.
    pub fn runner(&self) -> Runner<Cx> {
        self.runner_of(&self.venue)
    }

    fn runner_of(&self, venue: &Arc<Venue>) -> Runner<Cx> {
        let mut handlers = Handlers::default();
        platform::upkeep::handlers(&mut handlers);
        licensing::handlers(&mut handlers, &self.licensing);
        venue::handlers(&mut handlers, venue);
        Runner::new(self.platform.db.clone(), self.clock.clone(), self.platform.random.clone(), self.cx(), handlers)
    }

    /// The platform's own. What the product does about a payment is put off by a second.
    pub async fn run_platform_jobs(&self) {
        let mut handlers = Handlers::default();
        platform::upkeep::handlers(&mut handlers);
        handlers.add(payments::PAID_JOB, |cx: Cx, _| async move { Outcome::Again(cx.now().plus_seconds(1)) });
        let runner = Runner::new(self.platform.db.clone(), self.clock.clone(), self.platform.random.clone(), self.cx(), handlers);
        runner.drain().await.expect("jobs run");
    }

    /// Enqueues what the clock makes due now, and carries it out.
    pub async fn tick(&self) {
        let schedules = [platform::upkeep::SCHEDULES, licensing::SCHEDULES, venue::SCHEDULES].concat();
        platform::upkeep::tick(&self.cx(), &schedules, self.clock.now()).await.expect("tick");
        self.run_jobs().await;
    }

    /// Mails to this address, oldest first: subject and text.
    pub async fn mails(&self, to: &str) -> Vec<(String, String)> {
        self.run_jobs().await;
        let sql = "SELECT subject, body FROM mailbox WHERE recipient = $1 ORDER BY id";
        self.platform.db.read().all(sql, args![to], |row| Ok((row.get("subject")?, row.get("body")?))).await.expect("mailbox")
    }

    /// Notifications of a user by kind, oldest first.
    pub async fn told(&self, user: UserId) -> Vec<String> {
        let sql = "SELECT kind FROM notifications WHERE user_id = $1 ORDER BY id";
        self.platform.db.read().all(sql, args![user], |row| row.get("kind")).await.expect("notifications")
    }

    /// Holds a test to what is said of it elsewhere: that a call succeeds in it. `METHOD /path`, as the document has it.
    ///
    /// # Panics
    /// When no request of that operation was answered with success.
    #[track_caller]
    pub fn has_answered(&self, operation: &str) {
        assert!(self.succeeded.has(operation), "no {operation} has succeeded here");
    }

    /// What must hold after any test: the ledger adds up, and each line of the operation log reads as it was written.
    pub async fn check(&self) {
        let problems = ledger::check(&mut self.platform.db.read()).await.expect("the ledger can be read");
        assert!(problems.is_empty(), "{problems:?}");
        let problems = withdrawal::check(&mut self.platform.db.read()).await.expect("withdrawals can be read");
        assert!(problems.is_empty(), "{problems:?}");
        let problems = payments::check(&mut self.platform.db.read()).await.expect("payments can be read");
        assert!(problems.is_empty(), "{problems:?}");
        let problems = licensing::check(&mut self.platform.db.read()).await.expect("keys can be read");
        assert!(problems.is_empty(), "{problems:?}");
        let problems = venue::check(&mut self.platform.db.read()).await.expect("sessions can be read");
        assert!(problems.is_empty(), "{problems:?}");
        if !self.log_was_spoiled.load(Ordering::Relaxed) {
            audit::seal(&self.platform.db, &self.platform.vault).await.expect("the operation log can be sealed");
            let checked =
                audit::check(&self.platform.db, &self.platform.vault, self.clock.now()).await.expect("the operation log can be read");
            assert!(checked.problems.is_empty(), "{checked:?}");
        }
    }
}
