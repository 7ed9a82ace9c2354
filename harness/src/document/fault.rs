//! What is wrong with a YAML text, in plain words, and what to do.

use kubernetes_objects::yaml::{FaultKind, Limits};

use super::parse::TABS;

/// What a fault means, in one sentence without a full stop, and what to do about it.
pub(crate) fn in_words(fault: &FaultKind, limits: Limits) -> (String, Option<&'static str>) {
    let of_aliases = "write the values out where they are needed";
    let (message, help) = match fault {
        FaultKind::Syntax { message, .. } => {
            return (format!("this is not valid YAML: {message}"), None);
        }
        FaultKind::Tab { .. } => ("this is not valid YAML: a tab indents this line".into(), TABS),
        FaultKind::TooDeep => (
            format!("the values lie more than {} deep in each other", limits.depth),
            "no Kubernetes object is as deep; look whether the indentation is right",
        ),
        FaultKind::TooManyValues => (
            format!("the file has more than {} values", limits.values),
            "split it into several files",
        ),
        FaultKind::TooManyRepeated => (
            format!("aliases, such as *name, repeat more than {} values", limits.repeated),
            of_aliases,
        ),
        FaultKind::Circle => {
            ("this alias stands within the very value that it repeats".into(), of_aliases)
        }
        FaultKind::Missing => ("a value is missing here".into(), "write one, or null"),
        FaultKind::Merge => (
            "<< merges a mapping or a list of mappings, and this is neither".into(),
            "name the anchor of a mapping",
        ),
        FaultKind::Key(kind) => {
            (format!("a key cannot be {}", called(kind)), "put the key into quotes")
        }
        FaultKind::Scalar(error) => {
            (format!("kubectl refuses this value: {error}"), "put it into quotes if it is a text")
        }
    };
    (message, Some(help))
}

/// What people call a value that servers call so.
fn called(kind: &str) -> &'static str {
    match kind {
        "array" => "a list",
        "object" => "a mapping",
        _ => "null",
    }
}
