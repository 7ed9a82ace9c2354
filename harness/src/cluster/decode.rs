//! From a manifest to a pod, as strictly as kubectl asks the API server to be.

use k8s_openapi::api::core::v1::{Node, Pod};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::go_types::{self, Struct};
use super::refusal::Refusal;

/// The objects that can be applied.
pub(super) enum Manifest {
    Pod(Box<Pod>),
    Node(Box<Node>),
}

/// Reads a manifest.
///
/// # Errors
/// A [`Refusal`] as the API server or kubectl words it: unknown kinds, wrong
/// types, unknown fields.
pub(super) fn manifest(json: &Json) -> Result<Manifest, Refusal> {
    let text = |field: &str| json.get(field).and_then(Json::as_str);
    let (version, kind) = (text("apiVersion"), text("kind"));
    match (version, kind) {
        (Some("v1"), Some("Pod")) => {
            Ok(Manifest::Pod(Box::new(object(json, "Pod", &go_types::POD)?)))
        }
        (Some("v1"), Some("Node")) => {
            Ok(Manifest::Node(Box::new(object(json, "Node", &go_types::NODE)?)))
        }
        (Some(version), Some(kind)) => Err(Refusal::bad_request(format!(
            "no matches for kind {kind:?} in version {version:?}"
        ))),
        (None, _) => Err(Refusal::bad_request("Object 'apiVersion' is missing")),
        (_, None) => Err(Refusal::bad_request("Object 'Kind' is missing")),
    }
}

fn object<T: DeserializeOwned + serde::Serialize>(
    json: &Json,
    kind: &str,
    go_type: &'static Struct,
) -> Result<T, Refusal> {
    let cannot = |what: String| {
        Refusal::bad_request(format!(
            "{kind} in version \"v1\" cannot be handled as a {kind}: {what}"
        ))
    };
    if let Some(mismatch) = go_types::first_mismatch(json, go_type) {
        return Err(cannot(mismatch));
    }
    let object = T::deserialize(json).map_err(|error| cannot(format!("json: {error}")))?;
    let read = serde_json::to_value(&object).map_err(|error| cannot(error.to_string()))?;
    let mut unknown = Vec::new();
    unknown_fields(json, &read, "", &mut unknown);
    if unknown.is_empty() {
        return Ok(object);
    }
    let unknown: Vec<_> = unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
    Err(cannot(format!("strict decoding error: {}", unknown.join(", "))))
}

/// The paths of fields that were given and not understood.
fn unknown_fields(given: &Json, read: &Json, path: &str, unknown: &mut Vec<String>) {
    match (given, read) {
        (Json::Object(given), Json::Object(read)) => {
            for (key, value) in given {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match read.get(key) {
                    Some(read) => unknown_fields(value, read, &path, unknown),
                    None if is_empty(value) => {}
                    None => unknown.push(path),
                }
            }
        }
        (Json::Array(given), Json::Array(read)) => {
            for (index, (given, read)) in given.iter().zip(read).enumerate() {
                unknown_fields(given, read, &format!("{path}[{index}]"), unknown);
            }
        }
        _ => {}
    }
}

/// Values that reading may leave out without having misunderstood them.
fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        _ => false,
    }
}
