//! Bodies: a request's must arrive whole in time and find room, and an answer's says when it has been handed over.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use kernel::{Fault, Kind};
use tokio::time::Sleep;

use crate::places::{Busy, Conn, Full};
use crate::room::Held;

/// The body did not arrive whole in time.
#[derive(Debug)]
pub struct TooSlow;

impl std::fmt::Display for TooSlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the request's body did not arrive in time")
    }
}

impl std::error::Error for TooSlow {}

/// There is no room for a body: how it is to be refused. Whoever reads it finds this [`Fault`] as the error's source.
fn no_room(full: Full) -> Fault {
    let (why, fault) = match full {
        Full::InAll => ("all", Fault::unavailable("the bodies of requests hold as much as they may")),
        Full::Address => {
            let (zh, en) = ("此地址同时发送的内容过多，请稍后再试", "Too much is being sent from this address at once; try again shortly");
            ("address", Fault::new(Kind::Limited, "RATE_LIMITED", zh, en).retry_after(1))
        }
    };
    metrics::counter!("cuekey_bodies_refused_total", "why" => why).increment(1);
    fault
}

pin_project_lite::pin_project! {
    /// A request's body. Its time begins when somebody waits for it; what has arrived counts until it is dropped.
    pub(crate) struct Arriving {
        inner: Incoming,
        limit: Duration,
        held: Held,
        #[pin]
        until: Option<Sleep>,
    }
}

impl Arriving {
    /// An empty body is passed on as such, without a box of its own.
    pub fn body(inner: Incoming, limit: Duration, conn: &Arc<Conn>) -> Body {
        if inner.is_end_stream() { Body::empty() } else { Body::new(Self { inner, limit, held: Held::new(conn), until: None }) }
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let mut this = self.project();
        if let Poll::Ready(frame) = Pin::new(&mut *this.inner).poll_frame(cx) {
            let counted = |frame: Frame<Bytes>| match this.held.more(frame.data_ref().map_or(0, Bytes::len)) {
                Ok(()) => Ok(frame),
                Err(full) => Err(axum::BoxError::from(no_room(full))),
            };
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into).and_then(counted)));
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
