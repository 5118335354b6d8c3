//! The load that verifies keys.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::load::{self, Outcome, Source};
use crate::program::{Choice, Credentials, Keys, Program};

/// Any of `keys`, over `connections`, for `seconds`.
pub fn any(address: SocketAddr, credentials: &Rc<Credentials>, keys: &Rc<Keys>, connections: usize, seconds: f64) -> Result<Outcome> {
    let source = |_| Box::new(Program::new(credentials, keys, Choice::Any)) as Box<dyn Source>;
    in_thread(|| load::run(address, (0..connections).map(source).collect(), Duration::from_secs_f64(seconds))?.checked())
}

/// Each of `keys` once.
pub fn once(address: SocketAddr, credentials: &Rc<Credentials>, keys: &Rc<Keys>, connections: usize, seconds: f64) -> Result<Outcome> {
    let choice = |n| Choice::Once { next: n, step: connections };
    let source = |n| Box::new(Program::new(credentials, keys, choice(n))) as Box<dyn Source>;
    in_thread(|| load::run(address, (0..connections).map(source).collect(), Duration::from_secs_f64(seconds))?.checked())
}

/// The load has a runtime of its own, which cannot be begun within another.
fn in_thread<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    tokio::task::block_in_place(work)
}

/// How long an answer is: what the baseline signs is as long.
pub async fn answer_length(address: SocketAddr, credentials: &Rc<Credentials>, keys: &Rc<Keys>) -> Result<usize> {
    let mut teller = Teller::connect(address, credentials, keys).await?;
    teller.ask(0).await?;
    Ok(teller.length)
}

/// Any of `keys`, until it is stopped.
pub fn until(address: SocketAddr, credentials: Credentials, keys: Keys, connections: usize, stop: &Arc<AtomicBool>) -> Result<Outcome> {
    let (credentials, keys) = (Rc::new(credentials), Rc::new(keys));
    let source = |_| {
        let program = Program::new(&credentials, &keys, Choice::Any);
        Box::new(Stoppable { program, stop: Arc::clone(stop) }) as Box<dyn Source>
    };
    load::run(address, (0..connections).map(source).collect(), Duration::MAX)?.checked()
}

struct Stoppable {
    program: Program,
    stop: Arc<AtomicBool>,
}

impl Source for Stoppable {
    fn next(&mut self, request: &mut Vec<u8>) -> bool {
        !self.stop.load(Ordering::Relaxed) && self.program.next(request)
    }

    fn judge(&mut self, status: u16, head: &[u8], body: &[u8]) -> bool {
        self.program.judge(status, head, body)
    }
}

/// One connection that asks about one key after another, and tells what the verdict was.
pub struct Teller {
    stream: TcpStream,
    credentials: Rc<Credentials>,
    keys: Rc<Keys>,
    request: Vec<u8>,
    answer: Vec<u8>,
    /// Of the latest answer's body.
    length: usize,
}

impl Teller {
    pub async fn connect(address: SocketAddr, credentials: &Rc<Credentials>, keys: &Rc<Keys>) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (credentials, keys) = (Rc::clone(credentials), Rc::clone(keys));
        Ok(Self { stream, credentials, keys, request: Vec::new(), answer: Vec::new(), length: 0 })
    }

    /// The code, and the key's id.
    pub async fn ask(&mut self, key: usize) -> Result<(String, String)> {
        let mut program = Program::new(&self.credentials, &self.keys, Choice::Once { next: key, step: 1 });
        self.request.clear();
        program.next(&mut self.request);
        self.stream.write_all(&self.request).await?;
        let head = load::read(&mut self.stream, &mut self.answer).await?;
        self.length = self.answer.len() - head;
        let body: serde_json::Value = serde_json::from_slice(&self.answer[head..])?;
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Ok((text(&body["code"]), text(&body["key"]["id"])))
    }
}
