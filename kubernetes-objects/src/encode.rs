//! From an object to what a server sends: what Go prints although it is empty, and what it leaves
//! out, in the order of the Go type.
//!
//! `omitempty` leaves out what is false, 0, an empty text, list or map, and a pointer to nothing.
//! It never leaves out a structure that is not behind a pointer, hence `status: {}` and
//! `lastProbeTime: null`; that takes `omitzero`. Empty lists become nothing when they are stored,
//! hence `null` where they are not left out.

use serde_json::{Map, Value as Json};

use crate::resource::Resource;
use crate::schema::{Field, Struct, Type};

/// Completes an object of a resource: a typed object that `serde_json` has written becomes what
/// the server sends. Fields that the type does not have are left out.
pub fn complete(object: &mut Json, resource: &Resource) {
    complete_as(object, resource.schema);
}

/// Completes a value of any structure.
pub fn complete_as(value: &mut Json, schema: &Struct) {
    let given = match value.take() {
        Json::Object(given) => given,
        _ => Map::new(),
    };
    *value = Json::Object(structure(given, schema));
}

fn structure(mut given: Map<String, Json>, schema: &Struct) -> Map<String, Json> {
    let mut complete = Map::with_capacity(given.len() + 2);
    for field in schema.fields {
        let (name, value) = given.remove_entry(field.name).unzip();
        if let Some(value) = printed(value.unwrap_or_default(), field) {
            complete.insert(name.unwrap_or_else(|| field.name.to_owned()), value);
        }
    }
    complete
}

/// What is printed of a field; none if it is left out.
fn printed(value: Json, field: &Field) -> Option<Json> {
    let pointer = field.nullable;
    let value = match (value, &field.of) {
        (Json::Null, Type::Struct(schema)) if !pointer => {
            Json::Object(structure(Map::new(), schema))
        }
        (Json::Null, of) if !pointer => zero(of),
        (value, of) => completed(value, of),
    };
    let left_out = match &field.of {
        Type::List(..) | Type::Map(..) | Type::Bytes => is_empty(&value),
        Type::Struct(_) | Type::Time | Type::MicroTime | Type::Quantity | Type::IntOrString
            if !pointer =>
        {
            false
        }
        _ if pointer => value.is_null(),
        _ => is_empty(&value),
    };
    if (field.omit_empty && left_out) || (field.omit_zero && is_zero(&value)) {
        return None;
    }
    Some(if left_out && pointer { Json::Null } else { value })
}

fn completed(value: Json, of: &Type) -> Json {
    match (value, of) {
        (Json::Object(given), Type::Struct(schema)) => Json::Object(structure(given, schema)),
        (Json::Array(items), Type::List(of, _)) => {
            items.into_iter().map(|item| item_completed(item, of)).collect()
        }
        (Json::Object(given), Type::Map(_, of)) => {
            given.into_iter().map(|(key, value)| (key, item_completed(value, of))).collect()
        }
        (value, _) => value,
    }
}

fn item_completed(item: Json, of: &Type) -> Json {
    match (item, of) {
        (Json::Null, Type::Struct(schema)) => Json::Object(structure(Map::new(), schema)),
        (Json::Null, of) => zero(of),
        (item, of) => completed(item, of),
    }
}

/// What Go prints of a value that was never set.
fn zero(of: &Type) -> Json {
    match of {
        Type::Text(_) => "".into(),
        Type::Bool => false.into(),
        Type::Int32 | Type::Int64 | Type::IntOrString => 0.into(),
        Type::Quantity => "0".into(),
        Type::Time | Type::MicroTime | Type::Bytes | Type::Any => Json::Null,
        Type::Map(..) | Type::List(..) | Type::Struct(_) => Json::Null,
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Bool(value) => !value,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
    }
}

/// Whether nothing in a value is set, not even in the structures within.
fn is_zero(value: &Json) -> bool {
    match value {
        Json::Object(fields) => fields.values().all(is_zero),
        value => is_empty(value),
    }
}
