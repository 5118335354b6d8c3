//! Threads that hash passwords when nobody else wants their processor.
//!
//! On Linux they are of the system's idle class and make way at once for whoever wakes: a thread that is only nice finishes its turn of
//! some milliseconds first, and a verification wakes several times. Each stays on one processor, or it would wander from one that has
//! just fallen idle to the next and be in the way everywhere. (Beside a flood of sign-ins verifications on PostgreSQL kept half of their
//! rate when the threads were nice, and nine tenths so.)
//!
//! Where no processor is ever idle, such a thread does nothing for minutes. So there is one more that is nothing but a little nice: it
//! begins anew what has had no answer for a quarter of a second, and no more than four a second. The first answer counts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::Stopwatch;
use tokio::sync::oneshot;

/// After so long without an answer somebody else tries; and so far apart are those tries.
const PATIENCE: Duration = Duration::from_millis(250);
/// How far the one more steps back: a third of a usual share; 19 is farthest.
#[cfg(target_os = "linux")]
const A_LITTLE_NICE: i32 = 5;

/// Whether the threads make way. In tests, which keep all processors busy, they had better not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    MakeWay,
    AsOthers,
}

/// The threads, which end with the last clone.
#[derive(Clone)]
pub(super) struct Threads(Arc<Gate>);

/// Closes the line when it is dropped.
struct Gate(Arc<Line>);

#[derive(Default)]
struct Line {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Without an answer, the oldest first.
    tasks: Vec<Arc<Task>>,
    closed: bool,
}

struct Task {
    since: Stopwatch,
    begun: AtomicBool,
    run: Box<dyn Fn() + Send + Sync>,
}

impl Threads {
    /// One for each of `count` processors, and the one more.
    pub fn start(count: usize, manner: Manner) -> Self {
        let line = Arc::new(Line::default());
        for n in 0..count {
            let line = Arc::clone(&line);
            std::thread::spawn(move || {
                if manner == Manner::MakeWay {
                    make_way(n);
                }
                while let Some(task) = line.next() {
                    line.run(&task);
                }
            });
        }
        std::thread::spawn({
            let line = Arc::clone(&line);
            move || {
                step_back();
                let mut last = None;
                while let Some(task) = line.neglected(last) {
                    last = Some(Stopwatch::start());
                    line.run(&task);
                }
            }
        });
        Self(Arc::new(Gate(line)))
    }

    /// What `work` answers; `None` where it failed. `kept` is dropped with the answer, or when nobody waits for it any more.
    pub async fn run<T: Send + 'static>(&self, kept: impl Send + 'static, work: impl Fn() -> T + Send + Sync + 'static) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let answer = Mutex::new(Some((answer, kept)));
        let run = move || {
            let wanted = |held: &mut Option<(oneshot::Sender<T>, _)>| {
                if held.as_ref().is_some_and(|(answer, _)| answer.is_closed()) {
                    *held = None;
                }
                held.is_some()
            };
            if wanted(&mut locked(&answer)) {
                let result = work();
                if let Some((answer, _)) = locked(&answer).take() {
                    let _ = answer.send(result);
                }
            }
        };
        self.0.0.enter(Task { since: Stopwatch::start(), begun: AtomicBool::new(false), run: Box::new(run) });
        answered.await.ok()
    }
}

impl Line {
    fn enter(&self, task: Task) {
        locked(&self.state).tasks.push(Arc::new(task));
        self.changed.notify_all();
    }

    /// The next that nobody has begun; `None` when the line is closed.
    fn next(&self) -> Option<Arc<Task>> {
        let mut state = locked(&self.state);
        while !state.closed {
            if let Some(task) = state.tasks.iter().find(|task| !task.begun.swap(true, Ordering::SeqCst)) {
                return Some(Arc::clone(task));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    /// The oldest, once it has waited for too long, and some time after the `last` such.
    fn neglected(&self, last: Option<Stopwatch>) -> Option<Arc<Task>> {
        let mut state = locked(&self.state);
        while !state.closed {
            let since = [state.tasks.first().map(|task| task.since), last];
            let wait = since.into_iter().flatten().map(|since| PATIENCE.saturating_sub(since.elapsed())).max().unwrap_or_default();
            state = match state.tasks.first() {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(task) if wait.is_zero() => {
                    task.begun.store(true, Ordering::SeqCst);
                    return Some(Arc::clone(task));
                }
                Some(_) => self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        None
    }

    fn run(&self, task: &Arc<Task>) {
        // Whoever waits for a hash that failed is told, since its sender goes with the task; the thread goes on.
        let _ = catch_unwind(AssertUnwindSafe(|| (task.run)()));
        locked(&self.state).tasks.retain(|other| !Arc::ptr_eq(other, task));
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        locked(&self.0.state).closed = true;
        self.0.changed.notify_all();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// On Linux a thread has a priority of its own; elsewhere only a process has.
#[cfg(target_os = "linux")]
fn make_way(n: usize) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
    };

    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle).is_err() {
        step_back();
    }
    let Ok(allowed) = sched_getaffinity(None) else { return };
    let mut own = CpuSet::new();
    if let Some(cpu) = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu)).nth(n) {
        own.set(cpu);
        let _ = sched_setaffinity(None, &own);
    }
}

#[cfg(target_os = "linux")]
fn step_back() {
    if let Err(error) = rustix::process::nice(A_LITTLE_NICE) {
        tracing::warn!(%error, "passwords are hashed at full priority");
    }
}

#[cfg(not(target_os = "linux"))]
fn make_way(_: usize) {}

#[cfg(not(target_os = "linux"))]
fn step_back() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failure_is_told_and_the_threads_go_on() {
        let threads = Threads::start(1, Manner::AsOthers);
        assert_eq!(threads.run((), || -> u32 { panic!("on purpose") }).await, None);
        assert_eq!(threads.run((), || 7).await, Some(7));
    }

    #[tokio::test]
    async fn what_gets_no_answer_is_begun_anew_and_the_first_answer_counts() {
        let threads = Threads::start(1, Manner::AsOthers);
        let (begun, go_on) = (Arc::new(AtomicBool::new(false)), Arc::new((Mutex::new(false), Condvar::new())));
        let stuck = {
            let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
            // Whoever begins first gets no further, as a thread that has no processor.
            move || {
                let first = !begun.swap(true, Ordering::SeqCst);
                let mut may = go_on.0.lock().unwrap();
                while first && !*may {
                    may = go_on.1.wait(may).unwrap();
                }
                first
            }
        };
        let turn = Arc::new(());
        let (first, behind) = tokio::join!(threads.run(Arc::clone(&turn), stuck), threads.run((), || 7));
        assert_eq!((first, behind), (Some(false), Some(7)));
        assert_eq!(Arc::strong_count(&turn), 1, "given back with the answer");
        *go_on.0.lock().unwrap() = true;
        go_on.1.notify_all();
        assert_eq!(threads.run((), || 8).await, Some(8));
    }

    /// Somebody's, that does nothing.
    fn entered(line: &Line) -> Arc<Task> {
        line.enter(Task { since: Stopwatch::start(), begun: AtomicBool::new(false), run: Box::new(|| {}) });
        Arc::clone(locked(&line.state).tasks.last().unwrap())
    }

    #[test]
    fn a_task_is_begun_once_the_oldest_again_after_a_while_and_those_that_are_done_are_out_of_the_line() {
        let line = Line::default();
        let tasks = [entered(&line), entered(&line), entered(&line)];
        let is = |found: Option<Arc<Task>>, task: &Arc<Task>| found.is_some_and(|found| Arc::ptr_eq(&found, task));
        assert!(is(line.next(), &tasks[0]) && is(line.next(), &tasks[1]));
        let watch = Stopwatch::start();
        assert!(is(line.neglected(Some(Stopwatch::start())), &tasks[0]));
        assert!(watch.elapsed() >= PATIENCE, "{:?}", watch.elapsed());
        line.run(&tasks[0]);
        assert!(is(line.neglected(None), &tasks[1]), "the oldest of those that are left");
        assert!(is(line.next(), &tasks[2]));
        line.run(&tasks[2]);
        assert_eq!(locked(&line.state).tasks.len(), 1);
    }

    #[test]
    fn a_line_that_is_closed_gives_nothing_out() {
        let line = Arc::new(Line::default());
        entered(&line);
        drop(Gate(Arc::clone(&line)));
        assert!(line.next().is_none() && line.neglected(None).is_none());
    }

    #[tokio::test]
    async fn nothing_is_done_for_somebody_who_has_gone() {
        let threads = Threads::start(1, Manner::AsOthers);
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let held = Mutex::new(held);
        let busy = tokio::spawn({
            let threads = threads.clone();
            async move { threads.run((), move || held.lock().unwrap().recv().is_err()).await }
        });
        let (done, turn) = (Arc::new(AtomicBool::new(false)), Arc::new(()));
        let gone = tokio::spawn({
            let (threads, done, turn) = (threads.clone(), Arc::clone(&done), Arc::clone(&turn));
            async move { threads.run(turn, move || done.store(true, Ordering::SeqCst)).await }
        });
        tokio::task::yield_now().await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        drop(hold);
        assert_eq!(busy.await.unwrap(), Some(true));
        assert_eq!(threads.run((), || 9).await, Some(9));
        assert!(!done.load(Ordering::SeqCst));
        assert_eq!(Arc::strong_count(&turn), 1);
    }
}
