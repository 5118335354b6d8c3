//! What is wrong with a relay board, or particular about it.

use std::time::Duration;

use super::COILS;

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoilTrouble {
    None,
    /// Without power: dark, and whoever calls hears nothing but the end of the connection.
    Gone,
    /// Without its network, and otherwise as it was: its relays stay, and whoever calls hears as much as of one that is gone.
    Offline,
    /// It takes connections and requests, and answers after this time.
    Slow(Duration),
    /// It answers every request with this exception.
    Refuses(u8),
    /// It answers writes so, and tells how its coils stand.
    RefusesWrites(u8),
    /// Its answers are to another transaction; without numbers, with another checksum.
    WrongTransaction,
    /// It sends half of each answer.
    Torn,
    /// It hangs up once, where an answer should have been, and is well again.
    HangsUpOnce,
    /// It sends bytes without an end, whatever is asked.
    Babbles,
    /// Its relays do not move: it echoes writes, and tells how they stand.
    Stuck,
    /// One of its units says nothing to what it is asked; the other is well.
    Unheard(u8),
    /// Another maker's: it knows no timers.
    NoTimers,
    /// Another maker's: it is read as a whole, from the first relay to the last one, and refuses (3) any other number of them.
    ReadsWhole,
    /// Another maker's: it takes no notice of where a read begins, and tells how its relays stand from the first one on.
    ReadsFromFirst,
    /// It has four relays, and refuses (2) what is behind them.
    FourRelays,
}

impl CoilTrouble {
    pub(super) const fn is_out_of_reach(self) -> bool {
        matches!(self, Self::Gone | Self::Offline)
    }

    /// How many relays each of its units has.
    pub(super) const fn relays(self) -> usize {
        if matches!(self, Self::FourRelays) { 4 } else { COILS }
    }
}
