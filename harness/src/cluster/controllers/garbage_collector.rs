//! Removes what is owned by something that is gone, in the order that the deletion asked for.
//!
//! Rules: `pkg/controller/garbagecollector` of 1.36. Each object costs two
//! calls: it is read from the server before it is deleted.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kubernetes_objects::Status;
use kubernetes_objects::resource::{self, RESOURCES, Resource};

use super::super::object::Object;
use super::super::store::{ChangeKind, ObjectName};
use super::super::{DeleteOptions, Propagation};
use super::Kinds;
use super::client::Client;
use super::informer::Told;
use super::queue::{Controller, Queue, enqueue};
use super::view::View;

/// How many objects are worked on at once (`--concurrent-gc-syncs`).
const WORKERS: usize = 20;
/// Holds an object until those that it owns are gone.
const FOREGROUND: &str = "foregroundDeletion";
/// Holds an object until those that it owns have lost it as their owner.
const ORPHAN: &str = "orphan";

/// The garbage collector.
#[derive(Debug)]
pub(super) struct GarbageCollector {
    kinds: Kinds,
    view: Arc<View>,
    client: Client,
    queue: Queue,
    /// The objects, by uid, that wait for those that they own, all of which are known to the queue.
    waiting: Mutex<HashSet<String>>,
}

/// An object by its resource, namespace and name.
type Item = (&'static Resource, ObjectName);

/// An item as a key of the queue.
fn key((resource, (namespace, name)): &Item) -> ObjectName {
    (resource.qualified(), format!("{namespace}/{name}"))
}

fn item((resource, name): &ObjectName) -> Option<Item> {
    let (namespace, name) = name.split_once('/')?;
    let resource = RESOURCES.iter().find(|one| one.qualified() == *resource)?;
    Some((resource, (namespace.to_owned(), name.to_owned())))
}

fn holds(metadata: &ObjectMeta, finalizer: &str) -> bool {
    metadata.finalizers.iter().flatten().any(|one| one == finalizer)
}

/// Whether an object waits for those that it owns.
fn waits_for_dependents(metadata: &ObjectMeta) -> bool {
    metadata.deletion_timestamp.is_some() && holds(metadata, FOREGROUND)
}

/// What has become of the owners of an object.
#[derive(Default)]
struct Owners {
    there: usize,
    gone: Vec<String>,
    waiting: Vec<String>,
}

impl GarbageCollector {
    pub(super) fn new(kinds: Kinds, view: &Arc<View>, client: Client) -> Arc<Self> {
        let view = Arc::clone(view);
        let waiting = Mutex::default();
        Arc::new(Self { kinds, view, client, queue: Queue::new(WORKERS), waiting })
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        let metadata = told.after.metadata();
        let uid = metadata.uid.as_deref().unwrap_or_default();
        if told.kind == ChangeKind::Deleted {
            self.waiting().remove(uid);
            for dependent in self.dependents(uid) {
                enqueue(self, &key(&dependent));
            }
        } else if metadata.deletion_timestamp.is_some()
            && (holds(metadata, FOREGROUND) || holds(metadata, ORPHAN))
        {
            enqueue(self, &key(&(told.resource, told.key())));
        }
        for owner in metadata.owner_references.iter().flatten() {
            self.hear_of_owned(told, owner, metadata);
        }
    }

    fn hear_of_owned(
        self: &Arc<Self>,
        told: &Told<'_>,
        owner: &OwnerReference,
        metadata: &ObjectMeta,
    ) {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        match (told.kind, self.owner(owner, namespace)) {
            (ChangeKind::Deleted, Some((item, owner)))
                if waits_for_dependents(owner.metadata()) =>
            {
                enqueue(self, &key(&item));
            }
            (ChangeKind::Added, None) => enqueue(self, &key(&(told.resource, told.key()))),
            (ChangeKind::Added, Some((_, owner))) if waits_for_dependents(owner.metadata()) => {
                enqueue(self, &key(&(told.resource, told.key())));
            }
            _ => {}
        }
    }

    /// The owner that a reference means, if it is there.
    fn owner(&self, owner: &OwnerReference, namespace: &str) -> Option<(Item, Object)> {
        let resource = resource::of_kind(&owner.api_version, &owner.kind)?;
        let namespace = if resource.namespaced { namespace } else { "" };
        let object = self.client.api.object(resource, namespace, &owner.name)?;
        let same = object.metadata().uid.as_ref() == Some(&owner.uid);
        same.then(|| ((resource, (namespace.to_owned(), owner.name.clone())), object))
    }

    fn waiting(&self) -> MutexGuard<'_, HashSet<String>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything that names an owner by its uid fits.
    fn has_dependent(
        &self,
        uid: &str,
        fits: impl Fn(&'static Resource, &ObjectName) -> bool,
    ) -> bool {
        let heard = self.view.heard();
        let pods = heard.owned(uid).into_iter();
        let mut pods = pods.flat_map(|owned| owned.pods.keys().chain(owned.ended.keys()));
        let mut others = heard.dependents.get(uid).into_iter().flatten();
        pods.any(|name| fits(self.kinds.pods, name))
            || others.any(|((_, name), resource)| fits(resource, name))
    }

    /// Everything that names an owner by its uid.
    fn dependents(&self, uid: &str) -> Vec<Item> {
        let heard = self.view.heard();
        let pods = heard
            .owned(uid)
            .into_iter()
            .flat_map(|owned| owned.pods.keys().chain(owned.ended.keys()));
        let others = heard.dependents.get(uid).into_iter().flatten();
        pods.map(|name| (self.kinds.pods, name.clone()))
            .chain(others.map(|((_, name), resource)| (*resource, name.clone())))
            .collect()
    }

    fn owners(&self, metadata: &ObjectMeta) -> Owners {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let mut owners = Owners::default();
        for owner in metadata.owner_references.iter().flatten() {
            match self.owner(owner, namespace) {
                None => owners.gone.push(owner.uid.clone()),
                Some((_, found)) if waits_for_dependents(found.metadata()) => {
                    owners.waiting.push(owner.uid.clone());
                }
                Some(_) => owners.there += 1,
            }
        }
        owners
    }

    /// Lets what an object owns stay without it.
    async fn orphan(&self, item: &Item, uid: &str) -> Result<(), Status> {
        for dependent in self.dependents(uid) {
            self.disown(&dependent, &[uid.to_owned()]).await?;
        }
        self.let_go(item, ORPHAN).await
    }

    async fn disown(&self, (resource, name): &Item, owners: &[String]) -> Result<(), Status> {
        let change = |object: &mut Object| {
            let metadata = object.metadata_mut();
            if let Some(known) = metadata.owner_references.as_mut() {
                known.retain(|owner| !owners.contains(&owner.uid));
            }
            metadata.owner_references =
                metadata.owner_references.take().filter(|known| !known.is_empty());
        };
        there(self.client.patch(resource, "", &name.0, &name.1, change).await)
    }

    async fn let_go(&self, (resource, name): &Item, finalizer: &str) -> Result<(), Status> {
        let change = |object: &mut Object| {
            let metadata = object.metadata_mut();
            if let Some(known) = metadata.finalizers.as_mut() {
                known.retain(|one| one != finalizer);
            }
            metadata.finalizers = metadata.finalizers.take().filter(|known| !known.is_empty());
        };
        there(self.client.patch(resource, "", &name.0, &name.1, change).await)
    }

    /// Goes on with an object that waits for those that it owns.
    async fn wait_for_dependents(self: &Arc<Self>, item: &Item, uid: &str) -> Result<(), Status> {
        let is_blocking = |resource: &'static Resource, name: &ObjectName| {
            let object = self.client.api.object(resource, &name.0, &name.1);
            object.is_some_and(|object| {
                let owners = object.metadata().owner_references.iter().flatten();
                owners
                    .into_iter()
                    .any(|owner| owner.uid == uid && owner.block_owner_deletion == Some(true))
            })
        };
        if !self.has_dependent(uid, is_blocking) {
            return self.let_go(item, FOREGROUND).await;
        }
        // Each of them is told once; those that come later are told when they come.
        if self.waiting().insert(uid.to_owned()) {
            for dependent in self.dependents(uid) {
                enqueue(self, &key(&dependent));
            }
        }
        Ok(())
    }

    /// Deletes an object none of whose owners is left.
    async fn collect(&self, (resource, name): &Item, metadata: &ObjectMeta) -> Result<(), Status> {
        let owners = self.owners(metadata);
        if owners.there > 0 {
            let lost: Vec<_> = owners.gone.into_iter().chain(owners.waiting).collect();
            if lost.is_empty() {
                return Ok(());
            }
            return self.disown(&(resource, name.clone()), &lost).await;
        }
        if metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        let owns = !self.dependents(metadata.uid.as_deref().unwrap_or_default()).is_empty();
        let propagation = if holds(metadata, ORPHAN) {
            Propagation::Orphan
        } else if holds(metadata, FOREGROUND) || (!owners.waiting.is_empty() && owns) {
            Propagation::Foreground
        } else {
            Propagation::Background
        };
        let options = DeleteOptions {
            propagation: Some(propagation),
            uid: metadata.uid.clone(),
            ..DeleteOptions::default()
        };
        there(self.client.delete(resource, &name.0, &name.1, &options).await)
    }
}

/// What is gone needs nothing more.
fn there(outcome: Result<(), Status>) -> Result<(), Status> {
    match outcome {
        Err(status) if status.code == 404 => Ok(()),
        outcome => outcome,
    }
}

impl Controller for GarbageCollector {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn sync(self: &Arc<Self>, key: &ObjectName) -> Result<(), Status> {
        let Some(item) = item(key) else { return Ok(()) };
        let (resource, name) = &item;
        let Some(object) = self.client.get(resource, &name.0, &name.1).await else { return Ok(()) };
        let metadata = object.metadata();
        let uid = metadata.uid.as_deref().unwrap_or_default();
        if metadata.deletion_timestamp.is_some() && holds(metadata, ORPHAN) {
            return self.orphan(&item, uid).await;
        }
        if waits_for_dependents(metadata) {
            return self.wait_for_dependents(&item, uid).await;
        }
        if metadata.owner_references.as_ref().is_none_or(Vec::is_empty) {
            return Ok(());
        }
        self.collect(&item, metadata).await
    }
}
