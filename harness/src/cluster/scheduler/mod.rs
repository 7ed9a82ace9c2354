//! Where a pod goes: the scheduler.
//!
//! It knows nothing of the supplemental groups policy, and so may place a
//! Strict pod on a node that rejects it (measured, `workloads.json`). It keeps
//! the nodes in order for each class of equal pods ([`class`]), and what it
//! decides it writes no faster than its client may ask.

mod class;
mod counts;
mod decision;
mod demand;
mod filter;
mod message;
mod neighbours;
mod nodes;
mod queue;
mod room;
mod score;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use fake_kubelet::version::KubernetesVersion;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kubernetes_objects::resource;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::ApiServer;
use super::delays::{API_COMMIT, SCHEDULER, SCHEDULING};
use super::selection::selects;
use super::store::{Change, ChangeKind, has_ended, node_of};
use super::token_bucket::TokenBucket;
use class::Class;
pub(super) use counts::SchedulerMetrics;
use decision::{Decision, Outcome};
use demand::{Demand, claims_of, class_among_neighbours, class_of};
use neighbours::{NamespaceLabels, Neighbours, Outlook, asks_for_neighbours};
use nodes::Nodes;
use queue::Queue;
pub(super) use queue::QueueName;
pub use room::{Room, RoomClass};

/// The name that pods and events call the scheduler by.
const NAME: &str = "default-scheduler";
/// Whose name it writes under.
const MANAGER: &str = "kube-scheduler";
/// The most classes of pods that are kept in order; the one used longest ago goes first.
const MOST_CLASSES: usize = 256;

/// Starts the scheduler of a cluster that is still empty.
pub(super) fn start(api: &Arc<ApiServer>) -> (Arc<SchedulerMetrics>, JoinHandle<()>) {
    let core = |plural| resource::find("", "v1", plural).expect("the table has core resources");
    let pods = api.changes_of_all([core("pods"), core("persistentvolumeclaims")].into_iter());
    let nodes = api.changes_of(core("nodes"));
    let metrics = Arc::new(SchedulerMetrics::default());
    let scheduler = Scheduler::new(Arc::clone(api), Arc::clone(&metrics));
    (metrics, tokio::spawn(scheduler.run(pods, nodes)))
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

#[derive(Debug)]
struct Scheduler {
    api: Arc<ApiServer>,
    metrics: Arc<SchedulerMetrics>,
    nodes: Nodes,
    neighbours: Neighbours,
    queue: Queue,
    classes: HashMap<Arc<str>, Kept>,
    uses: u64,
    /// The pods that are placed but not yet bound, by uid; the node that counts them.
    assumed: HashMap<String, (Arc<Pod>, Arc<str>)>,
    bucket: TokenBucket,
    decisions: VecDeque<(Instant, Decision)>,
    version: KubernetesVersion,
}

#[derive(Debug)]
struct Kept {
    class: Class,
    used: u64,
}

impl Scheduler {
    fn new(api: Arc<ApiServer>, metrics: Arc<SchedulerMetrics>) -> Self {
        let version = api.gates().version();
        Self {
            nodes: Nodes::default(),
            neighbours: Neighbours::default(),
            queue: Queue::default(),
            classes: HashMap::new(),
            uses: 0,
            assumed: HashMap::new(),
            bucket: TokenBucket::new(SCHEDULER),
            decisions: VecDeque::new(),
            version,
            metrics,
            api,
        }
    }

    /// Schedules until the API server is gone.
    async fn run(
        mut self,
        mut pods: UnboundedReceiver<Change>,
        mut nodes: UnboundedReceiver<Change>,
    ) {
        loop {
            self.hear(&mut nodes, &mut pods);
            self.write_due();
            self.place_due();
            self.report();
            let next = self.next_due();
            tokio::select! {
                change = nodes.recv() => match change {
                    Some(change) => self.node_changed(&change),
                    None => return,
                },
                change = pods.recv() => match change {
                    Some(change) => self.pod_changed(&change),
                    None => return,
                },
                () = until(next) => {}
            }
        }
    }

    /// Takes in everything that has changed so far.
    fn hear(
        &mut self,
        nodes: &mut UnboundedReceiver<Change>,
        pods: &mut UnboundedReceiver<Change>,
    ) {
        while let Ok(change) = nodes.try_recv() {
            self.node_changed(&change);
        }
        while let Ok(change) = pods.try_recv() {
            self.pod_changed(&change);
        }
    }

    fn node_changed(&mut self, change: &Change) {
        let Some(node) = change.record.object.node() else { return };
        if change.kind == ChangeKind::Deleted {
            self.nodes.remove(node.metadata.name.as_deref().unwrap_or_default());
        } else if self.nodes.put(node) {
            self.retry_what_fits();
        }
    }

    fn pod_changed(&mut self, change: &Change) {
        if change.record.object.pod().is_none() {
            // A claim: pods may have waited for it.
            return self.retry_what_fits();
        }
        let before = change.before.as_ref().and_then(|before| before.object.pod());
        let after = change.record.object.pod();
        let after = after.filter(|_| change.kind != ChangeKind::Deleted);
        self.take_in(before, after);
    }

    /// Takes in a pod's change: whether it counts on a node, whether it waits for one.
    fn take_in(&mut self, before: Option<&Arc<Pod>>, after: Option<&Arc<Pod>>) {
        let counted = |pod: &&Arc<Pod>| node_of(pod).is_some() && !has_ended(pod);
        let was = before.filter(counted);
        let is = after.filter(counted);
        let Some(uid) = after.or(before).and_then(|pod| pod.metadata.uid.clone()) else { return };
        match (was, is) {
            (None, Some(pod)) => {
                self.queue.remove(&uid);
                let assumed = self.assumed.remove(&uid).map(|(_, node)| node);
                let node = node_of(pod).unwrap_or_default();
                if assumed.as_deref() != Some(node) {
                    self.forget_assumed(pod, assumed);
                    self.nodes.add_pod(node, &Demand::of(pod));
                }
                self.neighbours_changed(pod, Some(node));
            }
            (Some(pod), None) => {
                self.nodes.remove_pod(node_of(pod).unwrap_or_default(), &Demand::of(pod));
                self.neighbours.remove(uid_of(pod), pod);
                self.retry_what_fits();
            }
            (Some(before), Some(pod)) if looks_different(before, pod) => {
                self.neighbours_changed(pod, node_of(pod));
            }
            _ => {}
        }
        match after {
            Some(pod) if node_of(pod).is_none() && waits_for_us(pod) => {
                if !self.assumed.contains_key(&uid) {
                    self.queue.put(pod, Instant::now() + SCHEDULING);
                }
            }
            Some(pod) if node_of(pod).is_some() => {}
            _ => {
                self.queue.remove(&uid);
                if let Some((pod, node)) = self.assumed.remove(&uid) {
                    let pod = &pod;
                    self.forget_assumed(pod, Some(node));
                }
            }
        }
    }

    fn forget_assumed(&mut self, pod: &Arc<Pod>, node: Option<Arc<str>>) {
        if let Some(node) = node {
            self.nodes.remove_pod(&node, &Demand::of(pod));
            self.neighbours.remove(uid_of(pod), pod);
        }
    }

    /// Takes in where a pod is, if that matters to anyone.
    fn neighbours_changed(&mut self, pod: &Pod, node: Option<&str>) {
        let Some(node) = node else { return };
        if self.neighbours.matter() || asks_for_neighbours(pod) {
            self.neighbours.put(uid_of(pod), pod, node);
            self.retry_what_fits();
        }
    }

    /// How the nodes look to a pod; nothing where no other pod matters to it.
    fn outlook(&mut self, pod: &Pod) -> Option<Outlook> {
        if !self.neighbours.repel() && !asks_for_neighbours(pod) {
            return None;
        }
        let (api, assumed) = (&self.api, &self.assumed);
        let mut placed = |each: &mut dyn FnMut(&str, &Pod, &str)| {
            for pod in api.pods().iter().filter(|pod| !has_ended(pod)) {
                if let Some(node) = node_of(pod) {
                    each(uid_of(pod), pod, node);
                }
            }
            for (pod, node) in assumed.values() {
                each(uid_of(pod), pod, node);
            }
        };
        self.neighbours.outlook(pod, &self.nodes, &**api, &mut placed)
    }

    /// Lets those try again for whom there is a node now.
    fn retry_what_fits(&mut self) {
        let waiting: Vec<_> = self.queue.classes_aside().cloned().collect();
        for class in waiting {
            let fits = match self.classes.get_mut(&class) {
                Some(kept) => {
                    kept.class.catch_up(&self.nodes, self.version);
                    let pod = Arc::clone(&kept.class.demand.pod);
                    self.suits_anywhere(&class, &pod)
                }
                None => true,
            };
            if fits {
                self.queue.retry_class(&class, Instant::now());
            }
        }
    }

    fn suits_anywhere(&mut self, class: &str, pod: &Pod) -> bool {
        if self.claim_in_the_way(pod).is_some() {
            return false;
        }
        let outlook = self.outlook(pod);
        let kept = self.classes.get(class);
        kept.is_some_and(|kept| kept.class.best(outlook.as_ref(), &self.nodes).is_some())
    }

    /// What is wrong with a claim of a pod, in the words of `VolumeBinding`.
    fn claim_in_the_way(&self, pod: &Pod) -> Option<String> {
        let mut names = claims_of(pod).peekable();
        names.peek()?;
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        let claims = resource::find("", "v1", "persistentvolumeclaims")?;
        names.find_map(|name| match self.api.object(claims, namespace, name) {
            None => Some(format!("persistentvolumeclaim {name:?} not found")),
            Some(claim) => claim
                .metadata()
                .deletion_timestamp
                .is_some()
                .then(|| format!("persistentvolumeclaim {name:?} is being deleted")),
        })
    }

    /// Decides where the pods go whose turn it is.
    fn place_due(&mut self) {
        let now = Instant::now();
        while let Some(pod) = self.queue.take(now) {
            self.place(&pod, now);
        }
    }

    fn place(&mut self, pod: &Arc<Pod>, now: Instant) {
        let version = self.version;
        let key = self.class(pod);
        let claim = self.claim_in_the_way(pod);
        let outlook = self.outlook(pod);
        let Some(kept) = self.classes.get_mut(&key) else { return };
        kept.class.catch_up(&self.nodes, version);
        let best = kept.class.best(outlook.as_ref(), &self.nodes);
        let best = best.filter(|_| claim.is_none()).and_then(|id| self.nodes.get(id));
        let uid = pod.metadata.uid.clone().unwrap_or_default();
        let outcome = match best.map(|node| Arc::clone(&node.name)) {
            Some(node) => {
                self.nodes.choose(&node, &kept.class.demand);
                if self.neighbours.matter() || asks_for_neighbours(pod) {
                    self.neighbours.put(uid_of(pod), pod, &node);
                }
                self.assumed.insert(uid, (Arc::clone(pod), Arc::clone(&node)));
                Outcome::Node(node)
            }
            None => {
                let message = match claim {
                    Some(claim) => {
                        let never = kept.class.demand.never_preempts();
                        message::refused_everywhere(self.nodes.len(), &claim, never, version)
                    }
                    None => kept.class.message(outlook.as_ref(), &self.nodes, version),
                };
                self.queue.put_aside(&uid, &key, now);
                Outcome::NoNode(Arc::from(message))
            }
        };
        let at = self.bucket.take() + API_COMMIT;
        self.decisions.push_back((at, Decision { pod: Arc::clone(pod), outcome }));
    }

    /// The class of a pod, made if need be.
    fn class(&mut self, pod: &Arc<Pod>) -> Arc<str> {
        let among_neighbours =
            self.neighbours.repel() || asks_for_neighbours(pod) || claims_of(pod).next().is_some();
        let key = if among_neighbours { class_among_neighbours(pod) } else { class_of(pod) };
        self.uses += 1;
        if let Some((known, _)) = self.classes.get_key_value(&*key) {
            let known = Arc::clone(known);
            if let Some(kept) = self.classes.get_mut(&known) {
                kept.used = self.uses;
            }
            return known;
        }
        if self.classes.len() >= MOST_CLASSES {
            let oldest = self.classes.iter().min_by_key(|(_, kept)| kept.used);
            if let Some(oldest) = oldest.map(|(key, _)| Arc::clone(key)) {
                self.classes.remove(&oldest);
            }
        }
        let key: Arc<str> = Arc::from(key);
        let kept = Kept { class: Class::new(Demand::of(pod)), used: self.uses };
        self.classes.insert(Arc::clone(&key), kept);
        key
    }

    fn next_due(&self) -> Option<Instant> {
        let decision = self.decisions.front().map(|(at, _)| *at);
        self.queue.next_due().into_iter().chain(decision).min()
    }

    fn report(&self) {
        let pending = QueueName::ALL.map(|queue| self.queue.count(queue));
        self.metrics.write(|counts| counts.pending = pending);
    }
}

fn uid_of(pod: &Pod) -> &str {
    pod.metadata.uid.as_deref().unwrap_or_default()
}

/// Whether a change of a pod may make another one of it to those that ask for neighbours.
fn looks_different(before: &Pod, after: &Pod) -> bool {
    before.metadata.labels != after.metadata.labels
        || before.metadata.deletion_timestamp.is_some()
            != after.metadata.deletion_timestamp.is_some()
}

impl NamespaceLabels for ApiServer {
    fn labels_of(&self, namespace: &str) -> BTreeMap<String, String> {
        let namespaces = resource::find("", "v1", "namespaces").expect("the table has it");
        let found = self.object(namespaces, "", namespace);
        found.and_then(|found| found.metadata().labels.clone()).unwrap_or_default()
    }

    fn selected_by(&self, selector: &LabelSelector) -> BTreeSet<String> {
        let namespaces = resource::find("", "v1", "namespaces").expect("the table has it");
        let all = self.objects(namespaces);
        let selected = all.iter().map(|one| one.metadata());
        selected
            .filter(|metadata| selects(selector, metadata.labels.as_ref()))
            .filter_map(|metadata| metadata.name.clone())
            .collect()
    }
}

/// Whether a pod is one that this scheduler places.
fn waits_for_us(pod: &Pod) -> bool {
    let name = pod.spec.as_ref().and_then(|spec| spec.scheduler_name.as_deref());
    !has_ended(pod)
        && pod.metadata.deletion_timestamp.is_none()
        && name.is_none_or(|name| name.is_empty() || name == NAME)
}
