//! Reads patches, and refuses what is no patch.

use serde_json::Value as Json;

use crate::Status;

/// Reads JSON.
///
/// # Errors
///
/// 400, in Go's words where it has short ones.
pub(super) fn json(text: &[u8], prefix: &str) -> Result<Json, Status> {
    serde_json::from_slice(text).map_err(|error| {
        let message = if error.is_eof() {
            "unexpected end of JSON input".to_owned()
        } else {
            error.to_string()
        };
        Status::bad_request(format!("{prefix}{message}"))
    })
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
