//! Keeps the pods of StatefulSets, each with a name and storage of its own.
//!
//! A pod that ended is deleted and, once it is gone, made anew under the same
//! name, at once and without a wait. Rules: `pkg/controller/statefulset` of
//! 1.36. Claims are made and kept: no provisioner binds them, and
//! `persistentVolumeClaimRetentionPolicy` is not acted on.

mod identity;
mod replicas;
mod revisions;
mod status;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::Pod;
use kubernetes_objects::Status;
use tokio::time::Instant;

use super::super::DeleteOptions;
use super::super::object::Object;
use super::super::selection::selects;
use super::super::store::ObjectName;
use super::client::{Client, untyped};
use super::informer::Told;
use super::pods::controller_of;
use super::queue::{Controller, Queue, enqueue, enqueue_at};
use super::recorder::Recorder;
use super::view::View;
use super::{Kinds, adoption};
use identity::{claims_of, ordinal};
use replicas::Work;

/// How many StatefulSets are worked on at once (`--concurrent-statefulset-syncs`).
const WORKERS: usize = 5;
/// The label that carries the name of the revision that a pod was made from.
const REVISION: &str = "controller-revision-hash";

/// The controller of StatefulSets.
#[derive(Debug)]
pub(super) struct StatefulSets {
    kinds: Kinds,
    view: Arc<View>,
    client: Arc<Client>,
    recorder: Arc<Recorder>,
    queue: Queue,
}

impl StatefulSets {
    pub(super) fn new(kinds: Kinds, view: &Arc<View>, client: Client) -> Arc<Self> {
        let client = Arc::new(client);
        Arc::new(Self {
            kinds,
            view: Arc::clone(view),
            recorder: Arc::new(Recorder::new(&client, "statefulset-controller")),
            client,
            queue: Queue::new(WORKERS),
        })
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        if told.is(self.kinds.stateful_sets) {
            enqueue(self, &told.key());
            return;
        }
        let Some(pod) = told.after.pod() else { return };
        for pod in told.before.and_then(Object::pod).into_iter().chain([pod]) {
            if let Some(owner) = controller_of(&pod.metadata) {
                if owner.kind == "StatefulSet" {
                    let namespace = pod.metadata.namespace.clone().unwrap_or_default();
                    enqueue(self, &(namespace, owner.name.clone()));
                }
            } else {
                for key in adoption::candidates(&self.view, self.kinds.stateful_sets, pod) {
                    enqueue(self, &key);
                }
            }
        }
    }

    /// The pods that the set controls, ended ones among them.
    fn pods(&self, set: &StatefulSet) -> Vec<Arc<Pod>> {
        let heard = self.view.heard();
        let owned = set.metadata.uid.as_ref().and_then(|uid| heard.owned(uid));
        let pods =
            owned.into_iter().flat_map(|owned| owned.pods.values().chain(owned.ended.values()));
        pods.cloned().collect()
    }

    async fn create(&self, set: &StatefulSet, pod: &Arc<Pod>) -> Result<(), Status> {
        let namespace = set.metadata.namespace.as_deref().unwrap_or_default();
        let object = Object::Pod(Arc::clone(pod));
        let made = self.client.create(self.kinds.pods, namespace, object).await.map(drop);
        // A pod of an older set by the same name may still be on its way out.
        if made.as_ref().is_err_and(|status| status.reason == "AlreadyExists") {
            return made;
        }
        self.say_of_pod(set, pod, "create", &made);
        made
    }

    async fn delete(&self, set: &StatefulSet, pod: &Pod) -> Result<(), Status> {
        let namespace = set.metadata.namespace.as_deref().unwrap_or_default();
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let options = DeleteOptions::default();
        let deleted = self.client.delete(self.kinds.pods, namespace, name, &options).await;
        self.say_of_pod(set, pod, "delete", &deleted);
        match deleted {
            Err(status) if status.code == 404 => Ok(()),
            deleted => deleted,
        }
    }

    /// Makes the claims of a pod that are missing.
    async fn make_claims(&self, set: &StatefulSet, pod: &Pod, ordinal: i32) -> Result<(), Status> {
        let namespace = set.metadata.namespace.clone().unwrap_or_default();
        for claim in claims_of(set, ordinal) {
            let name = claim.metadata.name.clone().unwrap_or_default();
            let key = (namespace.clone(), name.clone());
            if self.view.object(self.kinds.claims, &key).is_some() {
                continue;
            }
            let made = self.client.create(self.kinds.claims, &namespace, untyped(&claim)?).await;
            let pod = pod.metadata.name.as_deref().unwrap_or_default();
            let set_name = identity::name(set);
            match made {
                Ok(_) => {
                    let message =
                        format!("create Claim {name} Pod {pod} in StatefulSet {set_name} success");
                    self.say(set, "Normal", "SuccessfulCreate", &message);
                }
                Err(status) => {
                    let message = format!(
                        "create Claim {name} for Pod {pod} in StatefulSet {set_name} failed error: {}",
                        status.message
                    );
                    self.say(set, "Warning", "FailedCreate", &message);
                    return Err(status);
                }
            }
        }
        Ok(())
    }

    fn say_of_pod(&self, set: &StatefulSet, pod: &Pod, verb: &str, outcome: &Result<(), Status>) {
        let pod = pod.metadata.name.as_deref().unwrap_or_default();
        let set_name = identity::name(set);
        let done = if verb == "create" { "Create" } else { "Delete" };
        match outcome {
            Ok(()) => {
                let message = format!("{verb} Pod {pod} in StatefulSet {set_name} successful");
                self.say(set, "Normal", &format!("Successful{done}"), &message);
            }
            Err(status) => {
                let error = &status.message;
                let message =
                    format!("{verb} Pod {pod} in StatefulSet {set_name} failed error: {error}");
                self.say(set, "Warning", &format!("Failed{done}"), &message);
            }
        }
    }

    fn say(&self, set: &StatefulSet, type_: &str, reason: &str, message: &str) {
        self.recorder.record(self.kinds.stateful_sets, &set.metadata, type_, reason, message);
    }
}

impl Controller for StatefulSets {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn sync(self: &Arc<Self>, key: &ObjectName) -> Result<(), Status> {
        let Some(set) = self.view.get::<StatefulSet>(self.kinds.stateful_sets, key) else {
            return Ok(());
        };
        let spec = set.spec.clone().unwrap_or_default();
        let resource = self.kinds.stateful_sets;
        let fits = |labels: &_| selects(&spec.selector, Some(labels));
        let may_adopt = |pod: &Pod| ordinal(&set, pod).is_some();
        adoption::claim(&self.client, &self.view, resource, &set.metadata, fits, may_adopt).await?;
        let Some(revisions) = self.revisions(&set).await? else { return Ok(()) };
        let pods = self.pods(&set);
        let work = Work::new(self, &set, &revisions, &pods);
        let done = if set.metadata.deletion_timestamp.is_none() {
            self.bring_about(&work).await
        } else {
            Ok(())
        };
        let status = status::of(&work);
        let min_ready_seconds = u64::from(spec.min_ready_seconds.unwrap_or(0).unsigned_abs());
        if min_ready_seconds > 0 && status.available_replicas != Some(spec.replicas.unwrap_or(1)) {
            enqueue_at(self, key, Instant::now() + Duration::from_secs(min_ready_seconds));
        }
        if set.status.as_ref() != Some(&status) {
            let set = StatefulSet { status: Some(status), ..set.clone() };
            self.client.update_typed(resource, "status", &set).await?;
        }
        done?;
        let in_use: BTreeSet<String> = pods
            .iter()
            .filter_map(|pod| pod.metadata.labels.as_ref()?.get(REVISION).cloned())
            .collect();
        self.truncate_history(&set, &revisions, &in_use).await
    }
}
