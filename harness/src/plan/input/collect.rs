//! From objects, one at a time, to a [`Snapshot`].

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    Container as KubernetesContainer, ContainerPort as KubernetesPort, NodeAffinity, Pod,
    PodSpec as KubernetesPodSpec, ResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::MAX_OBJECTS;
use super::fields::{
    Amount, BudgetSpec, BudgetStatus, Container, ContainerStatus, Metadata, Named, NodeSpec,
    NodeStatus, PodSpec, PodStatus, PodTemplate, WorkloadSpec, WorkloadStatus,
};
use crate::cluster::selects;
use crate::plan::snapshot::{
    Budget, ContainerClass, IdentityClass, MAX_PROBLEMS, NodeRecord, Phase, PlacementClass,
    PodRecord, Recreation, Reported, Snapshot, Workload,
};
use crate::report::shown_line;

/// A part of an object, not yet read.
#[derive(Debug)]
pub(super) enum Part {
    /// As it was written.
    Raw(Box<RawValue>),
    /// As YAML gave it.
    Value(Json),
}

impl Part {
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        match self {
            Self::Raw(raw) => serde_json::from_str(raw.get()),
            Self::Value(value) => T::deserialize(value),
        }
    }
}

/// An object's parts.
#[derive(Debug, Default)]
pub(super) struct RawObject {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) metadata: Option<Part>,
    pub(super) spec: Option<Part>,
    pub(super) status: Option<Part>,
    /// Where it begins, where that is known.
    pub(super) line: Option<u64>,
}

/// What a plan does with a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Node,
    Pod,
    Workload(Recreation),
    Budget,
}

/// The kinds that play a part, without their API groups' versions.
const KINDS: &[(&str, &str, Kind)] = &[
    ("", "Node", Kind::Node),
    ("", "Pod", Kind::Pod),
    ("", "ReplicationController", Kind::Workload(Recreation::Controller)),
    ("apps", "Deployment", Kind::Workload(Recreation::Controller)),
    ("apps", "ReplicaSet", Kind::Workload(Recreation::Controller)),
    ("apps", "StatefulSet", Kind::Workload(Recreation::Controller)),
    ("apps", "DaemonSet", Kind::Workload(Recreation::OnTheSameNode)),
    ("batch", "Job", Kind::Workload(Recreation::Controller)),
    ("batch", "CronJob", Kind::Workload(Recreation::Controller)),
    ("policy", "PodDisruptionBudget", Kind::Budget),
];

fn kind_of(object: &RawObject) -> Option<Kind> {
    let group = object.api_version.rsplit_once('/').map_or("", |(group, _)| group);
    KINDS.iter().find(|(g, k, _)| (*g, *k) == (group, object.kind.as_str())).map(|row| row.2)
}

/// Values, each kept once.
#[derive(Debug)]
struct Interned<K, V> {
    places: HashMap<K, usize>,
    values: Vec<V>,
}

impl<K, V> Default for Interned<K, V> {
    fn default() -> Self {
        Self { places: HashMap::new(), values: Vec::new() }
    }
}

impl<K: Hash + Eq, V> Interned<K, V> {
    fn place(&mut self, key: K, make: impl FnOnce(&K) -> V) -> usize {
        if let Some(place) = self.places.get(&key) {
            return *place;
        }
        let place = self.values.len();
        self.values.push(make(&key));
        self.places.insert(key, place);
        place
    }
}

/// Namespace, kind and name.
type Key = (String, String, String);

#[derive(Debug)]
struct PodAndOwner {
    record: PodRecord,
    node: Option<Arc<str>>,
    owner: Option<Key>,
    is_static: bool,
    /// In [`Collector::labels`].
    labels: usize,
}

#[derive(Debug)]
struct Controller {
    recreation: Recreation,
    replicas: Option<usize>,
    template: Option<(usize, usize)>,
    owner: Option<Key>,
}

/// Takes objects and makes a snapshot of them.
#[derive(Debug, Default)]
pub(super) struct Collector {
    source: String,
    objects: usize,
    /// What was read, and the uid of each.
    seen: HashMap<Key, Option<String>>,
    nodes: Vec<NodeRecord>,
    node_names: HashSet<Arc<str>>,
    pods: Vec<PodAndOwner>,
    controllers: BTreeMap<Key, Controller>,
    identities: Interned<IdentityClass, IdentityClass>,
    placements: Interned<String, PlacementClass>,
    labels: Interned<BTreeMap<String, String>, BTreeMap<String, String>>,
    snapshot: Snapshot,
}

impl Collector {
    pub(super) fn begin_source(&mut self, name: &str) {
        name.clone_into(&mut self.source);
    }

    /// The version that the API server says it has.
    pub(super) fn set_api_server_version(&mut self, version: String) {
        self.snapshot.api_server_version = Some(version);
    }

    /// Notes that the API server keeps something to itself.
    pub(super) fn not_read(&mut self, what: &'static str) {
        self.snapshot.not_read.push(what);
    }

    pub(super) fn is_full(&self) -> bool {
        self.objects >= MAX_OBJECTS
    }

    /// Whether more than an object's name is of interest; also where its kind is yet to come.
    pub(super) fn wants(&self, object: &RawObject) -> bool {
        object.kind.is_empty() || object.api_version.is_empty() || kind_of(object).is_some()
    }

    /// What was read so far, in words.
    pub(super) fn understood(&self) -> String {
        let counts = self.snapshot.understood.iter().chain(&self.snapshot.passed_over);
        let words: Vec<_> = counts.map(|(kind, count)| format!("{count} {kind}")).collect();
        if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
    }

    /// Takes an object; false when there are too many.
    pub(super) fn take(&mut self, object: RawObject) -> bool {
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
    pub(super) fn refuse(&mut self, line: Option<u64>, title: &str, why: &str) {
        self.snapshot.problem_count += 1;
        if self.snapshot.problems.len() < MAX_PROBLEMS {
            let place = line.map_or_else(String::new, |line| format!(":{line}"));
            let title = if title.is_empty() { "an object" } else { title };
            let (title, why) = (shown_line(title), shown_line(why));
            let text = format!("{}{place}: {title} is left out: {why}", self.source);
            self.snapshot.problems.push(text);
        }
    }

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
        let spec: NodeSpec = read(spec.as_ref())?;
        let status: NodeStatus = read(status.as_ref())?;
        let labels = metadata.labels.unwrap_or_default();
        let info = status.node_info.unwrap_or_default();
        let os = info.operating_system.as_ref().or_else(|| labels.get("kubernetes.io/os"));
        self.nodes.push(NodeRecord {
            name: name.to_owned(),
            is_windows: os.is_some_and(|os| os == "windows"),
            labels,
            taints: spec.taints.unwrap_or_default(),
            unschedulable: spec.unschedulable.unwrap_or(false),
            kubelet_version: info.kubelet_version,
            runtime_version: info.container_runtime_version,
            feature: status.features.and_then(|features| features.supplemental_groups_policy),
            allocatable: status
                .allocatable
                .unwrap_or_default()
                .into_iter()
                .map(|(resource, amount)| (resource, amount.0))
                .collect(),
        });
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
        let record = PodRecord {
            namespace: key.0.clone(),
            name: key.2.clone(),
            node: None,
            identity: self.identities.place(identity, IdentityClass::clone),
            placement,
            workload: 0,
            phase: if ended { Phase::Ended } else { phase(&status) },
            reported,
        };
        let labels = metadata.labels.clone().unwrap_or_default();
        let labels = self.labels.place(labels, BTreeMap::clone);
        self.pods.push(PodAndOwner { record, node, owner, is_static, labels });
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
        self.controllers.insert(key.clone(), Controller { recreation, replicas, template, owner });
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

    fn placement(&mut self, mut spec: PodSpec, is_of_daemon_set: bool) -> Result<usize, String> {
        if let Some(affinity) = &mut spec.affinity {
            let has_terms = affinity.pod_affinity.is_some() || affinity.pod_anti_affinity.is_some();
            self.snapshot.has_pod_affinity |= has_terms;
            affinity.pod_affinity = None;
            affinity.pod_anti_affinity = None;
            if is_of_daemon_set && let Some(nodes) = &mut affinity.node_affinity {
                forget_the_node(nodes);
            }
        }
        self.snapshot.has_pod_affinity |=
            spec.topology_spread_constraints.as_ref().is_some_and(|all| !all.is_empty());
        let all = |containers: Option<Vec<Container>>| -> Vec<_> {
            containers.unwrap_or_default().into_iter().map(asked_of_a_node).collect()
        };
        let init = all(spec.init_containers);
        let spec = KubernetesPodSpec {
            containers: all(spec.containers),
            init_containers: (!init.is_empty()).then_some(init),
            overhead: spec.overhead.map(quantities),
            node_selector: spec.node_selector.filter(|selector| !selector.is_empty()),
            affinity: spec.affinity.filter(|affinity| affinity.node_affinity.is_some()),
            tolerations: spec.tolerations.filter(|all| !all.is_empty()),
            ..KubernetesPodSpec::default()
        };
        let key = serde_json::to_string(&spec).map_err(|error| error.to_string())?;
        Ok(self.placements.place(key, |_| PlacementClass {
            pod: Pod { metadata: ObjectMeta::default(), spec: Some(spec), status: None },
        }))
    }

    /// The snapshot of everything that was taken.
    pub(super) fn finish(mut self) -> Snapshot {
        self.nodes.sort_by(|a, b| a.name.cmp(&b.name));
        let places: HashMap<&str, usize> =
            self.nodes.iter().enumerate().map(|(at, node)| (node.name.as_str(), at)).collect();
        let mut pods = std::mem::take(&mut self.pods);
        pods.sort_by(|a, b| {
            (&a.record.namespace, &a.record.name).cmp(&(&b.record.namespace, &b.record.name))
        });
        let mut workloads: BTreeMap<Key, Workload> = BTreeMap::new();
        for (at, pod) in pods.iter_mut().enumerate() {
            pod.record.node = pod.node.as_deref().and_then(|name| places.get(name).copied());
            let key = match &pod.owner {
                Some(owner) => self.top(owner),
                None => (pod.record.namespace.clone(), "Pod".to_owned(), pod.record.name.clone()),
            };
            let workload = workloads.entry(key.clone()).or_insert_with(|| self.workload(key));
            if pod.is_static {
                workload.recreation = Recreation::Kubelet;
            }
            workload.pods.push(at);
        }
        for (key, controller) in &self.controllers {
            if controller.owner.is_none() && controller.template.is_some() {
                workloads.entry(key.clone()).or_insert_with(|| self.workload(key.clone()));
            }
        }
        self.find_budgets_pods(&pods);
        let workloads: Vec<_> = workloads.into_values().collect();
        for (place, workload) in workloads.iter().enumerate() {
            for at in &workload.pods {
                pods[*at].record.workload = place;
            }
        }
        Snapshot {
            nodes: self.nodes,
            pods: pods.into_iter().map(|pod| pod.record).collect(),
            workloads,
            identities: self.identities.values,
            placements: self.placements.values,
            ..self.snapshot
        }
    }

    /// Which pods each budget is about. Labels are compared once for all pods that share them.
    fn find_budgets_pods(&mut self, pods: &[PodAndOwner]) {
        let budgets = &mut self.snapshot.budgets;
        budgets.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        for budget in budgets {
            let Some(selector) = &budget.selector else { continue };
            let mut selected: Vec<Option<bool>> = vec![None; self.labels.values.len()];
            let first = pods.partition_point(|pod| pod.record.namespace < budget.namespace);
            let of_namespace = pods[first..].iter().enumerate();
            for (at, pod) in
                of_namespace.take_while(|(_, pod)| pod.record.namespace == budget.namespace)
            {
                let is_selected = *selected[pod.labels].get_or_insert_with(|| {
                    selects(selector, Some(&self.labels.values[pod.labels]))
                });
                if is_selected && pod.record.is_active() {
                    budget.pods.push(first + at);
                }
            }
        }
    }

    /// The controller's controller, such as the Deployment of a `ReplicaSet`.
    fn top(&self, owner: &Key) -> Key {
        let mut top = owner;
        // Owners of owners of owners exist; circles in hostile input do, too.
        for _ in 0..4 {
            match self.controllers.get(top).and_then(|controller| controller.owner.as_ref()) {
                Some(next) => top = next,
                None => break,
            }
        }
        top.clone()
    }

    fn workload(&self, key: Key) -> Workload {
        let known = self.controllers.get(&key);
        let (namespace, kind, name) = key;
        let recreation = known.map(|known| known.recreation).unwrap_or(match kind.as_str() {
            "Pod" => Recreation::Never,
            "DaemonSet" => Recreation::OnTheSameNode,
            _ => Recreation::Controller,
        });
        Workload {
            namespace,
            kind,
            name,
            recreation,
            replicas: known.and_then(|known| known.replicas),
            template: known.and_then(|known| known.template),
            pods: Vec::new(),
        }
    }
}

fn quantities(amounts: BTreeMap<String, Amount>) -> BTreeMap<String, Quantity> {
    amounts.into_iter().map(|(resource, amount)| (resource, Quantity(amount.0))).collect()
}

/// A container with nothing but what it asks of a node.
fn asked_of_a_node(container: Container) -> KubernetesContainer {
    let requests = container.resources.and_then(|all| all.requests).map(quantities);
    let ports = container.ports.unwrap_or_default();
    let ports = ports.into_iter().filter(|port| port.host_port.is_some_and(|port| port > 0));
    let ports: Vec<_> = ports
        .map(|port| KubernetesPort {
            container_port: port.container_port,
            host_port: port.host_port,
            host_ip: port.host_ip,
            protocol: port.protocol,
            name: None,
        })
        .collect();
    KubernetesContainer {
        name: "c".to_owned(),
        ports: (!ports.is_empty()).then_some(ports),
        resources: requests.filter(|all| !all.is_empty()).map(|requests| ResourceRequirements {
            requests: Some(requests),
            ..ResourceRequirements::default()
        }),
        restart_policy: container.restart_policy,
        ..KubernetesContainer::default()
    }
}

fn qualified(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

fn read<T: DeserializeOwned + Default>(part: Option<&Part>) -> Result<T, String> {
    let read: Option<T> = part
        .map(Part::read)
        .transpose()
        .map_err(|error| {
            let message = error.to_string();
            // The place is within the part, and would mislead.
            message.split(" at line ").next().unwrap_or_default().to_owned()
        })?
        .flatten();
    Ok(read.unwrap_or_default())
}

fn owner_of(namespace: &str, metadata: &Metadata) -> Option<Key> {
    let owners = metadata.owner_references.as_deref().unwrap_or_default();
    let owner = owners.iter().find(|owner| owner.controller == Some(true))?;
    Some((namespace.to_owned(), owner.kind.clone(), owner.name.clone()))
}

/// Takes out what ties each pod of a `DaemonSet` to its own node.
fn forget_the_node(affinity: &mut NodeAffinity) {
    let Some(required) = &mut affinity.required_during_scheduling_ignored_during_execution else {
        return;
    };
    for term in &mut required.node_selector_terms {
        term.match_fields = None;
    }
    required.node_selector_terms.retain(|term| {
        term.match_expressions.as_ref().is_some_and(|expressions| !expressions.is_empty())
    });
    if required.node_selector_terms.is_empty() {
        affinity.required_during_scheduling_ignored_during_execution = None;
    }
}

fn phase(status: &PodStatus) -> Phase {
    match (status.phase.as_deref(), status.reason.as_deref()) {
        (Some("Failed"), Some("SupplementalGroupsPolicyNotSupported")) => Phase::Rejected,
        (Some("Failed" | "Succeeded"), _) => Phase::Ended,
        (Some("Pending"), _) => Phase::Pending,
        _ => Phase::Running,
    }
}

fn identity_of(metadata: &Metadata, spec: &PodSpec) -> Result<IdentityClass, String> {
    let class = |container: &Container, is_init: bool| {
        let context = container.security_context.as_ref();
        ContainerClass {
            name: container.name.clone(),
            image: container.image.clone().unwrap_or_default(),
            run_as_user: context.and_then(|context| context.run_as_user),
            run_as_group: context.and_then(|context| context.run_as_group),
            run_as_non_root: context.and_then(|context| context.run_as_non_root),
            is_init,
        }
    };
    let main = spec.containers.iter().flatten().map(|container| class(container, false));
    let init = spec.init_containers.iter().flatten().map(|container| class(container, true));
    let containers: Vec<_> = main.chain(init).collect();
    if containers.is_empty() {
        return Err("it has no containers".to_owned());
    }
    let context = spec.security_context.as_ref();
    let labels = metadata.labels.as_ref();
    Ok(IdentityClass {
        policy: context.and_then(|context| context.supplemental_groups_policy.clone()),
        run_as_user: context.and_then(|context| context.run_as_user),
        run_as_group: context.and_then(|context| context.run_as_group),
        run_as_non_root: context.and_then(|context| context.run_as_non_root),
        fs_group: context.and_then(|context| context.fs_group),
        supplemental_groups: context
            .and_then(|context| context.supplemental_groups.clone())
            .unwrap_or_default(),
        os: spec.os.as_ref().map(|os| os.name.clone()),
        os_label: labels.and_then(|labels| labels.get("kubernetes.io/os").cloned()),
        containers,
    })
}

/// Who the containers are, in the class's order; nothing where none is reported.
fn reported(identity: &IdentityClass, status: &PodStatus) -> Vec<Option<Reported>> {
    let of = |statuses: &Option<Vec<ContainerStatus>>, name: &str| {
        let found = statuses.iter().flatten().find(|status| status.name == name)?;
        let user = found.user.as_ref()?.linux.as_ref()?;
        let mut groups = user.supplemental_groups.clone().unwrap_or_default();
        groups.sort_unstable();
        groups.dedup();
        Some(Reported { uid: user.uid, gid: user.gid, groups })
    };
    let all: Vec<_> = identity
        .containers
        .iter()
        .map(|container| {
            let statuses = if container.is_init {
                &status.init_container_statuses
            } else {
                &status.container_statuses
            };
            of(statuses, &container.name)
        })
        .collect();
    if all.iter().all(Option::is_none) { Vec::new() } else { all }
}
