//! Deletes jobs some time after they finished, if they say so.
//!
//! Rules: `pkg/controller/ttlafterfinished` of 1.36.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use tokio::time::sleep;

use super::super::store::{ChangeKind, ObjectName};
use super::super::{DeleteOptions, Propagation};
use super::Kinds;
use super::client::Client;
use super::informer::Told;
use super::job::finished_condition;

/// Deletes finished jobs.
#[derive(Debug)]
pub(super) struct FinishedJobs {
    kinds: Kinds,
    client: Client,
}

impl FinishedJobs {
    pub(super) fn new(kinds: Kinds, client: Client) -> Arc<Self> {
        Arc::new(Self { kinds, client })
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        if !told.is(self.kinds.jobs) || told.kind == ChangeKind::Deleted {
            return;
        }
        let Some(Ok(job)) = told.after.other().map(|job| job.read::<Job>()) else { return };
        let before = told.before.and_then(|before| before.other()?.read::<Job>().ok());
        let end = end_of_life(&job);
        if let Some(end) = end
            && before.as_ref().and_then(end_of_life).as_ref() != Some(&end)
        {
            let (this, key) = (Arc::clone(self), told.key());
            tokio::spawn(async move { this.delete_at(&key, end).await });
        }
    }

    async fn delete_at(&self, key: &ObjectName, end: Time) {
        let now = self.client.api.clock().now();
        sleep(Duration::try_from(end.0.duration_since(now.0)).unwrap_or_default()).await;
        let Some(object) = self.client.get(self.kinds.jobs, &key.0, &key.1).await else { return };
        let job = object.other().and_then(|job| job.read::<Job>().ok());
        // Another time may have been set since, which then is waited for on its own.
        if job.as_ref().and_then(end_of_life) != Some(end) {
            return;
        }
        let options = DeleteOptions {
            propagation: Some(Propagation::Foreground),
            uid: object.metadata().uid.clone(),
            ..DeleteOptions::default()
        };
        // One that somebody else deletes needs nothing more.
        let _ = self.client.delete(self.kinds.jobs, &key.0, &key.1, &options).await;
    }
}

/// When a finished job is to be deleted.
fn end_of_life(job: &Job) -> Option<Time> {
    if job.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let seconds = job.spec.as_ref()?.ttl_seconds_after_finished?;
    let finished = finished_condition(job)?.last_transition_time.as_ref()?;
    let after = Duration::from_secs(u64::try_from(seconds).ok()?);
    finished.0.checked_add(after).ok().map(Time)
}
