//! The part of the API server that a kubelet sees, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use fake_kubelet::api::{ApiError, KeyValues, NodeApi, PodChange, PodIdentity};
use k8s_openapi::ByteString;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Node, NodeStatus, Pod, PodStatus, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use k8s_openapi::jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

#[derive(Default)]
struct Store {
    nodes: BTreeMap<String, Arc<Node>>,
    pods: BTreeMap<String, Arc<Pod>>,
    events: Vec<Event>,
    watchers: Vec<UnboundedSender<PodChange>>,
    status_writes: usize,
    node_status_writes: usize,
    leases: Vec<Lease>,
    config_maps: BTreeMap<String, ConfigMap>,
    secrets: BTreeMap<String, Secret>,
}

impl Store {
    fn tell(&mut self, change: &PodChange) {
        self.watchers.retain(|watcher| watcher.send(change.clone()).is_ok());
    }

    fn apply(&mut self, pod: Pod) {
        let pod = Arc::new(pod);
        let name = pod.metadata.name.clone().expect("pods have names");
        self.pods.insert(name, Arc::clone(&pod));
        self.tell(&PodChange::Applied(pod));
    }
}

/// All pods are bound to whichever node watches.
#[derive(Default)]
pub struct MemoryApi {
    store: Mutex<Store>,
}

impl MemoryApi {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().expect("no test panics while it holds the store")
    }

    pub fn create_pod(&self, pod: Pod) {
        self.store().apply(pod);
    }

    /// Changes a pod and counts its generation up, as for a change of the spec.
    pub fn change_pod(&self, name: &str, change: impl FnOnce(&mut Pod)) {
        let mut store = self.store();
        let mut pod = (**store.pods.get(name).expect("the pod exists")).clone();
        change(&mut pod);
        pod.metadata.generation = pod.metadata.generation.map(|generation| generation + 1);
        store.apply(pod);
    }

    /// Changes a pod's status, as others than its kubelet may.
    pub fn change_status(&self, name: &str, change: impl FnOnce(&mut PodStatus)) {
        let mut store = self.store();
        let mut pod = (**store.pods.get(name).expect("the pod exists")).clone();
        change(pod.status.get_or_insert_default());
        store.apply(pod);
    }

    /// Asks for a graceful deletion.
    pub fn delete_pod(&self, name: &str, grace_seconds: i64) {
        self.change_pod(name, |pod| {
            pod.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
            pod.metadata.deletion_grace_period_seconds = Some(grace_seconds);
        });
    }

    /// Takes a pod away at once, as a forced deletion does.
    pub fn remove_pod(&self, name: &str) {
        let mut store = self.store();
        if let Some(pod) = store.pods.remove(name) {
            store.tell(&PodChange::Deleted(pod));
        }
    }

    pub fn put_config_map(&self, name: &str, data: &[(&str, &str)]) {
        let text = |text: &str| text.to_owned();
        let data = data.iter().map(|(key, value)| (text(key), text(value))).collect();
        let map = ConfigMap { data: Some(data), ..ConfigMap::default() };
        self.store().config_maps.insert(name.to_owned(), map);
    }

    pub fn put_secret(&self, name: &str, data: &[(&str, &str)]) {
        let bytes = |text: &str| ByteString(text.as_bytes().to_vec());
        let data = data.iter().map(|(key, value)| ((*key).to_owned(), bytes(value))).collect();
        let secret = Secret { data: Some(data), ..Secret::default() };
        self.store().secrets.insert(name.to_owned(), secret);
    }

    pub fn delete_node(&self, name: &str) {
        self.store().nodes.remove(name);
    }

    pub fn pod(&self, name: &str) -> Option<Arc<Pod>> {
        self.store().pods.get(name).cloned()
    }

    /// The pod's status; empty before the kubelet wrote one.
    pub fn status(&self, name: &str) -> PodStatus {
        self.pod(name).and_then(|pod| pod.status.clone()).unwrap_or_default()
    }

    pub fn phase(&self, name: &str) -> String {
        self.status(name).phase.unwrap_or_default()
    }

    /// Why a container waits: reason and message.
    pub fn waiting(&self, name: &str, container: &str) -> Option<(String, String)> {
        let status = self.status(name);
        let statuses =
            status.container_statuses.into_iter().chain(status.init_container_statuses).flatten();
        let waiting = statuses
            .filter(|status| status.name == container)
            .find_map(|status| status.state?.waiting)?;
        Some((waiting.reason.unwrap_or_default(), waiting.message.unwrap_or_default()))
    }

    pub fn restart_count(&self, name: &str) -> i32 {
        let statuses = self.status(name).container_statuses.unwrap_or_default();
        statuses.first().map_or(0, |status| status.restart_count)
    }

    /// The events about a pod in the order of their first, as reason and message.
    pub fn events(&self, name: &str) -> Vec<(String, String)> {
        let about = |event: &&Event| event.involved_object.name.as_deref() == Some(name);
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let store = self.store();
        let events = store.events.iter().filter(about);
        events.map(|event| (text(&event.reason), text(&event.message))).collect()
    }

    pub fn event_objects(&self, name: &str) -> Vec<Event> {
        let about = |event: &&Event| event.involved_object.name.as_deref() == Some(name);
        self.store().events.iter().filter(about).cloned().collect()
    }

    pub fn node_object(&self, name: &str) -> Option<Arc<Node>> {
        self.store().nodes.get(name).cloned()
    }

    pub fn node_status_writes(&self) -> usize {
        self.store().node_status_writes
    }

    pub fn leases(&self) -> Vec<Lease> {
        self.store().leases.clone()
    }

    pub fn status_writes(&self) -> usize {
        self.store().status_writes
    }
}

/// Every object is in the pods' namespace, `default`.
impl KeyValues for MemoryApi {
    fn config_map(&self, namespace: &str, name: &str) -> Option<ConfigMap> {
        self.store().config_maps.get(name).filter(|_| namespace == "default").cloned()
    }

    fn secret(&self, namespace: &str, name: &str) -> Option<Secret> {
        self.store().secrets.get(name).filter(|_| namespace == "default").cloned()
    }
}

impl NodeApi for MemoryApi {
    fn node(&self, name: &str) -> Option<Arc<Node>> {
        self.node_object(name)
    }

    fn create_node(&self, node: Node) -> Result<(), ApiError> {
        let name = node.metadata.name.clone().expect("nodes have names");
        self.store().nodes.insert(name, Arc::new(node));
        Ok(())
    }

    fn update_node_status(&self, name: &str, status: NodeStatus) -> Result<(), ApiError> {
        let mut store = self.store();
        let missing = || ApiError::NotFound { kind: "nodes", name: name.to_owned() };
        let node = store.nodes.get_mut(name).ok_or_else(missing)?;
        Arc::make_mut(node).status = Some(status);
        store.node_status_writes += 1;
        Ok(())
    }

    fn renew_node_lease(&self, node: &str, time: MicroTime) -> bool {
        let mut store = self.store();
        let of_node = |lease: &&Lease| lease.metadata.name.as_deref() == Some(node);
        let Some(mut lease) = store.leases.iter().rfind(of_node).cloned() else { return false };
        lease.spec.get_or_insert_default().renew_time = Some(time);
        store.leases.push(lease);
        true
    }

    fn create_node_lease(&self, lease: Lease) {
        self.store().leases.push(lease);
    }

    fn watch_pods(&self, _: &str) -> UnboundedReceiver<PodChange> {
        let (sender, receiver) = unbounded_channel();
        let mut store = self.store();
        for pod in store.pods.values() {
            sender.send(PodChange::Applied(Arc::clone(pod))).expect("the receiver is here");
        }
        store.watchers.push(sender);
        receiver
    }

    fn update_pod_status(&self, pod: &PodIdentity, status: PodStatus) -> Result<(), ApiError> {
        let mut store = self.store();
        let missing = || ApiError::NotFound { kind: "pods", name: pod.name.clone() };
        let known = store.pods.get(&pod.name).ok_or_else(missing)?;
        let mut changed = (**known).clone();
        changed.status = Some(status);
        store.status_writes += 1;
        store.apply(changed);
        Ok(())
    }

    fn finish_deletion(&self, pod: &PodIdentity) -> Result<(), ApiError> {
        self.remove_pod(&pod.name);
        Ok(())
    }

    fn record_event(&self, event: Event) {
        let mut store = self.store();
        let same = |known: &&mut Event| {
            known.involved_object.uid == event.involved_object.uid
                && known.involved_object.field_path == event.involved_object.field_path
                && (&known.reason, &known.message) == (&event.reason, &event.message)
        };
        match store.events.iter_mut().find(same) {
            Some(known) => {
                known.count = known.count.map(|count| count + 1);
                known.last_timestamp = event.last_timestamp;
            }
            None => store.events.push(event),
        }
    }
}
