//! How the nodes look to one pod, given where others are.
//!
//! Rules and words: `PodTopologySpread` and `InterPodAffinity` of kube-scheduler's default
//! profile (1.36), in its order.

use std::collections::{HashMap, HashSet};

use fake_kubelet::admission::affinity::{node_matches, untolerated};
use k8s_openapi::api::core::v1::{Node, Pod, TopologySpreadConstraint};

use super::super::filter::{KEEPING_AWAY, Refused};
use super::super::nodes::{NodeState, Nodes};
use super::members::Members;

/// What a pod has to heed beside what nodes themselves ask for.
#[derive(Debug, Default)]
pub(in crate::cluster::scheduler) struct Outlook {
    pub(super) spread: Vec<Spread>,
    pub(super) affinity: Option<Affinity>,
    /// Where those are that the pod keeps away from.
    pub(super) apart: Domains,
    /// Where those are that keep the pod away.
    pub(super) repelled: Domains,
}

impl Outlook {
    /// Whether any node may be refused.
    pub(super) fn says_anything(&self) -> bool {
        !self.spread.is_empty()
            || self.affinity.is_some()
            || !self.apart.0.is_empty()
            || !self.repelled.0.is_empty()
    }

    /// Whether the pod may be on a node.
    ///
    /// # Errors
    /// The first thing that stands in the way.
    pub(in crate::cluster::scheduler) fn check(&self, node: &NodeState) -> Result<(), Refused> {
        let node = &*node.object;
        for spread in &self.spread {
            spread.check(node)?;
        }
        if self.affinity.as_ref().is_some_and(|affinity| !affinity.allows(node)) {
            return Err(Refused::for_good("node(s) didn't match pod affinity rules"));
        }
        if self.apart.have(node) {
            return Err(Refused::by_others("node(s) didn't match pod anti-affinity rules"));
        }
        if self.repelled.have(node) {
            let reason = "node(s) didn't satisfy existing pods anti-affinity rules";
            return Err(Refused::by_others(reason));
        }
        Ok(())
    }
}

/// Parts of the cluster, each a label of nodes and its value.
#[derive(Debug, Default)]
pub(super) struct Domains(HashMap<String, HashSet<String>>);

impl Domains {
    /// Adds those that have any of these pods.
    pub(super) fn push(&mut self, key: String, members: &Members, nodes: &Nodes) {
        let values = members.by_node().filter_map(|(node, _)| label(nodes.named(node)?, &key));
        let values: Vec<_> = values.map(str::to_owned).collect();
        if !values.is_empty() {
            self.0.entry(key).or_default().extend(values);
        }
    }

    /// Whether a node is in one of them.
    fn have(&self, node: &Node) -> bool {
        let has = |(key, values): (&String, &HashSet<String>)| {
            label(node, key).is_some_and(|value| values.contains(value))
        };
        self.0.iter().any(has)
    }
}

/// Pods that a pod must be with.
#[derive(Debug)]
pub(super) struct Affinity {
    keys: Vec<String>,
    domains: Domains,
    /// Whether the pod is one of those that it must be with: the first of them goes anywhere.
    is_own: bool,
}

impl Affinity {
    pub(super) fn new(
        keys: impl Iterator<Item = String>,
        members: &Members,
        nodes: &Nodes,
        is_own: bool,
    ) -> Self {
        let keys: Vec<_> = keys.collect();
        let mut domains = Domains::default();
        for key in &keys {
            domains.push(key.clone(), members, nodes);
        }
        Self { keys, domains, is_own }
    }

    fn allows(&self, node: &Node) -> bool {
        let with_them = |key: &String| {
            let values = self.domains.0.get(key);
            label(node, key).is_some_and(|value| values.is_some_and(|all| all.contains(value)))
        };
        let is_first = self.domains.0.is_empty() && self.is_own;
        self.keys.iter().all(|key| label(node, key).is_some())
            && (is_first || self.keys.iter().all(with_them))
    }
}

/// A topology spread constraint, and how the pods that it is about are spread.
#[derive(Debug)]
pub(super) struct Spread {
    key: String,
    most_skew: usize,
    counts: HashMap<String, usize>,
    /// The fewest in a part of the cluster; nothing where no part counts.
    fewest: Option<usize>,
    /// How many of those the pod itself is.
    own: usize,
}

impl Spread {
    pub(super) fn new(
        constraint: &TopologySpreadConstraint,
        all: &[&TopologySpreadConstraint],
        pod: &Pod,
        is_own: bool,
        members: &Members,
        nodes: &Nodes,
    ) -> Self {
        let key = &constraint.topology_key;
        let mut counts: HashMap<String, usize> = HashMap::new();
        for state in nodes.ids().filter_map(|id| nodes.get(id)) {
            let node = &*state.object;
            let has_keys = all.iter().all(|one| label(node, &one.topology_key).is_some());
            if let Some(value) = label(node, key)
                && has_keys
                && counts_in(constraint, pod, node)
            {
                *counts.entry(value.to_owned()).or_default() += members.on(&state.name);
            }
        }
        let wanted = usize::try_from(constraint.min_domains.unwrap_or(1)).unwrap_or(1);
        let fewest = if counts.len() < wanted { Some(0) } else { counts.values().min().copied() };
        Self {
            key: key.clone(),
            most_skew: usize::try_from(constraint.max_skew).unwrap_or(0),
            counts,
            fewest,
            own: usize::from(is_own),
        }
    }

    fn check(&self, node: &Node) -> Result<(), Refused> {
        let Some(value) = label(node, &self.key) else {
            return Err(Refused::for_good(
                "node(s) didn't match pod topology spread constraints (missing required label)",
            ));
        };
        let Some(fewest) = self.fewest else { return Ok(()) };
        let there = self.counts.get(value).copied().unwrap_or(0);
        if (there + self.own).saturating_sub(fewest) > self.most_skew {
            let reason = "node(s) didn't match pod topology spread constraints";
            return Err(Refused::by_others(reason));
        }
        Ok(())
    }
}

/// Whether a node counts for a constraint: by default whatever its taints are, but not where the
/// pod's node affinity and selector forbid it.
fn counts_in(constraint: &TopologySpreadConstraint, pod: &Pod, node: &Node) -> bool {
    let affinity = constraint.node_affinity_policy.as_deref() != Some("Ignore");
    let taints = constraint.node_taints_policy.as_deref() == Some("Honor");
    (!affinity || node_matches(pod, node))
        && (!taints || untolerated(pod, node, KEEPING_AWAY).next().is_none())
}

fn label<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.metadata.labels.as_ref()?.get(key).map(String::as_str)
}
