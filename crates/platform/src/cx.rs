//! The context of a use case: the platform's parts, who is asking, and from where.

use std::ops::Deref;
use std::sync::Arc;

use kernel::{Clock, Fault, Lang, Random, Timestamp};
use store::jobs::NewJob;
use store::{Db, Tx};
use uuid::Uuid;

use crate::faults::Faults;
use crate::identity::{Flood, Passwords, Permission, Principal};
use crate::messages::{Hub, Mailer};
use crate::payments::Payments;
use crate::quota::Transfers;
use crate::settings::Settings;
use crate::vault::Vault;

/// What this installation is, from its configuration file.
#[derive(Debug, Clone)]
pub struct Install {
    /// Where people reach the console, without a slash at the end: links in e-mails begin with it.
    pub public_url: String,
    /// The demo: mail lands in a page of the console.
    pub demo: bool,
    /// Webhooks may go to private and loopback addresses.
    pub private_callbacks: bool,
    pub version: &'static str,
}

/// The parts that every use case may need. One a process.
pub struct Platform {
    pub db: Db,
    pub clock: Clock,
    pub random: Random,
    /// This process, as leases name it.
    pub process: Uuid,
    pub vault: Vault,
    pub settings: Settings,
    pub hub: Hub,
    pub passwords: Passwords,
    /// Sign-ins that are refused unseen.
    pub flood: Flood,
    /// What failed on our side and was not told yet.
    pub faults: Faults,
    pub mailer: Arc<dyn Mailer>,
    pub transfers: Transfers,
    pub payments: Payments,
    pub install: Install,
}

/// Who does it.
#[derive(Debug, Clone)]
pub enum Actor {
    /// The program itself: schedules and jobs.
    System,
    /// Nobody yet: sign-up, sign-in.
    Visitor,
    User(Arc<Principal>),
}

/// Where a request came from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub address: String,
    pub agent: String,
    pub request_id: String,
}

#[derive(Clone)]
pub struct Cx {
    platform: Arc<Platform>,
    pub actor: Actor,
    pub origin: Arc<Origin>,
    pub lang: Lang,
}

impl Deref for Cx {
    type Target = Platform;
    fn deref(&self) -> &Platform {
        &self.platform
    }
}

impl Cx {
    pub fn system(platform: Arc<Platform>) -> Self {
        Self { platform, actor: Actor::System, origin: Arc::default(), lang: Lang::Zh }
    }

    pub fn visitor(platform: Arc<Platform>, origin: Origin, lang: Lang) -> Self {
        Self { platform, actor: Actor::Visitor, origin: Arc::new(origin), lang }
    }

    /// The same request, now that it is known who asks.
    pub fn as_user(&self, principal: Principal) -> Self {
        Self { actor: Actor::User(Arc::new(principal)), ..self.clone() }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Who is signed in; refused when nobody is.
    pub fn user(&self) -> Result<&Principal, Fault> {
        match &self.actor {
            Actor::User(principal) => Ok(principal),
            Actor::System | Actor::Visitor => {
                Err(Fault::new(kernel::Kind::Unauthenticated, "SIGN_IN_REQUIRED", "请先登录", "Please sign in"))
            }
        }
    }

    /// Who is signed in, if its role has this permission.
    pub fn require(&self, permission: Permission) -> Result<&Principal, Fault> {
        let user = self.user()?;
        if user.role.may(permission) { Ok(user) } else { Err(Fault::forbidden()) }
    }

    /// Writes a job into the caller's transaction.
    pub async fn enqueue(&self, tx: &mut Tx, job: NewJob) -> store::Result<Option<store::jobs::JobId>> {
        store::jobs::enqueue(tx, &self.db, &self.random, self.now(), job).await
    }

    pub fn id<E>(&self) -> kernel::Id<E> {
        kernel::Id::new(self.now(), &self.random)
    }
}
