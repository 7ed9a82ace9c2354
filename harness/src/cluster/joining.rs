//! Nodes that join a cluster with an object of their own, as in a cluster that exists already.

use std::collections::BTreeMap;
use std::sync::Arc;

use fake_cri::ImageStore;
use fake_kubelet::api::{ApiError, NodeApi};
use fake_kubelet::version::KubernetesVersion;
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kubernetes_objects::Status;

use super::{Cluster, ClusterError, ClusterNode};
use crate::scenario::RuntimeName;
use crate::target::{NodeRequest, Target};

/// A node that joins.
#[derive(Debug, Clone)]
pub struct NodeSetup {
    /// The object: name, labels, taints, and what its status says already.
    pub object: Node,
    /// The kubelet's version.
    pub kubernetes: KubernetesVersion,
    /// The kubelet's feature gates.
    pub feature_gates: BTreeMap<String, bool>,
    /// The runtime.
    pub runtime: RuntimeName,
    /// The node's resources.
    pub capacity: BTreeMap<String, Quantity>,
}

impl Cluster {
    /// Registers a node and starts its kubelet.
    ///
    /// # Errors
    /// [`ClusterError`]; also when there is a node of that name.
    pub async fn join(
        &mut self,
        setup: NodeSetup,
        images: &Arc<ImageStore>,
        target: &dyn Target,
    ) -> Result<(), ClusterError> {
        let NodeSetup { object, kubernetes, feature_gates, runtime, capacity } = setup;
        let name = object.metadata.name.clone().unwrap_or_default();
        let labels = object.metadata.labels.clone().unwrap_or_default();
        let status = object.status.clone();
        self.api
            .create_node(object)
            .map_err(|source| fake_kubelet::StartError::Register { node: name.clone(), source })?;
        // Whatever the server's gate is now, the object may carry what it did before.
        let put = self.api.change_node(&name, |node| node.status = status);
        put.map_err(|status| unregistered(&name, &status))?;
        let number = self.next_number();
        let request = NodeRequest {
            node: &name,
            number,
            runtime: Some(runtime),
            images,
            clock: self.clock.clone(),
        };
        let runtime = target.node(request).await?;
        let mut added = ClusterNode::new(&name, labels, runtime, self.clock.clone());
        added.number = number;
        added.capacity = Some(capacity);
        added.start_kubelet(kubernetes, &feature_gates, &self.api).await?;
        self.make_part_of_the_cluster(&name);
        self.nodes.insert(name, added);
        Ok(())
    }
}

fn unregistered(node: &str, _: &Status) -> fake_kubelet::StartError {
    let source = ApiError::NotFound { kind: "node", name: node.to_owned() };
    fake_kubelet::StartError::Register { node: node.to_owned(), source }
}
