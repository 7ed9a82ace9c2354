//! The kubelet's main loop.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::api::ApiError;
use crate::kubelet::StartError;
use crate::node::Node;
use crate::status::node::{RuntimeView, new_node, node_status};

/// What a running kubelet can be asked.
#[derive(Debug)]
pub(crate) enum Command {
    /// Look at the runtime and write the node's status, then answer.
    SyncNodeStatus(oneshot::Sender<()>),
}

/// The state of the loop.
pub(crate) struct SyncLoop {
    node: Arc<Node>,
    commands: mpsc::UnboundedReceiver<Command>,
}

impl SyncLoop {
    pub(crate) async fn start(
        node: Arc<Node>,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> Result<Self, StartError> {
        let failed = |source| StartError::Runtime { node: node.config.node_name.clone(), source };
        let version = node.cri.version().await.map_err(failed)?;
        let status = node.cri.status().await.map_err(failed)?;
        node.set_runtime(RuntimeView::new(Ok(version), Ok(status), &RuntimeView::default()));
        let this = Self { node, commands };
        this.write_node_status().map_err(|source| StartError::Register {
            node: this.node.config.node_name.clone(),
            source,
        })?;
        Ok(this)
    }

    /// Registers the node if there is none and writes its status if it changed.
    fn write_node_status(&self) -> Result<(), ApiError> {
        let node = &self.node;
        let name = &node.config.node_name;
        if node.api.node(name).is_none() {
            node.api.create_node(new_node(&node.config))?;
        }
        let object = node.api.node(name);
        let previous = object.as_ref().and_then(|object| object.status.as_ref());
        let status = node_status(&node.config, &node.runtime(), previous, &node.now());
        if previous == Some(&status) {
            return Ok(());
        }
        node.api.update_node_status(name, status)
    }

    async fn sync_node_status(&self) {
        let previous = self.node.runtime();
        let version = self.node.cri.version().await;
        let status = self.node.cri.status().await;
        self.node.set_runtime(RuntimeView::new(version, status, &previous));
        // A node deleted in between is registered at the next period.
        let _ = self.write_node_status();
    }

    pub(crate) async fn run(mut self) {
        while let Some(command) = self.commands.recv().await {
            match command {
                Command::SyncNodeStatus(done) => {
                    self.sync_node_status().await;
                    let _ = done.send(());
                }
            }
        }
    }
}
