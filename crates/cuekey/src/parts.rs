//! Putting the parts together: what `serve`, `demo` and `create-super-admin` all need before they begin.

use std::path::Path;
use std::sync::Arc;

use kernel::{Clock, Random};
use platform::faults::Faults;
use platform::identity::{Flood, Passwords};
use platform::installation::{self, KeyCheck};
use platform::messages::{Hub, Mailer};
use platform::payments::Payments;
use platform::quota::Transfers;
use platform::settings::Settings;
use platform::vault::Vault;
use platform::{Install, Platform, ledger};
use store::{Db, topics};

use crate::config::Config;
use crate::hold::Hold;
use crate::trouble::{Result, Trouble};
use crate::{data, master_key};

/// What is open once the database and the master key are.
pub struct Opened {
    pub db: Db,
    vault: Vault,
    /// Kept for as long as it is served.
    hold: Option<Hold>,
}

impl Opened {
    /// A database that is open already, under a key that is to become its own.
    pub fn under(db: Db, vault: Vault) -> Self {
        Self { db, vault, hold: None }
    }
}

/// Opens the data folder, the database and the master key, making what a first start makes.
pub async fn open(config: &Config, hold: Option<Hold>) -> Result<Opened> {
    let folder = data::prepare_folder(&config.data.folder)?;
    let db = data::open(config, &data::url(config, &folder)).await?;
    let applied = data::migrate(&db).await?;
    if applied > 0 {
        tracing::info!(applied, "the database is up to date");
    }
    let vault = unlock(&db, &master_key::path(&config.data)).await?;
    if let Some(hold) = &hold {
        hold.succeed(&db).await?;
    }
    Ok(Opened { db, vault, hold })
}

/// The vault under the master key, which the first start makes.
async fn unlock(db: &Db, path: &Path) -> Result<Vault> {
    let random = Random::system();
    let key = match master_key::read(path)? {
        Some(key) => key,
        // Another process may have made both since the first look: it makes the file before it says so in the database.
        None if installation::has_key(db).await? => master_key::read(path)?.ok_or_else(|| master_key::missing(path))?,
        None => {
            let key = master_key::create(path, &random)?;
            tracing::info!(file = %path.display(), "made the master key; back it up apart from the database 已生成主密钥，请另行备份");
            key
        }
    };
    let vault = Vault::new(&key, random);
    match installation::claim_key(db, &vault).await? {
        KeyCheck::Right => {
            installation::take_up(db, &vault, venue::rekey::PART.kept).await?;
            Ok(vault)
        }
        KeyCheck::Wrong => Err(wrong_key(db, path).await?),
    }
}

/// What to say of a key that is not this database's: `cuekey rekey` may have been cut short before the new one was in its place.
pub async fn wrong_key(db: &Db, path: &Path) -> store::Result<Trouble> {
    Ok(match master_key::read(&master_key::next(path)) {
        // Made by somebody else, root perhaps, and most likely the right one.
        Err(trouble) => trouble,
        Ok(Some(next)) if is_key_of(db, &next).await? => master_key::unfinished(path),
        Ok(_) => master_key::wrong(path),
    })
}

/// Whether this key is the database's.
pub async fn is_key_of(db: &Db, key: &master_key::Key) -> store::Result<bool> {
    Ok(installation::check_key(db, &Vault::new(key, Random::system())).await? == Some(KeyCheck::Right))
}

/// The platform as this process uses it, by the machine's clock.
pub async fn platform(config: &Config, opened: &Opened, public_url: String, mailer: Arc<dyn Mailer>, demo: bool) -> Result<Arc<Platform>> {
    platform_by(Clock::System, config, opened, public_url, mailer, demo).await
}

/// The same by another clock: nothing but `cuekey simulate` has one.
pub async fn platform_by(
    clock: Clock,
    config: &Config,
    opened: &Opened,
    public_url: String,
    mailer: Arc<dyn Mailer>,
    demo: bool,
) -> Result<Arc<Platform>> {
    let (db, random) = (opened.db.clone(), Random::system());
    ledger::prepare(&db, clock.now()).await?;
    topics::look(&db).await?;
    let settings = Settings::default();
    settings.load(&db).await?;
    let install = Install {
        public_url,
        demo,
        private_callbacks: demo || config.callbacks.allow_private_addresses,
        version: env!("CARGO_PKG_VERSION"),
    };
    // Half of the processors may hash passwords: a flood of sign-ins leaves the others for verification.
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let passwords = tokio::task::spawn_blocking(move || Passwords::new(processors / 2)).await;
    let passwords = passwords.map_err(|error| Trouble::failed("无法启动", format!("passwords cannot be hashed: {error}")))?;
    let vault = opened.vault.clone();
    let process = opened.hold.as_ref().map_or_else(|| random.uuid_v7(clock.now()), |hold| hold.process);
    let (hub, transfers, flood, faults) = (Hub::default(), Transfers::default(), Flood::default(), Faults::default());
    let (wechat, alipay) = (config.payments.wechat.clone(), config.payments.alipay.clone());
    let networks = gateway::Networks { wechat, alipay, clock: clock.clone(), random: random.clone() };
    let payments = Payments::new(Arc::new(networks));
    Ok(Arc::new(Platform {
        db,
        clock,
        random,
        process,
        vault,
        settings,
        hub,
        passwords,
        flood,
        faults,
        mailer,
        transfers,
        payments,
        install,
    }))
}
