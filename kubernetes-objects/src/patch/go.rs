//! JSON values as Go prints them, since the server's refusals carry them.

use serde_json::Value as Json;

use crate::Status;

/// A value as `%v` prints it: `map[name:ctr ports:[map[containerPort:80]]]`.
pub(super) fn value(value: &Json) -> String {
    match value {
        Json::Null => "<nil>".to_owned(),
        Json::String(text) => text.clone(),
        Json::Array(items) => list(items),
        Json::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            let entries: Vec<String> =
                entries.into_iter().map(|(name, of)| format!("{name}:{}", self::value(of))).collect();
            format!("map[{}]", entries.join(" "))
        }
        Json::Bool(_) | Json::Number(_) => value.to_string(),
    }
}

/// A list as `%v` prints it.
pub(super) fn list(items: &[Json]) -> String {
    format!("[{}]", items.iter().map(value).collect::<Vec<_>>().join(" "))
}

/// The Go type that a value is decoded to.
pub(super) fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "%!s(<nil>)",
        Json::Bool(_) => "bool",
        Json::Number(number) if number.is_i64() => "int64",
        Json::Number(_) => "float64",
        Json::String(_) => "string",
        Json::Array(_) => "[]interface {}",
        Json::Object(_) => "map[string]interface {}",
    }
}

/// Reads JSON.
///
/// # Errors
///
/// 400, in Go's words where it has short ones.
pub(super) fn read(text: &[u8], prefix: &str) -> Result<Json, Status> {
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
