//! The MQTT broker inside the program: devices and our own gateway meet here. It speaks MQTT 3.1, 3.1.1 and 5, and is built on `rmqtt`.
//!
//! **Begin at** [`Broker::start`], then `gate.rs`, where the broker asks what somebody may. What must hold:
//!
//! - Nobody is connected whom the [`Doorkeeper`] has not admitted, and what somebody may use is what it answered then ([`Rights`]). Whom it
//!   would not admit any more is sent away when somebody says so ([`Expel`]), and else stays. Who was sent away, or has taken its leave, is heard
//!   no more, however long its connection takes to end.
//! - A device publishes, subscribes and leaves wills only within its rights, and no message outside of them is sent to it, whichever way a
//!   subscription came to be: one that was made under other rights is of no use any more.
//! - A client id is its user's: nobody ends, takes over or keeps out another user by its id. A device's user has a few sessions at once.
//! - What a device can hear is never retained for it by itself, and what it has retained goes with its password.
//! - Whoever has a device's password fills no memory but a little of its own: packets, what waits, what is retained, and how fast it speaks are
//!   bounded. What it says can be read by whoever hears it.
//! - Everything the broker does happens on threads of its own, and has ended when [`Broker::stop`] returns. Several brokers can run in a process.
//!
//! - Who subscribes is sent what is retained, and never an older message of a topic after a newer one.
//!
//! What is retained, and what waits for clients that are away, is in memory, and gone when the broker stops. And a session that is taken up
//! again is not as complete as MQTT would have it: what is published in the moment in which the client comes back may be lost, or come before
//! what has waited, and that is lost if the client is gone again in that moment. Whoever wants a device to be in a state says so again when the
//! device is back.

mod broker;
mod door;
mod error;
mod expel;
mod expelled;
mod flow;
mod gate;
mod kept;
mod leave;
mod retained;
mod rights;
mod routes;
mod seats;
mod sessions;
mod settings;
mod spaces;
mod threads;
mod topics;
mod turns;

pub use broker::Broker;
pub use door::{Doorkeeper, Rights};
pub use error::Error;
pub use expel::Expel;
