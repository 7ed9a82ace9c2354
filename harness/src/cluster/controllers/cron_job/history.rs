//! How many finished jobs a CronJob keeps.

use k8s_openapi::api::batch::v1::Job;

use super::{CronJobs, Work, finished_condition, name_of};

impl CronJobs {
    /// Deletes the oldest finished jobs beyond those that are kept, successes and failures apart.
    pub(super) async fn delete_oldest(&self, work: &mut Work) {
        let limits = [
            ("Complete", work.spec.successful_jobs_history_limit),
            ("Failed", work.spec.failed_jobs_history_limit),
        ];
        for (outcome, limit) in limits {
            let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) else { continue };
            let ended = |job: &&Job| {
                finished_condition(job).is_some_and(|condition| condition.type_ == outcome)
            };
            let mut finished: Vec<Job> = work.jobs.iter().filter(ended).cloned().collect();
            finished.sort_by(|a, b| {
                let started = |job: &Job| {
                    let start = job.status.as_ref().and_then(|status| status.start_time.clone());
                    // Those that never started come last.
                    (start.is_none(), start.map(|start| start.0))
                };
                (started(a), name_of(a)).cmp(&(started(b), name_of(b)))
            });
            let surplus = finished.len().saturating_sub(limit);
            for job in finished.into_iter().take(surplus) {
                let name = name_of(&job);
                // What cannot be deleted now is said, and tried again the next time.
                let _ = self.delete(work, name, job.metadata.uid.as_deref()).await;
            }
        }
    }
}
