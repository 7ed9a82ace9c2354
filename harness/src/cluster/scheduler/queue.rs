//! The pods that wait for a node.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use tokio::time::Instant;

/// How long a pod waits after its first failure (`podInitialBackoffSeconds`).
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// The longest wait after a failure (`podMaxBackoffSeconds`).
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);

/// Among those that are due the highest priority first, then the longest waiting.
type Turn = (Reverse<i32>, u64);

/// Which queue a pod is in, by the names that the scheduler's metrics have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cluster) enum QueueName {
    /// To be looked at as soon as possible.
    Active,
    /// To be looked at when its back-off is over.
    Backoff,
    /// Has scheduling gates.
    Gated,
    /// No node takes it; it waits until something changes.
    Unschedulable,
}

impl QueueName {
    /// All of them.
    pub(in crate::cluster) const ALL: [Self; 4] =
        [Self::Active, Self::Backoff, Self::Gated, Self::Unschedulable];

    /// The label's value.
    pub(in crate::cluster) fn label(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Backoff => "backoff",
            Self::Gated => "gated",
            Self::Unschedulable => "unschedulable",
        }
    }
}

#[derive(Debug)]
enum Place {
    Active {
        due: Instant,
        turn: Turn,
    },
    Backoff {
        until: Instant,
        turn: Turn,
    },
    Gated,
    Unschedulable {
        class: Arc<str>,
    },
    /// Being placed.
    Taken,
}

#[derive(Debug)]
struct Waiting {
    pod: Arc<Pod>,
    place: Place,
    failures: u32,
    failed_at: Option<Instant>,
}

/// The pods that wait, by uid.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pods: HashMap<Arc<str>, Waiting>,
    active: BTreeSet<(Instant, Turn, Arc<str>)>,
    ready: BTreeSet<(Turn, Arc<str>)>,
    backoff: BTreeSet<(Instant, Turn, Arc<str>)>,
    unschedulable: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    counts: [usize; 4],
    turns: u64,
}

impl Queue {
    /// How many pods wait in a queue.
    pub(super) fn count(&self, queue: QueueName) -> usize {
        self.counts[queue as usize]
    }

    /// Takes in a pod without a node, new or changed; it is looked at from `due` on.
    pub(super) fn put(&mut self, pod: &Arc<Pod>, due: Instant) {
        let Some(uid) = pod.metadata.uid.as_deref() else { return };
        let gated = is_gated(pod);
        if let Some(waiting) = self.pods.get_mut(uid) {
            let asks_anew = asks_anew(&waiting.pod, pod);
            waiting.pod = Arc::clone(pod);
            let stuck = matches!(waiting.place, Place::Unschedulable { .. });
            let opens = matches!(waiting.place, Place::Gated) && !gated;
            if opens || (stuck && asks_anew) {
                let uid: Arc<str> = Arc::from(uid);
                self.retry(&uid, due);
            }
            return;
        }
        let uid: Arc<str> = Arc::from(uid);
        let waiting =
            Waiting { pod: Arc::clone(pod), place: Place::Gated, failures: 0, failed_at: None };
        self.pods.insert(Arc::clone(&uid), waiting);
        self.counts[QueueName::Gated as usize] += 1;
        if !gated {
            self.retry(&uid, due);
        }
    }

    /// Forgets a pod.
    pub(super) fn remove(&mut self, uid: &str) {
        self.leave(uid);
        self.pods.remove(uid);
    }

    /// Takes a pod out of the queue that it is in.
    fn leave(&mut self, uid: &str) {
        let Some((uid, waiting)) = self.pods.get_key_value(uid) else { return };
        let uid = Arc::clone(uid);
        let queue = match &waiting.place {
            Place::Active { due, turn } => {
                self.active.remove(&(*due, *turn, Arc::clone(&uid)));
                self.ready.remove(&(*turn, Arc::clone(&uid)));
                QueueName::Active
            }
            Place::Backoff { until, turn } => {
                self.backoff.remove(&(*until, *turn, Arc::clone(&uid)));
                QueueName::Backoff
            }
            Place::Unschedulable { class } => {
                if let Some(pods) = self.unschedulable.get_mut(class) {
                    pods.remove(&uid);
                    if pods.is_empty() {
                        self.unschedulable.remove(class);
                    }
                }
                QueueName::Unschedulable
            }
            Place::Gated => QueueName::Gated,
            Place::Taken => return,
        };
        self.counts[queue as usize] -= 1;
        if let Some(waiting) = self.pods.get_mut(&uid) {
            waiting.place = Place::Taken;
        }
    }

    /// Lets a pod be looked at again: at `due`, or when its back-off is over.
    fn retry(&mut self, uid: &Arc<str>, due: Instant) {
        self.leave(uid);
        let Some(waiting) = self.pods.get_mut(uid) else { return };
        self.turns += 1;
        let priority = waiting.pod.spec.as_ref().and_then(|spec| spec.priority).unwrap_or(0);
        let turn = (Reverse(priority), self.turns);
        let until = waiting.failed_at.map(|at| at + backoff(waiting.failures));
        match until.filter(|until| *until > due) {
            Some(until) => {
                waiting.place = Place::Backoff { until, turn };
                self.backoff.insert((until, turn, Arc::clone(uid)));
                self.counts[QueueName::Backoff as usize] += 1;
            }
            None => {
                waiting.place = Place::Active { due, turn };
                self.active.insert((due, turn, Arc::clone(uid)));
                self.counts[QueueName::Active as usize] += 1;
            }
        }
    }

    /// The next pod whose turn it is.
    pub(super) fn take(&mut self, now: Instant) -> Option<Arc<Pod>> {
        while self.backoff.first().is_some_and(|(until, ..)| *until <= now) {
            let (_, turn, uid) = self.backoff.pop_first()?;
            self.counts[QueueName::Backoff as usize] -= 1;
            self.counts[QueueName::Active as usize] += 1;
            if let Some(waiting) = self.pods.get_mut(&uid) {
                waiting.place = Place::Active { due: now, turn };
                self.ready.insert((turn, uid));
            }
        }
        while self.active.first().is_some_and(|(due, ..)| *due <= now) {
            let (_, turn, uid) = self.active.pop_first()?;
            self.ready.insert((turn, uid));
        }
        let (_, uid) = self.ready.first()?.clone();
        self.leave(&uid);
        self.pods.get(&uid).map(|waiting| Arc::clone(&waiting.pod))
    }

    /// Puts a pod aside that no node takes.
    pub(super) fn put_aside(&mut self, uid: &str, class: &Arc<str>, now: Instant) {
        let Some((uid, _)) = self.pods.get_key_value(uid) else { return };
        let uid = Arc::clone(uid);
        let Some(waiting) = self.pods.get_mut(&uid) else { return };
        waiting.failures = waiting.failures.saturating_add(1);
        waiting.failed_at = Some(now);
        waiting.place = Place::Unschedulable { class: Arc::clone(class) };
        self.counts[QueueName::Unschedulable as usize] += 1;
        self.unschedulable.entry(Arc::clone(class)).or_default().insert(uid);
    }

    /// The classes of the pods that are put aside.
    pub(super) fn classes_aside(&self) -> impl Iterator<Item = &Arc<str>> {
        self.unschedulable.keys()
    }

    /// Lets the pods of a class be looked at again.
    pub(super) fn retry_class(&mut self, class: &str, due: Instant) {
        for uid in self.unschedulable.remove(class).into_iter().flatten() {
            self.retry(&uid, due);
        }
    }

    /// When the next pod's turn comes.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let active = self.active.first().map(|(due, ..)| *due);
        let backoff = self.backoff.first().map(|(until, ..)| *until);
        active.into_iter().chain(backoff).min()
    }
}

/// How long a pod waits after as many failures in a row.
fn backoff(failures: u32) -> Duration {
    let doubled = FIRST_BACKOFF.saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled.min(LONGEST_BACKOFF)
}

fn is_gated(pod: &Pod) -> bool {
    pod.spec
        .as_ref()
        .and_then(|spec| spec.scheduling_gates.as_ref())
        .is_some_and(|gates| !gates.is_empty())
}

/// Whether a change of a pod may let it fit where it did not.
fn asks_anew(before: &Pod, after: &Pod) -> bool {
    before.spec != after.spec || before.metadata.labels != after.metadata.labels
}
