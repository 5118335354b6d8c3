//! The one place in the benchmark that looks at the clock: it measures real programs.

use std::time::{Duration, Instant, SystemTime};

#[derive(Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "measures real programs")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    pub fn seconds(self) -> f64 {
        self.elapsed().as_secs_f64()
    }
}

/// Unix seconds: what requests are signed with.
#[expect(clippy::disallowed_methods, reason = "real programs compare it with the real time")]
pub fn unix() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

#[expect(clippy::disallowed_methods, reason = "waits for real programs")]
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
