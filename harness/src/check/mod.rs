//! Whether expectations hold, and how what is differs from what was expected.

mod event;
mod identity;
mod metric;
mod partial;
mod pod;
mod pods;

use std::fmt;

use fake_kubelet::api::NodeApi;
use kubernetes_objects::resource::{self, Resource};
use serde_json::Value as Json;

use crate::cluster::Cluster;
use crate::scenario::{DEFAULT_NAMESPACE, Expectation, Measurement, ObjectName};

pub use identity::{parse_id_output, parse_process_status};
pub(crate) use pod::container_status;

/// One thing that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What is compared: a field's path, a command, an event.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What is.
    pub observed: String,
}

impl Difference {
    /// A difference in `what`.
    pub fn new(
        what: impl Into<String>,
        expected: impl fmt::Display,
        observed: impl fmt::Display,
    ) -> Self {
        Self { what: what.into(), expected: expected.to_string(), observed: observed.to_string() }
    }
}

/// Everything about an expectation that does not hold in the cluster now.
pub async fn check(expectation: &Expectation, cluster: &Cluster) -> Vec<Difference> {
    let mut differences = Vec::new();
    if let Some(name) = &expectation.pod {
        pod::check(name, expectation, cluster, &mut differences).await;
    } else if let Some(name) = &expectation.node {
        check_node(name, expectation, cluster, &mut differences);
    } else if let Some(pattern) = &expectation.event {
        let namespace = namespace_of(expectation.namespace.as_deref());
        event::check(pattern, namespace, cluster, &mut differences);
    } else if let Some(pattern) = &expectation.metric {
        metric::check(pattern, cluster, &mut differences);
    } else if let Some(pattern) = &expectation.pods {
        pods::check(pattern, cluster, &mut differences);
    } else if let Some(wanted) = &expectation.object {
        check_object(wanted, cluster, &mut differences);
    } else if let Some(name) = &expectation.absent {
        check_absent(name, cluster, &mut differences);
    }
    differences
}

/// What a measurement is of, and how much of it there is now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measured {
    /// The metric or the pods, in words.
    pub(crate) what: String,
    /// How much; nothing where the node that counts has no kubelet.
    pub(crate) value: Option<f64>,
}

/// Looks at what a measurement is of.
pub(crate) fn measured(measurement: &Measurement, cluster: &Cluster) -> Measured {
    match (&measurement.metric, &measurement.pods) {
        (Some(metric), _) => {
            Measured { what: metric::words(metric), value: metric::value(metric, cluster) }
        }
        (None, Some(pods)) => {
            #[allow(clippy::cast_precision_loss, reason = "there are far fewer pods than 2^53")]
            let count = pods::count(pods, cluster) as f64;
            Measured { what: pods::words(pods), value: Some(count) }
        }
        (None, None) => Measured { what: "nothing".to_owned(), value: Some(0.0) },
    }
}

/// The namespace meant when one may be left out.
fn namespace_of(given: Option<&str>) -> &str {
    given.unwrap_or(DEFAULT_NAMESPACE)
}

fn check_node(
    name: &str,
    expectation: &Expectation,
    cluster: &Cluster,
    differences: &mut Vec<Difference>,
) {
    let Some(node) = cluster.api.node(name) else {
        differences.push(Difference::new(format!("node {name}"), "a node object", "none"));
        return;
    };
    partial::check_parts(expectation, &as_json(&*node), &format!("node {name}: "), differences);
}

fn check_object(wanted: &Json, cluster: &Cluster, differences: &mut Vec<Difference>) {
    let text = |path: &str| wanted.pointer(path).and_then(Json::as_str);
    let kind = text("/kind").unwrap_or_default();
    let name = text("/metadata/name").unwrap_or_default();
    let Some(resource) = of_kind(text("/apiVersion"), kind) else {
        differences.push(Difference::new(
            format!("{kind} {name}"),
            "a kind that the cluster knows",
            "it knows none of this name",
        ));
        return;
    };
    let namespace = namespace_of(text("/metadata/namespace"));
    let namespace = if resource.namespaced { namespace } else { "" };
    let found = cluster.api.object(resource, namespace, name).map(|object| object.to_json());
    let what = format!("{} {name}", kind.to_lowercase());
    match found {
        Some(mut object) => {
            // Objects in the store carry no kind; the manifest's own is right by the look-up.
            for field in ["kind", "apiVersion"] {
                if let (Some(value), Some(object)) = (wanted.get(field), object.as_object_mut()) {
                    object.insert(field.to_owned(), value.clone());
                }
            }
            partial::compare(wanted, Some(&object), &format!("{what}: "), differences);
        }
        None => differences.push(Difference::new(what, "an object", "none")),
    }
}

/// The resource whose objects alone decide whether an expectation holds; none where other things
/// do, such as what counts or what runs in a container.
pub(crate) fn decided_by(expectation: &Expectation) -> Option<&'static Resource> {
    let core = |plural| resource::find("", "v1", plural);
    let asks_inside = [&expectation.identity, &expectation.id, &expectation.process];
    if expectation.pod.is_some() {
        let asks_nobody = asks_inside.into_iter().all(Option::is_none);
        return core("pods").filter(|_| asks_nobody);
    }
    if expectation.pods.is_some() {
        return core("pods");
    }
    if expectation.node.is_some() {
        return core("nodes");
    }
    if expectation.event.is_some() {
        return core("events");
    }
    if let Some(object) = &expectation.object {
        let text = |field: &str| object.get(field).and_then(Json::as_str);
        return of_kind(text("apiVersion"), text("kind")?);
    }
    expectation.absent.as_ref().map(|name| name.kind.resource())
}

/// The resource of a kind; where no version is given, the first that has it.
fn of_kind(api_version: Option<&str>, kind: &str) -> Option<&'static Resource> {
    match api_version {
        Some(version) => resource::of_kind(version, kind),
        None => resource::RESOURCES.iter().find(|one| one.kind == kind),
    }
}

fn check_absent(name: &ObjectName, cluster: &Cluster, differences: &mut Vec<Difference>) {
    let namespace = namespace_of(name.namespace.as_deref());
    let resource = name.kind.resource();
    let namespace = if resource.namespaced { namespace } else { "" };
    let kind = resource.singular;
    if cluster.api.object(resource, namespace, &name.name).is_some() {
        differences.push(Difference::new(format!("{kind} {}", name.name), "none", "it exists"));
    }
}

/// A Kubernetes object as JSON.
fn as_json<T: serde::Serialize>(object: &T) -> Json {
    serde_json::to_value(object).expect("Kubernetes objects are always valid JSON")
}
