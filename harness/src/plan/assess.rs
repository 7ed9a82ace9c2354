//! From what was seen in the simulation to what it means for each controller's pods.

use std::collections::{BTreeMap, BTreeSet};

use super::Groups;
use super::images::{UNKNOWN_GROUPS, UNKNOWN_PRIMARY, UNKNOWN_USER};
use super::report::{ContainerChange, Effect, Finding};
use super::snapshot::{IdentityClass, Phase, Recreation, Snapshot, Workload};
use super::trial::{Fate, Identity, Seen};
use crate::report::shown_line;

/// Pods that are made alike: of one workload, one identity class and one placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Making {
    /// In the snapshot's workloads.
    pub workload: usize,
    /// In the snapshot's identity classes.
    pub identity: usize,
    /// Active pods that it stands for.
    pub pods: usize,
    /// How many of them wait already.
    pub pending: usize,
    /// The groups of nodes where they may be made.
    pub groups: Vec<usize>,
    /// The node that they are bound to, for those that nobody moves.
    pub node: Option<usize>,
    /// How many of them are on each node, for those that are made again where they are.
    pub on_nodes: BTreeMap<usize, usize>,
}

impl Making {
    /// Whether its pods run as they ask for wherever they may run, at a moment.
    #[must_use]
    pub fn is_whole(&self, snapshot: &Snapshot, groups: &Groups, seen: &Seen) -> bool {
        let class = &snapshot.identities[self.identity];
        self.groups.iter().all(|group| {
            let fate = &seen.fates[groups.groups[*group].state][self.identity];
            matches!(fate, Fate::Runs(_)) && !is_merged_silently(class, fate)
        })
    }

    /// How many of its pods something happens to that happens on these nodes.
    fn pods_on(&self, workload: &Workload, nodes: &[usize]) -> usize {
        if workload.recreation == Recreation::OnTheSameNode {
            nodes.iter().filter_map(|node| self.on_nodes.get(node)).sum()
        } else {
            self.pods
        }
    }
}

/// Pods of one making, as they are counted.
#[derive(Default)]
struct Counts {
    pods: usize,
    pending: usize,
    on_nodes: BTreeMap<usize, usize>,
}

/// Everything that is made again after a change.
#[must_use]
pub fn makings(snapshot: &Snapshot, groups: &Groups) -> Vec<Making> {
    let mut all = Vec::new();
    for (place, workload) in snapshot.workloads.iter().enumerate() {
        let mut kinds: BTreeMap<(usize, usize, Option<usize>), Counts> = BTreeMap::new();
        for pod in workload.pods.iter().map(|at| &snapshot.pods[*at]) {
            // Where no template tells, a rejected pod still shows what is made again.
            let shows = pod.phase == Phase::Rejected && workload.template.is_none();
            if !pod.is_active() && !shows {
                continue;
            }
            let stays = workload.recreation == Recreation::OnTheSameNode;
            let bound = matches!(workload.recreation, Recreation::Kubelet | Recreation::Never);
            let node = if bound { pod.node } else { None };
            let (identity, placement) = workload.template.unwrap_or((pod.identity, pod.placement));
            let counts = kinds.entry((identity, placement, node)).or_default();
            let active = usize::from(pod.is_active());
            counts.pods += active;
            counts.pending += usize::from(pod.phase == Phase::Pending);
            if let Some(node) = pod.node.filter(|_| stays) {
                *counts.on_nodes.entry(node).or_default() += active;
            }
        }
        if kinds.is_empty()
            && let Some((identity, placement)) = workload.template
            && workload.replicas.is_none_or(|replicas| replicas > 0)
        {
            kinds.insert((identity, placement, None), Counts::default());
        }
        for ((identity, placement, node), counts) in kinds {
            let Counts { pods, pending, on_nodes } = counts;
            let eligible = match node {
                Some(node) => groups.of_node[node].into_iter().collect(),
                None => groups.eligible[placement].clone(),
            };
            let groups = eligible;
            all.push(Making { workload: place, identity, pods, pending, groups, node, on_nodes });
        }
    }
    all
}

/// Whether pods of a class are for Linux; nothing else has groups.
fn is_for_linux(class: &IdentityClass) -> bool {
    class.os.as_deref().is_none_or(|os| os == "linux")
        && class.os_label.as_deref().is_none_or(|os| os == "linux")
}

/// Whether a pod has groups that neither its manifest nor its primary group explains.
#[must_use]
pub fn has_image_groups(class: &IdentityClass, identities: &[Identity]) -> bool {
    identities.iter().any(|identity| {
        let explained = |gid: &u32| {
            *gid == identity.gid || class.requested().any(|asked| asked == i64::from(*gid))
        };
        !identity.groups.iter().all(explained)
    })
}

/// Whether a pod asks for Strict and does not get it.
#[must_use]
pub fn is_merged_silently(class: &IdentityClass, fate: &Fate) -> bool {
    matches!(fate, Fate::Runs(identities) if class.is_strict() && has_image_groups(class, identities))
}

/// What the change does, and what is so already.
#[must_use]
pub fn findings(
    snapshot: &Snapshot,
    groups: &Groups,
    makings: &[Making],
    before: &Seen,
    after: &Seen,
) -> (Vec<Finding>, Vec<Finding>) {
    let mut new = Vec::new();
    let mut old = Vec::new();
    for making in makings {
        let workload = &snapshot.workloads[making.workload];
        let class = &snapshot.identities[making.identity];
        if !is_for_linux(class) {
            continue;
        }
        let mut found: BTreeMap<(bool, Effect), Gathered> = BTreeMap::new();
        for group in &making.groups {
            let state = groups.groups[*group].state;
            let was = &before.fates[state][making.identity];
            let will = &after.fates[state][making.identity];
            if let Some((already, effect, reason)) = compare(class, was, will) {
                let gathered = found.entry((already, effect)).or_default();
                gathered.groups.push(*group);
                gathered.reason = reason;
                if !already {
                    gathered.containers.extend(changes(class, was, will));
                }
            }
        }
        if making.groups.is_empty() && (making.node.is_none() || making.pods > 0) {
            // A pod on a node that is not among the nodes tells nothing.
            let is_known = workload.recreation != Recreation::Never;
            if is_known && making.pods > 0 {
                let already = making.pending == making.pods;
                found.entry((already, Effect::Pending)).or_default();
            }
        }
        let moved = making.node.is_some_and(|node| {
            let state = groups.of_node[node].map(|group| groups.groups[group].state);
            state.is_some_and(|state| groups.states[state].0 != groups.states[state].1)
        });
        if workload.recreation == Recreation::Never && moved {
            let gathered = found.entry((false, Effect::NotRecreated)).or_default();
            gathered.groups.clone_from(&making.groups);
        }
        for ((already, effect), gathered) in found {
            let finding = finding(snapshot, groups, making, workload, effect, gathered);
            if already { old.push(finding) } else { new.push(finding) }
        }
    }
    for findings in [&mut new, &mut old] {
        findings.sort_by(|a, b| {
            let key = |f: &Finding| (f.effect, std::cmp::Reverse(f.pods));
            (key(a), &a.namespace, &a.kind, &a.name).cmp(&(key(b), &b.namespace, &b.kind, &b.name))
        });
    }
    (new, old)
}

#[derive(Default)]
struct Gathered {
    groups: Vec<usize>,
    reason: String,
    containers: BTreeSet<ContainerChange>,
}

/// What it means that a pod's fate was this and will be that; whether it is so already.
fn compare(class: &IdentityClass, was: &Fate, will: &Fate) -> Option<(bool, Effect, String)> {
    let ran = matches!(was, Fate::Runs(_));
    match will {
        Fate::Rejected { reason, .. } => Some((!ran, Effect::Rejected, reason.clone())),
        Fate::Waits { reason } => Some((!ran, Effect::DoesNotStart, reason.clone())),
        Fate::Refused { message } => Some((!ran, Effect::DoesNotStart, message.clone())),
        Fate::Runs(_) => {
            let merged = is_merged_silently(class, will);
            let was_merged = is_merged_silently(class, was);
            match (was_merged, merged) {
                (true, true) => Some((true, Effect::StrictMergedSilently, String::new())),
                (false, true) => Some((false, Effect::StrictMergedSilently, String::new())),
                (true, false) => Some((false, Effect::StrictTakesEffect, String::new())),
                (false, false) if ran && was != will => {
                    Some((false, Effect::IdentityChanges, String::new()))
                }
                (false, false) => None,
            }
        }
    }
}

fn finding(
    snapshot: &Snapshot,
    groups: &Groups,
    making: &Making,
    workload: &Workload,
    effect: Effect,
    gathered: Gathered,
) -> Finding {
    let nodes = |wanted: &[usize]| -> Vec<usize> {
        let mut nodes: Vec<usize> =
            wanted.iter().flat_map(|group| &groups.groups[*group].nodes).copied().collect();
        if let Some(node) = making.node {
            nodes.retain(|at| *at == node);
        }
        nodes.sort_unstable();
        nodes
    };
    let there = nodes(&gathered.groups);
    let name = |at: &usize| shown_line(&snapshot.nodes[*at].name);
    Finding {
        effect,
        namespace: shown_line(&workload.namespace),
        kind: shown_line(&workload.kind),
        name: shown_line(&workload.name),
        pods: if there.is_empty() { making.pods } else { making.pods_on(workload, &there) },
        nodes: there.iter().map(name).collect(),
        eligible_nodes: nodes(&making.groups).len(),
        reason: shown_line(&gathered.reason),
        containers: gathered.containers.into_iter().collect(),
    }
}

fn changes(class: &IdentityClass, was: &Fate, will: &Fate) -> Vec<ContainerChange> {
    let empty = Vec::new();
    let (was, will) = match (was, will) {
        (Fate::Runs(was), Fate::Runs(will)) => (was, will),
        (_, Fate::Runs(will)) => (&empty, will),
        _ => return Vec::new(),
    };
    let mut all = Vec::new();
    for (index, container) in class.containers.iter().enumerate() {
        let (was, will) = (was.get(index), will.get(index));
        if was == will {
            continue;
        }
        let image = &container.image;
        let groups = |one: Option<&Identity>| one.map(|one| one.groups.clone()).unwrap_or_default();
        let (old, new) = (groups(was), groups(will));
        let words =
            |gids: BTreeSet<u32>| gids.into_iter().map(|gid| gid_words(gid, image)).collect();
        let shown = |one: Option<&Identity>| {
            one.map_or_else(|| "does not run".to_owned(), |one| identity_words(one, image))
        };
        all.push(ContainerChange {
            container: shown_line(&container.name),
            before: shown(was),
            after: shown(will),
            gained: words(new.difference(&old).copied().collect()),
            lost: words(old.difference(&new).copied().collect()),
        });
    }
    all
}

fn gid_words(gid: u32, image: &str) -> String {
    match gid {
        UNKNOWN_GROUPS => {
            format!("whatever /etc/group of {} lists for the user", shown_line(image))
        }
        UNKNOWN_PRIMARY => format!("the user's group in /etc/passwd of {}", shown_line(image)),
        gid => gid.to_string(),
    }
}

fn identity_words(identity: &Identity, image: &str) -> String {
    let uid = match identity.uid {
        UNKNOWN_USER => "(the image's)".to_owned(),
        uid => uid.to_string(),
    };
    let short = |gid: u32| match gid {
        UNKNOWN_GROUPS => "(the image's)".to_owned(),
        UNKNOWN_PRIMARY => "(the user's)".to_owned(),
        gid => gid_words(gid, image),
    };
    let groups: Vec<_> = identity.groups.iter().map(|gid| short(*gid)).collect();
    format!("uid={uid} gid={} groups={}", short(identity.gid), groups.join(","))
}
