//! Changes of components: to other releases, to other feature gates, one or all of them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::names::{KubernetesName, RuntimeName};
use super::releases::VersionSkew;
use super::values::Duration;

/// A component in another release.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Change {
    /// The node whose kubelet or runtime changes.
    #[serde(default)]
    #[schemars(extend("x-refers-to" = "node"))]
    #[schemars(extend("examples" = ["node-1"]))]
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
    /// Whether the kubelet may end up further from the API server than Kubernetes supports.
    #[serde(default)]
    pub skew: VersionSkew,
}

/// Feature gates of a component.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetFeatureGates {
    /// The node whose kubelet gets them.
    #[serde(default)]
    #[schemars(extend("x-refers-to" = "node"))]
    #[schemars(extend("examples" = ["node-1"]))]
    pub node: Option<String>,
    /// The API server gets them.
    #[serde(default)]
    pub api_server: bool,
    /// The gates that are set; every other one has its default.
    #[schemars(extend("x-keys-refer-to" = "featureGate"))]
    #[schemars(extend("examples" = [{"SupplementalGroupsPolicy": false}]))]
    pub gates: BTreeMap<String, bool>,
}

/// Many nodes in another release, one after the other. Those that have it already are left alone.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RollingChange {
    /// The nodes in the order in which they change; all of them, by name, when left out.
    #[serde(default)]
    #[schemars(length(min = 1), extend("items" = {"type": "string", "x-refers-to": "node"}))]
    #[schemars(extend("examples" = [["node-2", "node-1"]]))]
    pub nodes: Option<Vec<String>>,
    /// The new Kubernetes version of their kubelets.
    #[serde(default)]
    pub kubernetes: Option<KubernetesName>,
    /// The new runtime release.
    #[serde(default)]
    pub runtime: Option<RuntimeName>,
    /// What goes first where both change; `together` when left out.
    #[serde(default)]
    pub order: Option<RollingOrder>,
    /// Whether each node is drained before it changes and takes pods again when it reports the new
    /// release; `true` when left out.
    #[serde(default)]
    pub drain: Option<bool>,
    /// How much time passes after each node; none when left out.
    #[serde(default)]
    pub pause: Option<Duration>,
    /// Whether kubelets may end up further from the API server than Kubernetes supports.
    #[serde(default)]
    pub skew: VersionSkew,
}

/// What goes first when the kubelets and the runtimes of many nodes change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RollingOrder {
    /// Each node changes once, with both.
    #[default]
    Together,
    /// All kubelets change before any runtime.
    KubeletsFirst,
    /// All runtimes change before any kubelet.
    RuntimesFirst,
}
