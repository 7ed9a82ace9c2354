//! The seam between kubelet and runtime: one trait, in the contract's own messages.

use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use futures_core::Stream;
use futures_util::StreamExt;

use crate::exec::{AttachRequest, ExecEvents, ExecRequest};
use crate::log::LogPage;
use crate::{Code, CriError, v1};

/// What happened to containers, in order, from the moment of subscribing.
pub type EventStream =
    Pin<Box<dyn Stream<Item = Result<v1::ContainerEventResponse, CriError>> + Send>>;

/// An `ExecSync` timeout that never expires; the contract writes it as 0.
pub const NO_DEADLINE: Duration = Duration::ZERO;

/// Why streams cannot be handed over.
const STREAMS_OUT_OF_REACH: &str =
    "this runtime's streams can only be reached through its streaming server";

/// What a kubelet needs of a container runtime.
///
/// Each method is one call of CRI v1 and fails the way the call fails, with
/// the runtime's code and text. Identifiers are the runtime's own; the
/// contract allows any unambiguous prefix of one.
#[async_trait]
pub trait Cri: Send + Sync {
    /// `Version`: the runtime's name and release.
    async fn version(&self) -> Result<v1::VersionResponse, CriError>;

    /// `Status`: conditions, handlers, and `features` where the runtime sends them.
    async fn status(&self) -> Result<v1::StatusResponse, CriError>;

    /// `RunPodSandbox`: creates and starts a sandbox; gives its id.
    async fn run_pod_sandbox(
        &self,
        config: v1::PodSandboxConfig,
        runtime_handler: &str,
    ) -> Result<String, CriError>;

    /// `StopPodSandbox`: stops every container in it; repeatable.
    async fn stop_pod_sandbox(&self, id: &str) -> Result<(), CriError>;

    /// `RemovePodSandbox`: removes it and its containers; repeatable.
    async fn remove_pod_sandbox(&self, id: &str) -> Result<(), CriError>;

    /// `PodSandboxStatus`.
    async fn pod_sandbox_status(&self, id: &str) -> Result<v1::PodSandboxStatus, CriError>;

    /// `ListPodSandbox`; no filter lists all.
    async fn list_pod_sandboxes(
        &self,
        filter: Option<v1::PodSandboxFilter>,
    ) -> Result<Vec<v1::PodSandbox>, CriError>;

    /// `CreateContainer`: here the identity is resolved; gives the container's id.
    async fn create_container(
        &self,
        sandbox_id: &str,
        config: v1::ContainerConfig,
        sandbox_config: v1::PodSandboxConfig,
    ) -> Result<String, CriError>;

    /// `StartContainer`.
    async fn start_container(&self, id: &str) -> Result<(), CriError>;

    /// `StopContainer`: asks the process to end, kills it after `grace` (whole seconds).
    async fn stop_container(&self, id: &str, grace: Duration) -> Result<(), CriError>;

    /// `RemoveContainer`: repeatable; stops it first if it runs.
    async fn remove_container(&self, id: &str) -> Result<(), CriError>;

    /// `ListContainers`; no filter lists all.
    async fn list_containers(
        &self,
        filter: Option<v1::ContainerFilter>,
    ) -> Result<Vec<v1::Container>, CriError>;

    /// `ContainerStatus`, with the first-attached identity where the runtime reports it.
    async fn container_status(&self, id: &str) -> Result<v1::ContainerStatus, CriError>;

    /// `ExecSync`: runs a command in the container and waits; a non-zero exit is no error.
    async fn exec_sync(
        &self,
        id: &str,
        command: &[String],
        timeout: Duration,
    ) -> Result<v1::ExecSyncResponse, CriError>;

    /// `Exec`: starts a command in the container, its streams open.
    ///
    /// The contract answers with the address of a streaming server, which is no part of it; only
    /// a runtime in this process can hand the streams over. Others are `Unimplemented`.
    async fn exec(&self, _id: &str, _request: ExecRequest) -> Result<ExecEvents, CriError> {
        Err(CriError::new(Code::Unimplemented, STREAMS_OUT_OF_REACH))
    }

    /// `Attach`: joins the streams of the container's first process, from now on.
    ///
    /// As with [`Cri::exec`], only a runtime in this process can hand them over.
    async fn attach(&self, _id: &str, _request: AttachRequest) -> Result<ExecEvents, CriError> {
        Err(CriError::new(Code::Unimplemented, STREAMS_OUT_OF_REACH))
    }

    /// The container's log from entry `from` on; `wait` waits until there is something, or the end.
    ///
    /// Runtimes write logs into files of their node, which is no part of the contract; only one
    /// in this process can hand them over. Others are `Unimplemented`.
    async fn container_log(&self, _id: &str, _from: u64, _wait: bool) -> Result<LogPage, CriError> {
        let message = "this runtime's logs are files on its node";
        Err(CriError::new(Code::Unimplemented, message))
    }

    /// `GetContainerEvents`; runtimes without it answer `Unimplemented`, here or as the stream's
    /// first item, and callers poll.
    async fn container_events(&self) -> Result<EventStream, CriError>;

    /// Of `GetContainerEvents` those that say that something stopped. A runtime in this process
    /// need not make the others.
    async fn container_ends(&self) -> Result<EventStream, CriError> {
        let stopped = v1::ContainerEventType::ContainerStoppedEvent;
        let ends = self.container_events().await?.filter(move |event| {
            let wanted =
                event.as_ref().map_or(true, |event| event.container_event_type() == stopped);
            std::future::ready(wanted)
        });
        Ok(Box::pin(ends))
    }

    /// `ListImages`.
    async fn list_images(&self) -> Result<Vec<v1::Image>, CriError>;

    /// `ImageStatus`; `None` when the runtime does not have the image.
    async fn image_status(&self, image: &v1::ImageSpec) -> Result<Option<v1::Image>, CriError>;

    /// `PullImage`: gives the reference to create containers with.
    async fn pull_image(&self, image: &v1::ImageSpec) -> Result<String, CriError>;

    /// `RemoveImage`: repeatable.
    async fn remove_image(&self, image: &v1::ImageSpec) -> Result<(), CriError>;
}
