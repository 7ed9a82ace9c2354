//! The variables of containers and where they come from.
//!
//! Rules and words: `ValidateEnv` and `ValidateEnvFrom` of `pkg/apis/core/validation`, 1.36.

use k8s_openapi::api::core::v1::{
    EnvFromSource, EnvVar, EnvVarSource, ObjectFieldSelector, ResourceFieldSelector,
};

use super::{FieldError, names};
use crate::cluster::strategy::key_values;

/// Fields of a pod that variables can be made of.
const FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Resources of a container that variables can be made of.
const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

/// What begins the names of pages of memory among them.
const PAGES: &[&str] = &["requests.hugepages-", "limits.hugepages-"];

const NAME: &str = "a valid environment variable name must consist only of printable ASCII characters other than '='";

/// Checks variables, given one by one or as a whole.
pub(super) fn check(
    variables: &[EnvVar],
    sources: &[EnvFromSource],
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    for (index, variable) in variables.iter().enumerate() {
        let path = format!("{path}.env[{index}]");
        if variable.name.is_empty() {
            errors.push(FieldError::required(format!("{path}.name"), ""));
        }
        check_name(&variable.name, &format!("{path}.name"), errors);
        if let Some(source) = &variable.value_from {
            let has_value = variable.value.as_ref().is_some_and(|value| !value.is_empty());
            check_source(source, has_value, &format!("{path}.valueFrom"), errors);
        }
    }
    for (index, source) in sources.iter().enumerate() {
        check_all_of(source, &format!("{path}.envFrom"), index, errors);
    }
}

fn check_name(name: &str, field: &str, errors: &mut Vec<FieldError>) {
    if !name.bytes().all(|byte| (byte.is_ascii_graphic() && byte != b'=') || byte == b' ') {
        errors.push(FieldError::invalid_text(field, name, NAME));
    }
}

fn check_source(source: &EnvVarSource, has_value: bool, path: &str, errors: &mut Vec<FieldError>) {
    let mut count = 0;
    if let Some(field) = &source.field_ref {
        count += 1;
        check_field(field, &format!("{path}.fieldRef"), errors);
    }
    if let Some(resource) = &source.resource_field_ref {
        count += 1;
        check_resource(resource, &format!("{path}.resourceFieldRef"), errors);
    }
    if let Some(key) = &source.config_map_key_ref {
        count += 1;
        check_key(&key.name, &key.key, &format!("{path}.configMapKeyRef"), errors);
    }
    if let Some(key) = &source.secret_key_ref {
        count += 1;
        check_key(&key.name, &key.key, &format!("{path}.secretKeyRef"), errors);
    }
    let detail = match count {
        0 if source.file_key_ref.is_some() => return,
        0 => {
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        }
        _ if has_value => "may not be specified when `value` is not empty",
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    errors.push(FieldError::invalid_text(path, "", detail));
}

fn check_key(name: &str, key: &str, path: &str, errors: &mut Vec<FieldError>) {
    names::subdomain(&format!("{path}.name"), name, errors);
    let field = format!("{path}.key");
    if key.is_empty() {
        errors.push(FieldError::required(field, ""));
    } else {
        names::refuse(&field, key, key_values::key_faults(key), errors);
    }
}

fn check_field(field: &ObjectFieldSelector, path: &str, errors: &mut Vec<FieldError>) {
    let at = format!("{path}.fieldPath");
    let wanted = field.field_path.as_str();
    if wanted.is_empty() {
        errors.push(FieldError::required(at, ""));
        return;
    }
    let subscript = wanted.strip_suffix("']").and_then(|rest| rest.split_once("['"));
    match subscript {
        Some(("metadata.annotations", key)) => names::qualified(path, &key.to_lowercase(), errors),
        Some(("metadata.labels", key)) => names::qualified(path, key, errors),
        Some((other, _)) => {
            errors.push(FieldError::invalid_text(path, other, "does not support subscript"));
        }
        None if FIELDS.contains(&wanted) => {}
        None if matches!(
            wanted,
            "metadata.annotations"
                | "metadata.labels"
                | "spec.restartPolicy"
                | "status.phase"
                | "spec.schedulerName"
                | "spec.hostname"
                | "spec.subdomain"
        ) =>
        {
            errors.push(FieldError::unsupported(at, wanted, FIELDS));
        }
        None => {
            let detail = format!("error converting fieldPath: field label not supported: {wanted}");
            errors.push(FieldError::invalid_text(at, wanted, &detail));
        }
    }
}

fn check_resource(resource: &ResourceFieldSelector, path: &str, errors: &mut Vec<FieldError>) {
    let field = format!("{path}.resource");
    let name = resource.resource.as_str();
    if name.is_empty() {
        errors.push(FieldError::required(field, ""));
    } else if !RESOURCES.contains(&name) && !PAGES.iter().any(|pages| name.starts_with(pages)) {
        errors.push(FieldError::unsupported(field, name, RESOURCES));
    }
}

/// All keys of a config map or secret as variables.
fn check_all_of(source: &EnvFromSource, path: &str, index: usize, errors: &mut Vec<FieldError>) {
    let own = format!("{path}[{index}]");
    check_name(source.prefix.as_deref().unwrap_or_default(), &format!("{own}.prefix"), errors);
    let of = [
        ("configMapRef", source.config_map_ref.as_ref().map(|one| &one.name)),
        ("secretRef", source.secret_ref.as_ref().map(|one| &one.name)),
    ];
    let mut count = 0;
    for (field, name) in of {
        let Some(name) = name else { continue };
        count += 1;
        let field = format!("{own}.{field}.name");
        if name.is_empty() {
            errors.push(FieldError::required(field, ""));
        } else {
            let faults = names::subdomain_faults(&names::without_last_dash(name));
            names::refuse(&field, name, faults, errors);
        }
    }
    let detail = match count {
        0 => "must specify one of: `configMapRef` or `secretRef`",
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    errors.push(FieldError::invalid_text(path, "", detail));
}
