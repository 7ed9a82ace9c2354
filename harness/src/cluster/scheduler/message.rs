//! What the scheduler says of a pod that no node takes.

use std::collections::BTreeMap;

use fake_kubelet::version::KubernetesVersion;

/// The message where nothing about a node, but something that the pod refers to, is in the way.
pub(super) fn refused_everywhere(
    nodes: usize,
    why: &str,
    never_preempts: bool,
    version: KubernetesVersion,
) -> String {
    let reasons = format!("0/{nodes} nodes are available: {why}.");
    unschedulable_for(nodes, &reasons, 0, never_preempts, version)
}

/// The condition's and the event's message.
///
/// The words are those of kube-scheduler 1.36 (`workloads.json`); dynamic resource allocation
/// has its say since 1.34.
pub(super) fn unschedulable(
    nodes: usize,
    reasons: &BTreeMap<String, usize>,
    lacking_room: usize,
    never_preempts: bool,
    version: KubernetesVersion,
) -> String {
    let reasons = reasons.iter().map(|(reason, count)| (*count, reason.as_str()));
    unschedulable_for(nodes, &available(nodes, reasons), lacking_room, never_preempts, version)
}

fn unschedulable_for(
    nodes: usize,
    reasons: &str,
    lacking_room: usize,
    never_preempts: bool,
    version: KubernetesVersion,
) -> String {
    if nodes == 0 {
        return "no nodes available to schedule pods".to_owned();
    }
    let preemption = if never_preempts {
        "not eligible due to preemptionPolicy=Never.".to_owned()
    } else {
        let helpless = nodes - lacking_room.min(nodes);
        let outcomes = [
            (helpless, "Preemption is not helpful for scheduling"),
            (lacking_room, "No preemption victims found for incoming pod"),
        ];
        available(nodes, outcomes.into_iter().filter(|(count, _)| *count > 0))
    };
    let claims = if version.at_least(34) { "no new claims to deallocate, " } else { "" };
    format!("{reasons} {claims}preemption: {preemption}")
}

/// Reasons with the number of nodes that each is true of, sorted as text.
fn available<'a>(nodes: usize, reasons: impl Iterator<Item = (usize, &'a str)>) -> String {
    let mut words: Vec<_> = reasons.map(|(count, reason)| format!("{count} {reason}")).collect();
    words.sort();
    format!("0/{nodes} nodes are available: {}.", words.join(", "))
}
