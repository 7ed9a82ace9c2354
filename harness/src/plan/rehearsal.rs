//! The cluster in small, with scheduler and controllers: to measure storms, and to go through
//! an order step by step.
//!
//! In a rehearsal two of each group of equal nodes take part, and two pods of each
//! controller: what tells them apart is all there. How fast rejected pods are
//! replaced depends on how many are missing at once, up to the limits of the
//! controllers' clients: storms are measured with nodes and replicas as they are,
//! in proportion where those are many.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;

use super::Groups;
use super::assess::{Making, is_merged_silently};
use super::images::Images;
use super::order::{LABEL, LABEL_VALUE, Part, Tried, can_be_pinned};
use super::report::Storm;
use super::small_cluster::{Member, Small, phase, replicas_of};
use super::snapshot::Snapshot;
use super::trial::{Moment, TrialError, change_node, fate};
use crate::nodes::Component;
use crate::report::shown_line;
use crate::scenario::DEFAULT_NAMESPACE;

/// Controllers that take part.
const CONTROLLERS: usize = 50;
/// Nodes of each group, and pods of each controller, that take part in a rehearsal.
const NODES: usize = 2;
const PODS: usize = 2;
/// Nodes of all groups that take part where storms are measured, about.
const NODES_IN_STORMS: usize = 100;
/// Pods of all controllers that take part where storms are measured, and of each one at least
/// and at most: more of them are not replaced faster.
const PODS_IN_STORMS: usize = 1_000;
const LEAST_PODS: usize = 20;
const MOST_PODS: usize = 100;
/// How many pods a second are made at least when a controller's client is at its limit: each is
/// a call and so is its event, twenty calls a second.
const MADE_A_SECOND: usize = 10;
/// How long rejections are not counted yet, in virtual time, then how long they are counted to
/// see whether they go on as fast.
const WARM_UP: Duration = Duration::from_secs(5);
/// How long they are counted for their rate: twice as long, in which a controller that backs off
/// comes to no more than before.
const COUNTED: Duration = Duration::from_secs(10);
/// How long everything may take to settle after a step.
const SETTLE: Duration = Duration::from_secs(20);

fn block_on<T>(work: impl Future<Output = Result<T, TrialError>>) -> Result<T, TrialError> {
    let tokio =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    tokio.block_on(work)
}

/// How fast these controllers replace rejected pods after the change, all of them together;
/// those that wait longer each time are left out.
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
        let nodes = in_proportion(groups);
        let most = PODS_IN_STORMS / makings.len().min(CONTROLLERS);
        let most = most.clamp(LEAST_PODS, MOST_PODS);
        let mut small = Small::start(snapshot, groups, images, moment, &nodes).await?;
        let mut taken = Vec::new();
        for (place, making) in makings.iter().enumerate() {
            let object = small.controller(place, making, most, false);
            let object = object.filter(|_| place < CONTROLLERS);
            if let Some(object) = &object {
                small.cluster.api.apply(object)?;
            }
            taken.push(object.is_some());
        }
        let counts = |small: &Small<'_>| -> Vec<_> {
            (0..makings.len()).map(|place| small.rejected(place)).collect()
        };
        // First those have to run that can.
        let pods = makings
            .iter()
            .take(CONTROLLERS)
            .map(|making| replicas_of(&snapshot.workloads[making.workload], making, most));
        let filled = pods.sum::<usize>() / MADE_A_SECOND;
        small.pass(Duration::from_secs(u64::try_from(filled).unwrap_or(u64::MAX))).await;
        small.pass(WARM_UP).await;
        let at_first = counts(&small);
        small.pass(WARM_UP).await;
        let before = counts(&small);
        small.pass(COUNTED).await;
        let after = counts(&small);
        let storms = makings.iter().enumerate().filter_map(|(place, making)| {
            let workload = &snapshot.workloads[making.workload];
            let rejected = after[place].saturating_sub(before[place]);
            let goes_on = goes_on(before[place].saturating_sub(at_first[place]), rejected);
            (!taken[place] || goes_on).then(|| Storm {
                namespace: shown_line(&workload.namespace),
                kind: shown_line(&workload.kind),
                name: shown_line(&workload.name),
                rejected_in_ten_seconds: taken[place]
                    .then(|| u32::try_from(rejected).unwrap_or(u32::MAX)),
            })
        });
        let storms = storms.collect();
        small.cluster.stop().await;
        Ok(storms)
    })
}

/// How many nodes of each group stand for the cluster, at least one of each.
fn in_proportion(groups: &Groups) -> Vec<usize> {
    let all: usize = groups.groups.iter().map(|group| group.nodes.len()).sum();
    let of = |nodes: usize| {
        if all <= NODES_IN_STORMS { nodes } else { (nodes * NODES_IN_STORMS / all).max(1) }
    };
    groups.groups.iter().map(|group| of(group.nodes.len())).collect()
}

/// Whether pods are rejected as fast as before in twice the time, rather than ever more seldom.
fn goes_on(before: usize, then: usize) -> bool {
    before > 0 && then * 2 > before * 3
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

/// Goes through an order: node by node, drained, changed, uncordoned. What `counts` is false of
/// takes part, and what becomes of it is not counted: it was broken before.
///
/// # Errors
/// [`TrialError`].
pub fn rehearse(
    snapshot: &Snapshot,
    groups: &Groups,
    images: &Images,
    makings: &[Making],
    order: &Tried,
    counts: impl Fn(&Making) -> bool,
) -> Result<Rehearsed, TrialError> {
    let Some((first, rest)) = order.moments.split_first() else {
        return Ok(Rehearsed::default());
    };
    block_on(async {
        let nodes = vec![NODES; groups.groups.len()];
        let mut small = Small::start(snapshot, groups, images, first, &nodes).await?;
        let mut seen = Rehearsed { nodes: small.members.len(), ..Rehearsed::default() };
        let mut taken = Vec::new();
        for (place, making) in makings.iter().enumerate() {
            // Where pods cannot run even now, nothing can be seen.
            if taken.len() < CONTROLLERS
                && !making.groups.is_empty()
                && let Some(object) = small.controller(place, making, PODS, false)
            {
                small.cluster.api.apply(&object)?;
                taken.push(place);
            }
        }
        seen.controllers = taken.len();
        let counted: Vec<_> =
            taken.iter().copied().filter(|place| counts(&makings[*place])).collect();
        small.pass(SETTLE).await;
        let merged_before = merged(&small, makings, &counted).await;
        let rejected_before: usize = counted.iter().map(|place| small.rejected(*place)).sum();
        if let Some(pinned) = &order.pinned {
            small.pin(pinned, makings, &taken)?;
            seen.steps += 1;
            small.pass(SETTLE).await;
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
        small.pass(SETTLE).await;
        let rejected: usize = counted.iter().map(|place| small.rejected(*place)).sum();
        seen.rejected = rejected.saturating_sub(rejected_before);
        seen.pending = small.pending(&taken);
        seen.merged = merged(&small, makings, &counted).await.difference(&merged_before).count();
        small.cluster.stop().await;
        Ok(seen)
    })
}

impl Small<'_> {
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
                && let Some(object) = self.controller(*place, making, PODS, true)
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
            self.pass(SETTLE).await;
            *waiting = self.pending(taken).max(*waiting);
            change_node(&mut self.cluster, &name, old, new, after.fresh_nodes).await?;
            self.cordon(&name, false)?;
            self.pass(SETTLE).await;
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
