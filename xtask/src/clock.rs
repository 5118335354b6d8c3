//! The one place in xtask that looks at the clock or waits: it watches real programs, which nobody can step.

use std::time::{Duration, Instant};

pub struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "measures real programs; xtask has no Cx, and depends on none of our crates")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[expect(clippy::disallowed_methods, reason = "polls real programs; waiting for a signal and a child at once needs threads otherwise")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}
