//! Pods out of manifests: pods themselves, and the templates of everything that makes pods.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::document::{Node, Problem, Problems, SourceId, Sources, parse};

/// The most pods of all manifests together.
const MAX_PODS: usize = 100_000;
/// How deep lists may lie in lists.
const MAX_DEPTH: usize = 4;

/// Where the kinds that make pods keep the pod's template.
const TEMPLATES: &[(&str, &[&str])] =
    &[("CronJob", &["spec", "jobTemplate", "spec", "template"]), ("PodTemplate", &["template"])];
/// Where all others do, also kinds that only custom resources know.
const USUAL_TEMPLATE: &[&str] = &["spec", "template"];

/// A pod that some manifest asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestPod {
    /// The kind of the object that it is in, such as `Deployment`.
    pub kind: String,
    /// The object's namespace; empty where it says none.
    pub namespace: String,
    /// The object's name, or the start of a generated one.
    pub name: String,
    /// The file.
    pub file: Arc<str>,
    /// The line on which the object starts, from 1.
    pub line: usize,
    /// The lines on which its containers start, by their names.
    pub container_lines: BTreeMap<String, usize>,
    /// A manifest of kind Pod.
    pub manifest: Json,
}

/// What becomes of documents that are no Kubernetes objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// They are problems: somebody named the file.
    Refused,
    /// They are passed over: a folder holds all sorts.
    PassedOver,
}

/// What was found in manifests.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The pods, in the order of the texts.
    pub pods: Vec<ManifestPod>,
    /// How many objects there are that make no pods.
    pub passed_over: usize,
}

impl Manifests {
    /// Adds what a text holds; what is wrong with it becomes a problem.
    pub fn read(
        &mut self,
        sources: &Sources,
        id: SourceId,
        foreign: Foreign,
        problems: &mut Problems,
    ) {
        match parse(sources, id) {
            Ok(documents) => {
                for document in documents {
                    if foreign == Foreign::PassedOver && !is_object(&document) {
                        self.passed_over += 1;
                    } else {
                        self.add(sources, &document, 0, problems);
                    }
                }
            }
            Err(problem) => problems.add(problem),
        }
    }

    fn add(&mut self, sources: &Sources, object: &Node, depth: usize, problems: &mut Problems) {
        let text = |path: &[&str]| object.at(path).and_then(Node::text).unwrap_or_default();
        let kind = text(&["kind"]);
        if kind.is_empty() {
            if object.entries().is_empty()
                && object.text().is_none_or(|text| text.trim().is_empty())
            {
                // Documents of nothing but comments are usual.
                return;
            }
            problems.add(
                Problem::new(object.span, "this is no Kubernetes object: it has no kind")
                    .help("Each document needs apiVersion and kind"),
            );
            return;
        }
        if let Some(items) = object.get("items").filter(|_| kind.ends_with("List")) {
            if depth == MAX_DEPTH {
                problems.add(Problem::new(object.span, "lists inside lists go too deep"));
                return;
            }
            for item in items.items() {
                self.add(sources, item, depth + 1, problems);
            }
            return;
        }
        let Some((metadata, spec)) = pod_of(object, kind) else {
            self.passed_over += 1;
            return;
        };
        if self.pods.len() == MAX_PODS {
            let what = format!("there are more than {MAX_PODS} pods");
            problems.add(Problem::new(object.span, what));
            return;
        }
        let source = sources.get(object.span.source);
        let name = match text(&["metadata", "name"]) {
            "" => text(&["metadata", "generateName"]),
            name => name,
        };
        let mut metadata = metadata;
        if kind != "Pod" {
            metadata.insert("name".to_owned(), name.into());
        }
        self.pods.push(ManifestPod {
            kind: kind.to_owned(),
            namespace: text(&["metadata", "namespace"]).to_owned(),
            name: name.to_owned(),
            file: source.name.as_str().into(),
            line: sources.position(object.span).0,
            container_lines: container_lines(sources, spec),
            manifest: json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": metadata,
                "spec": spec.to_json(),
            }),
        });
    }
}

/// Whether a document says what it is, as every Kubernetes object does.
fn is_object(document: &Node) -> bool {
    ["apiVersion", "kind"].iter().all(|field| document.get(field).and_then(Node::text).is_some())
}

/// The lists of a pod's containers.
const CONTAINER_LISTS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];

fn container_lines(sources: &Sources, spec: &Node) -> BTreeMap<String, usize> {
    let lists = CONTAINER_LISTS.iter().filter_map(|list| spec.get(list));
    lists
        .flat_map(Node::items)
        .filter_map(|container| {
            let name = container.get("name")?.text()?;
            Some((name.to_owned(), sources.position(container.span).0))
        })
        .collect()
}

/// What is kept of a pod's metadata.
const METADATA: &[&str] = &["name", "generateName", "labels", "annotations"];

/// The metadata and the spec of the pods that an object stands for, if it stands for pods.
fn pod_of<'a>(object: &'a Node, kind: &str) -> Option<(Map<String, Json>, &'a Node)> {
    let template = if kind == "Pod" {
        object
    } else {
        let special = TEMPLATES.iter().find(|(known, _)| *known == kind);
        object.at(special.map_or(USUAL_TEMPLATE, |(_, path)| path))?
    };
    let spec = template.get("spec")?;
    if kind != "Pod" {
        // A template's spec has containers; whatever else is called so has not.
        spec.get("containers")?;
    }
    let kept = METADATA.iter().filter_map(|field| {
        let value = template.at(&["metadata", field])?;
        Some(((*field).to_owned(), value.to_json()))
    });
    Some((kept.collect(), spec))
}
