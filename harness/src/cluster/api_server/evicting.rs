//! Evicting pods: deleting them, unless a disruption budget is in the way.
//!
//! Rules and words: `pkg/registry/core/pod/storage/eviction.go` of 1.36.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Pod, PodCondition};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kubernetes_objects::resource::{self, Resource};
use kubernetes_objects::{Cause, CauseReason, Details, Status};

use super::pods::set_condition;
use super::requests::DeleteOptions;
use super::{State, core};
use crate::cluster::disruptions::allow;
use crate::cluster::object::{Object, Untyped};
use crate::cluster::selection::selects;
use crate::cluster::store::Record;

/// The most evicted pods of a budget that are not deleted yet (`MaxDisruptedPodSize`).
const MOST_DISRUPTED: usize = 2000;

/// After how many seconds to try again when a budget has not been looked at yet.
const RETRY_SECONDS: u32 = 10;

impl State {
    /// Evicts a pod.
    pub(super) fn evict(
        &mut self,
        record: &Record,
        options: &DeleteOptions,
        now: &Time,
    ) -> Result<(), Status> {
        let Some(pod) = record.object.pod().map(Arc::clone) else { return Ok(()) };
        if !is_no_loss(&pod) {
            self.ask_budget(&pod, options.dry_run, now)?;
        }
        if options.dry_run {
            return self.delete(core("pods"), record, options, now).map(drop);
        }
        let marked = self.mark_evicted(record, pod, now);
        self.delete(core("pods"), &marked, options, now).map(drop)
    }

    /// Says in a pod's status that it is evicted.
    fn mark_evicted(&mut self, record: &Record, pod: Arc<Pod>, now: &Time) -> Record {
        let mut pod = Arc::unwrap_or_clone(pod);
        let condition = PodCondition {
            type_: "DisruptionTarget".to_owned(),
            status: "True".to_owned(),
            reason: Some("EvictionByEvictionAPI".to_owned()),
            message: Some("Eviction API: evicting".to_owned()),
            last_transition_time: Some(now.clone()),
            ..PodCondition::default()
        };
        set_condition(pod.status.get_or_insert_default(), condition);
        self.write_as_server(core("pods"), record, Object::Pod(Arc::new(pod)))
    }

    /// Takes one of the disruptions that a pod's budget allows.
    fn ask_budget(&mut self, pod: &Pod, dry_run: bool, now: &Time) -> Result<(), Status> {
        let Some(budgets) = resource::find("policy", "v1", "poddisruptionbudgets") else {
            return Ok(());
        };
        let mut own = self.budgets_of(budgets, pod);
        let Some((record, mut budget)) = own.pop() else { return Ok(()) };
        if !own.is_empty() {
            let message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
            return Err(Status::new(500, "", message));
        }
        if !is_ready(pod) && allows_unready(&budget) {
            return Ok(());
        }
        check(&budget)?;
        let status = budget.status.get_or_insert_default();
        let left = status.disruptions_allowed.unwrap_or(0).saturating_sub(1);
        status.disruptions_allowed = Some(left);
        if left == 0 {
            allow(status, now);
        }
        let name = pod.metadata.name.clone().unwrap_or_default();
        status.disrupted_pods.get_or_insert_default().insert(name, now.clone());
        if !dry_run && let Ok(budget) = Untyped::of(&budget) {
            self.write_as_server(budgets, &record, Object::Other(Arc::new(budget)));
        }
        Ok(())
    }

    fn budgets_of(
        &self,
        budgets: &'static Resource,
        pod: &Pod,
    ) -> Vec<(Record, PodDisruptionBudget)> {
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        let all = self.store.collection(budgets).after(namespace, None);
        let read = all.filter_map(|record| {
            let budget: PodDisruptionBudget = record.object.other()?.read().ok()?;
            let selector = budget.spec.as_ref()?.selector.as_ref()?;
            let is_own = budget.metadata.namespace == pod.metadata.namespace
                && selects(selector, pod.metadata.labels.as_ref());
            is_own.then(|| (record.clone(), budget))
        });
        read.collect()
    }
}

/// Whether a pod serves nobody: it has ended, has not begun, or is being deleted.
fn is_no_loss(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed" | "Pending"))
        || pod.metadata.deletion_timestamp.is_some()
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|one| one.type_ == "Ready" && one.status == "True")
}

/// Whether a pod that is not ready may go without counting: always where the budget says so, else
/// while enough others are healthy.
fn allows_unready(budget: &PodDisruptionBudget) -> bool {
    let policy =
        budget.spec.as_ref().and_then(|spec| spec.unhealthy_pod_eviction_policy.as_deref());
    let status = budget.status.clone().unwrap_or_default();
    let (current, desired) =
        (status.current_healthy.unwrap_or(0), status.desired_healthy.unwrap_or(0));
    policy == Some("AlwaysAllow") || (current >= desired && desired > 0)
}

fn check(budget: &PodDisruptionBudget) -> Result<(), Status> {
    let name = budget.metadata.name.as_deref().unwrap_or_default();
    let status = budget.status.clone().unwrap_or_default();
    if status.observed_generation.unwrap_or(0) < budget.metadata.generation.unwrap_or(0) {
        let cause = format!("The disruption budget {name} is still being processed by the server.");
        return Err(too_many(cause, Some(RETRY_SECONDS)));
    }
    let forbidden = |why: &str| {
        let message = format!("poddisruptionbudget.policy {name:?} is forbidden: {why}");
        Status::new(403, "Forbidden", message)
            .with_details(Status::about("poddisruptionbudget.policy", name))
    };
    let allowed = status.disruptions_allowed.unwrap_or(0);
    if allowed < 0 {
        return Err(forbidden("pdb disruptions allowed is negative"));
    }
    if status.disrupted_pods.as_ref().is_some_and(|pods| pods.len() > MOST_DISRUPTED) {
        return Err(forbidden(
            "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
        ));
    }
    if allowed > 0 {
        return Ok(());
    }
    let failed = status.conditions.iter().flatten().find(|one| one.reason == "SyncFailed");
    let cause = match failed {
        Some(condition) => format!(
            "The disruption budget {name} does not allow evicting pods currently because it failed \
             sync: {}",
            condition.message
        ),
        None => format!(
            "The disruption budget {name} needs {} healthy pods and has {} currently",
            status.desired_healthy.unwrap_or(0),
            status.current_healthy.unwrap_or(0)
        ),
    };
    Err(too_many(cause, None))
}

fn too_many(cause: String, retry_after_seconds: Option<u32>) -> Status {
    let cause =
        Cause { reason: CauseReason::DisruptionBudget, message: cause, field: String::new() };
    let details = Details { causes: vec![cause], retry_after_seconds, ..Details::default() };
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    Status::new(429, "TooManyRequests", message).with_details(details)
}
