//! Keeps the status of disruption budgets: how many of the pods that they speak of are healthy,
//! how many must be, and how many may be evicted now.
//!
//! Rules and words: `pkg/controller/disruption` of 1.36.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{OwnerReference, Time};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kubernetes_objects::Status;
use serde_json::Value as Json;
use tokio::time::Instant;

use super::super::disruptions::{allow, condition};
use super::super::object::{Object, Untyped};
use super::super::selection::{as_text, selects};
use super::super::store::{ChangeKind, ObjectName};
use super::Kinds;
use super::client::Client;
use super::informer::Told;
use super::pods::{controller_of, is_ready};
use super::queue::{Controller, Queue, enqueue, enqueue_at};
use super::recorder::Recorder;
use super::view::View;

/// How long an evicted pod may take to be marked as deleted (`DeletionTimeout`).
const DELETION: Duration = Duration::from_secs(120);

/// How many budgets are worked on at once.
const WORKERS: usize = 1;

/// Keeps budgets up to date.
#[derive(Debug)]
pub(super) struct Disruptions {
    kinds: Kinds,
    view: Arc<View>,
    client: Arc<Client>,
    recorder: Arc<Recorder>,
    queue: Queue,
    /// The pods of each budget.
    budgets: Mutex<BTreeMap<ObjectName, BTreeMap<String, Counted>>>,
}

/// What counts of a pod.
#[derive(Debug, Clone, PartialEq)]
struct Counted {
    ready: bool,
    deleted: bool,
    controller: Option<OwnerReference>,
}

impl Counted {
    fn of(pod: &Pod) -> Self {
        Self {
            ready: is_ready(pod),
            deleted: pod.metadata.deletion_timestamp.is_some(),
            controller: controller_of(&pod.metadata).cloned(),
        }
    }
}

/// How many pods there should be, and how many of them must be healthy.
struct Expected {
    pods: i32,
    healthy: i32,
    has_unmanaged: bool,
}

impl Disruptions {
    pub(super) fn new(kinds: Kinds, view: &Arc<View>, client: Client) -> Arc<Self> {
        let client = Arc::new(client);
        Arc::new(Self {
            kinds,
            view: Arc::clone(view),
            recorder: Arc::new(Recorder::new(&client, "controllermanager")),
            client,
            queue: Queue::new(WORKERS),
            budgets: Mutex::default(),
        })
    }

    fn budgets(&self) -> MutexGuard<'_, BTreeMap<ObjectName, BTreeMap<String, Counted>>> {
        self.budgets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        if told.is(self.kinds.budgets) {
            self.hear_budget(told);
        } else if let Some(pod) = told.after.pod() {
            self.hear_pod(told, pod);
        } else if matches!(told.resource.group, "apps") {
            self.hear_scale(told);
        }
    }

    fn hear_budget(self: &Arc<Self>, told: &Told<'_>) {
        let key = told.key();
        if told.kind == ChangeKind::Deleted {
            self.budgets().remove(&key);
            return;
        }
        let spec = |object: &Object| object.other().and_then(|it| it.rest.get("spec").cloned());
        if told.before.is_none_or(|before| spec(before) != spec(told.after)) {
            let pods = self.select(&key);
            self.budgets().insert(key.clone(), pods);
        }
        enqueue(self, &key);
    }

    /// All pods of a budget, as the server has them.
    fn select(&self, key: &ObjectName) -> BTreeMap<String, Counted> {
        let Some(budget) = self.view.get::<PodDisruptionBudget>(self.kinds.budgets, key) else {
            return BTreeMap::new();
        };
        let pods = self.client.api.pods();
        let own = pods.iter().filter(|pod| is_of(&budget, pod));
        own.map(|pod| (pod.metadata.name.clone().unwrap_or_default(), Counted::of(pod))).collect()
    }

    fn hear_pod(self: &Arc<Self>, told: &Told<'_>, pod: &Arc<Pod>) {
        let (namespace, name) = told.key();
        let from = (namespace.clone(), String::new());
        let keys: Vec<ObjectName> = {
            let budgets = self.budgets();
            let own = budgets.range(from..).take_while(|((known, _), _)| *known == namespace);
            own.map(|(key, _)| key.clone()).collect()
        };
        for key in keys {
            let budget = self.view.get::<PodDisruptionBudget>(self.kinds.budgets, &key);
            let counted = (told.kind != ChangeKind::Deleted
                && budget.is_some_and(|budget| is_of(&budget, pod)))
            .then(|| Counted::of(pod));
            let changed = {
                let mut budgets = self.budgets();
                let Some(pods) = budgets.get_mut(&key) else { continue };
                let before = match &counted {
                    Some(counted) => pods.insert(name.clone(), counted.clone()),
                    None => pods.remove(&name),
                };
                before != counted
            };
            if changed {
                enqueue(self, &key);
            }
        }
    }

    /// Another number of replicas is another number of expected pods.
    fn hear_scale(self: &Arc<Self>, told: &Told<'_>) {
        let replicas = |object: &Object| object.other().and_then(|it| replicas_of(it));
        if told.before.map(replicas) == Some(replicas(told.after)) {
            return;
        }
        let namespace = told.key().0;
        let keys: Vec<_> =
            self.budgets().keys().filter(|(own, _)| *own == namespace).cloned().collect();
        for key in keys {
            enqueue(self, &key);
        }
    }

    /// How many pods a controller should have; the deployment's number, where one made it.
    fn scale_of(&self, namespace: &str, owner: &OwnerReference) -> Option<i32> {
        let resource = match &*owner.kind {
            "ReplicaSet" => self.kinds.replica_sets,
            "StatefulSet" => self.kinds.stateful_sets,
            _ => return None,
        };
        let object = self.view.object(resource, &(namespace.to_owned(), owner.name.clone()))?;
        if object.metadata().uid.as_deref() != Some(owner.uid.as_str()) {
            return None;
        }
        let deployment = controller_of(object.metadata()).filter(|one| one.kind == "Deployment");
        let deployment = deployment.and_then(|owner| {
            let name = (namespace.to_owned(), owner.name.clone());
            self.view.object(self.kinds.deployments, &name)
        });
        replicas_of(deployment.as_ref().unwrap_or(&object).other()?)
    }

    /// How many pods a budget's controllers should have, together.
    fn scale(
        &self,
        namespace: &str,
        pods: &BTreeMap<String, Counted>,
    ) -> Result<(i32, bool), String> {
        let mut scales: HashMap<&str, i32> = HashMap::new();
        let mut has_unmanaged = false;
        for (name, pod) in pods {
            let Some(owner) = &pod.controller else {
                has_unmanaged = true;
                continue;
            };
            if !scales.contains_key(owner.uid.as_str()) {
                let scale = self.scale_of(namespace, owner);
                let scale =
                    scale.ok_or_else(|| format!("found no controllers for pod {name:?}"))?;
                scales.insert(&owner.uid, scale);
            }
        }
        Ok((scales.values().fold(0, |sum: i32, scale| sum.saturating_add(*scale)), has_unmanaged))
    }

    fn expected(
        &self,
        budget: &PodDisruptionBudget,
        pods: &BTreeMap<String, Counted>,
    ) -> Result<Expected, String> {
        let namespace = budget.metadata.namespace.as_deref().unwrap_or_default();
        let spec = budget.spec.clone().unwrap_or_default();
        match (&spec.max_unavailable, &spec.min_available) {
            (Some(most), _) => {
                let (scale, has_unmanaged) = self.scale(namespace, pods)?;
                let healthy = scale.saturating_sub(part_of(most, scale)).max(0);
                Ok(Expected { pods: scale, healthy, has_unmanaged })
            }
            (None, Some(IntOrString::Int(least))) => {
                let pods = i32::try_from(pods.len()).unwrap_or(i32::MAX);
                Ok(Expected { pods, healthy: *least, has_unmanaged: false })
            }
            (None, Some(least)) => {
                let (scale, has_unmanaged) = self.scale(namespace, pods)?;
                Ok(Expected { pods: scale, healthy: part_of(least, scale), has_unmanaged })
            }
            (None, None) => Ok(Expected { pods: 0, healthy: 0, has_unmanaged: false }),
        }
    }

    fn say(&self, budget: &PodDisruptionBudget, type_: &str, reason: &str, message: &str) {
        self.recorder.record(self.kinds.budgets, &budget.metadata, type_, reason, message);
    }

    /// The status that is right now, and when to look again at the pods that were evicted.
    fn status(
        &self,
        budget: &PodDisruptionBudget,
        pods: &BTreeMap<String, Counted>,
        expected: &Expected,
        now: &Time,
    ) -> (PodDisruptionBudgetStatus, Option<Duration>) {
        let known = budget.status.clone().unwrap_or_default();
        let mut disrupted = known.disrupted_pods.clone().unwrap_or_default();
        let left = |since: &Time| {
            let passed = now.0.duration_since(since.0);
            let passed = Duration::try_from(passed).unwrap_or_default();
            DELETION.checked_sub(passed).filter(|left| !left.is_zero())
        };
        disrupted.retain(|name, since| {
            pods.get(name).is_some_and(|pod| !pod.deleted) && left(since).is_some()
        });
        let healthy = pods
            .iter()
            .filter(|(name, pod)| pod.ready && !pod.deleted && !disrupted.contains_key(*name))
            .count();
        let healthy = i32::try_from(healthy).unwrap_or(i32::MAX);
        let allowed = healthy.saturating_sub(expected.healthy).max(0);
        let again = disrupted.values().filter_map(left).min();
        let mut status = PodDisruptionBudgetStatus {
            current_healthy: Some(healthy),
            desired_healthy: Some(expected.healthy),
            expected_pods: Some(expected.pods),
            disruptions_allowed: Some(if expected.pods > 0 { allowed } else { 0 }),
            disrupted_pods: (!disrupted.is_empty()).then_some(disrupted),
            observed_generation: budget.metadata.generation,
            conditions: known.conditions,
        };
        allow(&mut status, now);
        (status, again)
    }
}

impl Controller for Disruptions {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn sync(self: &Arc<Self>, key: &ObjectName) -> Result<(), Status> {
        let Some(mut budget) = self.view.get::<PodDisruptionBudget>(self.kinds.budgets, key) else {
            return Ok(());
        };
        let now = self.client.api.clock().now();
        let (has_pods, counted) = {
            // Thousands of failed pods may be there: they are looked at where they are.
            let (budgets, none) = (self.budgets(), BTreeMap::new());
            let pods = budgets.get(key).unwrap_or(&none);
            let counted = self.expected(&budget, pods).map(|expected| {
                let status = self.status(&budget, pods, &expected, &now);
                (expected, status)
            });
            (!pods.is_empty(), counted)
        };
        if !has_pods {
            self.say(&budget, "Normal", "NoPods", "No matching pods found");
        }
        let (expected, (status, again)) = match counted {
            Ok(counted) => counted,
            Err(why) => {
                let message = format!("Failed to calculate the number of expected pods: {why}");
                self.say(&budget, "Warning", "CalculateExpectedPodCountFailed", &message);
                let mut status = budget.status.clone().unwrap_or_default();
                status.disruptions_allowed = Some(0);
                condition(&mut status, ("False", "SyncFailed"), &why, &now);
                return self.write(&mut budget, status).await;
            }
        };
        if expected.has_unmanaged {
            let selector = budget.spec.as_ref().and_then(|spec| spec.selector.as_ref());
            let selector = selector.map(as_text).unwrap_or_default();
            let message = format!(
                "Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be \
                 unmanaged. As a result, the status of the PDB cannot be calculated correctly, \
                 which may result in undefined behavior. To account for these pods please set \
                 \".spec.minAvailable\" field of the PDB to an integer value."
            );
            self.say(&budget, "Warning", "UnmanagedPods", &message);
        }
        self.write(&mut budget, status).await?;
        if let Some(wait) = again {
            enqueue_at(self, key, Instant::now() + wait);
        }
        Ok(())
    }
}

impl Disruptions {
    async fn write(
        &self,
        budget: &mut PodDisruptionBudget,
        status: PodDisruptionBudgetStatus,
    ) -> Result<(), Status> {
        if budget.status.as_ref() == Some(&status) {
            return Ok(());
        }
        budget.status = Some(status);
        self.client.update_typed(self.kinds.budgets, "status", budget).await.map(drop)
    }
}

/// Whether a budget speaks of a pod.
fn is_of(budget: &PodDisruptionBudget, pod: &Pod) -> bool {
    let selector = budget.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    budget.metadata.namespace == pod.metadata.namespace
        && selector.is_some_and(|selector| selects(selector, pod.metadata.labels.as_ref()))
}

fn replicas_of(workload: &Untyped) -> Option<i32> {
    let replicas = workload.rest.get("spec")?.get("replicas").and_then(Json::as_i64)?;
    i32::try_from(replicas).ok()
}

/// A number, or a percentage of the whole, rounded up.
fn part_of(value: &IntOrString, whole: i32) -> i32 {
    match value {
        IntOrString::Int(number) => *number,
        IntOrString::String(text) => {
            let percent = text.strip_suffix('%').and_then(|text| text.parse::<i64>().ok());
            let part = i64::from(whole).saturating_mul(percent.unwrap_or(0));
            i32::try_from((part + 99) / 100).unwrap_or(i32::MAX)
        }
    }
}
