//! What a node's parts share: its configuration, the two seams, its clock.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cri_api::Cri;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::{NodeApi, PodIdentity};
use crate::config::{Clock, KubeletConfig};
use crate::events::Notice;
use crate::kubelet::ExecError;
use crate::metrics::Metrics;
use crate::status::node::RuntimeView;

/// A running container, for those who want to reach into it.
#[derive(Debug)]
pub(crate) struct RunningContainer {
    pub(crate) name: String,
    pub(crate) id: String,
}

/// What runs on the node.
#[derive(Default)]
struct Running {
    /// By the pod's uid.
    pods: HashMap<String, Vec<RunningContainer>>,
    /// How many in all.
    containers: usize,
}

/// A node as its sync loop and its pod workers see it.
pub(crate) struct Node {
    pub(crate) config: KubeletConfig,
    pub(crate) api: Arc<dyn NodeApi>,
    pub(crate) cri: Arc<dyn Cri>,
    pub(crate) metrics: Metrics,
    clock: Clock,
    runtime: Mutex<Arc<RuntimeView>>,
    running: Mutex<Running>,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("config", &self.config).finish_non_exhaustive()
    }
}

/// What a panicking holder left behind is still a valid value: every holder
/// replaces whole values.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Node {
    pub(crate) fn new(
        config: KubeletConfig,
        api: Arc<dyn NodeApi>,
        cri: Arc<dyn Cri>,
        clock: Clock,
    ) -> Self {
        Self {
            config,
            api,
            cri,
            metrics: Metrics::default(),
            clock,
            runtime: Mutex::default(),
            running: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> Time {
        (self.clock)()
    }

    /// What the runtime said of itself when last asked.
    pub(crate) fn runtime(&self) -> Arc<RuntimeView> {
        Arc::clone(&lock(&self.runtime))
    }

    pub(crate) fn set_runtime(&self, view: RuntimeView) -> Arc<RuntimeView> {
        let view = Arc::new(view);
        *lock(&self.runtime) = Arc::clone(&view);
        view
    }

    /// Records an event about a pod, or about what its field path names.
    pub(crate) fn record(&self, pod: &Pod, field_path: Option<String>, notice: Notice) {
        let event = notice.into_event(pod, field_path, &self.config.node_name, &self.now());
        self.api.record_event(event);
    }

    /// Replaces what is known to run in a pod.
    pub(crate) fn set_running(&self, uid: &str, containers: Vec<RunningContainer>) {
        let mut running = lock(&self.running);
        let now = containers.len();
        let before = if containers.is_empty() {
            running.pods.remove(uid).map_or(0, |known| known.len())
        } else if let Some(known) = running.pods.get_mut(uid) {
            std::mem::replace(known, containers).len()
        } else {
            running.pods.insert(uid.to_owned(), containers);
            0
        };
        running.containers = running.containers + now - before;
        self.metrics.set_running(running.pods.len(), running.containers);
    }

    /// The id of a running container.
    pub(crate) fn running_container(
        &self,
        pod: &PodIdentity,
        container: &str,
    ) -> Result<String, ExecError> {
        let running = lock(&self.running);
        let containers = running.pods.get(&pod.uid).ok_or_else(|| ExecError::PodNotFound {
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            node: self.config.node_name.clone(),
        })?;
        containers
            .iter()
            .find(|running| running.name == container)
            .map(|running| running.id.clone())
            .ok_or_else(|| ExecError::ContainerNotFound { container: container.to_owned() })
    }
}
