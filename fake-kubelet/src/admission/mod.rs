//! May this pod run here: the kubelet's checks before it touches a pod.
//!
//! Order, reasons and messages are those of `lifecycle/predicate.go` in
//! Kubernetes 1.33 to 1.36; the first check that fails decides.

pub mod affinity;
pub mod resources;

use k8s_openapi::api::core::v1::{Node, Pod, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::status::node::OPERATING_SYSTEM;
use crate::status::qos::qos_class;
use crate::version::{FeatureGates, Gate, Stage};
use resources::{Amounts, Shortage};

/// The policy that a node may be unable to honour.
pub const STRICT: &str = "Strict";

const OS_LABEL: &str = "kubernetes.io/os";

/// Why a pod may not run on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The pod's `status.reason` and the event's reason.
    pub reason: String,
    /// The event's message.
    pub message: String,
}

impl Rejection {
    fn new(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self { reason: reason.into(), message: message.into() }
    }

    fn predicate(name: &str, description: &str) -> Self {
        Self::new(name, format!("Predicate {name} failed: {description}"))
    }

    /// The status of a rejected pod: nothing but this is left of it.
    ///
    /// Measured on kubelet 1.36.2 (behaviour.md §3): no conditions, no
    /// container statuses.
    #[must_use]
    pub fn pod_status(&self, pod: &Pod, gates: &FeatureGates, now: Time) -> PodStatus {
        let started = pod.status.as_ref().and_then(|status| status.start_time.clone());
        PodStatus {
            phase: Some("Failed".to_owned()),
            reason: Some(self.reason.clone()),
            message: Some(format!("Pod was rejected: {}", self.message)),
            observed_generation: gates
                .enabled(Gate::PodObservedGenerationTracking)
                .then_some(pod.metadata.generation)
                .flatten(),
            qos_class: Some(qos_class(pod).to_owned()),
            start_time: started.or(Some(now)),
            ..PodStatus::default()
        }
    }
}

/// Whether a pod may run on a node beside what is admitted already.
///
/// # Errors
/// The [`Rejection`] of the first check that the pod does not pass.
pub fn admit(
    pod: &Pod,
    node: &Node,
    gates: &FeatureGates,
    admitted: &Amounts,
) -> Result<(), Rejection> {
    check_os_selector(pod)?;
    check_os_field(pod)?;
    check_supplemental_groups_policy(pod, node, gates)?;
    check_resources(pod, node, admitted)?;
    if !affinity::node_matches(pod, node) {
        return Err(Rejection::predicate(
            "NodeAffinity",
            "node(s) didn't match Pod's node affinity/selector",
        ));
    }
    if !affinity::tolerates(pod, node, "NoExecute") {
        return Err(Rejection::predicate(
            "TaintToleration",
            "node(s) had taints that the pod didn't tolerate",
        ));
    }
    Ok(())
}

/// A pod label (not a node selector) that names another operating system.
fn check_os_selector(pod: &Pod) -> Result<(), Rejection> {
    let wanted = pod.metadata.labels.as_ref().and_then(|labels| labels.get(OS_LABEL));
    match wanted {
        Some(wanted) if wanted != OPERATING_SYSTEM => Err(Rejection::new(
            "PodOSSelectorNodeLabelDoesNotMatch",
            "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
        )),
        _ => Ok(()),
    }
}

fn check_os_field(pod: &Pod) -> Result<(), Rejection> {
    let wanted = pod.spec.as_ref().and_then(|spec| spec.os.as_ref());
    match wanted {
        Some(os) if os.name != OPERATING_SYSTEM => Err(Rejection::new(
            "PodOSNotSupported",
            "Failed to admit pod as the OS field doesn't match node OS",
        )),
        _ => Ok(()),
    }
}

/// KEP-3619, since beta: a Strict pod on a node that cannot honour it.
///
/// The gate's *stage* decides, not its value (measured on kubelet 1.33.13
/// with the gate off), and the node object, not the runtime.
fn check_supplemental_groups_policy(
    pod: &Pod,
    node: &Node,
    gates: &FeatureGates,
) -> Result<(), Rejection> {
    let policy = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.security_context.as_ref())
        .and_then(|context| context.supplemental_groups_policy.as_deref());
    let enforced = gates
        .stage(Gate::SupplementalGroupsPolicy)
        .is_some_and(|stage| matches!(stage, Stage::Beta | Stage::Stable));
    let supported = node
        .status
        .as_ref()
        .and_then(|status| status.features.as_ref())
        .and_then(|features| features.supplemental_groups_policy)
        .unwrap_or(false);
    if policy == Some(STRICT) && enforced && !supported {
        return Err(Rejection::new(
            "SupplementalGroupsPolicyNotSupported",
            "SupplementalGroupsPolicy=Strict is not supported in this node",
        ));
    }
    Ok(())
}

fn check_resources(pod: &Pod, node: &Node, admitted: &Amounts) -> Result<(), Rejection> {
    let allocatable = node.status.as_ref().and_then(|status| status.allocatable.as_ref());
    let Some(allocatable) = allocatable else { return Ok(()) };
    let capacity = Amounts::of_list(allocatable);
    let requested = Amounts::requested_by(pod);
    resources::shortage(&requested, admitted, &capacity).map_or(Ok(()), |shortage| {
        let Shortage { resource, requested, used, capacity } = shortage;
        Err(Rejection::new(
            format!("OutOf{resource}"),
            format!(
                "Node didn't have enough resource: {resource}, requested: {requested}, \
                 used: {used}, capacity: {capacity}"
            ),
        ))
    })
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::{
        NodeFeatures, NodeStatus, PodOS, PodSecurityContext, PodSpec, Taint,
    };

    use super::*;

    fn gates(version: &str, overrides: &[(&str, bool)]) -> FeatureGates {
        let version = version.parse().expect("a known version");
        FeatureGates::new(version, overrides.iter().copied()).expect("gates of that version")
    }

    fn node(feature: Option<bool>) -> Node {
        let features =
            feature.map(|value| NodeFeatures { supplemental_groups_policy: Some(value) });
        Node { status: Some(NodeStatus { features, ..NodeStatus::default() }), ..Node::default() }
    }

    fn pod(policy: Option<&str>) -> Pod {
        let security_context = PodSecurityContext {
            supplemental_groups_policy: policy.map(str::to_owned),
            ..PodSecurityContext::default()
        };
        Pod {
            spec: Some(PodSpec { security_context: Some(security_context), ..PodSpec::default() }),
            ..Pod::default()
        }
    }

    fn reason(pod: &Pod, node: &Node, gates: &FeatureGates) -> Option<String> {
        admit(pod, node, gates, &Amounts::default()).err().map(|rejection| rejection.reason)
    }

    #[test]
    fn strict_is_rejected_from_beta_on_whatever_the_gate_says() {
        let strict = pod(Some(STRICT));
        let off = [("SupplementalGroupsPolicy", false)];
        let on = [("SupplementalGroupsPolicy", true)];
        let expected = Some("SupplementalGroupsPolicyNotSupported".to_owned());
        for (gates, rejected) in [
            (gates("1.30", &[]), false),
            (gates("1.32", &[]), false),
            (gates("1.32", &on), false),
            (gates("1.33", &[]), true),
            (gates("1.33", &off), true),
            (gates("1.34", &off), true),
            (gates("1.36", &[]), true),
        ] {
            let seen = reason(&strict, &node(None), &gates);
            assert_eq!(seen, rejected.then(|| expected.clone()).flatten(), "{gates:?}");
            assert_eq!(reason(&strict, &node(Some(false)), &gates).is_some(), rejected);
            assert_eq!(reason(&strict, &node(Some(true)), &gates), None);
            assert_eq!(reason(&pod(Some("Merge")), &node(None), &gates), None);
            assert_eq!(reason(&pod(None), &node(None), &gates), None);
        }
    }

    #[test]
    fn the_operating_system_is_checked_before_the_policy() {
        let gates = gates("1.36", &[]);
        let mut windows = pod(Some(STRICT));
        if let Some(spec) = &mut windows.spec {
            spec.os = Some(PodOS { name: "windows".to_owned() });
        }
        assert_eq!(reason(&windows, &node(None), &gates).as_deref(), Some("PodOSNotSupported"));
        windows.metadata.labels =
            Some([(OS_LABEL.to_owned(), "windows".to_owned())].into_iter().collect());
        assert_eq!(
            reason(&windows, &node(None), &gates).as_deref(),
            Some("PodOSSelectorNodeLabelDoesNotMatch")
        );
    }

    #[test]
    fn a_node_selector_that_does_not_match_is_a_failed_predicate() {
        let mut selective = pod(None);
        if let Some(spec) = &mut selective.spec {
            spec.node_selector =
                Some([("disk".to_owned(), "ssd".to_owned())].into_iter().collect());
        }
        let rejection = admit(&selective, &node(None), &gates("1.36", &[]), &Amounts::default())
            .expect_err("no such label");
        assert_eq!(rejection.reason, "NodeAffinity");
        assert_eq!(
            rejection.message,
            "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
        );
    }

    #[test]
    fn only_no_execute_taints_matter_to_a_kubelet() {
        let taint = |effect: &str| Taint {
            key: "dedicated".to_owned(),
            effect: effect.to_owned(),
            ..Taint::default()
        };
        let mut tainted = node(None);
        tainted.spec.get_or_insert_default().taints = Some(vec![taint("NoSchedule")]);
        assert_eq!(reason(&pod(None), &tainted, &gates("1.36", &[])), None);
        tainted.spec.get_or_insert_default().taints = Some(vec![taint("NoExecute")]);
        assert_eq!(
            reason(&pod(None), &tainted, &gates("1.36", &[])).as_deref(),
            Some("TaintToleration")
        );
    }
}
