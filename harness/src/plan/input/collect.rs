//! From objects, one at a time, to a [`Snapshot`].

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::fields::{
    BudgetSpec, BudgetStatus, Metadata, Named, PodSpec, PodStatus, PodTemplate, WorkloadSpec,
    WorkloadStatus,
};
use super::identity::{identity_of, phase, reported};
use super::interned::Interned;
use super::object::{Kind, kind_of};
use super::placement::asked_of_nodes;
use crate::input::{MAX_OBJECTS, Part, RawObject, Sink, read};
use crate::nodes::NodeRecord;
use crate::plan::snapshot::{
    Budget, IdentityClass, MAX_PROBLEMS, Phase, PlacementClass, PodRecord, Recreation, Snapshot,
};
use crate::report::shown_line;

/// Namespace, kind and name.
pub(super) type Key = (String, String, String);

#[derive(Debug)]
pub(super) struct PodAndOwner {
    pub(super) record: PodRecord,
    pub(super) node: Option<Arc<str>>,
    pub(super) owner: Option<Key>,
    pub(super) is_static: bool,
}

#[derive(Debug)]
pub(super) struct Controller {
    pub(super) recreation: Recreation,
    pub(super) replicas: Option<usize>,
    pub(super) template: Option<(usize, usize)>,
    pub(super) template_labels: Option<usize>,
    pub(super) owner: Option<Key>,
}

/// Takes objects and makes a snapshot of them.
#[derive(Debug, Default)]
pub(super) struct Collector {
    source: String,
    objects: usize,
    /// What was read, and the uid of each.
    seen: HashMap<Key, Option<String>>,
    pub(super) nodes: Vec<NodeRecord>,
    node_names: HashSet<Arc<str>>,
    pub(super) pods: Vec<PodAndOwner>,
    pub(super) controllers: BTreeMap<Key, Controller>,
    pub(super) identities: Interned<IdentityClass, IdentityClass>,
    pub(super) placements: Interned<String, PlacementClass>,
    pub(super) labels: Interned<BTreeMap<String, String>, BTreeMap<String, String>>,
    pub(super) snapshot: Snapshot,
}

impl Sink for Collector {
    fn begin_source(&mut self, name: &str) {
        name.clone_into(&mut self.source);
    }

    /// The version that the API server says it has.
    fn set_api_server_version(&mut self, version: String) {
        self.snapshot.api_server_version = Some(version);
    }

    /// Notes that the API server keeps something to itself.
    fn not_read(&mut self, what: &'static str) {
        self.snapshot.not_read.push(what);
    }

    fn is_full(&self) -> bool {
        self.objects >= MAX_OBJECTS
    }

    /// Whether more than an object's name is of interest; also where its kind is yet to come.
    fn wants(&self, object: &RawObject) -> bool {
        object.kind.is_empty() || object.api_version.is_empty() || kind_of(object).is_some()
    }

    /// What was read so far, in words.
    fn understood(&self) -> String {
        let counts = self.snapshot.understood.iter().chain(&self.snapshot.passed_over);
        let words: Vec<_> = counts.map(|(kind, count)| format!("{count} {kind}")).collect();
        if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
    }

    /// Takes an object; false when there are too many.
    fn take(&mut self, object: RawObject) -> bool {
        if self.is_full() {
            return false;
        }
        self.objects += 1;
        let Some(kind) = kind_of(&object) else {
            if object.kind.is_empty() {
                self.refuse(object.line, "", "it has no kind");
            } else {
                let kind = shown_line(&object.kind);
                *self.snapshot.passed_over.entry(kind).or_default() += 1;
            }
            return true;
        };
        let (line, kind_name) = (object.line, object.kind.clone());
        let mut title = kind_name.clone();
        if let Err(error) = self.understand(kind, object, &mut title) {
            self.refuse(line, &title, &error);
        } else {
            *self.snapshot.understood.entry(kind_name).or_default() += 1;
        }
        true
    }

    /// Names an object that cannot be understood.
    fn refuse(&mut self, line: Option<u64>, title: &str, why: &str) {
        self.snapshot.problem_count += 1;
        if self.snapshot.problems.len() < MAX_PROBLEMS {
            let place = line.map_or_else(String::new, |line| format!(":{line}"));
            let title = if title.is_empty() { "an object" } else { title };
            let (title, why) = (shown_line(title), shown_line(why));
            let text = format!("{}{place}: {title} is left out: {why}", self.source);
            self.snapshot.problems.push(text);
        }
    }
}

impl Collector {
    fn understand(
        &mut self,
        kind: Kind,
        object: RawObject,
        title: &mut String,
    ) -> Result<(), String> {
        let named = object.metadata.as_ref().and_then(|part| part.read::<Named>().ok());
        if let Some(Named { name: Some(name) }) = named {
            *title = format!("{} {name}", object.kind);
        }
        let metadata: Metadata = read(object.metadata.as_ref())?;
        let name = metadata.name.clone().filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| "it has no name".to_owned())?;
        if kubernetes_objects::names::dns_subdomain(&name).is_err() {
            return Err("no object can have this name".to_owned());
        }
        let namespace = match kind {
            Kind::Node => String::new(),
            _ => metadata.namespace.clone().unwrap_or_else(|| "default".to_owned()),
        };
        *title = format!("{} {}", object.kind, qualified(&namespace, &name));
        let key = (namespace, object.kind, name);
        if let Some(known) = self.seen.get(&key) {
            if *known == metadata.uid {
                self.snapshot.read_twice += 1;
                return Ok(());
            }
            return Err("another one of this name was read before; give files of one cluster only"
                .to_owned());
        }
        self.seen.insert(key.clone(), metadata.uid.clone());
        let result = match kind {
            Kind::Node => self.node(&key.2, metadata, object.spec, object.status),
            Kind::Pod => self.pod(&key, &metadata, object.spec, object.status),
            Kind::Workload(recreation) => {
                self.controller(&key, recreation, &metadata, object.spec, object.status)
            }
            Kind::Budget => self.budget(&key, object.spec, object.status),
        };
        if result.is_err() {
            self.seen.remove(&key);
        }
        result
    }

    fn node(
        &mut self,
        name: &str,
        metadata: Metadata,
        spec: Option<Part>,
        status: Option<Part>,
    ) -> Result<(), String> {
        let labels = metadata.labels.unwrap_or_default();
        self.nodes.push(NodeRecord::read(name, labels, spec.as_ref(), status.as_ref())?);
        Ok(())
    }

    fn pod(
        &mut self,
        key: &Key,
        metadata: &Metadata,
        spec: Option<Part>,
        status: Option<Part>,
    ) -> Result<(), String> {
        let mut spec: PodSpec = read(spec.as_ref())?;
        let status: PodStatus = read(status.as_ref())?;
        let annotations = metadata.annotations.as_ref();
        let is_static =
            annotations.is_some_and(|all| all.contains_key("kubernetes.io/config.mirror"));
        let owner = if is_static { None } else { owner_of(&key.0, metadata) };
        let is_of_daemon_set = owner.as_ref().is_some_and(|owner| owner.1 == "DaemonSet");
        let node = spec.node_name.take().filter(|name| !name.is_empty());
        let identity = identity_of(metadata, &spec)?;
        let reported = reported(&identity, &status);
        let placement = self.placement(spec, is_of_daemon_set)?;
        let node = node.map(|name| match self.node_names.get(name.as_str()) {
            Some(known) => Arc::clone(known),
            None => {
                let name: Arc<str> = name.into();
                self.node_names.insert(Arc::clone(&name));
                name
            }
        });
        let ended = metadata.deletion_timestamp.is_some();
        let labels = metadata.labels.clone().unwrap_or_default();
        let labels = self.labels.place(labels, BTreeMap::clone);
        let record = PodRecord {
            namespace: key.0.clone(),
            name: key.2.clone(),
            node: None,
            identity: self.identities.place(identity, IdentityClass::clone),
            placement,
            workload: 0,
            labels,
            phase: if ended { Phase::Ended } else { phase(&status) },
            reported,
        };
        self.pods.push(PodAndOwner { record, node, owner, is_static });
        Ok(())
    }

    fn budget(
        &mut self,
        key: &Key,
        spec: Option<Part>,
        status: Option<Part>,
    ) -> Result<(), String> {
        let spec: BudgetSpec = read(spec.as_ref())?;
        let status: BudgetStatus = read(status.as_ref())?;
        let count = |number: Option<i64>| number.map(|number| usize::try_from(number).unwrap_or(0));
        self.snapshot.budgets.push(Budget {
            namespace: key.0.clone(),
            name: key.2.clone(),
            selector: spec.selector,
            allowed: count(status.disruptions_allowed),
            healthy: count(status.current_healthy),
            wanted: count(status.desired_healthy),
            expected: count(status.expected_pods),
            pods: Vec::new(),
        });
        Ok(())
    }

    fn controller(
        &mut self,
        key: &Key,
        recreation: Recreation,
        metadata: &Metadata,
        spec: Option<Part>,
        status: Option<Part>,
    ) -> Result<(), String> {
        let spec: WorkloadSpec = read(spec.as_ref())?;
        let status: WorkloadStatus = read(status.as_ref())?;
        let template = spec.template.or_else(|| {
            let job = spec.job_template.and_then(|template| template.spec);
            job.and_then(|job| job.template)
        });
        let labels = template.as_ref().map(|template| {
            let labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.clone());
            self.labels.place(labels.unwrap_or_default(), BTreeMap::clone)
        });
        let template = template.map(|template| self.template(template, recreation)).transpose()?;
        let wanted = match key.1.as_str() {
            "DaemonSet" => status.desired_number_scheduled,
            "Job" if spec.suspend == Some(true) => Some(0),
            "Job" => Some(spec.parallelism.unwrap_or(1)),
            "CronJob" if spec.suspend == Some(true) => Some(0),
            // As many as a run makes, whenever it is due.
            "CronJob" => None,
            _ => Some(spec.replicas.unwrap_or(1)),
        };
        let replicas = wanted.map(|count| usize::try_from(count).unwrap_or(0));
        let owner = owner_of(&key.0, metadata);
        let controller =
            Controller { recreation, replicas, template, template_labels: labels, owner };
        self.controllers.insert(key.clone(), controller);
        Ok(())
    }

    fn template(
        &mut self,
        template: PodTemplate,
        recreation: Recreation,
    ) -> Result<(usize, usize), String> {
        let metadata = template.metadata.unwrap_or_default();
        let spec = template.spec.unwrap_or_default();
        let identity = identity_of(&metadata, &spec)?;
        let placement = self.placement(spec, recreation == Recreation::OnTheSameNode)?;
        Ok((self.identities.place(identity, IdentityClass::clone), placement))
    }

    fn placement(&mut self, spec: PodSpec, is_of_daemon_set: bool) -> Result<usize, String> {
        let (spec, among_pods) = asked_of_nodes(spec, is_of_daemon_set);
        self.snapshot.has_pod_affinity |= among_pods.is_some();
        let key =
            serde_json::to_string(&(&spec, &among_pods)).map_err(|error| error.to_string())?;
        Ok(self.placements.place(key, |_| PlacementClass {
            pod: Pod { metadata: ObjectMeta::default(), spec: Some(spec), status: None },
            among_pods,
        }))
    }
}

fn qualified(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

fn owner_of(namespace: &str, metadata: &Metadata) -> Option<Key> {
    let owners = metadata.owner_references.as_deref().unwrap_or_default();
    let owner = owners.iter().find(|owner| owner.controller == Some(true))?;
    Some((namespace.to_owned(), owner.kind.clone(), owner.name.clone()))
}
