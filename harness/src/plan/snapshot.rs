//! A cluster as a plan sees it: nodes, pods by what decides about them, and whose they are.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Affinity, Pod, TopologySpreadConstraint};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::Serialize;

use crate::nodes::NodeRecord;

/// What was read of a cluster. Everything is sorted by name; equal pods share their classes.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The nodes, by name.
    pub nodes: Vec<NodeRecord>,
    /// The pods, by namespace and name.
    pub pods: Vec<PodRecord>,
    /// The controllers and the pods without one, by namespace, kind and name.
    pub workloads: Vec<Workload>,
    /// What decides who a pod's processes are and whether a kubelet admits it.
    pub identities: Vec<IdentityClass>,
    /// What decides where a pod may run.
    pub placements: Vec<PlacementClass>,
    /// How many objects of each kind were read.
    pub understood: BTreeMap<String, usize>,
    /// How many objects of each kind play no part.
    pub passed_over: BTreeMap<String, usize>,
    /// Objects that could not be understood, at most [`MAX_PROBLEMS`] of them.
    pub problems: Vec<String>,
    /// How many objects could not be understood.
    pub problem_count: usize,
    /// How many objects were read more than once, and counted once.
    pub read_twice: usize,
    /// What the API server did not let us read, in the plural.
    pub not_read: Vec<&'static str>,
    /// The disruption budgets, by namespace and name.
    pub budgets: Vec<Budget>,
    /// The labels of pods, each set of them once.
    pub labels: Vec<BTreeMap<String, String>>,
    /// Whether some pods are placed by pod affinity or spreading, which a plan follows for drains.
    pub has_pod_affinity: bool,
    /// The version that the API server says it has, where it was asked.
    pub api_server_version: Option<String>,
}

/// The most objects that could not be understood and are named.
pub const MAX_PROBLEMS: usize = 20;

/// A disruption budget, as the cluster counts it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Budget {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Which pods it is about; none selects none.
    pub selector: Option<LabelSelector>,
    /// How many pods may be evicted now.
    pub allowed: Option<usize>,
    /// How many pods are healthy.
    pub healthy: Option<usize>,
    /// How many must be.
    pub wanted: Option<usize>,
    /// How many there are to be.
    pub expected: Option<usize>,
    /// Its active pods, in [`Snapshot::pods`].
    pub pods: Vec<usize>,
}

/// What decides who a pod's processes are and whether a kubelet admits the pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdentityClass {
    /// `supplementalGroupsPolicy`.
    pub policy: Option<String>,
    /// The pod's `runAsUser`.
    pub run_as_user: Option<i64>,
    /// The pod's `runAsGroup`.
    pub run_as_group: Option<i64>,
    /// The pod's `runAsNonRoot`.
    pub run_as_non_root: Option<bool>,
    /// `fsGroup`.
    pub fs_group: Option<i64>,
    /// `supplementalGroups`, in their order.
    pub supplemental_groups: Vec<i64>,
    /// `spec.os.name`.
    pub os: Option<String>,
    /// The label `kubernetes.io/os`, which kubelets check too.
    pub os_label: Option<String>,
    /// The containers, then the init containers.
    pub containers: Vec<ContainerClass>,
}

impl IdentityClass {
    /// Whether the pod asks for Strict.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.policy.as_deref() == Some(fake_kubelet::admission::STRICT)
    }

    /// The user that the manifest gives a container.
    #[must_use]
    pub fn user_of(&self, container: &ContainerClass) -> Option<i64> {
        container.run_as_user.or(self.run_as_user)
    }

    /// The primary group that the manifest gives a container.
    #[must_use]
    pub fn group_of(&self, container: &ContainerClass) -> Option<i64> {
        container.run_as_group.or(self.run_as_group)
    }

    /// The groups that the manifest asks for.
    pub fn requested(&self) -> impl Iterator<Item = i64> + '_ {
        self.fs_group.into_iter().chain(self.supplemental_groups.iter().copied())
    }
}

/// A container's part in an [`IdentityClass`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContainerClass {
    /// Its name.
    pub name: String,
    /// The image's reference.
    pub image: String,
    /// `runAsUser`.
    pub run_as_user: Option<i64>,
    /// `runAsGroup`.
    pub run_as_group: Option<i64>,
    /// `runAsNonRoot`.
    pub run_as_non_root: Option<bool>,
    /// Whether it is an init container.
    pub is_init: bool,
}

/// What decides where a pod may run: node selector, affinity, tolerations, requests.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacementClass {
    /// A pod with these and nothing else.
    pub pod: Pod,
    /// What it asks of other pods, where it does.
    pub among_pods: Option<AmongPods>,
}

/// What a pod asks of where other pods are.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AmongPods {
    /// Pod affinity and anti-affinity.
    pub affinity: Option<Affinity>,
    /// Topology spread constraints.
    pub spread: Option<Vec<TopologySpreadConstraint>>,
}

/// A pod's phase, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It waits for a node or for its containers.
    Pending,
    /// It runs, or its phase is not known.
    Running,
    /// It failed because its kubelet rejected Strict.
    Rejected,
    /// It succeeded or failed otherwise.
    Ended,
}

/// A pod.
#[derive(Debug, Clone, PartialEq)]
pub struct PodRecord {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Where it runs, in [`Snapshot::nodes`].
    pub node: Option<usize>,
    /// In [`Snapshot::identities`].
    pub identity: usize,
    /// In [`Snapshot::placements`].
    pub placement: usize,
    /// In [`Snapshot::workloads`].
    pub workload: usize,
    /// In [`Snapshot::labels`].
    pub labels: usize,
    /// Its phase.
    pub phase: Phase,
    /// Who its containers are, in the class's order, as far as the cluster reports it.
    pub reported: Vec<Option<Reported>>,
}

impl PodRecord {
    /// Whether it runs or is to run.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Pending | Phase::Running)
    }
}

/// An identity in a container's status.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reported {
    /// The uid.
    pub uid: i64,
    /// The primary gid.
    pub gid: i64,
    /// The groups.
    pub groups: Vec<i64>,
}

/// Who makes a pod again when it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recreation {
    /// A controller, wherever the scheduler then says.
    Controller,
    /// A `DaemonSet`, on the same node.
    OnTheSameNode,
    /// The node's kubelet, from a file.
    Kubelet,
    /// Nobody.
    Never,
}

/// A controller, or a pod without one.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// Its namespace.
    pub namespace: String,
    /// Its kind; `Pod` for one without controller.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Who makes its pods again.
    pub recreation: Recreation,
    /// How many pods it wants, where that is known.
    pub replicas: Option<usize>,
    /// What its next pods are: places in [`Snapshot::identities`] and [`Snapshot::placements`].
    pub template: Option<(usize, usize)>,
    /// The labels of its next pods, in [`Snapshot::labels`].
    pub template_labels: Option<usize>,
    /// Its pods, in [`Snapshot::pods`].
    pub pods: Vec<usize>,
}

impl Workload {
    /// `shop/Deployment/web`
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}/{}/{}", self.namespace, self.kind, self.name)
    }
}
