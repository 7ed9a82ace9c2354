//! Steps that change releases and feature gates of components.

use std::collections::BTreeMap;

use fake_kubelet::version::{FeatureGates, KubernetesVersion};

use super::Stop;
use crate::cluster::{Cluster, ClusterError};
use crate::scenario::{
    Change, Direction, DirectionError, RuntimeName, SetFeatureGates, VersionSkew,
};

/// Feature gates that are set, by name.
type Gates = BTreeMap<String, bool>;

/// The version and the gates set on a node's kubelet.
pub(super) fn kubelet_of(
    node: &str,
    cluster: &Cluster,
) -> Result<(KubernetesVersion, Gates), Stop> {
    let node = cluster.node(node)?;
    let gates =
        node.gates().ok_or_else(|| Stop::Senseless("the node has no kubelet".to_owned()))?;
    Ok((gates.version(), node.gate_settings().clone()))
}

/// Brings one component to another release. What is wrong with it is said before anything changes.
pub(super) async fn change(
    change: &Change,
    direction: Direction,
    cluster: &mut Cluster,
) -> Result<(), Stop> {
    let wrong = |error: DirectionError| {
        let other = match (&error, direction) {
            (DirectionError::Already(_), _) => "",
            (DirectionError::IsOther { .. }, Direction::Up) => "; write rollBack",
            (DirectionError::IsOther { .. }, Direction::Back) => "; write upgrade",
        };
        Stop::Senseless(format!("{error}{other}"))
    };
    let Some(name) = &change.node else {
        let Some(to) = change.kubernetes else { return Ok(()) };
        direction.check_kubernetes(cluster.api.gates().version(), to.0).map_err(wrong)?;
        if change.skew == VersionSkew::Supported {
            cluster.check_api_server(to.0).map_err(skewed)?;
        }
        let gates = cluster.api_gate_settings().clone();
        return Ok(cluster.restart_api_server(to.0, &gates)?);
    };
    if let (Some(to), Some(from)) = (change.runtime, cluster.node(name)?.runtime.current()) {
        direction.check_runtime(from, to).map_err(wrong)?;
    }
    if let Some(to) = change.kubernetes {
        let (from, _) = kubelet_of(name, cluster)?;
        direction.check_kubernetes(from, to.0).map_err(wrong)?;
        check_kubelet(name, to.0, change.skew, cluster)?;
        check_gates(name, to.0, cluster)?;
    }
    if let Some(to) = change.runtime {
        change_runtime(name, to, cluster)?;
    }
    if let Some(to) = change.kubernetes {
        let (_, gates) = kubelet_of(name, cluster)?;
        cluster.restart_kubelet(name, to.0, &gates).await?;
    }
    Ok(())
}

/// Checks that a kubelet of a version may belong to the cluster.
pub(super) fn check_kubelet(
    node: &str,
    version: KubernetesVersion,
    skew: VersionSkew,
    cluster: &Cluster,
) -> Result<(), Stop> {
    match skew {
        VersionSkew::Supported => cluster.check_kubelet(node, version).map_err(skewed),
        VersionSkew::Allowed => Ok(()),
    }
}

/// Checks that a node's kubelet starts with the gates set on it in another version.
pub(super) fn check_gates(
    node: &str,
    version: KubernetesVersion,
    cluster: &Cluster,
) -> Result<(), Stop> {
    let (_, settings) = kubelet_of(node, cluster)?;
    FeatureGates::new(version, settings.iter().map(|(name, value)| (name.as_str(), *value)))
        .map(drop)
        .map_err(|error| Stop::Gate { node: node.to_owned(), version, error })
}

fn skewed(error: ClusterError) -> Stop {
    Stop::Senseless(format!("{error}; or say skew: allowed in this step to see what happens then"))
}

/// Brings a node's runtime to another release.
pub(super) fn change_runtime(node: &str, to: RuntimeName, cluster: &Cluster) -> Result<(), Stop> {
    cluster.node(node)?.runtime.change(to).map_err(|error| Stop::Cluster(error.into()))
}

/// Restarts a component with other feature gates.
pub(super) async fn set_feature_gates(
    change: &SetFeatureGates,
    cluster: &mut Cluster,
) -> Result<(), Stop> {
    match &change.node {
        Some(node) => {
            let (version, _) = kubelet_of(node, cluster)?;
            Ok(cluster.restart_kubelet(node, version, &change.gates).await?)
        }
        None => {
            let version = cluster.api.gates().version();
            Ok(cluster.restart_api_server(version, &change.gates)?)
        }
    }
}
