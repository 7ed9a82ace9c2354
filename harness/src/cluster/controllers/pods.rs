//! What controllers ask of pods, and the pods that they make.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, PodCondition, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference, Time};
use kubernetes_objects::resource::Resource;

use super::super::store::{has_ended, node_of};

/// Lower values are deleted first.
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// The owner that controls an object.
pub(super) fn controller_of(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    metadata.owner_references.as_ref()?.iter().find(|owner| owner.controller == Some(true))
}

/// The reference to an object as the controller of another.
pub(super) fn controlled_by(resource: &Resource, owner: &ObjectMeta) -> OwnerReference {
    OwnerReference {
        api_version: resource.api_version(),
        kind: resource.kind.to_owned(),
        name: owner.name.clone().unwrap_or_default(),
        uid: owner.uid.clone().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// Neither ended nor being deleted.
pub(super) fn is_active(pod: &Pod) -> bool {
    !has_ended(pod) && pod.metadata.deletion_timestamp.is_none()
}

/// Being deleted, and not ended yet.
pub(super) fn is_terminating(pod: &Pod) -> bool {
    !has_ended(pod) && pod.metadata.deletion_timestamp.is_some()
}

pub(super) fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default()
}

fn ready_condition(pod: &Pod) -> Option<&PodCondition> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|condition| condition.type_ == "Ready" && condition.status == "True")
}

pub(super) fn is_ready(pod: &Pod) -> bool {
    ready_condition(pod).is_some()
}

/// Since when the pod has been ready.
fn ready_since(pod: &Pod) -> Option<&Time> {
    ready_condition(pod)?.last_transition_time.as_ref()
}

/// Whether a pod has been ready for as many seconds as it must be.
pub(super) fn is_available(pod: &Pod, min_ready_seconds: i32, now: &Time) -> bool {
    if !is_ready(pod) {
        return false;
    }
    if min_ready_seconds <= 0 {
        return true;
    }
    let wait = Duration::from_secs(u64::from(min_ready_seconds.unsigned_abs()));
    ready_since(pod).is_some_and(|since| since.0.saturating_add(wait).is_ok_and(|at| at <= now.0))
}

/// A pod of a template, controlled by its owner. Without a name it is named after its owner.
pub(super) fn from_template(
    template: &PodTemplateSpec,
    resource: &Resource,
    owner: &ObjectMeta,
    name: Option<String>,
) -> Pod {
    let given = template.metadata.clone().unwrap_or_default();
    let generate_name =
        name.is_none().then(|| format!("{}-", owner.name.as_deref().unwrap_or_default()));
    Pod {
        metadata: ObjectMeta {
            name,
            generate_name,
            namespace: owner.namespace.clone(),
            labels: given.labels,
            annotations: given.annotations,
            finalizers: given.finalizers,
            owner_references: Some(vec![controlled_by(resource, owner)]),
            ..ObjectMeta::default()
        },
        spec: template.spec.clone(),
        status: None,
    }
}

/// The pods in the order in which a controller deletes them (`ActivePodsWithRanks`); `related`
/// counts the pods of the same kind on each node.
pub(super) fn sort_for_deletion(pods: &mut [Arc<Pod>], related: &HashMap<String, usize>) {
    pods.sort_by(|a, b| deleted_before(a, b, related));
}

fn deleted_before(a: &Pod, b: &Pod, related: &HashMap<String, usize>) -> Ordering {
    let unassigned = |pod: &Pod| node_of(pod).is_some();
    let phases = |pod: &Pod| match phase(pod) {
        "Pending" => 0,
        "Unknown" => 1,
        _ => 2,
    };
    let rank = |pod: &Pod| node_of(pod).and_then(|node| related.get(node)).copied().unwrap_or(0);
    let restarts = |pod: &Pod| {
        let statuses =
            pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
        statuses.map(|status| status.restart_count).max().unwrap_or(0)
    };
    let since = |pod: &Pod| ready_since(pod).map(|since| since.0);
    let created = |pod: &Pod| pod.metadata.creation_timestamp.as_ref().map(|at| at.0);
    unassigned(a)
        .cmp(&unassigned(b))
        .then(phases(a).cmp(&phases(b)))
        .then(is_ready(a).cmp(&is_ready(b)))
        .then(deletion_cost(a).cmp(&deletion_cost(b)))
        .then(rank(b).cmp(&rank(a)))
        .then(since(b).cmp(&since(a)))
        .then(restarts(b).cmp(&restarts(a)))
        .then(created(b).cmp(&created(a)))
        .then(a.metadata.name.cmp(&b.metadata.name))
}

fn deletion_cost(pod: &Pod) -> i32 {
    let annotations = pod.metadata.annotations.as_ref();
    annotations.and_then(|all| all.get(DELETION_COST)?.parse().ok()).unwrap_or(0)
}

/// Labels of a pod or template, none for nothing.
pub(super) fn labels(metadata: Option<&ObjectMeta>) -> BTreeMap<String, String> {
    metadata.and_then(|metadata| metadata.labels.clone()).unwrap_or_default()
}
