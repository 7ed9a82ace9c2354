//! What a cluster must hold to: its size, and gates that its components start with.

use std::collections::BTreeMap;

use fake_kubelet::version::FeatureGates;

use super::start_of;
use crate::document::{Node, Problem, Problems};
use crate::scenario::{ClusterSpec, KubernetesName};

/// The most nodes of a cluster.
const MAX_NODES: usize = 1_000;

/// Checks how many nodes there are.
pub(super) fn check_nodes(spec: &Node, problems: &mut Problems) {
    let Some(nodes) = spec.at(&["cluster", "nodes"]) else { return };
    if nodes.items().len() > MAX_NODES {
        problems.add(Problem::new(
            start_of(nodes.span),
            format!(
                "a cluster has at most {MAX_NODES} nodes, this one has {}",
                nodes.items().len()
            ),
        ));
    }
}

/// Checks that every component starts with its gates.
pub(super) fn check_gates(spec: &Node, cluster: &ClusterSpec, problems: &mut Problems) {
    let place = spec.get("cluster").map_or(spec.span, |node| node.span);
    let mut check =
        |version: Option<KubernetesName>, gates: Option<&BTreeMap<String, bool>>, what: &str| {
            let version = version.or(cluster.kubernetes).unwrap_or_default();
            let gates = gates.unwrap_or(&cluster.feature_gates);
            let gates = gates.iter().map(|(name, value)| (name.as_str(), *value));
            if let Err(error) = FeatureGates::new(version.0, gates) {
                problems.add(
                    Problem::new(start_of(place), format!("{what} would not start: {error}"))
                        .help("choose another version, or leave the gate at its default"),
                );
            }
        };
    check(
        cluster.api_server.kubernetes,
        cluster.api_server.feature_gates.as_ref(),
        "the API server",
    );
    for node in &cluster.nodes {
        let what = format!("the kubelet of {:?}", node.name);
        check(node.kubernetes, node.feature_gates.as_ref(), &what);
    }
    if cluster.nodes.is_empty() {
        check(None, None, "the kubelet");
    }
}
