//! The scale of what has replicas, as a small object of its own.

use kubernetes_objects::Status;
use serde_json::{Map, Value as Json, json};

use super::requests::Place;
use crate::cluster::object::Untyped;
use crate::cluster::selection::as_text;

/// Shows the scale of a workload.
pub(super) fn of(workload: &Untyped) -> Json {
    let metadata = &workload.metadata;
    let number = |part: &str| {
        let part = workload.rest.get(part);
        part.and_then(|part| part.get("replicas")).and_then(Json::as_i64)
    };
    let mut spec = Map::new();
    // Zero is not printed.
    if let Some(replicas) = number("spec").filter(|replicas| *replicas != 0) {
        spec.insert("replicas".to_owned(), replicas.into());
    }
    let mut status = Map::new();
    status.insert("replicas".to_owned(), number("status").unwrap_or(0).into());
    let selector = workload.rest.get("spec").and_then(|spec| spec.get("selector"));
    if let Some(selector) = selector.and_then(|one| serde_json::from_value(one.clone()).ok()) {
        status.insert("selector".to_owned(), as_text(&selector).into());
    }
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata.name, "namespace": metadata.namespace, "uid": metadata.uid,
            "resourceVersion": metadata.resource_version,
            "creationTimestamp": metadata.creation_timestamp,
        },
        "spec": spec, "status": status,
    })
}

/// A workload with the replicas that a scale asks for.
///
/// # Errors
/// [`Status`] when it asks for none that are possible, or for another version of the workload.
pub(super) fn set(place: &Place<'_>, workload: &Untyped, scale: &Json) -> Result<Untyped, Status> {
    let version = scale.pointer("/metadata/resourceVersion").and_then(Json::as_str);
    if let Some(version) = version.filter(|version| !version.is_empty())
        && workload.metadata.resource_version.as_deref() != Some(version)
    {
        return Err(Status::conflict(
            &place.resource.qualified(),
            place.name,
            super::writing::MODIFIED,
        ));
    }
    let wanted = scale.pointer("/spec/replicas");
    let replicas = match wanted {
        None | Some(Json::Null) => 0,
        Some(wanted) => wanted
            .as_i64()
            .filter(|wanted| i32::try_from(*wanted).is_ok())
            .ok_or_else(|| Status::bad_request("spec.replicas of a scale is a 32-bit number"))?,
    };
    if replicas < 0 {
        let error = crate::cluster::refusal::FieldError::invalid(
            "spec.replicas",
            replicas,
            "must be greater than or equal to 0",
        );
        return Err(crate::cluster::refusal::invalid("Scale.autoscaling", place.name, &[error]));
    }
    let mut workload = workload.clone();
    let spec = workload.rest.entry("spec").or_insert_with(|| json!({}));
    if let Some(spec) = spec.as_object_mut() {
        spec.insert("replicas".to_owned(), replicas.into());
    }
    Ok(workload)
}
