//! One step of a path into an object.

use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

/// A name of a field or of a map's key: the schema's own without a copy, or anything else, shared.
#[derive(Debug, Clone)]
pub enum Name {
    /// A name that the schema's table holds.
    Known(&'static str),
    /// Any other name.
    Other(Arc<str>),
}

impl Name {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(name) => name,
            Self::Other(name) => name,
        }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self::Other(name.into())
    }
}

/// A scalar that tells a list's item from the others. The order is the server's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scalar {
    /// A number without a fraction.
    Integer(i64),
    /// Any other number, as JSON writes it.
    Number(Arc<str>),
    /// A string.
    Text(Arc<str>),
    /// A truth value.
    Bool(bool),
    /// Null.
    Null,
}

impl Scalar {
    /// A scalar from JSON; none from a list or an object.
    #[must_use]
    pub fn of(value: &Json) -> Option<Self> {
        Some(match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => Self::Integer(integer),
                None => Self::Number(number.to_string().into()),
            },
            Json::String(text) => Self::Text(text.as_str().into()),
            Json::Array(_) | Json::Object(_) => return None,
        })
    }
}

/// Printed as JSON.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(integer) => write!(f, "{integer}"),
            Self::Number(number) => f.write_str(number),
            Self::Text(text) => write!(f, "{}", Json::from(&**text)),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Null => f.write_str("null"),
        }
    }
}

/// One step of a path into an object. The order is the one in which the server prints elements.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathElement {
    /// A field of a structure or an entry of a map: `f:labels`.
    Field(Name),
    /// The item of a list with these keys, sorted by name: `k:{"name":"ctr"}`.
    Key(Box<[(Name, Scalar)]>),
    /// This item of a set: `v:"example.com/finalizer"`.
    Value(Scalar),
    /// The item at this place: `i:0`.
    Index(i64),
}

impl PathElement {
    /// A field's step.
    #[must_use]
    pub fn field(name: &'static str) -> Self {
        Self::Field(Name::Known(name))
    }

    /// A list item's step, by its keys in any order.
    #[must_use]
    pub fn key(mut keys: Vec<(Name, Scalar)>) -> Self {
        keys.sort();
        Self::Key(keys.into())
    }

    /// A step as `FieldsV1` writes it; none where it is no such thing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "f" => Some(Self::Field(rest.into())),
            "k" => match serde_json::from_str(rest).ok()? {
                Json::Object(keys) => {
                    let keys = keys
                        .iter()
                        .map(|(name, value)| Some((name.as_str().into(), Scalar::of(value)?)));
                    Some(Self::key(keys.collect::<Option<Vec<_>>>()?))
                }
                _ => None,
            },
            "v" => serde_json::from_str(rest)
                .ok()
                .and_then(|value| Scalar::of(&value))
                .map(Self::Value),
            "i" => rest.parse().ok().map(Self::Index),
            _ => None,
        }
    }

    /// As `FieldsV1` writes it.
    #[must_use]
    pub fn to_fields_v1(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{}", name.as_str()),
            Self::Key(keys) => {
                let keys: Vec<String> = keys
                    .iter()
                    .map(|(name, value)| format!("{}:{value}", Json::from(name.as_str())))
                    .collect();
                format!("k:{{{}}}", keys.join(","))
            }
            Self::Value(value) => format!("v:{value}"),
            Self::Index(index) => format!("i:{index}"),
        }
    }
}

/// As refusals show it: `.labels`, `[name="ctr"]`, `[="x"]`, `[0]`.
impl fmt::Display for PathElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{}", name.as_str()),
            Self::Key(keys) => {
                f.write_str("[")?;
                for (at, (name, value)) in keys.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma}{}={value}", name.as_str())?;
                }
                f.write_str("]")
            }
            Self::Value(value) => write!(f, "[={value}]"),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}
