//! What can happen in a scenario, and what can be expected.

use std::collections::BTreeMap;

use kubernetes_objects::resource::Resource;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::model::When;
use super::names::{KubernetesName, RuntimeName};
use super::values::{Duration, IdentityText};

/// One step. It does exactly one thing.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// What the step is for, shown in reports.
    #[serde(default)]
    pub name: Option<String>,
    /// The step is taken only in cases whose axes and variables have these values.
    #[serde(default)]
    pub when: Option<When>,

    /// Creates or updates objects: a manifest, a list of manifests, or `file: PATH` relative to
    /// the scenario.
    #[serde(default)]
    pub apply: Option<Json>,
    /// The API server must refuse the step's `apply` or `upgrade` in these words.
    #[serde(default)]
    pub refused: Option<Refusal>,
    /// Deletes an object, pods with their grace period.
    #[serde(default)]
    pub delete: Option<ObjectName>,
    /// Runs a command in a container, once it runs.
    #[serde(default)]
    pub exec: Option<Exec>,
    /// Kills a container; its kubelet decides what follows.
    #[serde(default)]
    pub kill: Option<ContainerName>,
    /// Replaces a component by a newer release. Containers keep running.
    #[serde(default)]
    pub upgrade: Option<Change>,
    /// Replaces a component by an older release. Containers keep running.
    #[serde(default)]
    pub roll_back: Option<Change>,
    /// Restarts a component with other feature gates.
    #[serde(default)]
    pub set_feature_gates: Option<SetFeatureGates>,
    /// Restarts a kubelet as it is.
    #[serde(default)]
    pub restart_kubelet: Option<NodeName>,
    /// Stops a kubelet. Containers keep running; the node says nothing any more.
    #[serde(default)]
    pub stop_kubelet: Option<NodeName>,
    /// Starts a stopped kubelet as it was.
    #[serde(default)]
    pub start_kubelet: Option<NodeName>,
    /// Sets labels of a node; `null` takes one away.
    #[serde(default)]
    pub label: Option<Label>,
    /// Marks a node unschedulable.
    #[serde(default)]
    pub cordon: Option<NodeName>,
    /// Marks a node schedulable.
    #[serde(default)]
    pub uncordon: Option<NodeName>,
    /// Marks a node unschedulable and evicts its pods.
    #[serde(default)]
    pub drain: Option<NodeName>,
    /// Makes CRI calls on a node fail.
    #[serde(default)]
    pub fault: Option<Fault>,
    /// Lets time pass.
    #[serde(default)]
    pub advance: Option<Duration>,
    /// What must become true, all of it, `within` a time.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub expect: Option<Vec<Expectation>>,
    /// How long `expect` or `exec` may wait; 30 s when left out.
    #[serde(default)]
    pub within: Option<Duration>,
    /// What must not become true `during` a time.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub never: Option<Vec<Expectation>>,
    /// How long `never` watches; 5 s when left out.
    #[serde(default)]
    pub during: Option<Duration>,
}

/// How something must be refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Refusal {
    /// The `Status` reason, such as `Invalid` or `AlreadyExists`.
    #[serde(default)]
    pub reason: Option<String>,
    /// The whole message.
    #[serde(default)]
    pub message: Option<String>,
    /// A part of the message, where the rest varies.
    #[serde(default)]
    pub contains: Option<String>,
}

/// Names an object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectName {
    /// The kind.
    pub kind: ObjectKind,
    /// The name.
    pub name: String,
    /// The namespace; `default` when left out.
    #[serde(default)]
    pub namespace: Option<String>,
}

/// A kind of object that steps can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ObjectKind {
    /// A pod.
    Pod,
    /// A node.
    Node,
    /// A deployment.
    Deployment,
    /// A replica set.
    ReplicaSet,
    /// A stateful set.
    StatefulSet,
    /// A daemon set.
    DaemonSet,
    /// A job.
    Job,
    /// A namespace.
    Namespace,
}

impl ObjectKind {
    /// The resource of its objects.
    #[must_use]
    pub fn resource(self) -> &'static Resource {
        let (group, plural) = match self {
            Self::StatefulSet => ("apps", "statefulsets"),
            Self::DaemonSet => ("apps", "daemonsets"),
            Self::Job => ("batch", "jobs"),
            Self::Pod => ("", "pods"),
            Self::Node => ("", "nodes"),
            Self::Deployment => ("apps", "deployments"),
            Self::ReplicaSet => ("apps", "replicasets"),
            Self::Namespace => ("", "namespaces"),
        };
        kubernetes_objects::resource::find(group, "v1", plural)
            .expect("the table has what scenarios can name")
    }
}

/// Names a container of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerName {
    /// The pod.
    #[schemars(extend("x-refers-to" = "pod"))]
    pub pod: String,
    /// The pod's namespace; `default` when left out.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The container; the first one when left out.
    #[serde(default)]
    pub container: Option<String>,
}

/// Names a node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeName {
    /// The node.
    #[schemars(extend("x-refers-to" = "node"))]
    pub node: String,
}

/// A command in a container, and what it must answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exec {
    /// The pod.
    #[schemars(extend("x-refers-to" = "pod"))]
    pub pod: String,
    /// The pod's namespace; `default` when left out.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The container; the first one when left out.
    #[serde(default)]
    pub container: Option<String>,
    /// The command and its arguments.
    #[schemars(length(min = 1))]
    pub command: Vec<String>,
    /// What it must print, but for white space at the end.
    #[serde(default)]
    pub stdout: Option<String>,
    /// What must stand somewhere in what it prints.
    #[serde(default)]
    pub stdout_contains: Option<String>,
    /// What it must print as an error, but for white space at the end.
    #[serde(default)]
    pub stderr: Option<String>,
    /// How it must end; 0 when left out.
    #[serde(default)]
    #[schemars(range(min = 0, max = 255))]
    pub exit_code: i32,
}

/// A component in another release.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Change {
    /// The node whose kubelet or runtime changes.
    #[serde(default)]
    #[schemars(extend("x-refers-to" = "node"))]
    pub node: Option<String>,
    /// The API server changes.
    #[serde(default)]
    pub api_server: bool,
    /// The new Kubernetes version.
    #[serde(default)]
    pub kubernetes: Option<KubernetesName>,
    /// The new runtime release.
    #[serde(default)]
    pub runtime: Option<RuntimeName>,
}

/// Feature gates of a component.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetFeatureGates {
    /// The node whose kubelet gets them.
    #[serde(default)]
    #[schemars(extend("x-refers-to" = "node"))]
    pub node: Option<String>,
    /// The API server gets them.
    #[serde(default)]
    pub api_server: bool,
    /// The gates that are set; every other one has its default.
    #[schemars(extend("x-keys-refer-to" = "featureGate"))]
    pub gates: BTreeMap<String, bool>,
}

/// Labels of a node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Label {
    /// The node.
    #[schemars(extend("x-refers-to" = "node"))]
    pub node: String,
    /// The labels; `null` takes one away.
    pub labels: BTreeMap<String, Option<String>>,
}

/// CRI calls that fail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The node.
    #[schemars(extend("x-refers-to" = "node"))]
    pub node: String,
    /// The call.
    pub call: CriCall,
    /// What the runtime says.
    pub message: String,
    /// How many calls fail; every one when left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub times: Option<u32>,
}

/// A CRI call that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
pub enum CriCall {
    /// `Status`.
    Status,
    /// `RunPodSandbox`.
    RunPodSandbox,
    /// `PullImage`.
    PullImage,
    /// `CreateContainer`.
    CreateContainer,
    /// `StartContainer`.
    StartContainer,
    /// `ExecSync`.
    ExecSync,
}

/// One thing that must (or, under `never`, must not) be true. It names exactly one subject:
/// `pod`, `pods`, `node`, `event`, `metric`, `object` or `absent`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expectation {
    /// It is expected only in cases whose axes and variables have these values.
    #[serde(default)]
    pub when: Option<When>,

    /// A pod, by name.
    #[serde(default)]
    #[schemars(extend("x-refers-to" = "pod"))]
    pub pod: Option<String>,
    /// The pod's namespace; `default` when left out.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The container that identities are asked of; the first one when left out.
    #[serde(default)]
    pub container: Option<String>,
    /// The pod's phase.
    #[serde(default)]
    pub phase: Option<Phase>,
    /// The pod's reason.
    #[serde(default)]
    pub reason: Option<String>,
    /// The pod's message.
    #[serde(default)]
    pub message: Option<String>,
    /// The container waits, for this reason and with this message.
    #[serde(default)]
    pub waiting: Option<Waiting>,
    /// How often the container was restarted.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub restarts: Option<i32>,
    /// Who the container is, asked in every way there is: by `id` in the container, of its first
    /// process, and as reported where the runtime reports it.
    #[serde(default)]
    pub identity: Option<IdentityText>,
    /// What `id` prints in the container, as numbers; names only where they are given.
    #[serde(default)]
    pub id: Option<IdentityText>,
    /// Who the container's first process is, as `/proc/1/status` says.
    #[serde(default)]
    pub process: Option<IdentityText>,
    /// The identity in the pod's status, or `none`.
    #[serde(default)]
    pub reported: Option<IdentityText>,

    /// A node, by name.
    #[serde(default)]
    #[schemars(extend("x-refers-to" = "node"))]
    pub node: Option<String>,
    /// A part of the pod's or the node's metadata; `null` where nothing must stand.
    #[serde(default)]
    pub metadata: Option<Json>,
    /// A part of the pod's or the node's spec; `null` where nothing must stand.
    #[serde(default)]
    pub spec: Option<Json>,
    /// A part of the pod's or the node's status; `null` where nothing must stand. Of lists, each
    /// item must fit one of the real list, found by `name` or `type` where it has one.
    #[serde(default)]
    pub status: Option<Json>,

    /// An event.
    #[serde(default)]
    pub event: Option<EventPattern>,
    /// A metric of a node's kubelet, or of the control plane.
    #[serde(default)]
    pub metric: Option<MetricPattern>,
    /// How many pods there are of a kind.
    #[serde(default)]
    pub pods: Option<PodsPattern>,
    /// A part of any object, found by its kind and name.
    #[serde(default)]
    pub object: Option<Json>,
    /// There is no such object.
    #[serde(default)]
    pub absent: Option<ObjectName>,
}

/// The phase of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Phase {
    /// It waits for a node, for images, or for its first container.
    Pending,
    /// It is on a node and at least one container runs or restarts.
    Running,
    /// All containers ended well and none restarts.
    Succeeded,
    /// All containers ended and one of them badly, or the pod was rejected.
    Failed,
    /// Its node does not answer.
    Unknown,
}

impl Phase {
    /// The phase as `status.phase` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        }
    }
}

/// Why a container waits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Waiting {
    /// The reason.
    pub reason: String,
    /// The message.
    #[serde(default)]
    pub message: Option<String>,
}

/// An event, by what is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventPattern {
    /// The pod it is about.
    #[serde(default)]
    #[schemars(extend("x-refers-to" = "pod"))]
    pub pod: Option<String>,
    /// `Normal` or `Warning`.
    #[serde(default, rename = "type")]
    pub type_: Option<EventType>,
    /// The reason.
    #[serde(default)]
    pub reason: Option<String>,
    /// The whole message.
    #[serde(default)]
    pub message: Option<String>,
    /// A part of the message, where the rest varies.
    #[serde(default)]
    pub contains: Option<String>,
    /// The reporting component, such as `kubelet`.
    #[serde(default)]
    pub component: Option<String>,
    /// How often it must have happened; at least once when left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub count: Option<i32>,
}

/// The type of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum EventType {
    /// For information.
    Normal,
    /// Something is wrong.
    Warning,
}

/// A metric and its value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricPattern {
    /// The node whose kubelet counts; for what the control plane counts it is left out.
    #[serde(default)]
    #[schemars(extend("x-refers-to" = "node"))]
    pub node: Option<String>,
    /// The metric's name.
    #[schemars(extend("x-format" = "metricName"))]
    pub name: String,
    /// Its labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Its value; a metric that was never counted is 0, and what has several fitting labels is
    /// added up.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub value: Option<u64>,
    /// The least that its value may be.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub min: Option<u64>,
    /// The most that its value may be.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub max: Option<u64>,
}

/// A set of pods, by what is known of them, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodsPattern {
    /// The namespace; every one when left out.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Labels that they have.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The phase they are in.
    #[serde(default)]
    pub phase: Option<Phase>,
    /// The reason in their status.
    #[serde(default)]
    pub reason: Option<String>,
    /// The node they are bound to.
    #[serde(default)]
    #[schemars(extend("x-refers-to" = "node"))]
    pub node: Option<String>,
    /// How many there are.
    pub count: Count,
}

/// A number between two bounds, both included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Count {
    /// The least; 0 when left out.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub min: u64,
    /// The most; without bound when left out.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub max: Option<u64>,
}

impl Count {
    /// Whether a number is within the bounds.
    #[must_use]
    pub fn holds(self, number: u64) -> bool {
        number >= self.min && self.max.is_none_or(|max| number <= max)
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.max {
            Some(max) if max == self.min => write!(f, "{max}"),
            Some(max) => write!(f, "{} to {max}", self.min),
            None => write!(f, "{} or more", self.min),
        }
    }
}
