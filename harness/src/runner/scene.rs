//! What is seen of a cluster when a case ends: what happened in it, and who its containers are.

use std::fmt;
use std::time::Duration;

use k8s_openapi::api::core::v1::{ContainerStatus, Event, Pod};
use schemars::JsonSchema;
use serde::Serialize;

use crate::cluster::{Cluster, ClusterNode};
use crate::explain::origins::Member;
use crate::explain::report::{ContainerKind, Identity};
use crate::explain::volumes::VolumeGroups;
use crate::explain::{Found, containers};
use crate::target::Call;

/// The most happenings that are kept of a case; the oldest go first.
const MAX_HAPPENINGS: usize = 400;
/// The most containers that are kept of a case.
const MAX_CONTAINERS: usize = 50;
/// How many digits of a sandbox's or container's id tell it apart.
const ID_DIGITS: usize = 13;

/// What was seen when a case ended.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scene {
    /// What happened, oldest first.
    pub happenings: Vec<Happening>,
    /// The containers that there are, in the order of pods' names.
    pub containers: Vec<SeenContainer>,
}

/// Something that happened in a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Happening {
    /// When it first happened, in seconds after the cluster was made, by the cluster's clock.
    pub seconds: f64,
    /// What happened.
    #[serde(flatten)]
    pub what: Happened,
    /// How often.
    pub times: u32,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Happened {
    /// A component recorded an event.
    Event {
        /// `Normal` or `Warning`.
        severity: String,
        /// Its reason.
        reason: String,
        /// The name of the object that it is about.
        object: String,
        /// Its message.
        message: String,
    },
    /// A kubelet called its runtime.
    CriCall {
        /// The kubelet's node.
        node: String,
        /// The call's name in the contract.
        call: String,
        /// What it was about: a sandbox, a container, an image, a command.
        about: String,
        /// The error it ended with.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Happened::Event { severity, reason, object, message } => {
                write!(f, "{severity} {reason} {object}: {message}")?;
            }
            Happened::CriCall { call, about, error, .. } => {
                let about = if about.is_empty() { "" } else { &format!(" {about}") };
                write!(f, "CRI {call}{about}")?;
                if let Some(error) = error {
                    write!(f, " → {error}")?;
                }
            }
        }
        if self.times > 1 { write!(f, " ({} times)", self.times) } else { Ok(()) }
    }
}

/// A container that there is when a case ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenContainer {
    /// The namespace of its pod.
    pub namespace: String,
    /// The name of its pod.
    pub pod: String,
    /// Its name.
    pub name: String,
    /// What kind of container it is.
    pub kind: ContainerKind,
    /// The node that it is on.
    pub node: String,
    /// Its image, as the manifest has it.
    pub image: String,
    /// The pod's `supplementalGroupsPolicy`, as the API server keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Who its first process is.
    pub identity: Identity,
}

impl Scene {
    /// What is seen of a cluster now. Who containers are is known of simulated runtimes only.
    #[must_use]
    pub fn of(cluster: &Cluster) -> Self {
        Self { happenings: happenings(cluster), containers: seen_containers(cluster) }
    }
}

fn happenings(cluster: &Cluster) -> Vec<Happening> {
    let mut all: Vec<(Duration, Happening)> = Vec::new();
    for node in cluster.nodes() {
        let calls = node.runtime.calls().into_iter();
        all.extend(calls.map(|call| {
            let at = cluster.clock.elapsed_at(call.at);
            (at, of_call(at, node.name(), call))
        }));
    }
    for event in cluster.api.events() {
        let time = event.first_timestamp.as_ref();
        let at = time.map(|time| cluster.clock.elapsed_until(time)).unwrap_or_default();
        all.push((at, of_event(at, &event)));
    }
    // What a component records comes after the calls that it is about: the sort is stable.
    all.sort_by_key(|(at, _)| *at);
    all.drain(..all.len().saturating_sub(MAX_HAPPENINGS));
    all.into_iter().map(|(_, happening)| happening).collect()
}

fn of_call(at: Duration, node: &str, call: Call) -> Happening {
    let what = Happened::CriCall {
        node: node.to_owned(),
        call: call.name.to_owned(),
        about: short(&call.about).to_owned(),
        error: call.error,
    };
    Happening { seconds: at.as_secs_f64(), what, times: call.times }
}

fn of_event(at: Duration, event: &Event) -> Happening {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let what = Happened::Event {
        severity: text(&event.type_),
        reason: text(&event.reason),
        object: text(&event.involved_object.name),
        message: text(&event.message),
    };
    let times = event.count.and_then(|count| u32::try_from(count).ok()).unwrap_or(1);
    Happening { seconds: at.as_secs_f64(), what, times }
}

/// An identifier of a sandbox or container, cut to what tells it apart.
fn short(about: &str) -> &str {
    let is_id = about.len() == 64 && about.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id { &about[..ID_DIGITS] } else { about }
}

fn seen_containers(cluster: &Cluster) -> Vec<SeenContainer> {
    let pods = cluster.api.pods();
    let on_nodes = pods.iter().filter_map(|pod| {
        let node = pod.spec.as_ref()?.node_name.as_deref()?;
        Some((pod, cluster.node(node).ok()?))
    });
    on_nodes.flat_map(|(pod, node)| of_pod(pod, node)).take(MAX_CONTAINERS).collect()
}

fn of_pod(pod: &Pod, node: &ClusterNode) -> Vec<SeenContainer> {
    containers(pod).into_iter().filter_map(|found| of_container(pod, node, found)).collect()
}

fn of_container(pod: &Pod, node: &ClusterNode, found: Found) -> Option<SeenContainer> {
    let runtime = node.runtime.simulated()?;
    let Found { container, kind, index } = found;
    let status = status_of(pod, kind, &container.name)?;
    let (_, id) = status.container_id.as_deref()?.split_once("://")?;
    let resolved = runtime.resolved(id)?;
    let reference = container.image.clone().unwrap_or_default();
    let stored = runtime.images().find(&reference)?;
    let member = Member {
        pod,
        container: &container,
        volume_groups: &VolumeGroups::default(),
        kind,
        index,
        image: &stored.image,
        passwd: None,
        group: None,
    };
    let security = pod.spec.as_ref().and_then(|spec| spec.security_context.as_ref());
    Some(SeenContainer {
        namespace: pod.metadata.namespace.clone().unwrap_or_default(),
        pod: pod.metadata.name.clone().unwrap_or_default(),
        identity: member.explain(&resolved),
        name: container.name,
        kind,
        node: node.name().to_owned(),
        image: reference,
        policy: security.and_then(|security| security.supplemental_groups_policy.clone()),
    })
}

fn status_of<'a>(pod: &'a Pod, kind: ContainerKind, name: &str) -> Option<&'a ContainerStatus> {
    let status = pod.status.as_ref()?;
    let list = match kind {
        ContainerKind::Init => &status.init_container_statuses,
        ContainerKind::Regular => &status.container_statuses,
        ContainerKind::Ephemeral => &status.ephemeral_container_statuses,
    };
    list.iter().flatten().find(|status| status.name == name)
}
