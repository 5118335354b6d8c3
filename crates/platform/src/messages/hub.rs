//! Waking the live pages of users who were told something.
//!
//! This process wakes its own pages at once. For what other processes wrote it looks once a second, in one query for
//! everybody who has a page open, and not at all when nobody has.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kernel::{Clock, Random, SECOND};
use store::{Db, Sql, args};
use tokio::sync::watch;
use uuid::Uuid;

use crate::identity::UserId;

#[derive(Clone, Default)]
pub struct Hub {
    pages: Arc<RwLock<HashMap<UserId, watch::Sender<u64>>>>,
}

impl Hub {
    /// Wakes after each thing that the user was told.
    pub fn subscribe(&self, user: UserId) -> watch::Receiver<u64> {
        let mut pages = self.pages.write().unwrap_or_else(PoisonError::into_inner);
        pages.retain(|_, page| page.receiver_count() > 0);
        pages.entry(user).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    pub fn wake(&self, user: UserId) {
        if let Some(page) = self.pages.read().unwrap_or_else(PoisonError::into_inner).get(&user) {
            page.send_modify(|n| *n += 1);
        }
    }

    fn open(&self) -> bool {
        self.pages.read().unwrap_or_else(PoisonError::into_inner).values().any(|page| page.receiver_count() > 0)
    }

    /// Looks for what other processes wrote. Never returns.
    pub async fn follow(self, db: Db, clock: Clock, random: Random) {
        // Other machines' clocks differ a little: each look goes back some seconds, and wakes only for what is new.
        let mut seen: HashMap<Uuid, i64> = HashMap::new();
        loop {
            clock.sleep(Duration::from_secs(1)).await;
            if !self.open() {
                continue;
            }
            let now = clock.now();
            let since = random.uuid_v7(now.plus_micros(-10 * SECOND));
            let sql = "SELECT id, user_id FROM notifications WHERE id > $1 ORDER BY id LIMIT 5000";
            let news = db.read().all(sql, args![since], |row| Ok((row.get::<Uuid>("id")?, row.get::<UserId>("user_id")?))).await;
            match news {
                Ok(news) => {
                    for (id, user) in news {
                        if seen.insert(id, now.micros()).is_none() {
                            self.wake(user);
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "live pages cannot look for news"),
            }
            seen.retain(|_, at| *at > now.micros() - 30 * SECOND);
        }
    }
}
