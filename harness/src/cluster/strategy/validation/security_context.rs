//! Security contexts of pods and containers.

use k8s_openapi::api::core::v1::{PodSecurityContext, PodSpec, SecurityContext};
use serde_json::Value as Json;

use super::{FieldError, profiles};

/// Uids and gids that the API accepts: those of a signed 32-bit number.
const MAX_ID: i64 = i32::MAX as i64;

/// The values of the policy.
const SUPPLEMENTAL_GROUPS_POLICIES: &[&str] = &["Merge", "Strict"];

const PROC_MOUNTS: &[&str] = &["Default", "Unmasked"];
const SE_LINUX_CHANGE_POLICIES: &[&str] = &["MountOption", "Recursive"];
const FS_GROUP_CHANGE_POLICIES: &[&str] = &["Always", "OnRootMismatch"];

/// Checks a pod's security context, to which the server also counts how processes are shared.
pub(super) fn of_pod(context: &PodSecurityContext, spec: &PodSpec, errors: &mut Vec<FieldError>) {
    let path = "spec.securityContext";
    id(path, "fsGroup", context.fs_group, errors);
    id(path, "runAsUser", context.run_as_user, errors);
    id(path, "runAsGroup", context.run_as_group, errors);
    for (index, gid) in context.supplemental_groups.iter().flatten().enumerate() {
        id(path, &format!("supplementalGroups[{index}]"), Some(*gid), errors);
    }
    if spec.share_process_namespace == Some(true) && spec.host_pid == Some(true) {
        errors.push(FieldError::invalid(
            format!("{path}.shareProcessNamespace"),
            true,
            "ShareProcessNamespace and HostPID cannot both be enabled",
        ));
    }
    let of_the_host = (spec.host_network == Some(true), spec.host_ipc == Some(true));
    let sysctls = context.sysctls.as_deref().unwrap_or_default();
    profiles::sysctls(sysctls, of_the_host, &format!("{path}.sysctls"), errors);
    let policy = context.fs_group_change_policy.as_deref();
    set_to_one_of(path, "fsGroupChangePolicy", policy, FS_GROUP_CHANGE_POLICIES, errors);
    if let Some(profile) = &context.seccomp_profile {
        profiles::seccomp(profile, &format!("{path}.seccompProfile"), errors);
    }
    if let Some(profile) = &context.app_armor_profile {
        profiles::app_armor(profile, &format!("{path}.appArmorProfile"), errors);
    }
    let policy = context.supplemental_groups_policy.as_deref();
    set_to_one_of(path, "supplementalGroupsPolicy", policy, SUPPLEMENTAL_GROUPS_POLICIES, errors);
    let policy = context.se_linux_change_policy.as_deref();
    set_to_one_of(path, "seLinuxChangePolicy", policy, SE_LINUX_CHANGE_POLICIES, errors);
}

/// A value that may be unset; unlike with most policies an empty text is not that.
fn set_to_one_of(
    path: &str,
    field: &str,
    value: Option<&str>,
    supported: &[&str],
    errors: &mut Vec<FieldError>,
) {
    if let Some(value) = value.filter(|value| !supported.contains(value)) {
        errors.push(FieldError::unsupported(format!("{path}.{field}"), value, supported));
    }
}

/// Checks a container's security context. Only in a user namespace of its own a container may see
/// all of `/proc`.
pub(super) fn of_container(
    context: &SecurityContext,
    has_users_of_the_host: bool,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    id(path, "runAsUser", context.run_as_user, errors);
    id(path, "runAsGroup", context.run_as_group, errors);
    let mount = context.proc_mount.as_deref();
    set_to_one_of(path, "procMount", mount, PROC_MOUNTS, errors);
    if has_users_of_the_host && mount == Some("Unmasked") {
        let detail = "`hostUsers` must be false to use `Unmasked`";
        errors.push(FieldError::invalid_text(format!("{path}.procMount"), "Unmasked", detail));
    }
    if let Some(profile) = &context.seccomp_profile {
        profiles::seccomp(profile, &format!("{path}.seccompProfile"), errors);
    }
    check_escalation(context, path, errors);
    if let Some(profile) = &context.app_armor_profile {
        profiles::app_armor(profile, &format!("{path}.appArmorProfile"), errors);
    }
}

/// What gives a process more rights than it is allowed to get.
fn check_escalation(context: &SecurityContext, path: &str, errors: &mut Vec<FieldError>) {
    if context.allow_privilege_escalation != Some(false) {
        return;
    }
    let mut refuse = |what: &str| {
        let detail = format!("cannot set `allowPrivilegeEscalation` to false and {what}");
        errors.push(FieldError::invalid(path, as_the_server_prints(context), &detail));
    };
    if context.privileged == Some(true) {
        refuse("`privileged` to true");
    }
    let added = context.capabilities.iter().flat_map(|change| change.add.iter().flatten());
    for _ in added.filter(|capability| *capability == "CAP_SYS_ADMIN") {
        refuse("`capabilities.Add` CAP_SYS_ADMIN");
    }
}

fn id(path: &str, field: &str, value: Option<i64>, errors: &mut Vec<FieldError>) {
    if let Some(value) = value.filter(|value| !(0..=MAX_ID).contains(value)) {
        let detail = "must be between 0 and 2147483647, inclusive";
        errors.push(FieldError::invalid(format!("{path}.{field}"), value, detail));
    }
}

/// A field of one of the server's own structures: its name there and in manifests, what stands
/// for nothing, and the fields in it.
struct Field(&'static str, &'static str, &'static str, &'static [Field]);

const fn plain(own: &'static str, json: &'static str) -> Field {
    Field(own, json, "null", &[])
}

const fn text(own: &'static str, json: &'static str) -> Field {
    Field(own, json, "\"\"", &[])
}

/// The server's `core.SecurityContext`, in order.
const SECURITY_CONTEXT: &[Field] = &[
    Field("Capabilities", "capabilities", "null", &[plain("Add", "add"), plain("Drop", "drop")]),
    plain("Privileged", "privileged"),
    Field(
        "SELinuxOptions",
        "seLinuxOptions",
        "null",
        &[text("User", "user"), text("Role", "role"), text("Type", "type"), text("Level", "level")],
    ),
    Field(
        "WindowsOptions",
        "windowsOptions",
        "null",
        &[
            plain("GMSACredentialSpecName", "gmsaCredentialSpecName"),
            plain("GMSACredentialSpec", "gmsaCredentialSpec"),
            plain("RunAsUserName", "runAsUserName"),
            plain("HostProcess", "hostProcess"),
        ],
    ),
    plain("RunAsUser", "runAsUser"),
    plain("RunAsGroup", "runAsGroup"),
    plain("RunAsNonRoot", "runAsNonRoot"),
    plain("ReadOnlyRootFilesystem", "readOnlyRootFilesystem"),
    plain("AllowPrivilegeEscalation", "allowPrivilegeEscalation"),
    plain("ProcMount", "procMount"),
    Field(
        "SeccompProfile",
        "seccompProfile",
        "null",
        &[text("Type", "type"), plain("LocalhostProfile", "localhostProfile")],
    ),
    Field(
        "AppArmorProfile",
        "appArmorProfile",
        "null",
        &[text("Type", "type"), plain("LocalhostProfile", "localhostProfile")],
    ),
];

/// A security context as a message shows it: the server prints its own structure, with the names
/// of Go and everything that is unset.
fn as_the_server_prints(context: &SecurityContext) -> String {
    let json = serde_json::to_value(context).unwrap_or_default();
    structure(SECURITY_CONTEXT, &json)
}

fn structure(fields: &[Field], json: &Json) -> String {
    let fields: Vec<_> = fields
        .iter()
        .map(|Field(own, name, nothing, inner)| {
            let value = match json.get(name).filter(|value| !value.is_null()) {
                None => (*nothing).to_owned(),
                Some(value) if inner.is_empty() => value.to_string(),
                Some(value) => structure(inner, value),
            };
            format!("{own:?}:{value}")
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_security_context_is_printed_whole_and_with_the_servers_names() {
        let json = serde_json::json!({
            "privileged": true,
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
        });
        let context: SecurityContext = serde_json::from_value(json).expect("it is one");
        assert_eq!(
            as_the_server_prints(&context),
            r#"{"Capabilities":{"Add":null,"Drop":["ALL"]},"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}"#
        );
    }
}
