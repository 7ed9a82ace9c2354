//! Objects in Protobuf, as Go clients send them since 1.32 where they know the kind.
//!
//! Read only: servers may answer in JSON whatever the request was written in. The numbers of the
//! fields are those of `generated.proto` in k8s.io/api, 1.36.

mod numbers;
mod wire;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::schema::{Field, Struct, Type};
use numbers::Message;
use wire::{Fields, Value};

pub use wire::Malformed;

/// The media type.
pub const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// What every body begins with.
const MAGIC: &[u8] = b"k8s\0";

/// How deep messages may be nested; no kind comes near it.
const MAX_DEPTH: usize = 100;

/// An object in its envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// `apiVersion` of the object; empty where the client leaves it out.
    pub api_version: &'a str,
    /// Its kind.
    pub kind: &'a str,
    raw: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Opens an envelope.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn open(body: &'a [u8]) -> Result<Self, Malformed> {
        let body = body.strip_prefix(MAGIC).ok_or(Malformed("it does not begin as it must"))?;
        let mut envelope = Self { api_version: "", kind: "", raw: &[] };
        for field in Fields::of(body) {
            match field? {
                (1, Value::Bytes(about)) => {
                    for field in Fields::of(about) {
                        match field? {
                            (1, Value::Bytes(text)) => envelope.api_version = wire::text(text)?,
                            (2, Value::Bytes(text)) => envelope.kind = wire::text(text)?,
                            _ => {}
                        }
                    }
                }
                (2, Value::Bytes(raw)) => envelope.raw = raw,
                _ => {}
            }
        }
        Ok(envelope)
    }

    /// The object as JSON; nothing when no fields of its kind are known.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn object(&self, schema: &Struct) -> Result<Option<Json>, Malformed> {
        let Some(message) = numbers::of_kind(self.api_version, self.kind) else { return Ok(None) };
        let mut object = Map::new();
        for (name, text) in [("apiVersion", self.api_version), ("kind", self.kind)] {
            if !text.is_empty() {
                object.insert(name.to_owned(), text.into());
            }
        }
        read(message, schema, self.raw, &mut object, 0)?;
        Ok(Some(Json::Object(object)))
    }
}

/// Reads a message into the fields of a structure.
fn read(
    message: &Message,
    schema: &Struct,
    bytes: &[u8],
    into: &mut Map<String, Json>,
    depth: usize,
) -> Result<(), Malformed> {
    if depth > MAX_DEPTH {
        return Err(Malformed("it is nested too deep"));
    }
    for field in Fields::of(bytes) {
        let (number, value) = field?;
        // What is not known is of another version, and left out.
        let Some(known) = message.field(number) else { continue };
        if known.inlined {
            if let (Some(inner), Value::Bytes(bytes)) = (known.message(), value) {
                read(inner, schema, bytes, into, depth + 1)?;
            }
            continue;
        }
        let Some(field) = schema.field(known.name) else { continue };
        add(field, known.message(), value, into, depth)?;
    }
    Ok(())
}

/// Adds a value to its field: an item, an entry, or the value itself.
fn add(
    field: &Field,
    message: Option<&Message>,
    value: Value<'_>,
    into: &mut Map<String, Json>,
    depth: usize,
) -> Result<(), Malformed> {
    match &field.of {
        Type::List(item, _) => {
            let read = single(item, message, value, depth)?;
            let list = into.entry(field.name).or_insert_with(|| Json::Array(Vec::new()));
            if let Json::Array(list) = list {
                list.push(read);
            }
        }
        Type::Map(_, of) => {
            let (key, read) = entry(of, message, value, depth)?;
            let map = into.entry(field.name).or_insert_with(|| Json::Object(Map::new()));
            if let Json::Object(map) = map {
                map.insert(key, read);
            }
        }
        of => {
            let read = single(of, message, value, depth)?;
            // Go writes what is empty, too, where it cannot be told from what is not there.
            if field.nullable || !is_empty(&read) {
                into.insert(field.name.to_owned(), read);
            }
        }
    }
    Ok(())
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.is_empty(),
        Json::Number(number) => number.as_i64() == Some(0),
        Json::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn single(
    of: &Type,
    message: Option<&Message>,
    value: Value<'_>,
    depth: usize,
) -> Result<Json, Malformed> {
    Ok(match (of, value) {
        (Type::Text(_), Value::Bytes(bytes)) => wire::text(bytes)?.into(),
        (Type::Bool, Value::Number(number)) => (number != 0).into(),
        (Type::Int32 | Type::Int64, Value::Number(number)) => number.cast_signed().into(),
        (Type::Bytes, Value::Bytes(bytes)) => BASE64.encode(bytes).into(),
        (Type::Quantity, Value::Bytes(bytes)) => wire::inner_text(bytes, 1)?.into(),
        (Type::IntOrString, Value::Bytes(bytes)) => int_or_string(bytes)?,
        (Type::Time | Type::MicroTime, Value::Bytes(bytes)) => time(bytes)?,
        (Type::Any, Value::Bytes(bytes)) => {
            let raw = wire::inner_bytes(bytes, 1)?;
            serde_json::from_slice(raw).map_err(|_| Malformed("what it holds is no JSON"))?
        }
        (Type::Struct(schema), Value::Bytes(bytes)) => {
            let mut object = Map::new();
            if let Some(message) = message {
                read(message, schema, bytes, &mut object, depth + 1)?;
            }
            Json::Object(object)
        }
        // A list in a map, which Protobuf wraps in a message of its own.
        (Type::List(item, _), Value::Bytes(bytes)) => {
            let mut list = Vec::new();
            for field in Fields::of(bytes) {
                let (_, value) = field?;
                list.push(single(item, message, value, depth + 1)?);
            }
            Json::Array(list)
        }
        _ => return Err(Malformed("a field has another type")),
    })
}

fn entry(
    of: &Type,
    message: Option<&Message>,
    value: Value<'_>,
    depth: usize,
) -> Result<(String, Json), Malformed> {
    let Value::Bytes(bytes) = value else { return Err(Malformed("a map is no message")) };
    let (mut key, mut read) = (String::new(), None);
    for field in Fields::of(bytes) {
        match field? {
            (1, Value::Bytes(text)) => wire::text(text)?.clone_into(&mut key),
            (2, value) => read = Some(single(of, message, value, depth)?),
            _ => {}
        }
    }
    let read = read.unwrap_or_else(|| match of {
        Type::Text(_) | Type::Bytes | Type::Quantity => Json::String(String::new()),
        _ => Json::Null,
    });
    Ok((key, read))
}

fn int_or_string(bytes: &[u8]) -> Result<Json, Malformed> {
    let (mut is_text, mut number, mut text) = (false, 0, "");
    for field in Fields::of(bytes) {
        match field? {
            (1, Value::Number(kind)) => is_text = kind != 0,
            (2, Value::Number(value)) => number = value.cast_signed(),
            (3, Value::Bytes(value)) => text = wire::text(value)?,
            _ => {}
        }
    }
    Ok(if is_text { text.into() } else { number.into() })
}

/// A time as JSON has it; null for Go's zero time.
fn time(bytes: &[u8]) -> Result<Json, Malformed> {
    let (mut seconds, mut nanoseconds) = (0, 0);
    for field in Fields::of(bytes) {
        match field? {
            (1, Value::Number(value)) => seconds = value.cast_signed(),
            (2, Value::Number(value)) => nanoseconds = i32::try_from(value).unwrap_or(0),
            _ => {}
        }
    }
    if seconds == 0 && nanoseconds == 0 {
        return Ok(Json::Null);
    }
    let time =
        Timestamp::new(seconds, nanoseconds).map_err(|_| Malformed("a time is out of range"))?;
    Ok(time.to_string().into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resource;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let length = u8::try_from(bytes.len()).expect("tests are short");
        [&[number << 3 | 2, length], bytes].concat()
    }

    fn pod() -> Vec<u8> {
        let metadata = field(1, &[field(1, b"x"), field(2, b""), field(8, b"")].concat());
        let request = field(2, &[field(1, b"cpu"), field(2, &field(1, b"100m"))].concat());
        let mut container = [field(1, b"ctr"), field(2, b"image"), field(8, &request)].concat();
        container.extend_from_slice(&field(15, &[2 << 3, 0]));
        let mut security = vec![2 << 3, 0xe8, 0x07];
        security.extend_from_slice(&[4 << 3, 0xa0, 0x1f, 4 << 3, 0x88, 0x27]);
        let spec = [field(2, &container), field(10, b""), field(14, &security)].concat();
        let raw = [metadata, field(2, &spec), field(3, b"")].concat();
        let about = [field(1, b"v1"), field(2, b"Pod")].concat();
        [MAGIC.to_vec(), field(1, &about), field(2, &raw)].concat()
    }

    #[test]
    fn a_pod_reads_as_the_same_in_json() {
        let body = pod();
        let envelope = Envelope::open(&body).expect("it is an envelope");
        let schema = resource::find("", "v1", "pods").expect("the table has pods").schema;
        let object = envelope.object(schema).expect("it is well-formed").expect("it is known");
        assert_eq!(
            object,
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {
                "containers": [{"name": "ctr", "image": "image",
                    "resources": {"requests": {"cpu": "100m"}},
                    "securityContext": {"privileged": false}}],
                "securityContext": {"runAsUser": 1000, "supplementalGroups": [4000, 5000]},
            }})
        );
    }

    #[test]
    fn what_is_cut_off_is_malformed_and_never_more() {
        let body = pod();
        let schema = resource::find("", "v1", "pods").expect("the table has pods").schema;
        for length in 0..body.len() {
            if let Ok(envelope) = Envelope::open(&body[..length]) {
                // Cut between two fields it is well-formed, though smaller.
                let _ = envelope.object(schema);
            }
        }
        assert!(Envelope::open(b"{}").is_err());
    }

    #[test]
    fn every_field_that_has_a_number_is_a_field_of_its_kind() {
        for resource in resource::RESOURCES {
            let message = numbers::of_kind(&resource.api_version(), resource.kind);
            let message = message.expect("every kind of the table is known");
            let mut strangers = Vec::new();
            numbers::strangers(message, resource.schema, &mut strangers);
            assert!(strangers.is_empty(), "{}: {strangers:?}", resource.kind);
        }
    }
}
