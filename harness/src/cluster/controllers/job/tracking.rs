//! Counts the pods of jobs that ended, each once: a finalizer holds it until it is counted.
//!
//! A pod's uid is first written into the status, then the pod is let go, then
//! the number in the status is raised and the uid taken out.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kubernetes_objects::Status;

use super::super::super::object::Object;
use super::failure_policy::{Verdict, verdict};
use super::indexes::{self, index_of, is_indexed};
use super::{Jobs, Work};

/// Holds a pod until it is counted.
pub(super) const HELD: &str = "batch.kubernetes.io/job-tracking";

/// Whether a pod waits to be counted.
pub(super) fn is_held(pod: &Pod) -> bool {
    pod.metadata.finalizers.iter().flatten().any(|one| one == HELD)
}

fn uid(pod: &Pod) -> &str {
    pod.metadata.uid.as_deref().unwrap_or_default()
}

impl Jobs {
    /// Whether a pod ended and is not in the status yet.
    pub(super) fn counts_now(&self, work: &Work, pod: &Pod) -> bool {
        let known = work.status.uncounted_terminated_pods.as_ref();
        let listed = known.is_some_and(|known| {
            let lists = known.failed.iter().chain(&known.succeeded);
            lists.flatten().any(|listed| listed == uid(pod))
        });
        is_held(pod) && !listed && work.ended(pod).is_some()
    }

    /// How many pods succeeded and failed, those that are not in the status yet among them.
    pub(super) fn counted(&self, work: &Work) -> (i32, i32) {
        let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let known = work.status.uncounted_terminated_pods.clone().unwrap_or_default();
        let listed = |list: Option<Vec<String>>| number(list.map_or(0, |list| list.len()));
        let fresh = |failed: bool| {
            let counts = |pod: &&Arc<Pod>| {
                work.ended(pod) == Some(failed)
                    && self.counts_now(work, pod)
                    && (!failed || verdict(&work.job, pod) != Verdict::IsIgnored)
            };
            number(work.pods.iter().filter(counts).count())
        };
        let succeeded = if is_indexed(&work.job) {
            number(self.succeeded_indexes(work).len())
        } else {
            work.status.succeeded.unwrap_or(0) + listed(known.succeeded) + fresh(false)
        };
        (succeeded, work.status.failed.unwrap_or(0) + listed(known.failed) + fresh(true))
    }

    /// The indexes that have succeeded.
    pub(super) fn succeeded_indexes(&self, work: &Work) -> BTreeSet<u32> {
        let completions = u32::try_from(work.spec.completions.unwrap_or(0)).unwrap_or(0);
        let known = work.status.completed_indexes.as_deref().unwrap_or_default();
        let mut indexes = indexes::read(known, completions);
        let succeeded = work.pods.iter().filter(|pod| work.ended(pod) == Some(false));
        let fresh = succeeded.filter(|pod| is_held(pod)).filter_map(|pod| index_of(pod));
        indexes.extend(fresh.filter(|index| *index < completions));
        indexes
    }

    /// Takes the pods that ended since the last look into the back-off.
    pub(super) fn note_ended(&self, work: &mut Work) {
        let fresh = work.pods.iter().filter(|pod| self.counts_now(work, pod));
        let ended = fresh.filter_map(|pod| Some((&**pod, work.ended(pod)?)));
        let counted =
            ended.filter(|(pod, failed)| !failed || verdict(&work.job, pod) != Verdict::IsIgnored);
        self.failures().entry(work.key.clone()).or_default().take_in(counted);
    }

    /// Counts what ended, and ends the job when it is decided and nothing of it is left.
    pub(super) async fn track(&self, work: &mut Work, all_ended: bool) -> Result<(), Status> {
        let indexes = self.succeeded_indexes(work);
        let mut released: Vec<Arc<Pod>> = Vec::new();
        let leaves = work.job.metadata.deletion_timestamp.is_some();
        let mut uncounted = work.status.uncounted_terminated_pods.clone().unwrap_or_default();
        for pod in work.pods.iter().filter(|pod| is_held(pod)) {
            let ended = work.ended(pod);
            if ended.is_none() && !leaves {
                continue;
            }
            released.push(Arc::clone(pod));
            if !self.counts_now(work, pod) {
                continue;
            }
            let uid = uid(pod).to_owned();
            match ended {
                // Of jobs with indexes the indexes are counted.
                Some(false) if !is_indexed(&work.job) => {
                    uncounted.succeeded.get_or_insert_default().push(uid);
                }
                Some(true) if verdict(&work.job, pod) != Verdict::IsIgnored => {
                    uncounted.failed.get_or_insert_default().push(uid);
                }
                _ => {}
            }
        }
        work.status.uncounted_terminated_pods = Some(uncounted);
        if is_indexed(&work.job) {
            work.status.succeeded = i32::try_from(indexes.len()).ok().filter(|count| *count > 0);
            work.status.completed_indexes = Some(indexes::write(&indexes));
        }
        if let Some(outcome) = &work.outcome
            && self.is_at_least(31)
        {
            outcome.note(&mut work.status, &work.now);
        }
        self.write_status(work).await?;
        join_all(released.iter().map(|pod| self.let_go(pod)))
            .await
            .into_iter()
            .collect::<Result<(), _>>()?;
        count(work);
        if let Some(outcome) = work.outcome.clone().filter(|_| all_ended) {
            outcome.end(&mut work.status, &work.now, self.is_at_least(31));
            let (type_, reason, message) = match outcome.failed {
                true => ("Warning", outcome.reason.as_str(), outcome.message.as_str()),
                false => ("Normal", "Completed", "Job completed"),
            };
            self.say(&work.job, type_, reason, message);
        }
        self.write_status(work).await
    }

    /// Writes the status if it has changed.
    async fn write_status(&self, work: &mut Work) -> Result<(), Status> {
        if work.job.status.as_ref() == Some(&work.status) {
            return Ok(());
        }
        let job = Job { status: Some(work.status.clone()), ..work.job.clone() };
        let written = self.client.update_typed(self.kinds.jobs, "status", &job).await?;
        if let Some(Ok(job)) = written.other().map(|job| job.read::<Job>()) {
            work.job = job;
        }
        Ok(())
    }

    /// Takes the finalizer off a pod.
    pub(super) async fn let_go(&self, pod: &Pod) -> Result<(), Status> {
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let change = |object: &mut Object| {
            let metadata = object.metadata_mut();
            // Another pod of the name is not the one that was meant.
            if metadata.uid != pod.metadata.uid {
                return;
            }
            let finalizers = metadata.finalizers.take().unwrap_or_default();
            let others: Vec<_> = finalizers.into_iter().filter(|one| one != HELD).collect();
            metadata.finalizers = (!others.is_empty()).then_some(others);
        };
        match self.client.patch(self.kinds.pods, "", namespace, name, change).await {
            Err(status) if status.code == 404 => Ok(()),
            outcome => outcome,
        }
    }
}

/// Counts the pods that were let go.
fn count(work: &mut Work) {
    let Some(uncounted) = work.status.uncounted_terminated_pods.as_mut() else { return };
    let add = |number: &mut Option<i32>, list: Option<Vec<String>>| {
        let more = list.map_or(0, |list| i32::try_from(list.len()).unwrap_or(i32::MAX));
        if more > 0 {
            *number = Some(number.unwrap_or(0).saturating_add(more));
        }
    };
    add(&mut work.status.succeeded, uncounted.succeeded.take());
    add(&mut work.status.failed, uncounted.failed.take());
}
