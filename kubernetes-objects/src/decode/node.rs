//! What a body says, before it is known what its fields are: in its order, with all duplicates.

use std::collections::HashMap;
use std::fmt;

use serde_json::{Map, Number, Value as Json};

use super::MAX_STRICT_ERRORS;
use crate::go::float;
use crate::yaml::number;

/// A value as it stands in a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    /// A number by its digits, which refusals show.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// The name that refusals give to this kind of value.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// The value of a field, the last one if there are several.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => {
                fields.iter().rev().find(|(field, _)| field == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The server's words about each field that stands twice, where nothing is known about types.
    pub(super) fn duplicates(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.add_duplicates(None, &mut found);
        found
    }

    fn add_duplicates(&self, path: Option<&Path<'_>>, found: &mut Vec<String>) {
        match self {
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.add_duplicates(
                        Some(&Path { above: path, step: Step::Index(index) }),
                        found,
                    );
                }
            }
            Self::Object(fields) => {
                let mut seen = HashMap::new();
                for (name, value) in fields {
                    let path = Path { above: path, step: Step::Field(name) };
                    let times = seen.entry(name).and_modify(|times| *times += 1).or_insert(1);
                    if *times == 2 && found.len() < MAX_STRICT_ERRORS {
                        found.push(format!("duplicate field {:?}", path.to_string()));
                    }
                    value.add_duplicates(Some(&path), found);
                }
            }
            _ => {}
        }
    }

    /// The same value where nothing is known about types; of duplicates the last one counts.
    pub(super) fn into_json(self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(value),
            Self::Number(digits) => number(&digits).map_or(Json::Null, Json::Number),
            Self::Text(text) => Json::String(text),
            Self::List(items) => items.into_iter().map(Self::into_json).collect(),
            Self::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (name, value.into_json()));
                Json::Object(fields.collect::<Map<_, _>>())
            }
        }
    }
}

/// The way to a value; its text is made only where it is told, since names can be long.
struct Path<'a> {
    above: Option<&'a Path<'a>>,
    step: Step<'a>,
}

enum Step<'a> {
    Field(&'a str),
    Index(usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            above.fmt(f)?;
        }
        match (&self.step, self.above) {
            (Step::Index(index), _) => write!(f, "[{index}]"),
            (Step::Field(name), None) => f.write_str(name),
            (Step::Field(name), Some(_)) => write!(f, ".{name}"),
        }
    }
}

impl From<&Json> for Node {
    fn from(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(written(number)),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Json::Object(fields) => Self::Object(
                fields.iter().map(|(name, value)| (name.clone(), Self::from(value))).collect(),
            ),
        }
    }
}

fn written(number: &Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() => float(value),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::json;

    #[test]
    fn fields_that_stand_twice_are_told_once() {
        let text =
            r#"[{"a": {"b": 1, "b": 2, "b": 3, "c": [{"d": 1, "d": 1}]}}, {"a": 1, "a": 1}]"#;
        let told = json::read(text.as_bytes()).expect("JSON").duplicates();
        let expected = ["[0].a.b", "[0].a.c[0].d", "[1].a"];
        assert_eq!(told, expected.map(|path| format!("duplicate field {path:?}")));
    }
}
