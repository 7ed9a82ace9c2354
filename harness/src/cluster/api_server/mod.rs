//! The API server: one store behind the rules of one Kubernetes version.
//!
//! Everyone comes through here: kubelets by the seam that they know, scenarios
//! and controllers by typed calls, clients over HTTPS by requests on resources.

mod addresses;
mod admission;
mod applying;
mod deleting;
mod evicting;
mod node_seam;
mod own_service;
mod pods;
mod policies;
mod reading;
mod requests;
mod scale;
mod watching;
mod writing;

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock};

use fake_kubelet::version::FeatureGates;
use k8s_openapi::api::core::v1::{Event, Node, Pod};
use kubernetes_objects::Status;
use kubernetes_objects::ownership::Interner;
use kubernetes_objects::release::Release;
use kubernetes_objects::resource::{self, Resource};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

use super::clock::Clock;
use super::namespace_contents;
use super::object::Object;
use super::owners::{FieldOwners, Writer};
use super::store::{Change, Record, Store};

pub use applying::{Patched, Written};
pub(super) use own_service::keep as keep_own_service;
pub use requests::{DeleteOptions, ListOptions, Listed, Place, Propagation, WatchOptions, Writing};
pub use watching::{Watch, WatchEvent};

/// The namespaces that every cluster has.
const NAMESPACES: &[&str] = &["default", "kube-node-lease", "kube-public", "kube-system"];

/// The API server of a cluster.
#[derive(Debug)]
pub struct ApiServer {
    state: Mutex<State>,
    clock: Clock,
    /// The revision of the newest change; whoever waits for something waits on this.
    changes: watch::Sender<u64>,
    /// The certificate by which clients know the server, as PEM, where any can reach it.
    certificate: OnceLock<String>,
}

#[derive(Debug)]
struct State {
    gates: FeatureGates,
    store: Store,
    /// Whether the owners of fields are written down, which only clients look at.
    tracks_owners: bool,
    /// The sets of fields that objects share.
    field_sets: Interner,
    /// What policies warn of in the request that is worked on.
    warnings: Vec<String>,
}

/// A resource that the server itself works with.
///
/// # Panics
/// Never for a core resource that is in the table.
fn core(plural: &str) -> &'static Resource {
    static CORE: LazyLock<[&Resource; 5]> = LazyLock::new(|| {
        ["pods", "nodes", "namespaces", "events", "services"].map(|plural| {
            resource::find("", "v1", plural).expect("the table has the core resources")
        })
    });
    CORE.iter().find(|one| one.plural == plural).expect("the server works with these alone")
}

impl State {
    /// The release whose fields the server knows.
    fn release(&self) -> Release {
        Release::new(self.gates.version().minor())
    }
}

impl ApiServer {
    /// An empty cluster's API server; the objects' uids carry `cluster_id`.
    #[must_use]
    pub fn new(gates: FeatureGates, clock: Clock, cluster_id: u32) -> Self {
        let store = Store::new(cluster_id);
        let server = Self {
            state: Mutex::new(State {
                gates,
                store,
                tracks_owners: false,
                field_sets: Interner::default(),
                warnings: Vec::new(),
            }),
            clock,
            changes: watch::Sender::new(0),
            certificate: OnceLock::new(),
        };
        server.make_namespaces();
        server
    }

    /// The same server, writing down who owns which field, as clients over HTTPS expect.
    #[must_use]
    pub fn tracking_owners(self) -> Self {
        self.state().tracks_owners = true;
        self.keep_own_service();
        self
    }

    /// Publishes the certificate by which clients know the server, as PEM: every namespace gets
    /// it, and an account for its pods. The first one given stays.
    pub fn publish_certificate(&self, pem: &str) {
        if self.certificate.set(pem.to_owned()).is_err() {
            return;
        }
        for namespace in NAMESPACES {
            for content in namespace_contents::of(pem) {
                let Some(resource) = resource::find("", "v1", content.plural) else { continue };
                if let Ok(object) = Object::from_json(resource, content.object) {
                    // Whoever has made it before has made it.
                    let _ = self.create_object(resource, namespace, object, content.maker);
                }
            }
        }
    }

    /// The certificate by which clients know the server, as PEM, where any can reach it.
    pub(super) fn certificate(&self) -> Option<&str> {
        self.certificate.get().map(String::as_str)
    }

    fn make_namespaces(&self) {
        let now = self.clock.now();
        self.change(|state| {
            for name in NAMESPACES {
                state.make_namespace(name, &now);
            }
            state.store.begin_history();
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Runs a change and tells everyone who waits for one.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        state.warnings.clear();
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

    /// The revision of the newest change.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.state().store.revision()
    }

    /// Whether an object of a resource has changed after a revision.
    #[must_use]
    pub fn has_changed(&self, resource: &'static Resource, revision: u64) -> bool {
        self.state().store.collection(resource).history().has_any_after(revision)
    }

    /// Told every change of a resource's objects from now on, in order.
    pub fn changes_of(&self, resource: &'static Resource) -> UnboundedReceiver<Change> {
        self.changes_of_all(std::iter::once(resource))
    }

    /// Told every change of these resources' objects from now on, in order.
    pub fn changes_of_all(
        &self,
        resources: impl Iterator<Item = &'static Resource>,
    ) -> UnboundedReceiver<Change> {
        self.state().store.subscribe(resources)
    }

    /// The cluster's clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The version and gates the server runs with.
    #[must_use]
    pub fn gates(&self) -> FeatureGates {
        self.state().gates
    }

    /// Restarts the server with another version or other gates; the objects stay.
    pub fn restart(&self, gates: FeatureGates) {
        self.change(|state| state.gates = gates);
    }

    /// Changes a node object.
    ///
    /// # Errors
    /// [`Status`] when there is none.
    pub fn change_node(&self, name: &str, change: impl FnOnce(&mut Node)) -> Result<(), Status> {
        self.change(|state| {
            let record =
                state.store.node_record(name).ok_or_else(|| Status::not_found("nodes", name))?;
            let mut record = record.clone();
            if let Object::Node(node) = &mut record.object {
                change(Arc::make_mut(node));
            }
            state.store.put(core("nodes"), record);
            Ok(())
        })
    }

    /// An object by its name.
    #[must_use]
    pub fn object(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
    ) -> Option<Object> {
        self.state().store.collection(resource).find(namespace, name).map(|one| one.object.clone())
    }

    /// All objects of a resource, by namespace and name.
    #[must_use]
    pub fn objects(&self, resource: &'static Resource) -> Vec<Object> {
        self.state().store.collection(resource).objects().cloned().collect()
    }

    /// The names of a resource's objects in a namespace.
    #[must_use]
    pub fn names_in(&self, resource: &'static Resource, namespace: &str) -> Vec<String> {
        let state = self.state();
        state
            .store
            .collection(resource)
            .after(namespace, None)
            .filter_map(|record| record.object.metadata().name.clone())
            .collect()
    }

    /// How many objects of a resource there are.
    #[must_use]
    pub fn count(&self, resource: &'static Resource) -> usize {
        self.state().store.collection(resource).len()
    }

    /// A pod by name.
    #[must_use]
    pub fn pod(&self, namespace: &str, name: &str) -> Option<Arc<Pod>> {
        self.state().store.pod(namespace, name)?.object.pod().cloned()
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

    /// How many pods fit, of those that are bound to a node where one is given.
    #[must_use]
    pub fn count_pods(&self, node: Option<&str>, fits: impl Fn(&Pod) -> bool) -> usize {
        let state = self.state();
        match node {
            Some(node) => state.store.pods_on(node).filter(|pod| fits(pod)).count(),
            None => state.store.pods().filter(|pod| fits(pod)).count(),
        }
    }

    /// The pods of the controller with this uid that have not ended.
    #[must_use]
    pub fn active_pods_of(&self, controller: &str) -> Vec<Arc<Pod>> {
        let state = self.state();
        let index = state.store.pod_index();
        let names = index.controlled_by(controller).into_iter().flat_map(|pods| &pods.active);
        state.store.pods_named(names).cloned().collect()
    }

    /// The pods of the controller with this uid that succeeded or failed.
    #[must_use]
    pub fn ended_pods_of(&self, controller: &str) -> Vec<Arc<Pod>> {
        let state = self.state();
        let index = state.store.pod_index();
        let names = index.controlled_by(controller).into_iter().flat_map(|pods| &pods.ended);
        state.store.pods_named(names).cloned().collect()
    }

    /// All nodes, by name.
    #[must_use]
    pub fn nodes(&self) -> Vec<Arc<Node>> {
        self.state().store.nodes().cloned().collect()
    }

    /// All events, oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<Arc<Event>> {
        self.state().store.events().cloned().collect()
    }

    /// Records an event; the same one again is counted.
    pub fn record(&self, event: Event) {
        let now = self.clock.now();
        let component = event.source.as_ref().and_then(|source| source.component.clone());
        let component = component.or_else(|| event.reporting_component.clone());
        let writer = Writer::of(program_of(&component.unwrap_or_default()), "");
        self.change(|State { store, tracks_owners, field_sets, .. }| {
            store.put_event(event, &now, |event| match tracks_owners {
                true => {
                    FieldOwners::after_update(core("events"), None, event, writer, &now, field_sets)
                }
                false => FieldOwners::default(),
            });
        });
    }
}

/// The program that a component which records events is a part of: it is their field manager.
fn program_of(component: &str) -> &'static str {
    match component {
        "kubelet" => "kubelet",
        "default-scheduler" => "kube-scheduler",
        _ => "kube-controller-manager",
    }
}

/// Whether a record is what this name and uid meant.
fn has_uid(record: &Record, uid: &str) -> bool {
    record.object.metadata().uid.as_deref() == Some(uid)
}
