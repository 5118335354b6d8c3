//! Product one, card keys 卡密: projects, grants, batches, keys, verification, callbacks.

pub mod callbacks;
pub mod projects;

use std::sync::Arc;

use platform::Platform;
use store::migrate::Migration;

pub const MIGRATIONS: &[Migration] = &[Migration { number: 3, name: "licensing", sql: include_str!("../migrations/0003_licensing.sql") }];

/// All migrations up to this product's, in order.
pub fn migrations() -> Vec<Migration> {
    let mut all = [store::migrate::OWN, platform::MIGRATIONS, MIGRATIONS].concat();
    all.sort_by_key(|migration| migration.number);
    all
}

/// What licensing keeps in memory. One a process.
pub struct Licensing {
    pub platform: Arc<Platform>,
    pub callbacks: callbacks::Callbacks,
}

impl Licensing {
    /// Loads what is kept in memory, and begins to decide. `post` is how callbacks leave.
    pub async fn start(platform: Arc<Platform>, post: Arc<dyn callbacks::Post>) -> platform::Result<Arc<Self>> {
        Ok(Arc::new(Self { platform, callbacks: callbacks::Callbacks::new(post) }))
    }
}

/// What licensing does by the clock.
pub const SCHEDULES: &[platform::upkeep::Schedule] = &[];

/// Licensing's handlers of jobs.
pub fn handlers(handlers: &mut store::jobs::Handlers<platform::Cx>, licensing: &Arc<Licensing>) {
    let own = Arc::clone(licensing);
    handlers.add(callbacks::JOB, move |cx, job| callbacks::send_job(Arc::clone(&own), cx, job));
}

/// Adds up what was issued against what was charged; each sentence is one thing that does not agree.
pub async fn check(_sql: &mut impl store::Sql) -> store::Result<Vec<String>> {
    Ok(Vec::new())
}
