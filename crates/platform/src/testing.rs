//! The platform on a fresh database, for tests of this crate and of those upon it: rules that stand in a statement are tested
//! close by, without routes. What a request does as a whole is tested in `web`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::sync::Arc;

use kernel::{Clock, Fault, Lang, Quota, Random, Timestamp, Word};
use store::jobs::{Handlers, Runner};
use store::migrate::{Migration, OWN};
use store::testing::TestDb;
use store::{Row, Sql, Value, args};
use zeroize::Zeroizing;

use crate::faults::Faults;
use crate::identity::{Flood, NewUserRow, Passwords, Principal, Role, UserId, UserState, insert_user, session};
use crate::messages::{DatabaseMailbox, Hub};
use crate::payments::{BadParameter, Channel, Channels, Parameters, Payments};
use crate::settings::Settings;
use crate::vault::Vault;
use crate::{Cx, Install, Origin, Platform, ledger};

/// Payments are tried where a network's stand-in is.
struct NoNetworks;

impl Channels for NoNetworks {
    fn open(&self, _: &Parameters, _: &str) -> Result<Arc<dyn Channel>, BadParameter> {
        Err(BadParameter { field: "channel", zh: "没有支付渠道", en: "no network here" })
    }
}

pub const START: Timestamp = Timestamp::from_unix(1_795_248_000);
/// Where visitors come from.
pub const ADDRESS: &str = "198.51.100.7";

pub fn migrations() -> Vec<Migration> {
    [OWN, crate::MIGRATIONS].concat()
}

/// Declares tests that run on both databases; after each the ledger is added up.
#[cfg(test)]
macro_rules! on_platform {
    ($($(#[$meta:meta])* async fn $name:ident($bench:ident) $body:block)+) => {$(
        ::store::on_both! { &$crate::testing::migrations();
            $(#[$meta])*
            async fn $name(db) {
                let $bench = &$crate::testing::Bench::on(db).await;
                $body
                $bench.check().await;
            }
        }
    )+};
}

pub struct Bench {
    pub platform: Arc<Platform>,
    pub clock: Clock,
    _test_db: TestDb,
}

impl Bench {
    pub async fn on(test_db: TestDb) -> Self {
        let (clock, random, db) = (Clock::stepped(START), Random::system(), test_db.db.clone());
        ledger::prepare(&db, clock.now()).await.unwrap();
        let platform = Platform {
            vault: Vault::new(&Zeroizing::new([42; 32]), random.clone()),
            hub: Hub::default(),
            passwords: Passwords::cheap(),
            flood: Flood::default(),
            faults: Faults::default(),
            mailer: Arc::new(DatabaseMailbox { db: db.clone(), clock: clock.clone(), random: random.clone() }),
            install: Install { public_url: "https://cuekey.example".into(), demo: true, private_callbacks: true, version: "test" },
            settings: Settings::default(),
            transfers: Default::default(),
            payments: Payments::new(Arc::new(NoNetworks)),
            db,
            clock: clock.clone(),
            process: random.uuid_v7(START),
            random,
        };
        Self { platform: Arc::new(platform), clock, _test_db: test_db }
    }

    pub fn system(&self) -> Cx {
        Cx::system(Arc::clone(&self.platform))
    }

    pub fn visitor(&self) -> Cx {
        let origin = Origin { address: ADDRESS.into(), agent: "Test/1".into(), request_id: String::new() };
        Cx::visitor(Arc::clone(&self.platform), origin, Lang::En)
    }

    /// An active user whose password is `password-of-{name}`, with a session; answers who it is and the session's token.
    ///
    /// # Panics
    /// Like everything here, when it cannot be done: a test that went on would prove nothing.
    pub async fn user(&self, role: Role, name: &str) -> (Principal, String) {
        let (cx, password) = (self.visitor(), format!("password-of-{name}"));
        let hash = self.platform.passwords.hash(&password, &self.platform.random).await.unwrap();
        let mut tx = self.platform.db.begin().await.unwrap();
        let row = NewUserRow {
            name,
            email: &format!("{name}@example.com"),
            role,
            state: UserState::Active,
            password_hash: &hash,
            must_change_password: false,
            language: Lang::En,
            superior: None,
        };
        let id = insert_user(&mut tx, &cx, &row).await.unwrap().unwrap();
        let (session, token) = session::start(&mut tx, &cx, id).await.unwrap();
        tx.commit().await.unwrap();
        (Principal { id, name: name.into(), role, superior: None, session }, token.to_string())
    }

    pub async fn set_state(&self, user: UserId, state: UserState) {
        self.exec("UPDATE users SET state = $1 WHERE id = $2", args![state.as_str(), user]).await;
    }

    /// Sets a setting, as a super admin would.
    pub async fn set(&self, name: &str, value: serde_json::Value) {
        let (root, _) = self.user(Role::SuperAdmin, &format!("root-{name}")).await;
        crate::settings::change(&self.visitor().as_user(root), name, &value, None).await.unwrap();
    }

    pub async fn issue(&self, to: UserId, amount: i64) {
        let mut tx = self.platform.db.begin().await.unwrap();
        let order = ledger::Move {
            debit: ledger::SystemAccount::Issued.id(),
            credit: ledger::quota_account(to),
            amount: Quota::new(amount).into(),
            kind: ledger::EntryKind::SystemRecharge,
            memo: String::new(),
            reference: None,
        };
        ledger::transfer(&mut tx, &self.system(), &order).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn exec(&self, sql: &str, args: Vec<Value>) {
        let mut tx = self.platform.db.begin().await.unwrap();
        tx.exec(sql, args).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn all<T: Send>(&self, sql: &str, args: Vec<Value>, read: impl Fn(&Row) -> store::Result<T> + Send) -> Vec<T> {
        self.platform.db.read().all(sql, args, read).await.unwrap()
    }

    /// Steps the clock so that the next look at it sees exactly this time; each look moves it on by a microsecond.
    pub fn next_look(&self, at: Timestamp) {
        self.clock.step(at.micros() - self.clock.now().micros() - 1);
    }

    /// Carries out all jobs that are due.
    pub async fn run_jobs(&self) {
        let mut handlers = Handlers::default();
        crate::upkeep::handlers(&mut handlers);
        let platform = &self.platform;
        Runner::new(platform.db.clone(), self.clock.clone(), platform.random.clone(), self.system(), handlers).drain().await.unwrap();
    }

    pub async fn check(&self) {
        let problems = ledger::check(&mut self.platform.db.read()).await.unwrap();
        assert!(problems.is_empty(), "{problems:?}");
    }
}

/// The code of a refusal; panics where there was none.
pub fn code<T>(answer: Result<T, Fault>) -> &'static str {
    answer.err().map(|fault| fault.code).unwrap_or("it was not refused")
}
