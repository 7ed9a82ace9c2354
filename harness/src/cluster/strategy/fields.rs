//! Fields that exist only where their feature gate is on.

use fake_kubelet::version::{FeatureGates, Gate};
use k8s_openapi::api::core::v1::{Node, Pod, PodStatus};

/// Drops a new pod's policy where the gate is off, whatever its value, unless the object
/// carried one before (KEP-3619, "Upgrade / Downgrade Strategy"; measured on API server 1.32.13,
/// where even `Loose` and `""` are accepted and dropped).
pub(in crate::cluster) fn drop_disabled_spec(
    gates: &FeatureGates,
    pod: &mut Pod,
    before: Option<&Pod>,
) {
    if gates.enabled(Gate::SupplementalGroupsPolicy) || before.is_some_and(has_policy) {
        return;
    }
    if let Some(context) = pod.spec.as_mut().and_then(|spec| spec.security_context.as_mut()) {
        context.supplemental_groups_policy = None;
    }
}

/// Drops the reported identities where the gate is off, unless the status carried some before.
pub(in crate::cluster) fn drop_disabled_status(
    gates: &FeatureGates,
    status: &mut PodStatus,
    before: Option<&PodStatus>,
) {
    if gates.enabled(Gate::SupplementalGroupsPolicy) || before.is_some_and(has_user) {
        return;
    }
    for container in container_statuses_mut(status) {
        container.user = None;
    }
}

/// Drops a node's features where the gate is off, unless the node carried them before.
pub(in crate::cluster) fn drop_disabled_node(
    gates: &FeatureGates,
    node: &mut Node,
    before: Option<&Node>,
) {
    let features = |node: &Node| node.status.as_ref().and_then(|status| status.features.clone());
    if gates.enabled(Gate::SupplementalGroupsPolicy)
        || before.is_some_and(|node| features(node).is_some())
    {
        return;
    }
    if let Some(status) = node.status.as_mut() {
        status.features = None;
    }
}

fn has_policy(pod: &Pod) -> bool {
    pod.spec
        .as_ref()
        .and_then(|spec| spec.security_context.as_ref())
        .is_some_and(|context| context.supplemental_groups_policy.is_some())
}

fn has_user(status: &PodStatus) -> bool {
    [
        &status.container_statuses,
        &status.init_container_statuses,
        &status.ephemeral_container_statuses,
    ]
    .into_iter()
    .flatten()
    .flatten()
    .any(|container| container.user.is_some())
}

fn container_statuses_mut(
    status: &mut PodStatus,
) -> impl Iterator<Item = &mut k8s_openapi::api::core::v1::ContainerStatus> {
    [
        &mut status.container_statuses,
        &mut status.init_container_statuses,
        &mut status.ephemeral_container_statuses,
    ]
    .into_iter()
    .flatten()
    .flatten()
}
