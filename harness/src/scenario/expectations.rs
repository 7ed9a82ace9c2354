//! What can be expected of a cluster.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::model::When;
use super::steps::ObjectName;
use super::values::IdentityText;

/// One thing that must (or, under `never`, must not) be true. It names exactly one subject:
/// `pod`, `pods`, `node`, `event`, `metric`, `object` or `absent`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expectation {
    /// It is expected only in cases whose axes and variables have these values.
    #[serde(default)]
    #[schemars(extend("examples" = [{"policy": "Strict"}]))]
    pub when: Option<When>,

    /// A pod, by name.
    #[serde(default)]
    #[schemars(extend("x-refers-to" = "pod"))]
    #[schemars(extend("examples" = ["worker"]))]
    pub pod: Option<String>,
    /// The pod's namespace; `default` when left out.
    #[serde(default)]
    #[schemars(extend("examples" = ["payments"]))]
    pub namespace: Option<String>,
    /// The container that identities are asked of; the first one when left out.
    #[serde(default)]
    #[schemars(extend("examples" = ["ctr"]))]
    pub container: Option<String>,
    /// The pod's phase.
    #[serde(default)]
    pub phase: Option<Phase>,
    /// The pod's reason.
    #[serde(default)]
    #[schemars(extend("examples" = ["SupplementalGroupsPolicyNotSupported"]))]
    pub reason: Option<String>,
    /// The pod's message.
    #[serde(default)]
    #[schemars(extend("examples" = ["Pod was rejected: SupplementalGroupsPolicy=Strict is not supported in this node"]))]
    pub message: Option<String>,
    /// The container waits, for this reason and with this message.
    #[serde(default)]
    pub waiting: Option<Waiting>,
    /// How often the container was restarted.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    #[schemars(extend("examples" = [1]))]
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
    #[schemars(extend("examples" = ["node-1"]))]
    pub node: Option<String>,
    /// A part of the pod's or the node's metadata; `null` where nothing must stand.
    #[serde(default)]
    #[schemars(extend("examples" = [{"labels": {"app": "web"}}]))]
    pub metadata: Option<Json>,
    /// A part of the pod's or the node's spec; `null` where nothing must stand.
    #[serde(default)]
    #[schemars(extend("examples" = [{"nodeName": "node-1"}]))]
    pub spec: Option<Json>,
    /// A part of the pod's or the node's status; `null` where nothing must stand. Of lists, each
    /// item must fit one of the real list, found by `name` or `type` where it has one.
    #[serde(default)]
    #[schemars(extend("examples" = [{"features": {"supplementalGroupsPolicy": true}}]))]
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
    #[schemars(extend("examples" = [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "status": {"readyReplicas": 3}}]))]
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
    #[schemars(extend("examples" = ["CreateContainerError"]))]
    pub reason: String,
    /// The message.
    #[serde(default)]
    #[schemars(extend("examples" = ["no users found"]))]
    pub message: Option<String>,
}

/// An event, by what is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventPattern {
    /// The pod it is about.
    #[serde(default)]
    #[schemars(extend("x-refers-to" = "pod"))]
    #[schemars(extend("examples" = ["worker"]))]
    pub pod: Option<String>,
    /// `Normal` or `Warning`.
    #[serde(default, rename = "type")]
    pub type_: Option<EventType>,
    /// The reason.
    #[serde(default)]
    #[schemars(extend("examples" = ["SupplementalGroupsPolicyNotSupported"]))]
    pub reason: Option<String>,
    /// The whole message.
    #[serde(default)]
    #[schemars(extend("examples" = ["SupplementalGroupsPolicy=Strict is not supported in this node"]))]
    pub message: Option<String>,
    /// A part of the message, where the rest varies.
    #[serde(default)]
    #[schemars(extend("examples" = ["no users found"]))]
    pub contains: Option<String>,
    /// The reporting component, such as `kubelet`.
    #[serde(default)]
    #[schemars(extend("examples" = ["kubelet"]))]
    pub component: Option<String>,
    /// How often it must have happened; at least once when left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    #[schemars(extend("examples" = [3]))]
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
    #[schemars(extend("examples" = ["node-1"]))]
    pub node: Option<String>,
    /// The metric's name.
    #[schemars(extend("x-format" = "metricName"))]
    #[schemars(extend("examples" = ["kubelet_admission_rejections_total"]))]
    pub name: String,
    /// Its labels.
    #[serde(default)]
    #[schemars(extend("examples" = [{"reason": "SupplementalGroupsPolicyNotSupported"}]))]
    pub labels: BTreeMap<String, String>,
    /// Its value; a metric that was never counted is 0, and what has several fitting labels is
    /// added up.
    #[serde(default)]
    #[schemars(range(min = 0))]
    #[schemars(extend("examples" = [0]))]
    pub value: Option<u64>,
    /// The least that its value may be.
    #[serde(default)]
    #[schemars(range(min = 0))]
    #[schemars(extend("examples" = [1]))]
    pub min: Option<u64>,
    /// The most that its value may be.
    #[serde(default)]
    #[schemars(range(min = 0))]
    #[schemars(extend("examples" = [10]))]
    pub max: Option<u64>,
}

/// A set of pods, by what is known of them, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodsPattern {
    /// The namespace; every one when left out.
    #[serde(default)]
    #[schemars(extend("examples" = ["payments"]))]
    pub namespace: Option<String>,
    /// Labels that they have.
    #[serde(default)]
    #[schemars(extend("examples" = [{"app": "web"}]))]
    pub labels: BTreeMap<String, String>,
    /// The phase they are in.
    #[serde(default)]
    pub phase: Option<Phase>,
    /// The reason in their status.
    #[serde(default)]
    #[schemars(extend("examples" = ["SupplementalGroupsPolicyNotSupported"]))]
    pub reason: Option<String>,
    /// The node they are bound to.
    #[serde(default)]
    #[schemars(extend("x-refers-to" = "node"))]
    #[schemars(extend("examples" = ["node-1"]))]
    pub node: Option<String>,
    /// How many there are.
    #[serde(default)]
    pub count: Option<Count>,
}

/// A number between two bounds, both included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Count {
    /// The least; 0 when left out.
    #[serde(default)]
    #[schemars(range(min = 0))]
    #[schemars(extend("examples" = [20]))]
    pub min: u64,
    /// The most; without bound when left out.
    #[serde(default)]
    #[schemars(range(min = 0))]
    #[schemars(extend("examples" = [25]))]
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

/// How fast something happens. It names exactly one subject, `metric` or `pods`, which says
/// nothing of values or counts.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Measurement {
    /// It is measured only in cases whose axes and variables have these values.
    #[serde(default)]
    #[schemars(extend("examples" = [{"policy": "Strict"}]))]
    pub when: Option<When>,
    /// A metric: by how much it rises.
    #[serde(default)]
    pub metric: Option<MetricPattern>,
    /// A set of pods: by how many it grows.
    #[serde(default)]
    pub pods: Option<PodsPattern>,
    /// How much that must be a second, on average over the whole time.
    pub per_second: PerSecond,
}

/// A rate between two bounds, both included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PerSecond {
    /// The least; without bound when left out.
    #[serde(default)]
    #[schemars(range(min = 0))]
    #[schemars(extend("examples" = [8]))]
    pub min: Option<f64>,
    /// The most; without bound when left out.
    #[serde(default)]
    #[schemars(range(min = 0))]
    #[schemars(extend("examples" = [12]))]
    pub max: Option<f64>,
}

impl PerSecond {
    /// Whether a rate is within the bounds.
    #[must_use]
    pub fn holds(self, rate: f64) -> bool {
        self.min.is_none_or(|min| rate >= min) && self.max.is_none_or(|max| rate <= max)
    }
}

impl std::fmt::Display for PerSecond {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.min, self.max) {
            (Some(min), Some(max)) if min == max => write!(f, "{max}"),
            (Some(min), Some(max)) => write!(f, "{min} to {max}"),
            (Some(min), None) => write!(f, "{min} or more"),
            (None, Some(max)) => write!(f, "{max} or less"),
            (None, None) => write!(f, "any"),
        }
    }
}
