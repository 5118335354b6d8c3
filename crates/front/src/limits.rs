//! How long and how many, and the rule that says which connection has waited too long.

use std::time::Duration;

/// Bounds of one listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections of all together.
    pub at_once: usize,
    /// Connections of one address, or of one /64 of IPv6.
    pub per_address: usize,
    /// Bytes that bodies hold while they are on their way, of all together. What was read and is being answered is not among them.
    pub bodies: usize,
    /// Of one address's.
    pub bodies_per_address: usize,
    /// For the TLS handshake; for the first request's head from the connection's begin, for others' from their first byte.
    pub header: Duration,
    /// From the moment somebody waits for a request's body until its end.
    pub body: Duration,
    /// From an answer's end to the next request's first byte.
    pub idle: Duration,
    /// Without a byte taken, while an answer waits to be sent.
    pub stall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: 10_000,
            per_address: 4_096,
            bodies: 128 << 20,
            bodies_per_address: 16 << 20,
            header: Duration::from_secs(10),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(60),
        }
    }
}

/// Idle connections are kept no longer than this while more than three quarters of the places are taken.
const IDLE_WHEN_CROWDED: Duration = Duration::from_secs(5);
const LONGEST_TICK: Duration = Duration::from_millis(500);
const SHORTEST_TICK: Duration = Duration::from_millis(10);

/// What a connection is waiting for, while no request of it is being answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing has been heard since it was accepted, or since the TLS handshake.
    Fresh,
    /// The handshake, or a part of a request's head.
    Head,
    /// All requests were answered.
    Idle,
}

/// A connection at one moment. `waited` and `stalled` are in ticks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct State {
    pub answering: bool,
    pub stage: Stage,
    pub waited: u32,
    /// Since when the other side has taken nothing of what is to be sent.
    pub stalled: Option<u32>,
}

/// Why a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Head,
    Idle,
    Stalled,
}

impl Why {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Idle => "idle",
            Self::Stalled => "stalled",
        }
    }
}

impl Limits {
    /// How often connections are looked at: each limit is kept to within a quarter of itself, or half a second.
    pub(crate) fn tick(&self) -> Duration {
        let shortest = self.header.min(self.idle).min(self.stall);
        (shortest / 4).clamp(SHORTEST_TICK, LONGEST_TICK)
    }

    fn ticks(&self, limit: Duration) -> u32 {
        u32::try_from(limit.as_millis().div_ceil(self.tick().as_millis())).unwrap_or(u32::MAX)
    }

    /// Whether a connection in this state is to be cut, with `open` of them open.
    pub(crate) fn overdue(&self, state: State, open: usize) -> Option<Why> {
        if state.stalled.is_some_and(|ticks| ticks > self.ticks(self.stall)) {
            return Some(Why::Stalled);
        }
        if state.answering {
            return None;
        }
        let crowded = open > self.at_once / 4 * 3;
        let (limit, why) = match state.stage {
            Stage::Fresh | Stage::Head => (self.header, Why::Head),
            Stage::Idle if crowded => (self.idle.min(IDLE_WHEN_CROWDED), Why::Idle),
            Stage::Idle => (self.idle, Why::Idle),
        };
        (state.waited > self.ticks(limit)).then_some(why)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stage() -> impl Strategy<Value = Stage> {
        prop_oneof![Just(Stage::Fresh), Just(Stage::Head), Just(Stage::Idle)]
    }

    proptest! {
        #[test]
        fn what_is_being_answered_and_taken_is_never_cut(stage in stage(), waited: u32, open in 0_usize..20_000) {
            let state = State { answering: true, stage, waited, stalled: None };
            prop_assert_eq!(Limits::default().overdue(state, open), None);
        }

        #[test]
        fn waiting_longer_never_saves_a_connection(stage in stage(), waited in 0_u32..1_000, more in 0_u32..1_000, open in 0_usize..20_000) {
            let limits = Limits::default();
            let at = |waited| limits.overdue(State { answering: false, stage, waited, stalled: None }, open);
            prop_assert!(at(waited).is_none() || at(waited + more).is_some());
        }

        #[test]
        fn every_wait_has_an_end(stage in stage(), answering: bool) {
            let limits = Limits::default();
            let state = State { answering, stage, waited: u32::MAX, stalled: Some(u32::MAX) };
            prop_assert!(limits.overdue(state, 0).is_some());
        }
    }

    #[test]
    fn when_it_is_crowded_idle_connections_make_room_and_heads_have_their_time() {
        let limits = Limits::default();
        let idle = |waited, open| limits.overdue(State { answering: false, stage: Stage::Idle, waited, stalled: None }, open);
        assert_eq!((idle(11, 100), idle(11, 9_000)), (None, Some(Why::Idle)));
        let head = |open| limits.overdue(State { answering: false, stage: Stage::Head, waited: 11, stalled: None }, open);
        assert_eq!((head(100), head(9_000)), (None, None));
    }
}
