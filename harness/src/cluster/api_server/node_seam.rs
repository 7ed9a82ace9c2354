//! The seam that kubelets know.

use std::sync::{Arc, LazyLock};

use fake_kubelet::api::{ApiError, KeyValues, NodeApi, PodChange, PodIdentity};
use fake_kubelet::status::node::LEASE_NAMESPACE;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Node, NodeStatus, Pod, PodStatus, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kubernetes_objects::resource::{self, Resource};
use tokio::sync::mpsc::UnboundedReceiver;

use super::requests::DeleteOptions;
use super::writing::Write;
use super::{ApiServer, State, core, has_uid};
use crate::cluster::object::{Object, Typed};
use crate::cluster::owners::Writer;
use crate::cluster::store::Record;
use crate::cluster::strategy::fields;

/// Whose name kubelets write under.
const KUBELET: &str = "kubelet";

/// What the control plane of a real cluster publishes in every namespace, and pods from there
/// mount with their tokens.
const ROOT_CERTIFICATES: &str = "kube-root-ca.crt";

impl KeyValues for ApiServer {
    fn config_map(&self, namespace: &str, name: &str) -> Option<ConfigMap> {
        let published = || (name == ROOT_CERTIFICATES).then(ConfigMap::default);
        self.read_as("configmaps", namespace, name).or_else(published)
    }

    fn secret(&self, namespace: &str, name: &str) -> Option<Secret> {
        self.read_as("secrets", namespace, name)
    }
}

impl ApiServer {
    /// An object as its type; what does not fit it is as if it were not there.
    fn read_as<T: Typed>(&self, plural: &str, namespace: &str, name: &str) -> Option<T> {
        let resource = resource::find("", "v1", plural)?;
        let object = self.state().store.collection(resource).find(namespace, name)?.object.clone();
        if let Object::Other(object) = object { object.read().ok() } else { None }
    }
}

impl NodeApi for ApiServer {
    fn node(&self, name: &str) -> Option<Arc<Node>> {
        self.state().store.node(name).cloned()
    }

    fn create_node(&self, node: Node) -> Result<(), ApiError> {
        let name = node.metadata.name.clone().unwrap_or_default();
        self.create_object(core("nodes"), "", Object::Node(Arc::new(node)), KUBELET)
            .map(drop)
            .map_err(|_| ApiError::AlreadyExists { kind: "node", name })
    }

    fn update_node_status(&self, name: &str, status: NodeStatus) -> Result<(), ApiError> {
        let now = self.clock.now();
        self.change(|state| {
            let record = state
                .store
                .node_record(name)
                .ok_or_else(|| ApiError::NotFound { kind: "node", name: name.to_owned() })?
                .clone();
            let Some(before) = record.object.node() else { return Ok(()) };
            let (metadata, spec) = (before.metadata.clone(), before.spec.clone());
            let mut node = Node { metadata, spec, status: Some(status) };
            fields::drop_disabled_node(&state.gates, &mut node, Some(before));
            state.write_status(core("nodes"), &record, Object::Node(Arc::new(node)), &now);
            Ok(())
        })
    }

    fn renew_node_lease(&self, node: &str, time: MicroTime) -> bool {
        self.change(|state| {
            let known = state.store.collection(*LEASES).find(LEASE_NAMESPACE, node);
            let Some(mut record) = known.cloned() else { return false };
            // Nothing else changes, and who owns its fields stays the same.
            if let Object::Lease(lease) = &mut record.object {
                Arc::make_mut(lease).spec.get_or_insert_default().renew_time = Some(time);
            }
            state.store.put(*LEASES, record);
            true
        })
    }

    fn create_node_lease(&self, lease: Lease) {
        // Without the namespace there is no lease, as with a real kubelet.
        let _ =
            self.create_object(*LEASES, LEASE_NAMESPACE, Object::Lease(Arc::new(lease)), KUBELET);
    }

    fn watch_pods(&self, node: &str) -> UnboundedReceiver<PodChange> {
        self.state().store.watch_pods(node)
    }

    fn update_pod_status(&self, pod: &PodIdentity, status: PodStatus) -> Result<(), ApiError> {
        let now = self.clock.now();
        self.change(|state| {
            let record = known_pod(state, pod)?;
            let Some(known) = record.object.pod() else { return Ok(()) };
            let mut status = status;
            fields::drop_disabled_status(&state.gates, &mut status, known.status.as_ref());
            if known.status.as_ref() == Some(&status) {
                return Ok(());
            }
            let (metadata, spec) = (known.metadata.clone(), known.spec.clone());
            let pod = Pod { metadata, spec, status: Some(status) };
            state.write_status(core("pods"), &record, Object::Pod(Arc::new(pod)), &now);
            Ok(())
        })
    }

    fn finish_deletion(&self, pod: &PodIdentity) -> Result<(), ApiError> {
        let now = self.clock.now();
        let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        self.change(|state| {
            let record = known_pod(state, pod)?;
            state
                .delete(core("pods"), &record, &options, &now)
                .map(drop)
                .map_err(|_| ApiError::NotFound { kind: "pod", name: pod.name.clone() })
        })
    }

    fn record_event(&self, event: Event) {
        self.record(event);
    }
}

static LEASES: LazyLock<&Resource> = LazyLock::new(|| {
    resource::find("coordination.k8s.io", "v1", "leases").expect("the table has leases")
});

impl State {
    /// Writes the status that a kubelet says.
    fn write_status(
        &mut self,
        resource: &'static Resource,
        record: &Record,
        object: Object,
        now: &k8s_openapi::apimachinery::pkg::apis::meta::v1::Time,
    ) {
        let write = Write { writer: Writer::of(KUBELET, "status"), now, dry_run: false };
        // What a kubelet says of its own objects is not checked again.
        let _ = self.write(resource, record, object, write);
    }
}

fn known_pod(state: &State, pod: &PodIdentity) -> Result<Record, ApiError> {
    state
        .store
        .pod(&pod.namespace, &pod.name)
        .filter(|record| has_uid(record, &pod.uid))
        .cloned()
        .ok_or_else(|| ApiError::NotFound { kind: "pod", name: pod.name.clone() })
}
