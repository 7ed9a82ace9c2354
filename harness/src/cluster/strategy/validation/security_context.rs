//! Security contexts of pods and containers.

use k8s_openapi::api::core::v1::{PodSecurityContext, SecurityContext};
use serde_json::Value as Json;

use super::FieldError;

/// Uids and gids that the API accepts: those of a signed 32-bit number.
const MAX_ID: i64 = i32::MAX as i64;

/// The values of the policy.
const SUPPLEMENTAL_GROUPS_POLICIES: &[&str] = &["Merge", "Strict"];

const FS_GROUP_CHANGE_POLICIES: &[&str] = &["Always", "OnRootMismatch"];

/// Checks a pod's security context, to which the server also counts how processes are shared.
pub(super) fn of_pod(
    context: &PodSecurityContext,
    shares_both_processes: bool,
    errors: &mut Vec<FieldError>,
) {
    let path = "spec.securityContext";
    id(path, "fsGroup", context.fs_group, errors);
    id(path, "runAsUser", context.run_as_user, errors);
    id(path, "runAsGroup", context.run_as_group, errors);
    for (index, gid) in context.supplemental_groups.iter().flatten().enumerate() {
        id(path, &format!("supplementalGroups[{index}]"), Some(*gid), errors);
    }
    if shares_both_processes {
        errors.push(FieldError::invalid(
            format!("{path}.shareProcessNamespace"),
            true,
            "ShareProcessNamespace and HostPID cannot both be enabled",
        ));
    }
    // Unlike most policies these may be unset, and an empty text is not that.
    for (field, value, supported) in [
        ("fsGroupChangePolicy", &context.fs_group_change_policy, FS_GROUP_CHANGE_POLICIES),
        (
            "supplementalGroupsPolicy",
            &context.supplemental_groups_policy,
            SUPPLEMENTAL_GROUPS_POLICIES,
        ),
    ] {
        if let Some(value) = value.as_deref().filter(|value| !supported.contains(value)) {
            errors.push(FieldError::unsupported(format!("{path}.{field}"), value, supported));
        }
    }
}

/// Checks a container's security context.
pub(super) fn of_container(context: &SecurityContext, path: &str, errors: &mut Vec<FieldError>) {
    id(path, "runAsUser", context.run_as_user, errors);
    id(path, "runAsGroup", context.run_as_group, errors);
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
