//! The CRI contract, call by call.

use std::time::Duration;

use async_trait::async_trait;
use cri_api::{AttachRequest, Cri, CriError, EventStream, ExecEvents, ExecRequest, LogPage, v1};

use super::FakeRuntime;

#[async_trait]
impl Cri for FakeRuntime {
    async fn version(&self) -> Result<v1::VersionResponse, CriError> {
        Ok(self.profile().version())
    }

    async fn status(&self) -> Result<v1::StatusResponse, CriError> {
        Ok(self.profile().status())
    }

    async fn run_pod_sandbox(
        &self,
        config: v1::PodSandboxConfig,
        runtime_handler: &str,
    ) -> Result<String, CriError> {
        self.inner.run_pod_sandbox(config, runtime_handler)
    }

    async fn stop_pod_sandbox(&self, id: &str) -> Result<(), CriError> {
        self.inner.stop_pod_sandbox(id);
        Ok(())
    }

    async fn remove_pod_sandbox(&self, id: &str) -> Result<(), CriError> {
        self.inner.remove_pod_sandbox(id);
        Ok(())
    }

    async fn pod_sandbox_status(&self, id: &str) -> Result<v1::PodSandboxStatus, CriError> {
        self.inner.pod_sandbox_status(id)
    }

    async fn list_pod_sandboxes(
        &self,
        filter: Option<v1::PodSandboxFilter>,
    ) -> Result<Vec<v1::PodSandbox>, CriError> {
        Ok(self.inner.list_pod_sandboxes(filter))
    }

    async fn create_container(
        &self,
        sandbox_id: &str,
        config: v1::ContainerConfig,
        _sandbox_config: v1::PodSandboxConfig,
    ) -> Result<String, CriError> {
        self.inner.create_container(sandbox_id, config)
    }

    async fn start_container(&self, id: &str) -> Result<(), CriError> {
        self.inner.start_container(id)
    }

    async fn stop_container(&self, id: &str, grace: Duration) -> Result<(), CriError> {
        self.inner.stop_container(id, grace).await;
        Ok(())
    }

    async fn remove_container(&self, id: &str) -> Result<(), CriError> {
        self.inner.remove_container(id);
        Ok(())
    }

    async fn list_containers(
        &self,
        filter: Option<v1::ContainerFilter>,
    ) -> Result<Vec<v1::Container>, CriError> {
        Ok(self.inner.list_containers(filter))
    }

    async fn container_status(&self, id: &str) -> Result<v1::ContainerStatus, CriError> {
        self.inner.container_status(id)
    }

    async fn exec_sync(
        &self,
        id: &str,
        command: &[String],
        timeout: Duration,
    ) -> Result<v1::ExecSyncResponse, CriError> {
        self.inner.exec_sync(id, command, timeout).await
    }

    async fn exec(&self, id: &str, request: ExecRequest) -> Result<ExecEvents, CriError> {
        self.inner.exec(id, request)
    }

    async fn attach(&self, id: &str, request: AttachRequest) -> Result<ExecEvents, CriError> {
        self.inner.attach(id, request)
    }

    async fn container_log(&self, id: &str, from: u64, wait: bool) -> Result<LogPage, CriError> {
        self.inner.container_log(id, from, wait).await
    }

    async fn container_events(&self) -> Result<EventStream, CriError> {
        Ok(self.inner.subscribe(None))
    }

    async fn container_ends(&self) -> Result<EventStream, CriError> {
        Ok(self.inner.subscribe(Some(v1::ContainerEventType::ContainerStoppedEvent)))
    }

    async fn list_images(&self) -> Result<Vec<v1::Image>, CriError> {
        Ok(self.inner.list_images())
    }

    async fn image_status(&self, image: &v1::ImageSpec) -> Result<Option<v1::Image>, CriError> {
        Ok(self.inner.image_status(image))
    }

    async fn pull_image(&self, image: &v1::ImageSpec) -> Result<String, CriError> {
        self.inner.pull_image(image)
    }

    async fn remove_image(&self, image: &v1::ImageSpec) -> Result<(), CriError> {
        self.inner.images.remove(&image.image);
        Ok(())
    }
}
