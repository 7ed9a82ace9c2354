//! What pods are held against: an API server and a node.

use std::collections::BTreeMap;

use fake_cri::Profile;
use fake_kubelet::skew::{self, SkewError};
use fake_kubelet::version::{FeatureGateError, FeatureGates, Gate, KubernetesVersion};
use thiserror::Error;

use super::report::NodeSummary;
use crate::nodes::known_gates;

/// What somebody asks for; everything else is usual, or as the cluster says.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The API server's version.
    pub api_server: Option<KubernetesVersion>,
    /// The version of every kubelet.
    pub kubelet: Option<KubernetesVersion>,
    /// Gates of every component that has them.
    pub gates: BTreeMap<String, bool>,
    /// The runtime of every node.
    pub runtime: Option<&'static Profile>,
    /// The architecture of every node, such as `arm64`.
    pub architecture: Option<String>,
}

impl Asked {
    /// Whether anything is asked for.
    #[must_use]
    pub fn is_any(&self) -> bool {
        let versions = self.api_server.is_some() || self.kubelet.is_some();
        let parts = self.runtime.is_some() || self.architecture.is_some();
        versions || parts || !self.gates.is_empty()
    }
}

/// A cluster of one API server and one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The API server's version and gates.
    pub api_server: FeatureGates,
    /// The node.
    pub node: NodeSetting,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSetting {
    /// The kubelet's version and gates.
    pub kubelet: FeatureGates,
    /// The runtime.
    pub runtime: &'static Profile,
    /// What its object says of the feature before its kubelet says anything
    /// (`status.features.supplementalGroupsPolicy`).
    pub feature: Option<bool>,
    /// Its architecture, such as `arm64`, where that is known.
    pub architecture: Option<String>,
}

/// Why there can be no such cluster.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingError {
    /// No component takes a gate.
    #[error(transparent)]
    Gate(#[from] FeatureGateError),
    /// The kubelet and the API server do not go together.
    #[error("{0}; {advice}", advice = .0.advice())]
    Skew(#[from] SkewError),
}

impl Setting {
    /// A cluster with gates set on every component that has them.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn new(
        api_server: KubernetesVersion,
        kubelet: KubernetesVersion,
        gates: &BTreeMap<String, bool>,
        runtime: &'static Profile,
    ) -> Result<Self, SettingError> {
        skew::check(api_server, kubelet)?;
        check_gates(gates, &[api_server, kubelet])?;
        let node = NodeSetting {
            kubelet: gates_of(kubelet, gates),
            runtime,
            feature: None,
            architecture: None,
        };
        Ok(Self { api_server: gates_of(api_server, gates), node })
    }
}

/// Finds out whether each gate is taken by some component.
///
/// # Errors
/// What the first version says of a gate that none takes.
pub(crate) fn check_gates(
    gates: &BTreeMap<String, bool>,
    versions: &[KubernetesVersion],
) -> Result<(), FeatureGateError> {
    for (name, value) in gates {
        let answers =
            versions.iter().map(|version| FeatureGates::new(*version, [(&**name, *value)]));
        let mut refused = None;
        let mut is_taken = false;
        for answer in answers {
            match answer {
                Ok(_) => is_taken = true,
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        if let Some(error) = refused.filter(|_| !is_taken) {
            return Err(error);
        }
    }
    Ok(())
}

/// A version's gates, with those set that it lets one set.
pub(crate) fn gates_of(version: KubernetesVersion, gates: &BTreeMap<String, bool>) -> FeatureGates {
    let known = known_gates(version, gates);
    let known = known.iter().map(|(name, value)| (name.as_str(), *value));
    FeatureGates::new(version, known).expect("only gates that the version takes are left")
}

/// Whether the gate `SupplementalGroupsPolicy` is on; none where the version does not have it.
pub(crate) fn policy_gate(gates: &FeatureGates) -> Option<bool> {
    let has = gates.stage(Gate::SupplementalGroupsPolicy).is_some();
    has.then(|| gates.enabled(Gate::SupplementalGroupsPolicy))
}

impl NodeSetting {
    /// For reports, with the nodes that are like it.
    pub(crate) fn summary(&self, nodes: Vec<String>) -> NodeSummary {
        NodeSummary {
            kubelet: self.kubelet.version().to_string(),
            gate: policy_gate(&self.kubelet),
            runtime: self.runtime.name.to_owned(),
            feature: self.feature,
            architecture: self.architecture.clone(),
            nodes,
        }
    }
}
