//! Rolls Deployments out: which ReplicaSet has how many pods.
//!
//! Rules: `pkg/controller/deployment` of 1.36.

mod annotations;
mod conditions;
mod new_replica_set;
mod rollout;
mod scaling;
mod status;

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, ReplicaSet};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kubernetes_objects::Status;
use tokio::time::Instant;

use super::super::object::Object;
use super::super::selection::selects;
use super::super::store::{ChangeKind, ObjectName, has_ended};
use super::Kinds;
use super::client::Client;
use super::informer::Told;
use super::pods::{controlled_by, controller_of};
use super::queue::{Controller, Queue, enqueue, enqueue_at};
use super::recorder::Recorder;
use super::view::View;

/// How many Deployments are worked on at once (`--concurrent-deployment-syncs`).
const WORKERS: usize = 5;
/// The label that tells the pods of a Deployment's ReplicaSets apart.
const TEMPLATE_HASH: &str = "pod-template-hash";
/// A progress deadline that stands for none.
const NO_DEADLINE: i32 = i32::MAX;

/// The controller of Deployments.
#[derive(Debug)]
pub(super) struct Deployments {
    kinds: Kinds,
    view: Arc<View>,
    client: Arc<Client>,
    recorder: Arc<Recorder>,
    queue: Queue,
}

/// A Deployment and its ReplicaSets while it is worked on.
#[derive(Debug, Clone)]
struct Rollout {
    deployment: Deployment,
    new: Option<ReplicaSet>,
    old: Vec<ReplicaSet>,
}

impl Rollout {
    fn spec(&self) -> DeploymentSpec {
        self.deployment.spec.clone().unwrap_or_default()
    }

    /// How many pods are asked for.
    fn wanted(&self) -> i32 {
        wanted(&self.deployment)
    }

    fn all(&self) -> impl Iterator<Item = &ReplicaSet> {
        self.new.iter().chain(&self.old)
    }

    /// How many pods all ReplicaSets ask for.
    fn asked(&self) -> i32 {
        self.all().map(replicas).sum()
    }
}

fn wanted(deployment: &Deployment) -> i32 {
    deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1)
}

/// How many pods a ReplicaSet asks for.
fn replicas(set: &ReplicaSet) -> i32 {
    set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1)
}

/// How many of a ReplicaSet's pods are available.
fn available(set: &ReplicaSet) -> i32 {
    set.status.as_ref().and_then(|status| status.available_replicas).unwrap_or(0)
}

fn is_rolling(deployment: &Deployment) -> bool {
    let strategy = deployment.spec.as_ref().and_then(|spec| spec.strategy.as_ref());
    strategy.and_then(|strategy| strategy.type_.as_deref()) != Some("Recreate")
}

/// How many pods may be too many, and how many too few, while a Deployment rolls; never both
/// none (`ResolveFenceposts`).
fn limits(deployment: &Deployment) -> (i32, i32) {
    if !is_rolling(deployment) {
        return (0, 0);
    }
    let wanted = wanted(deployment);
    let rolling =
        deployment.spec.as_ref().and_then(|spec| spec.strategy.as_ref()?.rolling_update.as_ref());
    let of = |value: Option<&IntOrString>, up: bool| match value {
        Some(IntOrString::Int(number)) => *number,
        Some(IntOrString::String(text)) => {
            let percent: i64 =
                text.strip_suffix('%').and_then(|text| text.parse().ok()).unwrap_or(0);
            let hundredfold = i64::from(wanted) * percent;
            let part = if up { (hundredfold + 99) / 100 } else { hundredfold / 100 };
            i32::try_from(part).unwrap_or(i32::MAX)
        }
        None => 0,
    };
    let surge = of(rolling.and_then(|rolling| rolling.max_surge.as_ref()), true);
    let unavailable = of(rolling.and_then(|rolling| rolling.max_unavailable.as_ref()), false);
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable.min(wanted)) }
}

impl Deployments {
    pub(super) fn new(kinds: Kinds, view: &Arc<View>, client: Client) -> Arc<Self> {
        let client = Arc::new(client);
        Arc::new(Self {
            kinds,
            view: Arc::clone(view),
            recorder: Arc::new(Recorder::new(&client, "deployment-controller")),
            client,
            queue: Queue::new(WORKERS),
        })
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        if told.is(self.kinds.deployments) {
            enqueue(self, &told.key());
        } else if told.is(self.kinds.replica_sets) {
            for object in told.before.into_iter().chain([told.after]) {
                for key in self.keys_of_replica_set(object) {
                    enqueue(self, &key);
                }
            }
        } else if told.is(self.kinds.pods) && told.kind == ChangeKind::Deleted {
            self.hear_of_deleted_pod(told.after);
        }
    }

    /// The Deployment that controls a ReplicaSet; those that select it where none does.
    fn keys_of_replica_set(&self, set: &Object) -> Vec<ObjectName> {
        let metadata = set.metadata();
        let namespace = metadata.namespace.clone().unwrap_or_default();
        if let Some(owner) = controller_of(metadata) {
            let ours = owner.kind == "Deployment";
            return ours.then(|| (namespace, owner.name.clone())).into_iter().collect();
        }
        let heard = self.view.heard();
        let selecting = heard.objects_in(self.kinds.deployments, &namespace).filter(|(_, one)| {
            let selector =
                one.other().and_then(|one| one.rest.get("spec")?.get("selector").cloned());
            let selector = selector.and_then(|selector| serde_json::from_value(selector).ok());
            selector.is_some_and(|selector| selects(&selector, metadata.labels.as_ref()))
        });
        selecting.map(|(key, _)| key.clone()).collect()
    }

    /// A Deployment that replaces all pods at once goes on when the last one is gone.
    fn hear_of_deleted_pod(self: &Arc<Self>, pod: &Object) {
        let metadata = pod.metadata();
        let Some(owner) = controller_of(metadata).filter(|owner| owner.kind == "ReplicaSet") else {
            return;
        };
        let set = (metadata.namespace.clone().unwrap_or_default(), owner.name.clone());
        let Some(set) = self.view.object(self.kinds.replica_sets, &set) else { return };
        for key in self.keys_of_replica_set(&set) {
            let deployment: Option<Deployment> = self.view.get(self.kinds.deployments, &key);
            if deployment.is_some_and(|deployment| !is_rolling(&deployment)) {
                enqueue(self, &key);
            }
        }
    }

    fn say(&self, deployment: &Deployment, type_: &str, reason: &str, message: &str) {
        let resource = self.kinds.deployments;
        self.recorder.record(resource, &deployment.metadata, type_, reason, message);
    }

    /// The Deployment's ReplicaSets, oldest first; those that fit and have no controller become
    /// its own.
    async fn replica_sets(&self, deployment: &Deployment) -> Result<Vec<ReplicaSet>, Status> {
        let namespace = deployment.metadata.namespace.clone().unwrap_or_default();
        let selector =
            deployment.spec.as_ref().map(|spec| spec.selector.clone()).unwrap_or_default();
        let uid = deployment.metadata.uid.as_ref();
        let known: Vec<Object> = {
            let heard = self.view.heard();
            heard
                .objects_in(self.kinds.replica_sets, &namespace)
                .map(|(_, one)| one.clone())
                .collect()
        };
        let mut sets = Vec::new();
        for object in known {
            let metadata = object.metadata();
            let fits = selects(&selector, metadata.labels.as_ref());
            let owner = controller_of(metadata).map(|owner| owner.uid.clone());
            if owner.is_none() && fits && deployment.metadata.deletion_timestamp.is_none() {
                let name = metadata.name.clone().unwrap_or_default();
                let reference = controlled_by(self.kinds.deployments, &deployment.metadata);
                let resource = self.kinds.replica_sets;
                self.client
                    .patch(resource, "", &namespace, &name, |object| {
                        let metadata = object.metadata_mut();
                        metadata.owner_references.get_or_insert_default().push(reference);
                    })
                    .await?;
            } else if owner.as_ref() != uid || !fits {
                continue;
            }
            if let Some(Ok(set)) = object.other().map(|object| object.read::<ReplicaSet>()) {
                sets.push(set);
            }
        }
        sets.sort_by(|a, b| created(a).cmp(&created(b)));
        Ok(sets)
    }

    /// Whether pods of the old ReplicaSets still run.
    fn old_pods_run(&self, rollout: &Rollout) -> bool {
        let heard = self.view.heard();
        rollout.old.iter().any(|set| {
            let owned = set.metadata.uid.as_ref().and_then(|uid| heard.owned(uid));
            owned.is_some_and(|owned| owned.pods.values().any(|pod| !has_ended(pod)))
        })
    }

    /// Looks again when the deadline may have passed.
    fn come_back(self: &Arc<Self>, key: &ObjectName, after: Duration) {
        enqueue_at(self, key, Instant::now() + after + Duration::from_secs(1));
    }
}

fn created(set: &ReplicaSet) -> (Option<k8s_openapi::jiff::Timestamp>, Option<&String>) {
    (set.metadata.creation_timestamp.as_ref().map(|at| at.0), set.metadata.name.as_ref())
}

impl Controller for Deployments {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn sync(self: &Arc<Self>, key: &ObjectName) -> Result<(), Status> {
        let Some(deployment) = self.view.get::<Deployment>(self.kinds.deployments, key) else {
            return Ok(());
        };
        let sets = self.replica_sets(&deployment).await?;
        let mut rollout = new_replica_set::arrange(deployment, sets);
        if rollout.deployment.metadata.deletion_timestamp.is_some() {
            return self.write_status(&rollout).await;
        }
        self.note_pause(&mut rollout).await?;
        let paused = rollout.spec().paused == Some(true);
        if paused || scaling::is_scaling(&rollout) {
            self.sync_new(&mut rollout, false).await?;
            self.scale(&mut rollout).await?;
            if paused {
                self.clean_up(&rollout).await?;
            }
            return self.write_status(&rollout).await;
        }
        if is_rolling(&rollout.deployment) {
            self.roll(key, rollout).await
        } else {
            self.recreate(key, rollout).await
        }
    }
}
