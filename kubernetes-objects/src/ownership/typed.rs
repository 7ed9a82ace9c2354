//! What a value is to ownership, by the schema: owned as a whole, by field, or by item.

use serde_json::{Map, Value as Json};

use super::element::{Name, PathElement, Scalar};
use crate::schema::{ListKind, Struct, Type};

/// A type where it is used: a field can make a map or structure owned as a whole that elsewhere is
/// not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Typed {
    of: Type,
    atomic: bool,
}

/// How a value is owned.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// As a whole: a scalar, or an atomic list, map or structure.
    Leaf,
    /// By field or entry.
    Map,
    /// By item.
    List(Items),
}

/// How a list's items are told apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Items {
    pub(super) of: Typed,
    kind: ListKind,
}

impl Typed {
    pub(super) fn object(schema: &'static Struct) -> Self {
        Self::plain(Type::Struct(schema))
    }

    /// A type that no field makes owned as a whole.
    pub(super) fn plain(of: Type) -> Self {
        Self { of, atomic: false }
    }

    pub(super) fn of(self) -> Type {
        self.of
    }

    pub(super) fn shape(self) -> Shape {
        match self.of {
            Type::Struct(schema) if !(self.atomic || schema.atomic) => Shape::Map,
            Type::Map(..) if !self.atomic => Shape::Map,
            Type::List(_, merge) if matches!(merge.apply, ListKind::Atomic) => Shape::Leaf,
            Type::List(item, merge) if !self.atomic => {
                Shape::List(Items { of: Self::plain(*item), kind: merge.apply })
            }
            _ => Shape::Leaf,
        }
    }

    /// The step to a field or entry, and its type; none where a structure has no such field.
    pub(super) fn entry(self, name: &str) -> Option<(Name, Self)> {
        match self.of {
            Type::Struct(schema) => {
                let field = schema.field(name)?;
                Some((Name::Known(field.name), Self { of: field.of, atomic: field.atomic }))
            }
            Type::Map(_, value) => Some((name.into(), Self::plain(*value))),
            _ => None,
        }
    }

    /// Whether the entries are a structure's fields, which exist without being members themselves.
    pub(super) fn is_structure(self) -> bool {
        matches!(self.of, Type::Struct(_))
    }
}

impl Items {
    /// The step to an item; else what is wrong with it, in the server's words.
    pub(super) fn element(&self, item: &Json) -> Result<PathElement, String> {
        match self.kind {
            ListKind::Set => {
                let fault = match item {
                    Json::Object(_) => {
                        "associative list without keys has an element that's a map type"
                    }
                    Json::Array(_) => "not supported: associative list with lists as elements",
                    _ => "associative list without keys has an element that's an explicit null",
                };
                let scalar = Scalar::of(item).filter(|scalar| *scalar != Scalar::Null);
                scalar.map(PathElement::Value).ok_or_else(|| fault.to_owned())
            }
            ListKind::Map(keys) => {
                let Json::Object(fields) = item else {
                    let what = if item.is_null() { "a null element" } else { "non-map elements" };
                    return Err(format!("associative list with keys may not have {what}"));
                };
                let keys = keys.iter().map(|key| Ok((Name::Known(key), self.key(fields, key)?)));
                Ok(PathElement::key(keys.collect::<Result<_, String>>()?))
            }
            ListKind::Atomic => Err("the list is owned as a whole".to_owned()),
        }
    }

    fn key(&self, fields: &Map<String, Json>, key: &str) -> Result<Scalar, String> {
        let given = match fields.get(key) {
            Some(value) => Scalar::of(value),
            None => self
                .of
                .default_of(key)
                .and_then(|default| serde_json::from_str(default).ok())
                .and_then(|default| Scalar::of(&default)),
        };
        given.ok_or_else(|| {
            format!(
                "associative list with keys has an element that omits key field {key:?} \
                 (and doesn't have default value)"
            )
        })
    }
}

impl Typed {
    fn default_of(self, field: &str) -> Option<&'static str> {
        match self.of {
            Type::Struct(schema) => schema.field(field)?.default,
            _ => None,
        }
    }
}

/// The object that the server compares a new one with: what Go prints of an empty structure.
pub(super) fn empty_object(schema: &'static Struct) -> Json {
    let fields = schema.fields.iter().filter_map(|field| {
        let value = match field.of {
            _ if field.omit_zero => return None,
            Type::Struct(schema) if !field.nullable => empty_object(schema),
            Type::Time | Type::MicroTime if !field.nullable => Json::Null,
            _ if field.omit_empty => return None,
            _ if field.nullable => Json::Null,
            Type::Text(_) => "".into(),
            Type::Bool => false.into(),
            Type::Int32 | Type::Int64 | Type::IntOrString => 0.into(),
            Type::Quantity => "0".into(),
            _ => Json::Null,
        };
        Some((field.name.to_owned(), value))
    });
    Json::Object(fields.collect())
}
