//! A pod's volumes and where containers see them.
//!
//! Rules and words: `ValidateVolumes` and `ValidateVolumeMounts` of `pkg/apis/core/validation`,
//! 1.36.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{KeyToPath, PodSpec, Volume, VolumeMount};
use kubernetes_objects::schema;
use serde_json::Value as Json;

use super::profiles::check_inner_path;
use super::{FieldError, names};
use crate::cluster::strategy::key_values;

const MODES: std::ops::RangeInclusive<i32> = 0..=0o777;
const MODE_RANGE: &str = "must be a number between 0 and 0777 (octal), both inclusive";

/// Checks a pod's volumes, which containers then mount by name.
pub(super) fn check(spec: &PodSpec, errors: &mut Vec<FieldError>) {
    let mut known = BTreeSet::new();
    for (index, volume) in spec.volumes.iter().flatten().enumerate() {
        let path = format!("spec.volumes[{index}]");
        check_sources(volume, &path, errors);
        let field = format!("{path}.name");
        if volume.name.is_empty() {
            errors.push(FieldError::required(&field, ""));
        } else {
            names::label(&field, &volume.name, errors);
            if !known.insert(&volume.name) {
                errors.push(FieldError::duplicate(field, &volume.name));
            }
        }
    }
}

/// Exactly one source must be there, and make sense; of several the first one is checked.
fn check_sources(volume: &Volume, path: &str, errors: &mut Vec<FieldError>) {
    let Ok(Json::Object(fields)) = serde_json::to_value(volume) else { return };
    let rank = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
    let mut sources: Vec<_> = fields.keys().filter(|name| *name != "name").collect();
    sources.sort_by_key(|name| rank(name));
    for more in sources.iter().skip(1) {
        let field = format!("{path}.{more}");
        errors.push(FieldError::forbidden(field, "may not specify more than 1 volume type"));
    }
    let Some(source) = sources.first() else {
        errors.push(FieldError::required(path, "must specify a volume type"));
        return;
    };
    check_source(volume, source, &format!("{path}.{source}"), errors);
}

/// In which order a volume's sources are looked at, which decides which one is the first.
const ORDER: &[&str] = &[
    "emptyDir",
    "hostPath",
    "secret",
    "nfs",
    "persistentVolumeClaim",
    "downwardAPI",
    "configMap",
    "projected",
    "csi",
    "ephemeral",
    "image",
];

fn check_source(volume: &Volume, source: &str, path: &str, errors: &mut Vec<FieldError>) {
    let require = |text: Option<&str>, field: &str, errors: &mut Vec<FieldError>| {
        if text.is_none_or(str::is_empty) {
            errors.push(FieldError::required(format!("{path}.{field}"), ""));
        }
    };
    match source {
        "hostPath" => {
            let Some(source) = &volume.host_path else { return };
            require(Some(&source.path), "path", errors);
            let field = format!("{path}.path");
            if source.path.split('/').any(|part| part == "..") {
                errors.push(FieldError::invalid_text(field, &source.path, "must not contain '..'"));
            }
            let known = schema::values_of("v1.HostPathType");
            if let Some(kind) = source.type_.as_deref().filter(|it| !known.contains(it)) {
                errors.push(FieldError::unsupported(format!("{path}.type"), kind, known));
            }
        }
        "secret" => {
            let Some(source) = &volume.secret else { return };
            require(source.secret_name.as_deref(), "secretName", errors);
            check_mode(source.default_mode, &format!("{path}.defaultMode"), errors);
            check_items(source.items.as_deref(), path, errors);
        }
        "configMap" => {
            let Some(source) = &volume.config_map else { return };
            require(Some(&source.name), "name", errors);
            check_mode(source.default_mode, &format!("{path}.defaultMode"), errors);
            check_items(source.items.as_deref(), path, errors);
        }
        "persistentVolumeClaim" => {
            let claim = volume.persistent_volume_claim.as_ref();
            require(claim.map(|claim| claim.claim_name.as_str()), "claimName", errors);
        }
        "nfs" => {
            let Some(source) = &volume.nfs else { return };
            require(Some(&source.server), "server", errors);
            require(Some(&source.path), "path", errors);
            if !source.path.is_empty() && !source.path.starts_with('/') {
                let field = format!("{path}.path");
                let detail = "must be an absolute path";
                errors.push(FieldError::invalid_text(field, &source.path, detail));
            }
        }
        "emptyDir" => {
            let size = volume.empty_dir.as_ref().and_then(|source| source.size_limit.as_ref());
            if size.is_some_and(|size| size.0.starts_with('-')) {
                let detail = "SizeLimit field must be a valid resource quantity";
                errors.push(FieldError::forbidden(format!("{path}.sizeLimit"), detail));
            }
        }
        _ => {}
    }
}

fn check_mode(mode: Option<i32>, field: &str, errors: &mut Vec<FieldError>) {
    if let Some(mode) = mode.filter(|mode| !MODES.contains(mode)) {
        errors.push(FieldError::invalid(field, mode, MODE_RANGE));
    }
}

/// Keys and the files that they become.
fn check_items(items: Option<&[KeyToPath]>, path: &str, errors: &mut Vec<FieldError>) {
    for (index, item) in items.into_iter().flatten().enumerate() {
        let path = format!("{path}.items[{index}]");
        let field = format!("{path}.key");
        if item.key.is_empty() {
            errors.push(FieldError::required(&field, ""));
        } else {
            names::refuse(&field, &item.key, key_values::key_faults(&item.key), errors);
        }
        let field = format!("{path}.path");
        if item.path.is_empty() {
            errors.push(FieldError::required(&field, ""));
        }
        check_inner_path(&item.path, &field, errors);
        if item.path.starts_with("..") && item.path.split('/').all(|part| part != "..") {
            let detail = "must not start with '..'";
            errors.push(FieldError::invalid_text(&field, &item.path, detail));
        }
        check_mode(item.mode, &format!("{path}.mode"), errors);
    }
}

/// Checks where a container sees volumes.
pub(super) fn check_mounts(
    mounts: &[VolumeMount],
    spec: &PodSpec,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let volumes: BTreeSet<_> = spec.volumes.iter().flatten().map(|volume| &volume.name).collect();
    let mut places = BTreeSet::new();
    for (index, mount) in mounts.iter().enumerate() {
        let own = format!("{path}[{index}]");
        if mount.name.is_empty() {
            errors.push(FieldError::required(format!("{own}.name"), ""));
        }
        if !volumes.contains(&mount.name) {
            errors.push(FieldError::not_found(format!("{own}.name"), &mount.name));
        }
        let field = format!("{own}.mountPath");
        if mount.mount_path.is_empty() {
            errors.push(FieldError::required(&field, ""));
        }
        if !places.insert(&mount.mount_path) {
            errors.push(FieldError::invalid_text(field, &mount.mount_path, "must be unique"));
        }
        let sub_path = mount.sub_path.as_deref().unwrap_or_default();
        let expression = mount.sub_path_expr.as_deref().unwrap_or_default();
        // The server leaves out which mount it is.
        check_inner_path(sub_path, &format!("{path}.subPath"), errors);
        if !sub_path.is_empty() && !expression.is_empty() {
            let field = format!("{own}.subPathExpr");
            let detail = "subPathExpr and subPath are mutually exclusive";
            errors.push(FieldError::invalid_text(field, expression, detail));
        }
        check_inner_path(expression, &format!("{path}.subPathExpr"), errors);
    }
}
