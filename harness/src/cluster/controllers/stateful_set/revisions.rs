//! Which of a set's revisions its pods have, and which they are to get.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::{ControllerRevision, StatefulSet};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use kubernetes_objects::Status;

use super::super::revisions::{History, Keeper, template_of};
use super::StatefulSets;
pub(super) use crate::cluster::controllers::revisions::revision_name;

/// The label that carries a revision's hash.
const HASH: &str = "controller.kubernetes.io/hash";

/// The revisions of a set, and the two that matter now.
pub(super) struct Revisions {
    pub(super) current: ControllerRevision,
    pub(super) update: ControllerRevision,
    /// How often a hash happened to be another template's.
    pub(super) collisions: i32,
    history: History,
}

/// The template that a revision keeps; the set's own where it keeps none that can be read.
pub(super) fn template(set: &StatefulSet, revision: &ControllerRevision) -> PodTemplateSpec {
    template_of(revision)
        .or_else(|| set.spec.as_ref().map(|spec| spec.template.clone()))
        .unwrap_or_default()
}

impl StatefulSets {
    fn keeper<'a>(&'a self, set: &'a StatefulSet) -> Option<Keeper<'a>> {
        let spec = set.spec.as_ref()?;
        let collisions = set.status.as_ref().and_then(|status| status.collision_count);
        Some(Keeper {
            kinds: self.kinds,
            client: &self.client,
            view: &self.view,
            resource: self.kinds.stateful_sets,
            metadata: &set.metadata,
            selector: &spec.selector,
            template: &spec.template,
            hash_label: HASH,
            annotations: None,
            collisions: Some(collisions.unwrap_or(0)),
        })
    }

    /// The set's revisions, with one for its template as it is; none where it has no spec.
    pub(super) async fn revisions(&self, set: &StatefulSet) -> Result<Option<Revisions>, Status> {
        let Some(keeper) = self.keeper(set) else { return Ok(None) };
        let history = keeper.history().await?;
        let named = set.status.as_ref().and_then(|status| status.current_revision.as_deref());
        let current = history.all.iter().find(|known| Some(revision_name(known)) == named);
        let current = current.unwrap_or(&history.update).clone();
        let (update, collisions) = (history.update.clone(), history.collisions.unwrap_or(0));
        Ok(Some(Revisions { current, update, collisions, history }))
    }

    /// Deletes the oldest revisions that no pod has, beyond the history that is kept.
    pub(super) async fn truncate_history(
        &self,
        set: &StatefulSet,
        revisions: &Revisions,
        in_use: &BTreeSet<String>,
    ) -> Result<(), Status> {
        let Some(keeper) = self.keeper(set) else { return Ok(()) };
        let limit = set.spec.as_ref().and_then(|spec| spec.revision_history_limit);
        let two = [revision_name(&revisions.current), revision_name(&revisions.update)];
        let is_live = |one: &ControllerRevision| {
            let name = revision_name(one);
            in_use.contains(name) || two.contains(&name)
        };
        keeper.truncate(&revisions.history, limit, is_live).await
    }
}
