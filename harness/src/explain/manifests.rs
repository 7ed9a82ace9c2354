//! Pods out of manifests: pods themselves, and the templates of everything that makes pods.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use kubernetes_objects::decode::{self, FieldValidation};
use kubernetes_objects::resource;
use serde_json::{Map, Value as Json, json};
use thiserror::Error;

use super::reported::{Reported, reported};
use super::volumes::Volumes;
use crate::document::{Node, Problem, Problems, SourceId, Sources, Value, parse_manifests};
use crate::input::Part;
use crate::nodes::NodeRecord;

/// What to do about what is no object.
const HELP: &str = "write a Kubernetes object, with apiVersion and kind";
/// The most pods of all manifests together, and the most nodes.
const MOST: usize = 100_000;
/// How many objects may own one another in a row: a CronJob, its Job, and the Job's pods are three.
const MAX_OWNERS: usize = 5;
/// The most reports that are kept of a container.
const MOST_REPORTS: usize = 1_000;
/// How deep lists may lie in lists.
const MAX_DEPTH: usize = 4;

/// Where the kinds that make pods keep the pod's template.
const TEMPLATES: &[(&str, &[&str])] = &[
    ("Pod", &[]),
    ("CronJob", &["spec", "jobTemplate", "spec", "template"]),
    ("PodTemplate", &["template"]),
];
/// The groups and kinds that are there for pods, and make them whatever else they say.
const MAKERS: &[(&str, &str)] = &[
    ("", "Pod"),
    ("", "ReplicationController"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("batch", "CronJob"),
    ("batch", "Job"),
];
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
    /// What makes the pod, as it is to be created; none of a pod itself, and of what is from a
    /// cluster, whose API server has taken it.
    pub workload: Option<Json>,
    /// Its uid, where it is from a cluster.
    pub uid: Option<String>,
    /// The uid of the controller that made it.
    pub owner: Option<String>,
    /// The nodes that it runs on, and those of the pods like it that its controller made.
    pub nodes: BTreeSet<String>,
    /// The names of the templates after which a `StatefulSet` makes claims for it.
    pub claim_templates: Vec<String>,
    /// Who its containers are, by their names, as it reports it itself, or as the pods do that its
    /// controllers made of it.
    pub reported: BTreeMap<String, Vec<Reported>>,
    /// What the API server says of fields that it does not know; none where it does not know the
    /// kind.
    pub unknown_fields: Option<Vec<String>>,
}

impl ManifestPod {
    /// Whether it runs on Windows, where there are no groups.
    #[must_use]
    pub fn is_for_windows(&self) -> bool {
        let spec = &self.manifest["spec"];
        spec["os"]["name"] == "windows" || spec["nodeSelector"]["kubernetes.io/os"] == "windows"
    }

    /// Adds what is reported of its containers; once for each node is enough.
    fn report(&mut self, reported: impl IntoIterator<Item = (String, Vec<Reported>)>) {
        for (container, reports) in reported {
            let known = self.reported.entry(container).or_default();
            for one in reports {
                if known.len() < MOST_REPORTS && !known.contains(&one) {
                    known.push(one);
                }
            }
        }
    }
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
    /// The nodes, where a cluster was read.
    pub nodes: Vec<NodeRecord>,
    /// The persistent volumes and the claims that were read.
    pub volumes: Volumes,
    /// Whether a cluster's volumes may not be listed.
    pub has_unread_volumes: bool,
    /// What the API server says of its version, where it was asked.
    pub api_server_version: Option<String>,
    /// By controller and by what its pods are like: the first of them, in `pods`.
    made: HashMap<(String, u64), usize>,
    node_names: HashSet<String>,
}

/// Where an object is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<str>,
    /// The line on which the object starts, from 1.
    pub line: usize,
    /// The lines on which its containers start, by their names.
    pub container_lines: BTreeMap<String, usize>,
}

/// What the objects of a typed list are, which do not say it themselves; nothing of any other list.
#[derive(Debug, Clone, Copy, Default)]
struct ListOf<'a> {
    api_version: &'a str,
    kind: &'a str,
}

/// How an object is read.
#[derive(Clone, Copy)]
struct Reading<'a> {
    sources: &'a Sources,
    foreign: Foreign,
    list_of: ListOf<'a>,
    /// In how many lists it is.
    depth: usize,
}

/// Why an object is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PushError {
    /// There are more than anybody looks at.
    #[error("there are more than {MOST} {0} that differ")]
    TooMany(&'static str),
    /// A node does not say what it is in the way that nodes do.
    #[error("Node {name} cannot be understood: {why}")]
    Node {
        /// Its name.
        name: String,
        /// What is wrong.
        why: String,
    },
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
        match parse_manifests(sources, id) {
            Ok(documents) => {
                for document in documents {
                    if foreign == Foreign::PassedOver && !is_object(&document) {
                        self.passed_over += 1;
                    } else {
                        find_doubles(&document, problems);
                        let reading =
                            Reading { sources, foreign, list_of: ListOf::default(), depth: 0 };
                        self.add(&document, reading, problems);
                    }
                }
            }
            Err(problem) => problems.add(problem),
        }
    }

    /// Adds an object, or the objects of a list; those of a typed list do not say their kind.
    fn add(&mut self, object: &Node, reading: Reading<'_>, problems: &mut Problems) {
        let Reading { sources, foreign, list_of, depth } = reading;
        let written = object.get("kind");
        if let Some(kind) = written.filter(|kind| !matches!(kind.value, Value::String(_))) {
            let message = format!("kind must be a text, and is {}", kind.kind());
            return problems.add(Problem::new(kind.span, message));
        }
        let kind = written.and_then(Node::text).unwrap_or(list_of.kind);
        let api_version = object.get("apiVersion").and_then(Node::text);
        let api_version = api_version.unwrap_or(list_of.api_version);
        if kind.is_empty() {
            let message = match &object.value {
                // Documents of nothing but comments are usual.
                Value::Null => return,
                Value::String(text) if text.trim().is_empty() => return,
                Value::Mapping(entries) if entries.is_empty() && depth == 0 => return,
                Value::Mapping(_) => "this is no Kubernetes object: it has no kind".to_owned(),
                _ => format!("this is no Kubernetes object: it is {}", object.kind()),
            };
            return problems.add(Problem::new(object.span, message).help(HELP));
        }
        let listed = kind.strip_suffix("List");
        if let (Some(items), Some(listed)) = (object.get("items"), listed) {
            if depth == MAX_DEPTH {
                problems.add(Problem::new(object.span, "lists inside lists go too deep"));
                return;
            }
            if !matches!(items.value, Value::List(_) | Value::Null) {
                let message = format!("items of a {kind} must be a list, and are {}", items.kind());
                return problems.add(Problem::new(items.span, message));
            }
            for (index, item) in items.items().iter().enumerate() {
                if matches!(item.value, Value::Mapping(_)) {
                    let list_of = if listed.is_empty() {
                        ListOf::default()
                    } else {
                        ListOf { api_version, kind: listed }
                    };
                    let reading = Reading { list_of, depth: depth + 1, ..reading };
                    self.add(item, reading, problems);
                } else {
                    let message =
                        format!("item {} of the list is {}, and no object", index + 1, item.kind());
                    problems.add(Problem::new(item.span, message).help(HELP));
                }
            }
            return;
        }
        if api_version.is_empty() {
            let message = "this is no Kubernetes object: it has no apiVersion";
            return problems.add(Problem::new(object.span, message).help(HELP));
        }
        if let Some(meant) = meant(kind) {
            let message = format!("no kind is called {kind}; did you mean {meant}?");
            return problems.add(Problem::new(object.span, message));
        }
        let place = Place {
            file: sources.get(object.span.source).name.as_str().into(),
            line: sources.position(object.span).0,
            container_lines: container_lines(sources, object, kind),
        };
        let mut json = object.to_json();
        json["apiVersion"] = api_version.into();
        json["kind"] = kind.into();
        // Folders hold patches, too, which say only what is to be changed.
        if foreign == Foreign::PassedOver && kind != "Pod" && is_maker(kind, &json) {
            let template = object.at(template(kind));
            let containers = template.and_then(|template| template.at(&["spec", "containers"]));
            if containers.is_none() && !has_odd_fields(kind, &json) {
                self.passed_over += 1;
                return;
            }
        }
        if let Err(error) = self.push(kind, &json, place) {
            problems.add(Problem::new(object.span, error.to_string()));
        }
    }

    /// Adds an object that is understood.
    ///
    /// # Errors
    /// [`PushError`].
    pub fn push(&mut self, kind: &str, object: &Json, place: Place) -> Result<(), PushError> {
        if kind == "Node" {
            return self.push_node(object);
        }
        let Some(manifest) = pod_of(kind, object) else {
            self.volumes.add(kind, object);
            if self.volumes.len() > MOST {
                return Err(PushError::TooMany("volumes"));
            }
            self.passed_over += 1;
            return Ok(());
        };
        let text = |path: &str| object.pointer(path).and_then(Json::as_str);
        let owners = object.pointer("/metadata/ownerReferences").and_then(Json::as_array);
        let controller = owners.into_iter().flatten().find(|owner| owner["controller"] == true);
        let owner = controller.and_then(|owner| owner["uid"].as_str());
        let node = manifest["spec"]["nodeName"].as_str().filter(|name| !name.is_empty());
        let nodes: BTreeSet<String> = node.map(str::to_owned).into_iter().collect();
        let reported = if kind == "Pod" { reported(object) } else { BTreeMap::new() };
        if let Some(owner) = owner {
            let first = self.made.entry((owner.to_owned(), hash(&manifest["spec"])));
            let first = *first.or_insert(self.pods.len());
            if let Some(first) = self.pods.get_mut(first) {
                first.nodes.extend(nodes);
                first.report(reported.into_iter().map(|(name, one)| (name, vec![one])));
                return Ok(());
            }
        }
        if self.pods.len() == MOST {
            return Err(PushError::TooMany("pods"));
        }
        let name = text("/metadata/name").or_else(|| text("/metadata/generateName"));
        let unknown_fields = unknown_fields(kind, object);
        self.pods.push(ManifestPod {
            kind: kind.to_owned(),
            namespace: text("/metadata/namespace").unwrap_or_default().to_owned(),
            name: name.unwrap_or_default().to_owned(),
            file: place.file,
            line: place.line,
            container_lines: place.container_lines,
            manifest,
            workload: workload(kind, object),
            uid: text("/metadata/uid").map(str::to_owned),
            owner: owner.map(str::to_owned),
            nodes,
            claim_templates: claim_templates(object),
            reported: reported.into_iter().map(|(name, one)| (name, vec![one])).collect(),
            unknown_fields,
        });
        Ok(())
    }

    fn push_node(&mut self, object: &Json) -> Result<(), PushError> {
        let name = object.pointer("/metadata/name").and_then(Json::as_str).unwrap_or_default();
        if self.nodes.len() == MOST {
            return Err(PushError::TooMany("nodes"));
        }
        let labels = object.pointer("/metadata/labels").and_then(Json::as_object);
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let labels = labels.into_iter().flatten().map(|(key, value)| (key.clone(), text(value)));
        let part = |field: &str| object.get(field).cloned().map(Part::Value);
        let (spec, status) = (part("spec"), part("status"));
        let node = NodeRecord::read(name, labels.collect(), spec.as_ref(), status.as_ref())
            .map_err(|why| PushError::Node { name: name.to_owned(), why })?;
        if self.node_names.insert(name.to_owned()) {
            self.nodes.push(node);
        }
        Ok(())
    }

    /// Leaves out what a controller has made that is there itself: its template says the same. What
    /// the pods report goes to whoever made them first.
    pub fn leave_out_what_is_made(&mut self) {
        let uids = self.pods.iter().enumerate();
        let makers: HashMap<String, usize> =
            uids.filter_map(|(at, pod)| Some((pod.uid.clone()?, at))).collect();
        let maker = |pod: &ManifestPod| makers.get(pod.owner.as_ref()?).copied();
        // Who is their own owner, over however many others, is made by nobody.
        let top = |at: usize| {
            let makers = std::iter::successors(Some(at), |at| maker(&self.pods[*at]));
            let top = makers.take(MAX_OWNERS).try_fold(at, |last, next| {
                if next == at && last != at { None } else { Some(next) }
            });
            top.unwrap_or(at)
        };
        let tops: Vec<usize> = (0..self.pods.len()).map(top).collect();
        for (at, top) in tops.iter().enumerate().filter(|(at, top)| at != *top) {
            let reported = std::mem::take(&mut self.pods[at].reported);
            self.pods[*top].report(reported);
        }
        let mut tops = tops.into_iter().enumerate();
        self.pods.retain(|_| tops.next().is_some_and(|(at, top)| at == top));
    }
}

/// What makes pods, with what is kept of its metadata; none of what no longer is to be created.
fn workload(kind: &str, object: &Json) -> Option<Json> {
    if kind == "Pod" || object.pointer("/metadata/uid").is_some() {
        return None;
    }
    let mut workload = object.as_object()?.clone();
    workload.remove("status");
    workload.insert("metadata".to_owned(), Json::Object(metadata_of(object)));
    Some(Json::Object(workload))
}

/// What an API server that knows all fields says of an object's; none for kinds of others.
fn unknown_fields(kind: &str, object: &Json) -> Option<Vec<String>> {
    let version = object.get("apiVersion").and_then(Json::as_str)?;
    let resource = resource::of_kind(version, kind)?;
    let checked = decode::checked(object, resource, "", FieldValidation::Warn).ok()?;
    Some(checked.warnings)
}

/// Names keys that stand twice: readers differ in which of them counts.
fn find_doubles(node: &Node, problems: &mut Problems) {
    let mut seen = HashSet::new();
    for entry in node.entries() {
        if !seen.insert(&*entry.key) {
            problems.add(
                Problem::new(
                    entry.key_span,
                    format!("{:?} stands here a second time", &*entry.key),
                )
                .help("Keep one of them: kubectl takes the last, other readers the first"),
            );
        }
        find_doubles(&entry.value, problems);
    }
    node.items().iter().for_each(|item| find_doubles(item, problems));
}

/// What makes two pods of a controller alike: who they are to be, not where they run.
const OF_IDENTITY: &[&str] =
    &["securityContext", "initContainers", "containers", "ephemeralContainers", "os"];

fn hash(spec: &Json) -> u64 {
    let mut hasher = DefaultHasher::new();
    for field in OF_IDENTITY {
        // Text is the same where the JSON is: maps are sorted.
        spec.get(*field).map(Json::to_string).hash(&mut hasher);
    }
    hasher.finish()
}

/// Whether a document says what it is, as every Kubernetes object does; of what is there for pods
/// the kind is enough.
fn is_object(document: &Node) -> bool {
    let text = |field| document.get(field).and_then(Node::text);
    let Some(kind) = text("kind") else { return false };
    text("apiVersion").is_some() || MAKERS.iter().any(|(_, known)| *known == kind)
}

/// The kind that is there for pods and differs from this one in capital letters only.
fn meant(kind: &str) -> Option<&'static str> {
    let is_meant = |known: &&str| known.eq_ignore_ascii_case(kind) && *known != kind;
    MAKERS.iter().map(|(_, known)| *known).find(is_meant)
}

/// Whether an object has fields that its kind has not; those of patches are no mistakes.
fn has_odd_fields(kind: &str, object: &Json) -> bool {
    let unknown = unknown_fields(kind, object).unwrap_or_default();
    unknown.iter().any(|field| field.starts_with("unknown field") && !field.contains('$'))
}

/// The lists of a pod's containers.
pub(super) const CONTAINER_LISTS: &[&str] =
    &["containers", "initContainers", "ephemeralContainers"];

fn container_lines(sources: &Sources, object: &Node, kind: &str) -> BTreeMap<String, usize> {
    let Some(spec) = object.at(template(kind)).and_then(|template| template.get("spec")) else {
        return BTreeMap::new();
    };
    let lists = CONTAINER_LISTS.iter().filter_map(|list| spec.get(list));
    lists
        .flat_map(Node::items)
        .filter_map(|container| {
            let name = container.get("name")?.text()?;
            Some((name.to_owned(), sources.position(container.span).0))
        })
        .collect()
}

/// What of an object's metadata says how it is created.
const METADATA: &[&str] = &["name", "generateName", "labels", "annotations"];

/// Where a kind keeps the template of its pods; a pod is its own.
fn template(kind: &str) -> &'static [&'static str] {
    let special = TEMPLATES.iter().find(|(known, _)| *known == kind);
    special.map_or(USUAL_TEMPLATE, |(_, path)| path)
}

/// The pod that an object stands for, if it stands for pods.
fn pod_of(kind: &str, object: &Json) -> Option<Json> {
    let template = template(kind).iter().try_fold(object, |value, field| value.get(field));
    let (template, spec) = match template.and_then(|found| Some((found, found.get("spec")?))) {
        // The spec of a template has containers; whatever else is called so has not.
        Some((template, spec)) if spec.get("containers").is_some() => (template, spec),
        // The API server says what is missing.
        found if is_maker(kind, object) => found.unwrap_or((&Json::Null, &Json::Null)),
        _ => return None,
    };
    let mut metadata = metadata_of(template);
    if kind != "Pod" {
        // Its maker's name does for it.
        for field in ["name", "generateName"] {
            metadata.remove(field);
            if let Some(name) = object["metadata"].get(field) {
                metadata.insert(field.to_owned(), name.clone());
            }
        }
    }
    Some(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}))
}

/// Whether an object is of a kind that is there for pods.
fn is_maker(kind: &str, object: &Json) -> bool {
    let version = object.get("apiVersion").and_then(Json::as_str).unwrap_or_default();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    MAKERS.contains(&(group, kind))
}

fn claim_templates(object: &Json) -> Vec<String> {
    let templates = object.pointer("/spec/volumeClaimTemplates").and_then(Json::as_array);
    let names = templates.into_iter().flatten();
    names.filter_map(|one| one["metadata"]["name"].as_str().map(str::to_owned)).collect()
}

/// What is kept of an object's metadata.
fn metadata_of(object: &Json) -> Map<String, Json> {
    let kept = METADATA.iter().filter_map(|field| {
        let value = object.get("metadata")?.get(field)?;
        Some(((*field).to_owned(), value.clone()))
    });
    kept.collect()
}
