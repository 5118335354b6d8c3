//! How much the bodies that are on their way may hold: those of all connections together, and those of one address.
//!
//! Two counters, and no lock: a body is counted piece by piece as it arrives, and given back when it is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::places::{Conn, Full};

/// What is kept of each piece of a body beside its bytes: whoever sends them one at a time must not hold many times as much.
const PIECE: usize = 64;

/// So many bytes, and how many of them are taken.
pub(crate) struct Room {
    most: usize,
    taken: AtomicUsize,
}

impl Room {
    pub fn of(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: AtomicUsize::new(0) })
    }

    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Takes all of it or nothing. Of two at once that do not fit together, both may be refused.
    fn take(&self, bytes: usize) -> bool {
        let fits = self.taken.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= self.most;
        if !fits {
            self.give_back(bytes);
        }
        fits
    }

    fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Where a connection's bodies are counted.
pub(crate) struct Rooms {
    pub all: Arc<Room>,
    /// Its address's; a proxy has none.
    pub own: Option<Arc<Room>>,
}

/// What one body holds, until this is dropped.
pub(crate) struct Held {
    conn: Arc<Conn>,
    bytes: usize,
}

impl Held {
    pub fn new(conn: &Arc<Conn>) -> Self {
        Self { conn: Arc::clone(conn), bytes: 0 }
    }

    /// Counts a piece that has arrived; refused where there is no room for it.
    pub fn more(&mut self, bytes: usize) -> Result<(), Full> {
        let bytes = bytes.saturating_add(PIECE);
        let Rooms { all, own } = &self.conn.rooms;
        if own.as_ref().is_some_and(|own| !own.take(bytes)) {
            return Err(Full::Address);
        }
        if !all.take(bytes) {
            if let Some(own) = own {
                own.give_back(bytes);
            }
            return Err(Full::InAll);
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Rooms { all, own } = &self.conn.rooms;
        all.give_back(self.bytes);
        if let Some(own) = own {
            own.give_back(self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::*;
    use crate::limits::Limits;
    use crate::places::{Place, Places};

    fn places(bodies: usize, bodies_per_address: usize) -> Arc<Places> {
        Places::new("test", Limits { bodies, bodies_per_address, ..Limits::default() })
    }

    fn place(places: &Arc<Places>, address: &str, trusted: bool) -> Place {
        let address: IpAddr = address.parse().expect("an address");
        places.take(address, trusted).unwrap_or_else(|full| panic!("{full:?}"))
    }

    #[test]
    fn one_address_has_its_part_over_all_its_connections_and_others_have_the_rest() {
        let places = places(300, 200);
        let [one, again, other] = ["1.1.1.1", "1.1.1.1", "2.2.2.2"].map(|address| place(&places, address, false));
        let mut held = Held::new(&one.conn);
        assert_eq!(held.more(100), Ok(()));
        assert_eq!(Held::new(&again.conn).more(100), Err(Full::Address));
        let mut rest = Held::new(&other.conn);
        assert_eq!((rest.more(36), rest.more(0)), (Ok(()), Err(Full::InAll)), "what is kept beside the bytes counts");
        assert_eq!(places.bodies(), 264);
        drop((held, one));
        assert_eq!(Held::new(&again.conn).more(100), Ok(()), "what was held is given back");
        assert_eq!(places.bodies(), 100);
    }

    #[test]
    fn a_proxys_bodies_are_counted_in_all_only() {
        let places = places(300, 100);
        let proxy = place(&places, "10.0.0.1", true);
        let mut held = Held::new(&proxy.conn);
        assert_eq!((held.more(200), held.more(200)), (Ok(()), Err(Full::InAll)));
    }

    proptest! {
        #[test]
        fn whatever_is_refused_or_dropped_nothing_stays_taken(pieces in proptest::collection::vec((0_usize..4, 0_usize..200), 0..60)) {
            let places = places(1_000, 600);
            let kept: Vec<Place> = ["1.1.1.1", "1.1.1.1", "2.2.2.2"].map(|address| place(&places, address, false)).into();
            let mut held: Vec<Held> = Vec::new();
            for (which, bytes) in pieces {
                match kept.get(which) {
                    Some(place) => {
                        let mut more = Held::new(&place.conn);
                        let _ = more.more(bytes);
                        held.push(more);
                    }
                    None => drop(held.pop()),
                }
                prop_assert!(places.bodies() <= 1_000);
            }
            drop(held);
            prop_assert_eq!(places.bodies(), 0);
        }
    }
}
