//! Waking the live pages of a hall's staff: something on a floor has changed.
//!
//! This process wakes its own pages at once. For what other processes did it looks once a second while a page is open.

use std::time::Duration;

use kernel::Clock;
use store::{Db, Sql, Tx, args};
use tokio::sync::watch;

#[derive(Clone)]
pub struct News(watch::Sender<u64>);

impl Default for News {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl News {
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }

    /// Wakes once the caller's transaction is durable.
    pub(crate) fn after(&self, tx: &mut Tx) {
        let news = self.clone();
        tx.on_commit(move || news.wake());
    }

    fn wake(&self) {
        self.0.send_modify(|n| *n += 1);
    }

    /// Looks for what other processes did. Never returns.
    pub async fn follow(self, db: Db, clock: Clock) {
        let sql = "SELECT COALESCE((SELECT MAX(since) FROM venue_tables), 0) AS tables, COALESCE((SELECT MAX(wanted_at) FROM devices), 0) AS wanted, \
                   COALESCE((SELECT MAX(reported_at) FROM devices), 0) AS reported, COALESCE((SELECT MAX(online_since) FROM devices), 0) AS online, \
               COALESCE((SELECT MAX(drawn_at) FROM devices), 0) AS drawn";
        let mut seen = None;
        loop {
            clock.sleep(Duration::from_secs(1)).await;
            if self.0.receiver_count() == 0 {
                continue;
            }
            let read = |row: &store::Row| {
                Ok([row.get::<i64>("tables")?, row.get("wanted")?, row.get("reported")?, row.get("online")?, row.get("drawn")?])
            };
            match db.read().one(sql, args![], read).await {
                Ok(found) => {
                    if seen.replace(found).is_some_and(|seen| seen != found) {
                        self.wake();
                    }
                }
                Err(error) => tracing::warn!(%error, "floors cannot look for news"),
            }
        }
    }
}
