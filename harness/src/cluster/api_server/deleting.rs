//! Deleting objects: gracefully where something runs, in the order that owners ask for.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kubernetes_objects::Status;
use kubernetes_objects::resource::Resource;
use serde_json::{Value as Json, json};

use super::policies::Admitting;
use super::requests::{DeleteOptions, ListOptions, Place, Propagation};
use super::{ApiServer, State, core};
use crate::cluster::object::Object;
use crate::cluster::policies::Operation;
use crate::cluster::store::{Record, has_ended, name_of, node_of};

/// Holds an object until those that it owns are gone.
const FOREGROUND: &str = "foregroundDeletion";
/// Holds an object until those that it owns have lost it as their owner.
const ORPHAN: &str = "orphan";

/// What a deletion came to.
pub(super) enum Deleted {
    /// The object is gone; its last state.
    Gone(Record),
    /// It is marked, and goes when its time has come.
    Marked(Record),
}

impl ApiServer {
    /// Deletes an object.
    ///
    /// # Errors
    /// [`Status`] when there is none, or another one than was meant.
    pub fn delete(&self, place: &Place<'_>, options: &DeleteOptions) -> Result<Json, Status> {
        let now = self.clock.now();
        let name = (place.namespace.to_owned(), place.name.to_owned());
        let resource = place.resource;
        let deleted = self.change(|state| {
            let record = state.known(resource, &name)?.clone();
            state.delete(resource, &record, options, &now)
        })?;
        Ok(match deleted {
            Deleted::Gone(record) if !RETURNED.contains(&resource.plural) => {
                success(resource, &record)
            }
            Deleted::Gone(record) | Deleted::Marked(record) => {
                super::reading::as_sent(resource, &record)
            }
        })
    }

    /// Deletes every object of a list; gives those that it found.
    ///
    /// # Errors
    /// As for lists.
    pub fn delete_collection(
        &self,
        place: &Place<'_>,
        which: &ListOptions,
        options: &DeleteOptions,
    ) -> Result<super::Listed, Status> {
        let listed = self.list(place, which)?;
        let now = self.clock.now();
        for item in &listed.items {
            let text = |path: &str| item.pointer(path).and_then(Json::as_str).unwrap_or_default();
            let name = (text("/metadata/namespace").to_owned(), text("/metadata/name").to_owned());
            self.change(|state| {
                let record = state.store.collection(place.resource).get(&name).cloned();
                // Someone else may have deleted it in the meantime.
                record.map_or(Ok(()), |record| {
                    state.delete(place.resource, &record, options, &now).map(drop)
                })
            })?;
        }
        Ok(listed)
    }

    /// Deletes a pod: at once where nothing runs, else when its kubelet has ended it.
    ///
    /// # Errors
    /// [`Status`] when there is none.
    pub fn delete_pod(&self, namespace: &str, name: &str) -> Result<(), Status> {
        self.delete_object(core("pods"), namespace, name, &DeleteOptions::default())
    }

    /// Deletes a node object; its kubelet registers anew.
    ///
    /// # Errors
    /// [`Status`] when there is none.
    pub fn delete_node(&self, name: &str) -> Result<(), Status> {
        self.delete_object(core("nodes"), "", name, &DeleteOptions::default())
    }

    /// Deletes an object for a component of the cluster.
    ///
    /// # Errors
    /// [`Status`] when there is none, or another one than was meant.
    pub fn delete_object(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<(), Status> {
        let now = self.clock.now();
        let name = (namespace.to_owned(), name.to_owned());
        self.change(|state| {
            let record = state.known(resource, &name)?.clone();
            state.delete(resource, &record, options, &now).map(drop)
        })
    }
}

/// Kinds whose deletion answers with the object instead of a bare success (`ReturnDeletedObject`
/// in the registries of 1.36).
const RETURNED: &[&str] = &[
    "pods",
    "services",
    "podtemplates",
    "persistentvolumes",
    "persistentvolumeclaims",
    "resourcequotas",
    "serviceaccounts",
    "validatingadmissionpolicies",
];

fn success(resource: &'static Resource, record: &Record) -> Json {
    let metadata = record.object.metadata();
    let mut details = json!({"name": metadata.name, "kind": resource.plural, "uid": metadata.uid});
    if !resource.group.is_empty() {
        details["group"] = resource.group.into();
    }
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": details,
    })
}

impl State {
    /// Deletes an object or marks it.
    pub(super) fn delete(
        &mut self,
        resource: &'static Resource,
        record: &Record,
        options: &DeleteOptions,
        now: &Time,
    ) -> Result<Deleted, Status> {
        check_immortal(resource, record.object.metadata())?;
        check_preconditions(resource, record.object.metadata(), options)?;
        self.ask_policies(&Admitting {
            operation: Operation::Delete,
            resource,
            subresource: "",
            object: None,
            old: Some(&record.object),
            manager: "",
            dry_run: options.dry_run,
        })?;
        let mut object = record.object.clone();
        let grace = grace_period(&object, options);
        let finalizers_before = object.metadata().finalizers.clone();
        set_finalizers(object.metadata_mut(), options.propagation);
        let metadata = object.metadata();
        let held = metadata.finalizers.as_ref().is_some_and(|all| !all.is_empty())
            || (resource.plural == "namespaces" && metadata.deletion_timestamp.is_none());
        let already = metadata.deletion_grace_period_seconds;
        if metadata.deletion_timestamp.is_some()
            && already.is_some_and(|known| grace >= known && known > 0)
            && finalizers_before == metadata.finalizers
        {
            // A deletion that is under way can only be made shorter.
            return Ok(Deleted::Marked(record.clone()));
        }
        if metadata.deletion_timestamp.is_none() || already.is_some_and(|known| grace < known) {
            mark(&mut object, grace, now);
        }
        if resource.plural == "namespaces" {
            crate::cluster::strategy::terminate_namespace(&mut object);
        }
        if options.dry_run {
            let record = Record { object, owners: record.owners.clone() };
            return Ok(Deleted::Marked(record));
        }
        let marked = self.write_as_server(resource, record, object);
        if grace > 0 || held {
            return Ok(Deleted::Marked(marked));
        }
        let name = name_of(record.object.metadata());
        let mut gone = self.store.remove(resource, &name).unwrap_or_else(|| record.clone());
        gone.object.metadata_mut().resource_version = Some(self.store.revision().to_string());
        Ok(Deleted::Gone(gone))
    }

    /// Writes what the server does by itself, such as the marks of a deletion, of which nobody
    /// becomes the owner.
    pub(super) fn write_as_server(
        &mut self,
        resource: &'static Resource,
        before: &Record,
        object: Object,
    ) -> Record {
        if object == before.object {
            return before.clone();
        }
        self.store.put(resource, Record { object, owners: before.owners.clone() })
    }

    /// Lets an object go that is marked, when nothing holds it any more.
    pub(super) fn end_deletion(&mut self, resource: &'static Resource, record: &Record) {
        let metadata = record.object.metadata();
        let held = metadata.finalizers.as_ref().is_some_and(|all| !all.is_empty());
        let waits = metadata.deletion_grace_period_seconds.is_some_and(|seconds| seconds > 0);
        if metadata.deletion_timestamp.is_none()
            || held
            || waits
            || crate::cluster::strategy::namespace_is_held(resource, &record.object)
        {
            return;
        }
        self.store.remove(resource, &name_of(metadata));
    }
}

/// Namespaces that stay as long as the cluster (admission plugin `NamespaceLifecycle`).
const IMMORTAL: &[&str] = &["default", "kube-public", "kube-system"];

fn check_immortal(resource: &'static Resource, metadata: &ObjectMeta) -> Result<(), Status> {
    let name = metadata.name.as_deref().unwrap_or_default();
    if resource.plural != "namespaces" || !IMMORTAL.contains(&name) {
        return Ok(());
    }
    let message = format!("namespaces {name:?} is forbidden: this namespace may not be deleted");
    Err(Status::new(403, "Forbidden", message).with_details(Status::about("namespaces", name)))
}

fn check_preconditions(
    resource: &'static Resource,
    metadata: &ObjectMeta,
    options: &DeleteOptions,
) -> Result<(), Status> {
    let name = metadata.name.as_deref().unwrap_or_default();
    for (what, wanted, known) in [
        ("UID", &options.uid, &metadata.uid),
        ("ResourceVersion", &options.resource_version, &metadata.resource_version),
    ] {
        if let Some(wanted) = wanted
            && Some(wanted) != known.as_ref()
        {
            let known = known.as_deref().unwrap_or_default();
            let why = format!(
                "Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {known}"
            );
            return Err(Status::conflict(&resource.qualified(), name, &why));
        }
    }
    Ok(())
}

/// How long a deletion may take: no time where nothing runs (kube-apiserver,
/// `podStrategy.CheckGracefulDelete`).
fn grace_period(object: &Object, options: &DeleteOptions) -> i64 {
    let Object::Pod(pod) = object else { return 0 };
    if node_of(pod).is_none() || has_ended(pod) {
        return 0;
    }
    let own = pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds);
    match options.grace_period_seconds.or(own).unwrap_or(30) {
        // A negative period stands for the shortest one.
        seconds if seconds < 0 => 1,
        seconds => seconds,
    }
}

fn mark(object: &mut Object, grace: i64, now: &Time) {
    let after = Duration::from_secs(u64::try_from(grace).unwrap_or(0));
    let metadata = object.metadata_mut();
    let generation = metadata.generation;
    metadata.deletion_timestamp = Some(Time(now.0.saturating_add(after).unwrap_or(now.0)));
    metadata.deletion_grace_period_seconds = Some(grace);
    metadata.generation = generation.map(|generation| generation.saturating_add(1));
}

fn set_finalizers(metadata: &mut ObjectMeta, propagation: Option<Propagation>) {
    let wanted = match propagation {
        Some(Propagation::Foreground) => Some(FOREGROUND),
        Some(Propagation::Orphan) => Some(ORPHAN),
        Some(Propagation::Background) => None,
        None => return,
    };
    let mut finalizers = metadata.finalizers.take().unwrap_or_default();
    finalizers.retain(|one| one != FOREGROUND && one != ORPHAN);
    finalizers.extend(wanted.map(str::to_owned));
    metadata.finalizers = (!finalizers.is_empty()).then_some(finalizers);
}
