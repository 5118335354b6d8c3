//! Takes jobs that are due, has them carried out by their handlers, and stores what became of them.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, MINUTE, Random, SECOND, Timestamp, Word};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinError;
use uuid::Uuid;

use super::{Crew, Job, JobKind, JobState, Lead, Outcome, Workers, about, due, enqueue, lost};
use crate::{Db, Result, Row, Sql, args};

type Boxed = Pin<Box<dyn Future<Output = Outcome> + Send>>;
type Handler<C> = Arc<dyn Fn(C, Job) -> Boxed + Send + Sync>;

/// Which function carries out which kind.
pub struct Handlers<C> {
    by_kind: HashMap<&'static str, Handler<C>>,
    /// Of which kinds it is told when one is given up.
    counting: HashSet<&'static str>,
    panicked: Option<fn(&C, &Job)>,
}

impl<C: Clone + Send + 'static> Default for Handlers<C> {
    fn default() -> Self {
        Self { by_kind: HashMap::new(), counting: HashSet::new(), panicked: None }
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

    /// Is told each time that a handler panics, besides what becomes of its job.
    pub fn when_one_panics(&mut self, tell: fn(&C, &Job)) {
        self.panicked = Some(tell);
    }
}

/// Takes jobs and carries them out.
pub struct Runner<C> {
    db: Db,
    clock: Clock,
    random: Random,
    cx: C,
    handlers: Arc<Handlers<C>>,
    /// By which jobs and crews name whoever has them.
    process: Uuid,
}

/// How long a worker may be silent before its job is taken from it: what a process had begun that was killed is done within half a minute.
pub(super) const LEASE: i64 = 20 * SECOND;
/// Renewed well before it ends.
const RENEW: Duration = Duration::from_secs(5);

impl<C: Clone + Send + Sync + 'static> Runner<C> {
    pub fn new(db: Db, clock: Clock, random: Random, cx: C, handlers: Handlers<C>) -> Self {
        let process = random.uuid_v7(clock.now());
        Self { db, clock, random, cx, handlers: Arc::new(handlers), process }
    }

    /// Works under this name, by which another takes over from it ([`take_over`](super::take_over)). It is nobody else's.
    #[must_use]
    pub fn named(self, process: Uuid) -> Self {
        Self { process, ..self }
    }

    /// Works until `stop` turns true, then finishes what was begun.
    pub async fn run(self, workers: Workers, stop: watch::Receiver<bool>) {
        self.count_from_zero();
        let this = Arc::new(self);
        let crew = |crew, workers| Arc::clone(&this).crew(crew, workers, stop.clone());
        tokio::join!(
            crew(Crew::Prompt, workers.prompt),
            crew(Crew::Boards, workers.boards),
            crew(Crew::Wechat, workers.wechat),
            crew(Crew::Alipay, workers.alipay),
            crew(Crew::Texts, workers.texts),
            crew(Crew::Callbacks, workers.callbacks),
            crew(Crew::Mail, workers.mail),
            crew(Crew::Rest, workers.rest)
        );
    }

    /// Each outcome of each kind is on the metrics' page from the start: of a counter that is born at one nobody sees that it has gone up.
    fn count_from_zero(&self) {
        for kind in self.handlers.by_kind.keys().copied() {
            for state in [JobState::Done, JobState::Queued, JobState::Dead] {
                metrics::counter!("cuekey_jobs_total", "kind" => kind, "state" => state.as_str()).increment(0);
            }
        }
    }

    async fn crew(self: Arc<Self>, crew: Crew, workers: usize, mut stop: watch::Receiver<bool>) {
        let this = self;
        let places = Arc::new(Semaphore::new(workers));
        let waiting = this.db.jobs_waiting(crew);
        let mut lead = crew.is_alone().then(|| Lead::new(crew, this.process));
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
        let states = self.db.read().all(&due::look(), args![now, crew.as_str()], |row| row.get::<String>("state")).await?;
        if states.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.db.begin().await?;
        let skip = tx.skip_locked();
        let (lease, until) = (self.random.uuid_v7(now), now.plus_micros(LEASE));
        let mut jobs = Vec::new();
        for due in due::DUE.iter().filter(|due| states.iter().any(|state| state == due.state)) {
            let left = most - i64::try_from(jobs.len()).unwrap_or(most);
            let read = |row: &Row| {
                Ok(Job {
                    id: row.get("id")?,
                    kind: row.get("kind")?,
                    payload: row.get("payload")?,
                    attempt: row.get("attempts")?,
                    max_attempts: row.get("max_attempts")?,
                    lease,
                })
            };
            jobs.extend(tx.all(&due.take(skip), args![now, crew.as_str(), left, until, lease, self.process], read).await?);
        }
        tx.commit().await?;
        Ok(jobs)
    }

    async fn carry_out(&self, job: Job) {
        let span = tracing::info_span!("job", id = %job.id, kind = %job.kind, attempt = job.attempt);
        span.in_scope(|| tracing::debug!(lease = %job.lease, "begun"));
        let outcome = match self.handlers.by_kind.get(job.kind.as_str()) {
            None => Outcome::GiveUp(format!("this program has no handler for jobs of kind {}", job.kind)),
            Some(handler) => {
                // In a task of its own, so that a panic costs one job and not the worker.
                let mut work = tokio::spawn(handler(self.cx.clone(), job.clone()));
                loop {
                    tokio::select! {
                        done = &mut work => break done.unwrap_or_else(|error| self.failed(&job, &error)),
                        () = self.clock.sleep(RENEW) => {
                            let until = self.clock.now().plus_micros(LEASE);
                            match self.renew(&job, until).await {
                                Ok(true) => span.in_scope(|| tracing::debug!(lease = %job.lease, %until, "renewed")),
                                Ok(false) => {
                                    // Another worker has it now: two must not go on.
                                    work.abort();
                                    return;
                                }
                                // While the database is away nobody else can take it either.
                                Err(_) => {}
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

    fn failed(&self, job: &Job, error: &JoinError) -> Outcome {
        if error.is_panic()
            && let Some(tell) = self.handlers.panicked
        {
            tell(&self.cx, job);
        }
        Outcome::Retry(format!("the handler failed: {error}"))
    }

    /// Whether it was still this worker's.
    async fn renew(&self, job: &Job, until: Timestamp) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let sql = "UPDATE jobs SET lease_until = $1 WHERE id = $2 AND state = 'running' AND lease_token = $3";
        let changed = tx.exec(sql, args![until, job.id, job.lease]).await?;
        tx.commit().await?;
        Ok(changed == 1)
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
                   lease_token = NULL, worker = NULL WHERE id = $6 AND state = 'running' AND lease_token = $7";
        let error = error.map(|text| text.chars().take(500).collect::<String>());
        let settled = tx.exec(sql, args![state.as_str(), run_at, error.as_deref(), finished, attempts, job.id, job.lease, now]).await? == 1;
        if settled && state == JobState::Dead && self.handlers.counting.contains(job.kind.as_str()) {
            let telling = lost::telling(job, error.unwrap_or_default(), now)?;
            enqueue(&mut tx, &self.db, &self.random, now, telling).await?;
        }
        tx.commit().await
    }

    /// 5 s, doubled each time up to 6 h.
    fn pause(&self, attempt: i64) -> i64 {
        let doublings = u32::try_from((attempt - 1).clamp(0, 13)).unwrap_or(0);
        about(((5 * SECOND) << doublings).min(6 * 60 * MINUTE), &self.random)
    }
}
