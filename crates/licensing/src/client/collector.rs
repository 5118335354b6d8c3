//! Gathering the requests that wait, so that they share one transaction.
//!
//! Nobody waits for a timer: a worker takes what is there. Two workers take turns, so that one set is being written while
//! the next is read.

use std::sync::Arc;

use kernel::Fault;
use platform::Platform;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::set::{self, Answer, Ask};

/// Largest set. More wait for the next; more than [`MOST_WAITING`] are told to come back.
const MOST: usize = 512;
const MOST_WAITING: usize = 8_192;
const WORKERS: usize = 2;

type Waiting = (Ask, oneshot::Sender<Answer>);

pub struct Collector {
    queue: mpsc::Sender<Waiting>,
}

impl Collector {
    /// Starts the workers; they end when the collector is dropped.
    pub fn start(platform: &Arc<Platform>) -> Self {
        let (queue, waiting) = mpsc::channel(MOST_WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..WORKERS {
            tokio::spawn(work(Arc::clone(platform), Arc::clone(&waiting)));
        }
        Self { queue }
    }

    pub async fn ask(&self, ask: Ask) -> Answer {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send((ask, answer)).map_err(|_| Fault::unavailable("too many verifications are waiting"))?;
        answered.await.unwrap_or_else(|_| Err(Fault::unavailable("the process is stopping")))
    }
}

async fn work(platform: Arc<Platform>, waiting: Arc<Mutex<mpsc::Receiver<Waiting>>>) {
    let mut set = Vec::with_capacity(MOST);
    loop {
        if waiting.lock().await.recv_many(&mut set, MOST).await == 0 {
            return;
        }
        metrics::histogram!("cuekey_verify_set_size").record(u32::try_from(set.len()).unwrap_or(u32::MAX));
        let (asks, answers): (Vec<Ask>, Vec<oneshot::Sender<Answer>>) = set.drain(..).unzip();
        // In a task of its own: a panic must cost one set, not the worker.
        let decided = {
            let platform = Arc::clone(&platform);
            tokio::spawn(async move { set::decide(&platform, &asks).await }).await
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
                    let _ = answer.send(Err(Fault::unavailable(text.clone())));
                }
            }
            Err(error) => {
                tracing::error!(%error, "deciding a set failed");
                for answer in answers {
                    let _ = answer.send(Err(Fault::internal("deciding failed")));
                }
            }
        }
    }
}
