//! What may change in a pod that exists.

use k8s_openapi::api::core::v1::{Pod, PodSpec};
use kubernetes_objects::internal;

use super::{FieldError, metadata_and_spec};

/// What an update of a pod's spec may change, in the server's words (recorded,
/// `api-1.36.2.json`); it goes on with what the update would change.
const IMMUTABLE: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// Everything that is wrong with an update of a pod, in the server's order.
///
/// Ephemeral containers, which clients add by a subresource of their own, may join and then
/// stay as they are.
pub(in crate::cluster::strategy) fn updated_pod(new: &Pod, old: &Pod) -> Vec<FieldError> {
    let mut errors = Vec::new();
    metadata_and_spec(new, &mut errors);
    let (Some(new), Some(old)) = (&new.spec, &old.spec) else { return errors };
    check_ephemeral(new, old, &mut errors);
    let init = |spec: &PodSpec| spec.init_containers.as_ref().map_or(0, Vec::len);
    for (field, new, old) in [
        ("spec.containers", new.containers.len(), old.containers.len()),
        ("spec.initContainers", init(new), init(old)),
    ] {
        if new != old {
            let detail = "pod updates may not add or remove containers";
            errors.push(FieldError::forbidden(field, detail));
            return errors;
        }
    }
    let difference = difference(&with_what_may_change_of(new, old), old);
    if !difference.is_empty() {
        errors.push(FieldError::forbidden("spec", &format!("{IMMUTABLE}\n{difference}")));
    }
    errors
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
