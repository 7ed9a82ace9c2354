//! Pods when they are written.

use fake_kubelet::status::qos::qos_class;
use fake_kubelet::version::FeatureGates;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodCondition, PodStatus};

use super::{defaults, fields, validation};
use crate::cluster::refusal::FieldError;

/// Fills in a new pod and gives it its first status.
pub(super) fn prepare_for_create(pod: &mut Pod, gates: &FeatureGates) {
    fields::drop_disabled_spec(gates, pod, None);
    defaults::pod(pod);
    pod.metadata.generation = Some(1);
    pod.status = Some(PodStatus {
        phase: Some("Pending".to_owned()),
        qos_class: Some(qos_class(pod).to_owned()),
        conditions: has_gates(pod).then(|| vec![gated()]),
        ..PodStatus::default()
    });
}

fn has_gates(pod: &Pod) -> bool {
    let gates = pod.spec.as_ref().and_then(|spec| spec.scheduling_gates.as_ref());
    gates.is_some_and(|gates| !gates.is_empty())
}

/// What the server itself says of a pod that nobody may place yet (`applySchedulingGatedCondition`
/// of `pkg/registry/core/pod`).
fn gated() -> PodCondition {
    PodCondition {
        type_: "PodScheduled".to_owned(),
        status: "False".to_owned(),
        reason: Some("SchedulingGated".to_owned()),
        message: Some("Scheduling is blocked due to non-empty scheduling gates".to_owned()),
        ..PodCondition::default()
    }
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

/// Everything that is wrong with a new status: what has ended for good does not begin again
/// (`ValidatePodStatusUpdate` of `pkg/apis/core/validation`, 1.36).
pub(super) fn validate_status(pod: &Pod, before: &Pod) -> Vec<FieldError> {
    let mut errors = Vec::new();
    validation::of_update(&pod.metadata, &before.metadata, &mut errors);
    validation::of_update_by_kind(&pod.metadata, &before.metadata, &mut errors);
    let nothing = PodStatus::default();
    let (now, then) =
        (pod.status.as_ref().unwrap_or(&nothing), before.status.as_ref().unwrap_or(&nothing));
    let spec = before.spec.as_ref();
    let policy = spec.and_then(|spec| spec.restart_policy.as_deref()).unwrap_or_default();
    let sidecars = spec.into_iter().flat_map(|spec| spec.init_containers.iter().flatten());
    let sidecars: Vec<_> = sidecars
        .filter(|container| container.restart_policy.as_deref() == Some("Always"))
        .map(|container| container.name.as_str())
        .collect();
    for (field, policy, sidecars, now, then) in [
        ("containerStatuses", policy, &[][..], &now.container_statuses, &then.container_statuses),
        (
            "initContainerStatuses",
            policy,
            &*sidecars,
            &now.init_container_statuses,
            &then.init_container_statuses,
        ),
        // Ephemeral containers never restart.
        (
            "ephemeralContainerStatuses",
            "Never",
            &[][..],
            &now.ephemeral_container_statuses,
            &then.ephemeral_container_statuses,
        ),
    ] {
        for (index, then) in then.iter().flatten().enumerate() {
            let may_restart = sidecars.contains(&then.name.as_str()) || restarts(policy, then);
            let goes_on = |now: &ContainerStatus| now.name == then.name && !has_terminated(now);
            if !may_restart && now.iter().flatten().any(goes_on) {
                let field = format!("status.{field}[{index}].state");
                let detail = "may not be transitioned to non-terminated state";
                errors.push(FieldError::forbidden(field, detail));
            }
        }
    }
    errors
}

fn has_terminated(status: &ContainerStatus) -> bool {
    status.state.as_ref().is_some_and(|state| state.terminated.is_some())
}

/// Whether a container may run, or run again.
fn restarts(policy: &str, status: &ContainerStatus) -> bool {
    let ended = status.state.as_ref().and_then(|state| state.terminated.as_ref());
    match ended {
        None => true,
        Some(ended) => policy == "Always" || (policy == "OnFailure" && ended.exit_code != 0),
    }
}
