//! Partial objects: what stands in the expectation must stand in the object.

use serde_json::{Map, Value as Json};

use super::Difference;
use crate::scenario::Expectation;

/// The keys that tell the items of a list apart.
const IDENTIFYING_KEYS: &[&str] = &["name", "type"];

/// Compares the `metadata`, `spec` and `status` of an expectation with an object.
pub(super) fn check_parts(
    expectation: &Expectation,
    object: &Json,
    prefix: &str,
    differences: &mut Vec<Difference>,
) {
    for (part, wanted) in [
        ("metadata", &expectation.metadata),
        ("spec", &expectation.spec),
        ("status", &expectation.status),
    ] {
        if let Some(wanted) = wanted {
            compare(wanted, object.get(part), &format!("{prefix}{part}"), differences);
        }
    }
}

/// Compares a part with a value.
///
/// `null` means that nothing stands there. Lists of plain values must be equal;
/// of lists of objects each expected item must fit one, found by its `name` or
/// `type` where it has one.
pub(super) fn compare(
    wanted: &Json,
    found: Option<&Json>,
    path: &str,
    differences: &mut Vec<Difference>,
) {
    let found = found.filter(|found| !found.is_null());
    match (wanted, found) {
        (Json::Null, None) => {}
        (Json::Null, Some(found)) => differences.push(Difference::new(path, "nothing", found)),
        (wanted, None) => differences.push(Difference::new(path, wanted, "nothing")),
        (Json::Object(wanted), Some(Json::Object(found))) => {
            for (key, wanted) in wanted {
                let separator = if path.is_empty() || path.ends_with(' ') { "" } else { "." };
                let path = format!("{path}{separator}{key}");
                compare(wanted, found.get(key), &path, differences);
            }
        }
        (Json::Array(wanted), Some(Json::Array(found))) if wanted.iter().any(Json::is_object) => {
            for (index, item) in wanted.iter().enumerate() {
                compare_item(item, index, found, path, differences);
            }
        }
        (wanted, Some(found)) if same(wanted, found) => {}
        (wanted, Some(found)) => differences.push(Difference::new(path, wanted, found)),
    }
}

fn compare_item(
    wanted: &Json,
    index: usize,
    found: &[Json],
    path: &str,
    differences: &mut Vec<Difference>,
) {
    let Some(object) = wanted.as_object() else {
        compare(wanted, found.get(index), &format!("{path}[{index}]"), differences);
        return;
    };
    if let Some((key, value)) = identity_of(object) {
        let item = found.iter().find(|item| item.get(key) == Some(value));
        let name = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        compare(wanted, item, &format!("{path}[{name}]"), differences);
        return;
    }
    let fits = |item: &&Json| {
        let mut differences = Vec::new();
        compare(wanted, Some(item), "", &mut differences);
        differences.is_empty()
    };
    if !found.iter().any(|item| fits(&item)) {
        let all = Json::Array(found.to_vec());
        differences.push(Difference::new(format!("{path}[{index}]"), wanted, all));
    }
}

fn identity_of(object: &Map<String, Json>) -> Option<(&str, &Json)> {
    IDENTIFYING_KEYS.iter().find_map(|key| object.get(*key).map(|value| (*key, value)))
}

/// Numbers are equal whatever way they are written; everything else exactly.
fn same(wanted: &Json, found: &Json) -> bool {
    match (wanted, found) {
        (Json::Number(wanted), Json::Number(found)) => {
            wanted == found || wanted.as_f64() == found.as_f64()
        }
        _ => wanted == found,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differences(wanted: &Json, found: &Json) -> Vec<String> {
        let mut differences = Vec::new();
        compare(wanted, Some(found), "", &mut differences);
        differences.into_iter().map(|difference| difference.what).collect()
    }

    #[test]
    fn only_what_is_expected_is_compared() {
        assert!(differences(&json!({"a": 1}), &json!({"a": 1, "b": 2})).is_empty());
        assert_eq!(differences(&json!({"a": {"b": 1}}), &json!({"a": {"b": 2}})), ["a.b"]);
        assert_eq!(differences(&json!({"a": 1}), &json!({})), ["a"]);
    }

    #[test]
    fn null_means_that_nothing_stands_there() {
        assert!(differences(&json!({"a": null}), &json!({})).is_empty());
        assert!(differences(&json!({"a": null}), &json!({"a": null})).is_empty());
        assert_eq!(differences(&json!({"a": null}), &json!({"a": {}})), ["a"]);
    }

    #[test]
    fn items_are_found_by_name_or_type_and_plain_lists_are_equal() {
        let found = json!({"c": [{"name": "x", "v": 1}, {"name": "y", "v": 2}], "g": [1, 2]});
        assert!(differences(&json!({"c": [{"name": "y", "v": 2}]}), &found).is_empty());
        assert_eq!(differences(&json!({"c": [{"name": "y", "v": 1}]}), &found), ["c[y].v"]);
        assert_eq!(differences(&json!({"c": [{"name": "z"}]}), &found), ["c[z]"]);
        assert!(differences(&json!({"c": [{"v": 2}]}), &found).is_empty());
        assert_eq!(differences(&json!({"c": [{"v": 3}]}), &found), ["c[0]"]);
        assert_eq!(differences(&json!({"g": [2, 1]}), &found), ["g"]);
        assert_eq!(differences(&json!({"g": [1]}), &found), ["g"]);
    }
}
