//! Keeps as many pods of a ReplicaSet as it asks for.
//!
//! A pod that ended is replaced at once, whatever it ended of: that is what
//! makes storms of rejected pods (behaviour.md §3). Rules:
//! `pkg/controller/replicaset/replica_set.go` of 1.36.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use k8s_openapi::api::apps::v1::{ReplicaSet, ReplicaSetCondition, ReplicaSetStatus};
use k8s_openapi::api::core::v1::Pod;
use kubernetes_objects::Status;
use kubernetes_objects::resource::Resource;
use tokio::time::Instant;

use super::super::DeleteOptions;
use super::super::object::Object;
use super::super::selection::selects;
use super::super::store::{ChangeKind, ObjectName, node_of};
use super::client::Client;
use super::expectations::Expectations;
use super::informer::Told;
use super::pods::{
    controller_of, from_template, is_available, is_ready, labels, sort_for_deletion,
};
use super::queue::{Controller, Queue, enqueue, enqueue_at};
use super::recorder::Recorder;
use super::slow_start::in_growing_batches;
use super::view::{Owned, View};
use super::{Kinds, adoption};

/// The most pods that are made or deleted in one go.
const BURST_REPLICAS: usize = 500;
/// How many ReplicaSets are worked on at once (`--concurrent-replicaset-syncs`).
const WORKERS: usize = 5;

/// The controller of ReplicaSets.
#[derive(Debug)]
pub(super) struct ReplicaSets {
    kinds: Kinds,
    view: Arc<View>,
    client: Arc<Client>,
    recorder: Arc<Recorder>,
    queue: Queue,
    expectations: Expectations,
}

impl ReplicaSets {
    pub(super) fn new(kinds: Kinds, view: &Arc<View>, client: Client) -> Arc<Self> {
        let client = Arc::new(client);
        Arc::new(Self {
            kinds,
            view: Arc::clone(view),
            recorder: Arc::new(Recorder::new(&client, "replicaset-controller")),
            client,
            queue: Queue::new(WORKERS),
            expectations: Expectations::default(),
        })
    }

    fn resource(&self) -> &'static Resource {
        self.kinds.replica_sets
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        if told.is(self.resource()) {
            if told.kind == ChangeKind::Deleted {
                self.expectations.forget(&told.key());
            }
            enqueue(self, &told.key());
        } else if let Some(pod) = told.after.pod() {
            self.hear_pod(told, pod);
        }
    }

    fn hear_pod(self: &Arc<Self>, told: &Told<'_>, pod: &Arc<Pod>) {
        let before = told.before.and_then(Object::pod);
        let leaves = |pod: &Pod| pod.metadata.deletion_timestamp.is_some();
        let gone = told.kind == ChangeKind::Deleted
            || (leaves(pod) && !before.is_some_and(|before| leaves(before)));
        let was = before.and_then(|before| self.key_of_controller(before));
        let is = self.key_of_controller(pod);
        if let Some(key) = was.filter(|was| Some(was) != is.as_ref()) {
            enqueue(self, &key);
        }
        if let Some(key) = is {
            // What is marked first is not counted again when it is gone.
            let counted = before.is_some_and(|before| leaves(before));
            if gone && !counted {
                self.expectations.deleted(&key);
            } else if told.kind == ChangeKind::Added {
                self.expectations.created(&key, 1);
            }
            enqueue(self, &key);
            self.come_back_when_available(&key, before, pod);
        } else if !gone && controller_of(&pod.metadata).is_none() {
            for key in adoption::candidates(&self.view, self.resource(), pod) {
                enqueue(self, &key);
            }
        }
    }

    /// A pod that has become ready may only count as available later.
    fn come_back_when_available(
        self: &Arc<Self>,
        key: &ObjectName,
        before: Option<&Arc<Pod>>,
        pod: &Pod,
    ) {
        if before.is_some_and(|before| is_ready(before)) || !is_ready(pod) {
            return;
        }
        let set: Option<ReplicaSet> = self.view.get(self.resource(), key);
        let seconds = set.and_then(|set| set.spec?.min_ready_seconds).unwrap_or(0);
        if seconds > 0 {
            let wait = Duration::from_secs(u64::from(seconds.unsigned_abs()) + 1);
            enqueue_at(self, key, Instant::now() + wait);
        }
    }

    /// The ReplicaSet that controls a pod, if it is still the one with that uid.
    fn key_of_controller(&self, pod: &Pod) -> Option<ObjectName> {
        let owner = controller_of(&pod.metadata).filter(|owner| owner.kind == "ReplicaSet")?;
        let key = (pod.metadata.namespace.clone().unwrap_or_default(), owner.name.clone());
        let heard = self.view.heard();
        let set = heard.object(self.resource(), &key)?;
        (set.metadata().uid.as_ref() == Some(&owner.uid)).then_some(key)
    }

    /// Makes or deletes pods.
    async fn manage(
        &self,
        key: &ObjectName,
        set: &ReplicaSet,
        active: usize,
    ) -> Result<(), Status> {
        let spec = set.spec.clone().unwrap_or_default();
        let wanted = usize::try_from(spec.replicas.unwrap_or(1)).unwrap_or(0);
        if active < wanted {
            let missing = (wanted - active).min(BURST_REPLICAS);
            self.expectations.expect(key, missing, 0);
            let (made, outcome) = in_growing_batches(missing, || self.make_pod(key, set)).await;
            self.expectations.created(key, missing - made);
            outcome
        } else if active > wanted {
            let surplus = (active - wanted).min(BURST_REPLICAS);
            let pods = self.to_delete(set, surplus);
            self.expectations.expect(key, 0, pods.len());
            let deletions = pods.iter().map(|pod| self.delete_pod(key, set, pod));
            join_all(deletions).await.into_iter().collect()
        } else {
            Ok(())
        }
    }

    async fn make_pod(&self, key: &ObjectName, set: &ReplicaSet) -> Result<(), Status> {
        let template = set.spec.as_ref().and_then(|spec| spec.template.clone()).unwrap_or_default();
        let pod = from_template(&template, self.resource(), &set.metadata, None);
        let made = self.client.create(self.kinds.pods, &key.0, Object::Pod(Arc::new(pod))).await;
        match made {
            Ok(pod) => {
                let name = pod.metadata().name.clone().unwrap_or_default();
                self.say(set, "Normal", "SuccessfulCreate", &format!("Created pod: {name}"));
                Ok(())
            }
            // Nobody waits for pods of a namespace that ends.
            Err(status) if status.message.contains("because it is being terminated") => Ok(()),
            Err(status) => {
                let message = format!("Error creating: {}", status.message);
                self.say(set, "Warning", "FailedCreate", &message);
                self.expectations.created(key, 1);
                Err(status)
            }
        }
    }

    fn to_delete(&self, set: &ReplicaSet, surplus: usize) -> Vec<Arc<Pod>> {
        let heard = self.view.heard();
        let owned = |uid: Option<&String>| uid.and_then(|uid| heard.owned(uid));
        let mut pods = owned(set.metadata.uid.as_ref()).map(Owned::active).unwrap_or_default();
        let mut related = HashMap::new();
        let namespace = set.metadata.namespace.as_deref().unwrap_or_default();
        let deployment = controller_of(&set.metadata).map(|owner| &owner.uid);
        for (_, sibling) in heard.objects_in(self.resource(), namespace) {
            let metadata = sibling.metadata();
            let same = metadata.uid == set.metadata.uid
                || (deployment.is_some()
                    && controller_of(metadata).map(|owner| &owner.uid) == deployment);
            if same {
                for pod in owned(metadata.uid.as_ref()).map(Owned::active).unwrap_or_default() {
                    if let Some(node) = node_of(&pod) {
                        *related.entry(node.to_owned()).or_default() += 1;
                    }
                }
            }
        }
        sort_for_deletion(&mut pods, &related);
        pods.truncate(surplus);
        pods
    }

    async fn delete_pod(
        &self,
        key: &ObjectName,
        set: &ReplicaSet,
        pod: &Pod,
    ) -> Result<(), Status> {
        let name = pod.metadata.name.clone().unwrap_or_default();
        let options = DeleteOptions::default();
        match self.client.delete(self.kinds.pods, &key.0, &name, &options).await {
            Ok(()) => {
                self.say(set, "Normal", "SuccessfulDelete", &format!("Deleted pod: {name}"));
                Ok(())
            }
            Err(status) => {
                self.expectations.deleted(key);
                if status.code == 404 { Ok(()) } else { Err(status) }
            }
        }
    }

    fn say(&self, set: &ReplicaSet, type_: &str, reason: &str, message: &str) {
        self.recorder.record(self.resource(), &set.metadata, type_, reason, message);
    }

    /// The status by the pods known before anything was made or deleted.
    fn status(&self, set: &ReplicaSet) -> ReplicaSetStatus {
        let spec = set.spec.clone().unwrap_or_default();
        let template = labels(spec.template.as_ref().and_then(|one| one.metadata.as_ref()));
        let min_ready_seconds = spec.min_ready_seconds.unwrap_or(0);
        let now = self.client.api.clock().now();
        let heard = self.view.heard();
        let owned = set.metadata.uid.as_ref().and_then(|uid| heard.owned(uid));
        let counts = owned.map(|owned| owned.counts).unwrap_or_default();
        let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let some = |count: usize| (count > 0).then(|| number(count));
        let labelled = owned.map_or(0, |owned| {
            owned.with_labels(|labels| {
                template.iter().all(|(key, value)| labels.get(key) == Some(value))
            })
        });
        let available = match owned {
            Some(owned) if min_ready_seconds > 0 => {
                let available = |pod: &&Arc<Pod>| is_available(pod, min_ready_seconds, &now);
                owned.active().iter().filter(available).count()
            }
            _ => counts.ready,
        };
        let terminating = self.client.api.gates().version().at_least(35);
        ReplicaSetStatus {
            replicas: number(counts.active),
            fully_labeled_replicas: some(labelled),
            ready_replicas: some(counts.ready),
            available_replicas: some(available),
            terminating_replicas: terminating.then(|| number(counts.terminating)),
            observed_generation: set.metadata.generation,
            conditions: None,
        }
    }

    fn conditions(
        &self,
        before: Option<Vec<ReplicaSetCondition>>,
        failure: Option<&Status>,
    ) -> Option<Vec<ReplicaSetCondition>> {
        const FAILURE: &str = "ReplicaFailure";
        let mut conditions = before.unwrap_or_default();
        match failure {
            Some(_) if conditions.iter().any(|one| one.type_ == FAILURE) => {}
            Some(status) => conditions.push(ReplicaSetCondition {
                type_: FAILURE.to_owned(),
                status: "True".to_owned(),
                reason: Some("FailedCreate".to_owned()),
                message: Some(status.message.clone()),
                last_transition_time: Some(self.client.api.clock().now()),
            }),
            None => conditions.retain(|one| one.type_ != FAILURE),
        }
        (!conditions.is_empty()).then_some(conditions)
    }
}

impl Controller for ReplicaSets {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn sync(self: &Arc<Self>, key: &ObjectName) -> Result<(), Status> {
        let Some(set) = self.view.get::<ReplicaSet>(self.resource(), key) else {
            self.expectations.forget(key);
            return Ok(());
        };
        let ready_to_manage = self.expectations.satisfied(key);
        let selector = set.spec.as_ref().map(|spec| spec.selector.clone()).unwrap_or_default();
        let fits = |labels: &_| selects(&selector, Some(labels));
        adoption::claim(&self.client, &self.view, self.resource(), &set.metadata, fits, |_| true)
            .await?;
        let seen = self.status(&set);
        let active = usize::try_from(seen.replicas).unwrap_or(0);
        let managed = if ready_to_manage && set.metadata.deletion_timestamp.is_none() {
            self.manage(key, &set, active).await
        } else {
            Ok(())
        };
        let conditions = set.status.clone().and_then(|status| status.conditions);
        let status = ReplicaSetStatus {
            conditions: self.conditions(conditions, managed.as_ref().err()),
            ..seen
        };
        if set.status.as_ref() != Some(&status) {
            let set = ReplicaSet { status: Some(status), ..set };
            self.client.update_typed(self.resource(), "status", &set).await?;
        }
        managed
    }
}
