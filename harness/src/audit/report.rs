//! What an audit says, for programs: a versioned document.

use schemars::JsonSchema;
use serde::Serialize;

use crate::explain::report::{ClusterSummary, ContainerKind, Id, Policy, Severity};
use crate::explain::warnings::Rule;

/// What the document's `schema` field says: its format and version.
pub const SCHEMA: &str = "gidcheck.dev/audit/v1";

/// Which containers get groups that nobody wrote down, and what else is wrong with their pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    /// The format of this document: `gidcheck.dev/audit/v1`.
    pub schema: String,
    /// The cluster that the manifests are held against.
    pub cluster: ClusterSummary,
    /// How many pods and pod templates were looked at.
    pub pods: usize,
    /// How many containers were looked at.
    pub containers: usize,
    /// How many of them get groups that nobody wrote down.
    pub with_implicit_groups: usize,
    /// What was found, the heaviest first.
    pub findings: Vec<Finding>,
    /// How many documents there are that make no pods.
    pub passed_over: usize,
    /// Files of folders that could not be read.
    pub not_read: Vec<NotRead>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is about.
    pub rule: Rule,
    /// How grave it is.
    pub severity: Severity,
    /// How much it weighs; findings are sorted by it.
    pub weight: u32,
    /// The kind of the object, such as `Deployment`.
    pub kind: String,
    /// Its namespace; empty where the manifest says none.
    pub namespace: String,
    /// Its name, or the start of a generated one.
    pub name: String,
    /// The policy that holds as it is written.
    pub policy: Policy,
    /// The container, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<FoundContainer>,
    /// The groups that nobody wrote down, with where they come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Id>,
    /// What these groups open on a host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opens: Vec<String>,
    /// The file.
    pub file: String,
    /// The line of the container, or of the object, from 1.
    pub line: usize,
    /// What is so, in one sentence.
    pub text: String,
    /// The nodes where it is so, where it is not so on all that the pod may run on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_on: Vec<String>,
    /// What to do.
    pub help: String,
}

impl Finding {
    /// How people call the object: `Deployment web`, `Pod team/office`.
    #[must_use]
    pub fn title(&self) -> String {
        crate::explain::report::title(&self.kind, &self.namespace, &self.name)
    }
}

/// A container that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundContainer {
    /// Its name.
    pub name: String,
    /// What kind of container it is.
    pub kind: ContainerKind,
    /// Its image, as the manifest has it.
    pub image: String,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotRead {
    /// The file.
    pub file: String,
    /// The line, where one is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Why not.
    pub why: String,
}
