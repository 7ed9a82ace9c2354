//! Starting a container: image, config, creation, start.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Container;
use tokio::time::Instant;

use super::PodWorker;
use super::image::ImageFailure;
use super::record::{BackOff, Failure, Instance, State};
use crate::events::Notice;
use crate::translate::container::{Start, container_config};
use crate::translate::environment::Sources;
use crate::translate::security::ImageUser;
use crate::translate::{labels, pod_format};

impl PodWorker {
    /// Starts a record's container, or notes why it waits and until when.
    pub(super) async fn start_container(&mut self, index: usize) {
        let pod = Arc::clone(&self.pod);
        let Some(container) = self.records[index].definition(&pod) else {
            // The API lets no spec lose containers; one that did is left alone.
            let retry = Instant::now() + self.node.config.timings.sync_retry;
            self.records[index].hold_until = Some(retry);
            return;
        };
        if self.holds_back(index, &container) {
            return;
        }
        if let Err((failure, retry_at)) = self.try_start(index, &container).await {
            let record = &mut self.records[index];
            record.failure = Some(failure);
            record.hold_until = Some(retry_at);
        }
    }

    /// Whether a container that ended may not be started again yet.
    fn holds_back(&mut self, index: usize, container: &Container) -> bool {
        let timings = self.node.config.timings;
        let record = &self.records[index];
        let latest = record.latest.as_ref().and_then(Instance::ending);
        // One that the kubelet ends to make it anew waits by the end of the one before only.
        let ended = match latest {
            Some(ending) if ending.unhealthy => {
                record.previous.as_ref().and_then(|previous| previous.ending())
            }
            latest => latest,
        };
        let ended = ended.map(|ending| ending.noticed);
        let Some(ended) = ended else { return false };
        let (last, kind) = (record.crash_loop, record.kind);
        let now = Instant::now();
        let longest = timings.crash_loop_longest;
        if let Some(last) = last
            && let Some(until) = last.holds_until(ended, now, longest)
        {
            let pod_format = pod_format(&self.pod);
            let message = format!(
                "back-off {} restarting failed container={} pod={pod_format}",
                go_minutes(last.delay),
                container.name
            );
            self.record(
                Some((kind, &container.name)),
                Notice::crash_loop(&container.name, &pod_format),
            );
            let record = &mut self.records[index];
            record.failure = Some(Failure { reason: "CrashLoopBackOff", message });
            record.hold_until = Some(until);
            return true;
        }
        let next = BackOff::next(last, ended, now, timings.crash_loop_initial, longest);
        self.records[index].crash_loop = Some(next);
        false
    }

    async fn try_start(
        &mut self,
        index: usize,
        container: &Container,
    ) -> Result<(), (Failure, Instant)> {
        let cri = Arc::clone(&self.node.cri);
        let retry = self.node.config.timings.sync_retry;
        let kind = self.records[index].kind;
        let name = container.name.as_str();
        let Some(sandbox) = self.sandbox.as_ref().map(|sandbox| Arc::clone(&sandbox.id)) else {
            return Ok(());
        };
        let ready = match self.ensure_image(index, container).await {
            Ok(ready) => ready,
            Err(ImageFailure { failure, retry_at }) => {
                self.node.metrics.fail_container(kind.metric(), failure.reason);
                self.record(Some((kind, name)), Notice::container_failed(failure.reason));
                return Err((failure, retry_at));
            }
        };
        let failed = |worker: &Self, reason: &'static str, message: String| {
            worker.node.metrics.fail_container(kind.metric(), reason);
            worker.record(Some((kind, name)), Notice::container_failed(&message));
            (Failure { reason, message }, Instant::now() + retry)
        };
        let before = self.records[index].latest.as_ref();
        let attempt = before.map_or(0, |before| before.attempt.saturating_add(1));
        let start = Start {
            image_ref: ready.image_ref,
            image_user: ImageUser::of(&ready.image),
            attempt,
            target_id: self.target(index),
        };
        let context = self.context();
        let sources = Sources::of(&self.pod, &*self.node.api);
        let config = container_config(&self.pod, container, start, sources, &context);
        let configs = config.and_then(|config| {
            let attempt = self.sandbox.as_ref().map_or(0, |sandbox| sandbox.attempt);
            let sandbox = crate::translate::sandbox::sandbox_config(&self.pod, attempt, &context)?;
            Ok((config, sandbox))
        });
        let (config, sandbox_config) =
            configs.map_err(|message| failed(self, "CreateContainerConfigError", message))?;
        let answer = cri.create_container(&sandbox, config, sandbox_config);
        let id = self
            .patiently(answer)
            .await
            .map(Arc::<str>::from)
            .map_err(|error| failed(self, "CreateContainerError", error.message))?;
        let gates = &self.node.config.feature_gates;
        self.record(Some((kind, name)), Notice::created(gates, name));
        self.replace(
            index,
            Instance {
                id: id.clone(),
                sandbox_id: sandbox,
                attempt,
                hash: labels::definition_hash(container),
                state: State::Created,
                started_at: 0,
                image_ref: String::new(),
                user: None,
            },
        )
        .await;
        let started = self.patiently(cri.start_container(&id)).await;
        self.refresh_record(index).await;
        match started {
            Ok(()) => {
                self.node.metrics.start_container(kind.metric());
                let gates = &self.node.config.feature_gates;
                self.record(Some((kind, name)), Notice::started(gates, name));
                let record = &mut self.records[index];
                record.failure = None;
                record.hold_until = None;
                self.publish_containers();
                match self.post_start(index, container).await {
                    Ok(()) => Ok(()),
                    Err(failure) => Err((failure, Instant::now() + retry)),
                }
            }
            Err(error) => {
                // A container's id never shows in an event, so that equal ones can be counted.
                let message = error.message;
                self.node.metrics.fail_container(kind.metric(), "RunContainerError");
                let notice = Notice::container_failed(&message.replace(&*id, name));
                self.record(Some((kind, name)), notice);
                let failure = Failure { reason: "RunContainerError", message };
                Err((failure, Instant::now() + retry))
            }
        }
    }

    /// Puts a new instance in the place of the last one, which is kept if it
    /// ran; the one before is removed, as kubelets keep one dead container.
    async fn replace(&mut self, index: usize, instance: Instance) {
        let record = &mut self.records[index];
        let last = record.latest.replace(instance);
        let Some(last) = last else { return };
        let last = Box::new(last);
        let removed =
            if last.ending().is_some() { record.previous.replace(last) } else { Some(last) };
        if let Some(removed) = removed {
            let cri = Arc::clone(&self.node.cri);
            // What is left behind goes with the sandbox.
            let _ = cri.remove_container(&removed.id).await;
        }
    }

    /// The container whose processes an ephemeral container wants to see.
    fn target(&self, index: usize) -> Option<&str> {
        let record = &self.records[index];
        let ephemeral = self.pod.spec.as_ref()?.ephemeral_containers.as_ref()?;
        let target = match record.kind {
            super::Kind::Ephemeral => ephemeral.get(record.index)?.target_container_name.as_deref(),
            _ => None,
        }?;
        self.running()
            .find(|(running, _)| running.name(&self.pod) == target)
            .map(|(_, instance)| &*instance.id)
    }

    /// Stops containers whose definition changed; they are then made anew.
    pub(super) async fn replace_outdated(&mut self) {
        let outdated: Vec<usize> = (0..self.records.len())
            .filter(|index| self.records[*index].is_outdated(&self.pod))
            .collect();
        for index in outdated {
            let pod = Arc::clone(&self.pod);
            let (kind, name) = (self.records[index].kind, self.records[index].name(&pod));
            let Some(latest) = &self.records[index].latest else { continue };
            let id = latest.id.clone();
            self.record(Some((kind, name)), Notice::definition_changed(name));
            let grace = self.grace();
            let cri = Arc::clone(&self.node.cri);
            // If it cannot be stopped it is tried again with the next change.
            let _ = self.patiently(cri.stop_container(&id, grace)).await;
            self.refresh_record(index).await;
        }
    }
}

/// As Go prints a duration of whole seconds: `10s`, `1m20s`, `5m0s`.
fn go_minutes(duration: Duration) -> String {
    match (duration.as_secs() / 60, duration.as_secs() % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}
