//! A runtime whose calls are written down, counted, and can be made to fail.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cri_api::{AttachRequest, Cri, CriError, EventStream, ExecEvents, ExecRequest, LogPage, v1};

use super::making::Making;
use crate::scenario::{CriCall, Fault};

/// How many calls are kept for the transcript; the oldest go first.
const KEPT_CALLS: usize = 200;
/// How many calls back the same call is counted rather than written down again.
const REPEATS_SEEN_WITHIN: usize = 4;

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// When it was first made, by tokio's clock.
    pub at: tokio::time::Instant,
    /// The call's name in the contract.
    pub name: &'static str,
    /// What it was about: a sandbox, a container, an image, a command.
    pub about: String,
    /// The error it ended with.
    pub error: Option<String>,
    /// How often it was made, when it was made again and again.
    pub times: u32,
}

impl Call {
    fn is_like(&self, other: &Self) -> bool {
        (self.name, &self.about, &self.error) == (other.name, &other.about, &other.error)
    }
}

/// A runtime, observed.
pub struct ObservedCri {
    inner: Arc<dyn Cri>,
    making: Arc<Making>,
    calls: Mutex<VecDeque<Call>>,
    faults: Mutex<Vec<(CriCall, String, Option<u32>)>>,
    busy: Mutex<Busy>,
}

/// The time in which at least one call was under way.
#[derive(Debug, Default)]
struct Busy {
    under_way: usize,
    since: Option<Instant>,
    total: Duration,
}

impl Busy {
    fn begin(&mut self) {
        self.under_way += 1;
        self.since.get_or_insert_with(Instant::now);
    }

    fn end(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        if self.under_way == 0
            && let Some(since) = self.since.take()
        {
            self.total += since.elapsed();
        }
    }
}

/// A call that is under way; it ends when this is dropped, also when the caller gave up.
struct InCall<'a>(&'a Mutex<Busy>);

impl Drop for InCall<'_> {
    fn drop(&mut self) {
        locked(self.0).end();
    }
}

impl std::fmt::Debug for ObservedCri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObservedCri").finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ObservedCri {
    /// Observes a runtime.
    #[must_use]
    pub fn new(inner: Arc<dyn Cri>) -> Self {
        Self::of_run(inner, Arc::default())
    }

    /// Observes a runtime for a run that may be stopped.
    pub(super) fn of_run(inner: Arc<dyn Cri>, making: Arc<Making>) -> Self {
        Self {
            inner,
            making,
            calls: Mutex::default(),
            faults: Mutex::default(),
            busy: Mutex::default(),
        }
    }

    /// The runtime itself.
    #[must_use]
    pub fn inner(&self) -> &Arc<dyn Cri> {
        &self.inner
    }

    /// The newest calls, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        locked(&self.calls).iter().cloned().collect()
    }

    /// The wall time in which at least one call was under way.
    #[must_use]
    pub fn time_in_calls(&self) -> Duration {
        locked(&self.busy).total
    }

    /// Makes calls fail from now on.
    pub fn add_fault(&self, fault: &Fault) {
        locked(&self.faults).push((fault.call, fault.message.clone(), fault.times));
    }

    fn write_down(&self, call: Call) {
        let mut calls = locked(&self.calls);
        let known = calls.iter_mut().rev().take(REPEATS_SEEN_WITHIN).find(|one| one.is_like(&call));
        if let Some(known) = known {
            known.times = known.times.saturating_add(1);
            return;
        }
        if calls.len() == KEPT_CALLS {
            calls.pop_front();
        }
        calls.push_back(call);
    }

    fn fault(&self, call: CriCall) -> Result<(), CriError> {
        let mut faults = locked(&self.faults);
        let Some(index) = faults.iter().position(|(faulty, _, _)| *faulty == call) else {
            return Ok(());
        };
        let (_, message, left) = &mut faults[index];
        let error = CriError::unknown(message.clone());
        if let Some(times) = left {
            *times = times.saturating_sub(1);
            if *times == 0 {
                faults.remove(index);
            }
        }
        Err(error)
    }

    async fn observe<T>(
        &self,
        name: &'static str,
        about: impl Into<String>,
        fault: Option<CriCall>,
        call: impl Future<Output = Result<T, CriError>> + Send,
    ) -> Result<T, CriError> {
        let at = tokio::time::Instant::now();
        locked(&self.busy).begin();
        let in_call = InCall(&self.busy);
        let result = match fault.map_or(Ok(()), |fault| self.fault(fault)) {
            Ok(()) => call.await,
            Err(error) => Err(error),
        };
        drop(in_call);
        let error = result.as_ref().err().map(ToString::to_string);
        self.write_down(Call { at, name, about: about.into(), error, times: 1 });
        result
    }
}

#[async_trait]
impl Cri for ObservedCri {
    async fn version(&self) -> Result<v1::VersionResponse, CriError> {
        self.observe("Version", "", None, self.inner.version()).await
    }

    async fn status(&self) -> Result<v1::StatusResponse, CriError> {
        self.observe("Status", "", Some(CriCall::Status), self.inner.status()).await
    }

    async fn run_pod_sandbox(
        &self,
        config: v1::PodSandboxConfig,
        runtime_handler: &str,
    ) -> Result<String, CriError> {
        let about = config.metadata.as_ref().map(|metadata| metadata.name.clone());
        let call = async {
            let _under_way = self.making.begin()?;
            self.inner.run_pod_sandbox(config, runtime_handler).await
        };
        let fault = Some(CriCall::RunPodSandbox);
        self.observe("RunPodSandbox", about.unwrap_or_default(), fault, call).await
    }

    async fn stop_pod_sandbox(&self, id: &str) -> Result<(), CriError> {
        self.observe("StopPodSandbox", id, None, self.inner.stop_pod_sandbox(id)).await
    }

    async fn remove_pod_sandbox(&self, id: &str) -> Result<(), CriError> {
        self.observe("RemovePodSandbox", id, None, self.inner.remove_pod_sandbox(id)).await
    }

    async fn pod_sandbox_status(&self, id: &str) -> Result<v1::PodSandboxStatus, CriError> {
        self.observe("PodSandboxStatus", id, None, self.inner.pod_sandbox_status(id)).await
    }

    async fn list_pod_sandboxes(
        &self,
        filter: Option<v1::PodSandboxFilter>,
    ) -> Result<Vec<v1::PodSandbox>, CriError> {
        self.observe("ListPodSandbox", "", None, self.inner.list_pod_sandboxes(filter)).await
    }

    async fn create_container(
        &self,
        sandbox_id: &str,
        config: v1::ContainerConfig,
        sandbox_config: v1::PodSandboxConfig,
    ) -> Result<String, CriError> {
        let about = config.metadata.as_ref().map(|metadata| metadata.name.clone());
        let call = self.inner.create_container(sandbox_id, config, sandbox_config);
        let fault = Some(CriCall::CreateContainer);
        self.observe("CreateContainer", about.unwrap_or_default(), fault, call).await
    }

    async fn start_container(&self, id: &str) -> Result<(), CriError> {
        let fault = Some(CriCall::StartContainer);
        self.observe("StartContainer", id, fault, self.inner.start_container(id)).await
    }

    async fn stop_container(&self, id: &str, grace: Duration) -> Result<(), CriError> {
        self.observe("StopContainer", id, None, self.inner.stop_container(id, grace)).await
    }

    async fn remove_container(&self, id: &str) -> Result<(), CriError> {
        self.observe("RemoveContainer", id, None, self.inner.remove_container(id)).await
    }

    async fn list_containers(
        &self,
        filter: Option<v1::ContainerFilter>,
    ) -> Result<Vec<v1::Container>, CriError> {
        self.observe("ListContainers", "", None, self.inner.list_containers(filter)).await
    }

    async fn container_status(&self, id: &str) -> Result<v1::ContainerStatus, CriError> {
        self.observe("ContainerStatus", id, None, self.inner.container_status(id)).await
    }

    async fn exec_sync(
        &self,
        id: &str,
        command: &[String],
        timeout: Duration,
    ) -> Result<v1::ExecSyncResponse, CriError> {
        let call = self.inner.exec_sync(id, command, timeout);
        self.observe("ExecSync", command.join(" "), Some(CriCall::ExecSync), call).await
    }

    async fn exec(&self, id: &str, request: ExecRequest) -> Result<ExecEvents, CriError> {
        let about = request.command.join(" ");
        self.observe("Exec", about, Some(CriCall::ExecSync), self.inner.exec(id, request)).await
    }

    async fn attach(&self, id: &str, request: AttachRequest) -> Result<ExecEvents, CriError> {
        self.observe("Attach", id, None, self.inner.attach(id, request)).await
    }

    async fn container_log(&self, id: &str, from: u64, wait: bool) -> Result<LogPage, CriError> {
        // No call of the contract: a kubelet reads a file.
        self.inner.container_log(id, from, wait).await
    }

    async fn container_events(&self) -> Result<EventStream, CriError> {
        self.observe("GetContainerEvents", "", None, self.inner.container_events()).await
    }

    async fn container_ends(&self) -> Result<EventStream, CriError> {
        self.observe("GetContainerEvents", "", None, self.inner.container_ends()).await
    }

    async fn list_images(&self) -> Result<Vec<v1::Image>, CriError> {
        self.observe("ListImages", "", None, self.inner.list_images()).await
    }

    async fn image_status(&self, image: &v1::ImageSpec) -> Result<Option<v1::Image>, CriError> {
        let about = image.image.clone();
        self.observe("ImageStatus", about, None, self.inner.image_status(image)).await
    }

    async fn pull_image(&self, image: &v1::ImageSpec) -> Result<String, CriError> {
        let about = image.image.clone();
        let fault = Some(CriCall::PullImage);
        self.observe("PullImage", about, fault, self.inner.pull_image(image)).await
    }

    async fn remove_image(&self, image: &v1::ImageSpec) -> Result<(), CriError> {
        let about = image.image.clone();
        self.observe("RemoveImage", about, None, self.inner.remove_image(image)).await
    }
}
