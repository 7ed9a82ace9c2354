//! What the API server refuses in a pod.
//!
//! The rules about identities and those that every manifest meets first, in the
//! server's own words and order. Measured on API servers 1.32.13 and 1.36.2
//! where the text is part of a recording; the others are from
//! `pkg/apis/core/validation` of 1.36.

mod containers;
mod environment;
mod metadata;
pub(super) mod names;
pub(super) mod network;
pub(super) mod numbers;
mod operating_system;
mod ports;
pub(super) mod probes;
mod profiles;
mod resources;
pub(super) mod scheduling;
mod security_context;
pub(super) mod selectors;
mod spread;
mod update;
mod volumes;

use k8s_openapi::api::core::v1::{Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kubernetes_objects::resource::Resource;

use crate::cluster::refusal::FieldError;

pub(super) use metadata::{immutable_data, metadata, of_update, of_update_by_kind};
pub(super) use update::updated_pod;

/// Restart policies of a pod.
const RESTART_POLICIES: &[&str] = &["Always", "OnFailure", "Never"];

/// Where a pod's names are resolved.
const DNS_POLICIES: &[&str] = &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];

/// Whether a pod may take the place of lesser ones.
const PREEMPTION_POLICIES: &[&str] = &["PreemptLowerPriority", "Never"];

/// How many seconds a pod may be given at most to run.
const DEADLINES: std::ops::RangeInclusive<i64> = 1..=i32::MAX as i64;

/// Everything that is wrong with a new pod, in the server's order.
pub(super) fn new_pod(resource: &Resource, pod: &Pod) -> Vec<FieldError> {
    let mut errors = Vec::new();
    metadata_and_spec(resource, pod, &mut errors);
    let Some(spec) = &pod.spec else { return errors };
    if spec.ephemeral_containers.as_ref().is_some_and(|all| !all.is_empty()) {
        errors.push(FieldError::forbidden("spec.ephemeralContainers", "cannot be set on create"));
    }
    let waits = spec.scheduling_gates.as_ref().is_some_and(|all| !all.is_empty());
    if waits && spec.node_name.as_ref().is_some_and(|node| !node.is_empty()) {
        let detail = "cannot be set until all schedulingGates have been cleared";
        errors.push(FieldError::forbidden("spec.nodeName", detail));
    }
    errors
}

/// What holds for new and for updated pods.
fn metadata_and_spec(resource: &Resource, pod: &Pod, errors: &mut Vec<FieldError>) {
    metadata(resource, &pod.metadata, errors);
    match &pod.spec {
        Some(spec) => {
            check_spec(spec, true, errors);
            containers::check_for_pod(spec, errors);
        }
        None => errors.push(FieldError::required("spec.containers", "")),
    }
}

fn check_spec(spec: &PodSpec, is_pod: bool, errors: &mut Vec<FieldError>) {
    volumes::check(spec, errors);
    containers::check(spec, errors);
    resources::of_pod(spec, errors);
    network::check_host_network(spec, is_pod, errors);
    one_of("spec.restartPolicy", spec.restart_policy.as_deref(), RESTART_POLICIES, errors);
    one_of("spec.dnsPolicy", spec.dns_policy.as_deref(), DNS_POLICIES, errors);
    if let Some(selector) = &spec.node_selector {
        names::labels("spec.nodeSelector", selector, errors);
    }
    if let Some(context) = &spec.security_context {
        security_context::of_pod(context, spec, errors);
    }
    scheduling::check_affinity(spec, errors);
    network::check_resolution(spec, errors);
    scheduling::check_gates(spec, errors);
    spread::check(spec.topology_spread_constraints.as_deref().unwrap_or_default(), errors);
    check_host_users(spec, errors);
    for (field, name) in
        [("serviceAccountName", &spec.service_account_name), ("nodeName", &spec.node_name)]
    {
        check_name(field, name.as_deref(), errors);
    }
    if let Some(seconds) = spec.active_deadline_seconds.filter(|it| !DEADLINES.contains(it)) {
        let detail = "must be between 1 and 2147483647, inclusive";
        errors.push(FieldError::invalid("spec.activeDeadlineSeconds", seconds, detail));
    }
    network::check_host_names(spec, errors);
    scheduling::check_tolerations(spec.tolerations.as_deref().unwrap_or_default(), errors);
    network::check_host_aliases(spec, errors);
    check_name("priorityClassName", spec.priority_class_name.as_deref(), errors);
    if let Some(class) = &spec.runtime_class_name {
        names::subdomain("spec.runtimeClassName", class, errors);
    }
    let policy = spec.preemption_policy.as_deref();
    one_of("spec.preemptionPolicy", policy, PREEMPTION_POLICIES, errors);
    operating_system::check(spec, errors);
}

/// The name of another object, where one is given.
fn check_name(field: &str, name: Option<&str>, errors: &mut Vec<FieldError>) {
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        names::subdomain(&format!("spec.{field}"), name, errors);
    }
}

/// A user namespace goes with none of the host's other namespaces. The paths are written as the
/// server writes them.
fn check_host_users(spec: &PodSpec, errors: &mut Vec<FieldError>) {
    if spec.host_users != Some(false) {
        return;
    }
    for (field, of_the_host) in [
        ("spec.hostNetwork", spec.host_network),
        ("spec.HostPID", spec.host_pid),
        ("spec.HostIPC", spec.host_ipc),
    ] {
        if of_the_host == Some(true) {
            errors.push(FieldError::forbidden(field, "when `pod.Spec.HostUsers` is false"));
        }
    }
}

/// A value of a closed set; an empty one was filled in before.
fn one_of(
    field: impl Into<String>,
    value: Option<&str>,
    supported: &[&str],
    errors: &mut Vec<FieldError>,
) {
    if let Some(value) = value.filter(|value| !value.is_empty() && !supported.contains(value)) {
        errors.push(FieldError::unsupported(field, value, supported));
    }
}

/// Everything that is wrong with the pods that a template would make, as paths below it.
pub(super) fn template(pod: &Pod) -> Vec<FieldError> {
    let mut errors = template_metadata(&pod.metadata);
    match &pod.spec {
        Some(spec) => check_spec(spec, false, &mut errors),
        None => errors.push(FieldError::required("spec.containers", "")),
    }
    let ephemeral = pod.spec.as_ref().and_then(|spec| spec.ephemeral_containers.as_ref());
    if ephemeral.is_some_and(|all| !all.is_empty()) {
        let detail = "ephemeral containers not allowed in pod template";
        errors.push(FieldError::forbidden("spec.ephemeralContainers", detail));
    }
    errors
}

/// The same for a template's own labels and annotations, whose paths lack `metadata`.
pub(super) fn template_metadata(metadata: &ObjectMeta) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(labels) = &metadata.labels {
        names::labels("labels", labels, &mut errors);
    }
    metadata::annotations("annotations", metadata, &mut errors);
    errors
}
