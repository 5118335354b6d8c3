//! A relay on a board that speaks Modbus: it says nothing by itself, so it is asked. It has no password, and a timer only by some makers
//! ([0018](../../../../../docs/decisions/0018-relay-boards.md)).
//!
//! **Invariant**: only what was read back from the coil is its report; that a write was accepted says nothing.

mod address;
mod ask;
pub mod frame;
mod reading;
mod round;
mod timer;

use std::collections::BTreeSet;

use async_trait::async_trait;

pub use address::{Address, Board, NewAddress};
pub use frame::{Framing, States};
pub use reading::Span;
pub use timer::Timer;

pub(crate) use ask::{Asking, POLL, poll};
pub(super) use ask::{make_agree, poll_soon};
use reading::Reading;

/// The way to boards. Many take one connection only: each is spoken to by one caller at a time.
#[async_trait]
pub trait Coils: Send + Sync + 'static {
    /// Connects, when it is the caller's turn, to ask this unit first. The turn ends when the line is dropped. Whoever has waited for one
    /// that was silent meanwhile is told so: it would wait for the same nothing.
    async fn call(&self, board: &Board, unit: u8) -> Result<Box<dyn Line>, CoilError>;
}

/// A connection to a board.
#[async_trait]
pub trait Line: Send {
    /// Accepted means that the board has understood, no more.
    async fn set(&mut self, unit: u8, coil: u16, on: bool) -> Result<(), CoilError>;
    /// On, and off by itself after so many tenths of a second ([`Timer::Flash`]).
    async fn flash(&mut self, unit: u8, coil: u16, tenths: u16) -> Result<(), CoilError>;
    async fn read(&mut self, unit: u8, span: Span) -> Result<States, CoilError>;
}

/// How one coil stands.
///
/// # Errors
/// As the board has it that does not tell.
pub async fn stands(line: &mut dyn Line, unit: u8, coil: u16) -> Result<bool, CoilError> {
    let (coils, mut reading) = (BTreeSet::from([coil]), Reading::default());
    while let Some(span) = reading.next(&coils) {
        match line.read(unit, span).await {
            Ok(states) if span.has(coil) => return Ok(states.is_on(coil - span.first)),
            Ok(_) => reading.answered(span),
            Err(CoilError::Refused(code)) if frame::is_of_these_coils(code) => reading.refused(span, code),
            Err(error) => return Err(error),
        }
    }
    Err(CoilError::Refused(reading.why(coil).unwrap_or(frame::NO_SUCH_COIL)))
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoilError {
    /// The turn has not come. Nobody was asked.
    #[error("others are speaking to the board")]
    Busy,
    /// No connection: none of its units can be asked.
    #[error("the board cannot be reached: {0}")]
    Unreachable(String),
    /// No answer of the unit's in time, or one to something else. The line is of no use any more; of the units beside it that says nothing.
    #[error("the unit does not answer: {0}")]
    Silent(String),
    /// The board has answered that it will not. The line is as good as before.
    #[error("the board refuses: {why} (code {0})", why = frame::refusal(*.0))]
    Refused(u8),
}
