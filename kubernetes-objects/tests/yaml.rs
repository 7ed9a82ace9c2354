//! Scalars are what the real kubectl makes of them.

use kubernetes_objects::yaml::{Field, Limits, Scalar, Value, documents};
use serde_json::Value as Json;

const LIMITS: Limits = Limits { depth: 10, values: 100, repeated: 100 };

/// The JSON of the first field of a text, or why there is none.
fn read(text: &str) -> String {
    let document = match documents(text, LIMITS).next() {
        Some(Ok(document)) => document,
        Some(Err(fault)) => return format!("refused: {fault}"),
        None => return "nothing".to_owned(),
    };
    let Value::Object(mut fields) = document.value else { return "no object".to_owned() };
    match fields.pop() {
        Some(Field { value, .. }) => match value.value {
            Value::Scalar(Scalar::Null) => Json::Null.to_string(),
            Value::Scalar(Scalar::Bool(value)) => value.to_string(),
            Value::Scalar(Scalar::Number(digits)) => digits,
            Value::Scalar(Scalar::Text(text)) => Json::String(text).to_string(),
            Value::List(_) | Value::Object(_) => "no scalar".to_owned(),
        },
        None => "no field".to_owned(),
    }
}

/// Numbers are the same that are equal; kubectl prints some with an exponent.
fn is_same(one: &str, other: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    one == other || number(one).is_some() && number(one) == number(other)
}

#[test]
fn scalars_are_what_kubectl_makes_of_them() {
    let table = include_str!("data/scalars.tsv");
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    let differ: Vec<_> = rows
        .filter_map(|row| row.split_once('\t'))
        .map(|(written, kubectl)| (written, kubectl, read(&format!("v: {written}\n"))))
        .filter(|(_, kubectl, read)| !is_same(kubectl, read))
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
}
