//! What the names of containers must hold to: the pod that is meant has such a container.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::{Node, Problem, Problems, Value, closest};
use crate::scenario::DEFAULT_NAMESPACE;

/// The lists of a pod's spec that hold containers.
const LISTS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];

/// The lists of a pod's status that are about containers.
const STATUSES: &[&str] =
    &["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];

/// The containers of each pod that steps apply, by namespace and name.
type Known<'a> = BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>;

/// Checks every container that steps name.
pub(super) fn check(steps: &[Node], problems: &mut Problems) {
    let known = applied(steps);
    for step in steps {
        for field in ["exec", "kill"] {
            if let Some(named) = step.get(field) {
                check_named(named, &known, problems);
            }
        }
        for field in ["expect", "never"] {
            for expectation in step.get(field).map(Node::items).unwrap_or_default() {
                check_named(expectation, &known, problems);
                check_parts(expectation, &known, problems);
            }
        }
    }
}

fn applied(steps: &[Node]) -> Known<'_> {
    let mut known = Known::new();
    let manifests =
        steps.iter().filter_map(|step| step.get("apply")).flat_map(|apply| match &apply.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(apply),
        });
    for pod in manifests.filter(|one| one.get("kind").and_then(Node::text) == Some("Pod")) {
        let text = |field: &str| pod.at(&["metadata", field]).and_then(Node::text);
        let Some(name) = text("name") else { continue };
        let containers =
            known.entry((text("namespace").unwrap_or(DEFAULT_NAMESPACE), name)).or_default();
        for list in LISTS {
            let items = pod.at(&["spec", list]).map(Node::items).unwrap_or_default();
            containers.extend(items.iter().filter_map(|one| one.get("name")?.text()));
        }
    }
    known
}

/// The containers of the pod that a step or an expectation is about, where they are known.
fn containers_of<'a>(about: &'a Node, known: &'a Known<'a>) -> Option<&'a BTreeSet<&'a str>> {
    let pod = about.get("pod")?.text()?;
    let namespace = about.get("namespace").and_then(Node::text).unwrap_or(DEFAULT_NAMESPACE);
    known.get(&(namespace, pod)).filter(|containers| !containers.is_empty())
}

fn check_named(about: &Node, known: &Known<'_>, problems: &mut Problems) {
    if let (Some(name), Some(containers)) = (about.get("container"), containers_of(about, known)) {
        check_name(about, name, containers, problems);
    }
}

/// Containers that are named in parts of the pod's spec and status.
fn check_parts(expectation: &Node, known: &Known<'_>, problems: &mut Problems) {
    let Some(containers) = containers_of(expectation, known) else { return };
    for (part, lists) in [("spec", LISTS), ("status", STATUSES)] {
        let lists = lists.iter().filter_map(|list| expectation.at(&[part, list]));
        for name in lists.flat_map(Node::items).filter_map(|item| item.get("name")) {
            check_name(expectation, name, containers, problems);
        }
    }
}

fn check_name(about: &Node, name: &Node, containers: &BTreeSet<&str>, problems: &mut Problems) {
    let Some(text) = name.text().filter(|text| !containers.contains(text)) else { return };
    let pod = about.get("pod").and_then(Node::text).unwrap_or_default();
    let known: Vec<_> = containers.iter().copied().collect();
    let help = match closest(text, &known) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("known: {}", known.join(", ")),
    };
    let what = format!("pod {pod:?} has no container {text:?}");
    problems.add(Problem::new(name.span, what).help(help));
}
