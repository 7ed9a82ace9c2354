//! JSON values as Go prints them, since the server's refusals carry them.

use serde_json::Value as Json;

/// A value as `%v` prints it: `map[name:ctr ports:[map[containerPort:80]]]`.
pub(crate) fn value(value: &Json) -> String {
    match value {
        Json::Null => "<nil>".to_owned(),
        Json::String(text) => text.clone(),
        Json::Array(items) => list(items),
        Json::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            let entries: Vec<String> = entries
                .into_iter()
                .map(|(name, of)| format!("{name}:{}", self::value(of)))
                .collect();
            format!("map[{}]", entries.join(" "))
        }
        Json::Bool(_) | Json::Number(_) => value.to_string(),
    }
}

/// A list as `%v` prints it.
pub(crate) fn list(items: &[Json]) -> String {
    format!("[{}]", items.iter().map(value).collect::<Vec<_>>().join(" "))
}

/// The Go type that a value is decoded to.
pub(crate) fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "%!s(<nil>)",
        Json::Bool(_) => "bool",
        Json::Number(number) if number.is_i64() => "int64",
        Json::Number(_) => "float64",
        Json::String(_) => "string",
        Json::Array(_) => "[]interface {}",
        Json::Object(_) => "map[string]interface {}",
    }
}

/// A value as `%#v` prints it: `map[string]interface {}{"name":"ctr"}`.
pub(crate) fn literal(value: &Json) -> String {
    let type_of = type_of(value);
    match value {
        Json::Null => "interface {}(nil)".to_owned(),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("{type_of}{{{}}}", items.join(", "))
        }
        Json::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            let entries: Vec<String> = entries
                .into_iter()
                .map(|(name, of)| format!("{}:{}", Json::from(name.as_str()), literal(of)))
                .collect();
            format!("{type_of}{{{}}}", entries.join(", "))
        }
        Json::Bool(_) | Json::Number(_) | Json::String(_) => value.to_string(),
    }
}

/// A number as JSON made by Go has it: in full from 10^-6 up to 10^21, else with an exponent.
pub(crate) fn float(value: f64) -> String {
    if value == 0.0 || (1e-6..1e21).contains(&value.abs()) {
        return format!("{value}");
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}
