//! What a relay hears and says, whatever its firmware.

/// Something that it publishes.
pub(super) struct Saying {
    pub(super) topic: String,
    pub(super) payload: String,
    pub(super) retained: bool,
    /// It is the network's word, not the relay's.
    pub(super) of_presence: bool,
}

impl Saying {
    pub(super) fn new(topic: String, payload: impl Into<String>) -> Self {
        Self { topic, payload: payload.into(), retained: false, of_presence: false }
    }

    pub(super) fn presence(topic: String, payload: &str) -> Self {
        Self { retained: true, of_presence: true, ..Self::new(topic, payload) }
    }
}

/// How one of its channels is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channel {
    pub(super) on: bool,
    /// What passes through it.
    pub(super) watts: f64,
}

/// What a message asks of the relay. Channels are counted from 0.
pub(super) enum Order {
    /// On, off, or the other way; and, where it says so, off again after so many microseconds.
    Switch {
        channel: usize,
        on: Option<bool>,
        off_after: Option<i64>,
        answer: Vec<Saying>,
    },
    /// Each "on" of this channel from now on goes off by itself after so many microseconds.
    Pulse {
        channel: usize,
        after: Option<i64>,
        answer: Vec<Saying>,
    },
    /// The button of this channel, or of all of them, does nothing any more, or does again.
    Lock {
        channel: Option<usize>,
        locked: bool,
        answer: Vec<Saying>,
    },
    Say(Vec<Saying>),
    Nothing,
}
