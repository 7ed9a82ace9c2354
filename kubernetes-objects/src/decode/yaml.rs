//! Reads YAML by the rules of `sigs.k8s.io/yaml`, which are those of YAML 1.1: `y`, `no` and `on`
//! are booleans, `010` is 8 (recorded, `api-1.36.2.json`: a pod named `y` has a bool for a name).

use std::collections::{BTreeMap, HashMap};

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::MAX_DEPTH;
use super::node::{Node, float};

/// How many values a body may have once its aliases are followed.
const MAX_NODES: usize = 200_000;

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
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut reader = Reader {
        events: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        duplicates: Vec::new(),
        nodes: 0,
        depth: 0,
    };
    let node = reader.document()?;
    Ok(Read { node, duplicates: reader.duplicates })
}

struct Reader<'text> {
    events: Parser<'text, granit_parser::StrInput<'text>>,
    anchors: HashMap<usize, Node>,
    duplicates: Vec<String>,
    nodes: usize,
    depth: usize,
}

impl<'text> Reader<'text> {
    fn next(&mut self) -> Result<(Event<'text>, Span), String> {
        match self.events.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                Err(format!("yaml: line {}: {}", error.marker().line(), error.info()))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn document(&mut self) -> Result<Node, String> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(..), _) => {}
                (Event::StreamEnd | Event::DocumentEnd, _) => return Ok(Node::Null),
                (event, _) => return self.node(event),
            }
        }
    }

    fn node(&mut self, event: Event<'text>) -> Result<Node, String> {
        self.count(1)?;
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, scalar(&text, style, tag.as_deref())?)
            }
            Event::SequenceStart(_, anchor, _) => (anchor, self.nested(Self::list)?),
            Event::MappingStart(_, anchor, _) => (anchor, self.nested(Self::object)?),
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let node = node.ok_or("yaml: anchor contains itself")?;
                self.count(size(&node))?;
                return Ok(node);
            }
            _ => return Err("yaml: a value is missing".to_owned()),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn count(&mut self, nodes: usize) -> Result<(), String> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            return Err("yaml: document contains excessive aliasing".to_owned());
        }
        Ok(())
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Node, String>,
    ) -> Result<Node, String> {
        if self.depth == MAX_DEPTH {
            return Err("yaml: exceeded max depth".to_owned());
        }
        self.depth += 1;
        let node = read(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn list(&mut self) -> Result<Node, String> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Node::List(items)),
                (event, _) => items.push(self.node(event)?),
            }
        }
    }

    fn object(&mut self) -> Result<Node, String> {
        let mut fields = BTreeMap::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Node::Object(fields.into_iter().collect()));
            }
            let merge = is_merge(&event);
            let key = self.node(event)?;
            let (event, _) = self.next()?;
            let value = self.node(event)?;
            if merge {
                merge_into(&mut fields, value)?;
                continue;
            }
            let key = key_text(key)?;
            if fields.contains_key(&key) {
                let line = span.start.line();
                self.duplicates.push(format!("  line {line}: key {key:?} already set in map"));
            }
            fields.insert(key, value);
        }
    }
}

fn size(node: &Node) -> usize {
    match node {
        Node::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Node::Object(fields) => 1 + fields.iter().map(|(_, value)| size(value)).sum::<usize>(),
        _ => 1,
    }
}

/// Whether a key is `<<`, which takes over the fields of its value.
fn is_merge(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<")
}

fn merge_into(fields: &mut BTreeMap<String, Node>, value: Node) -> Result<(), String> {
    match value {
        Node::Object(others) => {
            fields.extend(others);
            Ok(())
        }
        // The first of several counts most.
        Node::List(items) if items.iter().all(|item| matches!(item, Node::Object(_))) => {
            items.into_iter().rev().try_for_each(|item| merge_into(fields, item))
        }
        _ => Err("yaml: map merge requires map or sequence of maps as the value".to_owned()),
    }
}

fn key_text(key: Node) -> Result<String, String> {
    match key {
        Node::Text(text) | Node::Number(text) => Ok(text),
        Node::Bool(value) => Ok(value.to_string()),
        Node::Null | Node::List(_) | Node::Object(_) => {
            Err(format!("unsupported map key of type: {}", key.kind()))
        }
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Node, String> {
    let wanted = tag.map_or("", |tag| tag.core_suffix().unwrap_or("str"));
    if wanted == "str" || (tag.is_none() && style != ScalarStyle::Plain) {
        return Ok(Node::Text(text.to_owned()));
    }
    let node = plain(text)?;
    let got = match &node {
        Node::Bool(_) => "bool",
        Node::Null => "null",
        Node::Number(digits) if digits.contains(['.', 'e']) => "float",
        Node::Number(_) => "int",
        _ => "str",
    };
    match wanted {
        "" => Ok(node),
        _ if wanted == got || (wanted == "float" && got == "int") => Ok(node),
        _ => Err(format!("yaml: cannot decode !!{got} `{text}` as a !!{wanted}")),
    }
}

/// What a scalar without quotes and tag is.
fn plain(text: &str) -> Result<Node, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Node::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Node::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Node::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => return Err(unsupported("NaN")),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Err(unsupported("+Inf")),
        "-.inf" | "-.Inf" | "-.INF" => return Err(unsupported("-Inf")),
        _ => match text.as_bytes() {
            [b'0'..=b'9' | b'+' | b'-', ..] => number(&text.replace('_', "")),
            [b'.', ..] => decimal(text),
            _ => None,
        }
        .map_or_else(|| Node::Text(text.to_owned()), Node::Number),
    })
}

fn unsupported(value: &str) -> String {
    format!("json: unsupported value: {value}")
}

/// The decimal digits of a whole number in any base, or of a decimal one.
fn number(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixed = |prefixes: [&str; 2]| prefixes.iter().find_map(|at| digits.strip_prefix(at));
    let (base, rest) = if let Some(rest) = prefixed(["0x", "0X"]) {
        (16, rest)
    } else if let Some(rest) = prefixed(["0b", "0B"]) {
        (2, rest)
    } else if let Some(rest) = prefixed(["0o", "0O"]) {
        (8, rest)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, digits)
    } else {
        (10, digits)
    };
    let unsigned = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match u128::from_str_radix(rest, base) {
        Ok(0) if unsigned => Some("0".to_owned()),
        Ok(value) if unsigned => Some(format!("{sign}{value}")),
        _ => decimal(text),
    }
}

/// A number with a point or an exponent, as JSON has it.
fn decimal(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let allowed = |byte: u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    if !unsigned.bytes().all(allowed) || !unsigned.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    value.is_finite().then(|| float(value))
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
