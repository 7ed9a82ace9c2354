//! What stands in the way while nodes are drained one after another: disruption budgets, and
//! other nodes without room.
//!
//! Budgets are taken at the cluster's own word, their status. Where evicted pods
//! go, and the words where they find no node, are the simulated scheduler's: the
//! whole cluster with what its pods request, without anything running in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fake_kubelet::version::KubernetesVersion;
use k8s_openapi::api::core::v1::{Node, NodeSpec, NodeStatus, Pod};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::Groups;
use super::order::{LABEL, LABEL_VALUE, Tried, can_be_pinned};
use super::report::{DrainFinding, DrainProblem};
use super::snapshot::{Budget, PodRecord, Recreation, Snapshot, Workload};
use super::trial::ample;
use crate::cluster::{Room, RoomClass};
use crate::nodes::{Assumptions, NodeRecord};
use crate::report::shown_line;

/// What stands in the way of draining the nodes that an order changes.
pub(super) fn findings(
    snapshot: &Snapshot,
    groups: &Groups,
    order: &Tried,
    assumptions: &mut Assumptions,
) -> Vec<DrainFinding> {
    let drained = drained(groups);
    let mut found = budgets(snapshot, &drained, assumptions);
    found.extend(Drains::new(snapshot, groups, order).go_through(&drained));
    found.sort_by(|a, b| {
        let key = |one: &DrainFinding| (one.what, std::cmp::Reverse(one.pods));
        (key(a), &a.namespace, &a.kind, &a.name).cmp(&(key(b), &b.namespace, &b.kind, &b.name))
    });
    found
}

/// The nodes that change, in the order in which they are drained.
fn drained(groups: &Groups) -> Vec<usize> {
    let changes = |group: &&crate::nodes::NodeGroup| {
        let (before, after) = &groups.states[group.state];
        before != after
    };
    groups.groups.iter().filter(changes).flat_map(|group| &group.nodes).copied().collect()
}

/// Whether a drain evicts the pods of a workload: not those that stay with their node.
fn is_evicted(workload: &Workload) -> bool {
    matches!(workload.recreation, Recreation::Controller | Recreation::Never)
}

fn budgets(
    snapshot: &Snapshot,
    drained: &[usize],
    assumptions: &mut Assumptions,
) -> Vec<DrainFinding> {
    let drained: BTreeSet<usize> = drained.iter().copied().collect();
    let mut budgets_of: BTreeMap<usize, usize> = BTreeMap::new();
    for pod in snapshot.budgets.iter().flat_map(|budget| &budget.pods) {
        *budgets_of.entry(*pod).or_default() += 1;
    }
    let mut found = Vec::new();
    for budget in &snapshot.budgets {
        let evicted = |at: &&usize| {
            let pod = &snapshot.pods[**at];
            is_evicted(&snapshot.workloads[pod.workload])
                && pod.node.is_some_and(|node| drained.contains(&node))
        };
        let pods: Vec<usize> = budget.pods.iter().filter(evicted).copied().collect();
        if pods.is_empty() {
            continue;
        }
        let shared = pods.iter().any(|pod| budgets_of[pod] > 1);
        match hindrance(budget, shared) {
            Ok(Some((what, text))) => found.push(finding(snapshot, budget, &pods, what, text)),
            Ok(None) => {}
            Err(Unsaid) => assumptions.add(format!(
                "PodDisruptionBudget {}/{} does not say in its status what it allows, and is not \
                 looked at",
                shown_line(&budget.namespace),
                shown_line(&budget.name)
            )),
        }
    }
    found
}

/// A budget without status.
struct Unsaid;

/// How a budget keeps a drain from ending, if it does.
fn hindrance(budget: &Budget, shared: bool) -> Result<Option<(DrainProblem, String)>, Unsaid> {
    if shared {
        let text = "another budget selects the same pods, and evictions of such pods are refused";
        return Ok(Some((DrainProblem::BudgetNeverAllows, text.to_owned())));
    }
    let (Some(allowed), Some(wanted), Some(expected)) =
        (budget.allowed, budget.wanted, budget.expected)
    else {
        return Err(Unsaid);
    };
    if wanted >= expected {
        let text = format!("it wants {wanted} of {expected} healthy, always");
        return Ok(Some((DrainProblem::BudgetNeverAllows, text)));
    }
    let healthy = budget.healthy.unwrap_or(0);
    Ok((allowed == 0).then(|| {
        let text = format!("it wants {wanted} of {expected} healthy, and {healthy} are");
        (DrainProblem::BudgetAllowsNone, text)
    }))
}

fn finding(
    snapshot: &Snapshot,
    budget: &Budget,
    pods: &[usize],
    what: DrainProblem,
    text: String,
) -> DrainFinding {
    let nodes: BTreeSet<usize> = pods.iter().filter_map(|at| snapshot.pods[*at].node).collect();
    DrainFinding {
        what,
        namespace: shown_line(&budget.namespace),
        kind: "PodDisruptionBudget".to_owned(),
        name: shown_line(&budget.name),
        pods: pods.len(),
        nodes: names(snapshot, nodes),
        text,
    }
}

fn names(snapshot: &Snapshot, nodes: impl IntoIterator<Item = usize>) -> Vec<String> {
    nodes.into_iter().map(|at| shown_line(&snapshot.nodes[at].name)).collect()
}

/// Pods of one workload that found no room.
#[derive(Default)]
struct Waiting {
    /// The most at once.
    most: usize,
    nodes: Vec<usize>,
    text: String,
}

/// What pods of a class share: their placement, whether they select the nodes with the label, and,
/// where pods ask for each other, their namespace and labels.
type ClassKey<'a> = (usize, bool, Option<(&'a str, usize)>);

/// A cluster whose nodes are drained one after another.
struct Drains<'a> {
    snapshot: &'a Snapshot,
    room: Room,
    nodes: Vec<Arc<Node>>,
    classes: BTreeMap<ClassKey<'a>, RoomClass>,
    /// The pods on each node, by their places in the snapshot, and as what each counts there.
    on: Vec<Vec<(usize, RoomClass)>>,
    /// Whether a workload's pods select the nodes with the label.
    pinned: Vec<bool>,
    waiting: BTreeMap<usize, Waiting>,
}

impl<'a> Drains<'a> {
    fn new(snapshot: &'a Snapshot, groups: &Groups, order: &Tried) -> Self {
        let version = order.moments.last().map(|moment| moment.api_server.version);
        let labelled: BTreeSet<usize> = order
            .pinned
            .iter()
            .flatten()
            .flat_map(|group| &groups.groups[*group].nodes)
            .copied()
            .collect();
        let strict = |workload: &Workload| {
            let template = workload.template.map(|(identity, _)| identity);
            template.is_some_and(|identity| snapshot.identities[identity].is_strict())
        };
        let is_pinned = |workload: &Workload| {
            order.pinned.is_some() && can_be_pinned(workload) && strict(workload)
        };
        let nodes: Vec<_> = snapshot
            .nodes
            .iter()
            .enumerate()
            .map(|(at, node)| Arc::new(object(node, labelled.contains(&at))))
            .collect();
        let mut room = Room::new(version.unwrap_or(KubernetesVersion::NEWEST));
        nodes.iter().for_each(|node| room.put_node(node));
        let mut drains = Self {
            snapshot,
            room,
            classes: BTreeMap::new(),
            on: vec![Vec::new(); nodes.len()],
            nodes,
            pinned: snapshot.workloads.iter().map(is_pinned).collect(),
            waiting: BTreeMap::new(),
        };
        for (at, pod) in snapshot.pods.iter().enumerate().filter(|(_, pod)| pod.is_active()) {
            if let Some(node) = pod.node {
                let class = drains.class(pod, pod.placement, pod.labels, false);
                drains.room.add_pod(&snapshot.nodes[node].name, class);
                drains.on[node].push((at, class));
            }
        }
        drains
    }

    fn class(
        &mut self,
        pod: &PodRecord,
        placement: usize,
        labels: usize,
        pinned: bool,
    ) -> RoomClass {
        let snapshot = self.snapshot;
        let namespace = &self.workload(pod).namespace;
        let among = snapshot.has_pod_affinity.then_some((namespace.as_str(), labels));
        let key = (placement, pinned, among);
        if let Some(class) = self.classes.get(&key) {
            return *class;
        }
        let placement = &snapshot.placements[placement];
        let mut pod = Pod::clone(&placement.pod);
        if among.is_some() {
            pod.metadata.namespace = Some(namespace.clone());
            pod.metadata.labels = Some(snapshot.labels[labels].clone());
        }
        if let Some(asked) = &placement.among_pods {
            let spec = pod.spec.get_or_insert_default();
            spec.topology_spread_constraints.clone_from(&asked.spread);
            if let Some(of_pods) = &asked.affinity {
                let affinity = spec.affinity.get_or_insert_default();
                affinity.pod_affinity.clone_from(&of_pods.pod_affinity);
                affinity.pod_anti_affinity.clone_from(&of_pods.pod_anti_affinity);
            }
        }
        if pinned {
            let selector = pod.spec.get_or_insert_default().node_selector.get_or_insert_default();
            selector.insert(LABEL.to_owned(), LABEL_VALUE.to_owned());
        }
        let class = self.room.class(&Arc::new(pod));
        self.classes.insert(key, class);
        class
    }

    fn workload(&self, pod: &PodRecord) -> &'a Workload {
        &self.snapshot.workloads[pod.workload]
    }

    /// The class of the pod that is made in a pod's place.
    fn next(&mut self, pod: &PodRecord) -> RoomClass {
        let workload = self.workload(pod);
        let placement = workload.template.map_or(pod.placement, |(_, placement)| placement);
        let labels = workload.template_labels.unwrap_or(pod.labels);
        self.class(pod, placement, labels, self.pinned[pod.workload])
    }

    fn go_through(mut self, drained: &[usize]) -> Vec<DrainFinding> {
        self.select_labelled_nodes();
        for node in drained {
            self.drain(*node);
        }
        let snapshot = self.snapshot;
        self.waiting
            .into_iter()
            .map(|(workload, waiting)| {
                let workload = &snapshot.workloads[workload];
                DrainFinding {
                    what: DrainProblem::NoOtherNode,
                    namespace: shown_line(&workload.namespace),
                    kind: shown_line(&workload.kind),
                    name: shown_line(&workload.name),
                    pods: waiting.most,
                    nodes: names(snapshot, waiting.nodes),
                    text: waiting.text,
                }
            })
            .collect()
    }

    /// Pods that are to select the nodes with the label are made again there before anything else.
    fn select_labelled_nodes(&mut self) {
        let mut unplaced: BTreeMap<usize, (usize, String)> = BTreeMap::new();
        let before = self.on.clone();
        for (node, pods) in before.into_iter().enumerate() {
            for (at, class) in pods {
                let workload = self.snapshot.pods[at].workload;
                if !self.pinned[workload] {
                    continue;
                }
                self.on[node].retain(|(other, _)| *other != at);
                self.room.remove_pod(&self.snapshot.nodes[node].name, class);
                if let Err(message) = self.place(at) {
                    unplaced.entry(workload).or_insert((0, message)).0 += 1;
                }
            }
        }
        for (workload, (count, text)) in unplaced {
            self.waiting.insert(workload, Waiting { most: count, nodes: Vec::new(), text });
        }
    }

    /// Places the pod that is made in a pod's place.
    fn place(&mut self, at: usize) -> Result<(), String> {
        let class = self.next(&self.snapshot.pods[at]);
        // Plans have no priorities that could make room.
        let name = self.room.place(class).map_err(|message| {
            message.split(" preemption:").next().unwrap_or_default().to_owned()
        })?;
        let nodes = &self.snapshot.nodes;
        if let Ok(node) = nodes.binary_search_by(|node| node.name.as_str().cmp(&name)) {
            self.on[node].push((at, class));
        }
        Ok(())
    }

    fn drain(&mut self, node: usize) {
        let name = &self.snapshot.nodes[node].name;
        let was = Arc::clone(&self.nodes[node]);
        let mut cordoned = Node::clone(&was);
        cordoned.spec.get_or_insert_default().unschedulable = Some(true);
        self.room.put_node(&Arc::new(cordoned));
        let mut stuck: BTreeMap<usize, (Vec<usize>, String)> = BTreeMap::new();
        for (at, class) in std::mem::take(&mut self.on[node]) {
            let pod = &self.snapshot.pods[at];
            let recreation = self.workload(pod).recreation;
            if !is_evicted(self.workload(pod)) {
                self.on[node].push((at, class));
                continue;
            }
            self.room.remove_pod(name, class);
            if recreation == Recreation::Controller
                && let Err(message) = self.place(at)
            {
                stuck.entry(pod.workload).or_insert((Vec::new(), message)).0.push(at);
            }
        }
        self.room.put_node(&was);
        for (workload, (pods, message)) in stuck {
            let waiting = self.waiting.entry(workload).or_default();
            waiting.most = waiting.most.max(pods.len());
            waiting.nodes.push(node);
            if waiting.text.is_empty() {
                waiting.text = message;
            }
            for at in pods {
                // They come back to where they were, which has room for them; where their template
                // asks for more than they did, they wait on.
                let _ = self.place(at);
            }
        }
    }
}

/// A node with what the scheduler looks at. One that does not say what it has, has enough.
fn object(node: &NodeRecord, labelled: bool) -> Node {
    let mut labels = node.labels.clone();
    if labelled {
        labels.insert(LABEL.to_owned(), LABEL_VALUE.to_owned());
    }
    let allocatable = if node.allocatable.is_empty() {
        ample()
    } else {
        let amounts = node.allocatable.iter();
        amounts.map(|(name, amount)| (name.clone(), Quantity(amount.clone()))).collect()
    };
    Node {
        metadata: ObjectMeta {
            name: Some(node.name.clone()),
            labels: Some(labels),
            ..ObjectMeta::default()
        },
        spec: Some(NodeSpec {
            taints: Some(node.taints.clone()),
            unschedulable: node.unschedulable.then_some(true),
            ..NodeSpec::default()
        }),
        status: Some(NodeStatus { allocatable: Some(allocatable), ..NodeStatus::default() }),
    }
}
