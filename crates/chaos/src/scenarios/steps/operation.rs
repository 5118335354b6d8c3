//! What a customer does, one operation at a time, and under what kind of light. Pure.

use std::time::Duration;

use super::standing::Standing;

/// After the restart, and after the customer has asked again. Under a lamp that does not answer most of it is [`LIGHT`].
pub(super) const END: Duration = Duration::from_secs(30);
/// How long the program waits for a light to say that it is on, counted from when the table was opened, before it gives all the money back
/// (`venue::play::open`). Nothing can be undone before that is over.
pub(super) const LIGHT: Duration = Duration::from_secs(20);

/// Of play, in fen.
pub(super) const PER_MINUTE: i64 = 600;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Open,
    OpenPaid,
    OpenFrozen,
    Extend,
    Close,
    CloseFrozen,
    Pay,
    Refund,
}

/// What hangs above the table, and how it is when the operation begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    Tasmota,
    Shelly,
    /// A coil of a relay board.
    Board,
    /// A Tasmota that is told, and never reports.
    Deaf,
    /// A Tasmota whose plug was pulled.
    Pulled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operation {
    pub act: Act,
    pub over: Over,
}

impl Operation {
    pub const ALL: [Self; 13] = [
        Self::usual(Act::Open),
        Self::usual(Act::OpenPaid),
        Self::usual(Act::OpenFrozen),
        Self::usual(Act::Extend),
        Self::usual(Act::Close),
        Self::usual(Act::CloseFrozen),
        Self::usual(Act::Pay),
        Self::usual(Act::Refund),
        Self { act: Act::Open, over: Over::Shelly },
        Self { act: Act::Open, over: Over::Board },
        Self { act: Act::Open, over: Over::Deaf },
        Self { act: Act::OpenPaid, over: Over::Deaf },
        Self { act: Act::Close, over: Over::Pulled },
    ];

    /// Over a lamp that is well.
    pub const fn usual(act: Act) -> Self {
        Self { act, over: Over::Tasmota }
    }

    pub fn name(self) -> String {
        let act = match self.act {
            Act::Open => "open from the wallet",
            Act::OpenPaid => "open by a payment",
            Act::OpenFrozen => "open by a pre-authorisation",
            Act::Extend => "extend",
            Act::Close => "close",
            Act::CloseFrozen => "close what was pre-authorised",
            Act::Pay => "pay into the wallet",
            Act::Refund => "refund to the source",
        };
        let over = match self.over {
            Over::Tasmota => "",
            Over::Shelly => ", under a Shelly",
            Over::Board => ", under a coil of a relay board",
            Over::Deaf => ", under a lamp that does not answer",
            Over::Pulled => ", after the lamp's plug was pulled",
        };
        format!("{act}{over}")
    }

    /// It begins with somebody who plays.
    pub const fn in_play(self) -> bool {
        matches!(self.act, Act::Extend | Act::Close | Act::CloseFrozen)
    }

    /// Paid from the wallet.
    pub const fn by_wallet(self) -> bool {
        matches!(self.act, Act::Open | Act::Extend | Act::Close)
    }

    pub const fn is_frozen(self) -> bool {
        matches!(self.act, Act::OpenFrozen | Act::CloseFrozen)
    }

    /// The customer pays at a network once the order is made.
    pub const fn is_paid(self) -> bool {
        matches!(self.act, Act::OpenPaid | Act::OpenFrozen | Act::Pay)
    }

    /// A network is asked for something.
    pub const fn asks(self) -> bool {
        self.is_paid() || matches!(self.act, Act::CloseFrozen | Act::Refund)
    }

    /// A light is told something.
    pub const fn tells(self) -> bool {
        !matches!(self.act, Act::Pay | Act::Refund) && !matches!(self.over, Over::Pulled)
    }

    /// A light is waited for in vain: nobody plays in the end.
    pub const fn is_in_vain(self) -> bool {
        matches!(self.over, Over::Deaf)
    }

    /// Its light may not be seen in time, and has to be tested before the table is opened again. A board is spoken to by one process at a time, and
    /// what a process had taken that was killed is free for the next one after up to 20 s.
    pub const fn is_tested(self) -> bool {
        matches!(self.over, Over::Deaf | Over::Board)
    }

    /// How it ends where nothing is killed.
    pub const fn end(self) -> Standing {
        if self.is_in_vain() { Standing::Undone } else { Standing::Done }
    }

    /// Between two looks at it. Who waits for a light for so long keeps the machine from others by looking all the time.
    pub const fn pause_ms(self) -> u64 {
        if self.is_in_vain() { 400 } else { 100 }
    }
}
