//! How long there is to pay, how often it is tried, and when a network is asked again.

use kernel::{SECOND, Timestamp};

/// How long somebody may take to pay.
pub(in crate::payments) const EXPIRES: i64 = 900 * SECOND;
/// A network is asked for the last time so long after that, for clocks differ.
pub(in crate::payments) const MARGIN: i64 = 60 * SECOND;
/// So often an order is tried at most: each try is a number at a network. A customer begins each of them; what we retry by ourselves stops at three.
pub(in crate::payments) const ATTEMPTS: usize = 10;

/// When a network is asked next about what it has not told by itself: soon at first, and then less and less often.
pub(in crate::payments) fn next_look(created: Timestamp, now: Timestamp, expires: Timestamp) -> Timestamp {
    let age = now.micros() - created.micros();
    let pause = age.clamp(10 * SECOND, 120 * SECOND);
    let last = expires.plus_micros(MARGIN);
    let next = now.plus_micros(pause);
    if now < last { next.min(last) } else { next }
}

/// How long until a refund is asked for again.
pub(in crate::payments) fn refund_pause(age: i64) -> i64 {
    age.clamp(10 * SECOND, 600 * SECOND)
}
