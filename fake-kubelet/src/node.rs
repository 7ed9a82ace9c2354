//! What a node's parts share: its configuration, the two seams, its clock.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cri_api::Cri;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use tokio::sync::Notify;

use crate::api::{NodeApi, PodIdentity};
use crate::config::{Clock, KubeletConfig};
use crate::events::Notice;
use crate::kubelet::ExecError;
use crate::logs::LogError;
use crate::metrics::Metrics;
use crate::status::node::RuntimeView;

/// A container of a pod, for those who want to reach into it or read its log.
#[derive(Debug)]
pub(crate) struct KnownContainer {
    pub(crate) name: Box<str>,
    pub(crate) state: KnownState,
    /// The one that runs, or that ended and shows as the container's state.
    pub(crate) current: Option<Arc<str>>,
    /// The one that ended before.
    pub(crate) last: Option<Arc<str>>,
}

/// How far a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KnownState {
    /// The reason in its status.
    Waiting(&'static str),
    Running,
    Ended,
    /// It has not run and will not.
    Never,
}

/// What there is on the node.
#[derive(Default)]
struct Known {
    /// By the pod's uid.
    pods: HashMap<Arc<str>, Vec<KnownContainer>>,
    running_pods: usize,
    running_containers: usize,
}

/// A node as its sync loop and its pod workers see it.
pub(crate) struct Node {
    pub(crate) config: KubeletConfig,
    pub(crate) api: Arc<dyn NodeApi>,
    pub(crate) cri: Arc<dyn Cri>,
    pub(crate) metrics: Metrics,
    clock: Clock,
    runtime: Mutex<Arc<RuntimeView>>,
    known: Mutex<Known>,
    /// Whom to tell that a pod is to go, of those that may wait without end.
    leaving: Mutex<HashMap<String, Arc<Notify>>>,
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
            known: Mutex::default(),
            leaving: Mutex::default(),
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

    /// Notified once the pod with this uid is to go.
    pub(crate) fn leaving(&self, uid: &str) -> Arc<Notify> {
        Arc::clone(lock(&self.leaving).entry(uid.to_owned()).or_default())
    }

    /// Forgets a pod that is gone.
    pub(crate) fn forget_leaving(&self, uid: &str) {
        lock(&self.leaving).remove(uid);
    }

    /// Replaces what is known of a pod's containers.
    pub(crate) fn set_known(&self, uid: &Arc<str>, containers: Vec<KnownContainer>) {
        let running = |containers: &[KnownContainer]| {
            containers.iter().filter(|container| container.state == KnownState::Running).count()
        };
        let mut known = lock(&self.known);
        let now = running(&containers);
        let before = if containers.is_empty() {
            known.pods.remove(uid)
        } else {
            known.pods.insert(Arc::clone(uid), containers)
        };
        let before = before.map_or(0, |before| running(&before));
        known.running_pods = known.running_pods + usize::from(now > 0) - usize::from(before > 0);
        known.running_containers = known.running_containers + now - before;
        self.metrics.set_running(known.running_pods, known.running_containers);
    }

    /// The id of a running container.
    pub(crate) fn running_container(
        &self,
        pod: &PodIdentity,
        container: &str,
    ) -> Result<Arc<str>, ExecError> {
        let known = lock(&self.known);
        let containers =
            known.pods.get(pod.uid.as_str()).ok_or_else(|| ExecError::PodNotFound {
                namespace: pod.namespace.clone(),
                name: pod.name.clone(),
                node: self.config.node_name.clone(),
            })?;
        containers
            .iter()
            .find(|known| *known.name == *container && known.state == KnownState::Running)
            .and_then(|running| running.current.clone())
            .ok_or_else(|| ExecError::ContainerNotFound { container: container.to_owned() })
    }

    /// The id of the container whose log is meant.
    pub(crate) fn logged_container(
        &self,
        pod: &PodIdentity,
        container: &str,
        previous: bool,
    ) -> Result<Arc<str>, LogError> {
        let known = lock(&self.known);
        let containers = known.pods.get(pod.uid.as_str()).ok_or(LogError::PodNotFound)?;
        let (name, pod) = (container.to_owned(), pod.name.clone());
        let Some(found) = containers.iter().find(|known| *known.name == *container) else {
            return Err(LogError::ContainerNotFound { container: name, pod });
        };
        let KnownContainer { state, current, last, .. } = found;
        if previous {
            return last.clone().ok_or(LogError::NoPrevious { container: name, pod });
        }
        current.clone().or_else(|| last.clone()).ok_or_else(|| match state {
            KnownState::Waiting(reason) => {
                LogError::Waiting { container: name, pod, reason: (*reason).to_owned() }
            }
            _ => LogError::NotAvailable { container: name, pod },
        })
    }
}
