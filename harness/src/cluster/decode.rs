//! From a manifest to a pod, as strictly as kubectl asks the API server to be.

use k8s_openapi::api::core::v1::{Node, Pod};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::go_types::{self, Struct};
use super::refusal::Refusal;

/// Checks a manifest of a pod or a node; other kinds have no table yet.
///
/// # Errors
/// A [`Refusal`] as the API server words it: wrong types, unknown fields.
pub(super) fn check(kind: &str, json: &Json) -> Result<(), Refusal> {
    match kind {
        "Pod" => object::<Pod>(json, "Pod", &go_types::POD).map(drop),
        "Node" => object::<Node>(json, "Node", &go_types::NODE).map(drop),
        _ => Ok(()),
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
