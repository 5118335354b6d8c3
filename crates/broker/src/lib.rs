//! The MQTT broker inside the program: devices and our own gateway meet here. It speaks MQTT 3.1, 3.1.1 and 5, and is built on `rmqtt`.
//!
//! **Begin at** [`Broker::start`], then `gate.rs`, where the broker asks what somebody may. What must hold:
//!
//! - Nobody is connected whom the [`Doorkeeper`] has not admitted, and what somebody may use is what it answered then ([`Rights`]).
//! - A device publishes, subscribes and leaves wills only within its rights, and no message outside of them is sent to it, whichever way a
//!   subscription came to be: one that was made under other rights is of no use any more.
//! - A client id belongs to one user while its session lives. Only who may do everything can take it over.
//! - Everything the broker does happens on threads of its own, and has ended when [`Broker::stop`] returns. Several brokers can run in a process.
//!
//! What is retained, and what waits for clients that are away, is in memory, and gone when the broker stops.

mod broker;
mod door;
mod error;
mod gate;
mod retained;
mod rights;
mod settings;
mod threads;
mod topics;

pub use broker::Broker;
pub use door::{Doorkeeper, Rights};
pub use error::Error;
