//! Makes and deletes the pods of jobs.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kubernetes_objects::Status;
use tokio::time::Instant;

use super::super::super::DeleteOptions;
use super::super::super::object::Object;
use super::super::pods::{from_template, is_terminating, sort_for_deletion};
use super::super::queue::enqueue_at;
use super::super::slow_start::in_growing_batches;
use super::indexes::{self, index_of, is_indexed};
use super::tracking::{HELD, is_held};
use super::{Jobs, Work};

/// The most pods that are made or deleted in one go (`MaxPodCreateDeletePerSync`).
const MOST_AT_ONCE: usize = 500;

impl Jobs {
    /// Makes the pods that are missing, or deletes those that are too many.
    pub(super) async fn manage(self: &Arc<Self>, work: &Work) -> Result<(), Status> {
        let active: Vec<_> = work.active().cloned().collect();
        let wanted = self.wanted_active(work, active.len());
        if active.len() > wanted {
            let mut surplus = active;
            sort_for_deletion(&mut surplus, &HashMap::new());
            let too_many = surplus.len() - wanted;
            surplus.truncate(too_many.min(MOST_AT_ONCE));
            return self.delete_pods(work, surplus).await;
        }
        let waiting = if work.replaces_failed_only() { work.terminating() } else { 0 };
        let missing = wanted.saturating_sub(waiting).saturating_sub(active.len());
        if missing == 0 {
            return Ok(());
        }
        let failures = self.failures().get(&work.key).copied().unwrap_or_default();
        let remaining = failures.remaining(work.now.0);
        if !remaining.is_zero() {
            enqueue_at(self, &work.key, Instant::now() + remaining);
            return Ok(());
        }
        self.make_pods(work, missing.min(MOST_AT_ONCE)).await
    }

    /// How many pods should be at work.
    fn wanted_active(&self, work: &Work, active: usize) -> usize {
        let number = |count: i32| usize::try_from(count).unwrap_or(0);
        if work.is_suspended() {
            return 0;
        }
        let parallelism = number(work.spec.parallelism.unwrap_or(1));
        let (succeeded, _) = self.counted(work);
        match work.spec.completions {
            // One that succeeded ends a work queue: the others finish, none is added.
            None if succeeded > 0 => active.min(parallelism),
            None => parallelism,
            Some(completions) => number(completions.saturating_sub(succeeded)).min(parallelism),
        }
    }

    async fn make_pods(&self, work: &Work, missing: usize) -> Result<(), Status> {
        let mut free = self.free_indexes(work, missing).into_iter();
        let missing = if is_indexed(&work.job) { free.len() } else { missing };
        self.expectations.expect(&work.key, missing, 0);
        let (tried, outcome) =
            in_growing_batches(missing, || self.make_pod(work, free.next())).await;
        self.expectations.created(&work.key, missing - tried);
        outcome
    }

    /// The first indexes that have neither succeeded nor a pod at work.
    fn free_indexes(&self, work: &Work, most: usize) -> Vec<u32> {
        if !is_indexed(&work.job) {
            return Vec::new();
        }
        let completions = u32::try_from(work.spec.completions.unwrap_or(0)).unwrap_or(0);
        let mut taken = self.succeeded_indexes(work);
        let keeps_place = |pod: &&Arc<Pod>| {
            let waits = work.replaces_failed_only() && is_terminating(pod);
            super::is_active(pod) || waits
        };
        let at_work: BTreeSet<u32> =
            work.pods.iter().filter(keeps_place).filter_map(|pod| index_of(pod)).collect();
        taken.extend(at_work);
        (0..completions).filter(|index| !taken.contains(index)).take(most).collect()
    }

    async fn make_pod(&self, work: &Work, index: Option<u32>) -> Result<(), Status> {
        let job = &work.job;
        let mut pod = from_template(&work.spec.template, self.kinds.jobs, &job.metadata, None);
        pod.metadata.finalizers.get_or_insert_default().push(HELD.to_owned());
        if let Some(index) = index {
            indexes::mark(&mut pod, job.metadata.name.as_deref().unwrap_or_default(), index);
        }
        let object = Object::Pod(Arc::new(pod));
        match self.client.create(self.kinds.pods, &work.key.0, object).await {
            Ok(pod) => {
                let name = pod.metadata().name.clone().unwrap_or_default();
                self.say(job, "Normal", "SuccessfulCreate", &format!("Created pod: {name}"));
                Ok(())
            }
            // Nobody waits for pods of a namespace that ends.
            Err(status) if status.message.contains("because it is being terminated") => Ok(()),
            Err(status) => {
                let message = format!("Error creating: {}", status.message);
                self.say(job, "Warning", "FailedCreate", &message);
                self.expectations.created(&work.key, 1);
                Err(status)
            }
        }
    }

    /// Deletes pods, which then count for nothing.
    pub(super) async fn delete_pods(&self, work: &Work, pods: Vec<Arc<Pod>>) -> Result<(), Status> {
        self.expectations.expect(&work.key, 0, pods.len());
        let deletions = pods.iter().map(|pod| self.delete_pod(&work.job, work, pod));
        join_all(deletions).await.into_iter().collect()
    }

    async fn delete_pod(&self, job: &Job, work: &Work, pod: &Pod) -> Result<(), Status> {
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let let_go = if is_held(pod) { self.let_go(pod).await } else { Ok(()) };
        let options = DeleteOptions::default();
        let deleted = match let_go {
            Ok(()) => self.client.delete(self.kinds.pods, &work.key.0, name, &options).await,
            refused => refused,
        };
        match deleted {
            Ok(()) => {
                self.say(job, "Normal", "SuccessfulDelete", &format!("Deleted pod: {name}"));
                Ok(())
            }
            Err(status) => {
                self.expectations.deleted(&work.key);
                if status.code == 404 { Ok(()) } else { Err(status) }
            }
        }
    }
}
