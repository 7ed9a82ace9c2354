//! Reads patches, and refuses what is no patch.

use serde_json::Value as Json;

use crate::{Status, decode};

/// Reads JSON.
///
/// # Errors
///
/// 400 in the server's words.
pub(super) fn json(text: &[u8], prefix: &str) -> Result<Json, Status> {
    decode::untyped(text).map_err(|words| Status::bad_request(format!("{prefix}{words}")))
}

/// 400 for a document of another type than the one that is needed.
pub(super) fn wrong_type(prefix: &str, given: &Json, needed: &str) -> Status {
    let given = match given {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    };
    Status::bad_request(format!(
        "{prefix}json: cannot unmarshal {given} into Go value of type {needed}"
    ))
}
