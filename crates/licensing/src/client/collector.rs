//! Gathering the requests that wait, so that they are read and written together.
//!
//! A worker takes what is there; or where that is a handful and another set is on its way, what has come until there is more of it or
//! that set has ended. On PostgreSQL three workers take turns, so that while one set is written another
//! is read, and neither processor waits for the disk. SQLite has one writer, and a text that it goes through at
//! once ([`store::Direct`]): with a second worker the sets are smaller, and there are more of them to write.
//!
//! While a set is being written there is nothing to do but to sign its answers, which takes a processor about as long: so it is
//! done then, by tasks of its own. An answer that is signed is not sent before what it says is durable.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use kernel::{Clock, Fault, Timestamp};
use platform::Platform;
use store::{Direct, Engine};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::limit::Limits;
use super::nonces::Nonces;
use super::project::CallerProject;
use super::reply::{Reply, Tell};
use super::set::{Ask, Decision, Desk};

/// Largest set. More wait for the next; more than [`MOST_WAITING`] are told to come back.
const MOST: usize = 512;
const MOST_WAITING: usize = 8_192;

/// Into how many parts the day's counts are split where many may count: a row for each, of each day, project and agent. Two that
/// share one wait for each other's commits, and are none the worse for it otherwise.
const PARTS: u32 = 8;

/// A set of fewer waits for more while another is on its way: what a set costs as a whole would be paid for a handful.
const FEW: usize = 8;
/// But not longer than this, many times what a set takes: one that waits for somebody's lock holds up no other.
const PATIENCE: Duration = Duration::from_millis(20);

/// As many answers as one task signs: with more, the other processors would wait for it, while a set of few connections is written.
const SIGNED_TOGETHER: usize = 16;

type Waiting = (Ask, Caller, oneshot::Sender<Result<Reply, Fault>>);

/// What it takes to tell one of a set.
struct Caller {
    project: Arc<CallerProject>,
    nonce: String,
    tell: Tell,
}

impl Caller {
    fn reply(&self, decision: Decision, now: Timestamp) -> Reply {
        let allowance = decision.allowance;
        Reply::of((self.tell)(decision), allowance, Some(&self.project), &self.nonce, now)
    }
}

pub struct Collector {
    queue: mpsc::Sender<Waiting>,
}

/// Where the workers find what waits.
struct Counter {
    waiting: Mutex<mpsc::Receiver<Waiting>>,
    /// Sets that are on their way.
    under_way: watch::Sender<usize>,
}

impl Counter {
    /// The next set: what is there, and where that is little, what comes until there is more of it or no other set is on its way.
    /// Nothing, when the collector was dropped.
    async fn next(&self, set: &mut Vec<Waiting>, clock: &Clock) -> Option<UnderWay<'_>> {
        let mut waiting = self.waiting.lock().await;
        if waiting.recv_many(set, MOST).await == 0 {
            return None;
        }
        if set.len() < FEW && *self.under_way.borrow() > 0 {
            let mut others = self.under_way.subscribe();
            let mut patience = std::pin::pin!(clock.sleep(PATIENCE));
            while set.len() < FEW {
                let most = FEW - set.len();
                tokio::select! {
                    _ = others.wait_for(|others| *others == 0) => break,
                    () = &mut patience => break,
                    more = waiting.recv_many(set, most) => if more == 0 { break },
                }
            }
        }
        self.under_way.send_modify(|sets| *sets += 1);
        Some(UnderWay(&self.under_way))
    }
}

/// A set on its way.
struct UnderWay<'a>(&'a watch::Sender<usize>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|sets| *sets -= 1);
    }
}

impl Collector {
    /// Starts the workers; they end when the collector is dropped.
    pub fn start(platform: &Arc<Platform>, limits: &Arc<Limits>, nonces: &Arc<Nonces>) -> Self {
        let (queue, waiting) = mpsc::channel(MOST_WAITING);
        let counter = Arc::new(Counter { waiting: Mutex::new(waiting), under_way: watch::Sender::new(0) });
        let workers = match platform.db.engine() {
            Engine::Sqlite => 1,
            Engine::Postgres => 3,
        };
        let first = u32::from_le_bytes(platform.random.bytes());
        for n in 0..workers {
            let part = if workers == 1 { 0 } else { i64::from(first.wrapping_add(n) % PARTS) };
            let desk = Desk { platform: Arc::clone(platform), limits: Arc::clone(limits), nonces: Arc::clone(nonces), part };
            tokio::spawn(work(desk, Arc::clone(&counter)));
        }
        Self { queue }
    }

    pub async fn ask(&self, ask: Ask, tell: Tell) -> Result<Reply, Fault> {
        let (answer, answered) = oneshot::channel();
        let caller = Caller { project: Arc::clone(&ask.project), nonce: ask.nonce.clone(), tell };
        if self.queue.try_send((ask, caller, answer)).is_err() {
            return Err(Fault::unavailable("too many verifications are waiting"));
        }
        answered.await.unwrap_or_else(|_| Err(Fault::unavailable("the process is stopping")))
    }
}

async fn work(desk: Desk, counter: Arc<Counter>) {
    let mut set = Vec::with_capacity(MOST);
    let mut direct = None;
    while let Some(_under_way) = counter.next(&mut set, &desk.platform.clock).await {
        metrics::histogram!("cuekey_verify_set_size").record(u32::try_from(set.len()).unwrap_or(u32::MAX));
        let (mut asks, mut callers, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for (ask, caller, answer) in set.drain(..) {
            asks.push(ask);
            callers.push(caller);
            answers.push(answer);
        }
        // A panic must cost one set, not the worker; and after an error nobody knows what its connection was about to say.
        let decided = AssertUnwindSafe(decide(&desk, direct.take(), &asks, callers.into())).catch_unwind().await;
        match decided {
            Ok(Ok((replies, kept))) => {
                direct = Some(kept);
                for (answer, reply) in answers.into_iter().zip(replies) {
                    let _ = answer.send(Ok(reply));
                }
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "a set of verifications was not decided");
                let text = error.to_string();
                for answer in answers {
                    let _ = answer.send(Err(Fault::unavailable(text.clone())));
                }
            }
            Err(_) => {
                tracing::error!("deciding a set failed");
                for answer in answers {
                    let _ = answer.send(Err(Fault::internal("deciding failed")));
                }
            }
        }
    }
}

/// With a connection of the worker's own.
async fn decide(desk: &Desk, direct: Option<Direct>, asks: &[Ask], callers: Arc<[Caller]>) -> store::Result<(Vec<Reply>, Direct)> {
    let mut direct = match direct {
        Some(direct) => direct,
        None => desk.platform.db.direct().await?,
    };
    let mut signing = Vec::new();
    // What is decided a second time is signed a second time.
    desk.decide(asks, &mut direct, |decisions| signing = sign(&desk.platform.clock, &callers, decisions)).await?;
    let mut replies = Vec::with_capacity(asks.len());
    for part in signing {
        replies.extend(part.await.map_err(|error| store::Error::Internal(format!("signing: {error}")))?);
    }
    Ok((replies, direct))
}

fn sign(clock: &Clock, callers: &Arc<[Caller]>, decisions: Vec<Decision>) -> Vec<JoinHandle<Vec<Reply>>> {
    let mut left = decisions.into_iter();
    let mut parts = Vec::new();
    while left.len() > 0 {
        let from = callers.len() - left.len();
        let part: Vec<Decision> = left.by_ref().take(SIGNED_TOGETHER).collect();
        let (callers, now) = (Arc::clone(callers), clock.now());
        parts.push(tokio::spawn(async move {
            let callers = callers.iter().skip(from);
            part.into_iter().zip(callers).map(|(decision, caller)| caller.reply(decision, now)).collect()
        }));
    }
    parts
}
