//! Puts any [`Cri`] implementation behind a unix socket.

use std::future::Future;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use thiserror::Error;
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use crate::v1::image_service_server::{ImageService, ImageServiceServer};
use crate::v1::runtime_service_server::{RuntimeService, RuntimeServiceServer};
use crate::{Cri, v1};

/// Why a socket could not be opened or served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Something that is not a socket stands at the path.
    #[error("{} exists and is not a socket; choose another path", .0.display())]
    NotASocket(PathBuf),
    /// Another process answers on the socket.
    #[error("another process listens on {}; stop it or choose another path", .0.display())]
    InUse(PathBuf),
    /// The socket could not be made.
    #[error("cannot listen on {}: {source}", path.display())]
    Bind {
        /// The socket's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The transport failed while serving.
    #[error("the server on the socket failed")]
    Transport(#[from] tonic::transport::Error),
}

/// Opens a socket that only its owner may use (mode 0600).
///
/// A socket that a dead process left at the path is replaced; anything else
/// there is left alone.
///
/// # Errors
/// [`ServeError`] says what stands in the way.
pub fn bind(path: &Path) -> Result<UnixListener, ServeError> {
    let failed = |source| ServeError::Bind { path: path.to_owned(), source };
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(ServeError::NotASocket(path.to_owned()));
        }
        Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => {
            return Err(ServeError::InUse(path.to_owned()));
        }
        Ok(_) => std::fs::remove_file(path).map_err(failed)?,
        Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

/// Serves `runtime` on the listener until `stop` completes.
///
/// # Errors
/// [`ServeError::Transport`] when the transport fails.
pub async fn serve(
    runtime: Arc<dyn Cri>,
    listener: UnixListener,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let face = Face { runtime };
    Server::builder()
        .add_service(RuntimeServiceServer::new(face.clone()))
        .add_service(ImageServiceServer::new(face))
        .serve_with_incoming_shutdown(UnixListenerStream::new(listener), stop)
        .await?;
    Ok(())
}

/// The gRPC face of a runtime.
#[derive(Clone)]
struct Face {
    runtime: Arc<dyn Cri>,
}

type Answer<T> = Result<Response<T>, Status>;

fn seconds(value: i64) -> Duration {
    Duration::from_secs(u64::try_from(value).unwrap_or(0))
}

fn required<T>(field: Option<T>, name: &str) -> Result<T, Status> {
    field.ok_or_else(|| Status::invalid_argument(format!("{name} is required")))
}

#[tonic::async_trait]
impl RuntimeService for Face {
    type GetContainerEventsStream = std::pin::Pin<
        Box<dyn futures_core::Stream<Item = Result<v1::ContainerEventResponse, Status>> + Send>,
    >;

    async fn version(&self, _: Request<v1::VersionRequest>) -> Answer<v1::VersionResponse> {
        Ok(Response::new(self.runtime.version().await?))
    }

    async fn status(&self, _: Request<v1::StatusRequest>) -> Answer<v1::StatusResponse> {
        Ok(Response::new(self.runtime.status().await?))
    }

    async fn run_pod_sandbox(
        &self,
        request: Request<v1::RunPodSandboxRequest>,
    ) -> Answer<v1::RunPodSandboxResponse> {
        let request = request.into_inner();
        let config = required(request.config, "config")?;
        let pod_sandbox_id = self.runtime.run_pod_sandbox(config, &request.runtime_handler).await?;
        Ok(Response::new(v1::RunPodSandboxResponse { pod_sandbox_id }))
    }

    async fn stop_pod_sandbox(
        &self,
        request: Request<v1::StopPodSandboxRequest>,
    ) -> Answer<v1::StopPodSandboxResponse> {
        self.runtime.stop_pod_sandbox(&request.into_inner().pod_sandbox_id).await?;
        Ok(Response::new(v1::StopPodSandboxResponse {}))
    }

    async fn remove_pod_sandbox(
        &self,
        request: Request<v1::RemovePodSandboxRequest>,
    ) -> Answer<v1::RemovePodSandboxResponse> {
        self.runtime.remove_pod_sandbox(&request.into_inner().pod_sandbox_id).await?;
        Ok(Response::new(v1::RemovePodSandboxResponse {}))
    }

    async fn pod_sandbox_status(
        &self,
        request: Request<v1::PodSandboxStatusRequest>,
    ) -> Answer<v1::PodSandboxStatusResponse> {
        let status = self.runtime.pod_sandbox_status(&request.into_inner().pod_sandbox_id).await?;
        Ok(Response::new(v1::PodSandboxStatusResponse {
            status: Some(status),
            ..Default::default()
        }))
    }

    async fn list_pod_sandbox(
        &self,
        request: Request<v1::ListPodSandboxRequest>,
    ) -> Answer<v1::ListPodSandboxResponse> {
        let items = self.runtime.list_pod_sandboxes(request.into_inner().filter).await?;
        Ok(Response::new(v1::ListPodSandboxResponse { items }))
    }

    async fn create_container(
        &self,
        request: Request<v1::CreateContainerRequest>,
    ) -> Answer<v1::CreateContainerResponse> {
        let request = request.into_inner();
        let config = required(request.config, "config")?;
        let sandbox_config = request.sandbox_config.unwrap_or_default();
        let container_id =
            self.runtime.create_container(&request.pod_sandbox_id, config, sandbox_config).await?;
        Ok(Response::new(v1::CreateContainerResponse { container_id }))
    }

    async fn start_container(
        &self,
        request: Request<v1::StartContainerRequest>,
    ) -> Answer<v1::StartContainerResponse> {
        self.runtime.start_container(&request.into_inner().container_id).await?;
        Ok(Response::new(v1::StartContainerResponse {}))
    }

    async fn stop_container(
        &self,
        request: Request<v1::StopContainerRequest>,
    ) -> Answer<v1::StopContainerResponse> {
        let request = request.into_inner();
        self.runtime.stop_container(&request.container_id, seconds(request.timeout)).await?;
        Ok(Response::new(v1::StopContainerResponse {}))
    }

    async fn remove_container(
        &self,
        request: Request<v1::RemoveContainerRequest>,
    ) -> Answer<v1::RemoveContainerResponse> {
        self.runtime.remove_container(&request.into_inner().container_id).await?;
        Ok(Response::new(v1::RemoveContainerResponse {}))
    }

    async fn list_containers(
        &self,
        request: Request<v1::ListContainersRequest>,
    ) -> Answer<v1::ListContainersResponse> {
        let containers = self.runtime.list_containers(request.into_inner().filter).await?;
        Ok(Response::new(v1::ListContainersResponse { containers }))
    }

    async fn container_status(
        &self,
        request: Request<v1::ContainerStatusRequest>,
    ) -> Answer<v1::ContainerStatusResponse> {
        let status = self.runtime.container_status(&request.into_inner().container_id).await?;
        Ok(Response::new(v1::ContainerStatusResponse {
            status: Some(status),
            ..Default::default()
        }))
    }

    async fn exec_sync(
        &self,
        request: Request<v1::ExecSyncRequest>,
    ) -> Answer<v1::ExecSyncResponse> {
        let request = request.into_inner();
        let timeout = seconds(request.timeout);
        let response = self.runtime.exec_sync(&request.container_id, &request.cmd, timeout).await?;
        Ok(Response::new(response))
    }

    async fn get_container_events(
        &self,
        _: Request<v1::GetEventsRequest>,
    ) -> Answer<Self::GetContainerEventsStream> {
        let events = self.runtime.container_events().await?;
        Ok(Response::new(Box::pin(events.map(|event| event.map_err(Status::from)))))
    }
}

#[tonic::async_trait]
impl ImageService for Face {
    async fn list_images(
        &self,
        _: Request<v1::ListImagesRequest>,
    ) -> Answer<v1::ListImagesResponse> {
        let images = self.runtime.list_images().await?;
        Ok(Response::new(v1::ListImagesResponse { images }))
    }

    async fn image_status(
        &self,
        request: Request<v1::ImageStatusRequest>,
    ) -> Answer<v1::ImageStatusResponse> {
        let spec = required(request.into_inner().image, "image")?;
        let image = self.runtime.image_status(&spec).await?;
        Ok(Response::new(v1::ImageStatusResponse { image, ..Default::default() }))
    }

    async fn pull_image(
        &self,
        request: Request<v1::PullImageRequest>,
    ) -> Answer<v1::PullImageResponse> {
        let spec = required(request.into_inner().image, "image")?;
        let image_ref = self.runtime.pull_image(&spec).await?;
        Ok(Response::new(v1::PullImageResponse { image_ref }))
    }

    async fn remove_image(
        &self,
        request: Request<v1::RemoveImageRequest>,
    ) -> Answer<v1::RemoveImageResponse> {
        let spec = required(request.into_inner().image, "image")?;
        self.runtime.remove_image(&spec).await?;
        Ok(Response::new(v1::RemoveImageResponse {}))
    }
}
