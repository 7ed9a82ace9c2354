//! What may change in a pod that exists.

use k8s_openapi::api::core::v1::{Container, Pod, PodSpec, Toleration};
use kubernetes_objects::internal;
use kubernetes_objects::resource::Resource;

use super::{FieldError, containers, metadata, metadata_and_spec, scheduling};

/// What an update of a pod's spec may change, in the server's words (recorded,
/// `api-1.36.2.json`); it goes on with what the update would change.
const IMMUTABLE: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// Everything that is wrong with an update of a pod, in the server's order.
///
/// Ephemeral containers, which clients add by a subresource of their own, may join and then
/// stay as they are.
pub(in crate::cluster::strategy) fn updated_pod(
    resource: &Resource,
    new: &Pod,
    old: &Pod,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    metadata::of_update(&new.metadata, &old.metadata, &mut errors);
    metadata::of_update_by_kind(&new.metadata, &old.metadata, &mut errors);
    metadata_and_spec(resource, new, &mut errors);
    let (Some(new), Some(old)) = (&new.spec, &old.spec) else { return errors };
    check_ephemeral(new, old, &mut errors);
    let init = |spec: &PodSpec| spec.init_containers.clone().unwrap_or_default();
    for (field, new, old) in [
        ("spec.containers", &new.containers, &old.containers),
        ("spec.initContainers", &init(new), &init(old)),
    ] {
        if new.len() != old.len() {
            let detail = "pod updates may not add or remove containers";
            errors.push(FieldError::forbidden(field, detail));
            return errors;
        }
        check_images(field, new, &mut errors);
    }
    if !check_deadline(new, old, &mut errors) {
        return errors;
    }
    check_tolerations(new, old, &mut errors);
    check_gates(new, old, &mut errors);
    let difference = difference(&with_what_may_change_of(new, old), old);
    if !difference.is_empty() {
        errors.push(FieldError::forbidden("spec", &format!("{IMMUTABLE}\n{difference}")));
    }
    errors
}

/// Images may change, but must be there.
fn check_images(path: &str, containers: &[Container], errors: &mut Vec<FieldError>) {
    for (index, container) in containers.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if container.image.as_ref().is_none_or(String::is_empty) {
            errors.push(FieldError::required(format!("{path}.image"), ""));
        }
        containers::check_image(container.image.as_deref(), &path, errors);
    }
}

/// A deadline may come nearer. Whether the rest is worth a look.
fn check_deadline(new: &PodSpec, old: &PodSpec, errors: &mut Vec<FieldError>) -> bool {
    const PATH: &str = "spec.activeDeadlineSeconds";
    match (new.active_deadline_seconds, old.active_deadline_seconds) {
        (Some(new), _) if !(0..=i64::from(i32::MAX)).contains(&new) => {
            let detail = "must be between 0 and 2147483647, inclusive";
            errors.push(FieldError::invalid(PATH, new, detail));
            false
        }
        (Some(new), Some(old)) if old < new => {
            let detail = "must be less than or equal to previous value";
            errors.push(FieldError::invalid(PATH, new, detail));
            false
        }
        (None, Some(_)) => {
            let detail = "must not update from a positive integer to nil value";
            errors.push(FieldError::invalid(PATH, "null", detail));
            true
        }
        _ => true,
    }
}

/// Tolerations may join; how long they last may change.
fn check_tolerations(new: &PodSpec, old: &PodSpec, errors: &mut Vec<FieldError>) {
    let tolerations = new.tolerations.as_deref().unwrap_or_default();
    let stays = |old: &Toleration| {
        tolerations.iter().any(|new| {
            let toleration_seconds = old.toleration_seconds;
            *old == Toleration { toleration_seconds, ..new.clone() }
        })
    };
    if old.tolerations.iter().flatten().all(stays) {
        scheduling::check_tolerations(tolerations, errors);
    } else {
        let detail = "existing toleration can not be modified except its tolerationSeconds";
        errors.push(FieldError::forbidden("spec.tolerations", detail));
    }
}

/// Scheduling gates may only go.
fn check_gates(new: &PodSpec, old: &PodSpec, errors: &mut Vec<FieldError>) {
    let known = old.scheduling_gates.as_deref().unwrap_or_default();
    for (index, gate) in new.scheduling_gates.iter().flatten().enumerate() {
        if !known.contains(gate) {
            let detail =
                format!("only deletion is allowed, but found new scheduling gate '{}'", gate.name);
            let field = format!("spec.schedulingGates[{index}].name");
            errors.push(FieldError::forbidden(field, &detail));
        }
    }
}

fn difference(new: &PodSpec, old: &PodSpec) -> String {
    if new == old {
        return String::new();
    }
    let json = |spec| serde_json::to_value(spec).expect("Kubernetes objects are always valid JSON");
    internal::spec_difference(&json(old), &json(new))
}

/// The new spec, with everything that may change as in the old one.
fn with_what_may_change_of(new: &PodSpec, old: &PodSpec) -> PodSpec {
    let mut spec = new.clone();
    spec.ephemeral_containers.clone_from(&old.ephemeral_containers);
    spec.active_deadline_seconds = old.active_deadline_seconds;
    spec.tolerations.clone_from(&old.tolerations);
    spec.scheduling_gates.clone_from(&old.scheduling_gates);
    let was_negative = old.termination_grace_period_seconds.is_some_and(|seconds| seconds < 0);
    if was_negative && spec.termination_grace_period_seconds == Some(1) {
        spec.termination_grace_period_seconds = old.termination_grace_period_seconds;
    }
    let containers = spec.containers.iter_mut().zip(&old.containers);
    let init = spec.init_containers.iter_mut().flatten();
    for (new, old) in containers.chain(init.zip(old.init_containers.iter().flatten())) {
        new.image.clone_from(&old.image);
    }
    spec
}

fn check_ephemeral(new: &PodSpec, old: &PodSpec, errors: &mut Vec<FieldError>) {
    for known in old.ephemeral_containers.iter().flatten() {
        let now = new.ephemeral_containers.iter().flatten().find(|one| one.name == known.name);
        let what = match now {
            None => "removed",
            Some(now) if now != known => "changed",
            Some(_) => continue,
        };
        let detail = format!("existing ephemeral containers {:?} may not be {what}\n", known.name);
        errors.push(FieldError::forbidden("spec.ephemeralContainers", &detail));
    }
}
