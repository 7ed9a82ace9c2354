//! Config maps and secrets: what a secret gets, and which keys and sizes are refused.
//!
//! Rules and words: `pkg/apis/core/v1` and `pkg/apis/core/validation`, 1.36.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kubernetes_objects::resource::Resource;
use serde_json::{Map, Value as Json};

use crate::cluster::object::Untyped;
use crate::cluster::refusal::FieldError;

/// The most bytes of values (`MaxSecretSize`, `MaxConfigMap` limits).
const MOST_BYTES: usize = 1024 * 1024;
/// The longest key, in bytes.
const LONGEST_KEY: usize = 253;
const KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/// Whether a resource's objects are keys and values.
pub(super) fn is_one(resource: &Resource) -> bool {
    resource.group.is_empty() && matches!(resource.plural, "configmaps" | "secrets")
}

/// Fills in a secret: its type, and as data what was written as text, which nobody reads again.
pub(super) fn fill_in(resource: &Resource, object: &mut Untyped) {
    if resource.plural != "secrets" {
        return;
    }
    let kind = object.rest.get("type").and_then(Json::as_str).unwrap_or_default();
    if kind.is_empty() {
        object.rest.insert("type".to_owned(), "Opaque".into());
    }
    let Some(Json::Object(texts)) = object.rest.remove("stringData") else { return };
    let data = object.rest.entry("data").or_insert_with(|| Json::Object(Map::new()));
    if data.is_null() {
        *data = Json::Object(Map::new());
    }
    if let Some(data) = data.as_object_mut() {
        data.extend(
            texts.into_iter().filter_map(|(key, text)| {
                Some((key, BASE64_STANDARD.encode(text.as_str()?).into()))
            }),
        );
    }
}

/// Checks keys and the size of all values.
pub(super) fn validate(object: &Untyped, errors: &mut Vec<FieldError>) {
    let mut bytes = 0;
    for field in ["data", "binaryData"] {
        for (key, value) in object.rest.get(field).and_then(Json::as_object).into_iter().flatten() {
            let path = format!("{field}[{key}]");
            if key.len() > LONGEST_KEY {
                let detail = format!("must be no more than {LONGEST_KEY} characters");
                errors.push(FieldError::invalid(&path, format!("{key:?}"), &detail));
            }
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if key.is_empty() || !key.bytes().all(fits) {
                errors.push(FieldError::invalid(&path, format!("{key:?}"), KEY));
            } else if key == "." || key == ".." {
                let detail = format!("must not be '{key}'");
                errors.push(FieldError::invalid(&path, format!("{key:?}"), &detail));
            }
            bytes += value.as_str().map_or(0, str::len);
        }
    }
    if bytes > MOST_BYTES {
        let detail = format!("may not be more than {MOST_BYTES} bytes");
        errors.push(FieldError::too_long("data", &detail));
    }
}
