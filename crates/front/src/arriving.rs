//! Bodies: a request's must arrive whole in time, and an answer's says when it has been handed over.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use crate::places::Busy;

/// The body did not arrive whole in time.
#[derive(Debug)]
pub struct TooSlow;

impl std::fmt::Display for TooSlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the request's body did not arrive in time")
    }
}

impl std::error::Error for TooSlow {}

pin_project_lite::pin_project! {
    /// A request's body. Its time begins when somebody waits for it.
    pub(crate) struct Arriving {
        inner: Incoming,
        limit: Duration,
        #[pin]
        until: Option<Sleep>,
    }
}

impl Arriving {
    /// An empty body is passed on as such, without a box of its own.
    pub fn body(inner: Incoming, limit: Duration) -> Body {
        if inner.is_end_stream() { Body::empty() } else { Body::new(Self { inner, limit, until: None }) }
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let mut this = self.project();
        if let Poll::Ready(frame) = Pin::new(&mut *this.inner).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        if this.until.is_none() {
            #[expect(clippy::disallowed_methods, reason = "a connection's patience is real time, whatever the clock of the business says")]
            this.until.set(Some(tokio::time::sleep(*this.limit)));
        }
        if let Some(until) = this.until.as_pin_mut() {
            ready!(until.poll(cx));
        }
        metrics::counter!("cuekey_connections_cut_total", "why" => "body").increment(1);
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

pin_project_lite::pin_project! {
    /// An answer's body: the request counts as being answered until this is gone.
    pub(crate) struct Leaving {
        #[pin]
        pub inner: Body,
        pub busy: Option<Busy>,
    }
}

impl HttpBody for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.project().inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
