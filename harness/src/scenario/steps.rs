//! What can happen in a scenario.

use std::collections::BTreeMap;

use kubernetes_objects::resource::Resource;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::changes::{Change, RollingChange, SetFeatureGates};
use super::expectations::{Expectation, Measurement};
use super::model::When;
use super::values::Duration;

/// One step. It does exactly one thing.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// What the step is for, shown in reports.
    #[serde(default)]
    #[schemars(extend("examples" = ["the runtime is upgraded while the pod runs"]))]
    pub name: Option<String>,
    /// The step is taken only in cases whose axes and variables have these values.
    #[serde(default)]
    #[schemars(extend("examples" = [{"policy": "Strict"}]))]
    pub when: Option<When>,

    /// Creates or updates objects: a manifest, a list of manifests, or `file: PATH` relative to
    /// the scenario.
    #[serde(default)]
    #[schemars(extend("examples" = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "worker"}, "spec": {"securityContext": {"runAsUser": 1000, "supplementalGroupsPolicy": "Strict"}, "containers": [{"name": "ctr", "image": "example.test/worker:v1"}]}}, {"file": "worker.yaml"}]))]
    pub apply: Option<Json>,
    /// The step must be refused in these words: by the API server what the step asks of it, such as
    /// the evictions of a drain `within` a time, or by a component its feature gates.
    #[serde(default)]
    pub refused: Option<Refusal>,
    /// The API server must take what the step applies, and warn of it in words that contain this:
    /// the warnings of policies, which kubectl prints.
    #[serde(default)]
    #[schemars(extend("examples" = ["does not ask for Strict"]))]
    pub warned: Option<String>,
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
    /// Replaces components of many nodes by newer releases, node by node: each is drained, changed,
    /// and takes pods again when it reports the new release.
    #[serde(default)]
    pub rolling_upgrade: Option<RollingChange>,
    /// Replaces components of many nodes by older releases, node by node.
    #[serde(default)]
    pub rolling_roll_back: Option<RollingChange>,
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
    /// Sets how many replicas a workload has.
    #[serde(default)]
    pub scale: Option<Scale>,
    /// Marks a node unschedulable and evicts its pods but those of DaemonSets, as `kubectl drain`
    /// does: again and again where a disruption budget is in the way.
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
    /// How long `expect` or `exec` may wait, 30 s when left out; and each node's part of `drain`,
    /// `rollingUpgrade` or `rollingRollBack`, 10 minutes when left out.
    #[serde(default)]
    pub within: Option<Duration>,
    /// What must not become true `during` a time.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub never: Option<Vec<Expectation>>,
    /// How fast something must happen `during` a time.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub measure: Option<Vec<Measurement>>,
    /// How long `never` watches or `measure` measures; 5 s when left out.
    #[serde(default)]
    pub during: Option<Duration>,
}

/// How something must be refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Refusal {
    /// The `Status` reason, such as `Invalid` or `AlreadyExists`.
    #[serde(default)]
    #[schemars(extend("examples" = ["Invalid"]))]
    pub reason: Option<String>,
    /// The whole message.
    #[serde(default)]
    #[schemars(extend("examples" = ["pods \"worker\" already exists"]))]
    pub message: Option<String>,
    /// A part of the message, where the rest varies.
    #[serde(default)]
    #[schemars(extend("examples" = ["must be between 0 and 2147483647, inclusive"]))]
    pub contains: Option<String>,
}

/// Names an object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectName {
    /// The kind.
    pub kind: ObjectKind,
    /// The name.
    #[schemars(extend("examples" = ["worker"]))]
    pub name: String,
    /// The namespace; `default` when left out.
    #[serde(default)]
    #[schemars(extend("examples" = ["payments"]))]
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
    /// A policy that requests are held against.
    ValidatingAdmissionPolicy,
    /// What binds a policy to requests.
    ValidatingAdmissionPolicyBinding,
}

/// The API group of policies.
const ADMISSION: &str = "admissionregistration.k8s.io";

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
            Self::ValidatingAdmissionPolicy => (ADMISSION, "validatingadmissionpolicies"),
            Self::ValidatingAdmissionPolicyBinding => {
                (ADMISSION, "validatingadmissionpolicybindings")
            }
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
    #[schemars(extend("examples" = ["worker"]))]
    pub pod: String,
    /// The pod's namespace; `default` when left out.
    #[serde(default)]
    #[schemars(extend("examples" = ["payments"]))]
    pub namespace: Option<String>,
    /// The container; the first one when left out.
    #[serde(default)]
    #[schemars(extend("examples" = ["ctr"]))]
    pub container: Option<String>,
}

/// Names a node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeName {
    /// The node.
    #[schemars(extend("x-refers-to" = "node"))]
    #[schemars(extend("examples" = ["node-1"]))]
    pub node: String,
}

/// A command in a container, and what it must answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exec {
    /// The pod.
    #[schemars(extend("x-refers-to" = "pod"))]
    #[schemars(extend("examples" = ["worker"]))]
    pub pod: String,
    /// The pod's namespace; `default` when left out.
    #[serde(default)]
    #[schemars(extend("examples" = ["payments"]))]
    pub namespace: Option<String>,
    /// The container; the first one when left out.
    #[serde(default)]
    #[schemars(extend("examples" = ["ctr"]))]
    pub container: Option<String>,
    /// The command and its arguments.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = [["cat", "/data/payroll/list"]]))]
    pub command: Vec<String>,
    /// What it must print, but for white space at the end.
    #[serde(default)]
    #[schemars(extend("examples" = ["uid=1000(worker) gid=3000 groups=3000"]))]
    pub stdout: Option<String>,
    /// What must stand somewhere in what it prints.
    #[serde(default)]
    #[schemars(extend("examples" = ["50000"]))]
    pub stdout_contains: Option<String>,
    /// What it must print as an error, but for white space at the end.
    #[serde(default)]
    #[schemars(extend("examples" = ["cat: /data/payroll/list: Permission denied"]))]
    pub stderr: Option<String>,
    /// How it must end; 0 when left out.
    #[serde(default)]
    #[schemars(range(min = 0, max = 255))]
    #[schemars(extend("examples" = [1]))]
    pub exit_code: i32,
}

/// How many replicas a workload has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scale {
    /// The kind.
    pub kind: ScaledKind,
    /// The name.
    #[schemars(extend("examples" = ["web"]))]
    pub name: String,
    /// The namespace; `default` when left out.
    #[serde(default)]
    #[schemars(extend("examples" = ["payments"]))]
    pub namespace: Option<String>,
    /// How many.
    #[schemars(range(min = 0, max = 1_000_000))]
    #[schemars(extend("examples" = [3]))]
    pub replicas: i32,
}

/// A kind of workload that has replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ScaledKind {
    /// A deployment.
    Deployment,
    /// A replica set.
    ReplicaSet,
    /// A stateful set.
    StatefulSet,
}

impl ScaledKind {
    /// The resource of its objects.
    #[must_use]
    pub fn resource(self) -> &'static Resource {
        match self {
            Self::Deployment => ObjectKind::Deployment,
            Self::ReplicaSet => ObjectKind::ReplicaSet,
            Self::StatefulSet => ObjectKind::StatefulSet,
        }
        .resource()
    }
}

/// Labels of a node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Label {
    /// The node.
    #[schemars(extend("x-refers-to" = "node"))]
    #[schemars(extend("examples" = ["node-1"]))]
    pub node: String,
    /// The labels; `null` takes one away.
    #[schemars(extend("examples" = [{"strict-groups": "yes"}]))]
    pub labels: BTreeMap<String, Option<String>>,
}

/// CRI calls that fail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The node.
    #[schemars(extend("x-refers-to" = "node"))]
    #[schemars(extend("examples" = ["node-1"]))]
    pub node: String,
    /// The call.
    pub call: CriCall,
    /// What the runtime says.
    #[schemars(extend("examples" = ["no space left on device"]))]
    pub message: String,
    /// How many calls fail; every one when left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    #[schemars(extend("examples" = [3]))]
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
