//! What a stand-in of a payment network tells by itself: once, twice, late, in another order, or not at all.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kernel::Clock;

use crate::trouble::Told;

/// How often it tells what is not taken.
const TRIES: u32 = 5;

/// Notices that have not left yet, oldest first.
pub(crate) struct Outbox<N>(Mutex<Vec<N>>);

impl<N> Outbox<N> {
    pub fn empty() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Vec<N>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn len(&self) -> usize {
        self.open().len()
    }

    /// The one that is so many places behind the oldest. It is whoever's who asks, and kept no more.
    pub fn take(&self, at: usize) -> Option<N> {
        let mut kept = self.open();
        (at < kept.len()).then(|| kept.remove(at))
    }

    fn keep(&self, notice: N) {
        self.open().push(notice);
    }

    /// Where none waits, this one does; otherwise it leaves before those that wait.
    fn swap(&self, notice: N) -> Vec<N> {
        let mut kept = self.open();
        if kept.is_empty() {
            kept.push(notice);
            return Vec::new();
        }
        std::iter::once(notice).chain(kept.drain(..)).collect()
    }
}

/// A network, as far as it tells anything.
pub(crate) trait Tells: Send + Sync + Sized + 'static {
    type Notice: Send + Sync + 'static;

    /// Until it tries again.
    const AGAIN: Duration;

    fn outbox(&self) -> &Outbox<Self::Notice>;

    fn how(&self) -> Told;

    fn clock(&self) -> &Clock;

    /// It leaves now. Whether it was taken.
    fn post(&self, notice: &Self::Notice) -> impl Future<Output = bool> + Send;
}

/// The first time at once, so that whoever has paid finds it told; the others beside.
pub(crate) async fn tell<T: Tells>(own: &Arc<T>, notice: T::Notice) {
    match own.how() {
        Told::Lost => {}
        Told::Kept => own.outbox().keep(notice),
        Told::Swapped => {
            for one in own.outbox().swap(notice) {
                own.post(&one).await;
            }
        }
        Told::Twice => {
            tokio::join!(own.post(&notice), own.post(&notice));
        }
        Told::Forged | Told::OtherAmount => {
            own.post(&notice).await;
        }
        Told::Late(seconds) => {
            let (own, due) = (Arc::clone(own), own.clock().now().plus_seconds(i64::from(seconds)));
            tokio::spawn(async move {
                // By when it is due: the clock may have moved on before this begins to wait.
                let left = due.micros() - own.clock().now().micros();
                own.clock().sleep(Duration::from_micros(u64::try_from(left).unwrap_or_default())).await;
                own.post(&notice).await;
            });
        }
        Told::Once => {
            if !own.post(&notice).await {
                tokio::spawn(again(Arc::clone(own), notice));
            }
        }
    }
}

async fn again<T: Tells>(own: Arc<T>, notice: T::Notice) {
    for _ in 1..TRIES {
        own.clock().sleep(T::AGAIN).await;
        if own.post(&notice).await {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v8_2_each_second_notice_leaves_before_the_first() {
        let outbox = Outbox::empty();
        let left: Vec<_> = [1, 2, 3, 4, 5].into_iter().flat_map(|notice| outbox.swap(notice)).collect();
        assert_eq!((left, outbox.len()), (vec![2, 1, 4, 3], 1));
    }

    #[test]
    fn v8_2_what_is_kept_leaves_once_and_in_any_order() {
        let outbox = Outbox::empty();
        for notice in [1, 2, 3] {
            outbox.keep(notice);
        }
        let left = [outbox.take(3), outbox.take(2), outbox.take(0), outbox.take(0), outbox.take(0)];
        assert_eq!((left, outbox.len()), ([None, Some(3), Some(1), Some(2), None], 0));
    }
}
