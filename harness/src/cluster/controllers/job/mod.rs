//! Runs pods until enough of them have succeeded, or too many have failed.
//!
//! A failed pod is replaced after a wait that doubles, so that jobs do not
//! storm; each pod is held by a finalizer until it has been counted. Rules:
//! `pkg/controller/job` of 1.36. Pods that a manual selector would bring are
//! not taken in; success policies and limits per index are not acted on.

mod backoff;
mod conditions;
mod failure_policy;
mod indexes;
mod pods;
mod tracking;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::api::batch::v1::{Job, JobSpec, JobStatus};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kubernetes_objects::Status;
use tokio::time::Instant;

use super::super::object::Object;
use super::super::store::{ChangeKind, ObjectName, has_ended};
use super::Kinds;
use super::client::Client;
use super::expectations::Expectations;
use super::informer::Told;
use super::pods::{controller_of, is_active, is_ready, is_terminating};
use super::queue::{Controller, Queue, enqueue, enqueue_at};
use super::recorder::Recorder;
use super::view::View;
use backoff::Failures;
pub(super) use conditions::finished_condition;
use conditions::{Outcome, SUSPENDED};
use failure_policy::Verdict;

/// How many jobs are worked on at once (`--concurrent-job-syncs`).
const WORKERS: usize = 5;
/// How long changes of pods and of the status are gathered before a job is looked at
/// (`syncJobBatchPeriod`).
const BATCH: Duration = Duration::from_secs(1);
/// Who else may manage a job says so in `spec.managedBy`; this is the controller itself.
const CONTROLLER_NAME: &str = "kubernetes.io/job-controller";

/// The controller of jobs.
#[derive(Debug)]
pub(super) struct Jobs {
    kinds: Kinds,
    view: Arc<View>,
    client: Arc<Client>,
    recorder: Arc<Recorder>,
    queue: Queue,
    expectations: Expectations,
    failures: Mutex<HashMap<ObjectName, Failures>>,
}

/// A job and its pods while it is worked on.
struct Work {
    key: ObjectName,
    job: Job,
    spec: JobSpec,
    status: JobStatus,
    pods: Vec<Arc<Pod>>,
    outcome: Option<Outcome>,
    now: Time,
}

impl Work {
    fn active(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.iter().filter(|pod| is_active(pod))
    }

    fn terminating(&self) -> usize {
        self.pods.iter().filter(|pod| is_terminating(pod)).count()
    }

    fn is_suspended(&self) -> bool {
        self.spec.suspend == Some(true)
    }

    /// Whether pods are only replaced when they have failed for good.
    fn replaces_failed_only(&self) -> bool {
        self.spec.pod_replacement_policy.as_deref() == Some("Failed")
    }

    /// How a pod ended, if it has: whether it failed.
    fn ended(&self, pod: &Pod) -> Option<bool> {
        match super::pods::phase(pod) {
            "Succeeded" => Some(false),
            "Failed" => Some(true),
            // One that is deleted may never come to its end.
            _ if pod.metadata.deletion_timestamp.is_some() && !self.replaces_failed_only() => {
                Some(true)
            }
            _ => None,
        }
    }
}

impl Jobs {
    pub(super) fn new(kinds: Kinds, view: &Arc<View>, client: Client) -> Arc<Self> {
        let client = Arc::new(client);
        Arc::new(Self {
            kinds,
            view: Arc::clone(view),
            recorder: Arc::new(Recorder::new(&client, "job-controller")),
            client,
            queue: Queue::new(WORKERS),
            expectations: Expectations::default(),
            failures: Mutex::default(),
        })
    }

    fn failures(&self) -> MutexGuard<'_, HashMap<ObjectName, Failures>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        if told.is(self.kinds.jobs) {
            self.hear_job(told);
        } else if let Some(pod) = told.after.pod()
            && let Some(owner) = controller_of(&pod.metadata).filter(|owner| owner.kind == "Job")
        {
            let key = (pod.metadata.namespace.clone().unwrap_or_default(), owner.name.clone());
            let leaves = |pod: &Pod| pod.metadata.deletion_timestamp.is_some();
            let left_before = told.before.and_then(Object::pod).is_some_and(|pod| leaves(pod));
            if told.kind == ChangeKind::Added {
                self.expectations.created(&key, 1);
            } else if !left_before && (leaves(pod) || told.kind == ChangeKind::Deleted) {
                self.expectations.deleted(&key);
            }
            if told.kind != ChangeKind::Deleted && !self.is_at_work(&key, &owner.uid) {
                self.release(vec![Arc::clone(pod)]);
            }
            self.enqueue_later(&key);
        }
    }

    fn hear_job(self: &Arc<Self>, told: &Told<'_>) {
        let key = told.key();
        let metadata = told.after.metadata();
        if told.kind == ChangeKind::Deleted {
            self.expectations.forget(&key);
            self.failures().remove(&key);
            self.release(self.pods_of(metadata.uid.as_deref().unwrap_or_default()));
            return;
        }
        let before = told.before.map(Object::metadata);
        // Where only the status has changed, more will follow.
        if before.is_some_and(|before| before.generation == metadata.generation) {
            self.enqueue_later(&key);
        } else {
            enqueue(self, &key);
        }
    }

    fn enqueue_later(self: &Arc<Self>, key: &ObjectName) {
        enqueue_at(self, key, Instant::now() + BATCH);
    }

    /// Whether the job of this name and uid still counts its pods.
    fn is_at_work(&self, key: &ObjectName, uid: &str) -> bool {
        let job: Option<Job> = self.view.get(self.kinds.jobs, key);
        job.is_some_and(|job| {
            job.metadata.uid.as_deref() == Some(uid) && finished_condition(&job).is_none()
        })
    }

    /// Lets go of pods that nobody counts.
    fn release(self: &Arc<Self>, pods: Vec<Arc<Pod>>) {
        let held: Vec<_> = pods.into_iter().filter(|pod| tracking::is_held(pod)).collect();
        if held.is_empty() {
            return;
        }
        let this = Arc::clone(self);
        tokio::spawn(async move {
            for pod in held {
                // A pod that is gone needs nothing more.
                let _ = this.let_go(&pod).await;
            }
        });
    }

    fn pods_of(&self, uid: &str) -> Vec<Arc<Pod>> {
        let heard = self.view.heard();
        let owned = heard.owned(uid).into_iter();
        owned.flat_map(|owned| owned.pods.values().chain(owned.ended.values())).cloned().collect()
    }

    fn say(&self, job: &Job, type_: &str, reason: &str, message: &str) {
        self.recorder.record(self.kinds.jobs, &job.metadata, type_, reason, message);
    }

    /// Whether the control plane is at least 1.N.
    fn is_at_least(&self, minor: u8) -> bool {
        self.client.api.gates().version().at_least(minor)
    }

    /// Begins to count a job's time, and looks again when it is over.
    fn begin(self: &Arc<Self>, work: &mut Work) {
        if work.status.start_time.is_none() && !work.is_suspended() {
            work.status.start_time = Some(work.now.clone());
        }
        if let (Some(start), Some(seconds)) =
            (&work.status.start_time, work.spec.active_deadline_seconds)
        {
            let end = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
            let passed = Duration::try_from(work.now.0.duration_since(start.0)).unwrap_or_default();
            let left = end.saturating_sub(passed);
            if let Some(at) = Instant::now().checked_add(left).filter(|_| !left.is_zero()) {
                enqueue_at(self, &work.key, at);
            }
        }
    }

    /// What the job has come to, if it is decided.
    fn decide(&self, work: &Work) -> Option<Outcome> {
        if let Some(decided) = Outcome::decided(&work.job) {
            return Some(decided);
        }
        let forbidden = work.pods.iter().filter(|pod| self.counts_now(work, pod));
        for pod in forbidden.filter(|pod| work.ended(pod) == Some(true)) {
            if let Verdict::FailsJob(why) = failure_policy::verdict(&work.job, pod) {
                return Some(Outcome::failure("PodFailurePolicy", why));
            }
        }
        let (succeeded, failed) = self.counted(work);
        let limit = work.spec.backoff_limit.unwrap_or(6);
        if failed > limit || too_many_restarts(work, limit) {
            let why = "Job has reached the specified backoff limit";
            return Some(Outcome::failure("BackoffLimitExceeded", why));
        }
        if is_past_deadline(work) {
            let why = "Job was active longer than specified deadline";
            return Some(Outcome::failure("DeadlineExceeded", why));
        }
        let done = match work.spec.completions {
            None => succeeded > 0,
            Some(wanted) => succeeded >= wanted,
        };
        (done && work.active().next().is_none()).then(Outcome::success)
    }
}

/// Whether containers that restart in place have failed too often.
fn too_many_restarts(work: &Work, limit: i32) -> bool {
    let policy = work.spec.template.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref());
    if policy != Some("OnFailure") {
        return false;
    }
    let restarts = work.pods.iter().filter(|pod| !has_ended(pod)).flat_map(|pod| {
        let status = pod.status.iter();
        status.flat_map(|status| {
            let init = status.init_container_statuses.iter().flatten();
            init.chain(status.container_statuses.iter().flatten()).map(|one| one.restart_count)
        })
    });
    let restarts = restarts.fold(0_i32, i32::saturating_add);
    if limit == 0 { restarts > 0 } else { restarts >= limit }
}

fn is_past_deadline(work: &Work) -> bool {
    let (Some(seconds), Some(start)) = (work.spec.active_deadline_seconds, &work.status.start_time)
    else {
        return false;
    };
    let passed = Duration::try_from(work.now.0.duration_since(start.0)).unwrap_or_default();
    !work.is_suspended() && passed.as_secs() >= u64::try_from(seconds).unwrap_or(0)
}

impl Controller for Jobs {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn sync(self: &Arc<Self>, key: &ObjectName) -> Result<(), Status> {
        let Some(job) = self.view.get::<Job>(self.kinds.jobs, key) else { return Ok(()) };
        let spec = job.spec.clone().unwrap_or_default();
        let managed_elsewhere =
            spec.managed_by.as_ref().is_some_and(|manager| manager != CONTROLLER_NAME);
        if managed_elsewhere || finished_condition(&job).is_some() {
            return Ok(());
        }
        let ready_to_manage = self.expectations.satisfied(key);
        let mut work = Work {
            key: key.clone(),
            spec,
            status: job.status.clone().unwrap_or_default(),
            pods: self.pods_of(job.metadata.uid.as_deref().unwrap_or_default()),
            outcome: None,
            now: self.client.api.clock().now(),
            job,
        };
        self.begin(&mut work);
        work.outcome = self.decide(&work);
        self.note_ended(&mut work);
        let managed = if work.job.metadata.deletion_timestamp.is_some() {
            Ok(())
        } else if work.outcome.is_some() {
            self.delete_pods(&work, work.active().cloned().collect()).await
        } else if ready_to_manage {
            self.note_suspension(&mut work);
            self.manage(&work).await
        } else {
            Ok(())
        };
        let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        // What was made or deleted just now is known already.
        let pods = self.pods_of(work.job.metadata.uid.as_deref().unwrap_or_default());
        let active = pods.iter().filter(|pod| is_active(pod)).count();
        let ready = pods.iter().filter(|pod| is_active(pod) && is_ready(pod)).count();
        let terminating = pods.iter().filter(|pod| is_terminating(pod)).count();
        work.status.active = (active > 0).then(|| number(active));
        work.status.ready = Some(number(ready));
        work.status.terminating = Some(number(terminating));
        self.track(&mut work, active + terminating == 0).await?;
        managed
    }
}

impl Jobs {
    /// Says that a job is suspended or goes on.
    fn note_suspension(&self, work: &mut Work) {
        let known = work.status.conditions.iter().flatten().any(|one| one.type_ == SUSPENDED);
        let (value, reason, message, event) = if work.is_suspended() {
            ("True", "JobSuspended", "Job suspended", "Suspended")
        } else if known {
            ("False", "JobResumed", "Job resumed", "Resumed")
        } else {
            return;
        };
        let now = work.now.clone();
        let changed =
            conditions::set(&mut work.status, SUSPENDED, value, Some(reason), Some(message), &now);
        if changed {
            // The time a job may take is counted from its going on.
            work.status.start_time = (value == "False").then_some(now);
            self.say(&work.job, "Normal", event, message);
        }
    }
}
