//! What is particular to each kind when it is written: what the server fills in, what it does not
//! let clients set, what it refuses.

mod admission;
mod budgets;
mod claims;
mod defaults;
pub(super) mod fields;
mod key_values;
mod namespaces;
mod nodes;
mod pods;
pub(super) mod services;
mod validation;
mod workload_rules;
mod workloads;

use std::sync::Arc;

use fake_kubelet::version::FeatureGates;
use kubernetes_objects::resource::Resource;

use super::object::Object;
use super::refusal::FieldError;

pub(super) use defaults::keep as keep_defaults;
pub(super) use namespaces::{is_held as namespace_is_held, terminate as terminate_namespace};

/// Fills in and resets what clients cannot set on a new object.
pub(super) fn prepare_for_create(
    resource: &'static Resource,
    object: &mut Object,
    gates: &FeatureGates,
) {
    match object {
        Object::Pod(pod) => pods::prepare_for_create(Arc::make_mut(pod), gates),
        Object::Node(node) => fields::drop_disabled_node(gates, Arc::make_mut(node), None),
        Object::Event(_) | Object::Lease(_) => {}
        Object::Other(other) => {
            let other = Arc::make_mut(other);
            if resource.plural == "namespaces" {
                namespaces::prepare_for_create(other);
            } else if workloads::is_one(resource) {
                workloads::prepare_for_create(resource, other, gates);
            } else if is_service(resource) {
                services::prepare_for_create(other);
            } else if resource.plural == "persistentvolumeclaims" {
                claims::prepare_for_create(other);
            } else if key_values::is_one(resource) {
                key_values::fill_in(resource, other);
            } else if budgets::is_one(resource) {
                budgets::prepare_for_create(other);
            } else if has_status(resource) {
                other.rest.remove("status");
            }
        }
    }
}

/// Adds what admission plugins add to a new object.
pub(super) fn admit(object: &mut Object) {
    match object {
        Object::Pod(pod) => defaults::admitted(Arc::make_mut(pod)),
        Object::Node(node) => nodes::admitted(Arc::make_mut(node)),
        _ => {}
    }
}

/// Keeps what an update of an object, or of what is below it, does not reach.
pub(super) fn prepare_for_update(
    resource: &'static Resource,
    subresource: &str,
    object: &mut Object,
    before: &Object,
    gates: &FeatureGates,
) {
    match (object, before) {
        (Object::Pod(pod), Object::Pod(before)) => {
            pods::prepare_for_update(Arc::make_mut(pod), before, subresource, gates);
        }
        (Object::Node(node), Object::Node(before)) => {
            let node = Arc::make_mut(node);
            if subresource == "status" {
                node.spec.clone_from(&before.spec);
            } else {
                node.status.clone_from(&before.status);
            }
            fields::drop_disabled_node(gates, node, Some(before));
        }
        (Object::Other(other), Object::Other(before)) => {
            let other = Arc::make_mut(other);
            if subresource == "status" {
                let status = other.rest.get("status").cloned();
                other.rest.clone_from(&before.rest);
                match status {
                    Some(status) => other.rest.insert("status".to_owned(), status),
                    None => other.rest.remove("status"),
                };
                return;
            }
            if workloads::is_one(resource) {
                workloads::fill_in(resource, other, Some(before), gates);
            } else if is_service(resource) {
                services::prepare_for_update(other, before);
            } else if key_values::is_one(resource) {
                key_values::fill_in(resource, other);
            }
            if has_status(resource) {
                match before.rest.get("status") {
                    Some(status) => other.rest.insert("status".to_owned(), status.clone()),
                    None => other.rest.remove("status"),
                };
            }
            if resource.plural == "namespaces" {
                namespaces::prepare_for_update(other, before, subresource);
            }
            if other.metadata.generation.is_some()
                && other.rest.get("spec") != before.rest.get("spec")
            {
                let generation = other.metadata.generation.unwrap_or(1);
                other.metadata.generation = Some(generation.saturating_add(1));
            }
        }
        _ => {}
    }
}

/// Everything that is wrong with a new object, in the server's order.
pub(super) fn validate(
    resource: &'static Resource,
    object: &Object,
    gates: &FeatureGates,
) -> Vec<FieldError> {
    if let Object::Pod(pod) = object {
        return validation::new_pod(resource, pod);
    }
    let mut errors = Vec::new();
    validation::metadata(resource, object.metadata(), &mut errors);
    validate_rest(resource, object, gates, &mut errors);
    errors
}

/// Everything that is wrong with what is particular to a kind.
fn validate_rest(
    resource: &'static Resource,
    object: &Object,
    gates: &FeatureGates,
    errors: &mut Vec<FieldError>,
) {
    match object {
        Object::Node(node) => nodes::validate(node, errors),
        Object::Other(other) if workloads::is_one(resource) => {
            workloads::validate(resource, other, gates, errors);
        }
        Object::Other(other) if is_service(resource) => services::validate(other, errors),
        Object::Other(other) if key_values::is_one(resource) => {
            key_values::validate(resource, other, errors);
        }
        Object::Other(other) if budgets::is_one(resource) => budgets::validate(other, errors),
        Object::Other(other) if admission::is_one(resource) => {
            admission::validate(resource, other, errors);
        }
        Object::Pod(_) | Object::Event(_) | Object::Lease(_) | Object::Other(_) => {}
    }
}

/// Everything that is wrong with an update, in the server's order.
pub(super) fn validate_update(
    resource: &'static Resource,
    subresource: &str,
    object: &Object,
    before: &Object,
    gates: &FeatureGates,
) -> Vec<FieldError> {
    if let (Object::Pod(pod), Object::Pod(before)) = (object, before) {
        return match subresource {
            "status" => pods::validate_status(pod, before),
            _ => validation::updated_pod(resource, pod, before),
        };
    }
    let mut errors = Vec::new();
    validation::of_update(object.metadata(), before.metadata(), &mut errors);
    if !budgets::is_one(resource) {
        validation::of_update_by_kind(object.metadata(), before.metadata(), &mut errors);
    }
    if subresource == "status" {
        return errors;
    }
    if let (Object::Other(other), Object::Other(before)) = (object, before) {
        if workloads::is_one(resource) {
            workloads::validate_update(resource, other, before, gates, &mut errors);
            return errors;
        }
        if is_service(resource) {
            services::validate_update(other, before, &mut errors);
        } else {
            validation::immutable_data(resource, other, before, &mut errors);
        }
    }
    if is_service(resource) || key_values::is_one(resource) {
        // These are checked once more as if they were new.
        validation::metadata(resource, object.metadata(), &mut errors);
    }
    validate_rest(resource, object, gates, &mut errors);
    errors
}

/// What is said about another uid than the object has: once by what all kinds do, and once more
/// by most kinds.
pub(super) fn changed_uid(resource: &Resource, uid: &str) -> Vec<FieldError> {
    let error = FieldError::invalid_text("metadata.uid", uid, "field is immutable");
    if budgets::is_one(resource) { vec![error] } else { vec![error.clone(), error] }
}

fn is_service(resource: &Resource) -> bool {
    resource.group.is_empty() && resource.plural == "services"
}

/// Whether a resource's status is written by a path of its own.
fn has_status(resource: &Resource) -> bool {
    resource.subresources.iter().any(|one| one.name == "status")
}
