//! Holds a body to the Go types of its kind, as an API server does when it reads one: what is
//! unknown or given twice, and the first value of a wrong type, in the server's words.

use serde_json::{Map, Value as Json};

use super::MAX_STRICT_ERRORS;
use super::node::Node;
use super::time;
use crate::quantity::Quantity;
use crate::schema::{Field, Struct, Type};

/// A body that fits its type.
#[derive(Debug, PartialEq)]
pub(super) struct Checked {
    /// The object, without unknown fields; of duplicates the last one counts.
    pub(super) object: Json,
    /// The server's words about unknown and duplicate fields, in the body's order.
    pub(super) strict: Vec<String>,
}

/// Which part of a server reads an object into its Go type, and so words what does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// The JSON decoder (`sigs.k8s.io/json`): goes through the body in its order.
    Decoder,
    /// The converter of what is parsed already (`runtime.UnstructuredConverter`), which strategic
    /// merge patches go through: goes through the fields in the type's order.
    Converter,
}

/// Checks a body.
///
/// # Errors
/// The server's words about the first value that does not fit.
pub(super) fn check(node: Node, root: &'static Struct, reader: Reader) -> Result<Checked, String> {
    let mut check = Check { reader, path: Vec::new(), strict: Vec::new(), mismatch: None };
    let object = check.value(node, &Type::Struct(root), true)?.unwrap_or_else(|| Map::new().into());
    if reader == Reader::Converter {
        check.strict.sort();
    }
    match check.mismatch {
        Some(words) => Err(words),
        None => Ok(Checked { object, strict: check.strict }),
    }
}

/// A step on the way from the root to a value.
enum Step {
    Field(&'static Struct, &'static str),
    Key(String),
    Index(usize),
}

struct Check {
    reader: Reader,
    path: Vec<Step>,
    strict: Vec<String>,
    /// The first value that a Go decoder cannot store; it reads on and tells it in the end. Types
    /// that decode themselves (quantities, times) end the reading instead.
    mismatch: Option<String>,
}

impl Check {
    /// The value as it is kept; none where Go keeps nothing: for null, and for what does not fit.
    ///
    /// In lists and maps there is always something: `null` among strings is an empty string.
    fn value(&mut self, node: Node, of: &Type, in_field: bool) -> Result<Option<Json>, String> {
        if node == Node::Null {
            return Ok(if in_field { None } else { empty(of) });
        }
        if self.reader == Reader::Converter
            && let Some(words) = cannot_convert(&node, of)
        {
            return Err(words);
        }
        let kept = match (node, of) {
            (node, Type::Any) => node.into_json(),
            (Node::Text(text), Type::Text(_)) => Json::String(text),
            (Node::Bool(value), Type::Bool) => Json::Bool(value),
            (Node::Number(digits), Type::Int32) if digits.parse::<i32>().is_ok() => whole(&digits),
            (Node::Number(digits), Type::Int64) if digits.parse::<i64>().is_ok() => whole(&digits),
            (Node::Object(fields), Type::Struct(structure)) => self.structure(fields, structure)?,
            (Node::Object(fields), Type::Map(_, of)) => self.map(fields, of)?,
            (Node::List(items), Type::List(of, _)) => self.list(items, of)?,
            (Node::Text(text), Type::Bytes) => match base64_fault(&text) {
                None => Json::String(text),
                Some(offset) => {
                    self.save(format!("illegal base64 data at input byte {offset}"));
                    return Ok(None);
                }
            },
            (Node::Text(text) | Node::Number(text), Type::Quantity) => quantity(&text)?,
            (Node::Bool(value), Type::Quantity) => quantity(&value.to_string())?,
            (Node::List(_) | Node::Object(_), Type::Quantity) => quantity("{}")?,
            (Node::Text(text), Type::IntOrString) => Json::String(text),
            (Node::Number(digits), Type::IntOrString) if digits.parse::<i32>().is_ok() => {
                whole(&digits)
            }
            (Node::Text(text), Type::Time) => Json::String(time::seconds(&text)?),
            (Node::Text(text), Type::MicroTime) => Json::String(time::microseconds(&text)?),
            (node, Type::IntOrString) => return Err(self.cannot_store(&node, &Type::Int32)),
            (node, Type::Time | Type::MicroTime) => {
                return Err(self.cannot_store(&node, &Type::Text("string")));
            }
            (node, of) => {
                let words = self.cannot_store(&node, of);
                self.save(words);
                return Ok(None);
            }
        };
        Ok(Some(kept))
    }

    fn structure(
        &mut self,
        mut fields: Vec<(String, Node)>,
        structure: &'static Struct,
    ) -> Result<Json, String> {
        if self.reader == Reader::Converter {
            fields
                .sort_by_key(|(name, _)| structure.fields.iter().position(|one| one.name == name));
        }
        let mut kept = Map::new();
        for (name, node) in fields {
            let Some(field) = structure.field(&name) else {
                self.strict_error("unknown", &name);
                continue;
            };
            if kept.contains_key(&name) {
                self.strict_error("duplicate", &name);
            }
            self.field(node, field, structure, &mut kept)?;
        }
        Ok(Json::Object(kept))
    }

    fn field(
        &mut self,
        node: Node,
        field: &'static Field,
        structure: &'static Struct,
        kept: &mut Map<String, Json>,
    ) -> Result<(), String> {
        self.path.push(Step::Field(structure, field.name));
        let value = self.value(node, &field.of, true)?;
        self.path.pop();
        match value {
            Some(value) => {
                kept.insert(field.name.to_owned(), value);
            }
            None if field.nullable => {
                kept.shift_remove(field.name);
            }
            None => {}
        }
        Ok(())
    }

    fn map(&mut self, fields: Vec<(String, Node)>, of: &Type) -> Result<Json, String> {
        let mut kept = Map::new();
        for (key, node) in fields {
            if kept.contains_key(&key) {
                self.strict_error("duplicate", &key);
            }
            self.path.push(Step::Key(key));
            let value = self.value(node, of, false)?.map(|value| match of {
                Type::Quantity => canonical(value),
                _ => value,
            });
            if let (Some(Step::Key(key)), Some(value)) = (self.path.pop(), value) {
                kept.insert(key, value);
            }
        }
        Ok(Json::Object(kept))
    }

    fn list(&mut self, items: Vec<Node>, of: &Type) -> Result<Json, String> {
        let mut kept = Vec::with_capacity(items.len());
        for (index, node) in items.into_iter().enumerate() {
            self.path.push(Step::Index(index));
            kept.extend(self.value(node, of, false)?);
            self.path.pop();
        }
        Ok(Json::Array(kept))
    }

    fn save(&mut self, words: String) {
        self.mismatch.get_or_insert(words);
    }

    fn strict_error(&mut self, fault: &str, name: &str) {
        if self.strict.len() >= MAX_STRICT_ERRORS {
            return;
        }
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Field(_, name) => push_name(&mut path, name),
                Step::Key(key) => push_name(&mut path, key),
                Step::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        push_name(&mut path, name);
        let words = format!("{fault} field {path:?}");
        if !self.strict.contains(&words) {
            self.strict.push(words);
        }
    }

    /// Recorded: `json: cannot unmarshal string into Go struct field
    /// PodSecurityContext.spec.securityContext.supplementalGroups of type []int64`.
    fn cannot_store(&self, node: &Node, of: &Type) -> String {
        let what = match (node, of) {
            (Node::Number(digits), Type::Int32 | Type::Int64) => format!("number {digits}"),
            (node, _) => node.kind().to_owned(),
        };
        let mut fields = self.path.iter().filter_map(|step| match step {
            Step::Field(structure, name) => Some((structure.name, *name)),
            _ => None,
        });
        let names: Vec<_> = fields.clone().map(|(_, name)| name).collect();
        let place = match fields.next_back() {
            Some((structure, _)) => format!("struct field {structure}.{}", names.join(".")),
            None => "value".to_owned(),
        };
        format!("json: cannot unmarshal {what} into Go {place} of type {}", go_name(of))
    }
}

/// Why the converter cannot store a value; it goes by whether Go converts the one type into the
/// other, which for a number and a string it does.
fn cannot_convert(node: &Node, of: &Type) -> Option<String> {
    let whole = matches!(node, Node::Number(digits) if digits.parse::<i64>().is_ok());
    let from = match node {
        Node::Null => return None,
        Node::Bool(_) => "bool",
        Node::Number(_) if whole => "int64",
        Node::Number(_) => "float64",
        Node::Text(_) => "string",
        Node::List(_) => "slice",
        Node::Object(_) => "map",
    };
    match (node, of) {
        (Node::Text(_), Type::Text(_) | Type::Bytes)
        | (Node::Bool(_), Type::Bool)
        | (Node::List(_), Type::List(..))
        | (Node::Object(_), Type::Map(..) | Type::Struct(_)) => None,
        (Node::Number(_), Type::Text(_)) if whole => {
            Some(format!("cannot convert int64 to {}", go_name(of)))
        }
        (Node::Number(_), Type::Int32 | Type::Int64) if whole => None,
        (Node::Number(_), Type::Int32 | Type::Int64) => {
            Some(format!("cannot convert float64 to {}", go_name(of)))
        }
        (_, Type::Text(_)) => Some("unrecognized type: string".to_owned()),
        (_, Type::Bool | Type::Int32 | Type::Int64) => {
            Some(format!("unrecognized type: {}", go_name(of)))
        }
        (_, Type::List(..) | Type::Bytes) => Some(format!("cannot restore slice from {from}")),
        (_, Type::Map(..)) => Some(format!("cannot restore map from {from}")),
        (_, Type::Struct(_)) => Some(format!("cannot restore struct from: {from}")),
        // These decode themselves, whoever reads.
        (_, Type::Quantity | Type::IntOrString | Type::Time | Type::MicroTime | Type::Any) => None,
    }
}

fn push_name(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

/// What Go has for a type when nothing is given, where lists and maps show it.
fn empty(of: &Type) -> Option<Json> {
    match of {
        Type::Text(_) => Some("".into()),
        Type::Bool => Some(false.into()),
        Type::Int32 | Type::Int64 | Type::IntOrString => Some(0.into()),
        Type::Quantity => Some("0".into()),
        Type::Struct(_) => Some(Map::new().into()),
        Type::Time | Type::MicroTime | Type::Bytes | Type::Any | Type::Map(..) | Type::List(..) => {
            Some(Json::Null)
        }
    }
}

fn whole(digits: &str) -> Json {
    digits.parse::<i64>().map_or(Json::Null, Json::from)
}

fn quantity(text: &str) -> Result<Json, String> {
    match text.trim().parse::<Quantity>() {
        Ok(_) => Ok(text.trim().into()),
        Err(error) => Err(error.to_string()),
    }
}

/// A quantity as servers keep it in lists of resources, which their defaults round: `1000m`
/// becomes `1`. Elsewhere it stays as it was written.
fn canonical(quantity: Json) -> Json {
    match quantity.as_str().map(str::parse::<Quantity>) {
        Some(Ok(quantity)) => quantity.round_up_to_milli().to_string().into(),
        _ => quantity,
    }
}

/// Where base64 goes wrong, as Go counts: the byte, line breaks left out of account.
fn base64_fault(text: &str) -> Option<usize> {
    let bytes: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let data = bytes.iter().take_while(|byte| alphabet(**byte)).count();
    let padding = (4 - data % 4) % 4;
    if padding == 3 || bytes[data..] != b"=="[..padding.min(2)] {
        return Some(if data == bytes.len() { data / 4 * 4 } else { data });
    }
    None
}

fn go_name(of: &Type) -> String {
    match of {
        Type::Text(name) | Type::Map(name, _) => (*name).to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Int32 => "int32".to_owned(),
        Type::Int64 => "int64".to_owned(),
        Type::Quantity => "resource.Quantity".to_owned(),
        Type::IntOrString => "intstr.IntOrString".to_owned(),
        Type::Time => "v1.Time".to_owned(),
        Type::MicroTime => "v1.MicroTime".to_owned(),
        Type::Bytes => "[]uint8".to_owned(),
        Type::Any => "runtime.RawExtension".to_owned(),
        Type::List(item, _) => format!("[]{}", go_name(item)),
        Type::Struct(structure) => format!("v1.{}", structure.name),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::json;
    use super::*;
    use crate::schema::core_v1::{EVENT, POD, SECRET};

    fn checked(body: &Json) -> Result<Checked, String> {
        check(Node::from(body), &POD, Reader::Decoder)
    }

    fn refusal(body: &Json) -> String {
        checked(body).expect_err("refused")
    }

    fn strict(text: &str) -> Vec<String> {
        check(json::read(text.as_bytes()).expect("JSON"), &POD, Reader::Decoder)
            .expect("fits")
            .strict
    }

    #[test]
    fn the_recorded_words_come_out() {
        assert_eq!(
            refusal(&json!({"spec": {"securityContext": {"supplementalGroups": "4000"}}})),
            "json: cannot unmarshal string into Go struct field \
             PodSecurityContext.spec.securityContext.supplementalGroups of type []int64"
        );
        assert_eq!(
            refusal(&json!({"metadata": {"name": true}})),
            "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.name of type string"
        );
    }

    #[test]
    fn a_list_says_what_its_items_are() {
        assert_eq!(
            refusal(&json!({"spec": {"securityContext": {"supplementalGroups": [1, "2"]}}})),
            "json: cannot unmarshal string into Go struct field \
             PodSecurityContext.spec.securityContext.supplementalGroups of type int64"
        );
        assert_eq!(
            refusal(
                &json!({"spec": {"containers": [{}, {"securityContext": {"runAsUser": [1]}}]}})
            ),
            "json: cannot unmarshal array into Go struct field \
             SecurityContext.spec.containers.securityContext.runAsUser of type int64"
        );
    }

    #[test]
    fn a_number_that_does_not_fit_is_shown() {
        for (number, shown) in [
            (json!(1.5), "1.5"),
            (json!(9_223_372_036_854_775_808_u64), "9223372036854775808"),
            (json!(1e20), "100000000000000000000"),
        ] {
            assert_eq!(
                refusal(&json!({"spec": {"securityContext": {"runAsUser": number}}})),
                format!(
                    "json: cannot unmarshal number {shown} into Go struct field \
                     PodSecurityContext.spec.securityContext.runAsUser of type int64"
                )
            );
        }
    }

    #[test]
    fn maps_and_types_with_a_name_are_named() {
        for (body, expected) in [
            (
                json!({"metadata": {"labels": {"a": 1}}}),
                "number into Go struct field ObjectMeta.metadata.labels of type string",
            ),
            (
                json!({"metadata": {"labels": ["a"]}}),
                "array into Go struct field ObjectMeta.metadata.labels of type map[string]string",
            ),
            (
                json!({"spec": {"containers": [{"resources": {"limits": 1}}]}}),
                "number into Go struct field ResourceRequirements.spec.containers.resources.limits \
                 of type v1.ResourceList",
            ),
            (
                json!({"spec": {"containers": [{"ports": {}}]}}),
                "object into Go struct field Container.spec.containers.ports of type []v1.ContainerPort",
            ),
            (json!({"spec": 1}), "number into Go struct field Pod.spec of type v1.PodSpec"),
            (
                json!({"spec": {"restartPolicy": 1}}),
                "number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy",
            ),
            (json!([]), "array into Go value of type v1.Pod"),
        ] {
            assert_eq!(refusal(&body), format!("json: cannot unmarshal {expected}"));
        }
    }

    #[test]
    fn values_that_decode_themselves_refuse_before_all_others() {
        for (value, expected) in [
            (
                json!({"resources": {"limits": {"cpu": "much"}}}),
                "quantities must match the regular expression \
                 '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            ),
            (json!({"resources": {"limits": {"cpu": "1mm"}}}), "unable to parse quantity's suffix"),
            (
                json!({"livenessProbe": {"httpGet": {"port": true}}}),
                "json: cannot unmarshal bool into Go struct field \
                 HTTPGetAction.spec.containers.livenessProbe.httpGet.port of type int32",
            ),
        ] {
            let mut container = json!({"name": 5});
            container["resources"] = value["resources"].clone();
            container["livenessProbe"] = value["livenessProbe"].clone();
            assert_eq!(refusal(&json!({"spec": {"containers": [container]}})), expected);
        }
    }

    #[test]
    fn times_are_held_to_rfc_3339_and_kept_in_utc() {
        let event = json!({"firstTimestamp": "2026-01-01T01:30:00+01:00", "eventTime": null});
        let kept = check(Node::from(&event), &EVENT, Reader::Decoder).map(|checked| checked.object);
        assert_eq!(kept, Ok(json!({"firstTimestamp": "2026-01-01T00:30:00Z"})));
        let event = json!({"firstTimestamp": "soon"});
        assert_eq!(
            check(Node::from(&event), &EVENT, Reader::Decoder),
            Err("parsing time \"soon\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"soon\" as \"2006\""
                .to_owned())
        );
    }

    #[test]
    fn data_must_be_base64() {
        for (text, fault) in
            [("aGk=", None), ("aG\nk=", None), ("aGk", Some(0)), ("a-k=", Some(1)), ("", None)]
        {
            let secret = json!({"data": {"key": text}});
            let words = check(Node::from(&secret), &SECRET, Reader::Decoder).err();
            let expected = fault.map(|at| format!("illegal base64 data at input byte {at}"));
            assert_eq!(words, expected, "{text}");
        }
    }

    #[test]
    fn unknown_and_duplicate_fields_are_told_in_the_order_of_the_body() {
        let text = r#"{"spec":{"containers":[{"name":"a","name":"b","imge":"x"}],"foo":1},
            "metadata":{"labels":{"a":"1","a":"2"}},"spec":{"foo":2},"Kind":"Pod"}"#;
        let expected = [
            r#"duplicate field "spec.containers[0].name""#,
            r#"unknown field "spec.containers[0].imge""#,
            r#"unknown field "spec.foo""#,
            r#"duplicate field "metadata.labels.a""#,
            r#"duplicate field "spec""#,
            r#"unknown field "Kind""#,
        ];
        assert_eq!(strict(text), expected);
    }

    #[test]
    fn what_is_unknown_or_null_is_left_out() {
        let body = json!({
            "metadata": {"name": "a", "labels": {"a": null}, "unknown": 1},
            "spec": {"containers": [{"name": "c", "command": ["id", null]}, null], "os": null},
        });
        let expected = json!({
            "metadata": {"name": "a", "labels": {"a": ""}},
            "spec": {"containers": [{"name": "c", "command": ["id", ""]}, {}]},
        });
        assert_eq!(checked(&body).map(|checked| checked.object), Ok(expected));
    }

    #[test]
    fn quantities_take_the_form_of_the_server_in_lists_of_resources() {
        let limits = json!({"cpu": 0.5, "memory": "1024Ki", "x": "1000m"});
        let body = json!({"spec": {
            "containers": [{"resources": {"limits": limits}}],
            "volumes": [{"emptyDir": {"sizeLimit": "1024Ki"}}],
        }});
        let expected = json!({"spec": {
            "containers": [{"resources": {"limits": {"cpu": "500m", "memory": "1Mi", "x": "1"}}}],
            "volumes": [{"emptyDir": {"sizeLimit": "1024Ki"}}],
        }});
        assert_eq!(checked(&body).map(|checked| checked.object), Ok(expected));
    }

    #[test]
    fn the_converter_of_strategic_patches_has_words_of_its_own() {
        for (body, expected) in [
            (json!({"metadata": {"labels": {"a": 1}}}), "cannot convert int64 to string"),
            (json!({"spec": {"restartPolicy": 1}}), "cannot convert int64 to v1.RestartPolicy"),
            (json!({"spec": {"priority": "1"}}), "unrecognized type: int32"),
            (json!({"spec": {"hostname": true}}), "unrecognized type: string"),
            (json!({"spec": {"containers": "a"}}), "cannot restore slice from string"),
            (json!({"spec": [], "metadata": []}), "cannot restore struct from: slice"),
            (json!({"spec": {"nodeSelector": 1.5}}), "cannot restore map from float64"),
        ] {
            let words = check(Node::from(&body), &POD, Reader::Converter).err();
            assert_eq!(words.as_deref(), Some(expected));
        }
        let body = json!({"spec": {"b": 1, "a": 1}, "metadata": {"c": 1}});
        let strict =
            check(Node::from(&body), &POD, Reader::Converter).map(|checked| checked.strict);
        let words = ["metadata.c", "spec.a", "spec.b"];
        assert_eq!(strict, Ok(words.map(|path| format!("unknown field {path:?}")).to_vec()));
    }
}
