//! Names, labels and annotations of objects of any kind.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kubernetes_objects::resource::Resource;
use serde_json::Value as Json;

use super::{FieldError, names};
use crate::cluster::object::Untyped;

/// The most bytes in an object's annotations, keys included (`TotalAnnotationSizeLimitB`).
const MOST_ANNOTATION_BYTES: usize = 256 * 1024;

/// Checks the metadata of an object.
pub(in crate::cluster::strategy) fn metadata(
    resource: &Resource,
    metadata: &ObjectMeta,
    errors: &mut Vec<FieldError>,
) {
    match metadata.name.as_deref() {
        None | Some("") => {
            errors.push(FieldError::required("metadata.name", "name or generateName is required"));
        }
        Some(name) => match resource.plural {
            "namespaces" => names::label("metadata.name", name, errors),
            "services" => names::service("metadata.name", name, errors),
            _ => names::subdomain("metadata.name", name, errors),
        },
    }
    labels_and_annotations(metadata, errors);
}

/// Checks labels and annotations.
pub(super) fn labels_and_annotations(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    for (key, value) in metadata.labels.iter().flatten() {
        names::qualified("metadata.labels", key, errors);
        names::label_value("metadata.labels", value, errors);
    }
    let mut bytes = 0;
    for (key, value) in metadata.annotations.iter().flatten() {
        names::qualified("metadata.annotations", &key.to_lowercase(), errors);
        bytes += key.len() + value.len();
    }
    if bytes > MOST_ANNOTATION_BYTES {
        let detail = format!("may not be more than {MOST_ANNOTATION_BYTES} bytes");
        errors.push(FieldError::too_long("metadata.annotations", &detail));
    }
}

/// Config maps and secrets that say so never change.
pub(in crate::cluster::strategy) fn immutable_data(
    resource: &Resource,
    object: &Untyped,
    before: &Untyped,
    errors: &mut Vec<FieldError>,
) {
    if !matches!(resource.plural, "configmaps" | "secrets")
        || before.rest.get("immutable") != Some(&Json::Bool(true))
    {
        return;
    }
    for field in ["immutable", "data", "binaryData"] {
        if object.rest.get(field) != before.rest.get(field) {
            let detail = "field is immutable when `immutable` is set";
            errors.push(FieldError::forbidden(field, detail));
        }
    }
}
