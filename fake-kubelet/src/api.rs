//! The seam to the Kubernetes API: what a kubelet reads there and writes back.

use std::sync::Arc;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Node, NodeStatus, Pod, PodStatus, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use thiserror::Error;
use tokio::sync::mpsc::UnboundedReceiver;

/// Which pod is meant: a name may be reused, a uid never.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodIdentity {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub name: String,
    /// The pod's uid.
    pub uid: String,
}

/// A change to one of the pods that are bound to a node.
#[derive(Debug, Clone)]
pub enum PodChange {
    /// The pod is new here, or its object changed; the whole object.
    Applied(Arc<Pod>),
    /// The object is gone from the API; the last state seen.
    Deleted(Arc<Pod>),
}

/// Why the API refused a kubelet's write.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ApiError {
    /// No such object, or another one under the same name.
    #[error("{kind} {name:?} not found")]
    NotFound {
        /// The object's kind.
        kind: &'static str,
        /// The object's name.
        name: String,
    },
    /// The object exists already.
    #[error("{kind} {name:?} already exists")]
    AlreadyExists {
        /// The object's kind.
        kind: &'static str,
        /// The object's name.
        name: String,
    },
}

/// Where pods' variables and files come from that are not in their manifests.
pub trait KeyValues {
    /// A config map, if there is one.
    fn config_map(&self, namespace: &str, name: &str) -> Option<ConfigMap>;

    /// A secret, if there is one.
    fn secret(&self, namespace: &str, name: &str) -> Option<Secret>;
}

/// There are none.
impl KeyValues for () {
    fn config_map(&self, _: &str, _: &str) -> Option<ConfigMap> {
        None
    }

    fn secret(&self, _: &str, _: &str) -> Option<Secret> {
        None
    }
}

/// What a kubelet needs of the API server.
///
/// Calls are synchronous: the store is in process. The server applies its own
/// rules to what is written, such as dropping fields whose gate is off.
pub trait NodeApi: KeyValues + Send + Sync {
    /// The node object, if there is one.
    fn node(&self, name: &str) -> Option<Arc<Node>>;

    /// Registers a node.
    ///
    /// # Errors
    /// [`ApiError::AlreadyExists`].
    fn create_node(&self, node: Node) -> Result<(), ApiError>;

    /// Replaces a node's status.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] when the object was deleted.
    fn update_node_status(&self, name: &str, status: NodeStatus) -> Result<(), ApiError>;

    /// Renews a node's lease in the namespace `kube-node-lease`; says whether there was one. An
    /// API that keeps none says so of every node, and is never asked to create one.
    fn renew_node_lease(&self, _node: &str, _time: MicroTime) -> bool {
        true
    }

    /// Creates a node's lease.
    fn create_node_lease(&self, _lease: Lease) {}

    /// The pods bound to a node: first each that exists, then every change in order.
    fn watch_pods(&self, node: &str) -> UnboundedReceiver<PodChange>;

    /// Replaces a pod's status.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] when this pod (by uid) is gone.
    fn update_pod_status(&self, pod: &PodIdentity, status: PodStatus) -> Result<(), ApiError>;

    /// Ends a graceful deletion: the containers are gone, the object may go.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] when this pod (by uid) is gone.
    fn finish_deletion(&self, pod: &PodIdentity) -> Result<(), ApiError>;

    /// Records an event; the same event again raises the count of the first.
    ///
    /// The event comes with a `generateName` made of the pod's name; naming it
    /// is the server's part.
    fn record_event(&self, event: Event);
}
