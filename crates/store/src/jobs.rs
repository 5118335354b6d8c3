//! What must happen outside, or later.
//!
//! A job is enqueued in the transaction that decided it, so a crash can neither lose it nor do it for nothing. It is carried
//! out at least once: handlers are idempotent, and say in so many words what became of it ([`Outcome`]). A worker holds a
//! lease while it works; when it dies, another takes over after the lease ends. Jobs that were given up stay, visible, and
//! can be started again by hand. What a clock that was ahead has put off is counted anew ([`set_right`]).

mod ahead;
mod crew;
mod lost;

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, DAY, MINUTE, Random, SECOND, Timestamp, Word};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

pub use ahead::set_right;
pub use crew::{Crew, Lead, Workers};
pub use lost::{GIVEN_UP, GivenUp, again, forget_ahead, under_way};

use crate::{Db, Error, Index, Insert, Look, Of, Result, Row, Sql, Sweep, Tx, args, insert_many};

kernel::id!(JobId, JobEntity, "job");

kernel::words! {
    pub enum JobState { Queued = "queued", Running = "running", Done = "done", Dead = "dead" }
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
        let payload = serde_json::to_string(payload).map_err(|error| Error::Internal(format!("job payload: {error}")))?;
        Ok(Self { kind: kind.into(), payload, run_at: now, max_attempts: 12, dedup_key: None })
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

type Boxed = Pin<Box<dyn Future<Output = Outcome> + Send>>;
type Handler<C> = Arc<dyn Fn(C, Job) -> Boxed + Send + Sync>;

/// Which function carries out which kind.
pub struct Handlers<C> {
    by_kind: HashMap<&'static str, Handler<C>>,
    /// Of which kinds it is told when one is given up.
    counting: HashSet<&'static str>,
}

impl<C: Clone + Send + 'static> Default for Handlers<C> {
    fn default() -> Self {
        Self { by_kind: HashMap::new(), counting: HashSet::new() }
    }
}

impl<C: Clone + Send + 'static> Handlers<C> {
    pub fn add<F, Fut>(&mut self, kind: impl Into<JobKind>, handler: F)
    where
        F: Fn(C, Job) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let kind = kind.into();
        if kind.counts {
            self.counting.insert(kind.name);
        }
        let known = self.by_kind.insert(kind.name, Arc::new(move |cx, job| Box::pin(handler(cx, job))));
        assert!(known.is_none(), "two handlers for jobs of kind {}", kind.name);
    }
}

/// Takes jobs and carries them out.
pub struct Runner<C> {
    db: Db,
    clock: Clock,
    random: Random,
    cx: C,
    handlers: Arc<Handlers<C>>,
}

/// How long a worker may be silent before its job is taken from it: what a process had begun that was killed is done within half a minute.
const LEASE: i64 = 20 * SECOND;
/// Renewed well before it ends.
const RENEW: Duration = Duration::from_secs(5);

impl<C: Clone + Send + Sync + 'static> Runner<C> {
    pub fn new(db: Db, clock: Clock, random: Random, cx: C, handlers: Handlers<C>) -> Self {
        Self { db, clock, random, cx, handlers: Arc::new(handlers) }
    }

    /// Works until `stop` turns true, then finishes what was begun.
    pub async fn run(self, workers: Workers, stop: watch::Receiver<bool>) {
        let this = Arc::new(self);
        let crew = |crew, workers| Arc::clone(&this).crew(crew, workers, stop.clone());
        tokio::join!(
            crew(Crew::Prompt, workers.prompt),
            crew(Crew::Boards, workers.boards),
            crew(Crew::Wechat, workers.wechat),
            crew(Crew::Alipay, workers.alipay),
            crew(Crew::Texts, workers.texts),
            crew(Crew::Rest, workers.rest)
        );
    }

    async fn crew(self: Arc<Self>, crew: Crew, workers: usize, mut stop: watch::Receiver<bool>) {
        let this = self;
        let places = Arc::new(Semaphore::new(workers));
        let waiting = this.db.jobs_waiting(crew);
        let mut lead = crew.is_alone().then(|| Lead::new(crew, this.random.uuid_v7(this.clock.now())));
        while !*stop.borrow() {
            let may = match &mut lead {
                Some(lead) => lead.holds(&this.db, this.clock.now()).await,
                None => Ok(true),
            };
            let free = places.available_permits();
            let taken = match may {
                Ok(true) if free > 0 => this.take(crew, i64::try_from(free).unwrap_or(1)).await,
                Ok(_) => Ok(Vec::new()),
                Err(error) => Err(error),
            };
            let idle = match taken {
                Ok(jobs) => {
                    let idle = jobs.is_empty();
                    for job in jobs {
                        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                        let (this, waiting) = (Arc::clone(&this), Arc::clone(&waiting));
                        tokio::spawn(async move {
                            this.carry_out(job).await;
                            drop(place);
                            waiting.notify_one();
                        });
                    }
                    idle
                }
                Err(error) => {
                    tracing::warn!(%error, "jobs cannot be taken");
                    true
                }
            };
            if idle {
                tokio::select! {
                    () = waiting.notified() => {}
                    () = this.clock.sleep(Duration::from_millis(500)) => {}
                    _ = stop.changed() => {}
                }
            }
        }
        let all = u32::try_from(workers).unwrap_or(u32::MAX);
        let _ = places.acquire_many(all).await;
        if let Some(lead) = lead
            && let Err(error) = lead.leave(&this.db).await
        {
            tracing::warn!(%error, crew = crew.as_str(), "other processes have to wait before they can do this one's work");
        }
    }

    /// Carries out all that is due, one after the other, until nothing is: for tests and for commands, whichever process has a lead. Answers
    /// how many.
    pub async fn drain(&self) -> Result<usize> {
        let mut done = 0;
        loop {
            let mut jobs = Vec::new();
            for crew in Crew::ALL {
                jobs.extend(self.take(*crew, 16).await?);
            }
            if jobs.is_empty() {
                return Ok(done);
            }
            for job in jobs {
                self.carry_out(job).await;
                done += 1;
            }
        }
    }

    /// Leases up to `most` jobs that are due, or whose worker fell silent.
    async fn take(&self, crew: Crew, most: i64) -> Result<Vec<Job>> {
        let now = self.clock.now();
        // Looking costs no turn of the writer; only taking does.
        let due = "SELECT 1 AS due FROM jobs WHERE (state = 'queued' AND crew = $2 AND run_at <= $1) OR (state = 'running' AND crew = $2 AND lease_until <= $1) LIMIT 1";
        if self.db.read().opt(due, args![now, crew.as_str()], |_| Ok(())).await?.is_none() {
            return Ok(Vec::new());
        }
        let mut tx = self.db.begin().await?;
        let skip = tx.skip_locked();
        let lease = self.random.uuid_v7(now);
        let sql = format!(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1, lease_until = $1, lease_token = $2 WHERE id IN \
             (SELECT id FROM jobs WHERE (state = 'queued' AND crew = $5 AND run_at <= $3) OR (state = 'running' AND crew = $5 AND lease_until <= $3) \
              ORDER BY run_at, id LIMIT $4{skip}) RETURNING id, kind, payload, attempts, max_attempts"
        );
        let jobs = tx
            .all(&sql, args![now.plus_micros(LEASE), lease, now, most, crew.as_str()], |row| {
                Ok(Job {
                    id: row.get("id")?,
                    kind: row.get("kind")?,
                    payload: row.get("payload")?,
                    attempt: row.get("attempts")?,
                    max_attempts: row.get("max_attempts")?,
                    lease,
                })
            })
            .await?;
        tx.commit().await?;
        Ok(jobs)
    }

    async fn carry_out(&self, job: Job) {
        let span = tracing::info_span!("job", id = %job.id, kind = %job.kind, attempt = job.attempt);
        let outcome = match self.handlers.by_kind.get(job.kind.as_str()) {
            None => Outcome::GiveUp(format!("this program has no handler for jobs of kind {}", job.kind)),
            Some(handler) => {
                // In a task of its own, so that a panic costs one job and not the worker.
                let mut work = tokio::spawn(handler(self.cx.clone(), job.clone()));
                loop {
                    tokio::select! {
                        done = &mut work => break done.unwrap_or_else(|error| Outcome::Retry(format!("the handler failed: {error}"))),
                        () = self.clock.sleep(RENEW) => {
                            if !self.renew(&job).await {
                                // Another worker has it now: two must not go on.
                                work.abort();
                                return;
                            }
                        }
                    }
                }
            }
        };
        let _entered = span.enter();
        match &outcome {
            Outcome::Done | Outcome::Again(_) => tracing::debug!(?outcome, "job"),
            Outcome::Retry(why) | Outcome::Soon(why, _) | Outcome::GiveUp(why) => tracing::warn!(%why, "job"),
        }
        drop(_entered);
        if let Err(error) = self.settle(&job, outcome).await {
            // The lease ends and the job is done again: at least once.
            tracing::warn!(%error, job = %job.id, "the outcome of a job could not be stored");
        }
    }

    async fn renew(&self, job: &Job) -> bool {
        let until = self.clock.now().plus_micros(LEASE);
        let renewed = async {
            let mut tx = self.db.begin().await?;
            let sql = "UPDATE jobs SET lease_until = $1 WHERE id = $2 AND state = 'running' AND lease_token = $3";
            let changed = tx.exec(sql, args![until, job.id, job.lease]).await?;
            tx.commit().await?;
            Ok::<_, Error>(changed == 1)
        };
        // When the database is away nobody else can take it either.
        renewed.await.unwrap_or(true)
    }

    async fn settle(&self, job: &Job, outcome: Outcome) -> Result<()> {
        let now = self.clock.now();
        let (state, run_at, error, finished, attempts) = match outcome {
            Outcome::Done => (JobState::Done, now, None, Some(now), job.attempt),
            Outcome::Again(at) => (JobState::Queued, at, None, None, 0),
            Outcome::Soon(why, at) => (JobState::Queued, at, Some(why), None, job.attempt),
            Outcome::Retry(why) if job.last_attempt() => (JobState::Dead, now, Some(why), Some(now), job.attempt),
            Outcome::Retry(why) => (JobState::Queued, now.plus_micros(self.pause(job.attempt)), Some(why), None, job.attempt),
            Outcome::GiveUp(why) => (JobState::Dead, now, Some(why), Some(now), job.attempt),
        };
        metrics::counter!("cuekey_jobs_total", "kind" => job.kind.clone(), "state" => state.as_str()).increment(1);
        let mut tx = self.db.begin().await?;
        let sql = "UPDATE jobs SET state = $1, run_at = $2, last_error = $3, finished_at = $4, attempts = $5, decided_at = $8, lease_until = NULL, \
                   lease_token = NULL WHERE id = $6 AND state = 'running' AND lease_token = $7";
        let error = error.map(|text| text.chars().take(500).collect::<String>());
        let settled = tx.exec(sql, args![state.as_str(), run_at, error.as_deref(), finished, attempts, job.id, job.lease, now]).await? == 1;
        if settled && state == JobState::Dead && self.handlers.counting.contains(job.kind.as_str()) {
            let telling = lost::telling(job, error.unwrap_or_default(), now)?;
            enqueue(&mut tx, &self.db, &self.random, now, telling).await?;
        }
        tx.commit().await
    }

    /// 5 s, doubled each time up to 6 h, and a fifth of it more or less, so that what failed together does not return together.
    fn pause(&self, attempt: i64) -> i64 {
        let doublings = u32::try_from((attempt - 1).clamp(0, 13)).unwrap_or(0);
        let pause = ((5 * SECOND) << doublings).min(6 * 60 * MINUTE);
        let spread = u64::try_from(pause / 5 * 2).unwrap_or(0);
        pause - pause / 5 + i64::try_from(self.random.below(spread)).unwrap_or(0)
    }
}

/// A job as an operator sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Job)]
pub struct JobView {
    pub id: JobId,
    pub kind: String,
    pub state: JobState,
    pub attempts: i64,
    pub run_at: Timestamp,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

impl JobView {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            kind: row.get("kind")?,
            state: row.word("state")?,
            attempts: row.get("attempts")?,
            run_at: row.get("run_at")?,
            last_error: row.get("last_error")?,
            created_at: row.get("created_at")?,
            finished_at: row.get("finished_at")?,
        })
    }
}

const VIEW: &str = "SELECT id, kind, state, attempts, run_at, last_error, created_at, finished_at FROM jobs";

/// What was done is seen for three days.
pub const DONE: Sweep = Sweep::by_time("jobs", "id", "finished_at", 3 * DAY).only("state = 'done'");

const LIST: Index = Index { name: "jobs_list", columns: &["kind", "state"] };

/// Which kinds there are: a step in the index for each.
const KINDS: &str = "WITH RECURSIVE kinds (v0) AS (SELECT (SELECT MIN(kind) FROM jobs) UNION ALL \
                     SELECT (SELECT MIN(j.kind) FROM jobs j WHERE j.kind > k.v0) FROM kinds k WHERE k.v0 IS NOT NULL) \
                     SELECT v0 FROM kinds WHERE v0 IS NOT NULL";

/// Newest first, of one state and kind or of all.
pub async fn list(db: &Db, state: Option<JobState>, kind: Option<&str>, ask: &kernel::PageAsk) -> Result<kernel::Page<JobView>> {
    let mut look = Look::new("jobs", "id");
    if state.is_some() || kind.is_some() {
        look.by(&LIST).words("state", &JobState::texts(state));
        match kind {
            Some(kind) => look.along("kind", kind),
            None => look.among(&[("kind", Of::Text)], KINDS),
        };
    }
    look.page(&mut db.read(), VIEW, "id", ask, JobView::read, |job| job.id.uuid()).await
}

pub async fn find(sql: &mut impl Sql, id: JobId) -> Result<Option<JobView>> {
    sql.opt(&format!("{VIEW} WHERE id = $1"), args![id], JobView::read).await
}

/// Starts a given-up job again, with all its attempts. False when it is not given up.
pub async fn retry(tx: &mut Tx, db: &Db, id: JobId, now: Timestamp) -> Result<bool> {
    let sql =
        "UPDATE jobs SET state = 'queued', run_at = $1, decided_at = $1, attempts = 0, finished_at = NULL WHERE id = $2 AND state = 'dead'";
    let changed = tx.exec(sql, args![now, id]).await?;
    let db = db.clone();
    tx.on_commit(move || db.wake_jobs());
    Ok(changed == 1)
}
