//! What a scenario must hold to beyond its shape.
//!
//! Names that refer to nothing, steps that do nothing or two things,
//! expectations that could never be checked or hold, gates that cannot be set,
//! releases that do not go together.

mod cluster;
mod containers;
mod expectations;
mod images;
mod objects;
mod releases;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use fake_kubelet::version::Gate;

use crate::document::{Node, Problem, Problems, Reference, Span, Value, closest};

use super::DEFAULT_NODE;
use super::model::Spec;

pub(super) use steps::check_step;

/// The fields of a step whose items say what must be so.
pub(super) const CHECKS: [&str; 3] = ["expect", "never", "measure"];

/// Checks a case; `typed` is there when its shape is sound.
pub(super) fn check(
    spec: &Node,
    typed: Option<&Spec>,
    references: &[Reference],
    problems: &mut Problems,
) {
    check_references(spec, references, problems);
    let steps = spec.get("steps").map(Node::items).unwrap_or_default();
    for step in steps {
        check_step(step, problems);
    }
    containers::check(steps, problems);
    let step_checks = |step: &Node| {
        CHECKS.iter().chain(&["refused", "warned", "exec"]).any(|field| step.get(field).is_some())
    };
    if !steps.iter().any(step_checks) && problems.is_empty() {
        problems.add(
            Problem::new(start_of(spec.span), "this case checks nothing")
                .help("add a step with expect, never, measure, refused, warned or exec"),
        );
    }
    for image in spec.get("images").map(Node::items).unwrap_or_default() {
        images::check_files(image, problems);
    }
    cluster::check_nodes(spec, problems);
    if let Some(typed) = typed {
        cluster::check_gates(spec, &typed.cluster, problems);
        releases::check(spec, typed, problems);
    }
}

fn start_of(span: Span) -> Span {
    Span { length: span.length.min(1), ..span }
}

fn check_references(spec: &Node, references: &[Reference], problems: &mut Problems) {
    let mut declared: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let gates: Vec<_> = Gate::all().map(Gate::name).collect();
    declared.insert("featureGate", gates.iter().copied().collect());
    for reference in references.iter().filter(|reference| reference.declares) {
        let names = declared.entry(&reference.kind).or_default();
        if !names.insert(&reference.name) {
            problems.add(Problem::new(
                reference.span,
                format!("two {}s are called {:?}", reference.kind, reference.name),
            ));
        }
    }
    declared.entry("node").or_insert_with(|| BTreeSet::from([DEFAULT_NODE]));
    let pods = applied_pods(spec);
    if let Some(pods) = &pods {
        declared.insert("pod", pods.iter().copied().collect());
    }
    for reference in references.iter().filter(|reference| !reference.declares) {
        if reference.kind == "pod" && pods.is_none() {
            continue;
        }
        let known = declared.get(reference.kind.as_str()).cloned().unwrap_or_default();
        if known.contains(reference.name.as_str()) {
            continue;
        }
        let known: Vec<_> = known.into_iter().collect();
        let kind = if reference.kind == "featureGate" { "feature gate" } else { &reference.kind };
        let problem =
            Problem::new(reference.span, format!("no {kind} is called {:?}", reference.name));
        problems.add(match (closest(&reference.name, &known), known.is_empty()) {
            (Some(near), _) => problem.help(format!("did you mean {near:?}?")),
            (None, true) => problem.help(format!("the scenario has no {kind}")),
            (None, false) => problem.help(format!("known: {}", known.join(", "))),
        });
    }
}

/// The names of all pods that steps apply; nothing when some get their names only when they run.
fn applied_pods(spec: &Node) -> Option<Vec<&str>> {
    let steps = spec.get("steps").map(Node::items).unwrap_or_default();
    let manifests =
        steps.iter().filter_map(|step| step.get("apply")).flat_map(|apply| match &apply.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(apply),
        });
    let mut names = Vec::new();
    for manifest in manifests {
        match manifest.get("kind").and_then(Node::text) {
            Some("Pod") => match manifest.at(&["metadata", "name"]).and_then(Node::text) {
                Some(name) => names.push(name),
                None => return None,
            },
            Some("Node") => {}
            _ => return None,
        }
    }
    Some(names)
}
