//! The templates that a StatefulSet has had, kept as ControllerRevisions.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::{ControllerRevision, StatefulSet};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::runtime::RawExtension;
use kubernetes_objects::Status;
use serde_json::json;

use super::super::super::DeleteOptions;
use super::super::super::selection::selects;
use super::super::client::untyped;
use super::super::pods::{controlled_by, controller_of};
use super::super::template_hash;
use super::StatefulSets;
use super::identity::name;

/// The label that carries a revision's hash.
const HASH: &str = "controller.kubernetes.io/hash";
/// The longest part of a set's name in the name of a revision.
const LONGEST_PREFIX: usize = 223;

/// The revisions of a set, the newest last, and the two that matter now.
pub(super) struct Revisions {
    pub(super) current: ControllerRevision,
    pub(super) update: ControllerRevision,
    pub(super) all: Vec<ControllerRevision>,
    /// How often a hash happened to be another template's.
    pub(super) collisions: i32,
}

/// A revision's name.
pub(super) fn revision_name(revision: &ControllerRevision) -> &str {
    revision.metadata.name.as_deref().unwrap_or_default()
}

/// The template that a revision keeps; the set's own where it keeps none that can be read.
pub(super) fn template(set: &StatefulSet, revision: &ControllerRevision) -> PodTemplateSpec {
    let kept = revision.data.as_ref().and_then(|data| data.0.pointer("/spec/template")).cloned();
    kept.and_then(|template| serde_json::from_value(template).ok())
        .or_else(|| set.spec.as_ref().map(|spec| spec.template.clone()))
        .unwrap_or_default()
}

/// What a revision keeps of a set: a patch that brings the template back.
fn data(set: &StatefulSet) -> RawExtension {
    let template = set.spec.as_ref().map(|spec| &spec.template);
    let mut template = serde_json::to_value(template).expect("templates are always valid JSON");
    template["$patch"] = "replace".into();
    RawExtension(json!({"spec": {"template": template}}))
}

impl StatefulSets {
    /// The set's revisions, with one for its template as it is.
    pub(super) async fn revisions(&self, set: &StatefulSet) -> Result<Revisions, Status> {
        let mut all = self.known_revisions(set).await?;
        let status = set.status.clone().unwrap_or_default();
        let mut collisions = status.collision_count.unwrap_or(0);
        let data = data(set);
        let newest = all.last().map_or(0, |last| last.revision);
        let equal = all.iter().rposition(|known| known.data.as_ref() == Some(&data));
        let update = match equal {
            Some(at) if at + 1 == all.len() => all[at].clone(),
            Some(at) => {
                // An older template is back: its revision becomes the newest.
                let mut revision = all.remove(at);
                revision.revision = newest.saturating_add(1);
                let resource = self.kinds.controller_revisions;
                self.client.update_typed(resource, "", &revision).await?;
                all.push(revision.clone());
                revision
            }
            None => {
                let number = newest.saturating_add(1);
                let revision = self.make_revision(set, data, number, &mut collisions).await?;
                all.push(revision.clone());
                revision
            }
        };
        let named = status.current_revision.as_deref();
        let current = all.iter().find(|known| Some(revision_name(known)) == named);
        let current = current.unwrap_or(&update).clone();
        Ok(Revisions { current, update, all, collisions })
    }

    /// The revisions that are the set's, the newest last; those that fit and have no controller
    /// become its own.
    async fn known_revisions(&self, set: &StatefulSet) -> Result<Vec<ControllerRevision>, Status> {
        let resource = self.kinds.controller_revisions;
        let namespace = set.metadata.namespace.clone().unwrap_or_default();
        let selector = set.spec.as_ref().map(|spec| spec.selector.clone()).unwrap_or_default();
        let known: Vec<ControllerRevision> = {
            let heard = self.view.heard();
            let objects = heard.objects_in(resource, &namespace);
            objects.filter_map(|(_, object)| object.other()?.read().ok()).collect()
        };
        let mut own = Vec::new();
        for revision in known {
            let owner = controller_of(&revision.metadata).map(|owner| &owner.uid);
            let fits = selects(&selector, revision.metadata.labels.as_ref());
            if owner.is_none() && fits && set.metadata.deletion_timestamp.is_none() {
                let reference = controlled_by(self.kinds.stateful_sets, &set.metadata);
                self.client
                    .patch(resource, "", &namespace, revision_name(&revision), |object| {
                        let owners = &mut object.metadata_mut().owner_references;
                        owners.get_or_insert_default().push(reference);
                    })
                    .await?;
            } else if owner != set.metadata.uid.as_ref() {
                continue;
            }
            own.push(revision);
        }
        own.sort_by(|a, b| {
            let place = |one: &ControllerRevision| (one.revision, one.metadata.name.clone());
            place(a).cmp(&place(b))
        });
        Ok(own)
    }

    async fn make_revision(
        &self,
        set: &StatefulSet,
        data: RawExtension,
        number: i64,
        collisions: &mut i32,
    ) -> Result<ControllerRevision, Status> {
        let resource = self.kinds.controller_revisions;
        let namespace = set.metadata.namespace.clone().unwrap_or_default();
        let template = set.spec.as_ref().map(|spec| spec.template.clone()).unwrap_or_default();
        let labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.clone());
        loop {
            let hash = template_hash::of(&template, Some(*collisions));
            let prefix: String = name(set).chars().take(LONGEST_PREFIX).collect();
            let mut labels = labels.clone().unwrap_or_default();
            labels.insert(HASH.to_owned(), hash.clone());
            let revision = ControllerRevision {
                metadata: ObjectMeta {
                    name: Some(format!("{prefix}-{hash}")),
                    namespace: Some(namespace.clone()),
                    labels: Some(labels),
                    owner_references: Some(vec![controlled_by(
                        self.kinds.stateful_sets,
                        &set.metadata,
                    )]),
                    ..ObjectMeta::default()
                },
                data: Some(data.clone()),
                revision: number,
            };
            match self.client.create(resource, &namespace, untyped(&revision)?).await {
                Ok(_) => return Ok(revision),
                Err(status) if status.reason == "AlreadyExists" => {
                    let known = self.client.get(resource, &namespace, revision_name(&revision));
                    let known: Option<ControllerRevision> =
                        known.await.and_then(|object| object.other()?.read().ok());
                    if let Some(known) = known.filter(|known| known.data.as_ref() == Some(&data)) {
                        return Ok(known);
                    }
                    *collisions = collisions.saturating_add(1);
                }
                Err(status) => return Err(status),
            }
        }
    }

    /// Deletes the oldest revisions that no pod has, beyond the history that is kept.
    pub(super) async fn truncate_history(
        &self,
        set: &StatefulSet,
        revisions: &Revisions,
        in_use: &BTreeSet<String>,
    ) -> Result<(), Status> {
        let limit = set.spec.as_ref().and_then(|spec| spec.revision_history_limit).unwrap_or(10);
        let live = |one: &&ControllerRevision| {
            let name = revision_name(one);
            in_use.contains(name)
                || name == revision_name(&revisions.current)
                || name == revision_name(&revisions.update)
        };
        let history: Vec<_> = revisions.all.iter().filter(|one| !live(one)).collect();
        let surplus = history.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        let namespace = set.metadata.namespace.as_deref().unwrap_or_default();
        for revision in history.into_iter().take(surplus) {
            let options = DeleteOptions::default();
            let resource = self.kinds.controller_revisions;
            self.client.delete(resource, namespace, revision_name(revision), &options).await?;
        }
        Ok(())
    }
}
