//! Looking into objects: what is absent is empty.

use serde_json::Value as Json;

use crate::selector::LabelSelector;

pub(super) fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn number(value: &Json) -> i64 {
    value.as_i64().unwrap_or(0)
}

pub(super) fn list(value: &Json) -> &[Json] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn size(value: &Json) -> i64 {
    let size = value.as_object().map_or(0, serde_json::Map::len).max(list(value).len());
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// The text, or words for there being none.
pub(super) fn text_or(value: &Json, none: &str) -> String {
    match text(value) {
        "" => none.to_owned(),
        text => text.to_owned(),
    }
}

/// Texts with something between them.
pub(super) fn joined<'a>(texts: impl Iterator<Item = &'a str>, between: &str) -> String {
    texts.collect::<Vec<_>>().join(between)
}

/// A map of labels, as `a=b,c=d`.
pub(super) fn labels(map: &Json) -> String {
    let pairs: Vec<_> = map
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", text(value)))
        .collect();
    if pairs.is_empty() { "<none>".to_owned() } else { pairs.join(",") }
}

/// A selector of `matchLabels` and `matchExpressions`.
pub(super) fn selector(selector: &Json) -> String {
    match LabelSelector::of_object(selector) {
        Ok(selector) if selector.is_empty() => "<none>".to_owned(),
        Ok(selector) => selector.to_string(),
        Err(_) => "<error>".to_owned(),
    }
}

/// A condition's status is `True`.
pub(super) fn has_condition(conditions: &Json, kind: &str) -> bool {
    list(conditions).iter().any(|one| one["type"] == kind && one["status"] == "True")
}
