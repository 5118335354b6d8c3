//! Clients that generate, transfer, withdraw, verify, unbind and disable, and insist on an answer.
//!
//! **Always**: a client goes on only when its request has been answered for good. Until then it repeats it, with the same
//! `Idempotency-Key`, to whichever node; so its books say what must be there, exactly.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use kernel::{Clock, Random, Stopwatch};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::book::Book;
use crate::http::{Ask, Person, Reply, send};
use crate::timeline::{Event, Timeline};
use crate::work::Worker;
use crate::world::World;

/// Nobody may be kept waiting for longer, whatever is broken meanwhile.
const LONGEST: Duration = Duration::from_secs(180);
/// How often a verification is sent again whose time is refused, while clocks are moved.
const TIMES: u32 = 3;
/// What a 503 may say: that the program is busy, whatever ails its database, or that a payment network does not answer.
const PUT_OFF: [&str; 2] = ["BUSY", "PAYMENT_UNCLEAR"];
/// Before a request is sent again that was not answered.
const PAUSE_MS: u64 = 20;

/// What all clients share.
pub struct Load {
    pub world: Arc<World>,
    pub book: Book,
    pub timeline: Timeline,
    /// The server's clock is being moved: it may refuse our time once more after we have taken over its own.
    pub clock_moves: bool,
    /// How often each client's writes and verifications were acknowledged.
    each: Mutex<Vec<u64>>,
    stop: watch::Sender<bool>,
}

/// An answer for good.
#[derive(Debug)]
pub struct Done {
    pub status: u16,
    pub body: Value,
    /// An earlier try was not answered: the work may have been done by it.
    pub unsure: bool,
}

impl Load {
    pub fn new(world: Arc<World>) -> Arc<Self> {
        Self::with(world, false)
    }

    pub fn with(world: Arc<World>, clock_moves: bool) -> Arc<Self> {
        Arc::new(Self {
            world,
            book: Book::default(),
            timeline: Timeline::default(),
            clock_moves,
            each: Mutex::default(),
            stop: watch::Sender::new(false),
        })
    }

    /// Starts the clients; each draws from a seed of its own.
    pub fn begin(self: &Arc<Self>, clients: usize, seed: u64) -> JoinSet<()> {
        *self.each.lock().unwrap_or_else(PoisonError::into_inner) = vec![0; clients];
        let mut tasks = JoinSet::new();
        for number in 0..clients {
            let random = Random::seeded(seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
            let worker = Worker::new(Arc::clone(self), number, random);
            tasks.spawn(worker.run());
        }
        tasks
    }

    /// Lets each client finish what it began.
    pub async fn end(&self, mut clients: JoinSet<()>) -> Result<()> {
        self.stop.send_replace(true);
        while let Some(ended) = clients.join_next().await {
            ended?;
        }
        Ok(())
    }

    pub fn stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// One more was acknowledged to this client.
    pub fn came_through(&self, client: usize) {
        if let Some(times) = self.each.lock().unwrap_or_else(PoisonError::into_inner).get_mut(client) {
            *times += 1;
        }
    }

    /// How often that was so, client by client.
    pub fn each(&self) -> Vec<u64> {
        self.each.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a write until it is answered for good. `None` (and a line in the book) when that took too long.
    pub async fn insist(&self, random: &Random, who: &Person, path: &str, body: &Value, key: Option<&str>) -> Option<Done> {
        let done = self.until_answered(random, &Ask { who, method: Method::POST, path, body: Some(body), key }).await?;
        if done.status < 300 {
            self.timeline.note(Event::Acknowledged);
        } else {
            self.book.open().refused += 1;
        }
        Some(done)
    }

    /// The same for a read: what it says. Anything but that, and 503 until then, is wrong.
    pub async fn read(&self, random: &Random, who: &Person, path: &str) -> Option<Value> {
        let done = self.until_answered(random, &Ask { who, method: Method::GET, path, body: None, key: None }).await?;
        if done.status == 200 {
            return Some(done.body);
        }
        self.book.wrong(format!("GET {path} was answered with {} {}", done.status, done.body));
        None
    }

    /// A read by somebody who comes back later anyway: tried once, and judged as all others.
    pub async fn glance(&self, who: &Person, path: &str) -> Option<Value> {
        let ask = Ask { who, method: Method::GET, path, body: None, key: None };
        match send(&self.world.http, &self.world.url(), &ask).await {
            Reply::Answer { status: 200, body, .. } => Some(body),
            Reply::Answer { status: 503, retry_after, body } => {
                self.judge(path, retry_after, &body);
                None
            }
            Reply::Answer { status, body, .. } if status >= 500 => {
                self.book.wrong(format!("GET {path} was answered with {status} {body}"));
                None
            }
            Reply::Answer { .. } | Reply::Silence => None,
        }
    }

    async fn until_answered(&self, random: &Random, ask: &Ask<'_>) -> Option<Done> {
        let (watch, mut unsure, path) = (Stopwatch::start(), false, ask.path);
        loop {
            let node = &self.world.nodes[self.any_node(random)];
            match send(&self.world.http, &node.url(), ask).await {
                Reply::Answer { status: 503, retry_after, body } => {
                    // Where the connection to the database is lost during the commit, nobody knows.
                    unsure = true;
                    self.put_off(path, retry_after, &body).await;
                }
                Reply::Answer { status, body, .. } if status < 500 && status != 429 => return Some(Done { status, body, unsure }),
                Reply::Answer { status, body, .. } => {
                    unsure = true;
                    self.book.wrong(format!("{} {path} was answered with {status} {body}", ask.method));
                    self.pause(random).await;
                }
                Reply::Silence => {
                    unsure = true;
                    self.timeline.note(Event::Unanswered);
                    self.pause(random).await;
                }
            }
            self.book.open().repeated += 1;
            if watch.elapsed() > LONGEST {
                self.book.wrong(format!("{} {path} had no answer for {} s", ask.method, LONGEST.as_secs()));
                return None;
            }
        }
    }

    /// The same for a verification: its code. None, too, where its time is refused because of a clock that was moved. `attempt` names each try, so that it can be found in the log.
    pub async fn verify(&self, random: &Random, key: &str, device: &str, attempt: impl Fn(u32) -> String) -> Option<String> {
        let (watch, mut out_of_time) = (Stopwatch::start(), 0);
        for number in 0.. {
            let name = attempt(number);
            let device = cuekey_sdk::Device::own(device).expect("a plain name").named(name.as_str());
            match self.world.program(self.any_node(random)).verify(key, &device).await {
                Ok(verdict) => {
                    self.timeline.note(Event::Acknowledged);
                    let code = word(&verdict.code);
                    self.book.open().calls.insert(name, code.clone());
                    return Some(code);
                }
                Err(cuekey_sdk::Error::Refused(refusal)) if refusal.status == 503 => {
                    let after = refusal.retry_after.map(|pause| pause.as_secs());
                    self.put_off("/client/v1/keys/verify", after, &serde_json::json!({"code": refusal.code})).await;
                }
                Err(cuekey_sdk::Error::Transport { .. }) => {
                    self.timeline.note(Event::Unanswered);
                    self.pause(random).await;
                }
                Err(cuekey_sdk::Error::Refused(refusal)) if self.clock_moves && refusal.code.starts_with("TIMESTAMP") => {
                    // Where the clock was set back, the server may take nothing of a time at which it was before: it has changed nothing.
                    out_of_time += 1;
                    if out_of_time > TIMES {
                        self.book.open().refused += 1;
                        return None;
                    }
                }
                Err(cuekey_sdk::Error::Forged { why: cuekey_sdk::Forgery::OutsideWindow { .. }, .. }) if self.clock_moves => {}
                Err(error) => {
                    self.book.wrong(format!("a verification was answered with {error:?}"));
                    self.pause(random).await;
                }
            }
            self.book.open().repeated += 1;
            if watch.elapsed() > LONGEST {
                self.book.wrong(format!("a verification had no answer for {} s", LONGEST.as_secs()));
                return None;
            }
        }
        None
    }

    async fn put_off(&self, path: &str, retry_after: Option<u64>, body: &Value) {
        self.timeline.note(Event::PutOff);
        self.judge(path, retry_after, body);
        Clock::System.sleep(Duration::from_secs(retry_after.unwrap_or(1).min(2))).await;
    }

    /// Whoever is put off is told why, and for how long.
    fn judge(&self, path: &str, retry_after: Option<u64>, body: &Value) {
        let known = body["code"].as_str().is_some_and(|code| PUT_OFF.contains(&code));
        if !known || retry_after.is_none_or(|seconds| seconds == 0) {
            self.book.wrong(format!("503 of {path} without a code of those {PUT_OFF:?}, or without Retry-After: {retry_after:?} {body}"));
        }
    }

    /// Before something is looked at again.
    pub async fn wait(&self) {
        Clock::System.sleep(Duration::from_millis(100)).await;
    }

    async fn pause(&self, random: &Random) {
        Clock::System.sleep(Duration::from_millis(PAUSE_MS + random.below(2 * PAUSE_MS))).await;
    }

    pub fn any_node(&self, random: &Random) -> usize {
        usize::try_from(random.below(self.world.nodes.len() as u64)).unwrap_or(0)
    }
}

/// As the API writes it.
fn word(code: &cuekey_sdk::Code) -> String {
    use cuekey_sdk::Code;
    match code {
        Code::NotFound => "NOT_FOUND",
        Code::ProjectDisabled => "PROJECT_DISABLED",
        Code::Disabled => "DISABLED",
        Code::Expired => "EXPIRED",
        Code::DeviceMismatch => "DEVICE_MISMATCH",
        Code::Valid => "VALID",
        Code::Other(text) => text,
        _ => "UNKNOWN",
    }
    .to_owned()
}
