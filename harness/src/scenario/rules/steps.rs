//! What a step must hold to: it does one thing, and says all that this needs.

use std::collections::BTreeSet;

use super::expectations::{check_expectation, check_measurement};
use super::{objects, start_of};
use crate::document::{Node, Problem, Problems, Value, closest};
use crate::scenario::Duration;

/// The fields of a step that make something happen; a step has exactly one.
const ACTIONS: &[&str] = &[
    "apply",
    "delete",
    "exec",
    "kill",
    "upgrade",
    "rollBack",
    "rollingUpgrade",
    "rollingRollBack",
    "setFeatureGates",
    "restartKubelet",
    "stopKubelet",
    "startKubelet",
    "label",
    "scale",
    "cordon",
    "uncordon",
    "drain",
    "fault",
    "advance",
    "expect",
    "never",
    "measure",
];

/// Fields that only mean something beside certain actions.
const COMPANIONS: &[(&str, &[&str])] = &[
    (
        "refused",
        &[
            "apply",
            "delete",
            "upgrade",
            "rollBack",
            "rollingUpgrade",
            "rollingRollBack",
            "setFeatureGates",
            "scale",
            "drain",
        ],
    ),
    ("warned", &["apply"]),
    ("within", &["expect", "exec", "drain", "rollingUpgrade", "rollingRollBack"]),
    ("during", &["never", "measure"]),
];

/// Checks a step by itself.
pub(in crate::scenario) fn check_step(step: &Node, problems: &mut Problems) {
    let actions: Vec<_> =
        step.entries().iter().filter(|entry| ACTIONS.contains(&&*entry.key)).collect();
    match actions.as_slice() {
        // A misspelt action is reported as an unknown field.
        [] if step.entries().iter().any(|entry| closest(&entry.key, ACTIONS).is_some()) => {}
        [] => problems.add(
            Problem::new(start_of(step.span), "this step does nothing")
                .help(format!("give it one of {}", ACTIONS.join(", "))),
        ),
        [_] => {}
        [first, second, ..] => problems.add(
            Problem::new(
                second.key_span,
                format!("a step does one thing; this one has {:?} already", &*first.key),
            )
            .help("make two steps of it"),
        ),
    }
    for (field, beside) in COMPANIONS {
        let found = step.entries().iter().find(|entry| &*entry.key == *field);
        if let Some(entry) = found
            && !actions.iter().any(|action| beside.contains(&&*action.key))
        {
            problems.add(
                Problem::new(entry.key_span, format!("{field:?} means nothing in this step"))
                    .help(format!("it goes with {}", beside.join(", "))),
            );
        }
    }
    if let Some(refused) = step.get("refused").filter(|refused| refused.entries().is_empty()) {
        problems.add(
            Problem::new(refused.span, "this does not say how it is refused")
                .help("give reason, message or contains"),
        );
    }
    if let Some(apply) = step.get("apply") {
        check_apply(apply, problems);
    }
    objects::check(step, problems);
    for field in ["upgrade", "rollBack", "setFeatureGates"] {
        if let Some(change) = step.get(field) {
            check_change(field, change, problems);
        }
    }
    for field in ["rollingUpgrade", "rollingRollBack"] {
        if let Some(change) = step.get(field) {
            check_rolling(field, change, problems);
        }
    }
    for field in ["expect", "never"] {
        for expectation in step.get(field).map(Node::items).unwrap_or_default() {
            check_expectation(expectation, problems);
        }
    }
    let during = step.get("during").and_then(|during| Some((during, during.text()?.parse().ok()?)));
    if let (Some(_), Some((node, Duration(std::time::Duration::ZERO)))) =
        (step.get("measure"), during)
    {
        problems.add(
            Problem::new(node.span, "nothing has a rate in no time").help("measure during 10s"),
        );
    }
    for measurement in step.get("measure").map(Node::items).unwrap_or_default() {
        check_measurement(measurement, problems);
    }
}

fn check_change(field: &str, change: &Node, problems: &mut Problems) {
    let has = |name: &str| change.get(name).is_some();
    let is_api_server =
        matches!(change.get("apiServer"), Some(Node { value: Value::Bool(true), .. }));
    if has("node") == is_api_server {
        problems.add(
            Problem::new(start_of(change.span), format!("{field:?} needs one component"))
                .help("give node: NAME or apiServer: true"),
        );
    }
    if field == "setFeatureGates" {
        return;
    }
    check_releases(field, change, problems);
    if is_api_server && has("runtime") {
        problems.add(Problem::new(start_of(change.span), "an API server has no runtime"));
    }
}

fn check_releases(field: &str, change: &Node, problems: &mut Problems) {
    if change.get("kubernetes").is_none() && change.get("runtime").is_none() {
        problems.add(
            Problem::new(start_of(change.span), format!("{field:?} does not say to which release"))
                .help("give kubernetes: VERSION, runtime: RELEASE, or both"),
        );
    }
}

fn check_rolling(field: &str, change: &Node, problems: &mut Problems) {
    check_releases(field, change, problems);
    let both = change.get("kubernetes").is_some() && change.get("runtime").is_some();
    if let Some(entry) = change.entries().iter().find(|entry| &*entry.key == "order" && !both) {
        problems.add(
            Problem::new(entry.key_span, "there is no order where only one thing changes")
                .help("give kubernetes and runtime, or take order out"),
        );
    }
    let mut seen = BTreeSet::new();
    for node in change.get("nodes").map(Node::items).unwrap_or_default() {
        if let Some(name) = node.text().filter(|name| !seen.insert(*name)) {
            problems.add(Problem::new(node.span, format!("node {name:?} stands here twice")));
        }
    }
}

/// Manifests are mappings, one or several.
fn check_apply(apply: &Node, problems: &mut Problems) {
    let manifests = match &apply.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(apply),
    };
    if manifests.is_empty() {
        problems.add(Problem::new(apply.span, "there is nothing to apply"));
    }
    for manifest in manifests {
        if !matches!(manifest.value, Value::Mapping(_)) {
            problems.add(
                Problem::new(manifest.span, format!("{} is no manifest", manifest.kind()))
                    .help("give a manifest, a list of manifests, or file: PATH"),
            );
        }
    }
}
