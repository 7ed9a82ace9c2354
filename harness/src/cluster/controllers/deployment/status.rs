//! What a Deployment's status says of its rollout.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kubernetes_objects::Status;

use super::super::super::store::ObjectName;
use super::conditions::{self, AVAILABLE, COMPLETE, PROGRESSING, REPLICA_FAILURE, TIMED_OUT};
use super::new_replica_set::name;
use super::{Deployments, NO_DEADLINE, Rollout, available, limits, wanted};

/// Whether all pods are of the new template and available, as the status written last says.
pub(super) fn is_complete(rollout: &Rollout) -> bool {
    rollout.deployment.status.as_ref().is_some_and(|status| complete(&rollout.deployment, status))
}

fn complete(deployment: &Deployment, status: &DeploymentStatus) -> bool {
    let wanted = Some(wanted(deployment)).filter(|wanted| *wanted > 0);
    status.updated_replicas.filter(|count| *count > 0) == wanted
        && status.replicas.filter(|count| *count > 0) == wanted
        && status.available_replicas.filter(|count| *count > 0) == wanted
        && status.observed_generation >= deployment.metadata.generation
}

/// Whether more is done than before.
fn progresses(before: &DeploymentStatus, after: &DeploymentStatus) -> bool {
    let of = |count: Option<i32>| count.unwrap_or(0);
    let old = |status: &DeploymentStatus| of(status.replicas) - of(status.updated_replicas);
    of(after.updated_replicas) > of(before.updated_replicas)
        || old(after) < old(before)
        || of(after.ready_replicas) > of(before.ready_replicas)
        || of(after.available_replicas) > of(before.available_replicas)
}

fn deadline(deployment: &Deployment) -> Option<Duration> {
    let seconds = deployment.spec.as_ref().and_then(|spec| spec.progress_deadline_seconds)?;
    (seconds != NO_DEADLINE).then(|| Duration::from_secs(u64::from(seconds.unsigned_abs())))
}

/// How long until the deadline of a condition has passed; none left when it has.
fn left(condition: &DeploymentCondition, deadline: Duration, now: &Time) -> Duration {
    let since = condition.last_update_time.as_ref().map_or(now.0, |since| since.0);
    let end = since.saturating_add(deadline).unwrap_or(now.0);
    Duration::try_from(end.duration_since(now.0)).unwrap_or_default()
}

impl Deployments {
    /// Numbers, and whether enough pods are available.
    fn status(&self, rollout: &Rollout) -> DeploymentStatus {
        let deployment = &rollout.deployment;
        let before = deployment.status.clone().unwrap_or_default();
        let sum = |of: fn(&ReplicaSet) -> i32| rollout.all().map(of).sum::<i32>();
        let some = |count: i32| (count > 0).then_some(count);
        let available = sum(available);
        let updated = rollout.new.iter().filter_map(|new| new.status.as_ref());
        let terminating = self.client.api.gates().version().at_least(35);
        let terminating_replicas = terminating.then(|| {
            sum(|set| {
                set.status.as_ref().and_then(|status| status.terminating_replicas).unwrap_or(0)
            })
        });
        let mut conditions = before.conditions.unwrap_or_default();
        let now = self.client.api.clock().now();
        let least = rollout.wanted() - limits(deployment).1;
        let (status, reason, message) = if available >= least {
            ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            (
                "False",
                "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.",
            )
        };
        let condition = conditions::condition(AVAILABLE, status, reason, message.to_owned(), &now);
        conditions::set(&mut conditions, condition);
        DeploymentStatus {
            observed_generation: deployment.metadata.generation,
            replicas: some(sum(|set| set.status.as_ref().map_or(0, |status| status.replicas))),
            updated_replicas: some(updated.map(|status| status.replicas).sum()),
            ready_replicas: some(sum(|set| {
                set.status.as_ref().and_then(|status| status.ready_replicas).unwrap_or(0)
            })),
            available_replicas: some(available),
            unavailable_replicas: some(rollout.asked() - available),
            terminating_replicas,
            collision_count: before.collision_count,
            conditions: Some(conditions),
        }
    }

    /// Writes the status without judging progress.
    pub(super) async fn write_status(&self, rollout: &Rollout) -> Result<(), Status> {
        let status = self.status(rollout);
        self.put_status(rollout, status).await
    }

    async fn put_status(&self, rollout: &Rollout, status: DeploymentStatus) -> Result<(), Status> {
        if rollout.deployment.status.as_ref() == Some(&status) {
            return Ok(());
        }
        let deployment = Deployment { status: Some(status), ..rollout.deployment.clone() };
        self.client.update_typed(self.kinds.deployments, "status", &deployment).await.map(drop)
    }

    /// Writes the status, and how the rollout gets on.
    pub(super) async fn write_progress(
        self: &Arc<Self>,
        key: &ObjectName,
        rollout: &Rollout,
    ) -> Result<(), Status> {
        let deployment = &rollout.deployment;
        let mut status = self.status(rollout);
        let mut conditions = status.conditions.take().unwrap_or_default();
        let current = conditions::of(deployment, PROGRESSING);
        let settled = status.replicas == status.updated_replicas
            && current.is_some_and(|current| current.reason.as_deref() == Some(COMPLETE));
        match deadline(deployment) {
            None => conditions.retain(|one| one.type_ != PROGRESSING),
            Some(deadline) if !settled => {
                self.judge(rollout, &status, deadline, &mut conditions);
            }
            Some(_) => {}
        }
        let sets = rollout.all().flat_map(|set| set.status.as_ref());
        let failure = sets
            .flat_map(|status| status.conditions.iter().flatten())
            .find(|condition| condition.type_ == REPLICA_FAILURE);
        match failure {
            Some(failure) => conditions::set(
                &mut conditions,
                DeploymentCondition {
                    type_: REPLICA_FAILURE.to_owned(),
                    status: failure.status.clone(),
                    reason: failure.reason.clone(),
                    message: failure.message.clone(),
                    last_transition_time: failure.last_transition_time.clone(),
                    last_update_time: failure.last_transition_time.clone(),
                },
            ),
            None => conditions.retain(|one| one.type_ != REPLICA_FAILURE),
        }
        status.conditions = Some(conditions);
        self.come_back_at_deadline(key, deployment, &status);
        self.put_status(rollout, status).await
    }

    fn judge(
        &self,
        rollout: &Rollout,
        status: &DeploymentStatus,
        deadline: Duration,
        conditions: &mut Vec<DeploymentCondition>,
    ) {
        let deployment = &rollout.deployment;
        let before = deployment.status.clone().unwrap_or_default();
        let now = self.client.api.clock().now();
        let who = match &rollout.new {
            Some(new) => format!("ReplicaSet {:?}", name(new)),
            None => {
                format!("Deployment {:?}", deployment.metadata.name.as_deref().unwrap_or_default())
            }
        };
        let current = conditions::of(deployment, PROGRESSING);
        if complete(deployment, status) {
            let message = format!("{who} has successfully progressed.");
            let done = conditions::condition(PROGRESSING, "True", COMPLETE, message, &now);
            conditions::set(conditions, done);
        } else if progresses(&before, status) {
            let message = format!("{who} is progressing.");
            let mut goes_on =
                conditions::condition(PROGRESSING, "True", "ReplicaSetUpdated", message, &now);
            if let Some(current) = current.filter(|current| current.status == "True") {
                goes_on.last_transition_time.clone_from(&current.last_transition_time);
            }
            // Each step moves the deadline, though status and reason stay.
            conditions.retain(|one| one.type_ != PROGRESSING);
            conditions.push(goes_on);
        } else if let Some(current) = current
            && current.reason.as_deref() != Some(COMPLETE)
            && (current.reason.as_deref() == Some(TIMED_OUT)
                || left(current, deadline, &now).is_zero())
        {
            let message = format!("{who} has timed out progressing.");
            let late = conditions::condition(PROGRESSING, "False", TIMED_OUT, message, &now);
            conditions::set(conditions, late);
        }
    }

    fn come_back_at_deadline(
        self: &Arc<Self>,
        key: &ObjectName,
        deployment: &Deployment,
        status: &DeploymentStatus,
    ) {
        let Some(deadline) = deadline(deployment) else { return };
        let conditions = status.conditions.as_deref().unwrap_or_default();
        let Some(current) = conditions::find(conditions, PROGRESSING) else { return };
        if !complete(deployment, status) && current.reason.as_deref() != Some(TIMED_OUT) {
            let now = self.client.api.clock().now();
            self.come_back(key, left(current, deadline, &now));
        }
    }

    /// Notes that a rollout was paused or resumed, so that a pause is no lack of progress.
    pub(super) async fn note_pause(&self, rollout: &mut Rollout) -> Result<(), Status> {
        if deadline(&rollout.deployment).is_none() {
            return Ok(());
        }
        let current = conditions::of(&rollout.deployment, PROGRESSING);
        let reason = current.and_then(|current| current.reason.as_deref());
        if reason == Some(TIMED_OUT) {
            return Ok(());
        }
        let noted = reason == Some("DeploymentPaused");
        let paused = rollout.spec().paused == Some(true);
        let (reason, message) = match (paused, noted) {
            (true, false) => ("DeploymentPaused", "Deployment is paused"),
            (false, true) => ("DeploymentResumed", "Deployment is resumed"),
            _ => return Ok(()),
        };
        let now = self.client.api.clock().now();
        let mut deployment = rollout.deployment.clone();
        let conditions =
            deployment.status.get_or_insert_default().conditions.get_or_insert_default();
        let condition =
            conditions::condition(PROGRESSING, "Unknown", reason, message.to_owned(), &now);
        conditions::set(conditions, condition);
        let object =
            self.client.update_typed(self.kinds.deployments, "status", &deployment).await?;
        if let Some(Ok(updated)) = object.other().map(|object| object.read::<Deployment>()) {
            rollout.deployment = updated;
        }
        Ok(())
    }
}
