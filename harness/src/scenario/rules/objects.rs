//! What manifests and parts of objects must hold to: fields that their kinds have, and values of
//! the fields' types. Anything else would be refused, or could never be so.

use kubernetes_objects::resource::{self, Resource};
use kubernetes_objects::schema::{Struct, Type};

use super::start_of;
use crate::document::{Entry, Node, Problem, Problems, Value, closest};

/// What an object is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It is sent to the API server, which writes some values its own way.
    Sent,
    /// It is compared with what the API server has.
    Compared,
}

/// The parts that an expectation about a pod or a node can name.
const PARTS: &[&str] = &["metadata", "spec", "status"];

/// Checks the manifests and parts of objects in a step.
pub(super) fn check(step: &Node, problems: &mut Problems) {
    if step.get("refused").is_none() {
        let apply = step.get("apply");
        let manifests = apply.into_iter().flat_map(|apply| match &apply.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(apply),
        });
        for manifest in manifests.filter(|one| matches!(one.value, Value::Mapping(_))) {
            check_manifest(manifest, problems);
        }
    }
    for field in ["expect", "never"] {
        for expectation in step.get(field).map(Node::items).unwrap_or_default() {
            check_expectation(expectation, problems);
        }
    }
}

fn check_manifest(manifest: &Node, problems: &mut Problems) {
    let text = |field: &str| manifest.get(field).and_then(Node::text);
    let (Some(version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        if manifest.get("file").is_some() {
            // It could not be read.
            return;
        }
        problems.add(
            Problem::new(start_of(manifest.span), "a manifest needs apiVersion and kind")
                .help("a pod has apiVersion: v1 and kind: Pod"),
        );
        return;
    };
    match resource::of_kind(version, kind) {
        Some(resource) => check_struct(manifest, resource.schema, Use::Sent, problems),
        None => say_unknown_kind(manifest, problems),
    }
}

fn check_expectation(expectation: &Node, problems: &mut Problems) {
    for (subject, plural) in [("pod", "pods"), ("node", "nodes")] {
        if expectation.get(subject).is_none() {
            continue;
        }
        let resource = resource::find("", "v1", plural).expect("the table has the core resources");
        for entry in expectation.entries().iter().filter(|entry| PARTS.contains(&&*entry.key)) {
            if let Some(field) = resource.schema.field(&entry.key) {
                check_value(&entry.value, &field.of, Use::Compared, problems);
            }
        }
    }
    let Some(object) = expectation.get("object") else { return };
    let Some(kind) = object.get("kind").and_then(Node::text) else { return };
    match of_kind(object.get("apiVersion").and_then(Node::text), kind) {
        Some(resource) => check_struct(object, resource.schema, Use::Compared, problems),
        None => say_unknown_kind(object, problems),
    }
}

fn of_kind(api_version: Option<&str>, kind: &str) -> Option<&'static Resource> {
    match api_version {
        Some(version) => resource::of_kind(version, kind),
        None => resource::RESOURCES.iter().find(|one| one.kind == kind && one.is_stored()),
    }
}

fn say_unknown_kind(object: &Node, problems: &mut Problems) {
    let Some(kind) = object.get("kind") else { return };
    let name = kind.text().unwrap_or_default();
    let known: Vec<_> = resource::RESOURCES.iter().filter(|one| one.is_stored()).collect();
    let problem = Problem::new(kind.span, format!("the cluster knows no such kind as {name:?}"));
    let help = match known.iter().find(|one| one.kind == name) {
        Some(one) => format!("its apiVersion is {}", one.api_version()),
        None => {
            let kinds: Vec<_> = known.iter().map(|one| one.kind).collect();
            match closest(name, &kinds) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("known: {}", kinds.join(", ")),
            }
        }
    };
    problems.add(problem.help(help));
}

fn check_struct(node: &Node, of: &'static Struct, written: Use, problems: &mut Problems) {
    for entry in node.entries() {
        match of.field(&entry.key) {
            Some(field) => check_value(&entry.value, &field.of, written, problems),
            None => say_unknown_field(entry, of, problems),
        }
    }
}

fn say_unknown_field(entry: &Entry, of: &Struct, problems: &mut Problems) {
    let known: Vec<_> = of.fields.iter().map(|field| field.name).collect();
    let help = match closest(&entry.key, &known) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("known here: {}", known.join(", ")),
    };
    let what = format!("{} has no field {:?}", of.name, &*entry.key);
    problems.add(Problem::new(entry.key_span, what).help(help));
}

fn check_value(node: &Node, of: &Type, written: Use, problems: &mut Problems) {
    let sent = written == Use::Sent;
    let expected = match (&node.value, of) {
        // Nothing there: left out of what is sent, and something that can be expected.
        (Value::Null, _) | (_, Type::Any) => return,
        (Value::Mapping(_), Type::Struct(of)) => {
            return check_struct(node, of, written, problems);
        }
        (Value::Mapping(entries), Type::Map(_, of)) => {
            return entries
                .iter()
                .for_each(|entry| check_value(&entry.value, of, written, problems));
        }
        (Value::List(items), Type::List(of, _)) => {
            return items.iter().for_each(|item| check_value(item, of, written, problems));
        }
        (Value::Number(..), Type::Quantity) if sent => return,
        (Value::Number(number, _), Type::Int32 | Type::Int64 | Type::IntOrString)
            if !number.is_f64() =>
        {
            return;
        }
        (
            Value::String(_),
            Type::Text(_)
            | Type::Quantity
            | Type::IntOrString
            | Type::Time
            | Type::MicroTime
            | Type::Bytes,
        )
        | (Value::Bool(_), Type::Bool) => return,
        (_, Type::Struct(_) | Type::Map(..)) => "a mapping",
        (_, Type::List(..)) => "a list",
        (_, Type::Int32 | Type::Int64) => "a whole number",
        (_, Type::IntOrString) => "a whole number or a text",
        (_, Type::Bool) => "true or false",
        (_, Type::Text(_) | Type::Quantity | Type::Time | Type::MicroTime | Type::Bytes) => {
            "a text"
        }
    };
    let problem = Problem::new(node.span, format!("expected {expected}, found {}", node.kind()));
    problems.add(match (&node.value, expected) {
        (Value::Number(_, text), "a text") => problem.help(format!("write it as \"{text}\"")),
        (Value::Bool(value), "a text") => {
            let condition = if *value { "True" } else { "False" };
            problem.help(format!("write \"{value}\", or \"{condition}\" in a condition"))
        }
        _ => problem,
    });
}
