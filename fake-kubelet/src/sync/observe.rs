//! Looking at the runtime: what became of containers, what a kubelet before
//! this one left.

use std::sync::Arc;

use cri_api::{Code, v1};
use tokio::time::Instant;

use super::PodWorker;
use super::record::{Instance, State};
use crate::status::pod::Sandbox;
use crate::translate::labels;

/// What of a pod was on the runtime before this kubelet started.
#[derive(Debug, Default)]
pub(crate) struct Adopted {
    pub(crate) sandboxes: Vec<v1::PodSandbox>,
    pub(crate) containers: Vec<v1::Container>,
}

impl Adopted {
    /// Whether a container runs.
    pub(crate) fn runs(&self) -> bool {
        self.containers
            .iter()
            .any(|container| container.state() == v1::ContainerState::ContainerRunning)
    }
}

impl PodWorker {
    /// Takes over what an earlier kubelet made, without touching it.
    pub(crate) async fn adopt(&mut self, mut adopted: Adopted) {
        let attempt = |sandbox: &v1::PodSandbox| {
            sandbox.metadata.as_ref().map_or(0, |metadata| metadata.attempt)
        };
        adopted.sandboxes.sort_by_key(attempt);
        if let Some(newest) = adopted.sandboxes.pop() {
            let ready = newest.state() == v1::PodSandboxState::SandboxReady;
            let ip = if ready { self.address(&newest.id).await } else { String::new() };
            let attempt = attempt(&newest);
            self.sandbox = Some(Sandbox { id: Arc::from(newest.id), attempt, ready, ip });
            self.counted = true;
        }
        self.old_sandboxes
            .extend(adopted.sandboxes.into_iter().map(|sandbox| Arc::from(sandbox.id)));
        adopted.containers.sort_by_key(|container| labels::restart_count(&container.annotations));
        for container in adopted.containers {
            self.adopt_container(container).await;
        }
        self.publish_containers();
    }

    async fn adopt_container(&mut self, container: v1::Container) {
        let name = container.labels.get(labels::CONTAINER_NAME).cloned().unwrap_or_default();
        let found =
            (0..self.records.len()).find(|index| self.records[*index].name(&self.pod) == name);
        let Some(index) = found else { return };
        let mut instance = Instance {
            id: Arc::from(container.id),
            sandbox_id: Arc::from(container.pod_sandbox_id),
            attempt: labels::restart_count(&container.annotations),
            hash: container.annotations.get(labels::CONTAINER_HASH).cloned().unwrap_or_default(),
            state: State::Created,
            started_at: 0,
            image_ref: String::new(),
            user: None,
        };
        let cri = Arc::clone(&self.node.cri);
        match cri.container_status(&instance.id).await {
            Ok(status) => instance.update(status, Instant::now()),
            Err(_) => instance.lose(Instant::now()),
        }
        let record = &mut self.records[index];
        let last = record.latest.replace(instance);
        if let Some(last) = last.filter(|last| last.ending().is_some()) {
            record.previous = Some(Box::new(last));
        }
    }

    /// Asks what became of the sandbox and the containers.
    pub(super) async fn refresh(&mut self) {
        if let Some(id) = self.ready_sandbox().map(str::to_owned) {
            let cri = Arc::clone(&self.node.cri);
            let ready = match cri.pod_sandbox_status(&id).await {
                Ok(status) => status.state() == v1::PodSandboxState::SandboxReady,
                Err(error) => error.code != Code::NotFound,
            };
            if let Some(sandbox) = &mut self.sandbox {
                sandbox.ready = ready;
            }
        }
        self.refresh_containers().await;
    }

    /// Asks what became of the containers.
    pub(super) async fn refresh_containers(&mut self) {
        for index in 0..self.records.len() {
            self.refresh_record(index).await;
        }
        self.publish_containers();
    }

    /// Asks what became of one container.
    pub(super) async fn refresh_record(&mut self, index: usize) {
        let latest = self.records[index].latest.as_ref();
        let Some(id) = latest.filter(|latest| latest.ending().is_none()).map(|l| l.id.clone())
        else {
            return;
        };
        let cri = Arc::clone(&self.node.cri);
        let answer = cri.container_status(&id).await;
        let Some(latest) = &mut self.records[index].latest else { return };
        match answer {
            Ok(status) => latest.update(status, Instant::now()),
            Err(error) if error.code == Code::NotFound => latest.lose(Instant::now()),
            // The runtime has trouble of its own; what was known stays known.
            Err(_) => {}
        }
    }
}
