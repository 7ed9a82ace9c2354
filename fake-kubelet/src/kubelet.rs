//! A kubelet that runs: started, asked, stopped.

use std::sync::Arc;
use std::time::Duration;

use cri_api::{AttachRequest, Code, Cri, CriError, ExecEvents, ExecRequest, v1};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::api::{ApiError, NodeApi, PodIdentity};
use crate::config::{Clock, KubeletConfig};
use crate::logs::{self, LogError, LogOptions, LogText};
use crate::metrics::Metrics;
use crate::node::Node;
use crate::streams;
use crate::sync_loop::{Command, SyncLoop};

/// Why a kubelet did not start.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StartError {
    /// The runtime does not answer.
    #[error("kubelet of node {node:?} cannot reach its container runtime: {source}")]
    Runtime {
        /// The node's name.
        node: String,
        /// What the call gave.
        source: CriError,
    },
    /// The API refused the node object.
    #[error("kubelet of node {node:?} cannot register: {source}")]
    Register {
        /// The node's name.
        node: String,
        /// What the API said.
        source: ApiError,
    },
}

/// Why a command could not be run in a container.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExecError {
    /// The pod does not run here.
    #[error("pod {namespace}/{name} does not run on node {node}")]
    PodNotFound {
        /// The pod's namespace.
        namespace: String,
        /// The pod's name.
        name: String,
        /// The node asked.
        node: String,
    },
    /// No such container runs in the pod; the text is the kubelet's.
    #[error("container not found ({container:?})")]
    ContainerNotFound {
        /// The container's name.
        container: String,
    },
    /// The runtime failed to run it.
    #[error("{0}")]
    Runtime(#[from] CriError),
}

/// A running kubelet. Dropping it stops it, as a killed process would stop:
/// containers keep running.
#[derive(Debug)]
pub struct Kubelet {
    node: Arc<Node>,
    commands: mpsc::UnboundedSender<Command>,
    task: JoinHandle<()>,
}

impl Kubelet {
    /// Starts a kubelet: registers the node or updates its status, adopts what
    /// runs already, and works on the pods bound to it from then on.
    ///
    /// Must be called in a tokio runtime; all waiting is on tokio's clock.
    ///
    /// # Errors
    /// [`StartError`] when the runtime does not answer or the API refuses the node.
    pub async fn start(
        config: KubeletConfig,
        api: Arc<dyn NodeApi>,
        cri: Arc<dyn Cri>,
        clock: Clock,
    ) -> Result<Self, StartError> {
        let node = Arc::new(Node::new(config, api, cri, clock));
        let (commands, inbox) = mpsc::unbounded_channel();
        let sync_loop = SyncLoop::start(Arc::clone(&node), inbox).await?;
        let task = tokio::spawn(sync_loop.run());
        Ok(Self { node, commands, task })
    }

    /// Stops the kubelet at once; running containers keep running.
    pub async fn stop(mut self) {
        self.task.abort();
        // An abort that came too late finds the task finished; both are fine.
        let _ = (&mut self.task).await;
    }

    /// The configuration it was started with.
    #[must_use]
    pub fn config(&self) -> &KubeletConfig {
        &self.node.config
    }

    /// Asks the runtime for its status now and writes the node's status,
    /// instead of waiting for the next period; done when it returns.
    pub async fn sync_node_status(&self) {
        let (done, waits) = oneshot::channel();
        if self.commands.send(Command::SyncNodeStatus(done)).is_ok() {
            // A stopped kubelet writes nothing more.
            let _ = waits.await;
        }
    }

    /// Runs a command in a running container and waits for it.
    ///
    /// # Errors
    /// [`ExecError`]; a command that exits with another code than 0 is no error.
    pub async fn exec(
        &self,
        pod: &PodIdentity,
        container: &str,
        command: &[String],
        timeout: Duration,
    ) -> Result<v1::ExecSyncResponse, ExecError> {
        let id = self.node.running_container(pod, container)?;
        Ok(self.node.cri.exec_sync(&id, command, timeout).await?)
    }

    /// Runs a command in a running container, its streams open.
    ///
    /// On a runtime whose streams cannot be reached, a command without standard input runs all
    /// the same; what it printed then comes in one piece when it has ended.
    ///
    /// # Errors
    /// [`ExecError`] when it was not started; a command that exits with another code than 0 is
    /// no error.
    pub async fn exec_stream(
        &self,
        pod: &PodIdentity,
        container: &str,
        request: ExecRequest,
    ) -> Result<ExecEvents, ExecError> {
        let id = self.node.running_container(pod, container)?;
        let reads = request.stdin.is_some();
        let (command, tty) = (request.command.clone(), request.tty);
        match self.node.cri.exec(&id, request).await {
            Err(error) if error.code == Code::Unimplemented && !reads => {
                Ok(streams::exec_sync_as_events(&*self.node.cri, &id, &command, tty).await?)
            }
            answer => Ok(answer?),
        }
    }

    /// Joins the streams of a running container's first process, from now on.
    ///
    /// # Errors
    /// [`ExecError`] when they cannot be reached.
    pub async fn attach(
        &self,
        pod: &PodIdentity,
        container: &str,
        request: AttachRequest,
    ) -> Result<ExecEvents, ExecError> {
        let id = self.node.running_container(pod, container)?;
        Ok(self.node.cri.attach(&id, request).await?)
    }

    /// A container's log.
    ///
    /// # Errors
    /// [`LogError`] when there is none to read.
    pub async fn logs(
        &self,
        pod: &PodIdentity,
        container: &str,
        options: LogOptions,
    ) -> Result<LogText, LogError> {
        let node = &self.node;
        let id = node.logged_container(pod, container, options.previous)?;
        let now = node.now();
        let answer = logs::read(Arc::clone(&node.cri), Arc::clone(&id), options, &now);
        answer.await.map_err(|error| {
            let id = format!("{}://{id}", node.runtime().name);
            LogError::of_runtime(error, &node.config.node_name, id)
        })
    }

    /// The kubelet's counters.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.node.metrics
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.task.abort();
    }
}
