//! The ReplicaSet that stands for a Deployment's template, and its revision.

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, ReplicaSetSpec};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kubernetes_objects::Status;

use super::super::client::untyped;
use super::super::pods::controlled_by;
use super::super::template_hash;
use super::annotations::{self, annotate_new, revision};
use super::conditions::{self, PROGRESSING, condition};
use super::scaling::new_size;
use super::{Deployments, NO_DEADLINE, Rollout, TEMPLATE_HASH};

/// Sorts a Deployment's ReplicaSets into the one of its template and the others.
pub(super) fn arrange(deployment: Deployment, sets: Vec<ReplicaSet>) -> Rollout {
    let template = deployment.spec.as_ref().map(|spec| without_hash(&spec.template));
    let mut new = None;
    let mut old = Vec::new();
    for set in sets {
        let own = set.spec.as_ref().and_then(|spec| spec.template.as_ref()).map(without_hash);
        if new.is_none() && own == template {
            new = Some(set);
        } else {
            old.push(set);
        }
    }
    Rollout { deployment, new, old }
}

fn without_hash(template: &PodTemplateSpec) -> PodTemplateSpec {
    let mut template = template.clone();
    if let Some(metadata) = template.metadata.as_mut() {
        if let Some(labels) = metadata.labels.as_mut() {
            labels.remove(TEMPLATE_HASH);
        }
        metadata.labels = metadata.labels.take().filter(|labels| !labels.is_empty());
    }
    template.metadata = template.metadata.filter(|metadata| *metadata != ObjectMeta::default());
    template
}

impl Deployments {
    /// Brings the new ReplicaSet's annotations and the Deployment's revision up to date; makes
    /// the ReplicaSet if `create`.
    pub(super) async fn sync_new(&self, rollout: &mut Rollout, create: bool) -> Result<(), Status> {
        let newest = rollout.old.iter().map(revision).max().unwrap_or(0) + 1;
        match rollout.new.clone() {
            Some(set) => self.update_new(rollout, set, newest).await,
            None if create => self.create_new(rollout, newest).await,
            None => Ok(()),
        }
    }

    async fn update_new(
        &self,
        rollout: &mut Rollout,
        mut set: ReplicaSet,
        newest: i64,
    ) -> Result<(), Status> {
        let annotated = annotate_new(&rollout.deployment, &mut set, newest, true);
        let ready = rollout.spec().min_ready_seconds;
        let spec = set.spec.get_or_insert_default();
        let same = spec.min_ready_seconds.unwrap_or(0) == ready.unwrap_or(0);
        if annotated || !same {
            spec.min_ready_seconds = ready;
            let object = self.client.update_typed(self.kinds.replica_sets, "", &set).await?;
            rollout.new = object.other().and_then(|object| object.read().ok());
            return Ok(());
        }
        let found = format!("Found new replica set {:?}", name(&set));
        let first = conditions::of(&rollout.deployment, PROGRESSING).is_none();
        let note = first.then_some(("FoundNewReplicaSet", found));
        self.note(rollout, revision(&set), note).await
    }

    async fn create_new(&self, rollout: &mut Rollout, newest: i64) -> Result<(), Status> {
        let deployment = &rollout.deployment;
        let mut set = self.new_set(rollout);
        annotate_new(deployment, &mut set, newest, false);
        let size = new_size(rollout, &set);
        set.spec.get_or_insert_default().replicas = Some(size);
        let namespace = deployment.metadata.namespace.clone().unwrap_or_default();
        let created = self.client.create(self.kinds.replica_sets, &namespace, untyped(&set)?).await;
        let object = match created {
            Ok(object) => object,
            Err(status) if status.reason == "AlreadyExists" => {
                return self.collide(rollout, &set, status).await;
            }
            Err(status) => {
                let mut failed = rollout.deployment.clone();
                let now = self.client.api.clock().now();
                let message = format!(
                    "Failed to create new replica set {:?}: {}",
                    name(&set),
                    status.message
                );
                let conditions =
                    failed.status.get_or_insert_default().conditions.get_or_insert_default();
                let reason = "ReplicaSetCreateError";
                conditions::set(conditions, condition(PROGRESSING, "False", reason, message, &now));
                self.client.update_typed(self.kinds.deployments, "status", &failed).await?;
                return Err(status);
            }
        };
        let created: Option<ReplicaSet> = object.other().and_then(|object| object.read().ok());
        if size > 0 {
            let message = format!("Scaled up replica set {} from 0 to {size}", name(&set));
            self.say(&rollout.deployment, "Normal", "ScalingReplicaSet", &message);
        }
        let message = format!("Created new replica set {:?}", name(&set));
        rollout.new = created;
        self.note(rollout, newest, Some(("NewReplicaSetCreated", message))).await
    }

    fn new_set(&self, rollout: &Rollout) -> ReplicaSet {
        let deployment = &rollout.deployment;
        let spec = rollout.spec();
        let collisions = deployment.status.as_ref().and_then(|status| status.collision_count);
        let hash = template_hash::of(&spec.template, collisions);
        let mut template = spec.template;
        let labels = template.metadata.get_or_insert_default().labels.get_or_insert_default();
        labels.insert(TEMPLATE_HASH.to_owned(), hash.clone());
        let labels = labels.clone();
        let mut selector = spec.selector;
        selector
            .match_labels
            .get_or_insert_default()
            .insert(TEMPLATE_HASH.to_owned(), hash.clone());
        let owner = deployment.metadata.name.clone().unwrap_or_default();
        ReplicaSet {
            metadata: ObjectMeta {
                name: Some(format!("{owner}-{hash}")),
                namespace: deployment.metadata.namespace.clone(),
                labels: Some(labels),
                owner_references: Some(vec![controlled_by(
                    self.kinds.deployments,
                    &deployment.metadata,
                )]),
                ..ObjectMeta::default()
            },
            spec: Some(ReplicaSetSpec {
                replicas: Some(0),
                min_ready_seconds: spec.min_ready_seconds,
                selector,
                template: Some(template),
            }),
            status: None,
        }
    }

    /// Another ReplicaSet has the name: it is the one meant, or the hash happens to be equal.
    async fn collide(
        &self,
        rollout: &mut Rollout,
        set: &ReplicaSet,
        refusal: Status,
    ) -> Result<(), Status> {
        let namespace = set.metadata.namespace.clone().unwrap_or_default();
        let known = self.client.api.object(self.kinds.replica_sets, &namespace, name(set));
        let known: Option<ReplicaSet> =
            known.as_ref().and_then(|object| object.other()?.read().ok());
        let same = known.as_ref().is_some_and(|known| {
            let template = |set: &ReplicaSet| {
                set.spec.as_ref().and_then(|spec| spec.template.as_ref()).map(without_hash)
            };
            known.metadata.owner_references == set.metadata.owner_references
                && template(known) == template(set)
        });
        if same {
            rollout.new = known;
            return Ok(());
        }
        let mut counted = rollout.deployment.clone();
        let status = counted.status.get_or_insert_default();
        status.collision_count = Some(status.collision_count.unwrap_or(0).saturating_add(1));
        self.client.update_typed(self.kinds.deployments, "status", &counted).await?;
        Err(refusal)
    }

    /// Writes the Deployment's revision, and that it makes progress.
    async fn note(
        &self,
        rollout: &mut Rollout,
        revision: i64,
        progress: Option<(&str, String)>,
    ) -> Result<(), Status> {
        let mut deployment = rollout.deployment.clone();
        let annotations = deployment.metadata.annotations.get_or_insert_default();
        annotations.insert(annotations::REVISION.to_owned(), revision.to_string());
        let deadline = rollout.spec().progress_deadline_seconds.unwrap_or(NO_DEADLINE);
        if let Some((reason, message)) = progress.filter(|_| deadline != NO_DEADLINE) {
            let now = self.client.api.clock().now();
            let conditions =
                deployment.status.get_or_insert_default().conditions.get_or_insert_default();
            conditions::set(conditions, condition(PROGRESSING, "True", reason, message, &now));
        }
        if deployment == rollout.deployment {
            return Ok(());
        }
        let object =
            self.client.update_typed(self.kinds.deployments, "status", &deployment).await?;
        if let Some(Ok(updated)) = object.other().map(|object| object.read::<Deployment>()) {
            rollout.deployment = updated;
        }
        Ok(())
    }

    /// Deletes ReplicaSets without pods beyond the history that is kept.
    pub(super) async fn clean_up(&self, rollout: &Rollout) -> Result<(), Status> {
        let limit = rollout.spec().revision_history_limit.unwrap_or(10);
        if limit == i32::MAX {
            return Ok(());
        }
        let mut old: Vec<_> =
            rollout.old.iter().filter(|set| set.metadata.deletion_timestamp.is_none()).collect();
        let surplus = old.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        old.sort_by_key(|set| revision(set));
        for set in old.into_iter().take(surplus) {
            let status = set.status.clone().unwrap_or_default();
            let observed = status.observed_generation >= set.metadata.generation;
            if status.replicas != 0 || super::replicas(set) != 0 || !observed {
                continue;
            }
            let namespace = set.metadata.namespace.clone().unwrap_or_default();
            let options = Default::default();
            self.client.delete(self.kinds.replica_sets, &namespace, name(set), &options).await?;
        }
        Ok(())
    }
}

/// A ReplicaSet's name.
pub(super) fn name(set: &ReplicaSet) -> &str {
    set.metadata.name.as_deref().unwrap_or_default()
}
