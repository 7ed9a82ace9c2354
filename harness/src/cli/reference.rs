//! A JSON Schema as Markdown, for people: a section for each type, an item for each field.

use std::collections::VecDeque;
use std::fmt::Write;

use serde_json::Value as Json;

/// The start of what refers to a definition.
const DEFINITIONS: &str = "#/$defs/";

/// The reference that a schema makes: the document first, then each type where it is first named.
pub(super) fn markdown(schema: &Json) -> String {
    let title = text(schema, "title").unwrap_or("Document");
    let mut page = format!(
        "<!-- Written by `gidcheck schema --format markdown`; change the types' documentation. -->\n\n\
         # {title} reference\n",
    );
    section(&mut page, schema);
    let mut waiting: VecDeque<&str> = VecDeque::new();
    let mut named = Vec::new();
    names(schema, &mut named);
    waiting.extend(&named);
    while let Some(name) = waiting.pop_front() {
        let Some(definition) = schema.get("$defs").and_then(|all| all.get(name)) else { continue };
        page.push_str("\n## ");
        page.push_str(name);
        page.push('\n');
        section(&mut page, definition);
        let before = named.len();
        names(definition, &mut named);
        waiting.extend(&named[before..]);
    }
    page
}

/// The definitions that a schema refers to, but for those that are known already.
fn names<'a>(schema: &'a Json, known: &mut Vec<&'a str>) {
    match schema {
        Json::Object(entries) => {
            for (key, value) in entries {
                match value.as_str().and_then(|it| it.strip_prefix(DEFINITIONS)) {
                    Some(name) if key == "$ref" => {
                        if !known.contains(&name) {
                            known.push(name);
                        }
                    }
                    _ if key == "$defs" || key == "examples" => {}
                    _ => names(value, known),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| names(item, known)),
        _ => {}
    }
}

/// What a type is for, and its fields or values.
fn section(page: &mut String, schema: &Json) {
    page.push('\n');
    page.push_str(text(schema, "description").unwrap_or_default());
    page.push_str(&examples(schema));
    page.push_str("\n\n");
    let required: Vec<_> =
        items(schema, "required").iter().filter_map(serde_json::Value::as_str).collect();
    let fields = schema.get("properties").and_then(Json::as_object);
    for (name, field) in fields.into_iter().flatten() {
        let needed = if required.contains(&name.as_str()) { ", required" } else { "" };
        let description = text(field, "description").unwrap_or_default();
        line(page, &format!("- **`{name}`** ({}{needed}): {description}", kind(field)), field);
    }
    for value in items(schema, "oneOf").iter().chain(items(schema, "anyOf")) {
        let description = text(value, "description").unwrap_or_default();
        let colon = if description.is_empty() { "" } else { ": " };
        line(page, &format!("- {}{colon}{description}", kind(value)), value);
    }
    if schema.get("enum").is_some() {
        line(page, &format!("It is {}.", kind(schema)), &Json::Null);
    }
    while page.ends_with("\n\n") {
        page.pop();
    }
}

fn line(page: &mut String, said: &str, schema: &Json) {
    page.push_str(&said.replace('\n', " "));
    page.push_str(&examples(schema));
    page.push('\n');
}

fn text<'a>(schema: &'a Json, key: &str) -> Option<&'a str> {
    schema.get(key).and_then(Json::as_str)
}

fn items<'a>(schema: &'a Json, key: &str) -> &'a [Json] {
    schema.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn examples(schema: &Json) -> String {
    let shown: Vec<_> = items(schema, "examples").iter().map(code).collect();
    if shown.is_empty() { String::new() } else { format!(" For example {}.", shown.join(", ")) }
}

/// A value as it is written in a file; JSON is YAML.
fn code(value: &Json) -> String {
    match value {
        Json::String(text) if !text.contains(['\n', '`', '"']) => format!("`{text}`"),
        value => format!("`{value}`"),
    }
}

/// What a field holds, in words.
fn kind(schema: &Json) -> String {
    if let Some(name) = text(schema, "$ref").and_then(|it| it.strip_prefix(DEFINITIONS)) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(value) = schema.get("const") {
        return code(value);
    }
    let values = items(schema, "enum");
    if !values.is_empty() {
        let known = values.iter().filter(|value| !value.is_null()).map(code);
        return known.collect::<Vec<_>>().join(" or ");
    }
    // A field that may be left out is also null.
    let one_of = items(schema, "anyOf").iter().find(|one| text(one, "type") != Some("null"));
    if let Some(inner) = one_of {
        return kind(inner);
    }
    let type_ = text(schema, "type").or_else(|| {
        items(schema, "type").iter().filter_map(Json::as_str).find(|name| *name != "null")
    });
    let within = |key| schema.get(key).filter(|inner| inner.is_object()).map(kind);
    match type_ {
        Some("array") => match within("items") {
            Some(inner) => format!("list of {inner}"),
            None => "list".to_owned(),
        },
        Some("object") => match within("additionalProperties") {
            Some(inner) => format!("{inner} by name"),
            None => "mapping".to_owned(),
        },
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("integer" | "number") => format!("number{}", bounds(schema)),
        Some(name) => name.to_owned(),
        None => "anything".to_owned(),
    }
}

fn bounds(schema: &Json) -> String {
    let mut said = String::new();
    let bound = |key| schema.get(key).filter(|bound| bound.is_number());
    if let Some(min) = bound("minimum") {
        let _ = write!(said, " from {min}");
    }
    if let Some(max) = bound("maximum") {
        let _ = write!(said, " to {max}");
    }
    said
}
