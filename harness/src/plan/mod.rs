//! What an upgrade would do to a cluster: `gidcheck plan`.
//!
//! A plan has no rules of its own. It reads a cluster ([`input`]), builds what
//! it read in the simulation, runs the change there ([`trial`]), rehearses the
//! order with scheduler and controllers ([`rehearsal`]), and puts what it saw
//! into words ([`report`], [`words`]).

pub mod assess;
pub mod change;
mod drains;
pub mod images;
pub mod input;
pub mod order;
pub mod rehearsal;
pub mod report;
mod small_cluster;
pub mod snapshot;
pub mod trial;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};

use fake_cri::Image;
use fake_kubelet::skew::{self, MOST_MINORS_BEHIND};
use fake_kubelet::version::KubernetesVersion;
use thiserror::Error;

use crate::nodes::{self, ApiServerSigns, Assumptions, Component, NodeState, supports};
use crate::report::{counted, shown_line};
use assess::Making;
use change::{Change, ChangeError};
use images::Images;
use order::{Ends, Tried};
use report::{Assumption, ClusterSummary, Effect, NodeFinding, NodeProblem, Plan, SCHEMA};
use snapshot::Snapshot;
use trial::{Moment, Seen, TrialError};

/// Nodes by what they are before and after a change.
pub type Groups = nodes::Groups<(NodeState, NodeState)>;

/// How many nodes an assumption names.
const NAMED: usize = 5;

/// Why there is no plan.
#[derive(Debug, Error)]
pub enum PlanError {
    /// The change makes no sense.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// Nobody says which version there is now, so that no change can be told from none.
    #[error(
        "no node says its kubelet's version (status.nodeInfo.kubeletVersion); write the nodes \
         again with `kubectl get nodes -o json`, or say the version with --api-server"
    )]
    NoVersion,
    /// The simulation failed.
    #[error("the cluster cannot be built in the simulation")]
    Trial(#[from] TrialError),
}

/// What is known besides the dump.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The API server's version now.
    pub api_server: Option<KubernetesVersion>,
    /// The gates that are set now, on every component that has them.
    pub gates: BTreeMap<String, bool>,
    /// Images from archives.
    pub images: Vec<Image>,
}

/// Says what a change would do to a cluster.
///
/// # Errors
/// [`PlanError`].
pub fn compute(snapshot: &Snapshot, change: &Change, known: &Known) -> Result<Plan, PlanError> {
    if change.kubernetes.is_none() && change.runtimes.is_empty() && change.feature_gates.is_empty()
    {
        return Err(ChangeError::Nothing.into());
    }
    let mut assumptions = Assumptions::default();
    let api_server = api_server_signs(snapshot, known);
    let usual = nodes::usual_version(&snapshot.nodes, api_server).ok_or(PlanError::NoVersion)?;
    let as_they_say = nodes::Instead::default();
    let before = nodes::states(&snapshot.nodes, usual, &known.gates, as_they_say, &mut assumptions);
    let api_before = nodes::api_server(api_server, &known.gates, &before, &mut assumptions);
    let after = change.nodes(snapshot, &before, &mut assumptions)?;
    let api_after = change.component("an API server", &api_before, &mut assumptions)?;
    let images = Images::gather(snapshot, &known.images);
    let groups = groups(snapshot, &before, &after);
    let makings = assess::makings(snapshot, &groups);
    let ends = Ends { api_before: &api_before, api_after: &api_after, states: &groups.states };
    let moments = ends.moments(&[order::Part::ApiServer, order::Part::Nodes], false);
    let seen = trial::run(&images, &snapshot.identities, &moments)?;
    let (Some(first), Some(last)) = (seen.first(), seen.last()) else {
        return Err(ChangeError::Nothing.into());
    };
    let (findings, already) = assess::findings(snapshot, &groups, &makings, first, last);
    let storms = storms(snapshot, &groups, &images, &makings, &moments, last)?;
    let node_findings = node_findings(snapshot, &groups, &ends, first, last);
    let (best, tried) = order::find(snapshot, &groups, &makings, &images, &ends)?;
    let mut order = order::write(snapshot, &groups, &makings, &ends, &best, &tried);
    let skewed = skewed_on_the_way(&best);
    if !skewed.is_empty() {
        order.safe = false;
        order.steps.clear();
        order.why_not.extend(skewed);
    }
    if order.safe {
        rehearse(snapshot, &groups, &images, &makings, &best, first, &mut order)?;
    }
    if snapshot.has_pod_affinity {
        assumptions.add(
            "Pod affinity and topology spread count where nodes are drained, and nowhere else: they \
             do not change whether a node rejects a pod",
        );
    }
    // `HandlePodAdditions` and `HandlePodCleanups` in `pkg/kubelet` of 1.36.
    let is_static = |making: &&Making| {
        snapshot.workloads[making.workload].recreation == snapshot::Recreation::Kubelet
    };
    if makings.iter().filter(is_static).any(|making| is_rejected(&groups, making, last)) {
        assumptions.add(
            "A static pod that its kubelet rejects stops and stays Failed, and nothing runs in \
             its place: drains leave it where it is, and the kubelet looks at it again only when \
             it starts anew or the pod's file changes",
        );
    }
    let drains = drains::findings(snapshot, &groups, &best, &mut assumptions);
    if snapshot.read_twice > 0 {
        let objects = counted(snapshot.read_twice, "object");
        let were = if snapshot.read_twice == 1 { "was" } else { "were" };
        assumptions.add(format!("{objects} {were} read more than once and count only once"));
    }
    for what in &snapshot.not_read {
        assumptions.add(format!(
            "The API server does not let these credentials list {what}: nothing is said of them"
        ));
    }
    let breaks = !order.safe
        || findings.iter().any(|finding| finding.effect.breaks())
        || node_findings.iter().any(|finding| !finding.already);
    Ok(Plan {
        schema: SCHEMA.to_owned(),
        breaks,
        cluster: summary(snapshot),
        change: change_lines(snapshot, &before, &after, &api_before, &api_after),
        findings,
        already,
        nodes: node_findings,
        storms,
        drains,
        order,
        assumptions: assumptions
            .iter()
            .map(|(text, nodes)| Assumption {
                text: text.to_owned(),
                nodes: nodes.len(),
                named: nodes.iter().take(NAMED).cloned().collect(),
            })
            .collect(),
        contradictions: images.contradictions().map(str::to_owned).collect(),
    })
}

fn api_server_signs<'a>(snapshot: &'a Snapshot, known: &Known) -> ApiServerSigns<'a> {
    ApiServerSigns {
        given: known.api_server,
        says: snapshot.api_server_version.as_deref(),
        keeps_policies: snapshot.identities.iter().any(|class| class.policy.is_some())
            || snapshot.nodes.iter().any(|node| node.feature.is_some()),
    }
}

fn groups(snapshot: &Snapshot, before: &[NodeState], after: &[NodeState]) -> Groups {
    let states: Vec<_> = before.iter().cloned().zip(after.iter().cloned()).collect();
    let placements: Vec<_> = snapshot.placements.iter().map(|class| &class.pod).collect();
    Groups::new(&snapshot.nodes, &states, &placements)
}

fn summary(snapshot: &Snapshot) -> ClusterSummary {
    let active = || snapshot.pods.iter().filter(|pod| pod.is_active());
    ClusterSummary {
        nodes: snapshot.nodes.len(),
        pods: active().count(),
        strict_pods: active().filter(|pod| snapshot.identities[pod.identity].is_strict()).count(),
        passed_over: snapshot.passed_over.clone(),
        left_out: snapshot.problem_count,
        left_out_reasons: snapshot.problems.clone(),
    }
}

fn component_words(component: &Component) -> String {
    let gates: Vec<_> =
        component.gates.iter().map(|(name, value)| format!(" {name}={value}")).collect();
    format!("1.{}{}", component.version.minor(), gates.concat())
}

fn change_lines(
    snapshot: &Snapshot,
    before: &[NodeState],
    after: &[NodeState],
    api_before: &Component,
    api_after: &Component,
) -> Vec<String> {
    let mut lines = Vec::new();
    if api_before != api_after {
        let (from, to) = (component_words(api_before), component_words(api_after));
        lines.push(format!("API server: {from} → {to}"));
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for ((_, before), after) in
        snapshot.nodes.iter().zip(before).zip(after).filter(|((node, _), _)| !node.is_windows)
    {
        if before.kubelet != after.kubelet {
            let (from, to) = (component_words(&before.kubelet), component_words(&after.kubelet));
            *counts.entry(format!("kubelet: {from} → {to}")).or_default() += 1;
        }
        if before.runtime != after.runtime {
            let line = format!("runtime: {} → {}", before.runtime, after.runtime);
            *counts.entry(line).or_default() += 1;
        }
    }
    let on_nodes =
        counts.into_iter().map(|(line, count)| format!("{line}, on {}", counted(count, "node")));
    lines.extend(on_nodes);
    if lines.is_empty() {
        lines.push("nothing: the cluster is as asked already".to_owned());
    }
    lines
}

/// Whether some node rejects these pods, at a moment.
fn is_rejected(groups: &Groups, making: &Making, seen: &Seen) -> bool {
    making.groups.iter().any(|group| {
        let state = groups.groups[*group].state;
        matches!(seen.fates[state][making.identity], trial::Fate::Rejected { .. })
    })
}

fn storms(
    snapshot: &Snapshot,
    groups: &Groups,
    images: &Images,
    makings: &[Making],
    moments: &[Moment],
    last: &Seen,
) -> Result<Vec<report::Storm>, PlanError> {
    let Some(moment) = moments.last() else { return Ok(Vec::new()) };
    let rejects = |making: &&Making| is_rejected(groups, making, last);
    let recreates = |making: &&Making| {
        matches!(
            snapshot.workloads[making.workload].recreation,
            snapshot::Recreation::Controller | snapshot::Recreation::OnTheSameNode
        )
    };
    let mut moment = moment.clone();
    for (state, feature) in moment.nodes.iter_mut().zip(&last.features) {
        state.feature = *feature;
    }
    let storming: Vec<_> = makings.iter().filter(recreates).filter(rejects).collect();
    let mut storms = rehearsal::storms(snapshot, groups, images, &moment, &storming)?;
    storms.retain(|storm| storm.rejected_in_ten_seconds != Some(0));
    storms.sort_by_key(|storm| std::cmp::Reverse(storm.rejected_in_ten_seconds));
    Ok(storms)
}

fn node_findings(
    snapshot: &Snapshot,
    groups: &Groups,
    ends: &Ends<'_>,
    first: &Seen,
    last: &Seen,
) -> Vec<NodeFinding> {
    let mut found: BTreeMap<(NodeProblem, bool, String), Vec<String>> = BTreeMap::new();
    for group in &groups.groups {
        let (before, after) = &groups.states[group.state];
        let names = || group.nodes.iter().map(|at| shown_line(&snapshot.nodes[*at].name));
        let stale = |features: &[Option<bool>], state: &NodeState| {
            features[group.state] == Some(true) && !supports(state.profile())
        };
        if stale(&last.features, after) {
            let already = stale(&first.features, before);
            let text = format!(
                "the node says that it honours the policy, and {} does not: Strict pods are \
                 admitted and merged silently. Deleting the node object and restarting the \
                 kubelet cures it",
                after.runtime
            );
            let key = (NodeProblem::StaleFeature, already, text);
            found.entry(key).or_default().extend(names());
        }
        if let Some(text) = skew(ends.api_after, &after.kubelet) {
            let already = skew(ends.api_before, &before.kubelet).is_some();
            let key = (NodeProblem::UnsupportedSkew, already, text);
            found.entry(key).or_default().extend(names());
        }
    }
    found
        .into_iter()
        .map(|((what, already, text), mut nodes)| {
            nodes.sort();
            NodeFinding { what, already, nodes, text }
        })
        .collect()
}

/// The minor version of the API server at an order's end.
fn final_version(best: &Tried) -> u8 {
    best.moments.last().map_or(0, |moment| moment.api_server.version.minor())
}

/// Where an order would leave a kubelet and the API server further apart than is supported, and
/// they are not so at the start.
fn skewed_on_the_way(best: &Tried) -> BTreeSet<String> {
    let skews = |moment: &Moment| -> BTreeSet<(String, u8)> {
        let of = |state: &NodeState| {
            skew(&moment.api_server, &state.kubelet)
                .map(|text| (text, state.kubelet.version.minor()))
        };
        moment.nodes.iter().filter_map(of).collect()
    };
    let Some((first, later)) = best.moments.split_first() else { return BTreeSet::new() };
    let known = skews(first);
    later
        .iter()
        .flat_map(skews)
        .filter(|skew| !known.contains(skew))
        .map(|(text, kubelet)| match kubelet.checked_add(MOST_MINORS_BEHIND) {
            Some(next) if next < final_version(best) => {
                format!("{text}; go in two steps: plan --kubernetes 1.{next} and do that first")
            }
            _ => text,
        })
        .collect()
}

fn skew(api_server: &Component, kubelet: &Component) -> Option<String> {
    skew::check(api_server.version, kubelet.version).err().map(|error| error.to_string())
}

/// Goes through the order with scheduler and controllers, which have the last word.
fn rehearse(
    snapshot: &Snapshot,
    groups: &Groups,
    images: &Images,
    makings: &[Making],
    best: &Tried,
    first: &Seen,
    order: &mut report::Order,
) -> Result<(), PlanError> {
    let strict: Vec<_> = makings
        .iter()
        .filter(|making| snapshot.identities[making.identity].is_strict())
        .cloned()
        .collect();
    // What is broken on some nodes before the change breaks during the change, too, wherever the
    // scheduler happens to put it; but for pods that select other nodes first.
    let counts = |making: &Making| {
        let selects =
            best.pinned.is_some() && order::can_be_pinned(&snapshot.workloads[making.workload]);
        selects || making.is_whole(snapshot, groups, first)
    };
    let seen = rehearsal::rehearse(snapshot, groups, images, &strict, best, counts)?;
    if seen.rejected + seen.merged > 0 {
        order.safe = false;
        order.steps.clear();
        order.why_not.push(format!(
            "with scheduler and controllers, {} rejected, and pods of {} got the image's groups, \
             though Strict, while this was rehearsed",
            counted(seen.rejected, "pod"),
            counted(seen.merged, "controller")
        ));
    }
    order.rehearsal = vec![
        format!(
            "{} with {}, {} made, with scheduler and controllers",
            counted(seen.nodes, "node"),
            counted(seen.controllers, "Strict controller"),
            counted(seen.steps, "step")
        ),
        format!(
            "{} rejected, {} left Pending, {} with the image's groups though Strict",
            counted(seen.rejected, "pod"),
            seen.pending,
            counted(seen.merged, "controller")
        ),
    ];
    if seen.waiting > 0 {
        order.rehearsal.push(format!(
            "up to {} waited while a node was drained, for no other node would take them",
            counted(seen.waiting, "pod")
        ));
    }
    Ok(())
}

impl Effect {
    /// In words, as a heading.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Rejected => "Rejected when made again",
            Self::StrictMergedSilently => "Strict, and merged silently",
            Self::DoesNotStart => "A container does not start",
            Self::Pending => "Pending: no node takes them",
            Self::StrictTakesEffect => "Strict takes effect: the image's groups are lost",
            Self::IdentityChanges => "Another identity",
            Self::NotRecreated => "Gone when the node is drained: nobody makes them again",
        }
    }
}
