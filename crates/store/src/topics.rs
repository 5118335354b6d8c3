//! Something that processes remember has changed: settings, projects, bans.
//!
//! A change bumps its topic in the transaction that made it. This process hears of it when that transaction commits;
//! others find it when they look, twice a second. Whoever remembers compares numbers and loads again.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use crate::{Db, Result, Sql, Tx, args};

/// The numbers as far as this process knows them.
#[derive(Clone)]
pub(crate) struct Local {
    seen: Arc<RwLock<HashMap<String, i64>>>,
    changed: watch::Sender<u64>,
}

impl Default for Local {
    fn default() -> Self {
        Self { seen: Arc::default(), changed: watch::Sender::new(0) }
    }
}

impl Local {
    /// Takes over numbers that are higher than the known ones.
    fn learn(&self, news: impl IntoIterator<Item = (String, i64)>) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        let mut moved = false;
        for (topic, number) in news {
            let known = seen.entry(topic).or_default();
            moved |= *known < number;
            *known = number.max(*known);
        }
        drop(seen);
        if moved {
            self.changed.send_modify(|n| *n += 1);
        }
    }
}

/// Says, within the transaction that changed it, that `topic` has changed.
pub async fn bump(tx: &mut Tx, db: &Db, topic: &'static str) -> Result<()> {
    let sql =
        "INSERT INTO topics (name, number) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET number = topics.number + 1 RETURNING number";
    let number = tx.one(sql, args![topic], |row| row.get::<i64>("number")).await?;
    let local = db.local_topics().clone();
    tx.on_commit(move || local.learn([(topic.to_owned(), number)]));
    Ok(())
}

/// The number of a topic as this process knows it; 0 before its first change.
pub fn number(db: &Db, topic: &str) -> i64 {
    db.local_topics().seen.read().unwrap_or_else(PoisonError::into_inner).get(topic).copied().unwrap_or(0)
}

/// Looks what other processes have changed.
pub async fn look(db: &Db) -> Result<()> {
    let news = db.read().all("SELECT name, number FROM topics", args![], |row| Ok((row.get("name")?, row.get("number")?))).await?;
    db.local_topics().learn(news);
    Ok(())
}

/// Wakes after each change of any topic.
pub fn watch(db: &Db) -> watch::Receiver<u64> {
    db.local_topics().changed.subscribe()
}
