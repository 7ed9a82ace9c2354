//! When the first processes that sleep wake: one task for all of a runtime's containers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use super::Inner;
use super::state::Container;

/// How far ahead a time is that is as good as never.
const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// When a process wakes, and the number of its container: no two are the same.
pub(super) type Wake = (Instant, u64);

/// The times at which processes wake.
#[derive(Default)]
pub(super) struct Timers {
    waiting: Mutex<Waiting>,
    /// Told when another time than before comes first.
    sooner: Notify,
}

#[derive(Default)]
struct Waiting {
    /// The containers' ids.
    wakes: BTreeMap<Wake, Arc<str>>,
    /// The task that waits for the first.
    task: Option<AbortHandle>,
}

impl Timers {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes nobody at that time.
    pub(super) fn cancel(&self, wake: Wake) {
        self.lock().wakes.remove(&wake);
    }

    /// The first time; without one the task that asks is no longer needed.
    fn first(&self) -> Option<Instant> {
        let mut waiting = self.lock();
        let first = waiting.wakes.first_key_value().map(|((at, _), _)| *at);
        if first.is_none() {
            waiting.task = None;
        }
        first
    }

    /// The next container whose time has come.
    fn take_due(&self) -> Option<Arc<str>> {
        let mut waiting = self.lock();
        let first = waiting.wakes.first_entry()?;
        (first.key().0 <= Instant::now()).then(|| first.remove())
    }
}

impl Inner {
    /// Lets a container's first process go on when a time is over.
    pub(super) fn wake_after(self: &Arc<Self>, duration: Duration, container: &Container) -> Wake {
        let now = Instant::now();
        let at = now.checked_add(duration).unwrap_or(now + NEVER);
        let wake = (at, container.number);
        let mut waiting = self.timers.lock();
        waiting.wakes.insert(wake, Arc::clone(&container.id));
        let is_first = waiting.wakes.first_key_value().is_some_and(|(first, _)| *first == wake);
        if waiting.task.as_ref().is_none_or(AbortHandle::is_finished) {
            let task = tokio::spawn(wake_all(Arc::downgrade(self), Arc::clone(&self.timers)));
            waiting.task = Some(task.abort_handle());
        } else if is_first {
            self.timers.sooner.notify_one();
        }
        wake
    }
}

/// Wakes processes until none sleeps, or the runtime is gone.
async fn wake_all(inner: Weak<Inner>, timers: Arc<Timers>) {
    while let Some(first) = timers.first() {
        tokio::select! {
            biased;
            () = sleep_until(first) => {}
            () = timers.sooner.notified() => continue,
        }
        let Some(inner) = inner.upgrade() else { return };
        while let Some(id) = timers.take_due() {
            // One that was removed in between wakes no more.
            if let Some(container) = inner.lock().containers.get(&id).cloned() {
                inner.advance(&container);
            }
        }
    }
}
