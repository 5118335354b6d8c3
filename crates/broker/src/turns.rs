//! How many are asked after at once at the doorkeeper, each of which is a look into a database.
//!
//! One address is a hall, with all of its lamps, and perhaps somebody who tries passwords there. So nobody is turned away for what others from its
//! address did: they have their turns one after the other. Whoever floods the door waits behind itself, and the database has a few of its looks
//! to bear at a time. Only of who would wait behind a whole hall is nothing asked: it may come again.
//!
//! **Invariant**: no more wait than [`CROWD`] and the first few of each address, whichever way they come. Each that waits takes one of `rmqtt`'s
//! handshakes ([`settings`](crate::settings)), of which there are more: so whoever is alone at its address, as our own gateway is, waits behind no
//! crowd.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// In all.
const AT_ONCE: usize = 16;
/// From one address.
const OF_ONE: usize = 2;
/// Those that may wait at one address, besides: a hall has 200 lamps, which all come when its power does.
const LINE: usize = 500;
/// Those that may wait at all addresses, besides the first few of each: as many as some halls have.
pub(crate) const CROWD: usize = 4_000;

pub(crate) struct Turns {
    all: Semaphore,
    crowd: Semaphore,
    lines: Mutex<HashMap<Option<IpAddr>, Arc<Line>>>,
}

struct Line {
    turns: Semaphore,
    /// A place for each that has its turn, or waits for it.
    places: Semaphore,
}

impl Default for Turns {
    fn default() -> Self {
        Self { all: Semaphore::new(AT_ONCE), crowd: Semaphore::new(CROWD), lines: Mutex::default() }
    }
}

impl Turns {
    /// Does it when it is this address's turn; `None` where too many wait there.
    pub async fn wait<T>(&self, address: Option<IpAddr>, work: impl Future<Output = T>) -> Option<T> {
        let line = self.line(address);
        let _place = line.places.try_acquire().ok()?;
        // Nobody closes them, so that there are always turns.
        let _own = self.own_turn(&line).await?;
        let _of_all = self.all.acquire().await.ok()?;
        Some(work.await)
    }

    async fn own_turn<'line>(&self, line: &'line Line) -> Option<SemaphorePermit<'line>> {
        if let Ok(turn) = line.turns.try_acquire() {
            return Some(turn);
        }
        let _in_crowd = self.crowd.try_acquire().ok()?;
        line.turns.acquire().await.ok()
    }

    fn line(&self, address: Option<IpAddr>) -> Arc<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if !lines.contains_key(&address) {
            // Those at which nobody stands.
            lines.retain(|_, line| Arc::strong_count(line) > 1);
        }
        let new = || Arc::new(Line { turns: Semaphore::new(OF_ONE), places: Semaphore::new(OF_ONE + LINE) });
        Arc::clone(lines.entry(address).or_insert_with(new))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn address(n: u8) -> Option<IpAddr> {
        Some(Ipv4Addr::new(10, 0, 0, n).into())
    }

    #[tokio::test]
    async fn a_hall_waits_for_its_turns_and_whoever_comes_on_top_of_it_is_not_asked_after() {
        let turns = Turns::default();
        let mut context = Context::from_waker(Waker::noop());
        let mut hall: Vec<_> = (0..OF_ONE + LINE).map(|_| Box::pin(turns.wait(address(1), std::future::pending::<()>()))).collect();
        for one in &mut hall {
            assert!(one.as_mut().poll(&mut context).is_pending());
        }
        assert!(turns.wait(address(1), async {}).await.is_none());
        assert!(turns.wait(address(2), async {}).await.is_some(), "elsewhere nobody waits");
        drop(hall);
        assert!(turns.wait(address(1), async {}).await.is_some());
        assert_eq!(turns.lines.lock().unwrap_or_else(PoisonError::into_inner).len(), 2);
        assert!(turns.wait(address(3), async {}).await.is_some());
        assert_eq!(turns.lines.lock().unwrap_or_else(PoisonError::into_inner).len(), 1, "where nobody waits is forgotten");
    }

    #[tokio::test]
    async fn whoever_is_first_at_its_address_waits_behind_no_crowd() {
        let turns = Turns::default();
        let mut context = Context::from_waker(Waker::noop());
        let halls = u8::try_from(CROWD / LINE).expect("a few");
        let mut crowd: Vec<_> = (0..halls)
            .flat_map(|hall| (0..OF_ONE + LINE).map(move |_| hall))
            .map(|hall| Box::pin(turns.wait(address(hall), std::future::pending::<()>())))
            .collect();
        for one in &mut crowd {
            assert!(one.as_mut().poll(&mut context).is_pending());
        }
        let mut first: Vec<_> = (0..OF_ONE).map(|_| Box::pin(turns.wait(address(halls), async {}))).collect();
        for one in &mut first {
            assert!(
                one.as_mut().poll(&mut context).is_pending(),
                "it has a place in the line, and its turn after those who are asked after"
            );
        }
        assert!(turns.wait(address(halls), async {}).await.is_none(), "it would be one more of the crowd");
        drop(crowd);
        for one in first {
            assert!(one.await.is_some());
        }
    }

    #[tokio::test]
    async fn few_are_asked_after_at_once_whichever_way_they_come() {
        let turns = Turns::default();
        let mut context = Context::from_waker(Waker::noop());
        let halls = u8::try_from(AT_ONCE / OF_ONE).expect("a few");
        let mut asked: Vec<_> = (0..halls)
            .flat_map(|hall| (0..OF_ONE).map(move |_| hall))
            .map(|hall| Box::pin(turns.wait(address(hall), std::future::pending::<()>())))
            .collect();
        for one in &mut asked {
            assert!(one.as_mut().poll(&mut context).is_pending());
        }
        let mut next = pin!(turns.wait(address(halls), async {}));
        assert!(next.as_mut().poll(&mut context).is_pending());
        asked.pop();
        assert_eq!(next.as_mut().poll(&mut context), Poll::Ready(Some(())));
    }
}
