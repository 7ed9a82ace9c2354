//! The templates that a StatefulSet or a DaemonSet has had, kept as ControllerRevisions.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::runtime::RawExtension;
use kubernetes_objects::Status;
use kubernetes_objects::resource::Resource;
use serde_json::json;

use super::super::DeleteOptions;
use super::super::selection::selects;
use super::Kinds;
use super::client::{Client, untyped};
use super::pods::{controlled_by, controller_of};
use super::template_hash;
use super::view::View;

/// The longest part of a set's name in the name of a revision.
const LONGEST_PREFIX: usize = 223;
/// How many old revisions are kept where a set does not say.
const KEPT: i32 = 10;

/// A set whose templates are kept.
pub(super) struct Keeper<'a> {
    pub(super) kinds: Kinds,
    pub(super) client: &'a Client,
    pub(super) view: &'a View,
    pub(super) resource: &'static Resource,
    pub(super) metadata: &'a ObjectMeta,
    pub(super) selector: &'a LabelSelector,
    pub(super) template: &'a PodTemplateSpec,
    /// The label that carries a revision's hash.
    pub(super) hash_label: &'static str,
    /// What new revisions are annotated with.
    pub(super) annotations: Option<BTreeMap<String, String>>,
    /// How often a hash happened to be another template's.
    pub(super) collisions: Option<i32>,
}

/// A set's revisions.
pub(super) struct History {
    /// That of the template as it is.
    pub(super) update: ControllerRevision,
    /// All, the newest last.
    pub(super) all: Vec<ControllerRevision>,
    /// How often a hash happened to be another template's.
    pub(super) collisions: Option<i32>,
}

/// A revision's name.
pub(super) fn revision_name(revision: &ControllerRevision) -> &str {
    revision.metadata.name.as_deref().unwrap_or_default()
}

/// The template that a revision keeps, if it keeps one that can be read.
pub(super) fn template_of(revision: &ControllerRevision) -> Option<PodTemplateSpec> {
    let kept = revision.data.as_ref()?.0.pointer("/spec/template")?.clone();
    serde_json::from_value(kept).ok()
}

/// What a revision keeps of a set: a patch that brings the template back.
fn data(template: &PodTemplateSpec) -> RawExtension {
    let mut template = serde_json::to_value(template).expect("templates are always valid JSON");
    template["$patch"] = "replace".into();
    RawExtension(json!({"spec": {"template": template}}))
}

impl Keeper<'_> {
    fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// The set's revisions, with one for its template as it is.
    pub(super) async fn history(&self) -> Result<History, Status> {
        let mut all = self.known().await?;
        let mut collisions = self.collisions;
        let data = data(self.template);
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
                let revision = self.make(data, number, &mut collisions).await?;
                all.push(revision.clone());
                revision
            }
        };
        Ok(History { update, all, collisions })
    }

    /// The revisions that are the set's, the newest last; those that fit and have no controller
    /// become its own.
    async fn known(&self) -> Result<Vec<ControllerRevision>, Status> {
        let resource = self.kinds.controller_revisions;
        let known: Vec<ControllerRevision> = {
            let heard = self.view.heard();
            let objects = heard.objects_in(resource, self.namespace());
            objects.filter_map(|(_, object)| object.other()?.read().ok()).collect()
        };
        let mut own = Vec::new();
        for revision in known {
            let owner = controller_of(&revision.metadata).map(|owner| &owner.uid);
            let fits = selects(self.selector, revision.metadata.labels.as_ref());
            if owner.is_none() && fits && self.metadata.deletion_timestamp.is_none() {
                let reference = controlled_by(self.resource, self.metadata);
                self.client
                    .patch(resource, "", self.namespace(), revision_name(&revision), |object| {
                        let owners = &mut object.metadata_mut().owner_references;
                        owners.get_or_insert_default().push(reference);
                    })
                    .await?;
            } else if owner != self.metadata.uid.as_ref() {
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

    async fn make(
        &self,
        data: RawExtension,
        number: i64,
        collisions: &mut Option<i32>,
    ) -> Result<ControllerRevision, Status> {
        let resource = self.kinds.controller_revisions;
        let labels = self.template.metadata.as_ref().and_then(|metadata| metadata.labels.clone());
        let name = self.metadata.name.as_deref().unwrap_or_default();
        loop {
            let hash = template_hash::of(self.template, *collisions);
            let prefix: String = name.chars().take(LONGEST_PREFIX).collect();
            let mut labels = labels.clone().unwrap_or_default();
            labels.insert(self.hash_label.to_owned(), hash.clone());
            let revision = ControllerRevision {
                metadata: ObjectMeta {
                    name: Some(format!("{prefix}-{hash}")),
                    namespace: Some(self.namespace().to_owned()),
                    labels: Some(labels),
                    annotations: self.annotations.clone(),
                    owner_references: Some(vec![controlled_by(self.resource, self.metadata)]),
                    ..ObjectMeta::default()
                },
                data: Some(data.clone()),
                revision: number,
            };
            match self.client.create(resource, self.namespace(), untyped(&revision)?).await {
                Ok(_) => return Ok(revision),
                Err(status) if status.reason == "AlreadyExists" => {
                    let name = revision_name(&revision);
                    let known = self.client.get(resource, self.namespace(), name).await;
                    let known: Option<ControllerRevision> =
                        known.and_then(|object| object.other()?.read().ok());
                    if let Some(known) = known.filter(|known| known.data.as_ref() == Some(&data)) {
                        return Ok(known);
                    }
                    *collisions = Some(collisions.unwrap_or(0).saturating_add(1));
                }
                Err(status) => return Err(status),
            }
        }
    }

    /// Deletes the oldest revisions that are not live, beyond the history that is kept.
    pub(super) async fn truncate(
        &self,
        history: &History,
        limit: Option<i32>,
        is_live: impl Fn(&ControllerRevision) -> bool,
    ) -> Result<(), Status> {
        let old: Vec<_> = history.all.iter().filter(|one| !is_live(one)).collect();
        let kept = usize::try_from(limit.unwrap_or(KEPT)).unwrap_or(usize::MAX);
        for revision in old.iter().take(old.len().saturating_sub(kept)) {
            let options = DeleteOptions::default();
            let resource = self.kinds.controller_revisions;
            let name = revision_name(revision);
            match self.client.delete(resource, self.namespace(), name, &options).await {
                Err(status) if status.code != 404 => return Err(status),
                _ => {}
            }
        }
        Ok(())
    }
}
