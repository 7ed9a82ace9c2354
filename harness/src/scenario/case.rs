//! From an expanded document to a case that can run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use serde_json::Value as Json;

use crate::document::{
    Entry, Format, Node, Problem, Problems, Reference, Shape, Sources, Span, Value, closest,
    parse_manifests, say_where_readings_differ,
};

use super::files::Files;
use super::matrix::Expanded;
use super::model::{Scenario, Spec};
use super::names::RuntimeName;
use super::rules::CHECKS;
use super::{rules, schema, values};

/// A scenario with one set of values: what runs, passes or fails.
#[derive(Debug)]
pub struct Case {
    /// Its name in full: area, scenario, and the values of the matrix.
    pub id: String,
    /// The folder of its scenario; empty where it is in none.
    pub area: String,
    /// The values of the matrix: `axis=value` words and the row's name.
    pub labels: Vec<String>,
    /// What the scenario shows.
    pub description: Arc<str>,
    /// What it says.
    pub spec: Spec,
    /// Where each step is written.
    pub places: Vec<StepPlace>,
}

impl Case {
    /// The runtimes that its nodes ask for at the start; nothing where any will do.
    pub fn runtimes(&self) -> impl Iterator<Item = Option<RuntimeName>> {
        let cluster = &self.spec.cluster;
        let default = cluster.nodes.is_empty().then_some(cluster.runtime);
        cluster.nodes.iter().map(|node| node.runtime.or(cluster.runtime)).chain(default)
    }
}

/// Where a step and its expectations are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepPlace {
    /// The step.
    pub span: Span,
    /// The items of its `expect`, `never` or `measure`.
    pub expectations: Vec<Span>,
}

/// The checks of texts that have a format of their own.
pub(super) const FORMATS: &[Format] = &[
    ("duration", |text| text.parse::<values::Duration>().map(drop).map_err(|e| e.to_string())),
    ("scenarioName", |text| scenario_name(text)),
    ("metricName", |text| metric_name(text)),
    ("identity", |text| text.parse::<values::IdentityText>().map(drop).map_err(|e| e.to_string())),
];

/// The shape of the format, compiled once.
static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::compile(&schema(), FORMATS));

/// Whether a text can name a scenario: it becomes part of paths, filters and test names.
pub(crate) fn scenario_name(text: &str) -> Result<(), String> {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !text.is_empty() && text.len() <= 63 && text.bytes().all(inner) && !text.starts_with('-') {
        return Ok(());
    }
    Err(format!("{text:?} cannot name a scenario; use at most 63 lower-case letters, digits and -"))
}

fn metric_name(text: &str) -> Result<(), String> {
    let known = [fake_kubelet::metrics::NAMES, crate::cluster::METRIC_NAMES].concat();
    if known.contains(&text) {
        return Ok(());
    }
    let near = closest(text, &known).map(|name| format!("; did you mean {name:?}?"));
    Err(format!("nothing here counts {text:?}{}", near.unwrap_or_default()))
}

/// What building cases needs besides the document.
pub(super) struct Context<'a> {
    pub(super) files: Files,
    pub(super) path: &'a Path,
    pub(super) area: &'a str,
    pub(super) sources: &'a mut Sources,
    pub(super) problems: &'a mut Problems,
    /// The manifests read so far, by the name that the scenario gives.
    pub(super) manifests: BTreeMap<String, Option<Vec<Node>>>,
}

impl Context<'_> {
    /// The case of a document and one set of values; nothing when something is wrong with it.
    pub(super) fn case(&mut self, document: &Node, expanded: Expanded) -> Option<Case> {
        let spec = self.with_files(expanded.spec);
        let whole = with_spec(document, &spec);
        let mut problems = Problems::default();
        let mut references: Vec<Reference> = Vec::new();
        let json = SHAPE.read(&whole, &mut problems, &mut references);
        let scenario = if problems.is_empty() { typed(&whole, json, &mut problems) } else { None };
        rules::check(
            &spec,
            scenario.as_ref().map(|scenario| &scenario.spec),
            &references,
            &mut problems,
        );
        let sound = problems.is_empty();
        for problem in problems.sorted() {
            self.problems.add(problem.clone());
        }
        let scenario = scenario.filter(|_| sound)?;
        let id = [self.area, &scenario.metadata.name, &expanded.labels.join(",")]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("/");
        Some(Case {
            id,
            area: self.area.to_owned(),
            labels: expanded.labels,
            description: Arc::from(scenario.metadata.description),
            places: places(&spec),
            spec: scenario.spec,
        })
    }

    /// Puts the manifests of files in the place of `file: PATH`.
    pub(super) fn with_files(&mut self, mut spec: Node) -> Node {
        let Value::Mapping(entries) = &mut spec.value else { return spec };
        for steps in entries.iter_mut().filter(|entry| &*entry.key == "steps") {
            let Value::List(steps) = &mut steps.value.value else { continue };
            for step in steps {
                let Value::Mapping(fields) = &mut step.value else { continue };
                for apply in fields.iter_mut().filter(|field| &*field.key == "apply") {
                    apply.value = self.manifests_of(&apply.value);
                }
            }
        }
        spec
    }

    /// A list of manifests, whatever way they are given.
    fn manifests_of(&mut self, apply: &Node) -> Node {
        let given = match &apply.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(apply),
        };
        let mut manifests = Vec::new();
        for manifest in given {
            match (manifest.get("file").and_then(Node::text), manifest.get("kind")) {
                (Some(name), None) => match self.file(name, manifest.span) {
                    Some(read) => manifests.extend(read),
                    // What is wrong with the file is said already.
                    None => manifests.push(manifest.clone()),
                },
                _ => {
                    say_where_readings_differ(self.sources, manifest, self.problems);
                    manifests.push(manifest.clone());
                }
            }
        }
        Node { value: Value::List(manifests), span: apply.span }
    }

    fn file(&mut self, name: &str, span: Span) -> Option<Vec<Node>> {
        if let Some(known) = self.manifests.get(name) {
            return known.clone();
        }
        let manifests = match self.files.manifest(self.path, name) {
            Ok((path, text)) => {
                let id = self.sources.add(path.display().to_string(), text);
                match parse_manifests(self.sources, id) {
                    Ok(documents) => Some(documents),
                    Err(problem) => {
                        self.problems.add(problem);
                        None
                    }
                }
            }
            Err(error) => {
                self.problems.add(
                    Problem::new(span, error.to_string())
                        .help("name a file relative to the scenario's own folder"),
                );
                None
            }
        };
        self.manifests.insert(name.to_owned(), manifests.clone());
        manifests
    }
}

/// The document with another spec.
fn with_spec(document: &Node, spec: &Node) -> Node {
    let entries = document
        .entries()
        .iter()
        .map(|entry| match &*entry.key {
            "spec" => Entry { value: spec.clone(), ..entry.clone() },
            _ => entry.clone(),
        })
        .collect();
    Node { value: Value::Mapping(entries), span: document.span }
}

fn typed(whole: &Node, json: Json, problems: &mut Problems) -> Option<Scenario> {
    match Scenario::deserialize(json) {
        Ok(scenario) => Some(scenario),
        Err(error) => {
            problems.add(Problem::new(whole.span, error.to_string()));
            None
        }
    }
}

fn places(spec: &Node) -> Vec<StepPlace> {
    let steps = spec.get("steps").map(Node::items).unwrap_or_default();
    steps
        .iter()
        .map(|step| StepPlace {
            span: step.span,
            expectations: CHECKS
                .iter()
                .filter_map(|field| step.get(field))
                .flat_map(Node::items)
                .map(|item| item.span)
                .collect(),
        })
        .collect()
}
