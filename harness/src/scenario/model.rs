//! The scenario format: what a file may say.
//!
//! These types are the only description of the format. Their documentation
//! becomes the JSON Schema (`gidcheck schema`), and the schema becomes the
//! shape that files are checked against.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::names::{KubernetesName, RuntimeName};
use super::releases::VersionSkew;
use super::steps::Step;

/// A scenario: a cluster, what happens to it, and what must be true after.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// The version of this format.
    pub api_version: ApiVersion,
    /// Always `Scenario`.
    pub kind: Kind,
    /// What the scenario is called.
    pub metadata: Metadata,
    /// What it says.
    pub spec: Spec,
}

/// The version of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The only version so far.
    #[serde(rename = "gidcheck.dev/v1")]
    V1,
}

/// The kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Kind {
    /// A scenario.
    Scenario,
}

/// What a scenario is called.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// A short name, unique in its folder: lower-case letters, digits and `-`.
    #[schemars(extend("x-format" = "scenarioName"))]
    #[schemars(extend("examples" = ["implicit-groups"]))]
    pub name: String,
    /// What it shows and why that matters, in a sentence or two.
    #[serde(default)]
    #[schemars(extend("examples" = ["A group of the image reaches the process, though no manifest names it."]))]
    pub description: String,
}

/// What a scenario says.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// Whether the KEP demands this of every implementation.
    #[serde(default)]
    pub level: Level,
    /// What a target must be able to do; where it cannot, the case is skipped with the reason.
    #[serde(default)]
    pub requires: Vec<Requirement>,
    /// Images that the nodes can pull. Every node also knows the image of the two example
    /// manifests, `registry.k8s.io/e2e-test-images/agnhost:2.45`.
    #[serde(default)]
    pub images: Vec<ImageSpec>,
    /// The cluster; one current node when nothing is said.
    #[serde(default)]
    pub cluster: ClusterSpec,
    /// Axes and rows that make several cases of this scenario. A name of an axis or of a row's
    /// variable stands for its value as `${name}` anywhere in the spec; a value of `null` takes
    /// the field away.
    #[serde(default)]
    pub matrix: Option<MatrixSpec>,
    /// What happens, in order.
    #[schemars(length(min = 1))]
    pub steps: Vec<Step>,
}

/// How binding a scenario is for a runtime.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// KEP-3619 demands it.
    #[default]
    Core,
    /// It is sensible, but runtimes differ.
    Extended,
}

/// A capability, as a word or with a condition.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Requirement {
    /// Every case needs it.
    Always(Capability),
    /// Only some cases need it.
    Conditional(ConditionalRequirement),
}

impl Requirement {
    /// What is needed. Conditions are gone by the time that a case exists.
    #[must_use]
    pub fn capability(&self) -> Capability {
        match self {
            Self::Always(capability) => *capability,
            Self::Conditional(requirement) => requirement.capability,
        }
    }
}

/// A capability that only some cases need; `when` says which, as it does of steps.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConditionalRequirement {
    /// What is needed.
    pub capability: Capability,
    /// It is needed only in cases whose axes and variables have these values.
    #[serde(default)]
    #[schemars(extend("examples" = [{"policy": "Strict"}]))]
    pub when: Option<When>,
}

/// Something that a target may lack.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Capability {
    /// The runtime honours `supplementalGroupsPolicy` and reports identities.
    SupplementalGroupsPolicy,
    /// Runtimes can be upgraded and rolled back while the case runs.
    RuntimeChange,
    /// CRI calls can be made to fail.
    Faults,
    /// Time is virtual: hours pass at once.
    VirtualTime,
}

/// An image, spelled out.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageSpec {
    /// The reference that manifests use.
    #[schemars(extend("x-declares" = "image"))]
    #[schemars(extend("examples" = ["example.test/worker:v1"]))]
    pub name: String,
    /// The content of `/etc/passwd`; no such file when left out.
    #[serde(default)]
    #[schemars(extend("examples" = ["worker:x:1000:1000::/:/bin/sh\n"]))]
    pub passwd: Option<String>,
    /// The content of `/etc/group`; no such file when left out.
    #[serde(default)]
    #[schemars(extend("examples" = ["staff:x:50000:worker\n"]))]
    pub group: Option<String>,
    /// The config's `User`: a uid or a name, each also with `:GROUP`.
    #[serde(default)]
    #[schemars(extend("examples" = ["worker:staff"]))]
    pub user: Option<String>,
    /// The config's `Entrypoint`; it waits for ever when left out.
    #[serde(default)]
    #[schemars(extend("examples" = [["/bin/sh", "-c"]]))]
    pub entrypoint: Option<Vec<String>>,
    /// The config's `Cmd`.
    #[serde(default)]
    #[schemars(extend("examples" = [["sleep 1h"]]))]
    pub cmd: Vec<String>,
    /// More files by absolute path; they also replace `passwd` and `group`.
    #[serde(default)]
    #[schemars(extend("examples" = [{"/data/payroll": {"directory": true, "mode": "0770", "gid": 50000}}]))]
    pub files: BTreeMap<String, FileSpec>,
}

/// One file of an image: its content, a link, or a directory.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileSpec {
    /// A regular file's content.
    #[serde(default)]
    #[schemars(extend("examples" = ["salaries\n"]))]
    pub content: Option<String>,
    /// How often the content is repeated; once when left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    #[schemars(extend("examples" = [1000]))]
    pub repeat: Option<u32>,
    /// A symbolic link's target.
    #[serde(default)]
    #[schemars(extend("examples" = ["/etc/group-of-the-site"]))]
    pub link: Option<String>,
    /// A directory.
    #[serde(default)]
    pub directory: bool,
    /// Permission bits in octal, such as `"0770"`.
    #[serde(default)]
    #[schemars(extend("examples" = ["0770"]))]
    pub mode: Option<String>,
    /// The owner; root when left out.
    #[serde(default)]
    #[schemars(range(min = 0, max = 4_294_967_295_i64))]
    #[schemars(extend("examples" = [1000]))]
    pub uid: u32,
    /// The owning group; root when left out.
    #[serde(default)]
    #[schemars(range(min = 0, max = 4_294_967_295_i64))]
    #[schemars(extend("examples" = [50000]))]
    pub gid: u32,
}

/// The cluster at the start.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterSpec {
    /// The Kubernetes version of every component that says nothing else; the newest known one
    /// when left out.
    #[serde(default)]
    pub kubernetes: Option<KubernetesName>,
    /// Feature gates of every component that says nothing else.
    #[serde(default)]
    #[schemars(extend("x-keys-refer-to" = "featureGate"))]
    #[schemars(extend("examples" = [{"SupplementalGroupsPolicy": true}]))]
    pub feature_gates: BTreeMap<String, bool>,
    /// The runtime of every node that says nothing else.
    #[serde(default)]
    pub runtime: Option<RuntimeName>,
    /// The API server.
    #[serde(default)]
    pub api_server: ApiServerSpec,
    /// The nodes; one named `node-1` when left out.
    #[serde(default)]
    pub nodes: Vec<NodeSpec>,
    /// Whether kubelets may be further from the API server than Kubernetes supports, at the start
    /// and after each step: `supported` when left out.
    #[serde(default)]
    pub skew: VersionSkew,
}

/// The API server at the start.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiServerSpec {
    /// Its version; the cluster's when left out.
    #[serde(default)]
    pub kubernetes: Option<KubernetesName>,
    /// Its feature gates; the cluster's when left out.
    #[serde(default)]
    #[schemars(extend("x-keys-refer-to" = "featureGate"))]
    #[schemars(extend("examples" = [{"SupplementalGroupsPolicy": false}]))]
    pub feature_gates: Option<BTreeMap<String, bool>>,
}

/// A node at the start.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeSpec {
    /// The node's name.
    #[schemars(extend("x-declares" = "node"))]
    #[schemars(extend("examples" = ["node-1"]))]
    pub name: String,
    /// The kubelet's version; the cluster's when left out.
    #[serde(default)]
    pub kubernetes: Option<KubernetesName>,
    /// The kubelet's feature gates; the cluster's when left out.
    #[serde(default)]
    #[schemars(extend("x-keys-refer-to" = "featureGate"))]
    #[schemars(extend("examples" = [{"SupplementalGroupsPolicy": true}]))]
    pub feature_gates: Option<BTreeMap<String, bool>>,
    /// The runtime: a release such as `containerd-2.1`, or `supporting` or `unsupporting` for
    /// any that does or does not honour the policy; the cluster's when left out.
    #[serde(default)]
    pub runtime: Option<RuntimeName>,
    /// Labels of the node object.
    #[serde(default)]
    #[schemars(extend("examples" = [{"strict-groups": "yes"}]))]
    pub labels: BTreeMap<String, String>,
}

/// What makes several cases of one scenario: each combination of the axes' values, times each row.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MatrixSpec {
    /// Names and the values each takes in turn.
    #[serde(default)]
    #[schemars(extend("examples" = [{"policy": [null, "Merge", "Strict"]}]))]
    pub axes: BTreeMap<String, Vec<Json>>,
    /// A table: each row is a mapping with a `name` and the values of its variables. Every row
    /// has the same variables; what a row leaves out is `null`.
    #[serde(default)]
    #[schemars(extend("examples" = [[{"name": "strict", "policy": "Strict", "groups": [4000]}]]))]
    pub rows: Vec<BTreeMap<String, Json>>,
    /// Combinations that are left out; each maps names to a value or a list of values.
    #[serde(default)]
    #[schemars(extend("examples" = [[{"policy": "Strict", "runtime": ["containerd-1.6", "containerd-1.7"]}]]))]
    pub exclude: Vec<BTreeMap<String, Json>>,
}

/// Names and the values they must have: a value, or a list of which one must fit.
pub type When = BTreeMap<String, Json>;
