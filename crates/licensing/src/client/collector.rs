//! Gathering the requests that wait, so that they share one transaction.
//!
//! Nobody waits for a timer: a worker takes what is there. On PostgreSQL two workers take turns, so that one set is being
//! written while the next is read. SQLite has one writer: a second worker would take its set too early, wait with it, and
//! hold up the commit of the first by joining it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use kernel::Fault;
use platform::Platform;
use store::{Direct, Engine};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::limit::Limits;
use super::nonces::Nonces;
use super::set::{Ask, Decision, Desk};

/// Largest set. More wait for the next; more than [`MOST_WAITING`] are told to come back.
const MOST: usize = 512;
const MOST_WAITING: usize = 8_192;

/// Into how many parts the day's counts are split where many may count: a row for each, of each day, project and agent. Two that
/// share one wait for each other's commits, and are none the worse for it otherwise.
const PARTS: u32 = 8;

type Waiting = (Ask, oneshot::Sender<Decision>);

pub struct Collector {
    queue: mpsc::Sender<Waiting>,
}

impl Collector {
    /// Starts the workers; they end when the collector is dropped.
    pub fn start(platform: &Arc<Platform>, limits: &Arc<Limits>, nonces: Nonces) -> Self {
        let nonces = Arc::new(nonces);
        let (queue, waiting) = mpsc::channel(MOST_WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        let workers = match platform.db.engine() {
            Engine::Sqlite => 1,
            Engine::Postgres => 2,
        };
        let first = u32::from_le_bytes(platform.random.bytes());
        for n in 0..workers {
            let part = if workers == 1 { 0 } else { i64::from(first.wrapping_add(n) % PARTS) };
            let desk = Desk { platform: Arc::clone(platform), limits: Arc::clone(limits), nonces: Arc::clone(&nonces), part };
            tokio::spawn(work(desk, Arc::clone(&waiting)));
        }
        Self { queue }
    }

    pub async fn ask(&self, ask: Ask) -> Decision {
        let (answer, answered) = oneshot::channel();
        if self.queue.try_send((ask, answer)).is_err() {
            return put_off("too many verifications are waiting");
        }
        answered.await.unwrap_or_else(|_| put_off("the process is stopping"))
    }
}

fn put_off(why: &str) -> Decision {
    Decision { answer: Err(Fault::unavailable(why.to_owned())), allowance: None }
}

async fn work(desk: Desk, waiting: Arc<Mutex<mpsc::Receiver<Waiting>>>) {
    let mut set = Vec::with_capacity(MOST);
    let mut direct = None;
    while waiting.lock().await.recv_many(&mut set, MOST).await > 0 {
        metrics::histogram!("cuekey_verify_set_size").record(u32::try_from(set.len()).unwrap_or(u32::MAX));
        let (asks, answers): (Vec<Ask>, Vec<oneshot::Sender<Decision>>) = set.drain(..).unzip();
        // A panic must cost one set, not the worker; and after an error nobody knows what its connection was about to say.
        let decided = AssertUnwindSafe(decide(&desk, direct.take(), &asks)).catch_unwind().await;
        match decided {
            Ok(Ok((verdicts, kept))) => {
                direct = kept;
                for (answer, verdict) in answers.into_iter().zip(verdicts) {
                    let _ = answer.send(verdict);
                }
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "a set of verifications was not decided");
                let text = error.to_string();
                for answer in answers {
                    let _ = answer.send(put_off(&text));
                }
            }
            Err(_) => {
                tracing::error!("deciding a set failed");
                for answer in answers {
                    let _ = answer.send(Decision { answer: Err(Fault::internal("deciding failed")), allowance: None });
                }
            }
        }
    }
}

/// With a connection of the worker's own.
async fn decide(desk: &Desk, direct: Option<Direct>, asks: &[Ask]) -> store::Result<(Vec<Decision>, Option<Direct>)> {
    let mut direct = match direct {
        Some(direct) => direct,
        None => desk.platform.db.direct().await?,
    };
    let decisions = desk.decide(asks, &mut direct).await?;
    Ok((decisions, Some(direct)))
}
