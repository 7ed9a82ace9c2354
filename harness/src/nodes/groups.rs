//! Nodes that are alike: in the same state, and the same to every pod's placement.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use fake_kubelet::admission::affinity::{node_matches, tolerates};
use k8s_openapi::api::core::v1::{Node, NodeSelectorTerm, NodeSpec, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::record::NodeRecord;

/// Nodes that nothing in the cluster tells apart.
#[derive(Debug, Clone)]
pub struct NodeGroup {
    /// The class of their states, in [`Groups::states`].
    pub state: usize,
    /// The nodes, in the list of all.
    pub nodes: Vec<usize>,
    /// One of them, with the labels and taints that placements look at.
    pub object: Node,
}

/// All nodes, in groups; `State` is what else tells nodes apart.
#[derive(Debug, Clone)]
pub struct Groups<State> {
    /// The groups.
    pub groups: Vec<NodeGroup>,
    /// The different states.
    pub states: Vec<State>,
    /// The group of each node; none for Windows.
    pub of_node: Vec<Option<usize>>,
    /// By placement: the groups where such pods may run.
    pub eligible: Vec<Vec<usize>>,
}

impl<State: Clone + Eq + Hash> Groups<State> {
    /// Groups nodes by their states, and by what they are to pods that are to be placed.
    #[must_use]
    pub fn new(nodes: &[NodeRecord], of_nodes: &[State], placements: &[&Pod]) -> Self {
        let keys = keys(placements);
        let mut states: Vec<State> = Vec::new();
        let mut state_places: HashMap<State, usize> = HashMap::new();
        let mut places: HashMap<(usize, String), usize> = HashMap::new();
        let mut groups: Vec<NodeGroup> = Vec::new();
        let mut of_node = vec![None; nodes.len()];
        let linux =
            nodes.iter().zip(of_nodes).enumerate().filter(|(_, (node, _))| !node.is_windows);
        for (at, (node, state)) in linux {
            let state = *state_places.entry(state.clone()).or_insert_with(|| {
                states.push(state.clone());
                states.len() - 1
            });
            let object = seen_by_placements(node, &keys);
            let signature = serde_json::to_string(&object).unwrap_or_default();
            let group = *places.entry((state, signature)).or_insert_with(|| {
                groups.push(NodeGroup { state, nodes: Vec::new(), object });
                groups.len() - 1
            });
            groups[group].nodes.push(at);
            of_node[at] = Some(group);
        }
        let eligible = placements.iter().map(|pod| {
            let fits = |group: &NodeGroup| {
                node_matches(pod, &group.object)
                    && tolerates(pod, &group.object, "NoSchedule")
                    && tolerates(pod, &group.object, "NoExecute")
            };
            (0..groups.len()).filter(|at| fits(&groups[*at])).collect()
        });
        let eligible = eligible.collect();
        Self { groups, states, of_node, eligible }
    }
}

/// The labels that some placement looks at, and whether one names nodes.
struct Keys {
    labels: BTreeSet<String>,
    names: bool,
}

fn keys(placements: &[&Pod]) -> Keys {
    let mut keys = Keys { labels: BTreeSet::new(), names: false };
    for pod in placements {
        let Some(spec) = &pod.spec else { continue };
        keys.labels.extend(spec.node_selector.iter().flatten().map(|(key, _)| key.clone()));
        for term in terms(pod) {
            let expressions = term.match_expressions.iter().flatten();
            keys.labels.extend(expressions.map(|expression| expression.key.clone()));
            keys.names |= term.match_fields.as_ref().is_some_and(|fields| !fields.is_empty());
        }
    }
    keys
}

fn terms(pod: &Pod) -> impl Iterator<Item = &NodeSelectorTerm> {
    let affinity = pod.spec.as_ref().and_then(|spec| spec.affinity.as_ref());
    let affinity = affinity.and_then(|affinity| affinity.node_affinity.as_ref());
    let required = affinity
        .and_then(|nodes| nodes.required_during_scheduling_ignored_during_execution.as_ref());
    required.into_iter().flat_map(|required| &required.node_selector_terms)
}

/// The node with nothing but what placements look at.
fn seen_by_placements(node: &NodeRecord, keys: &Keys) -> Node {
    let labels: BTreeMap<_, _> = node
        .labels
        .iter()
        .filter(|(key, _)| keys.labels.contains(*key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    // A taint that only says that the node is cordoned passes.
    let taints: Vec<_> = node
        .taints
        .iter()
        .filter(|taint| taint.key != "node.kubernetes.io/unschedulable")
        .cloned()
        .map(|mut taint| {
            taint.time_added = None;
            taint
        })
        .collect();
    let name = if keys.names { node.name.clone() } else { String::new() };
    let taints = (!taints.is_empty()).then_some(taints);
    Node {
        metadata: ObjectMeta { name: Some(name), labels: Some(labels), ..ObjectMeta::default() },
        spec: Some(NodeSpec { taints, ..NodeSpec::default() }),
        status: None,
    }
}
