//! Notices nodes whose kubelets are silent, and says by taints what is wrong with a node.
//!
//! Rules: `pkg/controller/nodelifecycle` of 1.36.

mod taints;
mod zones;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, NodeCondition, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kubernetes_objects::Status;
use tokio::time::{Instant, sleep};

use super::super::object::Object;
use super::super::store::{ChangeKind, ObjectName, name_of};
use super::Kinds;
use super::client::Client;
use super::informer::Told;
use super::pods::is_ready;
use super::queue::{Controller, Queue, enqueue};
use super::recorder::Recorder;
use super::view::View;
use taints::{NoExecute, Swap};
use zones::{Seen, Zones};

/// How many nodes are worked on at once (`nodeUpdateWorkerSize`).
const WORKERS: usize = 8;
/// Between two looks at all nodes (`--node-monitor-period`).
const PERIOD: Duration = Duration::from_secs(5);
/// How long a node that never said anything may be silent (`--node-startup-grace-period`).
const STARTUP_GRACE: Duration = Duration::from_secs(60);
/// Where nodes have their leases.
const LEASE_NAMESPACE: &str = "kube-node-lease";
/// What a silent kubelet says nothing of.
const CONDITIONS: &[&str] = &["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/// How long a node may be silent (`--node-monitor-grace-period`: 50 s since 1.32, 40 s before).
fn grace(minor_is_at_least_32: bool) -> Duration {
    Duration::from_secs(if minor_is_at_least_32 { 50 } else { 40 })
}

/// When a node was heard of last, and of what that was.
#[derive(Debug, Clone)]
struct Health {
    heard: Instant,
    heartbeat: Option<Timestamp>,
    renewed: Option<Timestamp>,
}

/// The node lifecycle controller.
#[derive(Debug)]
pub(super) struct NodeLifecycle {
    kinds: Kinds,
    view: Arc<View>,
    client: Arc<Client>,
    recorder: Arc<Recorder>,
    queue: Queue,
    health: Mutex<BTreeMap<String, Health>>,
    zones: Mutex<Zones>,
    looks: AtomicBool,
}

impl NodeLifecycle {
    pub(super) fn new(kinds: Kinds, view: &Arc<View>, client: Client) -> Arc<Self> {
        let client = Arc::new(client);
        Arc::new(Self {
            kinds,
            view: Arc::clone(view),
            recorder: Arc::new(Recorder::new(&client, "node-controller")),
            client,
            queue: Queue::new(WORKERS),
            health: Mutex::default(),
            zones: Mutex::default(),
            looks: AtomicBool::new(false),
        })
    }

    fn health(&self) -> MutexGuard<'_, BTreeMap<String, Health>> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a change of a node must be heard.
    pub(super) fn concerns(&self, node: &Node) -> bool {
        !self.looks.load(Ordering::Acquire) || !has_right_taints(node)
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        let Some(node) = told.after.node() else { return };
        if told.kind != ChangeKind::Deleted && !has_right_taints(node) {
            enqueue(self, &told.key());
        }
        if !self.looks.swap(true, Ordering::AcqRel) {
            // It ends with the cluster.
            let this = Arc::downgrade(self);
            tokio::spawn(async move {
                loop {
                    sleep(PERIOD).await;
                    let Some(this) = this.upgrade() else { return };
                    this.look().await;
                }
            });
        }
    }

    fn nodes(&self) -> Vec<Arc<Node>> {
        let heard = self.view.heard();
        heard.objects(self.kinds.nodes).filter_map(|(_, one)| one.node()).cloned().collect()
    }

    /// Looks at all nodes.
    async fn look(&self) {
        let nodes = self.nodes();
        self.note_removed(&nodes);
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        let grace = grace(self.client.api.gates().version().at_least(32));
        let mut lease = (LEASE_NAMESPACE.to_owned(), String::new());
        for node in &nodes {
            let observed = taints::ready(node).unwrap_or("Unknown");
            node.metadata.name.as_deref().unwrap_or_default().clone_into(&mut lease.1);
            let is_silent = self.listen(node, &lease, grace);
            // Whoever cannot be written now is tried again in the next look.
            let now_ready = if is_silent && self.mark_silent(node).await.is_ok() {
                "Unknown"
            } else {
                observed
            };
            let count = counts.entry(zones::zone_of(node)).or_default();
            if now_ready == "True" {
                count.0 += 1
            } else {
                count.1 += 1
            }
            self.drive_away(node, observed).await;
            if observed == "True" && now_ready != "True" {
                let name = node.metadata.name.as_deref().unwrap_or_default();
                let message = format!("Node {name} status is now: NodeNotReady");
                self.say(node, "NodeNotReady", &message);
                self.mark_pods(name).await;
            }
        }
        let seen = self.zones.lock().unwrap_or_else(PoisonError::into_inner).look(&counts);
        match seen {
            Seen::Usual => {}
            Seen::AllLost => {
                for node in &nodes {
                    if let NoExecute::Now(swap) = taints::no_execute(node, "True") {
                        self.swap(node, &swap).await;
                    }
                }
            }
            Seen::SomeBack => {
                let now = Instant::now();
                self.health().values_mut().for_each(|health| health.heard = now);
            }
        }
    }

    fn note_removed(&self, nodes: &[Arc<Node>]) {
        let mut health = self.health();
        if health.len() > nodes.len() {
            let there: std::collections::BTreeSet<_> =
                nodes.iter().filter_map(|node| node.metadata.name.as_deref()).collect();
            health.retain(|name, _| there.contains(name.as_str()));
        }
    }

    /// Takes in what a node last said; says whether it has been silent for too long.
    fn listen(&self, node: &Node, lease: &ObjectName, grace: Duration) -> bool {
        let name = node.metadata.name.as_deref().unwrap_or_default();
        let lease = self.view.object(self.kinds.leases, lease);
        let spec = lease.as_ref().and_then(|lease| lease.lease()?.spec.as_ref());
        let renewed = spec.and_then(|spec| spec.renew_time.as_ref()).map(|at| at.0);
        let ready = taints::conditions(node).iter().find(|one| one.type_ == "Ready");
        let heartbeat = ready.and_then(|one| one.last_heartbeat_time.as_ref()).map(|at| at.0);
        let now = Instant::now();
        let grace = if ready.is_some() { grace } else { STARTUP_GRACE };
        let mut all = self.health();
        let Some(health) = all.get_mut(name) else {
            all.insert(name.to_owned(), Health { heard: now, heartbeat, renewed });
            drop(all);
            self.say(node, "RegisteredNode", &format!("Registered Node {name} in Controller"));
            return false;
        };
        if health.heartbeat != heartbeat || health.renewed < renewed {
            *health = Health { heard: now, heartbeat, renewed };
        }
        now.duration_since(health.heard) > grace
    }

    /// Says that nothing is known of a silent node any more.
    async fn mark_silent(&self, node: &Node) -> Result<(), Status> {
        let unknown = |type_: &str| {
            let known = taints::conditions(node).iter().find(|one| one.type_ == type_);
            known.is_some_and(|known| known.status == "Unknown")
        };
        if CONDITIONS.iter().all(|type_| unknown(type_)) {
            return Ok(());
        }
        let now = self.client.api.clock().now();
        let name = node.metadata.name.as_deref().unwrap_or_default();
        let change = |object: &mut Object| {
            let Object::Node(node) = object else { return };
            let node = Arc::make_mut(node);
            let created = node.metadata.creation_timestamp.clone();
            let conditions = node.status.get_or_insert_default().conditions.get_or_insert_default();
            for type_ in CONDITIONS {
                set_unknown(conditions, type_, created.as_ref(), &now);
            }
        };
        self.client.patch(self.kinds.nodes, "status", "", name, change).await
    }

    /// Sees to the taint that drives pods away, by what was known before this look.
    async fn drive_away(&self, node: &Node, ready: &str) {
        let swap = match taints::no_execute(node, ready) {
            NoExecute::Right => return,
            NoExecute::Now(swap) => swap,
            NoExecute::InTurn(swap) => {
                let zones = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
                if !zones.take_turn(&zones::zone_of(node)) {
                    return;
                }
                swap
            }
        };
        self.swap(node, &swap).await;
    }

    async fn swap(&self, node: &Node, swap: &Swap) {
        let name = node.metadata.name.as_deref().unwrap_or_default();
        let now = self.client.api.clock().now();
        let change = |object: &mut Object| {
            if let Object::Node(node) = object {
                swap.apply(Arc::make_mut(node), &now);
            }
        };
        // What does not succeed is tried again in the next look.
        let _ = self.client.patch(self.kinds.nodes, "", "", name, change).await;
    }

    /// Says of the pods of a silent node that they are not ready.
    async fn mark_pods(&self, node: &str) {
        let pods = self.client.api.pods_on(node);
        for pod in pods.iter().filter(|pod| is_ready(pod)) {
            let (namespace, name) = name_of(&pod.metadata);
            let now = self.client.api.clock().now();
            let change = |object: &mut Object| {
                if let Object::Pod(pod) = object {
                    set_not_ready(Arc::make_mut(pod), &now);
                }
            };
            // A pod that went in between needs no condition.
            let _ = self.client.patch(self.kinds.pods, "status", &namespace, &name, change).await;
            let (pods, metadata) = (self.kinds.pods, &pod.metadata);
            self.recorder.record(pods, metadata, "Warning", "NodeNotReady", "Node is not ready");
        }
    }

    fn say(&self, node: &Node, reason: &str, message: &str) {
        self.recorder.record(self.kinds.nodes, &node.metadata, "Normal", reason, message);
    }
}

/// Whether a node's taints keep pods away exactly for what is wrong with it.
pub(in crate::cluster) fn has_right_taints(node: &Node) -> bool {
    taints::no_schedule(node).is_none()
}

/// Gives a node the taints that say what is wrong with it, as the controller does in time.
pub(in crate::cluster) fn set_right_taints(node: &mut Node, now: &Time) {
    if let Some(swap) = taints::no_schedule(node) {
        swap.apply(node, now);
    }
}

fn set_not_ready(pod: &mut Pod, now: &Time) {
    let conditions = pod.status.as_mut().and_then(|status| status.conditions.as_mut());
    for condition in conditions.into_iter().flatten() {
        if condition.type_ == "Ready" && condition.status != "False" {
            condition.status = "False".to_owned();
            condition.last_transition_time = Some(now.clone());
        }
    }
}

fn set_unknown(
    conditions: &mut Vec<NodeCondition>,
    type_: &str,
    created: Option<&Time>,
    now: &Time,
) {
    match conditions.iter_mut().find(|known| known.type_ == type_) {
        Some(known) if known.status == "Unknown" => {}
        Some(known) => {
            known.status = "Unknown".to_owned();
            known.reason = Some("NodeStatusUnknown".to_owned());
            known.message = Some("Kubelet stopped posting node status.".to_owned());
            known.last_transition_time = Some(now.clone());
        }
        None => conditions.push(NodeCondition {
            type_: type_.to_owned(),
            status: "Unknown".to_owned(),
            reason: Some("NodeStatusNeverUpdated".to_owned()),
            message: Some("Kubelet never posted node status.".to_owned()),
            last_heartbeat_time: created.cloned(),
            last_transition_time: Some(now.clone()),
        }),
    }
}

impl Controller for NodeLifecycle {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn sync(self: &Arc<Self>, key: &ObjectName) -> Result<(), Status> {
        let Some(object) = self.view.object(self.kinds.nodes, key) else { return Ok(()) };
        let swap = object.node().and_then(|node| taints::no_schedule(node));
        let Some(swap) = swap else { return Ok(()) };
        let now = self.client.api.clock().now();
        let change = |object: &mut Object| {
            if let Object::Node(node) = object {
                swap.apply(Arc::make_mut(node), &now);
            }
        };
        match self.client.patch(self.kinds.nodes, "", "", &key.1, change).await {
            Err(status) if status.code == 404 => Ok(()),
            outcome => outcome,
        }
    }
}
