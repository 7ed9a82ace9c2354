//! Which nodes can take a pod, and what stands in the way on the others.
//!
//! Filters, their order and their words are kube-scheduler's default profile
//! (`pkg/scheduler/framework/plugins` of 1.36); the first filter that refuses
//! speaks for a node. What other pods have to do with it comes after these
//! ([`super::neighbours`]).

use fake_kubelet::admission::affinity::{node_matches, tolerates_taint, untolerated};
use fake_kubelet::version::KubernetesVersion;
use k8s_openapi::api::core::v1::{Pod, Taint};

use super::demand::Demand;
use super::nodes::NodeState;

/// Marks a node that is cordoned; whoever tolerates it may be placed there.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// The effects that keep a pod from being placed.
pub(super) const KEEPING_AWAY: &[&str] = &["NoSchedule", "NoExecute"];

/// Why a node does not take a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// Each thing that stands in the way, in words.
    pub(super) reasons: Vec<String>,
    /// Whether it would help if other pods were not there.
    pub(super) for_lack_of_room: bool,
}

impl Refused {
    /// Nobody's leaving would help.
    pub(super) fn for_good(reason: impl Into<String>) -> Self {
        Self { reasons: vec![reason.into()], for_lack_of_room: false }
    }

    /// It would help if other pods were not there.
    pub(super) fn by_others(reason: impl Into<String>) -> Self {
        Self { reasons: vec![reason.into()], for_lack_of_room: true }
    }
}

/// Whether a node takes a pod of this class.
pub(super) fn check(
    demand: &Demand,
    node: &NodeState,
    version: KubernetesVersion,
) -> Result<(), Refused> {
    let pod = &*demand.pod;
    let spec = node.object.spec.as_ref();
    if spec.and_then(|spec| spec.unschedulable).unwrap_or(false) && !tolerates_cordon(pod) {
        return Err(Refused::for_good("node(s) were unschedulable"));
    }
    if let Some(taint) = untolerated(pod, &node.object, KEEPING_AWAY).next() {
        return Err(Refused::for_good(untolerated_words(taint, version)));
    }
    if !node_matches(pod, &node.object) {
        return Err(Refused::for_good("node(s) didn't match Pod's node affinity/selector"));
    }
    let conflict = |port| node.taken.ports.iter().any(|taken| taken.conflicts(port));
    if demand.ports.iter().any(conflict) {
        return Err(Refused::by_others(
            "node(s) didn't have free ports for the requested pod ports",
        ));
    }
    check_room(demand, node)
}

/// The words name no taint since 1.35.
fn untolerated_words(taint: &Taint, version: KubernetesVersion) -> String {
    if version.at_least(35) {
        return "node(s) had untolerated taint(s)".to_owned();
    }
    let value = taint.value.as_deref().unwrap_or_default();
    format!("node(s) had untolerated taint {{{}: {value}}}", taint.key)
}

fn tolerates_cordon(pod: &Pod) -> bool {
    let cordon = Taint {
        key: UNSCHEDULABLE.to_owned(),
        effect: "NoSchedule".to_owned(),
        ..Taint::default()
    };
    let tolerations = pod.spec.iter().flat_map(|spec| spec.tolerations.iter().flatten());
    tolerations.into_iter().any(|toleration| tolerates_taint(toleration, &cordon))
}

/// Every resource that does not suffice (`NodeResourcesFit`).
fn check_room(demand: &Demand, node: &NodeState) -> Result<(), Refused> {
    let mut reasons = Vec::new();
    let mut for_lack_of_room = true;
    for name in demand.requested.names() {
        let wanted = demand.requested.get(name);
        let has = node.allocatable.get(name);
        if wanted == 0 || wanted <= has.saturating_sub(node.taken.requested.get(name)) {
            continue;
        }
        reasons.push(match name {
            "pods" => "Too many pods".to_owned(),
            _ => format!("Insufficient {name}"),
        });
        // More than the whole node has is not made room for by anybody's leaving.
        for_lack_of_room &= name == "pods" || wanted <= has;
    }
    if reasons.is_empty() { Ok(()) } else { Err(Refused { reasons, for_lack_of_room }) }
}
