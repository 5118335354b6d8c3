//! The listener: accepts connections, with TLS or without, and keeps slow and greedy ones from holding the others up.
//!
//! **Begin at** [`Front::serve`]. What must hold:
//!
//! - A connection that is not being answered ends within [`Limits::header`], or [`Limits::idle`] once it has been answered.
//! - A body that does not arrive within [`Limits::body`] fails in the handler that reads it, and so does one for which there is no
//!   room: all that are on their way hold at most [`Limits::bodies`].
//! - An answer that goes on (an export, a stream of events) is cut only when the other side has taken nothing for [`Limits::stall`].
//! - No request costs a timer or an allocation for this: connections are marked with a coarse count of ticks, and one task
//!   looks at all marks at each tick.

mod arriving;
mod limits;
mod listen;
mod places;
mod room;
mod serve;
pub mod tls;
mod validity;
mod wire;

pub use limits::Limits;
pub use listen::Front;
