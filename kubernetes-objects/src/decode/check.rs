//! Holds a body to the Go types of its kind, as an API server does when it reads one: what is
//! unknown or given twice, and the first value of a wrong type, in the server's words.

use serde_json::{Map, Value as Json};

use super::MAX_STRICT_ERRORS;
use super::node::Node;
use super::time;
use crate::quantity::Quantity;
use crate::release::Release;
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
pub(super) fn check(
    node: Node,
    root: &'static Struct,
    reader: Reader,
    release: Release,
) -> Result<Checked, String> {
    let mut check = Check { reader, release, path: Vec::new(), strict: Vec::new(), mismatch: None };
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
    release: Release,
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
            let field = structure.field(&name);
            let Some(field) = field.filter(|field| self.release.has(structure, field.name)) else {
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
mod tests;
