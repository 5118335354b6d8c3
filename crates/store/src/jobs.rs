//! What must happen outside, or later.
//!
//! A job is enqueued in the transaction that decided it, so a crash can neither lose it nor do it for nothing. It is carried
//! out at least once: handlers are idempotent, and say in so many words what became of it ([`Outcome`]). A worker holds a
//! lease while it works; when it dies, another takes over after the lease ends, or at once where the same is started again ([`take_over`]). Jobs that were given up stay, visible, until
//! somebody starts them again or dismisses them. What a clock that was ahead has put off is counted anew ([`set_right`]).

mod ahead;
mod crew;
mod due;
mod former;
mod lost;
mod runner;
mod view;

use kernel::{Random, Timestamp, Word};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub use ahead::set_right;
pub use crew::{Crew, Lead, Workers};
#[cfg(feature = "testing")]
pub use due::statements as due_statements;
pub use former::take_over;
pub use lost::{GIVEN_UP, GivenUp, again, forget_ahead, under_way};
pub use runner::{Handlers, Runner};
pub use view::{DISMISSED, DONE, JobView, dismiss, find, list, retry};

use crate::{Db, Error, Insert, Result, Tx, args, insert_many};

kernel::id!(JobId, JobEntity, "job");

kernel::words! {
    pub enum JobState {
        Queued = "queued",
        Running = "running",
        Done = "done",
        /// Given up: somebody is to look at it.
        Dead = "dead",
        /// Somebody has, and nothing is to be done about it.
        Dismissed = "dismissed",
    }
}

/// What a job is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobKind {
    pub name: &'static str,
    pub crew: Crew,
    /// Whether somebody is told where one is given up ([`GIVEN_UP`]).
    pub counts: bool,
}

impl JobKind {
    pub const fn new(name: &'static str) -> Self {
        Self { name, crew: Crew::Rest, counts: false }
    }

    /// For [`Crew::Prompt`].
    pub const fn prompt(name: &'static str) -> Self {
        Self::new(name).by(Crew::Prompt)
    }

    /// For [`Crew::Boards`].
    pub const fn boards(name: &'static str) -> Self {
        Self::new(name).by(Crew::Boards)
    }

    /// For [`Crew::Texts`].
    pub const fn texts(name: &'static str) -> Self {
        Self::new(name).by(Crew::Texts)
    }

    /// The same, carried out by another crew.
    pub const fn by(self, crew: Crew) -> Self {
        Self { crew, ..self }
    }

    /// The same, whose giving up is told: money waits for it.
    pub const fn counts(self) -> Self {
        Self { counts: true, ..self }
    }
}

impl From<&'static str> for JobKind {
    fn from(name: &'static str) -> Self {
        Self::new(name)
    }
}

/// A job to be written.
pub struct NewJob {
    pub kind: JobKind,
    pub payload: String,
    pub run_at: Timestamp,
    pub max_attempts: i64,
    pub dedup_key: Option<String>,
}

impl NewJob {
    pub fn new(kind: impl Into<JobKind>, payload: &impl Serialize, now: Timestamp) -> Result<Self> {
        Ok(Self { kind: kind.into(), payload: written(payload)?, run_at: now, max_attempts: 12, dedup_key: None })
    }
    pub fn at(mut self, run_at: Timestamp) -> Self {
        self.run_at = run_at;
        self
    }
    pub fn attempts(mut self, max: i64) -> Self {
        self.max_attempts = max;
        self
    }
    /// Only one job of this kind may ever bear this name.
    pub fn once(mut self, name: impl Into<String>) -> Self {
        self.dedup_key = Some(name.into());
        self
    }
}

fn written(payload: &impl Serialize) -> Result<String> {
    serde_json::to_string(payload).map_err(|error| Error::Internal(format!("job payload: {error}")))
}

/// Writes a job into the caller's transaction. `None` when one of that name was there already.
pub async fn enqueue(tx: &mut Tx, db: &Db, random: &Random, now: Timestamp, job: NewJob) -> Result<Option<JobId>> {
    let id = JobId::new(now, random);
    let sql = "INSERT INTO jobs (id, kind, crew, payload, state, run_at, attempts, max_attempts, dedup_key, created_at, decided_at) \
               VALUES ($1, $2, $3, $4, 'queued', $5, 0, $6, $7, $8, $8) ON CONFLICT DO NOTHING";
    let NewJob { kind, payload, run_at, max_attempts, dedup_key } = job;
    let written = tx.exec(sql, args![id, kind.name, kind.crew.as_str(), payload, run_at, max_attempts, dedup_key, now]).await?;
    let waiting = db.jobs_waiting(kind.crew);
    tx.on_commit(move || waiting.notify_one());
    Ok((written == 1).then_some(id))
}

/// Keeps in the caller's transaction how far a job has come: whoever takes it again reads that. False where it is not this worker's any more.
pub async fn keep(tx: &mut Tx, job: &Job, payload: &impl Serialize) -> Result<bool> {
    let sql = "UPDATE jobs SET payload = $1 WHERE id = $2 AND state = 'running' AND lease_token = $3";
    Ok(tx.exec(sql, args![written(payload)?, job.id, job.lease]).await? == 1)
}

/// Has the job of this name carried out at this time at the latest, as if it were written now, where it still waits for its time. False where none
/// does: it is done, or in a worker's hands, which may have looked already. Until this transaction ends no worker takes it.
pub async fn bring_forward(tx: &mut Tx, db: &Db, kind: JobKind, name: &str, at: Timestamp) -> Result<bool> {
    let sql = "UPDATE jobs SET run_at = CASE WHEN run_at > $1 THEN $1 ELSE run_at END, attempts = 0 \
               WHERE kind = $2 AND dedup_key = $3 AND state = 'queued'";
    if tx.exec(sql, args![at, kind.name, name]).await? == 0 {
        return Ok(false);
    }
    let waiting = db.jobs_waiting(kind.crew);
    tx.on_commit(move || waiting.notify_one());
    Ok(true)
}

/// Writes many jobs with few statements; those whose name was there already are left out. Answers how many were written.
pub async fn enqueue_many(tx: &mut Tx, db: &Db, random: &Random, now: Timestamp, jobs: Vec<NewJob>) -> Result<u64> {
    if jobs.is_empty() {
        return Ok(0);
    }
    let Insert { table, columns, rows, tail } = rows(random, now, jobs);
    let written = insert_many(tx, table, columns, rows, tail).await?;
    let db = db.clone();
    tx.on_commit(move || db.wake_jobs());
    Ok(written)
}

/// What is written of jobs. Whoever writes it by other means than [`enqueue_many`] tells the runner afterwards ([`Db::wake_jobs`]).
pub fn rows(random: &Random, now: Timestamp, jobs: Vec<NewJob>) -> Insert<'static> {
    let columns =
        &["id", "kind", "crew", "payload", "state", "run_at", "attempts", "max_attempts", "dedup_key", "created_at", "decided_at"];
    let queued = JobState::Queued.as_str();
    let rows = jobs.into_iter().zip(0..).map(|(job, place)| {
        // A microsecond apart, so that what was decided first is taken first.
        let id = JobId::new(now.plus_micros(place), random);
        args![id, job.kind.name, job.kind.crew.as_str(), job.payload, queued, job.run_at, 0_i64, job.max_attempts, job.dedup_key, now, now]
    });
    Insert { table: "jobs", columns, rows: rows.collect(), tail: "ON CONFLICT DO NOTHING" }
}

/// What became of a job.
#[derive(Debug)]
pub enum Outcome {
    Done,
    /// Not yet; try again after a pause that grows with each attempt.
    Retry(String),
    /// Not yet, and it is no failure: look again at this time. Attempts are counted anew from here: what failed before it, perhaps days ago,
    /// is no reason to give up what goes on.
    Again(Timestamp),
    /// A failure; try again at this time, however many attempts there were. They are counted ([`Job::attempt`]), and whoever says so decides by them
    /// when to try, and whether.
    Soon(String, Timestamp),
    /// Never; an operator may start it again after mending the cause.
    GiveUp(String),
}

/// So long, and a fifth of it more or less, so that what failed together does not return together.
pub fn about(pause: i64, random: &Random) -> i64 {
    let spread = u64::try_from(pause / 5 * 2).unwrap_or(0);
    pause - pause / 5 + i64::try_from(random.below(spread)).unwrap_or(0)
}

/// A job in a worker's hands.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: JobId,
    pub kind: String,
    pub payload: String,
    /// 1 on the first try.
    pub attempt: i64,
    pub max_attempts: i64,
    lease: Uuid,
}

impl Job {
    /// One that no worker holds, for trying a handler by itself.
    #[cfg(feature = "testing")]
    pub fn for_test(kind: &str, payload: &impl Serialize, now: Timestamp, random: &Random) -> Result<Self> {
        let payload = NewJob::new("test", payload, now)?.payload;
        let (id, lease) = (JobId::new(now, random), random.uuid_v7(now));
        Ok(Self { id, kind: kind.to_owned(), payload, attempt: 1, max_attempts: 12, lease })
    }

    pub fn read<T: DeserializeOwned>(&self) -> std::result::Result<T, Outcome> {
        serde_json::from_str(&self.payload).map_err(|error| Outcome::GiveUp(format!("payload: {error}")))
    }
    /// True when a failure now is the last one.
    pub fn last_attempt(&self) -> bool {
        self.attempt >= self.max_attempts
    }
}
