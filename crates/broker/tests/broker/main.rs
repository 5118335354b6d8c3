//! The broker over real sockets, with clients that others wrote.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod expel;
mod hostile;
mod ids;
mod life;
mod messages;
mod presence;
mod rights;
mod support;
mod version_5;
