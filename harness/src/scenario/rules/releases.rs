//! What changes of releases must hold to: the direction that they are called, and the version
//! skew that Kubernetes supports. The releases are followed from step to step.

use std::collections::BTreeMap;

use fake_kubelet::skew::{self, SkewError};
use fake_kubelet::version::KubernetesVersion;

use super::start_of;
use crate::document::{Node, Problem, Problems, Span};
use crate::scenario::{
    Change, ClusterSpec, DEFAULT_NODE, Direction, DirectionError, RollingChange, RuntimeName, Spec,
    VersionSkew,
};

/// Follows the releases of a cluster through the steps.
pub(super) fn check(spec: &Node, typed: &Spec, problems: &mut Problems) {
    let mut releases = Releases::at_start(&typed.cluster);
    releases.check_start(spec, problems);
    let steps = spec.get("steps").map(Node::items).unwrap_or_default();
    for (node, step) in steps.iter().zip(&typed.steps) {
        let single = [
            ("upgrade", Direction::Up, &step.upgrade),
            ("rollBack", Direction::Back, &step.roll_back),
        ];
        for (field, direction, change) in single {
            if let (Some(node), Some(change)) = (node.get(field), change) {
                let written = Written { node, direction, other: other_step(direction, false) };
                releases.change(&written, change, step.refused.is_some(), problems);
            }
        }
        let rolling = [
            ("rollingUpgrade", Direction::Up, &step.rolling_upgrade),
            ("rollingRollBack", Direction::Back, &step.rolling_roll_back),
        ];
        for (field, direction, change) in rolling {
            if let (Some(node), Some(change)) = (node.get(field), change) {
                let written = Written { node, direction, other: other_step(direction, true) };
                releases.roll(&written, change, step.refused.is_some(), problems);
            }
        }
    }
}

/// The step that changes releases the other way.
fn other_step(direction: Direction, rolling: bool) -> &'static str {
    match (direction, rolling) {
        (Direction::Up, false) => "rollBack",
        (Direction::Back, false) => "upgrade",
        (Direction::Up, true) => "rollingRollBack",
        (Direction::Back, true) => "rollingUpgrade",
    }
}

/// A change as it is written.
struct Written<'a> {
    node: &'a Node,
    direction: Direction,
    /// The step that goes the other way.
    other: &'static str,
}

impl Written<'_> {
    fn span(&self, field: &str) -> Span {
        self.node.get(field).map_or(start_of(self.node.span), |value| value.span)
    }

    fn say(
        &self,
        field: &str,
        outcome: Result<(), DirectionError>,
        problems: &mut Problems,
    ) -> bool {
        let Err(error) = outcome else { return true };
        let help = match error {
            DirectionError::Already(_) => "take it out, or change to another release".to_owned(),
            DirectionError::IsOther { .. } => format!("write {} instead", self.other),
        };
        problems.add(Problem::new(self.span(field), error.to_string()).help(help));
        false
    }
}

/// What a node runs.
struct OfNode {
    kubelet: KubernetesVersion,
    runtime: RuntimeName,
}

/// The releases in a cluster at one moment; nodes of which they are not certain are not there.
struct Releases<'a> {
    api_server: KubernetesVersion,
    nodes: BTreeMap<&'a str, OfNode>,
    skew: VersionSkew,
}

impl<'a> Releases<'a> {
    fn at_start(cluster: &'a ClusterSpec) -> Self {
        let version = cluster.kubernetes.unwrap_or_default();
        let runtime = cluster.runtime.unwrap_or_default();
        let mut nodes: BTreeMap<_, _> = cluster
            .nodes
            .iter()
            .map(|node| {
                let kubelet = node.kubernetes.unwrap_or(version).0;
                let runtime = node.runtime.unwrap_or(runtime);
                (node.name.as_str(), OfNode { kubelet, runtime })
            })
            .collect();
        if nodes.is_empty() {
            nodes.insert(DEFAULT_NODE, OfNode { kubelet: version.0, runtime });
        }
        let api_server = cluster.api_server.kubernetes.unwrap_or(version).0;
        Self { api_server, nodes, skew: cluster.skew }
    }

    fn check_start(&self, spec: &Node, problems: &mut Problems) {
        let Some(cluster) = spec.get("cluster") else { return };
        let written = cluster.get("nodes").map(Node::items).unwrap_or_default();
        for (name, node) in &self.nodes {
            let place = written
                .iter()
                .find(|one| one.get("name").and_then(Node::text) == Some(name))
                .and_then(|one| one.get("kubernetes").or(one.get("name")))
                .or(cluster.at(&["apiServer", "kubernetes"]));
            let span = place.map_or(start_of(cluster.span), |place| place.span);
            let skew = skew::check(self.api_server, node.kubelet);
            self.say_skew(span, name, skew, VersionSkew::Supported, problems);
        }
    }

    fn say_skew(
        &self,
        span: Span,
        node: &str,
        outcome: Result<(), SkewError>,
        allowed: VersionSkew,
        problems: &mut Problems,
    ) {
        let (Err(error), VersionSkew::Supported, VersionSkew::Supported) =
            (outcome, allowed, self.skew)
        else {
            return;
        };
        let help = format!("{}; or say skew: allowed to see what happens then", error.advice());
        problems.add(Problem::new(span, format!("node {node:?}: {error}")).help(help));
    }

    fn change(
        &mut self,
        written: &Written<'_>,
        change: &'a Change,
        is_refused: bool,
        problems: &mut Problems,
    ) {
        let (span, skew) = (written.span("kubernetes"), change.skew);
        let Some(name) = change.node.as_deref() else {
            let Some(to) = change.kubernetes.filter(|_| !is_refused) else { return };
            let outcome = written.direction.check_kubernetes(self.api_server, to.0);
            if written.say("kubernetes", outcome, problems) {
                self.api_server = to.0;
                for (name, node) in &self.nodes {
                    let outcome = skew::check(self.api_server, node.kubelet);
                    self.say_skew(span, name, outcome, skew, problems);
                }
            }
            return;
        };
        if is_refused {
            self.nodes.remove(name);
            return;
        }
        let Some(node) = self.nodes.get_mut(name) else { return };
        if let Some(to) = change.runtime {
            let outcome = written.direction.check_runtime(node.runtime, to);
            if written.say("runtime", outcome, problems) {
                node.runtime = to;
            }
        }
        if let Some(to) = change.kubernetes {
            let outcome = written.direction.check_kubernetes(node.kubelet, to.0);
            if written.say("kubernetes", outcome, problems) {
                node.kubelet = to.0;
                self.say_skew(span, name, skew::check(self.api_server, to.0), skew, problems);
            }
        }
    }

    fn roll(
        &mut self,
        written: &Written<'_>,
        change: &'a RollingChange,
        is_refused: bool,
        problems: &mut Problems,
    ) {
        let names: Vec<&str> = match &change.nodes {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => self.nodes.keys().copied().collect(),
        };
        if is_refused {
            // Some of them may have changed before.
            self.nodes.retain(|name, _| !names.contains(name));
            return;
        }
        let (mut known, mut changes) = (0, 0);
        for name in names {
            let Some(node) = self.nodes.get_mut(name) else { continue };
            known += 1;
            if let Some(to) = change.runtime {
                let outcome = written.direction.check_runtime(node.runtime, to);
                if !matches!(outcome, Err(DirectionError::Already(_))) {
                    changes += 1;
                    written.say("runtime", outcome, problems);
                }
                node.runtime = to;
            }
            if let Some(to) = change.kubernetes {
                let outcome = written.direction.check_kubernetes(node.kubelet, to.0);
                if !matches!(outcome, Err(DirectionError::Already(_))) {
                    changes += 1;
                    written.say("kubernetes", outcome, problems);
                }
                node.kubelet = to.0;
                let outcome = skew::check(self.api_server, to.0);
                self.say_skew(written.span("kubernetes"), name, outcome, change.skew, problems);
            }
        }
        let says_which = change.kubernetes.is_some() || change.runtime.is_some();
        if says_which && known > 0 && changes == 0 {
            problems.add(
                Problem::new(start_of(written.node.span), "every node has these releases already")
                    .help("take this step out, or change to other releases"),
            );
        }
    }
}
