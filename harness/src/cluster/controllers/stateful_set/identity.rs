//! What tells the pods of a StatefulSet apart: their ordinals, and what is named after them.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimVolumeSource, Pod, PodTemplateSpec, Volume,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kubernetes_objects::resource::Resource;

use super::super::pods::from_template;
use super::REVISION;

/// The label that carries a pod's own name.
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
/// The label that carries a pod's ordinal (gate `PodIndexLabel`, beta since 1.28).
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

/// A StatefulSet's name.
pub(super) fn name(set: &StatefulSet) -> &str {
    set.metadata.name.as_deref().unwrap_or_default()
}

/// The first ordinal (`spec.ordinals.start`).
pub(super) fn first_ordinal(set: &StatefulSet) -> i32 {
    let ordinals = set.spec.as_ref().and_then(|spec| spec.ordinals.as_ref());
    ordinals.and_then(|ordinals| ordinals.start).unwrap_or(0)
}

/// The ordinal in a pod's name, if the pod is named as one of the set's.
pub(super) fn ordinal(set: &StatefulSet, pod: &Pod) -> Option<i32> {
    let (parent, ordinal) = pod.metadata.name.as_deref()?.rsplit_once('-')?;
    let digits = !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit());
    (parent == name(set) && digits).then(|| ordinal.parse().ok()).flatten()
}

/// The pod of an ordinal, made from a revision's template.
pub(super) fn pod_of(
    resource: &Resource,
    set: &StatefulSet,
    template: &PodTemplateSpec,
    revision: &str,
    ordinal: i32,
    has_index: bool,
) -> Pod {
    let pod_name = format!("{}-{ordinal}", name(set));
    let mut pod = from_template(template, resource, &set.metadata, Some(pod_name.clone()));
    let labels = pod.metadata.labels.get_or_insert_default();
    labels.insert(POD_NAME.to_owned(), pod_name.clone());
    labels.insert(REVISION.to_owned(), revision.to_owned());
    if has_index {
        labels.insert(POD_INDEX.to_owned(), ordinal.to_string());
    }
    let spec = pod.spec.get_or_insert_default();
    spec.hostname = Some(pod_name);
    spec.subdomain = set.spec.as_ref().and_then(|spec| spec.service_name.clone());
    let claimed: Vec<_> = claim_templates(set).collect();
    if !claimed.is_empty() {
        let names: BTreeSet<_> = claimed.iter().map(|claim| claim_name(claim)).collect();
        let volumes = spec.volumes.get_or_insert_default();
        // A claim stands before a volume of the same name.
        volumes.retain(|volume| !names.contains(volume.name.as_str()));
        volumes.extend(claimed.iter().map(|claim| Volume {
            name: claim_name(claim).to_owned(),
            persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
                claim_name: name_of_claim(set, claim, ordinal),
                read_only: None,
            }),
            ..Volume::default()
        }));
    }
    pod
}

fn claim_templates(set: &StatefulSet) -> impl Iterator<Item = &PersistentVolumeClaim> {
    let templates = set.spec.iter().flat_map(|spec| spec.volume_claim_templates.iter().flatten());
    templates.into_iter()
}

fn claim_name(template: &PersistentVolumeClaim) -> &str {
    template.metadata.name.as_deref().unwrap_or_default()
}

fn name_of_claim(set: &StatefulSet, template: &PersistentVolumeClaim, ordinal: i32) -> String {
    format!("{}-{}-{ordinal}", claim_name(template), name(set))
}

/// The claims that a pod of this ordinal needs.
pub(super) fn claims_of(set: &StatefulSet, ordinal: i32) -> Vec<PersistentVolumeClaim> {
    let selected = set.spec.as_ref().and_then(|spec| spec.selector.match_labels.clone());
    claim_templates(set)
        .map(|template| {
            let mut labels = template.metadata.labels.clone().unwrap_or_default();
            labels.extend(selected.clone().unwrap_or_default());
            PersistentVolumeClaim {
                metadata: ObjectMeta {
                    name: Some(name_of_claim(set, template, ordinal)),
                    namespace: set.metadata.namespace.clone(),
                    labels: (!labels.is_empty()).then_some(labels),
                    annotations: template.metadata.annotations.clone(),
                    ..ObjectMeta::default()
                },
                spec: template.spec.clone(),
                status: None,
            }
        })
        .collect()
}
