//! A node as its object says: only what decides about pods is kept.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Taint;
use serde::Deserialize;

use crate::input::{Amount, Part, read};

/// A node as its object says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeRecord {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// Whether it is cordoned.
    pub unschedulable: bool,
    /// `status.nodeInfo.kubeletVersion`.
    pub kubelet_version: Option<String>,
    /// `status.nodeInfo.containerRuntimeVersion`.
    pub runtime_version: Option<String>,
    /// `status.features.supplementalGroupsPolicy`.
    pub feature: Option<bool>,
    /// `status.nodeInfo.architecture`, such as `arm64`.
    pub architecture: Option<String>,
    /// Whether it runs Windows, where there are no groups.
    pub is_windows: bool,
    /// `status.allocatable`.
    pub allocatable: BTreeMap<String, String>,
}

impl NodeRecord {
    /// Reads a node object's parts.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub(crate) fn read(
        name: &str,
        labels: BTreeMap<String, String>,
        spec: Option<&Part>,
        status: Option<&Part>,
    ) -> Result<Self, String> {
        let spec: NodeSpec = read(spec)?;
        let status: NodeStatus = read(status)?;
        let info = status.node_info.unwrap_or_default();
        let os = info.operating_system.as_ref().or_else(|| labels.get("kubernetes.io/os"));
        let architecture = info.architecture.as_ref();
        let architecture = architecture.or_else(|| labels.get("kubernetes.io/arch")).cloned();
        Ok(Self {
            name: name.to_owned(),
            architecture: architecture.filter(|name| !name.is_empty()),
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
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeSpec {
    taints: Option<Vec<Taint>>,
    unschedulable: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeStatus {
    node_info: Option<NodeInfo>,
    features: Option<NodeFeatures>,
    allocatable: Option<BTreeMap<String, Amount>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeInfo {
    kubelet_version: Option<String>,
    container_runtime_version: Option<String>,
    operating_system: Option<String>,
    architecture: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeFeatures {
    supplemental_groups_policy: Option<bool>,
}
