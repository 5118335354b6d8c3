//! Reading a request's body: how much of it, and what is said where it does not come.

use std::future::poll_fn;
use std::pin::pin;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, header};
use http_body_util::LengthLimitError;
use kernel::{Fault, Kind};

/// What is read of whoever has signed in to the console: lists with thousands of ids.
pub(crate) const OF_STAFF: usize = 1 << 20;
/// What is read of everybody else: strangers, programs, customers. Nothing that they have to say is half as long.
pub(crate) const OF_OTHERS: usize = 16 << 10;

/// A whole body.
pub(crate) struct Arrived {
    pub bytes: Bytes,
    /// It was there when it was asked for. Where it was not, its sender decides how long it took.
    pub at_once: bool,
}

/// A body that is not longer than `most`. What says beforehand that it is longer is not read at all.
pub(crate) async fn read(body: Body, headers: &HeaderMap, most: usize) -> Result<Bytes, Fault> {
    arrive(body, headers, most).await.map(|arrived| arrived.bytes)
}

/// The same, and whether it had to be waited for.
pub(crate) async fn arrive(body: Body, headers: &HeaderMap, most: usize) -> Result<Arrived, Fault> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    let mut reading = pin!(to_bytes(body, most));
    let mut at_once = true;
    let read = poll_fn(|context| {
        let polled = reading.as_mut().poll(context);
        at_once &= polled.is_ready();
        polled
    });
    let bytes = read.await.map_err(|error| why(error, most))?;
    Ok(Arrived { bytes, at_once })
}

/// The listener's own refusal, where it had no room; or that it was too large, or has not come whole.
fn why(error: axum::Error, most: usize) -> Fault {
    let mut error = error.into_inner();
    let innermost = loop {
        match error.downcast::<axum::Error>() {
            Ok(wrapped) => error = wrapped.into_inner(),
            Err(innermost) => break innermost,
        }
    };
    match innermost.downcast::<Fault>() {
        Ok(fault) => *fault,
        Err(other) if other.is::<LengthLimitError>() => too_large(most),
        Err(_) => Fault::new(Kind::Malformed, "BODY_UNREADABLE", "请求体不完整", "The body did not arrive whole"),
    }
}

fn too_large(most: usize) -> Fault {
    let kib = most >> 10;
    Fault::new(Kind::Malformed, "BODY_TOO_LARGE", format!("请求体超过 {kib} KiB"), format!("The body is larger than {kib} KiB"))
}
