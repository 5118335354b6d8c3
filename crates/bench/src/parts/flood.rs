//! Verifications beside a flood of sign-ins, against verifications alone.
//!
//! Two floods. *Strangers*: each try under a name and from an address that were not seen before, as a trusted proxy would tell
//! them, so that neither a captcha nor a lock keeps it from the password hash. *One address*: new names from one address, which
//! is over its limit soon. In both, one person signs in with the right password, again and again.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::clock::{Stopwatch, pause};
use crate::figure::{Bound, Figure, spread};
use crate::load::{self, Outcome, Source};
use crate::ready::Ready;
use crate::run::Options;
use crate::say;
use crate::site::{CHIEF, PASSWORD};

const CONNECTIONS: usize = 64;
/// The flood flows before anything is measured beside it.
const BEFORE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Strangers,
    OneAddress,
}

pub async fn measure(options: &Options, pair: &mut [Ready]) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for one in pair {
        one.site.place.environment = vec![("CUEKEY_SERVER__TRUSTED_PROXIES", "127.0.0.1".into())];
        one.restart().await?;
        for manner in [Manner::Strangers, Manner::OneAddress] {
            figures.push(beside(options, one, manner).await?);
        }
        one.site.place.environment.clear();
        one.restart().await?;
    }
    Ok(figures)
}

async fn beside(options: &Options, one: &Ready, manner: Manner) -> Result<Figure> {
    let whence = match manner {
        Manner::Strangers => "strangers",
        Manner::OneAddress => "of one address",
    };
    let name = format!("verify, {}, {CONNECTIONS} connections, beside {} {whence} that sign in", one.name(), options.flooding);
    let mut figure = Figure::new(name, "/s").bound(Bound::AtLeast(0.7));
    let seen = Arc::new(Seen::default());
    for round in 0..options.rounds {
        let alone = one.verify(CONNECTIONS, options.seconds)?;
        let flood = Flood::start(one.site.address, manner, options, &seen);
        pause(BEFORE).await;
        let beside = one.verify(CONNECTIONS, options.seconds)?;
        let tries = flood.end()?;
        say(&format!(
            "{}, round {}: alone {:.0}/s, beside {whence} {:.0}/s = {:.2}; {:.0} tries a second",
            one.name(),
            round + 1,
            alone.rate(),
            beside.rate(),
            beside.rate() / alone.rate(),
            tries.rate()
        ));
        figure.values.push(beside.rate());
        figure.baseline.push(alone.rate());
        figure.lasted(beside.seconds);
    }
    figure.note = seen.in_words(options.rounds as f64 * (options.seconds + BEFORE.as_secs_f64()));
    Ok(figure)
}

/// What became of the tries.
#[derive(Default)]
struct Seen {
    refused: AtomicU64,
    busy: AtomicU64,
    other: AtomicU64,
    /// Seconds until the person was signed in.
    person: Mutex<Vec<f64>>,
}

impl Seen {
    fn count(&self, status: u16) {
        let counter = match status {
            401 => &self.refused,
            503 => &self.busy,
            _ => &self.other,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn in_words(&self, seconds: f64) -> String {
        let rate = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64 / seconds;
        let waits = self.person.lock().unwrap_or_else(PoisonError::into_inner);
        let person = match waits.len() {
            0 => "somebody with the right password never got in".to_owned(),
            times => {
                let (median, _, longest) = spread(&waits);
                format!("somebody with the right password got in {times} times, after {median:.1} s (at most {longest:.1})")
            }
        };
        let (refused, busy, other) = (rate(&self.refused), rate(&self.busy), rate(&self.other));
        format!("a second {refused:.0} refused, {busy:.0} told to come back, {other:.0} otherwise answered; {person}")
    }
}

/// A load of its own in a thread of its own.
struct Flood(std::thread::JoinHandle<Result<Outcome>>);

impl Flood {
    fn start(address: SocketAddr, manner: Manner, options: &Options, seen: &Arc<Seen>) -> Self {
        let (seen, connections) = (Arc::clone(seen), options.flooding);
        let limit = Duration::from_secs_f64(options.seconds) + BEFORE;
        Self(std::thread::spawn(move || {
            let tries = |_| Box::new(Tries { manner, random: kernel::Random::system(), seen: Arc::clone(&seen) }) as Box<dyn Source>;
            let person = Box::new(Person { since: None, seen: Arc::clone(&seen) });
            load::run(address, (1..connections).map(tries).chain([person as Box<dyn Source>]).collect(), limit)?.checked()
        }))
    }

    fn end(self) -> Result<Outcome> {
        self.0.join().ok().context("the flood's thread")?.context("the flood")
    }
}

fn write(request: &mut Vec<u8>, name: &str, password: &str, address: &str) {
    let body = format!("{{\"name\":\"{name}\",\"password\":\"{password}\"}}");
    let _ = write!(
        request,
        "POST /api/v1/session HTTP/1.1\r\nhost: bench\r\nx-forwarded-for: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
}

struct Tries {
    manner: Manner,
    random: kernel::Random,
    seen: Arc<Seen>,
}

impl Source for Tries {
    fn next(&mut self, request: &mut Vec<u8>) -> bool {
        let [a, b, c, d, name @ ..] = self.random.bytes::<16>();
        let address = match self.manner {
            Manner::Strangers => format!("{}.{b}.{c}.{d}", a % 100 + 11),
            Manner::OneAddress => "198.51.100.7".to_owned(),
        };
        write(request, &format!("nobody-{}", hex::encode(name)), "not-the-Password-7", &address);
        true
    }

    fn judge(&mut self, status: u16, _: &[u8], _: &[u8]) -> bool {
        self.seen.count(status);
        true
    }
}

/// Tries until it is signed in, and then begins again.
struct Person {
    since: Option<Stopwatch>,
    seen: Arc<Seen>,
}

impl Source for Person {
    fn next(&mut self, request: &mut Vec<u8>) -> bool {
        self.since.get_or_insert_with(Stopwatch::start);
        write(request, CHIEF, PASSWORD, "203.0.113.5");
        true
    }

    fn judge(&mut self, status: u16, _: &[u8], _: &[u8]) -> bool {
        if status == 200
            && let Some(since) = self.since.take()
        {
            self.seen.person.lock().unwrap_or_else(PoisonError::into_inner).push(since.seconds());
        }
        matches!(status, 200 | 503)
    }
}
