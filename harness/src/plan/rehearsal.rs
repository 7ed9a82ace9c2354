//! The cluster in small, with scheduler and controllers: to measure storms, and to go through
//! an order step by step.
//!
//! Of each group of equal nodes two take part, of each controller two pods: what
//! tells them apart is all there. How fast rejected pods are replaced depends on
//! the limits of the controllers' clients, not on the number of nodes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value as Json, json};

use super::assess::{Making, is_merged_silently};
use super::groups::Groups;
use super::images::Images;
use super::nodes::Component;
use super::order::{LABEL, LABEL_VALUE, Part, Tried, can_be_pinned};
use super::report::Storm;
use super::snapshot::Snapshot;
use super::trial::{Moment, TrialError, ample, change_node, fate, pod_of};
use crate::cluster::{Cluster, NodeSetup};
use crate::report::shown_line;
use crate::scenario::{DEFAULT_NAMESPACE, RuntimeName};
use crate::target::Simulation;

/// Nodes of each group that take part.
const NODES: usize = 2;
/// Pods of each controller that take part.
const PODS: usize = 2;
/// Controllers that take part.
const CONTROLLERS: usize = 50;
/// How long a storm is watched before it is counted, in virtual time.
const WARM_UP: Duration = Duration::from_secs(10);
/// How long it is counted.
const COUNTED: Duration = Duration::from_secs(10);
/// How long everything may take to settle after a step.
const SETTLE: Duration = Duration::from_secs(20);
/// The kinds of controllers that the simulation has.
const SIMULATED: &[&str] = &["Deployment", "ReplicaSet", "DaemonSet"];

/// A node of the small cluster.
struct Member {
    name: String,
    group: usize,
}

struct Small<'a> {
    cluster: Cluster,
    members: Vec<Member>,
    snapshot: &'a Snapshot,
    groups: &'a Groups,
    images: &'a Images,
}

impl<'a> Small<'a> {
    async fn start(
        snapshot: &'a Snapshot,
        groups: &'a Groups,
        images: &'a Images,
        moment: &Moment,
    ) -> Result<Self, TrialError> {
        let Component { version, gates } = &moment.api_server;
        let mut cluster = Cluster::without_nodes(*version, gates, &Simulation)?;
        let store = Arc::new(images.store());
        let mut members = Vec::new();
        for (place, group) in groups.groups.iter().enumerate() {
            for at in group.nodes.iter().take(NODES) {
                let state = &moment.nodes[group.state];
                let mut object = group.object.clone();
                // Affinity may name nodes; else their own names would only be in the way.
                let own = object.metadata.name.clone().unwrap_or_default();
                let name = if own.is_empty() { format!("node-{at}") } else { own };
                object.metadata.name = Some(name.clone());
                if let Some(feature) = state.feature {
                    let status = object.status.get_or_insert_default();
                    status.features.get_or_insert_default().supplemental_groups_policy =
                        Some(feature);
                }
                let setup = NodeSetup {
                    object,
                    kubernetes: state.kubelet.version,
                    feature_gates: state.kubelet.gates.clone(),
                    runtime: RuntimeName::Release(state.profile()),
                    capacity: ample(),
                };
                cluster.join(setup, &store, &Simulation).await?;
                members.push(Member { name, group: place });
            }
        }
        Ok(Self { cluster, members, snapshot, groups, images })
    }

    /// The object of a controller; none for kinds that are not simulated.
    fn controller(&self, place: usize, making: &Making, pinned: bool) -> Option<Json> {
        let workload = &self.snapshot.workloads[making.workload];
        if !SIMULATED.contains(&workload.kind.as_str()) {
            return None;
        }
        let name = format!("workload-{place}");
        let (_, placement) = workload.template.or_else(|| {
            let pod = self.snapshot.pods.get(*workload.pods.first()?)?;
            Some((pod.identity, pod.placement))
        })?;
        let mut pod = pod_of(&self.snapshot.identities[making.identity], self.images);
        let spec = pod.spec.get_or_insert_default();
        let where_ = self.snapshot.placements[placement].pod.spec.clone().unwrap_or_default();
        spec.node_selector = where_.node_selector;
        spec.affinity = where_.affinity;
        spec.tolerations = where_.tolerations;
        if pinned {
            spec.node_selector
                .get_or_insert_default()
                .insert(LABEL.to_owned(), LABEL_VALUE.to_owned());
        }
        let labels = pod.metadata.labels.get_or_insert_default();
        labels.insert("workload".to_owned(), name.clone());
        let mut object = json!({
            "apiVersion": "apps/v1",
            "kind": workload.kind,
            "metadata": {"name": name},
            "spec": {
                "selector": {"matchLabels": {"workload": name}},
                "template": {"metadata": {"labels": labels}, "spec": pod.spec},
            },
        });
        if workload.kind != "DaemonSet" {
            let pods = workload.replicas.unwrap_or(making.pods).clamp(1, PODS);
            object["spec"]["replicas"] = json!(pods);
        }
        Some(object)
    }

    fn pods_of(&self, place: usize) -> impl Iterator<Item = Arc<Pod>> {
        let name = format!("workload-{place}");
        self.cluster.api.pods().into_iter().filter(move |pod| {
            let labels = pod.metadata.labels.as_ref();
            labels.and_then(|labels| labels.get("workload")) == Some(&name)
        })
    }

    fn rejected(&self, place: usize) -> u32 {
        let failed = |pod: &Arc<Pod>| phase(pod) == "Failed";
        u32::try_from(self.pods_of(place).filter(failed).count()).unwrap_or(u32::MAX)
    }
}

fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Pending")
}

fn block_on<T>(work: impl Future<Output = Result<T, TrialError>>) -> Result<T, TrialError> {
    let tokio =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    tokio.block_on(work)
}

/// How fast these controllers replace rejected pods after the change, all of them together.
///
/// # Errors
/// [`TrialError`].
pub fn storms(
    snapshot: &Snapshot,
    groups: &Groups,
    images: &Images,
    moment: &Moment,
    makings: &[&Making],
) -> Result<Vec<Storm>, TrialError> {
    if makings.is_empty() {
        return Ok(Vec::new());
    }
    block_on(async {
        let small = Small::start(snapshot, groups, images, moment).await?;
        let mut taken = Vec::new();
        for (place, making) in makings.iter().enumerate() {
            let object = small.controller(place, making, false).filter(|_| place < CONTROLLERS);
            if let Some(object) = &object {
                small.cluster.api.apply(object)?;
            }
            taken.push(object.is_some());
        }
        tokio::time::sleep(WARM_UP).await;
        let before: Vec<_> = (0..makings.len()).map(|place| small.rejected(place)).collect();
        tokio::time::sleep(COUNTED).await;
        let storms = makings.iter().enumerate().map(|(place, making)| {
            let workload = &snapshot.workloads[making.workload];
            Storm {
                namespace: shown_line(&workload.namespace),
                kind: shown_line(&workload.kind),
                name: shown_line(&workload.name),
                rejected_in_ten_seconds: taken[place]
                    .then(|| small.rejected(place).saturating_sub(before[place])),
            }
        });
        let storms = storms.collect();
        small.cluster.stop().await;
        Ok(storms)
    })
}

/// What was seen when an order was gone through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rehearsed {
    /// Nodes and controllers that took part.
    pub nodes: usize,
    /// Controllers that took part.
    pub controllers: usize,
    /// Node changes and other steps that were made.
    pub steps: usize,
    /// Pods that were rejected on the way.
    pub rejected: usize,
    /// Pods that still waited when a step had settled.
    pub pending: usize,
    /// The most pods that waited while a node was drained.
    pub waiting: usize,
    /// Controllers whose pods asked for Strict, had it, and ended with the image's groups.
    pub merged: usize,
}

/// Goes through an order: node by node, drained, changed, uncordoned.
///
/// # Errors
/// [`TrialError`].
pub fn rehearse(
    snapshot: &Snapshot,
    groups: &Groups,
    images: &Images,
    makings: &[Making],
    order: &Tried,
) -> Result<Rehearsed, TrialError> {
    let Some((first, rest)) = order.moments.split_first() else {
        return Ok(Rehearsed::default());
    };
    block_on(async {
        let mut small = Small::start(snapshot, groups, images, first).await?;
        let mut seen = Rehearsed { nodes: small.members.len(), ..Rehearsed::default() };
        let mut taken = Vec::new();
        for (place, making) in makings.iter().enumerate() {
            // Where pods cannot run even now, nothing can be seen.
            if taken.len() < CONTROLLERS
                && !making.groups.is_empty()
                && let Some(object) = small.controller(place, making, false)
            {
                small.cluster.api.apply(&object)?;
                taken.push(place);
            }
        }
        seen.controllers = taken.len();
        tokio::time::sleep(SETTLE).await;
        let merged_before = merged(&small, makings, &taken).await;
        let rejected_before: usize = taken.iter().map(|place| small.count(*place)).sum();
        if let Some(pinned) = &order.pinned {
            small.pin(pinned, makings, &taken)?;
            seen.steps += 1;
            tokio::time::sleep(SETTLE).await;
        }
        let mut before = first;
        for (part, moment) in order.parts.iter().zip(rest) {
            if *part == Part::ApiServer {
                let Component { version, gates } = &moment.api_server;
                small.cluster.restart_api_server(*version, gates)?;
                seen.steps += 1;
            } else {
                seen.steps += small.roll(before, moment, &taken, &mut seen.waiting).await?;
            }
            before = moment;
        }
        tokio::time::sleep(SETTLE).await;
        let rejected: usize = taken.iter().map(|place| small.count(*place)).sum();
        seen.rejected = rejected.saturating_sub(rejected_before);
        seen.pending = small.pending(&taken);
        seen.merged = merged(&small, makings, &taken).await.difference(&merged_before).count();
        small.cluster.stop().await;
        Ok(seen)
    })
}

impl Small<'_> {
    fn count(&self, place: usize) -> usize {
        usize::try_from(self.rejected(place)).unwrap_or(usize::MAX)
    }

    fn pending(&self, taken: &[usize]) -> usize {
        let waits = |pod: &Arc<Pod>| phase(pod) == "Pending";
        taken.iter().map(|place| self.pods_of(*place).filter(waits).count()).sum()
    }

    fn pin(
        &self,
        pinned: &BTreeSet<usize>,
        makings: &[Making],
        taken: &[usize],
    ) -> Result<(), TrialError> {
        for member in self.members.iter().filter(|member| pinned.contains(&member.group)) {
            self.cluster.api.change_node(&member.name, |node| {
                let labels = node.metadata.labels.get_or_insert_default();
                labels.insert(LABEL.to_owned(), LABEL_VALUE.to_owned());
            })?;
        }
        for place in taken {
            let making = &makings[*place];
            let workload = &self.snapshot.workloads[making.workload];
            let is_strict = self.snapshot.identities[making.identity].is_strict();
            if is_strict
                && can_be_pinned(workload)
                && let Some(object) = self.controller(*place, making, true)
            {
                self.cluster.api.apply(&object)?;
            }
        }
        Ok(())
    }

    /// Changes every node that differs, one at a time; gives how many.
    async fn roll(
        &mut self,
        before: &Moment,
        after: &Moment,
        taken: &[usize],
        waiting: &mut usize,
    ) -> Result<usize, TrialError> {
        let mut changed = 0;
        for at in 0..self.members.len() {
            let Member { name, group } = &self.members[at];
            let (name, state) = (name.clone(), self.groups.groups[*group].state);
            let (old, new) = (&before.nodes[state], &after.nodes[state]);
            if old == new {
                continue;
            }
            changed += 1;
            self.cordon(&name, true)?;
            for pod in self.cluster.api.pods_on(&name) {
                let pod_name = pod.metadata.name.as_deref().unwrap_or_default();
                // A DaemonSet's pods are left, as `--ignore-daemonsets` says.
                let owners = pod.metadata.owner_references.iter().flatten();
                if !owners.into_iter().any(|owner| owner.kind == "DaemonSet") {
                    self.cluster.api.delete_pod(DEFAULT_NAMESPACE, pod_name)?;
                }
            }
            tokio::time::sleep(SETTLE).await;
            *waiting = self.pending(taken).max(*waiting);
            change_node(&mut self.cluster, &name, old, new, after.fresh_nodes).await?;
            self.cordon(&name, false)?;
            tokio::time::sleep(SETTLE).await;
        }
        Ok(changed)
    }

    fn cordon(&self, name: &str, unschedulable: bool) -> Result<(), TrialError> {
        self.cluster.api.change_node(name, |node| {
            node.spec.get_or_insert_default().unschedulable = unschedulable.then_some(true);
        })?;
        Ok(())
    }
}

/// The controllers some of whose pods ask for Strict and have the image's groups.
async fn merged(small: &Small<'_>, makings: &[Making], taken: &[usize]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for place in taken {
        let class = &small.snapshot.identities[makings[*place].identity];
        for pod in small.pods_of(*place).filter(|pod| phase(pod) == "Running") {
            let name = pod.metadata.name.as_deref().unwrap_or_default();
            if is_merged_silently(class, &fate(&small.cluster, DEFAULT_NAMESPACE, name).await) {
                found.insert(*place);
            }
        }
    }
    found
}
