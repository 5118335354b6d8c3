//! SQLite's one writer, and the commit that transactions share.
//!
//! A transaction is a savepoint inside a group; the first of a group needs none. The first to be done asks for the writer again to commit the group; the
//! lock is fair, so whoever waited before gets into the group first. So nobody waits for a timer, and a lone
//! transaction commits at once. Each step that must not be cut short runs in a task of its own: a handler that is
//! cancelled cannot interrupt it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use crate::db::{DbConfig, WRITER_CACHE, sqlite_pool};
use crate::error::sqlite_code;
use crate::{Error, Result, Value};

type Hook = Box<dyn FnOnce() + Send>;

/// The transactions that will be committed together.
pub(crate) struct Group {
    conn: DatabaseConnection,
    open: bool,
    savepoints: u64,
    committer_queued: bool,
    waiting: Vec<(oneshot::Sender<Result<()>>, Vec<Hook>)>,
    broken: Option<String>,
    /// Somebody left before a text of theirs came to its end: a transaction may be open.
    astray: bool,
    failed: Arc<AtomicBool>,
}

pub(crate) struct Writer {
    group: Arc<Mutex<Group>>,
    config: DbConfig,
    failed: Arc<AtomicBool>,
}

/// The right to write, and the savepoint that it writes in.
pub(crate) struct Turn {
    pub(crate) group: OwnedMutexGuard<Group>,
    /// None for the first of its group: undoing that one undoes the group, which is nothing else yet. A savepoint has
    /// SQLite copy every page before it is changed.
    savepoint: Option<u64>,
}

impl Group {
    /// After these what is on the disk is not known any more, or is not what was written: an fsync that failed once may
    /// "succeed" the second time without having written; a full disk fills again; a damaged file is damaged further. Nothing
    /// is accepted until a restart.
    fn distrust(&self, error: &DbErr) {
        // SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_FULL, SQLITE_NOTADB.
        if matches!(sqlite_code(error), Some(10 | 11 | 13 | 26)) && !self.failed.swap(true, Ordering::SeqCst) {
            tracing::error!(%error, "the database could not write; nothing more is accepted until a restart");
        }
    }
}

impl Turn {
    pub(crate) fn conn(&self) -> &DatabaseConnection {
        &self.group.conn
    }

    /// Some errors make SQLite undo the whole transaction by itself: then the group is lost, and must say so.
    pub(crate) fn note(&mut self, error: &DbErr) {
        const UNDOING: [i64; 7] = [5, 7, 8, 9, 10, 11, 13];
        if sqlite_code(error).is_none_or(|code| UNDOING.contains(&code)) {
            self.group.broken.get_or_insert_with(|| error.to_string());
        }
        self.group.distrust(error);
    }
}

impl Writer {
    pub(crate) async fn open(config: &DbConfig, failed: Arc<AtomicBool>) -> Result<Self> {
        let conn = sqlite_pool(config, 1, WRITER_CACHE).await?;
        let group = Group {
            conn,
            open: false,
            savepoints: 0,
            committer_queued: false,
            waiting: Vec::new(),
            broken: None,
            astray: false,
            failed: Arc::clone(&failed),
        };
        Ok(Self { group: Arc::new(Mutex::new(group)), config: config.clone(), failed })
    }

    pub(crate) fn config(&self) -> &DbConfig {
        &self.config
    }

    /// Nobody writes after this: what is still open is undone.
    pub(crate) async fn close(&self) {
        let group = self.group.lock().await;
        let _ = group.conn.clone().close().await;
    }

    async fn turn(&self) -> Result<OwnedMutexGuard<Group>> {
        let mut group = Arc::clone(&self.group).lock_owned().await;
        if self.failed.load(Ordering::SeqCst) {
            return Err(Error::Down("the database failed; restart after mending it".into()));
        }
        if group.astray {
            let lost = Err(Error::Busy("whoever wrote last has gone".into()));
            self.end(&mut group, &lost).await;
        }
        Ok(group)
    }

    /// Does all that a text of [`script`](crate::wide::script) says and commits it, with whatever waits to be committed; or nothing
    /// of it, and answers false, where something in the tables refuses it.
    pub(crate) async fn at_once(&self, text: &str, values: Vec<Value>) -> Result<bool> {
        let mut group = self.turn().await?;
        if group.broken.is_some() {
            self.settle(&mut group).await;
        }
        let (begin, undo) = if group.open { ("SAVEPOINT own", "ROLLBACK TO own; RELEASE own") } else { ("BEGIN IMMEDIATE", "ROLLBACK") };
        let text = Statement::from_sql_and_values(DbBackend::Sqlite, format!("{begin}; {text}; COMMIT"), values);
        group.astray = true;
        let done = group.conn.execute_raw(text).await;
        // SQLITE_CONSTRAINT, and what the text provokes where a row has changed.
        let refused = done.as_ref().is_err_and(|error| match sqlite_code(error) {
            Some(1) => error.to_string().contains("integer overflow"),
            code => code == Some(19),
        });
        if refused && group.conn.execute_unprepared(undo).await.is_ok() {
            group.astray = false;
            return Ok(false);
        }
        let outcome = done.map(|_| true).map_err(|error| {
            group.distrust(&error);
            Error::from(error)
        });
        let others = outcome.as_ref().map(|_| ()).map_err(|error| Error::Busy(error.to_string()));
        self.end(&mut group, &others).await;
        outcome
    }

    /// Waits for a turn, and begins a group or a savepoint in it.
    pub(crate) async fn begin(self: &Arc<Self>) -> Result<Turn> {
        let writer = Arc::clone(self);
        // If the caller goes away, the finished turn is dropped by the task's handle; a `Tx` around it would undo it.
        let turn = spawned(async move {
            let mut group = writer.turn().await?;
            if !group.open {
                group.conn.execute_unprepared("BEGIN IMMEDIATE").await?;
                group.open = true;
                return Ok(Opened { turn: Some(Turn { group, savepoint: None }), writer });
            }
            group.savepoints += 1;
            let savepoint = group.savepoints;
            let mut turn = Turn { group, savepoint: Some(savepoint) };
            if let Err(error) = turn.conn().execute_unprepared(&format!("SAVEPOINT s{savepoint}")).await {
                turn.note(&error);
                writer.settle(&mut turn.group).await;
                return Err(error.into());
            }
            Ok(Opened { turn: Some(turn), writer })
        })
        .await?;
        turn.take()
    }

    /// Ends the savepoint and waits for the commit that it shares; `hooks` run after it, before anybody is answered.
    pub(crate) async fn commit(self: &Arc<Self>, mut turn: Turn, hooks: Vec<Hook>) -> Result<()> {
        let writer = Arc::clone(self);
        spawned(async move {
            if let Some(n) = turn.savepoint
                && let Err(error) = turn.conn().execute_unprepared(&format!("RELEASE s{n}")).await
            {
                turn.note(&error);
                writer.settle(&mut turn.group).await;
                return Err(Error::Busy(error.to_string()));
            }
            let (answer, answered) = oneshot::channel();
            turn.group.waiting.push((answer, hooks));
            let first = !std::mem::replace(&mut turn.group.committer_queued, true);
            drop(turn);
            if first {
                let mut group = Arc::clone(&writer.group).lock_owned().await;
                writer.settle(&mut group).await;
            }
            answered.await.unwrap_or_else(|_| Err(Error::Down("the writer ended".into())))
        })
        .await
    }

    /// Undoes one transaction; the rest of its group stays.
    pub(crate) fn abandon(self: &Arc<Self>, mut turn: Turn) {
        let writer = Arc::clone(self);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let undo = match turn.savepoint {
                Some(n) => format!("ROLLBACK TO s{n}; RELEASE s{n}"),
                None => String::from("ROLLBACK"),
            };
            if turn.group.broken.is_none() {
                match turn.conn().execute_unprepared(&undo).await {
                    // Nobody was in the group but this one, and nothing is open after it.
                    Ok(_) if turn.savepoint.is_none() => turn.group.open = false,
                    Ok(_) => {}
                    Err(error) => turn.group.broken = Some(error.to_string()),
                }
            }
            // Nobody else may be there to close what this one opened.
            if turn.group.broken.is_some() || turn.group.waiting.is_empty() {
                writer.settle(&mut turn.group).await;
            }
        });
    }

    /// Commits the group, or undoes it where it is broken, and answers everybody in it.
    async fn settle(&self, group: &mut Group) {
        group.committer_queued = false;
        if !group.open {
            answer(group, &Ok(()));
            return;
        }
        let outcome = match group.broken.take() {
            Some(why) => Err(Error::Busy(why)),
            None => match group.conn.execute_unprepared("COMMIT").await {
                Ok(_) => Ok(()),
                Err(error) => {
                    group.distrust(&error);
                    Err(Error::Busy(error.to_string()))
                }
            },
        };
        self.end(group, &outcome).await;
    }

    /// Answers everybody in a group that was committed; or undoes it, and goes on with another connection.
    async fn end(&self, group: &mut Group, outcome: &Result<()>) {
        (group.open, group.astray) = (false, false);
        if let Err(error) = outcome {
            tracing::warn!(%error, transactions = group.waiting.len(), "a shared commit failed and was undone");
            let _ = group.conn.execute_unprepared("ROLLBACK").await;
            match sqlite_pool(&self.config, 1, WRITER_CACHE).await {
                Ok(conn) => {
                    let old = std::mem::replace(&mut group.conn, conn);
                    let _ = old.close().await;
                }
                Err(error) => {
                    self.failed.store(true, Ordering::SeqCst);
                    tracing::error!(%error, "the database cannot be opened again");
                }
            }
        }
        metrics::histogram!("cuekey_commit_group_size").record(u32::try_from(group.waiting.len().max(1)).unwrap_or(u32::MAX));
        answer(group, outcome);
    }
}

fn answer(group: &mut Group, outcome: &Result<()>) {
    for (sender, hooks) in group.waiting.drain(..) {
        let result = match outcome {
            Ok(()) => {
                hooks.into_iter().for_each(|hook| hook());
                Ok(())
            }
            Err(error) => Err(Error::Busy(error.to_string())),
        };
        let _ = sender.send(result);
    }
}

/// A turn on its way to a caller who may have gone.
struct Opened {
    turn: Option<Turn>,
    writer: Arc<Writer>,
}

impl Opened {
    fn take(mut self) -> Result<Turn> {
        self.turn.take().ok_or_else(|| Error::Internal("a turn is taken once".into()))
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(turn) = self.turn.take() {
            self.writer.abandon(turn);
        }
    }
}

/// Runs to its end whatever happens to the caller.
async fn spawned<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    tokio::spawn(work).await.unwrap_or_else(|error| Err(Error::Internal(format!("a database task failed: {error}"))))
}
