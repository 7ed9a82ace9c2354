//! A [`Cri`] implementation that talks to a runtime's socket over gRPC.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint as TonicEndpoint, Uri};
use tonic::{Request, Response, Status};
use tower::service_fn;

use crate::v1::image_service_client::ImageServiceClient;
use crate::v1::runtime_service_client::RuntimeServiceClient;
use crate::{Cri, CriError, EventStream, NO_DEADLINE, v1};

/// The largest message taken from a runtime, in bytes, as in the kubelet.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// The interface version that the kubelet sends with `Version`.
const KUBELET_API_VERSION: &str = "0.1.0";

/// Where a runtime listens: `unix:///path/to/socket`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeEndpoint {
    socket: PathBuf,
}

impl RuntimeEndpoint {
    /// The socket's path.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl fmt::Display for RuntimeEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unix://{}", self.socket.display())
    }
}

/// Why a text is no runtime endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// Another scheme, or none.
    #[error("runtime endpoint {0:?} is not a unix socket; write it as unix:///path/to/socket")]
    NotUnix(String),
    /// The path does not start at the root.
    #[error("runtime endpoint {0:?} needs an absolute path; write it as unix:///path/to/socket")]
    NotAbsolute(String),
}

impl FromStr for RuntimeEndpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = text
            .strip_prefix("unix://")
            .or_else(|| text.starts_with('/').then_some(text))
            .ok_or_else(|| EndpointError::NotUnix(text.to_owned()))?;
        if !path.starts_with('/') || path == "/" {
            return Err(EndpointError::NotAbsolute(text.to_owned()));
        }
        Ok(Self { socket: PathBuf::from(path) })
    }
}

/// Why a runtime could not be reached.
#[derive(Debug, Error)]
#[error(
    "cannot connect to the runtime at {endpoint}; check that it runs and that you may open its socket"
)]
pub struct ConnectError {
    /// The endpoint tried.
    pub endpoint: RuntimeEndpoint,
    /// What the transport said.
    #[source]
    pub source: tonic::transport::Error,
}

/// A runtime behind a socket.
#[derive(Debug, Clone)]
pub struct CriClient {
    runtime: RuntimeServiceClient<Channel>,
    images: ImageServiceClient<Channel>,
    call_timeout: Duration,
}

impl CriClient {
    /// Connects to a runtime; every call is given up after `call_timeout`.
    ///
    /// # Errors
    /// [`ConnectError`] when nothing answers on the socket.
    pub async fn connect(
        endpoint: &RuntimeEndpoint,
        call_timeout: Duration,
    ) -> Result<Self, ConnectError> {
        let socket = endpoint.socket.clone();
        // A URI is required by the transport; the connector below ignores it.
        let channel = TonicEndpoint::from_static("http://localhost")
            .connect_timeout(call_timeout)
            .connect_with_connector(service_fn(move |_: Uri| {
                let socket = socket.clone();
                async move { UnixStream::connect(socket).await.map(TokioIo::new) }
            }))
            .await
            .map_err(|source| ConnectError { endpoint: endpoint.clone(), source })?;
        Ok(Self {
            runtime: RuntimeServiceClient::new(channel.clone())
                .max_decoding_message_size(MAX_MESSAGE_BYTES),
            images: ImageServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES),
            call_timeout,
        })
    }

    fn request<T>(&self, message: T) -> Request<T> {
        self.request_within(message, self.call_timeout)
    }

    fn request_within<T>(&self, message: T, timeout: Duration) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(timeout);
        request
    }
}

fn answer<T>(result: Result<Response<T>, Status>) -> Result<T, CriError> {
    result.map(Response::into_inner).map_err(CriError::from)
}

fn missing(what: &str) -> CriError {
    CriError::new(crate::Code::Internal, format!("the runtime answered without a {what}"))
}

fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

#[async_trait]
impl Cri for CriClient {
    async fn version(&self) -> Result<v1::VersionResponse, CriError> {
        let request = v1::VersionRequest { version: KUBELET_API_VERSION.to_owned() };
        answer(self.runtime.clone().version(self.request(request)).await)
    }

    async fn status(&self) -> Result<v1::StatusResponse, CriError> {
        let request = v1::StatusRequest { verbose: false };
        answer(self.runtime.clone().status(self.request(request)).await)
    }

    async fn run_pod_sandbox(
        &self,
        config: v1::PodSandboxConfig,
        runtime_handler: &str,
    ) -> Result<String, CriError> {
        let request = v1::RunPodSandboxRequest {
            config: Some(config),
            runtime_handler: runtime_handler.to_owned(),
        };
        let response = answer(self.runtime.clone().run_pod_sandbox(self.request(request)).await)?;
        Ok(response.pod_sandbox_id)
    }

    async fn stop_pod_sandbox(&self, id: &str) -> Result<(), CriError> {
        let request = v1::StopPodSandboxRequest { pod_sandbox_id: id.to_owned() };
        answer(self.runtime.clone().stop_pod_sandbox(self.request(request)).await).map(drop)
    }

    async fn remove_pod_sandbox(&self, id: &str) -> Result<(), CriError> {
        let request = v1::RemovePodSandboxRequest { pod_sandbox_id: id.to_owned() };
        answer(self.runtime.clone().remove_pod_sandbox(self.request(request)).await).map(drop)
    }

    async fn pod_sandbox_status(&self, id: &str) -> Result<v1::PodSandboxStatus, CriError> {
        let request = v1::PodSandboxStatusRequest { pod_sandbox_id: id.to_owned(), verbose: false };
        answer(self.runtime.clone().pod_sandbox_status(self.request(request)).await)?
            .status
            .ok_or_else(|| missing("sandbox status"))
    }

    async fn list_pod_sandboxes(
        &self,
        filter: Option<v1::PodSandboxFilter>,
    ) -> Result<Vec<v1::PodSandbox>, CriError> {
        let request = v1::ListPodSandboxRequest { filter };
        Ok(answer(self.runtime.clone().list_pod_sandbox(self.request(request)).await)?.items)
    }

    async fn create_container(
        &self,
        sandbox_id: &str,
        config: v1::ContainerConfig,
        sandbox_config: v1::PodSandboxConfig,
    ) -> Result<String, CriError> {
        let request = v1::CreateContainerRequest {
            pod_sandbox_id: sandbox_id.to_owned(),
            config: Some(config),
            sandbox_config: Some(sandbox_config),
        };
        Ok(answer(self.runtime.clone().create_container(self.request(request)).await)?.container_id)
    }

    async fn start_container(&self, id: &str) -> Result<(), CriError> {
        let request = v1::StartContainerRequest { container_id: id.to_owned() };
        answer(self.runtime.clone().start_container(self.request(request)).await).map(drop)
    }

    async fn stop_container(&self, id: &str, grace: Duration) -> Result<(), CriError> {
        let request =
            v1::StopContainerRequest { container_id: id.to_owned(), timeout: whole_seconds(grace) };
        let request = self.request_within(request, self.call_timeout.saturating_add(grace));
        answer(self.runtime.clone().stop_container(request).await).map(drop)
    }

    async fn remove_container(&self, id: &str) -> Result<(), CriError> {
        let request = v1::RemoveContainerRequest { container_id: id.to_owned() };
        answer(self.runtime.clone().remove_container(self.request(request)).await).map(drop)
    }

    async fn list_containers(
        &self,
        filter: Option<v1::ContainerFilter>,
    ) -> Result<Vec<v1::Container>, CriError> {
        let request = v1::ListContainersRequest { filter };
        Ok(answer(self.runtime.clone().list_containers(self.request(request)).await)?.containers)
    }

    async fn container_status(&self, id: &str) -> Result<v1::ContainerStatus, CriError> {
        let request = v1::ContainerStatusRequest { container_id: id.to_owned(), verbose: false };
        answer(self.runtime.clone().container_status(self.request(request)).await)?
            .status
            .ok_or_else(|| missing("container status"))
    }

    async fn exec_sync(
        &self,
        id: &str,
        command: &[String],
        timeout: Duration,
    ) -> Result<v1::ExecSyncResponse, CriError> {
        let request = v1::ExecSyncRequest {
            container_id: id.to_owned(),
            cmd: command.to_vec(),
            timeout: whole_seconds(timeout),
        };
        let limit = if timeout == NO_DEADLINE {
            self.call_timeout
        } else {
            self.call_timeout.saturating_add(timeout)
        };
        answer(self.runtime.clone().exec_sync(self.request_within(request, limit)).await)
    }

    async fn container_events(&self) -> Result<EventStream, CriError> {
        let mut runtime = self.runtime.clone();
        // A runtime may answer with the first event only, so nobody waits for its answer here;
        // what it refuses is the stream's first item. No deadline: the stream lasts as long as
        // its subscriber.
        let subscribe = async move {
            let request = Request::new(v1::GetEventsRequest {});
            runtime.get_container_events(request).await.map(Response::into_inner)
        };
        let events = futures_util::stream::once(subscribe).try_flatten();
        Ok(Box::pin(events.map(|item| item.map_err(CriError::from))))
    }

    async fn list_images(&self) -> Result<Vec<v1::Image>, CriError> {
        let request = v1::ListImagesRequest { filter: None };
        Ok(answer(self.images.clone().list_images(self.request(request)).await)?.images)
    }

    async fn image_status(&self, image: &v1::ImageSpec) -> Result<Option<v1::Image>, CriError> {
        let request = v1::ImageStatusRequest { image: Some(image.clone()), verbose: false };
        Ok(answer(self.images.clone().image_status(self.request(request)).await)?.image)
    }

    async fn pull_image(&self, image: &v1::ImageSpec) -> Result<String, CriError> {
        let request =
            v1::PullImageRequest { image: Some(image.clone()), auth: None, sandbox_config: None };
        Ok(answer(self.images.clone().pull_image(self.request(request)).await)?.image_ref)
    }

    async fn remove_image(&self, image: &v1::ImageSpec) -> Result<(), CriError> {
        let request = v1::RemoveImageRequest { image: Some(image.clone()) };
        answer(self.images.clone().remove_image(self.request(request)).await).map(drop)
    }
}
