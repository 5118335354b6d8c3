//! Who is connected: bounds in all and for each address, and the marks by which waiting connections are found.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::limits::{Limits, Stage, State};
use crate::room::{Room, Rooms};

pub(crate) struct Places {
    name: &'static str,
    limits: Limits,
    /// Counts ticks from 1.
    now: Arc<AtomicU32>,
    open: Mutex<Open>,
    count: watch::Sender<usize>,
    bodies: Arc<Room>,
}

#[derive(Default)]
struct Open {
    next: u64,
    connections: HashMap<u64, Arc<Conn>>,
    by_address: HashMap<IpAddr, Neighbours>,
}

/// Those who are counted together.
struct Neighbours {
    connections: usize,
    bodies: Arc<Room>,
}

/// Why nobody was let in, or nothing more was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    InAll,
    Address,
}

impl Places {
    pub fn new(name: &'static str, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            name,
            limits,
            now: Arc::new(AtomicU32::new(1)),
            open: Mutex::default(),
            count: watch::Sender::new(0),
            bodies: Room::of(limits.bodies),
        })
    }

    /// A place for a connection from `peer`; one that is `trusted` (a proxy) counts only on the bound in all.
    pub fn take(self: &Arc<Self>, peer: IpAddr, trusted: bool) -> Result<Place, Full> {
        let address = (!trusted).then(|| neighbourhood(peer));
        let mut open = self.lock();
        if open.connections.len() >= self.limits.at_once {
            return Err(Full::InAll);
        }
        let mut own = None;
        if let Some(address) = address {
            let bodies = self.limits.bodies_per_address;
            let of_one = open.by_address.entry(address).or_insert_with(|| Neighbours { connections: 0, bodies: Room::of(bodies) });
            if of_one.connections >= self.limits.per_address {
                return Err(Full::Address);
            }
            of_one.connections += 1;
            own = Some(Arc::clone(&of_one.bodies));
        }
        let id = open.next;
        open.next += 1;
        let conn = Arc::new(Conn::new(Arc::clone(&self.now), Rooms { all: Arc::clone(&self.bodies), own }));
        open.connections.insert(id, Arc::clone(&conn));
        self.count.send_replace(open.connections.len());
        Ok(Place { places: Arc::clone(self), id, address, conn })
    }

    /// One tick: cuts the connections that have waited too long.
    pub fn sweep(&self) {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        let open = self.lock();
        let count = open.connections.len();
        metrics::gauge!("cuekey_connections", "listener" => self.name).set(u32::try_from(count).unwrap_or(u32::MAX));
        metrics::gauge!("cuekey_body_bytes", "listener" => self.name).set(u32::try_from(self.bodies()).unwrap_or(u32::MAX));
        for conn in open.connections.values() {
            if let Some(why) = self.limits.overdue(conn.state(now), count)
                && let Some(task) = conn.task.get()
            {
                metrics::counter!("cuekey_connections_cut_total", "why" => why.as_str()).increment(1);
                task.abort();
            }
        }
    }

    /// What bodies hold.
    pub fn bodies(&self) -> usize {
        self.bodies.taken()
    }

    /// Returns when nobody is connected.
    pub async fn empty(&self) {
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place; free again when dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    id: u64,
    address: Option<IpAddr>,
    pub conn: Arc<Conn>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.places.lock();
        open.connections.remove(&self.id);
        if let Some(address) = self.address
            && let Some(of_one) = open.by_address.get_mut(&address)
        {
            of_one.connections -= 1;
            if of_one.connections == 0 {
                open.by_address.remove(&address);
            }
        }
        self.places.count.send_replace(open.connections.len());
    }
}

/// Whose connections are counted together: an IPv4 address, or a /64 of IPv6, which one subscriber has whole.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => std::net::Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// A connection's marks.
pub(crate) struct Conn {
    now: Arc<AtomicU32>,
    /// Requests that are being answered, until the last byte of the answer is handed over.
    busy: AtomicU32,
    /// Stage and the tick at which it began, in one word, so that no look sees the one without the other.
    mark: AtomicU64,
    /// The tick since which a write waits; 0 while none does.
    stalled: AtomicU32,
    /// Where its bodies are counted.
    pub rooms: Rooms,
    pub task: OnceLock<AbortHandle>,
}

impl Conn {
    fn new(now: Arc<AtomicU32>, rooms: Rooms) -> Self {
        let (busy, mark, stalled) = (AtomicU32::new(0), AtomicU64::new(0), AtomicU32::new(0));
        let conn = Self { now, busy, mark, stalled, rooms, task: OnceLock::new() };
        conn.begin(Stage::Fresh);
        conn
    }

    pub fn begin(&self, stage: Stage) {
        let now = u64::from(self.now.load(Ordering::Relaxed));
        self.mark.store((stage as u64) << 32 | now, Ordering::Release);
    }

    pub fn stage(&self) -> Stage {
        match self.mark.load(Ordering::Acquire) >> 32 {
            0 => Stage::Fresh,
            1 => Stage::Head,
            _ => Stage::Idle,
        }
    }

    /// Bytes have come in. Of a body, or of a head: its time begins with its first byte.
    pub fn heard(&self) {
        if self.busy.load(Ordering::Relaxed) == 0 && self.stage() != Stage::Head {
            // A fresh connection's time began when it was accepted, and goes on.
            match self.stage() {
                Stage::Fresh => self.mark.store(self.mark.load(Ordering::Acquire) | (Stage::Head as u64) << 32, Ordering::Release),
                Stage::Head | Stage::Idle => self.begin(Stage::Head),
            }
        }
    }

    /// Whether a write waits, as it has just been seen.
    pub fn stalled(&self, waits: bool) {
        let since = self.stalled.load(Ordering::Relaxed);
        if waits && since == 0 {
            self.stalled.store(self.now.load(Ordering::Relaxed), Ordering::Relaxed);
        } else if !waits && since != 0 {
            self.stalled.store(0, Ordering::Relaxed);
        }
    }

    fn state(&self, now: u32) -> State {
        let stage = self.stage();
        let since = u32::try_from(self.mark.load(Ordering::Acquire) & u64::from(u32::MAX)).unwrap_or(now);
        let stalled = self.stalled.load(Ordering::Relaxed);
        State {
            answering: self.busy.load(Ordering::Acquire) > 0,
            stage,
            waited: now.saturating_sub(since),
            stalled: (stalled > 0).then(|| now.saturating_sub(stalled)),
        }
    }
}

/// A request that is being answered. Travels with the answer's body, and ends with it.
pub(crate) struct Busy(Arc<Conn>);

impl Busy {
    pub fn new(conn: &Arc<Conn>) -> Self {
        conn.busy.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(conn))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        // Marked before it counts as idle: a look in between must not find an old mark.
        self.0.begin(Stage::Idle);
        self.0.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn one_address_cannot_take_all_places_and_gets_its_own_back() {
        let places = Places::new("test", Limits { at_once: 5, per_address: 2, ..Limits::default() });
        let kept = [places.take(ip("1.1.1.1"), false).ok(), places.take(ip("::ffff:1.1.1.1"), false).ok()];
        assert!(kept.iter().all(Option::is_some));
        assert_eq!(places.take(ip("1.1.1.1"), false).err(), Some(Full::Address));
        let other = places.take(ip("2.2.2.2"), false);
        assert!(other.is_ok());
        drop(kept);
        assert!(places.take(ip("1.1.1.1"), false).is_ok());
        assert_eq!(places.lock().by_address.len(), 1, "what is free is forgotten");
    }

    #[test]
    fn a_proxy_counts_only_in_all() {
        let places = Places::new("test", Limits { at_once: 3, per_address: 1, ..Limits::default() });
        let kept: Vec<_> = (0..3).map(|_| places.take(ip("10.0.0.1"), true)).collect();
        assert!(kept.iter().all(Result::is_ok));
        assert_eq!(places.take(ip("9.9.9.9"), false).err(), Some(Full::InAll));
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_address() {
        assert_eq!(neighbourhood(ip("2001:db8:1:2:aaaa::1")), neighbourhood(ip("2001:db8:1:2:bbbb::9")));
        assert_ne!(neighbourhood(ip("2001:db8:1:2::1")), neighbourhood(ip("2001:db8:1:3::1")));
    }

    #[test]
    fn the_first_heads_time_begins_with_the_connection_and_others_with_their_first_byte() {
        let places = Places::new("test", Limits::default());
        let place = places.take(ip("1.1.1.1"), false).expect("a place");
        let conn = &place.conn;
        let at = |ticks| places.now.store(ticks, Ordering::Relaxed);
        at(5);
        conn.heard();
        assert_eq!((conn.state(6).stage, conn.state(6).waited), (Stage::Head, 5));
        let busy = Busy::new(conn);
        at(8);
        conn.heard();
        assert!(conn.state(8).answering);
        drop(busy);
        assert_eq!((conn.state(9).stage, conn.state(9).waited), (Stage::Idle, 1));
        at(20);
        conn.heard();
        at(21);
        conn.heard();
        assert_eq!((conn.state(22).stage, conn.state(22).waited), (Stage::Head, 2), "a byte now and then gains no time");
    }
}
