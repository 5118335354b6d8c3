//! What happened when: for plots, and for saying how long an outage lasted.

use std::sync::{Mutex, PoisonError};

use kernel::Stopwatch;
use serde_json::{Value, json};

/// What became of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A write (a verification is one) was acknowledged.
    Acknowledged = 0,
    /// 503 with `Retry-After`.
    PutOff = 1,
    /// No answer: the connection was refused, reset, or nothing came.
    Unanswered = 2,
}

const NAMES: [&str; 3] = ["acknowledged", "put off (503)", "unanswered"];

pub struct Timeline {
    watch: Stopwatch,
    events: Mutex<Vec<(f64, Event)>>,
    marks: Mutex<Vec<(f64, f64, String)>>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { watch: Stopwatch::start(), events: Mutex::default(), marks: Mutex::default() }
    }
}

impl Timeline {
    /// Seconds since the beginning.
    pub fn now(&self) -> f64 {
        self.watch.elapsed().as_secs_f64()
    }

    pub fn note(&self, event: Event) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push((self.now(), event));
    }

    /// Something was done to the world from `from` until now.
    pub fn mark(&self, from: f64, what: &str) {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).push((from, self.now(), what.to_owned()));
    }

    pub fn count(&self, wanted: Event) -> usize {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|(_, event)| *event == wanted).count()
    }

    /// When the first write after this moment was acknowledged.
    pub fn acknowledged_after(&self, moment: f64) -> Option<f64> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().find(|(at, event)| *at > moment && *event == Event::Acknowledged).map(|(at, _)| *at)
    }

    /// Rates over time and marks, as xtask keeps and draws them: a rate for each stretch of `every` seconds.
    pub fn data(&self) -> Value {
        let end = self.now().max(0.001);
        let width = (end / 240.0).max(0.1);
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let series = (0..NAMES.len()).map(|kind| {
            let mut counts = vec![0_u32; (end / width) as usize + 1];
            for (at, _) in events.iter().filter(|(_, event)| *event as usize == kind) {
                counts[(at / width) as usize] += 1;
            }
            let rates: Vec<f64> = counts.iter().map(|count| short(f64::from(*count) / width)).collect();
            json!({"name": NAMES[kind], "rates": rates})
        });
        let mark = |(from, to, what): &(f64, f64, String)| json!({"from": short(*from), "to": short(*to), "label": what});
        let marks: Vec<Value> = marks.iter().map(mark).collect();
        json!({"every": width, "series": series.collect::<Vec<_>>(), "marks": marks, "seconds": short(end)})
    }
}

/// As exactly as anybody draws it: it is kept in the repository.
fn short(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
