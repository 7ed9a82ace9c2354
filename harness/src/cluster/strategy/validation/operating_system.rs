//! What a pod's operating system rules out.

use k8s_openapi::api::core::v1::{PodSecurityContext, PodSpec, SecurityContext};

use super::FieldError;

const OPERATING_SYSTEMS: &[&str] = &["linux", "windows"];

/// Why Linux's settings are refused.
const NOT_ON_WINDOWS: &str = "cannot be set for a windows pod";

/// Why those of Windows are.
const NOT_ON_LINUX: &str = "windows options cannot be set for a linux pod";

/// Checks a pod that names its operating system.
pub(super) fn check(spec: &PodSpec, errors: &mut Vec<FieldError>) {
    match spec.os.as_ref().map(|os| os.name.as_str()) {
        None => {}
        Some("") => errors.push(FieldError::required("spec.os.name", "cannot be empty")),
        Some("linux") => forbid(spec, pod_on_linux, container_on_linux, NOT_ON_LINUX, errors),
        Some("windows") => {
            forbid(spec, pod_on_windows, container_on_windows, NOT_ON_WINDOWS, errors);
        }
        Some(other) => {
            errors.push(FieldError::unsupported("spec.os", other, OPERATING_SYSTEMS));
        }
    }
}

/// Fields by their paths, and whether they are set.
type Set = Vec<(&'static str, bool)>;

/// Forbids every field that is set, first the pod's, then those of its containers.
fn forbid(
    spec: &PodSpec,
    of_pod: fn(&PodSpec) -> Set,
    of_container: fn(&SecurityContext) -> Set,
    why: &str,
    errors: &mut Vec<FieldError>,
) {
    let is_set = |(field, is_set): (&'static str, bool)| is_set.then_some(field);
    for field in of_pod(spec).into_iter().filter_map(is_set) {
        errors.push(FieldError::forbidden(format!("spec.{field}"), why));
    }
    for (path, context) in container_contexts(spec) {
        for field in of_container(context).into_iter().filter_map(is_set) {
            errors.push(FieldError::forbidden(format!("{path}.securityContext.{field}"), why));
        }
    }
}

/// The security contexts of all containers with their paths, in the order in which the server
/// visits them.
fn container_contexts(spec: &PodSpec) -> Vec<(String, &SecurityContext)> {
    let init = spec.init_containers.iter().flatten().map(|one| one.security_context.as_ref());
    let regular = spec.containers.iter().map(|one| one.security_context.as_ref());
    let ephemeral =
        spec.ephemeral_containers.iter().flatten().map(|one| one.security_context.as_ref());
    let named = |field| move |index| format!("spec.{field}[{index}]");
    let paths = [
        (init.clone().count(), named("initContainers")),
        (regular.clone().count(), named("containers")),
        (ephemeral.clone().count(), named("ephemeralContainers")),
    ];
    let paths = paths.into_iter().flat_map(|(count, named)| (0..count).map(named));
    paths
        .zip(init.chain(regular).chain(ephemeral))
        .filter_map(|(path, context)| Some((path, context?)))
        .collect()
}

fn pod_on_linux(spec: &PodSpec) -> Set {
    let context = spec.security_context.as_ref();
    vec![(
        "securityContext.windowsOptions",
        context.is_some_and(|context| context.windows_options.is_some()),
    )]
}

fn container_on_linux(context: &SecurityContext) -> Set {
    vec![("windowsOptions", context.windows_options.is_some())]
}

fn pod_on_windows(spec: &PodSpec) -> Set {
    let nothing = PodSecurityContext::default();
    let context = spec.security_context.as_ref().unwrap_or(&nothing);
    vec![
        ("securityContext.appArmorProfile", context.app_armor_profile.is_some()),
        ("securityContext.seLinuxOptions", context.se_linux_options.is_some()),
        ("hostUsers", spec.host_users.is_some()),
        ("hostPID", spec.host_pid == Some(true)),
        ("hostIPC", spec.host_ipc == Some(true)),
        ("securityContext.seccompProfile", context.seccomp_profile.is_some()),
        ("securityContext.fsGroup", context.fs_group.is_some()),
        ("securityContext.fsGroupChangePolicy", context.fs_group_change_policy.is_some()),
        ("securityContext.sysctls", context.sysctls.as_ref().is_some_and(|all| !all.is_empty())),
        ("shareProcessNamespace", spec.share_process_namespace.is_some()),
        ("securityContext.runAsUser", context.run_as_user.is_some()),
        ("securityContext.runAsGroup", context.run_as_group.is_some()),
        ("securityContext.supplementalGroups", context.supplemental_groups.is_some()),
        ("securityContext.supplementalGroupsPolicy", context.supplemental_groups_policy.is_some()),
        ("securityContext.seLinuxChangePolicy", context.se_linux_change_policy.is_some()),
    ]
}

fn container_on_windows(context: &SecurityContext) -> Set {
    vec![
        ("appArmorProfile", context.app_armor_profile.is_some()),
        ("seLinuxOptions", context.se_linux_options.is_some()),
        ("seccompProfile", context.seccomp_profile.is_some()),
        ("capabilities", context.capabilities.is_some()),
        ("readOnlyRootFilesystem", context.read_only_root_filesystem.is_some()),
        ("privileged", context.privileged.is_some()),
        ("allowPrivilegeEscalation", context.allow_privilege_escalation.is_some()),
        ("procMount", context.proc_mount.is_some()),
        ("runAsUser", context.run_as_user.is_some()),
        ("runAsGroup", context.run_as_group.is_some()),
    ]
}
