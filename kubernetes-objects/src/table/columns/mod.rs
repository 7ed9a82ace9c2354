//! The columns of each resource's table, as Kubernetes 1.36 prints them: names, descriptions and
//! priorities are what its API server sends; a priority above 0 is shown in wide output only.

mod configuration;
mod nodes_and_pods;
mod workloads;

use serde_json::Value as Json;

use super::object::text;
use super::{Column, age, workload};

/// Whose columns they are.
struct Columns {
    group: &'static str,
    plural: &'static str,
    columns: &'static [Column],
}

const fn of(group: &'static str, plural: &'static str, columns: &'static [Column]) -> Columns {
    Columns { group, plural, columns }
}

static COLUMNS: &[Columns] = &[
    of("", "pods", nodes_and_pods::PODS),
    of("", "nodes", nodes_and_pods::NODES),
    of("", "events", nodes_and_pods::EVENTS),
    of("events.k8s.io", "events", nodes_and_pods::EVENTS),
    of("", "namespaces", configuration::NAMESPACES),
    of("", "secrets", configuration::SECRETS),
    of("", "configmaps", configuration::CONFIGMAPS),
    of("", "serviceaccounts", configuration::SERVICE_ACCOUNTS),
    of("", "services", configuration::SERVICES),
    of("", "endpoints", configuration::ENDPOINTS),
    of("discovery.k8s.io", "endpointslices", configuration::ENDPOINT_SLICES),
    of("", "persistentvolumeclaims", configuration::PERSISTENT_VOLUME_CLAIMS),
    of("", "replicationcontrollers", workloads::REPLICATION_CONTROLLERS),
    of("apps", "replicasets", workloads::REPLICASETS),
    of("apps", "deployments", workloads::DEPLOYMENTS),
    of("apps", "statefulsets", workloads::STATEFULSETS),
    of("apps", "daemonsets", workloads::DAEMONSETS),
    of("apps", "controllerrevisions", workloads::CONTROLLER_REVISIONS),
    of("batch", "jobs", workloads::JOBS),
    of("batch", "cronjobs", workloads::CRONJOBS),
    of("coordination.k8s.io", "leases", configuration::LEASES),
    of("scheduling.k8s.io", "priorityclasses", configuration::PRIORITY_CLASSES),
    of("policy", "poddisruptionbudgets", configuration::POD_DISRUPTION_BUDGETS),
    of("node.k8s.io", "runtimeclasses", configuration::RUNTIME_CLASSES),
];

/// The columns of a resource; name and creation for those that have none of their own.
pub(super) fn of_resource(group: &str, plural: &str) -> &'static [Column] {
    let own = COLUMNS.iter().find(|one| one.group == group && one.plural == plural);
    own.map_or(configuration::GENERIC, |own| own.columns)
}

fn or_none(text: &str) -> Json {
    if text.is_empty() { "<none>" } else { text }.into()
}

/// What every object has.
const NAME: Column = Column {
    name: "Name",
    kind: "string",
    format: "name",
    description: "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names",
    priority: 0,
    cell: |row| text(&row.object["metadata"]["name"]).into(),
};

/// How long the object exists.
const AGE: Column = Column {
    name: "Age",
    kind: "string",
    format: "",
    description: "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
    priority: 0,
    cell: |row| age::since(&row.object["metadata"]["creationTimestamp"], row.now).into(),
};

/// The containers of whatever makes pods.
const CONTAINERS: Column = Column {
    name: "Containers",
    kind: "string",
    format: "",
    description: "Names of each container in the template.",
    priority: 1,
    cell: |row| workload::of_containers(row.template(), "name").into(),
};

/// Their images.
const IMAGES: Column = Column {
    name: "Images",
    kind: "string",
    format: "",
    description: "Images referenced by each container in the template.",
    priority: 1,
    cell: |row| workload::of_containers(row.template(), "image").into(),
};
