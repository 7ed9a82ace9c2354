//! Pods when they are written.

use fake_kubelet::status::qos::qos_class;
use fake_kubelet::version::FeatureGates;
use k8s_openapi::api::core::v1::{Pod, PodStatus};

use super::{defaults, fields};

/// Fills in a new pod and gives it its first status.
pub(super) fn prepare_for_create(pod: &mut Pod, gates: &FeatureGates) {
    fields::drop_disabled_spec(gates, pod, None);
    defaults::pod(pod);
    pod.metadata.generation = Some(1);
    pod.status = Some(PodStatus {
        phase: Some("Pending".to_owned()),
        qos_class: Some(qos_class(pod).to_owned()),
        ..PodStatus::default()
    });
}

/// Keeps what an update does not reach.
pub(super) fn prepare_for_update(
    pod: &mut Pod,
    before: &Pod,
    subresource: &str,
    gates: &FeatureGates,
) {
    if subresource == "status" {
        pod.spec.clone_from(&before.spec);
        pod.metadata.owner_references.clone_from(&before.metadata.owner_references);
        if let Some(status) = pod.status.as_mut() {
            fields::drop_disabled_status(gates, status, before.status.as_ref());
            // The class is decided once (`podStatusStrategy.PrepareForUpdate`).
            let known = before.status.as_ref().and_then(|status| status.qos_class.clone());
            status.qos_class = known.or(status.qos_class.take());
        }
        return;
    }
    fields::drop_disabled_spec(gates, pod, Some(before));
    defaults::pod(pod);
    pod.status.clone_from(&before.status);
    let spec = before.spec.as_ref();
    if let Some(now) = pod.spec.as_mut() {
        if subresource != "ephemeralcontainers" {
            now.ephemeral_containers = spec.and_then(|spec| spec.ephemeral_containers.clone());
        }
        // Only a binding places a pod; leaving it out takes nothing away.
        if now.node_name.as_ref().is_none_or(String::is_empty) {
            now.node_name = spec.and_then(|spec| spec.node_name.clone());
        }
    }
    if pod.spec.as_ref() != spec {
        let generation = before.metadata.generation.unwrap_or(1);
        pod.metadata.generation = Some(generation.saturating_add(1));
    }
}
