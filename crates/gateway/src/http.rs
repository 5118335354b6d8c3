//! Asking payment networks, and services for texts, over HTTP.

use std::time::Duration;

use platform::payments::{ChannelError, PayProblemCode};
use reqwest::{Client, RequestBuilder, Response, redirect};

use crate::unclear::{unclear, unreadable};

/// From looking up the name to the last byte; somebody waits at a screen.
const TIMEOUT: Duration = Duration::from_secs(8);
/// What is read of an answer.
pub(crate) const ANSWER: usize = 1 << 20;

/// A client that goes where it is told to and nowhere else.
///
/// # Errors
/// When TLS cannot be set up.
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    // The first wins; another part of the program may have installed the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .timeout(TIMEOUT)
        .user_agent(concat!("Cuekey/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Without an answer nobody knows whether it has happened.
pub(crate) async fn send(request: RequestBuilder) -> Result<Response, ChannelError> {
    request.send().await.map_err(no_answer)
}

fn no_answer(error: reqwest::Error) -> ChannelError {
    tracing::warn!(error = %error.without_url(), "a network does not answer");
    unclear(PayProblemCode::NoAnswer)
}

/// All of an answer, which is at most so long.
pub(crate) async fn body(mut response: Response, most: usize) -> Result<Vec<u8>, ChannelError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
        if bytes.len() + chunk.len() > most {
            return Err(unreadable(PayProblemCode::Unreadable, &format!("more than {most} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
