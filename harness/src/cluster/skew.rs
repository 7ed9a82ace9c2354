//! How far apart the API server and the kubelets of a cluster may be.

use fake_kubelet::skew;
use fake_kubelet::version::KubernetesVersion;

use super::{Cluster, ClusterError, ClusterNode};
use crate::scenario::{ClusterSpec, VersionSkew};

impl Cluster {
    /// Whether a kubelet of this version may belong to the cluster.
    ///
    /// # Errors
    /// [`ClusterError::Skew`].
    pub fn check_kubelet(
        &self,
        node: &str,
        version: KubernetesVersion,
    ) -> Result<(), ClusterError> {
        match self.skew {
            VersionSkew::Supported => check(self.api.gates().version(), node, version),
            VersionSkew::Allowed => Ok(()),
        }
    }

    /// Whether the API server may have this version beside the kubelets that there are.
    ///
    /// # Errors
    /// [`ClusterError::Skew`] for the first that it may not be beside.
    pub fn check_api_server(&self, version: KubernetesVersion) -> Result<(), ClusterError> {
        if self.skew == VersionSkew::Allowed {
            return Ok(());
        }
        let mut kubelets =
            self.nodes().filter_map(|node| node.version().map(|kubelet| (node, kubelet)));
        kubelets.try_for_each(|(node, kubelet)| check(version, node.name(), kubelet))
    }
}

/// Checks a cluster before it is brought up.
///
/// # Errors
/// [`ClusterError::Skew`] for the first node that may not be in it.
pub(super) fn check_start(spec: &ClusterSpec) -> Result<(), ClusterError> {
    if spec.skew == VersionSkew::Allowed {
        return Ok(());
    }
    let version = spec.kubernetes.unwrap_or_default();
    let api_server = spec.api_server.kubernetes.unwrap_or(version).0;
    let default = super::default_node();
    let nodes = if spec.nodes.is_empty() { std::slice::from_ref(&default) } else { &spec.nodes };
    nodes
        .iter()
        .try_for_each(|node| check(api_server, &node.name, node.kubernetes.unwrap_or(version).0))
}

fn check(
    api_server: KubernetesVersion,
    node: &str,
    kubelet: KubernetesVersion,
) -> Result<(), ClusterError> {
    skew::check(api_server, kubelet)
        .map_err(|error| ClusterError::Skew { node: node.to_owned(), error })
}

impl ClusterNode {
    /// The version of its kubelet, which may be stopped.
    #[must_use]
    pub fn version(&self) -> Option<KubernetesVersion> {
        self.gates().map(|gates| gates.version()).or(self.stopped_version())
    }
}
