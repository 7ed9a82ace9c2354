//! A small cluster: an API server, a scheduler, and nodes with their kubelets.

mod api_server;
mod clock;
mod controllers;
mod cron_schedule;
mod delays;
mod disruptions;
mod joining;
mod metrics;
mod namespace_contents;
mod node;
mod object;
mod owners;
mod policies;
mod refusal;
mod scheduler;
mod selection;
mod skew;
mod store;
mod strategy;
mod token_bucket;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cri_api::v1;
use fake_kubelet::api::PodIdentity;
use fake_kubelet::skew::SkewError;
use fake_kubelet::version::{FeatureGateError, FeatureGates, KubernetesVersion};
use fake_kubelet::{ExecError, StartError};
use k8s_openapi::api::core::v1::Pod;
use thiserror::Error;
use tokio::task::JoinHandle;

use crate::scenario::{ClusterSpec, DEFAULT_NODE, NodeSpec, RuntimeName, VersionSkew};
use crate::target::{NodeRequest, Target, TargetError};

pub use api_server::{
    ApiServer, DeleteOptions, ListOptions, Listed, Patched, Place, Propagation, Watch, WatchEvent,
    WatchOptions, Writing, Written,
};
pub use clock::{Clock, ClockHand};
pub use joining::NodeSetup;
pub use metrics::NAMES as METRIC_NAMES;
pub use node::ClusterNode;
pub use object::{Object, Typed, Untyped};
pub use refusal::Refusal;
pub(crate) use refusal::quoted;
pub use scheduler::{Room, RoomClass};
pub use selection::selects;
pub use store::{Change as ObjectChange, ChangeKind, Record};

/// How long it may take until nodes are marked for what has changed about them.
const SETTLE: Duration = Duration::from_secs(60);

/// Why a cluster could not be brought up or changed.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// A component refuses its feature gates.
    #[error(transparent)]
    FeatureGate(#[from] FeatureGateError),
    /// A kubelet did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The target could not give a runtime.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A kubelet and the API server are further apart than Kubernetes supports.
    #[error("node {node:?}: {error}; {}", error.advice())]
    Skew {
        /// The kubelet's node.
        node: String,
        /// The rule.
        error: SkewError,
    },
    /// The scenario names a node that the cluster does not have.
    #[error("the cluster has no node {0:?}")]
    NoSuchNode(String),
}

/// Why a command could not be run in a pod's container.
#[derive(Debug, Error)]
pub enum PodExecError {
    /// No such pod.
    #[error("pod {0:?} does not exist")]
    NoSuchPod(String),
    /// The pod runs nowhere yet, or its kubelet is stopped.
    #[error("pod {0:?} is not on a node")]
    NotOnANode(String),
    /// The kubelet or the runtime refused.
    #[error(transparent)]
    Kubelet(#[from] ExecError),
}

/// A running cluster. Dropping it ends its scheduler and its kubelets.
#[derive(Debug)]
pub struct Cluster {
    /// The API server.
    pub api: Arc<ApiServer>,
    /// What time it is there.
    pub clock: Clock,
    nodes: BTreeMap<String, ClusterNode>,
    api_gate_settings: BTreeMap<String, bool>,
    skew: VersionSkew,
    scheduler: JoinHandle<()>,
    scheduler_metrics: Arc<scheduler::SchedulerMetrics>,
    controllers: controllers::Controllers,
    own_service: Option<JoinHandle<()>>,
}

impl Cluster {
    /// Brings a cluster up as a scenario describes it, on the runtimes of a target.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn start(
        spec: &ClusterSpec,
        images: &Arc<fake_cri::ImageStore>,
        target: &dyn Target,
    ) -> Result<Self, ClusterError> {
        let clock = if target.has_virtual_time() { Clock::simulated() } else { Clock::real() };
        Self::start_at(spec, images, target, clock, false).await
    }

    /// Brings a cluster up whose time is that of a clock; `tracks_owners` where clients look at
    /// the owners of fields.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn start_at(
        spec: &ClusterSpec,
        images: &Arc<fake_cri::ImageStore>,
        target: &dyn Target,
        clock: Clock,
        tracks_owners: bool,
    ) -> Result<Self, ClusterError> {
        skew::check_start(spec)?;
        let version = spec.api_server.kubernetes.or(spec.kubernetes).unwrap_or_default().0;
        let gates = spec.api_server.feature_gates.as_ref().unwrap_or(&spec.feature_gates);
        let api = ApiServer::new(gates_of(version, gates)?, clock.clone(), target.new_cluster_id());
        let api = if tracks_owners { api.tracking_owners() } else { api };
        let mut cluster = Self::around(Arc::new(api), clock, gates);
        cluster.skew = spec.skew;
        if tracks_owners {
            let api = Arc::clone(&cluster.api);
            cluster.own_service = Some(tokio::spawn(api_server::keep_own_service(api)));
        }
        let default = [default_node()];
        let nodes = if spec.nodes.is_empty() { &default[..] } else { &spec.nodes };
        for node in nodes {
            cluster.add_node(spec, node, images, target).await?;
        }
        Ok(cluster)
    }

    /// Waits until each node is marked by taints for what is wrong with it, and for nothing else.
    pub async fn settle_taints(&self) {
        let mut changes = self.api.subscribe();
        let settled = async {
            while !self.api.nodes().iter().all(|node| controllers::has_right_taints(node)) {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        // Whoever changes nodes faster than they can be marked is not waited for.
        let _ = tokio::time::timeout(SETTLE, settled).await;
    }

    /// Brings a cluster up that has no nodes yet, and takes them as they come.
    ///
    /// # Errors
    /// [`ClusterError::FeatureGate`].
    pub fn without_nodes(
        version: KubernetesVersion,
        gates: &BTreeMap<String, bool>,
        target: &dyn Target,
    ) -> Result<Self, ClusterError> {
        let clock = if target.has_virtual_time() { Clock::simulated() } else { Clock::real() };
        let api = ApiServer::new(gates_of(version, gates)?, clock.clone(), target.new_cluster_id());
        Ok(Self::around(Arc::new(api), clock, gates))
    }

    /// The control plane of an API server.
    fn around(api: Arc<ApiServer>, clock: Clock, gates: &BTreeMap<String, bool>) -> Self {
        let (scheduler_metrics, scheduler) = scheduler::start(&api);
        let controllers = controllers::Controllers::start(&api);
        Self {
            api,
            clock,
            nodes: BTreeMap::new(),
            api_gate_settings: gates.clone(),
            skew: VersionSkew::Allowed,
            scheduler,
            scheduler_metrics,
            controllers,
            own_service: None,
        }
    }

    async fn add_node(
        &mut self,
        spec: &ClusterSpec,
        node: &NodeSpec,
        images: &Arc<fake_cri::ImageStore>,
        target: &dyn Target,
    ) -> Result<(), ClusterError> {
        let version = node.kubernetes.or(spec.kubernetes).unwrap_or_default().0;
        let gates = node.feature_gates.as_ref().unwrap_or(&spec.feature_gates);
        let number = self.next_number();
        let request = NodeRequest {
            node: &node.name,
            number,
            runtime: runtime_of(spec, node),
            images,
            clock: self.clock.clone(),
        };
        let runtime = target.node(request).await?;
        let mut added =
            ClusterNode::new(&node.name, node.labels.clone(), runtime, self.clock.clone());
        added.number = number;
        added.start_kubelet(version, gates, &self.api).await?;
        self.nodes.insert(node.name.clone(), added);
        self.make_part_of_the_cluster(&node.name);
        Ok(())
    }

    /// Makes a node that has just been registered one that has been there for a while: the mark
    /// that every new node has is gone if its kubelet is ready.
    fn make_part_of_the_cluster(&self, name: &str) {
        let now = self.clock.now();
        // A node that is gone again has no marks.
        let _ = self.api.change_node(name, |node| controllers::set_right_taints(node, &now));
    }

    /// The number of the node that joins next. Nodes never leave a cluster.
    fn next_number(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    /// The feature gates that are set on the API server.
    #[must_use]
    pub fn api_gate_settings(&self) -> &BTreeMap<String, bool> {
        &self.api_gate_settings
    }

    /// What the control plane counts, in the Prometheus text format.
    #[must_use]
    pub fn metrics(&self) -> String {
        metrics::render(self)
    }

    /// What the kubelets count, in the Prometheus text format, with the node as a label.
    #[must_use]
    pub fn kubelet_metrics(&self) -> String {
        metrics::render_nodes(self)
    }

    /// All nodes, by name.
    pub fn nodes(&self) -> impl Iterator<Item = &ClusterNode> {
        self.nodes.values()
    }

    /// The wall time that was spent inside CRI calls so far, of all nodes together.
    #[must_use]
    pub fn time_in_calls(&self) -> Duration {
        self.nodes.values().map(|node| node.runtime.time_in_calls()).sum()
    }

    /// A node by name.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn node(&self, name: &str) -> Result<&ClusterNode, ClusterError> {
        self.nodes.get(name).ok_or_else(|| ClusterError::NoSuchNode(name.to_owned()))
    }

    /// Restarts a node's kubelet with this version and these gates.
    ///
    /// # Errors
    /// [`ClusterError`]; a kubelet that refuses its gates leaves the old one running.
    pub async fn restart_kubelet(
        &mut self,
        name: &str,
        version: KubernetesVersion,
        gates: &BTreeMap<String, bool>,
    ) -> Result<(), ClusterError> {
        let node =
            self.nodes.get_mut(name).ok_or_else(|| ClusterError::NoSuchNode(name.to_owned()))?;
        node.start_kubelet(version, gates, &self.api).await
    }

    /// Stops a node's kubelet; its containers keep running, and the node says nothing any more.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub async fn stop_kubelet(&mut self, name: &str) -> Result<(), ClusterError> {
        let node =
            self.nodes.get_mut(name).ok_or_else(|| ClusterError::NoSuchNode(name.to_owned()))?;
        node.stop_kubelet().await;
        Ok(())
    }

    /// Starts a node's kubelet that was stopped, as it was.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn start_kubelet(&mut self, name: &str) -> Result<(), ClusterError> {
        let node =
            self.nodes.get_mut(name).ok_or_else(|| ClusterError::NoSuchNode(name.to_owned()))?;
        node.start_stopped_kubelet(&self.api).await
    }

    /// Restarts the API server with this version and these gates; objects stay.
    ///
    /// # Errors
    /// [`ClusterError::FeatureGate`].
    pub fn restart_api_server(
        &mut self,
        version: KubernetesVersion,
        gates: &BTreeMap<String, bool>,
    ) -> Result<(), ClusterError> {
        self.api.restart(gates_of(version, gates)?);
        self.api_gate_settings.clone_from(gates);
        Ok(())
    }

    /// Runs a command in a running container of a pod; the first container where none is named.
    ///
    /// # Errors
    /// [`PodExecError`].
    pub async fn exec(
        &self,
        pod: &Pod,
        container: Option<&str>,
        command: &[String],
        timeout: Duration,
    ) -> Result<v1::ExecSyncResponse, PodExecError> {
        let name = pod.metadata.name.clone().unwrap_or_default();
        let spec = pod.spec.as_ref();
        let kubelet = spec
            .and_then(|spec| spec.node_name.as_deref())
            .and_then(|node| self.nodes.get(node))
            .and_then(ClusterNode::kubelet)
            .ok_or_else(|| PodExecError::NotOnANode(name.clone()))?;
        let first = || spec.and_then(|spec| spec.containers.first()).map(|one| one.name.as_str());
        let container = container.or_else(first).unwrap_or_default();
        let identity = PodIdentity {
            namespace: pod.metadata.namespace.clone().unwrap_or_default(),
            name,
            uid: pod.metadata.uid.clone().unwrap_or_default(),
        };
        Ok(kubelet.exec(&identity, container, command, timeout).await?)
    }

    /// Ends the cluster: its kubelets stop and its pods are removed from their runtimes. Gives
    /// the wall time that was spent inside CRI calls.
    pub async fn stop(mut self) -> Duration {
        self.scheduler.abort();
        let mut in_calls = Duration::ZERO;
        for (_, node) in std::mem::take(&mut self.nodes) {
            in_calls += node.stop().await;
        }
        in_calls
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.scheduler.abort();
        if let Some(task) = &self.own_service {
            task.abort();
        }
    }
}

/// The runtime that a scenario asks for on a node.
#[must_use]
pub fn runtime_of(spec: &ClusterSpec, node: &NodeSpec) -> Option<RuntimeName> {
    node.runtime.or(spec.runtime)
}

fn default_node() -> NodeSpec {
    NodeSpec {
        name: DEFAULT_NODE.to_owned(),
        kubernetes: None,
        feature_gates: None,
        runtime: None,
        labels: BTreeMap::new(),
    }
}

fn gates_of(
    version: KubernetesVersion,
    gates: &BTreeMap<String, bool>,
) -> Result<FeatureGates, FeatureGateError> {
    FeatureGates::new(version, gates.iter().map(|(name, value)| (name.as_str(), *value)))
}
