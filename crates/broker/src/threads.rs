//! Threads that end with everything that runs on them.
//!
//! `rmqtt` spawns a task for each connection and hands none of them out, so only the runtime that they run on can end them.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// Connections wait more than they work. With few threads, a flood of messages leaves the rest of the machine to the rest of the program.
const COUNT: usize = 2;
/// How long a task may go on that does not come to its next `await`.
const PATIENCE: Duration = Duration::from_secs(5);

/// `None` only while it is dropped.
pub(crate) struct Threads(Option<Runtime>);

impl Threads {
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(COUNT).thread_name("mqtt").enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    pub fn handle(&self) -> Handle {
        self.runtime().handle().clone()
    }

    pub fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.runtime().spawn(work)
    }

    fn runtime(&self) -> &Runtime {
        self.0.as_ref().expect("it is taken only by what consumes it")
    }

    /// Returns when all that ran has ended. It blocks.
    pub fn stop(mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_timeout(PATIENCE);
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // A runtime that is dropped waits for its threads, which nobody may do inside another runtime.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
