//! Product one, card keys 卡密: projects, grants, batches, keys, verification, callbacks.

pub mod applications;
pub mod batches;
pub mod callbacks;
mod check;
pub mod client;
mod events;
pub mod export;
pub mod grants;
pub mod home;
pub mod keys;
mod owned;
pub mod projects;
pub mod rekey;
mod upkeep;

pub use check::check;
pub use upkeep::{SCHEDULES, SWEEPS, handlers};

use std::sync::Arc;

use kernel::Fault;
use platform::Platform;
use store::migrate::Migration;

pub const MIGRATIONS: &[Migration] = &[
    Migration { number: 3, name: "licensing", sql: include_str!("../migrations/0003_licensing.sql") },
    Migration { number: 13, name: "nonces_forgotten", sql: include_str!("../migrations/0013_nonces_forgotten.sql") },
];

/// All migrations up to this product's, in order.
pub fn migrations() -> Vec<Migration> {
    let mut all = [store::migrate::OWN, platform::MIGRATIONS, MIGRATIONS].concat();
    all.sort_by_key(|migration| migration.number);
    all
}

/// What licensing keeps in memory. One a process.
pub struct Licensing {
    pub platform: Arc<Platform>,
    callers: client::Projects,
    limits: Arc<client::limit::Limits>,
    nonces: Arc<client::Nonces>,
    collector: client::Collector,
    pub callbacks: callbacks::Callbacks,
}

impl Licensing {
    /// Begins to decide. `post` is how callbacks leave.
    pub async fn start(platform: Arc<Platform>, post: Arc<dyn callbacks::Post>) -> platform::Result<Arc<Self>> {
        let limits = Arc::new(client::limit::Limits::new(platform.clock.clone()));
        let nonces = Arc::new(client::Nonces::load(&platform).await?);
        let collector = client::Collector::start(&platform, &limits, &nonces);
        let (callers, callbacks) = (client::Projects::new(), callbacks::Callbacks::new(post));
        Ok(Arc::new(Self { platform, callers, limits, nonces, collector, callbacks }))
    }

    /// Whose API key a request brings, where no more can be asked of it.
    pub async fn caller(&self, request: &client::Request<'_>) -> Result<Arc<client::CallerProject>, client::Refusal> {
        client::admit::caller(&self.platform, &self.callers, &self.limits, request).await
    }

    /// Counts a request that is refused at the door, and writes it into its project's log where that has room.
    pub async fn refused(&self, refusal: &client::Refusal, knock: client::Knock<'_>) {
        client::note(&self.platform, &self.limits, refusal, knock).await;
    }

    /// Who is calling: key, ban, time, signature.
    pub async fn admit(&self, request: &client::Request<'_>) -> Result<client::Admitted, client::Refusal> {
        client::admit::admit(&self.platform, &self.callers, &self.limits, &self.nonces, request).await
    }

    /// Decides an admitted request, with those that wait at the same moment, and signs what `tell` says of it. A project that goes
    /// on over its limit is banned for a while.
    pub async fn decide(&self, ask: client::Ask, tell: client::Tell) -> Result<client::Reply, Fault> {
        let project = Arc::clone(&ask.project);
        let reply = self.collector.ask(ask, tell).await?;
        let over = reply.allowance.is_some_and(|allowance| !allowance.allowed);
        if over && self.limits.goes_on(project.id, project.rate_per_minute) {
            // In a box: seldom needed, and it would make every request's future large.
            match Box::pin(client::ban::ban(&platform::Cx::system(Arc::clone(&self.platform)), &project)).await {
                Ok(()) => self.limits.forget(project.id),
                // The caller has its refusal; the next one too many tries again.
                Err(fault) => tracing::warn!(%fault, "a ban was not written"),
            }
        }
        Ok(reply)
    }
}
