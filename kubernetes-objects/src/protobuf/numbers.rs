//! The numbers of all fields of all kinds, read once from a table of text.
//!
//! A line is a message: its name, then its fields as `name:number`, `=MESSAGE` behind those that
//! are messages themselves, `*` before those whose fields JSON has in their place.

use std::collections::HashMap;
use std::sync::LazyLock;

static TEXT: &str = include_str!("numbers.txt");

static MESSAGES: LazyLock<HashMap<&str, Message>> = LazyLock::new(|| {
    TEXT.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, fields)| (name, Message { fields: fields.split(' ').map(field).collect() }))
        .collect()
});

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    fields: Vec<NumberedField>,
}

/// A field of a message.
#[derive(Debug)]
pub(super) struct NumberedField {
    number: u64,
    pub(super) name: &'static str,
    /// Whether JSON has the fields of the field in its place.
    pub(super) inlined: bool,
    message: Option<&'static str>,
}

fn field(text: &'static str) -> NumberedField {
    let (text, message) = match text.split_once('=') {
        Some((text, message)) => (text, Some(message)),
        None => (text, None),
    };
    let (name, number) = text.split_once(':').expect("every field of the table has a number");
    NumberedField {
        number: number.parse().expect("numbers of the table are numbers"),
        name: name.trim_start_matches('*'),
        inlined: name.starts_with('*'),
        message,
    }
}

impl Message {
    pub(super) fn field(&self, number: u64) -> Option<&NumberedField> {
        self.fields.iter().find(|field| field.number == number)
    }
}

impl NumberedField {
    pub(super) fn message(&self) -> Option<&'static Message> {
        self.message.and_then(|name| MESSAGES.get(name))
    }
}

/// The message of a kind, by `apiVersion` and `kind`.
pub(super) fn of_kind(api_version: &str, kind: &str) -> Option<&'static Message> {
    if kind == "DeleteOptions" {
        // Every group has the same.
        return MESSAGES.get("meta.v1.DeleteOptions");
    }
    let (group, version) = api_version.split_once('/').unwrap_or(("core", api_version));
    let package = group.split('.').next().unwrap_or_default();
    MESSAGES.get(format!("{package}.{version}.{kind}").as_str())
}

/// The names in a message and below it that are no fields of its structure.
#[cfg(test)]
pub(super) fn strangers(
    message: &Message,
    schema: &crate::schema::Struct,
    found: &mut Vec<String>,
) {
    use crate::schema::Type;
    for field in &message.fields {
        let Some(inner) = field.message() else {
            if schema.field(field.name).is_none() {
                found.push(format!("{}.{}", schema.name, field.name));
            }
            continue;
        };
        if field.inlined {
            strangers(inner, schema, found);
            continue;
        }
        let of = schema.field(field.name).map(|field| match &field.of {
            Type::List(item, _) => item,
            Type::Map(_, value) => value,
            of => of,
        });
        match of {
            Some(Type::Struct(schema)) => strangers(inner, schema, found),
            Some(_) => {}
            None => found.push(format!("{}.{}", schema.name, field.name)),
        }
    }
}
