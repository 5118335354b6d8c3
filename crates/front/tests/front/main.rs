//! The listener over real sockets, with limits short enough to be waited for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod bodies;
mod encrypted;
mod slow;
mod support;
