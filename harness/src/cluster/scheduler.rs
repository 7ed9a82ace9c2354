//! Where a pod goes: the scheduler.
//!
//! It knows nothing of the supplemental groups policy, and so may place a
//! Strict pod on a node that rejects it (measured, `workloads.json`). It filters
//! by nodeSelector and by nodes that are marked unschedulable, and prefers the
//! emptier node.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Node, Pod};

/// A node as the scheduler sees it.
pub(super) struct Candidate<'a> {
    pub(super) node: &'a Node,
    /// Pods bound to it that have not ended.
    pub(super) pods: usize,
}

/// Why no node takes a pod: the condition's and the event's message.
pub(super) struct Unschedulable(pub(super) String);

const SELECTOR: &str = "node(s) didn't match Pod's node affinity/selector";
const CORDONED: &str = "node(s) were unschedulable";

/// The node for a pod: of those that fit the emptiest, by name where two are equal.
pub(super) fn place<'a>(pod: &Pod, candidates: &[Candidate<'a>]) -> Result<&'a str, Unschedulable> {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let name = candidate.node.metadata.name.as_deref().unwrap_or_default();
        match obstacle(pod, candidate.node) {
            Some(reason) => *reasons.entry(reason).or_default() += 1,
            None => {
                let this = (candidate.pods, name);
                best = Some(best.map_or(this, |best| best.min(this)));
            }
        }
    }
    best.map(|(_, name)| name).ok_or_else(|| Unschedulable(message(candidates.len(), &reasons)))
}

fn obstacle(pod: &Pod, node: &Node) -> Option<&'static str> {
    let unschedulable = node.spec.as_ref().and_then(|spec| spec.unschedulable).unwrap_or(false);
    if unschedulable {
        return Some(CORDONED);
    }
    let labels = node.metadata.labels.as_ref();
    let selector = pod.spec.as_ref().and_then(|spec| spec.node_selector.as_ref());
    let fits = selector
        .into_iter()
        .flatten()
        .all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value));
    (!fits).then_some(SELECTOR)
}

/// The words of kube-scheduler 1.36 (`workloads.json`).
fn message(nodes: usize, reasons: &BTreeMap<&str, usize>) -> String {
    if nodes == 0 {
        return "no nodes available to schedule pods".to_owned();
    }
    let mut reasons: Vec<_> =
        reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    reasons.sort();
    format!(
        "0/{nodes} nodes are available: {}. no new claims to deallocate, preemption: 0/{nodes} \
         nodes are available: {nodes} Preemption is not helpful for scheduling.",
        reasons.join(", ")
    )
}
