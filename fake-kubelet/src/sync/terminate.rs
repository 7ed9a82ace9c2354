//! The end of a pod: finished by itself, or deleted.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::hooks::{PreStop, stop};
use super::record::Kind;
use super::{PodWorker, Stage};
use crate::events::Notice;
use crate::status::pod::Terminal;

/// The shortest time a container gets to end by itself, in seconds.
const SHORTEST_GRACE: i64 = 1;
/// The longest time, in seconds: a year.
const LONGEST_GRACE: i64 = 365 * 24 * 60 * 60;
/// What a pod gives its containers where it says nothing, in seconds.
const DEFAULT_GRACE: i64 = 30;

impl PodWorker {
    /// How long containers may take to end: what the deletion says, else the spec.
    pub(super) fn grace(&self) -> Duration {
        let seconds = self
            .pod
            .metadata
            .deletion_grace_period_seconds
            .or_else(|| self.pod.spec.as_ref()?.termination_grace_period_seconds)
            .unwrap_or(DEFAULT_GRACE)
            .clamp(SHORTEST_GRACE, LONGEST_GRACE);
        Duration::from_secs(u64::try_from(seconds).unwrap_or(1))
    }

    /// Ends a pod whose containers have all done their work.
    pub(super) async fn finish(&mut self) {
        self.stop_containers().await;
        self.stop_sandbox().await;
        self.stage = Stage::Finished;
        self.publish(Some(Terminal::Finished));
    }

    /// Ends a pod that has run for as long as it may.
    pub(super) async fn exceed_deadline(&mut self) {
        self.record(None, Notice::deadline_exceeded());
        self.stop_containers().await;
        self.stop_sandbox().await;
        self.stage = Stage::Finished;
        self.publish(Some(Terminal::DeadlineExceeded));
    }

    /// Ends a deleted pod and removes all that was made for it; `removed` says
    /// that its object is gone already.
    pub(super) async fn terminate(&mut self, removed: bool) {
        let reports = !removed && self.stage == Stage::Running;
        if reports {
            // The deletion is a generation of its own, which was seen.
            self.publish(None);
        }
        self.stop_containers().await;
        self.stop_sandbox().await;
        self.stage = Stage::Finished;
        if reports {
            self.publish(Some(Terminal::Deleted));
        }
        let cri = Arc::clone(&self.node.cri);
        let sandboxes = self.sandbox.take().map(|sandbox| sandbox.id);
        for id in sandboxes.into_iter().chain(std::mem::take(&mut self.old_sandboxes)) {
            // What cannot be removed now is found when a kubelet starts the next time.
            let _ = cri.remove_pod_sandbox(&id).await;
        }
        self.volumes = None;
        if self.pod.spec.as_ref().is_some_and(|spec| spec.volumes.is_some()) {
            self.node.config.volumes.unmount_all(&self.pod);
        }
        self.node.set_known(&self.uid, Vec::new());
        if !removed {
            // If the object went in between there is nothing left to finish.
            let _ = self.node.api.finish_deletion(&self.identity);
        }
    }

    /// Stops the app containers at the same time, then the sidecars from last
    /// to first in what is left of the grace period.
    async fn stop_containers(&mut self) {
        let deadline = Instant::now() + self.grace();
        let left = || {
            let left = deadline.saturating_duration_since(Instant::now());
            left.max(Duration::from_secs(1))
        };
        let ids = |worker: &Self, sidecars: bool| -> Vec<(Arc<str>, Option<PreStop>)> {
            worker
                .running()
                .filter(|(record, _)| (record.kind == Kind::Sidecar) == sidecars)
                .map(|(record, instance)| {
                    let name = record.name(&worker.pod);
                    worker.record(Some((record.kind, name)), Notice::killing(name));
                    (Arc::clone(&instance.id), worker.pre_stop(record))
                })
                .collect()
        };
        let cri = Arc::clone(&self.node.cri);
        let apps = ids(self, false);
        // A container that cannot be stopped is stopped with the sandbox.
        let stopped =
            join_all(apps.into_iter().map(|(id, hook)| stop(&*cri, id, hook, left()))).await;
        self.complain_of_hooks(stopped);
        for (id, hook) in ids(self, true).into_iter().rev() {
            let stopped = stop(&*cri, id, hook, left()).await;
            self.complain_of_hooks(vec![stopped]);
        }
        self.refresh_containers().await;
    }

    async fn stop_sandbox(&mut self) {
        let Some(sandbox) = &mut self.sandbox else { return };
        let stopped = self.node.cri.stop_pod_sandbox(&sandbox.id).await;
        sandbox.ready = false;
        if stopped.is_ok() {
            self.refresh_containers().await;
        }
    }
}
