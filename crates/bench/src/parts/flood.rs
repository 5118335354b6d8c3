//! Verifications beside a flood of sign-ins, against verifications alone.
//!
//! The flood is the worst that the limits let through: each try under a name and from an address that were not seen before, as a
//! trusted proxy would tell them, so that neither a captcha nor a lock keeps it from the password hash. One in eight signs in.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::clock::pause;
use crate::figure::{Bound, Figure};
use crate::load::{self, Source};
use crate::ready::Ready;
use crate::run::Options;
use crate::say;
use crate::site::{CHIEF, PASSWORD};

const CONNECTIONS: usize = 64;
/// The flood flows before anything is measured beside it.
const BEFORE: Duration = Duration::from_secs(1);

pub async fn measure(options: &Options, pair: &mut [Ready]) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for one in pair {
        one.site.place.environment = vec![("CUEKEY_SERVER__TRUSTED_PROXIES", "127.0.0.1")];
        one.restart().await?;
        figures.push(beside(options, one).await?);
        one.site.place.environment.clear();
        one.restart().await?;
    }
    Ok(figures)
}

async fn beside(options: &Options, one: &Ready) -> Result<Figure> {
    let name = format!("verify, {}, {CONNECTIONS} connections, beside {} that sign in", one.name(), options.flooding);
    let mut figure = Figure::new(name, "/s").bound(Bound::AtLeast(0.7));
    let seen = Arc::new(Seen::default());
    for _ in 0..options.rounds {
        let alone = one.verify(CONNECTIONS, options.seconds)?;
        let flood = Flood::start(one.site.address, options.flooding, options.seconds + BEFORE.as_secs_f64(), &seen);
        pause(BEFORE).await;
        let beside = one.verify(CONNECTIONS, options.seconds)?;
        let flood = flood.end()?;
        say(&format!(
            "{}: verify alone {:.0}/s, beside {:.0}/s = {:.2}; flood {:.0}/s",
            one.name(),
            alone.rate(),
            beside.rate(),
            beside.rate() / alone.rate(),
            flood.rate()
        ));
        figure.values.push(beside.rate());
        figure.baseline.push(alone.rate());
    }
    let seconds = options.rounds as f64 * (options.seconds + BEFORE.as_secs_f64());
    let rate = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64 / seconds;
    figure.note = format!(
        "a second: {:.0} signed in, {:.0} wrong passwords, {:.0} told to come back, {:.0} otherwise refused",
        rate(&seen.signed_in),
        rate(&seen.wrong),
        rate(&seen.busy),
        rate(&seen.other)
    );
    Ok(figure)
}

/// What became of the tries.
#[derive(Default)]
struct Seen {
    signed_in: AtomicU64,
    wrong: AtomicU64,
    busy: AtomicU64,
    other: AtomicU64,
}

/// A load of its own in a thread of its own.
struct Flood(std::thread::JoinHandle<Result<load::Outcome>>);

impl Flood {
    fn start(address: SocketAddr, connections: usize, seconds: f64, seen: &Arc<Seen>) -> Self {
        let seen = Arc::clone(seen);
        let flood = move || {
            let source = |_| Box::new(Stranger::new(Arc::clone(&seen))) as Box<dyn Source>;
            load::run(address, (0..connections).map(source).collect(), Duration::from_secs_f64(seconds))?.checked()
        };
        Self(std::thread::spawn(flood))
    }

    fn end(self) -> Result<load::Outcome> {
        self.0.join().ok().context("the flood's thread")?.context("the flood")
    }
}

struct Stranger {
    random: kernel::Random,
    seen: Arc<Seen>,
    body: Vec<u8>,
}

impl Stranger {
    fn new(seen: Arc<Seen>) -> Self {
        Self { random: kernel::Random::system(), seen, body: Vec::new() }
    }
}

impl Source for Stranger {
    fn next(&mut self, request: &mut Vec<u8>) -> bool {
        let [a, b, c, d, right, name @ ..] = self.random.bytes::<16>();
        self.body.clear();
        let _ = if right.is_multiple_of(8) {
            write!(self.body, "{{\"name\":\"{CHIEF}\",\"password\":\"{PASSWORD}\"}}")
        } else {
            write!(self.body, "{{\"name\":\"nobody-{}\",\"password\":\"not-the-Password-7\"}}", hex::encode(name))
        };
        let _ = write!(
            request,
            "POST /api/v1/session HTTP/1.1\r\nhost: bench\r\nx-forwarded-for: {}.{b}.{c}.{d}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            a % 100 + 11,
            self.body.len()
        );
        request.extend_from_slice(&self.body);
        true
    }

    /// A flood cares for no answer; but one that is never looked at would not be what is measured.
    fn judge(&mut self, status: u16, _: &[u8], _: &[u8]) -> bool {
        let counter = match status {
            200 | 201 => &self.seen.signed_in,
            401 => &self.seen.wrong,
            503 => &self.seen.busy,
            _ => &self.seen.other,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        true
    }
}
