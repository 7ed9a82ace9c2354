//! What the API server refuses in a pod.
//!
//! The rules about identities and those that every manifest meets first, in the
//! server's own words and order. Measured on API servers 1.32.13 and 1.36.2
//! where the text is part of a recording; the others are from
//! `pkg/apis/core/validation` of 1.36.

mod containers;
mod metadata;
mod names;
mod operating_system;
mod security_context;
mod update;
mod uses;

use k8s_openapi::api::core::v1::{Pod, PodSpec};

use crate::cluster::refusal::FieldError;

pub(super) use metadata::{immutable_data, metadata};
pub(super) use update::updated_pod;

/// Restart policies of a pod.
const RESTART_POLICIES: &[&str] = &["Always", "OnFailure", "Never"];

/// Where a pod's names are resolved.
const DNS_POLICIES: &[&str] = &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];

/// How many seconds a pod may be given at most to run.
const DEADLINES: std::ops::RangeInclusive<i64> = 1..=i32::MAX as i64;

/// Everything that is wrong with a new pod, in the server's order.
pub(super) fn new_pod(pod: &Pod) -> Vec<FieldError> {
    let mut errors = Vec::new();
    metadata_and_spec(pod, &mut errors);
    let ephemeral = pod.spec.as_ref().and_then(|spec| spec.ephemeral_containers.as_ref());
    if ephemeral.is_some_and(|all| !all.is_empty()) {
        errors.push(FieldError::forbidden("spec.ephemeralContainers", "cannot be set on create"));
    }
    errors
}

/// What holds for new and for updated pods.
fn metadata_and_spec(pod: &Pod, errors: &mut Vec<FieldError>) {
    match pod.metadata.name.as_deref() {
        None | Some("") => {
            errors.push(FieldError::required("metadata.name", "name or generateName is required"));
        }
        Some(name) => names::subdomain("metadata.name", name, errors),
    }
    metadata::labels_and_annotations(&pod.metadata, errors);
    match &pod.spec {
        Some(spec) => check_spec(spec, errors),
        None => errors.push(FieldError::required("spec.containers", "")),
    }
}

fn check_spec(spec: &PodSpec, errors: &mut Vec<FieldError>) {
    uses::check_volumes(spec, errors);
    containers::check(spec, errors);
    one_of("spec.restartPolicy", spec.restart_policy.as_deref(), RESTART_POLICIES, errors);
    one_of("spec.dnsPolicy", spec.dns_policy.as_deref(), DNS_POLICIES, errors);
    if let Some(context) = &spec.security_context {
        security_context::of_pod(context, shares_both_processes(spec), errors);
    }
    check_host_users(spec, errors);
    if let Some(seconds) = spec.active_deadline_seconds.filter(|it| !DEADLINES.contains(it)) {
        let detail = "must be between 1 and 2147483647, inclusive";
        errors.push(FieldError::invalid("spec.activeDeadlineSeconds", seconds, detail));
    }
    operating_system::check(spec, errors);
}

/// Whether the pod's containers are to see each other's processes and the host's too.
fn shares_both_processes(spec: &PodSpec) -> bool {
    spec.share_process_namespace == Some(true) && spec.host_pid == Some(true)
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
    let mut errors = Vec::new();
    metadata::labels_and_annotations(&pod.metadata, &mut errors);
    match &pod.spec {
        Some(spec) => check_spec(spec, &mut errors),
        None => errors.push(FieldError::required("spec.containers", "")),
    }
    errors
}
