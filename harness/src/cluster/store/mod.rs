//! The objects of a cluster, and who is told when they change.

mod collection;
mod events;
mod history;
mod pods;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use fake_kubelet::api::PodChange;
use k8s_openapi::api::core::v1::{Event, Node, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kubernetes_objects::resource::{RESOURCES, Resource};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::object::Object;
use super::owners::FieldOwners;

pub(super) use collection::Collection;
pub(super) use history::Expired;
pub use history::{Change, ChangeKind};
pub(super) use pods::{has_ended, node_of};

/// Namespace and name; the namespace is empty where objects have none.
pub(super) type ObjectName = (String, String);

/// An object as it is stored: shared, so that cloning costs nothing.
#[derive(Debug, Clone)]
pub struct Record {
    /// The object.
    pub object: Object,
    /// Who owns its fields.
    pub owners: FieldOwners,
}

/// Where the kinds that are indexed stand in the table of resources.
struct Indexed {
    pods: usize,
    nodes: usize,
    events: usize,
    /// `events.k8s.io`.
    events_of_their_group: usize,
}

static INDEXED: LazyLock<Indexed> = LazyLock::new(|| {
    let at = |group, plural| {
        let is = |one: &Resource| one.group == group && one.plural == plural;
        RESOURCES.iter().position(is).expect("the table has the core resources and events")
    };
    Indexed {
        pods: at("", "pods"),
        nodes: at("", "nodes"),
        events: at("", "events"),
        events_of_their_group: at("events.k8s.io", "events"),
    }
});

/// A resource's place in the table. The events of the two groups are the same objects.
fn index_of(resource: &'static Resource) -> usize {
    // Every resource is an item of the table, so that its address says where it stands.
    let offset = std::ptr::from_ref(resource).addr() - RESOURCES.as_ptr().addr();
    let index = offset / size_of::<Resource>();
    if index == INDEXED.events_of_their_group { INDEXED.events } else { index }
}

/// All objects, with the indexes that reads need.
#[derive(Debug)]
pub(super) struct Store {
    cluster_id: u32,
    revision: u64,
    uids: u64,
    suffixes: u64,
    collections: Vec<Collection>,
    pods: pods::Index,
    events: events::Index,
    node_watchers: HashMap<String, Vec<UnboundedSender<PodChange>>>,
}

impl Store {
    /// An empty store whose uids carry this id.
    pub(super) fn new(cluster_id: u32) -> Self {
        Self {
            cluster_id,
            revision: 0,
            uids: 0,
            suffixes: 0,
            collections: RESOURCES.iter().map(Collection::new).collect(),
            pods: pods::Index::default(),
            events: events::Index::default(),
            node_watchers: HashMap::new(),
        }
    }

    /// The revision of the newest change.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// Forgets the history so far, as a server does that starts: older revisions are too old.
    pub(super) fn begin_history(&mut self) {
        let revision = self.revision;
        for collection in &mut self.collections {
            collection.history.begin(revision);
        }
    }

    /// A uid that no other object of the cluster has; with the same id the same in every run.
    pub(super) fn next_uid(&mut self) -> String {
        self.uids += 1;
        format!("{:08x}-0000-4000-8000-{:012x}", self.cluster_id, self.uids)
    }

    /// Five characters that make a name of a `generateName`, in every run the same.
    pub(super) fn next_suffix(&mut self) -> String {
        /// What generated names are made of: nothing that could be read as a word.
        const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        self.suffixes = self.suffixes.wrapping_add(1);
        // A multiplication that mixes well, so that neighbours differ in every place.
        let mut mixed = (self.suffixes ^ u64::from(self.cluster_id) << 32)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(31)
            .wrapping_mul(0xD6E8_FEB8_6659_FD93);
        (0..5)
            .map(|_| {
                let at = usize::try_from(mixed >> 40).unwrap_or(0) % ALPHABET.len();
                mixed = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
                char::from(ALPHABET[at])
            })
            .collect()
    }

    /// The objects of a resource.
    pub(super) fn collection(&self, resource: &'static Resource) -> &Collection {
        &self.collections[index_of(resource)]
    }

    /// Told every change of these resources' objects from now on, in order.
    pub(super) fn subscribe(
        &mut self,
        resources: impl Iterator<Item = &'static Resource>,
    ) -> UnboundedReceiver<Change> {
        let (sender, receiver) = unbounded_channel();
        for resource in resources {
            self.collections[index_of(resource)].subscribers.push(sender.clone());
        }
        receiver
    }

    /// Writes an object, new or changed, with a new revision, and tells whoever listens.
    pub(super) fn put(&mut self, resource: &'static Resource, record: Record) -> Record {
        self.put_at(index_of(resource), record)
    }

    fn put_at(&mut self, index: usize, mut record: Record) -> Record {
        self.revision += 1;
        record.object.metadata_mut().resource_version = Some(self.revision.to_string());
        let before = self.collections[index].put(self.revision, record.clone());
        if let Object::Pod(pod) = &record.object {
            self.pods.put(pod, before.as_ref().and_then(|before| before.object.pod()));
            if let Some(node) = node_of(pod) {
                self.tell_node(node, &PodChange::Applied(Arc::clone(pod)));
            }
        } else if let (Object::Event(event), None) = (&record.object, before) {
            self.events.add(event);
        }
        record
    }

    /// Takes an object away and tells whoever listens; gives it as it was.
    pub(super) fn remove(
        &mut self,
        resource: &'static Resource,
        name: &ObjectName,
    ) -> Option<Record> {
        self.remove_at(index_of(resource), name)
    }

    fn remove_at(&mut self, index: usize, name: &ObjectName) -> Option<Record> {
        let last = self.collections[index].remove(self.revision + 1, name)?;
        self.revision += 1;
        if let Object::Pod(pod) = &last.object {
            self.pods.remove(pod);
            if let Some(node) = node_of(pod) {
                self.tell_node(node, &PodChange::Deleted(Arc::clone(pod)));
            }
        } else if let Object::Event(event) = &last.object {
            self.events.remove(event);
        }
        Some(last)
    }

    pub(super) fn pod(&self, namespace: &str, name: &str) -> Option<&Record> {
        self.collections[INDEXED.pods].find(namespace, name)
    }

    pub(super) fn pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.collections[INDEXED.pods].objects().filter_map(Object::pod)
    }

    pub(super) fn pods_named<'a>(
        &'a self,
        names: impl Iterator<Item = &'a ObjectName>,
    ) -> impl Iterator<Item = &'a Arc<Pod>> {
        let pods = &self.collections[INDEXED.pods];
        names.filter_map(|name| pods.get(name)?.object.pod())
    }

    /// The index of pods.
    pub(super) fn pod_index(&self) -> &pods::Index {
        &self.pods
    }

    pub(super) fn pods_on<'a>(&'a self, node: &str) -> impl Iterator<Item = &'a Arc<Pod>> {
        self.pods_named(self.pods.on_node(node))
    }

    pub(super) fn node(&self, name: &str) -> Option<&Arc<Node>> {
        self.node_record(name)?.object.node()
    }

    pub(super) fn node_record(&self, name: &str) -> Option<&Record> {
        self.collections[INDEXED.nodes].find("", name)
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.collections[INDEXED.nodes].objects().filter_map(Object::node)
    }

    /// All events, oldest first.
    pub(super) fn events(&self) -> impl Iterator<Item = &Arc<Event>> {
        let events = &self.collections[INDEXED.events];
        self.events.in_order().filter_map(|name| events.get(name)?.object.event())
    }

    /// The pods of a node: those that exist, then every change.
    pub(super) fn watch_pods(&mut self, node: &str) -> UnboundedReceiver<PodChange> {
        let (sender, receiver) = unbounded_channel();
        for pod in self.pods_on(node) {
            // The receiver is held above, so this cannot fail.
            let _ = sender.send(PodChange::Applied(Arc::clone(pod)));
        }
        self.node_watchers.entry(node.to_owned()).or_default().push(sender);
        receiver
    }

    fn tell_node(&mut self, node: &str, change: &PodChange) {
        if let Some(watchers) = self.node_watchers.get_mut(node) {
            watchers.retain(|watcher| watcher.send(change.clone()).is_ok());
        }
    }
}

/// Namespace and name of an object.
pub(super) fn name_of(metadata: &ObjectMeta) -> ObjectName {
    (metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default())
}
