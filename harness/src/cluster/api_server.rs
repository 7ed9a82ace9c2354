//! The API server: one store behind the rules of one Kubernetes version.

use std::sync::{Arc, Mutex, MutexGuard};

use fake_kubelet::api::{ApiError, NodeApi, PodChange, PodIdentity};
use fake_kubelet::version::FeatureGates;
use k8s_openapi::api::core::v1::{
    Event, EventSource, Node, NodeStatus, ObjectReference, Pod, PodCondition, PodStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::Value as Json;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

use super::clock::Clock;
use super::decode::{Manifest, manifest};
use super::refusal::Refusal;
use super::scheduler::{Candidate, Unschedulable, place};
use super::store::{PodName, Store, name_of, node_of};
use super::{defaults, fields, validation};

/// The API server of a cluster.
#[derive(Debug)]
pub struct ApiServer {
    state: Mutex<State>,
    clock: Clock,
    /// The revision of the newest change; whoever waits for something waits on this.
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    gates: FeatureGates,
    store: Store,
}

impl ApiServer {
    /// An empty cluster's API server; the objects' uids carry `cluster_id`.
    #[must_use]
    pub fn new(gates: FeatureGates, clock: Clock, cluster_id: u32) -> Self {
        Self {
            state: Mutex::new(State { gates, store: Store::new(cluster_id) }),
            clock,
            changes: watch::Sender::new(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Runs a change and tells everyone who waits for one.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let result = change(&mut state);
        let revision = state.store.revision();
        drop(state);
        // Only what changed something wakes those who wait, or they would wake each other for ever.
        self.changes.send_if_modified(|known| std::mem::replace(known, revision) != revision);
        result
    }

    /// Told whenever an object changes.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The version and gates the server runs with.
    #[must_use]
    pub fn gates(&self) -> FeatureGates {
        self.state().gates.clone()
    }

    /// Restarts the server with another version or other gates; the objects stay.
    pub fn restart(&self, gates: FeatureGates) {
        self.change(|state| state.gates = gates);
    }

    /// Creates or updates an object from its manifest.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn apply(&self, json: &Json) -> Result<(), Refusal> {
        match manifest(json)? {
            Manifest::Pod(pod) => self.apply_pod(*pod),
            Manifest::Node(node) => self.apply_node(*node),
        }
    }

    fn apply_pod(&self, mut pod: Pod) -> Result<(), Refusal> {
        pod.metadata.namespace.get_or_insert_with(|| "default".to_owned());
        let now = self.clock.now();
        self.change(|state| {
            let State { gates, store } = state;
            let before = store.pod(&name_of(&pod)).cloned();
            fields::drop_disabled_spec(gates, &mut pod, before.as_deref());
            if let Some(before) = &before {
                defaults::keep(&mut pod, before);
            }
            defaults::apply(&mut pod);
            if let Some(before) = before {
                return update_pod(store, &before, pod);
            }
            let errors = validation::new_pod(&pod);
            if !errors.is_empty() {
                let name = pod.metadata.name.as_deref().unwrap_or_default();
                return Err(Refusal::invalid("Pod", name, &errors));
            }
            pod.metadata.uid = Some(store.next_uid());
            pod.metadata.creation_timestamp = Some(now);
            pod.metadata.generation = Some(1);
            pod.status = Some(PodStatus {
                phase: Some("Pending".to_owned()),
                qos_class: Some("BestEffort".to_owned()),
                ..PodStatus::default()
            });
            store.put_pod(pod);
            Ok(())
        })
    }

    fn apply_node(&self, node: Node) -> Result<(), Refusal> {
        let name = node.metadata.name.clone().unwrap_or_default();
        self.change(|state| {
            let Some(known) = state.store.node(&name) else {
                return Err(Refusal::bad_request(format!(
                    "node {name:?} is not part of the cluster; nodes come from spec.cluster.nodes"
                )));
            };
            let mut changed = Node::clone(known);
            changed
                .metadata
                .labels
                .get_or_insert_default()
                .extend(node.metadata.labels.into_iter().flatten());
            changed
                .metadata
                .annotations
                .get_or_insert_default()
                .extend(node.metadata.annotations.into_iter().flatten());
            if let Some(spec) = node.spec {
                changed.spec = Some(spec);
            }
            state.store.put_node(changed);
            Ok(())
        })
    }

    /// Deletes a pod: at once where nothing runs, else when its kubelet has ended it.
    ///
    /// # Errors
    /// [`Refusal`] when there is none.
    pub fn delete_pod(&self, namespace: &str, name: &str) -> Result<(), Refusal> {
        let key = (namespace.to_owned(), name.to_owned());
        let now = self.clock.now();
        self.change(|state| {
            let store = &mut state.store;
            let known = store.pod(&key).ok_or_else(|| Refusal::not_found("pods", name))?;
            if node_of(known).is_none() || has_ended(known) {
                store.remove_pod(&key);
                return Ok(());
            }
            if known.metadata.deletion_timestamp.is_some() {
                return Ok(());
            }
            let mut pod = Pod::clone(known);
            let grace = pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds);
            pod.metadata.deletion_grace_period_seconds = Some(grace.unwrap_or(30));
            pod.metadata.deletion_timestamp = Some(now);
            store.put_pod(pod);
            Ok(())
        })
    }

    /// Deletes a node object; its kubelet registers anew.
    ///
    /// # Errors
    /// [`Refusal`] when there is none.
    pub fn delete_node(&self, name: &str) -> Result<(), Refusal> {
        self.change(|state| {
            state.store.remove_node(name).map(drop).ok_or_else(|| Refusal::not_found("nodes", name))
        })
    }

    /// Changes a node object.
    ///
    /// # Errors
    /// [`Refusal`] when there is none.
    pub fn change_node(&self, name: &str, change: impl FnOnce(&mut Node)) -> Result<(), Refusal> {
        self.change(|state| {
            let known = state.store.node(name).ok_or_else(|| Refusal::not_found("nodes", name))?;
            let mut node = Node::clone(known);
            change(&mut node);
            state.store.put_node(node);
            Ok(())
        })
    }

    /// A pod by name.
    #[must_use]
    pub fn pod(&self, namespace: &str, name: &str) -> Option<Arc<Pod>> {
        let key: PodName = (namespace.to_owned(), name.to_owned());
        self.state().store.pod(&key).cloned()
    }

    /// All pods, by namespace and name.
    #[must_use]
    pub fn pods(&self) -> Vec<Arc<Pod>> {
        self.state().store.pods().cloned().collect()
    }

    /// The pods that are bound to a node.
    #[must_use]
    pub fn pods_on(&self, node: &str) -> Vec<Arc<Pod>> {
        self.state().store.pods_on(node).cloned().collect()
    }

    /// All events, oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<Arc<Event>> {
        self.state().store.events().cloned().collect()
    }

    /// Binds every pod that waits for a node, or says why it cannot be bound.
    pub fn schedule(&self) {
        let pending = self.state().store.unscheduled();
        if pending.is_empty() {
            return;
        }
        let now = self.clock.now();
        self.change(|state| {
            for pod in pending {
                let store = &mut state.store;
                let candidates: Vec<_> = store
                    .nodes()
                    .map(|node| Candidate { node, pods: running_on(store, node) })
                    .collect();
                let placed = place(&pod, &candidates).map(str::to_owned);
                match placed {
                    Ok(node) => bind(store, &pod, &node, &now),
                    Err(reason) => report_unschedulable(store, &pod, reason, &now),
                }
            }
        });
    }
}

fn running_on(store: &Store, node: &Node) -> usize {
    let name = node.metadata.name.as_deref().unwrap_or_default();
    store.pods_on(name).filter(|pod| !has_ended(pod)).count()
}

fn has_ended(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

fn scheduled(status: &str) -> PodCondition {
    PodCondition {
        type_: "PodScheduled".to_owned(),
        status: status.to_owned(),
        ..PodCondition::default()
    }
}

fn bind(store: &mut Store, pod: &Pod, node: &str, now: &Time) {
    let mut bound = pod.clone();
    bound.spec.get_or_insert_default().node_name = Some(node.to_owned());
    let condition = PodCondition { last_transition_time: Some(now.clone()), ..scheduled("True") };
    set_condition(bound.status.get_or_insert_default(), condition);
    let (namespace, name) = name_of(pod);
    let message = format!("Successfully assigned {namespace}/{name} to {node}");
    store.put_pod(bound);
    store.put_event(event(pod, "Normal", "Scheduled", message, now));
}

fn report_unschedulable(
    store: &mut Store,
    pod: &Pod,
    Unschedulable(message): Unschedulable,
    now: &Time,
) {
    let condition = PodCondition {
        reason: Some("Unschedulable".to_owned()),
        message: Some(message.clone()),
        last_transition_time: Some(now.clone()),
        ..scheduled("False")
    };
    let mut status = pod.status.clone().unwrap_or_default();
    let known = status
        .conditions
        .iter()
        .flatten()
        .any(|known| known.type_ == condition.type_ && known.message == condition.message);
    if known {
        return;
    }
    set_condition(&mut status, condition);
    store.put_pod(Pod { status: Some(status), ..pod.clone() });
    store.put_event(event(pod, "Warning", "FailedScheduling", message, now));
}

fn set_condition(status: &mut PodStatus, condition: PodCondition) {
    let conditions = status.conditions.get_or_insert_default();
    conditions.retain(|known| known.type_ != condition.type_);
    conditions.push(condition);
}

fn event(pod: &Pod, type_: &str, reason: &str, message: String, now: &Time) -> Event {
    Event {
        involved_object: ObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("Pod".to_owned()),
            namespace: pod.metadata.namespace.clone(),
            name: pod.metadata.name.clone(),
            uid: pod.metadata.uid.clone(),
            ..ObjectReference::default()
        },
        type_: Some(type_.to_owned()),
        reason: Some(reason.to_owned()),
        message: Some(message),
        source: Some(EventSource {
            component: Some("default-scheduler".to_owned()),
            ..EventSource::default()
        }),
        first_timestamp: Some(now.clone()),
        last_timestamp: Some(now.clone()),
        ..Event::default()
    }
}

/// Updates an existing pod: its metadata, the few fields of its spec that may change, and its
/// ephemeral containers, which clients reach by a subresource of their own.
fn update_pod(store: &mut Store, before: &Pod, given: Pod) -> Result<(), Refusal> {
    let mut after = before.clone();
    if given.metadata.labels.is_some() {
        after.metadata.labels = given.metadata.labels;
    }
    if given.metadata.annotations.is_some() {
        after.metadata.annotations = given.metadata.annotations;
    }
    let old = before.spec.clone().unwrap_or_default();
    let mut new = given.spec.unwrap_or_default();
    // What the server or the scheduler filled in is not taken away by a manifest without it.
    new.node_name = new.node_name.or_else(|| old.node_name.clone());
    new.ephemeral_containers =
        new.ephemeral_containers.or_else(|| old.ephemeral_containers.clone());
    after.spec = Some(new);
    let errors = validation::updated_pod(&after, before);
    if !errors.is_empty() {
        let name = before.metadata.name.as_deref().unwrap_or_default();
        return Err(Refusal::invalid("Pod", name, &errors));
    }
    if after.spec.as_ref() != Some(&old) {
        let generation = after.metadata.generation.unwrap_or(1);
        after.metadata.generation = Some(generation.saturating_add(1));
    }
    if after != *before {
        store.put_pod(after);
    }
    Ok(())
}

impl NodeApi for ApiServer {
    fn node(&self, name: &str) -> Option<Arc<Node>> {
        self.state().store.node(name).cloned()
    }

    fn create_node(&self, mut node: Node) -> Result<(), ApiError> {
        let name = node.metadata.name.clone().unwrap_or_default();
        let now = self.clock.now();
        self.change(|state| {
            if state.store.node(&name).is_some() {
                return Err(ApiError::AlreadyExists { kind: "node", name });
            }
            node.metadata.uid = Some(state.store.next_uid());
            node.metadata.creation_timestamp = Some(now);
            fields::drop_disabled_node(&state.gates, &mut node, None);
            state.store.put_node(node);
            Ok(())
        })
    }

    fn update_node_status(&self, name: &str, status: NodeStatus) -> Result<(), ApiError> {
        self.change(|state| {
            let known = state
                .store
                .node(name)
                .ok_or_else(|| ApiError::NotFound { kind: "node", name: name.to_owned() })?;
            let before = Arc::clone(known);
            let mut node = Node { status: Some(status), ..Node::clone(&before) };
            fields::drop_disabled_node(&state.gates, &mut node, Some(&before));
            if node.status != before.status {
                state.store.put_node(node);
            }
            Ok(())
        })
    }

    fn watch_pods(&self, node: &str) -> UnboundedReceiver<PodChange> {
        self.state().store.watch_pods(node)
    }

    fn update_pod_status(&self, pod: &PodIdentity, status: PodStatus) -> Result<(), ApiError> {
        self.change(|state| {
            let known = known_pod(&state.store, pod)?;
            let mut status = status;
            fields::drop_disabled_status(&state.gates, &mut status, known.status.as_ref());
            if known.status.as_ref() != Some(&status) {
                let pod = Pod { status: Some(status), ..Pod::clone(&known) };
                state.store.put_pod(pod);
            }
            Ok(())
        })
    }

    fn finish_deletion(&self, pod: &PodIdentity) -> Result<(), ApiError> {
        self.change(|state| {
            known_pod(&state.store, pod)?;
            state.store.remove_pod(&(pod.namespace.clone(), pod.name.clone()));
            Ok(())
        })
    }

    fn record_event(&self, event: Event) {
        self.change(|state| state.store.put_event(event));
    }
}

fn known_pod(store: &Store, pod: &PodIdentity) -> Result<Arc<Pod>, ApiError> {
    store
        .pod(&(pod.namespace.clone(), pod.name.clone()))
        .filter(|known| known.metadata.uid.as_deref() == Some(&pod.uid))
        .cloned()
        .ok_or_else(|| ApiError::NotFound { kind: "pod", name: pod.name.clone() })
}
