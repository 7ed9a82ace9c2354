//! What a scenario must hold to beyond its shape.
//!
//! Names that refer to nothing, steps that do nothing or two things,
//! expectations that could never be checked, gates that cannot be set.

use std::collections::{BTreeMap, BTreeSet};

use fake_kubelet::version::{FeatureGates, Gate};

use crate::document::{Node, Problem, Problems, Reference, Span, Value, closest};

use super::DEFAULT_NODE;
use super::model::{ClusterSpec, Spec};
use super::names::KubernetesName;

/// The fields of a step that make something happen; a step has exactly one.
const ACTIONS: &[&str] = &[
    "apply",
    "delete",
    "exec",
    "kill",
    "upgrade",
    "rollBack",
    "setFeatureGates",
    "restartKubelet",
    "stopKubelet",
    "startKubelet",
    "label",
    "cordon",
    "uncordon",
    "drain",
    "fault",
    "advance",
    "expect",
    "never",
];

/// The most nodes of a cluster.
const MAX_NODES: usize = 1_000;

/// The largest file of an image, in bytes.
const MAX_FILE: usize = 16 * 1024 * 1024;

/// Fields that only mean something beside certain actions.
const COMPANIONS: &[(&str, &[&str])] = &[
    ("refused", &["apply", "delete", "upgrade", "rollBack", "setFeatureGates"]),
    ("within", &["expect", "exec"]),
    ("during", &["never"]),
];

/// The subjects of an expectation and what can be said of each.
const SUBJECTS: &[(&str, &[&str])] = &[
    (
        "pod",
        &[
            "namespace",
            "container",
            "phase",
            "reason",
            "message",
            "waiting",
            "restarts",
            "identity",
            "id",
            "process",
            "reported",
            "metadata",
            "spec",
            "status",
        ],
    ),
    ("node", &["metadata", "spec", "status"]),
    ("event", &["namespace"]),
    ("metric", &[]),
    ("pods", &[]),
    ("object", &[]),
    ("absent", &[]),
];

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
    let checks = ["expect", "never", "refused", "exec"];
    let step_checks = |step: &Node| checks.iter().any(|field| step.get(field).is_some());
    if !steps.iter().any(step_checks) && problems.is_empty() {
        problems.add(
            Problem::new(start_of(spec.span), "this case checks nothing")
                .help("add a step with expect, never, refused or exec"),
        );
    }
    for image in spec.get("images").map(Node::items).unwrap_or_default() {
        check_files(image, problems);
    }
    check_nodes(spec, problems);
    if let Some(typed) = typed {
        check_gates(spec, &typed.cluster, problems);
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

fn check_step(step: &Node, problems: &mut Problems) {
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
    for field in ["upgrade", "rollBack", "setFeatureGates"] {
        if let Some(change) = step.get(field) {
            check_change(field, change, problems);
        }
    }
    for field in ["expect", "never"] {
        for expectation in step.get(field).map(Node::items).unwrap_or_default() {
            check_expectation(expectation, problems);
        }
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
    if !has("kubernetes") && !has("runtime") {
        problems.add(
            Problem::new(start_of(change.span), format!("{field:?} does not say to which release"))
                .help("give kubernetes: VERSION, runtime: RELEASE, or both"),
        );
    }
    if is_api_server && has("runtime") {
        problems.add(Problem::new(start_of(change.span), "an API server has no runtime"));
    }
}

fn check_expectation(expectation: &Node, problems: &mut Problems) {
    let entries = expectation.entries();
    let subjects: Vec<_> = SUBJECTS
        .iter()
        .filter(|(subject, _)| entries.iter().any(|entry| &*entry.key == *subject))
        .collect();
    let [(subject, fields)] = subjects.as_slice() else {
        let all: Vec<_> = SUBJECTS.iter().map(|(subject, _)| *subject).collect();
        let what = if subjects.is_empty() { "names no subject" } else { "names two subjects" };
        problems.add(
            Problem::new(start_of(expectation.span), format!("this expectation {what}"))
                .help(format!("give exactly one of {}", all.join(", "))),
        );
        return;
    };
    for entry in entries {
        let key = &*entry.key;
        let known = SUBJECTS.iter().any(|(_, fields)| fields.contains(&key));
        if known && !fields.contains(&key) {
            problems.add(
                Problem::new(entry.key_span, format!("{key:?} cannot be said of {subject:?}"))
                    .help(match fields.is_empty() {
                        true => format!("everything about it stands inside {subject:?}"),
                        false => format!("of {subject:?}: {}", fields.join(", ")),
                    }),
            );
        }
    }
    if let Some(object) = expectation.get("object") {
        for path in [["kind"].as_slice(), ["metadata", "name"].as_slice()] {
            if object.at(path).and_then(Node::text).is_none() {
                problems.add(
                    Problem::new(
                        start_of(object.span),
                        format!("an object is found by its {}, which is missing", path.join(".")),
                    )
                    .help("give kind and metadata.name"),
                );
            }
        }
    }
    if let Some(metric) = expectation.get("metric") {
        let bounds = ["value", "min", "max"];
        if !bounds.iter().any(|bound| metric.get(bound).is_some()) {
            problems.add(
                Problem::new(start_of(metric.span), "any value of this metric fits")
                    .help("give value, min or max"),
            );
        }
    }
    if let Some(count) = expectation.get("pods").and_then(|pods| pods.get("count"))
        && count.entries().is_empty()
    {
        problems
            .add(Problem::new(count.span, "any number fits this").help("give min, max or both"));
    }
    if let Some(event) = expectation.get("event").filter(|event| event.entries().is_empty()) {
        problems
            .add(Problem::new(event.span, "any event fits this").help("give at least its reason"));
    }
}

fn check_files(image: &Node, problems: &mut Problems) {
    for entry in image.get("files").map(Node::entries).unwrap_or_default() {
        if !entry.key.starts_with('/') {
            problems.add(
                Problem::new(entry.key_span, format!("{:?} is not an absolute path", &*entry.key))
                    .help("files are named from the image's root, such as /etc/motd"),
            );
        }
        let kinds = ["content", "link", "directory"];
        if kinds.iter().filter(|kind| entry.value.get(kind).is_some()).count() != 1 {
            problems.add(
                Problem::new(entry.key_span, "a file is one thing")
                    .help("give exactly one of content, link, directory"),
            );
        }
        let repeat =
            entry.value.get("repeat").and_then(Node::text).and_then(|text| text.parse().ok());
        let content = entry.value.get("content").and_then(Node::text).unwrap_or_default();
        if content.len().saturating_mul(repeat.unwrap_or(1)) > MAX_FILE {
            problems.add(
                Problem::new(entry.key_span, format!("this file has more than {MAX_FILE} bytes"))
                    .help("repeat its content less often"),
            );
        }
        if let Some(mode) = entry.value.get("mode")
            && !mode
                .text()
                .is_some_and(|text| u32::from_str_radix(text, 8).is_ok_and(|mode| mode <= 0o7777))
        {
            problems.add(
                Problem::new(mode.span, "mode is not an octal number up to 7777")
                    .help("write it in quotes, as in \"0770\""),
            );
        }
    }
}

fn check_nodes(spec: &Node, problems: &mut Problems) {
    let Some(nodes) = spec.at(&["cluster", "nodes"]) else { return };
    if nodes.items().len() > MAX_NODES {
        problems.add(Problem::new(
            start_of(nodes.span),
            format!(
                "a cluster has at most {MAX_NODES} nodes, this one has {}",
                nodes.items().len()
            ),
        ));
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

fn check_gates(spec: &Node, cluster: &ClusterSpec, problems: &mut Problems) {
    let place = spec.get("cluster").map_or(spec.span, |node| node.span);
    let mut check =
        |version: Option<KubernetesName>, gates: Option<&BTreeMap<String, bool>>, what: &str| {
            let version = version.or(cluster.kubernetes).unwrap_or_default();
            let gates = gates.unwrap_or(&cluster.feature_gates);
            let gates = gates.iter().map(|(name, value)| (name.as_str(), *value));
            if let Err(error) = FeatureGates::new(version.0, gates) {
                problems.add(
                    Problem::new(start_of(place), format!("{what} would not start: {error}"))
                        .help("choose another version, or leave the gate at its default"),
                );
            }
        };
    check(
        cluster.api_server.kubernetes,
        cluster.api_server.feature_gates.as_ref(),
        "the API server",
    );
    for node in &cluster.nodes {
        let what = format!("the kubelet of {:?}", node.name);
        check(node.kubernetes, node.feature_gates.as_ref(), &what);
    }
    if cluster.nodes.is_empty() {
        check(None, None, "the kubelet");
    }
}
