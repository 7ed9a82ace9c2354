//! What the API server refuses in a pod.
//!
//! The rules that matter to identities, with the server's own words. Measured
//! on API servers 1.32.13 and 1.36.2 where the text is part of a recording;
//! the others are from `pkg/apis/core/validation` of 1.36.

use std::collections::BTreeSet;

use fake_kubelet::version::{FeatureGates, Gate};
use k8s_openapi::api::core::v1::{Container, Pod, PodSecurityContext, PodSpec, SecurityContext};

use super::refusal::FieldError;

/// Uids and gids that the API accepts: those of a signed 32-bit number.
const MAX_ID: i64 = i32::MAX as i64;

/// The values of the policy.
const POLICIES: &[&str] = &["Merge", "Strict"];

/// Names that may hold dots.
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// Names without dots.
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/// Everything that is wrong with a new pod, in the server's order.
pub(super) fn new_pod(pod: &Pod, gates: &FeatureGates) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match pod.metadata.name.as_deref() {
        None | Some("") => {
            errors.push(FieldError::required("metadata.name", "name or generateName is required"));
        }
        Some(name) if !is_subdomain(name) => {
            errors.push(FieldError::invalid("metadata.name", format!("{name:?}"), SUBDOMAIN));
        }
        Some(_) => {}
    }
    let Some(spec) = &pod.spec else {
        errors.push(FieldError::required("spec.containers", ""));
        return errors;
    };
    containers(spec, &mut errors);
    let windows = spec.os.as_ref().is_some_and(|os| os.name == "windows");
    if let Some(context) = &spec.security_context {
        pod_context(context, gates, &mut errors);
        if windows {
            windows_pod_context(context, &mut errors);
        }
    }
    if spec.ephemeral_containers.as_ref().is_some_and(|all| !all.is_empty()) {
        errors.push(FieldError::forbidden("spec.ephemeralContainers", "cannot be set on create"));
    }
    errors
}

fn containers(spec: &PodSpec, errors: &mut Vec<FieldError>) {
    if spec.containers.is_empty() {
        errors.push(FieldError::required("spec.containers", ""));
    }
    let mut names = BTreeSet::new();
    let init = spec.init_containers.as_deref().unwrap_or_default();
    let windows = spec.os.as_ref().is_some_and(|os| os.name == "windows");
    for (field, containers) in
        [("spec.containers", spec.containers.as_slice()), ("spec.initContainers", init)]
    {
        for (index, container) in containers.iter().enumerate() {
            let path = format!("{field}[{index}]");
            one_container(container, &path, windows, &mut names, errors);
        }
    }
}

fn one_container<'a>(
    container: &'a Container,
    path: &str,
    windows: bool,
    names: &mut BTreeSet<&'a str>,
    errors: &mut Vec<FieldError>,
) {
    let name = container.name.as_str();
    if name.is_empty() {
        errors.push(FieldError::required(format!("{path}.name"), ""));
    } else if !is_label(name) {
        errors.push(FieldError::invalid(format!("{path}.name"), format!("{name:?}"), LABEL));
    } else if !names.insert(name) {
        errors.push(FieldError::duplicate(format!("{path}.name"), name));
    }
    if container.image.as_deref().unwrap_or_default().is_empty() {
        errors.push(FieldError::required(format!("{path}.image"), ""));
    }
    if let Some(context) = &container.security_context {
        let path = format!("{path}.securityContext");
        container_context(context, &path, errors);
        if windows {
            for (field, is_set) in [
                ("runAsUser", context.run_as_user.is_some()),
                ("runAsGroup", context.run_as_group.is_some()),
                ("privileged", context.privileged.is_some()),
                ("allowPrivilegeEscalation", context.allow_privilege_escalation.is_some()),
                ("capabilities", context.capabilities.is_some()),
            ] {
                forbid_on_windows(&path, field, is_set, errors);
            }
        }
    }
}

fn pod_context(context: &PodSecurityContext, gates: &FeatureGates, errors: &mut Vec<FieldError>) {
    let path = "spec.securityContext";
    id(path, "fsGroup", context.fs_group, errors);
    id(path, "runAsUser", context.run_as_user, errors);
    id(path, "runAsGroup", context.run_as_group, errors);
    for (index, gid) in context.supplemental_groups.iter().flatten().enumerate() {
        id(path, &format!("supplementalGroups[{index}]"), Some(*gid), errors);
    }
    if let Some(policy) = context.supplemental_groups_policy.as_deref()
        && gates.enabled(Gate::SupplementalGroupsPolicy)
        && !POLICIES.contains(&policy)
    {
        let field = format!("{path}.supplementalGroupsPolicy");
        errors.push(FieldError::unsupported(field, policy, POLICIES));
    }
    if let Some(policy) = context.fs_group_change_policy.as_deref()
        && !["Always", "OnRootMismatch"].contains(&policy)
    {
        let field = format!("{path}.fsGroupChangePolicy");
        errors.push(FieldError::unsupported(field, policy, &["Always", "OnRootMismatch"]));
    }
}

fn windows_pod_context(context: &PodSecurityContext, errors: &mut Vec<FieldError>) {
    for (field, is_set) in [
        ("seLinuxOptions", context.se_linux_options.is_some()),
        ("seccompProfile", context.seccomp_profile.is_some()),
        ("fsGroup", context.fs_group.is_some()),
        ("fsGroupChangePolicy", context.fs_group_change_policy.is_some()),
        ("sysctls", context.sysctls.as_ref().is_some_and(|all| !all.is_empty())),
        ("runAsUser", context.run_as_user.is_some()),
        ("runAsGroup", context.run_as_group.is_some()),
        (
            "supplementalGroups",
            context.supplemental_groups.as_ref().is_some_and(|all| !all.is_empty()),
        ),
        ("supplementalGroupsPolicy", context.supplemental_groups_policy.is_some()),
    ] {
        forbid_on_windows("spec.securityContext", field, is_set, errors);
    }
}

fn container_context(context: &SecurityContext, path: &str, errors: &mut Vec<FieldError>) {
    id(path, "runAsUser", context.run_as_user, errors);
    id(path, "runAsGroup", context.run_as_group, errors);
    if context.allow_privilege_escalation == Some(false) && context.privileged == Some(true) {
        errors.push(FieldError::invalid(
            path,
            "{}",
            "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
        ));
    }
}

fn forbid_on_windows(path: &str, field: &str, is_set: bool, errors: &mut Vec<FieldError>) {
    if is_set {
        let field = format!("{path}.{field}");
        errors.push(FieldError::forbidden(field, "cannot be set for a windows pod"));
    }
}

fn id(path: &str, field: &str, value: Option<i64>, errors: &mut Vec<FieldError>) {
    if let Some(value) = value.filter(|value| !(0..=MAX_ID).contains(value)) {
        let detail = "must be between 0 and 2147483647, inclusive";
        errors.push(FieldError::invalid(format!("{path}.{field}"), value, detail));
    }
}

fn is_label(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.len() <= 63
        && !name.is_empty()
        && name.bytes().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn is_subdomain(name: &str) -> bool {
    let part = |part: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !part.is_empty()
            && part.bytes().all(inner)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(part)
}
