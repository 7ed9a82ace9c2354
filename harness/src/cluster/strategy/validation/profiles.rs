//! What holds a container's process inside: seccomp, AppArmor, sysctls.
//!
//! Rules and words: `validateSeccompProfileField`, `ValidateAppArmorProfileField` and
//! `validateSysctls` of `pkg/apis/core/validation`, 1.36.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{AppArmorProfile, SeccompProfile, Sysctl};

use super::FieldError;

const TYPES: &[&str] = &["Localhost", "RuntimeDefault", "Unconfined"];

/// The longest path of a profile, in bytes.
const LONGEST_PROFILE: usize = 4095;

/// The longest name of a sysctl, in bytes.
const LONGEST_SYSCTL: usize = 253;

const SYSCTL: &str = "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";

/// Checks a seccomp profile.
pub(super) fn seccomp(profile: &SeccompProfile, path: &str, errors: &mut Vec<FieldError>) {
    let field = format!("{path}.type");
    match profile.type_.as_str() {
        "" => {
            let detail = "type is required when seccompProfile is set";
            errors.push(FieldError::required(field, detail));
        }
        known if TYPES.contains(&known) => {}
        other => errors.push(FieldError::unsupported(field, other, TYPES)),
    }
    let field = format!("{path}.localhostProfile");
    let is_local = profile.type_ == "Localhost";
    match &profile.localhost_profile {
        None if is_local => {
            let detail = "must be set when seccomp type is Localhost";
            errors.push(FieldError::required(field, detail));
        }
        Some(file) if is_local => check_inner_path(file, &field, errors),
        Some(_) => {
            let shown = serde_json::json!({
                "Type": profile.type_, "LocalhostProfile": profile.localhost_profile,
            });
            let detail = "can only be set when seccomp type is Localhost";
            errors.push(FieldError::invalid(field, shown, detail));
        }
        None => {}
    }
}

/// A path that stays below where it begins (`validateLocalDescendingPath`).
pub(super) fn check_inner_path(path: &str, field: &str, errors: &mut Vec<FieldError>) {
    if path.starts_with('/') {
        errors.push(FieldError::invalid_text(field, path, "must be a relative path"));
    }
    if path.split('/').any(|part| part == "..") {
        errors.push(FieldError::invalid_text(field, path, "must not contain '..'"));
    }
}

/// Checks an AppArmor profile.
pub(super) fn app_armor(profile: &AppArmorProfile, path: &str, errors: &mut Vec<FieldError>) {
    let field = format!("{path}.localhostProfile");
    let missing = "must be set when AppArmor type is Localhost";
    match (profile.type_.as_str(), profile.localhost_profile.as_deref()) {
        ("Localhost", None | Some("")) => errors.push(FieldError::required(field, missing)),
        ("Localhost", Some(name)) => {
            if name.trim() != name {
                let detail = "must not be padded with whitespace";
                errors.push(FieldError::invalid_text(&field, name, detail));
            }
            if name.len() > LONGEST_PROFILE {
                let detail = format!("may not be more than {LONGEST_PROFILE} bytes");
                errors.push(FieldError::too_long(field, &detail));
            }
        }
        ("RuntimeDefault" | "Unconfined", Some(name)) => {
            let detail = "can only be set when AppArmor type is Localhost";
            errors.push(FieldError::invalid_text(field, name, detail));
        }
        ("RuntimeDefault" | "Unconfined", None) => {}
        ("", _) => {
            let detail = "type is required when appArmorProfile is set";
            errors.push(FieldError::required(format!("{path}.type"), detail));
        }
        (other, _) => {
            errors.push(FieldError::unsupported(format!("{path}.type"), other, TYPES));
        }
    }
}

/// Checks a pod's sysctls. What is set for one of the host's namespaces is not set for the pod.
pub(super) fn sysctls(
    sysctls: &[Sysctl],
    (host_network, host_ipc): (bool, bool),
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let mut known = BTreeSet::new();
    for (index, sysctl) in sysctls.iter().enumerate() {
        let name = &sysctl.name;
        let field = format!("{path}[{index}].name");
        if name.is_empty() {
            errors.push(FieldError::required(&field, ""));
        } else if !is_sysctl(name) {
            errors.push(FieldError::invalid_text(&field, name, SYSCTL));
        } else if known.contains(name) {
            errors.push(FieldError::duplicate(&field, name));
        }
        let dotted = name.replace('/', ".");
        let of_ipc =
            ["kernel.shm", "kernel.msg", "fs.mqueue."].iter().any(|one| dotted.starts_with(one))
                || dotted == "kernel.sem";
        if host_network && dotted.starts_with("net.") {
            let detail = "may not be specified when 'hostNetwork' is true";
            errors.push(FieldError::invalid_text(field, name, detail));
        } else if host_ipc && of_ipc {
            let detail = "may not be specified when 'hostIPC' is true";
            errors.push(FieldError::invalid_text(field, name, detail));
        }
        known.insert(name);
    }
}

fn is_sysctl(name: &str) -> bool {
    let end = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    name.len() <= LONGEST_SYSCTL
        && name.split(['.', '/']).all(|part| {
            let bytes = part.as_bytes();
            let inner = |byte: &u8| end(Some(byte)) || b"-_".contains(byte);
            end(bytes.first()) && end(bytes.last()) && bytes.iter().all(inner)
        })
}
