//! In which order to make a change: orders are run in the simulation, and the first that breaks
//! nothing on the way is taken.

use std::collections::BTreeSet;

use fake_kubelet::version::Gate;

use super::Groups;
use super::assess::{Making, is_merged_silently};
use super::images::Images;
use super::report::{Order, Step};
use super::snapshot::{PodRecord, Recreation, Snapshot, Workload};
use super::trial::{Fate, Moment, Seen, TrialError, run};
use crate::nodes::{Component, NodeState, supports};
use crate::report::{counted, shown_line};

/// The label that nodes get whose runtime honours the policy, and that Strict pods then select.
pub const LABEL: &str = "supplemental-groups-policy";
/// Its value.
pub const LABEL_VALUE: &str = "strict";

/// A part of the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The API server.
    ApiServer,
    /// Every node's runtime, node by node.
    Runtimes,
    /// Every node's kubelet, node by node.
    Kubelets,
    /// Runtime, then kubelet, of each node while it is drained.
    Nodes,
}

/// The orders to try, the most convenient first. A kubelet is never newer than its API server:
/// going back, each is gone through from its end.
const ORDERS: &[&[Part]] = &[
    &[Part::ApiServer, Part::Nodes],
    &[Part::Runtimes, Part::ApiServer, Part::Kubelets],
    &[Part::ApiServer, Part::Kubelets, Part::Runtimes],
];

/// What a change is, for the orders.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    /// The API server before.
    pub api_before: &'a Component,
    /// The API server after.
    pub api_after: &'a Component,
    /// The nodes' states, before and after.
    pub states: &'a [(NodeState, NodeState)],
}

/// An order that was tried.
#[derive(Debug, Clone)]
pub struct Tried {
    /// Its parts, without those that change nothing.
    pub parts: Vec<Part>,
    /// Whether node objects are deleted on the way.
    pub fresh_nodes: bool,
    /// Whether Strict pods select nodes by label first; the groups that get the label.
    pub pinned: Option<BTreeSet<usize>>,
    /// The moments, the first before everything.
    pub moments: Vec<Moment>,
    /// What breaks on the way, in words.
    pub broken: Vec<String>,
}

impl Ends<'_> {
    fn changes(&self, part: Part) -> bool {
        let some = |differs: fn(&NodeState, &NodeState) -> bool| {
            self.states.iter().any(|(before, after)| differs(before, after))
        };
        match part {
            Part::ApiServer => self.api_before != self.api_after,
            Part::Runtimes => some(|before, after| before.runtime != after.runtime),
            Part::Kubelets => some(|before, after| before.kubelet != after.kubelet),
            Part::Nodes => some(|before, after| before != after),
        }
    }

    /// The cluster before everything.
    #[must_use]
    pub fn start(&self) -> Moment {
        Moment {
            api_server: self.api_before.clone(),
            nodes: self.states.iter().map(|(before, _)| before.clone()).collect(),
            fresh_nodes: false,
        }
    }

    /// The moments of an order.
    #[must_use]
    pub fn moments(&self, parts: &[Part], fresh_nodes: bool) -> Vec<Moment> {
        let mut moments = vec![self.start()];
        for part in parts {
            let mut next = moments.last().cloned().unwrap_or_else(|| self.start());
            next.fresh_nodes = fresh_nodes && matches!(part, Part::Runtimes | Part::Nodes);
            if *part == Part::ApiServer {
                next.api_server.clone_from(self.api_after);
            }
            for (state, (_, after)) in next.nodes.iter_mut().zip(self.states) {
                if matches!(part, Part::Runtimes | Part::Nodes) {
                    state.runtime = after.runtime;
                }
                if matches!(part, Part::Kubelets | Part::Nodes) {
                    state.kubelet.clone_from(&after.kubelet);
                }
            }
            moments.push(next);
        }
        moments
    }
}

/// Tries the orders until one breaks nothing; gives it, else the first; and those tried.
///
/// # Errors
/// [`TrialError`].
pub fn find(
    snapshot: &Snapshot,
    groups: &Groups,
    makings: &[Making],
    images: &Images,
    ends: &Ends<'_>,
) -> Result<(Tried, Vec<Tried>), TrialError> {
    let mut tried = Vec::new();
    let loses_support = ends
        .states
        .iter()
        .any(|(before, after)| supports(before.profile()) && !supports(after.profile()));
    let mut seen_orders: BTreeSet<String> = BTreeSet::new();
    let mut runs = Vec::new();
    let goes_back = ends.api_after.version < ends.api_before.version;
    for parts in ORDERS {
        let mut parts: Vec<_> = parts.iter().copied().filter(|part| ends.changes(*part)).collect();
        if goes_back {
            parts.reverse();
        }
        // Where a node changes in one way only, the orders come to the same.
        let same = |part: &Part| if *part == Part::Nodes { ends.single() } else { *part };
        let key = format!("{:?}", parts.iter().map(same).collect::<Vec<_>>());
        if !seen_orders.insert(key) {
            continue;
        }
        for fresh in [false, true] {
            if fresh && !loses_support {
                continue;
            }
            let moments = ends.moments(&parts, fresh);
            let seen = run(images, &snapshot.identities, &moments)?;
            runs.push((parts.clone(), fresh, moments, seen));
        }
    }
    for pins in [false, true] {
        for (parts, fresh, moments, seen) in &runs {
            let pinned = pins.then(|| good_groups(snapshot, groups, makings, seen));
            let broken = broken(snapshot, groups, makings, seen, pinned.as_ref());
            tried.push(Tried {
                parts: parts.clone(),
                fresh_nodes: *fresh,
                pinned,
                moments: moments.clone(),
                broken,
            });
        }
    }
    let best = tried.iter().find(|order| order.broken.is_empty()).or_else(|| tried.first());
    let best = best.cloned().unwrap_or_else(|| Tried {
        parts: Vec::new(),
        fresh_nodes: false,
        pinned: None,
        moments: vec![ends.start()],
        broken: Vec::new(),
    });
    Ok((best, tried))
}

impl Ends<'_> {
    /// What changes on nodes, where that is one thing.
    fn single(&self) -> Part {
        match (self.changes(Part::Runtimes), self.changes(Part::Kubelets)) {
            (true, false) => Part::Runtimes,
            (false, true) => Part::Kubelets,
            _ => Part::Nodes,
        }
    }
}

fn strict(snapshot: &Snapshot, making: &Making) -> bool {
    snapshot.identities[making.identity].is_strict()
}

/// The groups of nodes where every Strict pod that may run there is Strict at every moment.
fn good_groups(
    snapshot: &Snapshot,
    groups: &Groups,
    makings: &[Making],
    seen: &[Seen],
) -> BTreeSet<usize> {
    let is_good = |group: usize| {
        let state = groups.groups[group].state;
        let pinned = |making: &&Making| {
            strict(snapshot, making) && can_be_pinned(&snapshot.workloads[making.workload])
        };
        makings.iter().filter(pinned).all(|making| {
            let class = &snapshot.identities[making.identity];
            seen.iter().all(|seen| {
                let fate = &seen.fates[state][making.identity];
                matches!(fate, Fate::Runs(_)) && !is_merged_silently(class, fate)
            })
        })
    };
    (0..groups.groups.len()).filter(|group| is_good(*group)).collect()
}

/// What breaks at some moment that did not at the first.
fn broken(
    snapshot: &Snapshot,
    groups: &Groups,
    makings: &[Making],
    seen: &[Seen],
    pinned: Option<&BTreeSet<usize>>,
) -> Vec<String> {
    let Some((first, later)) = seen.split_first() else { return Vec::new() };
    let mut all = BTreeSet::new();
    for making in makings {
        let class = &snapshot.identities[making.identity];
        let workload = &snapshot.workloads[making.workload];
        if workload.recreation == Recreation::Never {
            // What nobody makes again is nothing that an order could spoil.
            continue;
        }
        let title = shown_line(&workload.title());
        let pins = pinned.filter(|_| strict(snapshot, making) && can_be_pinned(workload));
        let may_run = |group: &&usize| pins.is_none_or(|pinned| pinned.contains(*group));
        if pins.is_some() && !making.groups.iter().any(|group| may_run(&group)) {
            all.insert(format!("{title} would have no node left that is Strict all the way"));
        }
        for group in making.groups.iter().filter(may_run) {
            let state = groups.groups[*group].state;
            let was = &first.fates[state][making.identity];
            for seen in later {
                let is = &seen.fates[state][making.identity];
                if matches!(was, Fate::Runs(_)) && !matches!(is, Fate::Runs(_)) {
                    all.insert(format!("pods of {title} are {}", fate_words(is)));
                } else if is_merged_silently(class, is) && !is_merged_silently(class, was) {
                    all.insert(format!("pods of {title} get the image's groups, though Strict"));
                }
            }
        }
    }
    all.into_iter().collect()
}

fn fate_words(fate: &Fate) -> String {
    match fate {
        Fate::Runs(_) => "running".to_owned(),
        Fate::Rejected { reason, .. } => format!("rejected ({reason})"),
        Fate::Waits { reason } => format!("not started ({})", shown_line(reason)),
        Fate::Refused { .. } => "refused by the API server".to_owned(),
    }
}

/// Whether a node selector can be given to the pods: to a controller's, but not to a DaemonSet's,
/// whose pods would go from the nodes without the label and be missed there.
#[must_use]
pub fn can_be_pinned(workload: &Workload) -> bool {
    workload.recreation == Recreation::Controller && workload.template.is_some()
}

/// The order as steps with commands.
#[must_use]
pub fn write(
    snapshot: &Snapshot,
    groups: &Groups,
    makings: &[Making],
    ends: &Ends<'_>,
    best: &Tried,
    tried: &[Tried],
) -> Order {
    let safe = best.broken.is_empty();
    let mut steps = Vec::new();
    if let Some(pinned) = best.pinned.as_ref().filter(|_| safe) {
        steps.push(label(snapshot, groups, pinned));
        steps.push(select(snapshot, makings));
    }
    let mut seen_steps = best.parts.clone();
    if !safe {
        seen_steps.clear();
    }
    for part in seen_steps {
        steps.push(match part {
            Part::ApiServer => api_server(ends),
            Part::Nodes => nodes(snapshot, groups, ends.single(), best.fresh_nodes),
            _ => nodes(snapshot, groups, part, best.fresh_nodes),
        });
    }
    let harmful = tried.iter().find(|order| {
        !order.broken.is_empty() && order.pinned.is_none() && (safe || order.parts != best.parts)
    });
    let instead = harmful.filter(|_| safe).map_or_else(Vec::new, |order| {
        let words: Vec<_> = order.parts.iter().map(|part| part_words(*part)).collect();
        let pinned = if best.pinned.is_some() { ", without the labels" } else { "" };
        let mut lines = vec![format!("{}{pinned}:", words.join(", then "))];
        lines.extend(order.broken.iter().take(5).cloned());
        lines
    });
    let mut why_not = best.broken.clone();
    if !safe {
        why_not.extend(what_first(snapshot, groups, ends));
    }
    Order { safe, why_not, steps, instead, rehearsal: Vec::new() }
}

fn part_words(part: Part) -> &'static str {
    match part {
        Part::ApiServer => "the API server",
        Part::Runtimes => "all runtimes",
        Part::Kubelets => "all kubelets",
        Part::Nodes => "runtime and kubelet node by node",
    }
}

/// What has to change before any order is safe.
fn what_first(snapshot: &Snapshot, groups: &Groups, ends: &Ends<'_>) -> Vec<String> {
    let afters = || groups.states.iter().map(|(_, after)| after);
    if afters().any(|after| !knows_policy(&after.kubelet)) {
        return vec![format!(
            "Kubernetes before 1.{KNOWN_SINCE} does not know the policy: Strict pods get the \
             image's groups there, whatever runtime they run on; stay on 1.{KNOWN_SINCE} or newer"
        )];
    }
    let mut first = Vec::new();
    if is_off(ends.api_after) || afters().any(|after| is_off(&after.kubelet)) {
        first.push(
            "keep the gate SupplementalGroupsPolicy on in the API server and in every kubelet"
                .to_owned(),
        );
    }
    let nodes = |is_one: &dyn Fn(&NodeState, &NodeState) -> bool| -> Vec<String> {
        let of = groups.groups.iter().filter(|group| {
            let (before, after) = &groups.states[group.state];
            !supports(after.profile()) && is_one(before, after)
        });
        of.flat_map(|group| &group.nodes).map(|at| shown_line(&snapshot.nodes[*at].name)).collect()
    };
    let losing = nodes(&|before, _| supports(before.profile()));
    if !losing.is_empty() {
        first.push(format!(
            "leave a runtime that honours the policy on these nodes: {}",
            some_of(&losing)
        ));
    }
    let unable = nodes(&|before, _| !supports(before.profile()));
    if !unable.is_empty() && !is_off(ends.api_after) {
        first.push(format!(
            "first bring a runtime that honours the policy (containerd 2.0 or newer, CRI-O 1.31 \
             or newer) to enough of these nodes: {}; then plan again",
            some_of(&unable)
        ));
    }
    first
}

/// Whether the policy's gate is off in a component that has it.
fn is_off(component: &Component) -> bool {
    let gates = component.feature_gates();
    gates.is_ok_and(|gates| !gates.enabled(Gate::SupplementalGroupsPolicy))
}

fn some_of(names: &[String]) -> String {
    let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(5);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// The minor version with which the policy came (KEP-3619, alpha).
const KNOWN_SINCE: u8 = 31;

fn knows_policy(kubelet: &Component) -> bool {
    kubelet.version.at_least(KNOWN_SINCE)
}

/// A word for a shell.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let text = shown_line(text);
    if !text.is_empty() && !text.starts_with('-') && text.bytes().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

fn label(snapshot: &Snapshot, groups: &Groups, pinned: &BTreeSet<usize>) -> Step {
    let mut nodes: Vec<usize> =
        pinned.iter().flat_map(|group| &groups.groups[*group].nodes).copied().collect();
    nodes.sort_unstable();
    let names: Vec<_> = nodes.iter().map(|at| quoted(&snapshot.nodes[*at].name)).collect();
    Step {
        title: format!(
            "Label the {} on which Strict holds all the way",
            counted(names.len(), "node")
        ),
        commands: names
            .chunks(20)
            .map(|names| format!("kubectl label node {} {LABEL}={LABEL_VALUE}", names.join(" ")))
            .collect(),
    }
}

fn select(snapshot: &Snapshot, makings: &[Making]) -> Step {
    let selected: BTreeSet<usize> = makings
        .iter()
        .filter(|making| strict(snapshot, making))
        .map(|making| making.workload)
        .filter(|place| can_be_pinned(&snapshot.workloads[*place]))
        .collect();
    let patch = format!(
        r#"{{"spec":{{"template":{{"spec":{{"nodeSelector":{{"{LABEL}":"{LABEL_VALUE}"}}}}}}}}}}"#
    );
    let command = |workload: &Workload| {
        let (namespace, name) = (quoted(&workload.namespace), quoted(&workload.name));
        let kind = quoted(&workload.kind.to_lowercase());
        match workload.kind.as_str() {
            "Job" => format!(
                "# Job {namespace}/{name} cannot be changed: make it anew with nodeSelector \
                 {LABEL}={LABEL_VALUE}"
            ),
            "CronJob" => {
                let patch = format!(r#"{{"spec":{{"jobTemplate":{patch}}}}}"#);
                format!("kubectl -n {namespace} patch {kind} {name} --type=merge -p '{patch}'")
            }
            _ => format!("kubectl -n {namespace} patch {kind} {name} --type=merge -p '{patch}'"),
        }
    };
    let commands = selected.iter().map(|place| command(&snapshot.workloads[*place])).collect();
    Step {
        title: format!(
            "Let the pods of {} that ask for Strict select these nodes; they are made again there. \
             Watch for Pending pods",
            counted(selected.len(), "controller")
        ),
        commands,
    }
}

fn api_server(ends: &Ends<'_>) -> Step {
    let (before, after) = (ends.api_before, ends.api_after);
    let mut commands = Vec::new();
    let (from, to) = (before.version.minor(), after.version.minor());
    let path: Vec<String> = if from <= to {
        (from..=to).map(|minor| format!("1.{minor}")).collect()
    } else {
        (to..=from).rev().map(|minor| format!("1.{minor}")).collect()
    };
    if path.len() > 1 {
        commands.push(format!("# API server {}, one minor version at a time", path.join(" → ")));
    }
    for (name, value) in &after.gates {
        if before.gates.get(name) != Some(value) {
            commands.push(format!("# API server: --feature-gates={name}={value}"));
        }
    }
    Step { title: "Change the API server".to_owned(), commands }
}

fn nodes(snapshot: &Snapshot, groups: &Groups, part: Part, fresh: bool) -> Step {
    let mut commands = Vec::new();
    let mut count = 0;
    let alone = nodes_with_bare_pods(snapshot);
    for group in &groups.groups {
        let (before, after) = &groups.states[group.state];
        let runtime = part != Part::Kubelets && before.runtime != after.runtime;
        let kubelet = part != Part::Runtimes && before.kubelet != after.kubelet;
        if !runtime && !kubelet {
            continue;
        }
        for at in &group.nodes {
            count += 1;
            let name = quoted(&snapshot.nodes[*at].name);
            let drain = format!("kubectl drain {name} --ignore-daemonsets --delete-emptydir-data");
            commands.push(if alone.contains(at) {
                format!(
                    "{drain} --force  # pods without a controller go, and nobody makes them again"
                )
            } else {
                drain
            });
            if runtime {
                commands.push(format!("# on {name}: {} → {}", before.runtime, after.runtime));
            }
            let loses = supports(before.profile()) && !supports(after.profile());
            if fresh && runtime && loses {
                commands.push(format!(
                    "kubectl delete node {name}  # or it goes on saying that it honours the policy"
                ));
            }
            if kubelet {
                commands.extend(kubelet_lines(&name, &before.kubelet, &after.kubelet));
            } else if fresh && runtime && loses {
                commands.push(format!("# on {name}: restart the kubelet, which registers again"));
            }
            commands.push(format!("kubectl uncordon {name}"));
        }
    }
    let what = match part {
        Part::Runtimes => "the runtime",
        Part::Kubelets => "the kubelet",
        _ => "the runtime, then the kubelet",
    };
    Step { title: format!("Node by node, on {}: {what}", counted(count, "node")), commands }
}

/// The nodes that a drain leaves as they are unless it is forced.
fn nodes_with_bare_pods(snapshot: &Snapshot) -> BTreeSet<usize> {
    let bare = |pod: &&PodRecord| {
        pod.is_active() && snapshot.workloads[pod.workload].recreation == Recreation::Never
    };
    snapshot.pods.iter().filter(bare).filter_map(|pod| pod.node).collect()
}

fn kubelet_lines(name: &str, before: &Component, after: &Component) -> Vec<String> {
    let mut lines = Vec::new();
    if before.version != after.version {
        let (from, to) = (before.version.minor(), after.version.minor());
        lines.push(format!("# on {name}: kubelet 1.{from} → 1.{to}"));
    }
    for (gate, value) in &after.gates {
        if before.gates.get(gate) != Some(value) {
            lines.push(format!("# on {name}: kubelet featureGates {gate}: {value}"));
        }
    }
    lines
}
