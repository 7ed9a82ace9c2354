//! Whether pods find room, without a cluster around: the scheduler's filters and scores on nodes
//! and pods that somebody else keeps.

use std::sync::Arc;

use fake_kubelet::version::KubernetesVersion;
use k8s_openapi::api::core::v1::{Node, Pod};

use super::class::Class;
use super::demand::Demand;
use super::nodes::Nodes;

/// Nodes and what is taken of them.
#[derive(Debug)]
pub struct Room {
    nodes: Nodes,
    classes: Vec<Class>,
    version: KubernetesVersion,
}

/// Pods that ask for the same, in a [`Room`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomClass(usize);

impl Room {
    /// A room without nodes, as the scheduler of a version sees it.
    #[must_use]
    pub fn new(version: KubernetesVersion) -> Self {
        Self { nodes: Nodes::default(), classes: Vec::new(), version }
    }

    /// Adds a node, or writes one anew: its labels, taints, `allocatable`, and whether it is
    /// cordoned count.
    pub fn put_node(&mut self, node: &Arc<Node>) {
        self.nodes.put(node);
    }

    /// A class of pods that ask for what this one asks for.
    pub fn class(&mut self, pod: &Arc<Pod>) -> RoomClass {
        self.classes.push(Class::new(Demand::of(pod)));
        RoomClass(self.classes.len() - 1)
    }

    /// Counts a pod on a node.
    pub fn add_pod(&mut self, node: &str, class: RoomClass) {
        self.nodes.add_pod(node, &self.classes[class.0].demand);
    }

    /// Counts a pod on a node no more.
    pub fn remove_pod(&mut self, node: &str, class: RoomClass) {
        self.nodes.remove_pod(node, &self.classes[class.0].demand);
    }

    /// Places a pod where the scheduler would, and counts it there; gives the node.
    ///
    /// # Errors
    /// The scheduler's message, where no node takes it.
    pub fn place(&mut self, class: RoomClass) -> Result<Arc<str>, String> {
        let kept = &mut self.classes[class.0];
        kept.catch_up(&self.nodes, self.version);
        let best = kept.best().and_then(|id| self.nodes.get(id)).map(|node| Arc::clone(&node.name));
        match best {
            Some(node) => {
                self.nodes.choose(&node, &kept.demand);
                Ok(node)
            }
            None => Err(kept.message(&self.nodes, self.version)),
        }
    }
}
