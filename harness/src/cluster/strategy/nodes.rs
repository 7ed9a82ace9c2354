//! Nodes when they are written.

use k8s_openapi::api::core::v1::{Node, Taint};

/// What keeps pods away from a node until it has been seen to be ready.
const NOT_READY: &str = "node.kubernetes.io/not-ready";
const NO_SCHEDULE: &str = "NoSchedule";

/// Marks a new node as not ready (admission plugin `TaintNodesByCondition`; recorded on API server
/// 1.36.2). The node lifecycle controller takes the mark away.
pub(super) fn admitted(node: &mut Node) {
    let taints = node.spec.get_or_insert_default().taints.get_or_insert_default();
    if taints.iter().any(|taint| taint.key == NOT_READY && taint.effect == NO_SCHEDULE) {
        return;
    }
    taints.push(Taint {
        key: NOT_READY.to_owned(),
        effect: NO_SCHEDULE.to_owned(),
        ..Taint::default()
    });
}
