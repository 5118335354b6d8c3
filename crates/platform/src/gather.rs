//! Gathering those who wait for the same kind of work, so that they share one transaction.
//!
//! Nobody waits for a timer: who comes alone is served alone, at once. Who comes while others are being served waits for
//! its turn, and whoever has the turn takes all that wait.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use kernel::Fault;
use store::Engine;
use tokio::sync::{Semaphore, oneshot};

/// Largest set; the others wait for the next.
const MOST: usize = 256;
/// More are told to come back.
const MOST_WAITING: usize = 4_096;
/// Sets at once on PostgreSQL, so that one is written while the next is read. SQLite has one writer: a second set would
/// be taken too early and wait with it.
const TURNS: u32 = 2;

pub struct Gather<A, R> {
    waiting: Mutex<VecDeque<(A, oneshot::Sender<R>)>>,
    turns: Semaphore,
}

impl<A, R> Default for Gather<A, R> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turns: Semaphore::new(TURNS as usize) }
    }
}

impl<A: Send + 'static, R: Send + 'static> Gather<A, R> {
    /// Has `ask` done with whatever else waits. `work` answers each of its asks in their order; it runs in a task of its
    /// own, so that a caller who goes away stops nobody else, and a panic costs one set.
    pub async fn one<F, Fut>(self: &Arc<Self>, engine: Engine, ask: A, work: F) -> Result<R, Fault>
    where
        F: FnOnce(Vec<A>) -> Fut + Send + 'static,
        Fut: Future<Output = Vec<R>> + Send,
    {
        let (answer, answered) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() >= MOST_WAITING {
                return Err(Fault::unavailable("too many are waiting"));
            }
            waiting.push_back((ask, answer));
        }
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let turns = if engine == Engine::Sqlite { TURNS } else { 1 };
            let Ok(_turn) = this.turns.acquire_many(turns).await else { return };
            let (asks, answers): (Vec<A>, Vec<oneshot::Sender<R>>) = this.take().into_iter().unzip();
            // Somebody else's turn has served this one.
            if asks.is_empty() {
                return;
            }
            for (answer, result) in answers.into_iter().zip(work(asks).await) {
                let _ = answer.send(result);
            }
        });
        answered.await.map_err(|_| Fault::internal("a set was not answered"))
    }

    fn take(&self) -> Vec<(A, oneshot::Sender<R>)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(MOST);
        waiting.drain(..count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All at once; how large the sets were, in their order.
    async fn sets(engine: Engine, count: usize) -> Vec<usize> {
        let (gather, sizes) = (Arc::new(Gather::<usize, usize>::default()), Arc::new(Mutex::new(Vec::new())));
        let asks = (0..count).map(|n| {
            let sizes = Arc::clone(&sizes);
            let gather = Arc::clone(&gather);
            tokio::spawn(async move {
                let work = move |asks: Vec<usize>| async move {
                    sizes.lock().unwrap().push(asks.len());
                    tokio::task::yield_now().await;
                    asks.into_iter().map(|ask| ask * 2).collect()
                };
                (n, gather.one(engine, n, work).await.unwrap())
            })
        });
        for ask in asks.collect::<Vec<_>>() {
            let (n, answer) = ask.await.unwrap();
            assert_eq!(answer, n * 2);
        }
        sizes.lock().unwrap().clone()
    }

    #[tokio::test]
    async fn everybody_gets_the_answer_to_what_it_asked_and_those_who_wait_share() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let sizes = sets(engine, 600).await;
            assert_eq!(sizes.iter().sum::<usize>(), 600);
            assert!(sizes.len() < 20 && sizes.iter().all(|size| *size <= MOST), "{sizes:?}");
            assert_eq!(sets(engine, 1).await, [1]);
        }
    }

    #[tokio::test]
    async fn a_panic_costs_one_set_and_not_the_next() {
        let gather = Arc::new(Gather::<i32, i32>::default());
        let failed = gather.one(Engine::Sqlite, 1, |asks| async move { asks.into_iter().map(|ask| 1 / (ask - 1)).collect() }).await;
        assert_eq!(failed.unwrap_err().code, "INTERNAL");
        assert_eq!(gather.one(Engine::Sqlite, 7, |asks| async move { asks }).await.unwrap(), 7);
    }
}
