//! Requests that bring an object as JSON: create, update, patch, and apply as scenarios do.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kubernetes_objects::Status;
use kubernetes_objects::decode::{FieldValidation, PatchedBy, Rules};
use kubernetes_objects::ownership;
use kubernetes_objects::patch::{self, PatchKind};
use kubernetes_objects::resource::{self, Resource};
use serde_json::Value as Json;

use super::reading::as_sent;
use super::requests::{DeleteOptions, Place, Writing};
use super::writing::{Write, check_uid};
use super::{ApiServer, State, core, scale};
use crate::cluster::object::Object;
use crate::cluster::owners::{FieldOwners, Writer};
use crate::cluster::refusal::{FieldError, invalid};
use crate::cluster::store::Record;
use crate::cluster::strategy;

/// Who writes what a scenario applies.
const SCENARIO: &str = "gidcheck";

impl ApiServer {
    /// Creates an object, or what is created below one: a binding, an eviction.
    ///
    /// The body is decoded already; its kind is the resource's or the subresource's.
    ///
    /// # Errors
    /// [`Status`].
    pub fn create(
        &self,
        place: &Place<'_>,
        body: Json,
        by: &Writing<'_>,
    ) -> Result<Written, Status> {
        let now = self.clock.now();
        let write = |dry_run| Write {
            writer: Writer::of(by.manager, place.subresource),
            now: &now,
            dry_run,
        };
        match (place.resource.plural, place.subresource) {
            ("bindings", "") => {
                let name = body.pointer("/metadata/name").and_then(Json::as_str);
                let pod = Place {
                    resource: core("pods"),
                    name: name.unwrap_or_default(),
                    subresource: "binding",
                    ..*place
                };
                self.create(&pod, body.clone(), by)
            }
            (_, "") => {
                let object = read(place.resource, body)?;
                let (record, warnings) = self.change(|state| {
                    let write = write(by.dry_run);
                    let record = state.create(place.resource, place.namespace, object, write)?;
                    Ok::<_, Status>((record, std::mem::take(&mut state.warnings)))
                })?;
                Ok(Written { object: as_sent(place.resource, &record), warnings })
            }
            ("pods", "binding") => {
                if body.pointer("/metadata/name").and_then(Json::as_str) != Some(place.name) {
                    let message = "name in URL does not match name in Binding object";
                    return Err(Status::bad_request(message));
                }
                let node = target_of(place, &body)?;
                let annotations = body.pointer("/metadata/annotations").cloned();
                let annotations: BTreeMap<String, String> = annotations
                    .and_then(|all| serde_json::from_value(all).ok())
                    .unwrap_or_default();
                self.change(|state| {
                    let record = state.at(place)?.clone();
                    state.bind(&record, node, &annotations, &now, by.dry_run)
                })?;
                Ok(Written::of(success()))
            }
            ("pods", "eviction") => {
                let options = eviction(place, &body, by.dry_run)?;
                self.change(|state| {
                    let record = state.at(place)?.clone();
                    state.evict(&record, &options, &now)
                })?;
                Ok(Written::of(success()))
            }
            _ => Err(Status::new(
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
            )),
        }
    }

    /// Replaces an object, or what is below it.
    ///
    /// # Errors
    /// [`Status`].
    pub fn update(
        &self,
        place: &Place<'_>,
        body: Json,
        by: &Writing<'_>,
    ) -> Result<Written, Status> {
        check_name(place, &body)?;
        let now = self.clock.now();
        let write = Write {
            writer: Writer::of(by.manager, place.subresource),
            now: &now,
            dry_run: by.dry_run,
        };
        let (record, warnings) = self.change(|state| {
            let before = state.at(place)?.clone();
            check_replacement(place, &body, &before)?;
            let record = state.replace(place, &before, body, write)?;
            Ok::<_, Status>((record, std::mem::take(&mut state.warnings)))
        })?;
        Ok(Written { object: shown(place, &record), warnings })
    }

    /// Patches an object, or what is below it; says whether the patch created it, which only
    /// apply does. Gives warnings about fields, too.
    ///
    /// # Errors
    /// [`Status`].
    pub fn patch(
        &self,
        place: &Place<'_>,
        kind: PatchKind,
        body: &[u8],
        by: &Writing<'_>,
    ) -> Result<Patched, Status> {
        let now = self.clock.now();
        let write = Write {
            writer: Writer::of(by.manager, place.subresource),
            now: &now,
            dry_run: by.dry_run,
        };
        if kind == PatchKind::Apply {
            return self.apply_patch(place, body, by, write);
        }
        self.change(|state| {
            let before = state.at(place)?.clone();
            let live = shown(place, &before);
            let patched = patch::apply(kind, &live, body, place.resource)?;
            let led_by = match kind {
                PatchKind::Strategic => PatchedBy::StrategicMerge(body),
                PatchKind::Merge => PatchedBy::Merge(body),
                PatchKind::Json | PatchKind::Apply => PatchedBy::Json(body),
            };
            let checked = kubernetes_objects::decode::patched(
                &patched,
                led_by,
                place.resource,
                place.subresource,
                Rules { validation: by.validation, release: state.release() },
            )?;
            check_name(place, &checked.object)?;
            let record = state.replace(place, &before, checked.object, write)?;
            Ok(Patched {
                object: shown(place, &record),
                created: false,
                warnings: [checked.warnings, std::mem::take(&mut state.warnings)].concat(),
            })
        })
    }

    fn apply_patch(
        &self,
        place: &Place<'_>,
        body: &[u8],
        by: &Writing<'_>,
        write: Write<'_>,
    ) -> Result<Patched, Status> {
        let checked = kubernetes_objects::decode::applied(body, by.validation)?;
        self.change(|state| {
            let before = state.at(place).ok().cloned();
            let given =
                |field: &str| checked.object["metadata"][field].as_str().unwrap_or_default();
            if before.is_none() && !given("uid").is_empty() {
                let why = format!(
                    "uid mismatch: the provided object specified uid {}, and no existing object \
                     was found",
                    given("uid")
                );
                return Err(Status::conflict(&place.resource.qualified(), place.name, &why));
            }
            if before.is_none() || !given("name").is_empty() {
                check_name(place, &checked.object)?;
            } else {
                check_namespace(place, &checked.object)?;
            }
            ownership::fits(place.resource, &checked.object, state.release())?;
            let (merged, owners) = FieldOwners::after_apply(
                place.resource,
                before.as_ref(),
                &checked.object,
                write.writer,
                write.now,
                by.force,
                &mut state.field_sets,
            )?;
            let created = before.is_none();
            let record = match before {
                Some(before) => {
                    let object = read(place.resource, merged)?;
                    state.update_owned(place.resource, &before, object, Some(owners), write)?
                }
                None if place.subresource.is_empty() => {
                    let object = read(place.resource, merged)?;
                    state.create_owned(
                        place.resource,
                        place.namespace,
                        object,
                        Some(owners),
                        write,
                    )?
                }
                None => return Err(Status::not_found(&place.resource.qualified(), place.name)),
            };
            Ok(Patched {
                object: shown(place, &record),
                created,
                warnings: [checked.warnings.clone(), std::mem::take(&mut state.warnings)].concat(),
            })
        })
    }

    /// Creates or updates an object from a scenario's manifest, as `kubectl apply` does; gives what
    /// policies warn of.
    ///
    /// # Errors
    /// [`Status`].
    pub fn apply(&self, manifest: &Json) -> Result<Vec<String>, Status> {
        let text = |field: &str| manifest.get(field).and_then(Json::as_str);
        let (version, kind) = match (text("apiVersion"), text("kind")) {
            (Some(version), Some(kind)) => (version, kind),
            (None, _) => return Err(Status::bad_request("Object 'apiVersion' is missing")),
            (_, None) => return Err(Status::bad_request("Object 'Kind' is missing")),
        };
        let resource = resource::of_kind(version, kind).ok_or_else(|| {
            Status::bad_request(format!("no matches for kind {kind:?} in version {version:?}"))
        })?;
        let checked =
            kubernetes_objects::decode::checked(manifest, resource, "", FieldValidation::Strict)?;
        // What is only newer than the server is left out, as for clients that do not insist.
        let release = self.state().release();
        let rules = Rules { validation: FieldValidation::Ignore, release };
        let checked = kubernetes_objects::decode::checked(&checked.object, resource, "", rules)?;
        let object = read(resource, checked.object)?;
        let namespace = object.metadata().namespace.clone().filter(|_| resource.namespaced);
        let namespace = match namespace {
            Some(namespace) => namespace,
            None if resource.namespaced => "default".to_owned(),
            None => String::new(),
        };
        let name = object.metadata().name.clone().unwrap_or_default();
        let now = self.clock.now();
        let write = Write { writer: Writer::of(SCENARIO, ""), now: &now, dry_run: false };
        self.change(|state| {
            let known = state.store.collection(resource).get(&(namespace.clone(), name.clone()));
            let written = match known.cloned() {
                Some(before) => {
                    let object = merged(resource, &before, object, manifest)?;
                    let subresource = reached_by(&object);
                    let write = Write { writer: Writer::of(SCENARIO, subresource), ..write };
                    state.update(resource, &before, object, write).map(drop)
                }
                None if resource.plural == "nodes" => Err(Status::bad_request(format!(
                    "node {name:?} is not part of the cluster; nodes come from spec.cluster.nodes"
                ))),
                None => state.create(resource, &namespace, object, write).map(drop),
            };
            written.map(|()| std::mem::take(&mut state.warnings))
        })
    }
}

/// What a request wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The object as it is now, or what is answered in its place.
    pub object: Json,
    /// What policies warn of.
    pub warnings: Vec<String>,
}

impl Written {
    fn of(object: Json) -> Self {
        Self { object, warnings: Vec::new() }
    }
}

/// What a patch led to.
#[derive(Debug, Clone)]
pub struct Patched {
    /// The object as it is now.
    pub object: Json,
    /// Whether it is new.
    pub created: bool,
    /// What the client should know about its fields.
    pub warnings: Vec<String>,
}

/// The node that a binding names.
fn target_of<'a>(place: &Place<'_>, binding: &'a Json) -> Result<&'a str, Status> {
    let text = |path| binding.pointer(path).and_then(Json::as_str).unwrap_or_default();
    let mut errors = Vec::new();
    let kind = text("/target/kind");
    if !matches!(kind, "" | "Node") {
        errors.push(FieldError::unsupported("target.kind", kind, &["Node", "<empty>"]));
    }
    let node = text("/target/name");
    if node.is_empty() {
        errors.push(FieldError::required("target.name", ""));
    }
    if errors.is_empty() { Ok(node) } else { Err(invalid("Binding", place.name, &errors)) }
}

/// How an eviction wants the pod deleted.
fn eviction(place: &Place<'_>, eviction: &Json, dry_run: bool) -> Result<DeleteOptions, Status> {
    let name = eviction.pointer("/metadata/name").and_then(Json::as_str).unwrap_or_default();
    if !name.is_empty() && name != place.name {
        return Err(Status::bad_request("name in URL does not match name in Eviction object"));
    }
    let option = |path: &str| eviction.pointer(&format!("/deleteOptions{path}"));
    let text = |path| option(path).and_then(Json::as_str).map(str::to_owned);
    let asked = option("/dryRun").and_then(Json::as_array).is_some_and(|all| !all.is_empty());
    Ok(DeleteOptions {
        grace_period_seconds: option("/gracePeriodSeconds").and_then(Json::as_i64),
        uid: text("/preconditions/uid"),
        resource_version: text("/preconditions/resourceVersion"),
        dry_run: dry_run || asked,
        ..DeleteOptions::default()
    })
}

impl State {
    fn at(&self, place: &Place<'_>) -> Result<&Record, Status> {
        self.known(place.resource, &(place.namespace.to_owned(), place.name.to_owned()))
    }

    fn replace(
        &mut self,
        place: &Place<'_>,
        before: &Record,
        body: Json,
        write: Write<'_>,
    ) -> Result<Record, Status> {
        if place.subresource == "scale"
            && let Object::Other(workload) = &before.object
        {
            let workload = scale::set(place, workload, &body)?;
            return self.update(place.resource, before, Object::Other(Arc::new(workload)), write);
        }
        let mut before = before.clone();
        before.owners = before.owners.as_requested(&body, place.subresource, &mut self.field_sets);
        let object = read(place.resource, body)?;
        self.update(place.resource, &before, object, write)
    }
}

/// The object, or what is below it, as clients get it.
fn shown(place: &Place<'_>, record: &Record) -> Json {
    match &record.object {
        Object::Other(workload) if place.subresource == "scale" => scale::of(workload),
        _ => as_sent(place.resource, record),
    }
}

fn success() -> Json {
    serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201,
    })
}

/// Reads an object that was checked; what is left to go wrong is named all the same.
///
/// What is left out and what is empty become the same, as they are in Go: templates are compared,
/// and a change is what is printed otherwise.
fn read(resource: &'static Resource, mut json: Json) -> Result<Object, Status> {
    kubernetes_objects::encode::complete(&mut json, resource);
    Object::from_json(resource, json).map_err(|error| {
        Status::bad_request(format!(
            "{kind} in version {version:?} cannot be handled as a {kind}: json: {error}",
            kind = resource.kind,
            version = resource.version,
        ))
    })
}

/// Kinds of which an update must say which version it is of (`AllowUnconditionalUpdate`).
const CONDITIONAL: &[(&str, &str)] = &[
    ("policy", "poddisruptionbudgets"),
    ("coordination.k8s.io", "leases"),
    ("storage.k8s.io", "csidrivers"),
    ("storage.k8s.io", "csinodes"),
    ("storage.k8s.io", "volumeattachments"),
    ("node.k8s.io", "runtimeclasses"),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    ("admissionregistration.k8s.io", "validatingadmissionpolicies"),
    ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("apiregistration.k8s.io", "apiservices"),
];

/// What replaces an object must be of that object, and of a version where its kind wants one.
fn check_replacement(place: &Place<'_>, body: &Json, before: &Record) -> Result<(), Status> {
    let given = |field: &str| body["metadata"][field].as_str().map(str::to_owned);
    let metadata = ObjectMeta { uid: given("uid"), ..ObjectMeta::default() };
    check_uid(place.resource, &metadata, before.object.metadata())?;
    let version = given("resourceVersion").unwrap_or_default();
    let kind = (place.resource.group, place.resource.plural);
    if matches!(&*version, "" | "0") && CONDITIONAL.contains(&kind) {
        let detail = "must be specified for an update";
        let error = FieldError::invalid("metadata.resourceVersion", 0, detail);
        return Err(invalid(&place.resource.qualified(), place.name, &[error]));
    }
    Ok(())
}

/// The name in a body must be that of the path.
fn check_name(place: &Place<'_>, body: &Json) -> Result<(), Status> {
    check_namespace(place, body)?;
    let wanted = place.name;
    match body.pointer("/metadata/name").and_then(Json::as_str).unwrap_or_default() {
        "" => Err(Status::bad_request(format!(
            "the name of the object ({wanted} based on URL) was undeterminable: name must be \
             provided"
        ))),
        name if name != wanted => Err(Status::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({wanted})"
        ))),
        _ => Ok(()),
    }
}

/// The namespace in a body, where one is given, must be that of the path.
fn check_namespace(place: &Place<'_>, body: &Json) -> Result<(), Status> {
    let namespace = body.pointer("/metadata/namespace").and_then(Json::as_str).unwrap_or_default();
    if !namespace.is_empty() && place.resource.namespaced && namespace != place.namespace {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

/// The path that reaches what a scenario applies: ephemeral containers have one of their own.
fn reached_by(object: &Object) -> &'static str {
    let spec = object.pod().and_then(|pod| pod.spec.as_ref());
    let ephemeral = spec.and_then(|spec| spec.ephemeral_containers.as_ref());
    if ephemeral.is_some_and(|all| !all.is_empty()) { "ephemeralcontainers" } else { "" }
}

/// What applying a manifest makes of an object: a pod's spec is the manifest's, filled in as it
/// was when it was created; of other kinds what the manifest does not name stays.
fn merged(
    resource: &'static Resource,
    before: &Record,
    given: Object,
    manifest: &Json,
) -> Result<Object, Status> {
    if let (Object::Pod(given), Object::Pod(known)) = (&given, &before.object) {
        let mut pod = Pod::clone(given);
        strategy::keep_defaults(&mut pod, known);
        let metadata = &mut pod.metadata;
        metadata.labels = metadata.labels.take().or(known.metadata.labels.clone());
        metadata.annotations = metadata.annotations.take().or(known.metadata.annotations.clone());
        metadata.owner_references.clone_from(&known.metadata.owner_references);
        metadata.finalizers.clone_from(&known.metadata.finalizers);
        return Ok(Object::Pod(Arc::new(pod)));
    }
    let live = before.object.to_json();
    let patched = patch::apply_json(PatchKind::Strategic, &live, manifest, resource)?;
    read(resource, patched)
}
