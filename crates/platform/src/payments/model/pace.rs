//! How long there is to pay, how often it is tried, when a network is asked again, and when a person.

use kernel::{DAY, HOUR, SECOND, Timestamp};

/// How long somebody may take to pay.
pub(in crate::payments) const EXPIRES: i64 = 900 * SECOND;
/// A network is asked for the last time so long after that, for clocks differ; but where it is not clear even then.
pub(in crate::payments) const MARGIN: i64 = 60 * SECOND;
/// So often an order is tried at most: each try is a number at a network. A customer begins each of them; what we retry by ourselves stops at three.
pub(in crate::payments) const ATTEMPTS: usize = 10;

/// What a network has not said for so long after the end is somebody's to find out; it is asked on all the same.
pub(in crate::payments) const SILENT: i64 = DAY;

/// When a network is asked next about what it has not told by itself: soon at first, and then less and less often. What is unclear when its time is
/// over is asked about every two minutes while a network may be away for a moment, and every hour where it has been so for a day.
pub(in crate::payments) fn next_look(created: Timestamp, now: Timestamp, expires: Timestamp) -> Timestamp {
    let age = now.micros() - created.micros();
    let (last, told) = (expires.plus_micros(MARGIN), expires.plus_micros(SILENT));
    if now < last {
        return now.plus_micros(age.clamp(10 * SECOND, 120 * SECOND)).min(last);
    }
    let next = now.plus_micros((age / 24).clamp(120 * SECOND, HOUR));
    // People are told of it by a look.
    if now < told { next.min(told) } else { next }
}

/// How long until a refund is asked for again.
pub(in crate::payments) fn refund_pause(age: i64) -> i64 {
    age.clamp(10 * SECOND, 600 * SECOND)
}

/// A network that has refused a refund so many times is somebody's to look at.
const TRIES: i64 = 3;
/// One that has given no clear answer for so long likewise.
const UNCLEAR: i64 = DAY;
/// And one that has said for so long that it is on its way: they take some days, and not more.
const PENDING: i64 = 10 * DAY;

/// How long until a refund is asked for again that was refused so many times; none: somebody has to look. Where the merchant has too little at the
/// network (`short`), the evening's payments may do, or the next morning's: two minutes would do nothing.
pub(in crate::payments) fn after_refusals(tries: i64, short: bool) -> Option<i64> {
    match (tries, short) {
        (TRIES.., _) => None,
        (_, false) => Some((20 * SECOND) << tries),
        (..=1, true) => Some(4 * HOUR),
        (_, true) => Some(8 * HOUR),
    }
}

/// Whether a refund is on its way for so long that somebody has to look. Counted from when somebody has asked for it last: what was refused for days
/// before that has not been on its way.
pub(in crate::payments) fn is_late(asked: Timestamp, now: Timestamp) -> bool {
    now.micros() - asked.micros() >= PENDING
}

/// Whether a network gives no clear answer about a refund for so long that somebody has to look. Counted from the first time: one that has said for
/// days that it is on its way is not silent for being away once.
pub(in crate::payments) fn is_silent(since: Option<Timestamp>, now: Timestamp) -> bool {
    since.is_some_and(|since| now.micros() - since.micros() >= UNCLEAR)
}
