//! What becomes of pods on nodes, by running them: every kind of pod on every kind of node, at
//! every moment of a change.
//!
//! Whether a kubelet admits a pod, and who its processes are, depends on the
//! pod's [`IdentityClass`] and the [`NodeState`] alone. So one pod of each class
//! runs on one node of each state, in one simulated cluster that goes through
//! the change as the real one would; the cost grows with the number of
//! different pods and nodes, not with the cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{
    Container, Node, NodeFeatures, NodeStatus, Pod, PodOS, PodSecurityContext, PodSpec,
    SecurityContext,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kubernetes_objects::resource::{self, Resource};
use thiserror::Error;

use super::images::Images;
use super::snapshot::{ContainerClass, IdentityClass};
use crate::check::parse_process_status;
use crate::cluster::{Cluster, ClusterError, DeleteOptions, NodeSetup, Object, Refusal};
use crate::nodes::{Component, NodeState};
use crate::scenario::{DEFAULT_NAMESPACE, RuntimeName};
use crate::target::{Simulation, TargetError};

/// How long pods may take to settle, in virtual time.
const SETTLE: Duration = Duration::from_secs(40);
/// Between two looks at the pods, in virtual time.
const LOOK: Duration = Duration::from_secs(2);
/// How long a command in a container may take.
const COMMAND: Duration = Duration::from_secs(10);

/// Why nothing could be tried.
#[derive(Debug, Error)]
pub enum TrialError {
    /// The tokio runtime could not be made.
    #[error("no tokio runtime can be made")]
    Runtime(#[from] std::io::Error),
    /// A component of the simulation did not start.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A simulated runtime cannot be changed.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The simulated API server refused what the plan itself asked.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// The cluster at one moment of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The API server.
    pub api_server: Component,
    /// What each class of nodes is; what the first moment says of the feature is what the node
    /// objects say before.
    pub nodes: Vec<NodeState>,
    /// Whether the node objects are deleted on the way here, so that they start afresh.
    pub fresh_nodes: bool,
}

/// What was seen at a [`Moment`].
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// What becomes of a pod that is made now: by class of nodes, by class of pods.
    pub fates: Vec<Vec<Fate>>,
    /// What each node object says of the feature.
    pub features: Vec<Option<bool>>,
}

/// What becomes of a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It runs; who its containers are, in the class's order.
    Runs(Vec<Identity>),
    /// The kubelet rejects it.
    Rejected {
        /// The pod's `status.reason`.
        reason: String,
        /// The pod's `status.message`.
        message: String,
    },
    /// It is made, and a container does not start.
    Waits {
        /// The container's reason.
        reason: String,
    },
    /// The API server refuses it.
    Refused {
        /// The answer.
        message: String,
    },
}

/// Who a container's process is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// The uid.
    pub uid: u32,
    /// The primary gid.
    pub gid: u32,
    /// The groups, the primary one among them.
    pub groups: BTreeSet<u32>,
}

/// Goes through the moments in order; gives what was seen at each.
///
/// # Errors
/// [`TrialError`].
pub fn run(
    images: &Images,
    classes: &[IdentityClass],
    moments: &[Moment],
) -> Result<Vec<Seen>, TrialError> {
    let tokio =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    tokio.block_on(go_through(images, classes, moments))
}

async fn go_through(
    images: &Images,
    classes: &[IdentityClass],
    moments: &[Moment],
) -> Result<Vec<Seen>, TrialError> {
    let Some((first, rest)) = moments.split_first() else { return Ok(Vec::new()) };
    let mut trial = Trial::start(images, first).await?;
    let mut seen = vec![trial.look(images, classes, first).await?];
    let mut before = first;
    for moment in rest {
        trial.move_on(before, moment).await?;
        seen.push(trial.look(images, classes, moment).await?);
        before = moment;
    }
    trial.cluster.stop().await;
    Ok(seen)
}

struct Trial {
    cluster: Cluster,
    pods: &'static Resource,
}

fn node_name(class: usize) -> String {
    format!("node-{class}")
}

fn pod_name(node: usize, class: usize) -> String {
    format!("pod-{node}-{class}")
}

/// As much as a node needs to have room for a pod of every class.
pub(super) fn ample() -> BTreeMap<String, Quantity> {
    [("cpu", "1M"), ("memory", "1Ei"), ("ephemeral-storage", "1Ei"), ("pods", "10M")]
        .map(|(name, amount)| (name.to_owned(), Quantity(amount.to_owned())))
        .into()
}

/// A node object with nothing but a name, labels, and what it says of the feature.
pub(super) fn node_object(
    name: &str,
    labels: BTreeMap<String, String>,
    feature: Option<bool>,
) -> Node {
    let features = feature.map(|value| NodeFeatures { supplemental_groups_policy: Some(value) });
    Node {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(labels),
            ..ObjectMeta::default()
        },
        spec: None,
        status: features
            .map(|features| NodeStatus { features: Some(features), ..NodeStatus::default() }),
    }
}

impl Trial {
    async fn start(images: &Images, moment: &Moment) -> Result<Self, TrialError> {
        let Component { version, gates } = &moment.api_server;
        let mut cluster = Cluster::without_nodes(*version, gates, &Simulation)?;
        let store = Arc::new(images.store());
        for (class, state) in moment.nodes.iter().enumerate() {
            let setup = NodeSetup {
                object: node_object(&node_name(class), BTreeMap::new(), state.feature),
                kubernetes: state.kubelet.version,
                feature_gates: state.kubelet.gates.clone(),
                runtime: RuntimeName::Release(state.profile()),
                capacity: ample(),
            };
            cluster.join(setup, &store, &Simulation).await?;
        }
        let pods = resource::find("", "v1", "pods").expect("the table has the core resources");
        Ok(Self { cluster, pods })
    }

    async fn move_on(&mut self, before: &Moment, after: &Moment) -> Result<(), TrialError> {
        for pod in self.cluster.api.pods() {
            let name = pod.metadata.name.as_deref().unwrap_or_default();
            let options =
                DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
            self.cluster.api.delete_object(self.pods, DEFAULT_NAMESPACE, name, &options)?;
        }
        tokio::time::sleep(LOOK).await;
        if before.api_server != after.api_server {
            let Component { version, gates } = &after.api_server;
            self.cluster.restart_api_server(*version, gates)?;
        }
        for (class, (old, new)) in before.nodes.iter().zip(&after.nodes).enumerate() {
            change_node(&mut self.cluster, &node_name(class), old, new, after.fresh_nodes).await?;
        }
        Ok(())
    }

    /// Makes a pod of every class on every node and looks what becomes of it.
    async fn look(
        &self,
        images: &Images,
        classes: &[IdentityClass],
        moment: &Moment,
    ) -> Result<Seen, TrialError> {
        let mut refusals: BTreeMap<(usize, usize), Fate> = BTreeMap::new();
        for node in 0..moment.nodes.len() {
            for (class, identity) in classes.iter().enumerate() {
                let mut pod = pod_of(identity, images);
                pod.metadata.name = Some(pod_name(node, class));
                pod.spec.get_or_insert_default().node_name = Some(node_name(node));
                let object = Object::Pod(Arc::new(pod));
                let made = self.cluster.api.create_object(
                    self.pods,
                    DEFAULT_NAMESPACE,
                    object,
                    "gidcheck",
                );
                if let Err(status) = made {
                    refusals.insert((node, class), Fate::Refused { message: status.to_string() });
                }
            }
        }
        self.settle().await;
        let mut seen = Seen::default();
        for node in 0..moment.nodes.len() {
            let mut fates = Vec::with_capacity(classes.len());
            for class in 0..classes.len() {
                fates.push(match refusals.remove(&(node, class)) {
                    Some(refused) => refused,
                    None => fate(&self.cluster, DEFAULT_NAMESPACE, &pod_name(node, class)).await,
                });
            }
            seen.fates.push(fates);
            seen.features.push(feature_of(&self.cluster, &node_name(node)));
        }
        Ok(seen)
    }

    /// Waits until no pod is on its way any more.
    async fn settle(&self) {
        let mut waited = Duration::ZERO;
        while waited < SETTLE {
            tokio::time::sleep(LOOK).await;
            waited += LOOK;
            let on_its_way = |pod: &Arc<Pod>| {
                let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
                phase.is_none_or(|phase| phase == "Pending")
            };
            if !self.cluster.api.pods().iter().any(on_its_way) {
                return;
            }
        }
    }
}

/// Brings a node from one state to another: first its runtime, then its kubelet.
pub(super) async fn change_node(
    cluster: &mut Cluster,
    name: &str,
    before: &NodeState,
    after: &NodeState,
    fresh: bool,
) -> Result<(), TrialError> {
    if before.runtime != after.runtime {
        let node = cluster.node(name)?;
        node.runtime.change(RuntimeName::Release(after.profile()))?;
    }
    if fresh {
        cluster.api.change_node(name, |node| {
            if let Some(status) = &mut node.status {
                status.features = None;
            }
        })?;
    }
    if before.kubelet != after.kubelet || fresh {
        let Component { version, gates } = &after.kubelet;
        cluster.restart_kubelet(name, *version, gates).await?;
    } else if before.runtime != after.runtime
        && let Some(kubelet) = cluster.node(name)?.kubelet()
    {
        kubelet.sync_node_status().await;
    }
    Ok(())
}

/// What a node object says of the feature.
pub(super) fn feature_of(cluster: &Cluster, name: &str) -> Option<bool> {
    let nodes = cluster.api.nodes();
    let node = nodes.iter().find(|node| node.metadata.name.as_deref() == Some(name))?;
    node.status.as_ref()?.features.as_ref()?.supplemental_groups_policy
}

/// A pod of a class, as the simulation runs it: nothing of the dump but what decides.
pub(super) fn pod_of(class: &IdentityClass, images: &Images) -> Pod {
    let container = |index: usize, container: &ContainerClass| Container {
        name: format!("c{index}"),
        image: Some(images.name(&container.image)),
        security_context: Some(SecurityContext {
            run_as_user: container.run_as_user,
            run_as_group: container.run_as_group,
            run_as_non_root: container.run_as_non_root,
            ..SecurityContext::default()
        }),
        ..Container::default()
    };
    let labels = class
        .os_label
        .as_ref()
        .map(|os| BTreeMap::from([("kubernetes.io/os".to_owned(), os.clone())]));
    let groups = &class.supplemental_groups;
    Pod {
        metadata: ObjectMeta { labels, ..ObjectMeta::default() },
        spec: Some(PodSpec {
            containers: class
                .containers
                .iter()
                .enumerate()
                .map(|(index, one)| container(index, one))
                .collect(),
            os: class.os.as_ref().map(|name| PodOS { name: name.clone() }),
            security_context: Some(PodSecurityContext {
                supplemental_groups_policy: class.policy.clone(),
                supplemental_groups: (!groups.is_empty()).then(|| groups.clone()),
                fs_group: class.fs_group,
                run_as_user: class.run_as_user,
                run_as_group: class.run_as_group,
                run_as_non_root: class.run_as_non_root,
                ..PodSecurityContext::default()
            }),
            ..PodSpec::default()
        }),
        status: None,
    }
}

/// What has become of a pod.
pub(super) async fn fate(cluster: &Cluster, namespace: &str, name: &str) -> Fate {
    let waits = |reason: &str| Fate::Waits { reason: reason.to_owned() };
    let Some(pod) = cluster.api.pod(namespace, name) else { return waits("Gone") };
    let Some(status) = &pod.status else { return waits("Pending") };
    if status.phase.as_deref() == Some("Failed") {
        return Fate::Rejected {
            reason: status.reason.clone().unwrap_or_default(),
            message: status.message.clone().unwrap_or_default(),
        };
    }
    let statuses = status.container_statuses.as_deref().unwrap_or_default();
    if let Some(waiting) =
        statuses.iter().filter_map(|one| one.state.as_ref()?.waiting.as_ref()).next()
    {
        let reason = waiting.reason.as_deref().unwrap_or_default();
        // A pod whose sandbox fails looks no different; its events say why.
        let reason = if reason == "ContainerCreating" { "FailedCreatePodSandBox" } else { reason };
        return waits(reason);
    }
    let containers = pod.spec.as_ref().map_or(0, |spec| spec.containers.len());
    let mut identities = Vec::with_capacity(containers);
    for index in 0..containers {
        match identity(cluster, &pod, &format!("c{index}")).await {
            Some(identity) => identities.push(identity),
            None => return waits("ContainerNotRunning"),
        }
    }
    Fate::Runs(identities)
}

async fn identity(cluster: &Cluster, pod: &Pod, container: &str) -> Option<Identity> {
    let command = ["cat".to_owned(), "/proc/1/status".to_owned()];
    let answer = cluster.exec(pod, Some(container), &command, COMMAND).await.ok()?;
    let seen = parse_process_status(&String::from_utf8_lossy(&answer.stdout))?;
    let number = |id: i64| u32::try_from(id).ok();
    let mut groups: BTreeSet<u32> =
        seen.groups.iter().filter_map(|group| number(group.id)).collect();
    let gid = number(seen.gid.id)?;
    groups.insert(gid);
    Some(Identity { uid: number(seen.uid.id)?, gid, groups })
}
