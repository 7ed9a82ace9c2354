//! A controller's work queue: each key once, failures later, as many workers as it may have.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::super::delays::Limit;
use super::super::store::ObjectName;
use super::super::token_bucket::TokenBucket;

/// The wait after a first failure; it doubles with each (client-go's default controller limiter).
const FIRST_RETRY: Duration = Duration::from_millis(5);
/// The longest wait after a failure.
const LONGEST_RETRY: Duration = Duration::from_secs(1000);
/// How often all keys of a queue together may be retried.
const RETRIES: Limit = Limit { per_second: 10.0, burst: 100.0 };

/// What a queue has done so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::cluster) struct QueueCounts {
    /// Keys that wait now.
    pub(in crate::cluster) depth: usize,
    /// Keys added so far.
    pub(in crate::cluster) adds: u64,
    /// Keys retried so far.
    pub(in crate::cluster) retries: u64,
}

/// A work queue.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    most_workers: usize,
    retries: TokenBucket,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<ObjectName>,
    /// Those that wait, and those that came again while they were worked on.
    dirty: HashSet<ObjectName>,
    working: HashSet<ObjectName>,
    failures: HashMap<ObjectName, u32>,
    /// When a delayed key comes, the earliest.
    delayed: HashMap<ObjectName, Instant>,
    workers: usize,
    adds: u64,
    retried: u64,
}

impl Queue {
    pub(super) fn new(most_workers: usize) -> Self {
        Self { state: Mutex::default(), most_workers, retries: TokenBucket::new(RETRIES) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has been done so far.
    pub(super) fn counts(&self) -> QueueCounts {
        let state = self.state();
        QueueCounts { depth: state.waiting.len(), adds: state.adds, retries: state.retried }
    }

    /// Adds a key; says whether one more worker is wanted, which then must be started.
    pub(super) fn add(&self, key: &ObjectName) -> bool {
        let mut state = self.state();
        if !state.dirty.insert(key.clone()) {
            return false;
        }
        state.adds += 1;
        if state.working.contains(key) {
            return false;
        }
        state.waiting.push_back(key.clone());
        let wanted = state.workers < self.most_workers;
        state.workers += usize::from(wanted);
        wanted
    }

    /// The next key to work on; none ends the worker.
    pub(super) fn take(&self) -> Option<ObjectName> {
        let mut state = self.state();
        let Some(key) = state.waiting.pop_front() else {
            state.workers -= 1;
            return None;
        };
        state.dirty.remove(&key);
        state.working.insert(key.clone());
        Some(key)
    }

    /// Ends the work on a key; it waits again if it came again meanwhile.
    pub(super) fn done(&self, key: &ObjectName) {
        let mut state = self.state();
        state.working.remove(key);
        if state.dirty.contains(key) {
            state.waiting.push_back(key.clone());
        }
    }

    /// Forgets a key's failures.
    pub(super) fn forget(&self, key: &ObjectName) {
        self.state().failures.remove(key);
    }

    /// When a key that failed is to be tried again.
    pub(super) fn retry_at(&self, key: &ObjectName) -> Instant {
        let mut state = self.state();
        state.retried += 1;
        let failures = state.failures.entry(key.clone()).or_default();
        let wait = FIRST_RETRY.saturating_mul(1 << (*failures).min(20)).min(LONGEST_RETRY);
        *failures = failures.saturating_add(1);
        drop(state);
        (Instant::now() + wait).max(self.retries.take())
    }

    /// Notes that a key is to come at this time; says whether nothing brings it by then already.
    pub(super) fn delay(&self, key: &ObjectName, at: Instant) -> bool {
        let mut state = self.state();
        let now = Instant::now();
        let sooner = state.delayed.get(key).is_none_or(|known| *known > at || *known <= now);
        if sooner {
            state.delayed.insert(key.clone(), at);
        }
        sooner
    }

    /// Whether a delayed key's time has come.
    fn is_due(&self, key: &ObjectName, at: Instant) -> bool {
        let mut state = self.state();
        let due = state.delayed.get(key) == Some(&at);
        if due {
            state.delayed.remove(key);
        }
        due
    }
}

/// What a controller does with a key.
pub(super) trait Controller: Send + Sync + 'static {
    /// Its queue.
    fn queue(&self) -> &Queue;

    /// Brings the world nearer to what the object of this name asks for.
    ///
    /// # Errors
    /// Whatever the API server refuses; the key is then tried again.
    fn sync(
        self: &Arc<Self>,
        key: &ObjectName,
    ) -> impl Future<Output = Result<(), kubernetes_objects::Status>> + Send;
}

/// Adds a key to a controller's queue.
pub(super) fn enqueue<C: Controller>(controller: &Arc<C>, key: &ObjectName) {
    if controller.queue().add(key) {
        let controller = Arc::clone(controller);
        tokio::spawn(async move { work(&controller).await });
    }
}

/// Adds a key to a controller's queue at a time.
pub(super) fn enqueue_at<C: Controller>(controller: &Arc<C>, key: &ObjectName, at: Instant) {
    if !controller.queue().delay(key, at) {
        return;
    }
    let (controller, key) = (Arc::clone(controller), key.clone());
    tokio::spawn(async move {
        sleep_until(at).await;
        if controller.queue().is_due(&key, at) {
            enqueue(&controller, &key);
        }
    });
}

async fn work<C: Controller>(controller: &Arc<C>) {
    while let Some(key) = controller.queue().take() {
        match controller.sync(&key).await {
            Ok(()) => controller.queue().forget(&key),
            Err(_) => enqueue_at(controller, &key, controller.queue().retry_at(&key)),
        }
        controller.queue().done(&key);
    }
}
