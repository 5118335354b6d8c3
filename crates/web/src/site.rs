//! All that the main listener serves: the client API by a short way, everything else by the router.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use tower::Service;

use crate::routes::{self, client};
use crate::state::AppState;

#[derive(Clone)]
pub struct Site {
    state: AppState,
    router: Router,
}

impl Site {
    pub fn new(state: AppState) -> Self {
        Self { router: routes::router(state.clone()), state }
    }
}

impl Service<Request> for Site {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if client::is_for_programs(request.uri().path()) {
            return Box::pin(client::answer(self.state.clone(), request));
        }
        Box::pin(self.router.call(request))
    }
}
