//! What an explanation says, for programs: a versioned document.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// What the document's `schema` field says: its format and version.
pub const SCHEMA: &str = "gidcheck.dev/explanation/v1";

/// Who the containers of manifests would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The format of this document: `gidcheck.dev/explanation/v1`.
    pub schema: String,
    /// The cluster that the manifests are held against.
    pub cluster: ClusterSummary,
    /// The pods, in the order of the manifests.
    pub pods: Vec<ExplainedPod>,
    /// How many objects there are that make no pods, or pods for Windows, where there are no groups.
    pub passed_over: usize,
}

/// The cluster that manifests are held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterSummary {
    /// The API server's version, such as `v1.36.0`.
    pub api_server: String,
    /// Whether the feature gate `SupplementalGroupsPolicy` is on in the API server; none where the
    /// version does not have it.
    pub gate: Option<bool>,
    /// The different nodes.
    pub nodes: Vec<NodeSummary>,
    /// What the input does not say and was supposed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<String>,
}

/// Nodes that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeSummary {
    /// The kubelet's version, such as `v1.36.0`.
    pub kubelet: String,
    /// Whether the feature gate `SupplementalGroupsPolicy` is on in the kubelet; none where the
    /// version does not have it.
    pub gate: Option<bool>,
    /// The runtime, such as `containerd-2.1`.
    pub runtime: String,
    /// What the node objects say of the feature, where they were read and say something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<bool>,
    /// Their architecture, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// Their names, where they are nodes of a cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
}

/// `supplementalGroupsPolicy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub enum Policy {
    /// The groups of the image are added to those of the manifest.
    Merge,
    /// They are not.
    Strict,
}

impl Policy {
    /// As manifests have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Merge => "Merge",
            Self::Strict => "Strict",
        }
    }
}

/// A pod of a manifest, or the pods of a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedPod {
    /// The kind of the object, such as `Deployment`.
    pub kind: String,
    /// Its namespace; empty where the manifest says none.
    pub namespace: String,
    /// Its name, or the start of a generated one.
    pub name: String,
    /// The file.
    pub file: String,
    /// The line of the file on which the object starts, from 1.
    pub line: usize,
    /// The lines on which its containers start, by their names.
    pub container_lines: BTreeMap<String, usize>,
    /// The policy that holds as the manifest is written.
    pub policy: Policy,
    /// Whether the manifest says so itself.
    pub policy_is_written: bool,
    /// What the manifest has in place of a policy, where that is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown_policy: Option<String>,
    /// What becomes of it with Merge.
    pub merge: PodOutcome,
    /// What becomes of it with Strict.
    pub strict: PodOutcome,
    /// What to know about it, the gravest first.
    pub warnings: Vec<Warning>,
}

impl ExplainedPod {
    /// How people call it: `Deployment web`, `Pod team/office`.
    #[must_use]
    pub fn title(&self) -> String {
        title(&self.kind, &self.namespace, &self.name)
    }

    /// What becomes of it as it is written.
    #[must_use]
    pub fn as_written(&self) -> &PodOutcome {
        self.with(self.policy)
    }

    pub(super) fn as_written_mut(&mut self) -> &mut PodOutcome {
        match self.policy {
            Policy::Merge => &mut self.merge,
            Policy::Strict => &mut self.strict,
        }
    }

    /// Its containers: as it is written, or where it does not get that far, with the other policy.
    #[must_use]
    pub fn shown(&self) -> &[ContainerOutcome] {
        let other = match self.policy {
            Policy::Merge => &self.strict,
            Policy::Strict => &self.merge,
        };
        let written = &self.as_written().containers;
        if written.is_empty() { &other.containers } else { written }
    }

    /// What becomes of it with a policy.
    #[must_use]
    pub fn with(&self, policy: Policy) -> &PodOutcome {
        match policy {
            Policy::Merge => &self.merge,
            Policy::Strict => &self.strict,
        }
    }
}

/// How people call an object: `Deployment web`, `Pod team/office`.
#[must_use]
pub fn title(kind: &str, namespace: &str, name: &str) -> String {
    let name = if name.is_empty() { "(without a name)" } else { name };
    if namespace.is_empty() {
        format!("{kind} {name}")
    } else {
        format!("{kind} {namespace}/{name}")
    }
}

/// What becomes of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodOutcome {
    /// How far it gets.
    pub fate: PodFate,
    /// The pod's `status.reason`, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the API server, the kubelet or the runtime says, where one refuses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether the API server keeps the policy, which older ones drop without a word.
    pub policy_is_kept: bool,
    /// Its containers, in the order in which they start; none where it does not get that far.
    pub containers: Vec<ContainerOutcome>,
}

/// How far a pod gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PodFate {
    /// The API server refuses it.
    Refused,
    /// The kubelet rejects it.
    Rejected,
    /// The runtime makes no sandbox for it.
    NoSandbox,
    /// Its containers are created.
    Admitted,
}

/// What becomes of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContainerOutcome {
    /// Its name.
    pub name: String,
    /// What kind of container it is.
    pub kind: ContainerKind,
    /// Its image, as the manifest has it.
    pub image: String,
    /// What is known of the image; nothing where it could not be looked at.
    pub known_image: Option<ImageSummary>,
    /// Why it could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown_because: Option<String>,
    /// Why it waits: the reason in the container's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it waits: the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Who its first process is; none where it does not start or the image is not known.
    pub identity: Option<Identity>,
}

/// What kind of container one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ContainerKind {
    /// Of `initContainers`.
    Init,
    /// Of `containers`.
    Regular,
    /// Of `ephemeralContainers`.
    Ephemeral,
}

impl ContainerKind {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Init => "init container",
            Self::Regular => "container",
            Self::Ephemeral => "ephemeral container",
        }
    }
}

/// What is known of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageSummary {
    /// The archive that it is from; none: its registry, or it is built in.
    pub archive: Option<String>,
    /// Whether it is the image that is built into gidcheck, and was not looked at anywhere.
    pub is_built_in: bool,
    /// Whether it was looked at in place of the image that the manifest names.
    pub is_stand_in: bool,
    /// What it is called where it is from; none where it has no name there.
    pub name: Option<String>,
    /// The image config's `User`; empty where it names none.
    pub user: String,
    /// Its architecture, such as `arm64`, where it says one.
    pub architecture: Option<String>,
}

impl ImageSummary {
    /// What it is and where it is from, in words: `example.test/web:2 of web.tar`.
    #[must_use]
    pub fn words(&self) -> String {
        let name = self.name.as_deref().unwrap_or("the image without a name");
        match &self.archive {
            Some(archive) => format!("{name} of {archive}"),
            None => name.to_owned(),
        }
    }
}

/// Who a process is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The uid.
    pub user: Id,
    /// The primary gid.
    pub group: Id,
    /// All groups that the kernel attaches, ascending.
    pub groups: Vec<Id>,
    /// Whether `ContainerStatus.user` shows it.
    pub is_reported: bool,
}

/// A uid or a gid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Id {
    /// The number.
    pub id: u32,
    /// What the image calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it comes from; several may say the same.
    pub origins: Vec<Origin>,
}

impl Id {
    /// Whether the manifest says it.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.origins.iter().any(Origin::is_written)
    }
}

/// Where an id comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Origin {
    /// A field of the manifest.
    Manifest {
        /// Its path, such as `spec.securityContext.supplementalGroups[0]`.
        field: String,
    },
    /// The image config's `User`.
    ImageUser,
    /// A line of a file in the image.
    ImageFile {
        /// `/etc/passwd` or `/etc/group`.
        file: String,
        /// From 1.
        line: usize,
        /// The layer that brought the file.
        #[serde(skip_serializing_if = "Option::is_none")]
        layer: Option<Layer>,
        /// The gid that was asked for, where a group that has this number for a name took its
        /// place.
        #[serde(skip_serializing_if = "Option::is_none")]
        instead_of: Option<u32>,
    },
    /// Nothing names one, so it is 0.
    Default,
    /// A persistent volume demands it (`pv.beta.kubernetes.io/gid`).
    Volume {
        /// The claim that leads to the volume, where it is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        claim: Option<String>,
    },
    /// The kubelet reports it, and the manifest does not say it; the image was not looked at.
    Reported,
}

impl Origin {
    /// Whether it is in the manifest.
    #[must_use]
    pub fn is_written(&self) -> bool {
        matches!(self, Self::Manifest { .. })
    }
}

/// A layer of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    /// Its digest.
    pub digest: String,
    /// The command that made it, where the image tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
}

/// How grave something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// It does not run, or not as it is written.
    Error,
    /// It runs, with more than is written.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Something to know about a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// What it is about.
    pub rule: super::warnings::Rule,
    /// How grave it is.
    pub severity: Severity,
    /// The container, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// What is so, in one sentence.
    pub text: String,
}
