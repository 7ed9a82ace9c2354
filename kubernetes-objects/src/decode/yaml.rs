//! Bodies in YAML, of which the first document counts (recorded, `api-1.36.2.json`: a pod named `y`
//! has a bool for a name).

use std::collections::BTreeMap;

use super::MAX_DEPTH;
use super::node::Node;
use crate::yaml::{Field, Limits, Scalar, Sited, Value, documents};

/// How much of a body is read; aliases may repeat all of it.
const LIMITS: Limits = Limits { depth: MAX_DEPTH, values: 200_000, repeated: 200_000 };

/// What a body says, and which keys it says twice.
pub(super) struct Read {
    pub(super) node: Node,
    /// The server's words about each duplicate key.
    pub(super) duplicates: Vec<String>,
}

/// Reads the first document of a text; keys are sorted, since servers go through JSON.
///
/// # Errors
/// Words in the form of the server's; what is wrong with the syntax is said by our own parser.
pub(super) fn read(text: &str) -> Result<Read, String> {
    let mut duplicates = Vec::new();
    let first = documents(text, LIMITS).next().transpose().map_err(|fault| fault.to_string())?;
    let node = first.map_or(Node::Null, |value| node(value, &mut duplicates));
    Ok(Read { node, duplicates })
}

fn node(sited: Sited, duplicates: &mut Vec<String>) -> Node {
    match sited.value {
        Value::Scalar(Scalar::Null) => Node::Null,
        Value::Scalar(Scalar::Bool(value)) => Node::Bool(value),
        Value::Scalar(Scalar::Number(digits)) => Node::Number(digits),
        Value::Scalar(Scalar::Text(text)) => Node::Text(text),
        Value::List(items) => {
            Node::List(items.into_iter().map(|item| node(item, duplicates)).collect())
        }
        Value::Object(fields) => {
            let mut read = BTreeMap::new();
            for Field { name, line, is_merged, value, .. } in fields {
                let value = node(value, duplicates);
                if !is_merged && read.contains_key(&name) {
                    duplicates.push(format!("  line {line}: key {name:?} already set in map"));
                }
                read.insert(name, value);
            }
            Node::Object(read.into_iter().collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn json_of(text: &str) -> Json {
        read(text).map(|read| read.node.into_json()).unwrap_or_else(Json::String)
    }

    #[test]
    fn scalars_are_those_of_yaml_1_1() {
        for (text, expected) in [
            ("y", json!(true)),
            ("No", json!(false)),
            ("on", json!(true)),
            ("yES", json!("yES")),
            ("\"y\"", json!("y")),
            ("~", json!(null)),
            ("010", json!(8)),
            ("0x1F", json!(31)),
            ("0b11", json!(3)),
            ("1_000", json!(1000)),
            ("089", json!(89)),
            ("+12", json!(12)),
            ("-0x10", json!(-16)),
            ("1e3", json!(1000)),
            ("1.50", json!(1.5)),
            (".5", json!(0.5)),
            ("1:30", json!("1:30")),
            ("2001-01-01", json!("2001-01-01")),
            ("0644abc", json!("0644abc")),
            ("!!str 5", json!("5")),
            ("!!int \"5\"", json!(5)),
        ] {
            assert_eq!(json_of(text), expected, "{text}");
        }
    }

    #[test]
    fn the_first_document_counts_and_keys_become_text() {
        assert_eq!(
            json_of("a: {1: x, true: z}\n---\nb: 2\n"),
            json!({"a": {"1": "x", "true": "z"}})
        );
        assert_eq!(json_of(""), json!(null));
    }

    #[test]
    fn anchors_and_merges_are_followed() {
        let text = "base: &b {x: 1, y: 2}\nhere: {<<: *b, x: 3}\nlist: [*b]\n";
        let expected = json!({
            "base": {"x": 1, "true": 2}, "here": {"x": 3, "true": 2}, "list": [{"x": 1, "true": 2}],
        });
        assert_eq!(json_of(text), expected);
    }

    #[test]
    fn keys_given_twice_are_told_by_line() {
        let read = read("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n").expect("valid");
        assert_eq!(read.node.into_json(), json!({"a": 3, "b": {"c": 2}}));
        let words =
            ["  line 4: key \"c\" already set in map", "  line 5: key \"a\" already set in map"];
        assert_eq!(read.duplicates, words);
    }

    #[test]
    fn bombs_are_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            let items = [alias.as_str(); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        let refused = json_of(&text);
        let words = "yaml: document contains excessive aliasing";
        assert_eq!(refused, json!(words));
        assert!(json_of(&"[".repeat(10_000)).is_string());
        assert!(json_of(&"- ".repeat(10_000)).is_string());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[-:{}\\[\\]&*a0<!\"' \n]{0,60}") {
            let _ = read(&text);
        }
    }
}
