//! Config maps and secrets: what a secret gets, and which keys and sizes are refused.
//!
//! Rules and words: `pkg/apis/core/v1` and `pkg/apis/core/validation`, 1.36.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kubernetes_objects::resource::Resource;
use serde_json::{Map, Value as Json};

use super::validation::names;
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

/// What is wrong with a key.
pub(super) fn key_faults(key: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if key.len() > LONGEST_KEY {
        faults.push(format!("must be no more than {LONGEST_KEY} characters"));
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if key.is_empty() || !key.bytes().all(fits) {
        faults.push(KEY.to_owned());
    }
    match key {
        "." => faults.push("must not be '.'".to_owned()),
        ".." => faults.push("must not be '..'".to_owned()),
        key if key.starts_with("..") => faults.push("must not start with '..'".to_owned()),
        _ => {}
    }
    faults
}

/// Checks keys and the size of all values.
pub(super) fn validate(resource: &Resource, object: &Untyped, errors: &mut Vec<FieldError>) {
    let mut bytes = 0;
    let values = |field: &str| object.rest.get(field).and_then(Json::as_object);
    for field in ["data", "binaryData"] {
        for (key, value) in values(field).into_iter().flatten() {
            let path = format!("{field}[{key}]");
            names::refuse(&path, key, key_faults(key), errors);
            let is_twice = values("binaryData").is_some_and(|other| other.contains_key(key));
            if field == "data" && is_twice {
                let detail = "duplicate of key present in binaryData";
                errors.push(FieldError::invalid_text(path, key, detail));
            }
            let length = value.as_str().map_or(0, str::len);
            let is_encoded = field == "binaryData" || resource.plural == "secrets";
            bytes += if is_encoded { length / 4 * 3 } else { length };
        }
    }
    if bytes > MOST_BYTES {
        let detail = format!("may not be more than {MOST_BYTES} bytes");
        // The error is about a config map as a whole.
        let path = if resource.plural == "secrets" { "data" } else { "[]" };
        errors.push(FieldError::too_long(path, &detail));
    }
    if resource.plural == "secrets" {
        check_type(object, errors);
    }
}

/// What secrets of a type must have: any of these keys.
const NEEDED: &[(&str, &[&str])] = &[
    ("kubernetes.io/dockercfg", &[".dockercfg"]),
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
    ("kubernetes.io/basic-auth", &["username", "password"]),
    ("kubernetes.io/ssh-auth", &["ssh-privatekey"]),
];

fn check_type(object: &Untyped, errors: &mut Vec<FieldError>) {
    let kind = object.rest.get("type").and_then(Json::as_str).unwrap_or_default();
    let has = |key: &&str| {
        object
            .rest
            .get("data")
            .and_then(Json::as_object)
            .is_some_and(|data| data.contains_key(*key))
    };
    let missing: Vec<&str> = match kind {
        "kubernetes.io/tls" => ["tls.crt", "tls.key"].into_iter().filter(|key| !has(key)).collect(),
        kind => match NEEDED.iter().find(|(known, _)| *known == kind) {
            Some((_, keys)) if !keys.iter().any(has) => keys.to_vec(),
            _ => Vec::new(),
        },
    };
    for key in missing {
        errors.push(FieldError::required(format!("data[{key}]"), ""));
    }
    let account = "kubernetes.io/service-account.name";
    let annotations = object.metadata.annotations.as_ref();
    if kind == "kubernetes.io/service-account-token"
        && annotations.and_then(|all| all.get(account)).is_none_or(String::is_empty)
    {
        errors.push(FieldError::required(format!("metadata.annotations[{account}]"), ""));
    }
}
