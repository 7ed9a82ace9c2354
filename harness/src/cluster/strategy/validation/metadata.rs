//! Names, labels, annotations, owners and finalizers of objects of any kind
//! (`apimachinery/pkg/api/validation`, 1.36).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kubernetes_objects::resource::Resource;
use serde_json::Value as Json;

use super::FieldError;
use super::names::{self, Faults};
use crate::cluster::object::Untyped;

/// The most bytes in an object's annotations, keys included (`TotalAnnotationSizeLimitB`).
const MOST_ANNOTATION_BYTES: usize = 256 * 1024;

/// Finalizers that say what becomes of what an object owns; only one of them can be meant.
const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

/// All finalizers of Kubernetes itself.
const FINALIZERS: &[&str] = &[ORPHAN, FOREGROUND, "kubernetes"];

/// What tells the faults of a name.
type NameRule = fn(&str) -> Faults;

/// Kinds whose names are no subdomains: what they are instead.
const NAMES: &[(&str, &str, NameRule)] = &[
    ("", "namespaces", names::label_faults),
    ("", "services", names::service_faults),
    ("apps", "statefulsets", names::label_faults),
];

/// What a kind's names must not be.
fn name_faults_of(resource: &Resource) -> NameRule {
    let own = NAMES
        .iter()
        .find(|(group, plural, _)| *group == resource.group && *plural == resource.plural);
    match own {
        Some((_, _, faults)) => *faults,
        None if resource.group == "rbac.authorization.k8s.io" => path_faults,
        None => names::subdomain_faults,
    }
}

/// A name that only has to fit into a path.
fn path_faults(name: &str) -> Faults {
    if matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    let held = ["/", "%"].into_iter().filter(|held| name.contains(held));
    held.map(|held| format!("may not contain '{held}'")).collect()
}

/// Checks the metadata of an object.
pub(in crate::cluster::strategy) fn metadata(
    resource: &Resource,
    metadata: &ObjectMeta,
    errors: &mut Vec<FieldError>,
) {
    let faults_of = name_faults_of(resource);
    if let Some(base) = metadata.generate_name.as_deref().filter(|base| !base.is_empty()) {
        let faults = faults_of(&names::without_last_dash(base));
        names::refuse("metadata.generateName", base, faults, errors);
    }
    match metadata.name.as_deref() {
        None | Some("") => {
            errors.push(FieldError::required("metadata.name", "name or generateName is required"));
        }
        Some(name) => names::refuse("metadata.name", name, faults_of(name), errors),
    }
    labels_annotations_and_owners(metadata, errors);
    finalizers(metadata, errors);
    own_finalizers(metadata, errors);
}

/// Checks the metadata of an update as all kinds do before their own rules. Whatever is wrong is
/// said by each of those who look at it, and so has several causes.
pub(in crate::cluster::strategy) fn of_update(
    metadata: &ObjectMeta,
    before: &ObjectMeta,
    errors: &mut Vec<FieldError>,
) {
    labels_annotations_and_owners(metadata, errors);
    finalizers(metadata, errors);
    new_finalizers(metadata, before, errors);
    labels_annotations_and_owners(metadata, errors);
}

/// Checks the metadata of an update as most kinds do once more by their own rules.
pub(in crate::cluster::strategy) fn of_update_by_kind(
    metadata: &ObjectMeta,
    before: &ObjectMeta,
    errors: &mut Vec<FieldError>,
) {
    new_finalizers(metadata, before, errors);
    labels_annotations_and_owners(metadata, errors);
    own_finalizers(metadata, errors);
}

fn labels_annotations_and_owners(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    if let Some(labels) = &metadata.labels {
        names::labels("metadata.labels", labels, errors);
    }
    annotations("metadata.annotations", metadata, errors);
    owners(metadata.owner_references.as_deref().unwrap_or_default(), errors);
}

/// Checks the annotations of an object or of a template.
pub(super) fn annotations(path: &str, metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    let mut bytes = 0;
    for (key, value) in metadata.annotations.iter().flatten() {
        // Upper and lower case are the same here.
        names::refuse(path, key, names::qualified_faults(&key.to_lowercase()), errors);
        bytes += key.len() + value.len();
    }
    if bytes > MOST_ANNOTATION_BYTES {
        let detail = format!("may not be more than {MOST_ANNOTATION_BYTES} bytes");
        errors.push(FieldError::too_long(path, &detail));
    }
}

fn owners(owners: &[OwnerReference], errors: &mut Vec<FieldError>) {
    const PATH: &str = "metadata.ownerReferences";
    let mut controller: Option<String> = None;
    for owner in owners {
        let version = owner.api_version.rsplit('/').next().unwrap_or_default();
        if version.is_empty() || owner.api_version.matches('/').count() > 1 {
            let field = format!("{PATH}.apiVersion");
            let detail = "version must not be empty";
            errors.push(FieldError::invalid_text(field, &owner.api_version, detail));
        }
        for (field, text) in [("kind", &owner.kind), ("name", &owner.name), ("uid", &owner.uid)] {
            if text.is_empty() {
                let field = format!("{PATH}.{field}");
                errors.push(FieldError::invalid_text(field, "", "must not be empty"));
            }
        }
        if owner.api_version == "v1" && owner.kind == "Event" {
            let detail = "/v1, Kind=Event is disallowed from being an owner";
            errors.push(FieldError::invalid(PATH, as_json(owner), detail));
        }
        if owner.controller == Some(true) {
            let this = format!("{}/{}", owner.kind, owner.name);
            match &controller {
                None => controller = Some(this),
                Some(first) => {
                    let detail = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in \
                         references for {first} and {this}"
                    );
                    errors.push(FieldError::invalid(PATH, as_json(&owners), &detail));
                }
            }
        }
    }
}

fn as_json(value: &impl serde::Serialize) -> Json {
    serde_json::to_value(value).expect("Kubernetes objects are always valid JSON")
}

fn finalizers(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    const PATH: &str = "metadata.finalizers";
    let finalizers = metadata.finalizers.as_deref().unwrap_or_default();
    for finalizer in finalizers {
        names::qualified(PATH, finalizer, errors);
    }
    let has = |wanted: &str| finalizers.iter().any(|one| one == wanted);
    if has(ORPHAN) && has(FOREGROUND) {
        let detail = format!("finalizer {ORPHAN} and {FOREGROUND} cannot be both set");
        errors.push(FieldError::invalid(PATH, as_json(&finalizers), &detail));
    }
}

/// Finalizers without a domain are those of Kubernetes itself.
fn own_finalizers(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    for (index, finalizer) in metadata.finalizers.iter().flatten().enumerate() {
        if !finalizer.contains('/') && !FINALIZERS.contains(&finalizer.as_str()) {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            let field = format!("metadata.finalizers[{index}]");
            errors.push(FieldError::invalid_text(field, finalizer, detail));
        }
    }
}

/// Finalizers that join while the object is being deleted.
fn new_finalizers(metadata: &ObjectMeta, before: &ObjectMeta, errors: &mut Vec<FieldError>) {
    if before.deletion_timestamp.is_none() {
        return;
    }
    let known = before.finalizers.as_deref().unwrap_or_default();
    let mut new: Vec<_> =
        metadata.finalizers.iter().flatten().filter(|it| !known.contains(it)).collect();
    new.sort();
    new.dedup();
    if !new.is_empty() {
        let shown: Vec<_> = new.into_iter().map(|it| format!("{it:?}")).collect();
        let detail = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers \
             []string{{{}}}",
            shown.join(", ")
        );
        errors.push(FieldError::forbidden("metadata.finalizers", &detail));
    }
}

/// Config maps and secrets that say so never change.
pub(in crate::cluster::strategy) fn immutable_data(
    resource: &Resource,
    object: &Untyped,
    before: &Untyped,
    errors: &mut Vec<FieldError>,
) {
    if !matches!(resource.plural, "configmaps" | "secrets")
        || before.rest.get("immutable") != Some(&Json::Bool(true))
    {
        return;
    }
    for field in ["immutable", "data", "binaryData"] {
        if object.rest.get(field) != before.rest.get(field) {
            let detail = "field is immutable when `immutable` is set";
            errors.push(FieldError::forbidden(field, detail));
        }
    }
}
