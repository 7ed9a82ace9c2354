//! The pods of a node and their workers.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::runtime_watch::Listing;
use super::subject;
use crate::admission::admit;
use crate::admission::resources::Amounts;
use crate::api::{PodChange, PodIdentity};
use crate::config::Readmission;
use crate::events::Notice;
use crate::node::Node;
use crate::probing::Probed;
use crate::status::node::{new_node, node_status};
use crate::status::phase::ended;
use crate::sync::{Adopted, Call, Next, PodWorker};

/// How long a container may take to end whose pod nobody knows any more, or
/// was rejected.
const ORPHAN_GRACE: Duration = Duration::from_secs(1);

/// A pod's worker.
enum Slot {
    /// Rests here.
    Resting(Box<PodWorker>),
    /// Works in a task of its own; what came meanwhile.
    Working { call: Option<Call>, update: Option<Arc<Pod>> },
}

struct Tracked {
    slot: Slot,
    /// When to call the worker though nothing happened.
    wake: Option<Instant>,
    /// Whether its resources count as used.
    counted: bool,
}

/// All pods of a node, by uid.
pub(super) struct Pods {
    node: Arc<Node>,
    tracked: HashMap<String, Tracked>,
    /// Wakes by time, then in the order asked for; some of them outdated.
    wakes: BinaryHeap<Reverse<(Instant, u64, String)>>,
    wakes_asked: u64,
    workers: JoinSet<(String, Box<PodWorker>, Next)>,
    /// Probes under way.
    probes: JoinSet<(String, Probed)>,
    cleanups: JoinSet<()>,
    adoptable: HashMap<String, Adopted>,
    admitted: Amounts,
}

impl Pods {
    pub(super) fn new(node: Arc<Node>, adoptable: HashMap<String, Adopted>) -> Self {
        Self {
            node,
            tracked: HashMap::new(),
            wakes: BinaryHeap::new(),
            wakes_asked: 0,
            workers: JoinSet::new(),
            probes: JoinSet::new(),
            cleanups: JoinSet::new(),
            adoptable,
            admitted: Amounts::default(),
        }
    }

    /// Takes in a change from the API.
    pub(super) async fn change(&mut self, change: PodChange) {
        let pod = Arc::clone(subject(&change));
        let Some(uid) = pod.metadata.uid.clone() else { return };
        let removed = matches!(change, PodChange::Deleted(_));
        let Some(tracked) = self.tracked.get_mut(&uid) else {
            if !removed {
                self.add(uid, pod).await;
            }
            return;
        };
        let acts = removed
            || match &mut tracked.slot {
                Slot::Resting(worker) => {
                    let acts = matters(worker.pod(), &pod);
                    worker.update(pod);
                    acts
                }
                Slot::Working { update, .. } => {
                    if pod.metadata.deletion_timestamp.is_some() {
                        self.node.leaving(&uid).notify_one();
                    }
                    *update = Some(pod);
                    false
                }
            };
        if removed && matches!(tracked.slot, Slot::Working { .. }) {
            self.node.leaving(&uid).notify_one();
        }
        if acts {
            self.call(&uid, Call { removed, ..Call::default() }).await;
        }
    }

    /// Admits a pod seen for the first time, or rejects it for good.
    async fn add(&mut self, uid: String, pod: Arc<Pod>) {
        let identity = PodIdentity {
            namespace: pod.metadata.namespace.clone().unwrap_or_default(),
            name: pod.metadata.name.clone().unwrap_or_default(),
            uid: uid.clone(),
        };
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
        let ended = matches!(phase, Some("Failed" | "Succeeded"));
        let leaves = pod.metadata.deletion_timestamp.is_some();
        let adopted = self.adoptable.remove(&uid);
        let spared = self.node.config.readmission == Readmission::SpareRunning
            && adopted.as_ref().is_some_and(Adopted::runs);
        let mut counted = false;
        let mut finished = ended;
        if !ended && !leaves {
            if spared || self.admits(&pod, &identity) {
                self.admitted.add(&Amounts::requested_by(&pod));
                counted = true;
            } else {
                finished = true;
            }
        }
        let mut worker = Box::new(PodWorker::new(Arc::clone(&self.node), identity, pod));
        if let Some(adopted) = adopted {
            if finished && !ended {
                self.kill(&adopted, self.node.config.timings.housekeeping);
            }
            worker.adopt(adopted).await;
        }
        if finished {
            worker.retire();
        }
        self.tracked
            .insert(uid.clone(), Tracked { slot: Slot::Resting(worker), wake: None, counted });
        if !finished || leaves {
            self.call(&uid, Call::default()).await;
        }
    }

    /// Whether the pod may run here; if not, all is written that is left of it.
    fn admits(&self, pod: &Pod, identity: &PodIdentity) -> bool {
        let node = &self.node;
        let gates = &node.config.feature_gates;
        // A kubelet whose node object is gone goes by what it would register.
        let object = node.api.node(&node.config.node_name).unwrap_or_else(|| {
            let status = node_status(&node.config, &node.runtime(), None, &node.now());
            Arc::new(k8s_openapi::api::core::v1::Node {
                status: Some(status),
                ..new_node(&node.config)
            })
        });
        let Err(rejection) = admit(pod, &object, gates, &self.admitted) else {
            return true;
        };
        node.metrics.reject(&rejection.reason);
        node.record(pod, None, Notice::rejected(&rejection.reason, &rejection.message));
        let status = rejection.pod_status(pod, gates, node.now());
        // A pod that went in between needs no status.
        let _ = node.api.update_pod_status(identity, status);
        false
    }

    /// Calls a pod's worker, or leaves word for when it is done.
    pub(super) async fn call(&mut self, uid: &str, call: Call) {
        let Some(tracked) = self.tracked.get_mut(uid) else { return };
        tracked.wake = None;
        let busy = Slot::Working { call: None, update: None };
        match std::mem::replace(&mut tracked.slot, busy) {
            Slot::Resting(worker) => self.run(uid.to_owned(), worker, call).await,
            Slot::Working { call: waiting, update } => {
                let mut waiting = waiting.unwrap_or_default();
                waiting.merge(call);
                tracked.slot = Slot::Working { call: Some(waiting), update };
            }
        }
    }

    /// Lets a worker work: here as far as it needs not wait, then in a task of
    /// its own. Most syncs on a fake runtime never wait.
    async fn run(&mut self, uid: String, worker: Box<PodWorker>, call: Call) {
        let mut work = (uid, worker, call);
        loop {
            let (uid, mut worker, call) = work;
            let mut sync = Box::pin(async move {
                let next = worker.sync(call).await;
                (worker, next)
            });
            let at_once = std::future::poll_fn(|context| {
                Poll::Ready(match sync.as_mut().poll(context) {
                    Poll::Ready(done) => Some(done),
                    Poll::Pending => None,
                })
            });
            let Some((worker, next)) = at_once.await else {
                self.workers.spawn(async move {
                    let (worker, next) = sync.await;
                    (uid, worker, next)
                });
                return;
            };
            match self.settle(uid, worker, next) {
                Some(again) => work = again,
                None => return,
            }
        }
    }

    /// Waits for a worker and takes it back, or for a probe and tells its worker.
    pub(super) async fn task_done(&mut self) {
        let (workers, probes) = (&mut self.workers, &mut self.probes);
        // Only an aborted or panicking task gives an error; its pod is left as it is, and the next
        // beat probes again.
        tokio::select! {
            biased;
            Some(done) = workers.join_next() => {
                if let Ok((uid, worker, next)) = done
                    && let Some((uid, worker, call)) = self.settle(uid, worker, next)
                {
                    self.run(uid, worker, call).await;
                }
            }
            Some(done) = probes.join_next() => {
                if let Ok((uid, probed)) = done {
                    self.call(&uid, Call { probed: vec![probed], ..Call::default() }).await;
                }
            }
            else => std::future::pending().await,
        }
    }

    /// Puts a worker back to rest, or gives it what came meanwhile.
    fn settle(
        &mut self,
        uid: String,
        mut worker: Box<PodWorker>,
        next: Next,
    ) -> Option<(String, Box<PodWorker>, Call)> {
        let tracked = self.tracked.get_mut(&uid)?;
        if tracked.counted && matches!(next, Next::Finished | Next::Gone) {
            tracked.counted = false;
            self.admitted.subtract(&Amounts::requested_by(worker.pod()));
        }
        let busy = Slot::Working { call: None, update: None };
        let Slot::Working { mut call, update } = std::mem::replace(&mut tracked.slot, busy) else {
            return None;
        };
        if next == Next::Gone {
            self.node.forget_leaving(&uid);
            self.tracked.remove(&uid);
            return None;
        }
        if let Some(update) = update {
            if matters(worker.pod(), &update) {
                call.get_or_insert_default();
            }
            worker.update(update);
        }
        if let Some(call) = call {
            return Some((uid, worker, call));
        }
        let wake = match next {
            Next::Rest(wake) => {
                for run in worker.due_probes() {
                    let (uid, cri) = (uid.clone(), Arc::clone(&self.node.cri));
                    self.probes.spawn(async move { (uid, run.make(cri).await) });
                }
                wake.into_iter().chain(worker.next_probe()).min()
            }
            Next::Finished | Next::Gone => None,
        };
        tracked.slot = Slot::Resting(worker);
        if let Some(wake) = wake {
            tracked.wake = Some(wake);
            self.wakes_asked += 1;
            self.wakes.push(Reverse((wake, self.wakes_asked, uid)));
        }
        None
    }

    /// When the next wait is over.
    pub(super) fn next_wake(&mut self) -> Option<Instant> {
        while let Some(Reverse((at, _, uid))) = self.wakes.peek() {
            let wanted = self.tracked.get(uid).and_then(|tracked| tracked.wake);
            if wanted == Some(*at) {
                return Some(*at);
            }
            self.wakes.pop();
        }
        None
    }

    /// Calls the workers whose wait is over.
    pub(super) async fn wake(&mut self) {
        let now = Instant::now();
        while self.next_wake().is_some_and(|at| at <= now) {
            if let Some(Reverse((_, _, uid))) = self.wakes.pop() {
                self.call(&uid, Call::default()).await;
            }
        }
    }

    /// The resting pods of which the runtime says something new, by uid.
    pub(super) fn changed_since(&self, listing: &Listing) -> Vec<String> {
        let mut changed: Vec<String> = self
            .tracked
            .iter()
            .filter(|(_, tracked)| match &tracked.slot {
                Slot::Resting(worker) => worker.differs(&listing.sandboxes, &listing.containers),
                Slot::Working { .. } => true,
            })
            .map(|(uid, _)| uid.clone())
            .collect();
        changed.sort_unstable();
        changed
    }

    /// Ends what a dead kubelet left of pods that are gone from the API.
    ///
    /// Only what carries this kubelet's extra labels was taken for its own;
    /// without such labels nothing is removed.
    pub(super) fn remove_orphans(&mut self) {
        let own = &self.node.config.extra_labels;
        let adoptable = std::mem::take(&mut self.adoptable);
        if own.is_empty() {
            return;
        }
        let mut orphans: Vec<(String, Adopted)> = adoptable.into_iter().collect();
        orphans.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (_, orphan) in &orphans {
            self.kill(orphan, Duration::ZERO);
        }
    }

    /// Stops and removes sandboxes without a pod.
    fn kill(&mut self, orphan: &Adopted, after: Duration) {
        let cri = Arc::clone(&self.node.cri);
        let sandboxes: Vec<String> =
            orphan.sandboxes.iter().map(|sandbox| sandbox.id.clone()).collect();
        let containers: Vec<String> = orphan
            .containers
            .iter()
            .filter(|container| sandboxes.contains(&container.pod_sandbox_id))
            .map(|container| container.id.clone())
            .collect();
        self.cleanups.spawn(async move {
            if !after.is_zero() {
                tokio::time::sleep(after).await;
            }
            // What cannot be removed now is found when a kubelet starts the next time.
            for id in containers {
                let _ = cri.stop_container(&id, ORPHAN_GRACE).await;
            }
            for id in sandboxes {
                let _ = cri.stop_pod_sandbox(&id).await;
                let _ = cri.remove_pod_sandbox(&id).await;
            }
        });
    }
}

/// Whether a newer object asks for something else than the one before.
///
/// The generation tells where it is kept; ephemeral containers are looked at
/// besides, because older API servers do not count them. Of the status only
/// the readiness gates matter, which others write, and a phase with which the pod has ended.
fn matters(old: &Pod, new: &Pod) -> bool {
    let ephemeral = |pod: &Pod| {
        pod.spec.as_ref().and_then(|spec| spec.ephemeral_containers.as_ref()).map_or(0, Vec::len)
    };
    let (before, after) = (&old.metadata, &new.metadata);
    before.deletion_timestamp != after.deletion_timestamp
        || ephemeral(old) != ephemeral(new)
        || !same_readiness_gates(old, new)
        || ended(old.status.as_ref()) != ended(new.status.as_ref())
        || match (before.generation, after.generation) {
            (Some(before), Some(after)) => before != after,
            _ => old.spec != new.spec,
        }
}

fn same_readiness_gates(old: &Pod, new: &Pod) -> bool {
    let gates = new.spec.as_ref().and_then(|spec| spec.readiness_gates.as_deref());
    let value = |pod: &Pod, type_: &str| {
        let conditions = pod.status.as_ref()?.conditions.as_ref()?;
        let found = conditions.iter().find(|condition| condition.type_ == type_)?;
        Some(found.status.clone())
    };
    gates
        .unwrap_or_default()
        .iter()
        .all(|gate| value(old, &gate.condition_type) == value(new, &gate.condition_type))
}
