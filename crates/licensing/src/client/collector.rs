//! Gathering the requests that wait, so that they share one transaction.
//!
//! Nobody waits for a timer: a worker takes what is there. On PostgreSQL two workers take turns, so that one set is being
//! written while the next is read. SQLite has one writer: a second worker would take its set too early, wait with it, and
//! hold up the commit of the first by joining it.

use std::sync::Arc;

use kernel::Fault;
use platform::Platform;
use store::Engine;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::limit::Limits;
use super::nonces::Nonces;
use super::set::{self, Ask, Decision};

/// Largest set. More wait for the next; more than [`MOST_WAITING`] are told to come back.
const MOST: usize = 512;
const MOST_WAITING: usize = 8_192;

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
        for _ in 0..workers {
            tokio::spawn(work(Arc::clone(platform), Arc::clone(limits), Arc::clone(&nonces), Arc::clone(&waiting)));
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

async fn work(platform: Arc<Platform>, limits: Arc<Limits>, nonces: Arc<Nonces>, waiting: Arc<Mutex<mpsc::Receiver<Waiting>>>) {
    let mut set = Vec::with_capacity(MOST);
    loop {
        if waiting.lock().await.recv_many(&mut set, MOST).await == 0 {
            return;
        }
        metrics::histogram!("cuekey_verify_set_size").record(u32::try_from(set.len()).unwrap_or(u32::MAX));
        let (asks, answers): (Vec<Ask>, Vec<oneshot::Sender<Decision>>) = set.drain(..).unzip();
        // In a task of its own: a panic must cost one set, not the worker.
        let decided = {
            let (platform, limits, nonces) = (Arc::clone(&platform), Arc::clone(&limits), Arc::clone(&nonces));
            tokio::spawn(async move { set::decide(&platform, &limits, &nonces, &asks).await }).await
        };
        match decided {
            Ok(Ok(verdicts)) => {
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
            Err(error) => {
                tracing::error!(%error, "deciding a set failed");
                for answer in answers {
                    let _ = answer.send(Decision { answer: Err(Fault::internal("deciding failed")), allowance: None });
                }
            }
        }
    }
}
