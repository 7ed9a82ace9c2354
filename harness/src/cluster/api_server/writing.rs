//! Creating and updating objects of any kind.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kubernetes_objects::Status;
use kubernetes_objects::resource::Resource;

use super::policies::Admitting;
use super::{ApiServer, State, core};
use crate::cluster::object::{Object, Untyped};
use crate::cluster::owners::{FieldOwners, Writer};
use crate::cluster::policies::Operation;
use crate::cluster::refusal::{invalid, quoted};
use crate::cluster::store::{ObjectName, Record, name_of};
use crate::cluster::strategy;

/// How many names are tried for a `generateName` before the server gives up (apiserver
/// `maxNameGenerationCreateAttempts`).
const GENERATED_NAMES: usize = 8;

/// How many bytes of a `generateName` are used, so that the suffix fits (apiserver
/// `MaxGeneratedNameLength`).
const LONGEST_BASE: usize = 58;

/// The words for an object that was read before somebody else wrote it.
pub(super) const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// A write on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Write<'a> {
    pub(super) writer: Writer<'a>,
    pub(super) now: &'a Time,
    pub(super) dry_run: bool,
}

impl ApiServer {
    /// Creates an object for a component of the cluster.
    ///
    /// # Errors
    /// [`Status`].
    pub fn create_object(
        &self,
        resource: &'static Resource,
        namespace: &str,
        object: Object,
        manager: &str,
    ) -> Result<Object, Status> {
        let now = self.clock.now();
        let write = Write { writer: Writer::of(manager, ""), now: &now, dry_run: false };
        self.change(|state| state.create(resource, namespace, object, write))
            .map(|record| record.object)
    }

    /// Updates an object, or what is below it, for a component of the cluster. With a resource
    /// version it must be the newest.
    ///
    /// # Errors
    /// [`Status`].
    pub fn update_object(
        &self,
        resource: &'static Resource,
        subresource: &str,
        object: Object,
        manager: &str,
    ) -> Result<Object, Status> {
        let now = self.clock.now();
        let write = Write { writer: Writer::of(manager, subresource), now: &now, dry_run: false };
        self.change(|state| {
            let before = state.known(resource, &name_of(object.metadata()))?.clone();
            check_uid(resource, object.metadata(), before.object.metadata())?;
            state.update(resource, &before, object, write)
        })
        .map(|record| record.object)
    }
}

impl State {
    /// The record of a name, or the refusal that there is none.
    pub(super) fn known(
        &self,
        resource: &'static Resource,
        name: &ObjectName,
    ) -> Result<&Record, Status> {
        self.store
            .collection(resource)
            .get(name)
            .ok_or_else(|| Status::not_found(&resource.qualified(), &name.1))
    }

    /// Creates an object.
    pub(super) fn create(
        &mut self,
        resource: &'static Resource,
        namespace: &str,
        object: Object,
        write: Write<'_>,
    ) -> Result<Record, Status> {
        self.create_owned(resource, namespace, object, None, write)
    }

    /// Creates an object whose fields are owned as apply decided, or else by its writer.
    pub(super) fn create_owned(
        &mut self,
        resource: &'static Resource,
        namespace: &str,
        mut object: Object,
        owners: Option<FieldOwners>,
        write: Write<'_>,
    ) -> Result<Record, Status> {
        self.admit_namespace(resource, namespace, object.metadata_mut())?;
        self.admit(resource, &mut object)?;
        self.name(resource, object.metadata_mut());
        let version = object.metadata_mut().resource_version.take();
        let metadata = object.metadata_mut();
        metadata.uid = Some(self.store.next_uid());
        metadata.creation_timestamp = Some(write.now.clone());
        strategy::prepare_for_create(resource, &mut object, &self.gates);
        // What admission adds is nobody's.
        let owners = owners.unwrap_or_else(|| self.owners(resource, None, &object, write));
        strategy::admit(&mut object);
        let metadata = object.metadata_mut();
        metadata.deletion_timestamp = None;
        metadata.deletion_grace_period_seconds = None;
        let errors = strategy::validate(resource, &object, &self.gates);
        let name = name_of(object.metadata());
        if !errors.is_empty() {
            return Err(invalid(&resource.qualified_kind(), &name.1, &errors));
        }
        self.ask_policies(&Admitting {
            operation: Operation::Create,
            resource,
            subresource: "",
            object: Some(&object),
            old: None,
            manager: write.writer.manager,
            dry_run: write.dry_run,
        })?;
        let version = version.and_then(|version| version.parse::<u64>().ok());
        if version.is_some_and(|version| version != 0) && !write.dry_run {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(Status::new(500, "", message));
        }
        if self.store.collection(resource).get(&name).is_some() {
            return Err(Status::already_exists(&resource.qualified(), &name.1));
        }
        self.allocate(resource, &mut object)?;
        let record = Record { object, owners };
        Ok(if write.dry_run { record } else { self.store.put(resource, record) })
    }

    /// Writes a new state of an object that exists.
    pub(super) fn update(
        &mut self,
        resource: &'static Resource,
        before: &Record,
        object: Object,
        write: Write<'_>,
    ) -> Result<Record, Status> {
        self.update_owned(resource, before, object, None, write)
    }

    /// Writes a new state whose fields are owned as apply decided, or else by its writer.
    pub(super) fn update_owned(
        &mut self,
        resource: &'static Resource,
        before: &Record,
        mut object: Object,
        owners: Option<FieldOwners>,
        write: Write<'_>,
    ) -> Result<Record, Status> {
        let old = before.object.metadata();
        let name = old.name.clone().unwrap_or_default();
        check_version(resource, object.metadata(), old)?;
        let given_uid = object.metadata().uid.clone().filter(|uid| !uid.is_empty());
        keep_system_metadata(object.metadata_mut(), old);
        strategy::prepare_for_update(
            resource,
            write.writer.subresource,
            &mut object,
            &before.object,
            &self.gates,
        );
        let errors = strategy::validate_update(
            resource,
            write.writer.subresource,
            &object,
            &before.object,
            &self.gates,
        );
        let changed_uid = given_uid.filter(|uid| Some(uid) != old.uid.as_ref());
        let changed_uid = changed_uid.map(|uid| strategy::changed_uid(resource, &uid));
        let errors: Vec<_> = changed_uid.into_iter().flatten().chain(errors).collect();
        if !errors.is_empty() {
            return Err(invalid(&resource.qualified_kind(), &name, &errors));
        }
        self.ask_policies(&Admitting {
            operation: Operation::Update,
            resource,
            subresource: write.writer.subresource,
            object: Some(&object),
            old: Some(&before.object),
            manager: write.writer.manager,
            dry_run: write.dry_run,
        })?;
        self.allocate(resource, &mut object)?;
        self.write_owned(resource, before, object, owners, write)
    }

    /// Writes a new state that needs no further check.
    pub(super) fn write(
        &mut self,
        resource: &'static Resource,
        before: &Record,
        object: Object,
        write: Write<'_>,
    ) -> Result<Record, Status> {
        self.write_owned(resource, before, object, None, write)
    }

    fn write_owned(
        &mut self,
        resource: &'static Resource,
        before: &Record,
        mut object: Object,
        owners: Option<FieldOwners>,
        write: Write<'_>,
    ) -> Result<Record, Status> {
        object
            .metadata_mut()
            .resource_version
            .clone_from(&before.object.metadata().resource_version);
        if object == before.object {
            let owners = owners.as_ref().unwrap_or(&before.owners);
            let known = self.store.collection(resource).get(&name_of(object.metadata()));
            if known.is_some_and(|known| known.owners == *owners) {
                return Ok(before.clone());
            }
        }
        let owners = owners.unwrap_or_else(|| self.owners(resource, Some(before), &object, write));
        let record = Record { object, owners };
        if write.dry_run {
            return Ok(record);
        }
        let record = self.store.put(resource, record);
        self.end_deletion(resource, &record);
        Ok(record)
    }

    fn owners(
        &mut self,
        resource: &'static Resource,
        before: Option<&Record>,
        after: &Object,
        write: Write<'_>,
    ) -> FieldOwners {
        if self.tracks_owners {
            FieldOwners::after_update(
                resource,
                before,
                after,
                write.writer,
                write.now,
                &mut self.field_sets,
            )
        } else {
            FieldOwners::default()
        }
    }

    /// Puts an object into the namespace of its path, which must be there and not be ending.
    fn admit_namespace(
        &self,
        resource: &'static Resource,
        namespace: &str,
        metadata: &mut ObjectMeta,
    ) -> Result<(), Status> {
        if !resource.namespaced {
            metadata.namespace = None;
            return Ok(());
        }
        let given = metadata.namespace.as_deref().unwrap_or_default();
        if !given.is_empty() && given != namespace {
            return Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        metadata.namespace = Some(namespace.to_owned());
        let known = self.known(core("namespaces"), &(String::new(), namespace.to_owned()))?;
        if known.object.metadata().deletion_timestamp.is_none() {
            return Ok(());
        }
        let resource = resource.qualified();
        let name = metadata.name.clone().unwrap_or_default();
        let message = format!(
            "{resource} {name:?} is forbidden: unable to create new content in namespace {namespace} because it is being terminated"
        );
        Err(Status::new(403, "Forbidden", message).with_details(Status::about(&resource, &name)))
    }

    /// Makes a name of `generateName` where none is given.
    fn name(&mut self, resource: &'static Resource, metadata: &mut ObjectMeta) {
        if metadata.name.as_ref().is_some_and(|name| !name.is_empty()) {
            return;
        }
        let Some(base) = metadata.generate_name.clone().filter(|base| !base.is_empty()) else {
            return;
        };
        let end = (0..=base.len().min(LONGEST_BASE)).rev().find(|at| base.is_char_boundary(*at));
        let base = &base[..end.unwrap_or(0)];
        for _ in 0..GENERATED_NAMES {
            metadata.name = Some(format!("{base}{}", self.store.next_suffix()));
            if self.store.collection(resource).get(&name_of(metadata)).is_none() {
                return;
            }
        }
    }

    /// Makes one of the namespaces that every cluster has.
    pub(super) fn make_namespace(&mut self, name: &str, now: &Time) {
        let mut object = Object::Other(std::sync::Arc::new(Untyped::default()));
        object.metadata_mut().name = Some(name.to_owned());
        let write = Write { writer: Writer::of("kube-apiserver", ""), now, dry_run: false };
        self.create(core("namespaces"), "", object, write)
            .expect("the cluster's own namespaces are valid and new");
    }
}

/// An object that is replaced must be the one that is meant.
pub(super) fn check_uid(
    resource: &Resource,
    given: &ObjectMeta,
    known: &ObjectMeta,
) -> Result<(), Status> {
    let (Some(uid), Some(known_uid)) = (given.uid.as_deref(), known.uid.as_deref()) else {
        return Ok(());
    };
    if uid.is_empty() || uid == known_uid {
        return Ok(());
    }
    let why =
        format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {known_uid}");
    Err(Status::conflict(&resource.qualified(), known.name.as_deref().unwrap_or_default(), &why))
}

/// An object that is written must be the newest, where a version is given.
fn check_version(
    resource: &Resource,
    given: &ObjectMeta,
    known: &ObjectMeta,
) -> Result<(), Status> {
    let version = given.resource_version.as_deref().unwrap_or_default();
    if matches!(version, "" | "0") || given.resource_version == known.resource_version {
        return Ok(());
    }
    if version.parse::<u64>().is_err() {
        let version = quoted(version);
        let message = format!("strconv.ParseUint: parsing {version}: invalid syntax");
        return Err(Status::new(500, "", message));
    }
    let name = known.name.as_deref().unwrap_or_default();
    Err(Status::conflict(&resource.qualified(), name, MODIFIED))
}

/// What clients cannot change in an object's metadata.
fn keep_system_metadata(metadata: &mut ObjectMeta, old: &ObjectMeta) {
    metadata.name.clone_from(&old.name);
    metadata.namespace.clone_from(&old.namespace);
    metadata.generate_name.clone_from(&old.generate_name);
    metadata.uid.clone_from(&old.uid);
    metadata.creation_timestamp.clone_from(&old.creation_timestamp);
    metadata.deletion_timestamp.clone_from(&old.deletion_timestamp);
    metadata.deletion_grace_period_seconds = old.deletion_grace_period_seconds;
    metadata.generation = old.generation;
}
