//! The objects of a cluster, and who is told when they change.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use fake_kubelet::api::PodChange;
use k8s_openapi::api::core::v1::{Event, Node, Pod};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The most events kept; the oldest go first.
const MAX_EVENTS: usize = 100_000;

/// Namespace and name.
pub(super) type PodName = (String, String);

/// What makes two events the same: about whom, type, reason, message, who says it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct EventKey {
    object: String,
    type_: String,
    reason: String,
    message: String,
    component: String,
}

/// All objects, with the indexes that reads need.
#[derive(Debug, Default)]
pub(super) struct Store {
    cluster_id: u32,
    revision: u64,
    uids: u64,
    pods: BTreeMap<PodName, Arc<Pod>>,
    unscheduled: BTreeSet<PodName>,
    by_node: HashMap<String, BTreeSet<PodName>>,
    nodes: BTreeMap<String, Arc<Node>>,
    events: BTreeMap<u64, Arc<Event>>,
    event_index: HashMap<EventKey, u64>,
    watchers: HashMap<String, Vec<UnboundedSender<PodChange>>>,
}

impl Store {
    /// An empty store whose uids carry this id.
    pub(super) fn new(cluster_id: u32) -> Self {
        Self { cluster_id, ..Self::default() }
    }

    /// The revision of the newest change.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    fn next_revision(&mut self) -> String {
        self.revision += 1;
        self.revision.to_string()
    }

    /// A uid that no other object of the cluster has; with the same id the same in every run.
    pub(super) fn next_uid(&mut self) -> String {
        self.uids += 1;
        format!("{:08x}-0000-4000-8000-{:012x}", self.cluster_id, self.uids)
    }

    pub(super) fn pod(&self, name: &PodName) -> Option<&Arc<Pod>> {
        self.pods.get(name)
    }

    pub(super) fn pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.values()
    }

    pub(super) fn pods_on<'a>(&'a self, node: &str) -> impl Iterator<Item = &'a Arc<Pod>> {
        self.by_node.get(node).into_iter().flatten().filter_map(|name| self.pods.get(name))
    }

    pub(super) fn unscheduled(&self) -> Vec<Arc<Pod>> {
        self.unscheduled.iter().filter_map(|name| self.pods.get(name)).cloned().collect()
    }

    pub(super) fn node(&self, name: &str) -> Option<&Arc<Node>> {
        self.nodes.get(name)
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.nodes.values()
    }

    pub(super) fn events(&self) -> impl Iterator<Item = &Arc<Event>> {
        self.events.values()
    }

    /// Writes a pod, new or changed, and tells its node.
    pub(super) fn put_pod(&mut self, mut pod: Pod) -> Arc<Pod> {
        pod.metadata.resource_version = Some(self.next_revision());
        let name = name_of(&pod);
        let node = node_of(&pod).map(str::to_owned);
        let pod = Arc::new(pod);
        self.pods.insert(name.clone(), Arc::clone(&pod));
        match node {
            Some(node) => {
                self.unscheduled.remove(&name);
                self.tell(&node, &PodChange::Applied(Arc::clone(&pod)));
                self.by_node.entry(node).or_default().insert(name);
            }
            None => {
                self.unscheduled.insert(name);
            }
        }
        pod
    }

    /// Takes a pod away and tells its node.
    pub(super) fn remove_pod(&mut self, name: &PodName) -> Option<Arc<Pod>> {
        let pod = self.pods.remove(name)?;
        self.revision += 1;
        self.unscheduled.remove(name);
        if let Some(node) = node_of(&pod).map(str::to_owned) {
            if let Some(names) = self.by_node.get_mut(&node) {
                names.remove(name);
            }
            self.tell(&node, &PodChange::Deleted(Arc::clone(&pod)));
        }
        Some(pod)
    }

    /// Writes a node, new or changed.
    pub(super) fn put_node(&mut self, mut node: Node) {
        node.metadata.resource_version = Some(self.next_revision());
        let name = node.metadata.name.clone().unwrap_or_default();
        self.nodes.insert(name, Arc::new(node));
    }

    /// Takes a node away; its pods stay.
    pub(super) fn remove_node(&mut self, name: &str) -> Option<Arc<Node>> {
        self.revision += 1;
        self.nodes.remove(name)
    }

    /// Records an event; one that is known is counted instead.
    pub(super) fn put_event(&mut self, mut event: Event) {
        let key = key_of(&event);
        self.revision += 1;
        if let Some(known) = self.event_index.get(&key).and_then(|id| self.events.get_mut(id)) {
            let known = Arc::make_mut(known);
            known.count = Some(known.count.unwrap_or(1).saturating_add(event.count.unwrap_or(1)));
            known.last_timestamp = event.last_timestamp;
            return;
        }
        let id = self.revision;
        event.count = event.count.or(Some(1));
        event.metadata.resource_version = Some(id.to_string());
        self.event_index.insert(key, id);
        self.events.insert(id, Arc::new(event));
        if self.events.len() > MAX_EVENTS
            && let Some((_, oldest)) = self.events.pop_first()
        {
            self.event_index.remove(&key_of(&oldest));
        }
    }

    /// The pods of a node: those that exist, then every change.
    pub(super) fn watch_pods(&mut self, node: &str) -> UnboundedReceiver<PodChange> {
        let (sender, receiver) = unbounded_channel();
        for pod in self.pods_on(node) {
            // The receiver is held above, so this cannot fail.
            let _ = sender.send(PodChange::Applied(Arc::clone(pod)));
        }
        self.watchers.entry(node.to_owned()).or_default().push(sender);
        receiver
    }

    fn tell(&mut self, node: &str, change: &PodChange) {
        if let Some(watchers) = self.watchers.get_mut(node) {
            watchers.retain(|watcher| watcher.send(change.clone()).is_ok());
        }
    }
}

/// Namespace and name of a pod that is in the store.
pub(super) fn name_of(pod: &Pod) -> PodName {
    let metadata = &pod.metadata;
    (metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default())
}

/// The node that a pod is bound to.
pub(super) fn node_of(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref().filter(|name| !name.is_empty())
}

fn key_of(event: &Event) -> EventKey {
    let object = &event.involved_object;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    EventKey {
        object: format!(
            "{}/{}/{}/{}",
            text(&object.kind),
            text(&object.namespace),
            text(&object.name),
            text(&object.uid)
        ),
        type_: text(&event.type_),
        reason: text(&event.reason),
        message: text(&event.message),
        component: event
            .source
            .as_ref()
            .and_then(|source| source.component.clone())
            .unwrap_or_else(|| text(&event.reporting_component)),
    }
}
