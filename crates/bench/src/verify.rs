//! The load that verifies keys.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::load::{self, Outcome, Source};
use crate::program::{Choice, Credentials, Keys, Program};

/// Any of `keys`, over `connections`, for `seconds`.
pub fn any(address: SocketAddr, credentials: &Rc<Credentials>, keys: &Rc<Keys>, connections: usize, seconds: f64) -> Result<Outcome> {
    let source = |n| Box::new(Program::new(credentials, keys, Choice::Any, n as u64 + 1)) as Box<dyn Source>;
    in_thread(|| load::run(address, (0..connections).map(source).collect(), Duration::from_secs_f64(seconds))?.checked())
}

/// Each of `keys` once, from `from` on.
pub fn once(
    address: SocketAddr,
    credentials: &Rc<Credentials>,
    keys: &Rc<Keys>,
    from: usize,
    connections: usize,
    seconds: f64,
) -> Result<Outcome> {
    let choice = |n| Choice::Once { next: from + n, step: connections };
    let source = |n| Box::new(Program::new(credentials, keys, choice(n), n as u64 + 1)) as Box<dyn Source>;
    in_thread(|| load::run(address, (0..connections).map(source).collect(), Duration::from_secs_f64(seconds))?.checked())
}

/// The load has a runtime of its own, which cannot be begun within another.
fn in_thread<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    tokio::task::block_in_place(work)
}

/// How long an answer is: what the baseline signs is as long.
pub async fn answer_length(address: SocketAddr, credentials: &Rc<Credentials>, keys: &Rc<Keys>) -> Result<usize> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut program = Program::new(credentials, keys, Choice::Any, 1);
    let mut request = Vec::new();
    program.next(&mut request);
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.write_all(&request).await?;
    let mut answer = vec![0; 8_192];
    let read = stream.read(&mut answer).await?;
    load::header(&answer[..read], "content-length").and_then(|text| text.parse().ok()).context("an answer without a length")
}
