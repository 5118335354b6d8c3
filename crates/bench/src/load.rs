//! The load: connections that each send a request, wait for its answer, and send the next.
//!
//! One thread, requests written by hand on connections that stay open: the generator shares the processors with what it
//! measures, so it has to cost little. It is the same for the product and for its baseline.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::clock::Stopwatch;

/// What one connection sends, and whether an answer is the one that was meant to come.
pub trait Source {
    /// Writes the next request, whole; false when there is nothing left to ask.
    fn next(&mut self, request: &mut Vec<u8>) -> bool;
    fn judge(&mut self, status: u16, head: &[u8], body: &[u8]) -> bool;
}

/// What came of a stretch of load.
pub struct Outcome {
    pub answered: u64,
    /// Answers that were not what was asked for; the first of them in words.
    pub wrong: u64,
    pub first_wrong: Option<String>,
    pub seconds: f64,
    pub latencies: Histogram<u64>,
}

impl Outcome {
    pub fn rate(&self) -> f64 {
        self.answered as f64 / self.seconds
    }

    /// Milliseconds.
    pub fn quantile(&self, quantile: f64) -> f64 {
        self.latencies.value_at_quantile(quantile) as f64 / 1000.0
    }

    /// A measurement of refusals would be worth nothing.
    pub fn checked(self) -> Result<Self> {
        if let Some(first) = &self.first_wrong {
            bail!("{} of {} answers were not what was asked for; the first: {first}", self.wrong, self.answered + self.wrong);
        }
        if self.answered == 0 {
            bail!("nothing was answered");
        }
        Ok(self)
    }
}

struct Tally {
    outcome: Outcome,
    watch: Stopwatch,
    limit: Duration,
}

/// Runs `sources` at once for `limit`, or until they have nothing left.
pub fn run(address: SocketAddr, sources: Vec<Box<dyn Source>>, limit: Duration) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    let latencies = Histogram::new_with_bounds(1, 60_000_000, 3).context("a histogram")?;
    let outcome = Outcome { answered: 0, wrong: 0, first_wrong: None, seconds: 0.0, latencies };
    let tally = Rc::new(RefCell::new(Tally { outcome, watch: Stopwatch::start(), limit }));
    local.block_on(&runtime, async {
        let mut connections = Vec::with_capacity(sources.len());
        for source in sources {
            let stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
            stream.set_nodelay(true)?;
            connections.push((stream, source));
        }
        tally.borrow_mut().watch = Stopwatch::start();
        let tasks: Vec<_> = connections
            .into_iter()
            .map(|(stream, source)| tokio::task::spawn_local(connection(stream, source, Rc::clone(&tally))))
            .collect();
        for task in tasks {
            task.await.context("a connection's task")??;
        }
        Ok::<_, anyhow::Error>(())
    })?;
    let Ok(tally) = Rc::try_unwrap(tally) else { bail!("a connection is still counting") };
    let Tally { mut outcome, watch, .. } = tally.into_inner();
    outcome.seconds = watch.seconds();
    Ok(outcome)
}

async fn connection(mut stream: TcpStream, mut source: Box<dyn Source>, tally: Rc<RefCell<Tally>>) -> Result<()> {
    let (mut request, mut answer) = (Vec::with_capacity(2_048), Vec::with_capacity(4_096));
    loop {
        {
            let tally = tally.borrow();
            if tally.watch.elapsed() >= tally.limit {
                return Ok(());
            }
        }
        request.clear();
        if !source.next(&mut request) {
            return Ok(());
        }
        let watch = Stopwatch::start();
        stream.write_all(&request).await.context("the server hung up")?;
        let head = read(&mut stream, &mut answer).await?;
        let micros = u64::try_from(watch.elapsed().as_micros()).unwrap_or(u64::MAX);
        let status = std::str::from_utf8(&answer[9..12]).ok().and_then(|text| text.parse().ok()).context("no status line")?;
        let good = source.judge(status, &answer[..head], &answer[head..]);
        let mut tally = tally.borrow_mut();
        if good {
            tally.outcome.answered += 1;
            tally.outcome.latencies.saturating_record(micros.max(1));
        } else {
            tally.outcome.wrong += 1;
            tally.outcome.first_wrong.get_or_insert_with(|| String::from_utf8_lossy(&answer[..answer.len().min(900)]).into_owned());
        }
    }
}

/// Reads one answer; answers where its body begins.
pub async fn read(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<usize> {
    answer.clear();
    loop {
        if stream.read_buf(answer).await.context("the server hung up")? == 0 {
            bail!("the server hung up in the middle of an answer");
        }
        if let Some(head) = find(answer, b"\r\n\r\n").map(|at| at + 4) {
            let length = content_length(&answer[..head]).context("an answer without a length")?;
            while answer.len() < head + length {
                if stream.read_buf(answer).await? == 0 {
                    bail!("the server hung up in the middle of an answer");
                }
            }
            return Ok(head);
        }
    }
}

fn content_length(head: &[u8]) -> Option<usize> {
    header(head, "content-length")?.parse().ok()
}

/// A header's value; names are lowercase, as hyper writes them.
pub fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let at = find(head, format!("\r\n{name}: ").as_bytes())? + name.len() + 4;
    let end = find(&head[at..], b"\r\n")? + at;
    std::str::from_utf8(&head[at..end]).ok()
}

pub fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
