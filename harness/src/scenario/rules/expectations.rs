//! What an expectation must hold to: it names one subject, and could be untrue.

use super::start_of;
use crate::document::{Node, Problem, Problems};

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

/// What a measurement can be of, and what is not said there of each.
const MEASURED: &[(&str, &[&str])] = &[("metric", &["value", "min", "max"]), ("pods", &["count"])];

/// Checks an expectation by itself.
pub(super) fn check_expectation(expectation: &Node, problems: &mut Problems) {
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
    if let Some(pods) = expectation.get("pods") {
        let (span, what) = match pods.get("count") {
            Some(count) if count.entries().is_empty() => (count.span, "any number fits this"),
            Some(_) => return,
            None => (start_of(pods.span), "any number of pods fits this"),
        };
        problems.add(Problem::new(span, what).help("give count with min, max or both"));
    }
    if let Some(event) = expectation.get("event").filter(|event| event.entries().is_empty()) {
        problems
            .add(Problem::new(event.span, "any event fits this").help("give at least its reason"));
    }
}

/// Checks a measurement by itself.
pub(super) fn check_measurement(measurement: &Node, problems: &mut Problems) {
    let subjects: Vec<_> = MEASURED
        .iter()
        .filter_map(|(subject, fields)| Some((measurement.get(subject)?, *fields)))
        .collect();
    match subjects.as_slice() {
        [(subject, fields)] => {
            for entry in subject.entries().iter().filter(|entry| fields.contains(&&*entry.key)) {
                let what = format!("{:?} means nothing where a rate is measured", &*entry.key);
                problems.add(
                    Problem::new(entry.key_span, what).help("say the rate in perSecond instead"),
                );
            }
        }
        several => {
            let what = if several.is_empty() { "names no subject" } else { "names two subjects" };
            problems.add(
                Problem::new(start_of(measurement.span), format!("this measurement {what}"))
                    .help("give exactly one of metric, pods"),
            );
        }
    }
    if let Some(rate) = measurement.get("perSecond").filter(|rate| rate.entries().is_empty()) {
        problems.add(Problem::new(rate.span, "any rate fits this").help("give min, max or both"));
    }
}
